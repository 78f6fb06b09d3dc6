//! Define MLIR dialects, ops, types, patterns, conversions and passes in Rust.
