//! Python's functions of numbers and sequences, of numbers and arrays of the program: `float`, `int`, `round`, `max`, …

use std::rc::Rc;

use npir::builder::CheckKind;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Origin, Value, is_integer};

use super::calls::Arguments;
use super::shaping::is_complex;
use super::{Capture, Captured};

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// A call of such a function; nothing where the arguments are known or it is another function.
    pub(super) fn conversion(
        &mut self,
        name: &str,
        args: &Arguments<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let Arguments {
            positional,
            keywords,
        } = args;
        let of_numpy = |value: &Value<'c>| matches!(value, Value::Scalar(_) | Value::Array(_));
        let dynamic = |value: &Value<'c>| of_numpy(value) || matches!(value, Value::Number(..));
        if !keywords.is_empty() {
            return Ok(None);
        }
        Ok(match (name, positional.as_slice()) {
            ("float" | "int" | "complex" | "bool" | "round", [one]) if dynamic(one) => {
                Some(self.converted(name, one)?)
            }
            ("type", [one]) if !matches!(one, Value::Object(_)) => {
                let class = self.class_of(one)?;
                Some(self.object(&class))
            }
            ("isinstance", [one, classes]) if !matches!(one, Value::Object(_)) => {
                let class = self.class_of(one)?;
                let classes = self.concrete(classes)?;
                let is = self.py.import("builtins")?.getattr("issubclass")?;
                Some(self.bool(is.call1((class, classes))?.is_truthy()?))
            }
            ("round", [one @ Value::Scalar(tensor), digits])
                if !is_complex(self.dtype(*tensor)?) && self.dtype(*tensor)? != DType::Bool =>
            {
                Some(self.numpy_call("round", &[one.clone(), digits.clone()])?)
            }
            ("abs", [one @ Value::Number(kind, tensor, _)]) => Some(match kind {
                NumberKind::Float => {
                    let size = self.op("absolute", &[*tensor], &[])?;
                    Value::Number(*kind, size, Origin::default())
                }
                NumberKind::Int | NumberKind::Bool => {
                    let opposite = self.negated(one)?;
                    self.better("max", one, &opposite)?
                }
                NumberKind::Complex => return Ok(None),
            }),
            ("divmod", [a, b]) if of_numpy(a) || of_numpy(b) => {
                let both = self.ufunc_all("divmod", &[a.clone(), b.clone()])?;
                Some(Value::Tuple(Rc::new(both)))
            }
            ("divmod", [a, b]) if dynamic(a) || dynamic(b) => {
                let both = [self.binary("FloorDiv", a, b)?, self.binary("Mod", a, b)?];
                Some(Value::Tuple(Rc::new(both.to_vec())))
            }
            ("pow", [a, b]) if dynamic(a) || dynamic(b) => Some(self.binary("Pow", a, b)?),
            ("max" | "min", [array @ Value::Array(_)]) => Some(self.extreme(name, array)?),
            ("max" | "min", [items @ (Value::Tuple(_) | Value::List(_))]) => {
                let items = self.items(items)?;
                let Some((first, rest)) = items.split_first() else {
                    return Ok(None);
                };
                let mut best = first.clone();
                for item in rest {
                    best = self.better(name, &best, item)?;
                }
                Some(best)
            }
            ("any" | "all", [items @ (Value::Tuple(_) | Value::List(_) | Value::Array(_))]) => {
                self.any_or_all(name, items)?
            }
            ("sum", [array @ Value::Array(_)]) => self.sum_of_items(array)?,
            _ => None,
        })
    }

    /// The class that a value has in Python.
    fn class_of(&self, value: &Value<'c>) -> Captured<Bound<'py, PyAny>> {
        let builtin = |name: &str| Ok(self.py.import("builtins")?.getattr(name)?);
        match value {
            Value::Number(kind, ..) => builtin(match kind {
                NumberKind::Bool => "bool",
                NumberKind::Int => "int",
                NumberKind::Float => "float",
                NumberKind::Complex => "complex",
            }),
            Value::Scalar(tensor) => {
                Ok(self.dtype_object(self.dtype(*tensor)?)?.getattr("type")?)
            }
            Value::Array(_) => Ok(self.numpy()?.getattr("ndarray")?),
            Value::Tuple(_) => builtin("tuple"),
            Value::List(_) => builtin("list"),
            Value::Named(class, _) => Ok(class.bind(self.py).clone()),
            _ => self.unsupported("the class of something that depends on values"),
        }
    }

    /// `float(x)` and its like.
    fn converted(&mut self, name: &str, value: &Value<'c>) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        if tensor.rank() > 0 {
            return self.unsupported(format!("{name} of an array with dimensions"));
        }
        let dtype = self.dtype(tensor)?;
        let has_none = matches!(value, Value::Array(_))
            || matches!(value, Value::Scalar(_)) && dtype == DType::Bool;
        if name == "round" && has_none {
            return self.unsupported("round of what does not define it");
        }
        let whole = is_integer(dtype) || dtype == DType::Bool;
        if is_complex(dtype) && matches!(name, "float" | "int" | "round") {
            return self.unsupported(format!("{name} of a complex number"));
        }
        Ok(match name {
            "bool" => {
                let truth = self.tensor_as(&Value::Scalar(tensor), DType::Bool)?;
                Value::Number(NumberKind::Bool, truth, Origin::default())
            }
            "float" | "complex" => {
                let kind = match name {
                    "float" => NumberKind::Float,
                    _ => NumberKind::Complex,
                };
                let tensor = self.tensor_as(&Value::Scalar(tensor), kind.dtype())?;
                Value::Number(kind, tensor, Origin::default())
            }
            _ if whole && matches!(value, Value::Number(..)) => self.python_int(value)?,
            _ if dtype == DType::Bool => {
                let tensor = self.tensor_as(&Value::Scalar(tensor), DType::I64)?;
                let origin = Origin {
                    leaf: None,
                    bounds: Some((0, 1)),
                };
                Value::Number(NumberKind::Int, tensor, origin)
            }
            _ if whole => self.python_int(&Value::Scalar(tensor))?,
            _ => {
                let wide = self.tensor_as(&Value::Scalar(tensor), DType::F64)?;
                let op = if name == "int" { "trunc" } else { "rint" };
                let number = self.op(op, &[wide], &[])?;
                self.truncated(number)?
            }
        })
    }

    /// Python's `max` or `min` of an array: a number that is no number is greater or less than none, so that it counts
    /// only if it is the first.
    fn extreme(&mut self, name: &str, array: &Value<'c>) -> Captured<Value<'c>> {
        let tensor = self.tensor(array)?;
        let dtype = self.dtype(tensor)?;
        if tensor.rank() != 1 || is_complex(dtype) {
            return self.unsupported(format!("{name} of an array of other than one dimension"));
        }
        if is_integer(dtype) || dtype == DType::Bool {
            return self.numpy_call(name, std::slice::from_ref(array));
        }
        let first = self.get_item(array, &super::indexing::Index::one(self.int(0)))?;
        let best = self.numpy_call(&format!("nan{name}"), std::slice::from_ref(array))?;
        let none = self.ufunc("isnan", std::slice::from_ref(&first))?;
        let operands = [
            self.tensor(&none)?,
            self.tensor(&first)?,
            self.tensor(&best)?,
        ];
        self.operation("where", &operands, &[])
    }

    /// `any` and `all` of what is in a sequence.
    fn any_or_all(&mut self, name: &str, items: &Value<'c>) -> Captured<Option<Value<'c>>> {
        if let Value::Array(_) = items {
            let tensor = self.tensor(items)?;
            if tensor.rank() != 1 {
                return self.unsupported(format!("{name} of an array of several dimensions"));
            }
            let result = self.reduced(name, tensor, None)?;
            return Ok(Some(self.python_bool(result)));
        }
        let items = self.items(items)?;
        if items.iter().all(|item| self.concrete(item).is_ok()) {
            return Ok(None);
        }
        let op = if name == "any" {
            "logical_or"
        } else {
            "logical_and"
        };
        let mut result = None;
        for item in &items {
            let truth = match self.truth(item)? {
                Some(truth) => {
                    let known = self.bool(truth);
                    self.tensor(&known)?
                }
                None => self.truth_tensor(item)?,
            };
            result = Some(match result {
                None => truth,
                Some(before) => self.op(op, &[before, truth], &[])?,
            });
        }
        Ok(result.map(|result| self.python_bool(result)))
    }

    /// Python's `sum` of an array: of its items along the first dimension, in their type.
    fn sum_of_items(&mut self, array: &Value<'c>) -> Captured<Option<Value<'c>>> {
        let tensor = self.tensor(array)?;
        let dtype = self.dtype(tensor)?;
        let exact = is_integer(dtype) || matches!(dtype, DType::F64 | DType::C128 | DType::Bool);
        match tensor.shape().first() {
            None | Some(Some(0)) => return Ok(None),
            _ if !exact => return Ok(None),
            Some(Some(_)) => {}
            Some(None) => {
                // Nothing sums up to an integer of Python.
                let (n, zero) = (self.extent(tensor, 0)?, self.int(0));
                let some = self.binary("Gt", &n, &zero)?;
                self.require(&some, CheckKind::Unsupported, "the sum of nothing")?;
            }
        }
        let dtype = if dtype == DType::Bool {
            DType::I64
        } else {
            dtype
        };
        let ctx = self.f.rewriter().ctx();
        let attrs = [
            ("operandSegmentSizes", ctx.i32_array(&[1, 0, 0])),
            ("axes", ctx.i64_array(&[0])),
            (
                "dtype",
                ctx.type_attr(npir::builder::element_type(ctx, dtype)),
            ),
        ];
        self.operation("sum", &[tensor], &attrs).map(Some)
    }
}
