//! What a compiled program says about itself: the manifest (JSON) with the signature of each function.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dtype::DType;

/// The extent of one axis in a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum Dim {
    /// Known at compile time.
    Static(usize),
    /// Any extent; -1 in JSON.
    Dynamic,
}

impl TryFrom<i64> for Dim {
    type Error = String;

    fn try_from(n: i64) -> Result<Dim, String> {
        match usize::try_from(n) {
            Ok(n) => Ok(Dim::Static(n)),
            Err(_) if n == -1 => Ok(Dim::Dynamic),
            Err(_) => Err(format!("{n} is not an extent (-1 means dynamic)")),
        }
    }
}

impl From<Dim> for i64 {
    fn from(dim: Dim) -> i64 {
        match dim {
            Dim::Static(n) => n as i64,
            Dim::Dynamic => -1,
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Static(n) => write!(f, "{n}"),
            Dim::Dynamic => f.write_str("?"),
        }
    }
}

/// One parameter of a function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArgSpec {
    /// The user's name, used in messages.
    pub name: String,
    /// Element type.
    pub dtype: DType,
    /// Extents; empty for rank 0 and for scalars.
    pub shape: Vec<Dim>,
    /// Passed by value (an `f64`, an `index`), not as a rank-0 array.
    pub scalar: bool,
    /// The result whose value this argument's memory holds after the call (`numpy.updates`).
    pub updates: Option<usize>,
}

/// One result of a function.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ResultSpec {
    /// Element type.
    pub dtype: DType,
    /// Extents; empty for rank 0 and for scalars.
    pub shape: Vec<Dim>,
    /// Written by value, not as a rank-0 array.
    pub scalar: bool,
}

/// One function of a compiled program.
///
/// `results` lists **all** results of the source function, in order. A result that is the final value
/// of an argument (`args[i].updates == Some(r)`) is written into that argument's memory; the entry
/// point has no result slot for it and [`crate::Function::call`] does not return it. The other
/// results, in order, are the entry point's result slots ([`Signature::returned`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Signature {
    /// The user's name of the function.
    pub name: String,
    /// The C symbol of its entry point, `npir_entry_<name>`.
    pub symbol: String,
    /// Parameters.
    pub args: Vec<ArgSpec>,
    /// Results, updated arguments included.
    pub results: Vec<ResultSpec>,
}

impl Signature {
    /// The results that a call returns: those that no argument receives in place.
    pub fn returned(&self) -> impl Iterator<Item = (usize, &ResultSpec)> {
        self.results
            .iter()
            .enumerate()
            .filter(|(i, _)| !self.args.iter().any(|arg| arg.updates == Some(*i)))
    }

    /// Checks what a reader of a manifest may rely on: `updates` names an existing result with the same
    /// dtype and rank, each at most once, never on a scalar; scalars have no extents.
    ///
    /// # Errors
    /// A message naming the function and the argument.
    pub fn validate(&self) -> Result<(), String> {
        let fail = |what: String| Err(format!("function `{}`: {what}", self.name));
        let mut updated = vec![false; self.results.len()];
        for arg in &self.args {
            if arg.scalar && (!arg.shape.is_empty() || arg.updates.is_some()) {
                return fail(format!(
                    "scalar argument `{}` has a shape or is updated in place",
                    arg.name
                ));
            }
            let Some(index) = arg.updates else { continue };
            let Some(result) = self.results.get(index) else {
                return fail(format!(
                    "argument `{}` updates result {index} of {}",
                    arg.name,
                    self.results.len()
                ));
            };
            if std::mem::replace(&mut updated[index], true) {
                return fail(format!("two arguments update result {index}"));
            }
            if (result.dtype, result.shape.len(), result.scalar)
                != (arg.dtype, arg.shape.len(), false)
            {
                return fail(format!(
                    "argument `{}` and the result {index} that it receives differ in type",
                    arg.name
                ));
            }
        }
        if self.results.iter().any(|r| r.scalar && !r.shape.is_empty()) {
            return fail("a scalar result has a shape".to_owned());
        }
        Ok(())
    }
}

impl fmt::Display for Signature {
    /// `lloyd(x: float64[?, 64], k: int64 scalar, c: float64[16, 64] updated) -> (int64[?])`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (i, arg) in self.args.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{}: ", arg.name)?;
            write_type(f, arg.dtype, &arg.shape, arg.scalar)?;
            if arg.updates.is_some() {
                f.write_str(" updated")?;
            }
        }
        f.write_str(") -> (")?;
        for (i, (_, result)) in self.returned().enumerate() {
            f.write_str(if i > 0 { ", " } else { "" })?;
            write_type(f, result.dtype, &result.shape, result.scalar)?;
        }
        f.write_str(")")
    }
}

