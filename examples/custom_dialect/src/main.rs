//! The dialect through the library: a program with quantities, compiled and run.

use custom_dialect::{UnitsToNumpy, dialect};
use npir::prelude::*;
use std::error::Error;

const PROGRAM: &str = r#"
func.func @way(%walked: tensor<?xf64>, %driven: tensor<?xf64>) -> tensor<?xf64> {
  %m = units.of %walked : tensor<?xf64> -> !units.quantity<tensor<?xf64>, "m">
  %km = units.of %driven : tensor<?xf64> -> !units.quantity<tensor<?xf64>, "km">
  %sum = units.add %m, %km : !units.quantity<tensor<?xf64>, "m">, !units.quantity<tensor<?xf64>, "km"> -> !units.quantity<tensor<?xf64>, "m">
  %0 = units.in "km", %sum : !units.quantity<tensor<?xf64>, "m"> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let compiler =
        Compiler::new(Registry::standard().with(dialect())).with_pass(UnitsToNumpy::default());
    let exe = compiler.compile_source(PROGRAM, "way.mlir")?;
    let walked = Array::from_slice(&[500.0, 1500.0], &[2])?;
    let driven = Array::from_slice(&[20.0, 1.5], &[2])?;
    let way = exe.run("way", &mut [(&walked).into(), (&driven).into()])?;
    println!("{} km", way[0]);
    if way[0].to_vec::<f64>()? != [20.5, 3.0] {
        return Err("500 m and 20 km are 20.5 km".into());
    }
    Ok(())
}
