//! Passes that combine dialects, and the pipelines.
//!
//! Invariant: a pass here asks ops through interfaces and the levels' own types; it
//! keeps no list of another crate's ops. Adding a pass: its file, a line in [`passes`].

pub mod bounds;
pub mod bufferize;
mod buffers;
pub mod carry;
mod constant_power;
pub mod fuse;
pub mod interchange;
pub mod kernels;
pub mod libm;
pub mod only_if;
pub mod optimize;
pub mod ownership;
pub mod pipeline;
pub mod signature;
pub mod stack;
pub mod traffic;
mod vector_math;

use npir_mlir::prelude::*;

/// Every pass of npir, those of the dialects included.
pub fn passes() -> Vec<PassDef> {
    let own = [
        signature::RecordSignature::def(),
        optimize::Optimize::def(),
        npir_numpy::NumpyToTensor::def(),
        carry::CarryScalars::def(),
        bounds::FoldBounds::def(),
        fuse::TensorFuse::def(),
        interchange::Interchange::def(),
        bufferize::Bufferize::def(),
        npir_tensor::ConvertTensorToLoop::def(),
        kernels::OutlineKernels::def(),
        stack::PromoteToStack::def(),
        ownership::Ownership::def(),
        libm::LibmCalls::def(),
        only_if::OnlyIf::def(),
    ];
    own.into_iter().chain(npir_loop::passes()).collect()
}
