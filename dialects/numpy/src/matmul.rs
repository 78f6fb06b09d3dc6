//! `numpy.matmul`: NumPy's `@`, with its rules for vectors, matrices and stacks of matrices.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::contract::sum_of_products;
use crate::elementwise::dtype::DType;
use crate::lowering::{self, Along};
use crate::shape::{shape_placeholder, shape_text};
use crate::sizes;
use crate::types::{AnyArray, check_declared, same_elements};

/// Matrix product of two arrays
///
/// Two matrices multiply as usual. A vector on the left is a row, on the right a column, and its
/// dimension is missing in the result. Further leading dimensions are stacks of matrices and
/// broadcast. Integers wrap, bool multiplies with `and` and adds with `or`, 16-bit floats
/// accumulate in `f32`. The inner dimension may be empty: the result is then zero.
#[op(
    "numpy.matmul",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Matmul {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// How the dimensions of the operands become loops: the stack, then rows, columns and the inner
/// dimension; a vector has no rows or no columns.
struct Loops {
    stack: usize,
    rows: Option<usize>,
    columns: Option<usize>,
    inner: usize,
}

impl Loops {
    fn new(lhs: usize, rhs: usize) -> Self {
        let stack = lhs.max(rhs).saturating_sub(2);
        let rows = (lhs > 1).then_some(stack);
        let columns = (rhs > 1).then_some(stack + usize::from(rows.is_some()));
        let inner = stack + usize::from(rows.is_some()) + usize::from(columns.is_some());
        Self {
            stack,
            rows,
            columns,
            inner,
        }
    }

    /// The loop of each trailing dimension of the left operand.
    fn lhs_core(&self) -> Vec<usize> {
        self.rows.into_iter().chain([self.inner]).collect()
    }

    /// The loop of each trailing dimension of the right operand.
    fn rhs_core(&self) -> Vec<usize> {
        [self.inner].into_iter().chain(self.columns).collect()
    }
}

/// The position of the inner dimension in each operand.
fn inner_axes(lhs: usize, rhs: usize) -> (usize, usize) {
    (lhs - 1, rhs.saturating_sub(2))
}

/// The sizes of the product of arrays of these sizes.
///
/// # Errors
/// A scalar, inner sizes that differ, or stacks that do not broadcast.
pub(crate) fn infer_dims(lhs: &[i64], rhs: &[i64]) -> Result<Vec<i64>, String> {
    for (side, dims) in [("left", lhs), ("right", rhs)] {
        if dims.is_empty() {
            return Err(format!("the {side} operand is a scalar: multiply instead"));
        }
    }
    let (l, r) = inner_axes(lhs.len(), rhs.len());
    let (a, b) = (lhs[l], rhs[r]);
    if a != DYNAMIC && b != DYNAMIC && a != b {
        return Err(format!(
            "shapes {} and {} do not align: {a} (dim {l}) != {b} (dim {r})",
            shape_text(lhs),
            shape_text(rhs)
        ));
    }
    let loops = Loops::new(lhs.len(), rhs.len());
    let size_in = |dims: &[i64], d: usize| {
        (d + dims.len())
            .checked_sub(loops.stack + 2)
            .map_or(1, |i| dims[i])
    };
    let mut result = Vec::new();
    for d in 0..loops.stack {
        result.push(match (size_in(lhs, d), size_in(rhs, d)) {
            (1, n) | (n, 1) => n,
            (a, b) if a == b => a,
            (DYNAMIC, n) | (n, DYNAMIC) => n,
            _ => {
                return Err(format!(
                    "the stacks of shapes {} and {} do not broadcast",
                    shape_text(lhs),
                    shape_text(rhs)
                ));
            }
        });
    }
    if loops.rows.is_some() {
        result.push(lhs[lhs.len() - 2]);
    }
    if loops.columns.is_some() {
        result.push(rhs[rhs.len() - 1]);
    }
    Ok(result)
}

impl InferTypes for Matmul<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(lhs, rhs)?;
        Ok(vec![cx.ctx.tensor(
            &infer_dims(&lhs.dims(), &rhs.dims())?,
            lhs.element(),
        )])
    }
}

