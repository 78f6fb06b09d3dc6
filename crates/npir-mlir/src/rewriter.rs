//! The one builder and rewriter: an insertion point, a location, and every change
//! of the IR, so that pattern drivers and conversions see all of them.

use crate::diagnostics::{Severity, emit};
use crate::ir::{Blk, Op, Reg, Val, context_from_raw, op_from_raw};
use crate::ir::{BlkExt, OpExt, RegExt, ValExt};
use crate::raw::string_ref;
use melior::Context;
use melior::ir::{
    Attribute, AttributeLike, Block, BlockRef, Location, RegionLike, RegionRef, Type, TypeLike,
};
use mlir_sys::*;
use std::collections::HashMap;
use std::marker::PhantomData;

/// Builds and rewrites IR at an insertion point. `Copy`: copies share the
/// insertion point, each has its own location.
#[derive(Clone, Copy)]
pub struct Rewriter<'c> {
    raw: MlirRewriterBase,
    loc: Location<'c>,
    _ctx: PhantomData<&'c Context>,
}

/// A rewriter that owns its MLIR object; for code outside patterns. Derefs to a
/// [`Rewriter`] through [`OwnedRewriter::get`].
pub struct OwnedRewriter<'c> {
    rewriter: Rewriter<'c>,
}

impl<'c> OwnedRewriter<'c> {
    /// A rewriter with no insertion point yet.
    pub fn new(ctx: &'c Context) -> Self {
        // SAFETY: the context is alive.
        let raw = unsafe { mlirIRRewriterCreate(ctx.to_raw()) };
        Self {
            rewriter: Rewriter {
                raw,
                loc: Location::unknown(ctx),
                _ctx: PhantomData,
            },
        }
    }
    /// The rewriter. It must not outlive `self`.
    pub fn get(&self) -> Rewriter<'c> {
        self.rewriter
    }
}

impl Drop for OwnedRewriter<'_> {
    fn drop(&mut self) {
        // SAFETY: created in `new`, destroyed once.
        unsafe { mlirIRRewriterDestroy(self.rewriter.raw) }
    }
}

/// Runs `body` with a fresh rewriter placed before `op`, with `op`'s location.
pub fn rewrite_at<'c, T>(op: Op<'c>, body: impl FnOnce(Rewriter<'c>) -> T) -> T {
    let owned = OwnedRewriter::new(op.ctx());
    let rw = owned.get().at(op.loc());
    rw.before(op);
    body(rw)
}

/// A static or an SSA size, as MLIR's `OpFoldResult`.
#[derive(Clone, Copy, Debug)]
pub enum OpFold<'c> {
    /// Known now.
    Static(i64),
    /// An `index` value.
    Value(Val<'c>),
}

impl<'c> OpFold<'c> {
    /// The static value, also of a constant SSA value.
    pub fn as_static(self) -> Option<i64> {
        match self {
            OpFold::Static(v) => Some(v),
            OpFold::Value(v) => v.constant_int(),
        }
    }
    /// Static where a constant is known.
    pub fn simplify(self) -> Self {
        self.as_static().map_or(self, OpFold::Static)
    }
}

impl From<i64> for OpFold<'_> {
    fn from(v: i64) -> Self {
        OpFold::Static(v)
    }
}
impl<'c> From<Val<'c>> for OpFold<'c> {
    fn from(v: Val<'c>) -> Self {
        OpFold::Value(v)
    }
}

/// Where values of cloned ops went.
#[derive(Default, Clone)]
pub struct IrMapping<'c> {
    values: HashMap<usize, Val<'c>>,
}

