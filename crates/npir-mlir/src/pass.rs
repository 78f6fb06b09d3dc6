//! Passes and pipelines. A pass registered here is known to MLIR: textual pipelines,
//! `--help`, options, statistics, timing and crash reproducers see it.

use crate::guard::guard;
use crate::ir::{Op, OpExt, context_from_raw, op_from_raw};
use crate::raw::{string_ref, text};
use melior::Context;
use melior::ir::{Location, Module};
use melior::pass::PassManager;
use mlir_sys::*;
use npir_mlir_sys::*;
use std::any::Any;
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

/// Kinds of pass option, with their default.
#[derive(Clone, Debug)]
pub enum OptionKind {
    /// Text.
    Text(String),
    /// A 64-bit integer.
    Int(i64),
    /// A flag.
    Bool(bool),
    /// Integers, empty by default.
    IntList,
    /// Words, empty by default.
    TextList,
}

/// A declared option.
#[derive(Clone, Debug)]
pub struct OptionDef {
    /// Name in the textual pipeline.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Kind and default.
    pub kind: OptionKind,
}

/// A declared statistic.
#[derive(Clone, Copy, Debug)]
pub struct StatisticDef {
    /// Name, as shown by `--mlir-pass-statistics`.
    pub name: &'static str,
    /// What it counts.
    pub description: &'static str,
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

/// The value of an option when the pass runs.
#[derive(Clone, Debug)]
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
    /// Kind and default.
    fn kind(default: Option<&str>) -> OptionKind;
    /// From the value at run time.
    fn from_value(value: OptionValue) -> Option<Self>;
    /// To a value.
    fn to_value(&self) -> OptionValue;
}
macro_rules! option_field {
    ($($ty:ty: $kind:expr, $variant:ident;)*) => {$(
        impl OptionField for $ty {
            fn kind(default: Option<&str>) -> OptionKind { let f: fn(Option<&str>) -> OptionKind = $kind; f(default) }
            fn from_value(value: OptionValue) -> Option<Self> {
                match value { OptionValue::$variant(v) => Some(v), _ => None }
            }
            fn to_value(&self) -> OptionValue { OptionValue::$variant(self.clone()) }
        }
    )*};
}
option_field! {
    String: |d| OptionKind::Text(d.unwrap_or_default().into()), Text;
    i64: |d| OptionKind::Int(d.map_or(0, |d| d.parse().expect("an integer default"))), Int;
    bool: |d| OptionKind::Bool(d == Some("true")), Bool;
    Vec<i64>: |_| OptionKind::IntList, IntList;
    Vec<String>: |_| OptionKind::TextList, TextList;
}

/// A counter that `--mlir-pass-statistics` shows. Counts added during a run reach
/// MLIR when the run ends.
#[derive(Clone, Debug, Default)]
pub struct Statistic {
    count: i64,
}
impl Statistic {
    /// Adds to the counter.
    pub fn add(&mut self, n: i64) {
        self.count += n;
    }
    #[doc(hidden)]
    pub fn take(&mut self) -> i64 {
        std::mem::take(&mut self.count)
    }
}

