//! Indexing: reads and writes of views.

use std::rc::Rc;

use npir::builder::{Bound, Func, Index as Item, Tensor};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::{PyEllipsis, PySlice, PyTuple};

use crate::tree::{Expr, ExprKind};
use crate::value::{Array, Step, Value, is_integer};

use super::{Capture, Captured, Stop};

/// What stands between brackets.
#[derive(Clone)]
pub(super) struct Index<'c> {
    pub(super) parts: Vec<Part<'c>>,
}

impl<'c> Index<'c> {
    /// One position.
    pub(super) fn one(value: Value<'c>) -> Self {
        Index {
            parts: vec![Part::Value(value)],
        }
    }
}

impl<'c> Index<'c> {
    /// Positions along the first dimensions.
    pub(super) fn of(values: Vec<Value<'c>>) -> Self {
        Index {
            parts: values.into_iter().map(Part::Value).collect(),
        }
    }
}

impl Index<'_> {
    /// `...`
    pub(super) fn everything(py: Python<'_>) -> Self {
        let ellipsis = PyEllipsis::get(py).to_owned().into_any().unbind();
        Index {
            parts: vec![Part::Value(Value::Object(Rc::new(ellipsis)))],
        }
    }
}

/// One of the things between brackets.
#[derive(Clone)]
pub(super) enum Part<'c> {
    Value(Value<'c>),
    Slice([Option<Value<'c>>; 3]),
}

impl Part<'_> {
    fn is_ellipsis(&self, py: Python<'_>) -> bool {
        match self {
            Part::Value(Value::Object(object)) => object.bind(py).is_instance_of::<PyEllipsis>(),
            _ => false,
        }
    }
}

/// An index of an array, taken apart.
#[derive(Default)]
pub(super) struct Items<'c> {
    pub(super) items: Vec<Item>,
    pub(super) bounds: Vec<Val<'c>>,
    /// Arrays, and before which items they stand.
    pub(super) arrays: Vec<(usize, Tensor<'c>)>,
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// The index that an expression in brackets is.
    pub(super) fn index(&mut self, expr: &Expr) -> Captured<Index<'c>> {
        let parts = match &expr.kind {
            ExprKind::Tuple(items) => items
                .iter()
                .map(|item| self.part(item))
                .collect::<Captured<Vec<_>>>()?,
            _ => match self.part(expr)? {
                Part::Value(Value::Tuple(items)) => items
                    .iter()
                    .map(|item| self.part_of_index(item.clone()))
                    .collect::<Captured<Vec<_>>>()?,
                part => vec![part],
            },
        };
        Ok(Index { parts })
    }

    fn part(&mut self, expr: &Expr) -> Captured<Part<'c>> {
        if let ExprKind::Slice { start, stop, step } = &expr.kind {
            let mut bound = |expr: &Option<Box<Expr>>| -> Captured<Option<Value<'c>>> {
                let value = expr.as_ref().map(|expr| self.expr(expr)).transpose()?;
                Ok(value.filter(|value| !matches!(value, Value::Object(o) if o.is_none(self.py))))
            };
            return Ok(Part::Slice([bound(start)?, bound(stop)?, bound(step)?]));
        }
        let value = self.expr(expr)?;
        self.part_of_index(value)
    }

    /// What a value is between brackets.
    fn part_of_index(&self, value: Value<'c>) -> Captured<Part<'c>> {
        if let Value::Object(object) = &value
            && let Ok(slice) = object.bind(self.py).cast::<PySlice>()
        {
            let bound = |name| -> Captured<Option<Value<'c>>> {
                let bound = slice.getattr(name)?;
                Ok((!bound.is_none()).then(|| self.known(&bound)))
            };
            return Ok(Part::Slice([
                bound("start")?,
                bound("stop")?,
                bound("step")?,
            ]));
        }
        Ok(Part::Value(value))
    }

    /// A position as a number that is known or as an operand.
    pub(super) fn position(
        &mut self,
        value: &Value<'c>,
        bounds: &mut Vec<Val<'c>>,
    ) -> Captured<Bound> {
        let tensor = match value {
            Value::Object(object) => {
                let index = self
                    .py
                    .import("operator")?
                    .call_method1("index", (object.bind(self.py),))?;
                return Ok(Bound::Static(index.extract()?));
            }
            Value::Number(NumberKind::Int, tensor, _) => *tensor,
            Value::Scalar(tensor) if is_integer(self.dtype(*tensor)?) => {
                self.tensor_as(value, DType::I64)?
            }
            _ => return self.unsupported("an index that is no integer"),
        };
        let item = self.f.item(tensor);
        let item = self.built(item)?;
        let rw = self.f.rewriter();
        bounds.push(rw.index_cast(item, rw.ctx().index()));
        Ok(Bound::Operand)
    }

    /// The items of an index of an array of `rank` dimensions.
    pub(super) fn items_of(&mut self, index: &Index<'c>, rank: usize) -> Captured<Items<'c>> {
        let mut result = Items::default();
        let mut consumed = 0;
        let mut rest = None;
        for part in &index.parts {
            if part.is_ellipsis(self.py) {
                rest = Some((result.items.len(), result.arrays.len()));
                // Arrays behind it stand behind the dimensions that it is for.
                continue;
            }
            match part {
                Part::Slice(parts) => {
                    let mut positions = [None; 3];
                    for (position, value) in positions.iter_mut().zip(parts) {
                        if let Some(value) = value {
                            *position = Some(self.position(value, &mut result.bounds)?);
                        }
                    }
                    let [start, stop, step] = positions;
                    result.items.push(Item::Slice { start, stop, step });
                    consumed += 1;
                }
                Part::Value(Value::Object(object)) if object.is_none(self.py) => {
                    result.items.push(Item::NewAxis)
                }
                Part::Value(value) => match self.array_index(value)? {
                    Some(array) => {
                        consumed += match self.dtype(array)? {
                            DType::Bool => array.rank(),
                            _ => 1,
                        };
                        result
                            .arrays
                            .push((result.items.len() + result.arrays.len(), array));
                    }
                    None => {
                        let position = self.position(value, &mut result.bounds)?;
                        result.items.push(Item::Index(position));
                        consumed += 1;
                    }
                },
            }
        }
        if consumed > rank {
            let message = format!(
                "too many indices for array: array is {rank}-dimensional, but {consumed} were indexed"
            );
            return Err(Stop::Python(pyo3::exceptions::PyIndexError::new_err(
                message,
            )));
        }
        if let Some((at, arrays)) = rest {
            let whole = rank - consumed;
            result
                .items
                .splice(at..at, std::iter::repeat_n(Item::ALL, whole));
            result
                .arrays
                .iter_mut()
                .skip(arrays)
                .for_each(|(place, _)| *place += whole);
        }
        Ok(result)
    }

    /// The array that a part of an index is, if it is one.
    pub(super) fn array_index(&mut self, value: &Value<'c>) -> Captured<Option<Tensor<'c>>> {
        let number = match value {
            Value::Object(object) => {
                let object = object.bind(self.py);
                let bool = object.is_exact_instance_of::<pyo3::types::PyBool>();
                !bool
                    && self
                        .py
                        .import("operator")?
                        .call_method1("index", (object,))
                        .is_ok()
            }
            Value::Number(kind, ..) => *kind == NumberKind::Int,
            Value::Scalar(tensor) => self.dtype(*tensor)? != DType::Bool,
            _ => false,
        };
        if number {
            return Ok(None);
        }
        let tensor = self.tensor(value)?;
        let dtype = self.dtype(tensor)?;
        // An empty list is an index of no positions.
        if dtype == DType::F64 && tensor.shape() == [Some(0)] && matches!(value, Value::List(_)) {
            return self.tensor_as(value, DType::I64).map(Some);
        }
        if dtype != DType::Bool && !is_integer(dtype) {
            return self.unsupported("arrays used as indices must be of integer (or boolean) type");
        }
        if dtype == DType::Bool && tensor.rank() == 0 {
            return self.unsupported("a bool as index");
        }
        Ok(Some(tensor))
    }

    /// `value[index]`.
    pub(super) fn get_item(&mut self, value: &Value<'c>, index: &Index<'c>) -> Captured<Value<'c>> {
        match value {
            Value::Array(array) => self.get_array(array, index),
            // NumPy's scalars are indexed as arrays of no dimensions.
            Value::Scalar(number) => {
                let array = self.new_array(*number);
                self.get_item(&array, index)
            }
            Value::Tuple(items) | Value::Named(_, items) => self.get_sequence(items, index, true),
            Value::List(list) => self.get_sequence(&list.now(), index, false),
            Value::Dict(dict) => {
                let dict = dict.clone();
                self.get_from_dict(&dict, index)
            }
            Value::Object(_) => {
                let object = self.concrete(value)?;
                if npir_dispatch::array_of(&object).is_some() {
                    return self.unsupported("an array from outside of the function");
                }
                let class = object.get_type().name()?.to_string();
                if let Some(value) = self.index_trick(&class, &object, index)? {
                    return Ok(value);
                }
                if !["str", "range", "list", "dict", "bytes"].contains(&class.as_str()) {
                    return self.unsupported(format!("an index of {class}"));
                }
                if class == "list" || class == "dict" {
                    return self.unsupported(format!("a {class} from outside of the function"));
                }
                let key = self.object_index(index)?;
                Ok(self.known(&object.get_item(key)?))
            }
            Value::Unusable(why, made) => self.unusable(why, *made),
            _ => self.unsupported("an index of a number or a function"),
        }
    }

    /// An index that is known, as an object.
    pub(super) fn object_index(&self, index: &Index<'c>) -> Captured<Object<'py>> {
        let part = |part: &Part<'c>| -> Captured<Object<'py>> {
            match part {
                Part::Value(value) => self.concrete(value),
                Part::Slice(bounds) => {
                    let mut objects = Vec::new();
                    for bound in bounds {
                        objects.push(match bound {
                            Some(value) => self.concrete(value)?,
                            None => self.py.None().into_bound(self.py),
                        });
                    }
                    let slice = self.py.import("builtins")?.getattr("slice")?;
                    Ok(slice.call1(PyTuple::new(self.py, objects)?)?)
                }
            }
        };
        match index.parts.as_slice() {
            [one] => part(one),
            parts => {
                let parts = parts.iter().map(part).collect::<Captured<Vec<_>>>()?;
                Ok(PyTuple::new(self.py, parts)?.into_any())
            }
        }
    }

    pub(super) fn get_sequence(
        &mut self,
        items: &[Value<'c>],
        index: &Index<'c>,
        tuple: bool,
    ) -> Captured<Value<'c>> {
        // The positions are picked by Python.
        let key = self.object_index(index)?;
        let places = self
            .py
            .import("builtins")?
            .getattr("range")?
            .call1((items.len(),))?
            .get_item(key)?;
        if let Ok(place) = places.extract::<usize>() {
            return Ok(items[place].clone());
        }
        let places: Vec<usize> = places
            .try_iter()?
            .map(|i| i?.extract())
            .collect::<PyResult<_>>()?;
        let picked = places.into_iter().map(|i| items[i].clone()).collect();
        Ok(match tuple {
            true => Value::Tuple(Rc::new(picked)),
            false => self.list(picked),
        })
    }

    pub(super) fn get_array(
        &mut self,
        array: &Array<'c>,
        index: &Index<'c>,
    ) -> Captured<Value<'c>> {
        let rank = array.ty.dims().len();
        let items = self.items_of(index, rank)?;
        if items.arrays.is_empty() {
            let contents = self.read(array)?;
            let view = slice(&self.f, contents, &items.items, &items.bounds);
            let view = self.built(view)?;
            if view.rank() == 0 && !index_has_ellipsis(self.py, index) {
                return Ok(Value::Scalar(view));
            }
            let step = Step::Slice(items.items, items.bounds);
            return Ok(self.view(array, step, view.value().ty()));
        }
        let contents = self.read(array)?;
        let selected = self.indexed("numpy.index", &[contents], &items)?;
        Ok(self.result(selected))
    }

    /// An indexing op with arrays.
    pub(super) fn indexed(
        &mut self,
        name: &str,
        leading: &[Tensor<'c>],
        items: &Items<'c>,
    ) -> Captured<Tensor<'c>> {
        let ctx = self.f.rewriter().ctx();
        let places: Vec<_> = items
            .arrays
            .iter()
            .map(|(place, _)| *place as i64)
            .collect();
        let mut operands = leading.to_vec();
        operands.extend(items.arrays.iter().map(|(_, array)| *array));
        operands.extend(items.bounds.iter().map(|bound| Tensor::from_value(*bound)));
        let mut segments = vec![1; leading.len()];
        segments.extend([items.arrays.len() as i32, items.bounds.len() as i32]);
        let attrs = [
            (
                "items",
                <npir::builder::Items as AttrCodec>::encode(ctx, &items.items),
            ),
            ("places", ctx.i64_array(&places)),
            ("operandSegmentSizes", ctx.i32_array(&segments)),
        ];
        let result = self.f.named(name, &operands, &attrs);
        self.built(result)
    }
}

type Object<'py> = pyo3::Bound<'py, PyAny>;

pub(super) fn slice<'c>(
    f: &Func<'c>,
    x: Tensor<'c>,
    items: &[Item],
    bounds: &[Val<'c>],
) -> Result<Tensor<'c>, npir::prelude::CompileError> {
    let mut operands = vec![x];
    operands.extend(bounds.iter().map(|bound| Tensor::from_value(*bound)));
    let items = <npir::builder::Items as AttrCodec>::encode(f.rewriter().ctx(), &items.to_vec());
    f.named("numpy.slice", &operands, &[("items", items)])
}

fn index_has_ellipsis(py: Python<'_>, index: &Index<'_>) -> bool {
    index.parts.iter().any(|part| part.is_ellipsis(py))
}
