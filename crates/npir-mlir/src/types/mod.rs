//! Types, attributes and affine maps: queries, and constructors on the context.

mod attributes;
mod construct;
mod queries;

pub use attributes::AttrExt;
pub use construct::CtxExt;
pub use queries::TypeExt;

use crate::raw::slice;
use melior::ir::{AffineExpr, AffineMap, Attribute};
use mlir_sys::MlirAttribute;

/// The marker of a dynamic dimension, stride or offset (`?`).
pub const DYNAMIC: i64 = i64::MIN;

/// The results of an affine map.
pub fn map_results<'c>(map: AffineMap<'c>) -> Vec<AffineExpr<'c>> {
    (0..map.result_count())
        .filter_map(|i| map.result(i).ok())
        .collect()
}

/// The parameters handed to a verifier of a type or attribute.
///
/// # Safety
/// `ptr` points to `n` live attributes.
pub(crate) unsafe fn attributes<'c>(ptr: *const MlirAttribute, n: isize) -> Vec<Attribute<'c>> {
    // SAFETY: the caller vouches for the range.
    unsafe { slice(ptr, n) }
        .iter()
        .map(|a| unsafe { Attribute::from_raw(*a) })
        .collect()
}
