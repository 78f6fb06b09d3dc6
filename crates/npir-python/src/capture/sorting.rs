//! Order and sets.

use std::rc::Rc;

use npir::mlir::prelude::*;
use npir::prelude::DType;

use crate::value::Value;

use super::parameters::{Call, Types};
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    /// `sort` and `argsort`: every kind is stable here.
    pub(super) fn sort(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let stable = self
            .word_of(call, "kind")?
            .is_some_and(|kind| kind == "stable" || kind == "mergesort");
        let stable = self.flag_of(call, "stable")? || stable;
        let mut attrs = self.sorted_axis(call)?;
        let ctx = self.f.rewriter().ctx();
        attrs.extend((stable && call.name == "sort").then(|| ("stable", ctx.unit_attr())));
        let result = self.op(call.name, &[x], &attrs)?;
        Ok(self.new_array(result))
    }

    /// The axis to sort along: the last one, or none of the flattened array.
    fn sorted_axis(&self, call: &mut Call<'c>) -> Captured<Vec<(&'static str, Attribute<'c>)>> {
        let ctx = self.f.rewriter().ctx();
        if call.is_none("axis") {
            return Ok(vec![("flat", ctx.unit_attr())]);
        }
        let axis = self.integer_or(call, "axis", -1)?;
        Ok(vec![("axis", ctx.i64_attr(axis))])
    }

    /// `partition` and `argpartition`; with several positions everything is sorted, which is allowed.
    pub(super) fn partition(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "a")?;
        let kth = self.required(call, "kth")?;
        let kth = self.integers(&kth)?;
        call.take("kind");
        let mut attrs = self.sorted_axis(call)?;
        let ctx = self.f.rewriter().ctx();
        let op = match (kth.as_slice(), call.name) {
            ([one], name) => {
                attrs.push(("kth", ctx.i64_attr(*one)));
                name
            }
            (_, "partition") => "sort",
            _ => "argsort",
        };
        let result = self.op(op, &[x], &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn sort_complex(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let tensor = self.tensor(&value)?;
        let dtype = match self.dtype(tensor)? {
            DType::C64 | DType::I8 | DType::U8 | DType::I16 | DType::U16 => DType::C64,
            _ => DType::C128,
        };
        let x = self.tensor_as(&value, dtype)?;
        let result = self.op("sort", &[x], &[])?;
        Ok(self.new_array(result))
    }

    pub(super) fn lexsort(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let keys = self.required(call, "keys")?;
        let mut operands = Vec::new();
        for key in self.items(&keys)? {
            operands.push(self.tensor(&key)?);
        }
        let axis = self.integer_or(call, "axis", -1)?;
        let axis = self.f.rewriter().ctx().i64_attr(axis);
        let result = self.op("lexsort", &operands, &[("axis", axis)])?;
        Ok(self.new_array(result))
    }

    pub(super) fn searchsorted(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, v) = (self.required(call, "a")?, self.required(call, "v")?);
        let mut operands = self.operands(&[a, v], Types::Common)?;
        if let Some(sorter) = call.take("sorter") {
            operands.push(self.positions(&sorter)?);
        }
        let side = self.word_of(call, "side")?;
        let right = match side.as_deref() {
            None | Some("left") => false,
            Some("right") => true,
            Some(other) => return self.unsupported(format!("the side {other}")),
        };
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(right.then(|| ("right", ctx.unit_attr())));
        self.operation("searchsorted", &operands, &attrs)
    }

    pub(super) fn digitize(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (x, bins) = (self.required(call, "x")?, self.required(call, "bins")?);
        let operands = self.operands(&[x, bins], Types::Common)?;
        let right = self.flag_of(call, "right")?;
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(right.then(|| ("right", ctx.unit_attr())));
        self.operation("digitize", &operands, &attrs)
    }

    pub(super) fn unique(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let x = self.operand(call, "ar")?;
        let ctx = self.f.rewriter().ctx();
        let mut attrs = Vec::new();
        for (parameter, attr) in [
            ("return_index", "index"),
            ("return_inverse", "inverse"),
            ("return_counts", "counts"),
        ] {
            if self.flag_of(call, parameter)? {
                attrs.push((attr, ctx.unit_attr()));
            }
        }
        call.take("sorted");
        let dtype = self.dtype(x)?;
        if crate::value::is_integer(dtype) || dtype == DType::Bool {
            call.take("equal_nan");
        }
        if call.has("axis") && x.rank() == 1 {
            call.take("axis");
        }
        let results = self.op_all("unique", &[x], &attrs)?;
        let mut values: Vec<_> = results.into_iter().map(|x| self.new_array(x)).collect();
        Ok(match values.len() {
            1 => values.remove(0),
            _ => Value::Tuple(Rc::new(values)),
        })
    }

    pub(super) fn is_in(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let element = self.required(call, "element")?;
        let test = self.required(call, "test_elements")?;
        let operands = self.operands(&[element, test], Types::Common)?;
        call.take("assume_unique");
        call.take("kind");
        let invert = self.flag_of(call, "invert")?;
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(invert.then(|| ("invert", ctx.unit_attr())));
        let result = self.op("isin", &operands, &attrs)?;
        Ok(self.new_array(result))
    }

    pub(super) fn intersect(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "ar1")?, self.required(call, "ar2")?);
        let operands = self.operands(&[a, b], Types::Common)?;
        let indices = self.flag_of(call, "return_indices")?;
        let ctx = self.f.rewriter().ctx();
        let attrs = Vec::from_iter(indices.then(|| ("indices", ctx.unit_attr())));
        let results = self.op_all("intersect1d", &operands, &attrs)?;
        let mut values: Vec<_> = results.into_iter().map(|x| self.new_array(x)).collect();
        Ok(match values.len() {
            1 => values.remove(0),
            _ => Value::Tuple(Rc::new(values)),
        })
    }

    /// `setdiff1d` and `setxor1d`.
    pub(super) fn set_difference(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, b) = (self.required(call, "ar1")?, self.required(call, "ar2")?);
        // The difference keeps the type of the first array.
        let own = self.tensor(&a)?;
        let own = self.dtype(own)?;
        let operands = self.operands(&[a, b], Types::Common)?;
        if call.name == "setdiff1d" && self.dtype(operands[0])? != own {
            return self.unsupported("numpy.setdiff1d of arrays of different types");
        }
        let result = self.op(call.name, &operands, &[])?;
        Ok(self.new_array(result))
    }
}
