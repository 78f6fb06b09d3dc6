//! The rows of the elementwise table, one file per family. A new function is one row (and, where
//! no operation of [`super::body`] fits, its scalar code beside it).

use super::table::Row;

/// A row for a function of one float that the `math` dialect has.
macro_rules! math {
    ($op:literal, $math:literal, $doc:literal) => {
        Row::unary($op, Classes::REAL, Float, |b, x| b.math($math, x), $doc)
    };
}

mod arithmetic;
mod bitwise;
mod comparison;
mod division;
mod exponential;
mod extrema;
mod floating;
mod integer;
mod rounding;
mod trigonometric;

/// Heading and rows of each family, in the order of the reference.
pub(super) const FAMILIES: &[(&str, &[Row])] = &[
    ("Arithmetic", arithmetic::ROWS),
    ("Division", division::ROWS),
    ("Powers, exponentials and logarithms", exponential::ROWS),
    (
        "Trigonometric and hyperbolic functions",
        trigonometric::ROWS,
    ),
    ("Rounding", rounding::ROWS),
    ("Extrema and selection", extrema::ROWS),
    ("Comparison and logic", comparison::ROWS),
    ("Bits", bitwise::ROWS),
    ("Number theory", integer::ROWS),
    ("Floating-point properties", floating::ROWS),
];
