//! Attributes and methods of arrays and of NumPy's numbers.

use std::rc::Rc;

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Array, Origin, Value, dtype_of, is_integer};

use super::calls::Arguments;
use super::indexing::Index;
use super::parameters::{Call, Row, by, row};
use super::shaping::is_complex;
use super::{Capture, Captured};

/// Methods whose parameters differ from those of the function, or that have none.
static METHODS: &[Row] = &[
    row!("astype" [a, dtype, order = "K", casting = "unsafe", subok = True, copy = True] by!(method_astype)),
    row!("copy" [a, order = "C"] by!(as_array)),
    row!("flatten" [a, order = "C"] by!(method_flatten)),
    row!("compress" [a, condition, axis = None, out = None] by!(method_compress)),
    row!("clip" [a, min = None, max = None, out = None] by!(clip)),
    row!("fill" [a, value] by!(method_fill)),
    row!("sort" [a, axis = -1, kind = None, order = None; stable = None] by!(method_sort)),
    row!("partition" [a, kth, axis = -1, kind = "introselect", order = None] by!(method_sort)),
    row!("tolist" [a] by!(method_tolist)),
    row!("put" [a, ind, v, mode = "raise"] by!(put)),
    row!("argsort" [a, axis = -1, kind = None, order = None; stable = None] by!(sort)),
    row!("conj" [a] by!(method_conjugate)),
    row!("conjugate" [a] by!(method_conjugate)),
];

impl<'c> Capture<'_, 'c, '_> {
    /// An attribute of an array or a number.
    pub(super) fn array_attribute(&mut self, value: &Value<'c>, name: &str) -> Captured<Value<'c>> {
        let (ty, tensor) = match value {
            Value::Array(Array { ty, .. }) => (*ty, None),
            _ => {
                let tensor = self.tensor(value)?;
                (tensor.value().ty(), Some(tensor))
            }
        };
        let rank = ty.dims().len();
        let tensor = |this: &mut Self| match tensor {
            Some(tensor) => Ok(tensor),
            None => this.tensor(value),
        };
        let Some(dtype) = dtype_of(ty) else {
            return self.unsupported("an element type that NumPy does not have");
        };
        match name {
            "shape" => {
                let x = tensor(self)?;
                let sizes = (0..rank)
                    .map(|axis| self.extent(x, axis))
                    .collect::<Captured<Vec<_>>>()?;
                Ok(Value::Tuple(Rc::new(sizes)))
            }
            "ndim" => Ok(self.int(rank as i64)),
            "size" => {
                let x = tensor(self)?;
                self.element_count(x)
            }
            "itemsize" => Ok(self.int(dtype.size() as i64)),
            "nbytes" => {
                let x = tensor(self)?;
                let (count, size) = (self.element_count(x)?, self.int(dtype.size() as i64));
                self.binary("Mult", &count, &size)
            }
            "dtype" => Ok(self.object(&self.dtype_object(dtype)?)),
            "T" if matches!(value, Value::Array(_)) => self.transposed(value, None),
            "T" => Ok(value.clone()),
            "mT" => self.last_transposed(value),
            "real" => self.part_of(value, false),
            "imag" => self.part_of(value, true),
            // It reads and writes the elements in their order, however they lie.
            "flat" => match value {
                Value::Array(array) => self.flat(array),
                _ => self.unsupported("the attribute flat of a number"),
            },
            "base" | "flags" | "strides" | "data" | "ctypes" => {
                self.unsupported(format!("the attribute {name} of an array"))
            }
            _ => Ok(Value::Method(Box::new(value.clone()), name.to_owned())),
        }
    }

    /// `a.flat`: a view of all elements in their order.
    fn flat(&mut self, array: &Array<'c>) -> Captured<Value<'c>> {
        let tensor = self.read(array)?;
        let before = self.sizes(tensor)?;
        let result = self.f.reshape(tensor, &[OpFold::Static(-1)]);
        let result = self.built(result)?;
        let after = self.sizes(result)?;
        let step = crate::value::Step::Reshape { before, after };
        Ok(self.view(array, step, result.value().ty()))
    }

    /// `object.name(…)`.
    pub(super) fn method(
        &mut self,
        object: &Value<'c>,
        name: &str,
        mut args: Arguments<'c>,
    ) -> Captured<Value<'c>> {
        if let Value::Dict(dict) = object {
            let dict = dict.clone();
            return self.dict_method(&dict, name, &args);
        }
        if let Value::Instance(instance) = object {
            let instance = instance.clone();
            return self.instance_method(object, &instance, name, args);
        }
        if let Value::List(list) = object {
            return match (name, args.positional.as_slice()) {
                ("append", [item]) => {
                    self.may_change(list.level)?;
                    list.items.borrow_mut().push(item.clone());
                    Ok(self.none())
                }
                _ => self.unsupported(format!("the method {name} of a list")),
            };
        }
        match name {
            "reshape" | "transpose" => {
                // Sizes may be passed one by one.
                let one = match args.positional.as_slice() {
                    [one @ (Value::Tuple(_) | Value::List(_))] => one.clone(),
                    several => Value::Tuple(Rc::new(several.to_vec())),
                };
                let empty = matches!(&one, Value::Tuple(items) if items.is_empty());
                args.positional = match (name, empty) {
                    ("transpose", true) => vec![],
                    _ => vec![one],
                };
                args.positional.insert(0, object.clone());
                self.table(name, args)
            }
            "item" => self.method_item(object, &args),
            "view" => match args.positional.as_slice() {
                [] => Ok(object.clone()),
                _ => self.unsupported("the method view of an array"),
            },
            "__array__" | "__len__" | "tobytes" | "resize" | "byteswap" | "dump" | "dumps"
            | "setflags" | "tofile" | "to_device" | "getfield" | "setfield" => {
                self.unsupported(format!("the method {name} of an array"))
            }
            _ => match METHODS.iter().find(|row| row.name == name) {
                Some(row) => self.run_method(row, object, args),
                None => self.method_row(name, object, args),
            },
        }
    }

    pub(super) fn method_astype(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let dtype = self.required(call, "dtype")?;
        let dtype = self.dtype_named(&self.concrete(&dtype)?)?;
        let own = self.tensor(&value)?;
        let own = self.dtype(own)?;
        call.take("order");
        if let Some(casting) = self.word_of(call, "casting")? {
            let (from, to) = (self.dtype_object(own)?, self.dtype_object(dtype)?);
            let fits = self
                .numpy()?
                .call_method1("can_cast", (from, to, casting))?
                .is_truthy()?;
            if !fits {
                return self.unsupported("a cast that the casting rule does not allow");
            }
        }
        if let Some(copy) = call.take("copy")
            && !self.concrete(&copy)?.is_truthy()?
            && own == dtype
        {
            return Ok(value);
        }
        let tensor = self.tensor_as(&value, dtype)?;
        Ok(match value {
            Value::Array(_) => self.new_array_like(tensor, &[value]),
            _ => self.result(tensor),
        })
    }

    pub(super) fn method_flatten(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let mut x = self.tensor(&value)?;
        match self.word_of(call, "order")?.as_deref() {
            None | Some("C") => {}
            Some("F") => {
                let columns = self.f.transpose(x, None);
                x = self.built(columns)?;
            }
            Some(other) => return self.unsupported(format!("the order {other}")),
        }
        let flat = self.f.reshape(x, &[OpFold::Static(-1)]);
        let flat = self.built(flat)?;
        Ok(self.new_c_array(flat))
    }

    pub(super) fn method_compress(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, condition) = (self.required(call, "a")?, self.required(call, "condition")?);
        let mut args = Arguments {
            positional: vec![condition, a],
            keywords: Vec::new(),
        };
        if let Some(axis) = call.take("axis") {
            args.keywords.push(("axis".to_owned(), axis));
        }
        self.table("compress", args)
    }

