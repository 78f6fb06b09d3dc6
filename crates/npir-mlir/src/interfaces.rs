//! The interfaces that an op can implement, as traits on its typed view, and the
//! contexts that their methods receive.

use crate::ir::{Op, Val};
use crate::pattern::Pattern;
use crate::rewriter::Rewriter;
use crate::types::AttrExt;
use melior::Context;
use melior::ir::{Attribute, Location, Type, ValueLike};
use npir_mlir_sys::*;
use std::cell::Cell;
use std::ops::Range;

/// A typed view of an op: what `#[op]` generates.
pub trait OpView<'c>: Copy {
    /// The full name.
    const NAME: &'static str;
    /// A view of `op`, without asking what it is.
    fn wrap(op: Op<'c>) -> Self;
    /// The op.
    fn op(self) -> Op<'c>;
}

/// Checks beyond what the declaration says.
pub trait Verify {
    /// `Err` is reported as `'dialect.op' op {message}` at the op.
    fn verify(self) -> Result<(), String>;
}

/// Checks that need verified nested regions.
pub trait VerifyRegions {
    /// Like [`Verify::verify`], after the ops inside the regions.
    fn verify_regions(self) -> Result<(), String>;
}

/// Result types from operands and attributes.
pub trait InferTypes {
    /// The result types, or why there are none.
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String>;
}

/// What [`InferTypes::infer`] may look at. Verification of the op itself may not
/// have happened yet: operands can be fewer and attributes absent.
pub struct InferCx<'c> {
    /// The context.
    pub ctx: &'c Context,
    /// Where the op will be.
    pub loc: Location<'c>,
    /// The operands.
    pub operands: Vec<Val<'c>>,
    pub(crate) attrs: Attribute<'c>,
}

impl<'c> InferCx<'c> {
    /// What an existing op would be inferred from; for verifiers that compare.
    pub fn of(op: Op<'c>) -> Self {
        use crate::ir::OpExt;
        use crate::types::CtxExt;
        InferCx {
            ctx: op.ctx(),
            loc: op.loc(),
            operands: op.operand_values(),
            attrs: op.ctx().dict_attr(&op.attrs()),
        }
    }
    /// An attribute by name.
    pub fn attr(&self, name: &str) -> Option<Attribute<'c>> {
        self.attrs.dict_get(name)
    }
    /// Type of operand `i`, or an error.
    pub fn operand_type(&self, i: usize) -> Result<Type<'c>, String> {
        use crate::ir::ValExt;
        self.operands
            .get(i)
            .map(|v| v.ty())
            .ok_or_else(|| format!("operand {i} is missing"))
    }
}

/// What an op folds to.
#[derive(Clone, Copy)]
pub enum FoldResult<'c> {
    /// A constant; the dialect's materializer makes an op of it.
    Attr(Attribute<'c>),
    /// An existing value.
    Value(Val<'c>),
}

/// Constant folding and trivial identities.
pub trait Fold<'c> {
    /// One result per op result, or `None`. `operands[i]` is the constant of operand
    /// `i` where it is known. No op may be created or changed here.
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>>;
}

/// Canonicalization patterns.
pub trait Canonicalize {
    /// The patterns, rooted at this op.
    fn patterns() -> Vec<Pattern>;
}

