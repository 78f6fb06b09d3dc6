//! Handles to IR with one lifetime, and the methods that melior's lack.
//!
//! `'c` is the lifetime of the context. Handles are `Copy`; MLIR owns the IR, and
//! a handle to an erased op must not be used again, as in C++.

use crate::diagnostics::{Severity, emit, emit_op_error};
use crate::raw::text;
use melior::ir::{
    Attribute, AttributeLike, BlockRef, Location, RegionLike, RegionRef, Type, TypeLike, Value,
    ValueLike, block::BlockLike, operation::OperationRef,
};
use melior::{Context, StringRef};
use mlir_sys::*;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// An operation.
pub type Op<'c> = OperationRef<'c, 'c>;
/// An SSA value.
pub type Val<'c> = Value<'c, 'c>;
/// A block.
pub type Blk<'c> = BlockRef<'c, 'c>;
/// A region.
pub type Reg<'c> = RegionRef<'c, 'c>;

/// What a walk does after a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Go on.
    Advance,
    /// Do not enter this op's regions.
    Skip,
    /// Stop the walk.
    Stop,
}

/// One use of a value: operand `operand` of `op`.
#[derive(Clone, Copy)]
pub struct Use<'c> {
    /// The op that uses the value.
    pub op: Op<'c>,
    /// Which of its operands.
    pub operand: usize,
}

/// # Safety
/// `raw` is a live op of a context that lives for `'c`.
pub(crate) unsafe fn op_from_raw<'c>(raw: MlirOperation) -> Op<'c> {
    // SAFETY: passed on.
    unsafe { OperationRef::from_raw(raw) }
}
/// # Safety
/// `raw` is a live value of a context that lives for `'c`.
pub(crate) unsafe fn val_from_raw<'c>(raw: MlirValue) -> Val<'c> {
    // SAFETY: passed on.
    unsafe { Value::from_raw(raw) }
}

