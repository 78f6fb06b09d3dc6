//! The conformance table: every op with every class of element types in every situation, against
//! NumPy, and the page of the book that says so.
//!
//! Each op is run on random shapes with types that state no size, with static types, and on 0-d
//! arrays; on empty arrays, elements apart from each other, negative strides, operands that
//! broadcast, and special values. The ordinary suite takes one element type of each class,
//! another for each op; the long one takes all. A class that an op does not take must be one that
//! NumPy refuses too, or have a reason in the list of ops. The page is
//! `docs/src/conformance.md`; with `NPIR_WRITE_DOCS` set the test writes it.

mod ops;
mod table;

use npir_numpy::elementwise::{Row, rows};
use npir_runtime::DType;
use npir_testing::{Tolerance, long_tests};

use crate::elementwise::{accepts, call_text, case, operands};
use crate::harness::{Case, check};
use crate::samples::{Random, numbers, special};
use crate::value::{Layout, Value};
use ops::{OPS, Op};

/// The classes of element types, as the table has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Bool,
    Signed,
    Unsigned,
    Float,
    Complex,
}

impl Class {
    const ALL: [Class; 5] = [
        Class::Bool,
        Class::Signed,
        Class::Unsigned,
        Class::Float,
        Class::Complex,
    ];

    /// The element types that NumPy and npir have in common.
    fn dtypes(self) -> &'static [DType] {
        match self {
            Class::Bool => &[DType::Bool],
            Class::Signed => &[DType::I64, DType::I8, DType::I32, DType::I16],
            Class::Unsigned => &[DType::U8, DType::U64, DType::U16, DType::U32],
            Class::Float => &[DType::F64, DType::F32, DType::F16],
            Class::Complex => &[DType::C128, DType::C64],
        }
    }

    /// The types of the class that are tried with the op number `k`: all in the long suite.
    fn tried(self, k: usize) -> Vec<DType> {
        let all = self.dtypes();
        let count = if long_tests() { all.len() } else { 1 };
        (0..count).map(|i| all[(k + i) % all.len()]).collect()
    }
}

/// A random shape of two dimensions.
fn shape(random: &mut Random) -> [usize; 2] {
    [1 + random.below(24), 1 + random.below(24)]
}

/// How many arrays lie, each in its own way: apart, backwards, both.
fn layouts(arrays: usize) -> Vec<Vec<Layout>> {
    let sets = [
        [Layout::C; 3],
        [Layout::Strided, Layout::Fortran, Layout::Strided],
        [Layout::Reversed, Layout::C, Layout::FortranReversed],
        [Layout::Scattered, Layout::Reversed, Layout::C],
    ];
    let set = |set: &[Layout; 3]| (0..arrays).map(|i| set[i % 3]).collect();
    sets.iter().map(set).collect()
}

/// The cases of a row of the elementwise table for one element type.
fn cases_of_row(row: &Row, dtype: DType, fixed_too: bool, random: &mut Random) -> Vec<Case> {
    let values = operands(row, dtype, random);
    let resized = |shapes: &[[usize; 2]]| -> Vec<_> {
        let values = values.iter().zip(shapes);
        values
            .map(|((name, v), shape)| (*name, v.resized(shape)))
            .collect()
    };
    let n = values.len();
    let all = layouts(n);
    let own = shape(random);
    let count = values[0].1.len();
    let mut dynamic = case(row, dtype)
        .run_in(&resized(&vec![[count / 5, 5]; n]), &all[..1])
        .run_in(&resized(&vec![own; n]), &all)
        .run_in(&resized(&vec![[0, 3]; n]), &all[..2])
        .run_in(&resized(&vec![[3, 0]; n]), &all[..1]);
    if n > 1 {
        let stretched = [[own[0], 1], [1, own[1]], [1, 1]];
        dynamic = dynamic.run_in(&resized(&stretched[..n]), &all);
    }
    let mut cases = vec![dynamic];
    if fixed_too {
        let [rows, columns] = shape(random);
        let shapes = [[rows, columns], [1, columns], [rows, 1]];
        let fixed = case(row, dtype).fixed();
        cases.push(fixed.run_in(&resized(&shapes[..n]), &all));
        let mut scalars = case(row, dtype);
        for k in 0..8 {
            let at = random.below(count) + k;
            let pick =
                |v: &Value| crate::samples::picked(v, [at % v.len()].into_iter()).resized(&[]);
            let inputs: Vec<_> = values.iter().map(|(name, v)| (*name, pick(v))).collect();
            scalars = scalars.run(&inputs);
        }
        cases.push(scalars);
    }
    cases
}

