//! Sorting, partial sorting, searching and unique elements, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{Random, all_dtypes, any_bits, joined, mlir, numbers, one_nan, special};
use crate::value::Value;

/// Values of a dtype with many that are equal, and the special ones.
fn mixed(dtype: DType, count: usize, random: &mut Random) -> Value {
    let few: Vec<_> = (0..count / 2).map(|_| random.below(9) as i64 - 4).collect();
    let all = joined(&[
        numbers(dtype, &few),
        special(dtype),
        any_bits(dtype, count, random),
    ]);
    all.resized(&[count])
}

#[test]
fn sorted_along_axes() {
    let mut random = Random(60);
    let mut cases = Vec::new();
    for dtype in all_dtypes() {
        for (axis, python) in [("", "-1"), (" axis 0", "0"), (" flat", "None")] {
            for (name, extra) in [("sort", ""), ("argsort", ", kind='stable'")] {
                let mut case = Case::new(
                    format!("numpy.{name} %a{axis}"),
                    format!("np.{name}(a, axis={python}{extra})"),
                )
                .ulps(0)
                .any_zero();
                for shape in [[1, 7], [5, 60], [300, 3], [0, 3], [3, 0]] {
                    let value = mixed(dtype, shape[0] * shape[1], &mut random).reshaped(&shape);
                    case = case.run_everywhere(&[("a", value)]);
                }
                cases.push(case);
            }
        }
    }
    let zeros = Value::vector(&[0.0, -0.0, 1.0, f64::NAN, -0.0, 0.0, -1.0]);
    cases.push(
        Case::new("numpy.sort %a stable", "np.sort(a, kind='stable')")
            .run_everywhere(&[("a", zeros)]),
    );
    check(cases);
}

/// Enough elements for every level of the radix sort.
#[test]
fn large_arrays() {
    let mut random = Random(61);
    let mut cases = Vec::new();
    for dtype in all_dtypes() {
        let value = any_bits(dtype, 20_000, &mut random);
        cases.push(
            Case::new("numpy.sort %a", "np.sort(a)")
                .ulps(0)
                .any_zero()
                .run(&[("a", value.clone())]),
        );
        cases.push(
            Case::new("numpy.argsort %a", "np.argsort(a, kind='stable')").run(&[("a", value)]),
        );
    }
    check(cases);
}

#[test]
fn searched() {
    let mut random = Random(62);
    let mut cases = Vec::new();
    for dtype in all_dtypes() {
        let value = mixed(dtype, 60, &mut random);
        let wanted = mixed(dtype, 24, &mut random).reshaped(&[4, 6]);
        for (right, side) in [("", "left"), (" right", "right")] {
            let inputs = [("a", value.clone()), ("v", wanted.clone())];
            cases.push(
                Case::new(
                    format!(
                        "%s = numpy.sort %a : {{a}} -> {{a}}\n  %0 = numpy.searchsorted %s, %v{right} : {{a}}, {{v}} -> {{r}}\n  return %0 : {{r}}"
                    ),
                    format!("np.searchsorted(np.sort(a), v, side='{side}')"),
                )
                .run_everywhere(&inputs),
            );
            cases.push(
                Case::new(
                    format!(
                        "%i = numpy.argsort %a : {{a}} -> tensor<?xi64>\n  %0 = numpy.searchsorted %a, %v{right} sorter %i : {{a}}, {{v}} sorter tensor<?xi64> -> {{r}}\n  return %0 : {{r}}"
                    ),
                    format!("np.searchsorted(a, v, side='{side}', sorter=np.argsort(a, kind='stable'))"),
                )
                .run_everywhere(&inputs),
            );
        }
    }
    check(cases);
}

#[test]
fn unique_elements() {
    let mut random = Random(63);
    let mut cases = Vec::new();
    for dtype in all_dtypes() {
        let (values, places) = (format!("tensor<?x{}>", mlir(dtype)), "tensor<?xi64>");
        for shape in [&[6, 20][..], &[1], &[0], &[]] {
            let value = mixed(dtype, shape.iter().product(), &mut random).reshaped(shape);
            let of_shape = format!("tensor<{}i64>", "?x".repeat(shape.len()));
            let types = format!("{values}, {places}, {of_shape}, {places}");
            cases.push(
                Case::new(
                    format!(
                        "%0:4 = numpy.unique %a index inverse counts : {{a}} -> {types}\n  return %0#0, %0#1, %0#2, %0#3 : {types}"
                    ),
                    "np.unique(a, return_index=True, return_inverse=True, return_counts=True)",
                )
                .ulps(0)
                .any_zero()
                .types(types)
                .results(4)
                .run_everywhere(&[("a", value.clone())]),
            );
            cases.push(
                Case::new("numpy.unique %a", "np.unique(a)")
                    .ulps(0)
                    .any_zero()
                    .run_everywhere(&[("a", one_nan(value))]),
            );
        }
    }
    check(cases);
}

#[test]
fn partitions() {
    let mut random = Random(64);
    let mut cases = Vec::new();
    for dtype in all_dtypes() {
        for kth in [0, 17, -1] {
            // What is at the place, and the greatest before it, are determined.
            let element = mlir(dtype);
            let value = any_bits(dtype, 60, &mut random);
            cases.push(
                Case::new(
                    format!(
                        "%p = numpy.partition %a kth {kth} : {{a}} -> {{a}}\n  %s = numpy.sort %p : {{a}} -> {{a}}\n  %0 = numpy.slice %p[{kth}] : {{a}} -> tensor<{element}>\n  return %0, %s : tensor<{element}>, {{a}}"
                    ),
                    format!("(np.partition(a, {kth})[{kth}], np.sort(a))"),
                )
                .ulps(0)
                .any_zero()
                .types(format!("tensor<{element}>, tensor<?x{element}>"))
                .results(2)
                .run_everywhere(&[("a", value.clone())]),
            );
            cases.push(
                Case::new(
                    format!(
                        "%p = numpy.argpartition %a kth {kth} : {{a}} -> tensor<?xi64>\n  %i = numpy.slice %p[{kth}] : tensor<?xi64> -> tensor<i64>\n  %0 = numpy.take %a, %i axis 0 : {{a}}, tensor<i64> -> tensor<{element}>\n  return %0 : tensor<{element}>"
                    ),
                    format!("np.partition(a, {kth})[{kth}]"),
                )
                .ulps(0)
                .any_zero()
                .types(format!("tensor<{element}>"))
                .run_everywhere(&[("a", value)]),
            );
        }
    }
    cases.push(
        Case::new("numpy.partition %a kth 3", "np.partition(a, 3)")
            .types("tensor<?xf64>")
            .run(&[("a", Value::vector(&[1.0, 2.0]))])
            .raises(RunErrorKind::Value, "kth(=3) out of bounds (2)"),
    );
    check(cases);
}
