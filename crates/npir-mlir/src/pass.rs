//! Passes and pipelines. A pass registered here is known to MLIR: textual pipelines,
//! `--help`, options, statistics, timing and crash reproducers see it.

use crate::diagnostics::{Severity, emit};
use crate::guard::{catch, drop_quietly, guard, panics};
use crate::ir::{Op, OpExt, context_from_raw, op_from_raw};
use crate::raw::{string_ref, text};
use crate::statistics;
pub use crate::statistics::{Statistic, StatisticDef};
use melior::Context;
use melior::ir::block::BlockLike as _;
use melior::ir::operation::OperationLike as _;
use melior::ir::{Location, Module};
use melior::pass::PassManager;
use mlir_sys::*;
use npir_mlir_sys::*;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::{Mutex, OnceLock};

/// Why a pass failed.
#[derive(Clone, Debug)]
pub enum PassError {
    /// Already reported as a diagnostic.
    Reported,
    /// To be reported at the op that the pass runs on.
    Message(String),
}
impl From<String> for PassError {
    fn from(message: String) -> Self {
        PassError::Message(message)
    }
}
impl From<&str> for PassError {
    fn from(message: &str) -> Self {
        PassError::Message(message.into())
    }
}

/// Outcome of a pass.
pub type PassResult = Result<(), PassError>;

/// A declared option.
#[derive(Clone, Debug)]
pub struct OptionDef {
    /// Name in the textual pipeline.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The default, and with it the kind.
    pub default: OptionValue,
}

/// Everything about a pass that is known before it runs. `#[pass]` writes it.
#[derive(Clone, Debug)]
pub struct PassInfo {
    /// Name on the command line, `npir-fuse`.
    pub argument: &'static str,
    /// Documentation; the first line is the summary.
    pub description: &'static str,
    /// The op that it runs on; `None`: any.
    pub on: Option<&'static str>,
    /// Dialects whose ops it creates.
    pub dependent_dialects: &'static [&'static str],
    /// Options.
    pub options: Vec<OptionDef>,
    /// Statistics.
    pub statistics: Vec<StatisticDef>,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// Text.
    Text(String),
    /// An integer.
    Int(i64),
    /// A flag.
    Bool(bool),
    /// Integers.
    IntList(Vec<i64>),
    /// Words.
    TextList(Vec<String>),
}

/// Fields of a pass that are options: conversions the macro uses.
pub trait OptionField: Sized {
    /// From the value at run time.
    fn from_value(value: OptionValue) -> Option<Self>;
    /// To a value.
    fn to_value(&self) -> OptionValue;
}
macro_rules! option_field {
    ($($ty:ty: $variant:ident,)*) => {$(
        impl OptionField for $ty {
            fn from_value(value: OptionValue) -> Option<Self> {
                match value { OptionValue::$variant(v) => Some(v), _ => None }
            }
            fn to_value(&self) -> OptionValue { OptionValue::$variant(self.clone()) }
        }
    )*};
}
option_field! {
    String: Text,
    i64: Int,
    bool: Bool,
    Vec<i64>: IntList,
    Vec<String>: TextList,
}

