//! Matrices with one 1 in each row, in which numbers and the positions where they stand are the same: what rules read
//! labels from.

use npir_egraph::Class;
use npir_mlir::prelude::*;

use super::build::{Place, expanded, number, with, zeros};
use crate::cast;
use crate::elementwise::dtype::DType;
use crate::full::{Full, Iota};
use crate::indexing::{Bound, Item, Items};
use crate::optimize::{Fact, Payload, Size, View};

/// How many numbers there are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Count {
    /// So many.
    Known(i64),
    /// A size that only the run knows, and the `index` that is it.
    Of(Size, Class),
}

impl Count {
    /// As a size.
    pub(super) fn size(self) -> Size {
        match self {
            Count::Known(n) => Size::Known(n),
            Count::Of(size, _) => size,
        }
    }
}

/// The bools [l = i] for a vector of labels l and the numbers i = 0, 1, … below `count`.
#[derive(Clone, Copy)]
pub(super) struct OneHot {
    /// The labels, a vector of integers.
    pub(super) labels: Class,
    /// How many numbers there are.
    pub(super) count: Count,
    /// The axis along which the labels change.
    pub(super) along: usize,
    /// The axis along which the numbers change.
    pub(super) across: usize,
}

/// Whether every label is one of the numbers.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Labels {
    /// Every one.
    AllCounted,
    /// There may be others.
    Any,
}

/// The axis of a value of `rank` dimensions along which it walks a vector; along the others it is repeated.
fn vector_axis(view: &View, rank: usize) -> Option<usize> {
    // Dimensions are counted from the last one.
    let lead = rank.checked_sub(view.dims.len())?;
    let mut walked = (0..view.dims.len()).filter(|&axis| view.dims[axis].is_some());
    let axis = walked.next()?;
    walked.next().is_none().then_some(lead + axis)
}

/// How many numbers a vector 0, 1, 2, … has; `None` for any other.
fn counting(m: &Place<'_, '_>, class: Class) -> Option<Count> {
    let fact = m.fact(class);
    let dtype = fact.dtype().filter(|dtype| dtype.is_int())?;
    let mut nodes = m.graph().nodes(class);
    match *fact.sizes.first()? {
        Size::Known(n) if dtype.wrap(n) == n => nodes
            .any(|node| match node.op() {
                Iota::NAME => true,
                "numpy.arange" => m.fact(node.child(0)).is(0.0) && m.fact(node.child(1)).is(1.0),
                _ => false,
            })
            .then_some(Count::Known(n)),
        // No array has more elements than these integers count.
        size @ Size::Of { .. } if dtype == DType::Int(64) => {
            let iota = nodes.find(|node| node.op() == Iota::NAME && node.num_children() == 1)?;
            (m.fact(iota.child(0)).size == Some(size)).then(|| Count::Of(size, iota.child(0)))
        }
        _ => None,
    }
}

impl OneHot {
    /// What bools are [l = i] of; the axes are those of the value.
    pub(super) fn of(m: &Place<'_, '_>, class: Class) -> Option<Self> {
        let graph = m.graph();
        let outer = View::of(graph, class);
        let inner = graph.fact(outer.base).rank();
        let seen = |axis: usize| outer.dims.iter().position(|dim| *dim == Some(axis));
        let mut nodes = graph.nodes(outer.base);
        let equal = nodes.find(|node| node.op() == "numpy.equal")?;
        let (first, second) = (equal.child(0), equal.child(1));
        [(first, second), (second, first)]
            .into_iter()
            .find_map(|(labels, numbers)| {
                let (labels, numbers) = (View::of(graph, labels), View::of(graph, numbers));
                let along = vector_axis(&labels, inner)?;
                let across = vector_axis(&numbers, inner)?;
                let count = counting(m, numbers.base)?;
                (along != across).then_some(OneHot {
                    labels: labels.base,
                    count,
                    along: seen(along)?,
                    across: seen(across)?,
                })
            })
    }

    /// The same of the numbers 0 and 1 that bools were cast to.
    pub(super) fn of_numbers(m: &Place<'_, '_>, class: Class) -> Option<Self> {
        let graph = m.graph();
        let outer = View::of(graph, class);
        let mut nodes = graph.nodes(outer.base);
        let cast = nodes.find(|node| node.op() == cast::NAME)?;
        let own = Self::of(m, cast.child(0))?;
        let seen = |axis: usize| outer.dims.iter().position(|dim| *dim == Some(axis));
        Some(OneHot {
            along: seen(own.along)?,
            across: seen(own.across)?,
            ..own
        })
    }

