//! The command-line tools: `npir-opt`, `npir-lsp-server`, `npir-reduce`,
//! `npir-translate` and the `npir` command.
//!
//! MLIR's tools run as they are, with npir's dialects and passes registered; a user's
//! own tool does the same with a registry of its own (see [`opt`]). This crate owns
//! command lines and what is printed, and no compilation.

pub mod cli;
mod opt;
mod process;

pub use opt::{lsp_server, opt, reduce, translate};
