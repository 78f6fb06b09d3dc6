//! Every row of the elementwise table against NumPy: all dtypes, the values where things go wrong,
//! and all memory layouts.

use std::collections::BTreeMap;

use npir_numpy::elementwise::dtype::DType as Element;
use npir_numpy::elementwise::{ResultRule, Role, Row, row, rows};
use npir_runtime::{DType, RunErrorKind};
use npir_testing::Tolerance;

use crate::harness::{Case, check};
use crate::samples::{
    DTYPES, Random, any_bits, is_complex, is_float, is_signed, joined, moderate, numbers, picked,
    special, uniform,
};
use crate::value::{Layout, Value};

/// The dialect's name for a dtype.
pub(crate) fn element(dtype: DType) -> Element {
    match dtype {
        DType::Bool => Element::Bool,
        DType::I8 => Element::Int(8),
        DType::I16 => Element::Int(16),
        DType::I32 => Element::Int(32),
        DType::I64 => Element::Int(64),
        DType::U8 => Element::UInt(8),
        DType::U16 => Element::UInt(16),
        DType::U32 => Element::UInt(32),
        DType::U64 => Element::UInt(64),
        DType::F16 => Element::F16,
        DType::BF16 => Element::BF16,
        DType::F32 => Element::F32,
        DType::F64 => Element::F64,
        DType::C64 => Element::C64,
        DType::C128 => Element::C128,
    }
}

/// How far a function may be from NumPy, in units in the last place of the result. Both NumPy's
/// vectorized code and libm are wrong by up to 1 ulp or more, each in its own way.
fn tolerance(row: &Row, dtype: DType) -> Tolerance {
    let transcendental = matches!(
        row.numpy_name(),
        "power"
            | "float_power"
            | "sinc"
            | "cbrt"
            | "exp"
            | "exp2"
            | "expm1"
            | "log"
            | "log2"
            | "log10"
            | "log1p"
            | "logaddexp"
            | "logaddexp2"
            | "sin"
            | "cos"
            | "tan"
            | "arcsin"
            | "arccos"
            | "arctan"
            | "arctan2"
            | "sinh"
            | "cosh"
            | "tanh"
            | "arcsinh"
            | "arccosh"
            | "arctanh"
            | "hypot"
    );
    // The two terms of a result near zero cancel.
    let cancels = matches!(row.numpy_name(), "logaddexp" | "logaddexp2");
    let rounds = is_float(dtype) || row.result_dtype(element(dtype)).is_float();
    if is_complex(dtype) {
        return complex_tolerance(row);
    }
    match (transcendental && rounds, row.result_dtype(element(dtype))) {
        (false, _) => Tolerance::Bitwise,
        (true, Element::F16 | Element::BF16) => Tolerance::Ulps(1),
        (true, _) if cancels => Tolerance::Ulps(64),
        (true, _) => Tolerance::Ulps(4),
    }
}

/// Products are fused or not in NumPy, as the processor likes; functions of `complex64` are computed
/// in `complex128` here.
fn complex_tolerance(row: &Row) -> Tolerance {
    let name = row.numpy_name();
    let exact = matches!(row.result, ResultRule::Bool)
        || matches!(
            name,
            "add"
                | "subtract"
                | "negative"
                | "positive"
                | "conjugate"
                | "real"
                | "imag"
                | "rint"
                | "maximum"
                | "minimum"
                | "fmax"
                | "fmin"
                | "clip"
                | "where"
                | "divide"
                | "reciprocal"
        );
    match (exact, name) {
        (true, _) => Tolerance::Bitwise,
        (_, "power" | "float_power") => Tolerance::Norm(256),
        _ => Tolerance::Norm(4),
    }
}

/// The operands of a row: for two every pair of special values, and moderate and arbitrary ones.
pub(crate) fn operands(row: &Row, dtype: DType, random: &mut Random) -> Vec<(&'static str, Value)> {
    let special = special(dtype);
    let n = special.len();
    let count = match row.operands.len() {
        1 => n,
        2 => n * n,
        _ => 4 * n,
    };
    let names = ["a", "b", "c"];
    row.operands
        .iter()
        .enumerate()
        .map(|(i, (_, role))| {
            if *role == Role::Condition {
                return (names[i], any_bits(DType::Bool, count + 120, random));
            }
            if *role == Role::Exponent {
                let special = crate::samples::special(DType::I64);
                let picks = (0..count).map(|k| k / n % special.len());
                let small = (0..120).map(|_| random.below(300) as i64 - 150);
                let small = numbers(DType::I64, &small.collect::<Vec<_>>());
                return (names[i], joined(&[picked(&special, picks), small]));
            }
            let pick = |k: usize, random: &mut Random| match (row.operands.len(), i) {
                (1 | 2, 0) => k % n,
                (2, _) => k / n,
                _ => random.below(n),
            };
            let picks: Vec<_> = (0..count).map(|k| pick(k, random)).collect();
            let parts = [
                picked(&special, picks.into_iter()),
                any_bits(dtype, 60, random),
                moderate(dtype, 60, random),
            ];
            let mut value = joined(&parts);
            if row.numpy_name() == "power" && i == 1 && is_signed(dtype) {
                natural(&mut value);
            }
            (names[i], value)
        })
        .collect()
}

