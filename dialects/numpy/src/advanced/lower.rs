//! Indexing with arrays at the tensor level: one generic that extracts, or one scatter.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Scatter, View};

use super::{Index, Parts, Plan, SetIndex};
use crate::along::{counted, spread, unravel};
use crate::at::common_shape;
use crate::axes::flat;
use crate::elementwise::convert::load;
use crate::elementwise::dtype::DType;
use crate::indexing::{self, Item, Items, Selection};
use crate::indices::Positions;
use crate::lowering::{self, Along};
use crate::masks::Chosen;
use crate::sizes;
use crate::slice::fitted;

/// An index expression at the tensor level.
struct Lowered<'c> {
    plan: Plan,
    selection: Selection<'c>,
    /// For each dimension of the selection that an array stands for: dimension, positions.
    listed: Vec<(usize, Positions<'c>)>,
    /// The shape of the arrays together.
    common: Vec<OpFold<'c>>,
}

impl<'c> Lowered<'c> {
    fn of(
        op: Op<'c>,
        cx: &ConvertCx<'_, 'c>,
        rw: Rewriter<'c>,
        leading: usize,
    ) -> Result<Self, NoMatch> {
        let (name, x) = (op.name(), cx.operand(0));
        let segments = op.attr("operandSegmentSizes");
        let parts = Parts::cut(cx.operands, leading, segments).map_err(NoMatch::new)?;
        let items = op.attr("items").and_then(Items::decode).unwrap_or_default();
        let places = op
            .attr("places")
            .and_then(I64Array::decode)
            .unwrap_or_default();
        let types = &op.operand_types()[leading..leading + parts.arrays.len()];
        let plan = Plan::new(&items, &places, types, x.ty().rank()).map_err(NoMatch::new)?;
        let selection = indexing::select(rw, name, x, &plan.items, &parts.bounds);
        let by_array: Vec<_> = (0..plan.by_array.len())
            .filter(|&d| plan.by_array[d])
            .collect();
        let mut dims = by_array.into_iter();
        let mut listed = Vec::new();
        for (k, &(axis, depth)) in plan.stands.iter().enumerate() {
            let own: Vec<_> = (axis..axis + depth).map(|d| sizes::of(rw, x, d)).collect();
            if DType::of(types[k]) != Some(DType::Bool) {
                let positions = Positions::of_operand(op, cx, rw, leading + k)?;
                positions.check(rw, name, axis, own[0]);
                listed.extend(dims.next().map(|d| (d, positions)));
                continue;
            }
            let mask = parts.arrays[k];
            check_mask(rw, name, mask, axis, &own);
            let found = Chosen::of(rw, flat(rw, mask)).positions(rw, name);
            for (positions, &n) in unravel(rw, found, &own).into_iter().zip(&own) {
                listed.extend(dims.next().map(|d| (d, Positions::known(positions, n))));
            }
        }
        let arrays: Vec<_> = listed
            .iter()
            .map(|(_, positions)| positions.array)
            .collect();
        let common = common_shape(rw, name, &arrays);
        Ok(Lowered {
            plan,
            selection,
            listed,
            common,
        })
    }

    /// The shape of what is selected.
    fn shape(&self) -> Vec<OpFold<'c>> {
        self.plan.placed(&self.selection.sizes, &self.common)
    }

    /// The dimensions of the result that are those of the arrays together.
    fn common_dims(&self) -> Vec<usize> {
        (self.plan.at..self.plan.at + self.common.len()).collect()
    }
}

/// Checks at run time that a mask has the sizes of the dimensions that it stands for.
fn check_mask<'c>(rw: Rewriter<'c>, name: &str, mask: Val<'c>, axis: usize, own: &[OpFold<'c>]) {
    for (i, &n) in own.iter().enumerate() {
        let size = sizes::of(rw, mask, i);
        let same = sizes::equal(rw, size, n);
        let message = format!(
            "{name}: boolean index did not match indexed array along axis {}; size of axis is {{}} \
             but size of corresponding boolean axis is {{}}",
            axis + i
        );
        sizes::check(rw, same, CheckKind::IndexOutOfBounds, &message, &[n, size]);
    }
}

/// The mask of an expression that is one mask of the whole array.
fn whole_mask<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, leading: usize) -> Option<Val<'c>> {
    let mask = op.operand(leading).ty();
    let alone = op.num_operands() == leading + 1
        && op.attr("items").and_then(Items::decode)?.is_empty()
        && DType::of(mask) == Some(DType::Bool)
        && mask.rank() == op.operand(0).ty().rank()
        && mask.rank() > 0;
    alone.then(|| cx.operand(leading))
}

