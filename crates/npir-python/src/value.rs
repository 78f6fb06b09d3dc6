//! What Python expressions are during capture: objects that are known now, and values of compiled code.

use std::cell::RefCell;
use std::rc::Rc;

use npir::builder::{Tensor, element_type};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::tree;

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
    /// A method and what it is bound to.
    Method(Box<Value<'c>>, String),
    /// A function that is defined while the captured one runs.
    Function(Rc<Closure<'c>>),
    /// A variable that is not the same thing, or has no value, on every way here: why it cannot be used.
    Unusable(Rc<str>),
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
        }
    }
}
