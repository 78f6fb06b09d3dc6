//! `numpy.dot`, `inner`, `outer`, `vdot`, `tensordot`, `kron` and `linalg_multi_dot`: contractions by position.

use npir_mlir::prelude::*;
use npir_tensor::Reshape;

use crate::contract::{Contraction, Label};
use crate::einsum::contract_all;
use crate::elementwise::Body;
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::shape::{element_count, normalize_axis};
use crate::sizes;
use crate::types::{AnyArray, check_declared, same_elements, verify_declared};

/// How dimensions of two arrays are paired.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairing {
    /// The last of the first with the last but one of the second, or its only one.
    Dot,
    /// The last of both.
    Inner,
    /// None, of flattened arrays.
    Outer,
    /// The only one of flattened arrays, the first conjugated.
    VDot,
    /// Those that attributes name.
    TensorDot,
}

struct Row {
    name: &'static str,
    summary: &'static str,
    pairing: Pairing,
}

static ROWS: &[Row] = &[
    Row {
        name: "numpy.dot",
        summary: "Sum of products over the last dimension of the first and the last but one of the second array\n\n\
                  Over the only one of a vector; 0-d arrays multiply.",
        pairing: Pairing::Dot,
    },
    Row {
        name: "numpy.inner",
        summary: "Sum of products over the last dimensions\n\n0-d arrays multiply.",
        pairing: Pairing::Inner,
    },
    Row {
        name: "numpy.outer",
        summary: "All products of the elements of two arrays\n\nArrays are flattened first; the result is a matrix.",
        pairing: Pairing::Outer,
    },
    Row {
        name: "numpy.vdot",
        summary: "Sum of products of the elements of two arrays\n\n\
                  Arrays are flattened first; of complex numbers the first one is conjugated.",
        pairing: Pairing::VDot,
    },
    Row {
        name: "numpy.tensordot",
        summary: "Sum of products over pairs of dimensions\n\n\
                  `lhs_axes` of the first array with `rhs_axes` of the second one, in order; without them the last two \
                  of the first with the first two of the second array.",
        pairing: Pairing::TensorDot,
    },
];

impl Row {
    /// Whether arrays are flattened first.
    fn flattens(&self) -> bool {
        matches!(self.pairing, Pairing::Outer | Pairing::VDot)
    }

    /// The contraction of arrays of these ranks.
    ///
    /// # Errors
    /// NumPy's messages about axes.
    fn contraction(
        &self,
        lhs: usize,
        rhs: usize,
        axes: [Option<Attribute<'_>>; 2],
    ) -> Result<Contraction, String> {
        let pairs: Vec<(usize, usize)> = match self.pairing {
            Pairing::Outer => vec![],
            _ if (lhs == 0 || rhs == 0) && self.pairing != Pairing::TensorDot => vec![],
            Pairing::VDot => vec![(0, 0)],
            Pairing::Inner => vec![(lhs - 1, rhs - 1)],
            Pairing::Dot => vec![(lhs - 1, rhs.saturating_sub(2))],
            Pairing::TensorDot => {
                let list = |i: usize| axes[i].and_then(I64Array::decode);
                let (l, r) = (
                    list(0).unwrap_or(vec![-2, -1]),
                    list(1).unwrap_or(vec![0, 1]),
                );
                if l.len() != r.len() {
                    return Err("shape-mismatch for sum: as many axes of both arrays".to_string());
                }
                let pair =
                    |(&l, &r): (&i64, &i64)| Ok((normalize_axis(l, lhs)?, normalize_axis(r, rhs)?));
                l.iter().zip(&r).map(pair).collect::<Result<_, String>>()?
            }
        };
        let left: Vec<_> = (0..lhs as Label).collect();
        let mut right: Vec<_> = (0..rhs as Label).map(|d| lhs as Label + d).collect();
        for &(l, r) in &pairs {
            right[r] = left[l];
        }
        let summed = |label: &Label| pairs.iter().any(|(l, _)| left[*l] == *label);
        let output = left
            .iter()
            .chain(&right)
            .filter(|l| !summed(l))
            .copied()
            .collect();
        Ok(Contraction {
            inputs: vec![left, right],
            output,
            broadcasts: false,
        })
    }

    fn infer<'c>(&self, cx: &InferCx<'c>) -> Result<Type<'c>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(lhs, rhs)?;
        let mut shapes = vec![lhs.dims(), rhs.dims()];
        if self.flattens() {
            for dims in &mut shapes {
                *dims = vec![element_count(dims)?.unwrap_or(DYNAMIC)];
            }
        }
        let axes = [cx.attr("lhs_axes"), cx.attr("rhs_axes")];
        let contraction = self.contraction(shapes[0].len(), shapes[1].len(), axes)?;
        Ok(cx.ctx.tensor(&contraction.infer(&shapes)?, lhs.element()))
    }
}

