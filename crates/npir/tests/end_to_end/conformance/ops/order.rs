//! Sorted elements.

use super::{Inputs, Make, Op};

/// A long vector of few different elements, as a matrix of one column.
fn sorted(m: &mut Make<'_>) -> Inputs {
    vec![m.array("a"), m.of("v", &[2, 5])]
}

macro_rules! ordered {
    ($name:literal, $numpy:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axis 0"),
            concat!("np.", $name, "(a, axis=0", $numpy, ")"),
        )
        .special()
        .any_zero()
    };
}

pub(super) const OPS: &[Op] = &[
    ordered!("sort", ""),
    ordered!("argsort", ", kind='stable'"),
    // Which elements stand before and after the place is open; sorting them tells that they are the right ones.
    Op::new(
        "partition",
        "%p = numpy.partition %a kth 0 axis 1 : {a} -> {a}\n %s = numpy.sort %p axis 1 : {a} -> {a}\n \
         %0 = numpy.slice %p[:, :1] : {a} -> {r0}\n return %0, %s : {r0}, {a}",
        "(np.partition(a, 0, 1)[:, :1], np.sort(a, 1))",
    )
    .empty(&[[0, 3]])
    .results(2)
    .special()
    .any_zero(),
    Op::new(
        "argpartition",
        "%p = numpy.argpartition %a kth 0 axis 1 : {a} -> tensor<?x?xi64>\n \
         %q = numpy.slice %p[:, :1] : tensor<?x?xi64> -> tensor<?x?xi64>\n \
         %0 = numpy.take_along_axis %a, %q axis 1 : {a}, tensor<?x?xi64> -> {r0}\n \
         %s = numpy.sort %p axis 1 : tensor<?x?xi64> -> {r1}\n return %0, %s : {r0}, {r1}",
        "(np.partition(a, 0, 1)[:, :1], np.sort(np.argpartition(a, 0, 1), 1))",
    )
    .empty(&[[0, 3]])
    .counted()
    .results(2)
    .special()
    .any_zero(),
    Op::new(
        "searchsorted",
        "%f = numpy.ravel %a : {a} -> tensor<?x$e>\n %s = numpy.sort %f : tensor<?x$e> -> tensor<?x$e>\n \
         %0 = numpy.searchsorted %s, %v right : tensor<?x$e>, {v} -> {r}\n return %0 : {r}",
        "np.searchsorted(np.sort(a.ravel()), v, side='right')",
    )
    .any_rank()
    .inputs(sorted)
    .special()
    .any_zero(),
    Op::new(
        "unique",
        "%v, %i, %w, %n = numpy.unique %a index inverse counts : {a} -> {r0}, {r1}, {r2}, {r3}\n \
         return %v, %i, %w, %n : {r0}, {r1}, {r2}, {r3}",
        "np.unique(a, return_index=True, return_inverse=True, return_counts=True)",
    )
    .any_rank()
    .results(4)
    .counted()
    .special()
    .any_zero(),
];
