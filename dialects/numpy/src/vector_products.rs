//! Products of vectors and matrices that broadcast over leading dimensions: `numpy.vecdot`,
//! `numpy.matvec`, `numpy.vecmat`. Each is a `numpy.matmul` of views.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::compose;
use crate::elementwise::Conjugate;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::matmul::{Matmul, infer_dims};
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;
use crate::types::{AnyArray, same_elements, verify_declared};
use crate::views::{ExpandDims, Squeeze};

/// Dot product of vectors along the last dimension; of complex numbers the first one conjugated
///
/// Leading dimensions broadcast.
#[op(
    "numpy.vecdot",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Vecdot {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// Product of matrices, in the last two dimensions, and vectors, in the last one
///
/// Leading dimensions broadcast.
#[op(
    "numpy.matvec",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Matvec {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// Product of vectors, in the last dimension, and matrices; complex vectors are conjugated
///
/// Leading dimensions broadcast.
#[op(
    "numpy.vecmat",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Vecmat {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// Which operands of a product are vectors.
#[derive(Clone, Copy)]
struct Vectors {
    lhs: bool,
    rhs: bool,
}

const VECDOT: Vectors = Vectors {
    lhs: true,
    rhs: true,
};
const MATVEC: Vectors = Vectors {
    lhs: false,
    rhs: true,
};
const VECMAT: Vectors = Vectors {
    lhs: true,
    rhs: false,
};

impl Vectors {
    /// The dimensions that are summed over, of operands of these ranks.
    fn inner_axes(self, lhs: usize, rhs: usize) -> (usize, usize) {
        (lhs - 1, rhs - if self.rhs { 1 } else { 2 })
    }

    /// The dimensions of the product of matrices that a vector adds, from the end.
    fn added(self) -> Vec<i64> {
        let sides = [(self.lhs, -2), (self.rhs, -1)];
        sides.iter().filter(|(v, _)| *v).map(|(_, d)| *d).collect()
    }
}

fn infer<'c>(cx: &InferCx<'c>, vectors: Vectors) -> Result<Vec<Type<'c>>, String> {
    let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
    same_elements(lhs, rhs)?;
    for (side, ty, vector) in [("left", lhs, vectors.lhs), ("right", rhs, vectors.rhs)] {
        let needed = if vector { 1 } else { 2 };
        if ty.rank() < needed {
            return Err(format!(
                "the {side} operand has {} dimensions, but needs at least {needed}",
                ty.rank()
            ));
        }
    }
    let (mut left, mut right) = (lhs.dims(), rhs.dims());
    let shapes = format!("{} and {}", shape_text(&left), shape_text(&right));
    let (l, r) = vectors.inner_axes(left.len(), right.len());
    let (a, b) = (left[l], right[r]);
    if a != b && a != DYNAMIC && b != DYNAMIC {
        return Err(format!(
            "shapes {shapes} do not align: {a} (dim {l}) != {b} (dim {r})"
        ));
    }
    if vectors.lhs {
        left.insert(left.len() - 1, 1);
    }
    if vectors.rhs {
        right.push(1);
    }
    let stacks = |_| format!("the stacks of shapes {shapes} do not broadcast");
    let mut dims = infer_dims(&left, &right).map_err(stacks)?;
    // The product of two matrices has both dimensions; from the last one on.
    let rank = dims.len();
    if vectors.rhs {
        dims.remove(rank - 1);
    }
    if vectors.lhs {
        dims.remove(rank - 2);
    }
    Ok(vec![cx.ctx.tensor(&dims, lhs.element())])
}

macro_rules! product {
    ($op:ident, $vectors:expr) => {
        impl InferTypes for $op<'_> {
            fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
                infer(cx, $vectors)
            }
        }

        verify_declared!($op);
    };
}

product!(Vecdot, VECDOT);
product!(Matvec, MATVEC);
product!(Vecmat, VECMAT);

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Vecdot::def(), Matvec::def(), Vecmat::def()]
}

/// Their conversions to other numpy ops.
pub fn lowerings() -> Vec<ConversionPattern> {
    [
        (Vecdot::NAME, VECDOT),
        (Matvec::NAME, MATVEC),
        (Vecmat::NAME, VECMAT),
    ]
    .map(|(name, vectors)| ConversionPattern::new(name, move |op, _, rw| lower(op, rw, vectors)))
    .to_vec()
}

fn lower<'c>(op: Op<'c>, rw: Rewriter<'c>, vectors: Vectors) -> Match {
    let ctx = rw.ctx();
    let (mut lhs, mut rhs) = (op.operand(0), op.operand(1));
    check_shapes(rw, op, vectors);
    if vectors.lhs {
        if DType::of(lhs.ty()).is_some_and(DType::is_complex) {
            lhs = compose::op(rw, Conjugate::NAME, &[lhs], &[])?;
        }
        lhs = compose::op(
            rw,
            ExpandDims::NAME,
            &[lhs],
            &[("axes", ctx.i64_array(&[-2]))],
        )?;
    }
    if vectors.rhs {
        rhs = compose::op(
            rw,
            ExpandDims::NAME,
            &[rhs],
            &[("axes", ctx.i64_array(&[-1]))],
        )?;
    }
    let product = compose::op(rw, Matmul::NAME, &[lhs, rhs], &[])?;
    let added = ctx.i64_array(&vectors.added());
    let value = compose::op(rw, Squeeze::NAME, &[product], &[("axes", added)])?;
    compose::replace(rw, op, value)
}

/// Checks under the op's own name that inner sizes are equal and that stacks broadcast, which
/// `numpy.matmul` would say of other shapes.
fn check_shapes<'c>(rw: Rewriter<'c>, op: Op<'c>, vectors: Vectors) {
    let [lhs, rhs] = [op.operand(0), op.operand(1)].map(|x| sizes::all_of(rw, x));
    let (l, r) = vectors.inner_axes(lhs.len(), rhs.len());
    let shapes = format!(
        "{}: shapes {} and {}",
        op.name(),
        shape_placeholder(lhs.len()),
        shape_placeholder(rhs.len())
    );
    let both: Vec<_> = lhs.iter().chain(&rhs).copied().collect();
    let aligned = sizes::equal(rw, lhs[l], rhs[r]);
    let mut args = both.clone();
    args.extend([lhs[l], rhs[r]]);
    let message = format!("{shapes} do not align: {{}} (dim {l}) != {{}} (dim {r})");
    sizes::check(rw, aligned, CheckKind::ShapeMismatch, &message, &args);
    let (left, right) = (
        lhs.len() - if vectors.lhs { 1 } else { 2 },
        rhs.len() - if vectors.rhs { 1 } else { 2 },
    );
    for back in 1..=left.min(right) {
        let (a, b) = (lhs[left - back], rhs[right - back]);
        let (_, fits) = lowering::broadcast_size(rw, a, b);
        let message = format!("{shapes}: the stacks do not broadcast");
        sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &both);
    }
}
