//! `npir fmt`.

use super::diagnostics::{Failure, compile_failure};
use super::{layout, output, unreadable};
use npir::prelude::*;
use npir::runtime::atomic_file;
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct FmtArgs {
    /// Programs (.mlir text), which are rewritten; `-` is standard input, formatted to standard output
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

impl FmtArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let compiler = Compiler::new(Registry::standard());
        let mut changed = Vec::new();
        for file in &self.files {
            let stdin = file.as_os_str() == "-";
            let text = if stdin {
                read_stdin()
            } else {
                std::fs::read(file)
            };
            let bytes = text.map_err(|e| unreadable(file, &e))?;
            let shown = file.display();
            let text = String::from_utf8(bytes)
                .map_err(|_| Failure::new(format!("{shown} is no text, so it has no layout")))?;
            let neat = layout::format(&text);
            same_program(&compiler, file, &text, &neat)?;
            if self.check {
                changed.extend((text != neat).then(|| shown.to_string()));
            } else if stdin {
                output::print(&neat)?;
            } else if text != neat {
                atomic_file::write(file, |out| out.write_all(neat.as_bytes())).map_err(
                    |e: std::io::Error| Failure::new(format!("cannot write {shown}: {e}")),
                )?;
            }
        }
        match changed.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "not formatted: {}",
                changed.join(", ")
            ))),
        }
    }
}

fn read_stdin() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
}

/// The text is a valid program, and the new text is the same one.
fn same_program(compiler: &Compiler, file: &Path, old: &str, new: &str) -> Result<(), Failure> {
    let context = compiler.context();
    let parse = |text: &str| {
        let module = compiler.parse(&context, text.as_bytes(), &file.display().to_string())?;
        Ok(module.as_operation().to_string())
    };
    let before = parse(old).map_err(|e| compile_failure(file, &e))?;
    match parse(new) {
        Ok(after) if after == before => Ok(()),
        Ok(_) | Err::<_, CompileError>(_) => Err(Failure::new(format!(
            "{}: the layout would change the program",
            file.display()
        ))),
    }
}
