//! Every mechanism of the foundation, exercised through a small dialect `toy`.
//!
//! One binary, because linking against MLIR is what costs. Each module tests one
//! theme; `toy` holds the dialect, its passes and the ops whose callbacks panic.

// The modules of this binary are each other's only users.
#![allow(unreachable_pub)]

mod assembly;
mod conversion;
mod effects;
mod fold;
mod infer;
mod panics;
mod passes;
mod patterns;
mod support;
mod tensors;
mod threads;
mod tool;
mod toy;
mod traits;
mod types;
mod verify;
mod views;
