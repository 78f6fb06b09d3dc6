//! Contractions of labelled dimensions: what `einsum` says in letters and `dot`, `tensordot` and others by position.
//! One `linalg.generic` each, whose loops are the labels of the result and then those that are summed over.

use npir_mlir::prelude::*;
use npir_tensor::{ABSORBING, ASSOCIATIVE, CheckKind, View};

use crate::cast;
use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering::{self, Along};
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;

/// The name of a dimension; equal names walk together.
pub(crate) type Label = u32;

/// A sum of products of elements: of each input the labels of its dimensions, and those of the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Contraction {
    pub(crate) inputs: Vec<Vec<Label>>,
    pub(crate) output: Vec<Label>,
    /// Whether a size of 1 is repeated where another input has more.
    pub(crate) broadcasts: bool,
}

impl Contraction {
    /// The labels in the order of the loops: those of the result, then the others as they come.
    pub(crate) fn loops(&self) -> Vec<Label> {
        let mut loops = self.output.clone();
        for &label in self.inputs.iter().flatten() {
            if !loops.contains(&label) {
                loops.push(label);
            }
        }
        loops
    }

    /// The size of a label in shapes, as far as they say it.
    ///
    /// # Errors
    /// That shapes disagree.
    fn size(&self, label: Label, shapes: &[Vec<i64>]) -> Result<i64, String> {
        let mut size = None;
        for (labels, dims) in self.inputs.iter().zip(shapes) {
            let own = labels.iter().zip(dims).filter(|(l, _)| **l == label);
            for (_, &n) in own {
                size = Some(match (size, n) {
                    (None, n) => n,
                    (Some(1), n) | (Some(n), 1) if self.broadcasts => n,
                    (Some(DYNAMIC), n) | (Some(n), DYNAMIC) => n,
                    (Some(m), n) if m == n => n,
                    (Some(m), n) => return Err(format!("{m} != {n}")),
                });
            }
        }
        Ok(size.unwrap_or(1))
    }

    /// The shape of the result.
    ///
    /// # Errors
    /// Which shapes do not align.
    pub(crate) fn infer(&self, shapes: &[Vec<i64>]) -> Result<Vec<i64>, String> {
        for label in self.loops() {
            if let Err(sizes) = self.size(label, shapes) {
                let texts: Vec<_> = shapes.iter().map(|dims| shape_text(dims)).collect();
                return Err(format!(
                    "shapes {} do not align: {sizes}",
                    texts.join(" and ")
                ));
            }
        }
        self.output
            .iter()
            .map(|&label| self.size(label, shapes))
            .collect()
    }

    /// The contraction of converted values with elements of `dtype`, for the op `name`.
    pub(crate) fn lower<'c>(
        &self,
        rw: Rewriter<'c>,
        name: &str,
        dtype: DType,
        values: &[Val<'c>],
    ) -> Val<'c> {
        let ctx = rw.ctx();
        let shapes: Vec<_> = values.iter().map(|&v| sizes::all_of(rw, v)).collect();
        let loops = self.loops();
        let extents: Vec<_> = loops
            .iter()
            .map(|&label| self.extent(rw, name, label, &shapes))
            .collect();
        let position = |label: &Label| loops.iter().position(|l| l == label).unwrap_or(0);
        let mut operands = Vec::new();
        let mut maps = Vec::new();
        for ((labels, &value), own) in self.inputs.iter().zip(values).zip(&shapes) {
            let goals: Vec<_> = labels.iter().map(|l| extents[position(l)]).collect();
            let walks = labels.iter().zip(own.iter().zip(&goals));
            let walks: Vec<_> = walks
                .map(|(label, sizes)| match sizes {
                    (OpFold::Static(1), OpFold::Static(1)) => Along::Loop(position(label)),
                    (OpFold::Static(1), _) if self.broadcasts => Along::Zero,
                    _ => Along::Loop(position(label)),
                })
                .collect();
            operands.push(self.repeated(rw, value, own, &goals));
            maps.push(lowering::map(ctx, loops.len(), &walks));
        }
        let out = &extents[..self.output.len()];
        sum_of_products(rw, dtype, &operands, &maps, out, loops.len())
    }

    /// The size of a label at run time; raises where inputs disagree.
    fn extent<'c>(
        &self,
        rw: Rewriter<'c>,
        name: &str,
        label: Label,
        shapes: &[Vec<OpFold<'c>>],
    ) -> OpFold<'c> {
        let all: Vec<_> = shapes.iter().flatten().copied().collect();
        let texts: Vec<_> = shapes.iter().map(|s| shape_placeholder(s.len())).collect();
        let message = format!("{name}: shapes {} do not align", texts.join(" and "));
        let mut size: Option<OpFold<'c>> = None;
        for (labels, own) in self.inputs.iter().zip(shapes) {
            for (_, &n) in labels.iter().zip(own).filter(|(l, _)| **l == label) {
                size = Some(match size {
                    None => n,
                    Some(before) if self.broadcasts => {
                        let (size, fits) = lowering::broadcast_size(rw, before, n);
                        sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &all);
                        size
                    }
                    Some(before) => {
                        let same = sizes::equal(rw, before, n);
                        sizes::check(rw, same, CheckKind::ShapeMismatch, &message, &all);
                        match n {
                            OpFold::Static(_) => n,
                            OpFold::Value(_) => before,
                        }
                    }
                });
            }
        }
        size.unwrap_or(OpFold::Static(1))
    }

    /// The value with sizes that may turn out to be 1 repeated up to their goals.
    fn repeated<'c>(
        &self,
        rw: Rewriter<'c>,
        value: Val<'c>,
        own: &[OpFold<'c>],
        goals: &[OpFold<'c>],
    ) -> Val<'c> {
        let (zero, one) = (OpFold::Static(0), OpFold::Static(1));
        let mut is_same = true;
        let (mut extents, mut steps) = (Vec::new(), Vec::new());
        for (&size, &goal) in own.iter().zip(goals) {
            let fixed = matches!(size, OpFold::Static(_)) || sizes::same(size, goal);
            if fixed || !self.broadcasts {
                extents.push(size);
                steps.push(one);
                continue;
            }
            is_same = false;
            let repeats = sizes::equal(rw, size, one);
            extents.push(goal);
            steps.push(sizes::select(rw, repeats, zero, one));
        }
        if is_same {
            return value;
        }
        let dims: Vec<_> = (0..own.len() as i64).collect();
        View::create(rw, value, &vec![zero; own.len()], &extents, &steps, &dims)
    }
}

