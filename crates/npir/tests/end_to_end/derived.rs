//! Functions with two results, functions with parameters, products of stacked vectors.

use npir_runtime::DType;
use npir_testing::Tolerance;

use crate::harness::{Case, check};
use crate::samples::{
    DTYPES, Random, any_bits, is_complex, is_float, joined, mlir, moderate, numbers, special,
};
use crate::value::Value;

const COMPLEX: [DType; 2] = [DType::C64, DType::C128];

fn values(dtype: DType, random: &mut Random) -> Value {
    joined(&[
        special(dtype),
        any_bits(dtype, 60, random),
        moderate(dtype, 60, random),
    ])
}

/// The float that NumPy computes `dtype` in.
fn float_of(dtype: DType) -> DType {
    match dtype {
        DType::Bool | DType::I8 | DType::U8 => DType::F16,
        DType::I16 | DType::U16 => DType::F32,
        d if is_float(d) => d,
        _ => DType::F64,
    }
}

#[test]
fn quotient_and_remainder() {
    let mut random = Random(1);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|d| *d != DType::Bool) {
        let special = special(dtype);
        let n = special.len();
        let pairs = |random: &mut Random, pick: fn(usize, usize) -> usize| {
            let picks = (0..n * n).map(|k| pick(k, n));
            joined(&[
                crate::samples::picked(&special, picks),
                any_bits(dtype, 60, random),
                moderate(dtype, 60, random),
            ])
        };
        let a = pairs(&mut random, |k, n| k % n);
        let b = pairs(&mut random, |k, n| k / n);
        let ty = mlir(dtype);
        for (a, b) in [
            (a.resized(&[0]), b.resized(&[0])),
            (a.resized(&[]), b.resized(&[3])),
            (a.clone(), b.clone()),
        ] {
            let types = format!("tensor<?x{ty}>;tensor<?x{ty}>");
            let case = Case::new(
                "%r:2 = numpy.divmod %a, %b : {a}, {b} -> {t}, {t}\n  return %r#0, %r#1 : {t}, {t}"
                    .replace("{t}", &format!("tensor<?x{ty}>")),
                "np.divmod(a, b)",
            );
            cases.push(
                case.results(2)
                    .types(types)
                    .run_everywhere(&[("a", a), ("b", b)]),
            );
        }
    }
    check(cases);
}

#[test]
fn parts_of_floats() {
    let mut random = Random(2);
    let mut cases = Vec::new();
    for dtype in DTYPES {
        let value = values(dtype, &mut random);
        let float = mlir(float_of(dtype));
        for (name, second) in [("modf", float), ("frexp", "i32")] {
            let types = [float, second].map(|ty| format!("tensor<?x{ty}>"));
            let text = format!(
                "%r:2 = numpy.{name} %a : {{a}} -> {0}, {1}\n  return %r#0, %r#1 : {0}, {1}",
                types[0], types[1]
            );
            let case = Case::new(text, format!("np.{name}(a)")).results(2);
            cases.push(
                case.types(types.join(";"))
                    .run_everywhere(&[("a", value.clone())]),
            );
        }
    }
    check(cases);
}

#[test]
fn rounding_to_decimals() {
    let mut random = Random(3);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain(COMPLEX) {
        if dtype == DType::Bool {
            continue;
        }
        let value = joined(&[special(dtype), moderate(dtype, 200, &mut random)]);
        for decimals in [0, 1, 3, -1, -2] {
            // A float outside of the integer type is converted at liberty.
            if !is_float(dtype) && !is_complex(dtype) && decimals < 0 {
                let value = moderate(dtype, 200, &mut random);
                cases.push(
                    Case::new(
                        format!("numpy.round %a decimals {decimals}"),
                        format!("np.round(a, {decimals})"),
                    )
                    .run_everywhere(&[("a", value)]),
                );
                continue;
            }
            cases.push(
                Case::new(
                    format!("numpy.round %a decimals {decimals}"),
                    format!("np.round(a, {decimals})"),
                )
                .run_everywhere(&[("a", value.clone())]),
            );
        }
    }
    check(cases);
}