impl Verify for Matmul<'_> {
    fn verify(self) -> Result<(), String> {
        let cx = InferCx::of(self.op());
        check_declared(self.result().ty(), Self::infer(&cx)?[0])
    }
}

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Matmul::def()]
}

/// Its conversion to the tensor level: one generic with the inner dimension as reduction.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Matmul::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let ctx = rw.ctx();
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let (mut lhs, mut rhs) = (cx.operands[0], cx.operands[1]);
    let (l_sizes, r_sizes) = (sizes::all_of(rw, lhs), sizes::all_of(rw, rhs));
    let (l_rank, r_rank) = (l_sizes.len(), r_sizes.len());
    let loops = Loops::new(l_rank, r_rank);
    let shapes = format!(
        "numpy.matmul: shapes {} and {}",
        shape_placeholder(l_rank),
        shape_placeholder(r_rank)
    );
    let both: Vec<_> = l_sizes.iter().chain(&r_sizes).copied().collect();

    let (l, r) = inner_axes(l_rank, r_rank);
    let aligned = sizes::equal(rw, l_sizes[l], r_sizes[r]);
    let mut args = both.clone();
    args.extend([l_sizes[l], r_sizes[r]]);
    let message = format!("{shapes} do not align: {{}} (dim {l}) != {{}} (dim {r})");
    sizes::check(rw, aligned, CheckKind::ShapeMismatch, &message, &args);

    // The stack: sizes of the result, and each operand seen under them where a size that is only
    // known at run time may have to be repeated.
    let stack_of =
        |own: &[OpFold<'c>], d: usize| (d + own.len()).checked_sub(loops.stack + 2).map(|i| own[i]);
    let mut out_sizes = Vec::new();
    for d in 0..loops.stack {
        let size = match (stack_of(&l_sizes, d), stack_of(&r_sizes, d)) {
            (Some(a), Some(b)) => {
                let (size, fits) = lowering::broadcast_size(rw, a, b);
                let message = format!("{shapes}: the stacks do not broadcast");
                sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &both);
                size
            }
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => OpFold::Static(1),
        };
        out_sizes.push(size);
    }
    let l_walks = stacked(rw, &mut lhs, &out_sizes, &loops.lhs_core());
    let r_walks = stacked(rw, &mut rhs, &out_sizes, &loops.rhs_core());
    out_sizes.extend(loops.rows.map(|_| l_sizes[l_rank - 2]));
    out_sizes.extend(loops.columns.map(|_| r_sizes[r_rank - 1]));

    let n = loops.inner + 1;
    let maps = [&l_walks, &r_walks].map(|walks| lowering::map(ctx, n, walks));
    let value = sum_of_products(rw, dtype, &[lhs, rhs], &maps, &out_sizes, n);
    lowering::replace(rw, op, cx, value)
}

/// How the loops walk an operand: its share of the stack, aligned at the end, then its trailing
/// dimensions. Replaces the operand by a view where one of its stack sizes may or may not be 1.
fn stacked<'c>(
    rw: Rewriter<'c>,
    operand: &mut Val<'c>,
    stack: &[OpFold<'c>],
    core: &[usize],
) -> Vec<Along> {
    let own = operand.ty().dims();
    let depth = own.len() - core.len();
    let lead = stack.len() - depth;
    let same = |d: usize| matches!((own[d], stack[lead + d]), (n, OpFold::Static(m)) if n == m);
    if (0..depth).any(|d| own[d] == DYNAMIC) && !(0..depth).all(|d| own[d] == 1 || same(d)) {
        let mut target: Vec<_> = stack[lead..].to_vec();
        target.extend((depth..own.len()).map(|d| sizes::of(rw, *operand, d)));
        *operand = lowering::broadcast(rw, *operand, &target);
    }
    let own = operand.ty().dims();
    let walk = |d: usize| match (own[d], stack[lead + d]) {
        (1, OpFold::Static(1)) => Along::Loop(lead + d),
        (1, _) => Along::Zero,
        _ => Along::Loop(lead + d),
    };
    (0..depth)
        .map(walk)
        .chain(core.iter().map(|&d| Along::Loop(d)))
        .collect()
}
