//! Ops on numbers: constants, folding, canonicalization, inference, effects.

use super::params::{BoxType, boxed};
use npir_mlir::prelude::*;

/// A constant.
#[op(
    "toy.constant",
    traits(Pure, ConstantLike),
    interfaces(InferTypes, Fold),
    assembly = "$value attr-dict"
)]
pub struct Constant {
    value: Attr<AnyAttr>,
    result: Output<AnyType>,
}
impl InferTypes for Constant<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.attr("value").ok_or("needs a value")?.attr_type()])
    }
}
impl<'c> Fold<'c> for Constant<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        Some(vec![FoldResult::Attr(self.value())])
    }
}

/// A constant without a folder of its own.
#[op(
    "toy.plain_constant",
    traits(Pure, ConstantLike),
    assembly = "$value attr-dict `:` type($result)"
)]
pub struct PlainConstant {
    value: Attr<I64>,
    result: Output<IntegerType>,
}

/// The sum of two integers.
#[op(
    "toy.add",
    traits(Pure, Commutative, SameOperandsAndResultType),
    interfaces(InferTypes, Fold, Canonicalize),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs)"
)]
pub struct Add {
    /// The first summand.
    lhs: Operand<IntegerOrIndex>,
    rhs: Operand<IntegerOrIndex>,
    result: Output<IntegerOrIndex>,
}
impl InferTypes for Add<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(0)?])
    }
}
impl<'c> Fold<'c> for Add<'c> {
    fn fold(self, operands: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        let ty = self.result().ty();
        match (
            operands[0].and_then(|a| a.as_int()),
            operands[1].and_then(|a| a.as_int()),
        ) {
            (Some(a), Some(b)) => Some(vec![FoldResult::Attr(
                ty.ctx().int_attr(ty, a.wrapping_add(b)),
            )]),
            (_, Some(0)) => Some(vec![FoldResult::Value(self.lhs())]),
            _ => None,
        }
    }
}
impl Canonicalize for Add<'_> {
    fn patterns() -> Vec<Pattern> {
        // x + x = 2 x
        vec![on_view::<AddFamily, _>(
            "toy-add-to-scale",
            1,
            |add: Add<'_>, rw| {
                if add.lhs() != add.rhs() {
                    return no_match("two summands");
                }
                let scaled = Scale::build(rw, add.lhs(), 2, add.result().ty());
                rw.replace(add.op(), &[scaled.result()]);
                Ok(())
            },
        )]
    }
}

/// A multiple: an op with a property.
#[op(
    "toy.scale",
    traits(Pure),
    interfaces(InferTypes, Verify, Fold),
    assembly = "$x `by` $factor attr-dict `:` type($x)"
)]
pub struct Scale {
    x: Operand<IntegerOrIndex>,
    factor: Attr<I64>,
    result: Output<IntegerOrIndex>,
}
impl InferTypes for Scale<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        match cx.attr("factor").and_then(|a| a.as_int()) {
            Some(13) => Err("has an unlucky factor".into()),
            Some(_) => Ok(vec![cx.operand_type(0)?]),
            None => Err("needs a factor".into()),
        }
    }
}
impl Verify for Scale<'_> {
    fn verify(self) -> Result<(), String> {
        if self.factor() < 0 {
            Err(format!("has the negative factor {}", self.factor()))
        } else {
            Ok(())
        }
    }
}
impl<'c> Fold<'c> for Scale<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        // Its own result: nothing to fold, and nothing that MLIR may loop on.
        (self.factor() == 7).then(|| vec![FoldResult::Value(self.result())])
    }
}

/// Two results, folded as a pair.
#[op(
    "toy.swap",
    traits(Pure),
    interfaces(Fold),
    assembly = "$a `,` $b attr-dict `:` type($a) `,` type($b) `->` type($x) `,` type($y)"
)]
pub struct Swap {
    a: Operand<AnyType>,
    b: Operand<AnyType>,
    x: Output<AnyType>,
    y: Output<AnyType>,
}
impl<'c> Fold<'c> for Swap<'c> {
    fn fold(self, _: &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> {
        Some(vec![
            FoldResult::Value(self.b()),
            FoldResult::Value(self.a()),
        ])
    }
}

