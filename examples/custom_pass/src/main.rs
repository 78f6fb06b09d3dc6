//! The pass through the library: the same program compiled without it and with it.

use custom_pass::ExpandPower;
use npir::prelude::*;
use std::error::Error;
use std::time::{Duration, Instant};

const PROGRAM: &str = "
func.func @cube(%x: tensor<?xf64>) -> tensor<?xf64> {
  %three = numpy.constant dense<3.0> : tensor<f64>
  %0 = numpy.power %x, %three : tensor<?xf64>, tensor<f64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}";
const ELEMENTS: usize = 1 << 20;
const CALLS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let compiler = Compiler::new(Registry::standard());
    let plain = compiler.clone().compile_source(PROGRAM, "cube.mlir")?;
    let expanded = compiler
        .with_pass(ExpandPower::up_to(8))
        .compile_source(PROGRAM, "cube.mlir")?;

    let values: Vec<f64> = (0..ELEMENTS).map(|i| i as f64 / 1e3).collect();
    let x = Array::from_slice(&values, &[ELEMENTS])?;
    let (a, slow) = fastest(&plain, &x)?;
    let (b, fast) = fastest(&expanded, &x)?;

    println!("x ** 3 of {ELEMENTS} numbers");
    println!("  as NumPy computes it    {slow:.1?}");
    println!("  with expand-power       {fast:.1?}");
    let error = a
        .iter()
        .zip(&b)
        .map(|(a, b)| ((a - b) / a.abs().max(f64::MIN_POSITIVE)).abs())
        .fold(0.0, f64::max);
    println!("  largest relative error  {error:.1e}");
    if error > 4.0 * f64::EPSILON {
        return Err("the pass changed more than the last bits".into());
    }
    Ok(())
}

/// The result and the time of the fastest of some calls.
fn fastest(program: &Executable, x: &Array) -> Result<(Vec<f64>, Duration), Box<dyn Error>> {
    let mut best = Duration::MAX;
    let mut result = Vec::new();
    for _ in 0..CALLS {
        let begin = Instant::now();
        let results = program.run("cube", &mut [x.into()])?;
        best = best.min(begin.elapsed());
        result = results[0].to_vec::<f64>()?;
    }
    Ok((result, best))
}
