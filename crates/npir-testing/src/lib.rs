//! Test support: NumPy itself as the oracle, and comparison of arrays.
//!
//! [`Oracle`] runs NumPy programs in a Python process and brings the arrays back;
//! [`compare`] says whether two arrays agree, to the bit or within units in the last place;
//! [`programs`] makes random whole programs; [`elementary`] has the elementary functions and their exact values.
//!
//! Invariants: this crate is used by tests only, links no LLVM, and knows the IR as text only.
//!
//! ```no_run
//! use npir_runtime::Array;
//! use npir_testing::{Tolerance, compare, oracle};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let x = Array::from_slice(&[1.0, 2.0, 3.0, 4.0], &[2, 2])?;
//! let sums = oracle().eval("x.sum(0)", &[("x", &x)])?;
//! compare(&sums, &Array::from_slice(&[4.0, 6.0], &[2])?, Tolerance::Bitwise)?;
//! # Ok(())
//! # }
//! ```

mod compare;
pub mod elementary;
mod elements;
mod oracle;
pub mod programs;

pub use compare::{Mismatch, Tolerance, compare, compare_within, ulp_diff};
pub use elements::mlir_element;
pub use oracle::{Oracle, OracleError, oracle};

/// Whether the slow tests are asked for: `cargo xtask test --long` sets `NPIR_TEST_LONG`.
pub fn long_tests() -> bool {
    std::env::var_os("NPIR_TEST_LONG").is_some_and(|value| value != "0")
}
