//! The functions that C++ calls for an op: each finds the definition behind the
//! user pointer and runs it under the guard.

use crate::assembly::{self, Parser, Printer};
use crate::diagnostics::{Severity, emit};
use crate::guard::guard;
use crate::interfaces::*;
use crate::ir::{Op, OpExt, Val, ValExt, op_from_raw, val_from_raw};
use crate::op_def::{OpDef, Syntax};
use crate::raw::{location, slice};
use crate::rewriter::Rewriter;
use melior::ir::{Attribute, AttributeLike, Location, TypeLike};
use mlir_sys::*;
use npir_mlir_sys::*;
use std::cell::Cell;
use std::ffi::c_uint;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::sync::Once;

/// Hands the table to C++, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    // SAFETY: the table is static.
    ONCE.call_once(|| unsafe { npirSetOpCallbacks(&TABLE) });
}

static TABLE: NpirOpCallbacks = NpirOpCallbacks {
    verify,
    verify_regions,
    parse,
    print,
    fold,
    canonicalize,
    infer_types,
    effects,
    speculatable,
    inits,
    buffer_reads,
    buffer_writes,
    buffer_allocates,
    buffer_aliases,
    buffer_type,
    bufferize,
    tile_iterators,
    tile_domain,
    tile,
    tile_result,
};

fn def(user: Ptr) -> &'static OpDef {
    // SAFETY: the user pointer of every op is a leaked OpDef.
    unsafe { &*user.cast::<OpDef>() }
}
fn view(op: MlirOperation) -> Op<'static> {
    // SAFETY: MLIR passes live ops; the handle does not leave the callback.
    unsafe { op_from_raw(op) }
}
/// Which callback of which op, for the message of a panic.
fn what(def: &OpDef, of: &str) -> impl Display {
    fmt::from_fn(move |f| write!(f, "the {of} of {}", def.name))
}
fn vals<'c>(ptr: *const MlirValue, n: isize) -> Vec<Val<'c>> {
    // SAFETY: MLIR passes n live values.
    unsafe { slice(ptr, n).iter().map(|v| val_from_raw(*v)).collect() }
}
/// Reports `'dialect.op' op message`, like [`OpExt::emit_error`], when the op itself may be gone.
fn report_at(loc: Location<'_>, d: &OpDef, message: &str) {
    emit(
        loc,
        Severity::Error,
        &format!("'{}' op {message}", d.name),
        &[],
    );
}
fn report(op: Op<'_>, result: Option<Result<(), String>>) -> bool {
    match result {
        Some(Ok(())) => true,
        Some(Err(message)) => {
            op.emit_error(&message);
            false
        }
        None => false,
    }
}

