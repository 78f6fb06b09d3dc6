//! Rewrite patterns and the greedy and walk drivers.

use crate::guard::{drop_quietly, guard};
use crate::interfaces::OpView;
use crate::ir::{Op, OpExt, op_from_raw};
use crate::raw::string_ref;
use crate::rewriter::Rewriter;
use mlir_sys::*;
use npir_mlir_sys::*;
use std::sync::Arc;

/// Why a pattern did not apply.
#[derive(Clone, Debug)]
pub struct NoMatch(pub String);

impl NoMatch {
    /// With a reason, visible in MLIR's debug output.
    pub fn new(why: impl Into<String>) -> Self {
        NoMatch(why.into())
    }
}

/// Outcome of a pattern.
pub type Match = Result<(), NoMatch>;

/// `Err(NoMatch)` with a reason.
pub fn no_match<T>(why: impl Into<String>) -> Result<T, NoMatch> {
    Err(NoMatch::new(why))
}

type DynRewrite = dyn for<'c> Fn(Op<'c>, Rewriter<'c>) -> Match + Send + Sync;

/// A rewrite pattern: root op, name, benefit, body.
#[derive(Clone)]
pub struct Pattern {
    root: String,
    name: String,
    benefit: u16,
    rewrite: Arc<DynRewrite>,
}

impl Pattern {
    /// A pattern on ops named `root`. `name` is what debugging and filters show.
    pub fn on(
        root: &str,
        name: &str,
        benefit: u16,
        rewrite: impl for<'c> Fn(Op<'c>, Rewriter<'c>) -> Match + Send + Sync + 'static,
    ) -> Self {
        Pattern {
            root: root.into(),
            name: name.into(),
            benefit,
            rewrite: Arc::new(rewrite),
        }
    }
    /// A pattern tried on every op.
    pub fn on_any(
        name: &str,
        benefit: u16,
        rewrite: impl for<'c> Fn(Op<'c>, Rewriter<'c>) -> Match + Send + Sync + 'static,
    ) -> Self {
        Self::on("", name, benefit, rewrite)
    }
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
    pub(crate) fn add_to(&self, set: MlirRewritePatternSet) {
        let user: *mut Pattern = Box::into_raw(Box::new(self.clone()));
        // SAFETY: the set owns the boxed pattern through `destroy`.
        unsafe {
            npirPatternSetAdd(
                set,
                string_ref(&self.root),
                u32::from(self.benefit),
                string_ref(&(*user).name),
                user.cast(),
                rewrite,
                destroy,
            );
        }
    }
}

/// Typed form of [`Pattern::on`]: `on_view::<AddFamily, _>("name", 1, |add: Add<'_>, rw| ...)`, whose
/// body receives the view that `#[op]` generates.
pub fn on_view<V, F>(name: &str, benefit: u16, rewrite: F) -> Pattern
where
    V: for<'c> ViewOf<'c>,
    F: for<'c> Fn(<V as ViewOf<'c>>::View, Rewriter<'c>) -> Match + Send + Sync + 'static,
{
    Pattern::on(
        <V as ViewOf<'static>>::View::NAME,
        name,
        benefit,
        move |op, rw| rewrite(<V as ViewOf<'_>>::View::wrap(op), rw),
    )
}

/// The view family of an op: `Add` for every `Add<'c>`. `#[op]` implements it.
pub trait ViewOf<'c> {
    /// The view with this lifetime.
    type View: OpView<'c>;
}

