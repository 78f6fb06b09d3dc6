//! What several lowerings share: scalar arithmetic by class, filled tensors, generics, broadcasting
//! views, results conformed to their declared types.

use npir_mlir::prelude::*;
use npir_tensor::View;

use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::sizes::{self, Cond};

/// Names a position along one dimension of an operand of a generic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Along {
    /// The operand's dimension is walked by this loop.
    Loop(usize),
    /// The operand has size 1 here and stays at 0.
    Zero,
}

/// The indexing map of an operand that is walked by `walks` under `loops` loops.
pub(crate) fn map<'c>(ctx: &'c Context, loops: usize, walks: &[Along]) -> AffineMap<'c> {
    let exprs: Vec<_> = walks
        .iter()
        .map(|walk| match walk {
            Along::Loop(d) => AffineExpr::dim(ctx, *d),
            Along::Zero => AffineExpr::constant(ctx, 0),
        })
        .collect();
    AffineMap::new(ctx, loops, 0, &exprs)
}

/// The map of an operand whose dimensions are exactly the loops.
pub(crate) fn identity_map<'c>(ctx: &'c Context, loops: usize) -> AffineMap<'c> {
    map(ctx, loops, &(0..loops).map(Along::Loop).collect::<Vec<_>>())
}

/// An uninitialised tensor.
pub(crate) fn empty<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>], element: Type<'c>) -> Val<'c> {
    let ty = rw.ctx().tensor(&sizes::dims(sizes), element);
    rw.tensor_empty(ty, &sizes::dynamic(sizes))
}

/// A tensor whose elements all are `scalar`.
pub(crate) fn filled<'c>(rw: Rewriter<'c>, sizes: &[OpFold<'c>], scalar: Val<'c>) -> Val<'c> {
    let dest = empty(rw, sizes, scalar.ty());
    rw.linalg_fill(scalar, dest)
}

/// A new tensor of the shape of `sizes`, computed element by element from `inputs`, which all have
/// that shape.
pub(crate) fn elementwise<'c>(
    rw: Rewriter<'c>,
    inputs: &[Val<'c>],
    sizes: &[OpFold<'c>],
    element: Type<'c>,
    body: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Val<'c>,
) -> Val<'c> {
    let rank = sizes.len();
    let dest = empty(rw, sizes, element);
    let maps = vec![identity_map(rw.ctx(), rank); inputs.len() + 1];
    let iters = vec![Iter::Parallel; rank];
    rw.linalg_generic(inputs, &[dest], &maps, &iters, |rw, args| {
        vec![body(rw, &args[..inputs.len()])]
    })
    .result_value(0)
}

/// `value` as seen under the shape `target`, to which it is known to broadcast: sizes of 1 are
/// repeated, missing leading dimensions added. No elements are copied.
pub(crate) fn broadcast<'c>(rw: Rewriter<'c>, value: Val<'c>, target: &[OpFold<'c>]) -> Val<'c> {
    let from = value.ty().dims();
    let lead = target.len() - from.len();
    let mut walks = vec![-1; target.len()];
    let mut steps = vec![OpFold::Static(0); target.len()];
    let mut is_identity = lead == 0;
    for (d, &size) in from.iter().enumerate() {
        let goal = target[lead + d];
        let one = OpFold::Static(1);
        steps[lead + d] = match (size, goal) {
            (1, OpFold::Static(1)) => one,
            (1, _) => {
                is_identity = false;
                continue;
            }
            (DYNAMIC, OpFold::Static(1)) => {
                is_identity = false;
                one
            }
            (DYNAMIC, goal) => {
                let own = sizes::of(rw, value, d);
                match sizes::equal(rw, own, goal) {
                    Cond::Known(true) => one,
                    _ => {
                        is_identity = false;
                        let repeats = sizes::equal(rw, own, one);
                        sizes::select(rw, repeats, OpFold::Static(0), one)
                    }
                }
            }
            (_, goal) => {
                is_identity &= matches!(goal, OpFold::Static(_));
                one
            }
        };
        walks[lead + d] = d as i64;
    }
    if is_identity {
        return value;
    }
    let offsets = vec![OpFold::Static(0); from.len()];
    View::create(rw, value, &offsets, target, &steps, &walks)
}

/// The condition that an array of sizes `from` broadcasts to `target`, whose rank is at least as
/// large.
pub(crate) fn broadcasts_to<'c>(
    rw: Rewriter<'c>,
    from: &[OpFold<'c>],
    target: &[OpFold<'c>],
) -> Cond<'c> {
    let lead = target.len() - from.len();
    let mut all = Cond::Known(true);
    for (&size, &goal) in from.iter().zip(&target[lead..]) {
        let same = sizes::equal(rw, size, goal);
        if let Cond::Known(true) = same {
            continue;
        }
        let one = sizes::equal(rw, size, OpFold::Static(1));
        let fits = same.or(rw, one);
        all = all.and(rw, fits);
    }
    all
}

/// The size that two broadcast sizes have together, and the condition that they do.
pub(crate) fn broadcast_size<'c>(
    rw: Rewriter<'c>,
    a: OpFold<'c>,
    b: OpFold<'c>,
) -> (OpFold<'c>, Cond<'c>) {
    let one = OpFold::Static(1);
    match (a, b) {
        (OpFold::Static(1), size) | (size, OpFold::Static(1)) => return (size, Cond::Known(true)),
        _ if sizes::same(a, b) => return (a, Cond::Known(true)),
        _ => {}
    }
    let same = sizes::equal(rw, a, b);
    let (a_repeats, b_repeats) = (sizes::equal(rw, a, one), sizes::equal(rw, b, one));
    let fits = same.or(rw, a_repeats).or(rw, b_repeats);
    // A static size other than 1 is the result wherever the check passes.
    let size = match (a, b) {
        (OpFold::Static(n), _) if n != 1 => a,
        (_, OpFold::Static(n)) if n != 1 => b,
        _ => sizes::select(rw, a_repeats, b, a),
    };
    (size, fits)
}