    pub(super) fn method_fill(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let (a, value) = (self.required(call, "a")?, self.required(call, "value")?);
        self.set_item(&a, &Index::everything(self.py), &value)?;
        Ok(self.none())
    }

    /// `sort` and `partition` in place.
    pub(super) fn method_sort(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let Value::Array(array) = &value else {
            return self.unsupported("a number that is sorted");
        };
        call.set("a", value.clone());
        let sorted = match call.name {
            "sort" => self.sort(call)?,
            _ => self.partition(call)?,
        };
        let sorted = self.tensor(&sorted)?;
        self.write(array, sorted)?;
        Ok(self.none())
    }

    pub(super) fn method_conjugate(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let tensor = self.tensor(&value)?;
        match is_complex(self.dtype(tensor)?) {
            true => self.ufunc("conjugate", &[value]),
            false => Ok(value),
        }
    }

    pub(super) fn method_tolist(&mut self, call: &mut Call<'c>) -> Captured<Value<'c>> {
        let value = self.required(call, "a")?;
        let tensor = self.tensor(&value)?;
        if tensor.rank() == 0 {
            return self.python_number(tensor);
        }
        if tensor
            .shape()
            .iter()
            .any(|n| n.is_none_or(|n| n > LONGEST_LIST))
        {
            return self.unsupported("a long list of numbers");
        }
        let items = self.items(&value)?;
        let mut list = Vec::new();
        for item in items {
            let args = Arguments {
                positional: Vec::new(),
                keywords: Vec::new(),
            };
            list.push(self.method(&item, "tolist", args)?);
        }
        Ok(self.list(list))
    }

    /// `a.item()` and `a.item(i, j)`.
    fn method_item(&mut self, object: &Value<'c>, args: &Arguments<'c>) -> Captured<Value<'c>> {
        let value = match args.positional.as_slice() {
            [] => object.clone(),
            [Value::Tuple(index)] => self.get_item(object, &Index::of(index.to_vec()))?,
            [one] => match object {
                Value::Array(array) => {
                    let flat = self.flat(array)?;
                    self.get_item(&flat, &Index::one(one.clone()))?
                }
                _ => object.clone(),
            },
            several => self.get_item(object, &Index::of(several.to_vec()))?,
        };
        let tensor = self.tensor(&value)?;
        if tensor.shape().iter().any(|n| *n != Some(1)) {
            return self.unsupported("can only convert an array of size 1 to a Python scalar");
        }
        let number = self.f.reshape(tensor, &[]);
        let number = self.built(number)?;
        self.python_number(number)
    }

    /// A number of NumPy as one of Python.
    pub(super) fn python_number(&mut self, tensor: Tensor<'c>) -> Captured<Value<'c>> {
        let dtype = self.dtype(tensor)?;
        let (kind, bounds) = match dtype {
            DType::Bool => (NumberKind::Bool, None),
            DType::U64 => return self.unsupported("a uint64 as a number of Python"),
            dtype if is_integer(dtype) => (NumberKind::Int, Some(super::ufuncs::limits(dtype))),
            DType::C64 | DType::C128 => (NumberKind::Complex, None),
            _ => (NumberKind::Float, None),
        };
        let cast = self.f.cast(tensor, kind.dtype());
        let tensor = match dtype == kind.dtype() {
            true => tensor,
            false => self.built(cast)?,
        };
        Ok(Value::Number(kind, tensor, Origin { leaf: None, bounds }))
    }
}

/// Items of a list that is made of an array, at most.
const LONGEST_LIST: usize = 64;