extern "C" fn rewrite(user: Ptr, op: MlirOperation, rw: MlirRewriterBase) -> bool {
    // SAFETY: the user pointer is the boxed Pattern; all handles are alive during the callback.
    let (pattern, op): (&Pattern, Op<'static>) =
        unsafe { (&*user.cast::<Pattern>(), op_from_raw(op)) };
    let loc = op.loc();
    // SAFETY: as above.
    let rw = unsafe { Rewriter::from_raw(rw, loc) };
    match guard(loc, format_args!("the pattern '{}'", pattern.name), || {
        (pattern.rewrite)(op, rw)
    }) {
        Some(Ok(())) => true,
        Some(Err(NoMatch(why))) => {
            rw.notify_failure(op, &why);
            false
        }
        None => false,
    }
}
extern "C" fn destroy(user: Ptr) {
    // SAFETY: created by Box::into_raw in `add_to`, destroyed once.
    drop_quietly(unsafe { Box::from_raw(user.cast::<Pattern>()) });
}

/// A pattern set under construction; freezing or dropping ends it.
pub struct PatternSet {
    pub(crate) raw: MlirRewritePatternSet,
}

impl PatternSet {
    /// An empty set.
    pub fn new(ctx: &melior::Context) -> Self {
        // SAFETY: the context is alive.
        PatternSet {
            // SAFETY: the context is alive.
            raw: unsafe { mlirRewritePatternSetCreate(ctx.to_raw()) },
        }
    }
    /// Adds a pattern.
    pub fn add(&mut self, pattern: &Pattern) -> &mut Self {
        pattern.add_to(self.raw);
        self
    }
    pub(crate) fn freeze(self) -> Frozen {
        let raw = self.raw;
        std::mem::forget(self);
        // SAFETY: freezing moves the patterns out; the emptied set is destroyed.
        unsafe {
            let frozen = mlirFreezeRewritePattern(raw);
            mlirRewritePatternSetDestroy(raw);
            Frozen { raw: frozen }
        }
    }
}
impl Drop for PatternSet {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { mlirRewritePatternSetDestroy(self.raw) }
    }
}

pub(crate) struct Frozen {
    pub(crate) raw: MlirFrozenRewritePatternSet,
}
impl Drop for Frozen {
    fn drop(&mut self) {
        // SAFETY: created in `freeze`.
        unsafe { mlirFrozenRewritePatternSetDestroy(self.raw) }
    }
}

/// Settings of the greedy driver.
#[derive(Clone, Copy, Debug)]
pub struct GreedyConfig {
    /// Rounds over the op before it gives up; `None`: no limit.
    pub max_iterations: Option<i64>,
    /// Fold ops and merge constants on the way.
    pub fold: bool,
    /// Visit ops from the top.
    pub top_down: bool,
}

impl Default for GreedyConfig {
    fn default() -> Self {
        GreedyConfig {
            max_iterations: Some(10),
            fold: true,
            top_down: true,
        }
    }
}

/// Applies patterns below `op` until nothing changes. `op` itself is not rewritten.
///
/// # Errors
/// When the iteration limit is reached without a fixpoint.
pub fn apply_greedily(
    op: Op<'_>,
    patterns: &[Pattern],
    config: GreedyConfig,
) -> Result<(), String> {
    let mut set = PatternSet::new(op.ctx());
    patterns.iter().for_each(|p| {
        set.add(p);
    });
    let frozen = set.freeze();
    // SAFETY: all handles are alive; the config is destroyed after use.
    let ok = unsafe {
        let c = mlirGreedyRewriteDriverConfigCreate();
        mlirGreedyRewriteDriverConfigSetMaxIterations(c, config.max_iterations.unwrap_or(-1));
        mlirGreedyRewriteDriverConfigEnableFolding(c, config.fold);
        mlirGreedyRewriteDriverConfigEnableConstantCSE(c, config.fold);
        mlirGreedyRewriteDriverConfigSetUseTopDownTraversal(c, config.top_down);
        let r = mlirApplyPatternsAndFoldGreedilyWithOp(op.raw(), frozen.raw, c);
        mlirGreedyRewriteDriverConfigDestroy(c);
        r.value != 0
    };
    if ok {
        Ok(())
    } else {
        Err(format!(
            "no fixpoint within {:?} iterations",
            config.max_iterations
        ))
    }
}

/// Visits every op below `op` once and applies the best pattern to it. Faster than
/// the greedy driver; ops that patterns create are not visited.
pub fn apply_walk(op: Op<'_>, patterns: &[Pattern]) {
    let mut set = PatternSet::new(op.ctx());
    patterns.iter().for_each(|p| {
        set.add(p);
    });
    let frozen = set.freeze();
    // SAFETY: all handles are alive.
    unsafe { mlirWalkAndApplyPatterns(op.raw(), frozen.raw) }
}