/// The context of any handle, by reference.
///
/// melior's `ContextRef::to_ref` borrows the wrapper itself, so each raw context gets one
/// wrapper that lives as long as the process. A later context at the same address is the
/// same wrapper.
pub(crate) fn context_from_raw<'c>(raw: MlirContext) -> &'c Context {
    static KNOWN: LazyLock<Mutex<HashMap<usize, &'static Wrapper>>> = LazyLock::new(Mutex::default);
    thread_local! { static LAST: Cell<Option<(usize, &'static Wrapper)>> = const { Cell::new(None) }; }
    struct Wrapper(melior::ContextRef<'static>);
    // SAFETY: the wrapper is an address that is only read.
    unsafe impl Sync for Wrapper {}

    let key = raw.ptr as usize;
    let wrapper = match LAST.get() {
        Some((last, wrapper)) if last == key => wrapper,
        _ => {
            let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
            let wrapper = *known.entry(key).or_insert_with(|| {
                // SAFETY: the context is alive; the wrapper does not own it.
                Box::leak(Box::new(Wrapper(unsafe {
                    melior::ContextRef::from_raw(raw)
                })))
            });
            LAST.set(Some((key, wrapper)));
            wrapper
        }
    };
    // SAFETY: a handle of lifetime 'c proves that its context lives for 'c, and the wrapper
    // that the reference points to lives forever.
    unsafe { wrapper.0.to_ref() }
}

/// Operations: what passes and lowerings ask most.
pub trait OpExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirOperation;
    /// A key for maps and sets: equal for equal ops while the op lives.
    fn key(self) -> usize {
        self.raw().ptr as usize
    }
    /// The full name, `dialect.op`.
    fn name(self) -> &'c str;
    /// The context.
    fn ctx(self) -> &'c Context;
    /// The location.
    fn loc(self) -> Location<'c>;
    /// Number of operands.
    fn num_operands(self) -> usize;
    /// Operand `i`. Panics (caught, reported at the op) when out of range.
    fn operand(self, i: usize) -> Val<'c>;
    /// All operands.
    fn operand_values(self) -> Vec<Val<'c>> {
        (0..self.num_operands()).map(|i| self.operand(i)).collect()
    }
    /// Replaces operand `i`. Inside a pattern wrap it in `Rewriter::modify`.
    fn set_operand(self, i: usize, value: Val<'c>);
    /// Replaces all operands.
    fn set_operands(self, values: &[Val<'c>]);
    /// Number of results.
    fn num_results(self) -> usize;
    /// Result `i`. Panics (caught, reported at the op) when out of range.
    fn result_value(self, i: usize) -> Val<'c>;
    /// All results.
    fn result_values(self) -> Vec<Val<'c>> {
        (0..self.num_results())
            .map(|i| self.result_value(i))
            .collect()
    }
    /// Types of all results.
    fn result_types(self) -> Vec<Type<'c>> {
        self.result_values().into_iter().map(|v| v.ty()).collect()
    }
    /// Types of all operands.
    fn operand_types(self) -> Vec<Type<'c>> {
        self.operand_values().into_iter().map(|v| v.ty()).collect()
    }
    /// An attribute by name, inherent or discardable.
    fn attr(self, name: &str) -> Option<Attribute<'c>>;
    /// Sets an attribute.
    fn set_attr(self, name: &str, value: Attribute<'c>);
    /// Removes an attribute if it is there.
    fn remove_attr(self, name: &str);
    /// All attributes, inherent and discardable.
    fn attrs(self) -> Vec<(&'c str, Attribute<'c>)>;
    /// Only the discardable ones.
    fn discardable_attrs(self) -> Vec<(&'c str, Attribute<'c>)>;
    /// Number of regions.
    fn num_regions(self) -> usize;
    /// Region `i`. Panics (caught, reported at the op) when out of range.
    fn region(self, i: usize) -> Reg<'c>;
    /// All regions.
    fn regions(self) -> Vec<Reg<'c>> {
        (0..self.num_regions()).map(|i| self.region(i)).collect()
    }
    /// The op around this one.
    fn parent(self) -> Option<Op<'c>>;
    /// The block that holds this op.
    fn block(self) -> Option<Blk<'c>>;
    /// The next op in its block.
    fn next(self) -> Option<Op<'c>>;
    /// The previous op in its block.
    fn previous(self) -> Option<Op<'c>>;
    /// Whether this op comes before `other`, in the same block.
    fn is_before(self, other: Op<'c>) -> bool;
    /// Successor blocks.
    fn successors(self) -> Vec<Blk<'c>>;
    /// The nearest enclosing op (or itself) with that name.
    fn enclosing(self, name: &str) -> Option<Op<'c>>;
    /// Whether `self` is `other` or nested in it.
    fn is_within(self, other: Op<'c>) -> bool;
    /// Emits `'op' op message` as an error.
    fn emit_error(self, message: &str);
    /// Emits a warning at the op.
    fn emit_warning(self, message: &str);
    /// Emits a remark at the op.
    fn emit_remark(self, message: &str);
    /// Runs the verifier on the op and all below; errors are emitted.
    fn verify_ok(self) -> bool;
    /// Visits the op and everything below, ops before their regions. The visitor
    /// may erase the op that it visits (and then returns [`Walk::Skip`]).
    fn walk_ops(self, visit: &mut dyn FnMut(Op<'c>) -> Walk) -> Walk;
    /// Every op below with that name, in order.
    fn find_all(self, name: &str) -> Vec<Op<'c>> {
        let mut found = Vec::new();
        self.walk_ops(&mut |op| {
            if op.name() == name {
                found.push(op);
            }
            Walk::Advance
        });
        found
    }
    /// Moves the op before `other`.
    fn move_op_before(self, other: Op<'c>);
    /// Moves the op after `other`.
    fn move_op_after(self, other: Op<'c>);
    /// Whether none of its results is used.
    fn is_unused(self) -> bool {
        self.result_values().iter().all(|v| !v.has_uses())
    }
    /// The op as text.
    fn to_text(self) -> String;
}

impl<'c> OpExt<'c> for Op<'c> {
    fn raw(self) -> MlirOperation {
        self.to_raw()
    }
    fn name(self) -> &'c str {
        // SAFETY: op names are interned in the context.
        unsafe { text(mlirIdentifierStr(mlirOperationGetName(self.raw()))) }
    }
    fn ctx(self) -> &'c Context {
        // SAFETY: the op is alive.
        context_from_raw(unsafe { mlirOperationGetContext(self.raw()) })
    }
    fn loc(self) -> Location<'c> {
        // SAFETY: the op is alive.
        unsafe { Location::from_raw(mlirOperationGetLocation(self.raw())) }
    }
    fn num_operands(self) -> usize {
        // SAFETY: the op is alive.
        unsafe { mlirOperationGetNumOperands(self.raw()) as usize }
    }
    fn operand(self, i: usize) -> Val<'c> {
        assert!(i < self.num_operands(), "operand {i} of {}", self.name());
        // SAFETY: in range.
        unsafe { val_from_raw(mlirOperationGetOperand(self.raw(), i as isize)) }
    }
    fn set_operand(self, i: usize, value: Val<'c>) {
        assert!(i < self.num_operands(), "operand {i} of {}", self.name());
        // SAFETY: in range.
        unsafe { mlirOperationSetOperand(self.raw(), i as isize, value.to_raw()) }
    }
    fn set_operands(self, values: &[Val<'c>]) {
        let raw: Vec<_> = values.iter().map(|v| v.to_raw()).collect();
        // SAFETY: the values are alive.
        unsafe { mlirOperationSetOperands(self.raw(), raw.len() as isize, raw.as_ptr()) }
    }
    fn num_results(self) -> usize {
        // SAFETY: the op is alive.
        unsafe { mlirOperationGetNumResults(self.raw()) as usize }
    }
    fn result_value(self, i: usize) -> Val<'c> {
        assert!(i < self.num_results(), "result {i} of {}", self.name());
        // SAFETY: in range.
        unsafe { val_from_raw(mlirOperationGetResult(self.raw(), i as isize)) }
    }
    fn attr(self, name: &str) -> Option<Attribute<'c>> {
        // SAFETY: the op is alive; null means absent.
        unsafe {
            Attribute::from_option_raw(mlirOperationGetAttributeByName(
                self.raw(),
                StringRef::new(name).to_raw(),
            ))
        }
    }
    fn set_attr(self, name: &str, value: Attribute<'c>) {
        // SAFETY: the op is alive.
        unsafe {
            mlirOperationSetAttributeByName(
                self.raw(),
                StringRef::new(name).to_raw(),
                value.to_raw(),
            )
        }
    }
    fn remove_attr(self, name: &str) {
        // SAFETY: the op is alive.
        unsafe { mlirOperationRemoveAttributeByName(self.raw(), StringRef::new(name).to_raw()) };
    }
    fn attrs(self) -> Vec<(&'c str, Attribute<'c>)> {
        // SAFETY: indices are in range; names are interned.
        unsafe {
            (0..mlirOperationGetNumAttributes(self.raw()))
                .map(|i| mlirOperationGetAttribute(self.raw(), i))
                .map(|a| {
                    (
                        text(mlirIdentifierStr(a.name)),
                        Attribute::from_raw(a.attribute),
                    )
                })
                .collect()
        }
    }
    fn discardable_attrs(self) -> Vec<(&'c str, Attribute<'c>)> {
        // SAFETY: indices are in range; names are interned.
        unsafe {
            (0..mlirOperationGetNumDiscardableAttributes(self.raw()))
                .map(|i| mlirOperationGetDiscardableAttribute(self.raw(), i))
                .map(|a| {
                    (
                        text(mlirIdentifierStr(a.name)),
                        Attribute::from_raw(a.attribute),
                    )
                })
                .collect()
        }
    }
    fn num_regions(self) -> usize {
        // SAFETY: the op is alive.
        unsafe { mlirOperationGetNumRegions(self.raw()) as usize }
    }
    fn region(self, i: usize) -> Reg<'c> {
        assert!(i < self.num_regions(), "region {i} of {}", self.name());
        // SAFETY: in range.
        unsafe { RegionRef::from_raw(mlirOperationGetRegion(self.raw(), i as isize)) }
    }
    fn parent(self) -> Option<Op<'c>> {
        // SAFETY: the op is alive; null means none.
        unsafe { OperationRef::from_option_raw(mlirOperationGetParentOperation(self.raw())) }
    }
    fn block(self) -> Option<Blk<'c>> {
        // SAFETY: the op is alive; null means none.
        unsafe { BlockRef::from_option_raw(mlirOperationGetBlock(self.raw())) }
    }
    fn next(self) -> Option<Op<'c>> {
        // SAFETY: the op is alive; null means none.
        unsafe { OperationRef::from_option_raw(mlirOperationGetNextInBlock(self.raw())) }
    }
    fn previous(self) -> Option<Op<'c>> {
        // SAFETY: the op is alive; null means none.
        unsafe { OperationRef::from_option_raw(npir_mlir_sys::npirPreviousOp(self.raw())) }
    }
    fn is_before(self, other: Op<'c>) -> bool {
        // SAFETY: both are alive.
        unsafe { mlirOperationIsBeforeInBlock(self.raw(), other.raw()) }
    }
    fn successors(self) -> Vec<Blk<'c>> {
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirOperationGetNumSuccessors(self.raw()))
                .map(|i| BlockRef::from_raw(mlirOperationGetSuccessor(self.raw(), i)))
                .collect()
        }
    }
    fn enclosing(self, name: &str) -> Option<Op<'c>> {
        let mut op = Some(self);
        while let Some(o) = op {
            if o.name() == name {
                return Some(o);
            }
            op = o.parent();
        }
        None
    }
    fn is_within(self, other: Op<'c>) -> bool {
        let mut op = Some(self);
        while let Some(o) = op {
            if o.key() == other.key() {
                return true;
            }
            op = o.parent();
        }
        false
    }
    fn emit_error(self, message: &str) {
        emit_op_error(&self, message);
    }
    fn emit_warning(self, message: &str) {
        emit(self.loc(), Severity::Warning, message, &[]);
    }
    fn emit_remark(self, message: &str) {
        emit(self.loc(), Severity::Remark, message, &[]);
    }
    fn verify_ok(self) -> bool {
        // SAFETY: the op is alive.
        unsafe { mlirOperationVerify(self.raw()) }
    }
    fn walk_ops(self, visit: &mut dyn FnMut(Op<'c>) -> Walk) -> Walk {
        match visit(self) {
            Walk::Stop => return Walk::Stop,
            Walk::Skip => return Walk::Advance,
            Walk::Advance => {}
        }
        for region in self.regions() {
            for block in region.blocks() {
                let mut next = block.first_op();
                while let Some(op) = next {
                    next = op.next();
                    if op.walk_ops(visit) == Walk::Stop {
                        return Walk::Stop;
                    }
                }
            }
        }
        Walk::Advance
    }
    fn move_op_before(self, other: Op<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirOperationMoveBefore(self.raw(), other.raw()) }
    }
    fn move_op_after(self, other: Op<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirOperationMoveAfter(self.raw(), other.raw()) }
    }
    fn to_text(self) -> String {
        self.to_string()
    }
}

