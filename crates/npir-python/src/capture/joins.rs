//! What variables are where several ways meet: each becomes a slot of results of `scf.if`, `scf.for` or `scf.while`.

use npir::builder::Tensor;
use npir::mlir::prelude::*;
use npir::prelude::DType;
use npir_dispatch::spec::NumberKind;
use pyo3::prelude::*;

use crate::value::{Absent, Array, Buffer, Class, Mixed, Optional, Origin, Value, dtype_of};

use super::{Capture, Captured};

/// What a value of the program is for Python.
#[derive(Clone)]
pub(super) enum Kind<'c> {
    Number(NumberKind),
    Scalar(DType),
    /// A number of one of two classes.
    Mixed([Class; 2]),
    Array(Type<'c>),
    Tuple(Vec<Slot<'c>>),
    /// The same object in every call.
    Known(Value<'c>),
    /// Nothing on all ways so far.
    Nothing,
}

/// What a variable becomes.
#[derive(Clone)]
pub(super) struct Slot<'c> {
    pub(super) kind: Kind<'c>,
    /// The argument that an array may be.
    pub(super) tag: Option<usize>,
    /// Whether an array stands for one of several that others stand for, too.
    pub(super) ambiguous: bool,
    /// Whether other variables may stand for the same array: it cannot be written to.
    pub(super) frozen: bool,
    /// What is there instead on some ways.
    pub(super) absent: Option<Absent>,
}

impl<'c> Slot<'c> {
    fn of(kind: Kind<'c>) -> Self {
        Slot {
            kind,
            tag: None,
            ambiguous: false,
            frozen: false,
            absent: None,
        }
    }

    /// Whether one of its values says that there is nothing.
    fn may_be_absent(&self) -> bool {
        self.absent.is_some() && !matches!(self.kind, Kind::Nothing)
    }
}

/// Classes of numbers, and the type that holds the numbers of all of them.
fn classes<'c>(kind: &Kind<'c>) -> Option<Vec<Class>> {
    match kind {
        Kind::Number(number) => Some(vec![Class::Python(*number)]),
        Kind::Scalar(dtype) => Some(vec![Class::NumPy(*dtype)]),
        Kind::Mixed(classes) => Some(classes.to_vec()),
        _ => None,
    }
}

/// The type that numbers of both types are kept in; 64-bit integers beyond 2^53 do not fit floats.
pub(super) fn storage(classes: [Class; 2]) -> Option<DType> {
    use DType::*;
    let [a, b] = classes.map(Class::dtype);
    let complex = |t| matches!(t, C64 | C128);
    let float = |t| matches!(t, F16 | F32 | F64);
    if a == b {
        return Some(a);
    }
    if complex(a) || complex(b) {
        return Some(C128);
    }
    if float(a) || float(b) {
        return Some(F64);
    }
    (a != U64 && b != U64).then_some(I64)
}

impl<'c> Capture<'_, 'c, '_> {
    /// The slot that one value needs; no value is one that is not there.
    pub(super) fn slot(&self, value: Option<&Value<'c>>) -> Option<Slot<'c>> {
        let absent = |absent| Slot {
            absent: Some(absent),
            ..Slot::of(Kind::Nothing)
        };
        let Some(value) = value else {
            return Some(absent(Absent::Unbound));
        };
        Some(match value {
            Value::Number(kind, ..) => Slot::of(Kind::Number(*kind)),
            Value::Scalar(tensor) => Slot::of(Kind::Scalar(dtype_of(tensor.value().ty())?)),
            Value::Mixed(mixed) => Slot::of(Kind::Mixed(mixed.classes)),
            Value::Array(array) => Slot {
                tag: self.tag(value).map(|tag| tag.0),
                ambiguous: self.buffers[array.buffer].ambiguous,
                frozen: self.buffers[array.buffer].frozen,
                ..Slot::of(Kind::Array(array.ty))
            },
            Value::Tuple(items) => {
                let slots = items.iter().map(|item| self.slot(Some(item)));
                Slot::of(Kind::Tuple(slots.collect::<Option<_>>()?))
            }
            Value::Optional(optional) => Slot {
                absent: Some(optional.absent),
                ..self.slot(Some(&optional.value))?
            },
            Value::Object(object) => {
                let object = object.bind(self.py);
                if object.is_none() {
                    return Some(absent(Absent::None));
                }
                match (
                    npir_dispatch::number_of(object),
                    npir_dispatch::scalar_of(object),
                ) {
                    (Some((kind, true)), _) => Slot::of(Kind::Number(kind)),
                    (None, Some(dtype)) => Slot::of(Kind::Scalar(dtype)),
                    _ => Slot::of(Kind::Known(value.clone())),
                }
            }
            Value::Function(_) => Slot::of(Kind::Known(value.clone())),
            Value::List(_)
            | Value::Dict(_)
            | Value::Instance(_)
            | Value::Named(..)
            | Value::Method(..)
            | Value::Items(_)
            | Value::Unusable(..) => {
                return None;
            }
        })
    }

    /// The slot for what two slots are for.
    pub(super) fn merged(&self, a: &Slot<'c>, b: &Slot<'c>) -> Option<Slot<'c>> {
        let kind = match (&a.kind, &b.kind) {
            (Kind::Nothing, kind) | (kind, Kind::Nothing) => kind.clone(),
            (Kind::Known(x), Kind::Known(y)) => self.same(x, y).then(|| a.kind.clone())?,
            (Kind::Array(x), Kind::Array(y)) => {
                let (m, n) = (x.dims(), y.dims());
                if m.len() != n.len() || x.element() != y.element() {
                    return None;
                }
                let common = |(m, n): (i64, i64)| if m == n { m } else { DYNAMIC };
                let dims: Vec<_> = m.into_iter().zip(n).map(common).collect();
                Kind::Array(x.ctx().tensor(&dims, x.element()))
            }
            (Kind::Tuple(x), Kind::Tuple(y)) if x.len() == y.len() => {
                let items = x.iter().zip(y).map(|(x, y)| self.merged(x, y));
                Kind::Tuple(items.collect::<Option<_>>()?)
            }
            (x, y) => {
                let mut all = classes(x)?;
                for class in classes(y)? {
                    if !all.contains(&class) {
                        all.push(class);
                    }
                }
                match (x, <[Class; 2]>::try_from(all.as_slice())) {
                    (_, Ok(two)) => storage(two).map(|_| Kind::Mixed(two))?,
                    (x, Err(_)) if all.len() == 1 => x.clone(),
                    _ => return None,
                }
            }
        };
        let absent = match (a.absent, b.absent) {
            (Some(x), Some(y)) if x != y => return None,
            (x, y) => x.or(y),
        };
        let several = matches!((a.tag, b.tag), (Some(x), Some(y)) if x != y);
        Some(Slot {
            kind,
            tag: a.tag.or(b.tag),
            ambiguous: a.ambiguous || b.ambiguous || several,
            frozen: a.frozen || b.frozen,
            absent,
        })
    }

