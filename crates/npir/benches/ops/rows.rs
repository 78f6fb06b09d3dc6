//! The operations that are not elementwise, as texts in the dialect and in NumPy.

use crate::inputs::Types;

/// One operation. In the texts `{v}` is a vector of the type, `{m}` a matrix and `{b}` a stack of matrices of it,
/// `{e}` the type itself, `{s}` the type of its sums, `{f}` the float and `{c}` the complex type that NumPy computes
/// it in. The inputs are those of [`crate::inputs`] that the text of the dialect names.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) op: &'static str,
    pub(crate) numpy: &'static str,
    /// The types of the results.
    pub(crate) results: &'static [&'static str],
    pub(crate) types: Types,
}

/// A row.
pub(crate) const fn row(
    name: &'static str,
    op: &'static str,
    numpy: &'static str,
    results: &'static [&'static str],
    types: Types,
) -> Row {
    Row {
        name,
        op,
        numpy,
        results,
        types,
    }
}

/// An operation on a vector and along each axis of a matrix. `$whole` begins the type of the result for the vector,
/// `$part` for the matrix.
macro_rules! family {
    ($name:literal, $numpy:literal, $element:literal, $types:expr,
        [$axis0:literal, $axis1:literal], $whole:literal, $part:literal) => {
        [
            row(
                $name,
                concat!("numpy.", $name, " %v : {v} -> ", $whole, $element, ">"),
                concat!("np.", $numpy, "(v)"),
                &[concat!($whole, $element, ">")],
                $types,
            ),
            family!(@axis $name, ", axis 0", $numpy, "(m, axis=0)", $axis0, $part, $element, $types),
            family!(@axis $name, ", axis 1", $numpy, "(m, axis=1)", $axis1, $part, $element, $types),
        ]
    };
    (@axis $name:literal, $title:literal, $numpy:literal, $call:literal, $axis:literal,
        $part:literal, $element:literal, $types:expr) => {
        row(
            concat!($name, $title),
            concat!("numpy.", $name, " %m ", $axis, " : {m} -> ", $part, $element, ">"),
            concat!("np.", $numpy, $call),
            &[concat!($part, $element, ">")],
            $types,
        )
    };
}

/// A reduction to elements of a type.
macro_rules! reduction {
    ($name:literal, $element:literal, $types:expr) => {
        family!(
            $name,
            $name,
            $element,
            $types,
            ["axes [0]", "axes [1]"],
            "tensor<",
            "tensor<?x"
        )
    };
}

/// A reduction to positions.
macro_rules! position {
    ($name:literal, $types:expr) => {
        family!(
            $name,
            $name,
            "i64",
            $types,
            ["axis 0", "axis 1"],
            "tensor<",
            "tensor<?x"
        )
    };
}

/// A running result.
macro_rules! scan {
    ($name:literal, $numpy:literal, $element:literal, $types:expr) => {
        family!(
            $name,
            $numpy,
            $element,
            $types,
            ["axis 0", "axis 1"],
            "tensor<?x",
            "tensor<?x?x"
        )
    };
}

/// Reductions and running results, three by three.
pub(crate) const FAMILIES: &[[Row; 3]] = &[
    reduction!("sum", "{s}", Types::ALL),
    reduction!("prod", "{s}", Types::ALL),
    reduction!("min", "{e}", Types::REAL),
    reduction!("max", "{e}", Types::REAL),
    reduction!("mean", "{f}", Types::ALL),
    reduction!("var", "{f}", Types::REAL),
    reduction!("std", "{f}", Types::REAL),
    reduction!("ptp", "{e}", Types::NUMBER),
    reduction!("any", "i1", Types::ALL),
    reduction!("all", "i1", Types::ALL),
    reduction!("count_nonzero", "i64", Types::ALL),
    reduction!("nansum", "{e}", Types::FLOAT),
    reduction!("nanmean", "{e}", Types::FLOAT),
    reduction!("nanmin", "{e}", Types::FLOAT),
    reduction!("nanmax", "{e}", Types::FLOAT),
    reduction!("nanvar", "{e}", Types::FLOAT),
    position!("argmin", Types::ORDERED),
    position!("argmax", Types::ORDERED),
    position!("nanargmin", Types::FLOAT),
    scan!("cumsum", "cumsum", "{s}", Types::ALL),
    scan!("cumprod", "cumprod", "{s}", Types::ALL),
    scan!("nancumsum", "nancumsum", "{e}", Types::FLOAT),
    scan!(
        "maximum_accumulate",
        "maximum.accumulate",
        "{e}",
        Types::REAL
    ),
];
