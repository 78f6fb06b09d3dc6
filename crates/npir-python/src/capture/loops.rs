//! Loops that run in compiled code: what their bodies change is carried by `scf.for` and `scf.while`.

use std::collections::{BTreeMap, HashSet};

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;

use crate::tree::{self, Expr, Stmt};
use crate::value::{Absent, Items, Value};

use super::control::{Others, State, at_end};
use super::flow::{Flow, NORMAL, RETURN, RETURN_ONLY, RETURNED, goes_on};
use super::items::Count;
use super::joins::Slot;
use super::{Capture, Captured, Stop};

/// Attempts to find out what a loop carries.
const ROUNDS: usize = 16;

/// What a loop carries, in the order of its values.
#[derive(Default)]
struct Carried<'c> {
    /// By scope and name.
    variables: BTreeMap<(usize, String), Slot<'c>>,
    /// Buffers from before the loop.
    buffers: Vec<usize>,
    /// Variables of the function that an iteration does not take from the one before.
    dead: HashSet<String>,
}

/// The end of a loop's body.
struct End<'c> {
    block: Blk<'c>,
    /// Variables and memory at the start of the iteration and at its end.
    header: State<'c>,
    after: State<'c>,
    flow: Flow<'c>,
}

impl<'c> Capture<'_, 'c, '_> {
    /// `for target in items: body`. The code that results, where the loop may be left.
    pub(super) fn counted_loop(
        &mut self,
        items: &Items<'c>,
        target: &Expr,
        body: &[Stmt],
        leaves: bool,
    ) -> Captured<Option<(Val<'c>, u8)>> {
        self.loops = true;
        let count = self.count(items)?;
        let runs = matches!(count, Count::Known(n) if n > 0);
        let before = self.state();
        let mut carried = Carried {
            dead: tree::set_before_read(Some(target), body),
            ..Carried::default()
        };
        for _ in 0..ROUNDS {
            self.restore(&before);
            self.buffers.truncate(before.contents.len());
            let inits = self.inits(&carried, &before)?;
            let rw = self.f.rewriter();
            let index = rw.ctx().index();
            let n = match count {
                Count::Known(n) => rw.const_index(n as i64),
                Count::Unknown(n) => n,
            };
            let (zero, one) = (rw.const_index(0), rw.const_index(1));
            let mut ended = None;
            let mut run = |this: &mut Self, i: Val<'c>, args: &[Val<'c>]| {
                ended = Some(this.iteration(&carried, &before, args, |this| {
                    let item = this.item_at(items, i, count)?;
                    this.assign(target, item)?;
                    this.block(body)
                }));
            };
            let types: Vec<_> = inits.iter().map(|v| v.ty()).collect();
            let all: Vec<_> = match leaves {
                false => [vec![index], types].concat(),
                // Carried besides the number of the iteration: how the last one has ended.
                true => [vec![index, index], types].concat(),
            };
            let builder = match leaves {
                false => rw
                    .op("scf.for")
                    .operands(&[zero, n, one])
                    .operands(&inits)
                    .region_with(&all, |_, args| run(self, args[0], &args[1..])),
                true => rw
                    .op("scf.while")
                    .operands(&[zero, zero])
                    .operands(&inits)
                    .region_with(&all, |rw, args| {
                        let inside = rw.cmpi(CmpI::Slt, args[0], n);
                        let runs = rw.andi(inside, goes_on(rw, args[1]));
                        let condition = rw.op("scf.condition").operands(&[runs]);
                        condition.operands(args).build();
                    })
                    .region_with(&all, |_, args| run(self, args[0], &args[2..])),
            };
            let Some(end) = ended else {
                return self.unsupported("a loop without a body");
            };
            let end = end?;
            if self.grow(&mut carried, &before, &end)? {
                drop(builder);
                continue;
            }
            let next = self.latch(&end, &carried, &before)?;
            let results = match leaves {
                false => {
                    if end.flow.may_leave() {
                        return self.unsupported("a loop that is left");
                    }
                    let block = end.block;
                    at_end(rw, block, |rw| rw.op("scf.yield").operands(&next).build());
                    builder.results(&all[1..]).build().result_values()
                }
                true => {
                    at_end(rw, end.block, |rw| {
                        let i = rw.addi(end.block.args()[0], one);
                        let code = end.flow.code(rw);
                        let next = [vec![i, code], next].concat();
                        rw.op("scf.yield").operands(&next).build()
                    });
                    builder.results(&all).build().result_values()
                }
            };
            let first = if leaves { 2 } else { 0 };
            self.leave(&carried, &before, &end, &results[first..], runs);
            return Ok(leaves.then(|| (results[1], end.flow.codes())));
        }
        self.unsupported("a loop whose variables change their types")
    }

    /// `while test: body`. The code that results.
    pub(super) fn while_loop(&mut self, test: &Expr, body: &[Stmt]) -> Captured<(Val<'c>, u8)> {
        self.loops = true;
        let before = self.state();
        let mut dead = tree::set_before_read(None, body);
        dead.retain(|name| !tree::reads(test, name));
        let mut carried = Carried {
            dead,
            ..Carried::default()
        };
        for _ in 0..ROUNDS {
            self.restore(&before);
            self.buffers.truncate(before.contents.len());
            let inits = self.inits(&carried, &before)?;
            let rw = self.f.rewriter();
            let zero = rw.const_index(0);
            let mut all = vec![zero.ty()];
            all.extend(inits.iter().map(|v| v.ty()));
            let mut failure = None;
            let mut ended = None;
            self.conditional += 1;
            let builder = rw
                .op("scf.while")
                .operands(&[zero])
                .operands(&inits)
                .region_with(&all, |rw, args| {
                    self.enter(&carried, &before, &args[1..]);
                    match self.guarded_test(goes_on(rw, args[0]), test) {
                        Ok(holds) => {
                            let condition = rw.op("scf.condition").operands(&[holds]);
                            condition.operands(args).build();
                        }
                        Err(stop) => failure = Some(stop),
                    }
                    self.restore(&before);
                    self.buffers.truncate(before.contents.len());
                })
                .region_with(&all, |_, args| {
                    if failure.is_none() {
                        let body = |this: &mut Self| this.block(body);
                        ended = Some(self.iteration(&carried, &before, &args[1..], body));
                    }
                });
            self.conditional -= 1;
            if let Some(stop) = failure {
                return Err(stop);
            }
            let Some(end) = ended else {
                return self.unsupported("a loop without a body");
            };
            let end = end?;
            if self.grow(&mut carried, &before, &end)? {
                drop(builder);
                continue;
            }
            let next = self.latch(&end, &carried, &before)?;
            at_end(rw, end.block, |rw| {
                let next = [vec![end.flow.code(rw)], next].concat();
                rw.op("scf.yield").operands(&next).build()
            });
            let results = builder.results(&all).build().result_values();
            self.leave(&carried, &before, &end, &results[1..], false);
            return Ok((results[0], end.flow.codes()));
        }
        self.unsupported("a loop whose variables change their types")
    }

    /// What follows a loop that has ended by `code`: its `else` where it was not left, and what a return means.
    pub(super) fn after_loop(
        &mut self,
        code: Val<'c>,
        codes: u8,
        orelse: &[Stmt],
    ) -> Captured<Flow<'c>> {
        let rw = self.f.rewriter();
        let returned = |rw: Rewriter<'c>| {
            let returned = rw.cmpi(CmpI::Eq, code, rw.const_index(RETURN));
            rw.select(returned, rw.const_index(RETURN), rw.const_index(NORMAL))
        };
        let returns = codes & RETURN_ONLY != 0;
        let left = match returns {
            true => 1 << NORMAL | RETURN_ONLY,
            false => 1 << NORMAL,
        };
        if orelse.is_empty() {
            return Ok(match returns {
                true => Flow::Mixed(returned(rw), left),
                false => Flow::Normal,
            });
        }
        let exhausted = goes_on(rw, code);
        let exhausted = self.scalar_tensor(exhausted)?;
        self.if_else(
            exhausted,
            |this| this.block(orelse),
            |this| {
                let rw = this.f.rewriter();
                Ok(Flow::some_of(returned(rw), left))
            },
        )
    }

    /// An iteration, with the values that the loop carries to it.
    fn iteration(
        &mut self,
        carried: &Carried<'c>,
        before: &State<'c>,
        args: &[Val<'c>],
        body: impl FnOnce(&mut Self) -> Captured<Flow<'c>>,
    ) -> Captured<End<'c>> {
        self.enter(carried, before, args);
        let header = self.state();
        self.conditional += 1;
        let flow = body(self);
        self.conditional -= 1;
        Ok(End {
            flow: flow?,
            block: self.here()?,
            header,
            after: self.state(),
        })
    }

    /// `go and test`, where the test is not made once the loop was left.
    fn guarded_test(&mut self, go: Val<'c>, test: &Expr) -> Captured<Val<'c>> {
        let rw = self.f.rewriter();
        let mut failure = None;
        let results = rw.scf_if(
            go,
            &[go.ty()],
            |rw| match self.condition(test).and_then(|holds| {
                let item = self.f.item(holds);
                self.built(item)
            }) {
                Ok(holds) => vec![holds],
                Err(stop) => {
                    failure = Some(stop);
                    vec![rw.const_bool(false)]
                }
            },
            |rw| vec![rw.const_bool(false)],
        );
        match failure {
            Some(stop) => Err(stop),
            None => Ok(results[0]),
        }
    }

    /// The truth of a value of the program as a 0-d bool.
    pub(super) fn truth_tensor(&mut self, value: &Value<'c>) -> Captured<Tensor<'c>> {
        let tensor = self.tensor(value)?;
        if tensor.rank() > 0 && tensor.shape().iter().any(|n| *n != Some(1)) {
            return self.unsupported(
                "The truth value of an array with more than one element is ambiguous",
            );
        }
        let tensor = match self.dtype(tensor)? {
            DType::Bool => tensor,
            _ => self.tensor_as(value, DType::Bool)?,
        };
        match tensor.rank() {
            0 => Ok(tensor),
            _ => {
                let flat = self.f.reshape(tensor, &[]);
                self.built(flat)
            }
        }
    }

    fn inits(&mut self, carried: &Carried<'c>, before: &State<'c>) -> Captured<Vec<Val<'c>>> {
        let mut values = Vec::new();
        for ((scope, name), slot) in &carried.variables {
            let value = before.scopes[*scope].1.get(name);
            values.extend(self.pack(value, slot)?);
        }
        let buffers = carried.buffers.iter();
        values.extend(buffers.map(|&buffer| before.contents[buffer].value()));
        Ok(values)
    }

    /// Variables and memory at the start of an iteration.
    fn enter(&mut self, carried: &Carried<'c>, before: &State<'c>, args: &[Val<'c>]) {
        self.restore(before);
        let mut args = args.iter().copied();
        for ((scope, name), slot) in &carried.variables {
            let value = self.open(slot, &mut args);
            // What is returned is looked at once the loop was left.
            if name != RETURNED {
                let scope = &before.scopes[*scope].0;
                scope.borrow_mut().insert(name.clone(), value);
            }
        }
        for (&buffer, value) in carried.buffers.iter().zip(args) {
            self.buffers[buffer].contents = Tensor::from_value(value);
        }
    }

    /// Adds what the body has changed to what is carried; whether there was anything.
    fn grow(
        &mut self,
        carried: &mut Carried<'c>,
        before: &State<'c>,
        end: &End<'c>,
    ) -> Captured<bool> {
        let mut grown = false;
        for (buffer, contents) in before.contents.iter().enumerate() {
            let now = end.after.contents[buffer];
            if end.header.contents[buffer].value() == now.value()
                || carried.buffers.contains(&buffer)
            {
                continue;
            }
            if now.value().ty() != contents.value().ty() {
                return self.unsupported("an array that changes its shape in a loop");
            }
            carried.buffers.push(buffer);
            grown = true;
        }
        for i in 0..before.scopes.len() {
            let (header, after) = (&end.header.scopes[i].1, &end.after.scopes[i].1);
            for (name, new) in after {
                let key = (i, name.clone());
                let old = header.get(name);
                if old.is_some_and(|old| self.same(old, new)) {
                    continue;
                }
                if let (Some(_), Value::Unusable(why, made)) = (old, new) {
                    return self.unusable(why, *made);
                }
                let slots = (
                    match carried.variables.get(&key) {
                        Some(known) => Some(known.clone()),
                        None => self.slot(old),
                    },
                    self.slot(Some(new)),
                );
                let slot = match slots {
                    (Some(a), Some(b)) => self.merged(&a, &b),
                    _ => None,
                };
                let Some(mut slot) = slot else {
                    // A variable of the body alone.
                    if old.is_none() && name != RETURNED {
                        continue;
                    }
                    return self.unsupported(format!("{name} changes its type in a loop"));
                };
                if name == RETURNED {
                    slot.absent = None;
                }
                // Variables that get another value before they are read do not count.
                self.meet(new, &Others::without(&end.after, &carried.dead), &mut slot);
                let known = carried.variables.get(&key);
                if let (None, Some(start)) = (known, before.scopes[i].1.get(name)) {
                    self.meet(start, &Others::all(before), &mut slot);
                }
                if known.is_some_and(|known| self.same_slot(known, &slot)) {
                    continue;
                }
                carried.variables.insert(key, slot);
                grown = true;
            }
        }
        Ok(grown)
    }

    /// The values for the next iteration.
    fn latch(
        &mut self,
        end: &End<'c>,
        carried: &Carried<'c>,
        before: &State<'c>,
    ) -> Captured<Vec<Val<'c>>> {
        self.in_branch(end.block, &end.after, before, |this| {
            let mut values = Vec::new();
            for ((scope, name), slot) in &carried.variables {
                let value = end.after.scopes[*scope].1.get(name);
                values.extend(this.pack(value, slot)?);
            }
            let buffers = carried.buffers.iter();
            values.extend(buffers.map(|&buffer| end.after.contents[buffer].value()));
            Ok(values)
        })
    }

    /// Variables and memory after a loop, which `runs` at least once for certain.
    fn leave(
        &mut self,
        carried: &Carried<'c>,
        before: &State<'c>,
        end: &End<'c>,
        results: &[Val<'c>],
        runs: bool,
    ) {
        self.restore(before);
        let mut results = results.iter().copied();
        for i in 0..before.scopes.len() {
            for (name, last) in &end.after.scopes[i].1 {
                if !before.scopes[i].1.contains_key(name)
                    && !carried.variables.contains_key(&(i, name.clone()))
                {
                    let why = format!("{name} has a value only if the loop runs");
                    let value = match last {
                        Value::Object(_) if runs => last.clone(),
                        _ => Value::Unusable(why.into(), self.statement),
                    };
                    let scope = &before.scopes[i].0;
                    scope.borrow_mut().insert(name.clone(), value);
                }
            }
        }
        for ((scope, name), slot) in &carried.variables {
            let last = end.after.scopes[*scope].1.get(name);
            let mut slot = slot.clone();
            // Where the loop runs, it is what the last iteration has left.
            if runs && let Some(value @ Value::Array(array)) = last {
                let another = self.tag(value).is_some_and(|tag| Some(tag.0) != slot.tag);
                slot.ambiguous = self.buffers[array.buffer].ambiguous || another;
            }
            if let Some(value) = last {
                self.meet(value, &Others::all(&end.after), &mut slot);
            }
            let mut value = self.open(&slot, &mut results);
            if let Value::Array(array) = &value
                && runs
                && last.is_some_and(|last| self.tag(last).is_none())
            {
                self.buffers[array.buffer].maybe = None;
            }
            if runs && let Value::Optional(optional) = &value {
                let set = !matches!(last, None | Some(Value::Optional(_)));
                if set && optional.absent == Absent::Unbound {
                    value = optional.value.clone();
                }
            }
            let scope = &before.scopes[*scope].0;
            scope.borrow_mut().insert(name.clone(), value);
        }
        for (&buffer, value) in carried.buffers.iter().zip(results) {
            self.buffers[buffer].contents = Tensor::from_value(value);
        }
    }
}

impl Stop {
    /// Whether another way to compile may do without what was missing.
    pub(super) fn is_unsupported(&self) -> bool {
        matches!(self, Stop::Unsupported(_))
    }
}