impl<'c> IrMapping<'c> {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }
    /// Uses of `from` become `to`.
    pub fn map(&mut self, from: Val<'c>, to: Val<'c>) {
        self.values.insert(from.key(), to);
    }
    /// What `value` became; itself when it was not mapped.
    pub fn lookup(&self, value: Val<'c>) -> Val<'c> {
        self.values.get(&value.key()).copied().unwrap_or(value)
    }
    /// What `value` became, if it was mapped.
    pub fn get(&self, value: Val<'c>) -> Option<Val<'c>> {
        self.values.get(&value.key()).copied()
    }
}

impl<'c> Rewriter<'c> {
    /// # Safety
    /// `raw` is a live rewriter of a context that lives for `'c`.
    pub(crate) unsafe fn from_raw(raw: MlirRewriterBase, loc: Location<'c>) -> Self {
        Self {
            raw,
            loc,
            _ctx: PhantomData,
        }
    }
    /// The raw handle.
    pub(crate) fn raw(self) -> MlirRewriterBase {
        self.raw
    }
    /// The same rewriter, building at another location.
    pub fn at(self, loc: Location<'c>) -> Self {
        Self { loc, ..self }
    }
    /// The location of what is built.
    pub fn loc(self) -> Location<'c> {
        self.loc
    }
    /// The context.
    pub fn ctx(self) -> &'c Context {
        // SAFETY: the rewriter is alive.
        context_from_raw(unsafe { mlirRewriterBaseGetContext(self.raw) })
    }

    // ---- insertion point
    /// Insert before `op`.
    pub fn before(self, op: Op<'c>) {
        // SAFETY: both are alive, here and below.
        unsafe { mlirRewriterBaseSetInsertionPointBefore(self.raw, op.raw()) }
    }
    /// Insert after `op`.
    pub fn after(self, op: Op<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseSetInsertionPointAfter(self.raw, op.raw()) }
    }
    /// Insert right after the definition of `value`.
    pub fn after_value(self, value: Val<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseSetInsertionPointAfterValue(self.raw, value.raw()) }
    }
    /// Insert at the start of `block`.
    pub fn at_start(self, block: Blk<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseSetInsertionPointToStart(self.raw, block.raw()) }
    }
    /// Insert at the end of `block`.
    pub fn at_end(self, block: Blk<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseSetInsertionPointToEnd(self.raw, block.raw()) }
    }
    /// Insert before the terminator of `block`, or at its end when it has none.
    pub fn before_terminator(self, block: Blk<'c>) {
        match block.terminator_op() {
            Some(op) => self.before(op),
            None => self.at_end(block),
        }
    }
    /// The block that is inserted into.
    pub fn insertion_block(self) -> Option<Blk<'c>> {
        // SAFETY: the rewriter is alive; null means none.
        unsafe { BlockRef::from_option_raw(mlirRewriterBaseGetInsertionBlock(self.raw)) }
    }
    /// Runs `body`, then restores the insertion point.
    pub fn scoped<T>(self, body: impl FnOnce(Self) -> T) -> T {
        let block = self.insertion_block();
        // SAFETY: asked only when there is an insertion point; null means the block's end.
        let next = block.and_then(|_| unsafe {
            let raw = mlirRewriterBaseGetOperationAfterInsertion(self.raw);
            (!raw.ptr.is_null()).then(|| op_from_raw(raw))
        });
        let value = body(self);
        match (next, block) {
            (Some(op), _) => self.before(op),
            (None, Some(block)) => self.at_end(block),
            (None, None) => {}
        }
        value
    }

    // ---- building
    /// Starts an op of any dialect.
    pub fn op<'b>(self, name: &'b str) -> OpBuilder<'b, 'c> {
        OpBuilder {
            rw: self,
            name,
            operands: Vec::new(),
            results: Vec::new(),
            attrs: Vec::new(),
            regions: Vec::new(),
            successors: Vec::new(),
            infer: false,
        }
    }
    /// Inserts a detached op.
    pub(crate) fn insert_raw(self, op: MlirOperation) -> Op<'c> {
        // SAFETY: the op is detached and alive.
        unsafe {
            mlirRewriterBaseInsert(self.raw, op);
            op_from_raw(op)
        }
    }

    // ---- rewriting
    /// Replaces all results of `op` and erases it.
    pub fn replace(self, op: Op<'c>, values: &[Val<'c>]) {
        assert_eq!(
            op.num_results(),
            values.len(),
            "replacement values of {}",
            op.name()
        );
        let raw: Vec<_> = values.iter().map(|v| v.raw()).collect();
        // SAFETY: all are alive.
        unsafe {
            mlirRewriterBaseReplaceOpWithValues(
                self.raw,
                op.raw(),
                raw.len() as isize,
                raw.as_ptr(),
            )
        }
    }
    /// Erases `op`, which has no uses.
    pub fn erase(self, op: Op<'c>) {
        // SAFETY: the op is alive and unused.
        unsafe { mlirRewriterBaseEraseOp(self.raw, op.raw()) }
    }
    /// Erases `block`.
    pub fn erase_block(self, block: Blk<'c>) {
        // SAFETY: the block is alive.
        unsafe { mlirRewriterBaseEraseBlock(self.raw, block.raw()) }
    }
    /// Uses of `from` become `to`.
    pub fn replace_all_uses(self, from: Val<'c>, to: Val<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseReplaceAllUsesWith(self.raw, from.raw(), to.raw()) }
    }
    /// Changes `op` in place (operands, attributes) so that the driver knows.
    pub fn modify<T>(self, op: Op<'c>, change: impl FnOnce() -> T) -> T {
        // SAFETY: the op is alive; start and finalize are paired.
        unsafe { mlirRewriterBaseStartOpModification(self.raw, op.raw()) };
        let value = change();
        // SAFETY: as above.
        unsafe { mlirRewriterBaseFinalizeOpModification(self.raw, op.raw()) };
        value
    }
    /// Clones `op` with its regions.
    pub fn clone_op(self, op: Op<'c>) -> Op<'c> {
        // SAFETY: the op is alive.
        unsafe { op_from_raw(mlirRewriterBaseClone(self.raw, op.raw())) }
    }
    /// Clones `op` with its regions; operands (also of nested ops) go through
    /// `mapping`, results are added to it.
    pub fn clone_with(self, op: Op<'c>, mapping: &mut IrMapping<'c>) -> Op<'c> {
        let new = self.clone_op(op);
        fn remap<'c>(op: Op<'c>, mapping: &IrMapping<'c>) {
            for i in 0..op.num_operands() {
                if let Some(v) = mapping.get(op.operand(i)) {
                    op.set_operand(i, v);
                }
            }
        }
        remap(new, mapping);
        if new.num_regions() > 0 {
            new.walk_ops(&mut |inner| {
                remap(inner, mapping);
                crate::ir::Walk::Advance
            });
        }
        for i in 0..op.num_results() {
            mapping.map(op.result_value(i), new.result_value(i));
        }
        new
    }
    /// Clones the ops of `block` without its terminator, with `args` for the block's
    /// arguments; returns what the terminator's operands became.
    pub fn inline_clone(self, block: Blk<'c>, args: &[Val<'c>]) -> Vec<Val<'c>> {
        let mut mapping = IrMapping::new();
        for (formal, actual) in block.args().into_iter().zip(args) {
            mapping.map(formal, *actual);
        }
        let mut yielded = Vec::new();
        let terminator = block.terminator_op().map(|t| t.key());
        for op in block.ops() {
            if Some(op.key()) == terminator {
                yielded = op
                    .operand_values()
                    .into_iter()
                    .map(|v| mapping.lookup(v))
                    .collect();
            } else {
                self.clone_with(op, &mut mapping);
            }
        }
        yielded
    }
    /// Adds a block at the end of `region` and moves the insertion point to its start.
    pub fn create_block(self, region: Reg<'c>, args: &[Type<'c>]) -> Blk<'c> {
        let pairs: Vec<_> = args.iter().map(|t| (*t, self.loc)).collect();
        let block = region.append_block(Block::new(&pairs));
        self.at_start(block);
        block
    }
    /// Moves the ops of `block` before `op`, with `args` for its arguments; the block is gone.
    pub fn inline_block_before(self, block: Blk<'c>, op: Op<'c>, args: &[Val<'c>]) {
        let raw: Vec<_> = args.iter().map(|v| v.raw()).collect();
        // SAFETY: all are alive.
        unsafe {
            mlirRewriterBaseInlineBlockBefore(
                self.raw,
                block.raw(),
                op.raw(),
                raw.len() as isize,
                raw.as_ptr(),
            )
        }
    }
    /// Moves all blocks of `region` into `into`, before `block`.
    pub fn inline_region_before(self, region: Reg<'c>, block: Blk<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseInlineRegionBefore(self.raw, region.raw(), block.raw()) }
    }
    /// Moves `op` before `other`.
    pub fn move_before(self, op: Op<'c>, other: Op<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirRewriterBaseMoveOpBefore(self.raw, op.raw(), other.raw()) }
    }
    /// Says why a pattern did not apply (visible under MLIR's debug output).
    pub(crate) fn notify_failure(self, op: Op<'c>, why: &str) {
        // SAFETY: both are alive.
        unsafe { npir_mlir_sys::npirNotifyMatchFailure(self.raw, op.raw(), string_ref(why)) }
    }
}

