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

/// A reduction of a vector, and along each axis of a matrix, to elements of a type.
macro_rules! reduction {
    ($name:literal, $element:literal, $types:expr) => {
        [
            row(
                $name,
                concat!("numpy.", $name, " %v : {v} -> tensor<", $element, ">"),
                concat!("np.", $name, "(v)"),
                &[concat!("tensor<", $element, ">")],
                $types,
            ),
            row(
                concat!($name, ", axis 0"),
                concat!(
                    "numpy.",
                    $name,
                    " %m axes [0] : {m} -> tensor<?x",
                    $element,
                    ">"
                ),
                concat!("np.", $name, "(m, axis=0)"),
                &[concat!("tensor<?x", $element, ">")],
                $types,
            ),
            row(
                concat!($name, ", axis 1"),
                concat!(
                    "numpy.",
                    $name,
                    " %m axes [1] : {m} -> tensor<?x",
                    $element,
                    ">"
                ),
                concat!("np.", $name, "(m, axis=1)"),
                &[concat!("tensor<?x", $element, ">")],
                $types,
            ),
        ]
    };
}

/// As [`reduction`], to positions.
macro_rules! position {
    ($name:literal, $types:expr) => {
        [
            row(
                $name,
                concat!("numpy.", $name, " %v : {v} -> tensor<i64>"),
                concat!("np.", $name, "(v)"),
                &["tensor<i64>"],
                $types,
            ),
            row(
                concat!($name, ", axis 0"),
                concat!("numpy.", $name, " %m axis 0 : {m} -> tensor<?xi64>"),
                concat!("np.", $name, "(m, axis=0)"),
                &["tensor<?xi64>"],
                $types,
            ),
            row(
                concat!($name, ", axis 1"),
                concat!("numpy.", $name, " %m axis 1 : {m} -> tensor<?xi64>"),
                concat!("np.", $name, "(m, axis=1)"),
                &["tensor<?xi64>"],
                $types,
            ),
        ]
    };
}

/// A running result of a vector, and along each axis of a matrix.
macro_rules! scan {
    ($name:literal, $numpy:literal, $element:literal, $types:expr) => {
        [
            row(
                $name,
                concat!("numpy.", $name, " %v : {v} -> tensor<?x", $element, ">"),
                concat!("np.", $numpy, "(v)"),
                &[concat!("tensor<?x", $element, ">")],
                $types,
            ),
            row(
                concat!($name, ", axis 0"),
                concat!(
                    "numpy.",
                    $name,
                    " %m axis 0 : {m} -> tensor<?x?x",
                    $element,
                    ">"
                ),
                concat!("np.", $numpy, "(m, axis=0)"),
                &[concat!("tensor<?x?x", $element, ">")],
                $types,
            ),
            row(
                concat!($name, ", axis 1"),
                concat!(
                    "numpy.",
                    $name,
                    " %m axis 1 : {m} -> tensor<?x?x",
                    $element,
                    ">"
                ),
                concat!("np.", $numpy, "(m, axis=1)"),
                &[concat!("tensor<?x?x", $element, ">")],
                $types,
            ),
        ]
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
