//! Positions in several dimensions as one number, and back.

use std::rc::Rc;

use npir::builder::{CheckKind, Tensor};
use npir::prelude::DType;

use crate::value::Value;

use super::parameters::Call;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// Positions in the flattened array as positions along each dimension.
    pub(super) fn unravel_index(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let indices = self.required(call, "indices")?;
        let shape = self.required(call, "shape")?;
        let shape = self.items(&shape)?;
        let tensor = self.positions(&indices)?;
        let mut count = self.int(1);
        for size in &shape {
            count = self.binary("Mult", &count, size)?;
        }
        self.check_positions(tensor, &count)?;
        let mut rest = self.result(tensor);
        let mut places = Vec::new();
        for (i, size) in shape.iter().enumerate().rev() {
            let size = Value::Scalar(self.tensor_as(size, DType::I64)?);
            places.push(match i {
                0 => rest.clone(),
                _ => self.ufunc("remainder", &[rest.clone(), size.clone()])?,
            });
            rest = self.ufunc("floor_divide", &[rest, size])?;
        }
        places.reverse();
        Ok(Value::Tuple(Rc::new(places)))
    }

    /// Positions along each dimension as positions in the flattened array.
    pub(super) fn ravel_multi_index(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let places = self.required(call, "multi_index")?;
        let shape = self.required(call, "dims")?;
        let (places, shape) = (self.items(&places)?, self.items(&shape)?);
        if places.len() != shape.len() || places.is_empty() {
            return self.unsupported("parameter multi_index must be a sequence of length of dims");
        }
        let mut flat = None;
        for (place, size) in places.iter().zip(&shape) {
            let tensor = self.positions(place)?;
            self.check_positions(tensor, size)?;
            let place = self.result(tensor);
            let size = Value::Scalar(self.tensor_as(size, DType::I64)?);
            flat = Some(match flat {
                None => place,
                Some(flat) => {
                    let scaled = self.ufunc("multiply", &[flat, size])?;
                    self.ufunc("add", &[scaled, place])?
                }
            });
        }
        Ok(flat.unwrap_or_else(|| self.none()))
    }

    /// Positions that are not in a range of that many end the call with `ValueError`.
    fn check_positions(&mut self, positions: Tensor<'c>, count: &Value<'c>) -> Captured<()> {
        let zero = self.int(0);
        let low = self.tensor_as(&zero, DType::I64)?;
        let high = self.tensor_as(count, DType::I64)?;
        let above = self.op("greater_equal", &[positions, low], &[])?;
        let below = self.op("less", &[positions, high], &[])?;
        let inside = self.op("logical_and", &[above, below], &[])?;
        let all = self.reduced("all", inside, None)?;
        self.require_tensor(
            all,
            CheckKind::ValueError,
            "an index is out of bounds for an array of this shape",
        )
    }
}