/// A view with dimensions of size 1 where `mask` says so; the others are those of `value`.
pub(crate) fn insert_unit_dims<'c>(rw: Rewriter<'c>, value: Val<'c>, mask: &[bool]) -> Val<'c> {
    let (mut dims, mut sizes, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    let mut next = 0;
    for &new in mask {
        if new {
            dims.push(-1);
            sizes.push(OpFold::Static(1));
            steps.push(OpFold::Static(0));
        } else {
            dims.push(next as i64);
            sizes.push(sizes::of(rw, value, next));
            steps.push(OpFold::Static(1));
            next += 1;
        }
    }
    View::create(
        rw,
        value,
        &vec![OpFold::Static(0); next],
        &sizes,
        &steps,
        &dims,
    )
}

/// A view whose dimension `j` walks dimension `dims[j]` of `value` in full; the others stay at
/// their first element.
pub(crate) fn pick_dims<'c>(rw: Rewriter<'c>, value: Val<'c>, dims: &[usize]) -> Val<'c> {
    let offsets = vec![OpFold::Static(0); value.ty().rank()];
    let sizes: Vec<_> = dims.iter().map(|&d| sizes::of(rw, value, d)).collect();
    let steps = vec![OpFold::Static(1); dims.len()];
    let walked: Vec<_> = dims.iter().map(|&d| d as i64).collect();
    View::create(rw, value, &offsets, &sizes, &steps, &walked)
}

/// A 0-d view of the first element of a vector.
pub(crate) fn first_of<'c>(rw: Rewriter<'c>, value: Val<'c>) -> Val<'c> {
    View::create(rw, value, &[OpFold::Static(0)], &[], &[], &[])
}

/// Gives `value` exactly the type `ty`, which differs in static sizes at most.
pub(crate) fn conform<'c>(rw: Rewriter<'c>, value: Val<'c>, ty: Type<'c>) -> Val<'c> {
    if value.ty() == ty {
        value
    } else {
        rw.tensor_cast(value, ty)
    }
}

/// Replaces an op of one result, in the converted form of its declared type.
pub(crate) fn replace<'c>(
    rw: Rewriter<'c>,
    op: Op<'c>,
    cx: &ConvertCx<'_, 'c>,
    value: Val<'c>,
) -> Match {
    let ty = cx.convert(op.result_value(0).ty())?;
    rw.replace(op, &[conform(rw, value, ty)]);
    Ok(())
}

/// Zero of a storage type.
pub(crate) fn zero<'c>(rw: Rewriter<'c>, ty: Type<'c>) -> Val<'c> {
    number(rw, ty, 0)
}

/// A small whole number as a scalar of a storage type.
pub(crate) fn number<'c>(rw: Rewriter<'c>, ty: Type<'c>, n: i64) -> Val<'c> {
    if ty.is_complex() {
        complex(rw, ty, n as f64, 0.0)
    } else if ty.is_float() {
        rw.const_float(ty, n as f64)
    } else if ty.is_index() {
        rw.const_index(n)
    } else {
        rw.const_int(ty, n)
    }
}

/// A complex constant.
pub(crate) fn complex<'c>(rw: Rewriter<'c>, ty: Type<'c>, re: f64, im: f64) -> Val<'c> {
    let [re, im] = [re, im].map(|part| rw.const_float(ty.complex_element(), part));
    rw.op("complex.create")
        .operands(&[re, im])
        .results(&[ty])
        .build_value()
}

/// The largest value of a storage type in the order of `dtype`; infinity for floats.
pub(crate) fn largest<'c>(rw: Rewriter<'c>, dtype: DType, ty: Type<'c>) -> Val<'c> {
    match dtype {
        _ if dtype.is_complex() => complex(rw, ty, f64::INFINITY, f64::INFINITY),
        _ if dtype.is_float() => rw.const_float(ty, f64::INFINITY),
        DType::Bool => rw.const_int(ty, 1),
        DType::Int(width) => rw.const_int(ty, i64::MAX >> (64 - width)),
        _ => rw.const_int(ty, -1),
    }
}

/// The smallest value of a storage type in the order of `dtype`; minus infinity for floats.
pub(crate) fn smallest<'c>(rw: Rewriter<'c>, dtype: DType, ty: Type<'c>) -> Val<'c> {
    match dtype {
        _ if dtype.is_complex() => complex(rw, ty, f64::NEG_INFINITY, f64::NEG_INFINITY),
        _ if dtype.is_float() => rw.const_float(ty, f64::NEG_INFINITY),
        DType::Int(_) => rw.const_int(ty, dtype.int_min()),
        _ => rw.const_int(ty, 0),
    }
}

/// NumPy's truth of a number as `i1`: not equal to zero, so NaN is true.
pub(crate) fn is_true<'c>(rw: Rewriter<'c>, dtype: DType, a: Val<'c>) -> Val<'c> {
    if dtype.is_complex() {
        return Body::new(rw, dtype).truth(a);
    }
    let zero = zero(rw, a.ty());
    match dtype {
        _ if dtype.is_float() => rw.cmpf(CmpF::Une, a, zero),
        _ => rw.cmpi(CmpI::Ne, a, zero),
    }
}
