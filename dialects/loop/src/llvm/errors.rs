//! Ways out of a function: failed checks and failed callees, as branches that are not expected to be taken.

use std::collections::{HashMap, HashSet};

use npir_mlir::prelude::*;

use super::alloc::FAILED;
use super::build::{Linkage, LlvmBuild, linkage};
use super::runtime::{Runtime, RuntimeFn, symbol_name};
use crate::runtime_ops::{Check, ExitIf};

/// Constant strings of a module, each once.
pub(crate) struct Strings<'c> {
    module_body: Blk<'c>,
    symbols: HashMap<String, String>,
    taken: HashSet<&'c str>,
}

impl<'c> Strings<'c> {
    /// A table for the module with this body.
    pub(crate) fn new(module_body: Blk<'c>) -> Self {
        let taken = module_body
            .ops()
            .into_iter()
            .filter_map(symbol_name)
            .collect();
        Strings {
            module_body,
            symbols: HashMap::new(),
            taken,
        }
    }

    /// The address of the bytes of `text`; null when it is empty.
    pub(crate) fn address(&mut self, rw: Rewriter<'c>, text: &str) -> Val<'c> {
        if text.is_empty() {
            return rw.llvm_null();
        }
        let symbol = match self.symbols.get(text) {
            Some(symbol) => symbol.clone(),
            None => {
                let mut n = self.symbols.len();
                let mut symbol = format!("npir_str_{n}");
                while self.taken.contains(symbol.as_str()) {
                    n += 1;
                    symbol = format!("npir_str_{n}_");
                }
                self.define(rw, &symbol, text);
                self.symbols.insert(text.to_owned(), symbol.clone());
                symbol
            }
        };
        rw.llvm_addressof(&symbol)
    }

    fn define(&self, rw: Rewriter<'c>, symbol: &str, text: &str) {
        let ctx = rw.ctx();
        rw.scoped(|rw| {
            rw.at_start(self.module_body);
            rw.op("llvm.mlir.global")
                .attr("sym_name", ctx.str_attr(symbol))
                .attr(
                    "global_type",
                    ctx.type_attr(ctx.llvm_array(text.len(), ctx.i(8))),
                )
                .attr("linkage", linkage(ctx, Linkage::Internal))
                .attr("constant", ctx.unit_attr())
                .attr("value", ctx.str_attr(text))
                .attr("addr_space", ctx.int_attr(ctx.i(32), 0))
                .regions(1)
                .build();
        });
    }
}

/// Replaces the checks and exits of one function by branches.
pub(crate) struct Exits<'a, 'c> {
    rw: Rewriter<'c>,
    function: Op<'c>,
    call_context: Val<'c>,
    strings: &'a mut Strings<'c>,
    runtime: &'a mut Runtime,
    /// `^exit(status: i32)`: returns the status.
    exit: Option<Blk<'c>>,
    /// Stack memory for the numbers in a message, and the most of them.
    numbers: Option<(Op<'c>, usize)>,
    /// The blocks that raise a message without numbers, by kind, message and place.
    raises: HashMap<(i64, String, String), Blk<'c>>,
}

impl<'a, 'c> Exits<'a, 'c> {
    /// For `function`, whose first argument is the call context.
    pub(crate) fn new(
        rw: Rewriter<'c>,
        function: Op<'c>,
        call_context: Val<'c>,
        strings: &'a mut Strings<'c>,
        runtime: &'a mut Runtime,
    ) -> Self {
        Exits {
            rw,
            function,
            call_context,
            strings,
            runtime,
            exit: None,
            numbers: None,
            raises: HashMap::new(),
        }
    }

    /// `loop.exit_if cond, status` → a branch to the exit.
    pub(crate) fn exit_if(&mut self, op: ExitIf<'c>) -> Result<(), String> {
        let exit = self.exit()?;
        let (cond, status) = (op.cond(), op.status());
        let rest = split_after(self.rw, op.op());
        let rw = self.rw.at(op.op().loc());
        rw.before(op.op());
        rw.llvm_br_unlikely(cond, exit, &[status], rest);
        rw.erase(op.op());
        Ok(())
    }

