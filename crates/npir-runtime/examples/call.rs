//! Calls a function of an artifact with arrays of files, without the compiler: `call FILE.npir NAME FOLDER [INPUT.npy]...`
//! writes result `i` to `FOLDER/i.npy`. Updated arguments come after the results, in the order of the arguments.

use npir_runtime::{Arg, Array, Artifact, npy};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [artifact, name, folder, inputs @ ..] => call(artifact, name, folder, inputs),
        _ => Err("usage: call FILE.npir NAME FOLDER [INPUT.npy]...".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn call(artifact: &str, name: &str, folder: &str, inputs: &[String]) -> Result<(), Box<dyn Error>> {
    let function = Artifact::load(artifact)?.function(name)?;
    let specs = &function.signature().args;
    let mut arrays = inputs
        .iter()
        .map(npy::read)
        .collect::<Result<Vec<Array>, _>>()?;
    let mut args = Vec::new();
    for (array, spec) in arrays.iter_mut().zip(specs) {
        args.push(match spec.updates {
            Some(_) => Arg::ViewMut(array.view_mut()?),
            None => Arg::View(array.view()),
        });
    }
    let results = function.call(&mut args)?;
    drop(args);
    let updated = (arrays.iter().zip(specs)).filter(|(_, spec)| spec.updates.is_some());
    let all = results.iter().chain(updated.map(|(array, _)| array));
    for (i, array) in all.enumerate() {
        npy::write(Path::new(folder).join(format!("{i}.npy")), array)?;
    }
    Ok(())
}
