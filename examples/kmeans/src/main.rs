//! Lloyd's k-means through the library: compile `kmeans.mlir`, run it on the digits data,
//! compare with the same algorithm in NumPy.

use npir::prelude::*;
use npir::runtime::npy;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Calls that are timed; the fastest counts.
const CALLS: usize = 20;
const MAX_ITERATIONS: i64 = 300;

/// What one run gives.
struct Clusters {
    labels: Vec<i64>,
    inertia: f64,
    iterations: i64,
}

fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let x = npy::read(folder.join("digits.npy"))?;
    let start = npy::read(folder.join("initial_centres.npy"))?;

    let begin = Instant::now();
    let program = Compiler::new(Registry::standard()).compile_file(folder.join("kmeans.mlir"))?;
    let compile_time = begin.elapsed();

    let (ours, fastest) = run(&program, &x, &start)?;
    let reference = numpy(folder)?;

    let per_iteration = fastest / u32::try_from(ours.iterations.max(1))?;
    println!(
        "k-means (Lloyd) on {} rows of {} numbers, {} centres",
        x.shape()[0],
        x.shape()[1],
        start.shape()[0]
    );
    println!();
    println!("  compile time        {}", show(compile_time));
    println!("  iterations          {}", ours.iterations);
    println!("  inertia             {:.6}", ours.inertia);
    println!(
        "  time per iteration  {} (NumPy: {})",
        show(per_iteration),
        show(reference.per_iteration)
    );
    println!(
        "  faster than NumPy   {:.1} times",
        reference.per_iteration.as_secs_f64() / per_iteration.as_secs_f64()
    );
    println!();

    let different = ours
        .labels
        .iter()
        .zip(&reference.labels)
        .filter(|(a, b)| a != b)
        .count();
    if different != 0 || ours.labels.len() != reference.labels.len() {
        return Err(format!("{different} labels differ from NumPy's").into());
    }
    let error = (ours.inertia - reference.inertia).abs() / reference.inertia.abs();
    if error.is_nan() || error > 1e-9 {
        return Err(format!(
            "inertia {} differs from NumPy's {}",
            ours.inertia, reference.inertia
        )
        .into());
    }
    println!(
        "  all {} labels equal NumPy's; inertia agrees to {error:.1e}",
        ours.labels.len()
    );
    Ok(())
}

fn run(
    program: &Executable,
    x: &Array,
    start: &Array,
) -> Result<(Clusters, Duration), Box<dyn Error>> {
    let kmeans = program.function("kmeans_uint8")?;
    let mut fastest = Duration::MAX;
    let mut results = Vec::new();
    for _ in 0..CALLS {
        let begin = Instant::now();
        results = kmeans.call(&mut [x.into(), start.into(), Scalar::new(MAX_ITERATIONS).into()])?;
        fastest = fastest.min(begin.elapsed());
    }
    let [_centres, labels, inertia, iterations] = results.as_slice() else {
        return Err("the program has not four results".into());
    };
    let clusters = Clusters {
        labels: labels.to_vec::<i64>()?,
        inertia: inertia.to_vec::<f64>()?[0],
        iterations: iterations.to_vec::<i64>()?[0],
    };
    Ok((clusters, fastest))
}

/// What `kmeans_numpy.py` found.
struct Reference {
    labels: Vec<i64>,
    inertia: f64,
    per_iteration: Duration,
}

/// The Python with NumPy: `NPIR_PYTHON` (set by `cargo xtask demo`), the project's own, or the system's.
fn python(folder: &Path) -> PathBuf {
    if let Some(python) = std::env::var_os("NPIR_PYTHON") {
        return python.into();
    }
    let own = folder.join("../../target/venv/bin/python");
    if own.exists() { own } else { "python3".into() }
}

fn numpy(folder: &Path) -> Result<Reference, Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("labels.npy");
    let output = Command::new(python(folder))
        .arg(folder.join("kmeans_numpy.py"))
        .arg(format!("--max-iter={MAX_ITERATIONS}"))
        .arg("--save-labels")
        .arg(&file)
        .output()?;
    if !output.status.success() {
        return Err(format!(
            "kmeans_numpy.py: {}",
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    let text = String::from_utf8(output.stdout)?;
    let field = |name: &str| -> Result<f64, Box<dyn Error>> {
        let line = text
            .lines()
            .find(|l| l.starts_with(name))
            .ok_or_else(|| format!("kmeans_numpy.py gave no {name}"))?;
        let value = line[name.len()..]
            .split_whitespace()
            .next()
            .unwrap_or_default();
        Ok(value.parse()?)
    };
    Ok(Reference {
        labels: npy::read(&file)?.to_vec::<i64>()?,
        inertia: field("inertia")?,
        per_iteration: Duration::from_secs_f64(field("time per iteration")? / 1e3),
    })
}

fn show(t: Duration) -> String {
    format!("{:.3} ms", t.as_secs_f64() * 1e3)
}
