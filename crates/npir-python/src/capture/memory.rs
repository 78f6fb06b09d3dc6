//! Memory during capture: what views read, and what is written through them.

use std::rc::Rc;

use npir::builder::{Index as Item, Tensor};
use npir::mlir::prelude::*;
use npir::prelude::DType;
use pyo3::prelude::*;

use crate::value::{Array, Layout, Step, Value, dtype_of, is_integer};

use super::indexing::{Index, slice};
use super::{Capture, Captured, Stop};

impl<'c> Capture<'_, 'c, '_> {
    /// A view of an array.
    pub(super) fn view(&self, array: &Array<'c>, step: Step<'c>, ty: Type<'c>) -> Value<'c> {
        let steps = array.steps.iter().cloned().chain([step]).collect();
        Value::Array(Array {
            buffer: array.buffer,
            steps: Rc::new(steps),
            ty,
        })
    }

    /// What an array holds now.
    pub(super) fn read(&mut self, array: &Array<'c>) -> Captured<Tensor<'c>> {
        let mut contents = self.buffers[array.buffer].contents;
        for step in array.steps.iter() {
            contents = self.take(contents, step)?;
        }
        Ok(contents)
    }

    pub(super) fn take(&self, contents: Tensor<'c>, step: &Step<'c>) -> Captured<Tensor<'c>> {
        self.built(match step {
            Step::Slice(items, bounds) => slice(&self.f, contents, items, bounds),
            Step::Transpose(axes) => self.f.transpose(contents, Some(axes)),
            Step::Reshape { after, .. } => self.f.reshape(contents, after),
            Step::ReadOnly {
                op,
                operands,
                attrs,
            } => {
                let operands: Vec<_> = [&[contents], operands.as_slice()].concat();
                self.f.named(&format!("numpy.{op}"), &operands, attrs)
            }
        })
    }

    /// A new array whose elements lie row by row, without gaps.
    pub(crate) fn new_c_array(&mut self, contents: Tensor<'c>) -> Value<'c> {
        self.new_array_of(contents, Layout::Rows)
    }

    /// A new array whose elements lie column by column, without gaps.
    pub(super) fn new_f_array(&mut self, contents: Tensor<'c>) -> Value<'c> {
        match contents.rank() {
            0 | 1 => self.new_c_array(contents),
            _ => self.new_array_of(contents, Layout::Columns),
        }
    }

    /// A new array whose elements lie so if those of the arrays among `values` do: NumPy keeps their order.
    pub(crate) fn new_array_like(
        &mut self,
        contents: Tensor<'c>,
        values: &[Value<'c>],
    ) -> Value<'c> {
        let arrays = values.iter().filter(|v| matches!(v, Value::Array(_)));
        let layout = Layout::Like(Rc::new(arrays.cloned().collect()));
        self.new_array_of(contents, layout)
    }

    fn new_array_of(&mut self, contents: Tensor<'c>, layout: Layout<'c>) -> Value<'c> {
        let value = self.new_array(contents);
        if let Some(buffer) = self.buffers.last_mut() {
            buffer.layout = layout;
        }
        value
    }

    /// As [`Self::new_array_like`], a number where there are no dimensions.
    pub(crate) fn result_like(&mut self, contents: Tensor<'c>, values: &[Value<'c>]) -> Value<'c> {
        match contents.rank() {
            0 => Value::Scalar(contents),
            _ => self.new_array_like(contents, values),
        }
    }