/// SSA values.
pub trait ValExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirValue;
    /// A key for maps and sets.
    fn key(self) -> usize {
        self.raw().ptr as usize
    }
    /// Its type.
    fn ty(self) -> Type<'c>;
    /// Sets its type in place (used when a type is refined).
    fn set_ty(self, ty: Type<'c>);
    /// The op that defines it; `None` for a block argument.
    fn defining_op(self) -> Option<Op<'c>>;
    /// Which result of its op, or which argument of its block.
    fn index(self) -> usize;
    /// Whether it is a block argument.
    fn is_block_arg(self) -> bool;
    /// The block that it is an argument of, or whose op defines it.
    fn parent_block(self) -> Option<Blk<'c>>;
    /// All uses.
    fn uses(self) -> Vec<Use<'c>>;
    /// Whether it is used at all.
    fn has_uses(self) -> bool;
    /// Whether it has exactly one use.
    fn has_one_use(self) -> bool;
    /// Replaces every use. Inside a pattern use `Rewriter::replace_all_uses`.
    fn replace_all_uses_with(self, other: Val<'c>);
    /// The context.
    fn ctx(self) -> &'c Context;
    /// Location of its op or argument.
    fn value_loc(self) -> Location<'c>;
    /// The value of a constant integer, bool or index that defines it.
    fn constant_int(self) -> Option<i64>;
    /// The `value` attribute of a constant-like op that defines it.
    fn constant_attr(self) -> Option<Attribute<'c>>;
}

impl<'c> ValExt<'c> for Val<'c> {
    fn raw(self) -> MlirValue {
        self.to_raw()
    }
    fn ty(self) -> Type<'c> {
        // SAFETY: the value is alive.
        unsafe { Type::from_raw(mlirValueGetType(self.to_raw())) }
    }
    fn set_ty(self, ty: Type<'c>) {
        // SAFETY: the value is alive.
        unsafe { mlirValueSetType(self.to_raw(), ty.to_raw()) }
    }
    fn defining_op(self) -> Option<Op<'c>> {
        // SAFETY: the value is alive.
        unsafe {
            mlirValueIsAOpResult(self.to_raw())
                .then(|| op_from_raw(mlirOpResultGetOwner(self.to_raw())))
        }
    }
    fn index(self) -> usize {
        // SAFETY: the value is alive and of the tested kind.
        unsafe {
            if mlirValueIsAOpResult(self.to_raw()) {
                mlirOpResultGetResultNumber(self.to_raw()) as usize
            } else {
                mlirBlockArgumentGetArgNumber(self.to_raw()) as usize
            }
        }
    }
    fn is_block_arg(self) -> bool {
        // SAFETY: the value is alive.
        unsafe { mlirValueIsABlockArgument(self.to_raw()) }
    }
    fn parent_block(self) -> Option<Blk<'c>> {
        if let Some(op) = self.defining_op() {
            return op.block();
        }
        // SAFETY: it is a block argument.
        unsafe { BlockRef::from_option_raw(mlirBlockArgumentGetOwner(self.to_raw())) }
    }
    fn uses(self) -> Vec<Use<'c>> {
        let mut uses = Vec::new();
        // SAFETY: the chain of uses ends with null.
        unsafe {
            let mut operand = mlirValueGetFirstUse(self.to_raw());
            while !operand.ptr.is_null() {
                uses.push(Use {
                    op: op_from_raw(mlirOpOperandGetOwner(operand)),
                    operand: mlirOpOperandGetOperandNumber(operand) as usize,
                });
                operand = mlirOpOperandGetNextUse(operand);
            }
        }
        uses
    }
    fn has_uses(self) -> bool {
        // SAFETY: the value is alive.
        unsafe { !mlirValueGetFirstUse(self.to_raw()).ptr.is_null() }
    }
    fn has_one_use(self) -> bool {
        // SAFETY: the chain of uses ends with null.
        unsafe {
            let first = mlirValueGetFirstUse(self.to_raw());
            !first.ptr.is_null() && mlirOpOperandGetNextUse(first).ptr.is_null()
        }
    }
    fn replace_all_uses_with(self, other: Val<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirValueReplaceAllUsesOfWith(self.to_raw(), other.to_raw()) }
    }
    fn ctx(self) -> &'c Context {
        // SAFETY: the value is alive.
        context_from_raw(unsafe { mlirValueGetContext(self.to_raw()) })
    }
    fn value_loc(self) -> Location<'c> {
        // SAFETY: the value is alive.
        unsafe { Location::from_raw(mlirValueGetLocation(self.to_raw())) }
    }
    fn constant_attr(self) -> Option<Attribute<'c>> {
        let op = self.defining_op()?;
        (op.name().ends_with(".constant") && op.num_operands() == 0).then(|| op.attr("value"))?
    }
    fn constant_int(self) -> Option<i64> {
        let attr = self.constant_attr()?;
        crate::types::AttrExt::as_int(attr)
    }
}

