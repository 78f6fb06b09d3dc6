//! The elementwise functions of the `numpy` dialect, as a table: one row per function says its
//! name, operands, element types, scalar code, folding and exact simplifications. Everything else
//! (definition, verification, inference, lowering) is written once, for all rows. Each row is also
//! a typed view: `Power::cast(op)`, `.lhs()`, `Multiply::build_inferred(rw, x, y)`.
//!
//! Operands may have different shapes, which broadcast, and have the same element type: promotion
//! is the frontend's. A function that exists for floats only takes bool and integers as NumPy
//! does, and computes in the float that NumPy would take.

mod body;
pub mod broadcast;
mod complex;
pub mod constant;
pub mod convert;
mod define;
pub mod dtype;
mod hypot;
mod lower;
mod reference;
mod rows;
mod simplify;
mod table;
#[cfg(test)]
mod tests;

pub use body::{Body, Order};
pub use reference::reference;
pub use rows::*;
pub(crate) use simplify::fold_constants;
pub use table::{
    Guard, Halves, ResultRule, Role, Row, Rule, ScalarBody, ScalarFold, row, rows, work,
};

use npir_mlir::prelude::*;

/// The operations, one per row.
pub fn ops() -> Vec<OpDef> {
    rows().map(define::define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    rows().map(lower::lowering).collect()
}
