//! The rows of the elementwise table, one file per family. A new function is one row (and, where
//! no operation of [`super::body`] fits, its scalar code beside it):
//!
//! ```text
//! /// What the function computes.
//! Name(operand, other: Condition) = Row::new("numpy.name", …)…;
//! ```
//!
//! An operand has the [`Role`](super::table::Role) `Value` unless another is named. A row is also
//! the typed view of its operation, with what `#[op]` gives other operations.

use npir_machine::Work;

use super::table::Row;

/// A family: its rows as `ROWS`, and a typed view for each.
macro_rules! functions {
    ($(
        #[doc = $doc:literal]
        $name:ident($($operand:ident $(: $role:ident)?),+) = $row:expr;
    )+) => {
        /// The rows.
        pub(super) const ROWS: &[&Row] = &[$($name::ROW),+];
        $(functions! { @view $name $doc [$($operand)+] $row.declared(
            stringify!($name),
            $doc.trim_ascii(),
            &[$((stringify!($operand), functions!(@role $($role)?))),+],
        ) })+
    };
    (@role) => { $crate::elementwise::Role::Value };
    (@role $role:ident) => { $crate::elementwise::Role::$role };
    (@view $name:ident $doc:literal [$($operand:ident)+] $row:expr) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        pub struct $name<'c>(Op<'c>);

        const _: () = {
            #[allow(non_camel_case_types)]
            enum Index { $($operand),+ }

            impl<'c> $name<'c> {
                /// The row of the table.
                pub const ROW: &'static Row = &$row;
                /// The op's full name.
                pub const NAME: &'static str = Self::ROW.op;
                /// A view of `op` if it is one of these.
                pub fn cast(op: Op<'c>) -> Option<Self> {
                    (op.name() == Self::NAME).then_some(Self(op))
                }
                /// The op.
                pub fn op(self) -> Op<'c> {
                    self.0
                }
                $(
                    #[doc = concat!("The operand `", stringify!($operand), "`.")]
                    pub fn $operand(self) -> Val<'c> {
                        self.0.operand(Index::$operand as usize)
                    }
                )+
                /// The result.
                pub fn result(self) -> Val<'c> {
                    self.0.result_value(0)
                }
                /// Builds the op.
                pub fn build(
                    rw: Rewriter<'c>,
                    $($operand: Val<'c>,)+
                    result_type: Type<'c>,
                ) -> Self {
                    Self(rw.op(Self::NAME).operands(&[$($operand),+]).results(&[result_type]).build())
                }
                /// Builds the op with an inferred result type; `Err` when it cannot be inferred
                /// (the reason is a diagnostic at the rewriter's location).
                pub fn build_inferred(
                    rw: Rewriter<'c>,
                    $($operand: Val<'c>),+
                ) -> Result<Self, String> {
                    let op = rw.op(Self::NAME).operands(&[$($operand),+]).infer();
                    op.try_build().map(Self).ok_or_else(|| {
                        format!("the result type of {} cannot be inferred", Self::NAME)
                    })
                }
            }
            impl<'c> OpView<'c> for $name<'c> {
                const NAME: &'static str = Self::ROW.op;
                fn wrap(op: Op<'c>) -> Self {
                    Self(op)
                }
                fn op(self) -> Op<'c> {
                    self.0
                }
            }
            impl<'c> ViewOf<'c> for $name<'_> {
                type View = $name<'c>;
            }
        };
    };
}

/// A row for a function of one float that the `math` dialect has, and the C library for complex
/// numbers where that is named.
macro_rules! math {
    ($op:literal, $math:literal) => {
        Row::new($op, Classes::REAL, Float, |b, x| b.math($math, x))
    };
    ($op:literal, $math:literal, $complex:expr) => {
        Row::new($op, Classes::ALL, Float, |b, x| {
            b.math_or($math, $complex, x)
        })
    };
}

mod arithmetic;
mod bitwise;
mod comparison;
mod complex;
mod division;
mod exponential;
mod extrema;
mod floating;
mod integer;
mod rounding;
mod trigonometric;

pub use arithmetic::*;
pub use bitwise::*;
pub use comparison::*;
pub use complex::*;
pub use division::*;
pub use exponential::*;
pub use extrema::*;
pub use floating::*;
pub use integer::*;
pub use rounding::*;
pub use trigonometric::*;

/// Rows that belong together.
pub(super) struct Family {
    /// The heading in the reference.
    pub(super) heading: &'static str,
    pub(super) rows: &'static [&'static Row],
    /// What one element takes, where the row says nothing else.
    pub(super) work: Work,
}

const fn family(heading: &'static str, work: Work, rows: &'static [&'static Row]) -> Family {
    Family {
        heading,
        rows,
        work,
    }
}

/// The families, in the order of the reference.
pub(super) const FAMILIES: &[Family] = &[
    family("Arithmetic", Work::Add, arithmetic::ROWS),
    family("Division", Work::Divide, division::ROWS),
    family(
        "Powers, exponentials and logarithms",
        Work::Exp,
        exponential::ROWS,
    ),
    family(
        "Trigonometric and hyperbolic functions",
        Work::Sin,
        trigonometric::ROWS,
    ),
    family("Complex numbers", Work::Divide, complex::ROWS),
    family("Rounding", Work::Add, rounding::ROWS),
    family("Extrema and selection", Work::Add, extrema::ROWS),
    family("Comparison and logic", Work::Add, comparison::ROWS),
    family("Bits", Work::Add, bitwise::ROWS),
    family("Number theory", Work::Divide, integer::ROWS),
    family("Floating-point properties", Work::Add, floating::ROWS),
];
