//! Ops of the loop level that talk to the runtime: the thread pool (`loop.parallel_for`), run-time errors
//! (`loop.check`, `loop.exit_if`), reference counts (`loop.retain`, `loop.release`) and long copies (`loop.copy_row`).
//!
//! They survive the conversion of everything around them to the LLVM dialect: `loop-abi` gives them operands of
//! LLVM types, `loop-finish-llvm` replaces them by calls and branches.

use crate::access::element_bytes;
use crate::nest::Yield;
use npir_mlir::prelude::*;

attr_enum! {
    /// The kind of a run-time error; the numbers are those of `npir_rt_raise`.
    pub enum CheckKind {
        /// Shapes that do not fit (`ValueError`).
        ShapeMismatch = "shape_mismatch",
        /// An index outside an axis (`IndexError`).
        IndexOutOfBounds = "index_out_of_bounds",
        /// Any other unusable value (`ValueError`).
        ValueError = "value_error",
        /// A number that its type cannot hold (`OverflowError`).
        Overflow = "overflow",
        /// An integer division by zero that must raise (`ZeroDivisionError`).
        ZeroDivision = "zero_division",
        /// An allocation that failed (`MemoryError`).
        Memory = "memory",
        /// What the program means, but its compiled form cannot do (`NotImplementedError`).
        Unsupported = "unsupported",
        /// An assertion of the program that does not hold (`AssertionError`).
        Assertion = "assertion",
        /// A variable without a value (`UnboundLocalError`).
        Unbound = "unbound",
        /// A matrix that linear algebra cannot work with (`LinAlgError`).
        LinAlg = "linalg",
    }
}

impl CheckKind {
    /// The `kind` argument of `npir_rt_raise`.
    pub fn code(self) -> i32 {
        self as i32
    }
}

/// `index`, or the `i64` that it is in memory and in the LLVM dialect.
pub struct IndexOrI64;

impl TypeConstraint for IndexOrI64 {
    const DESCRIPTION: &'static str = "index or 64-bit signless integer";

    fn check(t: Type<'_>) -> bool {
        t.is_index() || (t.is_int() && !t.is_unsigned() && t.bit_width() == 64)
    }
}

/// Runs chunks of a range on the thread pool.
///
/// The body is run for chunks `[lo, hi)` that partition `[0, n)`, each of at least `grain` iterations (except when
/// `n` is smaller), in any order, perhaps at the same time. Values of the surroundings may be used. When a check in
/// the body fails, chunks that have not begun are dropped and the enclosing function fails.
#[op(
    "loop.parallel_for",
    traits(RecursiveMemoryEffects, AutomaticAllocationScope),
    interfaces(Verify),
    assembly = "$n `grain` $grain `:` type($n) `,` type($grain) attr-dict-with-keyword $body"
)]
pub struct ParallelFor {
    n: Operand<IndexOrI64>,
    grain: Operand<IndexOrI64>,
    body: Region,
}

impl<'c> ParallelFor<'c> {
    /// Builds the loop at the insertion point; `body` gets the bounds of a chunk.
    pub fn create(
        rw: Rewriter<'c>,
        n: Val<'c>,
        grain: Val<'c>,
        body: impl FnOnce(Rewriter<'c>, Val<'c>, Val<'c>),
    ) {
        rw.op(Self::NAME)
            .operands(&[n, grain])
            .region_with(&[n.ty(), n.ty()], |rw, args| {
                body(rw, args[0], args[1]);
                rw.op(Yield::NAME).build();
            })
            .build();
    }
}

impl Verify for ParallelFor<'_> {
    fn verify(self) -> Result<(), String> {
        let ty = self.n().ty();
        if self.grain().ty() != ty {
            return Err("expects `n` and `grain` of one type".into());
        }
        let Some(entry) = self.body().entry() else {
            return Err("expects a body".into());
        };
        let args = entry.args();
        if args.len() != 2 || args.iter().any(|arg| arg.ty() != ty) {
            return Err(format!("expects a body with two arguments of type {ty}"));
        }
        Ok(())
    }
}