    /// `loop.check cond, …` → a branch to a block that raises and exits.
    pub(crate) fn check(&mut self, check: Check<'c>) -> Result<(), String> {
        let exit = self.exit()?;
        let op = check.op();
        let rest = split_after(self.rw, op);
        let raise = self.raise(check, exit);
        let rw = self.rw.at(op.loc());
        let cond = check.cond();
        rw.before(op);
        rw.llvm_br_likely(cond, rest, raise);
        rw.erase(op);
        Ok(())
    }

    /// The block that raises what a check says, one for equal ones.
    fn raise(&mut self, check: Check<'c>, exit: Blk<'c>) -> Blk<'c> {
        let (numbers, message, code) = (check.args(), check.message(), check.kind().code().into());
        let place = file_position(check.op().loc())
            .map(|p| p.to_string())
            .unwrap_or_default();
        let key = (code, message, place);
        if let Some(&raise) = self.raises.get(&key).filter(|_| numbers.is_empty()) {
            return raise;
        }
        let rw = self.rw.at(check.op().loc());
        let raise = rw.create_block(self.function.region(0), &[]);
        let buffer = if numbers.is_empty() {
            rw.llvm_null()
        } else {
            self.buffer(numbers.len())
        };
        for (i, &n) in numbers.iter().enumerate() {
            rw.llvm_store(n, rw.llvm_offset(buffer, 8 * i as u64), 0);
        }
        let (_, message, place) = &key;
        let args = [
            self.call_context,
            rw.llvm_i32(code),
            self.strings.address(rw, message),
            rw.llvm_i64(message.len() as i64),
            self.strings.address(rw, place),
            rw.llvm_i64(place.len() as i64),
            buffer,
            rw.llvm_i64(numbers.len() as i64),
        ];
        rw.llvm_call(self.runtime.symbol(RuntimeFn::Raise), &args, &[]);
        rw.llvm_br(exit, &[rw.llvm_i32(FAILED)]);
        if numbers.is_empty() {
            self.raises.insert(key, raise);
        }
        raise
    }

    /// The block that returns its argument as the status, with poison for the other results.
    fn exit(&mut self) -> Result<Blk<'c>, String> {
        if let Some(exit) = self.exit {
            return Ok(exit);
        }
        let i32 = self.rw.ctx().i(32);
        let result = self
            .function
            .attr("function_type")
            .and_then(|a| a.as_type())
            .and_then(|t| t.llvm_function_result());
        let rw = self.rw.at(self.function.loc());
        let exit = rw.scoped(|rw| {
            let exit = rw.create_block(self.function.region(0), &[i32]);
            let status = exit.args()[0];
            let value = match result {
                Some(t) if t == i32 => status,
                Some(t)
                    if t.llvm_struct_members()
                        .is_some_and(|m| m.first() == Some(&i32)) =>
                {
                    rw.llvm_insert(rw.llvm_poison(t), status, &[0])
                }
                _ => return Err("does not return a status: has `loop-abi` been run?".to_owned()),
            };
            rw.op("llvm.return").operands(&[value]).build();
            Ok(exit)
        })?;
        self.exit = Some(exit);
        Ok(exit)
    }

    /// Stack memory for `n` numbers; one buffer serves the whole function, since at most one check fails.
    fn buffer(&mut self, n: usize) -> Val<'c> {
        let ctx = self.rw.ctx();
        let op = match self.numbers {
            Some((op, _)) => op,
            None => self.rw.scoped(|rw| {
                if let Some(entry) = self.function.region(0).entry() {
                    rw.at_start(entry);
                }
                rw.llvm_stack(ctx.llvm_array(n, ctx.i(64)), 8)
            }),
        };
        let most = self.numbers.map_or(0, |(_, most)| most).max(n);
        op.set_attr("elem_type", ctx.type_attr(ctx.llvm_array(most, ctx.i(64))));
        self.numbers = Some((op, most));
        op.result_value(0)
    }
}

/// Moves what follows `op` in its block to a new block, and returns that.
///
/// Linear in the number of ops moved: split a block from its end.
fn split_after<'c>(rw: Rewriter<'c>, op: Op<'c>) -> Blk<'c> {
    let region = op.parent().map(|f| f.region(0));
    let region = region.unwrap_or_else(|| panic!("{} outside a function", op.name()));
    rw.scoped(|rw| {
        let rest = rw.create_block(region, &[]);
        let end = rw.op("llvm.unreachable").build();
        while let Some(next) = op.next() {
            rw.move_before(next, end);
        }
        rw.erase(end);
        rest
    })
}
