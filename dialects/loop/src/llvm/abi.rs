//! `loop-abi`: the calling convention of compiled functions, at the memref level.

use std::collections::HashMap;

use npir_mlir::prelude::*;

use super::alloc::{lower_alloc, lower_count, mark_borrowed};
use super::build::{Icmp, Linkage, LlvmBuild, linkage};
use super::copy::lower_copy_row;
use super::entry::{add_entry, entry_symbol};
use super::errors::Strings;
use super::library::lower_library;
use super::runtime::{Runtime, RuntimeFn, symbol_name};
use crate::library::Library;
use crate::runtime_ops::{CopyRow, ExitIf};

/// Unit attribute of a `func.func` declaration: a C function that is called as it is, without context and status.
pub const EXTERN: &str = "loop.extern";

/// Attribute with the signature that the function had at the numpy level; it moves to the entry point.
const SIGNATURE: &str = "npir.signature";

/// Gives functions the calling convention of compiled code.
///
/// Every function with a body gets a leading context argument and a leading `i32` status, is renamed to
/// `npir_fn_<name>` (so that a user's `pow` cannot capture the C library's) and becomes internal. Calls pass the
/// context on and leave the function when the callee failed. A public function gets an entry point
/// `npir_entry_<name>`. Allocations and reference counts become calls of the runtime.
#[pass(
    "loop-abi",
    on = "builtin.module",
    dependent_dialects("arith", "func", "llvm", "memref", "loop")
)]
#[derive(Clone)]
pub struct LoopAbi {}

impl Pass for LoopAbi {
    fn run(&mut self, module: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let owned = OwnedRewriter::new(module.ctx());
        let rw = owned.get();
        let Some(module_body) = module.region(0).entry() else {
            return Ok(());
        };
        let mut abi = Abi {
            rw,
            runtime: Runtime::default(),
            strings: Strings::new(module_body),
            renamed: HashMap::new(),
        };
        let mut bodies = Vec::new();
        let functions = module_body.ops().into_iter();
        for f in functions.filter(|op| op.name() == "func.func") {
            let Some(name) = symbol_name(f) else { continue };
            if !f.region(0).is_empty() {
                if name.contains('\0') {
                    f.emit_error("has a name with a NUL character");
                    return Err(PassError::Reported);
                }
                abi.renamed.insert(name.to_owned(), inner_symbol(name));
                bodies.push((f, name));
            } else if f.attr(EXTERN).is_none() {
                abi.drop_declaration(f, name)?;
            }
        }
        for (f, name) in bodies {
            abi.function(f, name)?;
        }
        abi.runtime.declare(rw, module);
        Ok(())
    }
}

/// The symbol of the function behind an entry point.
fn inner_symbol(name: &str) -> String {
    format!("npir_fn_{name}")
}

struct Abi<'c> {
    rw: Rewriter<'c>,
    runtime: Runtime,
    strings: Strings<'c>,
    /// New symbols of the functions with bodies.
    renamed: HashMap<String, String>,
}

impl<'c> Abi<'c> {
    /// A declaration that promises no C function is an error where it is used, and noise otherwise.
    fn drop_declaration(&mut self, f: Op<'c>, name: &str) -> PassResult {
        let used = f.parent().is_some_and(|module| {
            let mut calls = module.find_all("func.call").into_iter();
            calls.any(|call| callee(call) == Some(name))
        });
        if used {
            f.emit_error(&format!("'{name}' is called but has no body"));
            return Err(PassError::Reported);
        }
        self.rw.erase(f);
        Ok(())
    }

    fn function(&mut self, f: Op<'c>, name: &str) -> PassResult {
        let ctx = self.rw.ctx();
        let public = f
            .attr("sym_visibility")
            .is_none_or(|v| v.as_str() == Some("public"));
        let Some(entry) = f.region(0).entry() else {
            return Ok(());
        };
        let arg_types: Vec<_> = entry.args().iter().map(|v| v.ty()).collect();
        let result_types = function_results(f);

        let call_context = entry.insert_arg(0, ctx.llvm_ptr(), f.loc());
        let mut ins = vec![ctx.llvm_ptr()];
        ins.extend(&arg_types);
        let mut outs = vec![ctx.i(32)];
        outs.extend(&result_types);
        f.set_attr("function_type", ctx.type_attr(ctx.function(&ins, &outs)));
        f.remove_attr("arg_attrs");
        f.remove_attr("res_attrs");
        f.set_attr("sym_name", ctx.str_attr(&inner_symbol(name)));
        f.set_attr("sym_visibility", ctx.str_attr("private"));
        f.set_attr("llvm.linkage", linkage(ctx, Linkage::Internal));

        let mut ops = Vec::new();
        f.walk_ops(&mut |op| {
            ops.push(op);
            Walk::Advance
        });
        for op in ops {
            if let Err(why) = self.op(op, call_context) {
                op.emit_error(&why);
                return Err(PassError::Reported);
            }
        }
        if public {
            let signature = f.attr(SIGNATURE);
            f.remove_attr(SIGNATURE);
            let symbol = entry_symbol(name);
            let entry = add_entry(
                self.rw,
                f,
                &symbol,
                &inner_symbol(name),
                &arg_types,
                &result_types,
            );
            match entry {
                Ok(entry) => {
                    if let Some(signature) = signature {
                        entry.set_attr(SIGNATURE, signature);
                    }
                }
                Err(why) => {
                    f.emit_error(&why);
                    return Err(PassError::Reported);
                }
            }
        }
        Ok(())
    }

