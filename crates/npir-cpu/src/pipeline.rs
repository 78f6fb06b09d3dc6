//! The way from loop-free upstream MLIR to the LLVM dialect, as a textual pass pipeline.

/// Passes over one function, in order: those that can be, for they work on functions at once.
///
/// - `convert-scf-to-cf` comes after everything that makes loops.
/// - `bf16` and `f16` math is done in `f32` and rounded after each operation, as NumPy does for
///   half; the `bf16` conversions become integer code (LLVM would call `__truncsfbf2` per lane).
/// - `arith-expand` also gives `ceildivsi`, `floordivsi` and friends.
const FUNCTION_PASSES: &str = "lower-vector-multi-reduction,\
    math-extend-to-supported-types,\
    arith-emulate-unsupported-floats{source-types=bf16 target-type=f32},\
    convert-vector-to-scf,\
    convert-scf-to-cf,\
    arith-expand{include-bf16=true},\
    expand-strided-metadata,\
    lower-affine,\
    convert-complex-to-standard";

/// Passes over the module that declare functions in it, and what comes after them.
///
/// - `convert-math-to-funcs` writes out integer powers, which neither LLVM nor libm has.
/// - `convert-math-to-libm` takes what `convert-math-to-llvm` leaves (`erf`, `cbrt`, …); it takes
///   vectors apart with ops of the vector dialect, which is therefore converted after it.
/// - Masks of vector transfers compare 64-bit indices: with the default of 32 bits, the tail of an
///   array of more than 2³¹ elements would be read wrongly.
/// - `convert-to-llvm` converts all other dialects at once: a pass for each took two and a half times as long. It is
///   not run on functions, for constants of the module have to be converted with what reads them.
const MODULE_PASSES: &str = "convert-math-to-funcs,\
    func.func(convert-math-to-llvm),\
    convert-math-to-libm,\
    func.func(convert-vector-to-llvm{force-32bit-vector-indices=false}),\
    convert-to-llvm,\
    llvm.func(reconcile-unrealized-casts)";

/// The pipeline that takes a module of `func`, `scf`, `cf`, `affine`, `memref`, `vector`, `arith`,
/// `math`, `complex`, `index`, `ub` and `llvm` to the LLVM dialect alone.
///
/// What it cannot take: `memref.copy` between buffers of which one is not contiguous becomes a call
/// of `memrefCopy`, `memref.alloc` one of `malloc`.
pub fn lower_to_llvm_pipeline() -> String {
    format!("builtin.module(func.func({FUNCTION_PASSES}),{MODULE_PASSES})")
}
