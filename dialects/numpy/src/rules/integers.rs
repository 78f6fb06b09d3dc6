//! Integer divisions, which processors are slow at.

use npir_egraph::Fidelity::Exact;
use npir_egraph::{Class, Rule};

use super::build::{Place, number};
use super::{INTS, Listed, list, sample};
use crate::elementwise::dtype::DType;

/// The exponent of the constant `c`, a power of two by which `x` is divided, and their element type.
fn power_of_two(m: &Place<'_, '_>) -> Option<(DType, u32)> {
    let divisor = m.fact_of("c");
    let dtype = divisor.dtype().filter(|dtype| dtype.is_int())?;
    let value = divisor.constant?.int()?;
    (value > 0 && value & (value - 1) == 0 && m.fact_of("x").covers(divisor))
        .then(|| (dtype, value.trailing_zeros()))
}

/// x >> n for x // 2ⁿ.
fn shifted(m: &mut Place<'_, '_>) -> Option<Class> {
    let (dtype, exponent) = power_of_two(m)?;
    let exponent = number(m, dtype, f64::from(exponent))?;
    m.build("numpy.right_shift", None, &[m.class("x"), exponent])
}

/// x & (2ⁿ - 1) for x mod 2ⁿ.
fn masked(m: &mut Place<'_, '_>) -> Option<Class> {
    let (dtype, exponent) = power_of_two(m)?;
    let mask = number(m, dtype, 2f64.powi(exponent as i32) - 1.0)?;
    m.build("numpy.bitwise_and", None, &[m.class("x"), mask])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "integers";
        // x // 2ⁿ = x >> n: both round down
        Rule::apply(
            "floor-divide-by-power-of-two",
            Exact,
            "x // 2ⁿ = x >> n",
            "(numpy.floor_divide ?x ?c)",
            shifted,
        ),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<8> : tensor<{t}>\n\
             %r = numpy.floor_divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x // x.dtype.type(8)",
        ),
        not: sample(
            &["i64", "i8"],
            "x: {n}x{t}",
            "%c = numpy.constant dense<-8> : tensor<{t}>\n\
             %r = numpy.floor_divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x // x.dtype.type(-8)",
        );

        // x mod 2ⁿ = x & (2ⁿ - 1): the result is never negative
        Rule::apply(
            "remainder-of-power-of-two",
            Exact,
            "x mod 2ⁿ = x & (2ⁿ - 1)",
            "(numpy.remainder ?x ?c)",
            masked,
        ),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<16> : tensor<{t}>\n\
             %r = numpy.remainder %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x % x.dtype.type(16)",
        ),
        // It has the sign of the number, not that of the divisor.
        not: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<16> : tensor<{t}>\n\
             %r = numpy.fmod %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.fmod(x, x.dtype.type(16))",
        );
    }
}