    /// Whether two slots are for the same.
    pub(super) fn same_slot(&self, a: &Slot<'c>, b: &Slot<'c>) -> bool {
        let kinds = match (&a.kind, &b.kind) {
            (Kind::Number(x), Kind::Number(y)) => x == y,
            (Kind::Scalar(x), Kind::Scalar(y)) => x == y,
            (Kind::Mixed(x), Kind::Mixed(y)) => x == y,
            (Kind::Array(x), Kind::Array(y)) => x == y,
            (Kind::Tuple(x), Kind::Tuple(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| self.same_slot(x, y))
            }
            (Kind::Known(x), Kind::Known(y)) => self.same(x, y),
            (Kind::Nothing, Kind::Nothing) => true,
            _ => false,
        };
        kinds
            && a.tag == b.tag
            && a.absent == b.absent
            && a.ambiguous == b.ambiguous
            && a.frozen == b.frozen
    }

    /// The values of a slot, built here.
    pub(super) fn pack(
        &mut self,
        value: Option<&Value<'c>>,
        slot: &Slot<'c>,
    ) -> Captured<Vec<Val<'c>>> {
        let (value, there) = match value {
            Some(Value::Optional(optional)) => (Some(&optional.value), Some(optional.there)),
            Some(Value::Object(object)) if object.is_none(self.py) => match &slot.kind {
                Kind::Known(_) => (value, None),
                _ => (None, None),
            },
            other => (other, None),
        };
        let mut values = Vec::new();
        let Some(value) = value else {
            self.placeholders(slot, &mut values)?;
            return Ok(values);
        };
        match &slot.kind {
            Kind::Number(kind) => values.push(self.tensor_as(value, kind.dtype())?.value()),
            Kind::Scalar(dtype) => values.push(self.tensor_as(value, *dtype)?.value()),
            Kind::Mixed(classes) => {
                let Some(dtype) = storage(*classes) else {
                    return self.unsupported("a number that may be of many types");
                };
                let (stored, first) = match value {
                    Value::Mixed(mixed) if mixed.classes == *classes => (mixed.value, mixed.first),
                    // The same two in the other order.
                    Value::Mixed(mixed) => {
                        let second = self.f.logical_not(mixed.first);
                        (mixed.value, self.built(second)?)
                    }
                    one => {
                        let class = match one {
                            Value::Scalar(tensor) => Class::NumPy(self.dtype(*tensor)?),
                            _ => match self.slot(Some(one)).and_then(|slot| classes_of(&slot)) {
                                Some(class) => class,
                                None => return self.unsupported("a number of unknown type"),
                            },
                        };
                        self.check_exact(one, class, dtype)?;
                        let first = self.bool_tensor(class == classes[0])?;
                        (self.tensor_as(one, dtype)?, first)
                    }
                };
                let stored = match self.dtype(stored)? == dtype {
                    true => stored,
                    false => {
                        let cast = self.f.cast(stored, dtype);
                        self.built(cast)?
                    }
                };
                values.extend([stored.value(), first.value()]);
            }
            Kind::Array(ty) => {
                let tensor = self.tensor(value)?;
                values.push(self.f.rewriter().tensor_cast(tensor.value(), *ty));
                if slot.tag.is_some() {
                    let tag = self.tag(value).filter(|tag| Some(tag.0) == slot.tag);
                    values.push(self.tag_tensor(tag)?.value());
                }
            }
            Kind::Tuple(slots) => {
                let Value::Tuple(items) = value else {
                    return self.unsupported("a tuple that is none on another way");
                };
                for (item, slot) in items.iter().zip(slots) {
                    values.extend(self.pack(Some(item), slot)?);
                }
            }
            Kind::Known(_) | Kind::Nothing => {}
        }
        if slot.may_be_absent() {
            let there = match there {
                Some(there) => there,
                None => self.bool_tensor(true)?,
            };
            values.push(there.value());
        }
        Ok(values)
    }

    /// Values that nobody looks at.
    fn placeholders(&mut self, slot: &Slot<'c>, values: &mut Vec<Val<'c>>) -> Captured<()> {
        match &slot.kind {
            Kind::Number(kind) => values.push(self.zero(kind.dtype())?.value()),
            Kind::Scalar(dtype) => values.push(self.zero(*dtype)?.value()),
            Kind::Mixed(classes) => {
                let dtype = storage(*classes).unwrap_or(DType::F64);
                values.push(self.zero(dtype)?.value());
                values.push(self.bool_tensor(true)?.value());
            }
            Kind::Array(ty) => {
                let Some(dtype) = dtype_of(*ty) else {
                    return self.unsupported("an element type that NumPy does not have");
                };
                let zero = self.zero(dtype)?;
                let known = |n: i64| OpFold::Static(if n == DYNAMIC { 0 } else { n });
                let sizes: Vec<_> = ty.dims().into_iter().map(known).collect();
                let filled = self.f.full(zero, &sizes);
                let filled = self.built(filled)?;
                values.push(self.f.rewriter().tensor_cast(filled.value(), *ty));
                if slot.tag.is_some() {
                    values.push(self.bool_tensor(false)?.value());
                }
            }
            Kind::Tuple(slots) => {
                for slot in slots {
                    self.placeholders(slot, values)?;
                }
            }
            Kind::Known(_) | Kind::Nothing => {}
        }
        if slot.may_be_absent() {
            values.push(self.bool_tensor(false)?.value());
        }
        Ok(())
    }

    /// What the values of a slot are for Python.
    pub(super) fn open(
        &mut self,
        slot: &Slot<'c>,
        values: &mut impl Iterator<Item = Val<'c>>,
    ) -> Value<'c> {
        let statement = self.statement;
        let lost = || Value::Unusable("a value is missing".into(), statement);
        let mut next = || values.next().map(Tensor::from_value);
        let value = match &slot.kind {
            Kind::Number(kind) => next().map_or_else(lost, |tensor| {
                Value::Number(*kind, tensor, Origin::default())
            }),
            Kind::Scalar(_) => next().map_or_else(lost, Value::Scalar),
            Kind::Mixed(classes) => match (next(), next()) {
                (Some(value), Some(first)) => Value::Mixed(Mixed {
                    value,
                    first,
                    classes: *classes,
                }),
                _ => lost(),
            },
            Kind::Array(ty) => match next() {
                None => lost(),
                Some(contents) => {
                    let maybe = slot.tag.and_then(|leaf| Some((leaf, next()?)));
                    self.buffers.push(Buffer {
                        ambiguous: slot.ambiguous,
                        frozen: slot.frozen,
                        maybe,
                        ..Buffer::new(contents)
                    });
                    Value::Array(Array {
                        buffer: self.buffers.len() - 1,
                        steps: std::rc::Rc::default(),
                        ty: *ty,
                    })
                }
            },
            Kind::Tuple(slots) => {
                let items = slots.iter().map(|slot| self.open(slot, values));
                Value::Tuple(std::rc::Rc::new(items.collect()))
            }
            Kind::Known(value) => value.clone(),
            Kind::Nothing => self.none(),
        };
        match (slot.absent, &slot.kind) {
            (None, _) | (_, Kind::Nothing) => value,
            (Some(absent), _) => match values.next() {
                Some(there) => Value::Optional(std::rc::Rc::new(Optional {
                    value,
                    there: Tensor::from_value(there),
                    absent,
                })),
                None => lost(),
            },
        }
    }

    /// A 0-d bool that is known.
    pub(super) fn bool_tensor(&mut self, value: bool) -> Captured<Tensor<'c>> {
        let flag = self.f.constant(npir::prelude::Scalar::new(value));
        self.built(flag)
    }

    fn zero(&mut self, dtype: DType) -> Captured<Tensor<'c>> {
        let zero = self.int(0);
        self.tensor_as(&zero, dtype)
    }
}

/// The class of a number's slot, if it is one.
fn classes_of(slot: &Slot<'_>) -> Option<Class> {
    match classes(&slot.kind)?.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
