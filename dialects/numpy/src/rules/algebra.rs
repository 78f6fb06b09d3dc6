//! Sums, products and signs.

use npir_egraph::Fidelity::{Exact, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, number, zeros};
use super::{BOOL, DOUBLE, FLOATS, INTS, Listed, Pattern, is_float, is_int, list, sample};
use crate::optimize::Fact;

/// Whether adding this changes nothing.
fn is_zero_of_sums(fact: &Fact<'_>) -> bool {
    // -0.0 + 0.0 is 0.0.
    match is_float(fact) {
        true => fact.is(-0.0),
        false => is_int(fact) && fact.is(0.0),
    }
}

/// The exponent of a power of two.
fn power_of_two(value: f64) -> Option<i32> {
    let exponent = value.abs().log2();
    (exponent.fract() == 0.0).then_some(exponent as i32)
}

/// x · 2⁻ⁿ for x / 2ⁿ.
fn divide_by_power_of_two(m: &mut Place<'_, '_>) -> Option<Class> {
    let divisor = m.fact_of("c");
    let dtype = divisor.dtype().filter(|dtype| dtype.bits() >= 32)?;
    let value = divisor.constant?.float()?;
    let exponent = power_of_two(value)?;
    // The reciprocal must be a normal number.
    let most = if dtype.bits() == 64 { 1020 } else { 124 };
    if exponent.abs() > most || !m.fact_of("x").covers(divisor) {
        return None;
    }
    let reciprocal = number(m, dtype, 1.0 / value)?;
    m.build("numpy.multiply", None, &[m.class("x"), reciprocal])
}

/// x · (1/c) for x / c.
fn divide_by_constant(m: &mut Place<'_, '_>) -> Option<Class> {
    let divisor = m.fact_of("c");
    let dtype = divisor.dtype()?;
    let reciprocal = 1.0 / divisor.constant?.float()?;
    if !reciprocal.is_normal() || !m.fact_of("x").covers(divisor) {
        return None;
    }
    let reciprocal = number(m, dtype, reciprocal)?;
    m.build("numpy.multiply", None, &[m.class("x"), reciprocal])
}

