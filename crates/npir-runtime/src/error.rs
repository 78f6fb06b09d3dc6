//! Errors of running a compiled function: a NumPy-like kind, a message and the place in the source program.

use std::fmt;

/// What went wrong, named after the exception NumPy would raise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RunErrorKind {
    /// Shapes that do not fit together (`ValueError`).
    ShapeMismatch,
    /// An index outside its axis (`IndexError`).
    IndexOutOfBounds,
    /// A value an operation does not accept (`ValueError`).
    Value,
    /// A number that does not fit (`OverflowError`).
    Overflow,
    /// Division by zero where NumPy raises (`ZeroDivisionError`).
    ZeroDivision,
    /// A matrix that linear algebra cannot work with (`LinAlgError`, a `ValueError`).
    LinAlg,
    /// Memory could not be allocated (`MemoryError`).
    Memory,
    /// A wrong number or kind of arguments, dtype or rank (`TypeError`).
    Argument,
    /// What the program means, but its compiled form cannot do, such as integers beyond 64 bits
    /// (`NotImplementedError`).
    Unsupported,
    /// An assertion of the program that does not hold (`AssertionError`).
    Assertion,
    /// A variable of the program without a value (`UnboundLocalError`).
    Unbound,
    /// The compiled code or the runtime broke its contract (`RuntimeError`).
    Internal,
}

impl RunErrorKind {
    /// The name of the Python exception for this kind.
    pub fn python_name(self) -> &'static str {
        match self {
            RunErrorKind::ShapeMismatch | RunErrorKind::Value => "ValueError",
            RunErrorKind::IndexOutOfBounds => "IndexError",
            RunErrorKind::Overflow => "OverflowError",
            RunErrorKind::ZeroDivision => "ZeroDivisionError",
            RunErrorKind::LinAlg => "LinAlgError",
            RunErrorKind::Memory => "MemoryError",
            RunErrorKind::Argument => "TypeError",
            RunErrorKind::Unsupported => "NotImplementedError",
            RunErrorKind::Assertion => "AssertionError",
            RunErrorKind::Unbound => "UnboundLocalError",
            RunErrorKind::Internal => "RuntimeError",
        }
    }

    /// The kind that compiled code passes to `npir_rt_raise` as `code`.
    pub fn from_code(code: i32) -> RunErrorKind {
        match code {
            0 => RunErrorKind::ShapeMismatch,
            1 => RunErrorKind::IndexOutOfBounds,
            2 => RunErrorKind::Value,
            3 => RunErrorKind::Overflow,
            4 => RunErrorKind::ZeroDivision,
            5 => RunErrorKind::Memory,
            6 => RunErrorKind::Unsupported,
            7 => RunErrorKind::Assertion,
            8 => RunErrorKind::Unbound,
            9 => RunErrorKind::LinAlg,
            _ => RunErrorKind::Internal,
        }
    }
}

/// An error of one call. Displayed as `file:line:column: message`, or only the message without a location.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    kind: RunErrorKind,
    message: String,
    location: Option<String>,
}

impl RunError {
    /// An error without a source location.
    pub fn new(kind: RunErrorKind, message: impl Into<String>) -> RunError {
        RunError {
            kind,
            message: message.into(),
            location: None,
        }
    }

    /// The same error at `location`, written `file:line:column`; an empty string means none.
    pub fn at(mut self, location: impl Into<String>) -> RunError {
        self.location = Some(location.into()).filter(|l| !l.is_empty());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> RunErrorKind {
        self.kind
    }

    /// The message without the location, such as `numpy.add: shapes (3, 4) and (5,) do not broadcast`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// `file:line:column` in the source program, where known.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    pub(crate) fn argument(message: impl Into<String>) -> RunError {
        RunError::new(RunErrorKind::Argument, message)
    }

    pub(crate) fn out_of_memory(bytes: u64) -> RunError {
        let message = if bytes == u64::MAX {
            "the size of an array overflows 64 bits".to_owned()
        } else {
            format!("unable to allocate {}", human_bytes(bytes))
        };
        RunError::new(RunErrorKind::Memory, message)
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

/// `bytes` with a binary unit: `1.50 MiB`.
pub(crate) fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} bytes")
    } else {
        format!("{value:.2} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_puts_the_location_first() {
        let e = RunError::new(
            RunErrorKind::ShapeMismatch,
            "numpy.add: shapes (3, 4) and (5,) do not broadcast",
        );
        assert_eq!(
            e.to_string(),
            "numpy.add: shapes (3, 4) and (5,) do not broadcast"
        );
        assert_eq!(
            e.clone().at("model.mlir:12:8").to_string(),
            "model.mlir:12:8: numpy.add: shapes (3, 4) and (5,) do not broadcast"
        );
        assert_eq!(e.at("").location(), None);
    }

    #[test]
    fn sizes() {
        assert_eq!(human_bytes(12), "12 bytes");
        assert_eq!(human_bytes(3 << 20), "3.00 MiB");
        assert!(
            RunError::out_of_memory(u64::MAX)
                .message()
                .contains("overflows")
        );
    }
}
