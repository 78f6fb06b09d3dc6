//! Basic indexing `x[start:stop:step, i, None]`: the items of an index expression, how they are
//! stored on an op, which shape they select, and which elements, for `numpy.slice` and
//! `numpy.set_slice`.

use npir_mlir::assembly::Operands;
use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::shape::shape_text;
use crate::sizes::{self, Cond};

/// A number in an index expression: constant, or the next `index` operand of the op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Known in the program.
    Static(i64),
    /// An operand.
    Operand,
}

/// One item of an index expression. Missing bounds mean what they mean in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// `i`: one position, whose dimension disappears.
    Index(Bound),
    /// `start:stop:step`.
    Slice {
        /// First position, clamped to the array.
        start: Option<Bound>,
        /// End position, exclusive, clamped to the array.
        stop: Option<Bound>,
        /// Distance of positions, not zero; 1 where missing.
        step: Option<Bound>,
    },
    /// `None`: a new dimension of size 1.
    NewAxis,
}

impl Item {
    /// `:`, the whole dimension.
    pub const ALL: Item = Item::Slice {
        start: None,
        stop: None,
        step: None,
    };

    /// The bounds that the item mentions, in order.
    pub fn bounds(&self) -> impl Iterator<Item = Bound> {
        match *self {
            Item::Index(i) => [Some(i), None, None],
            Item::Slice { start, stop, step } => [start, stop, step],
            Item::NewAxis => [None; 3],
        }
        .into_iter()
        .flatten()
    }

    fn with_bounds<B>(self, mut next: impl FnMut(Bound) -> B) -> Resolved<B> {
        match self {
            Item::Index(i) => Resolved::Index(next(i)),
            Item::Slice { start, stop, step } => Resolved::Slice {
                start: start.map(&mut next),
                stop: stop.map(&mut next),
                step: step.map(&mut next),
            },
            Item::NewAxis => Resolved::NewAxis,
        }
    }
}

/// An item with its bounds filled in.
enum Resolved<B> {
    Index(B),
    Slice {
        start: Option<B>,
        stop: Option<B>,
        step: Option<B>,
    },
    NewAxis,
}

/// The attribute form of a list of items: an array with one entry per item, which is `unit` for a
/// new axis and a dense array for the others: `[i]` or `[mask, start, stop, step]`, where bit k of
/// `mask` says that bound k is present. `DYNAMIC` stands for an operand.
pub struct Items;

impl AttrCodec for Items {
    type Value<'c> = Vec<Item>;
    const DESCRIPTION: &'static str = "an index expression";