/// The sums over the loops from `sizes.len()` on of the products of the operands' elements, of element type `dtype`;
/// the loops before those are the dimensions of the result. 16-bit floats are accumulated in `f32`, complex numbers as
/// two real ones, which are summed like any others. Products and sums of floats are rounded at once where the machine
/// does that, as in the libraries that NumPy calls.
pub(crate) fn sum_of_products<'c>(
    rw: Rewriter<'c>,
    dtype: DType,
    operands: &[Val<'c>],
    maps: &[AffineMap<'c>],
    sizes: &[OpFold<'c>],
    loops: usize,
) -> Val<'c> {
    let ctx = rw.ctx();
    let accumulator = dtype.widened();
    let part = Body::new(rw, accumulator).part();
    let init = lowering::zero(rw, part.dtype.storage_ty(ctx));
    let init = lowering::filled(rw, sizes, init);
    let inits = vec![init; if dtype.is_complex() { 2 } else { 1 }];
    let out: Vec<_> = (0..sizes.len()).map(Along::Loop).collect();
    let mut all_maps = maps.to_vec();
    all_maps.extend(inits.iter().map(|_| lowering::map(ctx, loops, &out)));
    let mut iters = vec![Iter::Parallel; loops];
    iters[sizes.len()..].fill(Iter::Reduction);
    let generic = rw.linalg_generic(operands, &inits, &all_maps, &iters, |rw, args| {
        let (inputs, sums) = args.split_at(operands.len());
        let body = Body::new(rw, accumulator);
        let load = |&x: &Val<'c>| cast::scalar(rw, x, dtype, accumulator);
        let factors: Vec<_> = inputs.iter().map(load).collect();
        match factors.split_last() {
            Some((&last, [first, rest @ ..])) => {
                let first = rest.iter().fold(*first, |a, b| body.mul(a, *b));
                body.add_product(sums, first, last)
            }
            Some((&last, [])) if dtype.is_complex() => {
                let (part, [re, im]) = (body.part(), [body.re(last), body.im(last)]);
                vec![part.add(sums[0], re), part.add(sums[1], im)]
            }
            Some((&last, [])) => vec![body.add(sums[0], last)],
            None => sums.to_vec(),
        }
    });
    generic.set_attr(ASSOCIATIVE, ctx.unit_attr());
    if dtype.is_bool() {
        // True and anything is true.
        generic.set_attr(ABSORBING, ctx.int_attr(dtype.storage_ty(ctx), 1));
    }
    let (parts, element) = (generic.result_values(), dtype.storage_ty(ctx));
    if dtype.is_complex() {
        return lowering::elementwise(rw, &parts, sizes, element, |rw, args| {
            Body::new(rw, dtype).complex(args[0], args[1])
        });
    }
    if accumulator == dtype {
        return parts[0];
    }
    lowering::elementwise(rw, &parts, sizes, element, |rw, args| {
        cast::scalar(rw, args[0], accumulator, dtype)
    })
}
