//! The ops besides the elementwise table: how each is called, in npir and in NumPy.

use npir_runtime::DType;

use super::{Class, plain};
use crate::samples::{Random, mlir, numbers};
use crate::value::Value;

type Inputs = Vec<(&'static str, Value)>;

/// One op.
pub(super) struct Op {
    /// Without `numpy.`.
    pub(super) name: &'static str,
    /// On arrays of two dimensions.
    pub(super) call: &'static str,
    pub(super) numpy: &'static str,
    /// On 0-d arrays, where there is such a call.
    pub(super) scalar: Option<(&'static str, &'static str)>,
    /// The inputs for an array `a` of this shape.
    pub(super) inputs: fn(DType, &[usize], &mut Random) -> Inputs,
    pub(super) results: usize,
    /// The result types, where the harness cannot tell.
    pub(super) result_types: Option<fn(DType) -> String>,
    /// How far results may be from NumPy's.
    pub(super) ulps: u64,
    /// Whether it takes empty arrays.
    pub(super) empty: bool,
    /// Whether special values are tried: the only input is `a`, and nothing is rounded.
    pub(super) special: bool,
    /// Classes that it does not take, and why.
    pub(super) refuses: &'static [(Class, Reason)],
}

/// Why an op does not take a class of element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// NumPy does not either; asked in the test.
    NumpyRefuses,
    /// NumPy computes in another type, to which the program must cast.
    Promotes,
    /// Not implemented.
    Missing,
}

impl Op {
    const fn new(name: &'static str, call: &'static str, numpy: &'static str) -> Op {
        Op {
            name,
            call,
            numpy,
            scalar: None,
            inputs: |dtype, shape, random| vec![("a", plain(dtype, shape, random))],
            results: 1,
            result_types: None,
            ulps: 0,
            empty: true,
            special: false,
            refuses: &[],
        }
    }

    const fn scalar(mut self, call: &'static str, numpy: &'static str) -> Op {
        self.scalar = Some((call, numpy));
        self
    }

    const fn special(mut self) -> Op {
        self.special = true;
        self
    }

    const fn nonempty(mut self) -> Op {
        self.empty = false;
        self
    }

    const fn ulps(mut self, ulps: u64) -> Op {
        self.ulps = ulps;
        self
    }

    const fn refuses(mut self, refuses: &'static [(Class, Reason)]) -> Op {
        self.refuses = refuses;
        self
    }

    const fn inputs(mut self, inputs: fn(DType, &[usize], &mut Random) -> Inputs) -> Op {
        self.inputs = inputs;
        self
    }

    const fn pair(mut self, types: fn(DType) -> String) -> Op {
        self.results = 2;
        self.result_types = Some(types);
        self
    }

    /// Whether it takes a class.
    pub(super) fn takes(&self, class: Class) -> Result<(), Reason> {
        let refused = self.refuses.iter().find(|(c, _)| *c == class);
        refused.map_or(Ok(()), |(_, reason)| Err(*reason))
    }
}

const NO_BOOL: &[(Class, Reason)] = &[(Class::Bool, Reason::NumpyRefuses)];
const NO_COMPLEX: &[(Class, Reason)] = &[(Class::Complex, Reason::NumpyRefuses)];
const ONLY_REAL: &[(Class, Reason)] = &[(Class::Complex, Reason::Missing)];

/// Two arrays of one shape.
fn two(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    vec![
        ("a", plain(dtype, shape, random)),
        ("b", plain(dtype, shape, random)),
    ]
}

/// An array of shape (r, c) and one of shape (c, 3).
fn matrices(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    vec![
        ("a", plain(dtype, shape, random)),
        ("b", plain(dtype, &[shape[1], 3], random)),
    ]
}

/// An array of shape (r, c) and a vector of c elements.
fn matrix_and_vector(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    vec![
        ("a", plain(dtype, shape, random)),
        ("b", plain(dtype, &shape[1..], random)),
    ]
}

/// A vector of r elements and an array of shape (r, c).
fn vector_and_matrix(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    vec![
        ("b", plain(dtype, &shape[..1], random)),
        ("a", plain(dtype, shape, random)),
    ]
}

