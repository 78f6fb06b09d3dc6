//! `npir info`.

use super::{Options, describe, is_artifact};
use npir::prelude::*;
use npir::runtime::Manifest;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct InfoArgs {
    /// A program or an artifact
    file: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl InfoArgs {
    pub(crate) fn run(self) -> Result<(), String> {
        if is_artifact(&self.file)? {
            let artifact = Artifact::load(&self.file).map_err(|e| e.to_string())?;
            show(artifact.manifest(), artifact.object().len());
            return Ok(());
        }
        let exe = self.options.compiler()?.compile_file(&self.file).map_err(|e| describe(&self.file, &e))?;
        show(exe.manifest(), exe.artifact().object().len());
        Ok(())
    }
}

fn show(manifest: &Manifest, code: usize) {
    for f in &manifest.functions {
        println!("{f}");
    }
    println!("target {} ({}), {code} bytes of code", manifest.target_triple, manifest.cpu);
    if !manifest.features.is_empty() {
        println!("needs {}", manifest.features.join(" "));
    }
    println!("made by npir {}", manifest.compiler_version);
}
