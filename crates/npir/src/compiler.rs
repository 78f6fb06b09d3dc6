//! From a module of any level to an executable.

mod explain;

use crate::error::CompileError;
use crate::executable::Executable;
use crate::registry::options_for;
use npir_cpu::{Checks, CodegenOptions, CpuTarget, IrStage, Jit, OptLevel};
use npir_machine::Machine;
use npir_mlir::melior::Context;
use npir_mlir::melior::ir::Module;
use npir_mlir::prelude::{
    CtxExt, Diagnostic, FilePosition, Op, OpExt, Pass, PassDefExt, PassError, Registry, Severity,
    Verification, Walk, collect_diagnostics, file_position, load_pipeline_dialects, parse_source,
    run_pipeline,
};
use npir_passes::pipeline::{
    Extraction, Level, Optimizer, PipelineOptions, Settings, lower_to, optimized, stage,
};
use npir_passes::signature::{FunctionSignature, signatures};
use npir_runtime::{
    ArgSpec, Artifact, DType, Dim, Image, Manifest, ResultSpec, Signature, sanitizer, symbols,
};
use std::cmp::Reverse;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

/// Compiles programs; `Send + Sync`, one serves any number of threads and programs.
#[derive(Clone)]
pub struct Compiler {
    registry: Registry,
    /// None: the host.
    targets: Vec<CpuTarget>,
    opt: OptLevel,
    settings: Settings,
    checks: Checks,
    passes: Vec<(Level, String)>,
    lowerings: Vec<String>,
    on_remark: Option<Arc<OnRemark>>,
}

/// npir's own passes are verified one by one in development, and at each level in a release: that saves a third of the
/// time that they take.
const OWN_PASSES: Verification = if cfg!(debug_assertions) {
    Verification::Each
} else {
    Verification::End
};

type OnRemark = dyn Fn(&Diagnostic) + Send + Sync;

