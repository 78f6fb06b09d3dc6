//! The errors of code generation, of the JIT and of target selection.

use thiserror::Error;

/// A processor or platform that cannot be a target.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TargetError {
    /// The processor is not in the table of known names.
    #[error("unknown processor '{cpu}'{}", suggestion(.nearest))]
    UnknownCpu {
        /// The name as given.
        cpu: String,
        /// The known name that is spelled most alike, if one is close.
        nearest: Option<&'static str>,
    },
    /// Neither x86-64 nor AArch64.
    #[error("no CPU code generation for the platform '{triple}' (only x86-64 and AArch64)")]
    UnsupportedPlatform {
        /// LLVM's target triple.
        triple: String,
    },
    /// LLVM has no back end for the triple, or refused to build a machine from it.
    #[error("LLVM cannot generate code for '{triple}': {message}")]
    Machine {
        /// LLVM's target triple.
        triple: String,
        /// LLVM's reason.
        message: String,
    },
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest
        .map(|name| format!("; did you mean '{name}'?"))
        .unwrap_or_default()
}

/// What can go wrong between the LLVM dialect and an object.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodegenError {
    /// The target cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// An operation has no translation to LLVM IR; the message has MLIR's diagnostics with their
    /// locations, one a line.
    #[error("cannot translate the module to LLVM IR: {message}")]
    Translation {
        /// MLIR's diagnostics.
        message: String,
    },
    /// LLVM's verifier rejects the translated module.
    #[error("the generated LLVM IR is invalid: {message}")]
    InvalidIr {
        /// The verifier's findings, one a line.
        message: String,
    },
    /// No function carries the entry prefix, so nothing could ever be called.
    #[error("the module defines no function named '{prefix}*'")]
    NoEntryPoint {
        /// The prefix of exported functions.
        prefix: &'static str,
    },
    /// The symbol prefix has characters an assembler symbol must not have.
    #[error("'{prefix}' cannot begin a symbol: use letters, digits, '_', '.' and '$'")]
    BadSymbolPrefix {
        /// The prefix as given.
        prefix: String,
    },
    /// An LLVM pass pipeline failed.
    #[error("LLVM's pass pipeline failed: {message}")]
    Optimization {
        /// LLVM's message.
        message: String,
    },
    /// Instruction selection or object emission failed.
    #[error("LLVM could not emit machine code: {message}")]
    Emission {
        /// LLVM's diagnostics, one a line.
        message: String,
    },
    /// The code calls functions that do not exist at run time.
    #[error("the generated code calls functions the runtime does not provide: {}", .names.join(", "))]
    UnknownSymbols {
        /// The names, sorted.
        names: Vec<String>,
    },
}

/// What can go wrong between an object and an address in this process.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum JitError {
    /// LLVM could not set up its JIT in this process.
    #[error("cannot start the JIT: {message}")]
    Start {
        /// LLVM's message.
        message: String,
    },
    /// The bytes are not an object for this machine.
    #[error("not a loadable object: {message}")]
    BadObject {
        /// What is wrong with the bytes.
        message: String,
    },
    /// The object needs functions that the JIT was not given.
    #[error("the object needs functions that do not exist here: {}", .names.join(", "))]
    UnknownSymbols {
        /// The names, sorted.
        names: Vec<String>,
    },
    /// Two addresses were given for one runtime symbol, or a name contains a NUL byte.
    #[error("cannot define the runtime symbols: {message}")]
    Define {
        /// What is wrong with them.
        message: String,
    },
    /// Linking failed.
    #[error("cannot link the object: {message}")]
    Link {
        /// LLVM's message.
        message: String,
    },
    /// The object has no such exported symbol.
    #[error("the object does not define '{name}'")]
    MissingSymbol {
        /// The name that was looked up.
        name: String,
    },
}
