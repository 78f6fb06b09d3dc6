//! The numpy dialect: what NumPy would compute.
//!
//! Invariants:
//! - Ops are pure: they compute new values, and errors of the data (an index out of bounds, shapes
//!   that turn out not to agree) become checks in the lowering.
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
pub mod pad;
pub mod pairs;
pub mod products;
pub mod quantiles;
pub mod random;
pub mod reduce;
pub mod reshape;
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

use npir_mlir::prelude::*;

pub use to_tensor::NumpyToTensor;
pub use updates::{UPDATES, updated_result};

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("numpy")
        .doc("What NumPy would compute: pure ops on tensors, with NumPy's names and semantics.")
        .depends_on(&["arith", "func", "scf", "tensor"])
        .ops([
            cast::def(),
            constant::Constant::def(),
            bincount::Bincount::def(),
            concatenate::Concatenate::def(),
            einsum::Einsum::def(),
            matmul::Matmul::def(),
            take::Take::def(),
        ])
        .ops(elementwise::ops())
        .ops(reduce::ops())
        .ops(arg_reduce::ops())
        .ops(at::ops())
        .ops(calculus::ops())
        .ops(choices::ops())
        .ops(grids::ops())
        .ops(interp::ops())
        .ops(derived::ops())
        .ops(fft::ops())
        .ops(full::ops())
        .ops(histogram::ops())
        .ops(lexsort::ops())
        .ops(linalg::ops())
        .ops(linspace::ops())
        .ops(products::ops())
        .ops(quantiles::ops())
        .ops(random::ops())
        .ops(pairs::ops())
        .ops(reshape::ops())
        .ops(scalar::ops())
        .ops(slice::ops())
        .ops(statistics::ops())
        .ops(advanced::ops())
        .ops(along::ops())
        .ops(arrange::ops())
        .ops(axes::ops())
        .ops(masks::ops())
        .ops(pad::ops())
        .ops(scan::ops())
        .ops(sets::ops())
        .ops(sorting::ops())
        .ops(triangles::ops())
        .ops(vector_products::ops())
        .ops(views::ops())
        .ops(weighted::ops())
        .materialize_constant(constant::materialize)
        .verify_arg_attr(updates::verify_arg)
        .verify_op_attr(updates::verify_op)
}

/// The conversion patterns of all ops to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let mut patterns = vec![
        cast::lowering(),
        constant::lowering(),
        bincount::lowering(),
        concatenate::lowering(),
        einsum::lowering(),
        matmul::lowering(),
        reshape::lowering(),
        take::lowering(),
    ];
    patterns.extend(elementwise::lowerings());
    patterns.extend(reduce::lowerings());
    patterns.extend(arg_reduce::lowerings());
    patterns.extend(at::lowerings());
    patterns.extend(calculus::lowerings());
    patterns.extend(choices::lowerings());
    patterns.extend(grids::lowerings());
    patterns.extend(interp::lowerings());
    patterns.extend(derived::lowerings());
    patterns.extend(fft::lowerings());
    patterns.extend(full::lowerings());
    patterns.extend(histogram::lowerings());
    patterns.extend(lexsort::lowerings());
    patterns.extend(linalg::lowerings());
    patterns.extend(linspace::lowerings());
    patterns.extend(products::lowerings());
    patterns.extend(quantiles::lowerings());
    patterns.extend(random::lowerings());
    patterns.extend(pairs::lowerings());
    patterns.extend(scalar::lowerings());
    patterns.extend(slice::lowerings());
    patterns.extend(statistics::lowerings());
    patterns.extend(advanced::lowerings());
    patterns.extend(along::lowerings());
    patterns.extend(arrange::lowerings());
    patterns.extend(axes::lowerings());
    patterns.extend(masks::lowerings());
    patterns.extend(pad::lowerings());
    patterns.extend(scan::lowerings());
    patterns.extend(sets::lowerings());
    patterns.extend(sorting::lowerings());
    patterns.extend(triangles::lowerings());
    patterns.extend(vector_products::lowerings());
    patterns.extend(views::lowerings());
    patterns.extend(weighted::lowerings());
    patterns
}