impl Compiler {
    /// For the host, with all of its vector features and threads.
    pub fn new(registry: Registry) -> Self {
        Compiler {
            targets: Vec::new(),
            opt: OptLevel::default(),
            settings: Settings {
                algebras: registry.extensions().to_vec(),
                ..Settings::default()
            },
            registry,
            checks: Checks::None,
            passes: Vec::new(),
            lowerings: Vec::new(),
            on_remark: None,
        }
    }
    /// For another CPU.
    pub fn target(self, target: CpuTarget) -> Self {
        self.targets([target])
    }
    /// For several CPUs, also of different architectures: an artifact gets an object for each, and a machine that loads it
    /// takes the one with the widest vectors, and among these the one with the most features, that it can run. A program
    /// at a level is of one CPU.
    pub fn targets(mut self, targets: impl IntoIterator<Item = CpuTarget>) -> Self {
        self.targets = targets.into_iter().collect();
        let demand = |target: &CpuTarget| (target.vector_bits(), target.features().len());
        self.targets.sort_by_key(|target| Reverse(demand(target)));
        self
    }
    /// How much LLVM optimizes after npir's own decisions.
    pub fn opt_level(mut self, opt: OptLevel) -> Self {
        self.opt = opt;
        self
    }
    /// Whether compiled loops use the runtime's threads.
    pub fn threads(mut self, on: bool) -> Self {
        self.settings.threads = on;
        self
    }
    /// What the optimizer may do with programs of the first level: by default what NumPy itself leaves open.
    pub fn optimizer(mut self, optimizer: Optimizer) -> Self {
        self.settings.optimizer = optimizer;
        self
    }
    /// How the optimizer chooses among plans. [`Extraction::Exact`] is an error of the compilation in builds without a
    /// solver, [`npir_egraph::HAS_EXACT`].
    pub fn extraction(mut self, extraction: Extraction) -> Self {
        self.settings.extraction = extraction;
        self
    }
    /// The machine that costs are of: what the optimizer, fusion and the scheduler choose depends on it. Without it the
    /// embedded numbers decide, and programs become the same code on every machine with this processor.
    pub fn machine(mut self, machine: Machine) -> Self {
        self.settings.machine = Arc::new(machine);
        self
    }
    /// The same from a file that `npir calibrate` has written on this machine.
    ///
    /// # Errors
    /// A file that is missing or damaged, or was written by another version, on another processor than code is made
    /// for, or with another number of threads than the runtime has.
    pub fn machine_file(self, path: impl AsRef<Path>) -> Result<Self, CompileError> {
        let machine = machine_of(path, &self.cpu()?)?;
        Ok(self.machine(machine))
    }
    /// Takes plans and fusions by chance, the same for the same seed, instead of those that cost least: to measure what
    /// the chosen ones are worth.
    pub fn sample(mut self, seed: Option<u32>) -> Self {
        self.settings.sample = seed;
        self
    }
    /// What compiled code looks for when it runs. [`Checks::Memory`] needs a process that was started with
    /// AddressSanitizer's runtime (`LD_PRELOAD`), which ends it at the first error.
    pub fn checks(mut self, checks: Checks) -> Self {
        self.checks = checks;
        self
    }
    /// Calls `f` with every warning and remark of compilations that succeed, in order. Without it they
    /// are dropped.
    pub fn on_remark(mut self, f: impl Fn(&Diagnostic) + Send + Sync + 'static) -> Self {
        self.on_remark = Some(Arc::new(f));
        self
    }
    /// Runs a pass on the program as it comes, before everything else. Its options have
    /// the values of `pass`.
    pub fn with_pass<P: Pass>(self, pass: P) -> Self {
        self.with_pass_at(Level::Numpy, pass)
    }
    /// Runs a pass when the program has reached `level`, after the passes that lead there.
    /// Passes of one level run in the order in which they were added.
    pub fn with_pass_at<P: Pass>(mut self, level: Level, pass: P) -> Self {
        P::def().register();
        self.passes.push((level, pass.pipeline_text()));
        self
    }
    /// Runs a pass between the optimizer and the way down to the tensor level: it takes ops of one's own, which the
    /// optimizer knows by an algebra, to those of the numpy dialect. The optimizer then sees what they have become, too.
    pub fn with_lowering<P: Pass>(mut self, pass: P) -> Self {
        P::def().register();
        self.lowerings.push(pass.pipeline_text());
        self
    }
    fn options(&self) -> Result<PipelineOptions, CompileError> {
        Ok(options_for(&self.cpu()?, self.settings.clone()))
    }
    fn cpu(&self) -> Result<CpuTarget, CompileError> {
        match self.targets.as_slice() {
            [] => Ok(CpuTarget::host()?),
            [target] => Ok(target.clone()),
            targets => {
                let names: Vec<_> = targets.iter().map(CpuTarget::cpu).collect();
                Err(CompileError::Other(format!(
                    "only artifacts are for several processors, not what is made here for {}",
                    names.join(", ")
                )))
            }
        }
    }
    /// The registry.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }
    /// A fresh context for building or parsing programs; one thread at a time may use it.
    pub fn context(&self) -> Context {
        let context = self.registry.context();
        for name in [
            "builtin", "func", "scf", "arith", "tensor", "linalg", "numpy",
        ] {
            context.load_dialect(name);
        }
        context
    }

