//! `numpy.interp`: piecewise linear interpolation.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Library, Reshape, Routine};

use crate::axes::flat;
use crate::cast;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::sizes;
use crate::types::{RealArray, verify_declared};

/// The values at `x` of the polygon through the points of coordinates `xp`, which rise, and `fp`
///
/// It is computed in `f64`, to which arrays of other types are cast. Before the first point it is `left` and after the last one `right`, 0-d arrays, or where missing the
/// value of that point.
#[op(
    "numpy.interp",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $xp `,` $fp (`left` $left^)? (`right` $right^)? attr-dict `:` functional-type(operands, results)"
)]
pub struct Interp {
    x: Operand<RealArray>,
    xp: Operand<RealArray>,
    fp: Operand<RealArray>,
    left: OptionalOperand<RealArray>,
    right: OptionalOperand<RealArray>,
    result: Output<RealArray>,
}

verify_declared!(Interp);

impl InferTypes for Interp<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let [xp, fp] = [1, 2].map(|i| cx.operand_type(i).map(TypeExt::dims));
        let (xp, fp) = (xp?, fp?);
        let (&[n], &[m]) = (xp.as_slice(), fp.as_slice()) else {
            return Err("Data points must be 1-D sequences".to_string());
        };
        if n != m && n != DYNAMIC && m != DYNAMIC {
            return Err(format!("fp and xp are not of the same length: {m} and {n}"));
        }
        if n == 0 {
            return Err("array of sample points is empty".to_string());
        }
        if cx.operands[3..].iter().any(|v| v.ty().rank() != 0) {
            return Err("needs 0-d arrays as left and right".to_string());
        }
        let x = cx.operand_type(0)?;
        Ok(vec![x.with_element(cx.ctx.f64())])
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Interp::def()]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Interp::NAME, lower)]
}

/// Each value is found among the points by a routine; then it is on the line between two of them.
fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(view) = Interp::cast(op) else {
        return no_match("not an interpolation");
    };
    // An operand with elements of `f64`.
    let double = |i: usize| {
        let x = cx.operand(i);
        match DType::of(op.operand(i).ty()) {
            Some(dtype) if dtype != DType::F64 => {
                let shape = sizes::all_of(rw, x);
                lowering::elementwise(rw, &[x], &shape, rw.ctx().f64(), |rw, args| {
                    cast::scalar(rw, args[0], dtype, DType::F64)
                })
            }
            _ => x,
        }
    };
    let (name, zero, one) = (Interp::NAME, OpFold::Static(0), OpFold::Static(1));
    let (shape, x) = (sizes::all_of(rw, cx.operand(0)), flat(rw, double(0)));
    let (xp, fp) = (double(1), double(2));
    let (count, n, m) = (
        sizes::of(rw, x, 0),
        sizes::of(rw, xp, 0),
        sizes::of(rw, fp, 0),
    );
    let some = sizes::compare(rw, CmpI::Ne, n, zero);
    let message = format!("{name}: array of sample points is empty");
    sizes::check(rw, some, CheckKind::ValueError, &message, &[]);
    let same = sizes::equal(rw, n, m);
    let message = format!("{name}: fp and xp are not of the same length: {{}} and {{}}");
    sizes::check(rw, same, CheckKind::ValueError, &message, &[m, n]);

    let (i64_ty, f64_ty) = (rw.ctx().i(64), rw.ctx().f64());
    let dest = lowering::empty(rw, &[count], i64_ty);
    let ins = [xp, x];
    let after = Library::create(rw, Routine::Searchsorted, name, &ins, &[dest], &[0, 1])[0];
    let last = sizes::value(rw, sizes::sub(rw, n, one));
    let first = rw.const_index(0);
    let end = |at| (rw.tensor_extract(xp, &[at]), rw.tensor_extract(fp, &[at]));
    let ((low, low_value), (high, high_value)) = (end(first), end(last));
    let several = sizes::compare(rw, CmpI::Ne, n, one).value(rw);
    let given = [view.left().is_some(), view.right().is_some()];
    let outside = |i: usize| rw.tensor_extract(double(i), &[]);
    let left = if given[0] { outside(3) } else { low_value };
    let right = if given[1] {
        outside(3 + usize::from(given[0]))
    } else {
        high_value
    };
    let value = lowering::elementwise(rw, &[after, x], &[count], f64_ty, |rw, args| {
        let body = Body::new(rw, DType::F64);
        let x = args[1];
        let step = rw.const_index(1);
        let at = rw.subi(rw.index_cast(args[0], rw.ctx().index()), step);
        let at = rw.minsi(rw.maxsi(at, first), last);
        let next = rw.minsi(rw.addi(at, step), last);
        let point = |at| (rw.tensor_extract(xp, &[at]), rw.tensor_extract(fp, &[at]));
        let ((x0, y0), (x1, y1)) = (point(at), point(next));
        let slope = body.div(body.sub(y1, y0), body.sub(x1, x0));
        let on_line = |x0, y0| body.add(body.mul(slope, body.sub(x, x0)), y0);
        let value = on_line(x0, y0);
        // From the other side, and between equal values, where infinities meet.
        let value = body.select(body.is_nan(value), on_line(x1, y1), value);
        let flat = rw.andi(body.is_nan(value), body.cmp(Order::Equal, y0, y1));
        let value = body.select(flat, y0, value);
        let exact = rw.cmpi(CmpI::Eq, at, last);
        let exact = rw.ori(exact, body.cmp(Order::Equal, x, x0));
        let value = body.select(exact, y0, value);
        let value = body.select(body.cmp(Order::Less, x, low), left, value);
        let value = body.select(body.cmp(Order::Greater, x, high), right, value);
        // A single point has a value for NaN as well.
        let unknown = rw.andi(body.is_nan(x), several);
        body.select(unknown, x, value)
    });
    let value = match shape.len() {
        1 => value,
        _ => Reshape::create(rw, value, &shape),
    };
    lowering::replace(rw, op, cx, value)
}
