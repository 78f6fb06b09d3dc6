//! Reductions, positions of extrema and running results.

use super::{Class, Inputs, Make, Op, Why};

/// Few elements, so that products are exact.
fn few(m: &mut Make<'_>) -> Inputs {
    let shape: Vec<_> = m.shape.iter().map(|n| n % 4).collect();
    vec![m.of("a", &shape)]
}

macro_rules! reduction {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axes [1]"),
            concat!("np.", $name, "(a, axis=1)"),
        )
        .scalar(
            concat!("numpy.", $name, " %a"),
            concat!("np.", $name, "(a)"),
        )
    };
}

/// One that is not defined for no elements: there is an axis to keep.
macro_rules! chosen {
    ($name:literal) => {
        reduction!($name).empty(&[[0, 3]])
    };
}

macro_rules! position {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axis 1"),
            concat!("np.", $name, "(a, axis=1)"),
        )
        .scalar(
            concat!("numpy.", $name, " %a"),
            concat!("np.", $name, "(a)"),
        )
        .empty(&[[0, 3]])
    };
}

macro_rules! running {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axis 1"),
            concat!("np.", $name, "(a, axis=1)"),
        )
        .scalar(
            concat!("numpy.", $name, " %a"),
            concat!("np.", $name, "(a)"),
        )
    };
}

macro_rules! accumulated {
    ($name:literal, $ufunc:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a axis 1"),
            concat!("np.", $ufunc, ".accumulate(a, 1)"),
        )
        .special()
        .any_zero()
    };
}

/// Of 0.25 and 0.5, which are exact in every type; of a hundred times as much.
macro_rules! quantile {
    ($name:literal, $of:literal) => {
        Op::new(
            $name,
            concat!(
                "%q = arith.constant dense<[0.0, ",
                $of,
                "]> : tensor<2xf64>\n %0 = numpy.",
                $name,
                " %a, %q axes [1] : {a}, tensor<2xf64> -> {r}\n return %0 : {r}"
            ),
            concat!("np.", $name, "(a, np.array([0.0, ", $of, "]), axis=1)"),
        )
        .scalar(
            concat!(
                "%q = arith.constant dense<[0.0, ",
                $of,
                "]> : tensor<2xf64>\n %0 = numpy.",
                $name,
                " %a, %q : {a}, tensor<2xf64> -> {r}\n return %0 : {r}"
            ),
            concat!("np.", $name, "(a, np.array([0.0, ", $of, "]))"),
        )
        .empty(&[[0, 3]])
        .wide()
        .refuses(&[(Class::Bool, Why::Refused), (Class::Complex, Why::Refused)])
    };
}

pub(super) const OPS: &[Op] = &[
    reduction!("sum"),
    reduction!("prod").inputs(few),
    reduction!("mean").ulps(2),
    reduction!("any").special(),
    reduction!("all").special(),
    reduction!("count_nonzero").special(),
    chosen!("min").special().any_zero(),
    chosen!("max").special().any_zero(),
    reduction!("nansum"),
    reduction!("nanprod").inputs(few),
    reduction!("nanmean").ulps(2),
    chosen!("nanmin").special().any_zero(),
    chosen!("nanmax").special().any_zero(),
    reduction!("var").ulps(8),
    reduction!("std").ulps(8),
    reduction!("nanvar").ulps(8),
    reduction!("nanstd").ulps(8),
    chosen!("ptp").refuses(&[(Class::Bool, Why::Refused)]),
    position!("argmin").special(),
    position!("argmax").special(),
    position!("nanargmin"),
    position!("nanargmax"),
    running!("cumsum"),
    running!("cumprod").inputs(few),
    running!("nancumsum"),
    running!("nancumprod").inputs(few),
    accumulated!("maximum_accumulate", "maximum"),
    accumulated!("minimum_accumulate", "minimum"),
    reduction!("median"),
    reduction!("nanmedian"),
    quantile!("quantile", "1.0"),
    // NumPy forgets the dimension of q where there is no element.
    quantile!("nanquantile", "1.0").not_empty(Why::Rounds),
    quantile!("percentile", "100.0"),
    // NumPy forgets the dimension of q where there is no element.
    quantile!("nanpercentile", "100.0").not_empty(Why::Rounds),
    Op::new("diff", "numpy.diff %a n 2 axis 1", "np.diff(a, 2, 1)")
        .special().brain("np.diff(bf16(np.diff(a, 1, 1)), 1, 1)"),
    Op::new("trace", "numpy.trace %a offset 1", "np.trace(a, 1)"),
    Op::new(
        "bincount",
        "%i = numpy.ravel %a : {a} -> tensor<?x$e>\n %0 = numpy.bincount %i : (tensor<?x$e>) -> {r}\n return %0 : {r}",
        "np.bincount(a.ravel().astype(np.int64) if a.dtype.kind == 'u' else a.ravel())",
    )
    .counted()
    .refuses(&[
        (Class::Bool, Why::Cast),
        (Class::Half, Why::Refused),
        (Class::Brain, Why::NoBf16),
        (Class::Float, Why::Refused),
        (Class::Complex, Why::Refused),
    ]),
];
