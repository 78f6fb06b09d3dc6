//! What a compiled function expects of a call and makes of its results. The compiler writes it, calls read it; it is
//! JSON, so that it can be kept on disk beside the artifact.

use npir_runtime::DType;
use serde::{Deserialize, Serialize};

/// The name of the compiled function in its artifact.
pub const FUNCTION: &str = "compiled";

/// A compiled function without its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// One for each parameter of the Python function, in order; those of `*args` are in a tuple.
    pub parameters: Vec<Guard>,
    /// What must still hold outside of the arguments.
    pub globals: Vec<GlobalGuard>,
    /// What compiled code takes from outside of the arguments, behind them.
    pub hidden: Vec<Hidden>,
    /// What of its arguments may be something else than it was in the call that it was compiled for.
    pub general: General,
    /// Whether the program has loops of its own, so that a call on small arrays, too, may take long.
    pub loops: bool,
    /// What the call returns.
    pub result: Outcome,
}

/// What calls may change without another version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct General {
    /// Extents of arrays, but for those that are 1.
    pub shapes: bool,
    /// Values of Python's integers and truth values, where code can be made for any.
    pub numbers: bool,
}

impl General {
    /// What either allows.
    pub fn or(self, other: General) -> General {
        General {
            shapes: self.shapes || other.shapes,
            numbers: self.numbers || other.numbers,
        }
    }
}

/// How the elements of an array lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Anyhow.
    Any,
    /// Not as [`Order::Columns`]: those arrays have code of their own.
    NotColumns,
    /// Row by row, without gaps: C order.
    Rows,
    /// Column by column, without gaps, and not row by row as well: Fortran order. Compiled code takes the transposed
    /// array, the axes in reverse, whose elements lie row by row.
    Columns,
}

impl Order {
    /// NumPy's letter for an order without gaps.
    pub fn letter(self) -> Option<&'static str> {
        match self {
            Order::Any | Order::NotColumns => None,
            Order::Rows => Some("C"),
            Order::Columns => Some("F"),
        }
    }
}

/// What an argument must be, and which parameter of the compiled function it becomes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Guard {
    /// A `numpy.ndarray`.
    Array {
        /// Element type, in native byte order.
        dtype: DType,
        /// Extents, `None` where any one fits.
        shape: Vec<Option<usize>>,
        /// Whether the function writes to it.
        written: bool,
        /// How its elements must lie.
        order: Order,
    },
    /// A number of NumPy.
    Scalar {
        /// Its type.
        dtype: DType,
    },
    /// A number of Python, passed to the compiled function.
    Number(NumberKind),
    /// An object that is or equals, type included, the one of this position among the constants.
    Constant(usize),
    /// As `Constant`, for a number that the compiled function has a parameter for, which it does not use.
    Known(usize),
    /// A tuple of exactly that length.
    Tuple(Vec<Guard>),
    /// A list of exactly that length.
    List(Vec<Guard>),
    /// A dictionary with exactly the keys at these positions among the constants.
    Dict(Vec<(usize, Guard)>),
    /// An instance of the class of this position among the constants, with exactly these attributes.
    Object {
        /// The class.
        class: usize,
        /// The instance's own attributes.
        fields: Vec<(String, Guard)>,
    },
}

impl Guard {
    /// Adds the guards of the compiled function's parameters to `leaves`, in order.
    pub(crate) fn leaves<'a>(&'a self, leaves: &mut Vec<&'a Guard>) {
        match self {
            Guard::Array { .. } | Guard::Scalar { .. } | Guard::Number(_) | Guard::Known(_) => {
                leaves.push(self);
            }
            Guard::Constant(_) => {}
            Guard::Tuple(items) | Guard::List(items) => {
                items.iter().for_each(|item| item.leaves(leaves));
            }
            Guard::Dict(items) => items.iter().for_each(|(_, item)| item.leaves(leaves)),
            Guard::Object { fields, .. } => fields.iter().for_each(|(_, item)| item.leaves(leaves)),
        }
    }
}

/// A variable outside of the function whose value is passed to compiled code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// Position of a dictionary or a cell among the constants.
    pub namespace: usize,
    /// The key in the dictionary; `None` for a cell.
    pub name: Option<String>,
    /// What is expected there.
    pub guard: Guard,
}

/// Python's types of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NumberKind {
    /// `bool`, as `bool`.
    Bool,
    /// `int`, as `int64`; one that does not fit takes another way.
    Int,
    /// `float`, as `float64`.
    Float,
    /// `complex`, as `complex128`.
    Complex,
}

impl NumberKind {
    /// The type of the compiled function's parameter.
    pub fn dtype(self) -> DType {
        match self {
            NumberKind::Bool => DType::Bool,
            NumberKind::Int => DType::I64,
            NumberKind::Float => DType::F64,
            NumberKind::Complex => DType::C128,
        }
    }
}

/// A name outside of the function: what a namespace must still hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GlobalGuard {
    /// Position of a dictionary, a cell or a function among the constants.
    pub namespace: usize,
    /// The key in the dictionary or the attribute of the function; `None` for a cell.
    pub name: Option<String>,
    /// Position of what is there among the constants.
    pub value: usize,
    /// Whether an equal object of the same type will do.
    pub equal: bool,
}

/// What becomes of results.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// `None`.
    None,
    /// A result of the compiled function, as an array.
    Array(usize),
    /// The same, copied where its elements do not lie in that order.
    Ordered {
        /// The result.
        result: usize,
        /// Rows or columns.
        order: Order,
    },
    /// A result of the compiled function that others share memory with, or a view of it.
    Shared {
        /// The result.
        result: usize,
        /// What leads from it to the view.
        steps: Vec<ViewStep>,
    },
    /// A 0-d result as a number of NumPy.
    Scalar(usize),
    /// A 0-d result as a number of Python.
    Number(usize),
    /// The very array that was passed: its position among the arguments that are arrays or numbers.
    Argument(usize),
    /// One of two things.
    Either {
        /// The 0-d bool result that decides.
        holds: usize,
        /// What is returned where it holds.
        then: Box<Outcome>,
        /// What is returned where it does not.
        otherwise: Box<Outcome>,
    },
    /// A view of an array that was passed.
    View {
        /// As in `Argument`.
        argument: usize,
        /// What leads from the array to the view.
        steps: Vec<ViewStep>,
    },
    /// A new dictionary, with keys among the constants.
    Dict(Vec<(usize, Outcome)>),
    /// A new instance of a class among the constants, called with these arguments by name.
    Made(usize, Vec<(String, Outcome)>),
    /// An object among the constants.
    Constant(usize),
    /// A tuple.
    Tuple(Vec<Outcome>),
    /// A tuple of the class at this position among the constants.
    Named(usize, Vec<Outcome>),
    /// A new list.
    List(Vec<Outcome>),
}

/// A view of an array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ViewStep {
    /// Basic indexing.
    Index(Vec<ViewItem>),
    /// The axes in another order.
    Transpose(Vec<i64>),
    /// Another shape.
    Reshape(Vec<ViewSize>),
}

/// What stands between the brackets of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ViewItem {
    /// One position.
    Position(ViewSize),
    /// `start:stop:step`.
    Slice([Option<ViewSize>; 3]),
    /// `None`.
    NewAxis,
}

/// A position or a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ViewSize {
    /// The same in every call.
    Known(i64),
    /// A 0-d `int64` result.
    Result(usize),
}
