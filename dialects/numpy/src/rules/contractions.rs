//! Sums of products as contractions, which need no memory for the products.

use npir_egraph::Fidelity::{Numpy, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, axes_of, expanded, number, reduced, reduction, with};
use super::{FLOATS, Listed, is_float, list, sample};
use crate::einsum::Einsum;
use crate::optimize::{Fact, Size, View};

/// An operand of a broadcast function: for each axis of the result, its own size there.
fn size_at(fact: &Fact<'_>, rank: usize, axis: usize) -> Option<Size> {
    let own = (axis + fact.rank()).checked_sub(rank)?;
    Some(fact.sizes[own]).filter(|size| *size != Size::Known(1))
}

/// Whether each of two operands has an axis that the other one repeats: their product is larger than both.
fn spreads(a: &Fact<'_>, b: &Fact<'_>, rank: usize) -> bool {
    let has = |fact: &Fact<'_>, axis| size_at(fact, rank, axis).is_some();
    (0..rank).any(|axis| has(a, axis) && !has(b, axis))
        && (0..rank).any(|axis| has(b, axis) && !has(a, axis))
}

/// Whether two operands fit together for certain, whatever the sizes turn out to be.
fn fits(a: &Fact<'_>, b: &Fact<'_>, rank: usize) -> bool {
    (0..rank).all(
        |axis| match (size_at(a, rank, axis), size_at(b, rank, axis)) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        },
    )
}

/// The letters of the base of a view, whose dimensions are the last ones of `rank`; `None` where a dimension of the
/// base is not to be seen.
fn subscripts(view: &View, base_rank: usize, rank: usize) -> Option<String> {
    let lead = rank - view.dims.len();
    let letter = |own: usize| {
        let axis = view.dims.iter().position(|dim| *dim == Some(own))?;
        Some(char::from(b'a' + u8::try_from(lead + axis).ok()?))
    };
    (0..base_rank).map(letter).collect()
}

/// Σ over axes of a·b as an `einsum` of what `a` and `b` are views of.
fn contraction(
    m: &mut Place<'_, '_>,
    [a, b]: [Class; 2],
    mask: &[bool],
    keepdims: bool,
) -> Option<Class> {
    let rank = mask.len();
    let (fa, fb) = (m.fact(a), m.fact(b));
    if rank > 20 || !spreads(fa, fb, rank) || !fits(fa, fb, rank) {
        return None;
    }
    let graph = m.graph();
    let views = [View::of(graph, a), View::of(graph, b)];
    let mut inputs = Vec::new();
    for view in &views {
        inputs.push(subscripts(view, graph.fact(view.base).rank(), rank)?);
    }
    // An axis that neither base has is of size 1, and comes back as a new one.
    let letters: Vec<_> = (b'a'..).take(rank).map(char::from).collect();
    let present = |axis: usize| inputs.iter().any(|own| own.contains(letters[axis]));
    let kept: Vec<_> = (0..rank).filter(|&axis| !mask[axis]).collect();
    let output: String = kept
        .iter()
        .filter(|&&axis| present(axis))
        .map(|&axis| letters[axis])
        .collect();
    let new: Vec<_> = match keepdims {
        true => (0..rank)
            .filter(|&axis| mask[axis] || !present(axis))
            .collect(),
        false => (0..kept.len()).filter(|&i| !present(kept[i])).collect(),
    };
    let text = format!("{},{}->{output}", inputs[0], inputs[1]);
    let text = m.domain().ctx().str_attr(&text);
    let bases = views.map(|view| view.base);
    let value = with(m, Einsum::NAME, &[("subscripts", text)], &bases)?;
    expanded(m, value, &new)
}

/// The axes that the sum named `s` reduces, where it adds floats of 32 bits or more as they are.
fn plain_sum(m: &Place<'_, '_>, rank: usize) -> Option<(Vec<bool>, bool)> {
    let payload = m.node("s").payload();
    let wide = |fact: &Fact<'_>| fact.dtype().is_some_and(|dtype| dtype.bits() >= 32);
    let result = m.fact(m.root());
    (payload.attr("dtype").is_none() && is_float(result) && wide(result))
        .then(|| reduced(payload, rank))?
}

