//! The `tensor_ext` dialect: what linalg and tensor lack to express NumPy programs, with value
//! semantics on tensors, and the pass that turns structured computations on buffers into loop
//! nests.
//!
//! Invariants: ops here are pure but for `check` and library calls that may fail; indices and sizes
//! they take have been checked;
//! the crate knows the loop level below and no level above.

mod access;
mod check;
mod dims;
mod geometry;
mod insert_view;
mod libm;
mod library;
mod mixed;
mod nest;
mod reshape;
mod scan;
mod scatter;
mod syntax;
mod to_loop;
mod view;

use npir_mlir::prelude::*;

pub use access::{Access, Coord, Step};
pub use check::Check;
pub use dims::{extent, extents, has_extent, known_extent};
pub use geometry::Geometry;
pub use insert_view::InsertView;
pub use libm::{ComplexFunction, DoubleComplex, Libm};
pub use library::Library;
pub use npir_loop::CheckKind;
pub use npir_loop::Routine;
pub use npir_loop::library::Of;
pub use reshape::Reshape;
pub use scan::{Scan, ScanCode};
pub use scatter::Scatter;
pub use to_loop::ConvertTensorToLoop;
pub use view::View;

/// Unit attribute on a `linalg.generic`: the step of its reduction may combine partial
/// accumulators in any grouping.
pub const ASSOCIATIVE: &str = "tensor_ext.associative";

/// Attribute on an associative `linalg.generic`: once the accumulator of its first result holds this
/// integer, later elements change no accumulator, and may be left out. Elements along the only
/// reduction axis are visited in ascending order, which accumulators of positions rely on.
pub const ABSORBING: &str = "tensor_ext.absorbing";

/// Ends a region of this dialect.
#[op(
    "tensor_ext.yield",
    traits(Pure, Terminator),
    assembly = "$yielded attr-dict `:` type($yielded)"
)]
pub struct Yield {
    yielded: Variadic<AnyType>,
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("tensor_ext")
        .depends_on(&["arith", "tensor", "linalg", "memref", "scf", "loop"])
        .ops([
            View::def(),
            InsertView::def(),
            Reshape::def(),
            Scan::def(),
            Scatter::def(),
            Library::def(),
            Check::def(),
            Libm::def(),
            Yield::def(),
        ])
        .materialize_constant(|rw, attr, ty| {
            let constant = rw.op("arith.constant").attr("value", attr);
            Some(constant.results(&[ty]).build())
        })
}
