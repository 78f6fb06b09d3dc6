//! From an MLIR module in the LLVM dialect to an object, assembly or LLVM IR.
//!
//! Every call works in LLVM contexts of its own, so that any number of threads can compile. A large program is taken
//! apart into several, whose code is generated at once.
//! Of the module's functions only the entry points (`npir_entry_*`) stay visible; everything else
//! becomes internal and gets a name that no library function has, because LLVM would otherwise
//! send its own calls of, say, `pow` to a kernel of that name.

use crate::error::CodegenError;
use crate::link::link;
use crate::llvm::{Diagnostics, configure_sanitizer};
use crate::parts::{OwnedPart, Part, parts};
use crate::straight_line;
use crate::target::CpuTarget;
use inkwell::GlobalVisibility;
use inkwell::OptimizationLevel;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context as LlvmContext;
use inkwell::module::{Linkage, Module as LlvmModule};
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{FileType, TargetMachine, TargetTriple};
use llvm_sys::core::{LLVMContextSetDiscardValueNames, LLVMSetValueName2};
use llvm_sys::prelude::LLVMModuleRef;
use melior::StringRef;
use melior::diagnostic::{Diagnostic, DiagnosticSeverity};
use melior::ir::Module;
use npir_mlir_sys::npirTranslateToLlvm;
use object::{Object as _, ObjectSymbol as _};
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

/// Names of exported functions begin with this.
pub const ENTRY_PREFIX: &str = "npir_entry_";

/// Names of internal functions begin with this.
const INTERNAL_PREFIX: &str = "npir_internal_";

/// Cleans up what the lowering leaves, and nothing that the loop level has decided already. On
/// explicit-vector kernels as fast as `default<O3>` at half the compile time.
const SLIM_PASSES: &str = "globaldce,function(sroa,early-cse,instcombine<no-verify-fixpoint>,\
                           simplifycfg,loop-mssa(licm),early-cse)";

/// LLVM's own pipeline, with its inliner and its loop and straight-line vectorizers.
const FULL_PASSES: &str = "globaldce,default<O3>";

/// How much LLVM does after the loop level's own decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// A short pipeline, for code that is already vectorized.
    #[default]
    Slim,
    /// `default<O3>`, for scalar loops that LLVM's vectorizer shall take.
    Full,
}

impl OptLevel {
    fn passes(self) -> &'static str {
        match self {
            OptLevel::Slim => SLIM_PASSES,
            OptLevel::Full => FULL_PASSES,
        }
    }
}

/// What running code looks for, besides doing its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Checks {
    /// Nothing.
    #[default]
    None,
    /// Accesses to memory that belongs to nobody: LLVM's AddressSanitizer, whose runtime the process must have.
    /// Constants are not watched.
    Memory,
}

/// What the caller chooses about an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CodegenOptions {
    /// LLVM's share of the optimization.
    pub opt: OptLevel,
    /// Put in front of the name of every exported function, to tell objects apart.
    pub symbol_prefix: Option<String>,
    /// What the code looks for when it runs.
    pub checks: Checks,
}

/// A relocatable ELF object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The file's contents.
    pub bytes: Vec<u8>,
    /// The exported symbols, with the symbol prefix, sorted.
    pub exports: Vec<String>,
    /// The external functions that the code needs, sorted.
    pub imports: Vec<String>,
}

/// The point at which LLVM IR is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IrStage {
    /// As translated from MLIR, with target attributes.
    Translated,
    /// After LLVM's passes: what instruction selection sees.
    #[default]
    Optimized,
}

/// Lets modules of `context` be translated to LLVM IR. Call once per context, before any thread
/// compiles a module of it.
pub fn register_translations(context: &melior::Context) {
    // SAFETY: the context is alive.
    unsafe { npir_mlir_sys::npirRegisterLlvmTranslation(context.to_raw()) }
}

/// Compiles `module` (LLVM-dialect operations only, see [`register_translations`]) for `target`.
///
/// `known` says of a symbol name whether the runtime has such a function.
///
/// # Errors
///
/// Each variant of [`CodegenError`]; the module itself is to blame for `Translation`, `InvalidIr`,
/// `NoEntryPoint` and `UnknownSymbols`.
pub fn compile_object(
    module: &Module,
    target: &CpuTarget,
    options: &CodegenOptions,
    known: &dyn Fn(&str) -> bool,
) -> Result<Object, CodegenError> {
    let bytes = emit_object(module, target, options)?;
    let (exports, imports) = symbols(&bytes)?;
    let names: Vec<_> = imports
        .iter()
        .filter(|name| !known(name))
        .cloned()
        .collect();
    if !names.is_empty() {
        return Err(CodegenError::UnknownSymbols { names });
    }
    Ok(Object {
        bytes,
        exports,
        imports,
    })
}

