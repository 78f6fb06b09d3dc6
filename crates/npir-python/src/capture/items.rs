//! What loops run over: ranges, arrays, and what `zip`, `enumerate` and `reversed` make of them.

use std::rc::Rc;

use npir::builder::{CheckKind, Tensor};
use npir::mlir::prelude::*;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;
use pyo3::types::PyRange;

use crate::value::{Items, Origin, Value};

use super::calls::Arguments;
use super::elements::LARGEST_SIZE;
use super::indexing::Index;
use super::{Capture, Captured};

/// How many items there are.
#[derive(Clone, Copy)]
pub(super) enum Count<'c> {
    Known(usize),
    /// An index of the program.
    Unknown(Val<'c>),
}

impl Count<'_> {
    /// Whether there are no more than `n` for certain.
    pub(super) fn at_most(self, n: usize) -> bool {
        matches!(self, Count::Known(count) if count <= n)
    }
}

impl<'c> Capture<'_, 'c, '_> {
    /// The items that a loop over a value runs over, if they can be found one by one in compiled code.
    pub(super) fn loop_items(&self, value: &Value<'c>) -> Captured<Option<Rc<Items<'c>>>> {
        Ok(match value {
            Value::Items(items) => Some(items.clone()).filter(|items| can_be_counted(items)),
            Value::Array(array) if !array.ty.dims().is_empty() => {
                Some(Rc::new(Items::Of(value.clone())))
            }
            Value::Object(object) => {
                let object = object.bind(self.py);
                if !object.is_exact_instance_of::<PyRange>() {
                    return Ok(None);
                }
                let bound =
                    |name: &str| -> Captured<Value<'c>> { Ok(self.known(&object.getattr(name)?)) };
                Some(Rc::new(Items::Range([
                    bound("start")?,
                    bound("stop")?,
                    bound("step")?,
                ])))
            }
            _ => None,
        })
    }

    /// `range(...)` with bounds that are values of the program; `None` if all are known.
    pub(super) fn range(&mut self, args: &Arguments<'c>) -> Captured<Option<Value<'c>>> {
        let known = |value: &Value<'c>| matches!(value, Value::Object(_));
        if args.positional.iter().all(known) || !args.keywords.is_empty() {
            return Ok(None);
        }
        let mut bounds = Vec::new();
        for value in &args.positional {
            bounds.push(self.python_int(value)?);
        }
        let zero = self.int(0);
        let one = self.int(1);
        let range = match <[Value<'c>; 3]>::try_from(bounds) {
            Ok(all) => all,
            Err(some) => match some.as_slice() {
                [stop] => [zero, stop.clone(), one],
                [start, stop] => [start.clone(), stop.clone(), one],
                _ => return self.unsupported("a range with such arguments"),
            },
        };
        Ok(Some(Value::Items(Rc::new(Items::Range(range)))))
    }

    /// `zip`, `enumerate` and `reversed` of what compiled loops can run over; `None` for what is taken apart.
    pub(super) fn combined(
        &mut self,
        name: &str,
        args: &Arguments<'c>,
    ) -> Captured<Option<Value<'c>>> {
        let mut all = Vec::new();
        let sources = match name {
            "zip" => args.positional.as_slice(),
            _ => args.positional.get(..1).unwrap_or_default(),
        };
        for value in sources {
            match self.loop_items(value)? {
                Some(items) => all.push(items),
                None => return Ok(None),
            }
        }
        let start = match (args.positional.get(1), args.keywords.as_slice()) {
            (None, []) => None,
            (Some(start), []) if name == "enumerate" => Some(start.clone()),
            (None, [(key, start)]) if name == "enumerate" && key == "start" => Some(start.clone()),
            _ if name == "zip" && args.keywords.is_empty() => None,
            _ => return Ok(None),
        };
        let items = match (name, all.as_slice()) {
            ("zip", [_, ..]) => Items::Zip(all),
            ("enumerate", [one]) => Items::Enumerate(
                one.clone(),
                match start {
                    Some(start) => self.python_int(&start)?,
                    None => self.int(0),
                },
            ),
            ("reversed", [one]) => Items::Reversed(one.clone()),
            _ => return Ok(None),
        };
        Ok(Some(Value::Items(Rc::new(items))))
    }

    /// How many items there are.
    pub(super) fn count(&mut self, items: &Items<'c>) -> Captured<Count<'c>> {
        match items {
            Items::Range([start, stop, step]) => self.range_length(start, stop, step),
            Items::Of(Value::Array(array)) => match array.ty.dims().first() {
                Some(&n) if n != DYNAMIC => Ok(Count::Known(n as usize)),
                Some(_) => {
                    let contents = self.read(array)?;
                    let n = self.f.dim(contents, 0);
                    Ok(Count::Unknown(self.built(n)?))
                }
                None => self.unsupported("iteration over a 0-d array"),
            },
            Items::Of(Value::Tuple(items)) => Ok(Count::Known(items.len())),
            Items::Of(Value::List(list)) => Ok(Count::Known(list.items.borrow().len())),
            Items::Of(_) => self.unsupported("a loop over such things"),
            Items::Enumerate(items, _) | Items::Reversed(items) => self.count(items),
            Items::Zip(all) => {
                let mut least = Count::Known(usize::MAX);
                for items in all {
                    let next = self.count(items)?;
                    least = match (least, next) {
                        (Count::Known(a), Count::Known(b)) => Count::Known(a.min(b)),
                        (Count::Known(usize::MAX), other) => other,
                        (a, b) => {
                            let rw = self.f.rewriter();
                            let value = |count| match count {
                                Count::Known(n) => rw.const_index(n as i64),
                                Count::Unknown(n) => n,
                            };
                            let (a, b) = (value(a), value(b));
                            Count::Unknown(rw.minsi(a, b))
                        }
                    };
                }
                Ok(least)
            }
        }
    }

    fn range_length(
        &mut self,
        start: &Value<'c>,
        stop: &Value<'c>,
        step: &Value<'c>,
    ) -> Captured<Count<'c>> {
        let bounds = [start, stop, step].map(|value| self.bounds(value));
        let known = bounds.map(|bounds| bounds.filter(|(low, high)| low == high).map(|b| b.0));
        if let [Some(start), Some(stop), Some(step)] = known {
            let length = self
                .py
                .import("builtins")?
                .getattr("range")?
                .call1((start, stop, step))?;
            return Ok(Count::Known(length.len()?));
        }
        // ceil((stop - start) / step), or what is left of it with a step of either sign.
        let zero = self.int(0);
        let nonzero = self.binary("NotEq", step, &zero)?;
        self.require(
            &nonzero,
            CheckKind::ValueError,
            "range() arg 3 must not be zero",
        )?;
        let distance = self.binary("Sub", start, stop)?;
        let rounded_down = self.binary("FloorDiv", &distance, step)?;
        let length = self.negated(&rounded_down)?;
        let length = self.tensor_as(&length, npir::prelude::DType::I64)?;
        let length = self.f.item(length);
        let length = self.built(length)?;
        let rw = self.f.rewriter();
        let length = rw.index_cast(length, rw.ctx().index());
        Ok(Count::Unknown(rw.maxsi(length, rw.const_index(0))))
    }

    /// Item `i`, an index of the program between 0 and `count`.
    pub(super) fn item_at(
        &mut self,
        items: &Items<'c>,
        i: Val<'c>,
        count: Count<'c>,
    ) -> Captured<Value<'c>> {
        Ok(match items {
            Items::Range(range) => self.range_item(range, i)?,
            Items::Of(value) => {
                let i = self.index_number(i, count)?;
                self.get_item(value, &Index::one(i))?
            }
            Items::Zip(all) => {
                let mut values = Vec::new();
                for items in all {
                    values.push(self.item_at(items, i, count)?);
                }
                Value::Tuple(Rc::new(values))
            }
            Items::Enumerate(items, start) => {
                let number = self.index_number(i, count)?;
                let number = self.binary("Add", start, &number)?;
                Value::Tuple(Rc::new(vec![number, self.item_at(items, i, count)?]))
            }
            Items::Reversed(items) => {
                let rw = self.f.rewriter();
                let last = match self.count(items)? {
                    Count::Known(n) => rw.const_index(n as i64 - 1),
                    Count::Unknown(n) => rw.subi(n, rw.const_index(1)),
                };
                let i = rw.subi(last, i);
                self.item_at(items, i, count)?
            }
        })
    }

