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
use crate::samples::{Random, mlir};
use crate::value::{Layout, Value};
use ops::{Call, Fill, Inputs, Make, Op, ops};

/// The classes of element types, as the table has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Bool,
    Signed,
    Unsigned,
    /// `float16`.
    Half,
    /// `bfloat16`, which NumPy has not: compared with `float32`, rounded.
    Brain,
    Float,
    Complex,
}

impl Class {
    const ALL: [Class; 7] = [
        Class::Bool,
        Class::Signed,
        Class::Unsigned,
        Class::Half,
        Class::Brain,
        Class::Float,
        Class::Complex,
    ];

    /// Its element types.
    fn dtypes(self) -> &'static [DType] {
        match self {
            Class::Bool => &[DType::Bool],
            Class::Signed => &[DType::I64, DType::I8, DType::I32, DType::I16],
            Class::Unsigned => &[DType::U8, DType::U64, DType::U16, DType::U32],
            Class::Half => &[DType::F16],
            Class::Brain => &[DType::BF16],
            Class::Float => &[DType::F64, DType::F32],
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

/// The case of an op without inputs, for one element type.
fn case_of(op: &Op, call: Call, dtype: DType) -> Case {
    let part = match dtype {
        DType::C64 => DType::F32,
        DType::C128 | DType::F32 | DType::F64 => dtype,
        _ => DType::F64,
    };
    let (field, complex) = match dtype {
        DType::C64 => (DType::C64, DType::C64),
        DType::F32 => (DType::F32, DType::C64),
        DType::C128 => (DType::C128, DType::C128),
        _ => (part, DType::C128),
    };
    // The element type, that of linear algebra, and the complex one of the same precision.
    let text = call
        .0
        .replace("$e", mlir(dtype))
        .replace("$f", mlir(field))
        .replace("$c", mlir(complex));
    let tolerance = match op.half {
        Some(tolerance) if matches!(dtype, DType::F16 | DType::BF16) => tolerance,
        _ => op.tolerance,
    };
    let numpy = match op.brain {
        Some(numpy) if dtype == DType::BF16 => numpy,
        _ => call.1,
    };
    let mut case = Case::new(text, numpy)
        .tolerance(tolerance)
        .results(op.results);
    if tolerance != Tolerance::Bitwise {
        case = case.any_zero();
    }
    if op.counted {
        case = case.counted();
    }
    if op.wide {
        case = case.wide_results();
    }
    case
}

/// The cases of another op for one element type.
fn cases_of_op(op: &Op, dtype: DType, fixed_too: bool, random: &mut Random) -> Vec<Case> {
    let inputs = |shape: &[usize], fill: Fill, random: &mut Random| {
        let mut make = Make {
            dtype,
            shape: shape.to_vec(),
            fill,
            random,
        };
        (op.inputs)(&mut make)
    };
    let ways = |inputs: &Inputs| match op.layouts {
        Ok(()) => layouts(inputs.len()),
        Err(_) => vec![vec![Layout::C; inputs.len()]],
    };
    let mut cases = Vec::new();
    let mut dynamic = case_of(op, op.call, dtype);
    let mut shapes = vec![shape(random), [1, 7]];
    shapes.extend(op.empty.into_iter().flatten());
    for shape in shapes {
        let inputs = inputs(&shape, Fill::Plain, random);
        dynamic = dynamic.run_in(&inputs, &ways(&inputs));
    }
    if op.special.is_ok() {
        let inputs = inputs(&[7, 9], Fill::Special, random);
        dynamic = dynamic.run_in(&inputs, &ways(&inputs)[..2]);
    }
    cases.push(dynamic);
    if let Ok(make) = op.broadcast {
        let mut make_inputs = Make {
            dtype,
            shape: shape(random).to_vec(),
            fill: Fill::Plain,
            random,
        };
        let inputs = make(&mut make_inputs);
        cases.push(case_of(op, op.call, dtype).run_in(&inputs, &ways(&inputs)));
    }
    if fixed_too {
        let plain = inputs(&shape(random), Fill::Plain, random);
        cases.push(
            case_of(op, op.call, dtype)
                .fixed()
                .run_in(&plain, &ways(&plain)),
        );
        if let Ok(call) = op.scalar {
            let mut case = case_of(op, call, dtype);
            let fills: &[_] = match op.special {
                Ok(()) => &[Fill::Plain, Fill::Special, Fill::Special],
                Err(_) => &[Fill::Plain],
            };
            for fill in fills {
                case = case.run(&inputs(&[], *fill, random));
            }
            cases.push(case);
        }
    }
    cases
}

#[test]
fn other_ops() {
    let mut random = Random(12);
    let mut cases = Vec::new();
    for (k, op) in ops().enumerate() {
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