pub(super) fn lower_index<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let x = cx.operand(0);
    if let Some(mask) = whole_mask(op, cx, 1) {
        let own = sizes::all_of(rw, x);
        check_mask(rw, Index::NAME, mask, 0, &own);
        let found = Chosen::of(rw, flat(rw, mask)).elements(rw, Index::NAME, flat(rw, x));
        return lowering::replace(rw, op, cx, found);
    }
    let lowered = Lowered::of(op, cx, rw, 1)?;
    let Selection {
        offsets,
        sizes: selected,
        steps,
        dims,
    } = &lowered.selection;
    let view = View::create(rw, x, offsets, selected, steps, dims);
    let (shape, ctx) = (lowered.shape(), rw.ctx());
    let rank = shape.len();
    let dest = lowering::empty(rw, &shape, x.ty().element());
    let arrays: Vec<_> = lowered
        .listed
        .iter()
        .map(|(_, positions)| lowering::broadcast(rw, positions.array, &lowered.common))
        .collect();
    let walks: Vec<_> = lowered.common_dims().into_iter().map(Along::Loop).collect();
    let mut maps = vec![lowering::map(ctx, rank, &walks); arrays.len()];
    maps.push(lowering::identity_map(ctx, rank));
    let kept = lowered.plan.kept(lowered.common.len());
    let extents: Vec<_> = lowered
        .listed
        .iter()
        .map(|(d, _)| sizes::value(rw, selected[*d]))
        .collect();
    let iters = vec![Iter::Parallel; rank];
    let generic = rw.linalg_generic(&arrays, &[dest], &maps, &iters, |rw, args| {
        let mut coords: Vec<_> = kept
            .iter()
            .map(|d| rw.linalg_index(d.unwrap_or(0)))
            .collect();
        for (k, (d, positions)) in lowered.listed.iter().enumerate() {
            coords[*d] = positions.resolve(rw, args[k], extents[k]);
        }
        vec![rw.tensor_extract(view, &coords)]
    });
    lowering::replace(rw, op, cx, generic.result_value(0))
}

pub(super) fn lower_set_index<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (x, value) = (cx.operand(0), cx.operand(1));
    let name = SetIndex::NAME;
    let own = sizes::all_of(rw, x);
    let single = value.ty().dims().iter().all(|&n| n == 1);
    if let Some(mask) = whole_mask(op, cx, 2).filter(|_| single) {
        check_mask(rw, name, mask, 0, &own);
        let zeros: Vec<_> = vec![rw.const_index(0); value.ty().rank()];
        let new = rw.tensor_extract(value, &zeros);
        let mask = lowering::broadcast(rw, mask, &own);
        let result = lowering::elementwise(rw, &[mask, x], &own, x.ty().element(), |rw, args| {
            rw.select(load(rw, args[0], DType::Bool), new, args[1])
        });
        return lowering::replace(rw, op, cx, result);
    }
    let lowered = Lowered::of(op, cx, rw, 2)?;
    let shape = lowered.shape();
    let values = fitted(
        rw,
        &format!("{name}: shape mismatch: value array of shape"),
        "could not be broadcast to indexing result of shape",
        value,
        &shape,
    );
    let places = match leading_places(rw, &lowered) {
        Some(places) => places,
        None => all_places(rw, &lowered, &own, &shape),
    };
    let result = Scatter::create(rw, x, &places, values, |_, _, new| new);
    lowering::replace(rw, op, cx, result)
}

/// The positions of arrays that stand for the first dimensions, where all others are whole.
fn leading_places<'c>(rw: Rewriter<'c>, lowered: &Lowered<'c>) -> Option<Vec<Val<'c>>> {
    let first = lowered.listed.iter().enumerate().all(|(k, (d, _))| k == *d);
    let whole = lowered.plan.items.iter().all(|item| *item == Item::ALL);
    (first && whole).then(|| {
        lowered
            .listed
            .iter()
            .map(|(d, positions)| {
                positions.resolve_all(rw, &lowered.common, lowered.selection.sizes[*d])
            })
            .collect()
    })
}

/// The position along every dimension of the array of every element that is selected.
fn all_places<'c>(
    rw: Rewriter<'c>,
    lowered: &Lowered<'c>,
    own: &[OpFold<'c>],
    shape: &[OpFold<'c>],
) -> Vec<Val<'c>> {
    let i64_ty = rw.ctx().i(64);
    let selection = &lowered.selection;
    let kept = lowered.plan.kept(lowered.common.len());
    (0..own.len())
        .map(|axis| {
            let selected = selection.dims.iter().position(|&d| d == axis as i64);
            let Some(d) = selected else {
                // A single position.
                let at = rw.index_cast(sizes::value(rw, selection.offsets[axis]), i64_ty);
                let at = rw.tensor_from_elements(&[at], rw.ctx().tensor(&[], i64_ty));
                return spread(rw, at, shape, &[]);
            };
            if let Some((_, positions)) = lowered.listed.iter().find(|(l, _)| *l == d) {
                let at = positions.resolve_all(rw, &lowered.common, own[axis]);
                return spread(rw, at, shape, &lowered.common_dims());
            }
            // Dimensions without an array are those of the result.
            let dim = kept[d].unwrap_or(0);
            counted(rw, shape, dim, selection.offsets[axis], selection.steps[d])
        })
        .collect()
}
