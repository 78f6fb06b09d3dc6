//! `npir run`.

use super::diagnostics::{Failure, compile_failure, run_failure};
use super::{Options, inputs, is_artifact, output, progress::while_working};
use npir::prelude::*;
use npir::runtime::{Function, Signature};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(clap::Args)]
pub(crate) struct RunArgs {
    /// A program (.mlir text or bytecode, of any level) or an artifact
    file: PathBuf,
    /// The function to call; may be left out when there is only one
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    /// An input: name=file.npy, name=file.npz:key, name=number, or a whole file.npz, whose keys
    /// are names of inputs
    #[arg(long, short, value_name = "NAME=FILE")]
    input: Vec<String>,
    /// Where results go, in order: .npy files, '-' to drop one, or one .npz for all. Results
    /// beyond the last --output are dropped; without any they are printed
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Call N times and report the time per call
    #[arg(long, value_name = "N")]
    time: Option<u32>,
    #[command(flatten)]
    options: Options,
}

impl RunArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let start = Instant::now();
        let function = self.function()?;
        let compiled = start.elapsed();
        let arrays = inputs::load(function.signature(), &self.input)?;
        let n = self.time.unwrap_or(1);
        if n == 0 {
            return Err(Failure::new("--time 0: at least one call is needed"));
        }
        let mut times = Vec::with_capacity(n as usize);
        let mut results = Vec::new();
        for i in 0..n {
            // Each call starts from the files' values.
            let mut arrays = arrays.clone();
            let begin = Instant::now();
            let (out, elapsed) =
                while_working(&format!("running {}", function.signature().name), || {
                    call(
                        &self.file,
                        &function,
                        &mut arrays,
                        begin,
                        self.options.remarks && i == 0,
                    )
                })?;
            times.push(elapsed);
            results = out;
        }
        if self.output.is_empty() {
            let mut text = String::new();
            for (i, r) in results.iter().enumerate() {
                // Writing to a string does not fail.
                let _ = writeln!(text, "result {i}: {r:?}\n{r}");
            }
            output::print(&text)?;
        } else {
            inputs::save(&results, &self.output)?;
        }
        if self.time.is_some() {
            times.sort();
            eprintln!(
                "{}: {n} calls, min {:?}, median {:?}; ready after {compiled:?}",
                function.signature().name,
                times[0],
                times[times.len() / 2],
            );
        }
        Ok(())
    }

    fn function(&self) -> Result<Function, Failure> {
        let path = &self.file;
        if is_artifact(path)? {
            self.options.refuse_for_artifact(path)?;
            let artifact = Artifact::load(path).map_err(Failure::new)?;
            let name = self.entry(artifact.manifest().functions.iter())?;
            return artifact.function(&name).map_err(Failure::new);
        }
        let compiler = self.options.compiler(path)?;
        let exe = while_working(&format!("compiling {}", path.display()), || {
            compiler.compile_file(path)
        })
        .map_err(|e| compile_failure(path, &e))?;
        let name = self.entry(exe.manifest().functions.iter())?;
        exe.function(&name).map_err(Failure::new)
    }

    fn entry<'a>(&self, functions: impl Iterator<Item = &'a Signature>) -> Result<String, Failure> {
        let names: Vec<_> = functions.map(|f| f.name.clone()).collect();
        let file = self.file.display();
        match (&self.entry, names.as_slice()) {
            (Some(name), _) if names.contains(name) => Ok(name.clone()),
            (None, [only]) => Ok(only.clone()),
            (Some(name), _) => Err(Failure::Message(format!(
                "{file}: there is no public function '{name}'; it has: {}",
                names.join(", ")
            ))),
            (None, _) => Err(Failure::Message(format!(
                "{file}: choose a function with --entry; it has: {}",
                names.join(", ")
            ))),
        }
    }
}

/// One call. Returns all results of the source function in order, also those that were
/// written into arguments.
fn call(
    path: &Path,
    function: &Function,
    arrays: &mut [Array],
    begin: Instant,
    remarks: bool,
) -> Result<(Vec<Array>, Duration), Failure> {
    let signature = function.signature().clone();
    let mut args = Vec::with_capacity(arrays.len());
    for (spec, array) in signature.args.iter().zip(arrays.iter_mut()) {
        args.push(if spec.updates.is_some() {
            Arg::ViewMut(
                array
                    .view_mut()
                    .map_err(|e| Failure::Message(format!("argument '{}': {e}", spec.name)))?,
            )
        } else if spec.scalar && array.rank() == 0 {
            Arg::Scalar(
                array.item().ok_or_else(|| {
                    Failure::Message(format!("argument '{}' is empty", spec.name))
                })?,
            )
        } else {
            Arg::View(array.view())
        });
    }
    let (returned, report) = function
        .call_with_report(&mut args)
        .map_err(|e| run_failure(path, &e))?;
    let elapsed = begin.elapsed();
    drop(args);
    if remarks {
        for copy in &report.copies {
            eprintln!("remark: {copy}");
        }
    }
    let mut returned = returned.into_iter();
    let mut all = Vec::with_capacity(signature.results.len());
    for i in 0..signature.results.len() {
        match signature.args.iter().position(|a| a.updates == Some(i)) {
            Some(arg) => all.push(arrays[arg].clone()),
            None => all.extend(returned.next()),
        }
    }
    Ok((all, elapsed))
}
