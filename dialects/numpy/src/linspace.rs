//! `numpy.linspace`: numbers at equal distances; also the edges of histograms.

use npir_mlir::prelude::*;

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};
use crate::lowering;
use crate::sizes;
use crate::target_shape;
use crate::types::{AnyArray, element_name, verify_declared};

/// Numbers at equal distances from `start` to `stop`
///
/// Both are 0-d arrays of one type, which is that of the result; bool and integers give float64. Element `i` is
/// `i · (stop - start) / d + start`, rounded at each operation, where `d` is one less than the size, and the last one is
/// `stop`. With `open` the size is `d`, and `stop` is left out.
#[op("numpy.linspace", traits(Pure), interfaces(Verify, InferTypes))]
pub struct Linspace {
    start: Operand<AnyArray>,
    stop: Operand<AnyArray>,
    sizes: Variadic<IndexType>,
    shape: Attr<I64Array>,
    open: UnitAttr,
    result: Output<AnyArray>,
}

/// The type in which numbers between two of this type are computed.
fn between(dtype: DType) -> DType {
    match dtype {
        _ if dtype.is_float() || dtype.is_complex() => dtype,
        _ => DType::F64,
    }
}

impl InferTypes for Linspace<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (start, stop) = (cx.operand_type(0)?, cx.operand_type(1)?);
        if start != stop || start.rank() != 0 {
            return Err(format!(
                "needs 0-d arrays of one type, got {start} and {stop}"
            ));
        }
        let shape = cx
            .attr("shape")
            .and_then(I64Array::decode)
            .ok_or("needs a size")?;
        if shape.len() != 1 {
            let count = shape.len();
            return Err(format!("has one dimension, but {count} sizes are given"));
        }
        target_shape::check_sizes(&shape, cx.operands.len() - 2)?;
        let dtype = DType::of(start).ok_or_else(|| element_name(start))?;
        Ok(vec![cx.ctx.tensor(&shape, between(dtype).ty(cx.ctx))])
    }
}

verify_declared!(Linspace);

/// Numbers at equal distances, one by one.
#[derive(Clone, Copy)]
pub(crate) struct Points<'c> {
    dtype: DType,
    start: Val<'c>,
    stop: Val<'c>,
    delta: Val<'c>,
    divisor: Val<'c>,
    step: Val<'c>,
    /// The position of the last one, where that is `stop`.
    last: Option<Val<'c>>,
}

impl<'c> Points<'c> {
    /// `count` numbers of type `dtype` from `start` to `stop`; with `open` without `stop`.
    pub(crate) fn new(
        rw: Rewriter<'c>,
        dtype: DType,
        [start, stop]: [Val<'c>; 2],
        count: OpFold<'c>,
        open: bool,
    ) -> Self {
        let one = OpFold::Static(1);
        let last = sizes::sub(rw, count, one);
        // Of a single number the step does not matter.
        let divisor = sizes::max(rw, if open { count } else { last }, one);
        let divisor = rw.index_cast(sizes::value(rw, divisor), rw.ctx().i(64));
        let divisor = cast::scalar(rw, divisor, DType::Int(64), dtype);
        let body = Body::new(rw, dtype);
        let delta = body.sub(stop, start);
        // Where there is one number it is `start`.
        let last = (!open).then(|| {
            let single = sizes::compare(rw, CmpI::Sle, count, one);
            let last = sizes::select(rw, single, OpFold::Static(-1), last);
            sizes::value(rw, last)
        });
        Points {
            dtype,
            start,
            stop,
            delta,
            divisor,
            step: body.div(delta, divisor),
            last,
        }
    }

    /// Number `i`, an `index`.
    pub(crate) fn at(&self, rw: Rewriter<'c>, i: Val<'c>) -> Val<'c> {
        let body = Body::new(rw, self.dtype);
        let place = self.place(rw, i);
        // A step that is too small for the type is taken apart.
        let lost = body.cmp(Order::Equal, self.step, body.int(0));
        let exact = body.mul(body.div(place, self.divisor), self.delta);
        let distance = body.select(lost, exact, body.mul(place, self.step));
        self.after_start(body, i, distance)
    }

    /// Number `i`, an `index`, where no two numbers are equal: then the step is not too small for the type.
    pub(crate) fn at_apart(&self, rw: Rewriter<'c>, i: Val<'c>) -> Val<'c> {
        let body = Body::new(rw, self.dtype);
        let distance = body.mul(self.place(rw, i), self.step);
        self.after_start(body, i, distance)
    }

    fn place(&self, rw: Rewriter<'c>, i: Val<'c>) -> Val<'c> {
        let place = rw.index_cast(i, rw.ctx().i(64));
        cast::scalar(rw, place, DType::Int(64), self.dtype)
    }

    fn after_start(&self, body: Body<'c>, i: Val<'c>, distance: Val<'c>) -> Val<'c> {
        let rw = body.rw;
        let value = body.add(distance, self.start);
        match self.last {
            Some(last) => body.select(rw.cmpi(CmpI::Eq, i, last), self.stop, value),
            None => value,
        }
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Linspace::def().custom_assembly(
        |p| target_shape::parse(p, 2),
        |op, p| target_shape::print(op, p, 2),
    )]
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Linspace::NAME, lower)]
}

fn lower<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let (Some(view), Some(from)) = (Linspace::cast(op), DType::of(op.operand(0).ty())) else {
        return no_match("not an array");
    };
    let dtype = between(from);
    let shape = target_shape::fill(&view.shape(), &cx.operands[2..]);
    target_shape::check_at_run_time(rw, Linspace::NAME, &shape);
    let ends = [0, 1].map(|i| {
        let end = rw.tensor_extract(cx.operand(i), &[]);
        cast::scalar(rw, end, from, dtype)
    });
    let points = Points::new(rw, dtype, ends, shape[0], view.open());
    let element = dtype.storage_ty(rw.ctx());
    let value = lowering::elementwise(rw, &[], &shape, element, |rw, _| {
        points.at(rw, rw.linalg_index(0))
    });
    lowering::replace(rw, op, cx, value)
}
