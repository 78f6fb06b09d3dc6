//! What a returned value becomes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use npir::builder::{Bound as Position, Index as Item, Tensor};
use npir::mlir::prelude::*;
use npir_dispatch::spec::{Order, Outcome, ViewItem, ViewSize, ViewStep};

use crate::value::{Array, Layout, Step, Value};

use super::{Capture, Captured};

/// Which memory results are in.
#[derive(Default)]
pub(super) struct Used {
    buffers: BTreeSet<usize>,
    /// Memory of several results, and the result that is all of it.
    several: BTreeMap<usize, Option<usize>>,
    /// Memory that another result may be in, too, depending on the call.
    frozen: Option<usize>,
}

impl Used {
    /// Of the results that `value` becomes.
    pub(super) fn of(value: &Value<'_>) -> Used {
        let mut used = Used::default();
        used.count(value);
        used.buffers.clear();
        used
    }

    fn count(&mut self, value: &Value<'_>) {
        match value {
            Value::Array(array) if !self.buffers.insert(array.buffer) => {
                self.several.insert(array.buffer, None);
            }
            Value::Tuple(items) => items.iter().for_each(|item| self.count(item)),
            Value::Named(_, items) => items.iter().for_each(|item| self.count(item)),
            Value::List(list) => list.items.borrow().iter().for_each(|item| self.count(item)),
            Value::Dict(dict) => {
                let items = dict.items.borrow();
                items.iter().for_each(|(_, item)| self.count(item));
            }
            Value::Instance(instance) => {
                let fields = instance.fields.iter();
                fields.for_each(|(_, field)| self.count(field));
            }
            Value::Optional(optional) => self.count(&optional.value),
            _ => {}
        }
    }
}

impl<'c> Capture<'_, 'c, '_> {
    /// What a returned value becomes.
    pub(super) fn outcome(
        &mut self,
        value: &Value<'c>,
        tensors: &mut Vec<Tensor<'c>>,
        updates: usize,
        used: &mut Used,
    ) -> Captured<Outcome> {
        let mut add = |tensor| {
            tensors.push(tensor);
            tensors.len() - 1 - updates
        };
        Ok(match value {
            Value::Object(object) if object.is_none(self.py) => Outcome::None,
            Value::Object(object) => {
                let object = object.bind(self.py).clone();
                Outcome::Constant(self.constants.add(&object))
            }
            Value::Number(_, tensor, _) => Outcome::Number(add(*tensor)),
            Value::Scalar(tensor) => Outcome::Scalar(add(*tensor)),
            Value::Array(array) => {
                let whole = array.steps.is_empty();
                match self.buffers[array.buffer].argument {
                    Some(leaf) if whole => return Ok(Outcome::Argument(leaf)),
                    Some(argument) => {
                        let steps = self.view_steps(array, tensors, updates)?;
                        return Ok(Outcome::View { argument, steps });
                    }
                    None => {}
                }
                let shared = self.buffers[array.buffer].shares;
                // Neither has changed since, so NumPy makes after the call what it would have made.
                let made = self.buffers[array.buffer].made.clone();
                if let Some(mut made) = made
                    && let Some(argument) = self.buffers[made.buffer].argument
                    && used.buffers.insert(array.buffer)
                {
                    let steps = made.steps.iter().chain(array.steps.iter());
                    made.steps = Rc::new(steps.cloned().collect());
                    let steps = self.view_steps(&made, tensors, updates)?;
                    return Ok(Outcome::View { argument, steps });
                }
                if shared.is_some_and(|base| self.buffers[base].argument.is_some()) {
                    return self.unsupported("what may be a view of an argument is returned");
                }
                if self.buffers[array.buffer].ambiguous {
                    return self.unsupported("which array is returned depends on values");
                }
                if self.buffers[array.buffer].frozen
                    && *used.frozen.get_or_insert(array.buffer) != array.buffer
                {
                    return self.unsupported("whether results share memory depends on values");
                }
                let alone = shared.is_none() && self.buffers[array.buffer].maybe.is_none();
                if let Some(known) = used.several.get(&array.buffer).copied().filter(|_| alone) {
                    let result = match known {
                        Some(result) => result,
                        None => {
                            let result = add(self.buffers[array.buffer].contents);
                            used.several.insert(array.buffer, Some(result));
                            result
                        }
                    };
                    let steps = self.view_steps(array, tensors, updates)?;
                    return Ok(Outcome::Shared { result, steps });
                }
                if !used.buffers.insert(shared.unwrap_or(array.buffer)) {
                    return self.unsupported("two results share memory");
                }
                let contents = self.read(array)?;
                let result = add(contents);
                let order = match self.buffers[array.buffer].layout {
                    Layout::Rows => Some(Order::Rows),
                    Layout::Columns => Some(Order::Columns),
                    Layout::Like(_) | Layout::Unknown => None,
                };
                let new = match order.filter(|_| whole && contents.rank() > 1) {
                    Some(order) => Outcome::Ordered { result, order },
                    None => Outcome::Array(result),
                };
                match self.buffers[array.buffer].maybe {
                    Some((argument, holds)) => Outcome::Either {
                        holds: add(holds),
                        then: Box::new(match whole {
                            true => Outcome::Argument(argument),
                            false => {
                                let steps = self.view_steps(array, tensors, updates)?;
                                Outcome::View { argument, steps }
                            }
                        }),
                        otherwise: Box::new(new),
                    },
                    None => new,
                }
            }
            Value::Tuple(items) => {
                let items = items
                    .iter()
                    .map(|item| self.outcome(item, tensors, updates, used));
                Outcome::Tuple(items.collect::<Captured<_>>()?)
            }
            Value::Named(class, items) => {
                let class = self.constants.add(class.bind(self.py));
                let items = items
                    .iter()
                    .map(|item| self.outcome(item, tensors, updates, used));
                Outcome::Named(class, items.collect::<Captured<_>>()?)
            }
            Value::List(list) => {
                if list.level.is_none() {
                    return self.unsupported("a list of the caller is returned");
                }
                let items = list.now();
                let items = items
                    .iter()
                    .map(|item| self.outcome(item, tensors, updates, used));
                Outcome::List(items.collect::<Captured<_>>()?)
            }
            Value::Dict(dict) => {
                if dict.level.is_none() {
                    return self.unsupported("a dictionary of the caller is returned");
                }
                let items = dict.items.borrow().clone();
                let mut all = Vec::new();
                for (key, item) in items {
                    let key = self.constants.add(key.bind(self.py));
                    all.push((key, self.outcome(&item, tensors, updates, used)?));
                }
                Outcome::Dict(all)
            }
            Value::Instance(instance) => {
                if !instance.made {
                    return self.unsupported("an object of the caller is returned");
                }
                let class = self.constants.add(instance.class.bind(self.py));
                let mut fields = Vec::new();
                for (name, field) in &instance.fields {
                    fields.push((name.clone(), self.outcome(field, tensors, updates, used)?));
                }
                Outcome::Made(class, fields)
            }
            Value::Mixed(mixed) => {
                let holds = add(mixed.first);
                let [a, b] = self.alternatives(mixed)?;
                Outcome::Either {
                    holds,
                    then: Box::new(self.outcome(&a, tensors, updates, used)?),
                    otherwise: Box::new(self.outcome(&b, tensors, updates, used)?),
                }
            }
            Value::Optional(optional) => Outcome::Either {
                holds: add(optional.there),
                then: Box::new(self.outcome(&optional.value, tensors, updates, used)?),
                otherwise: Box::new(Outcome::None),
            },
            Value::Method(..) | Value::Function(_) | Value::Items(_) => {
                return self.unsupported("a function or an iterator is returned");
            }
            Value::Unusable(why, made) => return self.unusable(why, *made),
        })
    }

