//! The dialects, passes and pipelines that npir ships.

use npir_cpu::{Arch, CpuTarget};
use npir_mlir::dialect::Registry;
use npir_mlir::pass::PassDecl as _;
use npir_passes::only_if::OnlyIf;
use npir_passes::pipeline::{self, Extraction, Optimizer, PipelineOptions};

/// Adds `Registry::standard()`.
pub trait StandardRegistry {
    /// Every upstream dialect and pass, and npir's dialects, passes and pipelines for
    /// the host.
    fn standard() -> Registry;
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
            Ok(host) => options_for(&host, true, Optimizer::default(), Extraction::default()),
            Err(_) => PipelineOptions {
                vector_bits: 128,
                fma: false,
                threads: true,
                optimizer: Optimizer::default(),
                extraction: Extraction::default(),
                to_llvm: to_llvm(),
            },
        };
        pipeline::register(registry, &options)
    }
}

/// What the pipelines need to know of a target.
pub(crate) fn options_for(
    target: &CpuTarget,
    threads: bool,
    optimizer: Optimizer,
    extraction: Extraction,
) -> PipelineOptions {
    PipelineOptions {
        vector_bits: target.vector_bits(),
        fma: target.has("fma") || target.arch() != Arch::X86_64,
        threads,
        optimizer,
        extraction,
        to_llvm: to_llvm(),
    }
}

/// The passes to the LLVM dialect, those of them that have something to do.
fn to_llvm() -> String {
    npir_cpu::lower_to_llvm_pipeline(|when, passes| {
        OnlyIf::new(when.ops, when.element_types, passes).pipeline_text()
    })
}