/// An op under construction.
pub struct OpBuilder<'b, 'c> {
    rw: Rewriter<'c>,
    name: &'b str,
    operands: Vec<Val<'c>>,
    results: Vec<Type<'c>>,
    attrs: Vec<(&'b str, Attribute<'c>)>,
    regions: Vec<MlirRegion>,
    successors: Vec<Blk<'c>>,
    infer: bool,
}

impl<'b, 'c> OpBuilder<'b, 'c> {
    /// Adds operands.
    pub fn operands(mut self, values: &[Val<'c>]) -> Self {
        self.operands.extend_from_slice(values);
        self
    }
    /// Adds result types.
    pub fn results(mut self, types: &[Type<'c>]) -> Self {
        self.results.extend_from_slice(types);
        self
    }
    /// Sets an attribute.
    pub fn attr(mut self, name: &'b str, value: Attribute<'c>) -> Self {
        self.attrs.push((name, value));
        self
    }
    /// Sets an attribute when there is a value.
    pub fn optional_attr(self, name: &'b str, value: Option<Attribute<'c>>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }
    /// Adds `n` empty regions.
    pub fn regions(mut self, n: usize) -> Self {
        for _ in 0..n {
            // SAFETY: owned by the op once it is built.
            self.regions.push(unsafe { mlirRegionCreate() });
        }
        self
    }
    /// Adds a region with one block that `body` fills; the block's arguments have
    /// these types. The insertion point is restored afterwards.
    pub fn region_with(
        mut self,
        args: &[Type<'c>],
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>]),
    ) -> Self {
        // SAFETY: owned by the op once it is built.
        let raw = unsafe { mlirRegionCreate() };
        self.regions.push(raw);
        // SAFETY: the region lives as long as the op that will own it.
        let region: Reg<'c> = unsafe { RegionRef::from_raw(raw) };
        self.rw.scoped(|rw| {
            let block = rw.create_block(region, args);
            body(rw, &block.args());
        });
        self
    }
    /// Adds successor blocks.
    pub fn successors(mut self, blocks: &[Blk<'c>]) -> Self {
        self.successors.extend_from_slice(blocks);
        self
    }
    /// Infers the result types.
    pub fn infer(mut self) -> Self {
        self.infer = true;
        self
    }
    /// Builds and inserts; `None` when the types cannot be inferred or the op is not
    /// known (the reason has been reported).
    pub fn try_build(mut self) -> Option<Op<'c>> {
        let ctx = self.rw.ctx();
        if !self.is_known() {
            let why = format!(
                "op '{}' is not known: is its dialect loaded (a pass names it in `dependent_dialects`)?",
                self.name
            );
            emit(self.rw.loc, Severity::Error, &why, &[]);
            return None;
        }
        // SAFETY: every handle is alive; MLIR copies the arrays and owns the regions.
        unsafe {
            let mut state = mlirOperationStateGet(string_ref(self.name), self.rw.loc.to_raw());
            let operands: Vec<_> = self.operands.iter().map(|v| v.raw()).collect();
            mlirOperationStateAddOperands(&mut state, operands.len() as isize, operands.as_ptr());
            let results: Vec<_> = self.results.iter().map(|t| t.to_raw()).collect();
            mlirOperationStateAddResults(&mut state, results.len() as isize, results.as_ptr());
            let attrs: Vec<_> = self
                .attrs
                .iter()
                .map(|(n, a)| {
                    mlirNamedAttributeGet(
                        mlirIdentifierGet(ctx.to_raw(), string_ref(n)),
                        a.to_raw(),
                    )
                })
                .collect();
            mlirOperationStateAddAttributes(&mut state, attrs.len() as isize, attrs.as_ptr());
            let regions = std::mem::take(&mut self.regions);
            mlirOperationStateAddOwnedRegions(&mut state, regions.len() as isize, regions.as_ptr());
            let successors: Vec<_> = self.successors.iter().map(|b| b.raw()).collect();
            mlirOperationStateAddSuccessors(
                &mut state,
                successors.len() as isize,
                successors.as_ptr(),
            );
            if self.infer {
                mlirOperationStateEnableResultTypeInference(&mut state);
            }
            let raw = mlirOperationCreate(&mut state);
            (!raw.ptr.is_null()).then(|| self.rw.insert_raw(raw))
        }
    }
    /// Whether MLIR would take the op for one of a dialect that nobody has registered.
    fn is_known(&self) -> bool {
        let ctx = self.rw.ctx().to_raw();
        // SAFETY: the context is alive.
        unsafe {
            mlirContextIsRegisteredOperation(ctx, string_ref(self.name))
                || mlirContextGetAllowUnregisteredDialects(ctx)
        }
    }
    /// Builds and inserts. Panics (caught, reported) where [`OpBuilder::try_build`] has no op.
    pub fn build(self) -> Op<'c> {
        let name = self.name.to_string();
        self.try_build()
            .unwrap_or_else(|| panic!("could not build {name}"))
    }
    /// Builds and inserts an op with one result, and returns that.
    pub fn build_value(self) -> Val<'c> {
        self.build().result_value(0)
    }
}

/// A builder that is given up (mostly by a panic in a region's body) takes back the ops
/// in its regions, through the rewriter: a pattern driver must not meet them any more.
impl Drop for OpBuilder<'_, '_> {
    fn drop(&mut self) {
        for raw in std::mem::take(&mut self.regions) {
            // SAFETY: the region was created by this builder and belongs to no op. It is not
            // destroyed itself: a conversion that is rolled back still refers to it.
            let region: Reg<'_> = unsafe { RegionRef::from_raw(raw) };
            for block in region.blocks().into_iter().rev() {
                self.rw.erase_block(block);
            }
        }
    }
}