/// What `#[pass]` generates for a struct: description, and options in and out.
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
                OptionValue::Text(v) if v.is_empty() => continue,
                OptionValue::Text(v) => v,
                OptionValue::Int(v) => v.to_string(),
                OptionValue::Bool(v) => v.to_string(),
                OptionValue::IntList(v) if v.is_empty() => continue,
                OptionValue::TextList(v) if v.is_empty() => continue,
                OptionValue::IntList(v) => v.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
                OptionValue::TextList(v) => v.join(","),
            };
            let space = if options.is_empty() { "" } else { " " };
            options.push_str(&format!("{space}{}={text}", def.name));
        }
        let pass = if options.is_empty() { info.argument.to_string() } else { format!("{}{{{options}}}", info.argument) };
        match info.on {
            None | Some("builtin.module") => pass,
            Some(on) => format!("{on}({pass})"),
        }
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
    /// Runs a textual pipeline (`canonicalize,cse`, anchored on `op`'s kind with
    /// `builtin.module(...)` syntax) on `op`. Its dialects must be loaded, see [`load_pipeline_dialects`].
    ///
    /// # Errors
    /// [`PassError::Reported`] when a pass of it fails.
    pub fn run_pipeline(&self, pipeline: &str, op: Op<'_>) -> PassResult {
        // SAFETY: pass and op are alive during the run.
        if unsafe { npirPassRunPipeline(self.raw, string_ref(pipeline), op.raw()) } {
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
    let pipeline = anchored(pipeline);
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
        let mut done = DONE.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
        if !done.insert(self.info.argument) {
            return;
        }
        let leak = |s: &str| -> MlirStringRef { string_ref(Box::leak(format!("{s}\0").into_boxed_str()).trim_end_matches('\0')) };
        let list = |v: Vec<MlirStringRef>| -> &'static [MlirStringRef] { Box::leak(v.into_boxed_slice()) };
        let info = &self.info;
        let summary = info.description.trim().lines().next().unwrap_or_default().trim().trim_end_matches('.');
        let options: &'static [NpirPassOption] = Box::leak(
            info.options
                .iter()
                .map(|o| {
                    let (kind, default) = match &o.kind {
                        OptionKind::Text(d) => (OPT_STRING, d.clone()),
                        OptionKind::Int(d) => (OPT_INT, d.to_string()),
                        OptionKind::Bool(d) => (OPT_BOOL, d.to_string()),
                        OptionKind::IntList => (OPT_INT_LIST, String::new()),
                        OptionKind::TextList => (OPT_STRING_LIST, String::new()),
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
        let descriptions = list(info.statistics.iter().map(|s| leak(s.description)).collect());
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

fn instance<'a, P>(raw: Ptr) -> &'a mut P {
    // SAFETY: created by Box::into_raw in `create` or `clone`; MLIR runs one op at a
    // time on an instance.
    unsafe { &mut *raw.cast::<P>() }
}
extern "C" fn create<P: Pass>(_: Ptr) -> Ptr {
    Box::into_raw(Box::new(P::default())).cast()
}
extern "C" fn clone<P: Pass>(raw: Ptr) -> Ptr {
    Box::into_raw(Box::new(instance::<P>(raw).clone())).cast()
}
extern "C" fn destroy<P: Pass>(raw: Ptr) {
    // SAFETY: created by Box::into_raw, destroyed once.
    let boxed: Box<dyn Any> = unsafe { Box::from_raw(raw.cast::<P>()) };
    drop(boxed);
}
extern "C" fn initialize<P: Pass>(raw: Ptr, ctx: MlirContext) -> bool {
    let ctx: &'static Context = context_from_raw(ctx);
    let loc = Location::unknown(ctx);
    match guard(loc, &format!("pass {}", P::info().argument), || instance::<P>(raw).initialize(ctx)) {
        Some(Ok(())) => true,
        Some(Err(PassError::Message(message))) => {
            crate::diagnostics::emit(loc, crate::diagnostics::Severity::Error, &message, &[]);
            false
        }
        Some(Err(PassError::Reported)) | None => false,
    }
}
extern "C" fn run<P: Pass>(raw: Ptr, op: MlirOperation, pass: Ptr) -> bool {
    // SAFETY: the op is alive during the run.
    let op: Op<'static> = unsafe { op_from_raw(op) };
    let p = instance::<P>(raw);
    let info = P::info();
    let loc = op.loc();
    let result = guard(loc, &format!("pass {}", info.argument), || {
        p.set_options(info.options.iter().enumerate().map(|(i, o)| read_option(pass, i, &o.kind)).collect());
        p.run(op, &PassCx { raw: pass, _ctx: PhantomData })
    });
    for (i, n) in p.take_statistics().into_iter().enumerate() {
        if n != 0 {
            // SAFETY: in range.
            unsafe { npirPassStatisticAdd(pass, i as isize, n) }
        }
    }
    match result {
        Some(Ok(())) => true,
        Some(Err(PassError::Message(message))) => {
            crate::diagnostics::emit(loc, crate::diagnostics::Severity::Error, &message, &[]);
            false
        }
        Some(Err(PassError::Reported)) | None => false,
    }
}
fn read_option(pass: Ptr, i: usize, kind: &OptionKind) -> OptionValue {
    let i = i as isize;
    // SAFETY: the option has that kind and list indices are in range.
    unsafe {
        match kind {
            OptionKind::Text(_) => OptionValue::Text(text(npirPassOptionText(pass, i)).to_string()),
            OptionKind::Int(_) => OptionValue::Int(npirPassOptionInt(pass, i)),
            OptionKind::Bool(_) => OptionValue::Bool(npirPassOptionBool(pass, i)),
            OptionKind::IntList => OptionValue::IntList(
                (0..npirPassOptionListSize(pass, i)).map(|k| npirPassOptionListInt(pass, i, k)).collect(),
            ),
            OptionKind::TextList => OptionValue::TextList(
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
    let mut done = DONE.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
    if done.insert(name.to_string()) {
        // SAFETY: the texts are copied (the name is interned by a leak).
        let leak = |s: &str| string_ref(Box::leak(s.to_string().into_boxed_str()));
        // SAFETY: as said.
        unsafe { npirRegisterPipeline(leak(name), leak(description), leak(passes)) }
    }
}

/// A pipeline of a module, `builtin.module(...)` around a bare list.
fn anchored(pipeline: &str) -> String {
    let pipeline = pipeline.trim();
    if pipeline.starts_with("builtin.module(") { pipeline.to_string() } else { format!("builtin.module({pipeline})") }
}

/// Runs a textual pipeline, `builtin.module(...)` or a bare list, on a module.
///
/// # Errors
/// A message when the pipeline does not parse. When a pass fails, its diagnostics
/// have been emitted and the message says so.
pub fn run_pipeline(module: &mut Module<'_>, pipeline: &str) -> Result<(), String> {
    use melior::ir::operation::OperationLike;
    let ctx = module.as_operation().context();
    // SAFETY: the context outlives this call.
    let ctx: &Context = unsafe { ctx.to_ref() };
    let manager = PassManager::new(ctx);
    let text = anchored(pipeline);
    melior::utility::parse_pass_pipeline(manager.as_operation_pass_manager(), &text)
        .map_err(|e| format!("malformed pass pipeline: {e}"))?;
    manager.run(module).map_err(|_| "a pass failed".to_string())
}
