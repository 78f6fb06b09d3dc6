//! What a machine can do: bandwidths, arithmetic, functions, threads. Every number that the compiler's choices rest on and
//! that differs between machines is here, once: the optimizer, fusion and the scheduler take it from a [`Machine`].
//!
//! Invariants: nothing is measured here and nothing depends on the machine that runs the compiler. Without a file the
//! numbers are [`Machine::default`], so that the same program becomes the same code everywhere.

mod file;
mod time;
mod work;

use serde::{Deserialize, Serialize};

pub use file::MachineError;
pub use time::Threads;

/// The format of a [`Machine`]; files with another number are not read.
pub const VERSION: u32 = 2;

/// A machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The format: [`VERSION`].
    pub version: u32,
    /// The processor, as LLVM names it.
    pub cpu: String,
    /// Threads that take part.
    pub threads: usize,
    /// By working set of all threads together, the smallest first.
    pub memory: Vec<Bandwidth>,
    /// The same for one thread alone.
    pub memory_of_one: Vec<Bandwidth>,
    /// Multiplications and additions of all threads together.
    pub flops: Flops,
    /// Seconds until threads that wait have begun and ended a loop.
    pub fork_join: f64,
    /// Seconds that a kernel takes besides its loop: its memory, its checks, its call.
    pub kernel: f64,
    /// Seconds for one element, of one thread.
    pub elements: Elements,
}

/// Bytes per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// The working set, in bytes.
    pub bytes: usize,
    /// Reading.
    pub read: f64,
    /// Reading one half and writing the other: bytes read and bytes written.
    pub copy: f64,
    /// As `copy`, with stores that do not read what they overwrite.
    pub stream: f64,
}

/// Operations per second; a multiplication with an addition is two.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flops {
    /// In float64.
    pub f64: f64,
    /// In float32.
    pub f32: f64,
}

/// Seconds for one float64 of a long array in the first-level cache, on one thread, in code of npir's own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elements {
    /// A sum, a product, a comparison, whose operands are in registers.
    pub add: f64,
    /// A quotient.
    pub divide: f64,
    /// A square root.
    pub root: f64,
    /// `exp` and its kin.
    pub exp: f64,
    /// `log` and its kin.
    pub log: f64,
    /// A power with any exponent.
    pub power: f64,
    /// Trigonometric functions.
    pub sin: f64,
    /// Hyperbolic functions.
    pub tanh: f64,
    /// Reading one element from a computed place.
    pub gather: f64,
    /// Adding to one element in a computed place.
    pub scatter: f64,
}

/// What computing one element of a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// One cheap operation: a sum, a product, a comparison.
    Add,
    /// A division.
    Divide,
    /// A square root.
    Root,
    /// An exponential.
    Exp,
    /// A logarithm.
    Log,
    /// A power.
    Power,
    /// A trigonometric function.
    Sin,
    /// A hyperbolic function.
    Tanh,
}

impl Default for Machine {
    /// One core of an x86-64 server: rounded numbers of `npir calibrate`, one order of magnitude between cache and memory.
    fn default() -> Self {
        let level = |bytes, read, copy, stream| Bandwidth {
            bytes,
            read,
            copy,
            stream,
        };
        let memory = vec![
            level(32 << 10, 2e11, 2e11, 2e10),
            level(1 << 20, 8e10, 6e10, 2e10),
            level(16 << 20, 2e10, 1.6e10, 1.6e10),
            level(64 << 20, 1.2e10, 1e10, 1.2e10),
            level(512 << 20, 1.2e10, 1e10, 1.2e10),
        ];
        Machine {
            version: VERSION,
            cpu: "any".to_owned(),
            threads: 1,
            memory_of_one: memory.clone(),
            memory,
            flops: Flops {
                f64: 1e11,
                f32: 2e11,
            },
            fork_join: 2e-6,
            kernel: 5e-8,
            elements: Elements {
                add: 2e-11,
                divide: 1.6e-10,
                root: 3e-10,
                exp: 6e-10,
                log: 8e-10,
                power: 2.8e-9,
                sin: 6e-10,
                tanh: 1e-9,
                gather: 2.5e-10,
                scatter: 3.75e-10,
            },
        }
    }
}
