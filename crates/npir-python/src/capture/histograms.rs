//! Histograms of two variables.

use std::rc::Rc;

use npir::builder::{Bound, CheckKind, Index as Item};
use npir::prelude::DType;

use crate::value::Value;

use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `histogram2d`, as NumPy computes it: bins of one width hold their left edges, the last one both.
    pub(super) fn histogram2d(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let bins = call.take("bins").unwrap_or_else(|| self.int(10));
        let both = match &bins {
            Value::Tuple(_) | Value::List(_) => self.items(&bins)?,
            one => vec![one.clone(), one.clone()],
        };
        let [first, second] = both.as_slice() else {
            return self.unsupported("numpy.histogram2d with such bins");
        };
        let ranges = match call.take("range") {
            None => [None, None],
            Some(range) => match self.items(&range)?.as_slice() {
                [x, y] => [Some(x.clone()), Some(y.clone())],
                _ => return self.unsupported("range argument must have one entry per dimension"),
            },
        };
        let [x_range, y_range] = ranges;
        let x = self.sample(call, "x")?;
        let y = self.sample(call, "y")?;
        let (x_edges, x_places) = self.binned(&x, first, x_range)?;
        let (y_edges, y_places) = self.binned(&y, second, y_range)?;
        // Two bins more on each side are for what is outside.
        let one = self.int(1);
        let mut outer = Vec::new();
        for edges in [&x_edges, &y_edges] {
            let edges = self.tensor(edges)?;
            let count = self.extent(edges, 0)?;
            outer.push(self.binary("Add", &count, &one)?);
        }
        let rows = self.binary("Mult", &x_places, &outer[1])?;
        let places = self.binary("Add", &rows, &y_places)?;
        let least = self.binary("Mult", &outer[0], &outer[1])?;
        let none = self.none();
        let weights = call.take("weights").unwrap_or(none);
        let counts = self.numpy_call("bincount", &[places, weights, least])?;
        let shape = Value::Tuple(Rc::new(outer));
        let counts = self.numpy_call("reshape", &[counts, shape])?;
        let counts = self.tensor_as(&counts, DType::F64)?;
        let inner = Item::Slice {
            start: Some(Bound::Static(1)),
            stop: Some(Bound::Static(-1)),
            step: None,
        };
        let mut result = self.sliced(&Value::Scalar(counts), vec![inner, inner])?;
        if self.flag_of(call, "density")? {
            let total = self.numpy_call("sum", std::slice::from_ref(&result))?;
            let widths = self.numpy_call("diff", std::slice::from_ref(&x_edges))?;
            let column = self.numpy_call("expand_dims", &[widths, one])?;
            result = self.ufunc("divide", &[result, column])?;
            let widths = self.numpy_call("diff", std::slice::from_ref(&y_edges))?;
            result = self.ufunc("divide", &[result, widths])?;
            result = self.ufunc("divide", &[result, total])?;
        }
        Ok(Value::Tuple(Rc::new(vec![result, x_edges, y_edges])))
    }

    /// A variable as `float64`, in one dimension.
    fn sample(&mut self, call: &mut Call<'c>, name: &str) -> Captured<Value<'c>> {
        let value = self.required(call, name)?;
        let tensor = self.tensor(&value)?;
        let dtype = self.dtype(tensor)?;
        let real = dtype == DType::F64 || crate::value::is_integer(dtype);
        if tensor.rank() != 1 || !real || tensor.shape() == [Some(0)] {
            return self.unsupported("numpy.histogram2d of such arrays");
        }
        let tensor = self.tensor_as(&value, DType::F64)?;
        Ok(self.new_c_array(tensor))
    }

    /// The edges of a variable's bins, and in which bin each number is, counted from 1.
    fn binned(
        &mut self,
        sample: &Value<'c>,
        bins: &Value<'c>,
        range: Option<Value<'c>>,
    ) -> Captured<(Value<'c>, Value<'c>)> {
        let one = self.int(1);
        let edges = match bins {
            Value::Array(_) | Value::Tuple(_) | Value::List(_) => {
                let edges = self.tensor_as(bins, DType::F64)?;
                let own = self.tensor(bins)?;
                if edges.rank() != 1 || self.dtype(own)? != DType::F64 {
                    return self
                        .unsupported("edges of numpy.histogram2d that are no vector of float64");
                }
                let edges = self.new_c_array(edges);
                let steps = self.numpy_call("diff", std::slice::from_ref(&edges))?;
                let zero = self.int(0);
                let rise = self.ufunc("greater_equal", &[steps, zero])?;
                let rise = self.numpy_call("all", &[rise])?;
                let message = "`bins` must be monotonically increasing, when an array";
                self.require(&rise, CheckKind::ValueError, message)?;
                edges
            }
            count => {
                let (low, high) = match range {
                    Some(range) => match self.items(&range)?.as_slice() {
                        [low, high] => (low.clone(), high.clone()),
                        _ => return self.unsupported("a range that is no pair"),
                    },
                    None => (
                        self.numpy_call("min", std::slice::from_ref(sample))?,
                        self.numpy_call("max", std::slice::from_ref(sample))?,
                    ),
                };
                let rises = self.binary("LtE", &low, &high)?;
                let message = "max must be larger than min in range parameter.";
                self.require(&rises, CheckKind::ValueError, message)?;
                let same = self.ufunc("equal", &[low.clone(), high.clone()])?;
                let half = self.constant_number(0.5)?;
                let margin = self.numpy_call("where", &[same, half, self.int(0)])?;
                let low = self.ufunc("subtract", &[low, margin.clone()])?;
                let high = self.ufunc("add", &[high, margin])?;
                let edges = self.binary("Add", count, &one)?;
                self.numpy_call("linspace", &[low, high, edges])?
            }
        };
        let side = pyo3::types::PyString::new(self.py, "right");
        let side = self.object(&side.into_any());
        let places = self.numpy_call("searchsorted", &[edges.clone(), sample.clone(), side])?;
        let last = self.get_item(&edges, &super::indexing::Index::one(self.int(-1)))?;
        let on_edge = self.ufunc("equal", &[sample.clone(), last])?;
        let places = self.binary("Sub", &places, &on_edge)?;
        Ok((edges, places))
    }
}