fn rank_of(m: &Place<'_, '_>, a: Class, b: Class) -> usize {
    m.fact(a).rank().max(m.fact(b).rank())
}

/// Σ (a - b)² = Σ a² + Σ b² - 2·Σ a·b, where a and b are repeated along different axes.
fn distances(m: &mut Place<'_, '_>, [a, b]: [Class; 2]) -> Option<Class> {
    let rank = rank_of(m, a, b);
    let (mask, keepdims) = plain_sum(m, rank)?;
    let dtype = m.fact(a).dtype()?;
    // A square that is repeated along a summed axis would count more than once.
    let summed_by_both = |m: &Place<'_, '_>| {
        axes_of(&mask).into_iter().all(|axis| {
            let (a, b) = (
                size_at(m.fact(a), rank, axis),
                size_at(m.fact(b), rank, axis),
            );
            a.is_some() && a == b
        })
    };
    if !summed_by_both(m) || axes_of(&mask).is_empty() {
        return None;
    }
    let products = contraction(m, [a, b], &mask, keepdims)?;
    let mut norms = Vec::new();
    for x in [a, b] {
        let own = m.fact(x).rank();
        let axes: Vec<_> = axes_of(&mask)
            .into_iter()
            .map(|axis| axis + own - rank)
            .collect();
        // The squares of what it is a view of: its other axes are not repeated.
        let square = m.build("numpy.square", None, &[x])?;
        norms.push(reduction(m, "numpy.sum", square, &axes, keepdims)?);
    }
    let two = number(m, dtype, 2.0)?;
    let cross = m.build("numpy.multiply", None, &[products, two])?;
    // In both groupings: rules for positions of extremes look for either.
    let rest = m.build("numpy.subtract", None, &[norms[1], cross])?;
    let first = m.build("numpy.add", None, &[norms[0], rest])?;
    let rest = m.build("numpy.subtract", None, &[norms[0], cross])?;
    let second = m.build("numpy.add", None, &[norms[1], rest])?;
    m.equate(first, second);
    Some(first)
}

