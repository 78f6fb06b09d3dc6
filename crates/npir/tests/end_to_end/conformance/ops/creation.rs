//! Arrays made of sizes and single numbers, and sizes of arrays.

use npir_testing::Tolerance;

use super::{Class, Op, Why};
use crate::samples::numbers;

macro_rules! size {
    ($name:literal, $call:literal, $numpy:literal) => {
        Op::new(
            $name,
            concat!(
                $call,
                "\n %1 = numpy.from_scalar %0 : index\n return %1 : {r}"
            ),
            $numpy,
        )
    };
}

pub(super) const OPS: &[Op] = &[
    Op::new(
        "full",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.full %v shape [%r, %c] : {v} -> {r}\n return %0 : {r}",
        "np.full(a.shape, v)",
    )
    .scalar("numpy.full %v shape [2, 3] : {v} -> {r}", "np.full((2, 3), v)")
    .inputs(|m| vec![m.array("a"), m.of("v", &[])])
    .counted()
    .special(),
    Op::new(
        "iota",
        "%n = numpy.dim %a axis 0 : {a}\n %0 = numpy.iota shape [%n] : {r}\n return %0 : {r}",
        "np.arange(0, len(a), dtype=a.dtype)",
    )
    .no_array()
    .counted()
    .refuses(&[(Class::Bool, Why::Refused)]),
    Op::new(
        "arange",
        "%n = numpy.dim %a axis 0 : {a}\n %0 = numpy.arange %s, %d shape [%n] : {s}, {d} -> {r}\n return %0 : {r}",
        "np.arange(1, 2 * len(a) + 1, 2, dtype=a.dtype)",
    )
    .inputs(|m| {
        let one = |n| numbers(m.dtype, &[n]).reshaped(&[]);
        let (s, d) = (one(1), one(2));
        vec![m.array("a"), ("s", s), ("d", d)]
    })
    .no_array()
    .counted()
    .refuses(&[(Class::Bool, Why::Refused)]),
    Op::new(
        "linspace",
        "%n = numpy.dim %a axis 0 : {a}\n %0 = numpy.linspace %s, %d shape [%n] : {s}, {d} -> {r}\n return %0 : {r}",
        "np.linspace(s[()], d[()], len(a))",
    )
    .inputs(|m| {
        let one = |n| numbers(m.dtype, &[n]).reshaped(&[]);
        let (s, d) = (one(1), one(4));
        vec![m.array("a"), ("s", s), ("d", d)]
    })
    .no_array()
    .counted()
    .ulps(1)
    .half(Tolerance::Ulps(2)),
    Op::new(
        "tri",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.tri shape [%r, %c] {k = 1 : i64} : {r}\n return %0 : {r}",
        "np.tri(*a.shape, 1, a.dtype)",
    )
    .no_array()
    .counted(),
    Op::new(
        "eye",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.eye shape [%r, %c] {k = 1 : i64} : {r}\n return %0 : {r}",
        "np.eye(*a.shape, 1, a.dtype)",
    )
    .no_array()
    .counted(),
    size!("dim", "%0 = numpy.dim %a axis -1 : {a}", "np.int64(a.shape[-1])"),
    size!("shape", "%2, %0 = numpy.shape %a : {a}", "np.int64(a.shape[1])"),
    size!("size", "%0 = numpy.size %a : {a}", "np.int64(a.size)").any_rank(),
];
