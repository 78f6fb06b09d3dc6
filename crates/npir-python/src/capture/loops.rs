//! Loops that run in compiled code: what their bodies change is carried by `scf.for` and `scf.while`.

use std::collections::{BTreeMap, BTreeSet};

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::PyRange;

use crate::tree::{Expr, Stmt};
use crate::value::{Origin, Value};

use super::control::{BREAK, Kind, State, at_end, mentions};
use super::statements::Flow;
use super::{Capture, Captured, Stop};

/// Attempts to find out what a loop carries.
const ROUNDS: usize = 12;

/// What a loop with a known number of iterations runs over.
pub(super) struct Source<'c> {
    /// Begin, end and step.
    range: [i64; 3],
    /// The array whose items at these positions are meant.
    array: Option<Value<'c>>,
}

/// What a loop carries, in the order of its values.
#[derive(Default)]
struct Carried<'c> {
    /// By scope and name; the type of the number or array, and what kind of Python number it is.
    variables: BTreeMap<(usize, String), Kind<'c>>,
    /// The arguments that arrays may be, each with a bool behind the array.
    tags: BTreeMap<(usize, String), usize>,
    /// Arrays that start as an array that other variables stand for.
    shared: BTreeSet<(usize, String)>,
    /// Those that get their first value in the loop.
    fresh: BTreeSet<(usize, String)>,
    /// Buffers from before the loop.
    buffers: Vec<usize>,
}

impl<'c> Capture<'_, 'c, '_> {
    /// What a loop over `items` runs over, if that is a range or an array of known size, and how often.
    pub(super) fn counted(&self, items: &Value<'c>) -> Captured<Option<(Source<'c>, usize)>> {
        Ok(match items {
            Value::Object(object) => {
                let object = object.bind(self.py);
                if !object.is_exact_instance_of::<PyRange>() {
                    return Ok(None);
                }
                let bound = |name: &str| -> pyo3::PyResult<i64> { object.getattr(name)?.extract() };
                let range = [bound("start")?, bound("stop")?, bound("step")?];
                Some((Source { range, array: None }, object.len()?))
            }
            Value::Array(array) => match array.ty.dims().first() {
                Some(&n) if n != DYNAMIC => Some((
                    Source {
                        range: [0, n, 1],
                        array: Some(items.clone()),
                    },
                    n as usize,
                )),
                _ => None,
            },
            _ => None,
        })
    }