/// Drops the sign bits of signed integers.
fn natural(value: &mut Value) {
    let size = value.dtype.size();
    value
        .bytes
        .chunks_mut(size)
        .for_each(|e| e[size - 1] &= 0x7f);
}

pub(crate) fn call_text(row: &Row) -> (String, String) {
    let names = ["a", "b", "c"];
    let names = &names[..row.operands.len()];
    let operands: Vec<_> = names.iter().map(|n| format!("%{n}")).collect();
    (
        format!("{} {}", row.op, operands.join(", ")),
        format!("np.{}({})", row.numpy_name(), names.join(", ")),
    )
}

pub(crate) fn case(row: &Row, dtype: DType) -> Case {
    let (op, mut numpy) = call_text(row);
    if row.numpy_name() == "power" && dtype == DType::C64 {
        // The C library multiplies the logarithm in single precision and loses all digits.
        numpy = "np.power(a.astype(np.complex128), b).astype(np.complex64)".into();
    }
    if row.numpy_name() == "power" && matches!(dtype, DType::F32 | DType::F64) {
        // Of one exponent for all, 0.5 is a square root in NumPy, which differs at -0 and -inf.
        numpy = "np.power(*(np.stack([x, x]) for x in np.broadcast_arrays(a, b)))[0]".into();
    }
    // Neighbours of bfloat16 numbers are not those of the same numbers in float32.
    match (row.numpy_name(), dtype) {
        ("nextafter", DType::BF16) => numpy = "bf16_after(a, b)".into(),
        ("spacing", DType::BF16) => numpy = "bf16_after(a, np.copysign(np.inf, a + 0)) - a".into(),
        _ => {}
    }
    Case::new(op, numpy).tolerance(tolerance(row, dtype))
}

fn vectors(row: &Row, dtype: DType, random: &mut Random) -> Case {
    let inputs = operands(row, dtype, random);
    let layouts = [
        [Layout::C, Layout::C, Layout::C],
        [Layout::Strided, Layout::Reversed, Layout::C],
        [Layout::Misaligned, Layout::Scattered, Layout::Strided],
    ]
    .map(|l| l[..inputs.len()].to_vec());
    let mut case = case(row, dtype).run_in(&inputs, &layouts);
    for n in [0, 1, 5, 35] {
        let short: Vec<_> = inputs
            .iter()
            .map(|(name, v)| (*name, v.resized(&[n])))
            .collect();
        case = case.run_in(&short, &layouts[..2]);
    }
    case
}

pub(crate) fn accepts(row: &Row, dtype: DType) -> bool {
    row.accepts.contains(element(dtype).class())
}

fn check_rows(dtypes: &[DType]) {
    let mut random = Random(1);
    let mut cases = Vec::new();
    for dtype in dtypes {
        for row in rows().filter(|row| accepts(row, *dtype)) {
            cases.push(vectors(row, *dtype, &mut random));
        }
    }
    check(cases);
}

#[test]
fn bool_and_int8() {
    check_rows(&[DType::Bool, DType::I8]);
}

#[test]
fn int16_and_int32() {
    check_rows(&[DType::I16, DType::I32]);
}

#[test]
fn int64_and_uint8() {
    check_rows(&[DType::I64, DType::U8]);
}

#[test]
fn uint16_uint32_and_uint64() {
    check_rows(&[DType::U16, DType::U32, DType::U64]);
}

#[test]
fn float16() {
    check_rows(&[DType::F16]);
}

#[test]
fn float32() {
    check_rows(&[DType::F32]);
}

#[test]
fn float64() {
    check_rows(&[DType::F64]);
}

#[test]
fn complex64() {
    check_rows(&[DType::C64]);
}

#[test]
fn complex128() {
    check_rows(&[DType::C128]);
}

/// NumPy has no `bfloat16`: results are those of `float32`, rounded.
#[test]
fn bfloat16() {
    let mut random = Random(2);
    let rows = rows().filter(|row| {
        accepts(row, DType::BF16)
            && !matches!(row.numpy_name(), "nextafter" | "spacing" | "float_power")
    });
    check(
        rows.map(|row| vectors(row, DType::BF16, &mut random))
            .collect(),
    );
}

