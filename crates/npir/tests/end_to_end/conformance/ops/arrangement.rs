//! New arrangements of elements: several arrays in one, margins, triangles.

use super::{Op, Why};

macro_rules! pad {
    ($mode:literal) => {
        Op::new(
            concat!("pad_", $mode),
            concat!("numpy.pad_", $mode, " %a widths [1, 2, 3, 0]"),
            concat!("np.pad(a, [[1, 2], [3, 0]], '", $mode, "')"),
        )
        .not_empty(Why::Refused)
        .special()
    };
}

macro_rules! triangle {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a k 1"),
            concat!("np.", $name, "(a, 1)"),
        )
        .special()
    };
}

pub(super) const OPS: &[Op] = &[
    Op::new(
        "concatenate",
        "numpy.concatenate %a, %b axis 0",
        "np.concatenate((a, b))",
    )
    .inputs(|m| m.two())
    .special(),
    Op::new("stack", "numpy.stack %a, %b axis 1", "np.stack([a, b], 1)")
        .scalar("numpy.stack %a, %b axis 0", "np.stack([a, b])")
        .inputs(|m| m.two())
        .special(),
    Op::new("tile", "numpy.tile %a reps [2, 3]", "np.tile(a, (2, 3))")
        .any_rank()
        .special(),
    Op::new(
        "repeat",
        "numpy.repeat %a times 3 axis 1",
        "np.repeat(a, 3, 1)",
    )
    .scalar("numpy.repeat %a times 3", "np.repeat(a, 3)")
    .special(),
    Op::new("roll", "numpy.roll %a shift [5]", "np.roll(a, 5)")
        .any_rank()
        .special(),
    Op::new(
        "pad_constant",
        "numpy.pad_constant %a, %c widths [1, 2, 3, 0]",
        "np.pad(a, [[1, 2], [3, 0]], constant_values=c)",
    )
    .inputs(|m| vec![m.array("a"), m.of("c", &[])])
    .special(),
    pad!("edge"),
    pad!("reflect"),
    pad!("symmetric"),
    pad!("wrap"),
    triangle!("tril"),
    triangle!("triu"),
];