/// What `#[pass]` generates for a struct: description, and options in and out.
/// `Default` gives the options their declared defaults.
pub trait PassDecl: Clone + Default + Send + 'static {
    /// The declaration.
    fn info() -> PassInfo;
    /// Sets the fields that are options, in the order of [`PassInfo::options`].
    fn set_options(&mut self, values: Vec<OptionValue>);
    /// The values of the fields that are options, in the order of [`PassInfo::options`].
    fn options(&self) -> Vec<OptionValue>;
    /// The counts since the last call, in the order of [`PassInfo::statistics`].
    fn take_statistics(&mut self) -> Vec<i64>;
    /// The pass with its options as one element of a module's textual pipeline, such as
    /// `func.func(my-fuse{max-ops=64})`.
    fn pipeline_text(&self) -> String {
        let info = Self::info();
        let mut options = String::new();
        for (def, value) in info.options.iter().zip(self.options()) {
            let text = match value {
                // As it is without being named.
                OptionValue::Text(v)
                    if v.is_empty() && def.default == OptionValue::Text(v.clone()) =>
                {
                    continue;
                }
                OptionValue::Text(v) => quoted(v),
                OptionValue::Int(v) => v.to_string(),
                OptionValue::Bool(v) => v.to_string(),
                OptionValue::IntList(v) if v.is_empty() => continue,
                OptionValue::TextList(v) if v.is_empty() => continue,
                OptionValue::IntList(v) => {
                    v.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
                }
                OptionValue::TextList(v) => v.join(","),
            };
            let space = if options.is_empty() { "" } else { " " };
            options.push_str(&format!("{space}{}={text}", def.name));
        }
        let pass = if options.is_empty() {
            info.argument.to_string()
        } else {
            format!("{}{{{options}}}", info.argument)
        };
        match info.on {
            None | Some("builtin.module") => pass,
            Some(on) => format!("{on}({pass})"),
        }
    }
}

/// A text as a pipeline takes it: in quotes where it would not be read as one word.
fn quoted(text: String) -> String {
    let word = !text.is_empty() && !text.contains([' ', '\t', '\n', '"', '\'']);
    match text.contains('"') {
        _ if word => text,
        true => format!("'{text}'"),
        false => format!("\"{text}\""),
    }
}

/// A pass: one method. It may run on several ops at once, each on a clone.
pub trait Pass: PassDecl {
    /// Rewrites `op` and what is below it, nothing else.
    fn run(&mut self, op: Op<'_>, cx: &PassCx<'_>) -> PassResult;
    /// Before the first run in a context, where nothing runs in parallel: for
    /// instance to load the dialects of a pipeline that `run` uses.
    fn initialize(&mut self, _ctx: &Context) -> PassResult {
        Ok(())
    }
}

/// What a running pass may ask of the pass manager.
pub struct PassCx<'c> {
    raw: Ptr,
    _ctx: PhantomData<&'c Context>,
}
impl PassCx<'_> {
    /// Declares that nothing changed, so that all analyses stay valid.
    pub fn preserve_all_analyses(&self) {
        // SAFETY: the pass is alive during the run.
        unsafe { npirPassPreserveAll(self.raw) }
    }
    /// Runs a textual pipeline on `op`: a list of passes (`canonicalize,cse`), which may be
    /// anchored on the op's kind (`func.func(canonicalize,cse)`). Its dialects must be loaded,
    /// see [`load_pipeline_dialects`].
    ///
    /// # Errors
    /// [`PassError::Reported`] when a pass of it fails.
    pub fn run_pipeline(&self, pipeline: &str, op: Op<'_>) -> PassResult {
        let pipeline = anchored(pipeline, op.name());
        // SAFETY: pass and op are alive during the run.
        if unsafe { npirPassRunPipeline(self.raw, string_ref(&pipeline), op.raw()) } {
            Ok(())
        } else {
            Err(PassError::Reported)
        }
    }
}

/// Makes the dialects available that the passes of a textual pipeline create.
///
/// # Errors
/// [`PassError::Reported`] when the pipeline does not parse.
pub fn load_pipeline_dialects(ctx: &Context, pipeline: &str) -> PassResult {
    let pipeline = anchored(pipeline, MODULE);
    // SAFETY: the context is alive and nothing runs in it.
    if unsafe { npirLoadPipelineDialects(ctx.to_raw(), string_ref(&pipeline)) } {
        Ok(())
    } else {
        Err(PassError::Reported)
    }
}

/// A pass as a value: what a registry takes. `MyPass::def()`.
#[derive(Clone, Debug)]
pub struct PassDef {
    info: PassInfo,
    functions: Functions,
}

