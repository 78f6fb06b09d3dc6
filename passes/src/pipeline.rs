//! The levels of the stack, and the pass pipelines that lead from one to the next.
//!
//! A program may enter at any level: a pass does nothing to a module that has no ops of
//! the level that it lowers.

use std::sync::Arc;

use npir_egraph::Fidelity;
use npir_machine::Machine;
use npir_mlir::pass::PassDecl as _;
use npir_mlir::prelude::Registry;

use crate::fuse::TensorFuse;
use crate::optimize::Optimize;

/// A level of the stack; programs are lowered from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What NumPy would compute: `numpy`, `func`, `scf`.
    Numpy,
    /// Structured computations with index maps: `linalg`, `tensor`, `tensor_ext`.
    Tensor,
    /// Loop nests with schedules on buffers: `loop`, `memref`.
    Loop,
    /// Kernels for their processor and calls, with memory ownership made explicit:
    /// `scf`, `vector`, `memref`, `loop.parallel_for`, `loop.copy_row`.
    Device,
    /// The LLVM dialect alone.
    Llvm,
}

impl Level {
    /// All levels, from the first to the last.
    pub const ALL: [Level; 5] = [
        Level::Numpy,
        Level::Tensor,
        Level::Loop,
        Level::Device,
        Level::Llvm,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Level::Numpy => "numpy",
            Level::Tensor => "tensor",
            Level::Loop => "loop",
            Level::Device => "device",
            Level::Llvm => "llvm",
        }
    }

    /// The level of that name.
    pub fn from_name(name: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|l| l.name() == name)
    }
}

/// What the optimizer may do with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Optimizer {
    /// Nothing.
    Off,
    /// Apply rules that are at most as free as this.
    UpTo(Fidelity),
}

impl Default for Optimizer {
    /// What NumPy itself leaves open.
    fn default() -> Self {
        Optimizer::UpTo(Fidelity::Numpy)
    }
}

impl Optimizer {
    /// All settings, from the one that changes least.
    pub const ALL: [Optimizer; 4] = [
        Optimizer::Off,
        Optimizer::UpTo(Fidelity::Exact),
        Optimizer::UpTo(Fidelity::Numpy),
        Optimizer::UpTo(Fidelity::Relaxed),
    ];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Optimizer::Off => "off",
            Optimizer::UpTo(fidelity) => fidelity.name(),
        }
    }

    /// The setting of that name.
    pub fn from_name(name: &str) -> Option<Optimizer> {
        Optimizer::ALL.into_iter().find(|o| o.name() == name)
    }
}

/// How the optimizer chooses among the plans that it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extraction {
    /// By greedy plans and local search.
    #[default]
    Joint,
    /// And then by an integer program, which finds the best plan or says how far the one it has may be from it. For
    /// small programs, in builds with a solver: [`npir_egraph::HAS_EXACT`].
    Exact,
}

impl Extraction {
    /// All settings.
    pub const ALL: [Extraction; 2] = [Extraction::Joint, Extraction::Exact];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Extraction::Joint => "joint",
            Extraction::Exact => "exact",
        }
    }

    /// The setting of that name.
    pub fn from_name(name: &str) -> Option<Extraction> {
        Extraction::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// What the user of the pipelines decides, whatever they lower to.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Spread loops over threads.
    pub threads: bool,
    /// What the optimizer may do.
    pub optimizer: Optimizer,
    /// How it chooses.
    pub extraction: Extraction,
    /// The machine that costs are of.
    pub machine: Arc<Machine>,
    /// Takes plans by chance with this seed, to measure what the chosen ones are worth.
    pub sample: Option<u32>,
    /// The algebras that the optimizer knows besides the numpy dialect.
    pub algebras: Vec<String>,
}

impl Default for Settings {
    /// Threads, what NumPy leaves open, local search, and the machine of the embedded numbers.
    fn default() -> Self {
        Settings {
            threads: true,
            optimizer: Optimizer::default(),
            extraction: Extraction::default(),
            machine: Arc::default(),
            sample: None,
            algebras: Vec::new(),
        }
    }
}

impl Settings {
    /// The machine as programs use it: with one thread where loops are not spread.
    fn machine(&self) -> Machine {
        let machine = Machine::clone(&self.machine);
        match self.threads {
            true => machine,
            false => machine.on_one_thread(),
        }
    }
}

/// What the pipelines depend on besides the program.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// Width of the target's vectors, in bits.
    pub vector_bits: u32,
    /// Whether a fused multiplication and addition is one instruction.
    pub fma: bool,
    /// What the user decides.
    pub settings: Settings,
    /// Passes from the loop-free LLVM-ready dialects to the LLVM dialect, as a
    /// `builtin.module(...)` pipeline; the code generator knows them.
    pub to_llvm: String,
}

