//! Matrices with one 1 in each row, in which numbers and the positions where they stand are the same: what rules read
//! labels from.

use npir_egraph::Class;
use npir_mlir::prelude::*;

use super::build::{Place, expanded, number, with, zeros};
use crate::cast;
use crate::elementwise::dtype::DType;
use crate::indexing::{Bound, Item, Items};
use crate::optimize::{Fact, Payload, Size, View};

/// The bools [l = i] for a vector of labels l and the numbers i = 0, 1, … below `count`.
#[derive(Clone, Copy)]
pub(super) struct OneHot {
    /// The labels, a vector of integers.
    pub(super) labels: Class,
    /// How many numbers there are.
    pub(super) count: i64,
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

/// Whether a vector is 0, 1, 2, …
fn is_counting(m: &Place<'_, '_>, class: Class) -> bool {
    let fact = m.fact(class);
    let fits = match (fact.dtype(), fact.sizes.first()) {
        (Some(dtype), Some(&Size::Known(n))) => dtype.is_int() && dtype.wrap(n) == n,
        _ => false,
    };
    let counts = |node: npir_egraph::NodeRef<'_, _>| match node.op() {
        "numpy.iota" => true,
        "numpy.arange" => m.fact(node.child(0)).is(0.0) && m.fact(node.child(1)).is(1.0),
        _ => false,
    };
    fits && m.graph().nodes(class).any(counts)
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
                let Size::Known(count) = *graph.fact(numbers.base).sizes.first()? else {
                    return None;
                };
                (along != across && is_counting(m, numbers.base)).then_some(OneHot {
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
        match m.fact(self.labels).bounds {
            Some((low, high)) if low >= 0 && high < self.count => Labels::AllCounted,
            _ => Labels::Any,
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
        let rows = match known {
            Labels::AllCounted => self.count,
            Labels::Any => self.count + 1,
        };
        let zeros = zeros(m, dtype, &[&[rows], rest].concat())?;
        if known == Labels::AllCounted {
            return with(m, "numpy.add_at", &[], &[zeros, self.labels, values]);
        }
        // A row of their own for the others, which is cut off.
        let zero = number(m, of_labels, 0.0)?;
        let count = number(m, of_labels, self.count as f64)?;
        let low = m.build("numpy.greater_equal", None, &[self.labels, zero])?;
        let high = m.build("numpy.less", None, &[self.labels, count])?;
        let counted = m.build("numpy.logical_and", None, &[low, high])?;
        let places = m.build("numpy.where", None, &[counted, self.labels, count])?;
        let sums = with(m, "numpy.add_at", &[], &[zeros, places, values])?;
        let items = vec![Item::Slice {
            start: None,
            stop: Some(Bound::Static(self.count)),
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