/// Zeros of the shape of the result.
fn nothing(m: &mut Place<'_, '_>) -> Option<Class> {
    let fact = m.fact(m.root());
    let shape = fact.ty().has_static_shape().then(|| fact.ty().dims())?;
    let dtype = fact.dtype()?;
    zeros(m, dtype, &shape)
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "algebra";
        // x + 0 = x; of floats only -0.0 is nothing.
        Pattern {
            name: "add-zero",
            fidelity: Exact,
            equation: "x + 0 = x",
            left: "(numpy.add ?x ?z)",
            right: "?x",
        }
        .rule()
        .when(|m| is_zero_of_sums(m.fact_of("z")) && m.fact_of("x").covers(m.fact_of("z"))),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%z = numpy.constant dense<0> : tensor<{t}>\n\
             %r = numpy.add %x, %z : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x.dtype.type(0)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%z = numpy.constant dense<0.0> : tensor<{t}>\n\
             %r = numpy.add %x, %z : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x.dtype.type(0)",
        );

        // x - 0 = x
        Pattern {
            name: "subtract-zero",
            fidelity: Exact,
            equation: "x - 0 = x",
            left: "(numpy.subtract ?x ?z)",
            right: "?x",
        }
        .rule()
        .when(|m| m.fact_of("z").is(0.0) && m.fact_of("x").covers(m.fact_of("z"))),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%z = numpy.constant dense<0.0> : tensor<{t}>\n\
             %r = numpy.subtract %x, %z : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x - x.dtype.type(0)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%z = numpy.constant dense<-0.0> : tensor<{t}>\n\
             %r = numpy.subtract %x, %z : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x - x.dtype.type(-0.0)",
        );

        // x - x = 0, of integers
        Rule::apply(
            "subtract-itself-integers",
            Exact,
            "x - x = 0",
            "(numpy.subtract ?x ?x)",
            |m| is_int(m.fact_of("x")).then(|| nothing(m))?,
        ),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%r = numpy.subtract %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.zeros_like(x)",
        ),
        not: sample(
            INTS,
            "x: {n}x{t}, y: {n}x{t}",
            "%r = numpy.subtract %x, %y : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x - y",
        );

        // The same of floats, but for ∞ and NaN
        Rule::apply(
            "subtract-itself",
            Relaxed,
            "x - x = 0",
            "(numpy.subtract ?x ?x)",
            |m| is_float(m.fact_of("x")).then(|| nothing(m))?,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%r = numpy.subtract %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.zeros_like(x)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%r = numpy.add %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x",
        );

        // x · 1 = x
        Pattern {
            name: "multiply-one",
            fidelity: Exact,
            equation: "x · 1 = x",
            left: "(numpy.multiply ?x ?one)",
            right: "?x",
        }
        .rule()
        .when(|m| m.fact_of("one").is(1.0) && m.fact_of("x").covers(m.fact_of("one"))),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%one = numpy.constant dense<1.0> : tensor<{t}>\n\
             %r = numpy.multiply %one, %x : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x.dtype.type(1)",
        ),
        // The one gives the result its shape.
        not: sample(
            FLOATS,
            "x: 1x{t}",
            "%one = numpy.constant dense<1.0> : tensor<3x{t}>\n\
             %r = numpy.multiply %one, %x : tensor<3x{t}>, tensor<1x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "x * np.ones(3, x.dtype)",
        );

        // x / 2ⁿ = x · 2⁻ⁿ: both round the same number once.
        Rule::apply("divide-by-power-of-two", Exact, "x / 2ⁿ = x · 2⁻ⁿ", "(numpy.divide ?x ?c)", divide_by_power_of_two),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<-8.0> : tensor<{t}>\n\
             %r = numpy.divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x / x.dtype.type(-8)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<3.0> : tensor<{t}>\n\
             %r = numpy.divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x / x.dtype.type(3)",
        );

        // x / c = x · (1/c) for constants
        Rule::apply("divide-by-constant", Relaxed, "x / c = x · (1/c)", "(numpy.divide ?x ?c)", divide_by_constant),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<3.0> : tensor<{t}>\n\
             %r = numpy.divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x / x.dtype.type(3)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<0.0> : tensor<{t}>\n\
             %r = numpy.divide %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x / x.dtype.type(0)",
        );

        // -(-x) = x
        Pattern {
            name: "negative-negative",
            fidelity: Exact,
            equation: "-(-x) = x",
            left: "(numpy.negative (numpy.negative ?x))",
            right: "?x",
        }
        .rule(),
        fires: sample(
            &["f64", "i8", "complex<f64>"],
            "x: {n}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.negative %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "-(-x)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.reciprocal %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.negative %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "-np.reciprocal(x)",
        );

        // x + (-y) = x - y
        Pattern {
            name: "add-negative",
            fidelity: Exact,
            equation: "x + (-y) = x - y",
            left: "(numpy.add ?x (numpy.negative ?y))",
            right: "(numpy.subtract ?x ?y)",
        }
        .rule(),
        fires: sample(
            &["f64", "f32", "i8", "ui16"],
            "x: {n}x{t}, y: {t}",
            "%a = numpy.negative %y : tensor<{t}> -> tensor<{t}>\n\
             %r = numpy.add %a, %x : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.negative(y) + x",
        ),
        not: sample(
            &["f64", "f32"],
            "x: {n}x{t}, y: {t}",
            "%a = numpy.absolute %y : tensor<{t}> -> tensor<{t}>\n\
             %r = numpy.add %a, %x : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.absolute(y) + x",
        );

        // x - (-y) = x + y
        Pattern {
            name: "subtract-negative",
            fidelity: Exact,
            equation: "x - (-y) = x + y",
            left: "(numpy.subtract ?x (numpy.negative ?y))",
            right: "(numpy.add ?x ?y)",
        }
        .rule(),
        fires: sample(
            &["f64", "f32", "i8", "ui16"],
            "x: {n}x{t}, y: {t}",
            "%a = numpy.negative %y : tensor<{t}> -> tensor<{t}>\n\
             %r = numpy.subtract %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x - np.negative(y)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}, y: {t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.subtract %a, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "-x - y",
        );

        // x · x = x²
        Pattern {
            name: "multiply-itself",
            fidelity: Exact,
            equation: "x · x = x²",
            left: "(numpy.multiply ?x ?x)",
            right: "(numpy.square ?x)",
        }
        .rule(),
        fires: sample(
            &["f64", "f32", "i8", "ui16"],
            "x: {n}x{t}",
            "%r = numpy.multiply %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x",
        ),
        not: sample(
            BOOL,
            "x: {n}x{t}",
            "%r = numpy.multiply %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x",
        );

        // (-x)² = x²
        Pattern {
            name: "square-negative",
            fidelity: Exact,
            equation: "(-x)² = x²",
            left: "(numpy.square (numpy.negative ?x))",
            right: "(numpy.square ?x)",
        }
        .rule(),
        fires: sample(
            &["f64", "i8", "complex<f64>"],
            "x: {n}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.square %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.square(-x)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.square %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.negative %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "-np.square(x)",
        );

        // |x|² = x² for real numbers
        Pattern {
            name: "square-absolute",
            fidelity: Exact,
            equation: "|x|² = x²",
            left: "(numpy.square (numpy.absolute ?x))",
            right: "(numpy.square ?x)",
        }
        .rule()
        .when(|m| m.fact_of("x").dtype().is_some_and(|dtype| !dtype.is_complex())),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{t}",
            "%a = numpy.absolute %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.square %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.square(np.absolute(x))",
        ),
        not: sample(
            &["complex<f64>"],
            "x: {n}x{t}",
            "%a = numpy.absolute %x : tensor<{n}x{t}> -> tensor<{n}xf64>\n\
             %r = numpy.square %a : tensor<{n}xf64> -> tensor<{n}xf64>",
            "{n}xf64",
            "np.square(np.absolute(x))",
        );

        // |-x| = |x|
        Pattern {
            name: "absolute-negative",
            fidelity: Exact,
            equation: "|-x| = |x|",
            left: "(numpy.absolute (numpy.negative ?x))",
            right: "(numpy.absolute ?x)",
        }
        .rule()
        // Of unsigned integers -x is another number.
        .when(|m| m.fact_of("x").dtype().is_some_and(|dtype| !dtype.is_unsigned())),
        fires: sample(
            &["f64", "i8"],
            "x: {n}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.absolute %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.absolute(-x)",
        ),
        not: sample(
            &["ui16", "ui8"],
            "x: {n}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.absolute %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.absolute(np.negative(x))",
        );

        // a·b + a·c = a·(b + c), of integers
        Pattern {
            name: "factor-integers",
            fidelity: Exact,
            equation: "a·b + a·c = a·(b + c)",
            left: "(numpy.add (numpy.multiply ?a ?b) (numpy.multiply ?a ?c))",
            right: "(numpy.multiply ?a (numpy.add ?b ?c))",
        }
        .rule()
        .when(|m| is_int(m.fact_of("a"))),
        fires: sample(
            INTS,
            "a: {n}x{t}, b: {n}x{t}, c: {t}",
            "%x = numpy.multiply %a, %b : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %y = numpy.multiply %c, %a : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %x, %y : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "a * b + c * a",
        ),
        not: sample(
            FLOATS,
            "a: {n}x{t}, b: {n}x{t}, c: {t}",
            "%x = numpy.multiply %a, %b : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %y = numpy.multiply %c, %a : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %x, %y : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "a * b + c * a",
        );

        // a·b + a·c = a·(b + c), of floats
        Pattern {
            name: "factor-floats",
            fidelity: Relaxed,
            equation: "a·b + a·c = a·(b + c)",
            left: "(numpy.add (numpy.multiply ?a ?b) (numpy.multiply ?a ?c))",
            right: "(numpy.multiply ?a (numpy.add ?b ?c))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("a"))),
        fires: sample(
            FLOATS,
            "a: {n}x{t}, b: {n}x{t}, c: {t}",
            "%x = numpy.multiply %a, %b : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %y = numpy.multiply %c, %a : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %x, %y : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "a * b + c * a",
        ),
        not: sample(
            DOUBLE,
            "a: {n}x{t}, b: {n}x{t}, c: {t}",
            "%x = numpy.multiply %a, %b : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %y = numpy.multiply %c, %c : tensor<{t}>, tensor<{t}> -> tensor<{t}>\n\
             %r = numpy.add %x, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "a * b + c * c",
        );
    }
}