    /// Parses and verifies text or bytecode.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] with file, line and column.
    pub fn parse<'c>(
        &self,
        context: &'c Context,
        source: &[u8],
        filename: &str,
    ) -> Result<Module<'c>, CompileError> {
        let (module, diagnostics) =
            collect_diagnostics(context, || parse_source(context, source, filename));
        module.ok_or(CompileError::Diagnostics(diagnostics))
    }

    /// Compiles source text or bytecode; `filename` is what errors call it.
    ///
    /// # Errors
    /// As [`Compiler::parse`] and [`Compiler::compile`].
    pub fn compile_source(
        &self,
        source: impl AsRef<[u8]>,
        filename: &str,
    ) -> Result<Executable, CompileError> {
        let context = self.context();
        let mut module = self.parse(&context, source.as_ref(), filename)?;
        self.compile_in_place(&context, &mut module)
    }

    /// Compiles a file.
    ///
    /// # Errors
    /// [`CompileError::Read`], and as [`Compiler::compile_source`].
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Executable, CompileError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let source = std::fs::read(path).map_err(|error| CompileError::Read {
            path: name.clone(),
            error,
        })?;
        self.compile_source(source, &name)
    }

    /// Compiles a module, which stays as it is.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] when the program is wrong; [`CompileError::Codegen`]
    /// and [`CompileError::Jit`] when no code can be made of it; [`CompileError::Artifact`] when it is for other
    /// processors than this one.
    pub fn compile(&self, module: &Module<'_>) -> Result<Executable, CompileError> {
        let mut copy = clone_module(module)?;
        let context = module.context();
        // SAFETY: the module's context outlives the borrow of the module.
        let context: &Context = unsafe { context.to_ref() };
        self.compile_in_place(context, &mut copy)
    }

    fn compile_in_place(
        &self,
        context: &Context,
        module: &mut Module<'_>,
    ) -> Result<Executable, CompileError> {
        let artifact = self.artifact_in_place(context, module)?;
        let code = jit()?.add_object(artifact.object()?)?;
        Executable::link(artifact, code)
    }

    /// Compiles a module to an artifact without loading it: the target may be another CPU
    /// than the host. The module stays as it is.
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn compile_artifact(&self, module: &Module<'_>) -> Result<Artifact, CompileError> {
        let mut copy = clone_module(module)?;
        let context = module.context();
        // SAFETY: the module's context outlives the borrow of the module.
        let context: &Context = unsafe { context.to_ref() };
        self.artifact_in_place(context, &mut copy)
    }

    fn artifact_in_place(
        &self,
        context: &Context,
        module: &mut Module<'_>,
    ) -> Result<Artifact, CompileError> {
        if self.checks == Checks::Memory && !sanitizer::is_present() {
            return Err(CompileError::Other(
                "checks of memory accesses need AddressSanitizer's runtime in the process".into(),
            ));
        }
        if self.targets.len() < 2 {
            let (functions, image, object) = self.compile_image(context, module)?;
            return put_together(functions, vec![image], vec![object]);
        }
        let (mut signatures, mut images, mut objects) = (Vec::new(), Vec::new(), Vec::new());
        for target in &self.targets {
            let mut one = self.clone().target(target.clone());
            if !images.is_empty() {
                // What there is to say of the program has been said.
                one.on_remark = None;
            }
            let (functions, image, object) =
                one.compile_image(context, &mut clone_module(module)?)?;
            signatures = functions;
            images.push(image);
            objects.push(object);
        }
        put_together(signatures, images, objects)
    }

    /// Takes a module to object code for the one target. The image lacks the size.
    fn compile_image(
        &self,
        context: &Context,
        module: &mut Module<'_>,
    ) -> Result<(Vec<Signature>, Image, Vec<u8>), CompileError> {
        let target = self.cpu()?;
        self.lower(context, module, Level::Llvm)?;
        only_llvm(module)?;
        let functions = signatures(module_op(module)).map_err(CompileError::Other)?;
        if functions.is_empty() {
            return Err(CompileError::Other(
                "the program has no public function with a body".into(),
            ));
        }
        npir_cpu::register_translations(context);
        let (object, diagnostics) = collect_diagnostics(context, || {
            npir_cpu::compile_object(module, &target, &self.codegen_options(), &|name| {
                symbols::resolve(name).is_some()
            })
        });
        let object = match object {
            Ok(object) => object,
            Err(_) if diagnostics.iter().any(|d| d.severity == Severity::Error) => {
                return Err(CompileError::Diagnostics(diagnostics));
            }
            Err(e) => return Err(e.into()),
        };
        let functions = functions.into_iter().map(to_signature);
        let image = Image {
            target_triple: target.triple().to_owned(),
            cpu: target.cpu().to_owned(),
            features: target.features().iter().map(|&f| f.to_owned()).collect(),
            bytes: 0,
        };
        Ok((functions.collect::<Result<_, _>>()?, image, object.bytes))
    }

    fn codegen_options(&self) -> CodegenOptions {
        CodegenOptions {
            opt: self.opt,
            symbol_prefix: None,
            checks: self.checks,
        }
    }

    /// Lowers a module in place, from whatever level it is at.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`]; the module is then in an unspecified state.
    pub fn lower(
        &self,
        context: &Context,
        module: &mut Module<'_>,
        level: Level,
    ) -> Result<(), CompileError> {
        let options = self.options()?;
        for l in Level::ALL.into_iter().filter(|l| *l <= level) {
            if l == Level::Tensor && !self.lowerings.is_empty() {
                let before = optimized(&options).unwrap_or_default();
                self.run_verified(context, module, &before, OWN_PASSES)?;
                for pass in &self.lowerings {
                    self.run_verified(context, module, pass, Verification::Each)?;
                }
            }
            self.run_verified(context, module, &stage(l, &options), OWN_PASSES)?;
            for (_, pass) in self.passes.iter().filter(|(at, _)| *at == l) {
                self.run_verified(context, module, pass, Verification::Each)?;
            }
        }
        Ok(())
    }

    /// Runs a textual pipeline on a module.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`], or [`CompileError::Other`] for a malformed pipeline.
    pub fn run_passes(
        &self,
        context: &Context,
        module: &mut Module<'_>,
        passes: &str,
    ) -> Result<(), CompileError> {
        self.run_verified(context, module, passes, Verification::Each)
    }

    fn run_verified(
        &self,
        context: &Context,
        module: &mut Module<'_>,
        passes: &str,
        verify: Verification,
    ) -> Result<(), CompileError> {
        if passes.is_empty() {
            return Ok(());
        }
        let (result, diagnostics) = collect_diagnostics(context, || {
            load_pipeline_dialects(context, passes).map_err(|e| match e {
                PassError::Message(m) => m,
                PassError::Reported => "malformed pass pipeline".into(),
            })?;
            run_pipeline(module, passes, verify)
        });
        match result {
            Ok(()) => {
                if let Some(f) = &self.on_remark {
                    diagnostics.iter().for_each(|d| f(d));
                }
                Ok(())
            }
            Err(_) if diagnostics.iter().any(|d| d.severity == Severity::Error) => {
                Err(CompileError::Diagnostics(diagnostics))
            }
            Err(message) => Err(CompileError::Other(message)),
        }
    }

    /// The machine code of a module, as assembly text.
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn emit_assembly(&self, module: &Module<'_>) -> Result<String, CompileError> {
        self.emit(module, npir_cpu::emit_assembly)
    }

    /// The LLVM IR of a module, as LLVM's passes leave it.
    ///
    /// # Errors
    /// As [`Compiler::compile`].
    pub fn emit_llvm_ir(&self, module: &Module<'_>) -> Result<String, CompileError> {
        self.emit(module, |m, t, o| {
            npir_cpu::emit_llvm_ir(m, t, o, IrStage::Optimized)
        })
    }

    fn emit(
        &self,
        module: &Module<'_>,
        emit: impl Fn(
            &Module<'_>,
            &CpuTarget,
            &CodegenOptions,
        ) -> Result<String, npir_cpu::CodegenError>,
    ) -> Result<String, CompileError> {
        let mut copy = clone_module(module)?;
        let context = module.context();
        // SAFETY: the module's context outlives the borrow of the module.
        let context: &Context = unsafe { context.to_ref() };
        self.lower(context, &mut copy, Level::Llvm)?;
        only_llvm(&copy)?;
        npir_cpu::register_translations(context);
        Ok(emit(&copy, &self.cpu()?, &self.codegen_options())?)
    }

    /// The passes that lower to `level`, as `npir-opt` would take them.
    ///
    /// # Errors
    /// [`CompileError::Target`] when the host is no supported processor.
    pub fn pipeline(&self, level: Level) -> Result<String, CompileError> {
        Ok(lower_to(level, &self.options()?))
    }

    /// The passes that lower to `level` from the level before it, as `npir-opt` would take them; nothing for the
    /// first level. For programs of unknown level, see [`Compiler::pipeline`].
    ///
    /// # Errors
    /// [`CompileError::Target`] when the host is no supported processor.
    pub fn stage(&self, level: Level) -> Result<String, CompileError> {
        Ok(stage(level, &self.options()?))
    }
}

