//! Positions of extremes, which do not change with what is the same for all candidates.

use npir_egraph::Fidelity::Relaxed;
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::Place;
use super::{FLOATS, Listed, Pattern, is_float, list, sample};
use crate::optimize::Size;
use crate::shape::normalize_axis;

/// The position in `x` along the axis of the node `p`, where `constant` is the same all along it and `x` has the shape
/// of both.
fn without_constant(m: &mut Place<'_, '_>, x: Class, constant: Class) -> Option<Class> {
    let payload = *m.node("p").payload();
    let (fx, fc) = (m.fact(x), m.fact(constant));
    let axis = payload.attr("axis").and_then(I64::decode)?;
    let axis = normalize_axis(axis, fx.rank()).ok()?;
    let own = (axis + fc.rank()).checked_sub(fx.rank());
    let is_constant = own.is_none_or(|axis| fc.sizes[axis] == Size::Known(1));
    if !(is_constant && is_float(fx) && fx.covers(fc)) {
        return None;
    }
    let op = m.node("p").op().to_owned();
    m.build(&op, Some(&payload), &[x])
}

/// The same for (c + y) - z, of which y - z is left.
fn without_first_term(m: &mut Place<'_, '_>) -> Option<Class> {
    let rest = m.build("numpy.subtract", None, &[m.class("y"), m.class("z")])?;
    without_constant(m, rest, m.class("c"))
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "positions";
        // argmin(x + c) = argmin(x), c the same along the axis
        Rule::apply(
            "argmin-plus-constant",
            Relaxed,
            "argmin(x + c) = argmin(x)",
            "(numpy.argmin@p (numpy.add ?x ?c))",
            |m| without_constant(m, m.class("x"), m.class("c")),
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.add %x, %c : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x + c).argmin(1)",
        ),
        not: sample(
            FLOATS,
            "x: {m}x{n}x{t}, c: {m}x1x{t}",
            "%a = numpy.add %x, %c : tensor<{m}x{n}x{t}>, tensor<{m}x1x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.argmin %a axis 0 : tensor<{m}x{n}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x + c).argmin(0)",
        );

        // argmax(x + c) = argmax(x), c the same along the axis
        Rule::apply(
            "argmax-plus-constant",
            Relaxed,
            "argmax(x + c) = argmax(x)",
            "(numpy.argmax@p (numpy.add ?x ?c))",
            |m| without_constant(m, m.class("x"), m.class("c")),
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.add %x, %c : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis -1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x + c).argmax(-1)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {m}x{t}",
            "%a = numpy.add %x, %c : tensor<{n}x{m}x{t}>, tensor<{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis -1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x + c).argmax(-1)",
        );

        // argmin(√x) = argmin(x)
        Pattern {
            name: "argmin-sqrt",
            fidelity: Relaxed,
            equation: "argmin(√x) = argmin(x)",
            left: "(numpy.argmin@p (numpy.sqrt ?x))",
            right: "(numpy.argmin@p ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%q = numpy.square %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %a = numpy.sqrt %q : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "np.sqrt(np.square(x)).argmin(1)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.absolute %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "np.absolute(x).argmin(1)",
        );

        // argmax(exp(x)) = argmax(x): it keeps the order
        Pattern {
            name: "argmax-exp",
            fidelity: Relaxed,
            equation: "argmax(exp(x)) = argmax(x)",
            left: "(numpy.argmax@p (numpy.exp ?x))",
            right: "(numpy.argmax@p ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.exp %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "np.exp(x).argmax(1)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.square %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(np.square(x)).argmax(1)",
        );

        // argmin(exp(x)) = argmin(x): it keeps the order
        Pattern {
            name: "argmin-exp",
            fidelity: Relaxed,
            equation: "argmin(exp(x)) = argmin(x)",
            left: "(numpy.argmin@p (numpy.exp ?x))",
            right: "(numpy.argmin@p ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.exp %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "np.exp(x).argmin(1)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.negative %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(-x).argmin(1)",
        );

        // argmax(sqrt(x)) = argmax(x): it keeps the order
        Pattern {
            name: "argmax-sqrt",
            fidelity: Relaxed,
            equation: "argmax(sqrt(x)) = argmax(x)",
            left: "(numpy.argmax@p (numpy.sqrt ?x))",
            right: "(numpy.argmax@p ?x)",
        }
        .rule()
        .when(|m| is_float(m.fact_of("x"))),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%q = numpy.absolute %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %a = numpy.sqrt %q : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "np.sqrt(np.absolute(x)).argmax(1)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}",
            "%a = numpy.cos %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(np.cos(x)).argmax(1)",
        );

        // argmin(x - c) = argmin(x), c the same along the axis
        Rule::apply(
            "argmin-minus-constant",
            Relaxed,
            "argmin(x - c) = argmin(x)",
            "(numpy.argmin@p (numpy.subtract ?x ?c))",
            |m| without_constant(m, m.class("x"), m.class("c")),
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.subtract %x, %c : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x - c).argmin(1)",
        ),
        // The other way round it is the opposite extreme.
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.subtract %c, %x : tensor<{n}x1x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(c - x).argmin(1)",
        );

        // argmin((c + y) - z) = argmin(y - z), c the same along the axis
        Rule::apply(
            "argmin-of-terms",
            Relaxed,
            "argmin((c + y) - z) = argmin(y - z)",
            "(numpy.argmin@p (numpy.subtract (numpy.add ?c ?y) ?z))",
            without_first_term,
        ),
        fires: sample(
            FLOATS,
            "c: {n}x1x{t}, y: {m}x{t}, z: {n}x{m}x{t}",
            "%a = numpy.add %y, %c : tensor<{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %d = numpy.subtract %a, %z : tensor<{n}x{m}x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %d axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(y + c - z).argmin(1)",
        ),
        // Without it the rest has no rows.
        not: sample(
            FLOATS,
            "c: {n}x1x{t}, y: {m}x{t}, z: {m}x{t}",
            "%a = numpy.add %y, %c : tensor<{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %d = numpy.subtract %a, %z : tensor<{n}x{m}x{t}>, tensor<{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmin %d axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(y + c - z).argmin(1)",
        );

        // argmax(x - c) = argmax(x), c the same along the axis
        Rule::apply(
            "argmax-minus-constant",
            Relaxed,
            "argmax(x - c) = argmax(x)",
            "(numpy.argmax@p (numpy.subtract ?x ?c))",
            |m| without_constant(m, m.class("x"), m.class("c")),
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.subtract %x, %c : tensor<{n}x{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(x - c).argmax(1)",
        ),
        // The other way round it is the opposite extreme.
        not: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {n}x1x{t}",
            "%a = numpy.subtract %c, %x : tensor<{n}x1x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %a axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(c - x).argmax(1)",
        );

        // argmax((c + y) - z) = argmax(y - z), c the same along the axis
        Rule::apply(
            "argmax-of-terms",
            Relaxed,
            "argmax((c + y) - z) = argmax(y - z)",
            "(numpy.argmax@p (numpy.subtract (numpy.add ?c ?y) ?z))",
            without_first_term,
        ),
        fires: sample(
            FLOATS,
            "c: {n}x1x{t}, y: {m}x{t}, z: {n}x{m}x{t}",
            "%a = numpy.add %y, %c : tensor<{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %d = numpy.subtract %a, %z : tensor<{n}x{m}x{t}>, tensor<{n}x{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %d axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(y + c - z).argmax(1)",
        ),
        // Without it the rest has no rows.
        not: sample(
            FLOATS,
            "c: {n}x1x{t}, y: {m}x{t}, z: {m}x{t}",
            "%a = numpy.add %y, %c : tensor<{m}x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x{m}x{t}>\n\
             %d = numpy.subtract %a, %z : tensor<{n}x{m}x{t}>, tensor<{m}x{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.argmax %d axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>",
            "{n}xi64",
            "(y + c - z).argmax(1)",
        );
    }
}
