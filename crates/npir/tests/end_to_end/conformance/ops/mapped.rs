//! Casts and elementwise functions with parameters or several results.

use super::{Class, Op, Why};

pub(super) const OPS: &[Op] = &[
    Op::new("cast", "numpy.cast %a", "a.astype(np.complex128)")
        .any_rank()
        .special(),
    Op::new(
        "divmod",
        "%q, %r = numpy.divmod %a, %b : {a}, {b} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.divmod(a, b)",
    )
    .any_rank()
    .inputs(|m| m.two())
    .broadcast(|m| m.crossed())
    .results(2)
    .special()
    .refuses(&[(Class::Bool, Why::Cast), (Class::Complex, Why::Refused)]),
    Op::new(
        "modf",
        "%q, %r = numpy.modf %a : {a} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.modf(a)",
    )
    .any_rank()
    .results(2)
    .special()
    .refuses(super::REAL),
    Op::new(
        "frexp",
        "%q, %r = numpy.frexp %a : {a} -> {r0}, {r1}\n return %q, %r : {r0}, {r1}",
        "np.frexp(a)",
    )
    .any_rank()
    .results(2)
    .special()
    .refuses(super::REAL),
    Op::new("round", "numpy.round %a decimals 1", "np.round(a, 1)")
        .scalar("numpy.round %a decimals 1", "np.round(a, 1)")
        .brain("bf16(np.rint(bf16(a * np.float32(10)))) / np.float32(10)")
        .special()
        .refuses(super::NO_BOOL),
    Op::new("nan_to_num", "numpy.nan_to_num %a", "np.nan_to_num(a)")
        .any_rank()
        .brain("np.nan_to_num(a, posinf=2.0**128 - 2.0**120, neginf=2.0**120 - 2.0**128)")
        .special(),
    Op::new("isclose", "numpy.isclose %a, %b", "np.isclose(a, b)")
        .any_rank()
        .inputs(|m| m.two())
        .broadcast(|m| m.crossed())
        .special(),
];