    /// `for target in source: body`.
    pub(super) fn counted_loop(
        &mut self,
        source: &Source<'c>,
        target: &Expr,
        body: &[Stmt],
        breaks: bool,
    ) -> Captured<()> {
        let [begin, end, step] = source.range;
        let last = begin + (end - begin - step.signum()) / step * step;
        let bounds = Some((begin.min(last), begin.max(last)));
        let before = self.state();
        let mut carried = Carried::default();
        let mut promoted: BTreeMap<(usize, String), Kind<'c>> = BTreeMap::new();
        for _ in 0..ROUNDS {
            self.restore(&before);
            self.buffers.truncate(before.contents.len());
            let inits = self.inits(&carried, &before)?;
            let rw = self.f.rewriter();
            let index = rw.ctx().index();
            let count = (end - begin + step - step.signum()) / step;
            let (zero, count, one) = (rw.const_index(0), rw.const_index(count), rw.const_index(1));
            let mut failure = None;
            let mut end_of_body = None;
            self.loops += 1;
            self.conditional += 1;
            let mut types = vec![index];
            types.extend(inits.iter().map(|v| v.ty()));
            let bind = |this: &mut Self, i: Val<'c>| -> Captured<()> {
                let rw = this.f.rewriter();
                let scaled = rw.muli(i, rw.const_index(step));
                let position = rw.addi(scaled, rw.const_index(begin));
                let tensor = this.scalar_tensor(position)?;
                let origin = Origin { leaf: None, bounds };
                let number = Value::Number(NumberKind::Int, tensor, origin);
                let item = match &source.array {
                    None => number,
                    Some(array) => this.get_item(array, &super::indexing::Index::one(number))?,
                };
                this.assign(target, item)
            };
            let mut run = |this: &mut Self, i: Val<'c>, args: &[Val<'c>]| {
                this.enter(&carried, &before, args);
                let header = this.state();
                let result = bind(this, i).and_then(|()| this.block(body));
                match result.and_then(|flow| Ok((this.here()?, flow))) {
                    Ok((block, flow)) => end_of_body = Some((block, header, this.state(), flow)),
                    Err(stop) => failure = Some(stop),
                }
            };
            let builder = match breaks {
                false => rw
                    .op("scf.for")
                    .operands(&[zero, count, one])
                    .operands(&inits)
                    .region_with(&types, |_, args| run(self, args[0], &args[1..])),
                true => {
                    // Carried besides: the number of the iteration, and whether the loop has ended.
                    let go = rw.const_bool(true);
                    let mut all = vec![index, go.ty()];
                    all.extend(inits.iter().map(|v| v.ty()));
                    rw.op("scf.while")
                        .operands(&[zero, go])
                        .operands(&inits)
                        .region_with(&all, |rw, args| {
                            let inside = rw.cmpi(CmpI::Slt, args[0], count);
                            let runs = rw.andi(inside, args[1]);
                            rw.op("scf.condition")
                                .operands(&[runs])
                                .operands(args)
                                .build();
                        })
                        .region_with(&all, |_, args| run(self, args[0], &args[2..]))
                }
            };
            self.loops -= 1;
            self.conditional -= 1;
            if let Some(stop) = failure {
                return Err(stop);
            }
            let Some((block, header, after, flow)) = end_of_body else {
                return self.unsupported("a loop without a body");
            };
            if self.grow(&mut carried, &mut promoted, &before, &header, &after, true)? {
                drop(builder);
                continue;
            }
            let next = self.latch(block, &carried, &after, &before)?;
            let results = match breaks {
                false => {
                    if !matches!(flow, Flow::Normal | Flow::Continue | Flow::Mixed(_)) {
                        return self.unsupported("a loop that is left");
                    }
                    at_end(rw, block, |rw| rw.op("scf.yield").operands(&next).build());
                    let types: Vec<_> = inits.iter().map(|v| v.ty()).collect();
                    builder.results(&types).build().result_values()
                }
                true => {
                    at_end(rw, block, |rw| {
                        let go = match flow {
                            Flow::Break => rw.const_bool(false),
                            Flow::Mixed(code) => rw.cmpi(CmpI::Ne, code, rw.const_index(BREAK)),
                            _ => rw.const_bool(true),
                        };
                        let i = block.args()[0];
                        let i = rw.addi(i, rw.const_index(1));
                        rw.op("scf.yield")
                            .operands(&[i, go])
                            .operands(&next)
                            .build()
                    });
                    let mut types = vec![index, rw.ctx().i(1)];
                    types.extend(inits.iter().map(|v| v.ty()));
                    builder.results(&types).build().result_values().split_off(2)
                }
            };
            self.leave(&carried, &before, &after, &results, true);
            return Ok(());
        }
        self.unsupported("a loop whose variables change their types")
    }

    /// `while test: body`.
    pub(super) fn while_loop(&mut self, test: &Expr, body: &[Stmt]) -> Captured<()> {
        let before = self.state();
        let mut carried = Carried::default();
        let mut promoted = BTreeMap::new();
        for _ in 0..ROUNDS {
            self.restore(&before);
            self.buffers.truncate(before.contents.len());
            let inits = self.inits(&carried, &before)?;
            let rw = self.f.rewriter();
            let go = rw.const_bool(true);
            let mut all = vec![go.ty()];
            all.extend(inits.iter().map(|v| v.ty()));
            let mut failure = None;
            let mut end_of_body = None;
            self.loops += 1;
            self.conditional += 1;
            let builder = rw
                .op("scf.while")
                .operands(&[go])
                .operands(&inits)
                .region_with(&all, |rw, args| {
                    self.enter(&carried, &before, &args[1..]);
                    match self.guarded_test(args[0], test) {
                        Ok(holds) => {
                            rw.op("scf.condition")
                                .operands(&[holds])
                                .operands(args)
                                .build();
                        }
                        Err(stop) => failure = Some(stop),
                    }
                    self.restore(&before);
                    self.buffers.truncate(before.contents.len());
                })
                .region_with(&all, |_, args| {
                    if failure.is_some() {
                        return;
                    }
                    self.enter(&carried, &before, &args[1..]);
                    let header = self.state();
                    match self.block(body).and_then(|flow| Ok((self.here()?, flow))) {
                        Ok((block, flow)) => {
                            end_of_body = Some((block, header, self.state(), flow))
                        }
                        Err(stop) => failure = Some(stop),
                    }
                });
            self.loops -= 1;
            self.conditional -= 1;
            if let Some(stop) = failure {
                return Err(stop);
            }
            let Some((block, header, after, flow)) = end_of_body else {
                return self.unsupported("a loop without a body");
            };
            if self.grow(&mut carried, &mut promoted, &before, &header, &after, false)? {
                drop(builder);
                continue;
            }
            let next = self.latch(block, &carried, &after, &before)?;
            at_end(rw, block, |rw| {
                let go = match flow {
                    Flow::Break => rw.const_bool(false),
                    Flow::Mixed(code) => rw.cmpi(CmpI::Ne, code, rw.const_index(BREAK)),
                    _ => rw.const_bool(true),
                };
                rw.op("scf.yield").operands(&[go]).operands(&next).build()
            });
            let results = builder.results(&all).build().result_values().split_off(1);
            self.leave(&carried, &before, &after, &results, false);
            return Ok(());
        }
        self.unsupported("a loop whose variables change their types")
    }

    /// `go and test`, where the test is not made once the loop was left.
    fn guarded_test(&mut self, go: Val<'c>, test: &Expr) -> Captured<Val<'c>> {
        let rw = self.f.rewriter();
        let mut failure = None;
        let results = rw.scf_if(
            go,
            &[go.ty()],
            |rw| match self.condition(test) {
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

    fn condition(&mut self, test: &Expr) -> Captured<Val<'c>> {
        let value = self.expr(test)?;
        if let Some(holds) = self.truth(&value)? {
            return Ok(self.f.rewriter().const_bool(holds));
        }
        let tensor = self.truth_tensor(&value)?;
        let item = self.f.item(tensor);
        self.built(item)
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
        for (key @ (scope, name), kind) in &carried.variables {
            if carried.fresh.contains(key) {
                values.push(self.anything(*kind)?.value());
                continue;
            }
            let Some(value) = before.scopes[*scope].1.get(name).cloned() else {
                return self.unsupported(format!("{name} gets its value in a loop"));
            };
            values.push(self.as_kind(&value, *kind)?.value());
            if carried.tags.contains_key(key) {
                let tag = self.tag(&value);
                values.push(self.tag_tensor(tag)?.value());
            }
        }
        values.extend(
            carried
                .buffers
                .iter()
                .map(|&buffer| before.contents[buffer].value()),
        );
        Ok(values)
    }

    /// A value that is never looked at.
    fn anything(&mut self, kind: Kind<'c>) -> Captured<Tensor<'c>> {
        let zero = self.int(0);
        match kind {
            Kind::Number(kind) => self.tensor_as(&zero, kind.dtype()),
            Kind::Scalar(ty) | Kind::Array(ty) => {
                let Some(dtype) = crate::value::dtype_of(ty) else {
                    return self.unsupported("an element type that NumPy does not have");
                };
                let zero = self.tensor_as(&zero, dtype)?;
                let sizes: Vec<_> = ty.dims().into_iter().map(OpFold::Static).collect();
                let filled = self.f.full(zero, &sizes);
                self.built(filled)
            }
        }
    }

    /// Variables and memory at the start of an iteration.
    fn enter(&mut self, carried: &Carried<'c>, before: &State<'c>, args: &[Val<'c>]) {
        self.restore(before);
        let mut args = args.iter().map(|v| Tensor::from_value(*v));
        for (key @ (scope, name), kind) in &carried.variables {
            let Some(tensor) = args.next() else { continue };
            let maybe = carried
                .tags
                .get(key)
                .copied()
                .zip(carried.tags.get(key).and_then(|_| args.next()));
            let ambiguous = carried.shared.contains(key);
            // A value of the iteration before may not be there.
            if !carried.fresh.contains(key) {
                let value = self.wrap(tensor, *kind, ambiguous, maybe);
                before.scopes[*scope]
                    .0
                    .borrow_mut()
                    .insert(name.clone(), value);
            }
        }
        for (&buffer, tensor) in carried.buffers.iter().zip(args) {
            self.buffers[buffer].contents = tensor;
        }
    }

    /// Adds what the body has changed to what is carried; whether there was anything.
    fn grow(
        &mut self,
        carried: &mut Carried<'c>,
        promoted: &mut BTreeMap<(usize, String), Kind<'c>>,
        before: &State<'c>,
        header: &State<'c>,
        after: &State<'c>,
        runs: bool,
    ) -> Captured<bool> {
        let mut grown = false;
        for (buffer, contents) in before.contents.iter().enumerate() {
            let now = after.contents[buffer];
            if header.contents[buffer].value() != now.value() && !carried.buffers.contains(&buffer)
            {
                if now.value().ty() != contents.value().ty() {
                    return self.unsupported("an array that changes its shape in a loop");
                }
                carried.buffers.push(buffer);
                grown = true;
            }
        }
        for i in 0..before.scopes.len() {
            for (name, new) in after.scopes[i].1.iter().filter(|_| runs) {
                let key = (i, name.clone());
                let known =
                    before.scopes[i].1.contains_key(name) || carried.variables.contains_key(&key);
                let kind = if known { None } else { self.kind(new)? };
                let fixed = match kind {
                    Some(Kind::Array(ty) | Kind::Scalar(ty)) => !ty.dims().contains(&DYNAMIC),
                    other => other.is_some(),
                };
                if let Some(kind) = kind.filter(|_| fixed) {
                    carried.fresh.insert(key.clone());
                    carried.variables.insert(key, kind);
                    grown = true;
                }
            }
            for (name, old) in &header.scopes[i].1 {
                let Some(new) = after.scopes[i].1.get(name) else {
                    continue;
                };
                let key = (i, name.clone());
                if self.same(old, new) {
                    continue;
                }
                let Some(kind) = self.kind(new)? else {
                    if let Value::Unusable(why) = new {
                        return self.unsupported(why.to_string());
                    }
                    return self.unsupported(format!(
                        "{name} changes in a loop to something that is no number and no array"
                    ));
                };
                match carried.variables.get(&key) {
                    Some(known) if *known == kind => {}
                    Some(Kind::Number(_))
                        if runs
                            && matches!(kind, Kind::Scalar(_))
                            && promoted.insert(key.clone(), kind).is_none() =>
                    {
                        // The loop runs at least once: afterwards it is a number of NumPy, which the first one can be.
                        carried.variables.insert(key, kind);
                        grown = true;
                    }
                    Some(_) => {
                        return self.unsupported(format!("{name} changes its type in a loop"));
                    }
                    None => {
                        let first = self.kind(&before.scopes[i].1[name])?;
                        let Some(first) = first else {
                            return self.unsupported(format!("{name} changes its type in a loop"));
                        };
                        if let (Value::Array(array), Value::Array(next)) = (old, new)
                            && array.buffer != next.buffer
                            && after.contents.get(array.buffer).map(|t| t.value())
                                != header.contents.get(array.buffer).map(|t| t.value())
                        {
                            return self.unsupported(format!(
                                "{name} is written to and replaced in a loop"
                            ));
                        }
                        let start = before.scopes[i].1[name].clone();
                        if let Value::Array(array) = &start {
                            let shared = !array.steps.is_empty()
                                || references(before, &self.callers, array.buffer) > 1;
                            if shared {
                                self.buffers[array.buffer].frozen = true;
                            }
                            if shared && self.tag(&start).is_none()
                                || self.buffers[array.buffer].ambiguous
                            {
                                carried.shared.insert(key.clone());
                            }
                            if let Some((leaf, _)) = self.tag(&start) {
                                carried.tags.insert(key.clone(), leaf);
                            }
                        }
                        carried.variables.insert(key, first);
                        grown = true;
                    }
                }
            }
        }
        Ok(grown)
    }

    /// The values for the next iteration.
    fn latch(
        &mut self,
        block: Blk<'c>,
        carried: &Carried<'c>,
        after: &State<'c>,
        before: &State<'c>,
    ) -> Captured<Vec<Val<'c>>> {
        self.in_branch(block, after, before, |this| {
            let mut values = Vec::new();
            for (key @ (scope, name), kind) in &carried.variables {
                let value = after.scopes[*scope].1[name].clone();
                let tensor = this.as_kind(&value, *kind)?;
                let expected = match kind {
                    Kind::Array(ty) => *ty == tensor.value().ty(),
                    _ => true,
                };
                if !expected {
                    return this.unsupported(format!("{name} changes its shape in a loop"));
                }
                values.push(tensor.value());
                let tag = this.tag(&value);
                match carried.tags.get(key) {
                    Some(leaf) if tag.is_none_or(|tag| tag.0 == *leaf) => {
                        values.push(this.tag_tensor(tag)?.value())
                    }
                    None if tag.is_none() => {}
                    _ => {
                        return this
                            .unsupported(format!("{name} becomes another argument in a loop"));
                    }
                }
            }
            values.extend(
                carried
                    .buffers
                    .iter()
                    .map(|&buffer| after.contents[buffer].value()),
            );
            Ok(values)
        })
    }

    /// Variables and memory after a loop.
    fn leave(
        &mut self,
        carried: &Carried<'c>,
        before: &State<'c>,
        after: &State<'c>,
        results: &[Val<'c>],
        runs: bool,
    ) {
        self.restore(before);
        let mut results = results.iter().map(|v| Tensor::from_value(*v));
        for i in 0..before.scopes.len() {
            let scope = &before.scopes[i].0;
            for name in after.scopes[i].1.keys() {
                if !before.scopes[i].1.contains_key(name)
                    && !carried.fresh.contains(&(i, name.clone()))
                {
                    let why = format!("{name} has a value only if the loop runs");
                    scope
                        .borrow_mut()
                        .insert(name.clone(), Value::Unusable(why.into()));
                }
            }
        }
        for (key @ (scope, name), kind) in &carried.variables {
            let Some(tensor) = results.next() else {
                continue;
            };
            let last = after.scopes[*scope].1.get(name);
            let maybe = carried
                .tags
                .get(key)
                .copied()
                .zip(carried.tags.get(key).and_then(|_| results.next()));
            // Where the loop runs, it is what the last iteration has left.
            let maybe =
                maybe.filter(|_| !runs || last.is_some_and(|last| self.tag(last).is_some()));
            let left =
                matches!(last, Some(Value::Array(array)) if self.buffers[array.buffer].ambiguous);
            let ambiguous = left || !runs && carried.shared.contains(key);
            let value = self.wrap(tensor, *kind, ambiguous, maybe);
            before.scopes[*scope]
                .0
                .borrow_mut()
                .insert(name.clone(), value);
        }
        for (&buffer, tensor) in carried.buffers.iter().zip(results) {
            self.buffers[buffer].contents = tensor;
        }
    }
}

/// How many variables stand for a buffer or a view of it.
fn references<'c>(state: &State<'c>, callers: &[crate::value::Scope<'c>], buffer: usize) -> usize {
    let here = state
        .scopes
        .iter()
        .flat_map(|(_, values)| values.values())
        .map(|value| mentions(value, buffer));
    let count = |scope: &crate::value::Scope<'c>| -> usize {
        scope
            .borrow()
            .values()
            .map(|value| mentions(value, buffer))
            .sum()
    };
    here.sum::<usize>() + callers.iter().map(count).sum::<usize>()
}

impl Stop {
    /// Whether another way to compile may do without what was missing.
    pub(super) fn is_unsupported(&self) -> bool {
        matches!(self, Stop::Unsupported(..))
    }
}
