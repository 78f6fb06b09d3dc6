//! What Python expressions are during capture: objects that are known now, and values of compiled code.

use std::cell::RefCell;
use std::rc::Rc;

use npir::builder::{Tensor, element_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::tree::{self, Span};

/// The value of an expression.
#[derive(Clone)]
pub(crate) enum Value<'c> {
    /// An object that is the same in every call.
    Object(Rc<Py<PyAny>>),
    /// A number of Python, and what is known of it.
    Number(NumberKind, Tensor<'c>, Origin),
    /// A number of NumPy.
    Scalar(Tensor<'c>),
    /// An array.
    Array(Array<'c>),
    /// A tuple.
    Tuple(Rc<Vec<Value<'c>>>),
    /// A named tuple of NumPy: its class and its items.
    Named(Rc<Py<PyAny>>, Rc<Vec<Value<'c>>>),
    /// A list, which may change.
    List(Rc<List<'c>>),
    /// A dictionary, which may change.
    Dict(Rc<Dict<'c>>),
    /// An instance of a class of the user.
    Instance(Rc<Instance<'c>>),
    /// A method and what it is bound to.
    Method(Box<Value<'c>>, String),
    /// A function that is defined while the captured one runs.
    Function(Rc<Closure<'c>>),
    /// A number whose class depends on the call.
    Mixed(Mixed<'c>),
    /// Something that is there in some calls only.
    Optional(Rc<Optional<'c>>),
    /// What a loop can run over without its items being there one by one.
    Items(Rc<Items<'c>>),
    /// A variable that is not the same thing, or has no value, on every way here: why it cannot be used, and the
    /// statement of the function whose ways these are.
    Unusable(Rc<str>, Span),
}

/// The class of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Python(NumberKind),
    NumPy(DType),
}

impl Class {
    /// The type that a number of the class is kept in.
    pub(crate) fn dtype(self) -> DType {
        match self {
            Class::Python(kind) => kind.dtype(),
            Class::NumPy(dtype) => dtype,
        }
    }
}

/// A number of one of two classes.
#[derive(Clone, Copy)]
pub(crate) struct Mixed<'c> {
    /// Its value, in a type that holds those of both classes.
    pub(crate) value: Tensor<'c>,
    /// Whether it is of the first class, a 0-d bool.
    pub(crate) first: Tensor<'c>,
    pub(crate) classes: [Class; 2],
}

/// Something that is there where a 0-d bool holds.
pub(crate) struct Optional<'c> {
    pub(crate) value: Value<'c>,
    pub(crate) there: Tensor<'c>,
    pub(crate) absent: Absent,
}

/// What is in the place of something that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The variable has no value.
    Unbound,
    /// `None`.
    None,
}

/// What a loop can run over: item `i` can be found without those before it.
pub(crate) enum Items<'c> {
    /// `range(start, stop, step)`.
    Range([Value<'c>; 3]),
    /// The items of an array, or of a tuple or a list, by which is meant what they are at the time of the loop.
    Of(Value<'c>),
    /// `zip(...)`.
    Zip(Vec<Rc<Items<'c>>>),
    /// `enumerate(items, start)`.
    Enumerate(Rc<Items<'c>>, Value<'c>),
    /// `reversed(items)`.
    Reversed(Rc<Items<'c>>),
}

/// A list.
pub(crate) struct List<'c> {
    pub(crate) items: RefCell<Vec<Value<'c>>>,
    /// How many blocks that depend on the call are around the place where it was made; none for a list of the caller.
    pub(crate) level: Option<usize>,
}

impl<'c> List<'c> {
    /// The items as they are now.
    pub(crate) fn now(&self) -> Vec<Value<'c>> {
        self.items.borrow().clone()
    }
}

/// A dictionary.
pub(crate) struct Dict<'c> {
    /// Keys are the same in every call.
    pub(crate) items: RefCell<Vec<(Rc<Py<PyAny>>, Value<'c>)>>,
    /// As of a list.
    pub(crate) level: Option<usize>,
}

/// An object with attributes.
pub(crate) struct Instance<'c> {
    pub(crate) class: Rc<Py<PyAny>>,
    pub(crate) fields: Vec<(String, Value<'c>)>,
    /// Whether the function has made it.
    pub(crate) made: bool,
}

/// What is known of a number of Python.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) struct Origin {
    /// The argument that it is.
    pub(crate) leaf: Option<usize>,
    /// The least and the greatest integer that it may be.
    pub(crate) bounds: Option<(i64, i64)>,
}

/// A function and the variables around it.
pub(crate) struct Closure<'c> {
    pub(crate) function: Rc<tree::Function>,
    pub(crate) defaults: Vec<Option<Value<'c>>>,
    /// Variables of the functions around it, the innermost first.
    pub(crate) around: Vec<Scope<'c>>,
    pub(crate) module: Module,
}

/// The variables of a running function.
pub(crate) type Scope<'c> = Rc<RefCell<std::collections::HashMap<String, Value<'c>>>>;

/// Where a function's global names are, and its text.
#[derive(Clone)]
pub(crate) struct Module {
    pub(crate) globals: Rc<Py<PyAny>>,
    pub(crate) file: Rc<str>,
}

/// A view of a buffer.
#[derive(Clone)]
pub(crate) struct Array<'c> {
    pub(crate) buffer: usize,
    /// What leads from the whole buffer to the view.
    pub(crate) steps: Rc<Vec<Step<'c>>>,
    /// The type of the view.
    pub(crate) ty: Type<'c>,
}

/// A view of a view.
#[derive(Clone)]
pub(crate) enum Step<'c> {
    /// Basic indexing; the bounds that are operands.
    Slice(Vec<npir::builder::Index>, Vec<Val<'c>>),
    /// The order of the dimensions.
    Transpose(Vec<i64>),
    /// Another shape of the same elements, from the shape before.
    Reshape {
        before: Vec<OpFold<'c>>,
        after: Vec<OpFold<'c>>,
    },
    /// What an operation makes of it, which cannot be written to.
    ReadOnly {
        op: &'static str,
        operands: Vec<Tensor<'c>>,
        attrs: Vec<(&'static str, Attribute<'c>)>,
    },
}

/// The dtype of a tensor type.
pub(crate) fn dtype_of(ty: Type<'_>) -> Option<DType> {
    DType::all().find(|dtype| element_type(ty.ctx(), *dtype) == ty.element())
}

/// Whether a type is one of integers; bool is not.
pub(crate) fn is_integer(dtype: DType) -> bool {
    use DType::*;
    matches!(dtype, I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64)
}

/// How elements lie in memory, as far as it is known.
#[derive(Clone)]
pub(crate) enum Layout<'c> {
    /// Row by row, without gaps.
    Rows,
    /// Column by column, without gaps.
    Columns,
    /// So if those of these arrays do.
    Like(Rc<Vec<Value<'c>>>),
    /// NumPy decides.
    Unknown,
}

/// Memory during capture.
pub(crate) struct Buffer<'c> {
    /// What it holds now.
    pub(crate) contents: Tensor<'c>,
    /// The argument that it belongs to.
    pub(crate) argument: Option<usize>,
    /// Whether it was written to.
    pub(crate) written: bool,
    /// Whether it stands for one of several buffers, depending on the call: it cannot be written to, nor be returned.
    pub(crate) ambiguous: bool,
    /// Whether another buffer may stand for it: it cannot be written to any more.
    pub(crate) frozen: bool,
    /// The argument that it is where the 0-d bool holds; it cannot be written to either.
    pub(crate) maybe: Option<(usize, Tensor<'c>)>,
    /// How the elements lie in NumPy's memory.
    pub(crate) layout: Layout<'c>,
    /// The buffer whose memory this may be, too.
    pub(crate) shares: Option<usize>,
    /// The same elements as NumPy makes them of the other buffer, as a view or a copy.
    pub(crate) made: Option<Array<'c>>,
}

impl<'c> Buffer<'c> {
    /// A buffer of its own.
    pub(crate) fn new(contents: Tensor<'c>) -> Self {
        Buffer {
            contents,
            argument: None,
            written: false,
            ambiguous: false,
            frozen: false,
            maybe: None,
            layout: Layout::Unknown,
            shares: None,
            made: None,
        }
    }
}