/// A contraction of two matrices over one axis as a product of matrices.
fn as_product(m: &mut Place<'_, '_>) -> Option<Class> {
    let (a, b) = (m.class("a"), m.class("b"));
    let wide = m.fact(a).dtype().is_some_and(|dtype| dtype.bits() >= 32);
    let text = m.node("e").payload().attr("subscripts")?.as_str()?;
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (inputs, output) = text.split_once("->")?;
    let (left, right) = inputs.split_once(',')?;
    let letters = |text: &str| <[char; 2]>::try_from(text.chars().collect::<Vec<_>>()).ok();
    let (left, right, output) = (letters(left)?, letters(right)?, letters(output)?);
    let inner = *left.iter().find(|letter| right.contains(letter))?;
    let outer = |own: [char; 2]| own.into_iter().find(|letter| *letter != inner);
    let (row, column) = (outer(left)?, outer(right)?);
    let same_size = {
        let own = |class, at: bool| m.fact(class).sizes.get(usize::from(at)).copied();
        own(a, left[1] == inner)? == own(b, right[1] == inner)?
    };
    if row == column || !wide || !is_float(m.fact(a)) || !same_size {
        return None;
    }
    let turned = |m: &mut Place<'_, '_>, x| m.build("numpy.transpose", None, &[x]);
    let a = if left[0] == inner { turned(m, a)? } else { a };
    let b = if right[1] == inner { turned(m, b)? } else { b };
    let product = m.build("numpy.matmul", None, &[a, b])?;
    match output {
        _ if output == [row, column] => Some(product),
        _ if output == [column, row] => turned(m, product),
        _ => None,
    }
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "contractions";
        // A contraction of matrices over one axis is a product, for which there are more rules
        Rule::apply(
            "einsum-product",
            Numpy,
            "einsum(\"ji,jk->ik\", a, b) = aᵀ·b",
            "(numpy.einsum@e ?a ?b)",
            as_product,
        ),
        fires: sample(
            FLOATS,
            "a: {k}x{n}x{t}, b: {k}x{m}x{t}",
            "%r = numpy.einsum \"ji,jk->ki\", %a, %b : tensor<{k}x{n}x{t}>, tensor<{k}x{m}x{t}> -> tensor<{m}x{n}x{t}>",
            "{m}x{n}x{t}",
            "np.einsum('ji,jk->ki', a, b)",
        ),
        // Nothing is summed.
        not: sample(
            FLOATS,
            "a: {k}x{n}x{t}, b: {k}x{n}x{t}",
            "%r = numpy.einsum \"ji,ji->ij\", %a, %b : tensor<{k}x{n}x{t}>, tensor<{k}x{n}x{t}> -> tensor<{n}x{k}x{t}>",
            "{n}x{k}x{t}",
            "np.einsum('ji,ji->ij', a, b)",
        );

        // Σ a·b as a contraction, where a and b are repeated along different axes
        Rule::apply(
            "sum-of-products",
            Numpy,
            "Σⱼ aᵢⱼ·bⱼₖ = einsum(a, b)",
            "(numpy.sum@s (numpy.multiply ?a ?b))",
            |m| {
                let (a, b) = (m.class("a"), m.class("b"));
                let (mask, keepdims) = plain_sum(m, rank_of(m, a, b))?;
                contraction(m, [a, b], &mask, keepdims)
            },
        ),
        fires: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {m}x{k}x{t}",
            "%x = numpy.expand_dims %a axes [1] : tensor<{n}x{k}x{t}> -> tensor<{n}x1x{k}x{t}>\n\
             %p = numpy.multiply %x, %b : tensor<{n}x1x{k}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{m}x{k}x{t}>\n\
             %r = numpy.sum %p axes [-1] : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "(a[:, None] * b).sum(-1)",
        ),
        // No axis is repeated: the sum reads each element once as it is.
        not: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {n}x{k}x{t}",
            "%p = numpy.multiply %a, %b : tensor<{n}x{k}x{t}>, tensor<{n}x{k}x{t}> -> tensor<{n}x{k}x{t}>\n\
             %r = numpy.sum %p axes [-1] : tensor<{n}x{k}x{t}> -> tensor<{n}x{t}>",
            "{n}x{t}",
            "(a * b).sum(-1)",
        );

        // Σ (a - b)² = Σ a² + Σ b² - 2·Σ a·b
        Rule::apply(
            "squared-distances",
            Relaxed,
            "Σ (a - b)² = Σ a² + Σ b² - 2·Σ a·b",
            "(numpy.sum@s (numpy.square (numpy.subtract ?a ?b)))",
            |m| distances(m, [m.class("a"), m.class("b")]),
        ),
        fires: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {m}x{k}x{t}",
            "%x = numpy.expand_dims %a axes [1] : tensor<{n}x{k}x{t}> -> tensor<{n}x1x{k}x{t}>\n\
             %y = numpy.expand_dims %b axes [0] : tensor<{m}x{k}x{t}> -> tensor<1x{m}x{k}x{t}>\n\
             %d = numpy.subtract %x, %y : tensor<{n}x1x{k}x{t}>, tensor<1x{m}x{k}x{t}> -> tensor<{n}x{m}x{k}x{t}>\n\
             %q = numpy.square %d : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{m}x{k}x{t}>\n\
             %r = numpy.sum %q axes [-1] : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "((a[:, None] - b[None]) ** 2).sum(-1)",
        ),
        // The sum runs along an axis that one of them repeats.
        not: sample(
            FLOATS,
            "a: {n}x{k}x{t}, b: {m}x{k}x{t}",
            "%x = numpy.expand_dims %a axes [1] : tensor<{n}x{k}x{t}> -> tensor<{n}x1x{k}x{t}>\n\
             %d = numpy.subtract %x, %b : tensor<{n}x1x{k}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{m}x{k}x{t}>\n\
             %q = numpy.square %d : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{m}x{k}x{t}>\n\
             %r = numpy.sum %q axes [1] : tensor<{n}x{m}x{k}x{t}> -> tensor<{n}x{k}x{t}>",
            "{n}x{k}x{t}",
            "((a[:, None] - b) ** 2).sum(1)",
        );
    }
}