/// Raises a run-time error unless the condition holds.
///
/// The message may contain `{}` once for each of `args`; `{{` is a brace. The error carries the location of the op.
#[op(
    "loop.check",
    interfaces(Verify, Effects, Canonicalize),
    assembly = "$cond `,` $kind `,` $message (`(` $args^ `:` type($args) `)`)? attr-dict"
)]
pub struct Check {
    cond: Operand<Bool>,
    kind: Attr<Enum<CheckKind>>,
    message: Attr<Str>,
    args: Variadic<IndexOrI64>,
}

/// How many `{}` a message contains, where `{{` is a literal brace.
pub fn placeholders(message: &str) -> usize {
    message.replace("{{", "").matches("{}").count()
}

impl Verify for Check<'_> {
    fn verify(self) -> Result<(), String> {
        let (expected, found) = (placeholders(&self.message()), self.args().len());
        if expected != found {
            return Err(format!(
                "has {expected} placeholders in its message and {found} arguments"
            ));
        }
        Ok(())
    }
}

impl<'c> Effects<'c> for Check<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

impl Canonicalize for Check<'_> {
    fn patterns() -> Vec<Pattern> {
        vec![on_view::<CheckFamily, _>(
            "loop-check-true",
            1,
            |check, rw| {
                if check.cond().constant_int().is_none_or(|holds| holds == 0) {
                    return no_match("the condition is not known to hold");
                }
                rw.erase(check.op());
                Ok(())
            },
        )]
    }
}

/// Leaves the function with a status when the condition holds.
///
/// The status is the `i32` that every compiled function returns first; the error has already been recorded.
#[op(
    "loop.exit_if",
    interfaces(Effects),
    assembly = "$cond `,` $status `:` type($status) attr-dict"
)]
pub struct ExitIf {
    cond: Operand<Bool>,
    status: Operand<IntegerType>,
}

impl<'c> Effects<'c> for ExitIf<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

/// Adds one owner to the allocation of a memref; nothing happens when the memory is borrowed.
#[op(
    "loop.retain",
    interfaces(Effects),
    assembly = "$memref attr-dict `:` type($memref)"
)]
pub struct Retain {
    memref: Operand<AnyMemRef>,
}

impl<'c> Effects<'c> for Retain<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

/// Takes one owner from the allocation of a memref and frees it with the last one; nothing happens when the
/// memory is borrowed.
#[op(
    "loop.release",
    interfaces(Effects),
    assembly = "$memref attr-dict `:` type($memref)"
)]
pub struct Release {
    memref: Operand<AnyMemRef>,
}

impl<'c> Effects<'c> for Release<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

/// Copies `count` elements that lie side by side, from position `from` of `source` to position `to` of `target`.
///
/// Both are one-dimensional, of unit stride and of one element type; positions are not checked. The two rows do not
/// overlap, unless they are the same. It becomes a call of the system's `memcpy`.
#[op(
    "loop.copy_row",
    interfaces(Verify, Effects),
    assembly = "$source `at` $from `,` $target `at` $to `,` $count attr-dict `:` type($source) `,` type($target)"
)]
pub struct CopyRow {
    source: Operand<AnyMemRef>,
    from: Operand<IndexType>,
    target: Operand<AnyMemRef>,
    to: Operand<IndexType>,
    count: Operand<IndexType>,
}

impl Verify for CopyRow<'_> {
    fn verify(self) -> Result<(), String> {
        let (source, target) = (self.source().ty(), self.target().ty());
        if source.element() != target.element() {
            return Err(format!(
                "copies elements of {source} to {target}, of another type"
            ));
        }
        let row = |ty: Type<'_>| ty.strides_and_offset() == Some((vec![1], 0));
        match [source, target].into_iter().find(|&ty| !row(ty)) {
            Some(ty) => Err(format!(
                "expects one dimension of unit stride and no offset, not {ty}"
            )),
            None if element_bytes(source.element()).is_none() => {
                Err(format!("copies elements of type {}", source.element()))
            }
            None => Ok(()),
        }
    }
}

impl<'c> Effects<'c> for CopyRow<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![
            Effect::Read(Some(self.source())),
            Effect::Write(Some(self.target())),
        ]
    }
}

/// The definitions of this file, for the dialect's list.
pub fn defs() -> Vec<OpDef> {
    vec![
        ParallelFor::def(),
        Check::def(),
        ExitIf::def(),
        Retain::def(),
        Release::def(),
        CopyRow::def(),
    ]
}
