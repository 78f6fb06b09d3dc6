//! Conditions that depend on the call: both ways are captured, and what differs between them becomes a result of `scf.if`.

use std::collections::HashMap;

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir_dispatch::spec::NumberKind;

use crate::tree::Stmt;
use crate::value::{Array, Buffer, Origin, Scope, Value};

use super::statements::Flow;
use super::{Capture, Captured};

/// Variables and memory at a point.
pub(super) struct State<'c> {
    pub(super) scopes: Vec<(Scope<'c>, HashMap<String, Value<'c>>)>,
    pub(super) contents: Vec<Tensor<'c>>,
}

/// Codes of how a block ends, where that depends on the call.
pub(super) const NORMAL: i64 = 0;
pub(super) const BREAK: i64 = 1;
pub(super) const CONTINUE: i64 = 2;
/// What a value of the program is for Python.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind<'c> {
    Number(NumberKind),
    Scalar(Type<'c>),
    Array(Type<'c>),
}

/// What one way of a condition does.
type Way<'b, 'c, T> = dyn FnOnce(&mut T) -> Captured<Flow<'c>> + 'b;

/// A variable after a condition.
struct Joined<'c> {
    scope: usize,
    name: String,
    /// Its value where both ways agree.
    value: Value<'c>,
    /// Otherwise: which result it is, and of what kind.
    result: Option<(usize, Kind<'c>)>,
    /// Whether it stands for one of several arrays.
    ambiguous: bool,
    /// The argument that it may be, and which result says so.
    maybe: Option<(usize, usize)>,
}

impl<'c> Joined<'c> {
    fn plain(scope: usize, name: &str, value: Value<'c>) -> Self {
        Joined {
            scope,
            name: name.to_owned(),
            value,
            result: None,
            ambiguous: false,
            maybe: None,
        }
    }
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
        let mut joined: Vec<[Val<'c>; 2]> = Vec::new();
        let code = match (&first.2, &second.2) {
            (Flow::Normal, Flow::Normal) => None,
            (Flow::Break, Flow::Break) => None,
            (Flow::Continue, Flow::Continue) => None,
            (a, b) => {
                let mut codes = Vec::new();
                for (block, flow) in blocks.into_iter().zip([a, b]) {
                    codes.push(match flow {
                        Flow::Mixed(code) => Val::clone(code),
                        Flow::Normal => at_end(rw, block, |rw| rw.const_index(NORMAL)),
                        Flow::Break => at_end(rw, block, |rw| rw.const_index(BREAK)),
                        Flow::Continue => at_end(rw, block, |rw| rw.const_index(CONTINUE)),
                        Flow::Return(_) => {
                            return self.unsupported("a return that depends on values");
                        }
                    });
                }
                joined.push([codes[0], codes[1]]);
                Some(0)
            }
        };
        // Variables.
        let mut renamed: Vec<Joined<'c>> = Vec::new();
        for i in 0..before.scopes.len() {
            let (a, b) = (&first.1.scopes[i].1, &second.1.scopes[i].1);
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let (Some(x), Some(y)) = (a.get(name), b.get(name)) else {
                    let why = format!("{name} has a value only on some ways here");
                    renamed.push(Joined::plain(i, name, Value::Unusable(why.into())));
                    continue;
                };
                if self.same(x, y) {
                    renamed.push(Joined::plain(i, name, x.clone()));
                    continue;
                }
                let Some(kind) = self.common_kind(x, y)? else {
                    let why = format!("{name} is not of one type on all ways here");
                    renamed.push(Joined::plain(i, name, Value::Unusable(why.into())));
                    continue;
                };
                let mut values = Vec::new();
                for (block, state, value) in [(blocks[0], &first.1, x), (blocks[1], &second.1, y)] {
                    values.push(
                        self.in_branch(block, state, &before, |this| this.as_kind(value, kind))?,
                    );
                }
                let at = joined.len();
                joined.push([values[0].value(), values[1].value()]);
                let mut variable = Joined::plain(i, name, x.clone());
                variable.result = Some((at, kind));
                let tags = [self.tag(x), self.tag(y)];
                // Arrays that one way has made belong to nobody else.
                for value in [x, y] {
                    let Value::Array(array) = value else { continue };
                    let buffer = array.buffer;
                    if buffer < before.contents.len()
                        && (self.references(buffer) > 1 || !array.steps.is_empty())
                    {
                        self.buffers[buffer].frozen = true;
                        variable.ambiguous |=
                            self.buffers[buffer].argument.is_none() || !array.steps.is_empty();
                    }
                    variable.ambiguous |= self.buffers[buffer].ambiguous;
                }
                let leaf = tags.iter().flatten().map(|tag| tag.0).next();
                if let Some(leaf) = leaf {
                    variable.ambiguous |= tags.iter().flatten().any(|tag| tag.0 != leaf);
                    let mut flags = Vec::new();
                    for ((block, state), tag) in [(blocks[0], &first.1), (blocks[1], &second.1)]
                        .into_iter()
                        .zip(tags)
                    {
                        flags.push(
                            self.in_branch(block, state, &before, |this| this.tag_tensor(tag))?,
                        );
                    }
                    variable.maybe = Some((leaf, joined.len()));
                    joined.push([flags[0].value(), flags[1].value()]);
                }
                renamed.push(variable);
            }
        }
        // Memory.
        let mut changed = Vec::new();
        for buffer in 0..before.contents.len() {
            let (a, b) = (first.1.contents[buffer], second.1.contents[buffer]);
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
        if joined.iter().any(|pair| pair[0].ty() != pair[1].ty()) {
            return self.unsupported("an array that has another shape on another way here");
        }
        let results = op.results(&types).build().result_values();
        for variable in renamed {
            let value = match variable.result {
                None => variable.value,
                Some((at, kind)) => {
                    let maybe = variable
                        .maybe
                        .map(|(leaf, at)| (leaf, Tensor::from_value(results[at])));
                    self.wrap(
                        Tensor::from_value(results[at]),
                        kind,
                        variable.ambiguous,
                        maybe,
                    )
                }
            };
            before.scopes[variable.scope]
                .0
                .borrow_mut()
                .insert(variable.name, value);
        }
        for (buffer, at) in changed {
            self.buffers[buffer].contents = Tensor::from_value(results[at]);
        }
        Ok(match code {
            Some(at) => Flow::Mixed(results[at]),
            None => first.2,
        })
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
    pub(super) fn rest_if_normal(&mut self, code: Val<'c>, rest: &[&Stmt]) -> Captured<Flow<'c>> {
        let rw = self.f.rewriter();
        let normal = rw.cmpi(CmpI::Eq, code, rw.const_index(NORMAL));
        let normal = self.scalar_tensor(normal)?;
        self.if_else(
            normal,
            |this| this.statements(rest),
            |_| Ok(Flow::Mixed(code)),
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
            (Value::Unusable(_), Value::Unusable(_)) => true,
            _ => false,
        }
    }

    /// What a value of the program is, if it can be one.
    pub(super) fn kind(&self, value: &Value<'c>) -> Captured<Option<Kind<'c>>> {
        Ok(match value {
            Value::Number(kind, ..) => Some(Kind::Number(*kind)),
            Value::Scalar(tensor) => Some(Kind::Scalar(tensor.value().ty())),
            Value::Array(array) => Some(Kind::Array(array.ty)),
            Value::Object(object) => match npir_dispatch::number_of(object.bind(self.py)) {
                Some((kind, true)) => Some(Kind::Number(kind)),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn common_kind(&self, a: &Value<'c>, b: &Value<'c>) -> Captured<Option<Kind<'c>>> {
        let (a, b) = (self.kind(a)?, self.kind(b)?);
        Ok(a.filter(|kind| Some(*kind) == b))
    }

    pub(super) fn as_kind(&mut self, value: &Value<'c>, kind: Kind<'c>) -> Captured<Tensor<'c>> {
        match kind {
            Kind::Number(kind) => self.tensor_as(value, kind.dtype()),
            Kind::Scalar(ty) => match crate::value::dtype_of(ty) {
                Some(dtype) => self.tensor_as(value, dtype),
                None => self.unsupported("an element type that NumPy does not have"),
            },
            Kind::Array(_) => self.tensor(value),
        }
    }

    pub(super) fn wrap(
        &mut self,
        tensor: Tensor<'c>,
        kind: Kind<'c>,
        ambiguous: bool,
        maybe: Option<(usize, Tensor<'c>)>,
    ) -> Value<'c> {
        match kind {
            Kind::Number(kind) => Value::Number(kind, tensor, Origin::default()),
            Kind::Scalar(_) => Value::Scalar(tensor),
            Kind::Array(ty) => {
                self.buffers.push(Buffer {
                    ambiguous,
                    maybe,
                    ..Buffer::new(tensor)
                });
                Value::Array(Array {
                    buffer: self.buffers.len() - 1,
                    steps: std::rc::Rc::default(),
                    ty,
                })
            }
        }
    }

    /// The argument that an array is or may be, and what says so; without, it is.
    pub(super) fn tag(&self, value: &Value<'c>) -> Option<(usize, Option<Tensor<'c>>)> {
        let Value::Array(array) = value else {
            return None;
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
            other => {
                let holds = self.f.constant(npir::prelude::Scalar::new(other.is_some()));
                self.built(holds)
            }
        }
    }

    /// How many variables, here and in the functions that have called this one, stand for a buffer or a view of it.
    pub(super) fn references(&self, buffer: usize) -> usize {
        let scopes = self.scopes.iter().chain(&self.callers);
        scopes
            .map(|scope| {
                scope
                    .borrow()
                    .values()
                    .map(|value| mentions(value, buffer))
                    .sum::<usize>()
            })
            .sum()
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
        Value::Method(value, _) => mentions(value, buffer),
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
