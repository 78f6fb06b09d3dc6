//! Powers, exponentials, logarithms and roots.

use npir_egraph::Fidelity::{Exact, Numpy, Relaxed};

use super::{DOUBLE, FLOATS, INTS, Listed, Pattern, is_float, is_int, list, sample};
use crate::rules::build::Place;

/// Whether the exponent of a power is this number, and drops out of the shape.
fn exponent_is(m: &Place<'_, '_>, number: f64) -> bool {
    m.fact_of("n").is(number) && m.fact_of("x").covers(m.fact_of("n"))
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "functions";
        // x ** 2 = x², of integers
        Pattern {
            name: "power-two-integers",
            fidelity: Exact,
            equation: "x ** 2 = x²",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.square ?x)",
        }
        .rule()
        .when(|m| is_int(m.fact_of("x")) && exponent_is(m, 2.0)),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<2> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.power(x, x.dtype.type(2))",
        ),
        not: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<4> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.power(x, x.dtype.type(4))",
        );

        // x ** 2 = x², of floats: NumPy's operator squares
        Pattern {
            name: "power-two",
            fidelity: Numpy,
            equation: "x ** 2 = x²",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.square ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && exponent_is(m, 2.0)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<2.0> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** 2",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<2.5> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(2.5)",
        );

        // x ** 3 = x·x², of integers
        Pattern {
            name: "power-three-integers",
            fidelity: Exact,
            equation: "x ** 3 = x·x²",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.multiply ?x (numpy.square ?x))",
        }
        .rule()
        .when(|m| is_int(m.fact_of("x")) && exponent_is(m, 3.0)),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<3> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.power(x, x.dtype.type(3))",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<3.0> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(3)",
        );

        // x ** 3 = x·x², of floats: rounds twice
        Pattern {
            name: "power-three",
            fidelity: Relaxed,
            equation: "x ** 3 = x·x²",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.multiply ?x (numpy.square ?x))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && exponent_is(m, 3.0)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<3.0> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(3)",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{t}",
            "%c = numpy.constant dense<-3.0> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(-3)",
        );

        // x ** 4 = (x²)²
        Pattern {
            name: "power-four",
            fidelity: Relaxed,
            equation: "x ** 4 = (x²)²",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.square (numpy.square ?x))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && exponent_is(m, 4.0)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<4.0> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(4)",
        ),
        // The exponent gives the result its shape.
        not: sample(
            DOUBLE,
            "x: 1x{t}",
            "%c = numpy.constant dense<4.0> : tensor<3x{t}>\n\
             %r = numpy.power %x, %c : tensor<1x{t}>, tensor<3x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "x ** np.full(3, 4.0)",
        );

        // x ** 0.5 = √x
        Pattern {
            name: "power-half",
            fidelity: Relaxed,
            equation: "x ** 0.5 = √x",
            left: "(numpy.power ?x ?n)",
            right: "(numpy.sqrt ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && exponent_is(m, 0.5)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<0.5> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(0.5)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%c = numpy.constant dense<-0.5> : tensor<{t}>\n\
             %r = numpy.power %x, %c : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x ** x.dtype.type(-0.5)",
        );

        // exp(x)·exp(y) = exp(x + y)
        Pattern {
            name: "multiply-exponentials",
            fidelity: Relaxed,
            equation: "exp(x)·exp(y) = exp(x + y)",
            left: "(numpy.multiply (numpy.exp ?x) (numpy.exp ?y))",
            right: "(numpy.exp (numpy.add ?x ?y))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{t}, y: {t}",
            "%a = numpy.exp %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %b = numpy.exp %y : tensor<{t}> -> tensor<{t}>\n\
             %r = numpy.multiply %a, %b : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.exp(x) * np.exp(y)",
        ),
        // Small integers would be added, and wrap, before they are floats.
        not: sample(
            &["i8"],
            "x: {n}x{t}, y: {t}",
            "%a = numpy.exp %x : tensor<{n}x{t}> -> tensor<{n}xf16>\n\
             %b = numpy.exp %y : tensor<{t}> -> tensor<f16>\n\
             %r = numpy.multiply %a, %b : tensor<{n}xf16>, tensor<f16> -> tensor<{n}xf16>",
            "{n}xf16",
            "np.exp(x) * np.exp(y)",
        );

        // log(exp(x)) = x
        Pattern {
            name: "log-exp",
            fidelity: Relaxed,
            equation: "log(exp(x)) = x",
            left: "(numpy.log (numpy.exp ?x))",
            right: "?x",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.exp %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.log %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.log(np.exp(x))",
        ),
        not: sample(
            &["complex<f64>"],
            "x: {n}x{t}",
            "%a = numpy.exp %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.log %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.log(np.exp(x))",
        );

        // √(x²) = |x|
        Pattern {
            name: "sqrt-square",
            fidelity: Relaxed,
            equation: "√(x²) = |x|",
            left: "(numpy.sqrt (numpy.square ?x))",
            right: "(numpy.absolute ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.square %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.sqrt %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.sqrt(np.square(x))",
        ),
        not: sample(
            &["complex<f64>"],
            "x: {n}x{t}",
            "%a = numpy.square %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.sqrt %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.sqrt(np.square(x))",
        );

        // log(exp(x)/s) = x - log(s): of a softmax, the logarithm of its row sums
        Pattern {
            name: "log-normalized",
            fidelity: Relaxed,
            equation: "log(exp(x)/s) = x - log(s)",
            left: "(numpy.log (numpy.divide (numpy.exp ?x) ?s))",
            right: "(numpy.subtract ?x (numpy.log ?s))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%e = numpy.exp %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %s = numpy.sum %e axes [1] keepdims : tensor<{n}x{m}x{t}> -> tensor<{n}x1x{t}>\n\
             %q = numpy.divide %e, %s : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.log %q : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.log(np.exp(x) / np.exp(x).sum(1, keepdims=True))",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%e = numpy.exp %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %s = numpy.sum %e axes [1] keepdims : tensor<{n}x{m}x{t}> -> tensor<{n}x1x{t}>\n\
             %q = numpy.add %e, %s : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.log %q : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.log(np.exp(x) + np.exp(x).sum(1, keepdims=True))",
        );
    }
}
