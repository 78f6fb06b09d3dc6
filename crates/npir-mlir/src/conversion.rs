//! Dialect conversion: type converter, target, conversion patterns.

use crate::guard::{drop_quietly, guard};
use crate::ir::{Op, OpExt, Val, ValExt, op_from_raw, val_from_raw};
use crate::pattern::{Match, NoMatch, PatternSet};
use crate::raw::{location, slice, string_ref};
use crate::rewriter::Rewriter;
use melior::Context;
use melior::ir::{Location, Type, TypeLike};
use mlir_sys::*;
use npir_mlir_sys::*;
use std::ffi::c_void;
use std::sync::Arc;

/// What a conversion rule says of a type.
#[derive(Clone, Copy)]
pub enum Converted<'c> {
    /// It becomes this.
    To(Type<'c>),
    /// Not this rule's business.
    Declined,
    /// It cannot be converted.
    Impossible,
}

type DynConvert = dyn for<'c> Fn(Type<'c>) -> Converted<'c> + Send + Sync;
type DynMaterialize =
    dyn for<'c> Fn(Rewriter<'c>, Type<'c>, Val<'c>) -> Option<Val<'c>> + Send + Sync;

/// Maps types of one level to types of the next. Rules added later come first;
/// types that every rule declines stay as they are.
pub struct TypeConverter {
    raw: Ptr,
}
// SAFETY: rules are Send + Sync, and MLIR's converter guards its cache.
unsafe impl Send for TypeConverter {}
// SAFETY: as above.
unsafe impl Sync for TypeConverter {}

impl Default for TypeConverter {
    fn default() -> Self {
        Self::new()
    }
}

impl TypeConverter {
    /// Keeps every type.
    pub fn new() -> Self {
        // SAFETY: freed on drop.
        TypeConverter {
            // SAFETY: freed on drop.
            raw: unsafe { npirTypeConverterNew() },
        }
    }
    /// Adds a rule.
    pub fn rule(
        self,
        f: impl for<'c> Fn(Type<'c>) -> Converted<'c> + Send + Sync + 'static,
    ) -> Self {
        let user: Box<Box<DynConvert>> = Box::new(Box::new(f));
        // SAFETY: the converter owns the boxed rule.
        unsafe {
            npirTypeConverterAdd(
                self.raw,
                Box::into_raw(user).cast(),
                convert_type,
                destroy_rule,
            )
        };
        self
    }
    /// How a value of a converted type turns into the original type (for users not
    /// converted yet); the default is an unrealized cast.
    pub fn source_materialization(
        self,
        f: impl for<'c> Fn(Rewriter<'c>, Type<'c>, Val<'c>) -> Option<Val<'c>> + Send + Sync + 'static,
    ) -> Self {
        self.materialization(0, Box::new(f))
    }
    /// How a value of an original type turns into the converted one.
    pub fn target_materialization(
        self,
        f: impl for<'c> Fn(Rewriter<'c>, Type<'c>, Val<'c>) -> Option<Val<'c>> + Send + Sync + 'static,
    ) -> Self {
        self.materialization(1, Box::new(f))
    }
    fn materialization(self, place: i32, f: Box<DynMaterialize>) -> Self {
        let user = Box::into_raw(Box::new(f));
        // SAFETY: the converter owns the boxed function.
        unsafe {
            npirTypeConverterAddMaterialization(
                self.raw,
                place,
                user.cast(),
                materialize,
                destroy_materialize,
            )
        };
        self
    }
    /// What a type becomes; `None` when it cannot be converted.
    pub fn convert<'c>(&self, ty: Type<'c>) -> Option<Type<'c>> {
        convert_with(self.raw, ty)
    }
    /// Whether all operand and result types of `op` stay as they are.
    pub fn is_legal(&self, op: Op<'_>) -> bool {
        // SAFETY: alive.
        unsafe { npirTypeConverterIsLegalOp(self.raw, op.raw()) }
    }
}
impl Drop for TypeConverter {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { npirTypeConverterFree(self.raw) }
    }
}

