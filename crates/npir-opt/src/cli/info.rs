//! `npir info`.

use super::diagnostics::{Failure, compile_failure};
use super::progress::while_working;
use super::{Options, is_artifact, output};
use npir::prelude::*;
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct InfoArgs {
    /// A program or an artifact
    file: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl InfoArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let path = &self.file;
        if is_artifact(path)? {
            self.options.refuse_for_artifact(path)?;
            return output::print(&describe(&Artifact::read(path).map_err(Failure::new)?));
        }
        let compiler = self.options.compiler(path)?;
        let exe = while_working(&format!("compiling {}", path.display()), || {
            compiler.compile_file(path)
        })
        .map_err(|e| compile_failure(path, &e))?;
        output::print(&describe(exe.artifact()))
    }
}

fn describe(artifact: &Artifact) -> String {
    let manifest = artifact.manifest();
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{text}");
    };
    for f in &manifest.functions {
        line(format_args!("{f}"));
    }
    for image in &manifest.images {
        line(format_args!(
            "target {} ({}), {} bytes of code",
            image.target_triple, image.cpu, image.bytes
        ));
        if !image.features.is_empty() {
            line(format_args!("needs {}", image.features.join(" ")));
        }
    }
    line(format_args!("made by npir {}", manifest.compiler_version));
    out
}
