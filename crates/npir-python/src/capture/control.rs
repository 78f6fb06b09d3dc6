//! Conditions that depend on the call: both ways are captured, and what differs between them becomes a result of `scf.if`.

use std::collections::{HashMap, HashSet};

use npir::builder::Tensor;
use npir::mlir::prelude::*;

use crate::tree::Stmt;
use crate::value::{Absent, Items, Scope, Value};

use super::flow::{Flow, NORMAL, RETURN_ONLY, RETURNED};
use super::joins::{Kind, Slot};
use super::{Capture, Captured};

/// Variables and memory at a point.
pub(super) struct State<'c> {
    pub(super) scopes: Vec<(Scope<'c>, HashMap<String, Value<'c>>)>,
    pub(super) contents: Vec<Tensor<'c>>,
}

/// What one way of a condition does.
type Way<'b, 'c, T> = dyn FnOnce(&mut T) -> Captured<Flow<'c>> + 'b;

/// A variable after a condition.
enum Joined<'c> {
    /// The same on both ways.
    Plain(Value<'c>),
    /// Results from this one on.
    Slot(usize, Slot<'c>),
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// The block that is built in.
    pub(super) fn here(&self) -> Captured<Blk<'c>> {
        match self.f.rewriter().insertion_block() {
            Some(block) => Ok(block),
            None => self.unsupported("nowhere to build"),
        }
    }

    pub(super) fn state(&self) -> State<'c> {
        State {
            scopes: self
                .scopes
                .iter()
                .map(|scope| (scope.clone(), scope.borrow().clone()))
                .collect(),
            contents: self.buffers.iter().map(|buffer| buffer.contents).collect(),
        }
    }

    pub(super) fn restore(&mut self, state: &State<'c>) {
        for (scope, values) in &state.scopes {
            *scope.borrow_mut() = values.clone();
        }
        for (buffer, contents) in self.buffers.iter_mut().zip(&state.contents) {
            buffer.contents = *contents;
        }
    }

    /// `if condition: then() else: otherwise()`.
    pub(super) fn if_else(
        &mut self,
        condition: Tensor<'c>,
        then: impl FnOnce(&mut Self) -> Captured<Flow<'c>>,
        otherwise: impl FnOnce(&mut Self) -> Captured<Flow<'c>>,
    ) -> Captured<Flow<'c>> {
        let item = self.f.item(condition);
        let condition = self.built(item)?;
        let rw = self.f.rewriter();
        let before = self.state();
        let mut ends = Vec::new();
        let mut op = rw.op("scf.if").operands(&[condition]);
        self.conditional += 1;
        let mut failure = None;
        let mut branch = |this: &mut Self, body: Box<Way<'_, 'c, Self>>| {
            if failure.is_some() {
                return;
            }
            let result = body(this).and_then(|flow| Ok((this.here()?, flow)));
            match result {
                Ok((block, flow)) => ends.push((block, this.state(), flow)),
                Err(stop) => failure = Some(stop),
            }
            this.restore(&before);
        };
        op = op.region_with(&[], |_, _| branch(self, Box::new(then)));
        op = op.region_with(&[], |_, _| branch(self, Box::new(otherwise)));
        self.conditional -= 1;
        if let Some(stop) = failure {
            return Err(stop);
        }
        let Ok([first, second]) = <[_; 2]>::try_from(ends) else {
            return self.unsupported("a condition without two ways");
        };
        let blocks = [first.0, second.0];
        let states = [&first.1, &second.1];
        let flows = [first.2, second.2];
        let mut joined: Vec<[Val<'c>; 2]> = Vec::new();
        let set = flows[0].codes() | flows[1].codes();
        let single = Flow::of_one(set);
        if single.is_none() {
            let codes = [0, 1].map(|k| at_end(rw, blocks[k], |rw| flows[k].code(rw)));
            joined.push(codes);
        }
        let variables = self.join_variables(&before, blocks, states, &flows, &mut joined)?;
        // Memory.
        let mut changed = Vec::new();
        for buffer in 0..before.contents.len() {
            let (a, b) = (states[0].contents[buffer], states[1].contents[buffer]);
            if a.value() != b.value() {
                changed.push((buffer, joined.len()));
                joined.push([a.value(), b.value()]);
            }
        }
        for (k, block) in blocks.into_iter().enumerate() {
            let values: Vec<_> = joined.iter().map(|pair| pair[k]).collect();
            at_end(rw, block, |rw| rw.op("scf.yield").operands(&values).build());
        }
        let types: Vec<_> = joined.iter().map(|pair| pair[0].ty()).collect();
        let results = op.results(&types).build().result_values();
        for (scope, name, value) in variables {
            let value = match value {
                Joined::Plain(value) => value,
                Joined::Slot(at, slot) => self.open(&slot, &mut results[at..].iter().copied()),
            };
            before.scopes[scope].0.borrow_mut().insert(name, value);
        }
        for (buffer, at) in changed {
            self.buffers[buffer].contents = Tensor::from_value(results[at]);
        }
        Ok(single.unwrap_or_else(|| Flow::Mixed(results[0], set)))
    }

    /// What variables are after a condition; values that differ are added to `joined`.
    fn join_variables(
        &mut self,
        before: &State<'c>,
        blocks: [Blk<'c>; 2],
        states: [&State<'c>; 2],
        flows: &[Flow<'c>; 2],
        joined: &mut Vec<[Val<'c>; 2]>,
    ) -> Captured<Vec<(usize, String, Joined<'c>)>> {
        let mut variables = Vec::new();
        for i in 0..before.scopes.len() {
            let scopes = states.map(|state| &state.scopes[i].1);
            let mut names: Vec<&String> = scopes.iter().flat_map(|scope| scope.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let returned = name == RETURNED;
                // A way that does not come here has nothing to say about the variable.
                let gone = [0, 1].map(|k| match returned {
                    true => flows[k].codes() & RETURN_ONLY == 0,
                    false => flows[k].codes() & !RETURN_ONLY == 0,
                });
                let values = [0, 1].map(|k| scopes[k].get(name).filter(|_| !gone[k]));
                let value = match (values, gone) {
                    ([None, None], _) => continue,
                    ([Some(x), Some(y)], _) if self.same(x, y) => Joined::Plain(x.clone()),
                    ([one, None], [_, true]) | ([None, one], [true, _])
                        if one.is_some_and(|one| {
                            let old = before.scopes[i].1.get(name);
                            old.is_some_and(|old| self.same(old, one))
                        }) =>
                    {
                        continue;
                    }
                    _ => {
                        let slots = [0, 1].map(|k| match gone[k] {
                            true => None,
                            false => Some(self.slot(values[k])),
                        });
                        let slot = match slots {
                            [Some(a), Some(b)] => a.zip(b).and_then(|(a, b)| self.merged(&a, &b)),
                            [Some(one), None] | [None, Some(one)] => one,
                            [None, None] => None,
                        };
                        match slot {
                            None => {
                                let why = format!("{name} is not of one type on all ways here");
                                Joined::Plain(Value::Unusable(why.into(), self.statement))
                            }
                            Some(mut slot) => {
                                if returned && slot.absent == Some(Absent::Unbound) {
                                    slot.absent = None;
                                }
                                for k in 0..2 {
                                    if let Some(value) = values[k] {
                                        self.meet(value, &Others::all(states[k]), &mut slot);
                                    }
                                }
                                let at = joined.len();
                                let mut packed = Vec::new();
                                for k in 0..2 {
                                    packed.push(self.in_branch(
                                        blocks[k],
                                        states[k],
                                        before,
                                        |this| this.pack(values[k], &slot),
                                    )?);
                                }
                                joined.extend(
                                    packed[0].iter().zip(&packed[1]).map(|(a, b)| [*a, *b]),
                                );
                                Joined::Slot(at, slot)
                            }
                        }
                    }
                };
                variables.push((i, name.clone(), value));
            }
        }
        Ok(variables)
    }

    /// Notes that a slot stands for the arrays in a value, which other variables of a state may stand for, too: what is
    /// written to one of them would not be seen through the others.
    pub(super) fn meet(&mut self, value: &Value<'c>, others: &Others<'_, 'c>, slot: &mut Slot<'c>) {
        match (value, &mut slot.kind) {
            (Value::Optional(optional), _) => self.meet(&optional.value, others, slot),
            (Value::Tuple(items), Kind::Tuple(slots)) => {
                for (item, slot) in items.iter().zip(slots) {
                    self.meet(item, others, slot);
                }
            }
            (Value::Array(array), _) => {
                let shared = others.count(&self.callers, array.buffer) > 1;
                let view = !array.steps.is_empty();
                let buffer = &mut self.buffers[array.buffer];
                let of_argument = buffer.argument.is_some() || buffer.maybe.is_some();
                buffer.frozen |= shared || view;
                slot.frozen |= shared;
                slot.ambiguous |= view && of_argument;
            }
            _ => {}
        }
    }

    /// Builds at the end of a branch, with its variables and memory.
    pub(super) fn in_branch<T>(
        &mut self,
        block: Blk<'c>,
        state: &State<'c>,
        after: &State<'c>,
        body: impl FnOnce(&mut Self) -> Captured<T>,
    ) -> Captured<T> {
        self.restore(state);
        let rw = self.f.rewriter();
        let result = at_end(rw, block, |_| body(self));
        self.restore(after);
        result
    }

    /// The rest of a block after a statement that may have ended it.
    pub(super) fn rest_if_normal(
        &mut self,
        code: Val<'c>,
        set: u8,
        rest: &[&Stmt],
    ) -> Captured<Flow<'c>> {
        let rw = self.f.rewriter();
        let normal = rw.cmpi(CmpI::Eq, code, rw.const_index(NORMAL));
        let normal = self.scalar_tensor(normal)?;
        self.if_else(
            normal,
            |this| this.statements(rest),
            |_| Ok(Flow::some_of(code, set & !(1 << NORMAL))),
        )
    }

    pub(super) fn scalar_tensor(&mut self, value: Val<'c>) -> Captured<Tensor<'c>> {
        let tensor = self
            .f
            .named("numpy.from_scalar", &[Tensor::from_value(value)], &[]);
        self.built(tensor)
    }

    pub(super) fn same(&self, a: &Value<'c>, b: &Value<'c>) -> bool {
        match (a, b) {
            (Value::Object(x), Value::Object(y)) => {
                npir_dispatch::same(x.bind(self.py), y.bind(self.py))
            }
            (Value::Number(k, x, _), Value::Number(l, y, _)) => k == l && x.value() == y.value(),
            (Value::Scalar(x), Value::Scalar(y)) => x.value() == y.value(),
            (Value::Array(x), Value::Array(y)) => {
                x.buffer == y.buffer && std::rc::Rc::ptr_eq(&x.steps, &y.steps)
            }
            (Value::Tuple(x), Value::Tuple(y)) => {
                x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| self.same(x, y))
            }
            (Value::Named(p, x), Value::Named(q, y)) => {
                p.is(&**q) && x.iter().zip(y.iter()).all(|(x, y)| self.same(x, y))
            }
            (Value::List(x), Value::List(y)) => std::rc::Rc::ptr_eq(x, y),
            (Value::Function(x), Value::Function(y)) => std::rc::Rc::ptr_eq(x, y),
            (Value::Unusable(..), Value::Unusable(..)) => true,
            (Value::Mixed(x), Value::Mixed(y)) => {
                x.value.value() == y.value.value()
                    && x.first.value() == y.first.value()
                    && x.classes == y.classes
            }
            (Value::Optional(x), Value::Optional(y)) => {
                std::rc::Rc::ptr_eq(x, y)
                    || x.absent == y.absent
                        && x.there.value() == y.there.value()
                        && self.same(&x.value, &y.value)
            }
            (Value::Items(x), Value::Items(y)) => std::rc::Rc::ptr_eq(x, y),
            (Value::Dict(x), Value::Dict(y)) => std::rc::Rc::ptr_eq(x, y),
            (Value::Instance(x), Value::Instance(y)) => std::rc::Rc::ptr_eq(x, y),
            _ => false,
        }
    }

    /// The argument that an array is or may be, and what says so; without, it is.
    pub(super) fn tag(&self, value: &Value<'c>) -> Option<(usize, Option<Tensor<'c>>)> {
        let array = match value {
            Value::Array(array) => array,
            Value::Optional(optional) => return self.tag(&optional.value),
            _ => return None,
        };
        let buffer = &self.buffers[array.buffer];
        match (buffer.argument, buffer.maybe) {
            _ if !array.steps.is_empty() => None,
            (Some(leaf), _) => Some((leaf, None)),
            (None, Some((leaf, holds))) => Some((leaf, Some(holds))),
            (None, None) => None,
        }
    }

    pub(super) fn tag_tensor(
        &mut self,
        tag: Option<(usize, Option<Tensor<'c>>)>,
    ) -> Captured<Tensor<'c>> {
        match tag {
            Some((_, Some(holds))) => Ok(holds),
            other => self.bool_tensor(other.is_some()),
        }
    }
}

/// The variables of a state, but for some.
pub(super) struct Others<'s, 'c> {
    state: &'s State<'c>,
    /// Those of the innermost scope that do not count.
    without: Option<&'s HashSet<String>>,
}

impl<'s, 'c> Others<'s, 'c> {
    pub(super) fn all(state: &'s State<'c>) -> Self {
        let without = None;
        Others { state, without }
    }

    pub(super) fn without(state: &'s State<'c>, names: &'s HashSet<String>) -> Self {
        let without = Some(names);
        Others { state, without }
    }

    /// How many variables, here and in the functions that have called this one, stand for a buffer or a view of it.
    fn count(&self, callers: &[Scope<'c>], buffer: usize) -> usize {
        let mut count = 0;
        for (i, (_, values)) in self.state.scopes.iter().enumerate() {
            let counts = |name: &String| i > 0 || self.without.is_none_or(|w| !w.contains(name));
            let values = values.iter().filter(|(name, _)| counts(name));
            count += values
                .map(|(_, value)| mentions(value, buffer))
                .sum::<usize>();
        }
        for scope in callers {
            let scope = scope.borrow();
            count += scope
                .values()
                .map(|value| mentions(value, buffer))
                .sum::<usize>();
        }
        count
    }
}

/// How often a value, or what is in it, stands for a buffer.
pub(super) fn mentions(value: &Value<'_>, buffer: usize) -> usize {
    match value {
        Value::Array(array) => usize::from(array.buffer == buffer),
        Value::Tuple(items) | Value::Named(_, items) => {
            items.iter().map(|item| mentions(item, buffer)).sum()
        }
        Value::List(list) => list.now().iter().map(|item| mentions(item, buffer)).sum(),
        Value::Dict(dict) => dict
            .items
            .borrow()
            .iter()
            .map(|(_, item)| mentions(item, buffer))
            .sum(),
        Value::Instance(instance) => instance
            .fields
            .iter()
            .map(|(_, field)| mentions(field, buffer))
            .sum(),
        Value::Method(value, _) => mentions(value, buffer),
        Value::Optional(optional) => mentions(&optional.value, buffer),
        Value::Items(items) => match items.as_ref() {
            Items::Of(value) => mentions(value, buffer),
            Items::Range(_) => 0,
            Items::Zip(all) => all
                .iter()
                .map(|items| mentions(&Value::Items(items.clone()), buffer))
                .sum(),
            Items::Enumerate(items, _) | Items::Reversed(items) => {
                mentions(&Value::Items(items.clone()), buffer)
            }
        },
        _ => 0,
    }
}

/// Builds at the end of a block, and goes back to where it was.
pub(super) fn at_end<'c, T>(
    rw: Rewriter<'c>,
    block: Blk<'c>,
    body: impl FnOnce(Rewriter<'c>) -> T,
) -> T {
    rw.scoped(|rw| {
        rw.at_end(block);
        body(rw)
    })
}