    fn encode<'c>(ctx: &'c Context, items: &Vec<Item>) -> Attribute<'c> {
        let raw = |b: Bound| match b {
            Bound::Static(n) => n,
            Bound::Operand => DYNAMIC,
        };
        let items: Vec<_> = items
            .iter()
            .map(|item| match *item {
                Item::Index(i) => ctx.i64_array(&[raw(i)]),
                Item::NewAxis => ctx.unit_attr(),
                Item::Slice { start, stop, step } => {
                    let parts = [start, stop, step];
                    let mask = (0..3).filter(|&k| parts[k].is_some()).map(|k| 1 << k).sum();
                    let [start, stop, step] = parts.map(|b| b.map_or(0, raw));
                    ctx.i64_array(&[mask, start, stop, step])
                }
            })
            .collect();
        ctx.array_attr(&items)
    }

    fn decode<'c>(attr: Attribute<'c>) -> Option<Vec<Item>> {
        let bound = |n: i64| {
            if n == DYNAMIC {
                Bound::Operand
            } else {
                Bound::Static(n)
            }
        };
        attr.as_array()?
            .into_iter()
            .map(|item| {
                if item.is_unit() {
                    return Some(Item::NewAxis);
                }
                match *I64Array::decode(item)?.as_slice() {
                    [i] => Some(Item::Index(bound(i))),
                    [mask @ 0..8, a, b, c] => {
                        let part = |k: u32, n| (mask & (1 << k) != 0).then(|| bound(n));
                        let (start, stop, step) = (part(0, a), part(1, b), part(2, c));
                        Some(Item::Slice { start, stop, step })
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

/// What a slice with static bounds selects along a dimension of size `n`: the first position and
/// the number of positions. This is CPython's `PySlice_AdjustIndices`.
pub(crate) fn adjust(n: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> (i64, i64) {
    let (low, high) = if step < 0 { (-1, n - 1) } else { (0, n) };
    let clamp = |b: i64| {
        if b < 0 {
            (b.saturating_add(n)).max(low)
        } else {
            b.min(high)
        }
    };
    let (first, last) = if step < 0 { (high, low) } else { (low, high) };
    let start = start.map_or(first, clamp);
    let stop = stop.map_or(last, clamp);
    let span = if step < 0 { start - stop } else { stop - start };
    let stride = step.unsigned_abs();
    (
        start,
        if span <= 0 {
            0
        } else {
            ((span as u64 - 1) / stride) as i64 + 1
        },
    )
}

/// The shape that an index expression selects, given as its attribute and the number of operand
/// bounds.
///
/// # Errors
/// As [`selected_dims`]; a missing or malformed attribute; too few or many operands.
pub fn infer(
    dims: &[i64],
    items: Option<Attribute<'_>>,
    num_operands: usize,
) -> Result<Vec<i64>, String> {
    let items = items
        .and_then(Items::decode)
        .ok_or("needs an index expression")?;
    let wanted = items
        .iter()
        .flat_map(Item::bounds)
        .filter(|&b| b == Bound::Operand)
        .count();
    if wanted != num_operands {
        return Err(format!(
            "has {wanted} bounds in operands, but {num_operands} operands"
        ));
    }
    selected_dims(dims, &items)
}

/// The shape that `items` select from an array of shape `dims`.
///
/// # Errors
/// More items than dimensions, a step of zero, an index out of bounds.
pub fn selected_dims(dims: &[i64], items: &[Item]) -> Result<Vec<i64>, String> {
    let consumed = items.iter().filter(|item| **item != Item::NewAxis).count();
    if consumed > dims.len() {
        return Err(format!(
            "too many indices for array: array is {}-dimensional, but {consumed} were indexed",
            dims.len()
        ));
    }
    let mut result = Vec::new();
    let mut axis = 0;
    for item in items {
        match *item {
            Item::NewAxis => {
                result.push(1);
                continue;
            }
            Item::Index(Bound::Static(i)) if dims[axis] != DYNAMIC => {
                let n = dims[axis];
                if i < -n || i >= n {
                    return Err(format!(
                        "index {i} is out of bounds for axis {axis} with size {n}: \
                         array has shape {}",
                        shape_text(dims)
                    ));
                }
            }
            Item::Index(_) => {}
            Item::Slice { start, stop, step } => {
                if step == Some(Bound::Static(0)) {
                    return Err("slice step cannot be zero".to_string());
                }
                result.push(slice_dim(dims[axis], start, stop, step));
            }
        }
        axis += 1;
    }
    result.extend(&dims[axis..]);
    Ok(result)
}

/// The size of a slice where it is known statically.
fn slice_dim(n: i64, start: Option<Bound>, stop: Option<Bound>, step: Option<Bound>) -> i64 {
    let fixed = |bound: Option<Bound>| match bound {
        None => Some(None),
        Some(Bound::Static(b)) => Some(Some(b)),
        Some(Bound::Operand) => None,
    };
    match (fixed(start), fixed(stop), fixed(step)) {
        (Some(start), Some(stop), Some(step)) if n != DYNAMIC => {
            adjust(n, start, stop, step.unwrap_or(1)).1
        }
        _ => DYNAMIC,
    }
}

/// The elements that items select, as a view: offsets per source dimension, then for each result
/// dimension its size, its step and the source dimension it walks (-1 for a new axis).
pub struct Selection<'c> {
    /// One per source dimension.
    pub offsets: Vec<OpFold<'c>>,
    /// One per result dimension.
    pub sizes: Vec<OpFold<'c>>,
    /// One per result dimension.
    pub steps: Vec<OpFold<'c>>,
    /// One per result dimension.
    pub dims: Vec<i64>,
}

/// Works out what `items` select from `source`, with run-time checks named after `op_name`.
/// `operands` are the values of the operand bounds, in order.
pub fn select<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    source: Val<'c>,
    items: &[Item],
    operands: &[Val<'c>],
) -> Selection<'c> {
    let rank = source.ty().rank();
    let mut values = operands.iter().copied();
    let mut fill = |bound: Bound| match bound {
        Bound::Static(n) => OpFold::Static(n),
        Bound::Operand => values.next().map_or(OpFold::Static(0), OpFold::Value),
    };
    let mut selection = Selection {
        offsets: vec![OpFold::Static(0); rank],
        sizes: Vec::new(),
        steps: Vec::new(),
        dims: Vec::new(),
    };
    let mut push = |size, step, dim| {
        selection.sizes.push(size);
        selection.steps.push(step);
        selection.dims.push(dim);
    };
    let mut axis = 0;
    for item in items {
        match item.with_bounds(&mut fill) {
            Resolved::NewAxis => {
                push(OpFold::Static(1), OpFold::Static(0), -1);
                continue;
            }
            Resolved::Index(i) => {
                let n = sizes::of(rw, source, axis);
                selection.offsets[axis] = position(rw, op_name, axis, i, n);
            }
            Resolved::Slice { start, stop, step } => {
                let n = sizes::of(rw, source, axis);
                let (offset, size, step) = slice(rw, op_name, n, start, stop, step);
                selection.offsets[axis] = offset;
                push(size, step, axis as i64);
            }
        }
        axis += 1;
    }
    for rest in axis..rank {
        push(sizes::of(rw, source, rest), OpFold::Static(1), rest as i64);
    }
    selection
}

/// The position of index `i` along a dimension of size `n`, checked; negative ones count from the
/// end.
pub fn position<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    axis: usize,
    i: OpFold<'c>,
    n: OpFold<'c>,
) -> OpFold<'c> {
    let zero = OpFold::Static(0);
    let negative = sizes::compare(rw, CmpI::Slt, i, zero);
    let from_end = match negative {
        Cond::Known(false) => i,
        _ => sizes::add(rw, i, n),
    };
    let wrapped = sizes::select(rw, negative, from_end, i);
    // As unsigned numbers: a position below zero is a huge one.
    let inside = sizes::compare(rw, CmpI::Ult, wrapped, n);
    let message = format!("{op_name}: index {{}} is out of bounds for axis {axis} with size {{}}");
    sizes::check(rw, inside, CheckKind::IndexOutOfBounds, &message, &[i, n]);
    wrapped
}

/// Offset, size and step of a slice of a dimension of size `n`: CPython's
/// `PySlice_AdjustIndices` on values.
fn slice<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    n: OpFold<'c>,
    start: Option<OpFold<'c>>,
    stop: Option<OpFold<'c>>,
    step: Option<OpFold<'c>>,
) -> (OpFold<'c>, OpFold<'c>, OpFold<'c>) {
    let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
    let mut step = step.unwrap_or(one);
    if let OpFold::Value(_) = step {
        let nonzero = sizes::compare(rw, CmpI::Ne, step, zero);
        let message = format!("{op_name}: slice step cannot be zero");
        sizes::check(rw, nonzero, CheckKind::ValueError, &message, &[]);
        // As CPython does, so that the step can be negated.
        step = sizes::max(rw, step, OpFold::Static(-i64::MAX));
    }
    let backward = sizes::compare(rw, CmpI::Slt, step, zero);
    let last = sizes::sub(rw, n, one);
    let low = sizes::select(rw, backward, OpFold::Static(-1), zero);
    let high = sizes::select(rw, backward, last, n);
    let clamp = |b: OpFold<'c>| {
        let negative = sizes::compare(rw, CmpI::Slt, b, zero);
        let below = || {
            let moved = sizes::add(rw, b, n);
            sizes::max(rw, moved, low)
        };
        match negative {
            Cond::Known(true) => below(),
            Cond::Known(false) => match (b, backward) {
                (OpFold::Static(0), Cond::Known(false)) => b,
                _ => sizes::min(rw, b, high),
            },
            Cond::Value(_) => {
                let (below, above) = (below(), sizes::min(rw, b, high));
                sizes::select(rw, negative, below, above)
            }
        }
    };
    let start = match start {
        None => sizes::select(rw, backward, high, low),
        Some(bound) => clamp(bound),
    };
    let stop = match stop {
        None => sizes::select(rw, backward, low, high),
        Some(bound) => clamp(bound),
    };
    // From the start: the clamped end is the size.
    if let (OpFold::Static(0), OpFold::Static(1)) = (start, step) {
        return (start, stop, step);
    }
    let (ahead, back) = (sizes::sub(rw, stop, start), sizes::sub(rw, start, stop));
    let span = sizes::select(rw, backward, back, ahead);
    let negated = sizes::sub(rw, zero, step);
    let stride = sizes::select(rw, backward, negated, step);
    let size = match stride {
        OpFold::Static(1) => sizes::max(rw, span, zero),
        _ => {
            // span <= 0: nothing. Otherwise (span - 1) / stride + 1, and stride >= 1 unless the
            // check above has failed.
            let some = sizes::compare(rw, CmpI::Sgt, span, zero);
            let less = sizes::sub(rw, span, one);
            let positive = sizes::max(rw, stride, one);
            let whole = sizes::divide(rw, less, positive);
            let count = sizes::add(rw, whole, one);
            sizes::select(rw, some, count, zero)
        }
    };
    (start, size, step)
}