    /// Whether labels are known to be among the numbers.
    pub(super) fn labels(&self, m: &Place<'_, '_>) -> Labels {
        let fact = m.fact(self.labels);
        let counted = match (self.count, fact.bounds) {
            (Count::Known(count), Some((low, high))) => low >= 0 && high < count,
            (Count::Of(size, _), _) => fact.below == Some(size),
            _ => false,
        };
        match counted {
            true => Labels::AllCounted,
            false => Labels::Any,
        }
    }

    /// Σ of the rows of `values` with each label, of shape (count, …): labels that are no number add nothing.
    pub(super) fn sums(&self, m: &mut Place<'_, '_>, values: Class) -> Option<Class> {
        let fact = m.fact(values);
        let dtype = fact.dtype()?;
        let rest: Vec<_> = fact.ty().dims().get(1..)?.to_vec();
        self.added(m, values, dtype, &rest)
    }

    /// How often each number is a label.
    pub(super) fn counts(&self, m: &mut Place<'_, '_>) -> Option<Class> {
        let long = DType::Int(64);
        let one = number(m, long, 1.0)?;
        self.added(m, one, long, &[])
    }

    /// Zeros of shape (count, rest…) with `values` added at the labels.
    fn added(
        &self,
        m: &mut Place<'_, '_>,
        values: Class,
        dtype: DType,
        rest: &[i64],
    ) -> Option<Class> {
        if rest.contains(&DYNAMIC) {
            return None;
        }
        let (known, of_labels) = (self.labels(m), m.fact(self.labels).dtype()?);
        let count = match self.count {
            Count::Known(count) => count,
            Count::Of(_, count) if known == Labels::AllCounted => {
                let zero = number(m, dtype, 0.0)?;
                let shape = m.domain().ctx().i64_array(&[&[DYNAMIC], rest].concat());
                let zeros = with(m, Full::NAME, &[("shape", shape)], &[zero, count])?;
                return with(m, "numpy.add_at", &[], &[zeros, self.labels, values]);
            }
            Count::Of(..) => return None,
        };
        let rows = match known {
            Labels::AllCounted => count,
            Labels::Any => count + 1,
        };
        let zeros = zeros(m, dtype, &[&[rows], rest].concat())?;
        if known == Labels::AllCounted {
            return with(m, "numpy.add_at", &[], &[zeros, self.labels, values]);
        }
        // A row of their own for the others, which is cut off.
        let zero = number(m, of_labels, 0.0)?;
        let numbers = number(m, of_labels, count as f64)?;
        let low = m.build("numpy.greater_equal", None, &[self.labels, zero])?;
        let high = m.build("numpy.less", None, &[self.labels, numbers])?;
        let counted = m.build("numpy.logical_and", None, &[low, high])?;
        let places = m.build("numpy.where", None, &[counted, self.labels, numbers])?;
        let sums = with(m, "numpy.add_at", &[], &[zeros, places, values])?;
        let items = vec![Item::Slice {
            start: None,
            stop: Some(Bound::Static(count)),
            step: None,
        }];
        let items = Items::encode(m.domain().ctx(), &items);
        with(m, "numpy.slice", &[("items", items)], &[sums])
    }
}

/// [l = i] as numbers of a type, a row for each label.
pub(super) fn rows<'c>(
    m: &mut Place<'_, 'c>,
    labels: Class,
    numbers: Class,
    element: Type<'c>,
) -> Option<Class> {
    let column = expanded(m, labels, &[1])?;
    let equal = m.build("numpy.equal", None, &[column, numbers])?;
    converted(m, equal, element)
}

/// A value cast to an element type; itself where it has that.
pub(super) fn converted<'c>(m: &mut Place<'_, 'c>, x: Class, element: Type<'c>) -> Option<Class> {
    let fact: &Fact<'c> = m.fact(x);
    let ty = fact.ty();
    if ty.element() == element {
        return Some(x);
    }
    let ctx = m.domain().ctx();
    let payload = Payload {
        attrs: ctx.dict_attr(&[]),
        ty: ctx.tensor(&ty.dims(), element),
    };
    Some(m.add(cast::NAME, payload, &[x]))
}
