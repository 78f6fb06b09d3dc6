//! Values seen through views that only name, reorder and add dimensions.

use npir_egraph::{Class, Graph, NodeRef};
use npir_mlir::prelude::*;

use super::Numpy;
use crate::indexing::{Item, Items};
use crate::views;

/// A value as a view of another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// What is looked at.
    pub(crate) base: Class,
    /// For each dimension which one of the base it is; `None` for one of size 1 that the base has not.
    pub(crate) dims: Vec<Option<usize>>,
}

/// So many views are looked through at most.
const DEPTH: usize = 8;

impl View {
    /// `class` as a view of what is behind all views.
    pub(crate) fn of(graph: &Graph<Numpy<'_>>, class: Class) -> Self {
        let mut view = View {
            base: class,
            dims: (0..graph.fact(class).rank()).map(Some).collect(),
        };
        for _ in 0..DEPTH {
            let inner = graph.nodes(view.base).find_map(one_step);
            let Some(inner) = inner.filter(|inner| inner.base != view.base) else {
                break;
            };
            view.base = inner.base;
            for dim in &mut view.dims {
                *dim = dim.and_then(|d| inner.dims[d]);
            }
        }
        view
    }
}

/// The node as a view, if it is one.
fn one_step(node: NodeRef<'_, Numpy<'_>>) -> Option<View> {
    let axes = node.payload().attr("axes").and_then(I64Array::decode);
    let rank = node.payload().ty.rank();
    let dims = match node.op() {
        "numpy.transpose" => {
            let order = views::permutation(axes.as_deref(), rank).ok()?;
            order.into_iter().map(Some).collect()
        }
        "numpy.expand_dims" => {
            let axes = axes?;
            let new = views::expanded(&axes, rank - axes.len()).ok()?;
            numbered(new)
        }
        "numpy.slice" if node.num_children() == 1 => {
            let items = node.payload().attr("items").and_then(Items::decode)?;
            let new = |item: &Item| match item {
                Item::NewAxis => Some(true),
                item if *item == Item::ALL => Some(false),
                _ => None,
            };
            let mut new: Vec<_> = items.iter().map(new).collect::<Option<_>>()?;
            new.resize(rank, false);
            numbered(new)
        }
        _ => return None,
    };
    Some(View {
        base: node.child(0),
        dims,
    })
}

/// The dimensions that are not new, in order.
fn numbered(new: Vec<bool>) -> Vec<Option<usize>> {
    let mut next = 0..;
    let number = |is_new| if is_new { None } else { next.next() };
    new.into_iter().map(number).collect()
}
