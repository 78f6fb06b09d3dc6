//! `npir explain`.

use super::diagnostics::{Failure, compile_failure, remark};
use super::{Options, is_artifact, output, unreadable};
use npir::prelude::*;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    /// A program (.mlir text or bytecode)
    file: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl ExplainArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let path = &self.file;
        if is_artifact(path)? {
            let file = path.display();
            return Err(Failure::Message(format!(
                "{file} is an artifact: what it was made of is not known any more"
            )));
        }
        if self.options.optimizer() == Optimizer::Off {
            return output::print("the optimizer is off\n");
        }
        let remarks = Arc::new(Mutex::new(Vec::new()));
        let (into, file) = (Arc::clone(&remarks), path.clone());
        let compiler = self.options.compiler(path)?.on_remark(move |d| {
            let mut all = into.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(remark(&file, d));
        });
        let source = std::fs::read(path).map_err(|e| unreadable(path, &e))?;
        let context = compiler.context();
        let name = path.display().to_string();
        let explained = compiler
            .parse(&context, &source, &name)
            .and_then(|mut module| compiler.explain(&context, &mut module));
        explained.map_err(|e| compile_failure(path, &e))?;
        let all = remarks.lock().unwrap_or_else(PoisonError::into_inner);
        match all.is_empty() {
            true => output::print("no rule applies\n"),
            false => output::print(&(all.join("\n") + "\n")),
        }
    }
}