/// Parses `[1:%n:2, ::-1, %i, newaxis]`; operands go to `bounds`.
pub(crate) fn parse(p: &mut Parser<'_>, bounds: &Operands) -> Parsed<Vec<Item>> {
    let mut items = Vec::new();
    p.literal("[")?;
    if p.optional_literal("]") {
        return Ok(items);
    }
    loop {
        items.push(parse_item(p, bounds)?);
        if !p.optional_literal(",") {
            break;
        }
    }
    p.literal("]")?;
    Ok(items)
}

pub(crate) fn parse_item(p: &mut Parser<'_>, bounds: &Operands) -> Parsed<Item> {
    if p.optional_literal("newaxis") {
        return Ok(Item::NewAxis);
    }
    let start = parse_bound(p, bounds)?;
    if !p.optional_literal(":") {
        return match start {
            Some(i) => Ok(Item::Index(i)),
            None => p.error("expected a position, a slice or newaxis"),
        };
    }
    let stop = parse_bound(p, bounds)?;
    let step = if p.optional_literal(":") {
        parse_bound(p, bounds)?
    } else {
        None
    };
    Ok(Item::Slice { start, stop, step })
}

fn parse_bound(p: &mut Parser<'_>, bounds: &Operands) -> Parsed<Option<Bound>> {
    if p.optional_operand_into(bounds)? {
        return Ok(Some(Bound::Operand));
    }
    Ok(p.optional_integer()?.map(Bound::Static))
}

