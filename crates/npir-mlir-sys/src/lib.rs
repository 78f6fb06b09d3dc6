//! C++ shim over MLIR and the raw foreign declarations.
