//! The numpy dialect: what NumPy would compute.
//!
//! Invariants:
//! - Ops are pure: they compute new values, and errors of the data (an index out of bounds, shapes
//!   that turn out not to agree) become checks in the lowering. The one op with an effect is `require`, a
//!   check of the program's own.
//! - Arrays are ranked tensors of NumPy's element types; any size may be dynamic. Result types are
//!   inferred, and may be declared with fewer static sizes, never with more.
//! - Promotion of element types is the frontend's: operands agree, or the verifier says so.
//! - The dialect knows only the level directly below it. Each op's conversion is in the op's file.
//!
//! Where things are: `elementwise` has the table of elementwise functions, `reduce` and `at` have
//! theirs; every other op has a file. `sizes` and `lowering` are what conversions share.

pub mod advanced;
pub mod along;
pub mod arg_reduce;
pub mod arrange;
pub mod at;
pub mod axes;
pub mod batch;
pub mod bincount;
pub mod calculus;
pub mod cast;
pub mod choices;
mod compose;
pub mod concatenate;
pub mod constant;
mod contract;
pub mod derived;
pub mod einsum;
pub mod elementwise;
pub mod fft;
pub mod full;
pub mod grids;
pub mod histogram;
pub mod indexing;
mod indices;
pub mod interp;
pub mod lexsort;
pub mod linalg;
pub mod linspace;
mod lowering;
pub mod masks;
pub mod matmul;
pub mod optimize;
pub mod pad;
pub mod pairs;
pub mod products;
pub mod quantiles;
pub mod random;
pub mod reduce;
pub mod require;
pub mod reshape;
pub mod rules;
pub mod scalar;
pub mod scan;
pub mod sets;
mod shape;
mod sizes;
pub mod slice;
pub mod sorting;
pub mod statistics;
pub mod take;
mod target_shape;
mod to_tensor;
pub mod triangles;
pub mod types;
pub mod updates;
pub mod vector_products;
pub mod views;
pub mod weighted;
pub mod windows;

use npir_mlir::prelude::*;

pub use to_tensor::NumpyToTensor;
pub use updates::{UPDATES, updated_result};

/// The modules of ops: each has a function `ops` with the definitions of some, and a function `lowerings` with their
/// conversions to the tensor level.
macro_rules! families {
    ($($module:ident)*) => {
        fn ops() -> Vec<OpDef> {
            [$($module::ops()),*].concat()
        }

        /// The conversion patterns of all ops to the tensor level.
        pub fn lowerings() -> Vec<ConversionPattern> {
            [$($module::lowerings()),*].concat()
        }
    };
}

families! {
    advanced
    along
    arg_reduce
    arrange
    at
    axes
    bincount
    calculus
    cast
    choices
    concatenate
    constant
    derived
    einsum
    elementwise
    fft
    full
    grids
    histogram
    interp
    lexsort
    linalg
    linspace
    masks
    matmul
    pad
    pairs
    products
    quantiles
    random
    reduce
    require
    reshape
    scalar
    scan
    sets
    slice
    sorting
    statistics
    take
    triangles
    vector_products
    views
    weighted
    windows
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("numpy")
        .doc("What NumPy would compute: pure ops on tensors, with NumPy's names and semantics.")
        .depends_on(&["arith", "func", "scf", "tensor"])
        .ops(ops())
        .materialize_constant(constant::materialize)
        .verify_arg_attr(updates::verify_arg)
        .verify_op_attr(updates::verify_op)
}
