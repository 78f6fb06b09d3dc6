//! Sums, means and numbers of the rows that belong together.

use npir_egraph::Fidelity::{Exact, Numpy, Relaxed};
use npir_egraph::{Class, Rule};
use npir_mlir::prelude::*;

use super::build::{Place, axes_of, broadcast_to, expanded, number, reduced, with};
use super::one_hot::{self, Labels, OneHot};
use super::{FLOATS, Listed, is_float, is_int, list, sample};
use crate::elementwise::dtype::DType;
use crate::full::Iota;
use crate::indexing::Items;
use crate::optimize::{Payload, Size};
use crate::views::BroadcastTo;

/// `x` transposed so that dimension `i` of the result is dimension `order[i]`.
fn transposed(m: &mut Place<'_, '_>, x: Class, order: &[usize]) -> Option<Class> {
    if order.iter().enumerate().all(|(i, &axis)| i == axis) {
        return Some(x);
    }
    let order: Vec<_> = order.iter().map(|&axis| axis as i64).collect();
    let order = m.domain().ctx().i64_array(&order);
    with(m, "numpy.transpose", &[("axes", order)], &[x])
}

/// Whether `a` and `x` are matrices of floats whose axes `inner` and `of_x` a product sums over.
fn one_hot_factor(m: &Place<'_, '_>, inner: usize, of_x: usize) -> Option<OneHot> {
    let (a, x) = (m.class("a"), m.class("x"));
    let (fa, fx) = (m.fact(a), m.fact(x));
    let matrices = fa.rank() == 2 && fx.rank() == 2 && is_float(fx);
    (matrices && fa.sizes[inner] == fx.sizes[of_x]).then(|| OneHot::of_numbers(m, a))?
}

/// [lⱼ = i]·x: sums of rows of x.
fn sums_of_rows(m: &mut Place<'_, '_>) -> Option<Class> {
    let hot = one_hot_factor(m, 1, 0).filter(|hot| hot.along == 1)?;
    let x = m.class("x");
    hot.sums(m, x)
}

/// x·[lᵢ = j]: sums of columns of x.
fn sums_of_columns(m: &mut Place<'_, '_>) -> Option<Class> {
    let hot = one_hot_factor(m, 0, 1).filter(|hot| hot.along == 0)?;
    let x = m.class("x");
    let x = transposed(m, x, &[1, 0])?;
    let sums = hot.sums(m, x)?;
    transposed(m, sums, &[1, 0])
}

/// [lᵢ = j]·x: rows of x.
fn chosen_rows(m: &mut Place<'_, '_>) -> Option<Class> {
    let hot = one_hot_factor(m, 1, 0).filter(|hot| hot.along == 0)?;
    // Each label must have its row.
    if hot.labels(m) != Labels::AllCounted {
        return None;
    }
    let ctx = m.domain().ctx();
    let attrs = [
        ("items", Items::encode(ctx, &Vec::new())),
        ("places", ctx.i64_array(&[0])),
        ("operandSegmentSizes", ctx.i32_array(&[1, 1, 0])),
    ];
    let x = m.class("x");
    with(m, "numpy.index", &attrs, &[x, hot.labels])
}

/// `x` without a dimension along which it is repeated; the others are repeated where they were.
fn without_axis(m: &mut Place<'_, '_>, x: Class, axis: usize) -> Option<Class> {
    let fact = m.fact(x);
    let (rank, dims) = (fact.rank(), fact.ty().dims());
    if fact.sizes[axis] == Size::Known(1) {
        let attr = m.domain().ctx().i64_array(&[axis as i64]);
        return with(m, "numpy.squeeze", &[("axes", attr)], &[x]);
    }
    let graph = m.graph();
    let repeats = graph.nodes(x).find(|node| node.op() == BroadcastTo::NAME)?;
    let mut y = repeats.child(0);
    let lead = rank - graph.fact(y).rank();
    if axis >= lead {
        let own = axis - lead;
        if graph.fact(y).sizes[own] != Size::Known(1) {
            return None;
        }
        let attr = m.domain().ctx().i64_array(&[own as i64]);
        y = with(m, "numpy.squeeze", &[("axes", attr)], &[y])?;
    }
    let (mut rest, mut sizes) = (dims, m.fact(x).sizes.clone());
    rest.remove(axis);
    sizes.remove(axis);
    if m.fact(y).sizes == sizes {
        return Some(y);
    }
    if rest.contains(&DYNAMIC) {
        return None;
    }
    broadcast_to(m, y, &rest)
}