/// A memory effect: on a value, or on an unknown place.
#[derive(Clone, Copy)]
pub enum Effect<'c> {
    /// Reads.
    Read(Option<Val<'c>>),
    /// Writes.
    Write(Option<Val<'c>>),
    /// Allocates (a result).
    Allocate(Option<Val<'c>>),
    /// Frees.
    Free(Option<Val<'c>>),
}

/// Memory effects; an op without this and without the trait `Pure` may do anything.
pub trait Effects<'c> {
    /// All effects.
    fn effects(self) -> Vec<Effect<'c>>;
}

/// Whether the op may run where it did not run before (hoisting).
pub trait Speculatable {
    /// True when running it without need is harmless.
    fn speculatable(self) -> bool;
}

/// Destination style: some operands say where results go.
pub trait DestinationStyle {
    /// The init operands, tied in order to the tensor results.
    fn inits(self) -> Range<usize>;
}

/// How a result's buffer relates to an operand's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Relation {
    /// The same buffer.
    Equivalent,
    /// Part of it, or overlapping in an unknown way.
    Unknown,
}

/// One-shot bufferization: what the analysis must know, and the rewrite.
pub trait Bufferize<'c>: OpView<'c> {
    /// Whether the op reads the buffer of that operand.
    fn reads(self, operand: usize) -> bool;
    /// Whether it writes it.
    fn writes(self, operand: usize) -> bool;
    /// Results that may share memory with that operand.
    fn aliases(self, operand: usize) -> Vec<(usize, Relation)>;
    /// Whether that result is a new buffer.
    fn allocates(self, _result: usize) -> bool {
        false
    }
    /// The buffer type of a result, where the default (row-major, or the init's) is wrong.
    fn buffer_type(self, _result: usize, _cx: &BufferTypeCx<'c>) -> Option<Type<'c>> {
        None
    }
    /// Rewrites the op on buffers; ends with [`BufferizeCx::replace`], the only way in which
    /// the op may go.
    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String>;
}

/// What [`Bufferize::buffer_type`] may ask.
pub struct BufferTypeCx<'c> {
    pub(crate) raw: Ptr,
    pub(crate) _ctx: std::marker::PhantomData<&'c Context>,
}

impl<'c> BufferTypeCx<'c> {
    /// The buffer type of an operand.
    pub fn buffer_type(&self, value: Val<'c>) -> Option<Type<'c>> {
        // SAFETY: the context is alive during the callback.
        unsafe { Type::from_option_raw(npirBufferTypeOf(value.to_raw(), self.raw)) }
    }
}

/// What [`Bufferize::bufferize`] works with.
pub struct BufferizeCx<'c> {
    pub(crate) raw: Ptr,
    pub(crate) rw: Rewriter<'c>,
    pub(crate) replaced: Cell<bool>,
}

impl<'c> BufferizeCx<'c> {
    /// The buffer of a tensor value.
    pub fn buffer(&self, value: Val<'c>) -> Result<Val<'c>, String> {
        // SAFETY: the context is alive during the callback; null means failure.
        let raw = unsafe { npirBufferizeGetBuffer(self.rw.raw(), value.to_raw(), self.raw) };
        if raw.ptr.is_null() {
            return Err("an operand has no buffer".into());
        }
        // SAFETY: alive, as said.
        Ok(unsafe { crate::ir::val_from_raw(raw) })
    }
    /// Replaces the op by buffers (one per tensor result) and erases it.
    pub fn replace(&self, op: Op<'c>, values: &[Val<'c>]) {
        use crate::ir::OpExt;
        let raw: Vec<_> = values.iter().map(|v| v.to_raw()).collect();
        self.replaced.set(true);
        // SAFETY: all are alive.
        unsafe { npirBufferizeReplace(self.rw.raw(), op.raw(), raw.len() as isize, raw.as_ptr()) }
    }
}

/// Result of tiling: the ops and values of one tile.
pub struct Tiled<'c> {
    /// The ops that compute the tile.
    pub ops: Vec<Op<'c>>,
    /// The tile of each result.
    pub values: Vec<Val<'c>>,
    /// The slices taken from operands.
    pub slices: Vec<Op<'c>>,
}

/// Tiling, for upstream's transforms.
pub trait Tile<'c>: OpView<'c> {
    /// Whether each loop is parallel (or a reduction).
    fn iterators(self) -> Vec<bool>;
    /// The size of each loop, as `index` values built before the op.
    fn domain(self, rw: Rewriter<'c>) -> Vec<Val<'c>>;
    /// Builds one tile at `offsets` of `sizes`. Static ones are constants
    /// ([`crate::ir::ValExt::constant_int`]); the tile's type must have the static sizes.
    fn tile(
        self,
        rw: Rewriter<'c>,
        offsets: &[Val<'c>],
        sizes: &[Val<'c>],
    ) -> Result<Tiled<'c>, String>;
    /// Offsets and sizes of result `result`'s tile.
    fn result_position(
        self,
        rw: Rewriter<'c>,
        result: usize,
        offsets: &[Val<'c>],
        sizes: &[Val<'c>],
    ) -> Result<(Vec<Val<'c>>, Vec<Val<'c>>), String>;
}
