//! Constants that come together.

use npir_egraph::Fidelity::{Exact, Relaxed};

use super::build::Place;
use super::{DOUBLE, FLOATS, INTS, Listed, Pattern, is_float, is_int, list, sample};

/// Whether `a` and `b` are numbers of the program, and `x` has the shape of the result.
fn are_constants(m: &Place<'_, '_>) -> bool {
    let [x, a, b] = ["x", "a", "b"].map(|name| m.fact_of(name));
    let constant = |fact: &crate::optimize::Fact<'_>| fact.constant.is_some() && fact.rank() == 0;
    constant(a) && constant(b) && x.constant.is_none()
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "constants";
        // (x·a)·b = x·(a·b), of integers
        Pattern {
            name: "multiply-constants-integers",
            fidelity: Exact,
            equation: "(x·a)·b = x·(a·b)",
            left: "(numpy.multiply (numpy.multiply ?x ?a) ?b)",
            right: "(numpy.multiply ?x (numpy.multiply ?a ?b))",
        }
        .rule()
        .when(|m| is_int(m.fact_of("x")) && are_constants(m)),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<3> : tensor<{t}>\n\
             %b = numpy.constant dense<100> : tensor<{t}>\n\
             %y = numpy.multiply %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.multiply %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x.dtype.type(3) * x.dtype.type(100)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<3.0> : tensor<{t}>\n\
             %b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.multiply %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.multiply %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x.dtype.type(3) * x.dtype.type(0.1)",
        );

        // (x·a)·b = x·(a·b), of floats
        Pattern {
            name: "multiply-constants",
            fidelity: Relaxed,
            equation: "(x·a)·b = x·(a·b)",
            left: "(numpy.multiply (numpy.multiply ?x ?a) ?b)",
            right: "(numpy.multiply ?x (numpy.multiply ?a ?b))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && are_constants(m)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<3.0> : tensor<{t}>\n\
             %b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.multiply %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.multiply %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * x.dtype.type(3) * x.dtype.type(0.1)",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{t}, a: {t}",
            "%b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.multiply %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.multiply %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x * a * 0.1",
        );

        // (x + a) + b = x + (a + b), of integers
        Pattern {
            name: "add-constants-integers",
            fidelity: Exact,
            equation: "(x + a) + b = x + (a + b)",
            left: "(numpy.add (numpy.add ?x ?a) ?b)",
            right: "(numpy.add ?x (numpy.add ?a ?b))",
        }
        .rule()
        .when(|m| is_int(m.fact_of("x")) && are_constants(m)),
        fires: sample(
            INTS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<100> : tensor<{t}>\n\
             %b = numpy.constant dense<100> : tensor<{t}>\n\
             %y = numpy.add %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x.dtype.type(100) + x.dtype.type(100)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<1.0> : tensor<{t}>\n\
             %b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.add %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x.dtype.type(1) + x.dtype.type(0.1)",
        );

        // (x + a) + b = x + (a + b), of floats
        Pattern {
            name: "add-constants",
            fidelity: Relaxed,
            equation: "(x + a) + b = x + (a + b)",
            left: "(numpy.add (numpy.add ?x ?a) ?b)",
            right: "(numpy.add ?x (numpy.add ?a ?b))",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x")) && are_constants(m)),
        fires: sample(
            FLOATS,
            "x: {n}x{t}",
            "%a = numpy.constant dense<1.0> : tensor<{t}>\n\
             %b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.add %x, %a : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.add %b, %y : tensor<{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x + x.dtype.type(1) + x.dtype.type(0.1)",
        ),
        // A vector of numbers.
        not: sample(
            DOUBLE,
            "x: 3x{t}",
            "%a = numpy.constant dense<[1.0, 2.0, 3.0]> : tensor<3x{t}>\n\
             %b = numpy.constant dense<0.1> : tensor<{t}>\n\
             %y = numpy.add %x, %a : tensor<3x{t}>, tensor<3x{t}> -> tensor<3x{t}>\n\
             %r = numpy.add %b, %y : tensor<{t}>, tensor<3x{t}> -> tensor<3x{t}>",
            "3x{t}",
            "x + np.array([1.0, 2.0, 3.0]) + 0.1",
        );
    }
}