#[test]
fn numbers_in_place_of_nan() {
    let mut random = Random(4);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain(COMPLEX) {
        let value = values(dtype, &mut random);
        for (op, numpy) in [
            ("", ""),
            (" nan 1.5", ", nan=1.5"),
            (
                " nan 2.0 posinf 3.0 neginf -4.0",
                ", nan=2.0, posinf=3.0, neginf=-4.0",
            ),
        ] {
            cases.push(
                Case::new(
                    format!("numpy.nan_to_num %a{op} : {{a}} -> {{r}}"),
                    format!("np.nan_to_num(a{numpy})"),
                )
                .run_everywhere(&[("a", value.clone())]),
            );
        }
    }
    check(cases);
}

#[test]
fn closeness() {
    let mut random = Random(5);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain(COMPLEX) {
        let special = special(dtype);
        let n = special.len();
        let a = joined(&[
            crate::samples::picked(&special, (0..n * n).map(|k| k % n)),
            moderate(dtype, 100, &mut random),
        ]);
        let b = joined(&[
            crate::samples::picked(&special, (0..n * n).map(|k| k / n)),
            moderate(dtype, 100, &mut random),
        ]);
        for (op, numpy) in [
            ("", ""),
            (" equal_nan", ", equal_nan=True"),
            (" rtol 0.5 atol 0.25", ", rtol=0.5, atol=0.25"),
        ] {
            cases.push(
                Case::new(
                    format!("numpy.isclose %a, %b{op} : {{a}}, {{b}} -> {{r}}"),
                    format!("np.isclose(a, b{numpy})"),
                )
                .run_everywhere(&[("a", a.clone()), ("b", b.clone())]),
            );
        }
    }
    check(cases);
}

/// Whole numbers, whose products and sums are exact.
fn whole(dtype: DType, shape: &[usize], random: &mut Random) -> Value {
    let count: usize = shape.iter().product();
    let list: Vec<_> = (0..count).map(|_| random.below(5) as i64).collect();
    let mut value = numbers(dtype, &list);
    if is_complex(dtype) {
        // Imaginary parts are the real parts of the numbers before.
        let half = dtype.size() / 2;
        for i in (1..count).rev() {
            let before = value.bytes[2 * half * (i - 1)..][..half].to_vec();
            value.bytes[2 * half * i + half..][..half].copy_from_slice(&before);
        }
    }
    value.reshaped(shape)
}

#[test]
fn stacked_vectors() {
    /// The shapes of two operands.
    type Shapes = (&'static [usize], &'static [usize]);
    let mut random = Random(6);
    let mut cases = Vec::new();
    let shapes: [(&str, &[Shapes]); 3] = [
        (
            "vecdot",
            &[
                (&[5], &[5]),
                (&[2, 5], &[5]),
                (&[3, 1, 4], &[2, 4]),
                (&[3, 0], &[0]),
            ],
        ),
        (
            "matvec",
            &[(&[2, 3], &[3]), (&[4, 2, 3], &[4, 3]), (&[2, 3], &[5, 3])],
        ),
        (
            "vecmat",
            &[(&[3], &[3, 2]), (&[4, 3], &[4, 3, 2]), (&[5, 3], &[3, 2])],
        ),
    ];
    for dtype in DTYPES.into_iter().chain(COMPLEX) {
        for (name, shapes) in shapes {
            for (a, b) in shapes {
                let inputs = [
                    ("a", whole(dtype, a, &mut random)),
                    ("b", whole(dtype, b, &mut random)),
                ];
                for fixed in [false, true] {
                    let case =
                        Case::new(format!("numpy.{name} %a, %b"), format!("np.{name}(a, b)"))
                            .tolerance(Tolerance::Ulps(0))
                            .run_everywhere(&inputs);
                    cases.push(if fixed { case.fixed() } else { case });
                }
            }
        }
    }
    check(cases);
}
