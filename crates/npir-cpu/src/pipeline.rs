//! The way from loop-free upstream MLIR to the LLVM dialect, as a textual pass pipeline.

/// What makes passes necessary: a program without does not change by them, but they take their time to find out.
pub struct When {
    /// Names of operations; `dialect.*` is all of a dialect.
    pub ops: &'static [&'static str],
    /// Element types of values.
    pub element_types: &'static [&'static str],
}

/// Passes over one function that take what only some programs have to what all have.
///
/// - `bf16` and `f16` math is done in `f32` and rounded after each operation, as NumPy does for
///   half; the `bf16` conversions become integer code (LLVM would call `__truncsfbf2` per lane).
/// - `arith-expand` also gives `ceildivsi`, `floordivsi` and friends.
const RARE_PASSES: &str = "lower-vector-multi-reduction,\
    math-extend-to-supported-types,\
    arith-emulate-unsupported-floats{source-types=bf16 target-type=f32},\
    convert-vector-to-scf,\
    convert-complex-to-standard,\
    expand-strided-metadata,\
    lower-affine,\
    arith-expand{include-bf16=true}";

/// What [`RARE_PASSES`] take away. A sixth of the time of large programs went into looking for it.
const RARE: When = When {
    ops: &[
        "affine.*",
        "arith.ceildivsi",
        "arith.ceildivui",
        "arith.floordivsi",
        "arith.maximumf",
        "arith.maxnumf",
        "arith.minimumf",
        "arith.minnumf",
        "arith.scaling_extf",
        "arith.scaling_truncf",
        "complex.*",
        "memref.collapse_shape",
        "memref.expand_shape",
        "memref.subview",
        "vector.multi_reduction",
        "vector.print",
        "vector.transfer_read",
        "vector.transfer_write",
    ],
    element_types: &["bf16", "f16"],
};

const MATH: When = When {
    ops: &["math.*"],
    element_types: &[],
};

/// Integer powers, which `convert-math-to-funcs` writes out: neither LLVM nor libm has them.
const POWERS: When = When {
    ops: &["math.fpowi", "math.ipowi"],
    element_types: &[],
};

/// The pipeline that takes a module of `func`, `scf`, `cf`, `affine`, `memref`, `vector`, `arith`,
/// `math`, `complex`, `index`, `ub` and `llvm` to the LLVM dialect alone. `guard` says how passes are run that may
/// have nothing to do: `|_, passes| passes.into()` runs them always.
///
/// - Passes over functions, where they can be: they work on functions at once.
/// - `convert-scf-to-cf` comes after everything that makes loops.
/// - `convert-math-to-libm` takes what `convert-math-to-llvm` leaves (`erf`, `cbrt`, …); it takes
///   vectors apart with ops of the vector dialect, which is therefore converted after it.
/// - Masks of vector transfers compare 64-bit indices: with the default of 32 bits, the tail of an
///   array of more than 2³¹ elements would be read wrongly.
/// - `convert-to-llvm` converts all other dialects at once: a pass for each took two and a half times as long. It is
///   not run on functions, for constants of the module have to be converted with what reads them.
///
/// What it cannot take: `memref.copy` between buffers of which one is not contiguous becomes a call
/// of `memrefCopy`, `memref.alloc` one of `malloc`.
pub fn lower_to_llvm_pipeline(guard: impl Fn(&When, &str) -> String) -> String {
    format!(
        "builtin.module(func.func({},convert-scf-to-cf),{},func.func({}),{},\
         func.func(convert-vector-to-llvm{{force-32bit-vector-indices=false}}),\
         convert-to-llvm,\
         llvm.func(reconcile-unrealized-casts))",
        guard(&RARE, RARE_PASSES),
        guard(&POWERS, "convert-math-to-funcs"),
        guard(&MATH, "convert-math-to-llvm"),
        guard(&MATH, "convert-math-to-libm"),
    )
}