fn define(row: &'static Row) -> OpDef {
    let mut def = OpDef::new(row.name)
        .doc(row.summary)
        .operand("lhs", AnyArray::constraint())
        .operand("rhs", AnyArray::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure]);
    let mut assembly = "$lhs `,` $rhs ".to_string();
    if row.pairing == Pairing::TensorDot {
        def = def
            .optional_attribute("lhs_axes", I64Array::constraint())
            .optional_attribute("rhs_axes", I64Array::constraint());
        assembly += "(`lhs_axes` $lhs_axes^)? (`rhs_axes` $rhs_axes^)? ";
    }
    assembly += "attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)";
    def.assembly(&assembly)
        .verify(move |op| check_declared(op.result_value(0).ty(), row.infer(&InferCx::of(op))?))
        .infer(move |cx| Ok(vec![row.infer(cx)?]))
}

fn lower<'c>(row: &Row, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let mut values = cx.operands.to_vec();
    if row.flattens() {
        values.iter_mut().for_each(|x| *x = flat(rw, *x));
    }
    if row.pairing == Pairing::VDot && dtype.is_complex() {
        let (sizes, element) = (sizes::all_of(rw, values[0]), dtype.storage_ty(rw.ctx()));
        values[0] = lowering::elementwise(rw, &values[..1], &sizes, element, |rw, args| {
            Body::new(rw, dtype).conj(args[0])
        });
    }
    let ranks = [0, 1].map(|i| values[i].ty().rank());
    let axes = [op.attr("lhs_axes"), op.attr("rhs_axes")];
    let contraction = row
        .contraction(ranks[0], ranks[1], axes)
        .map_err(NoMatch::new)?;
    let value = contraction.lower(rw, row.name, dtype, &values);
    lowering::replace(rw, op, cx, value)
}

/// An array as a vector.
fn flat<'c>(rw: Rewriter<'c>, x: Val<'c>) -> Val<'c> {
    let sizes = sizes::all_of(rw, x);
    match sizes.len() {
        1 => x,
        _ => Reshape::create(rw, x, &[sizes::product(rw, &sizes)]),
    }
}

/// Kronecker products
///
/// Each element of the first array times the second array, as blocks of the result; dimensions are aligned at the last.
#[op(
    "numpy.kron",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Kron {
    lhs: Operand<AnyArray>,
    rhs: Operand<AnyArray>,
    result: Output<AnyArray>,
}

impl InferTypes for Kron<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        same_elements(lhs, rhs)?;
        let rank = lhs.rank().max(rhs.rank());
        let own =
            |dims: Vec<i64>, d: usize| (d + dims.len()).checked_sub(rank).map_or(1, |i| dims[i]);
        let size = |d: usize| match (own(lhs.dims(), d), own(rhs.dims(), d)) {
            (DYNAMIC, _) | (_, DYNAMIC) => Ok(DYNAMIC),
            (a, b) => a.checked_mul(b).ok_or("the array is too big"),
        };
        let dims = (0..rank).map(size).collect::<Result<Vec<_>, _>>()?;
        Ok(vec![cx.ctx.tensor(&dims, lhs.element())])
    }
}

verify_declared!(Kron, MultiDot);

