//! `numpy.fft_*`: discrete Fourier transforms by the runtime's library, their frequencies and shifts.

mod frequencies;
mod transforms;

use npir_mlir::prelude::*;

pub use frequencies::{FftFreq, RFftFreq};
pub use transforms::FftNorm;

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mut ops = transforms::ops();
    ops.extend(frequencies::ops());
    ops
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let mut patterns = transforms::lowerings();
    patterns.extend(frequencies::lowerings());
    patterns
}