    /// Whether the elements of a value lie row by row, without gaps; nothing where that depends on how NumPy has laid
    /// out a result. Of an argument it becomes part of what calls are checked for.
    pub(super) fn is_c_order(&mut self, value: &Value<'c>) -> Captured<Option<bool>> {
        let Value::Array(array) = value else {
            return Ok(Some(true));
        };
        let kept = array.steps.iter().all(|step| match step {
            Step::Reshape { .. } => true,
            Step::Slice(items, _) => keeps_rows(items),
            Step::Transpose(_) | Step::ReadOnly { .. } => false,
        });
        if !kept {
            return Ok(None);
        }
        let buffer = &self.buffers[array.buffer];
        match buffer.argument {
            Some(leaf) if !self.choices.layouts.contains(&leaf) => {
                return Err(Stop::Layout(leaf));
            }
            _ => {}
        }
        match buffer.layout.clone() {
            Layout::Rows => Ok(Some(true)),
            // An argument that lies so does not lie row by row as well.
            Layout::Columns if buffer.argument.is_some() && array.steps.is_empty() => {
                Ok(Some(false))
            }
            Layout::Columns | Layout::Unknown => Ok(None),
            Layout::Like(values) => {
                let rank = array.ty.rank();
                let mut all = Some(true);
                for (i, value) in values.iter().enumerate() {
                    let same_rank = matches!(value, Value::Array(like) if like.ty.rank() == rank);
                    let known = self.is_c_order(value)?;
                    let known = known.filter(|rows| *rows || same_rank && array.steps.is_empty());
                    if known.is_none() || i > 0 && known != all {
                        return Ok(None);
                    }
                    all = known;
                }
                Ok(all)
            }
        }
    }

