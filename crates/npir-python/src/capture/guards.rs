//! What a call must look like for a compiled version to fit, found from the call that it is compiled for.

use npir::prelude::DType;
use npir_dispatch::spec::{Guard, Order};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::Choices;

/// The parameters of the compiled function, as they are found in the arguments.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) list: Vec<(String, DType, Vec<Option<usize>>)>,
    /// How many dictionaries and objects are around.
    depth: usize,
}

/// The objects that guards and results refer to.
#[derive(Default)]
pub(crate) struct Constants {
    pub(super) list: Vec<Py<PyAny>>,
}

impl Constants {
    pub(super) fn clone_ref(&self, py: Python<'_>) -> Constants {
        Constants {
            list: self
                .list
                .iter()
                .map(|object| object.clone_ref(py))
                .collect(),
        }
    }

    pub(super) fn add(&mut self, object: &Bound<'_, PyAny>) -> usize {
        let known = self.list.iter().position(|other| other.is(object));
        known.unwrap_or_else(|| {
            self.list.push(object.clone().unbind());
            self.list.len() - 1
        })
    }
}

/// How an array must lie in later calls; `matters` says whether the program asks for rows.
fn order_of(array: &Bound<'_, PyAny>, written: bool, matters: bool) -> Order {
    let lies = |order| npir_dispatch::lies(array, order);
    match (written, matters) {
        (_, true) if lies(Order::Rows) => Order::Rows,
        // What is written goes to the array itself, which one piece of code does for all.
        (true, _) => Order::Any,
        (false, _) if lies(Order::Columns) => Order::Columns,
        (false, _) => Order::NotColumns,
    }
}

/// What an argument must be in later calls; numbers and arrays become parameters.
pub(super) fn guard(
    object: &Bound<'_, PyAny>,
    name: &str,
    choices: &Choices,
    constants: &mut Constants,
    parameters: &mut Parameters,
) -> PyResult<Guard> {
    let leaf = parameters.list.len();
    if let Some((dtype, shape)) = npir_dispatch::array_of(object) {
        let extents: Vec<_> = shape
            .iter()
            .map(|&n| (!choices.general.shapes || n == 1).then_some(n))
            .collect();
        let written = choices.written.contains(&leaf);
        let order = order_of(object, written, choices.layouts.contains(&leaf));
        let mut parameter = extents.clone();
        if order == Order::Columns {
            parameter.reverse();
        }
        parameters.list.push((name.to_owned(), dtype, parameter));
        return Ok(Guard::Array {
            dtype,
            shape: extents,
            written,
            order,
        });
    }
    let number = npir_dispatch::number_of(object);
    let scalar = npir_dispatch::scalar_of(object);
    if choices.known.contains(&leaf) && (number.is_some() || scalar.is_some()) {
        // Keeps the numbering of the leaves.
        parameters.list.push((name.to_owned(), DType::Bool, vec![]));
        return Ok(Guard::Known(constants.add(object)));
    }
    if let Some((kind, true)) = number {
        parameters
            .list
            .push((name.to_owned(), kind.dtype(), vec![]));
        return Ok(Guard::Number(kind));
    }
    if let Some(dtype) = scalar {
        parameters.list.push((name.to_owned(), dtype, vec![]));
        return Ok(Guard::Scalar { dtype });
    }
    if let Ok(tuple) = object.cast_exact::<PyTuple>() {
        let items = tuple
            .iter()
            .map(|item| guard(&item, name, choices, constants, parameters));
        return Ok(Guard::Tuple(items.collect::<PyResult<_>>()?));
    }
    // What holds itself has no end.
    if parameters.depth > DEEPEST {
        return Ok(Guard::Constant(constants.add(object)));
    }
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        let mut items = Vec::new();
        parameters.depth += 1;
        for (key, value) in dict {
            let key_at = constants.add(&key);
            items.push((key_at, guard(&value, name, choices, constants, parameters)?));
        }
        parameters.depth -= 1;
        return Ok(Guard::Dict(items));
    }
    if is_plain_instance(object) {
        let class = constants.add(object.get_type().as_any());
        let own = object.getattr("__dict__")?.cast_into::<PyDict>()?;
        let mut fields = Vec::new();
        parameters.depth += 1;
        for (field, value) in own {
            let guard = guard(&value, name, choices, constants, parameters)?;
            fields.push((field.extract()?, guard));
        }
        parameters.depth -= 1;
        return Ok(Guard::Object { class, fields });
    }
    if let Ok(list) = object.cast_exact::<PyList>() {
        let items = list
            .iter()
            .map(|item| guard(&item, name, choices, constants, parameters));
        return Ok(Guard::List(items.collect::<PyResult<_>>()?));
    }
    Ok(Guard::Constant(constants.add(object)))
}

/// Whether an object is the same in later calls: it cannot change, or nobody changes such things.
pub(super) fn lasts(object: &Bound<'_, PyAny>) -> bool {
    const CLASSES: [&str; 24] = [
        "NoneType",
        "bool",
        "int",
        "float",
        "complex",
        "str",
        "bytes",
        "range",
        "slice",
        "ellipsis",
        "frozenset",
        "module",
        "function",
        "builtin_function_or_method",
        "method_descriptor",
        "type",
        "ufunc",
        "_ArrayFunctionDispatcher",
        "NotImplementedType",
        "MGridClass",
        "OGridClass",
        "RClass",
        "CClass",
        "IndexExpression",
    ];
    let class = object.get_type();
    let named = class
        .name()
        .is_ok_and(|name| name.to_str().is_ok_and(|name| CLASSES.contains(&name)));
    let numbers = || -> PyResult<bool> {
        let numpy = object.py().import("numpy")?;
        let kinds = PyTuple::new(
            object.py(),
            [
                numpy.getattr("generic")?,
                numpy.getattr("dtype")?,
                numpy.getattr("finfo")?,
                numpy.getattr("iinfo")?,
            ],
        )?;
        object.is_instance(&kinds)
    };
    named || object.is_instance_of::<pyo3::types::PyType>() || numbers().unwrap_or(false)
}

/// Dictionaries and objects inside of each other, at most.
const DEEPEST: usize = 8;

/// Whether an object is an instance of a class of the user whose attributes are in its dictionary, and nowhere else.
pub(super) fn is_plain_instance(object: &Bound<'_, PyAny>) -> bool {
    let check = || -> PyResult<bool> {
        let class = object.get_type();
        let module: String = class.getattr("__module__")?.extract()?;
        let top = module.split('.').next().unwrap_or_default();
        if ["builtins", "numpy", "functools", "types"].contains(&top)
            || lasts(object)
            || object.is_instance_of::<pyo3::types::PyType>()
        {
            return Ok(false);
        }
        let base = object.py().get_type::<PyAny>();
        let name = "__getattribute__";
        Ok(class.getattr(name)?.is(&base.getattr(name)?)
            && !class.hasattr("__getattr__")?
            && !class.hasattr("__slots__")?
            && object.getattr("__dict__")?.is_exact_instance_of::<PyDict>()
            && npir_dispatch::array_of(object).is_none()
            && !object.is_instance_of::<PyTuple>()
            && !object.is_instance_of::<PyList>()
            && !object.is_instance_of::<PyDict>()
            && !object.is_callable())
    };
    check().unwrap_or(false)
}