/// A quotient: pure, but not to be hoisted past a test of its divisor.
#[op(
    "toy.div",
    interfaces(InferTypes, Effects, Speculatable),
    assembly = "$a `,` $b attr-dict `:` type($a) `,` type($b)"
)]
pub struct Div {
    a: Operand<IntegerOrIndex>,
    b: Operand<IntegerOrIndex>,
    result: Output<IntegerOrIndex>,
}
impl InferTypes for Div<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(0)?])
    }
}
impl<'c> Effects<'c> for Div<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        Vec::new()
    }
}
impl Speculatable for Div<'_> {
    fn speculatable(self) -> bool {
        self.b().constant_int().is_some_and(|b| b != 0)
    }
}

/// Writes somewhere.
#[op(
    "toy.print",
    interfaces(Effects),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Print {
    x: Operand<AnyType>,
}
impl<'c> Effects<'c> for Print<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(None)]
    }
}

/// Reads a buffer.
#[op(
    "toy.read",
    interfaces(Effects),
    assembly = "$from attr-dict `:` type($from)  `->` type($result)"
)]
pub struct Read {
    from: Operand<AnyMemRef>,
    result: Output<AnyType>,
}
impl<'c> Effects<'c> for Read<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Read(Some(self.from()))]
    }
}

/// Writes a buffer.
#[op(
    "toy.write",
    interfaces(Effects),
    assembly = "$value `into` $to attr-dict `:` type($value) `,` type($to)"
)]
pub struct Write {
    value: Operand<AnyType>,
    to: Operand<AnyMemRef>,
}
impl<'c> Effects<'c> for Write<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Write(Some(self.to()))]
    }
}

/// A new buffer.
#[op(
    "toy.alloc",
    interfaces(Effects),
    assembly = "attr-dict `:` type($result)"
)]
pub struct Alloc {
    result: Output<AnyMemRef>,
}
impl<'c> Effects<'c> for Alloc<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Allocate(Some(self.result()))]
    }
}

/// Frees a buffer.
#[op(
    "toy.free",
    interfaces(Effects),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Free {
    x: Operand<AnyMemRef>,
}
impl<'c> Effects<'c> for Free<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        vec![Effect::Free(Some(self.x()))]
    }
}

/// Does anything, as far as MLIR knows.
#[op(
    "toy.opaque",
    assembly = "operands attr-dict `:` functional-type(operands, results)"
)]
pub struct Opaque {
    inputs: Variadic<AnyType>,
    outputs: VariadicOutput<AnyType>,
}

/// Takes a value out of its box.
#[op(
    "toy.unbox",
    traits(Pure),
    interfaces(InferTypes),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Unbox {
    x: Operand<BoxType>,
    result: Output<AnyType>,
}
impl InferTypes for Unbox<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let ty = cx.operand_type(0)?;
        Ok(vec![boxed(ty).ok_or_else(|| format!("unboxes {ty}"))?])
    }
}

/// An elementwise op.
#[op(
    "toy.negate",
    traits(Pure, Elementwise, SameOperandsAndResultType),
    interfaces(InferTypes),
    assembly = "$x attr-dict `:` type($x)"
)]
pub struct Negate {
    x: Operand<AnyType>,
    result: Output<AnyType>,
}
impl InferTypes for Negate<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        Ok(vec![cx.operand_type(0)?])
    }
}

/// Operands of one element type.
#[op(
    "toy.same_element",
    traits(SameOperandsElementType),
    assembly = "operands attr-dict `:` type(operands)"
)]
pub struct SameElement {
    inputs: Variadic<AnyType>,
}

/// All ops of this file.
pub fn ops() -> Vec<OpDef> {
    vec![
        Constant::def(),
        PlainConstant::def(),
        Add::def(),
        Scale::def(),
        Swap::def(),
        Div::def(),
        Print::def(),
        Read::def(),
        Write::def(),
        Alloc::def(),
        Free::def(),
        Opaque::def(),
        Unbox::def(),
        Negate::def(),
        SameElement::def(),
    ]
}