extern "C" fn verify(user: Ptr, op: MlirOperation) -> bool {
    let (d, op) = (def(user), view(op));
    report(op, guard(op.loc(), what(d, "verifier"), || d.verify_op(op)))
}
extern "C" fn verify_regions(user: Ptr, op: MlirOperation) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(f) = &d.verify_regions else {
        return true;
    };
    report(op, guard(op.loc(), what(d, "region verifier"), || f(op)))
}
extern "C" fn parse(user: Ptr, parser: Ptr, state: Ptr) -> bool {
    let d = def(user);
    // SAFETY: the parser is alive during the callback.
    let loc: Location<'static> = unsafe { location(npirParserLocation(parser)) };
    let parsed = guard(loc, what(d, "parser"), || match &d.syntax {
        Syntax::Declarative(a) => assembly::parse(d, a, parser, state),
        Syntax::Custom { parse, .. } => parse(&mut Parser::new(parser, state)),
        Syntax::Generic => Err(()),
    });
    parsed == Some(Ok(()))
}
extern "C" fn print(user: Ptr, printer: Ptr, op: MlirOperation) {
    let (d, op) = (def(user), view(op));
    guard(op.loc(), what(d, "printer"), || match &d.syntax {
        Syntax::Declarative(a) => assembly::print(d, a, op, printer),
        Syntax::Custom { print, .. } => print(op, &mut Printer::new(printer)),
        Syntax::Generic => {}
    });
}
extern "C" fn fold(
    user: Ptr,
    op: MlirOperation,
    n: isize,
    operands: *const MlirAttribute,
    sink: Ptr,
) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(f) = &d.fold else { return false };
    // SAFETY: MLIR passes n attributes, null where unknown.
    let operands: Vec<Option<Attribute<'static>>> = unsafe { slice(operands, n) }
        .iter()
        .map(|a| unsafe { Attribute::from_option_raw(*a) })
        .collect();
    let folded = guard(op.loc(), what(d, "folder"), || f(op, &operands));
    let Some(Some(results)) = folded else {
        return false;
    };
    if results.len() != op.num_results() {
        return false;
    }
    for (i, r) in results.iter().enumerate() {
        let FoldResult::Value(v) = r else { continue };
        // An op that folds to itself has nothing to fold: MLIR would replace it by itself for ever.
        if v.defining_op() == Some(op) {
            return false;
        }
        let (found, wanted) = (v.ty(), op.result_value(i).ty());
        if found != wanted {
            let message = format!(
                "internal error in {}: result {i} of type {wanted} folds to a value of type {found}",
                what(d, "folder")
            );
            emit(op.loc(), Severity::Error, &message, &[]);
            return false;
        }
    }
    for r in results {
        // SAFETY: the sink is alive during the callback.
        unsafe {
            match r {
                FoldResult::Attr(a) => npirFoldPushAttr(sink, a.to_raw()),
                FoldResult::Value(v) => npirFoldPushValue(sink, v.raw()),
            }
        }
    }
    true
}
extern "C" fn canonicalize(user: Ptr, set: MlirRewritePatternSet, ctx: MlirContext) {
    let d = def(user);
    let Some(f) = &d.canonicalize else { return };
    let ctx = crate::ir::context_from_raw(ctx);
    if let Some(patterns) = guard(Location::unknown(ctx), what(d, "canonicalization"), || f()) {
        for p in patterns {
            p.add_to(set);
        }
    }
}
extern "C" fn infer_types(
    user: Ptr,
    ctx: MlirContext,
    loc: MlirLocation,
    n: isize,
    operands: *const MlirValue,
    attrs: MlirAttribute,
    sink: Ptr,
) -> bool {
    let d = def(user);
    let Some(f) = &d.infer else { return false };
    // SAFETY: all handles are alive during the callback.
    let cx: InferCx<'static> = unsafe {
        InferCx {
            ctx: crate::ir::context_from_raw(ctx),
            loc: location(loc),
            operands: vals(operands, n),
            attrs: Attribute::from_raw(attrs),
        }
    };
    match guard(cx.loc, what(d, "type inference"), || f(&cx)) {
        Some(Ok(types)) => {
            for t in types {
                // SAFETY: the sink is alive during the callback.
                unsafe { npirPushType(sink, t.to_raw()) }
            }
            true
        }
        Some(Err(message)) => {
            report_at(cx.loc, d, &message);
            false
        }
        None => false,
    }
}
extern "C" fn effects(user: Ptr, op: MlirOperation, sink: Ptr) {
    let (d, op) = (def(user), view(op));
    let Some(f) = &d.effects else { return };
    let list = guard(op.loc(), what(d, "memory effects"), || f(op));
    let unknown = MlirValue {
        ptr: std::ptr::null_mut(),
    };
    let Some(list) = list else {
        // After a panic the op is taken to do anything.
        // SAFETY: the sink is alive during the callback.
        unsafe { npirPushEffect(sink, 1, unknown) };
        return;
    };
    for e in list {
        let (kind, value) = match e {
            Effect::Read(v) => (0, v),
            Effect::Write(v) => (1, v),
            Effect::Allocate(v) => (2, v),
            Effect::Free(v) => (3, v),
        };
        // SAFETY: the sink is alive during the callback; operands are found by identity.
        unsafe {
            let operand = value.and_then(|v| op.operand_values().iter().position(|o| *o == v));
            match (value, operand) {
                (_, Some(i)) => npirPushOperandEffect(sink, kind, op.raw(), i as c_uint),
                (Some(v), None) => npirPushEffect(sink, kind, ValExt::raw(v)),
                (None, None) => npirPushEffect(sink, kind, unknown),
            }
        }
    }
}
extern "C" fn speculatable(user: Ptr, op: MlirOperation) -> bool {
    let (d, op) = (def(user), view(op));
    d.speculatable
        .as_ref()
        .is_some_and(|f| guard(op.loc(), what(d, "speculation"), || f(op)).unwrap_or(false))
}
extern "C" fn inits(user: Ptr, op: MlirOperation, begin: *mut c_uint, count: *mut c_uint) {
    let (d, op) = (def(user), view(op));
    let range = d
        .inits
        .as_ref()
        .and_then(|f| guard(op.loc(), what(d, "destinations"), || f(op)));
    // An op that is yet to be verified may have fewer operands.
    let range = range
        .filter(|r| r.start <= r.end && r.end <= op.num_operands())
        .unwrap_or(0..0);
    // SAFETY: both point to a place on the caller's stack.
    unsafe {
        *begin = range.start as c_uint;
        *count = range.len() as c_uint;
    }
}
extern "C" fn buffer_reads(user: Ptr, op: MlirOperation, operand: c_uint) -> bool {
    let (d, op) = (def(user), view(op));
    // In doubt it reads, and writes: that only costs a copy.
    d.bufferize.as_ref().is_none_or(|b| {
        guard(op.loc(), what(d, "bufferization"), || {
            (b.reads)(op, operand as usize)
        })
        .unwrap_or(true)
    })
}
extern "C" fn buffer_writes(user: Ptr, op: MlirOperation, operand: c_uint) -> bool {
    let (d, op) = (def(user), view(op));
    d.bufferize.as_ref().is_none_or(|b| {
        guard(op.loc(), what(d, "bufferization"), || {
            (b.writes)(op, operand as usize)
        })
        .unwrap_or(true)
    })
}
extern "C" fn buffer_allocates(user: Ptr, op: MlirOperation, result: c_uint) -> bool {
    let (d, op) = (def(user), view(op));
    d.bufferize.as_ref().is_some_and(|b| {
        guard(op.loc(), what(d, "bufferization"), || {
            (b.allocates)(op, result as usize)
        })
        .unwrap_or(false)
    })
}
extern "C" fn buffer_aliases(user: Ptr, op: MlirOperation, operand: c_uint, sink: Ptr) {
    let (d, op) = (def(user), view(op));
    let Some(b) = &d.bufferize else { return };
    let list = guard(op.loc(), what(d, "bufferization"), || {
        (b.aliases)(op, operand as usize)
    })
    .unwrap_or_default();
    for (result, relation) in list {
        if result < op.num_results() {
            // SAFETY: the sink is alive during the callback.
            unsafe { npirPushAlias(sink, result as c_uint, relation == Relation::Equivalent) }
        }
    }
}
extern "C" fn buffer_type(user: Ptr, op: MlirOperation, result: c_uint, cx: Ptr) -> MlirType {
    let (d, op) = (def(user), view(op));
    let cx = BufferTypeCx {
        raw: cx,
        _ctx: PhantomData,
    };
    d.bufferize
        .as_ref()
        .and_then(|b| {
            guard(op.loc(), what(d, "bufferization"), || {
                (b.buffer_type)(op, result as usize, &cx)
            })
        })
        .flatten()
        .map_or(
            MlirType {
                ptr: std::ptr::null_mut(),
            },
            |t| t.to_raw(),
        )
}
extern "C" fn bufferize(user: Ptr, op: MlirOperation, rw: MlirRewriterBase, cx: Ptr) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(b) = &d.bufferize else { return false };
    let loc = op.loc();
    // SAFETY: the rewriter is alive during the callback.
    let rw = unsafe { Rewriter::from_raw(rw, loc) };
    let cx = BufferizeCx {
        raw: cx,
        rw,
        replaced: Cell::new(false),
    };
    match guard(loc, what(d, "bufferization"), || (b.bufferize)(op, rw, &cx)) {
        Some(Ok(())) => return true,
        Some(Err(message)) => report_at(loc, d, &message),
        None => {}
    }
    // MLIR looks at the op again when this fails: not if it is gone.
    cx.replaced.get()
}
extern "C" fn tile_iterators(user: Ptr, op: MlirOperation, sink: Ptr) {
    let (d, op) = (def(user), view(op));
    let Some(t) = &d.tile else { return };
    for parallel in guard(op.loc(), what(d, "tiling"), || (t.iterators)(op)).unwrap_or_default() {
        // SAFETY: the sink is alive during the callback.
        unsafe { npirPushIterator(sink, parallel) }
    }
}
extern "C" fn tile_domain(user: Ptr, op: MlirOperation, rw: MlirRewriterBase, sink: Ptr) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(t) = &d.tile else { return false };
    // SAFETY: the rewriter is alive during the callback.
    let rw = unsafe { Rewriter::from_raw(rw, op.loc()) };
    let Some(sizes) = guard(op.loc(), what(d, "tiling"), || (t.domain)(op, rw)) else {
        return false;
    };
    for v in sizes {
        // SAFETY: the sink is alive during the callback.
        unsafe { npirPushValue(sink, ValExt::raw(v)) }
    }
    true
}
extern "C" fn tile(
    user: Ptr,
    op: MlirOperation,
    rw: MlirRewriterBase,
    rank: isize,
    offsets: *const MlirValue,
    sizes: *const MlirValue,
    sink: Ptr,
) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(t) = &d.tile else { return false };
    // SAFETY: the rewriter is alive during the callback.
    let loc = op.loc();
    // SAFETY: as above.
    let rw = unsafe { Rewriter::from_raw(rw, loc) };
    let (offsets, sizes) = (vals(offsets, rank), vals(sizes, rank));
    match guard(op.loc(), what(d, "tiling"), || {
        (t.tile)(op, rw, &offsets, &sizes)
    }) {
        Some(Ok(tiled)) => {
            let ops: Vec<_> = tiled.ops.iter().map(|o| o.raw()).collect();
            let values: Vec<_> = tiled.values.iter().map(|v| ValExt::raw(*v)).collect();
            let slices: Vec<_> = tiled.slices.iter().map(|o| o.raw()).collect();
            // SAFETY: the sink is alive during the callback; lengths are stated.
            unsafe {
                npirTilePush(
                    sink,
                    ops.len() as isize,
                    ops.as_ptr(),
                    values.len() as isize,
                    values.as_ptr(),
                    slices.len() as isize,
                    slices.as_ptr(),
                );
            }
            true
        }
        Some(Err(message)) => {
            report_at(loc, d, &message);
            false
        }
        None => false,
    }
}
#[allow(clippy::too_many_arguments)]
extern "C" fn tile_result(
    user: Ptr,
    op: MlirOperation,
    rw: MlirRewriterBase,
    result: c_uint,
    rank: isize,
    offsets: *const MlirValue,
    sizes: *const MlirValue,
    sink: Ptr,
) -> bool {
    let (d, op) = (def(user), view(op));
    let Some(t) = &d.tile else { return false };
    // SAFETY: the rewriter is alive during the callback.
    let loc = op.loc();
    // SAFETY: as above.
    let rw = unsafe { Rewriter::from_raw(rw, loc) };
    let (offsets, sizes) = (vals(offsets, rank), vals(sizes, rank));
    match guard(op.loc(), what(d, "tiling"), || {
        (t.position)(op, rw, result as usize, &offsets, &sizes)
    }) {
        Some(Ok((offsets, sizes))) => {
            for v in offsets.into_iter().chain(sizes) {
                // SAFETY: the sink is alive during the callback.
                unsafe { npirPushValue(sink, ValExt::raw(v)) }
            }
            true
        }
        Some(Err(message)) => {
            report_at(loc, d, &message);
            false
        }
        None => false,
    }
}
