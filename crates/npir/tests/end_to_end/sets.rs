//! Arrays as sets, against NumPy.

use npir_runtime::DType;

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, any_bits, joined, mlir, moderate, numbers, special};
use crate::value::Value;

/// Values of a dtype with many that are equal, and the special ones.
fn mixed(dtype: DType, count: usize, random: &mut Random) -> Value {
    let few: Vec<_> = (0..count / 2).map(|_| random.below(9) as i64 - 4).collect();
    joined(&[
        numbers(dtype, &few),
        special(dtype),
        any_bits(dtype, count, random),
    ])
    .resized(&[count])
}

#[test]
fn elements_among_others() {
    let mut random = Random(100);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain([DType::C64, DType::C128]) {
        for (invert, python) in [("", ""), (" invert", ", invert=True")] {
            let isin = || {
                Case::new(
                    format!("numpy.isin %a, %b{invert}"),
                    format!("np.isin(a, b{python})"),
                )
            };
            let mut case = isin();
            // Few to compare with, a range of numbers, numbers far apart.
            for count in [0, 1, 4, 9, 60, 300] {
                for shape in [[8, 30], [0, 4]] {
                    let a = mixed(dtype, shape[0] * shape[1], &mut random).reshaped(&shape);
                    let b = match count {
                        60 => moderate(dtype, count, &mut random),
                        _ => mixed(dtype, count, &mut random),
                    };
                    case = case.run_everywhere(&[("a", a), ("b", b)]);
                }
            }
            cases.push(case);
            let a = numbers(dtype, &[3]).reshaped(&[]);
            let b = numbers(dtype, &[1, 2, 3, 4, 5, 6]).reshaped(&[2, 3]);
            cases.push(isin().run(&[("a", a), ("b", b)]));
        }
    }
    check(cases);
}

/// Enough for several threads and for collisions in the table.
#[test]
fn large_sets() {
    let mut random = Random(101);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        let a = any_bits(dtype, 40_000, &mut random);
        let b = joined(&[a.resized(&[10_000]), any_bits(dtype, 20_000, &mut random)]);
        cases.push(Case::new("numpy.isin %a, %b", "np.isin(a, b)").run(&[("a", a), ("b", b)]));
    }
    check(cases);
}

#[test]
fn set_operations() {
    let mut random = Random(102);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        let pairs: Vec<_> = [(60, 40), (5, 0), (0, 5), (0, 0), (1, 1)]
            .into_iter()
            .map(|(n, m)| {
                [
                    ("a", mixed(dtype, n, &mut random)),
                    ("b", mixed(dtype, m, &mut random)),
                ]
            })
            .collect();
        for name in ["union1d", "intersect1d", "setdiff1d", "setxor1d"] {
            let mut case = Case::new(format!("numpy.{name} %a, %b"), format!("np.{name}(a, b)"))
                .ulps(0)
                .any_zero();
            for inputs in &pairs {
                case = case.run_everywhere(inputs);
            }
            cases.push(case);
            let inputs = [
                ("a", mixed(dtype, 24, &mut random).reshaped(&[2, 3, 4])),
                ("b", mixed(dtype, 8, &mut random).reshaped(&[8, 1])),
            ];
            cases.push(
                Case::new(format!("numpy.{name} %a, %b"), format!("np.{name}(a, b)"))
                    .ulps(0)
                    .any_zero()
                    .run_everywhere(&inputs),
            );
        }
        let types = format!("tensor<?x{}>, tensor<?xi64>, tensor<?xi64>", mlir(dtype));
        let mut case = Case::new(
            format!(
                "%0:3 = numpy.intersect1d %a, %b indices : {{a}}, {{b}} -> {types}\n  return %0#0, %0#1, %0#2 : {types}"
            ),
            "np.intersect1d(a, b, return_indices=True)",
        )
        .ulps(0)
        .any_zero()
        .types(types)
        .results(3);
        for inputs in &pairs {
            case = case.run_everywhere(inputs);
        }
        cases.push(case);
    }
    check(cases);
}
