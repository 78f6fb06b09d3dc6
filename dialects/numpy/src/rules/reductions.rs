//! Sums, extremes and truths of what was computed before.

use npir_egraph::Fidelity::{Exact, Numpy, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, axes_of, reduced, reduction, with};
use super::{FLOATS, INTS, Listed, Pattern, is_float, is_int, list, sample};
use crate::optimize::Size;
use crate::statistics::guess_axis;

/// Two reductions in a row as one over the axes of both.
fn over_both(m: &mut Place<'_, '_>, op: &str) -> Option<Class> {
    let x = m.class("x");
    let rank = m.fact(x).rank();
    let (inner, inner_keeps) = reduced(m.node("inner").payload(), rank)?;
    let left: Vec<_> = (0..rank)
        .filter(|&axis| inner_keeps || !inner[axis])
        .collect();
    let (outer, outer_keeps) = reduced(m.node("outer").payload(), left.len())?;
    // What the inner one drops the outer one cannot keep.
    if outer_keeps && !inner_keeps || inner_keeps && !outer_keeps {
        return None;
    }
    let mut both = inner;
    for (&axis, gone) in left.iter().zip(outer) {
        both[axis] |= gone;
    }
    // With the axes kept, those of the inner one stay at size 1 only if they are reduced.
    let plain = |name: &str| m.node(name).payload().attr("dtype").is_none();
    if !(plain("inner") && plain("outer")) {
        return None;
    }
    reduction(m, op, x, &axes_of(&both), outer_keeps)
}

/// The extreme `r` of x - c as that of x less c, where c is the same along all axes that are reduced.
fn minus_constant(m: &mut Place<'_, '_>) -> Option<Class> {
    let (x, mut constant) = (m.class("x"), m.class("c"));
    let (fx, fc) = (m.fact(x), m.fact(constant));
    let node = m.node("r");
    let (op, payload) = (node.op().to_owned(), *node.payload());
    let (over, keepdims) = reduced(&payload, fx.rank())?;
    let lead = fx.rank().checked_sub(fc.rank())?;
    let own: Vec<_> = (0..fc.rank()).filter(|axis| over[lead + axis]).collect();
    let is_constant = own.iter().all(|&axis| fc.sizes[axis] == Size::Known(1));
    if !is_constant || !is_float(fx) || !fx.covers(fc) {
        return None;
    }
    if !keepdims && !own.is_empty() {
        let axes: Vec<_> = own.iter().map(|&axis| axis as i64).collect();
        let axes = m.domain().ctx().i64_array(&axes);
        constant = with(m, "numpy.squeeze", &[("axes", axes)], &[constant])?;
    }
    let extreme = m.build(&op, Some(&payload), &[x])?;
    m.build("numpy.subtract", None, &[extreme, constant])
}

