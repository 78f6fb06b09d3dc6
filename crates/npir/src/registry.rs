//! The dialects, passes and pipelines that npir ships.

use npir_cpu::{Arch, CpuTarget};
use npir_mlir::dialect::Registry;
use npir_mlir::pass::PassDecl as _;
use npir_numpy::optimize::{Algebra, AlgebraError, register};
use npir_passes::only_if::OnlyIf;
use npir_passes::pipeline::{self, PipelineOptions, Settings};

/// Adds `Registry::standard()`, and what the optimizer is to know besides.
pub trait StandardRegistry: Sized {
    /// Every upstream dialect and pass, and npir's dialects, passes and pipelines for
    /// the host.
    fn standard() -> Registry;

    /// Adds rules, facts and costs of one's own to the optimizer. The dialect that they are about, if any, must be in the
    /// registry already.
    ///
    /// # Errors
    /// A rule with an op that does not exist, a wrong number of operands, a variable that is not bound or a name that
    /// another rule has; facts or costs of an op that does not exist.
    fn with_algebra(self, algebra: Algebra) -> Result<Self, AlgebraError>;
}

impl StandardRegistry for Registry {
    fn standard() -> Registry {
        let registry = Registry::new()
            .with_upstream()
            .with(npir_numpy::dialect())
            .with(npir_tensor::dialect())
            .with(npir_loop::dialect())
            .with_passes(npir_passes::passes());
        // On a processor without code generation the pipelines still lower, with the
        // narrowest vectors.
        let options = match CpuTarget::host() {
            Ok(host) => options_for(&host, Settings::default()),
            Err(_) => PipelineOptions {
                vector_bits: 128,
                fma: false,
                settings: Settings::default(),
                to_llvm: to_llvm(),
            },
        };
        pipeline::register(registry, &options)
    }

    fn with_algebra(self, algebra: Algebra) -> Result<Registry, AlgebraError> {
        let name = register(&self.context(), algebra)?;
        Ok(self.with_extension(name))
    }
}

/// What the pipelines need to know of a target.
pub(crate) fn options_for(target: &CpuTarget, settings: Settings) -> PipelineOptions {
    PipelineOptions {
        vector_bits: target.vector_bits(),
        fma: target.has("fma") || target.arch() != Arch::X86_64,
        settings,
        to_llvm: to_llvm(),
    }
}

/// The passes to the LLVM dialect, those of them that have something to do.
fn to_llvm() -> String {
    npir_cpu::lower_to_llvm_pipeline(|when, passes| {
        OnlyIf::new(when.ops, when.element_types, passes).pipeline_text()
    })
}
