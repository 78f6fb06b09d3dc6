//! `numpy.constant`: an array written in the program.

use npir_mlir::prelude::*;

use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::types::AnyArray;

/// An array written in the program
///
/// The value is any elements attribute with a static shape: dense, a splat, or a resource.
#[op(
    "numpy.constant",
    traits(Pure, ConstantLike),
    interfaces(Verify, InferTypes, Fold),
    assembly = "$value attr-dict"
)]
pub struct Constant {
    value: Attr<AnyAttr>,
    result: Output<AnyArray>,
}

impl InferTypes for Constant<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let value = cx.attr("value").ok_or("needs a value")?;
        let ty = value.attr_type();
        if !ty.is_tensor() || !ty.has_static_shape() || DType::of(ty).is_none() {
            return Err(format!(
                "needs elements of an array type, got {}",
                value.to_text()
            ));
        }
        Ok(vec![ty])
    }
}

impl Verify for Constant<'_> {
    fn verify(self) -> Result<(), String> {
        let inferred = Self::infer(&InferCx::of(self.op()))?[0];
        if self.result().ty() == inferred {
            Ok(())
        } else {
            Err(format!(
                "has result type {}, but its value is {inferred}",
                self.result().ty()
            ))
        }
    }
}

impl<'c> Fold<'c> for Constant<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        Some(vec![FoldResult::Attr(self.value())])
    }
}

/// The op that holds `value` as a constant of type `ty`: arrays here, scalars in `arith`.
pub fn materialize<'c>(rw: Rewriter<'c>, value: Attribute<'c>, ty: Type<'c>) -> Option<Op<'c>> {
    if ty.is_tensor() {
        let fits = value.attr_type() == ty && ty.has_static_shape() && DType::of(ty).is_some();
        return fits.then(|| Constant::build(rw, value, ty).op());
    }
    let number = value.as_int().is_some() || value.as_float().is_some();
    let scalar = ty.is_index() || ty.is_float() || (ty.is_int() && !ty.is_unsigned());
    (number && scalar && value.attr_type() == ty).then(|| {
        rw.op("arith.constant")
            .attr("value", value)
            .results(&[ty])
            .build()
    })
}

/// A dense value in storage form, as elements of `ty`: bytes for bool, signless integers for
/// unsigned ones. `None` where the elements are not at hand (a resource) or do not fit.
pub fn storage_value<'c>(value: Attribute<'c>, ty: Type<'c>) -> Option<Attribute<'c>> {
    if value.attr_type() == ty {
        return Some(value);
    }
    ty.ctx().dense_bytes(ty, &value.dense_data()?)
}

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Constant::def()]
}

/// Its conversion to the tensor level: a splat is a filled tensor, so that it fuses as a scalar;
/// everything else an `arith.constant` in storage form.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Constant::NAME, |op, cx, rw| {
        let (Some(value), Some(dtype)) = (op.attr("value"), DType::of(op.result_value(0).ty()))
        else {
            return no_match("not an array");
        };
        let storage = dtype.storage_ty(rw.ctx());
        let ty = op.result_value(0).ty().with_element(storage);
        if let Some(scalar) = value.splat_value() {
            let scalar = match scalar.as_int() {
                Some(bits) => rw.const_int(storage, bits),
                None if dtype.is_complex() => {
                    let constant = rw.op("complex.constant").attr("value", scalar);
                    constant.results(&[storage]).build_value()
                }
                None => rw.const_attr(scalar),
            };
            let sizes: Vec<_> = ty.dims().into_iter().map(OpFold::Static).collect();
            return lowering::replace(rw, op, cx, lowering::filled(rw, &sizes, scalar));
        }
        let value = storage_value(value, ty)
            .ok_or_else(|| NoMatch::new("the value has no dense elements"))?;
        let constant = rw
            .op("arith.constant")
            .attr("value", value)
            .results(&[ty])
            .build_value();
        lowering::replace(rw, op, cx, constant)
    })]
}
