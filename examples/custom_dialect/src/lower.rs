//! The way down: quantities become their arrays, conversions of units multiplications.

use npir::numpy::constant::Constant;
use npir::numpy::elementwise;
use npir_mlir::prelude::*;

use crate::{Add, In, Of, factor, parts, quantity};

/// Convert quantities to arrays
///
/// `units.quantity` becomes the type of its array; a quantity of another unit is multiplied by a constant.
#[pass(
    "units-to-numpy",
    on = "builtin.module",
    dependent_dialects("func", "numpy", "scf")
)]
#[derive(Clone)]
pub struct UnitsToNumpy {}

impl Pass for UnitsToNumpy {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let converter = TypeConverter::new().rule(|ty| match quantity(ty) {
            Some((array, _)) => Converted::To(array),
            None => Converted::To(ty),
        });
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["builtin", "numpy"])
            .illegal_dialects(&["units"]);
        Conversion::new(&converter, target)
            .patterns(&[of(), add(), give()])
            .func_types()
            .scf_types()
            .run_partial(op)?;
        Ok(())
    }
}

/// `units.of` says nothing that a plain array could say.
fn of() -> ConversionPattern {
    ConversionPattern::new(Of::NAME, |op, cx, rw| {
        rw.replace(op, &[cx.operand(0)]);
        Ok(())
    })
}

fn add() -> ConversionPattern {
    ConversionPattern::new(Add::NAME, |op, cx, rw| {
        let ((_, to), (_, from)) = (measured(op, 0)?, measured(op, 1)?);
        let rhs = scaled(rw, cx.operand(1), factor(from, to).map_err(NoMatch)?)?;
        let sum = elementwise::Add::build_inferred(rw, cx.operand(0), rhs).map_err(NoMatch)?;
        rw.replace(op, &[sum.result()]);
        Ok(())
    })
}

fn give() -> ConversionPattern {
    ConversionPattern::new(In::NAME, |op, cx, rw| {
        let (_, from) = measured(op, 0)?;
        let to = In::cast(op)
            .map(In::unit)
            .ok_or_else(|| NoMatch::new("no units.in"))?;
        let numbers = scaled(rw, cx.operand(0), factor(from, &to).map_err(NoMatch)?)?;
        rw.replace(op, &[numbers]);
        Ok(())
    })
}

/// Array type and unit of an operand, before its conversion.
fn measured(op: Op<'_>, operand: usize) -> Result<(Type<'_>, &str), NoMatch> {
    parts(op.operand(operand).ty()).map_err(NoMatch)
}

/// `x · factor`
fn scaled<'c>(rw: Rewriter<'c>, x: Val<'c>, factor: f64) -> Result<Val<'c>, NoMatch> {
    if factor == 1.0 {
        return Ok(x);
    }
    let (ctx, element) = (rw.ctx(), x.ty().element());
    let ty = ctx.tensor(&[], element);
    let value = ctx.dense_splat(ty, ctx.float_attr(element, factor));
    let factor = Constant::build(rw, value, ty).result();
    let product = elementwise::Multiply::build_inferred(rw, x, factor).map_err(NoMatch)?;
    Ok(product.result())
}
