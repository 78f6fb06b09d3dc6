//! The rules through the library: what they leave of a program, and that it computes the same.

use custom_rule::{AnglesToNumpy, algebra, dialect};
use npir::prelude::*;
use std::error::Error;

const PROGRAM: &str = "
func.func @along(%x: tensor<?xf64>, %by: tensor<?xf64>) -> tensor<?xf64> {
  %0 = angles.wrap %x : tensor<?xf64>
  %1 = numpy.add %0, %by : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>
  %2 = angles.wrap %1 : tensor<?xf64>
  %3 = numpy.cos %2 : tensor<?xf64> -> tensor<?xf64>
  return %3 : tensor<?xf64>
}";

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::standard()
        .with(dialect())
        .with_algebra(algebra())?;
    let compiler = Compiler::new(registry)
        .optimizer(Optimizer::UpTo(Fidelity::Relaxed))
        .with_lowering(AnglesToNumpy::default());

    let explaining = compiler
        .clone()
        .on_remark(|remark| println!("{}", remark.message));
    let context = explaining.context();
    let mut module = explaining.parse(&context, PROGRAM.as_bytes(), "along.mlir")?;
    explaining.explain(&context, &mut module)?;
    let left = module.as_operation().to_string();
    println!("{left}");
    if left.contains("angles.wrap") {
        return Err("no wrap is of use here".into());
    }

    let exe = compiler.compile_source(PROGRAM, "along.mlir")?;
    let x = Array::from_slice(&[0.0, 7.0, -20.0], &[3])?;
    let by = Array::from_slice(&[1.0, 2.0, 3.0], &[3])?;
    let along = exe.run("along", &mut [(&x).into(), (&by).into()])?;
    println!("{}", along[0]);
    let expected = [1.0f64.cos(), 9.0f64.cos(), (-17.0f64).cos()];
    let found = along[0].to_vec::<f64>()?;
    match found
        .iter()
        .zip(expected)
        .all(|(a, b)| (a - b).abs() < 1e-14)
    {
        true => Ok(()),
        false => Err(format!("{found:?} is not {expected:?}").into()),
    }
}