    fn op(&mut self, op: Op<'c>, call_context: Val<'c>) -> Result<(), String> {
        let rw = self.rw.at(op.loc());
        match op.name() {
            "func.return" => {
                rw.before(op);
                let mut values = vec![rw.llvm_i32(0)];
                values.extend(op.operand_values());
                op.set_operands(&values);
            }
            "func.call" => self.call(op, call_context, rw)?,
            "func.call_indirect" | "func.constant" => {
                return Err("is not supported: functions are not values".into());
            }
            "memref.alloc" => lower_alloc(op, call_context, rw, &mut self.runtime)?,
            "loop.retain" => lower_count(op, RuntimeFn::Retain, rw, &mut self.runtime),
            "loop.release" | "memref.dealloc" => {
                lower_count(op, RuntimeFn::Release, rw, &mut self.runtime);
            }
            "memref.get_global" | "memref.alloca" => mark_borrowed(op, rw),
            "loop.parallel_for" => lower_range(op, rw),
            "loop.check" => widen_operands(op, rw, 1),
            CopyRow::NAME => {
                if let Some(copy) = CopyRow::cast(op) {
                    lower_copy_row(copy, rw)?;
                }
            }
            Library::NAME => {
                if let Some(call) = Library::cast(op) {
                    lower_library(call, call_context, rw, &mut self.runtime, &mut self.strings)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, op: Op<'c>, call_context: Val<'c>, rw: Rewriter<'c>) -> Result<(), String> {
        let Some(target) = callee(op) else {
            return Err("has no callee".into());
        };
        let Some(symbol) = self.renamed.get(target) else {
            return Ok(()); // a C function
        };
        let ctx = rw.ctx();
        rw.before(op);
        let mut operands = vec![call_context];
        operands.extend(op.operand_values());
        let mut results = vec![ctx.i(32)];
        results.extend(op.result_types());
        let call = rw
            .op("func.call")
            .operands(&operands)
            .results(&results)
            .attr("callee", ctx.symbol_attr(symbol))
            .build();
        let status = call.result_value(0);
        let failed = rw.llvm_icmp(Icmp::Ne, status, rw.llvm_i32(0));
        ExitIf::build(rw, failed, status);
        rw.replace(op, &call.result_values()[1..]);
        Ok(())
    }
}

/// The function that a `func.call` names.
fn callee<'c>(call: Op<'c>) -> Option<&'c str> {
    call.attr("callee")?.as_symbol()
}

/// The result types of a `func.func`.
fn function_results(f: Op<'_>) -> Vec<Type<'_>> {
    f.attr("function_type")
        .and_then(|a| a.as_type())
        .map(|t| t.function_results())
        .unwrap_or_default()
}

/// Operands of type `index`, from `first` on, become `i64`.
fn widen_operands<'c>(op: Op<'c>, rw: Rewriter<'c>, first: usize) {
    rw.before(op);
    for i in first..op.num_operands() {
        let value = op.operand(i);
        if value.ty().is_index() {
            op.set_operand(i, rw.index_cast(value, rw.ctx().i(64)));
        }
    }
}

/// The range and the bounds of a parallel loop become `i64`.
fn lower_range<'c>(op: Op<'c>, rw: Rewriter<'c>) {
    widen_operands(op, rw, 0);
    let Some(entry) = op.region(0).entry() else {
        return;
    };
    rw.at_start(entry);
    for bound in entry.args() {
        if !bound.ty().is_index() {
            continue;
        }
        let uses = bound.uses();
        bound.set_ty(rw.ctx().i(64));
        let index = rw.index_cast(bound, rw.ctx().index());
        for u in uses {
            u.op.set_operand(u.operand, index);
        }
    }
}
