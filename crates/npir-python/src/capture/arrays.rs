//! Functions and methods that make, join and reshape arrays.

use std::rc::Rc;

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;

use crate::value::{Array, Step, Value, dtype_of};

use super::calls::Arguments;
use super::{Capture, Captured};

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn filled(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let names: &[&'static str] = if name == "full" {
            &["shape", "fill_value", "dtype"]
        } else {
            &["shape", "dtype"]
        };
        let mut bound = self.arguments(name, names, args)?;
        let shape = self.required(&mut bound, "shape")?;
        let shape = self.shape_of(&shape)?;
        let value = match name {
            "full" => self.required(&mut bound, "fill_value")?,
            "ones" => self.int(1),
            _ => self.int(0),
        };
        let dtype = match bound.take("dtype") {
            Some(dtype) => self.dtype_named(&self.concrete(&dtype)?)?,
            None if name == "full" => {
                let tensor = self.tensor(&value)?;
                self.dtype(tensor)?
            }
            None => DType::F64,
        };
        self.nothing_left(&bound)?;
        let value = self.tensor_as(&value, dtype)?;
        let array = self.f.full(value, &shape);
        let array = self.built(array)?;
        Ok(self.new_array(array))
    }

    pub(super) fn filled_like(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let names: &[&'static str] = if name == "full_like" {
            &["a", "fill_value", "dtype"]
        } else {
            &["a", "dtype"]
        };
        let mut bound = self.arguments(name, names, args)?;
        let like = self.required(&mut bound, "a")?;
        let like = self.tensor(&like)?;
        let value = match name {
            "full_like" => self.required(&mut bound, "fill_value")?,
            "ones_like" => self.int(1),
            _ => self.int(0),
        };
        let dtype = match bound.take("dtype") {
            Some(dtype) => self.dtype_named(&self.concrete(&dtype)?)?,
            None => self.dtype(like)?,
        };
        self.nothing_left(&bound)?;
        let value = self.tensor_as(&value, dtype)?;
        let sizes = self.sizes(like)?;
        let array = self.f.full(value, &sizes);
        let array = self.built(array)?;
        Ok(self.new_array(array))
    }

    pub(super) fn sizes(&mut self, x: Tensor<'c>) -> Captured<Vec<OpFold<'c>>> {
        let mut sizes = Vec::new();
        for (i, n) in x.shape().into_iter().enumerate() {
            sizes.push(match n {
                Some(n) => OpFold::Static(n as i64),
                None => {
                    let size = self.f.dim(x, i as i64);
                    OpFold::Value(self.built(size)?)
                }
            });
        }
        Ok(sizes)
    }

    pub(super) fn joined(&mut self, name: &str, args: Arguments<'c>) -> Captured<Value<'c>> {
        let mut bound = self.arguments(name, &["arrays", "axis"], args)?;
        let arrays = self.required(&mut bound, "arrays")?;
        let arrays = self.items(&arrays)?;
        let mut axis = bound
            .take("axis")
            .map(|axis| self.integer(&axis))
            .transpose()?
            .unwrap_or(0);
        self.nothing_left(&bound)?;
        let dtype = self.common(&arrays)?;
        let mut tensors = Vec::new();
        for array in &arrays {
            let mut tensor = self.tensor_as(array, dtype)?;
            let least = usize::from(name == "hstack") + 2 * usize::from(name == "vstack");
            if tensor.rank() < least {
                let sizes = self.sizes(tensor)?;
                let missing = std::iter::repeat_n(OpFold::Static(1), least - tensor.rank());
                let shape: Vec<_> = missing.chain(sizes).collect();
                let reshaped = self.f.reshape(tensor, &shape);
                tensor = self.built(reshaped)?;
            }
            tensors.push(tensor);
        }
        if name == "hstack" {
            axis = i64::from(tensors.first().is_some_and(|t| t.rank() > 1));
        }
        let op = if name == "stack" {
            "stack"
        } else {
            "concatenate"
        };
        let axis = self.f.rewriter().ctx().i64_attr(axis);
        self.operation(op, &tensors, &[("axis", axis)])
    }

    /// A list of numbers of the program as an array.
    pub(super) fn stacked(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let items = self.items(value)?;
        if items.is_empty() {
            return self.unsupported("an empty list as an array");
        }
        let dtype = self.common(&items)?;
        let tensors = items
            .iter()
            .map(|item| self.tensor_as(item, dtype))
            .collect::<Captured<Vec<_>>>()?;
        let axis = self.f.rewriter().ctx().i64_attr(0);
        let stacked = self.f.named("numpy.stack", &tensors, &[("axis", axis)]);
        self.built(stacked)
    }

    pub(super) fn reshaped(&mut self, value: &Value<'c>, shape: &Value<'c>) -> Captured<Value<'c>> {
        let after = self.shape_of(shape)?;
        let tensor = self.tensor(value)?;
        let before = self.sizes(tensor)?;
        let result = self.f.reshape(tensor, &after);
        let result = self.built(result)?;
        match value {
            // Of a whole array that this function has made it is a view; elsewhere that depends on the layout.
            Value::Array(array)
                if array.steps.is_empty() && self.buffers[array.buffer].argument.is_none() =>
            {
                Ok(self.view(array, Step::Reshape { before, after }, result.value().ty()))
            }
            _ => Ok(self.new_array(result)),
        }
    }

    pub(super) fn transposed(
        &mut self,
        value: &Value<'c>,
        axes: Option<Vec<i64>>,
    ) -> Captured<Value<'c>> {
        let tensor = self.tensor(value)?;
        let rank = tensor.rank() as i64;
        let axes = axes.unwrap_or_else(|| (0..rank).rev().collect());
        let axes: Vec<i64> = axes
            .into_iter()
            .map(|axis| if axis < 0 { axis + rank } else { axis })
            .collect();
        let result = self.f.transpose(tensor, Some(&axes));
        let result = self.built(result)?;
        match value {
            Value::Array(array) => Ok(self.view(array, Step::Transpose(axes), result.value().ty())),
            other => Ok(other.clone()),
        }
    }

    /// An attribute of an array or a number.
    pub(super) fn array_attribute(&mut self, value: &Value<'c>, name: &str) -> Captured<Value<'c>> {
        let ty = match value {
            Value::Array(Array { ty, .. }) => *ty,
            _ => self.tensor(value)?.value().ty(),
        };
        let dims = ty.dims();
        let known = |n: i64| match n {
            DYNAMIC => self.unsupported("the shape of an array is needed, which is not known"),
            n => Ok(n),
        };
        match name {
            "shape" => {
                let sizes = dims
                    .into_iter()
                    .map(|n| Ok(self.int(known(n)?)))
                    .collect::<Captured<Vec<_>>>()?;
                Ok(Value::Tuple(Rc::new(sizes)))
            }
            "ndim" => Ok(self.int(dims.len() as i64)),
            "size" => {
                let mut size = 1;
                for n in dims {
                    size *= known(n)?;
                }
                Ok(self.int(size))
            }
            "dtype" => match dtype_of(ty) {
                Some(dtype) => Ok(self.object(&self.dtype_object(dtype)?)),
                None => self.unsupported("an element type that NumPy does not have"),
            },
            "T" => self.transposed(value, None),
            "real" | "imag" => {
                let tensor = self.tensor(value)?;
                self.operation(name, &[tensor], &[])
            }
            _ => Ok(Value::Method(Box::new(value.clone()), name.to_owned())),
        }
    }

    /// `object.name(…)`.
    pub(super) fn method(
        &mut self,
        object: &Value<'c>,
        name: &str,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        if let Value::List(list) = object {
            return match (name, args.positional.as_slice()) {
                ("append", [item]) => {
                    self.may_change(list)?;
                    list.items.borrow_mut().push(item.clone());
                    Ok(self.none())
                }
                _ => self.unsupported(format!("the method {name} of a list")),
            };
        }
        match name {
            "astype" => {
                let mut bound = self.arguments("astype", &["dtype"], args)?;
                let dtype = self.required(&mut bound, "dtype")?;
                let dtype = self.dtype_named(&self.concrete(&dtype)?)?;
                let tensor = self.tensor_as(object, dtype)?;
                Ok(self.result(tensor))
            }
            "copy" if args.positional.is_empty() && args.keywords.is_empty() => {
                let tensor = self.tensor(object)?;
                Ok(self.result(tensor))
            }
            "reshape" | "transpose" => {
                // Sizes may be passed one by one.
                let shape = match args.positional.as_slice() {
                    [one @ (Value::Tuple(_) | Value::List(_))] => one.clone(),
                    several => Value::Tuple(Rc::new(several.to_vec())),
                };
                if !args.keywords.is_empty() {
                    return self.unsupported(format!("keywords of {name}"));
                }
                match name {
                    "reshape" => self.reshaped(object, &shape),
                    _ => {
                        let axes = self.integers(&shape)?;
                        self.transposed(object, (!axes.is_empty()).then_some(axes))
                    }
                }
            }
            "fill" => {
                let [value] = args.positional.as_slice() else {
                    return self.unsupported("fill");
                };
                let whole = super::indexing::Index::everything(self.py);
                self.set_item(object, &whole, &value.clone())?;
                Ok(self.none())
            }
            "flatten" => {
                let tensor = self.tensor(object)?;
                let flat = self.f.reshape(tensor, &[OpFold::Static(-1)]);
                let flat = self.built(flat)?;
                Ok(self.new_array(flat))
            }
            "item" | "tolist" | "tobytes" | "sort" | "partition" | "resize" | "view" => {
                self.unsupported(format!("the method {name} of an array"))
            }
            "conj" | "conjugate" => self.ufunc("conjugate", std::slice::from_ref(object)),
            _ => {
                args.positional.insert(0, object.clone());
                self.table(name, args)
            }
        }
    }
}
