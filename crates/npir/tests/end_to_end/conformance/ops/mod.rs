//! The ops besides the elementwise table: how each is called, in npir and in NumPy, on what arrays.
//!
//! One file for each family. A row says everything about an op; what it leaves out has a reason.

mod arrangement;
mod choices;
mod creation;
mod fft;
mod linalg;
mod mapped;
mod order;
mod parts;
mod products;
mod reductions;
mod sets;
mod views;

use npir_runtime::DType;
use npir_testing::Tolerance;

use super::Class;
use crate::samples::{Random, complex_numbers, is_complex, numbers, picked, special};
use crate::value::Value;

/// An operation (or a function body) and the NumPy expression, as for `Case::new`.
pub(super) type Call = (&'static str, &'static str);

/// The arguments of one call.
pub(super) type Inputs = Vec<(&'static str, Value)>;

/// One op.
#[derive(Clone, Copy)]
pub(super) struct Op {
    /// Without `numpy.`.
    pub(super) name: &'static str,
    /// On arrays of two dimensions.
    pub(super) call: Call,
    /// On 0-d arrays.
    pub(super) scalar: Result<Call, Why>,
    pub(super) inputs: fn(&mut Make<'_>) -> Inputs,
    /// Inputs of which some are repeated along an axis.
    pub(super) broadcast: Result<fn(&mut Make<'_>) -> Inputs, Why>,
    /// Shapes without elements.
    pub(super) empty: Result<&'static [[usize; 2]], Why>,
    /// With the values where things go wrong.
    pub(super) special: Result<(), Why>,
    /// With elements in every layout.
    pub(super) layouts: Result<(), Why>,
    pub(super) results: usize,
    /// The sizes of results depend on the elements: their types state none.
    pub(super) counted: bool,
    /// The expression for `bfloat16`, where intermediate results are rounded.
    pub(super) brain: Option<&'static str>,
    /// The results of `bfloat16` inputs are `float32`.
    pub(super) wide: bool,
    /// How far results may be from NumPy's.
    pub(super) tolerance: Tolerance,
    /// The same of 16-bit floats.
    pub(super) half: Option<Tolerance>,
    /// Classes that it does not take.
    pub(super) refuses: &'static [(Class, Why)],
}

/// Why a cell of the table has no `yes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// NumPy refuses it too; the test asks it.
    Refused,
    /// NumPy computes in another type, to which the program must cast.
    Cast,
    /// NumPy has no bfloat16, and refuses float16, which is alike.
    NoBf16,
    /// It has one operand, or operands that do not broadcast.
    OneOperand,
    /// It works along axes, which a 0-d array has not.
    NeedsAxis,
    /// It rounds, or NumPy's result is one of several that are right: special values are in tests of its own.
    Rounds,
    /// It takes no array whose elements could lie, or sizes be, that way.
    NoArray,
}

impl Why {
    /// The cell of the table.
    pub(super) fn cell(self) -> &'static str {
        match self {
            Why::Refused => "refused",
            Why::Cast => "cast",
            Why::NoBf16 => "no bf16",
            Why::OneOperand => "no pair",
            Why::NeedsAxis => "no axis",
            Why::Rounds => "rounds",
            Why::NoArray => "no array",
        }
    }
}

impl Op {
    const fn new(name: &'static str, call: &'static str, numpy: &'static str) -> Op {
        Op {
            name,
            call: (call, numpy),
            scalar: Err(Why::NeedsAxis),
            inputs: |m| vec![m.array("a")],
            broadcast: Err(Why::OneOperand),
            empty: Ok(&[[0, 3], [3, 0]]),
            special: Err(Why::Rounds),
            layouts: Ok(()),
            results: 1,
            counted: false,
            brain: None,
            wide: false,
            tolerance: Tolerance::Bitwise,
            half: None,
            refuses: &[],
        }
    }

    const fn scalar(mut self, call: &'static str, numpy: &'static str) -> Op {
        self.scalar = Ok((call, numpy));
        self
    }

    /// The call is the same on 0-d arrays.
    const fn any_rank(mut self) -> Op {
        self.scalar = Ok(self.call);
        self
    }

    const fn special(mut self) -> Op {
        self.special = Ok(());
        self
    }

    const fn inputs(mut self, inputs: fn(&mut Make<'_>) -> Inputs) -> Op {
        self.inputs = inputs;
        self
    }

    const fn broadcast(mut self, inputs: fn(&mut Make<'_>) -> Inputs) -> Op {
        self.broadcast = Ok(inputs);
        self
    }

    const fn empty(mut self, shapes: &'static [[usize; 2]]) -> Op {
        self.empty = Ok(shapes);
        self
    }

    const fn not_empty(mut self, why: Why) -> Op {
        self.empty = Err(why);
        self
    }

    const fn results(mut self, count: usize) -> Op {
        self.results = count;
        self
    }

    const fn counted(mut self) -> Op {
        self.counted = true;
        self
    }

    const fn wide(mut self) -> Op {
        self.wide = true;
        self
    }

    const fn tolerance(mut self, tolerance: Tolerance) -> Op {
        self.tolerance = tolerance;
        self
    }

    /// Of 16-bit floats intermediate or final results are rounded to 16 bits.
    const fn half(mut self, tolerance: Tolerance) -> Op {
        self.half = Some(tolerance);
        self
    }

    const fn brain(mut self, numpy: &'static str) -> Op {
        self.brain = Some(numpy);
        self
    }

    /// Which of two zeros is the smaller is open.
    const fn any_zero(self) -> Op {
        self.tolerance(Tolerance::Ulps(0))
    }

    /// Within so many units in the last place, for complex numbers of the larger part.
    const fn ulps(self, ulps: u64) -> Op {
        self.tolerance(Tolerance::Norm(ulps))
    }

    const fn refuses(mut self, refuses: &'static [(Class, Why)]) -> Op {
        self.refuses = refuses;
        self
    }

    /// It takes no array: only types vary.
    const fn no_array(mut self) -> Op {
        self.layouts = Err(Why::NoArray);
        self.empty = Err(Why::NoArray);
        self.scalar = Err(Why::NoArray);
        self.special = Err(Why::NoArray);
        self
    }

    /// Whether it takes a class.
    pub(super) fn takes(&self, class: Class) -> Result<(), Why> {
        let refused = self.refuses.iter().find(|(c, _)| *c == class);
        refused.map_or(Ok(()), |(_, why)| Err(*why))
    }
}

/// What elements hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    /// Small whole numbers, for which results do not depend on the order of operations.
    Plain,
    /// The values where things go wrong.
    Special,
}

/// Makes the inputs of one call.
pub(super) struct Make<'r> {
    pub(super) dtype: DType,
    /// That of the main array.
    pub(super) shape: Vec<usize>,
    pub(super) fill: Fill,
    pub(super) random: &'r mut Random,
}

impl Make<'_> {
    /// Elements of a shape.
    fn value(&mut self, shape: &[usize]) -> Value {
        let count: usize = shape.iter().product();
        let value = match self.fill {
            Fill::Plain => {
                let list: Vec<_> = (0..2 * count)
                    .map(|_| self.random.below(5) as i64)
                    .collect();
                self.numbers(&list[..count], &list[count..])
            }
            Fill::Special => {
                let all = special(self.dtype);
                picked(&all, (0..count).map(|_| self.random.below(all.len())))
            }
        };
        value.reshaped(shape)
    }

    /// Whole numbers; of complex ones also the imaginary parts.
    fn numbers(&self, real: &[i64], imaginary: &[i64]) -> Value {
        match is_complex(self.dtype) {
            true => complex_numbers(self.dtype, real, imaginary),
            false => numbers(self.dtype, real),
        }
    }

    /// A matrix of `n` rows that is far from singular: a large diagonal, or of bools a unit lower triangle.
    fn regular(&mut self, n: usize) -> Value {
        let mut part = |diagonal: i64| -> Vec<_> {
            let at = |k: usize| (k / n, k % n);
            let entry = |k: usize| match at(k) {
                (i, j) if i == j => diagonal + i as i64,
                (i, j) if self.dtype == DType::Bool && i < j => 0,
                _ => self.random.below(3) as i64,
            };
            (0..n * n).map(entry).collect()
        };
        let (real, imaginary) = (part(3 * n as i64), part(0));
        self.numbers(&real, &imaginary).reshaped(&[n, n])
    }

    /// A Hermitian matrix of `n` rows with a large diagonal; of bools the identity.
    fn hermitian(&mut self, n: usize) -> Value {
        let list: Vec<_> = (0..n * n).map(|_| self.random.below(3) as i64).collect();
        let (mut real, mut imaginary) = (vec![0; n * n], vec![0; n * n]);
        for i in 0..n {
            real[i * n + i] = 4 * n as i64 + i as i64;
            for j in 0..i * usize::from(self.dtype != DType::Bool) {
                real[i * n + j] = list[i * n + j];
                real[j * n + i] = list[i * n + j];
                imaginary[i * n + j] = list[j * n + i];
                imaginary[j * n + i] = -list[j * n + i];
            }
        }
        self.numbers(&real, &imaginary).reshaped(&[n, n])
    }

    /// An argument of a shape.
    fn of(&mut self, name: &'static str, shape: &[usize]) -> (&'static str, Value) {
        (name, self.value(shape))
    }

    /// An argument of the main shape.
    fn array(&mut self, name: &'static str) -> (&'static str, Value) {
        let shape = self.shape.clone();
        self.of(name, &shape)
    }

    /// A size of the main array; 1 where it has not so many dimensions.
    fn size(&self, axis: usize) -> usize {
        self.shape.get(axis).copied().unwrap_or(1)
    }

    /// Positions below `n`, negative ones as well; none if there is nothing.
    fn positions(
        &mut self,
        name: &'static str,
        n: usize,
        shape: &[usize],
    ) -> (&'static str, Value) {
        let none = vec![0; shape.len()];
        let shape = if n == 0 { &none } else { shape };
        let count = shape.iter().product();
        let list: Vec<_> = (0..count)
            .map(|_| self.random.below(2 * n) as i64 - n as i64)
            .collect();
        (name, numbers(DType::I64, &list).reshaped(shape))
    }

    /// Different positions below `n`, in no order.
    fn different(&mut self, name: &'static str, n: usize, count: usize) -> (&'static str, Value) {
        let mut left: Vec<_> = (0..n as i64).collect();
        let list: Vec<_> = (0..count.min(n))
            .map(|_| left.remove(self.random.below(left.len())))
            .collect();
        (name, numbers(DType::I64, &list))
    }

    /// Bools.
    fn mask(&mut self, name: &'static str, shape: &[usize]) -> (&'static str, Value) {
        let list: Vec<_> = (0..shape.iter().product())
            .map(|_| self.random.below(2) as i64)
            .collect();
        (name, numbers(DType::Bool, &list).reshaped(shape))
    }

    /// Two arrays of one shape.
    fn two(&mut self) -> Inputs {
        vec![self.array("a"), self.array("b")]
    }

    /// A column and a row: one element of each is repeated.
    fn crossed(&mut self) -> Inputs {
        let (rows, columns) = (self.size(0), self.size(1));
        vec![self.of("a", &[rows, 1]), self.of("b", &[columns])]
    }
}

const REAL: &[(Class, Why)] = &[(Class::Complex, Why::Refused)];
const NO_BOOL: &[(Class, Why)] = &[(Class::Bool, Why::Refused)];

/// The ops, in the order of the table.
pub(super) fn ops() -> impl Iterator<Item = &'static Op> {
    [
        mapped::OPS,
        reductions::OPS,
        products::OPS,
        views::OPS,
        arrangement::OPS,
        parts::OPS,
        order::OPS,
        sets::OPS,
        choices::OPS,
        linalg::OPS,
        fft::OPS,
        creation::OPS,
    ]
    .into_iter()
    .flatten()
}

/// Ops without a row, why, and the module that tests them.
pub(super) const WITHOUT_ROW: &[(&str, &str, &str)] = &[
    (
        "constant",
        "its elements are part of the program",
        "creation",
    ),
    (
        "random_*",
        "its operand is a key, and NumPy has no such generator",
        "random_numbers",
    ),
    ("item", "its result is no array", "creation"),
    ("from_scalar", "its operand is no array", "creation"),
    ("require", "it has no result", "errors"),
];
