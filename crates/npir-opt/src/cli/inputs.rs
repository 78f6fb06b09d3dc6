//! `--input` and `--output`: arrays from and to `.npy` and `.npz` files.

use super::output;
use half::{bf16, f16};
use npir::prelude::*;
use npir::runtime::{ArgSpec, Signature, npy};
use std::path::{Path, PathBuf};

fn is_npz(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("npz"))
}

/// The arguments of a function, from `name=file.npy`, `name=file.npz:key`,
/// `name=number`, or a whole `file.npz` whose keys are argument names.
pub(crate) fn load(signature: &Signature, inputs: &[String]) -> Result<Vec<Array>, String> {
    let mut slots: Vec<Option<Array>> = signature.args.iter().map(|_| None).collect();
    let names = || {
        signature
            .args
            .iter()
            .map(|a| a.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let index = |name: &str| {
        signature
            .args
            .iter()
            .position(|a| a.name == name)
            .ok_or_else(|| {
                if signature.args.is_empty() {
                    format!(
                        "'{}' takes no inputs, but '{name}' was given",
                        signature.name
                    )
                } else {
                    format!(
                        "'{}' has no argument '{name}'; it has: {}",
                        signature.name,
                        names()
                    )
                }
            })
    };
    let mut put = |name: &str, array: Array| -> Result<(), String> {
        let i = index(name)?;
        if slots[i].replace(array).is_some() {
            return Err(format!("--input {name} is given twice"));
        }
        Ok(())
    };
    for input in inputs {
        match input.split_once('=') {
            Some((name, value)) => {
                let name = name.trim_start_matches('%');
                let spec = &signature.args[index(name)?];
                put(name, value_of(spec, value)?)?;
            }
            None if is_npz(Path::new(input)) => {
                let arrays = npy::read_npz(input).map_err(|e| e.to_string())?;
                let found: Vec<_> = arrays.iter().map(|(name, _)| name.clone()).collect();
                let mut used = false;
                for (name, array) in arrays {
                    if signature.args.iter().any(|a| a.name == name) {
                        put(&name, array)?;
                        used = true;
                    }
                }
                if !used {
                    let (function, found) = (&signature.name, found.join(", "));
                    return Err(format!(
                        "{input} has no array that is named like an argument of '{function}'; it has: {found}"
                    ));
                }
            }
            None => {
                return Err(format!(
                    "--input {input}: expected name=file.npy, name=number or a .npz file"
                ));
            }
        }
    }
    let missing: Vec<_> = signature
        .args
        .iter()
        .zip(&slots)
        .filter(|(_, s)| s.is_none())
        .map(|(a, _)| a.name.clone())
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "'{}' needs --input for: {}\n  {signature}",
            signature.name,
            missing.join(", ")
        ));
    }
    Ok(slots.into_iter().flatten().collect())
}

fn value_of(spec: &ArgSpec, value: &str) -> Result<Array, String> {
    if let Some(scalar) = number(spec.dtype, value) {
        return Array::from_scalar(scalar).map_err(|e| e.to_string());
    }
    if let Some((file, key)) = value.rsplit_once(':')
        && is_npz(Path::new(file))
    {
        return npy::read_npz_array(file, key).map_err(|e| e.to_string());
    }
    let path = PathBuf::from(value);
    if is_npz(&path) {
        return npy::read_npz_array(&path, &spec.name).map_err(|e| e.to_string());
    }
    if spec.scalar && !path.exists() {
        return Err(format!(
            "--input {}={value}: neither a number of type {} nor a file",
            spec.name, spec.dtype
        ));
    }
    npy::read(&path).map_err(|e| e.to_string())
}

/// A literal of the argument's dtype, when `text` is one.
fn number(dtype: DType, text: &str) -> Option<Scalar> {
    macro_rules! parse {
        ($($variant:ident: $ty:ty),*) => {
            match dtype {
                DType::Bool => match text {
                    "true" | "True" | "1" => Some(Scalar::new(true)),
                    "false" | "False" | "0" => Some(Scalar::new(false)),
                    _ => None,
                },
                $(DType::$variant => text.parse::<$ty>().ok().map(Scalar::new),)*
                // Complex numbers come in files.
                _ => None,
            }
        };
    }
    parse!(
        I8: i8, I16: i16, I32: i32, I64: i64, U8: u8, U16: u16, U32: u32, U64: u64,
        F16: f16, BF16: bf16, F32: f32, F64: f64
    )
}

/// Writes results to files: one `.npz` takes all (as `result0`, `result1`, …), else one
/// file per result, in order; `-` drops a result.
pub(crate) fn save(results: &[Array], outputs: &[PathBuf]) -> Result<(), String> {
    let failed = |e: npy::NpyError| format!("cannot write {e}");
    if let [path] = outputs
        && is_npz(path)
    {
        let names: Vec<String> = (0..results.len()).map(|i| format!("result{i}")).collect();
        let entries: Vec<_> = names
            .iter()
            .map(String::as_str)
            .zip(results.iter().map(Array::view))
            .collect();
        return npy::write_npz(path, &entries, npy::Compression::Stored).map_err(failed);
    }
    if outputs.len() > results.len() {
        let n = results.len();
        return Err(format!(
            "{} --output files, but only {n} result{}",
            outputs.len(),
            if n == 1 { "" } else { "s" }
        ));
    }
    for (result, path) in results.iter().zip(outputs) {
        if !output::is_standard(path) {
            npy::write(path, result.view()).map_err(failed)?;
        }
    }
    Ok(())
}