/// An array, positions along its last axis and a row for each.
fn positions(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    let rows = shape[0];
    let list: Vec<_> = (0..if rows == 0 { 0 } else { 6 })
        .map(|_| random.below(2 * rows) as i64 - rows as i64)
        .collect();
    vec![
        ("a", plain(dtype, shape, random)),
        ("i", numbers(DType::I64, &list)),
        ("b", plain(dtype, &[list.len(), shape[1]], random)),
    ]
}

/// An array and positions along its first axis.
fn listed(dtype: DType, shape: &[usize], random: &mut Random) -> Inputs {
    let mut inputs = positions(dtype, shape, random);
    inputs.truncate(2);
    inputs
}

fn same_pair(dtype: DType) -> String {
    let ty = format!("tensor<?x?x{}>", mlir(dtype));
    format!("{ty};{ty}")
}

/// The float that NumPy computes an element in.
fn float_of(dtype: DType) -> &'static str {
    mlir(match dtype {
        DType::Bool | DType::I8 | DType::U8 => DType::F16,
        DType::I16 | DType::U16 => DType::F32,
        DType::F16 | DType::F32 => dtype,
        _ => DType::F64,
    })
}

fn float_pair(dtype: DType) -> String {
    let ty = format!("tensor<?x?x{}>", float_of(dtype));
    format!("{ty};{ty}")
}

fn float_and_int(dtype: DType) -> String {
    format!("tensor<?x?x{}>;tensor<?x?xi32>", float_of(dtype))
}

macro_rules! reduction {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axes [1]"),
            concat!("np.", $name, "(a, axis=1)"),
        )
        .scalar(
            concat!("numpy.", $name, " %a"),
            concat!("np.", $name, "(a)"),
        )
    };
}

macro_rules! position {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axis 1"),
            concat!("np.", $name, "(a, axis=1)"),
        )
        .scalar(
            concat!("numpy.", $name, " %a"),
            concat!("np.", $name, "(a)"),
        )
        .special()
    };
}

macro_rules! update {
    ($name:literal) => {
        Op::new(
            concat!($name, "_at"),
            concat!("numpy.", $name, "_at %a[%i], %b : {a}[{i}], {b} -> {r}"),
            concat!("(np.", $name, ".at(c := a.copy(), i, b), c)[1]"),
        )
        .inputs(positions)
    };
}

/// The ops, in the order of the table.
pub(super) const OPS: &[Op] = &[
    Op::new("cast", "numpy.cast %a", "a.astype(np.complex128)")
        .scalar("numpy.cast %a", "a.astype(np.complex128)")
        .special(),
    Op::new(
        "divmod",
        "%q, %r = numpy.divmod %a, %b : {a}, {b} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.divmod(a, b)",
    )
    .inputs(two)
    .pair(same_pair)
    .refuses(&[
        (Class::Bool, Reason::Promotes),
        (Class::Complex, Reason::NumpyRefuses),
    ]),
    Op::new(
        "modf",
        "%q, %r = numpy.modf %a : {a} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.modf(a)",
    )
    .pair(float_pair)
    .special()
    .refuses(NO_COMPLEX),
    Op::new(
        "frexp",
        "%q, %r = numpy.frexp %a : {a} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.frexp(a)",
    )
    .pair(float_and_int)
    .special()
    .refuses(NO_COMPLEX),
    Op::new("round", "numpy.round %a decimals 1", "np.round(a, 1)")
        .scalar("numpy.round %a", "np.round(a)")
        .special()
        .refuses(&[(Class::Bool, Reason::NumpyRefuses)]),
    Op::new("nan_to_num", "numpy.nan_to_num %a", "np.nan_to_num(a)")
        .scalar("numpy.nan_to_num %a", "np.nan_to_num(a)")
        .special(),
    Op::new("isclose", "numpy.isclose %a, %b", "np.isclose(a, b)")
        .inputs(two)
        .scalar("numpy.isclose %a, %b", "np.isclose(a, b)"),
    reduction!("sum"),
    reduction!("prod")
        .nonempty()
        .inputs(|dtype, shape, random| {
            let shape: Vec<_> = shape.iter().map(|n| n % 4).collect();
            vec![("a", plain(dtype, &shape, random))]
        }),
    reduction!("mean").ulps(2),
    reduction!("any").special(),
    reduction!("all").special(),
    reduction!("count_nonzero").special(),
    reduction!("min").special(),
    reduction!("max").special(),
    reduction!("nansum"),
    reduction!("nanprod")
        .nonempty()
        .inputs(|dtype, shape, random| {
            let shape: Vec<_> = shape.iter().map(|n| n % 4).collect();
            vec![("a", plain(dtype, &shape, random))]
        }),
    reduction!("nanmean").ulps(2),
    reduction!("nanmin"),
    reduction!("nanmax"),
    reduction!("var").ulps(8).refuses(ONLY_REAL),
    reduction!("std").ulps(8).refuses(ONLY_REAL),
    reduction!("ptp").refuses(&[
        (Class::Bool, Reason::NumpyRefuses),
        (Class::Complex, Reason::Missing),
    ]),
    position!("argmin"),
    position!("argmax"),
    Op::new("matmul", "numpy.matmul %a, %b", "np.matmul(a, b)").inputs(matrices),
    Op::new("vecdot", "numpy.vecdot %a, %b", "np.vecdot(a, b)").inputs(two),
    Op::new("matvec", "numpy.matvec %a, %b", "np.matvec(a, b)").inputs(matrix_and_vector),
    Op::new("vecmat", "numpy.vecmat %b, %a", "np.vecmat(b, a)").inputs(vector_and_matrix),
    Op::new("transpose", "numpy.transpose %a", "np.transpose(a)")
        .scalar("numpy.transpose %a", "np.transpose(a)")
        .special(),
    Op::new("flip", "numpy.flip %a axes [0]", "np.flip(a, 0)").special(),
    Op::new(
        "expand_dims",
        "numpy.expand_dims %a axes [1]",
        "np.expand_dims(a, 1)",
    )
    .scalar("numpy.expand_dims %a axes [0]", "np.expand_dims(a, 0)")
    .special(),
    Op::new(
        "concatenate",
        "numpy.concatenate %a, %b axis 0",
        "np.concatenate((a, b))",
    )
    .inputs(two),
    Op::new("take", "numpy.take %a, %i axis 0", "np.take(a, i, 0)").inputs(listed),
    update!("add"),
    update!("subtract").refuses(NO_BOOL),
    update!("multiply"),
    update!("minimum"),
    update!("maximum"),
];

