//! Random whole programs: straight-line programs of the numpy dialect as text, the same programs in
//! Python, and how closely their results must agree.
//!
//! A program is a function of numbers that `proptest` chooses ([`genes`]), so that it shrinks: a program
//! with fewer or smaller numbers is a simpler program. Sizes are known when a program is made, so every
//! program is valid and raises nothing; its types state any part of the sizes.
//!
//! What is compared to the bit, and what within a bound: results of elementwise IEEE arithmetic, of
//! integers, views, gathers and scatters are the same bits. Sums of floats and transcendental
//! functions are not, unless all terms are whole numbers small enough that every order is exact.
//! Such a result is *inexact*: the Python program carries a bound for the difference along with it,
//! and nothing that is discontinuous (a comparison, a rounding, `argmin`) may consume it.

mod arrangement;
mod elementwise;
mod indexing;
mod maker;
mod reductions;
mod value;
mod views;

use npir_runtime::DType;
use proptest::collection::vec;
use proptest::prelude::*;

use maker::Maker;

/// The dtypes of random programs.
const DTYPES: [DType; 12] = [
    DType::F64,
    DType::I64,
    DType::Bool,
    DType::F32,
    DType::I32,
    DType::U8,
    DType::F16,
    DType::I8,
    DType::I16,
    DType::U16,
    DType::U32,
    DType::U64,
];

/// What an input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Whole numbers: -4 to 4, or 0 to 8 if unsigned.
    Small,
    /// Numbers of moderate size.
    Moderate,
    /// The values where things go wrong: limits, NaN, infinities, zeros of both signs.
    Special,
    /// Any bits.
    Any,
}

/// An input of a random program.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name in both programs.
    pub name: String,
    /// Its element type.
    pub dtype: DType,
    /// Its sizes, whether the type states them or not.
    pub shape: Vec<usize>,
    /// What it holds.
    pub fill: Fill,
    /// What its elements and its layout in memory are chosen by.
    pub seed: u64,
    /// The result that is written into it, if it is updated.
    pub updates: Option<usize>,
}

/// How closely a result must agree with NumPy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same bits, but for those of NaN.
    Bits,
    /// The same numbers: zeros may have another sign.
    Numbers,
    /// Within the bound that this Python variable holds, for each element; one that is not
    /// finite says nothing about the element.
    Within(String),
}

/// A result of a random program.
#[derive(Clone, Debug)]
pub struct Output {
    /// The Python variable.
    pub name: String,
    /// How closely it must agree.
    pub agreement: Agreement,
}

/// A random program.
#[derive(Clone, Debug)]
pub struct Program {
    /// A module with one function, `f`.
    pub mlir: String,
    /// Python statements on the inputs, which set the outputs.
    pub python: String,
    /// The arguments, in order.
    pub inputs: Vec<Input>,
    /// All results in order, those that are written into arguments included.
    pub outputs: Vec<Output>,
}

/// The numbers that a program is made of.
#[derive(Clone, Debug)]
pub struct Genes {
    inputs: Vec<[u16; 12]>,
    ops: Vec<[u16; 20]>,
    results: [u16; 20],
}

/// A strategy for programs of `ops` operations (helpers, such as constants, not counted).
pub fn genes(ops: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Genes> {
    let inputs = vec(proptest::array::uniform12(any::<u16>()), 1..=4);
    let ops = vec(proptest::array::uniform20(any::<u16>()), ops);
    (inputs, ops, proptest::array::uniform20(any::<u16>())).prop_map(|(inputs, ops, results)| {
        Genes {
            inputs,
            ops,
            results,
        }
    })
}

impl Program {
    /// The program that these numbers stand for.
    pub fn new(genes: &Genes) -> Self {
        let mut maker = Maker::default();
        for input in &genes.inputs {
            maker.input(&mut Choices::new(input));
        }
        for op in &genes.ops {
            maker.op(&mut Choices::new(op));
        }
        maker.finish(&mut Choices::new(&genes.results))
    }
}

/// Numbers, one after another; zeros when they are used up.
pub(crate) struct Choices<'a>(std::slice::Iter<'a, u16>);

impl<'a> Choices<'a> {
    fn new(numbers: &'a [u16]) -> Self {
        Choices(numbers.iter())
    }

    /// A number below `n`, and 0 if `n` is.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let next = self.0.next().copied().unwrap_or_default();
        usize::from(next) % n.max(1)
    }

    /// True in one of `n` cases; not for the number 0.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// An element of a list that is not empty.
    pub(crate) fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle;
    use npir_runtime::Array;
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

    /// NumPy runs every program, and its results have the shapes and dtypes that the types say.
    #[test]
    fn numpy_runs_the_programs() {
        let config = Config {
            cases: 150,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let outcome = runner.run(&genes(3..=25), |genes| {
            let program = Program::new(&genes);
            let arrays: Vec<_> = program
                .inputs
                .iter()
                .map(|i| Array::zeros(i.dtype, &i.shape))
                .collect::<Result<_, _>>()
                .map_err(|e| TestCaseError::fail(e.to_string()))?;
            let inputs: Vec<_> = program
                .inputs
                .iter()
                .zip(&arrays)
                .map(|(input, array)| (input.name.as_str(), array))
                .collect();
            let outputs: Vec<_> = program.outputs.iter().map(|o| o.name.as_str()).collect();
            let results = oracle().run(&program.python, &inputs, &outputs);
            let results =
                results.map_err(|e| TestCaseError::fail(format!("{e}\n{}", program.python)))?;
            prop_assert_eq!(results.len(), program.outputs.len());
            Ok(())
        });
        outcome.unwrap_or_else(|e| panic!("{e}"));
    }

    #[test]
    fn choices_end_in_zeros() {
        let mut choices = Choices::new(&[7, 5]);
        assert_eq!(
            [choices.below(4), choices.below(0), choices.below(9)],
            [3, 0, 0]
        );
        assert!(!choices.one_in(2));
    }
}