/// Which of the classes that an op takes also get static and 0-d cases.
fn fixed_too(class: usize, k: usize) -> bool {
    long_tests() || (class + k).is_multiple_of(4)
}

#[test]
fn elementwise_functions() {
    let mut random = Random(11);
    let mut cases = Vec::new();
    for (k, row) in rows().enumerate() {
        for (c, class) in Class::ALL.into_iter().enumerate() {
            for dtype in class.tried(k) {
                if accepts(row, dtype) {
                    cases.extend(cases_of_row(row, dtype, fixed_too(c, k), &mut random));
                }
            }
        }
    }
    check(cases);
}

/// Values for which results do not depend on the order of operations.
fn plain(dtype: DType, shape: &[usize], random: &mut Random) -> Value {
    let count = shape.iter().product();
    let list: Vec<_> = (0..count).map(|_| random.below(5) as i64).collect();
    numbers(dtype, &list).reshaped(shape)
}

/// The cases of another op for one element type.
fn cases_of_op(op: &Op, dtype: DType, fixed_too: bool, random: &mut Random) -> Vec<Case> {
    let tolerance = match op.ulps {
        0 => Tolerance::Bitwise,
        n => Tolerance::Norm(n),
    };
    let make = |text: (&str, &str)| Case::new(text.0, text.1).tolerance(tolerance).any_zero();
    let make = |text| {
        let case = make(text).results(op.results);
        match op.result_types {
            Some(types) => case.types(types(dtype)),
            None => case,
        }
    };
    let call = (op.call, op.numpy);
    let all = |n: usize| layouts(n);
    let mut cases = Vec::new();
    let mut dynamic = make(call);
    let mut shapes = vec![shape(random), [1, 7]];
    if op.empty {
        shapes.push([0, 3]);
    }
    for shape in shapes {
        let inputs = (op.inputs)(dtype, &shape, random);
        dynamic = dynamic.run_in(&inputs, &all(inputs.len()));
    }
    if op.special {
        let special = special(dtype);
        let count = special.len();
        let value = special.resized(&[count.div_ceil(3), 3]);
        dynamic = dynamic.run_in(&[("a", value)], &all(1));
    }
    cases.push(dynamic);
    if fixed_too {
        if op.results == 1 {
            let inputs = (op.inputs)(dtype, &shape(random), random);
            cases.push(make(call).fixed().run_in(&inputs, &all(inputs.len())));
        }
        if let Some(scalar) = op.scalar {
            let inputs = (op.inputs)(dtype, &[], random);
            cases.push(
                Case::new(scalar.0, scalar.1)
                    .tolerance(tolerance)
                    .any_zero()
                    .run(&inputs),
            );
        }
    }
    cases
}

#[test]
fn other_ops() {
    let mut random = Random(12);
    let mut cases = Vec::new();
    for (k, op) in OPS.iter().enumerate() {
        for (c, class) in Class::ALL.into_iter().enumerate() {
            if op.takes(class).is_ok() {
                for dtype in class.tried(k) {
                    cases.extend(cases_of_op(op, dtype, fixed_too(c, k), &mut random));
                }
            }
        }
    }
    check(cases);
}
