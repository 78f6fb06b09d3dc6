//! `npir compile`.

use super::diagnostics::{Failure, compile_failure};
use super::{Options, is_artifact, output, progress::while_working, unreadable};
use npir::mlir::melior::Context;
use npir::mlir::melior::ir::{Module, operation::OperationLike};
use npir::prelude::*;
use std::path::PathBuf;

/// What `npir compile` writes.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    /// An artifact, which `npir run` and the runtime alone can load
    Artifact,
    /// The program at the tensor level
    Tensor,
    /// The program at the loop level, with schedules
    Loop,
    /// The program at the device level
    Device,
    /// The LLVM dialect
    Llvm,
    /// LLVM IR, optimized
    LlvmIr,
    /// Assembly
    Asm,
}

#[derive(clap::Args)]
pub(crate) struct CompileArgs {
    /// A program (.mlir text or bytecode, of any level)
    file: PathBuf,
    /// Where the result goes, `-` is standard output; the default is FILE with the extension .npir, and
    /// standard output for text
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value = "artifact")]
    emit: Emit,
    #[command(flatten)]
    options: Options,
}

impl CompileArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if is_artifact(&self.file)? {
            let file = self.file.display();
            return Err(Failure::Message(format!(
                "{file} is an artifact: it is already compiled"
            )));
        }
        let compiler = self.options.compiler(&self.file)?;
        let source = std::fs::read(&self.file).map_err(|e| unreadable(&self.file, &e))?;
        let name = self.file.display().to_string();
        let context = compiler.context();
        let mut module = compiler
            .parse(&context, &source, &name)
            .map_err(|e| compile_failure(&self.file, &e))?;
        let made = while_working(&format!("compiling {name}"), || {
            self.emit.make(&compiler, &context, &mut module)
        })
        .map_err(|e| compile_failure(&self.file, &e))?;
        match made {
            Made::Text(text) => output::write(self.output.as_deref(), &text),
            Made::Artifact(artifact) => {
                let path = self
                    .output
                    .unwrap_or_else(|| self.file.with_extension("npir"));
                let failed = |e| Failure::Message(format!("cannot write {e}"));
                if output::is_standard(&path) {
                    return output::print_bytes(&artifact.to_bytes().map_err(failed)?);
                }
                artifact.save(&path).map_err(failed)
            }
        }
    }
}

/// A result of `npir compile`, not yet written.
enum Made {
    Text(String),
    Artifact(Artifact),
}

impl Emit {
    fn make(
        self,
        compiler: &Compiler,
        context: &Context,
        module: &mut Module<'_>,
    ) -> Result<Made, CompileError> {
        let level = match self {
            Emit::Artifact => return compiler.compile_artifact(module).map(Made::Artifact),
            Emit::LlvmIr => return compiler.emit_llvm_ir(module).map(Made::Text),
            Emit::Asm => return compiler.emit_assembly(module).map(Made::Text),
            Emit::Tensor => Level::Tensor,
            Emit::Loop => Level::Loop,
            Emit::Device => Level::Device,
            Emit::Llvm => Level::Llvm,
        };
        compiler.lower(context, module, level)?;
        let text = module
            .as_operation()
            .to_string_with_flags(Default::default());
        text.map(Made::Text)
            .map_err(|e| CompileError::Other(format!("the program cannot be printed: {e}")))
    }
}
