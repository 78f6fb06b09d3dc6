//! `npir explain`.

mod dot;
mod html;
mod svg;

use super::diagnostics::{Failure, compile_failure, remark};
use super::{Options, is_artifact, output, unreadable};
use npir::mlir::melior::ir::{Module, operation::OperationLike};
use npir::passes::optimize::Picture;
use npir::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(clap::Args)]
pub(crate) struct ExplainArgs {
    /// A program (.mlir text or bytecode)
    file: PathBuf,
    /// Write the graph of equal programs for Graphviz: a cluster for each value, the chosen ways filled
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Write a page with the program at each level, the chosen kernels, what plans cost, and the rules
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
            if self.dot.is_some() || self.html.is_some() {
                return Err(Failure::Message(
                    "the optimizer is off: there is nothing to draw".to_owned(),
                ));
            }
            return output::print("the optimizer is off\n");
        }
        let remarks = Arc::new(Mutex::new(Vec::new()));
        let (into, file) = (Arc::clone(&remarks), path.clone());
        let compiler = self.options.compiler(path)?.on_remark(move |d| {
            let mut all = into.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(remark(&file, d));
        });
        let source = std::fs::read(path).map_err(|e| unreadable(path, &e))?;
        let drawn = self.draw(&compiler, &source);
        let (pictures, levels) = drawn.map_err(|e| compile_failure(path, &e))?;
        let name = path.display().to_string();
        if let Some(file) = &self.dot {
            output::write(Some(file), &dot::graph(&name, &pictures))?;
        }
        if let Some(file) = &self.html {
            output::write(Some(file), &html::page(&name, &levels, &pictures))?;
        }
        if is_printed(self.dot.as_deref()) || is_printed(self.html.as_deref()) {
            return Ok(());
        }
        let all = remarks.lock().unwrap_or_else(PoisonError::into_inner);
        match all.is_empty() {
            true => output::print("no rule applies\n"),
            false => output::print(&(all.join("\n") + "\n")),
        }
    }

    /// What the optimizer does, and for a page the program at each level.
    fn draw(
        &self,
        compiler: &Compiler,
        source: &[u8],
    ) -> Result<(Vec<Picture>, Vec<html::Level>), CompileError> {
        let context = compiler.context();
        let name = self.file.display().to_string();
        let mut module = compiler.parse(&context, source, &name)?;
        let mut levels = Vec::new();
        if self.html.is_some() {
            let text = match std::str::from_utf8(source) {
                Ok(text) => text.to_owned(),
                Err(_) => printed(&module)?,
            };
            levels.push(html::Level::new("as it came", text));
        }
        if self.dot.is_none() && self.html.is_none() {
            compiler.explain(&context, &mut module)?;
            return Ok((Vec::new(), levels));
        }
        let pictures = compiler.draw(&context, &mut module)?;
        if self.html.is_some() {
            levels.push(html::Level::new("optimized", printed(&module)?));
            // What the lower levels have to remark is not about the optimizer.
            let compiler = compiler.clone().on_remark(|_| {});
            let mut module = compiler.parse(&context, source, &name)?;
            for level in Level::ALL.into_iter().skip(1) {
                compiler.lower(&context, &mut module, level)?;
                levels.push(html::Level::new(level.name(), printed(&module)?));
            }
        }
        Ok((pictures, levels))
    }
}

/// Whether a file stands for standard output, which then has nothing else.
fn is_printed(file: Option<&Path>) -> bool {
    file.is_some_and(output::is_standard)
}

fn printed(module: &Module<'_>) -> Result<String, CompileError> {
    let text = module
        .as_operation()
        .to_string_with_flags(Default::default());
    text.map_err(|e| CompileError::Other(format!("the program cannot be printed: {e}")))
}

/// Seconds for people.
fn micro(seconds: f64) -> String {
    format!("{:.1} µs", seconds * 1e6)
}