#[derive(Clone, Copy, Debug)]
struct Functions {
    create: extern "C" fn(Ptr) -> Ptr,
    clone: extern "C" fn(Ptr) -> Ptr,
    destroy: extern "C" fn(Ptr),
    initialize: extern "C" fn(Ptr, MlirContext) -> bool,
    run: extern "C" fn(Ptr, MlirOperation, Ptr) -> bool,
}

/// Makes a [`PassDef`] of a pass type.
pub trait PassDefExt: Pass {
    /// The definition.
    fn def() -> PassDef {
        PassDef {
            info: Self::info(),
            functions: Functions {
                create: create::<Self>,
                clone: clone::<Self>,
                destroy: destroy::<Self>,
                initialize: initialize::<Self>,
                run: run::<Self>,
            },
        }
    }
}
impl<P: Pass> PassDefExt for P {}

impl PassDef {
    /// The declaration.
    pub fn info(&self) -> &PassInfo {
        &self.info
    }
    /// Registers the pass with MLIR. Twice is harmless; two passes of one name are not
    /// allowed, the first stays.
    pub fn register(&self) {
        static DONE: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
        let mut done = DONE
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(|e| e.into_inner());
        if !done.insert(self.info.argument) {
            return;
        }
        let leak = |s: &str| -> MlirStringRef {
            string_ref(Box::leak(format!("{s}\0").into_boxed_str()).trim_end_matches('\0'))
        };
        let list =
            |v: Vec<MlirStringRef>| -> &'static [MlirStringRef] { Box::leak(v.into_boxed_slice()) };
        let info = &self.info;
        let summary = info
            .description
            .trim()
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .trim_end_matches('.');
        let options: &'static [NpirPassOption] = Box::leak(
            info.options
                .iter()
                .map(|o| {
                    let (kind, default) = match &o.default {
                        OptionValue::Text(d) => (OPT_STRING, d.clone()),
                        OptionValue::Int(d) => (OPT_INT, d.to_string()),
                        OptionValue::Bool(d) => (OPT_BOOL, d.to_string()),
                        OptionValue::IntList(_) => (OPT_INT_LIST, String::new()),
                        OptionValue::TextList(_) => (OPT_STRING_LIST, String::new()),
                    };
                    NpirPassOption {
                        name: leak(o.name),
                        description: leak(o.description),
                        default_value: leak(&default),
                        kind,
                    }
                })
                .collect(),
        );
        let dialects = list(info.dependent_dialects.iter().map(|d| leak(d)).collect());
        let names = list(info.statistics.iter().map(|s| leak(s.name)).collect());
        let descriptions = list(
            info.statistics
                .iter()
                .map(|s| leak(s.description))
                .collect(),
        );
        let spec: &'static NpirPassSpec = Box::leak(Box::new(NpirPassSpec {
            name: leak(info.argument),
            argument: leak(info.argument),
            description: leak(summary),
            op_name: leak(info.on.unwrap_or_default()),
            num_dependent_dialects: dialects.len() as isize,
            dependent_dialects: dialects.as_ptr(),
            num_options: options.len() as isize,
            options: options.as_ptr(),
            num_statistics: names.len() as isize,
            statistic_names: names.as_ptr(),
            statistic_descriptions: descriptions.as_ptr(),
            user: std::ptr::null_mut(),
            create: self.functions.create,
            clone: self.functions.clone,
            destroy: self.functions.destroy,
            initialize: self.functions.initialize,
            run: self.functions.run,
        }));
        // SAFETY: the spec lives forever.
        unsafe { npirRegisterPass(spec) }
    }
}

/// What C++ holds of a pass: the value, or why there is none.
type Instance<P> = Result<P, String>;

