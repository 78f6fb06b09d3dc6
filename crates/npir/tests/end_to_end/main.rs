//! Whole programs, from text or the builder to results, with NumPy as the oracle.
//!
//! One binary, so that everything links once.

mod accuracy;
mod algebras;
mod arrangement;
mod artifacts;
mod builder;
mod casts;
mod choices;
mod complex;
mod conformance;
mod control_flow;
mod creation;
mod derived;
mod elementwise;
mod errors;
#[cfg(feature = "exact")]
mod extraction;
mod fft;
mod fft_lengths;
mod harness;
mod histograms;
mod independent_loops;
mod indexing;
mod library;
mod linalg;
mod linalg_errors;
mod linalg_sizes;
mod long_programs;
mod masks;
mod matmul;
mod memory;
mod order;
mod pictures;
mod processors;
mod products;
mod quantiles;
mod random;
mod random_numbers;
mod reductions;
mod rows;
mod rules;
mod samples;
mod sanitizer;
mod sets;
mod statistics;
mod threads;
mod traffic;
mod updates;
mod value;
mod vector_math;
mod views;
mod weighted;
mod windows;