    /// All items, if their number is known.
    pub(super) fn all_items(&mut self, items: &Items<'c>) -> Captured<Vec<Value<'c>>> {
        let count = self.count(items)?;
        let Count::Known(n) = count else {
            return self.unsupported("a loop of unknown length that is compiled one by one");
        };
        let mut all = Vec::new();
        for i in 0..n {
            all.push(self.known_item(items, i, n)?);
        }
        Ok(all)
    }

    /// Item `i` of `n`.
    fn known_item(&mut self, items: &Items<'c>, i: usize, n: usize) -> Captured<Value<'c>> {
        let number = self.int(i as i64);
        Ok(match items {
            Items::Range([start, _, step]) => {
                let distance = self.binary("Mult", step, &number)?;
                self.binary("Add", start, &distance)?
            }
            Items::Of(value) => self.get_item(value, &Index::one(number))?,
            Items::Zip(all) => {
                let mut values = Vec::new();
                for items in all {
                    values.push(self.known_item(items, i, n)?);
                }
                Value::Tuple(Rc::new(values))
            }
            Items::Enumerate(items, start) => {
                let number = self.binary("Add", start, &number)?;
                Value::Tuple(Rc::new(vec![number, self.known_item(items, i, n)?]))
            }
            Items::Reversed(items) => self.known_item(items, n - 1 - i, n)?,
        })
    }

    /// The number of an item as a number of Python.
    fn index_number(&mut self, i: Val<'c>, count: Count<'c>) -> Captured<Value<'c>> {
        let tensor = self.scalar_tensor(i)?;
        let most = match count {
            Count::Known(n) => (n as i64 - 1).max(0),
            Count::Unknown(_) => LARGEST_SIZE,
        };
        Ok(number(tensor, Some((0, most))))
    }

    fn range_item(&mut self, range: &[Value<'c>; 3], i: Val<'c>) -> Captured<Value<'c>> {
        let [start, stop, step] = range.each_ref().map(|value| self.bounds(value));
        let mut tensors = Vec::new();
        for value in [&range[0], &range[2]] {
            tensors.push(self.tensor_as(value, npir::prelude::DType::I64)?);
        }
        let i = self.scalar_tensor(i)?;
        let scaled = self.f.multiply(i, tensors[1]);
        let scaled = self.built(scaled)?;
        let position = self.f.add(scaled, tensors[0]);
        let position = self.built(position)?;
        // Items lie between the bounds, so that nothing leaves the range of the type.
        let (begin, end) = (start.unwrap_or(ANY), stop.unwrap_or(ANY));
        let bounds = match step {
            Some((low, _)) if low > 0 => (begin.0, end.1.saturating_sub(1)),
            Some((_, high)) if high < 0 => (end.0.saturating_add(1), begin.1),
            _ => (begin.0.min(end.0), begin.1.max(end.1)),
        };
        Ok(number(position, Some((bounds.0, bounds.1.max(bounds.0)))))
    }
}

/// What a 64-bit integer may be.
pub(super) const ANY: (i64, i64) = (i64::MIN, i64::MAX);

/// An integer of Python.
pub(super) fn number<'c>(tensor: Tensor<'c>, bounds: Option<(i64, i64)>) -> Value<'c> {
    Value::Number(NumberKind::Int, tensor, Origin { leaf: None, bounds })
}

fn can_be_counted(items: &Items<'_>) -> bool {
    match items {
        Items::Range(_) => true,
        Items::Of(value) => matches!(value, Value::Array(_)),
        Items::Zip(all) => all.iter().all(|items| can_be_counted(items)),
        Items::Enumerate(items, _) | Items::Reversed(items) => can_be_counted(items),
    }
}