/// `canonicalize` without
///
/// - a pattern of `scf.for` that gives an array that a loop carries the static shape that it begins with, which is wrong
///   where the shape changes: `v = v[:-1] + v[1:]`;
/// - simplification of graphs of blocks, of which structured programs have none: it took as long as the patterns.
macro_rules! canonicalize {
    () => {
        r#"canonicalize{disable-patterns="(anonymous namespace)::ForOpTensorCastFolder" region-simplify=disabled}"#
    };
}

/// What comes before the optimizer: signatures as the program has them, one function where there were several. The
/// inliner's own canonicalization is left out, for the same reason.
pub const BEFORE_OPTIMIZER: &str = concat!(
    "func.func(npir-record-signature),inline{default-pipeline=},symbol-dce,",
    canonicalize!(),
    ",cse"
);

/// The passes up to the optimizer and with it; nothing where it is off.
pub fn optimized(options: &PipelineOptions) -> Option<String> {
    let optimize = optimize(options)?.pipeline_text();
    Some(format!("{BEFORE_OPTIMIZER},{optimize}"))
}

/// The passes up to the optimizer, which reports what it does; nothing where it is off.
pub fn explain(options: &PipelineOptions) -> Option<String> {
    let explaining = optimize(options)?.explaining().pipeline_text();
    Some(format!("{BEFORE_OPTIMIZER},{explaining}"))
}

/// The optimizer; nothing where it is off.
pub fn optimize(options: &PipelineOptions) -> Option<Optimize> {
    let settings = &options.settings;
    match settings.optimizer {
        Optimizer::Off => None,
        Optimizer::UpTo(fidelity) => {
            let pass = Optimize::with_fidelity(fidelity).extracting(settings.extraction);
            let pass = pass.on(&settings.machine()).knowing(&settings.algebras);
            Some(pass.sampling(settings.sample))
        }
    }
}

fn fuse(options: &PipelineOptions) -> TensorFuse {
    let settings = &options.settings;
    TensorFuse::on(&settings.machine()).sampling(settings.sample)
}

/// From the optimizer to the tensor level.
fn after_optimizer(fuse: TensorFuse) -> String {
    let (canonicalize, fuse) = (canonicalize!(), fuse.pipeline_text());
    format!(
        "numpy-to-tensor,func.func(tensor-carry-scalars),{canonicalize},cse,func.func(scf-fold-bounds),{fuse},func.func(tensor-interchange),{canonicalize},cse"
    )
}

/// The passes from the optimizer to the tensor level, where fusion reports what it does.
pub fn explain_fusion(options: &PipelineOptions) -> String {
    after_optimizer(fuse(options).explaining())
}

/// The passes that lead into `level` from the level before it, as a comma-separated list
/// for a module.
pub fn stage(level: Level, options: &PipelineOptions) -> String {
    match level {
        Level::Numpy => String::new(),
        Level::Tensor => {
            let optimize = optimize(options).map(|pass| format!("{},", pass.pipeline_text()));
            let optimize = optimize.unwrap_or_default();
            let rest = after_optimizer(fuse(options));
            format!("{BEFORE_OPTIMIZER},{optimize}{rest}")
        }
        Level::Loop => format!(
            "npir-bufferize,convert-tensor-to-loop,{},cse,func.func(loop-symmetric,loop-tile-time{{threads={threads}}},loop-fuse-rows{{threads={threads}}},loop-pack{{vector-bits={bits}}},loop-schedule{{vector-bits={bits} threads={threads}{machine}}})",
            canonicalize!(),
            bits = options.vector_bits,
            threads = options.settings.threads,
            machine = match options.settings.machine().to_option() {
                machine if machine.is_empty() => machine,
                machine => format!(" machine='{machine}'"),
            }
        ),
        Level::Device => format!(
            "loop-outline-kernels,func.func(lower-loop-nest,{},cse,loop-promote-to-stack,loop-ownership)",
            canonicalize!()
        ),
        Level::Llvm => {
            let to_llvm = options.to_llvm.trim();
            let inner = to_llvm
                .strip_prefix("builtin.module(")
                .and_then(|rest| rest.strip_suffix(')'))
                .unwrap_or(to_llvm);
            format!(
                "loop-abi,npir-libm-calls{{fma={}}},{inner},loop-finish-llvm",
                options.fma
            )
        }
    }
}

/// The passes from any level down to `level`.
pub fn lower_to(level: Level, options: &PipelineOptions) -> String {
    let stages: Vec<String> = Level::ALL
        .into_iter()
        .filter(|l| *l <= level)
        .map(|l| stage(l, options))
        .filter(|s| !s.is_empty())
        .collect();
    stages.join(",")
}

/// Registers the pipelines `npir-lower-to-tensor` … `npir-lower-to-llvm`.
pub fn register(registry: Registry, options: &PipelineOptions) -> Registry {
    Level::ALL
        .into_iter()
        .skip(1)
        .fold(registry, |registry, level| {
            registry.with_pipeline(
                &format!("npir-lower-to-{}", level.name()),
                &format!("Lower a program of any level to the {} level", level.name()),
                &lower_to(level, options),
            )
        })
}