    /// A new array, or a view of what it was made from: NumPy decides by the layout. Neither can be written to. `step`
    /// is how NumPy makes it, if there is a step for it.
    pub(super) fn possible_view(
        &mut self,
        value: &Value<'c>,
        contents: Tensor<'c>,
        step: Option<Step<'c>>,
    ) -> Value<'c> {
        let Value::Array(array) = value else {
            return self.new_array(contents);
        };
        let origin = &self.buffers[array.buffer];
        let made = match (step, &origin.made) {
            (Some(step), None) if origin.shares.is_none() => Some((array, step)),
            (Some(step), Some(made)) if array.steps.is_empty() => Some((made, step)),
            _ => None,
        };
        let made = made.map(|(array, step)| Array {
            buffer: array.buffer,
            steps: Rc::new(array.steps.iter().cloned().chain([step]).collect()),
            ty: contents.value().ty(),
        });
        let base = self.buffers[array.buffer].shares.unwrap_or(array.buffer);
        self.buffers[base].frozen = true;
        let result = self.new_array(contents);
        if let Some(buffer) = self.buffers.last_mut() {
            buffer.frozen = true;
            buffer.shares = Some(base);
            buffer.made = made;
        }
        result
    }

    /// Replaces what an array holds.
    pub(super) fn write(&mut self, array: &Array<'c>, value: Tensor<'c>) -> Captured<()> {
        let buffer = &self.buffers[array.buffer];
        if buffer.ambiguous || buffer.frozen || buffer.maybe.is_some() {
            return self.unsupported("which array is written to depends on values");
        }
        let old = self.buffers[array.buffer].contents;
        let new = self.replaced(old, &array.steps, value)?;
        let buffer = &mut self.buffers[array.buffer];
        buffer.contents = new;
        buffer.written = true;
        match buffer.argument {
            Some(leaf) if !self.choices.written.contains(&leaf) => Err(Stop::Written(leaf)),
            _ => Ok(()),
        }
    }

    /// `contents` with the view that `steps` lead to replaced by `value`, which has its shape.
    pub(super) fn replaced(
        &mut self,
        contents: Tensor<'c>,
        steps: &[Step<'c>],
        value: Tensor<'c>,
    ) -> Captured<Tensor<'c>> {
        let Some((step, rest)) = steps.split_first() else {
            return Ok(value);
        };
        let inner = match rest.is_empty() {
            true => value,
            false => {
                let part = self.take(contents, step)?;
                self.replaced(part, rest, value)?
            }
        };
        let f = &self.f;
        self.built(match step {
            Step::Slice(items, bounds) => {
                let mut operands = vec![contents, inner];
                operands.extend(bounds.iter().map(|bound| Tensor::from_value(*bound)));
                let items = <npir::builder::Items as AttrCodec>::encode(f.rewriter().ctx(), items);
                f.named("numpy.set_slice", &operands, &[("items", items)])
            }
            Step::Transpose(axes) => {
                let mut inverse = vec![0; axes.len()];
                axes.iter()
                    .enumerate()
                    .for_each(|(i, &axis)| inverse[axis as usize] = i as i64);
                f.transpose(inner, Some(&inverse))
            }
            Step::Reshape { before, .. } => f.reshape(inner, before),
            Step::ReadOnly { op, .. } => {
                return self.unsupported(format!("an assignment through numpy.{op}"));
            }
        })
    }

    /// `object[index] = value`.
    pub(super) fn set_item(
        &mut self,
        object: &Value<'c>,
        index: &Index<'c>,
        value: &Value<'c>,
    ) -> Captured<()> {
        let array = match object {
            Value::Array(array) => array,
            Value::Dict(dict) => {
                let dict = dict.clone();
                return self.set_in_dict(&dict, index, value);
            }
            Value::List(list) => {
                self.may_change(list.level)?;
                let key = self.object_index(index)?;
                let n = list.items.borrow().len();
                let place = self
                    .py
                    .import("builtins")?
                    .getattr("range")?
                    .call1((n,))?
                    .get_item(key)?;
                let place: usize = place.extract()?;
                list.items.borrow_mut()[place] = value.clone();
                return Ok(());
            }
            _ => return self.unsupported("an assignment to an item of this object"),
        };
        let items = self.items_of(index, array.ty.dims().len())?;
        let Some(dtype) = dtype_of(array.ty) else {
            return self.unsupported("an element type that NumPy does not have");
        };
        if items.arrays.is_empty() {
            self.check_assigned(value, dtype)?;
        }
        let value = self.stored(value, dtype)?;
        let contents = self.read(array)?;
        let new = match items.arrays.is_empty() {
            true => {
                let step = Step::Slice(items.items, items.bounds);
                self.replaced(contents, &[step], value)?
            }
            false => self.indexed("numpy.set_index", &[contents, value], &items)?,
        };
        self.write(array, new)
    }

    /// `np.add.at(array, index, value)` and its like.
    pub(super) fn ufunc_at(&mut self, name: &str, args: &[Value<'c>]) -> Captured<()> {
        let [Value::Array(array), index, value] = args else {
            return self.unsupported(format!("numpy.{name}.at of such arguments"));
        };
        let known = ["add", "subtract", "multiply", "maximum", "minimum"].contains(&name);
        let index = match index {
            Value::Tuple(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        let mut arrays = Vec::new();
        for value in &index {
            match self.array_index(value)? {
                Some(array) if self.dtype(array)? != DType::Bool => arrays.push(array),
                _ => return self.unsupported(format!("numpy.{name}.at of such an index")),
            }
        }
        let Some(dtype) = dtype_of(array.ty).filter(|_| known) else {
            return self.unsupported(format!("numpy.{name}.at"));
        };
        let contents = self.read(array)?;
        let operand = self.operand_at(name, value, dtype)?;
        let mut operands = vec![contents];
        operands.extend(arrays);
        operands.push(operand);
        let new = self.f.named(&format!("numpy.{name}_at"), &operands, &[]);
        let new = self.built(new)?;
        self.write(array, new)
    }

    /// The last operand of `numpy.{name}.at` in the array's type. NumPy computes in the type of both operands and casts
    /// each result; what that gives is compiled only where it is what the array's own type gives.
    fn operand_at(&mut self, name: &str, value: &Value<'c>, dtype: DType) -> Captured<Tensor<'c>> {
        let known = match value {
            Value::Array(_) => None,
            _ => self.concrete(value).ok(),
        };
        let known = match known {
            Some(object) => Some(self.plain_array(&object)?),
            None => None,
        };
        let found = match &known {
            Some(array) => self.dtype_named(&array.getattr("dtype")?)?,
            None => {
                let tensor = self.tensor(value)?;
                self.dtype(tensor)?
            }
        };
        let (own, other) = (self.dtype_object(dtype)?, self.dtype_object(found)?);
        let numpy = self.numpy()?;
        let common = numpy.call_method1("result_type", (&own, &other))?;
        let common = self.dtype_named(&common)?;
        let integers = is_integer(dtype) && is_integer(common);
        let float = |dtype| matches!(dtype, DType::F16 | DType::F32 | DType::F64);
        let same = common == dtype
            // Whatever is cut off in the end may be cut off before.
            || integers && ["add", "subtract", "multiply"].contains(&name)
            // To round twice to so different lengths is to round once.
            || match &known {
                Some(array) if integers || float(dtype) && float(common) => {
                    let kept = array.call_method1("astype", (&own,))?;
                    numpy.call_method1("array_equal", (array, kept))?.is_truthy()?
                }
                _ => false,
            };
        if !same {
            return self.unsupported(format!(
                "numpy.{name}.at of {} on an array of {}",
                found.name(),
                dtype.name()
            ));
        }
        self.tensor_as(value, dtype)
    }

    /// A value as elements of an array that it is assigned to: NumPy casts unsafely, but for complex numbers.
    pub(super) fn stored(&mut self, value: &Value<'c>, dtype: DType) -> Captured<Tensor<'c>> {
        let tensor = match value {
            Value::Object(object) => {
                let object = object.bind(self.py);
                if npir_dispatch::number_of(object).is_some() {
                    // Where the number does not fit, NumPy raises.
                    let arguments = (object, self.dtype_object(dtype)?);
                    self.numpy()?.call_method1("asarray", arguments)?;
                }
                return self.tensor_as(value, dtype);
            }
            _ => self.tensor(value)?,
        };
        let found = self.dtype(tensor)?;
        if found == dtype {
            return Ok(tensor);
        }
        if let Value::Number(kind, ..) = value
            && is_integer(dtype)
        {
            self.check_stored(value, *kind, dtype)?;
        }
        let complex = |dtype| matches!(dtype, DType::C64 | DType::C128);
        if complex(found) && !complex(dtype) {
            return self.unsupported("complex numbers assigned to an array of real ones");
        }
        let cast = self.f.cast(tensor, dtype);
        self.built(cast)
    }

    /// `array op= …`, where `new` is the result.
    pub(super) fn store_in_place(&mut self, array: &Array<'c>, new: &Value<'c>) -> Captured<()> {
        let old = Value::Array(array.clone());
        self.check_in_place(&old, new)?;
        let Some(dtype) = dtype_of(array.ty) else {
            return self.unsupported("an element type that NumPy does not have");
        };
        let value = self.tensor_as(new, dtype)?;
        let whole = vec![Item::ALL; array.ty.dims().len()];
        // The result may have the shape of an operand that is larger, which NumPy refuses.
        let contents = self.read(array)?;
        let new = self.replaced(contents, &[Step::Slice(whole, vec![])], value)?;
        self.write(array, new)
    }

    /// NumPy refuses results in place that lose their kind.
    pub(super) fn check_in_place(&mut self, old: &Value<'c>, new: &Value<'c>) -> Captured<()> {
        if !matches!(old, Value::Array(_)) {
            return Ok(());
        }
        let (old, new) = (self.tensor(old)?, self.tensor(new)?);
        let (from, to) = (
            self.dtype_object(self.dtype(new)?)?,
            self.dtype_object(self.dtype(old)?)?,
        );
        let fits = self
            .numpy()?
            .call_method1("can_cast", (&from, &to, "same_kind"))?
            .is_truthy()?;
        match fits {
            true => Ok(()),
            false => self.unsupported(format!("a result of type {from} in place of {to}")),
        }
    }
}

/// Whether what an index leaves of elements that lie row by row without gaps lies so, too: a part of the first dimension
/// that is no single position, and all of those behind it.
fn keeps_rows(items: &[Item]) -> bool {
    let mut first = true;
    items.iter().all(|item| match item {
        Item::NewAxis => true,
        Item::Index(_) => first,
        Item::Slice { step, .. } => {
            let plain = step.is_none_or(|step| step == npir::builder::Bound::Static(1));
            let kept = plain && (first || *item == Item::ALL);
            first = false;
            kept
        }
    })
}