fn boxed<P>(make: impl FnOnce() -> P) -> Ptr {
    let instance: Instance<P> = catch("making the pass", make);
    Box::into_raw(Box::new(instance)).cast()
}
fn instance<'a, P>(raw: Ptr) -> &'a mut Instance<P> {
    // SAFETY: created by Box::into_raw in `boxed`; MLIR runs one op at a time on an
    // instance.
    unsafe { &mut *raw.cast::<Instance<P>>() }
}
extern "C" fn create<P: Pass>(_: Ptr) -> Ptr {
    boxed(P::default)
}
extern "C" fn clone<P: Pass>(raw: Ptr) -> Ptr {
    match instance::<P>(raw) {
        Ok(pass) => boxed(|| pass.clone()),
        Err(why) => Box::into_raw(Box::new(Instance::<P>::Err(why.clone()))).cast(),
    }
}
extern "C" fn destroy<P: Pass>(raw: Ptr) {
    // SAFETY: created by Box::into_raw in `boxed`, destroyed once.
    drop_quietly(unsafe { Box::from_raw(raw.cast::<Instance<P>>()) });
}
/// Runs `body` on the pass, with its outcome and panics as diagnostics at `loc`.
fn with_instance<P: Pass>(
    raw: Ptr,
    loc: Location<'_>,
    body: impl FnOnce(&mut P) -> PassResult,
) -> bool {
    let what = || format!("pass {}", P::info().argument);
    let outcome = match instance::<P>(raw) {
        Ok(pass) => guard(loc, what(), || body(pass)),
        Err(why) => Some(Err(PassError::Message(format!("{}: {why}", what())))),
    };
    match outcome {
        Some(Ok(())) => true,
        Some(Err(PassError::Message(message))) => {
            emit(loc, Severity::Error, &message, &[]);
            false
        }
        Some(Err(PassError::Reported)) | None => false,
    }
}
extern "C" fn initialize<P: Pass>(raw: Ptr, ctx: MlirContext) -> bool {
    let ctx: &'static Context = context_from_raw(ctx);
    with_instance::<P>(raw, Location::unknown(ctx), |pass| pass.initialize(ctx))
}
extern "C" fn run<P: Pass>(raw: Ptr, op: MlirOperation, pass: Ptr) -> bool {
    // SAFETY: the op is alive during the run.
    let op: Op<'static> = unsafe { op_from_raw(op) };
    let (before, info) = (panics(), P::info());
    let ok = with_instance::<P>(raw, op.loc(), |p| {
        p.set_options(
            info.options
                .iter()
                .enumerate()
                .map(|(i, o)| read_option(pass, i, &o.default))
                .collect(),
        );
        p.run(
            op,
            &PassCx {
                raw: pass,
                _ctx: PhantomData,
            },
        )
    });
    if let Ok(p) = instance::<P>(raw) {
        let counts = p.take_statistics();
        for (i, n) in counts.iter().enumerate() {
            // SAFETY: in range.
            unsafe { npirPassStatisticAdd(pass, i as isize, *n) }
        }
        statistics::record(info.argument, &info.statistics, &counts);
    }
    // A pattern driver goes on after a pattern that panicked; the pass has failed all the same.
    ok && panics() == before
}
fn read_option(pass: Ptr, i: usize, default: &OptionValue) -> OptionValue {
    let i = i as isize;
    // SAFETY: the option has the kind of its default and list indices are in range.
    unsafe {
        match default {
            OptionValue::Text(_) => {
                OptionValue::Text(text(npirPassOptionText(pass, i)).to_string())
            }
            OptionValue::Int(_) => OptionValue::Int(npirPassOptionInt(pass, i)),
            OptionValue::Bool(_) => OptionValue::Bool(npirPassOptionBool(pass, i)),
            OptionValue::IntList(_) => OptionValue::IntList(
                (0..npirPassOptionListSize(pass, i))
                    .map(|k| npirPassOptionListInt(pass, i, k))
                    .collect(),
            ),
            OptionValue::TextList(_) => OptionValue::TextList(
                (0..npirPassOptionListSize(pass, i))
                    .map(|k| text(npirPassOptionListText(pass, i, k)).to_string())
                    .collect(),
            ),
        }
    }
}

