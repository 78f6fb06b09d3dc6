//! Define MLIR dialects, ops, types, patterns, conversions and passes in Rust.
//!
//! The foundation of npir: full-quality dialects on upstream MLIR, from safe Rust.
//!
//! * an op is a struct with `#[op]` (or an [`op_def::OpDef`] built from data), with
//!   declarative assembly, verifier, folding, inference, effects, destination style,
//!   bufferization and tiling as traits;
//! * a pass is a struct with `#[pass]` and one method, seen by every MLIR tool;
//! * patterns and conversions are closures, [`rewriter::Rewriter`] is the one builder.
//!
//! Invariants: this crate knows no dialect of npir's own. Every callback from C++
//! runs under one guard, so that a panic is a diagnostic. Registered definitions live
//! until the process ends. There is one walker ([`ir::OpExt::walk_ops`]), one
//! rewriter, one diagnostics path.

extern crate self as npir_mlir;

pub mod assembly;
mod callbacks;
pub mod constraint;
pub mod conversion;
pub mod diagnostics;
pub mod dialect;
mod guard;
pub mod interfaces;
pub mod ir;
pub mod op_def;
pub mod pass;
pub mod pattern;
pub mod queries;
mod raw;
pub mod rewriter;
pub mod source;
pub mod statistics;
pub mod tools;
pub mod types;
pub mod upstream;

pub use melior;
pub use npir_macros::{op, pass};

/// Everything that a dialect or a pass uses.
pub mod prelude {
    pub use crate::assembly::{Parsed, Parser, Printer};
    pub use crate::constraint::*;
    pub use crate::conversion::{
        Conversion, ConversionPattern, ConversionTarget, ConvertCx, Converted, TypeConverter,
    };
    pub use crate::diagnostics::{
        Diagnostic, FilePosition, Severity, collect_diagnostics, emit, file_position,
    };
    pub use crate::dialect::{Dialect, ParamDef, Registry};
    pub use crate::interfaces::*;
    pub use crate::ir::*;
    pub use crate::op_def::{Arity, OpDef, Trait};
    pub use crate::pass::{
        OptionDef, OptionField, OptionValue, Pass, PassCx, PassDecl, PassDef, PassDefExt,
        PassError, PassInfo, PassResult, Statistic, StatisticDef, Verification,
        load_pipeline_dialects, run_pipeline,
    };
    pub use crate::pattern::{
        GreedyConfig, Match, NoMatch, Pattern, ViewOf, apply_greedily, apply_walk, no_match,
        on_view,
    };
    pub use crate::queries::{
        LlvmTypeExt, destinations, drop_unsigned_wrap_flags, is_pure, is_view, location_name,
        shared_results,
    };
    pub use crate::rewriter::{IrMapping, OpBuilder, OpFold, OwnedRewriter, Rewriter, rewrite_at};
    pub use crate::source::parse_source;
    pub use crate::types::{AttrExt, CtxExt, DYNAMIC, TypeExt, map_results};
    pub use crate::upstream::{CmpF, CmpI, Iter};
    pub use crate::{attr_enum, op, pass};
    pub use melior::Context;
    pub use melior::ir::{AffineExpr, AffineMap, Attribute, Location, Module, Type};
}
