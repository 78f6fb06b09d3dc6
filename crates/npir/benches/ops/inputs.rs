//! Element types that are timed, and the arrays of them that operations get.

use npir_numpy::elementwise::dtype::DType as Element;

/// Elements of each vector.
pub(crate) const N: usize = 1_000_000;
/// Rows and columns of a matrix of as many elements.
const SIDE: usize = 1_000;

/// An element type: MLIR's name, NumPy's, the dialect's.
#[derive(Clone, Copy)]
pub(crate) struct Type {
    pub(crate) mlir: &'static str,
    pub(crate) numpy: &'static str,
    pub(crate) element: Element,
}

const fn ty(mlir: &'static str, numpy: &'static str, element: Element) -> Type {
    Type {
        mlir,
        numpy,
        element,
    }
}

/// The columns of the table.
pub(crate) const TYPES: [Type; 10] = [
    ty("f64", "float64", Element::F64),
    ty("f32", "float32", Element::F32),
    ty("f16", "float16", Element::F16),
    ty("i64", "int64", Element::Int(64)),
    ty("i32", "int32", Element::Int(32)),
    ty("i16", "int16", Element::Int(16)),
    ty("ui8", "uint8", Element::UInt(8)),
    ty("i1", "bool", Element::Bool),
    ty("complex<f64>", "complex128", Element::C128),
    ty("complex<f32>", "complex64", Element::C64),
];

/// The types that an operation is timed with, as bits: positions in [`TYPES`].
#[derive(Clone, Copy)]
pub(crate) struct Types(u16);

impl Types {
    pub(crate) const FLOAT: Types = Types(0b11);
    pub(crate) const INTEGER: Types = Types(0b1_1000);
    pub(crate) const BOOL: Types = Types(0b1000_0000);
    pub(crate) const COMPLEX: Types = Types(0b11_0000_0000);
    pub(crate) const NUMBER: Types = Types(Self::FLOAT.0 | Self::INTEGER.0);
    pub(crate) const REAL: Types = Types(Self::NUMBER.0 | Self::BOOL.0);
    pub(crate) const INEXACT: Types = Types(Self::FLOAT.0 | Self::COMPLEX.0);
    pub(crate) const ALL: Types = Types(Self::REAL.0 | Self::COMPLEX.0);
    /// Every width of what has an order.
    pub(crate) const SORTED: Types = Types(0b1111_1111);
    pub(crate) const ORDERED: Types = Types::SORTED;
    /// What LAPACK computes in behind NumPy.
    pub(crate) const LINALG: Types = Types(0b1_0000_0001);

    /// The types.
    pub(crate) fn each(self) -> impl Iterator<Item = Type> {
        let chosen = move |(i, ty)| (self.0 >> i & 1 == 1).then_some(ty);
        TYPES.into_iter().enumerate().filter_map(chosen)
    }
}

/// An array: what it is called in both programs, its type in ours, its value in NumPy's.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) ty: String,
    pub(crate) value: String,
    /// Whether the programs see it with its dimensions swapped, as a view.
    pub(crate) transposed: bool,
}

/// `count` numbers in which every function is defined, in no order; few of them differ where they are integers.
pub(crate) fn numbers(numpy: &str, seed: usize, count: usize) -> String {
    let random = format!("np.random.default_rng({seed})");
    match numpy {
        "bool" => format!("{random}.random({count}) < 0.5"),
        "complex128" | "complex64" => {
            format!("({random}.random({count}) * 0.9 + 0.05 + 0.3j).astype(np.{numpy})")
        }
        _ if numpy.starts_with("float") => {
            format!("({random}.random({count}) * 0.9 + 0.05).astype(np.{numpy})")
        }
        _ => format!("{random}.integers(1, 30, {count}).astype(np.{numpy})"),
    }
}

/// Numbers over the whole range of a type.
fn spread(numpy: &str, seed: usize, count: usize) -> String {
    let random = format!("np.random.default_rng({seed})");
    match numpy {
        _ if numpy.starts_with("float") => {
            format!("{random}.standard_normal({count}).astype(np.{numpy})")
        }
        "bool" | "complex128" | "complex64" => numbers(numpy, seed, count),
        _ => format!(
            "{random}.integers(np.iinfo(np.{numpy}).min, np.iinfo(np.{numpy}).max, {count}, dtype=np.{numpy})"
        ),
    }
}

/// The inputs of [`crate::rows`], for one type.
pub(crate) fn all(ty: Type) -> Vec<Input> {
    let (e, numpy) = (ty.mlir, ty.numpy);
    let vector = || format!("tensor<?x{e}>");
    let matrix = || format!("tensor<?x?x{e}>");
    let square = |text: String| format!("({text}).reshape({SIDE}, {SIDE})");
    let random = "np.random.default_rng(1)";
    let order = 300;
    let general = format!(
        "({}).reshape({order}, {order})",
        spread(numpy, 12, order * order)
    );
    let input = |name, ty, value| Input {
        name,
        ty,
        value,
        transposed: false,
    };
    let positions = || "tensor<?xi64>".to_owned();
    let mask = || "tensor<?xi1>".to_owned();
    let number = |ty: &str| format!("tensor<{ty}>");
    vec![
        input("v", vector(), numbers(numpy, 7, N)),
        input("u", vector(), spread(numpy, 8, N)),
        input("s", vector(), format!("np.sort({})", spread(numpy, 8, N))),
        input(
            "bins",
            vector(),
            format!("np.sort({})", spread(numpy, 8, 100)),
        ),
        input("m", matrix(), square(numbers(numpy, 9, N))),
        input("um", matrix(), square(spread(numpy, 9, N))),
        Input {
            transposed: true,
            ..input("n", matrix(), square(numbers(numpy, 10, N)))
        },
        input("row", vector(), numbers(numpy, 11, SIDE)),
        input("taps", vector(), numbers(numpy, 11, 7)),
        input("long_taps", vector(), numbers(numpy, 11, 100)),
        input(
            "small",
            matrix(),
            format!("({}).reshape(32, 32)", numbers(numpy, 11, 1024)),
        ),
        input("x", number(e), format!("np.array(1, np.{numpy})")),
        input("pow2", vector(), numbers(numpy, 7, 1 << 20)),
        input("prime", vector(), numbers(numpy, 7, 1_000_003)),
        input("a", matrix(), general.clone()),
        input(
            "spd",
            matrix(),
            format!("(lambda a: a @ a.conj().T + np.eye({order}))({general})"),
        ),
        input("rhs", vector(), numbers(numpy, 13, order)),
        input(
            "stack",
            format!("tensor<?x?x?x{e}>"),
            format!(
                "(lambda a: a @ a.conj().swapaxes(1, 2) + np.eye(4, dtype=np.{numpy}))(({}).reshape(20000, 4, 4))",
                numbers(numpy, 14, 320_000)
            ),
        ),
        input("i", positions(), format!("{random}.integers(0, {N}, {N})")),
        input(
            "j",
            positions(),
            format!("{random}.integers(0, {SIDE}, {SIDE})"),
        ),
        input(
            "order",
            "tensor<?x?xi64>".into(),
            square(format!("{random}.integers(0, {SIDE}, {N})")),
        ),
        input("mask", mask(), format!("{random}.random({N}) < 0.5")),
        input("rare", mask(), format!("{random}.random({N}) < 0.01")),
        input("key", number("ui64"), "np.uint64(1)".into()),
        input("low", number("i64"), "np.int64(0)".into()),
        input("high", number("i64"), "np.int64(100)".into()),
    ]
}