/// Σ of the elements of `x` where labels equal numbers, over the axis of the labels: the sums, and what is one-hot.
fn segment_sums(m: &mut Place<'_, '_>) -> Option<(Class, OneHot)> {
    let (mut x, mask) = (m.class("x"), m.class("c"));
    let payload = m.node("s").payload();
    let rank = m.fact(x).rank();
    let lead = rank.checked_sub(m.fact(mask).rank())?;
    let (over, keepdims) = reduced(payload, rank)?;
    if keepdims || payload.attr("dtype").is_some() {
        return None;
    }
    let mut hot = OneHot::of(m, mask)?;
    hot.along += lead;
    hot.across += lead;
    let summed = axes_of(&over) == [hot.along];
    let fits = m.fact(x).sizes[hot.along] == *m.fact(hot.labels).sizes.first()?
        && m.fact(x).sizes[hot.across] == hot.count.size();
    if !summed || !fits {
        return None;
    }
    x = without_axis(m, x, hot.across)?;
    // The labels' axis first.
    let along = hot.along - usize::from(hot.across < hot.along);
    let mut order: Vec<_> = (0..rank - 1).collect();
    order.remove(along);
    order.insert(0, along);
    let rows = transposed(m, x, &order)?;
    let element = m.fact(m.root()).ty().element();
    let rows = one_hot::converted(m, rows, element)?;
    let sums = hot.sums(m, rows)?;
    Some((in_place(m, sums, rank, hot)?, hot))
}

/// The result with the numbers' axis first, with that axis where a sum over the labels' axis has it.
fn in_place(m: &mut Place<'_, '_>, value: Class, rank: usize, hot: OneHot) -> Option<Class> {
    let across = hot.across - usize::from(hot.along < hot.across);
    let mut order: Vec<_> = (1..rank - 1).collect();
    order.insert(across, 0);
    transposed(m, value, &order)
}

/// The mean of the same.
fn segment_means(m: &mut Place<'_, '_>) -> Option<Class> {
    let (sums, hot) = segment_sums(m)?;
    let counts = hot.counts(m)?;
    let element = m.fact(sums).ty().element();
    let counts = one_hot::converted(m, counts, element)?;
    let across = hot.across - usize::from(hot.along < hot.across);
    let after: Vec<_> = (1..m.fact(sums).rank() - across).collect();
    let counts = expanded(m, counts, &after)?;
    m.build("numpy.divide", None, &[sums, counts])
}

/// How many labels equal each number: what a sum of a one-hot matrix over the axis of the labels counts.
fn segment_counts(
    m: &mut Place<'_, '_>,
    of: fn(&Place<'_, '_>, Class) -> Option<OneHot>,
) -> Option<Class> {
    let a = m.class("a");
    let hot = (m.fact(a).rank() == 2).then(|| of(m, a))??;
    let payload = m.node("s").payload();
    let (over, keepdims) = reduced(payload, 2)?;
    if keepdims || payload.attr("dtype").is_some() || axes_of(&over) != [hot.along] {
        return None;
    }
    hot.counts(m)
}

/// The same in the type of the result.
fn converted_counts(
    m: &mut Place<'_, '_>,
    of: fn(&Place<'_, '_>, Class) -> Option<OneHot>,
) -> Option<Class> {
    let counts = segment_counts(m, of)?;
    let element = m.fact(m.root()).ty().element();
    one_hot::converted(m, counts, element)
}

/// Whether any label equals each number.
fn segment_any(m: &mut Place<'_, '_>) -> Option<Class> {
    let counts = segment_counts(m, OneHot::of)?;
    let zero = number(m, DType::Int(64), 0.0)?;
    m.build("numpy.greater", None, &[counts, zero])
}

