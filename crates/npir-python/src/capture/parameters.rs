//! Parameters of NumPy's functions, and what a call passes for them.

use std::collections::HashMap;
use std::rc::Rc;

use npir::builder::{Tensor, element_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::Value;

use super::calls::Arguments;
use super::{Capture, Captured};

/// A parameter as NumPy's documentation writes it.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// The text of its default value; `NoValue` where NumPy has a mark for "not passed".
    pub(crate) default: Option<&'static str>,
    /// Whether it is passed by name only.
    pub(crate) keyword: bool,
}

/// A function of NumPy that capture knows.
pub(crate) struct Row {
    /// The name below `numpy`, such as `linalg.inv`.
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(super) how: How,
}

/// What becomes of a call.
pub(super) enum How {
    /// An operation, with arguments as operands and attributes.
    Op(Op),
    /// A method of the capture.
    By(Handler),
}

/// What a call of a function is captured by.
pub(super) type Handler =
    for<'x, 'c, 'py> fn(&mut Capture<'x, 'c, 'py>, &mut Call<'c>) -> Captured<Value<'c>>;

/// A function that is an operation of the dialect.
pub(super) struct Op {
    /// The operation, below `numpy`.
    pub(super) name: &'static str,
    /// The parameters that are operands, in order.
    pub(super) operands: &'static [&'static str],
    pub(super) types: Types,
    pub(super) attributes: &'static [Attr],
    /// Whether results without dimensions stay arrays.
    pub(super) array: bool,
}

/// The element types of operands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Types {
    /// What they are.
    Own,
    /// The type that they have in common.
    Common,
    /// The type that they have in common, float64 for bool and integers, none of 16 bits: those of LAPACK.
    Linear,
    /// The first as it is, positions behind it.
    Positions,
}

/// A parameter that becomes an attribute.
pub(super) struct Attr {
    pub(super) parameter: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What an attribute holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// One integer.
    Integer,
    /// One integer or several.
    Integers,
    /// Present or not.
    Flag,
    Dtype,
    /// One of several words.
    Word,
}

/// An integer of the same name.
pub(super) const fn integer(name: &'static str) -> Attr {
    renamed(name, name, Kind::Integer)
}

/// A flag of the same name.
pub(super) const fn flag(name: &'static str) -> Attr {
    renamed(name, name, Kind::Flag)
}

/// A parameter whose attribute has another name.
pub(super) const fn renamed(parameter: &'static str, name: &'static str, kind: Kind) -> Attr {
    Attr {
        parameter,
        name,
        kind,
    }
}

/// One axis.
pub(super) const AXIS: Attr = integer("axis");
/// One axis or several.
pub(super) const AXES: Attr = renamed("axis", "axes", Kind::Integers);
/// Whether reduced axes stay.
pub(super) const KEEPDIMS: Attr = flag("keepdims");
/// The element type of the result.
pub(super) const DTYPE: Attr = renamed("dtype", "dtype", Kind::Dtype);

/// An operation whose results without dimensions are numbers.
pub(super) const fn op(
    name: &'static str,
    operands: &'static [&'static str],
    types: Types,
    attributes: &'static [Attr],
) -> How {
    How::Op(Op {
        name,
        operands,
        types,
        attributes,
        array: false,
    })
}

/// An operation whose results are always arrays.
pub(super) const fn array_op(
    name: &'static str,
    operands: &'static [&'static str],
    types: Types,
    attributes: &'static [Attr],
) -> How {
    How::Op(Op {
        name,
        operands,
        types,
        attributes,
        array: true,
    })
}

/// A row of a table: `row!("sort" [a, axis = -1; stable = None] how)`, parameters behind `;` being passed by name.
macro_rules! row {
    ($name:literal [$($p:ident $(= $d:expr)?),* $(; $($k:ident $(= $e:expr)?),*)?] $how:expr) => {
        crate::capture::parameters::Row {
            name: $name,
            parameters: &[
                $(crate::capture::parameters::Parameter {
                    name: stringify!($p),
                    default: row!(@default $($d)?),
                    keyword: false,
                },)*
                $($(crate::capture::parameters::Parameter {
                    name: stringify!($k),
                    default: row!(@default $($e)?),
                    keyword: true,
                },)*)?
            ],
            how: $how,
        }
    };
    (@default) => { None };
    (@default $d:expr) => { Some(stringify!($d)) };
}
pub(super) use row;

/// A row that a method of the capture is for.
macro_rules! by {
    ($method:ident) => {
        crate::capture::parameters::How::By(|capture, call| capture.$method(call))
    };
}
pub(super) use by;

/// A call of a function with what was passed, by parameter.
pub(super) struct Call<'c> {
    pub(super) name: &'static str,
    parameters: &'static [Parameter],
    values: HashMap<&'static str, Value<'c>>,
    /// Parameters that `None` was passed for.
    none: Vec<&'static str>,
}

