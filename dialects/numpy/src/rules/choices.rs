//! Selections, comparisons and logic.

use npir_egraph::Fidelity::Exact;

use super::{BOOL, DOUBLE, FLOATS, INTS, Listed, Pattern, is_int, list, sample};

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "choices";
        // where(c, x, x) = x
        Pattern {
            name: "where-same",
            fidelity: Exact,
            equation: "where(c, x, x) = x",
            left: "(numpy.where ?c ?x ?x)",
            right: "?x",
        }
        .rule()
        .when(|m| m.fact_of("x").covers(m.fact_of("c"))),
        fires: sample(
            &["f64", "i8", "i1"],
            "c: {n}xi1, x: {n}x{t}",
            "%r = numpy.where %c, %x, %x : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.where(c, x, x)",
        ),
        // The condition gives the result its shape.
        not: sample(
            DOUBLE,
            "c: 3xi1, x: {t}",
            "%r = numpy.where %c, %x, %x : tensor<3xi1>, tensor<{t}>, tensor<{t}> -> tensor<3x{t}>",
            "3x{t}",
            "np.where(c, x, x)",
        );

        // where(not c, x, y) = where(c, y, x)
        Pattern {
            name: "where-not",
            fidelity: Exact,
            equation: "where(¬c, x, y) = where(c, y, x)",
            left: "(numpy.where (numpy.logical_not ?c) ?x ?y)",
            right: "(numpy.where ?c ?y ?x)",
        }
        .rule(),
        fires: sample(
            &["f64", "i8"],
            "c: {n}xi1, x: {n}x{t}, y: {t}",
            "%a = numpy.logical_not %c : tensor<{n}xi1> -> tensor<{n}xi1>\n\
             %r = numpy.where %a, %x, %y : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.where(~c, x, y)",
        ),
        // A number is no condition.
        not: sample(
            DOUBLE,
            "c: {n}x{t}, x: {n}x{t}, y: {t}",
            "%a = numpy.logical_not %c : tensor<{n}x{t}> -> tensor<{n}xi1>\n\
             %r = numpy.where %a, %x, %y : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.where(np.logical_not(c), x, y)",
        );

        // where(c, x, where(c, y, z)) = where(c, x, z)
        Pattern {
            name: "where-again",
            fidelity: Exact,
            equation: "where(c, x, where(c, y, z)) = where(c, x, z)",
            left: "(numpy.where ?c ?x (numpy.where ?c ?y ?z))",
            right: "(numpy.where ?c ?x ?z)",
        }
        .rule()
        .when(|m| m.fact_of("x").covers(m.fact_of("y"))),
        fires: sample(
            &["f64", "i8"],
            "c: {n}xi1, x: {n}x{t}, y: {n}x{t}, z: {t}",
            "%a = numpy.where %c, %y, %z : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.where %c, %x, %a : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.where(c, x, np.where(c, y, z))",
        ),
        not: sample(
            DOUBLE,
            "c: {n}xi1, d: {n}xi1, x: {n}x{t}, y: {n}x{t}, z: {t}",
            "%a = numpy.where %d, %y, %z : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.where %c, %x, %a : tensor<{n}xi1>, tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.where(c, x, np.where(d, y, z))",
        );

        // minimum(x, x) = x
        Pattern {
            name: "minimum-same",
            fidelity: Exact,
            equation: "minimum(x, x) = x",
            left: "(numpy.minimum ?x ?x)",
            right: "?x",
        }
        .rule(),
        fires: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{t}",
            "%r = numpy.minimum %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.minimum(x, x)",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{t}, y: {n}x{t}",
            "%r = numpy.minimum %x, %y : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.minimum(x, y)",
        );

        // maximum(x, x) = x
        Pattern {
            name: "maximum-same",
            fidelity: Exact,
            equation: "maximum(x, x) = x",
            left: "(numpy.maximum ?x ?x)",
            right: "?x",
        }
        .rule(),
        fires: sample(
            &["f64", "i8", "i1"],
            "x: {n}x{t}",
            "%r = numpy.maximum %x, %x : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.maximum(x, x)",
        ),
        not: sample(
            DOUBLE,
            "x: {n}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.maximum %x, %a : tensor<{n}x{t}>, tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.maximum(x, -x)",
        );

        // ¬¬x = x, of bools
        Pattern {
            name: "not-not",
            fidelity: Exact,
            equation: "¬¬x = x",
            left: "(numpy.logical_not (numpy.logical_not ?x))",
            right: "?x",
        }
        .rule()
        .when(|m| m.fact_of("x").dtype().is_some_and(|dtype| dtype.is_bool())),
        fires: sample(
            BOOL,
            "x: {n}x{t}",
            "%a = numpy.logical_not %x : tensor<{n}x{t}> -> tensor<{n}x{t}>\n\
             %r = numpy.logical_not %a : tensor<{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "np.logical_not(np.logical_not(x))",
        ),
        not: sample(
            INTS,
            "x: {n}x{t}",
            "%a = numpy.logical_not %x : tensor<{n}x{t}> -> tensor<{n}xi1>\n\
             %r = numpy.logical_not %a : tensor<{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "np.logical_not(np.logical_not(x))",
        );

        // ¬(x = y) is x ≠ y, also with NaN
        Pattern {
            name: "not-equal",
            fidelity: Exact,
            equation: "¬(x = y) = (x ≠ y)",
            left: "(numpy.logical_not (numpy.equal ?x ?y))",
            right: "(numpy.not_equal ?x ?y)",
        }
        .rule(),
        fires: sample(
            &["f64", "i8", "complex<f64>"],
            "x: {n}x{t}, y: {t}",
            "%a = numpy.equal %x, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}xi1>\n\
             %r = numpy.logical_not %a : tensor<{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "~(x == y)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}, y: {t}",
            "%a = numpy.greater_equal %x, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}xi1>\n\
             %r = numpy.logical_not %a : tensor<{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "~(x >= y)",
        );

        // ¬(x < y) is x ≥ y, where nothing is NaN
        Pattern {
            name: "not-less",
            fidelity: Exact,
            equation: "¬(x < y) = (x ≥ y)",
            left: "(numpy.logical_not (numpy.less ?x ?y))",
            right: "(numpy.greater_equal ?x ?y)",
        }
        .rule()
        .when(|m| is_int(m.fact_of("x"))),
        fires: sample(
            INTS,
            "x: {n}x{t}, y: {t}",
            "%a = numpy.less %x, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}xi1>\n\
             %r = numpy.logical_not %a : tensor<{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "~(x < y)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{t}, y: {t}",
            "%a = numpy.less %x, %y : tensor<{n}x{t}>, tensor<{t}> -> tensor<{n}xi1>\n\
             %r = numpy.logical_not %a : tensor<{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "~(x < y)",
        );
    }
}