/// The rows of eye(k) at positions: whether each position is each number. What is out of bounds stays an error.
fn rows_of_eye(m: &mut Place<'_, '_>) -> Option<Class> {
    let (eye, labels) = (m.class("e"), m.class("l"));
    let payload = m.node("i").payload();
    let plain = payload.attr("items").and_then(Items::decode)?.is_empty();
    let like = *payload;
    let graph = m.graph();
    let is_eye = graph.nodes(eye).any(|node| {
        node.op() == "numpy.eye" && node.payload().attr("k").and_then(I64::decode).unwrap_or(0) == 0
    });
    let (fe, fl) = (m.fact(eye), m.fact(labels));
    let [Size::Known(rows), Size::Known(columns)] = fe.sizes[..] else {
        return None;
    };
    if !plain || !is_eye || rows != columns || fl.rank() != 1 || !is_int(fl) {
        return None;
    }
    let element = fe.ty().element();
    let inside = matches!(fl.bounds, Some((low, high)) if low >= 0 && high < rows);
    let ctx = m.domain().ctx();
    let long = DType::Int(64).ty(ctx);
    let attrs = ctx.dict_attr(&[("shape", ctx.i64_array(&[rows]))]);
    let ty = ctx.tensor(&[rows], long);
    let numbers = m.add(Iota::NAME, Payload { attrs, ty }, &[]);
    let labels = match inside {
        true => one_hot::converted(m, labels, long)?,
        false => m.build("numpy.index", Some(&like), &[numbers, labels])?,
    };
    one_hot::rows(m, labels, numbers, element)
}