/// Ops that have tests of their own: a name, where `*` stands for anything, and where.
pub(super) const ELSEWHERE: &[(&str, &str)] = &[
    ("constant", "creation"),
    ("full", "creation"),
    ("iota", "creation"),
    ("arange", "creation"),
    ("item", "creation"),
    ("from_scalar", "creation"),
    ("dim", "creation"),
    ("shape", "creation"),
    ("size", "creation"),
    ("reshape", "views"),
    ("broadcast_to", "views"),
    ("squeeze", "views"),
    ("slice", "views"),
    ("set_slice", "indexing"),
    ("bincount", "indexing"),
    ("nanvar", "statistics"),
    ("nanstd", "statistics"),
    ("nanarg*", "statistics"),
    ("index", "indexing"),
    ("set_index", "indexing"),
    ("put", "indexing"),
    ("*_along_axis", "indexing"),
    ("nonzero", "indexing"),
    ("flatnonzero", "indexing"),
    ("argwhere", "indexing"),
    ("compress", "indexing"),
    ("extract", "indexing"),
    ("stack", "arrangement"),
    ("tile", "arrangement"),
    ("repeat", "arrangement"),
    ("roll", "arrangement"),
    ("rot90", "arrangement"),
    ("swapaxes", "arrangement"),
    ("moveaxis", "arrangement"),
    ("ravel", "arrangement"),
    ("diagonal", "arrangement"),
    ("trace", "arrangement"),
    ("diff", "arrangement"),
    ("pad_*", "arrangement"),
    ("cum*", "arrangement"),
    ("nancum*", "arrangement"),
    ("*_accumulate", "arrangement"),
    ("tri*", "arrangement"),
    ("eye", "arrangement"),
    ("dot", "products"),
    ("vdot", "products"),
    ("inner", "products"),
    ("outer", "products"),
    ("kron", "products"),
    ("tensordot", "products"),
    ("einsum", "products"),
    ("linalg_*", "linalg"),
    ("fft_*", "fft"),
    ("random_*", "random_numbers"),
    ("sort", "order"),
    ("argsort", "order"),
    ("partition", "order"),
    ("argpartition", "order"),
    ("searchsorted", "order"),
    ("unique", "order"),
];
