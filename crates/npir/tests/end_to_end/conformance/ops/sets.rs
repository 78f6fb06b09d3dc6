//! Bins, and arrays as sets.

use super::{Class, Make, Op, Why};
use crate::samples::{numbers, one_nan};
use crate::value::Value;

/// NumPy warns and takes the real parts.
const DROPPED: &[(Class, Why)] = &[(Class::Complex, Why::Cast)];

/// Edges that rise.
fn edges(m: &Make<'_>) -> Value {
    numbers(m.dtype, &[0, 1, 1, 4])
}

macro_rules! set {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a, %b"),
            concat!("np.", $name, "(a, b)"),
        )
        .any_rank()
        .inputs(|m| {
            let inputs = [m.array("a"), m.of("b", &[2, 5])];
            inputs.map(|(name, value)| (name, one_nan(value))).to_vec()
        })
        .counted()
        .special()
        .any_zero()
    };
}

/// The operands, of bins whose edges every float type has.
macro_rules! bins {
    ($call:literal) => {
        concat!(
            "%n = arith.constant 4 : index\n %l = arith.constant dense<0.0> : tensor<f64>\n \
             %h = arith.constant dense<4.0> : tensor<f64>\n ",
            $call
        )
    };
}

pub(super) const OPS: &[Op] = &[
    Op::new(
        "histogram",
        bins!("%0, %1 = numpy.histogram %a bins %n range %l, %h : ({a}, index, tensor<f64>, tensor<f64>) -> ({r0}, {r1})\n return %0, %1 : {r0}, {r1}"),
        "np.histogram(a, 4, (0.0, 4.0))",
    )
    .any_rank()
    .results(2)
    .refuses(DROPPED),
    Op::new(
        "histogram_bin_edges",
        bins!("%0 = numpy.histogram_bin_edges %a bins %n range %l, %h : ({a}, index, tensor<f64>, tensor<f64>) -> {r}\n return %0 : {r}"),
        "np.histogram_bin_edges(a, 4, (0.0, 4.0))",
    )
    .any_rank()
    .refuses(DROPPED),
    Op::new("digitize", "numpy.digitize %a, %e", "np.asarray(np.digitize(a, e))")
        .any_rank()
        .inputs(|m| vec![m.array("a"), ("e", edges(m))])
        .special()
        .refuses(&[(Class::Bool, Why::Cast), (Class::Complex, Why::Refused)]),
    Op::new("isin", "numpy.isin %a, %b", "np.isin(a, b)")
        .any_rank()
        .inputs(|m| vec![m.array("a"), m.of("b", &[2, 5])])
        .special(),
    set!("union1d"),
    set!("intersect1d"),
    set!("setdiff1d"),
    set!("setxor1d"),
];