pub(super) fn rules<'c>() -> Vec<Listed<'c>> {
    list! { "segments";
        // (l = i)ᵀ·x: sums of the rows with equal labels. 0·∞ is no part of them.
        Rule::apply(
            "one-hot-product",
            Relaxed,
            "Σⱼ [lⱼ = i]·xⱼ = add.at(0, l, x)",
            "(numpy.matmul ?a ?x)",
            sums_of_rows,
        ),
        fires: sample(
            FLOATS,
            "s: {n}x{m}x{t}, x: {n}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %h = numpy.transpose %c : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.matmul %h, %x : tensor<{m}x{n}x{t}>, tensor<{n}x{k}x{t}> -> tensor<{m}x{k}x{t}>",
            "{m}x{k}x{t}",
            "(s.argmin(1)[:, None] == np.arange({m})).astype(x.dtype).T @ x",
        ),
        not: sample(
            FLOATS,
            "s: {n}x{m}x{t}, x: {n}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.less %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %h = numpy.transpose %c : tensor<{n}x{m}x{t}> -> tensor<{m}x{n}x{t}>\n\
             %r = numpy.matmul %h, %x : tensor<{m}x{n}x{t}>, tensor<{n}x{k}x{t}> -> tensor<{m}x{k}x{t}>",
            "{m}x{k}x{t}",
            "(s.argmin(1)[:, None] < np.arange({m})).astype(x.dtype).T @ x",
        );

        // x·(l = i): sums of the columns with equal labels
        Rule::apply(
            "product-one-hot",
            Relaxed,
            "Σᵢ xᵢ·[lᵢ = j] = add.at(0, l, xᵀ)ᵀ",
            "(numpy.matmul ?x ?a)",
            sums_of_columns,
        ),
        fires: sample(
            FLOATS,
            "s: {n}x{m}x{t}, x: {n}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %y = numpy.transpose %x : tensor<{n}x{k}x{t}> -> tensor<{k}x{n}x{t}>\n\
             %r = numpy.matmul %y, %c : tensor<{k}x{n}x{t}>, tensor<{n}x{m}x{t}> -> tensor<{k}x{m}x{t}>",
            "{k}x{m}x{t}",
            "x.T @ (s.argmin(1)[:, None] == np.arange({m})).astype(x.dtype)",
        ),
        not: sample(
            FLOATS,
            "s: {n}x{m}x{t}, x: {n}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.less %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %y = numpy.transpose %x : tensor<{n}x{k}x{t}> -> tensor<{k}x{n}x{t}>\n\
             %r = numpy.matmul %y, %c : tensor<{k}x{n}x{t}>, tensor<{n}x{m}x{t}> -> tensor<{k}x{m}x{t}>",
            "{k}x{m}x{t}",
            "x.T @ (s.argmin(1)[:, None] < np.arange({m})).astype(x.dtype)",
        );

        // (l = i)·x: the row of each label
        Rule::apply(
            "one-hot-rows",
            Relaxed,
            "Σⱼ [lᵢ = j]·xⱼ = x[lᵢ]",
            "(numpy.matmul ?a ?x)",
            chosen_rows,
        ),
        fires: sample(
            FLOATS,
            "s: {n}x{m}x{t}, y: {m}x{k}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.matmul %c, %y : tensor<{n}x{m}x{t}>, tensor<{m}x{k}x{t}> -> tensor<{n}x{k}x{t}>",
            "{n}x{k}x{t}",
            "(s.argmin(1)[:, None] == np.arange({m})).astype(y.dtype) @ y",
        ),
        // Labels that may be anything: those that are no row give zeros.
        not: sample(
            FLOATS,
            "l: {n}xi64, y: 3x{k}x{t}",
            "%i = numpy.iota shape [3] : tensor<3xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<3xi64> -> tensor<{n}x3xi1>\n\
             %c = numpy.cast %e : tensor<{n}x3xi1> -> tensor<{n}x3x{t}>\n\
             %r = numpy.matmul %c, %y : tensor<{n}x3x{t}>, tensor<3x{k}x{t}> -> tensor<{n}x{k}x{t}>",
            "{n}x{k}x{t}",
            "(l[:, None] == np.arange(3)).astype(y.dtype) @ y",
        );

        // eye(k)[l] is (l = i) as numbers; positions from the end are those from the beginning first
        Rule::apply(
            "rows-of-eye",
            Exact,
            "eye(k)[lᵢ] = [lᵢ = j]",
            "(numpy.index@i ?e ?l)",
            rows_of_eye,
        ),
        fires: sample(
            FLOATS,
            "s: {n}x{m}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %o = numpy.constant dense<-1> : tensor<i64>\n\
             %p = numpy.multiply %l, %o : tensor<{n}xi64>, tensor<i64> -> tensor<{n}xi64>\n\
             %e = numpy.eye shape [{m}, {m}] : tensor<{m}x{m}x{t}>\n\
             %r = numpy.index %e[array %p] : tensor<{m}x{m}x{t}>, tensor<{n}xi64> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.eye({m}, dtype=s.dtype)[-s.argmin(1)]",
        ),
        // Ones beside the diagonal.
        not: sample(
            FLOATS,
            "s: {n}x{m}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %e = numpy.eye shape [{m}, {m}] {k = 1 : i64} : tensor<{m}x{m}x{t}>\n\
             %r = numpy.index %e[array %l] : tensor<{m}x{m}x{t}>, tensor<{n}xi64> -> tensor<{n}x{m}x{t}>",
            "{n}x{m}x{t}",
            "np.eye({m}, k=1, dtype=s.dtype)[s.argmin(1)]",
        );

        // The sum of the rows for which a label is each of some numbers. Labels that are none of them add nothing.
        Rule::apply(
            "segment-sum",
            Numpy,
            "Σⱼ (xⱼ where lⱼ = i) = add.at(0, l, x)",
            "(numpy.sum@s ?x ?c)",
            |m| segment_sums(m).map(|(sums, _)| sums),
        ),
        fires: sample(
            FLOATS,
            "l: {n}xi8, x: {n}x{k}x{t}",
            "%i = numpy.iota shape [3] : tensor<3xi8>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi8> -> tensor<{n}x1xi8>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi8>, tensor<3xi8> -> tensor<{n}x3xi1>\n\
             %c = numpy.expand_dims %e axes [1] : tensor<{n}x3xi1> -> tensor<{n}x1x3xi1>\n\
             %y = numpy.expand_dims %x axes [2] : tensor<{n}x{k}x{t}> -> tensor<{n}x{k}x1x{t}>\n\
             %z = numpy.broadcast_to %y shape [{n}, {k}, 3] : tensor<{n}x{k}x1x{t}> -> tensor<{n}x{k}x3x{t}>\n\
             %r = numpy.sum %z axes [0] where %c : tensor<{n}x{k}x3x{t}> where tensor<{n}x1x3xi1> -> tensor<{k}x3x{t}>",
            "{k}x3x{t}",
            "np.where((l[:, None] == np.arange(3))[:, None], x[:, :, None], x.dtype.type(0)).sum(0)",
        ),
        // Another axis is summed.
        not: sample(
            FLOATS,
            "l: {n}xi8, x: {n}x{k}x{t}",
            "%i = numpy.iota shape [3] : tensor<3xi8>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi8> -> tensor<{n}x1xi8>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi8>, tensor<3xi8> -> tensor<{n}x3xi1>\n\
             %c = numpy.expand_dims %e axes [1] : tensor<{n}x3xi1> -> tensor<{n}x1x3xi1>\n\
             %y = numpy.expand_dims %x axes [2] : tensor<{n}x{k}x{t}> -> tensor<{n}x{k}x1x{t}>\n\
             %z = numpy.broadcast_to %y shape [{n}, {k}, 3] : tensor<{n}x{k}x1x{t}> -> tensor<{n}x{k}x3x{t}>\n\
             %r = numpy.sum %z axes [1] where %c : tensor<{n}x{k}x3x{t}> where tensor<{n}x1x3xi1> -> tensor<{n}x3x{t}>",
            "{n}x3x{t}",
            "np.where((l[:, None] == np.arange(3))[:, None], x[:, :, None], x.dtype.type(0)).sum(1)",
        );

        // The mean of the same
        Rule::apply(
            "segment-mean",
            Numpy,
            "meanⱼ (xⱼ where lⱼ = i) = add.at(0, l, x) / add.at(0, l, 1)",
            "(numpy.mean@s ?x ?c)",
            segment_means,
        ),
        fires: sample(
            FLOATS,
            "l: {n}xi64, x: {n}x{k}x{t}",
            "%i = numpy.iota shape [3] : tensor<3xi64>\n\
             %a = numpy.expand_dims %i axes [1] : tensor<3xi64> -> tensor<3x1xi64>\n\
             %e = numpy.equal %l, %a : tensor<{n}xi64>, tensor<3x1xi64> -> tensor<3x{n}xi1>\n\
             %c = numpy.expand_dims %e axes [2] : tensor<3x{n}xi1> -> tensor<3x{n}x1xi1>\n\
             %z = numpy.broadcast_to %x shape [3, {n}, {k}] : tensor<{n}x{k}x{t}> -> tensor<3x{n}x{k}x{t}>\n\
             %r = numpy.mean %z axes [1] where %c : tensor<3x{n}x{k}x{t}> where tensor<3x{n}x1xi1> -> tensor<3x{k}x{t}>",
            "3x{k}x{t}",
            "np.where((l == np.arange(3)[:, None])[..., None], x, x.dtype.type(0)).sum(1) / (l == np.arange(3)[:, None]).sum(1).astype(x.dtype)[:, None]",
        ),
        // Each number is counted from 1.
        not: sample(
            FLOATS,
            "l: {n}xi64, x: {n}x{k}x{t}",
            "%one = numpy.constant dense<1> : tensor<i64>\n\
             %i = numpy.arange %one, %one shape [3] : tensor<i64>, tensor<i64> -> tensor<3xi64>\n\
             %a = numpy.expand_dims %i axes [1] : tensor<3xi64> -> tensor<3x1xi64>\n\
             %e = numpy.equal %l, %a : tensor<{n}xi64>, tensor<3x1xi64> -> tensor<3x{n}xi1>\n\
             %c = numpy.expand_dims %e axes [2] : tensor<3x{n}xi1> -> tensor<3x{n}x1xi1>\n\
             %z = numpy.broadcast_to %x shape [3, {n}, {k}] : tensor<{n}x{k}x{t}> -> tensor<3x{n}x{k}x{t}>\n\
             %r = numpy.mean %z axes [1] where %c : tensor<3x{n}x{k}x{t}> where tensor<3x{n}x1xi1> -> tensor<3x{k}x{t}>",
            "3x{k}x{t}",
            "np.where((l == np.arange(1, 4)[:, None])[..., None], x, x.dtype.type(0)).sum(1) / (l == np.arange(1, 4)[:, None]).sum(1).astype(x.dtype)[:, None]",
        );

        // How many labels equal each number
        Rule::apply(
            "segment-count",
            Exact,
            "Σⱼ [lⱼ = i] = add.at(0, l, 1)",
            "(numpy.sum@s ?a)",
            |m| converted_counts(m, OneHot::of),
        ),
        fires: sample(
            &["i64", "i8", "ui16"],
            "l: {n}x{t}",
            "%i = numpy.iota shape [3] : tensor<3x{t}>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}x{t}> -> tensor<{n}x1x{t}>\n\
             %e = numpy.equal %i, %a : tensor<3x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x3xi1>\n\
             %r = numpy.sum %e axes [0] : tensor<{n}x3xi1> -> tensor<3xi64>",
            "3xi64",
            "(l[:, None] == np.arange(3)).sum(0)",
        ),
        not: sample(
            &["i64", "i8", "ui16"],
            "l: {n}x{t}",
            "%i = numpy.iota shape [3] : tensor<3x{t}>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}x{t}> -> tensor<{n}x1x{t}>\n\
             %e = numpy.equal %i, %a : tensor<3x{t}>, tensor<{n}x1x{t}> -> tensor<{n}x3xi1>\n\
             %r = numpy.sum %e axes [1] : tensor<{n}x3xi1> -> tensor<{n}xi64>",
            "{n}xi64",
            "(l[:, None] == np.arange(3)).sum(1)",
        );

        // Whether any label equals each number
        Rule::apply(
            "segment-any",
            Exact,
            "anyⱼ [lⱼ = i] = (add.at(0, l, 1) > 0)",
            "(numpy.any@s ?a)",
            segment_any,
        ),
        fires: sample(
            &["i64", "i8", "ui16"],
            "l: {n}x{t}",
            "%i = numpy.iota shape [3] : tensor<3x{t}>\n\
             %a = numpy.expand_dims %i axes [1] : tensor<3x{t}> -> tensor<3x1x{t}>\n\
             %e = numpy.equal %l, %a : tensor<{n}x{t}>, tensor<3x1x{t}> -> tensor<3x{n}xi1>\n\
             %r = numpy.any %e axes [1] : tensor<3x{n}xi1> -> tensor<3xi1>",
            "3xi1",
            "(l == np.arange(3)[:, None]).any(1)",
        ),
        not: sample(
            &["i64", "i8", "ui16"],
            "l: {n}x{t}",
            "%i = numpy.iota shape [3] : tensor<3x{t}>\n\
             %a = numpy.expand_dims %i axes [1] : tensor<3x{t}> -> tensor<3x1x{t}>\n\
             %e = numpy.not_equal %l, %a : tensor<{n}x{t}>, tensor<3x1x{t}> -> tensor<3x{n}xi1>\n\
             %r = numpy.any %e axes [1] : tensor<3x{n}xi1> -> tensor<3xi1>",
            "3xi1",
            "(l != np.arange(3)[:, None]).any(1)",
        );

        // The same of numbers: a count is exact where a sum of ones is
        Rule::apply(
            "one-hot-sum",
            Numpy,
            "Σⱼ [lⱼ = i] = add.at(0, l, 1)",
            "(numpy.sum@s ?a)",
            |m| converted_counts(m, OneHot::of_numbers),
        ),
        fires: sample(
            &["f64", "f32", "i64"],
            "s: {n}x{m}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.equal %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %c axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "(s.argmin(1)[:, None] == np.arange({m})).astype(s.dtype).sum(0)",
        ),
        not: sample(
            &["f64", "f32", "i64"],
            "s: {n}x{m}x{t}",
            "%l = numpy.argmin %s axis 1 : tensor<{n}x{m}x{t}> -> tensor<{n}xi64>\n\
             %i = numpy.iota shape [{m}] : tensor<{m}xi64>\n\
             %a = numpy.expand_dims %l axes [1] : tensor<{n}xi64> -> tensor<{n}x1xi64>\n\
             %e = numpy.less %a, %i : tensor<{n}x1xi64>, tensor<{m}xi64> -> tensor<{n}x{m}xi1>\n\
             %c = numpy.cast %e : tensor<{n}x{m}xi1> -> tensor<{n}x{m}x{t}>\n\
             %r = numpy.sum %c axes [0] : tensor<{n}x{m}x{t}> -> tensor<{m}x{t}>",
            "{m}x{t}",
            "(s.argmin(1)[:, None] < np.arange({m})).astype(s.dtype).sum(0)",
        );
    }
}