/// Blocks.
pub trait BlkExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirBlock;
    /// A key for maps and sets.
    fn key(self) -> usize {
        self.raw().ptr as usize
    }
    /// Its ops, in order.
    fn ops(self) -> Vec<Op<'c>>;
    /// The first op.
    fn first_op(self) -> Option<Op<'c>>;
    /// Its arguments.
    fn args(self) -> Vec<Val<'c>>;
    /// Adds an argument.
    fn add_arg(self, ty: Type<'c>, loc: Location<'c>) -> Val<'c>;
    /// Inserts an argument before argument `i`.
    fn insert_arg(self, i: usize, ty: Type<'c>, loc: Location<'c>) -> Val<'c>;
    /// Removes argument `i`, which has no uses.
    fn erase_arg(self, i: usize);
    /// The last op, if it is a terminator.
    fn terminator_op(self) -> Option<Op<'c>>;
    /// The op that holds the block.
    fn parent_op(self) -> Option<Op<'c>>;
}

impl<'c> BlkExt<'c> for Blk<'c> {
    fn raw(self) -> MlirBlock {
        self.to_raw()
    }
    fn ops(self) -> Vec<Op<'c>> {
        let mut ops = Vec::new();
        let mut next = self.first_op();
        while let Some(op) = next {
            ops.push(op);
            next = op.next();
        }
        ops
    }
    fn first_op(self) -> Option<Op<'c>> {
        // SAFETY: the block is alive; null means none.
        unsafe { OperationRef::from_option_raw(mlirBlockGetFirstOperation(self.to_raw())) }
    }
    fn args(self) -> Vec<Val<'c>> {
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirBlockGetNumArguments(self.to_raw()))
                .map(|i| val_from_raw(mlirBlockGetArgument(self.to_raw(), i)))
                .collect()
        }
    }
    fn add_arg(self, ty: Type<'c>, loc: Location<'c>) -> Val<'c> {
        // SAFETY: the block is alive.
        unsafe {
            val_from_raw(mlirBlockAddArgument(
                self.to_raw(),
                ty.to_raw(),
                loc.to_raw(),
            ))
        }
    }
    fn insert_arg(self, i: usize, ty: Type<'c>, loc: Location<'c>) -> Val<'c> {
        // SAFETY: the block is alive and i at most the number of arguments.
        unsafe {
            val_from_raw(mlirBlockInsertArgument(
                self.to_raw(),
                i as isize,
                ty.to_raw(),
                loc.to_raw(),
            ))
        }
    }
    fn erase_arg(self, i: usize) {
        // SAFETY: the caller vouches that it has no uses.
        unsafe { mlirBlockEraseArgument(self.to_raw(), i as u32) }
    }
    fn terminator_op(self) -> Option<Op<'c>> {
        // SAFETY: the block is alive; null means none.
        unsafe { OperationRef::from_option_raw(mlirBlockGetTerminator(self.to_raw())) }
    }
    fn parent_op(self) -> Option<Op<'c>> {
        // SAFETY: the block is alive; null means none.
        unsafe { OperationRef::from_option_raw(mlirBlockGetParentOperation(self.to_raw())) }
    }
}

/// Regions.
pub trait RegExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirRegion;
    /// Its blocks.
    fn blocks(self) -> Vec<Blk<'c>>;
    /// The first block; `None` for an empty region.
    fn entry(self) -> Option<Blk<'c>>;
    /// Whether it has no blocks.
    fn is_empty(self) -> bool {
        self.entry().is_none()
    }
}

impl<'c> RegExt<'c> for Reg<'c> {
    fn raw(self) -> MlirRegion {
        self.to_raw()
    }
    fn blocks(self) -> Vec<Blk<'c>> {
        let mut blocks = Vec::new();
        let mut next = self.entry();
        while let Some(block) = next {
            blocks.push(block);
            next = block.next_in_region();
        }
        blocks
    }
    fn entry(self) -> Option<Blk<'c>> {
        self.first_block()
    }
}
