//! Very long straight-line code, kept out of LLVM's schedulers.
//!
//! The time of LLVM's instruction schedulers grows with the square of the length of a basic block. Code that runs
//! once per call gains nothing from them, so functions with such a block outside of loops are selected without
//! (`optnone`, set after the optimizing passes have run). Kernels are functions of their own and keep them.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::values::FunctionValue;
use llvm_sys::core::{LLVMGetNumSuccessors, LLVMGetSuccessor};
use std::collections::HashSet;

/// Instructions in a block that are too many. Measured on stores to one array: scheduling 4,000 takes 0.2 s of 0.6 s,
/// 15,000 take 12 s of 15 s.
const LONG: usize = 4000;

/// Marks the functions whose code is not to be scheduled.
pub(crate) fn mark(context: &Context, module: &Module) {
    for function in module.get_functions() {
        if function
            .get_basic_block_iter()
            .any(|b| is_long(b) && !is_in_loop(b))
        {
            for name in ["optnone", "noinline"] {
                let kind = Attribute::get_named_enum_kind_id(name);
                let attribute = context.create_enum_attribute(kind, 0);
                FunctionValue::add_attribute(function, AttributeLoc::Function, attribute);
            }
        }
    }
}

fn is_long(block: BasicBlock) -> bool {
    block.get_instructions().nth(LONG).is_some()
}

fn is_in_loop(block: BasicBlock) -> bool {
    let mut work = successors(block);
    let mut seen = HashSet::new();
    while let Some(next) = work.pop() {
        if next == block {
            return true;
        }
        if seen.insert(next) {
            work.extend(successors(next));
        }
    }
    false
}

fn successors(block: BasicBlock) -> Vec<BasicBlock> {
    let Some(end) = block.get_terminator() else {
        return Vec::new();
    };
    let end = inkwell::values::AsValueRef::as_value_ref(&end);
    // SAFETY: the terminator is alive, and the indices are in range.
    unsafe {
        (0..LLVMGetNumSuccessors(end))
            .filter_map(|i| BasicBlock::new(LLVMGetSuccessor(end, i)))
            .collect()
    }
}