/// Registers a named pipeline of a module: `a,b,func.func(c)`. Twice is harmless.
pub fn register_pipeline(name: &str, description: &str, passes: &str) {
    static DONE: OnceLock<Mutex<HashSet<String>>> = OnceLock::new();
    let mut done = DONE
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(|e| e.into_inner());
    if done.insert(name.to_string()) {
        // SAFETY: the texts are copied (the name is interned by a leak).
        let leak = |s: &str| string_ref(Box::leak(s.to_string().into_boxed_str()));
        // SAFETY: as said.
        unsafe { npirRegisterPipeline(leak(name), leak(description), leak(passes)) }
    }
}

/// What a pipeline of a module is anchored on.
const MODULE: &str = "builtin.module";

/// A pipeline of `op`s: `op(...)` around a bare list.
fn anchored(pipeline: &str, op: &str) -> String {
    let pipeline = pipeline.trim();
    if covers(pipeline, op) {
        pipeline.to_string()
    } else {
        format!("{op}({pipeline})")
    }
}

/// Whether `pipeline` is one element `op(...)`, and not a list that begins with one.
fn covers(pipeline: &str, op: &str) -> bool {
    let Some(inner) = pipeline
        .strip_prefix(op)
        .and_then(|p| p.trim_start().strip_prefix('('))
    else {
        return false;
    };
    let mut depth = 1;
    for (i, c) in inner.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1 == inner.len();
        }
    }
    // Unbalanced: MLIR says what is wrong with it.
    true
}

/// When the module is verified while a pipeline runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verification {
    /// After each pass, as `mlir-opt` does.
    Each,
    /// At the end. Verifying takes a third of the time of npir's own pipelines.
    End,
}

/// Functions from which on starting threads pays.
const MANY: usize = 32;

/// A context that works on several functions at once while this lives.
struct Threads<'a>(Option<&'a Context>);

impl<'a> Threads<'a> {
    /// For a module of many functions, if the context has not got threads already. The threads end with this: a
    /// process that is forked later has none that are missing.
    fn for_module(context: &'a Context, module: &Module<'_>) -> Self {
        let functions =
            std::iter::successors(module.body().first_operation(), |op| op.next_in_block());
        // SAFETY: the context is alive.
        let alone = unsafe { mlirContextGetNumThreads(context.to_raw()) } == 1;
        if !alone || functions.take(MANY).count() < MANY {
            return Threads(None);
        }
        // SAFETY: the context is alive, and has been used by this thread alone, as it had no threading.
        unsafe { mlirContextEnableMultithreading(context.to_raw(), true) };
        Threads(Some(context))
    }
}

impl Drop for Threads<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.0 {
            // SAFETY: the context is alive, and no pass runs.
            unsafe { mlirContextEnableMultithreading(context.to_raw(), false) };
        }
    }
}

/// Runs a textual pipeline, `builtin.module(...)` or a bare list, on a module. Passes on functions work on all
/// processors if there are many functions.
///
/// # Errors
/// A message when the pipeline does not parse. When a pass fails or the module does not verify, the diagnostics
/// have been emitted and the message says so.
pub fn run_pipeline(
    module: &mut Module<'_>,
    pipeline: &str,
    verify: Verification,
) -> Result<(), String> {
    let ctx = module.as_operation().context();
    // SAFETY: the context outlives this call.
    let ctx: &Context = unsafe { ctx.to_ref() };
    let _threads = Threads::for_module(ctx, module);
    let manager = PassManager::new(ctx);
    manager.enable_verifier(verify == Verification::Each);
    let text = anchored(pipeline, MODULE);
    melior::utility::parse_pass_pipeline(manager.as_operation_pass_manager(), &text)
        .map_err(|e| format!("malformed pass pipeline: {e}"))?;
    manager
        .run(module)
        .map_err(|_| "a pass failed".to_string())?;
    if verify == Verification::End && !module.as_operation().verify() {
        return Err("a pass left a program that is not valid".into());
    }
    Ok(())
}