/// The description of a machine with this processor and the runtime's number of threads, from a file.
///
/// # Errors
/// As [`Compiler::machine_file`].
pub fn machine_of(path: impl AsRef<Path>, target: &CpuTarget) -> Result<Machine, CompileError> {
    let path = path.as_ref();
    let threads = npir_runtime::pool::num_threads();
    let machine = Machine::read(path).and_then(|machine| machine.for_cpu(target.cpu(), threads));
    machine.map_err(|error| CompileError::Machine {
        path: path.display().to_string(),
        error,
    })
}

/// The artifact with these objects, one for each image.
fn put_together(
    functions: Vec<Signature>,
    images: Vec<Image>,
    objects: Vec<Vec<u8>>,
) -> Result<Artifact, CompileError> {
    let manifest = Manifest {
        functions,
        images,
        compiler_version: env!("CARGO_PKG_VERSION").into(),
        format_version: npir_runtime::artifact::FORMAT_VERSION,
    };
    Ok(Artifact::new(manifest, objects)?)
}

/// The one linker of the process.
fn jit() -> Result<&'static Jit, CompileError> {
    static JIT: OnceLock<Result<Jit, String>> = OnceLock::new();
    JIT.get_or_init(|| {
        let known = symbols::all().chain(sanitizer::symbols());
        // SAFETY: the runtime's tables hold functions of the declared C types.
        unsafe { Jit::new(known) }.map_err(|e| e.to_string())
    })
    .as_ref()
    .map_err(|e| CompileError::Other(format!("the JIT does not start: {e}")))
}