impl Parameter {
    /// Whether it takes all arguments that are left, as `*args`.
    pub(crate) fn is_rest(&self) -> bool {
        self.default == Some("Rest")
    }
}

impl<'c> Call<'c> {
    /// What was passed; nothing for `None`.
    pub(super) fn take(&mut self, parameter: &str) -> Option<Value<'c>> {
        self.values.remove(parameter)
    }

    /// Whether `None` was passed.
    pub(super) fn is_none(&self, parameter: &str) -> bool {
        self.none.contains(&parameter)
    }

    /// The text of a parameter's default value, without quotes.
    pub(super) fn default(&self, parameter: &str) -> Option<&'static str> {
        let found = self.parameters.iter().find(|p| p.name == parameter)?;
        Some(found.default?.trim_matches('"'))
    }

    /// Passes something else.
    pub(super) fn set(&mut self, parameter: &'static str, value: Value<'c>) {
        self.values.insert(parameter, value);
    }

    /// Whether something but `None` was passed.
    pub(super) fn has(&self, parameter: &str) -> bool {
        self.values.contains_key(parameter)
    }
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// Assigns arguments to parameters by position and name, as Python does.
    pub(super) fn bound(
        &self,
        name: &'static str,
        parameters: &'static [Parameter],
        args: Arguments<'c>,
    ) -> Captured<Call<'c>> {
        let mut call = Call {
            name,
            parameters,
            values: HashMap::new(),
            none: Vec::new(),
        };
        let mut positional = args.positional.into_iter();
        let mut all = Vec::new();
        for parameter in parameters.iter().filter(|p| !p.keyword) {
            if parameter.is_rest() {
                let rest = Value::Tuple(Rc::new(positional.by_ref().collect()));
                all.push((parameter.name, rest));
            } else if let Some(value) = positional.next() {
                all.push((parameter.name, value));
            }
        }
        if positional.next().is_some() {
            return self.unsupported(format!("numpy.{name} with so many arguments"));
        }
        for (key, value) in args.keywords {
            match parameters.iter().find(|p| p.name == key) {
                Some(p) if all.iter().all(|(known, _)| *known != p.name) => {
                    all.push((p.name, value));
                }
                _ => return self.unsupported(format!("the argument {key} of numpy.{name}")),
            }
        }
        for (parameter, value) in all {
            match &value {
                Value::Object(object) if object.is_none(self.py) => call.none.push(parameter),
                Value::Object(object) if is_no_value(object.bind(self.py)) => {}
                _ => {
                    call.values.insert(parameter, value);
                }
            }
        }
        for parameter in parameters {
            let given = call.has(parameter.name) || call.is_none(parameter.name);
            if parameter.default.is_none() && !given {
                return self.unsupported(format!("numpy.{name} without {}", parameter.name));
            }
        }
        Ok(call)
    }

    /// Whether nothing but what was taken was passed, but for arguments that say what is so anyway.
    pub(super) fn nothing_left(&self, call: &Call<'c>) -> Captured<()> {
        for (name, value) in &call.values {
            let default = call
                .parameters
                .iter()
                .find(|parameter| parameter.name == *name)
                .and_then(|parameter| parameter.default);
            // Texts of numbers, words and constants are as Python writes them, but for the quotes.
            let same = match value {
                Value::Object(object) => {
                    let text = object.bind(self.py).repr()?.to_string().replace('\'', "\"");
                    Some(text.as_str()) == default
                }
                _ => false,
            };
            let harmless = [
                "subok",
                "copy",
                "like",
                "device",
                "overwrite_input",
                "optimize",
            ];
            if !same && !harmless.contains(name) {
                return self.unsupported(format!("the argument {name} of numpy.{}", call.name));
            }
        }
        Ok(())
    }

    pub(super) fn required(&self, call: &mut Call<'c>, name: &str) -> Captured<Value<'c>> {
        match call.take(name) {
            Some(value) => Ok(value),
            None => self.unsupported(format!("numpy.{} without {name}", call.name)),
        }
    }

    /// An array that was passed, or what becomes one.
    pub(super) fn operand(&mut self, call: &mut Call<'c>, name: &str) -> Captured<Tensor<'c>> {
        let value = self.required(call, name)?;
        self.tensor(&value)
    }

    pub(super) fn integers(&self, value: &Value<'c>) -> Captured<Vec<i64>> {
        let index = self.py.import("operator")?.getattr("index")?;
        let object = self.concrete(value)?;
        if let Ok(one) = index.call1((&object,)) {
            return Ok(vec![one.extract()?]);
        }
        let items = object.try_iter()?;
        Ok(items
            .map(|item| index.call1((item?,))?.extract())
            .collect::<PyResult<_>>()?)
    }

    pub(super) fn integer(&self, value: &Value<'c>) -> Captured<i64> {
        let index = self
            .py
            .import("operator")?
            .call_method1("index", (self.concrete(value)?,))?;
        Ok(index.extract()?)
    }

    /// An integer that was passed, or the one that is the default.
    pub(super) fn integer_or(
        &self,
        call: &mut Call<'c>,
        name: &str,
        default: i64,
    ) -> Captured<i64> {
        match call.take(name) {
            Some(value) => self.integer(&value),
            None => Ok(default),
        }
    }

    pub(super) fn number(&self, value: &Value<'c>) -> Captured<f64> {
        Ok(self.concrete(value)?.extract()?)
    }

    pub(super) fn word(&self, value: &Value<'c>) -> Captured<String> {
        Ok(self.concrete(value)?.extract()?)
    }

    /// A word that was passed.
    pub(super) fn word_of(&self, call: &mut Call<'c>, name: &str) -> Captured<Option<String>> {
        call.take(name).map(|value| self.word(&value)).transpose()
    }

    /// Whether a flag was passed that holds.
    pub(super) fn flag_of(&self, call: &mut Call<'c>, name: &str) -> Captured<bool> {
        match call.take(name) {
            None => Ok(false),
            Some(value) => Ok(self.concrete(&value)?.is_truthy()?),
        }
    }

    /// An element type that was passed.
    pub(super) fn dtype_of(&self, call: &mut Call<'c>, name: &str) -> Captured<Option<DType>> {
        match call.take(name) {
            None => Ok(None),
            Some(dtype) => Ok(Some(self.dtype_named(&self.concrete(&dtype)?)?)),
        }
    }

    /// The axis that a number from the end or the start means.
    pub(super) fn axis_in(&self, axis: i64, rank: usize) -> Captured<usize> {
        let found = if axis < 0 { axis + rank as i64 } else { axis };
        match usize::try_from(found) {
            Ok(found) if found < rank => Ok(found),
            _ => self.unsupported(format!(
                "axis {axis} is out of bounds for array of dimension {rank}"
            )),
        }
    }

    /// An attribute from what was passed for it.
    pub(super) fn attribute_of(
        &self,
        call: &mut Call<'c>,
        attr: &Attr,
    ) -> Captured<Option<(&'static str, Attribute<'c>)>> {
        let ctx = self.f.rewriter().ctx();
        let Some(value) = call.take(attr.parameter) else {
            let parameter = call.parameters.iter().find(|p| p.name == attr.parameter);
            let default = parameter.and_then(|p| p.default);
            // What the operation takes where the attribute is missing may be something else.
            let integer = default.and_then(|text| text.parse::<i64>().ok());
            return Ok(match integer {
                Some(n) if attr.kind == Kind::Integer && !call.is_none(attr.parameter) => {
                    Some((attr.name, ctx.i64_attr(n)))
                }
                _ => None,
            });
        };
        let made = match attr.kind {
            Kind::Integer => ctx.i64_attr(self.integer(&value)?),
            Kind::Integers => ctx.i64_array(&self.integers(&value)?),
            Kind::Word => ctx.str_attr(&self.word(&value)?),
            Kind::Flag => match self.concrete(&value)?.is_truthy()? {
                true => ctx.unit_attr(),
                false => return Ok(None),
            },
            Kind::Dtype => {
                let dtype = self.dtype_named(&self.concrete(&value)?)?;
                ctx.type_attr(element_type(ctx, dtype))
            }
        };
        Ok(Some((attr.name, made)))
    }

    /// A shape, of which sizes may be values of the program.
    pub(super) fn shape_of(&mut self, value: &Value<'c>) -> Captured<Vec<OpFold<'c>>> {
        let items = match value {
            Value::Tuple(_) | Value::List(_) => self.items(value)?,
            one => vec![one.clone()],
        };
        items.iter().map(|item| self.size_of(item)).collect()
    }

    /// A size, which may be a value of the program.
    pub(super) fn size_of(&mut self, value: &Value<'c>) -> Captured<OpFold<'c>> {
        let tensor = match value {
            Value::Number(NumberKind::Int, tensor, _) => *tensor,
            Value::Scalar(tensor) if crate::value::is_integer(self.dtype(*tensor)?) => {
                self.tensor_as(value, DType::I64)?
            }
            known => return Ok(OpFold::Static(self.integer(known)?)),
        };
        let item = self.f.item(tensor);
        let item = self.built(item)?;
        let rw = self.f.rewriter();
        Ok(OpFold::Value(rw.index_cast(item, rw.ctx().index())))
    }
}

/// NumPy's mark of an argument that was not passed.
fn is_no_value(object: &Bound<'_, PyAny>) -> bool {
    let class = object.get_type().name();
    class.is_ok_and(|name| name == "_NoValueType")
}