fn convert_with<'c>(raw: *const c_void, ty: Type<'c>) -> Option<Type<'c>> {
    // SAFETY: alive; null means that it cannot be converted.
    unsafe { Type::from_option_raw(npirTypeConverterConvert(raw, ty.to_raw())) }
}

extern "C" fn convert_type(user: Ptr, ty: MlirType, declined: *mut bool) -> MlirType {
    // SAFETY: the user pointer is the boxed rule; the type is alive.
    let (rule, ty): (&DynConvert, Type<'static>) =
        unsafe { (&**user.cast::<Box<DynConvert>>(), Type::from_raw(ty)) };
    let loc = Location::unknown(crate::types::TypeExt::ctx(ty));
    let null = MlirType {
        ptr: std::ptr::null_mut(),
    };
    match guard(loc, "a type conversion", || rule(ty)) {
        Some(Converted::To(t)) => t.to_raw(),
        Some(Converted::Declined) => {
            // SAFETY: points to a place on the caller's stack.
            unsafe { *declined = true };
            null
        }
        Some(Converted::Impossible) | None => null,
    }
}
extern "C" fn destroy_rule(user: Ptr) {
    // SAFETY: created by Box::into_raw in `rule`.
    drop_quietly(unsafe { Box::from_raw(user.cast::<Box<DynConvert>>()) });
}
extern "C" fn materialize(
    user: Ptr,
    rw: MlirRewriterBase,
    ty: MlirType,
    v: MlirValue,
    loc: MlirLocation,
) -> MlirValue {
    // SAFETY: the user pointer is the boxed function; all handles are alive.
    let (f, loc): (&DynMaterialize, Location<'static>) =
        unsafe { (&**user.cast::<Box<DynMaterialize>>(), location(loc)) };
    // SAFETY: as above.
    let (rw, ty, v) = unsafe {
        (
            Rewriter::from_raw(rw, loc),
            Type::from_raw(ty),
            val_from_raw(v),
        )
    };
    guard(loc, "a materialization", || f(rw, ty, v))
        .flatten()
        .map_or(
            MlirValue {
                ptr: std::ptr::null_mut(),
            },
            ValExt::raw,
        )
}
extern "C" fn destroy_materialize(user: Ptr) {
    // SAFETY: created by Box::into_raw in `materialization`.
    drop_quietly(unsafe { Box::from_raw(user.cast::<Box<DynMaterialize>>()) });
}

/// Says which ops may remain.
pub struct ConversionTarget<'c> {
    raw: Ptr,
    ctx: &'c Context,
}

type DynLegal = dyn for<'a> Fn(Op<'a>) -> Option<bool> + Send + Sync;