/// The mean of squared distances from the mean, over the same axes, as a variance, where that takes one pass.
fn variance(m: &mut Place<'_, '_>) -> Option<Class> {
    let x = m.class("x");
    let fact = m.fact(x);
    let rank = fact.rank();
    let (outer, inner) = (m.node("s").payload(), m.node("m").payload());
    let plain = outer.attr("dtype").is_none() && inner.attr("dtype").is_none();
    let ((over, keepdims), (before, kept)) = (reduced(outer, rank)?, reduced(inner, rank)?);
    // A mean without the axes is repeated along leading ones.
    let leading = (1..rank).all(|axis| before[axis - 1] || !before[axis]);
    let axes: Vec<_> = axes_of(&over).iter().map(|&axis| axis as i64).collect();
    guess_axis(fact.ty(), Some(&axes))?;
    if !plain || over != before || !kept && !leading {
        return None;
    }
    let ctx = m.domain().ctx();
    let mut attrs = vec![("axes", ctx.i64_array(&axes))];
    if keepdims {
        attrs.push(("keepdims", ctx.unit_attr()));
    }
    with(m, "numpy.var", &attrs, &[x])
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "reductions";
        // mean (x - mean x)² is a variance, which takes one pass over a large array
        Rule::apply(
            "variance",
            Numpy,
            "mean (x - mean x)² = var x",
            "(numpy.mean@s (numpy.square (numpy.subtract ?x (numpy.mean@m ?x))))",
            variance,
        ),
        fires: sample(
            FLOATS,
            "x: 70000x5x{t}",
            "%m = numpy.mean %x axes [0] : tensor<70000x5x{t}> -> tensor<5x{t}>\n\
             %d = numpy.subtract %x, %m : tensor<70000x5x{t}>, tensor<5x{t}> -> tensor<70000x5x{t}>\n\
             %q = numpy.square %d : tensor<70000x5x{t}> -> tensor<70000x5x{t}>\n\
             %r = numpy.mean %q axes [0] : tensor<70000x5x{t}> -> tensor<5x{t}>",
            "5x{t}",
            "np.var(x.astype(np.float64), axis=0).astype(x.dtype)",
        ),
        // Of a small array two passes are as good.
        not: sample(
            FLOATS,
            "x: 700x5x{t}",
            "%m = numpy.mean %x axes [0] : tensor<700x5x{t}> -> tensor<5x{t}>\n\
             %d = numpy.subtract %x, %m : tensor<700x5x{t}>, tensor<5x{t}> -> tensor<700x5x{t}>\n\
             %q = numpy.square %d : tensor<700x5x{t}> -> tensor<700x5x{t}>\n\
             %r = numpy.mean %q axes [0] : tensor<700x5x{t}> -> tensor<5x{t}>",
            "5x{t}",
            "np.var(x, axis=0)",
        );

        // Σ Σ x = Σ x, of integers
        Rule::apply(
            "sum-sum-integers",
            Exact,
            "Σᵢ Σⱼ x = Σᵢⱼ x",
            "(numpy.sum@outer (numpy.sum@inner ?x))",
            |m| is_int(m.fact_of("x")).then(|| over_both(m, "numpy.sum"))?,
        ),
        fires: sample(
            INTS,
            "x: {n}x{m}x{k}x{t}",
            "%a = numpy.sum %x axes [1] : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{k}x{w}>\n\
             %r = numpy.sum %a axes [-1] : tensor<{n}x{k}x{w}> -> tensor<{n}x{w}>",
            "{n}x{w}",
            "x.sum(1).sum(-1)",
        ),
        not: sample(
            INTS,
            "x: {n}x{m}x{k}x{t}",
            "%a = numpy.sum %x axes [1] : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{k}x{w}>\n\
             %r = numpy.max %a axes [] : tensor<{n}x{k}x{w}> -> tensor<{n}x{k}x{w}>",
            "{n}x{k}x{w}",
            "x.sum(1).max(())",
        );

        // Σ Σ x = Σ x, of floats: NumPy leaves the order of a sum open
        Rule::apply(
            "sum-sum",
            Numpy,
            "Σᵢ Σⱼ x = Σᵢⱼ x",
            "(numpy.sum@outer (numpy.sum@inner ?x))",
            |m| is_float(m.fact_of("x")).then(|| over_both(m, "numpy.sum"))?,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{k}x{t}",
            "%a = numpy.sum %x axes [0] keepdims : tensor<{n}x{m}x{k}x{t}> -> tensor<1x{m}x{k}x{t}>\n\
             %r = numpy.sum %a axes [-1] keepdims : tensor<1x{m}x{k}x{t}> -> tensor<1x{m}x1x{t}>",
            "1x{m}x1x{t}",
            "x.sum(0, keepdims=True).sum(-1, keepdims=True)",
        ),
        not: sample(
            FLOATS,
            "x: {n}x{m}x{k}x{t}",
            "%a = numpy.sum %x axes [0] : tensor<{n}x{m}x{k}x{t}> -> tensor<{m}x{k}x{t}>\n\
             %r = numpy.sum %a axes [-1] keepdims : tensor<{m}x{k}x{t}> -> tensor<{m}x1x{t}>",
            "{m}x1x{t}",
            "x.sum(0).sum(-1, keepdims=True)",
        );

        // any(¬x) = ¬all(x)
        Pattern {
            name: "any-not",
            fidelity: Exact,
            equation: "any(¬x) = ¬all(x)",
            left: "(numpy.logical_not (numpy.any@r (numpy.logical_not ?x)))",
            right: "(numpy.all@r ?x)",
        }
        .rule(),
        fires: sample(
            &["f64", "i1", "i8"],
            "x: {n}x{m}x{t}",
            "%a = numpy.logical_not %x : tensor<{n}x{m}x{t}> -> tensor<{n}x{m}xi1>\n\
             %b = numpy.any %a axes [0] : tensor<{n}x{m}xi1> -> tensor<{m}xi1>\n\
             %r = numpy.logical_not %b : tensor<{m}xi1> -> tensor<{m}xi1>",
            "{m}xi1",
            "~(np.logical_not(x).any(0))",
        ),
        not: sample(
            &["f64", "i1", "i8"],
            "x: {n}x{m}x{t}",
            "%b = numpy.any %x axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}xi1>\n\
             %r = numpy.logical_not %b : tensor<{m}xi1> -> tensor<{m}xi1>",
            "{m}xi1",
            "~(x.any(0))",
        );

        // Σ x·c = c·Σ x for one number c
        Pattern {
            name: "sum-of-multiples",
            fidelity: Relaxed,
            equation: "Σ x·c = c·Σ x",
            left: "(numpy.sum@s (numpy.multiply ?x ?c))",
            right: "(numpy.multiply (numpy.sum@s ?x) ?c)",
        }
        .rule()
        .when(|m| {
            let (x, c) = (m.fact_of("x"), m.fact_of("c"));
            is_float(x) && c.rank() == 0 && m.node("s").payload().attr("dtype").is_none()
        }),
        fires: sample(
            FLOATS,
            "x: {n}x{m}x{t}, c: {t}",
            "%a = numpy.multiply %x, %c : tensor<{n}x{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "(x * c).sum(0)",
        ),
        // Integers narrower than the sum wrap before it.
        not: sample(
            &["i8"],
            "x: {n}x{m}x{t}, c: {t}",
            "%a = numpy.multiply %x, %c : tensor<{n}x{m}x{t}>, tensor<{t}> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %a axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{w}>",
            "{m}x{w}",
            "(x * c).sum(0)",
        );

        // Max over axes in turn; of zeros of both signs the order decides
        Rule::apply(
            "max-max",
            Numpy,
            "max max x = max x",
            "(numpy.max@outer (numpy.max@inner ?x))",
            |m| over_both(m, "numpy.max"),
        ),
        fires: sample(
            &["f64", "i8"],
            "x: 2x{n}x3x{t}",
            "%a = numpy.max %x axes [2] : tensor<2x{n}x3x{t}> -> tensor<2x{n}x{t}>\n\
             %r = numpy.max %a axes [0] : tensor<2x{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x.max(2).max(0)",
        ),
        not: sample(
            FLOATS,
            "x: 2x{n}x3x{t}",
            "%a = numpy.max %x axes [2] : tensor<2x{n}x3x{t}> -> tensor<2x{n}x{t}>\n\
             %r = numpy.min %a axes [0] : tensor<2x{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x.max(2).min(0)",
        );

        // Min over axes in turn; of zeros of both signs the order decides
        Rule::apply(
            "min-min",
            Numpy,
            "min min x = min x",
            "(numpy.min@outer (numpy.min@inner ?x))",
            |m| over_both(m, "numpy.min"),
        ),
        fires: sample(
            &["f64", "ui16"],
            "x: 2x{n}x3x{t}",
            "%a = numpy.min %x axes [2] : tensor<2x{n}x3x{t}> -> tensor<2x{n}x{t}>\n\
             %r = numpy.min %a axes [0] : tensor<2x{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x.min(2).min(0)",
        ),
        not: sample(
            FLOATS,
            "x: 2x{n}x3x{t}",
            "%a = numpy.min %x axes [2] : tensor<2x{n}x3x{t}> -> tensor<2x{n}x{t}>\n\
             %r = numpy.max %a axes [0] : tensor<2x{n}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "x.min(2).max(0)",
        );

        // Any over axes in turn
        Rule::apply(
            "any-any",
            Exact,
            "any any x = any x",
            "(numpy.any@outer (numpy.any@inner ?x))",
            |m| over_both(m, "numpy.any"),
        ),
        fires: sample(
            &["f64", "i1"],
            "x: {m}x{n}x{k}x{t}",
            "%a = numpy.any %x axes [2] : tensor<{m}x{n}x{k}x{t}> -> tensor<{m}x{n}xi1>\n\
             %r = numpy.any %a axes [0] : tensor<{m}x{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "x.any(2).any(0)",
        ),
        not: sample(
            &["f64", "i1"],
            "x: {m}x{n}x{k}x{t}",
            "%a = numpy.any %x axes [2] : tensor<{m}x{n}x{k}x{t}> -> tensor<{m}x{n}xi1>\n\
             %r = numpy.all %a axes [0] : tensor<{m}x{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "x.any(2).all(0)",
        );

        // All over axes in turn
        Rule::apply(
            "all-all",
            Exact,
            "all all x = all x",
            "(numpy.all@outer (numpy.all@inner ?x))",
            |m| over_both(m, "numpy.all"),
        ),
        fires: sample(
            &["f64", "i1"],
            "x: {m}x{n}x{k}x{t}",
            "%a = numpy.all %x axes [2] : tensor<{m}x{n}x{k}x{t}> -> tensor<{m}x{n}xi1>\n\
             %r = numpy.all %a axes [0] : tensor<{m}x{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "x.all(2).all(0)",
        ),
        not: sample(
            &["f64", "i1"],
            "x: {m}x{n}x{k}x{t}",
            "%a = numpy.all %x axes [2] : tensor<{m}x{n}x{k}x{t}> -> tensor<{m}x{n}xi1>\n\
             %r = numpy.any %a axes [0] : tensor<{m}x{n}xi1> -> tensor<{n}xi1>",
            "{n}xi1",
            "x.all(2).any(0)",
        );

        // max(x - c) = max(x) - c, c the same along the axes
        Rule::apply(
            "max-minus-constant",
            Relaxed,
            "max(x - c) = max(x) - c",
            "(numpy.max@r (numpy.subtract ?x ?c))",
            minus_constant,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x5x{t}, c: {n}x1x{t}",
            "%d = numpy.subtract %x, %c : tensor<{n}x5x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x5x{t}>\n\
             %r = numpy.max %d axes [1] : tensor<{n}x5x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(x - c).max(1)",
        ),
        // The other way round it is the opposite extreme.
        not: sample(
            FLOATS,
            "x: {n}x5x{t}, c: {n}x1x{t}",
            "%d = numpy.subtract %c, %x : tensor<{n}x1x{t}>, tensor<{n}x5x{t}> -> tensor<{n}x5x{t}>\n\
             %r = numpy.max %d axes [1] : tensor<{n}x5x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(c - x).max(1)",
        );

        // min(x - c) = min(x) - c, c the same along the axes
        Rule::apply(
            "min-minus-constant",
            Relaxed,
            "min(x - c) = min(x) - c",
            "(numpy.min@r (numpy.subtract ?x ?c))",
            minus_constant,
        ),
        fires: sample(
            FLOATS,
            "x: {n}x5x{t}, c: {n}x1x{t}",
            "%d = numpy.subtract %x, %c : tensor<{n}x5x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x5x{t}>\n\
             %r = numpy.min %d axes [1] : tensor<{n}x5x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(x - c).min(1)",
        ),
        // The other way round it is the opposite extreme.
        not: sample(
            FLOATS,
            "x: {n}x5x{t}, c: {n}x1x{t}",
            "%d = numpy.subtract %c, %x : tensor<{n}x1x{t}>, tensor<{n}x5x{t}> -> tensor<{n}x5x{t}>\n\
             %r = numpy.min %d axes [1] : tensor<{n}x5x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(c - x).min(1)",
        );
    }
}