/// The assembly of what [`compile_object`] emits.
///
/// # Errors
///
/// As for [`compile_object`], but unknown symbols are not looked for.
pub fn emit_assembly(
    module: &Module,
    target: &CpuTarget,
    options: &CodegenOptions,
) -> Result<String, CodegenError> {
    Session::with(target, options, |session| {
        let llvm = session.translate(module, &Part::default())?;
        session.optimize(&llvm)?;
        let bytes = session.machine_code(&llvm, FileType::Assembly)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// The LLVM IR of what [`compile_object`] emits, as text.
///
/// # Errors
///
/// As for [`compile_object`], but unknown symbols are not looked for.
pub fn emit_llvm_ir(
    module: &Module,
    target: &CpuTarget,
    options: &CodegenOptions,
    stage: IrStage,
) -> Result<String, CodegenError> {
    Session::with(target, options, |session| {
        let llvm = session.translate(module, &Part::default())?;
        if stage == IrStage::Optimized {
            session.optimize(&llvm)?;
        }
        Ok(llvm.print_to_string().to_string())
    })
}

/// The object, of as many parts as [`parts`] says.
fn emit_object(
    module: &Module,
    target: &CpuTarget,
    options: &CodegenOptions,
) -> Result<Vec<u8>, CodegenError> {
    // What crosses parts is seen by nobody: neither LLVM's inliner nor the sanitizer.
    let whole = options.opt != OptLevel::Slim || options.checks != Checks::None;
    let parts = if whole { Vec::new() } else { parts(module) };
    if parts.len() < 2 {
        return Session::with(target, options, |session| {
            session.discard_names();
            let llvm = session.translate(module, &Part::default())?;
            session.optimize(&llvm)?;
            session.machine_code(&llvm, FileType::Object)
        });
    }
    let objects = at_once(
        parts,
        |part| Translated::new(&part, target, options),
        |part| part.object(target, options),
    );
    let objects = objects.into_iter().collect::<Result<Vec<_>, _>>()?;
    let prefix = options.symbol_prefix.as_deref().unwrap_or_default();
    let entry = format!("{prefix}{ENTRY_PREFIX}");
    link(&objects, |name| name.starts_with(&entry))
        .map_err(|message| CodegenError::Emission { message })
}

/// `second(first(item))` of each item, in order: `first` on this thread, `second` on all processors.
fn at_once<T, U: Send, R: Send, E: Send>(
    items: Vec<T>,
    first: impl Fn(T) -> Result<U, E>,
    second: impl Fn(U) -> Result<R, E> + Sync,
) -> Vec<Result<R, E>> {
    let workers = thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(items.len());
    let mut results: Vec<Option<Result<R, E>>> = Vec::new();
    results.resize_with(items.len(), || None);
    let results = Mutex::new(results);
    let store = |i: usize, result| {
        results.lock().unwrap_or_else(PoisonError::into_inner)[i] = Some(result);
    };
    let (sender, receiver) = mpsc::channel::<(usize, U)>();
    let receiver = Mutex::new(receiver);
    let work = || {
        loop {
            let next = receiver
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((i, item)) = next else { break };
            store(i, second(item));
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            // Without more threads this one does it all.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        for (i, item) in items.into_iter().enumerate() {
            match first(item) {
                Ok(item) => {
                    // The receiver lives as long as the sender.
                    let _ = sender.send((i, item));
                }
                Err(error) => store(i, Err(error)),
            }
        }
        drop(sender);
        work();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().flatten().collect()
}

/// A part of a program in an LLVM context of its own, on the way from the thread that has translated it to one that
/// makes code of it.
struct Translated {
    module: LLVMModuleRef,
    // Last: the module lives in it.
    context: LlvmContext,
}

// SAFETY: context and module are used by one thread at a time, and nothing else refers to them.
unsafe impl Send for Translated {}

impl Translated {
    fn new(
        part: &OwnedPart<'_>,
        target: &CpuTarget,
        options: &CodegenOptions,
    ) -> Result<Self, CodegenError> {
        let context = LlvmContext::create();
        let module = Session::within(&context, target, options, |session| {
            session.discard_names();
            let llvm = session.translate(&part.module, &part.part)?;
            // SAFETY: whoever takes the module out of the result disposes of it.
            let raw = llvm.as_mut_ptr();
            std::mem::forget(llvm);
            Ok(raw)
        })?;
        Ok(Translated { module, context })
    }

    fn object(self, target: &CpuTarget, options: &CodegenOptions) -> Result<Vec<u8>, CodegenError> {
        Session::within(&self.context, target, options, |session| {
            // SAFETY: a module of this context that nobody else owns.
            let llvm = unsafe { LlvmModule::new(self.module) };
            session.optimize(&llvm)?;
            session.machine_code(&llvm, FileType::Object)
        })
    }
}

/// One compilation: a context, what it reports, and the code generator.
struct Session<'a> {
    context: &'a LlvmContext,
    diagnostics: Rc<Diagnostics>,
    machine: TargetMachine,
    target: &'a CpuTarget,
    options: &'a CodegenOptions,
}

impl<'a> Session<'a> {
    fn with<T>(
        target: &CpuTarget,
        options: &CodegenOptions,
        body: impl FnOnce(&Session) -> Result<T, CodegenError>,
    ) -> Result<T, CodegenError> {
        Session::within(&LlvmContext::create(), target, options, body)
    }

    /// A session in a context that `body` alone uses while it runs.
    fn within<T>(
        context: &'a LlvmContext,
        target: &'a CpuTarget,
        options: &'a CodegenOptions,
        body: impl FnOnce(&Session<'a>) -> Result<T, CodegenError>,
    ) -> Result<T, CodegenError> {
        if let Some(prefix) = options.symbol_prefix.as_deref()
            && !is_symbol_start(prefix)
        {
            return Err(CodegenError::BadSymbolPrefix {
                prefix: prefix.to_owned(),
            });
        }
        // SAFETY: the context reports to this until the next session attaches its own, or it is torn down: and while
        // that happens it reports nothing, as modules are gone by then.
        let diagnostics = unsafe { Diagnostics::attach(context) };
        body(&Session {
            context,
            diagnostics,
            machine: target.machine(OptimizationLevel::Aggressive)?,
            target,
            options,
        })
    }

    /// Drops the names of values, which only serve readers.
    fn discard_names(&self) {
        // SAFETY: the context is alive.
        unsafe { LLVMContextSetDiscardValueNames(self.context.raw(), 1) };
    }

    /// The verified LLVM module of `module`, which is `part` of a program, with target, attributes and linkage set.
    fn translate(&self, module: &Module, part: &Part) -> Result<LlvmModule<'a>, CodegenError> {
        let llvm = translate_module(module, self.context)?;
        llvm.set_triple(&TargetTriple::create(self.target.triple()));
        llvm.set_data_layout(&self.machine.get_target_data().get_data_layout());
        self.set_linkage(&llvm, part)?;
        self.set_attributes(&llvm);
        llvm.verify().map_err(|error| CodegenError::InvalidIr {
            message: self.diagnostics.message(error.to_string().trim_end()),
        })?;
        Ok(llvm)
    }

    /// Keeps only the entry points visible, under prefixed names, and to other parts what they share.
    fn set_linkage(&self, llvm: &LlvmModule, part: &Part) -> Result<(), CodegenError> {
        let prefix = self.options.symbol_prefix.as_deref().unwrap_or_default();
        let mut entries = 0;
        for function in llvm.get_functions() {
            let name = function.get_name().to_string_lossy().into_owned();
            let (is_entry, is_shared) =
                (name.starts_with(ENTRY_PREFIX), part.shared.contains(&name));
            if function.count_basic_blocks() == 0 && !is_shared {
                continue;
            }
            let prefix = if is_entry { prefix } else { INTERNAL_PREFIX };
            entries += usize::from(is_entry);
            function.set_linkage(match is_entry || is_shared {
                true => Linkage::External,
                false => Linkage::Internal,
            });
            if is_shared && !is_entry {
                let global = function.as_global_value();
                global.set_visibility(GlobalVisibility::Hidden);
            }
            let new_name = format!("{prefix}{name}");
            let value = inkwell::values::AsValueRef::as_value_ref(&function);
            // SAFETY: the function is alive and the name's bytes and length belong together.
            unsafe { LLVMSetValueName2(value, new_name.as_ptr().cast(), new_name.len()) };
        }
        for global in llvm.get_globals() {
            let name = global.get_name().to_string_lossy();
            if part.shared.contains(name.as_ref()) {
                global.set_linkage(Linkage::External);
                global.set_visibility(GlobalVisibility::Hidden);
            } else if !global.is_declaration() && !name.starts_with("llvm.") {
                global.set_linkage(Linkage::Private);
            }
        }
        if entries == 0 && !part.has_others {
            return Err(CodegenError::NoEntryPoint {
                prefix: ENTRY_PREFIX,
            });
        }
        Ok(())
    }

    /// Tells LLVM for which machine each function is, and that nothing unwinds through it.
    fn set_attributes(&self, llvm: &LlvmModule) {
        let text = |key: &str, value: &str| self.context.create_string_attribute(key, value);
        let flag = |name: &str| {
            let kind = Attribute::get_named_enum_kind_id(name);
            self.context.create_enum_attribute(kind, 0)
        };
        let mut attributes = vec![
            text("target-cpu", self.target.baseline_cpu()),
            text("tune-cpu", self.target.cpu()),
            text("target-features", &self.target.feature_string()),
            text("frame-pointer", "none"),
            flag("nounwind"),
        ];
        if self.target.vector_bits() == 512 {
            // Many 512-bit processors are tuned to 256 bits unless told otherwise.
            attributes.push(text("prefer-vector-width", "512"));
        }
        if let Some(range) = self.target.scalable_vectors() {
            let kind = Attribute::get_named_enum_kind_id("vscale_range");
            attributes.push(self.context.create_enum_attribute(kind, range));
        }
        if self.options.checks == Checks::Memory {
            attributes.push(flag("sanitize_address"));
        }
        let unwind_table = Attribute::get_named_enum_kind_id("uwtable");
        for function in llvm.get_functions() {
            if function.count_basic_blocks() == 0 {
                continue;
            }
            for &attribute in &attributes {
                function.add_attribute(AttributeLoc::Function, attribute);
            }
            function.remove_enum_attribute(AttributeLoc::Function, unwind_table);
        }
    }

    fn optimize(&self, llvm: &LlvmModule) -> Result<(), CodegenError> {
        let tuning = PassBuilderOptions::create();
        // Off by default outside of clang; only O3 asks.
        tuning.set_loop_slp_vectorization(true);
        let mut passes = self.options.opt.passes().to_owned();
        if self.options.checks == Checks::Memory {
            configure_sanitizer();
            passes += ",asan";
        }
        let outcome = llvm.run_passes(&passes, &self.machine, tuning);
        let first = outcome.err().map(|error| error.to_string());
        if first.is_some() || self.diagnostics.any() {
            let message = self
                .diagnostics
                .message(first.as_deref().unwrap_or_default());
            return Err(CodegenError::Optimization { message });
        }
        straight_line::mark(self.context, llvm);
        Ok(())
    }

    fn machine_code(&self, llvm: &LlvmModule, file: FileType) -> Result<Vec<u8>, CodegenError> {
        let fail = |first: &str| CodegenError::Emission {
            message: self.diagnostics.message(first),
        };
        let buffer = self
            .machine
            .write_to_memory_buffer(llvm, file)
            .map_err(|error| fail(&error.to_string()))?;
        if self.diagnostics.any() {
            return Err(fail(""));
        }
        Ok(buffer.as_slice().to_vec())
    }
}

/// Translates through MLIR, turning what MLIR reports on this thread into the error's message.
fn translate_module<'a>(
    module: &Module,
    context: &'a LlvmContext,
) -> Result<LlvmModule<'a>, CodegenError> {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reported);
    let this_thread = thread::current().id();
    // Another thread may use the same MLIR context: its diagnostics go to its own handler.
    let handler = move |diagnostic: Diagnostic| {
        let ours = thread::current().id() == this_thread;
        if ours && matches!(diagnostic.severity(), DiagnosticSeverity::Error) {
            let line = format!("{}: {diagnostic}", diagnostic.location());
            sink.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line);
        }
        ours
    };
    let mlir = module.context();
    // SAFETY: the module keeps its context alive during this function.
    let mlir = unsafe { mlir.to_ref() };
    let handler = mlir.attach_diagnostic_handler(handler);
    let operation = module.as_operation().to_raw();
    let name = StringRef::new("npir").to_raw();
    // The caller verifies: MLIR's own translation would print what is wrong on standard error.
    // SAFETY: operation and context are alive; both bindings describe the same C types.
    let raw = unsafe { npirTranslateToLlvm(operation, context.raw().cast(), name) };
    mlir.detach_diagnostic_handler(handler);
    let lines = reported.lock().unwrap_or_else(PoisonError::into_inner);
    if raw.is_null() {
        let message = match lines.is_empty() {
            true => "MLIR gives no reason".to_owned(),
            false => lines.join("\n"),
        };
        return Err(CodegenError::Translation { message });
    }
    let raw: LLVMModuleRef = raw.cast();
    // SAFETY: a module fresh from the translation, owned by nobody else, in `context`.
    Ok(unsafe { LlvmModule::new(raw) })
}

fn is_symbol_start(prefix: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.$".contains(&byte);
    prefix.bytes().all(allowed) && !prefix.starts_with(|first: char| first.is_ascii_digit())
}

/// Exported and imported symbol names of an object, each sorted.
fn symbols(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), CodegenError> {
    let fail = |error: object::Error| CodegenError::Emission {
        message: error.to_string(),
    };
    let file = object::File::parse(bytes).map_err(fail)?;
    let (mut exports, mut imports) = (Vec::new(), Vec::new());
    for symbol in file.symbols() {
        let name = symbol.name().map_err(fail)?;
        if name.is_empty() || !symbol.is_global() {
            continue;
        }
        let list = if symbol.is_undefined() {
            &mut imports
        } else {
            &mut exports
        };
        list.push(name.to_owned());
    }
    exports.sort_unstable();
    imports.sort_unstable();
    Ok((exports, imports))
}
