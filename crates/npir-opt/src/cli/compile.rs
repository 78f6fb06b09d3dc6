//! `npir compile`.

use super::{Options, describe, progress::while_working, read_source};
use npir::mlir::melior::ir::operation::OperationLike;
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
    /// Where the result goes; the default is FILE with the extension .npir, and standard
    /// output for text
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value = "artifact")]
    emit: Emit,
    #[command(flatten)]
    options: Options,
}

impl CompileArgs {
    pub(crate) fn run(self) -> Result<(), String> {
        let compiler = self.options.compiler()?;
        let source = read_source(&self.file)?;
        let name = self.file.display().to_string();
        let explain = |e: CompileError| describe(&self.file, &e);
        let context = compiler.context();
        let mut module = compiler.parse(&context, &source, &name).map_err(explain)?;
        let text = while_working(&format!("compiling {name}"), || match self.emit {
            Emit::Artifact => {
                let artifact = compiler.compile_artifact(&module)?;
                let path = self.output.clone().unwrap_or_else(|| self.file.with_extension("npir"));
                artifact.save(&path)?;
                Ok(None)
            }
            Emit::LlvmIr => compiler.emit_llvm_ir(&module).map(Some),
            Emit::Asm => compiler.emit_assembly(&module).map(Some),
            Emit::Tensor | Emit::Loop | Emit::Device | Emit::Llvm => {
                let level = match self.emit {
                    Emit::Tensor => Level::Tensor,
                    Emit::Loop => Level::Loop,
                    Emit::Device => Level::Device,
                    _ => Level::Llvm,
                };
                compiler.lower(&context, &mut module, level)?;
                Ok(Some(format!("{}", module.as_operation().to_string_with_flags(Default::default()).unwrap_or_default())))
            }
        })
        .map_err(explain)?;
        match (text, &self.output) {
            (None, _) => Ok(()),
            (Some(text), None) => {
                println!("{}", text.trim_end());
                Ok(())
            }
            (Some(text), Some(path)) => {
                std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
            }
        }
    }
}