fn module_op<'c>(module: &Module<'c>) -> Op<'c> {
    // SAFETY: the module is alive while it is borrowed; the handle does not outlive the caller's use.
    unsafe {
        npir_mlir::melior::ir::operation::OperationRef::from_raw(module.as_operation().to_raw())
    }
}

/// An op of another dialect, which no lowering took to the LLVM dialect, is an error at its place.
fn only_llvm(module: &Module<'_>) -> Result<(), CompileError> {
    let mut left = Vec::new();
    module_op(module).walk_ops(&mut |op| {
        let name = op.name();
        if !name.starts_with("llvm.") && name != "builtin.module" {
            left.push(Diagnostic {
                severity: Severity::Error,
                message: format!("'{name}' op is not taken to the LLVM dialect by any pass"),
                position: file_position(op.loc()),
                notes: Vec::new(),
            });
        }
        Walk::Advance
    });
    if left.is_empty() {
        Ok(())
    } else {
        Err(CompileError::Diagnostics(left))
    }
}

fn clone_module<'c>(module: &Module<'c>) -> Result<Module<'c>, CompileError> {
    let op = module_op(module);
    if !op.verify_ok() {
        return Err(CompileError::Diagnostics(vec![Diagnostic {
            severity: Severity::Error,
            message: "the module is invalid".into(),
            position: None::<FilePosition>,
            notes: Vec::new(),
        }]));
    }
    let copy: npir_mlir::melior::ir::Operation<'c> = (*module.as_operation()).clone();
    Module::from_operation(copy)
        .ok_or_else(|| CompileError::Other("the module cannot be cloned".into()))
}

fn to_signature(f: FunctionSignature) -> Result<Signature, CompileError> {
    let dtype = |name: &str| DType::from_str(name).map_err(|e| CompileError::Other(e.to_string()));
    let dims = |shape: Vec<Option<u64>>| {
        shape
            .into_iter()
            .map(|d| d.map_or(Dim::Dynamic, |n| Dim::Static(n as usize)))
            .collect()
    };
    Ok(Signature {
        name: f.name,
        symbol: f.symbol,
        args: f
            .args
            .into_iter()
            .map(|a| {
                Ok(ArgSpec {
                    dtype: dtype(a.dtype)?,
                    shape: dims(a.shape),
                    name: a.name,
                    scalar: a.scalar,
                    updates: a.updates,
                })
            })
            .collect::<Result<_, CompileError>>()?,
        results: f
            .results
            .into_iter()
            .map(|r| {
                Ok(ResultSpec {
                    dtype: dtype(r.dtype)?,
                    shape: dims(r.shape),
                    scalar: r.scalar,
                })
            })
            .collect::<Result<_, CompileError>>()?,
    })
}