/// Rows that stand for all in tests of shapes and layouts.
const SAMPLE: &[(&str, DType)] = &[
    ("numpy.add", DType::F64),
    ("numpy.multiply", DType::F32),
    ("numpy.subtract", DType::I32),
    ("numpy.less", DType::F32),
    ("numpy.logical_and", DType::Bool),
    ("numpy.maximum", DType::F16),
    ("numpy.floor_divide", DType::I8),
    ("numpy.divide", DType::U16),
];

/// Pairs of shapes that broadcast.
const SHAPES: &[(&[usize], &[usize])] = &[
    (&[], &[]),
    (&[], &[5]),
    (&[1], &[7]),
    (&[0], &[1]),
    (&[3, 1], &[1, 4]),
    (&[3, 4], &[3, 4]),
    (&[2, 3], &[3]),
    (&[0, 3], &[1, 3]),
    (&[3, 0], &[3, 1]),
    (&[2, 1, 5], &[3, 1]),
    (&[2, 3, 4], &[2, 3, 4]),
    (&[1, 1, 1], &[2, 3, 4]),
    (&[33, 17], &[17]),
    (&[33, 17], &[33, 1]),
    (&[2, 1, 3, 1], &[5, 1, 4]),
];

#[test]
fn shapes_broadcast_in_every_layout() {
    let mut random = Random(3);
    let mut cases = Vec::new();
    for (op, dtype) in SAMPLE {
        let row = row(op).expect("a row of the table");
        let mut dynamic = BTreeMap::new();
        for (left, right) in SHAPES {
            let inputs = [
                ("a", moderate(*dtype, 600, &mut random).resized(left)),
                ("b", moderate(*dtype, 600, &mut random).resized(right)),
            ];
            cases.push(case(row, *dtype).fixed().run_everywhere(&inputs));
            // A function with dynamic types serves every pair of shapes of these ranks.
            let ranks = (left.len(), right.len());
            let serving: Case = dynamic.remove(&ranks).unwrap_or_else(|| case(row, *dtype));
            dynamic.insert(ranks, serving.run_everywhere(&inputs));
        }
        cases.extend(dynamic.into_values());
    }
    check(cases);
}

/// Inputs with step 0: one element is seen many times.
#[test]
fn repeated_elements() {
    let mut cases = Vec::new();
    for (op, dtype) in SAMPLE {
        let row = row(op).expect("a row of the table");
        let mut random = Random(4);
        let one = moderate(*dtype, 1, &mut random).resized(&[9, 20]);
        let many = moderate(*dtype, 180, &mut random).reshaped(&[9, 20]);
        let layouts = [
            vec![Layout::Repeated, Layout::Fortran],
            vec![Layout::Repeated, Layout::C],
        ];
        cases.push(case(row, *dtype).run_in(&[("a", one.clone()), ("b", many.clone())], &layouts));
        cases.push(
            case(row, *dtype)
                .fixed()
                .run_in(&[("a", one), ("b", many)], &layouts),
        );
    }
    check(cases);
}

/// Enough elements for several threads.
#[test]
fn large_arrays() {
    let mut random = Random(5);
    let mut cases = Vec::new();
    for (op, dtype) in SAMPLE {
        let row = row(op).expect("a row of the table");
        let n = 300_007;
        let inputs = [
            ("a", moderate(*dtype, 1000, &mut random).resized(&[n])),
            ("b", moderate(*dtype, 1000, &mut random).resized(&[n])),
        ];
        cases.push(case(row, *dtype).run_in(
            &inputs,
            &[vec![Layout::C; 2], vec![Layout::Reversed, Layout::Strided]],
        ));
    }
    check(cases);
}

#[test]
fn clip_and_where_broadcast_three_operands() {
    let mut random = Random(6);
    let mut cases = Vec::new();
    let shapes: [[&[usize]; 3]; 4] = [
        [&[4, 1], &[5], &[]],
        [&[], &[3], &[2, 1]],
        [&[0], &[1], &[]],
        [&[2, 3, 4], &[3, 1], &[2, 1, 4]],
    ];
    for dtype in DTYPES {
        for [a, b, c] in shapes {
            let mut value = |shape: &[usize]| {
                joined(&[moderate(dtype, 30, &mut random), special(dtype)]).resized(shape)
            };
            let (x, y, z) = (value(a), value(b), value(c));
            let condition = any_bits(DType::Bool, 60, &mut random).resized(a);
            for fixed in [false, true] {
                let clip = Case::new("numpy.clip %a, %b, %c", "np.clip(a, b, c)")
                    .run_everywhere(&[("a", x.clone()), ("b", y.clone()), ("c", z.clone())]);
                let pick =
                    Case::new("numpy.where %a, %b, %c", "np.where(a, b, c)").run_everywhere(&[
                        ("a", condition.clone()),
                        ("b", y.clone()),
                        ("c", z.clone()),
                    ]);
                cases.extend([clip, pick].map(|case| if fixed { case.fixed() } else { case }));
            }
        }
    }
    check(cases);
}

