//! Weighted means, covariances, and orders by several keys, against NumPy.

use npir_runtime::{DType, RunErrorKind};
use npir_testing::Tolerance;

use crate::harness::{Case, check};
use crate::samples::{DTYPES, Random, WITH_COMPLEX, moderate, numbers};
use crate::value::Value;

/// Small positive numbers, whose sums are exact.
fn weights(dtype: DType, count: usize, random: &mut Random) -> Value {
    let list: Vec<_> = (0..count).map(|_| random.below(3) as i64 + 1).collect();
    numbers(dtype, &list)
}

#[test]
fn averages() {
    let mut random = Random(130);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        for (axes, python, shape) in [
            ("", "", &[3, 4, 5][..]),
            (" axes [1]", ", axis=1", &[3, 4, 5]),
            (" axes [1]", ", axis=1", &[4]),
            (" axes [-1] keepdims", ", axis=-1, keepdims=True", &[5]),
            (" axes [2, 0]", ", axis=(2, 0)", &[5, 3]),
            (
                " axes [0, 2] keepdims",
                ", axis=(0, 2), keepdims=True",
                &[3, 5],
            ),
        ] {
            let whole = numbers(
                dtype,
                &(0..60).map(|_| random.below(50) as i64).collect::<Vec<_>>(),
            );
            let inputs = [
                ("a", whole.reshaped(&[3, 4, 5])),
                (
                    "w",
                    weights(dtype, shape.iter().product(), &mut random).reshaped(shape),
                ),
            ];
            cases.push(
                Case::new(
                    format!("numpy.average %a weights %w{axes} : {{a}} weights {{w}} -> {{r}}"),
                    format!("np.average(a, weights=w{python})"),
                )
                .tolerance(Tolerance::Norm(2))
                .any_zero()
                .run_everywhere(&inputs),
            );
        }
    }
    let inputs = [
        ("a", Value::vector(&[1.0, 2.0])),
        ("w", Value::vector(&[1.0, -1.0])),
    ];
    let average = || {
        Case::new(
            "numpy.average %a weights %w : {a} weights {w} -> {r}",
            "np.average(a, weights=w)",
        )
        .types("tensor<f64>")
    };
    cases.push(average().run(&inputs).raises(
        RunErrorKind::ZeroDivision,
        "numpy.average: Weights sum to zero, can't be normalized",
    ));
    let inputs = [inputs[0].clone(), ("w", Value::vector(&[1.0]))];
    cases.push(
        average()
            .run(&inputs)
            .raises(RunErrorKind::ShapeMismatch, "but sizes are 1 and 2"),
    );
    check(cases);
}

#[test]
fn covariances() {
    let mut random = Random(131);
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        for shape in [&[4, 30][..], &[7], &[2, 2], &[3, 1]] {
            let value = moderate(dtype, shape.iter().product(), &mut random).reshaped(shape);
            let a = [("a", value)];
            for (op, python) in [
                ("cov %a", "cov(a)"),
                ("cov %a columns", "cov(a, rowvar=False)"),
                ("cov %a ddof 0", "cov(a, ddof=0)"),
                ("corrcoef %a", "corrcoef(a)"),
                ("corrcoef %a columns", "corrcoef(a, rowvar=False)"),
            ] {
                // A matrix of one column has one variable, and no dimension is left in NumPy.
                let single = shape == [3, 1] && op.contains("columns");
                let case = Case::new(format!("numpy.{op}"), format!("np.asarray(np.{python})"))
                    .tolerance(Tolerance::Norm(if op.starts_with("cov") {
                        1 << 12
                    } else {
                        1 << 14
                    }))
                    .any_zero();
                if dtype == DType::Bool && op.starts_with("corrcoef") {
                    continue;
                }
                if !single {
                    cases.push(case.clone().run_everywhere(&a));
                }
                cases.push(case.fixed().run(&a));
            }
        }
    }
    check(cases);
}

#[test]
fn orders_by_several_keys() {
    let mut random = Random(132);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        for (axis, python) in [("", ""), (" axis 0", ", axis=0")] {
            for shape in [&[30][..], &[5, 8], &[0, 3]] {
                let count: usize = shape.iter().product();
                let mut few = |of: DType| {
                    let list: Vec<_> = (0..count).map(|_| random.below(3) as i64).collect();
                    numbers(of, &list).reshaped(shape)
                };
                let inputs = [("a", few(dtype)), ("b", few(DType::I32)), ("c", few(dtype))];
                cases.push(
                    Case::new(
                        format!("numpy.lexsort %a, %b, %c{axis}"),
                        format!("np.lexsort((a, b, c){python})"),
                    )
                    .run_everywhere(&inputs),
                );
            }
        }
    }
    check(cases);
}

/// What NumPy can say of them: all numbers are there, in the order of the random integers.
#[test]
fn permutations() {
    let n = 1000;
    let all = "tensor<?xi64>";
    let inputs = [("k", Value::scalar(7u64))];
    check(vec![
        Case::new(
            format!(
                "%p = numpy.random_permutation %k shape [%n] : {{k}} -> {all}\n  %0 = numpy.sort %p : {all} -> {all}\n  return %0 : {all}"
            ),
            "np.arange(int(n))",
        )
        .run(&inputs)
        .index("n", n),
        Case::new(
            format!(
                "%l = arith.constant dense<{}> : tensor<i64>\n  %h = arith.constant dense<{}> : tensor<i64>\n  \
                 %p = numpy.random_permutation %k shape [%n] {{draw = 3 : i64}} : {{k}} -> {all}\n  \
                 %x = numpy.random_integers %k, %l, %h shape [%n] {{draw = 3 : i64}} : {{k}}, tensor<i64>, tensor<i64> -> {all}\n  \
                 %y = numpy.take %x, %p axis 0 : {all}, {all} -> {all}\n  \
                 %s = numpy.sort %x : {all} -> {all}\n  %e = numpy.equal %s, %y : {all}, {all} -> tensor<?xi1>\n  \
                 %0 = numpy.all %e : tensor<?xi1> -> tensor<i1>\n  return %0 : tensor<i1>",
                i64::MIN,
                i64::MAX
            ),
            "np.asarray(True)",
        )
        .run(&inputs)
        .index("n", n),
    ]);
}