/// Prints what [`parse`] reads; `bounds` are the operands.
pub(crate) fn print<'c>(p: &mut Printer<'c>, items: &[Item], bounds: &[Val<'c>]) {
    let mut bounds = bounds.iter().copied();
    p.text("[");
    for (i, &item) in items.iter().enumerate() {
        if i > 0 {
            p.text(", ");
        }
        print_item(p, item, &mut bounds);
    }
    p.text("]");
}

/// Prints one item, with the next of `bounds` for each operand.
pub(crate) fn print_item<'c>(
    p: &mut Printer<'c>,
    item: Item,
    bounds: &mut impl Iterator<Item = Val<'c>>,
) {
    let mut bound = |p: &mut Printer<'c>, b: Option<Bound>| match b {
        None => {}
        Some(Bound::Static(n)) => p.text(&n.to_string()),
        Some(Bound::Operand) => {
            if let Some(v) = bounds.next() {
                p.operand(v);
            }
        }
    };
    match item {
        Item::NewAxis => p.text("newaxis"),
        Item::Index(i) => bound(p, Some(i)),
        Item::Slice { start, stop, step } => {
            bound(p, start);
            p.text(":");
            bound(p, stop);
            if step.is_some() {
                p.text(":");
                bound(p, step);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(n: i64) -> Option<Bound> {
        Some(Bound::Static(n))
    }

    #[test]
    fn slices_are_pythons() {
        // (n, start, stop, step) -> (first, count), as `range(n)[start:stop:step]` has it.
        assert_eq!(adjust(10, Some(2), Some(8), 3), (2, 2));
        assert_eq!(adjust(10, None, None, -1), (9, 10));
        assert_eq!(adjust(10, Some(-3), None, 1), (7, 3));
        assert_eq!(adjust(10, Some(100), Some(-100), -4), (9, 3));
        assert_eq!(adjust(10, Some(5), Some(2), 1), (5, 0));
        assert_eq!(adjust(0, None, None, -1).1, 0);
        assert_eq!(adjust(5, None, None, i64::MIN), (4, 1));
        assert_eq!(adjust(5, Some(i64::MIN), Some(i64::MAX), 1), (0, 5));
    }

    #[test]
    fn items_select_a_shape() {
        let step = Item::Slice {
            start: None,
            stop: None,
            step: stat(2),
        };
        let index = Item::Index(Bound::Static(-1));
        assert_eq!(selected_dims(&[5, 4, 3], &[step, index]), Ok(vec![3, 3]));
        assert_eq!(
            selected_dims(&[5], &[Item::NewAxis, Item::ALL]),
            Ok(vec![1, 5])
        );
        assert_eq!(selected_dims(&[DYNAMIC], &[step]), Ok(vec![DYNAMIC]));
        assert!(selected_dims(&[5], &[Item::ALL, index]).is_err());
        assert!(selected_dims(&[5], &[Item::Index(Bound::Static(5))]).is_err());
        let zero = Item::Slice {
            start: None,
            stop: None,
            step: stat(0),
        };
        assert!(selected_dims(&[5], &[zero]).is_err());
    }
}