fn write_type(
    f: &mut fmt::Formatter<'_>,
    dtype: DType,
    shape: &[Dim],
    scalar: bool,
) -> fmt::Result {
    write!(f, "{dtype}")?;
    if scalar {
        return f.write_str(" scalar");
    }
    f.write_str("[")?;
    for (i, dim) in shape.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        write!(f, "{comma}{dim}")?;
    }
    f.write_str("]")
}

/// One object of an artifact: the whole program, compiled for one kind of machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Image {
    /// LLVM target triple of the object code.
    pub target_triple: String,
    /// CPU name the code was tuned for (information only).
    pub cpu: String,
    /// CPU features the code uses, in LLVM's names (see [`crate::cpu::known_features`]).
    pub features: Vec<String>,
    /// Size of the object in the file; set when an artifact is put together.
    pub bytes: u64,
}

/// Everything an artifact says about its object code.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The functions that can be called.
    pub functions: Vec<Signature>,
    /// The objects, in the order in which a machine is to try them: it takes the first one that it can run.
    pub images: Vec<Image>,
    /// Version of the compiler that made it (information only).
    pub compiler_version: String,
    /// [`crate::artifact::FORMAT_VERSION`] at the time of writing.
    pub format_version: u32,
}

impl Manifest {
    /// The signature of `name`.
    pub fn function(&self, name: &str) -> Option<&Signature> {
        self.functions.iter().find(|f| f.name == name)
    }

    /// Checks every signature, that names are unique, and that there is an object.
    ///
    /// # Errors
    /// A message, naming the function if it is about one.
    pub fn validate(&self) -> Result<(), String> {
        if self.images.is_empty() {
            return Err("there is no object code".into());
        }
        let mut names = std::collections::HashSet::new();
        for function in &self.functions {
            function.validate()?;
            if !names.insert(function.name.as_str()) {
                return Err(format!("function `{}` occurs twice", function.name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lloyd() -> Signature {
        Signature {
            name: "lloyd".into(),
            symbol: "npir_entry_lloyd".into(),
            args: vec![
                ArgSpec {
                    name: "x".into(),
                    dtype: DType::F64,
                    shape: vec![Dim::Dynamic, Dim::Static(64)],
                    scalar: false,
                    updates: None,
                },
                ArgSpec {
                    name: "c".into(),
                    dtype: DType::F64,
                    shape: vec![Dim::Static(16), Dim::Static(64)],
                    scalar: false,
                    updates: Some(0),
                },
            ],
            results: vec![
                ResultSpec {
                    dtype: DType::F64,
                    shape: vec![Dim::Static(16), Dim::Static(64)],
                    scalar: false,
                },
                ResultSpec {
                    dtype: DType::I64,
                    shape: vec![Dim::Dynamic],
                    scalar: false,
                },
            ],
        }
    }

    #[test]
    fn display_and_json() {
        let f = lloyd();
        assert_eq!(
            f.to_string(),
            "lloyd(x: float64[?, 64], c: float64[16, 64] updated) -> (int64[?])"
        );
        let json = serde_json::to_value(&f).unwrap();
        assert_eq!(json["args"][0]["shape"], serde_json::json!([-1, 64]));
        assert_eq!(json["args"][1]["updates"], serde_json::json!(0));
        assert_eq!(serde_json::from_value::<Signature>(json).unwrap(), f);
        assert_eq!(f.returned().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn bad_signatures_are_refused() {
        assert!(lloyd().validate().is_ok());
        let mut f = lloyd();
        f.args[0].updates = Some(0);
        assert!(f.validate().unwrap_err().contains("two arguments"));
        let mut f = lloyd();
        f.args[1].updates = Some(9);
        assert!(f.validate().unwrap_err().contains("updates result 9 of 2"));
        let mut f = lloyd();
        f.args[1].updates = Some(1);
        assert!(f.validate().unwrap_err().contains("differ in type"));
        let mut f = lloyd();
        f.args[0].scalar = true;
        assert!(f.validate().unwrap_err().contains("scalar argument `x`"));
        assert!(serde_json::from_str::<Dim>("-2").is_err());
    }
}