    /// What leads to a view, which is made after the call.
    fn view_steps(
        &mut self,
        array: &Array<'c>,
        tensors: &mut Vec<Tensor<'c>>,
        updates: usize,
    ) -> Captured<Vec<ViewStep>> {
        let mut steps = Vec::new();
        for step in array.steps.iter() {
            steps.push(match step {
                Step::Slice(items, bounds) => {
                    let mut bounds = bounds.iter().copied();
                    let mut all = Vec::new();
                    for item in items {
                        let mut size = |position: Position| -> Captured<ViewSize> {
                            match position {
                                Position::Static(n) => Ok(ViewSize::Known(n)),
                                Position::Operand => match bounds.next() {
                                    Some(value) => self.view_size(value, tensors, updates),
                                    None => self.unsupported("a view without a bound"),
                                },
                            }
                        };
                        all.push(match item {
                            Item::Index(position) => ViewItem::Position(size(*position)?),
                            Item::NewAxis => ViewItem::NewAxis,
                            Item::Slice { start, stop, step } => {
                                let mut parts = [None; 3];
                                for (part, bound) in parts.iter_mut().zip([start, stop, step]) {
                                    *part = bound.map(&mut size).transpose()?;
                                }
                                ViewItem::Slice(parts)
                            }
                        });
                    }
                    ViewStep::Index(all)
                }
                Step::Transpose(axes) => ViewStep::Transpose(axes.clone()),
                Step::Reshape { after, .. } => {
                    let mut sizes = Vec::new();
                    for size in after {
                        sizes.push(match size {
                            OpFold::Static(n) => ViewSize::Known(*n),
                            OpFold::Value(value) => self.view_size(*value, tensors, updates)?,
                        });
                    }
                    ViewStep::Reshape(sizes)
                }
                Step::ReadOnly { .. } => {
                    return self.unsupported("such a view is returned");
                }
            });
        }
        Ok(steps)
    }

    /// An index of the program as a result.
    fn view_size(
        &mut self,
        value: Val<'c>,
        tensors: &mut Vec<Tensor<'c>>,
        updates: usize,
    ) -> Captured<ViewSize> {
        tensors.push(self.scalar_tensor(value)?);
        Ok(ViewSize::Result(tensors.len() - 1 - updates))
    }
}