impl<'c> ConversionTarget<'c> {
    /// Nothing is known.
    pub fn new(ctx: &'c Context) -> Self {
        // SAFETY: freed on drop.
        ConversionTarget {
            // SAFETY: freed on drop.
            raw: unsafe { npirTargetNew(ctx.to_raw()) },
            ctx,
        }
    }
    /// Ops of these dialects may remain.
    pub fn legal_dialects(self, names: &[&str]) -> Self {
        for n in names {
            // SAFETY: the name is copied.
            unsafe { npirTargetDialect(self.raw, string_ref(n), 0) };
        }
        self
    }
    /// Ops of these dialects must go.
    pub fn illegal_dialects(self, names: &[&str]) -> Self {
        for n in names {
            // SAFETY: the name is copied.
            unsafe { npirTargetDialect(self.raw, string_ref(n), 1) };
        }
        self
    }
    /// These ops may remain.
    pub fn legal_ops(self, names: &[&str]) -> Self {
        for n in names {
            // SAFETY: the name is copied.
            unsafe { npirTargetOp(self.raw, self.ctx.to_raw(), string_ref(n), 0) };
        }
        self
    }
    /// These ops must go.
    pub fn illegal_ops(self, names: &[&str]) -> Self {
        for n in names {
            // SAFETY: the name is copied.
            unsafe { npirTargetOp(self.raw, self.ctx.to_raw(), string_ref(n), 1) };
        }
        self
    }
    /// Ops of that name may remain where `f` says so; `None` leaves it to the dialect's rule.
    pub fn dynamically_legal(
        self,
        name: &str,
        f: impl for<'a> Fn(Op<'a>) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        let user: Box<Box<DynLegal>> = Box::new(Box::new(f));
        // SAFETY: the target owns the boxed function.
        unsafe {
            npirTargetDynamic(
                self.raw,
                self.ctx.to_raw(),
                string_ref(name),
                Box::into_raw(user).cast(),
                is_legal,
                destroy_legal,
            );
        }
        self
    }
    /// Every op that no other rule names may remain where `f` says so.
    pub fn unknown_dynamically_legal(
        self,
        f: impl for<'a> Fn(Op<'a>) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        self.dynamically_legal("", f)
    }
}
impl Drop for ConversionTarget<'_> {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { npirTargetFree(self.raw) }
    }
}
extern "C" fn is_legal(user: Ptr, op: MlirOperation) -> i32 {
    // SAFETY: the user pointer is the boxed function; the op is alive.
    let (f, op): (&DynLegal, Op<'static>) =
        unsafe { (&**user.cast::<Box<DynLegal>>(), op_from_raw(op)) };
    match guard(op.loc(), "a legality test", || f(op)) {
        Some(Some(true)) => 1,
        Some(Some(false)) => 0,
        Some(None) | None => -1,
    }
}
extern "C" fn destroy_legal(user: Ptr) {
    // SAFETY: created by Box::into_raw.
    drop_quietly(unsafe { Box::from_raw(user.cast::<Box<DynLegal>>()) });
}

/// What a conversion pattern works with besides the op.
pub struct ConvertCx<'a, 'c> {
    /// The operands, already converted.
    pub operands: &'a [Val<'c>],
    raw: *const c_void,
}

impl<'c> ConvertCx<'_, 'c> {
    /// What a type becomes; a pattern failure when it cannot be converted.
    pub fn convert(&self, ty: Type<'c>) -> Result<Type<'c>, NoMatch> {
        convert_with(self.raw, ty).ok_or_else(|| NoMatch::new(format!("{ty} cannot be converted")))
    }
    /// Converted operand `i`.
    pub fn operand(&self, i: usize) -> Val<'c> {
        self.operands[i]
    }
}

type DynConvertOp =
    dyn for<'a, 'c> Fn(Op<'c>, &ConvertCx<'a, 'c>, Rewriter<'c>) -> Match + Send + Sync;

/// A pattern of a dialect conversion.
#[derive(Clone)]
pub struct ConversionPattern {
    root: String,
    name: String,
    benefit: u16,
    convert: Arc<DynConvertOp>,
}

impl ConversionPattern {
    /// Converts ops named `root`. A pattern that fails after it has emitted an error
    /// leaves the error as the reason of the failed conversion.
    pub fn new(
        root: &str,
        convert: impl for<'a, 'c> Fn(Op<'c>, &ConvertCx<'a, 'c>, Rewriter<'c>) -> Match
        + Send
        + Sync
        + 'static,
    ) -> Self {
        ConversionPattern {
            root: root.into(),
            name: format!("convert-{root}"),
            benefit: 1,
            convert: Arc::new(convert),
        }
    }
    /// With another benefit than 1.
    pub fn benefit(mut self, benefit: u16) -> Self {
        self.benefit = benefit;
        self
    }
    /// The op that it converts.
    pub fn root(&self) -> &str {
        &self.root
    }
}

