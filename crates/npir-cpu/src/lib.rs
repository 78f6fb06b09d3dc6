//! LLVM code generation for the host CPU and the ORC JIT.