/// Operands that a constant decides against still have a say in the shape.
#[test]
fn constants_that_choose_broadcast() {
    let one = Value::vector(&[7.0]);
    let three = Value::vector(&[1.0, 2.0, 3.0]);
    let two = Value::vector(&[1.0, 2.0]);
    let pick = || {
        Case::new(
            "%c = numpy.constant dense<true> : tensor<i1>\n  %0 = numpy.where %c, %a, %b : tensor<i1>, {a}, {b} -> {r}\n  return %0 : {r}",
            "np.where(True, a, b)",
        )
    };
    let less = Case::new(
        "%z = numpy.constant dense<0.0> : tensor<3xf64>\n  %0 = numpy.subtract %a, %z : {a}, tensor<3xf64> -> {r}\n  return %0 : {r}",
        "a - np.zeros(3)",
    );
    check(vec![
        pick().run_everywhere(&[("a", one.clone()), ("b", three.clone())]),
        pick()
            .types("tensor<?xf64>")
            .run(&[("a", two), ("b", three)])
            .raises(RunErrorKind::ShapeMismatch, "do not broadcast"),
        less.run_everywhere(&[("a", one)]),
    ]);
}

#[test]
fn integers_to_negative_powers_are_refused() {
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|d| is_signed(*d)) {
        let base = crate::samples::numbers(dtype, &[2, 3, 4, 5]);
        for exponents in [[0, 1, -1, 2], [-5, 0, 0, 0], [1, 1, 1, -128]] {
            let exponents = crate::samples::numbers(dtype, &exponents);
            cases.push(
                Case::new("numpy.power %a, %b", "np.power(a, b)")
                    .types(format!("tensor<?x{}>", crate::samples::mlir(dtype)))
                    .run_everywhere(&[("a", base.clone()), ("b", exponents)])
                    .raises(
                        RunErrorKind::Value,
                        "integers to negative integer powers are not allowed",
                    ),
            );
        }
    }
    check(cases);
}

/// Powers of `f32` against those of `f64`, rounded.
#[test]
fn powers_of_float32() {
    let mut random = Random(5);
    let dtype = DType::F32;
    let mut case = Case::new(
        "numpy.power %a, %b",
        "np.power(a.astype(np.float64), b).astype(np.float32)",
    )
    .tolerance(Tolerance::Ulps(1));
    let mut fractions = uniform(dtype, 20_000, &mut random);
    fractions.bytes.chunks_mut(4).for_each(|e| e[3] &= 0x7f);
    let inputs = [
        (
            any_bits(dtype, 20_000, &mut random),
            moderate(dtype, 20_000, &mut random),
        ),
        (
            moderate(dtype, 20_000, &mut random),
            any_bits(dtype, 20_000, &mut random),
        ),
        (fractions, moderate(dtype, 20_000, &mut random)),
    ];
    for (a, b) in inputs {
        case = case.run_in(&[("a", a), ("b", b)], &[vec![Layout::C, Layout::C]]);
    }
    check(vec![case]);
}

/// Powers by constants are products: all special values, and what is subnormal.
#[test]
fn powers_by_constants() {
    let mut random = Random(6);
    let mut cases = Vec::new();
    for (dtype, element) in [(DType::F64, "f64"), (DType::F32, "f32")] {
        for exponent in [3.0, -2.0, -3.0, 7.0, 1.5, -0.5, -1.5, 12.5, 64.0, -63.0] {
            let ty = format!("tensor<?x{element}>");
            let mut case = Case::new(
                format!(
                    "%c = numpy.constant dense<{exponent:?}> : tensor<{element}>\n  \
                     %0 = numpy.power %a, %c : {ty}, tensor<{element}> -> {ty}\n  return %0 : {ty}"
                ),
                format!("np.power(a, np.full_like(a, {exponent:?}))"),
            )
            .types(ty)
            .tolerance(Tolerance::Ulps(2));
            for a in [
                any_bits(dtype, 5_000, &mut random),
                moderate(dtype, 5_000, &mut random),
                special(dtype),
            ] {
                case = case.run_in(&[("a", a)], &[vec![Layout::C]]);
            }
            cases.push(case);
        }
    }
    check(cases);
}
