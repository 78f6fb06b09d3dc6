//! The `loop` dialect: loop nests over memory with a schedule, and the ops that talk to
//! the runtime.
//!
//! A nest ([`nest`]) says *what* is computed at each point; its schedule ([`schedule`])
//! says in which order, in how many lanes, on how many threads. [`scheduler`] chooses
//! schedules, [`lower`] turns nests into loops; [`symmetric`] computes one triangle of symmetric products, [`fuse_rows`] runs
//! nests on the same rows block by block, [`tile_time`] iterations of stencils. [`runtime_ops`] and [`llvm`] are the way to calls of the runtime; [`library`] has
//! the routines that a program may call.
//!
//! Invariants: nothing here knows a tensor; no lowering is specific to one program.

pub(crate) mod access;
pub(crate) mod alias;
pub(crate) mod forms;
pub mod fuse_rows;
pub mod library;
pub mod llvm;
pub mod lower;
pub mod nest;
pub(crate) mod part;
pub mod runtime_ops;
pub mod schedule;
pub mod scheduler;
pub mod symmetric;
pub mod tile_time;

use npir_mlir::prelude::*;

pub use forms::is_vectorizable;
pub use library::{Library, Routine};
pub use nest::{Combine, Index, Nest, NestParts, Yield};
pub use runtime_ops::{CheckKind, placeholders};
pub use schedule::{IteratorKind, Schedule};

/// The passes.
pub fn passes() -> Vec<PassDef> {
    vec![
        symmetric::LoopSymmetric::def(),
        scheduler::LoopPack::def(),
        tile_time::LoopTileTime::def(),
        fuse_rows::LoopFuseRows::def(),
        scheduler::LoopSchedule::def(),
        lower::LowerLoopNest::def(),
        llvm::LoopAbi::def(),
        llvm::LoopFinishLlvm::def(),
    ]
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("loop")
        .doc("Loop nests with a schedule: tiles, vector width, parallel and reduction axes, private accumulators.")
        .depends_on(&["arith", "memref", "scf", "vector"])
        .ops([Nest::def(), Yield::def(), Index::def(), Library::def()])
        .ops(runtime_ops::defs())
        .attrs([Schedule::param_def()])
}
