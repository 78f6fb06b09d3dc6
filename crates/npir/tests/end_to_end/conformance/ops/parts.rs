//! Parts of arrays: written, chosen by positions or by truth, and updated there.

use super::{Inputs, Make, NO_BOOL, Op};

/// An array, positions along its first axis and a row for each.
fn updates(m: &mut Make<'_>) -> Inputs {
    let (rows, columns) = (m.size(0), m.size(1));
    let at = m.positions("i", rows, &[6]);
    let count = at.1.len();
    vec![m.array("a"), at, m.of("b", &[count, columns])]
}

/// The same with one row for all positions.
fn one_update(m: &mut Make<'_>) -> Inputs {
    let mut inputs = updates(m);
    let columns = m.size(1);
    inputs[2] = m.of("b", &[columns]);
    inputs
}

/// An array and positions along its first axis.
fn listed(m: &mut Make<'_>) -> Inputs {
    let mut inputs = updates(m);
    inputs.truncate(2);
    inputs
}

/// An array and different positions in it, and as many values.
fn placed(m: &mut Make<'_>) -> Inputs {
    let (rows, columns) = (m.size(0), m.size(1));
    let at = m.different("i", rows, 4);
    let count = at.1.len();
    vec![m.array("a"), at, m.of("b", &[count, columns])]
}

/// A mask of the shape of an array.
fn masked(m: &mut Make<'_>) -> Inputs {
    let shape = m.shape.clone();
    vec![m.mask("m", &shape), m.array("a")]
}

/// Positions along the last axis, three for each row.
fn along(m: &mut Make<'_>) -> Inputs {
    let (rows, columns) = (m.size(0), m.size(1));
    let (name, mut at) = m.positions("i", columns, &[rows, 3]);
    if columns == 0 {
        at = at.reshaped(&[0]).resized(&[rows, 0]);
    }
    vec![m.array("a"), (name, at)]
}

macro_rules! update {
    ($name:literal) => {
        Op::new(
            concat!($name, "_at"),
            concat!("numpy.", $name, "_at %a[%i], %b : {a}[{i}], {b} -> {r}"),
            concat!("(np.", $name, ".at(c := a.copy(), i, b), c)[1]"),
        )
        .inputs(updates)
    };
}

pub(super) const OPS: &[Op] = &[
    Op::new(
        "set_slice",
        "numpy.set_slice %a[::-2, 1:], %b : {a}, {b} -> {r}",
        "[(c := a.copy()), c.__setitem__(np.s_[::-2, 1:], b), c][2]",
    )
    .inputs(|m| {
        let (rows, columns) = (m.size(0), m.size(1));
        let part = [rows.div_ceil(2), columns.saturating_sub(1)];
        let rank = m.shape.len();
        vec![m.array("a"), m.of("b", &part[..rank])]
    })
    .broadcast(|m| {
        let rows = m.size(0);
        vec![m.array("a"), m.of("b", &[rows.div_ceil(2), 1])]
    })
    .scalar(
        "numpy.set_slice %a[], %b : {a}, {b} -> {r}",
        "[(c := a.copy()), c.__setitem__((), b), c][2]",
    )
    .special(),
    Op::new("take", "numpy.take %a, %i axis 0", "np.take(a, i, 0)")
        .inputs(listed)
        .special(),
    Op::new(
        "take_along_axis",
        "numpy.take_along_axis %a, %i axis 1",
        "np.take_along_axis(a, i, 1)",
    )
    .inputs(along)
    .broadcast(|m| {
        let columns = m.size(1);
        vec![m.of("a", &[1, columns]), m.positions("i", columns, &[4, 3])]
    })
    .special(),
    Op::new(
        "put_along_axis",
        "numpy.put_along_axis %a, %i, %b axis 1",
        "[(c := a.copy()), np.put_along_axis(c, i, b, 1), c][2]",
    )
    .inputs(|m| {
        let mut inputs = along(m);
        let shape = inputs[1].1.shape.clone();
        // Which of several values for one place is last is told by the order of positions.
        inputs.push(m.of("b", &shape));
        inputs
    })
    .broadcast(|m| {
        let mut inputs = along(m);
        inputs.push(m.of("b", &[1, 1]));
        inputs
    })
    .special(),
    Op::new(
        "put",
        "numpy.put %a, %i, %b",
        "[(c := a.copy()), np.put(c, i, b), c][2]",
    )
    .inputs(|m| {
        let count = m.size(0) * m.size(1);
        vec![
            m.array("a"),
            m.positions("i", count, &[2, 3]),
            m.of("b", &[6]),
        ]
    })
    .broadcast(|m| {
        let count = m.size(0) * m.size(1);
        vec![
            m.array("a"),
            m.positions("i", count, &[2, 3]),
            m.of("b", &[2]),
        ]
    })
    .special(),
    Op::new(
        "index",
        "%0 = numpy.index %a[array %i, newaxis, 1:] : {a}, {i} -> {r}\n return %0 : {r}",
        "a[i, None, 1:]",
    )
    .inputs(listed)
    .special(),
    Op::new(
        "set_index",
        "%0 = numpy.set_index %a[array %i], %b : {a}, {b}, {i} -> {a}\n return %0 : {a}",
        "[(c := a.copy()), c.__setitem__(i, b), c][2]",
    )
    .inputs(placed)
    .broadcast(one_update)
    .special(),
    update!("add").broadcast(one_update),
    update!("subtract").refuses(NO_BOOL).broadcast(one_update),
    update!("multiply").broadcast(one_update),
    update!("minimum")
        .broadcast(one_update)
        .special()
        .any_zero(),
    update!("maximum")
        .broadcast(one_update)
        .special()
        .any_zero(),
    Op::new(
        "nonzero",
        "%i, %j = numpy.nonzero %a : {a} -> {r0}, {r1}\n return %i, %j : {r0}, {r1}",
        "np.nonzero(a)",
    )
    .results(2)
    .counted()
    .special(),
    Op::new("flatnonzero", "numpy.flatnonzero %a", "np.flatnonzero(a)")
        .any_rank()
        .counted()
        .special(),
    Op::new("argwhere", "numpy.argwhere %a", "np.argwhere(a)")
        .any_rank()
        .counted()
        .special(),
    Op::new(
        "compress",
        "numpy.compress %m, %a axis 0",
        "np.compress(m, a, 0)",
    )
    .inputs(|m| {
        let rows = m.size(0);
        vec![m.mask("m", &[rows]), m.array("a")]
    })
    .counted()
    .special(),
    Op::new("extract", "numpy.extract %m, %a", "np.extract(m, a)")
        .any_rank()
        .inputs(masked)
        .counted()
        .special(),
];