fn lower_kron<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let ranks = [0, 1].map(|i| cx.operands[i].ty().rank());
    let rank = ranks[0].max(ranks[1]) as Label;
    // Dimension d of the result is dimension 2 d of the products, of the first array, and 2 d + 1, of the second.
    let labels = |i: usize| -> Vec<Label> {
        let lead = rank - ranks[i] as Label;
        (lead..rank).map(|d| 2 * d + i as Label).collect()
    };
    let inputs = vec![labels(0), labels(1)];
    let output: Vec<_> = (0..2 * rank)
        .filter(|l| inputs.iter().flatten().any(|i| i == l))
        .collect();
    let products = Contraction {
        inputs,
        output: output.clone(),
        broadcasts: false,
    };
    let value = products.lower(rw, Kron::NAME, dtype, cx.operands);
    let extents = sizes::all_of(rw, value);
    let mut result = vec![OpFold::Static(1); rank as usize];
    for (label, size) in output.iter().zip(extents) {
        let d = *label as usize / 2;
        result[d] = sizes::mul(rw, result[d], size);
    }
    lowering::replace(rw, op, cx, Reshape::create(rw, value, &result))
}

/// Matrix product of several arrays, in the order that is cheapest
///
/// The first and the last may be vectors, all others are matrices. Sizes that are not known count as 64 when orders are
/// compared.
#[op(
    "numpy.linalg_multi_dot",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$arrays attr-dict `:` type($arrays) `->` type($result)"
)]
pub struct MultiDot {
    arrays: Variadic<AnyArray>,
    result: Output<AnyArray>,
}

/// The product as a chain of labels: array `i` goes from label `i` to `i + 1`.
fn chain(ranks: &[usize]) -> Result<Contraction, String> {
    if ranks.len() < 2 {
        return Err("expecting at least two arrays".to_string());
    }
    let last = ranks.len() - 1;
    let labels = |(i, &rank): (usize, &usize)| match (i, rank) {
        (_, 2) => Ok(vec![i as Label, i as Label + 1]),
        (0, 1) => Ok(vec![1]),
        (i, 1) if i == last => Ok(vec![i as Label]),
        _ => Err(format!(
            "{rank}-dimensional array given. Array must be two-dimensional"
        )),
    };
    let inputs = ranks
        .iter()
        .enumerate()
        .map(labels)
        .collect::<Result<Vec<_>, _>>()?;
    let mut output = Vec::new();
    if ranks[0] == 2 {
        output.push(0);
    }
    if ranks[last] == 2 {
        output.push(ranks.len() as Label);
    }
    Ok(Contraction {
        inputs,
        output,
        broadcasts: false,
    })
}

impl InferTypes for MultiDot<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
        let first = *types.first().ok_or("expecting at least two arrays")?;
        types.iter().try_for_each(|ty| same_elements(first, *ty))?;
        let ranks: Vec<_> = types.iter().map(|ty| ty.rank()).collect();
        let shapes: Vec<_> = types.iter().map(|ty| ty.dims()).collect();
        let dims = chain(&ranks)?.infer(&shapes)?;
        Ok(vec![cx.ctx.tensor(&dims, first.element())])
    }
}

fn lower_multi_dot<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let ranks: Vec<_> = cx.operands.iter().map(|v| v.ty().rank()).collect();
    let all = chain(&ranks).map_err(NoMatch::new)?;
    let value = contract_all(rw, MultiDot::NAME, dtype, cx.operands, &all);
    lowering::replace(rw, op, cx, value)
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    let mut ops: Vec<_> = ROWS.iter().map(define).collect();
    ops.extend([Kron::def(), MultiDot::def()]);
    ops
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    let lower = |row: &'static Row| {
        ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw))
    };
    let mut patterns: Vec<_> = ROWS.iter().map(lower).collect();
    patterns.extend([
        ConversionPattern::new(Kron::NAME, lower_kron),
        ConversionPattern::new(MultiDot::NAME, lower_multi_dot),
    ]);
    patterns
}