extern "C" fn convert_op(
    user: Ptr,
    op: MlirOperation,
    n: isize,
    operands: *const MlirValue,
    rw: MlirRewriterBase,
    tc: *const c_void,
) -> bool {
    // SAFETY: the user pointer is the boxed pattern; all handles are alive.
    let (p, op): (&ConversionPattern, Op<'static>) =
        unsafe { (&*user.cast::<ConversionPattern>(), op_from_raw(op)) };
    // SAFETY: as above.
    let (rw, operands): (_, Vec<Val<'static>>) = unsafe {
        (
            Rewriter::from_raw(rw, op.loc()),
            slice(operands, n)
                .iter()
                .map(|v| val_from_raw(*v))
                .collect(),
        )
    };
    let cx = ConvertCx {
        operands: &operands,
        raw: tc,
    };
    match guard(
        op.loc(),
        format_args!("the conversion of {}", p.root),
        || (p.convert)(op, &cx, rw),
    ) {
        Some(Ok(())) => true,
        Some(Err(NoMatch(why))) => {
            rw.notify_failure(op, &why);
            false
        }
        None => false,
    }
}
extern "C" fn destroy_pattern(user: Ptr) {
    // SAFETY: created by Box::into_raw in `Conversion::run`.
    drop_quietly(unsafe { Box::from_raw(user.cast::<ConversionPattern>()) });
}

/// A dialect conversion: converter, target and patterns, ready to run.
pub struct Conversion<'a, 'c> {
    converter: &'a TypeConverter,
    target: ConversionTarget<'c>,
    set: PatternSet,
}

impl<'a, 'c> Conversion<'a, 'c> {
    /// Without patterns yet.
    pub fn new(converter: &'a TypeConverter, target: ConversionTarget<'c>) -> Self {
        let set = PatternSet::new(target.ctx);
        Conversion {
            converter,
            target,
            set,
        }
    }
    /// Adds a pattern.
    pub fn pattern(self, p: &ConversionPattern) -> Self {
        let user: *mut ConversionPattern = Box::into_raw(Box::new(p.clone()));
        // SAFETY: the set owns the boxed pattern; the converter outlives the run.
        unsafe {
            npirConversionPatternAdd(
                self.set.raw,
                self.converter.raw,
                string_ref(&p.root),
                u32::from(p.benefit),
                string_ref(&(*user).name),
                user.cast(),
                convert_op,
                destroy_pattern,
            );
        }
        self
    }
    /// Adds several patterns.
    pub fn patterns<'p>(self, list: impl IntoIterator<Item = &'p ConversionPattern>) -> Self {
        list.into_iter().fold(self, |c, p| c.pattern(p))
    }
    /// Converts signatures of `func.func`, calls and returns.
    pub fn func_types(self) -> Self {
        // SAFETY: converter and target outlive the run.
        unsafe { npirAddFuncTypePatterns(self.set.raw, self.converter.raw, self.target.raw) };
        self
    }
    /// Converts the types that `scf.for`, `scf.if` and `scf.while` carry.
    pub fn scf_types(self) -> Self {
        // SAFETY: converter and target outlive the run.
        unsafe { npirAddScfTypePatterns(self.set.raw, self.converter.raw, self.target.raw) };
        self
    }
    /// Runs on `op`; what is neither legal nor illegal may stay.
    ///
    /// # Errors
    /// When an illegal op remains; MLIR has reported which, and the IR is as before.
    pub fn run_partial(self, op: Op<'_>) -> Result<(), String> {
        self.run(op, false)
    }
    /// Runs on `op`; only legal ops may remain.
    ///
    /// # Errors
    /// As [`Conversion::run_partial`].
    pub fn run_full(self, op: Op<'_>) -> Result<(), String> {
        self.run(op, true)
    }
    fn run(self, op: Op<'_>, full: bool) -> Result<(), String> {
        let frozen = self.set.freeze();
        // SAFETY: everything is alive until the end of this function.
        let ok = unsafe { npirApplyConversion(op.raw(), self.target.raw, frozen.raw, full) };
        if ok {
            Ok(())
        } else {
            Err("conversion failed".into())
        }
    }
}
