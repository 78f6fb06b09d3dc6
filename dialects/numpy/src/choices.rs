//! Elements of one of several arrays: `choose`, `select`; and of two where a mask says so: `putmask`, `place`.

use npir_mlir::prelude::*;
use npir_tensor::CheckKind;

use crate::axes::flat;
use crate::compose::{self, Over};
use crate::elementwise::Body;
use crate::elementwise::broadcast::broadcast_shapes;
use crate::elementwise::convert::load;
use crate::elementwise::dtype::DType;
use crate::indices::Positions;
use crate::lowering;
use crate::shape::shape_text;
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, IntegerArray, RealArray, element_name, verify_declared};

attr_enum! {
    /// What an index beyond the choices means.
    pub enum ChooseMode {
        /// An error.
        Raise = "raise",
        /// The index modulo the number of choices.
        Wrap = "wrap",
        /// The first choice for negative ones, the last one for others.
        Clip = "clip",
    }
}

/// Each element from the array that an index names, all broadcast to one shape
///
/// An index that names none is an error, or what `mode` says.
#[op(
    "numpy.choose",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$indices `,` $choices (`mode` $mode^)? attr-dict \
                `:` type($indices) `,` type($choices) `->` type($result)"
)]
pub struct Choose {
    indices: Operand<IntegerArray>,
    choices: Variadic<AnyArray>,
    mode: OptionalAttr<Enum<ChooseMode>>,
    result: Output<AnyArray>,
}

/// Each element from the choice of the first condition that is true, else from `default`
///
/// As many choices as conditions, which are bool arrays; all are broadcast to one shape.
#[op(
    "numpy.select",
    traits(Pure, AttrSizedOperandSegments),
    interfaces(Verify, InferTypes),
    assembly = "$conditions `choices` $choices `default` $default attr-dict `:` functional-type(operands, results)"
)]
pub struct Select {
    conditions: Variadic<RealArray>,
    choices: Variadic<AnyArray>,
    default: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// An array with the elements replaced where a mask of its shape is true
///
/// Element `i` of the flattened array gets element `i`, modulo their number, of the flattened values; without values
/// nothing changes.
#[op(
    "numpy.putmask",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $mask `,` $values attr-dict `:` type($x) `,` type($mask) `,` type($values) `->` type($result)"
)]
pub struct Putmask {
    x: Operand<AnyArray>,
    mask: Operand<RealArray>,
    values: Operand<AnyArray>,
    result: Output<AnyArray>,
}

/// An array with the elements replaced where a mask of its size is true, by one value after another
///
/// Values are repeated as often as needed. Without values it is an error if one is needed.
#[op(
    "numpy.place",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$x `,` $mask `,` $values attr-dict `:` type($x) `,` type($mask) `,` type($values) `->` type($result)"
)]
pub struct Place {
    x: Operand<AnyArray>,
    mask: Operand<RealArray>,
    values: Operand<AnyArray>,
    result: Output<AnyArray>,
}

verify_declared!(Choose, Select, Putmask, Place);

/// The element type that all have.
fn one_element<'c>(arrays: &[Val<'c>]) -> Result<Type<'c>, String> {
    let first = arrays.first().ok_or("needs something to choose from")?.ty();
    match arrays.iter().find(|v| v.ty().element() != first.element()) {
        Some(other) => Err(format!(
            "chooses from element types {} and {}; cast one first",
            element_name(first),
            element_name(other.ty())
        )),
        None => Ok(first.element()),
    }
}

fn broadcast_dims(arrays: &[Val<'_>]) -> Result<Vec<i64>, String> {
    let shapes: Vec<_> = arrays.iter().map(|v| v.ty().dims()).collect();
    broadcast_shapes(&shapes)
}

impl InferTypes for Choose<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let element = one_element(cx.operands.get(1..).unwrap_or_default())?;
        Ok(vec![cx.ctx.tensor(&broadcast_dims(&cx.operands)?, element)])
    }
}

/// How many conditions there are, of operands that are those, as many choices and a default.
fn conditions(operands: usize) -> Option<usize> {
    (operands % 2 == 1).then_some(operands / 2)
}

impl InferTypes for Select<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let segments = cx
            .attr("operandSegmentSizes")
            .and_then(|a| a.as_int_array());
        let alike = segments.is_some_and(|s| s.len() == 3 && s[0] == s[1]);
        let count = conditions(cx.operands.len()).filter(|_| alike);
        let count = count.ok_or("list of cases must be same length as list of conditions")?;
        if count == 0 {
            return Err("select with an empty condition list is not possible".to_string());
        }
        let (conditions, values) = cx.operands.split_at(count);
        for condition in conditions {
            if DType::of(condition.ty()) != Some(DType::Bool) {
                let name = element_name(condition.ty());
                return Err(format!("needs conditions of bool, not of {name}"));
            }
        }
        let element = one_element(values)?;
        Ok(vec![cx.ctx.tensor(&broadcast_dims(&cx.operands)?, element)])
    }
}

/// Checks array, mask and values.
fn infer_masked<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
    let [x, mask, values] = [0, 1, 2].map(|i| cx.operand_type(i));
    let (x, mask, values) = (x?, mask?, values?);
    if x.element() != values.element() {
        return Err(format!(
            "sets {} elements to {} values; cast them first",
            element_name(x),
            element_name(values)
        ));
    }
    let differ = |(&a, &b): (&i64, &i64)| a != b && a != DYNAMIC && b != DYNAMIC;
    let (dims, own) = (x.dims(), mask.dims());
    if DType::of(mask) != Some(DType::Bool) {
        return Err(format!(
            "needs a mask of bool, not of {}",
            element_name(mask)
        ));
    }
    if dims.len() != own.len() || dims.iter().zip(&own).any(differ) {
        return Err(format!(
            "mask and data must be the same size: shapes {} and {}",
            shape_text(&own),
            shape_text(&dims)
        ));
    }
    Ok(vec![x])
}

impl InferTypes for Putmask<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_masked(cx)
    }
}

impl InferTypes for Place<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        infer_masked(cx)
    }
}

/// The ops.
pub fn ops() -> Vec<OpDef> {
    vec![Choose::def(), Select::def(), Putmask::def(), Place::def()]
}

/// Their conversions.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![
        ConversionPattern::new(Choose::NAME, lower_choose),
        ConversionPattern::new(Select::NAME, |op, _, rw| {
            let operands = op.operand_values();
            let count = conditions(operands.len()).ok_or_else(|| NoMatch::new("no default"))?;
            let mut value = operands[2 * count];
            for i in (0..count).rev() {
                let parts = [operands[i], operands[count + i], value];
                value = compose::op(rw, "numpy.where", &parts, &[])?;
            }
            compose::replace(rw, op, value)
        }),
        ConversionPattern::new(Putmask::NAME, lower_putmask),
        ConversionPattern::new(Place::NAME, lower_place),
    ]
}

/// From the last choice to the first one, one or the other.
fn lower_choose<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let mode = op.attr("mode").and_then(Enum::<ChooseMode>::decode);
    let mode = mode.unwrap_or(ChooseMode::Raise);
    let operands = op.operand_values();
    let choices = &operands[1..];
    let count = choices.len() as i64;
    let mut index = compose::cast(rw, operands[0], DType::Int(64));
    match mode {
        ChooseMode::Raise => {
            let (low, high) = Positions::of_operand(op, cx, rw, 0)?.range(rw);
            let above = sizes::compare(rw, CmpI::Sge, low, OpFold::Static(0));
            let below = sizes::compare(rw, CmpI::Slt, high, OpFold::Static(count));
            let message = format!("{}: invalid entry in choice array", Choose::NAME);
            let inside = above.and(rw, below);
            sizes::check(rw, inside, CheckKind::ValueError, &message, &[]);
        }
        ChooseMode::Wrap => {
            let count = compose::integer(rw, count);
            index = compose::op(rw, "numpy.remainder", &[index, count], &[])?;
        }
        ChooseMode::Clip => {}
    }
    let mut value = *choices.last().ok_or_else(|| NoMatch::new("no choices"))?;
    // A single choice gets the shape of the indices all the same.
    for (i, &choice) in choices
        .iter()
        .enumerate()
        .take(choices.len().max(2) - 1)
        .rev()
    {
        let this = compose::integer(rw, i as i64);
        let chosen = match (mode, i) {
            (ChooseMode::Clip, 0) => "numpy.less_equal",
            _ => "numpy.equal",
        };
        let chosen = compose::op(rw, chosen, &[index, this], &[])?;
        value = compose::op(rw, "numpy.where", &[chosen, choice, value], &[])?;
    }
    compose::replace(rw, op, value)
}

/// Checks at run time that mask and array have one shape.
fn check_mask<'c>(rw: Rewriter<'c>, name: &str, x: &[OpFold<'c>], mask: &[OpFold<'c>]) {
    for (&size, &own) in x.iter().zip(mask) {
        let same = sizes::equal(rw, size, own);
        let message =
            format!("{name}: mask and data must be the same size, but sizes are {{}} and {{}}");
        sizes::check(rw, same, CheckKind::ValueError, &message, &[own, size]);
    }
}

fn lower_putmask<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let (x, mask) = (cx.operand(0), cx.operand(1));
    let values = flat(rw, cx.operand(2));
    let shape = sizes::all_of(rw, x);
    check_mask(rw, Putmask::NAME, &shape, &sizes::all_of(rw, mask));
    let period = sizes::of(rw, values, 0);
    let some = sizes::compare(rw, CmpI::Ne, period, OpFold::Static(0)).value(rw);
    let below: Vec<_> = (1..=shape.len())
        .map(|d| sizes::value(rw, sizes::product(rw, &shape[d..])))
        .collect();
    let period = sizes::value(rw, period);
    let ty = rw.ctx().tensor(&sizes::dims(&shape), x.ty().element());
    let replaced = |rw: Rewriter<'c>| {
        let value = lowering::elementwise(rw, &[x, mask], &shape, x.ty().element(), |rw, args| {
            let mut at = rw.const_index(0);
            for (d, &below) in below.iter().enumerate() {
                at = rw.addi(at, rw.muli(rw.linalg_index(d), below));
            }
            let value = rw.tensor_extract(values, &[rw.remui(at, period)]);
            let chosen = load(rw, args[1], DType::Bool);
            match dtype.is_complex() {
                true => Body::new(rw, dtype).select(chosen, value, args[0]),
                false => rw.select(chosen, value, args[0]),
            }
        });
        vec![lowering::conform(rw, value, ty)]
    };
    let value = rw.scf_if(some, &[ty], replaced, |rw| {
        vec![lowering::conform(rw, x, ty)]
    })[0];
    lowering::replace(rw, op, cx, value)
}

fn lower_place<'c>(op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let [x, mask, values] = [0, 1, 2].map(|i| op.operand(i));
    let shapes = [0, 1].map(|i| sizes::all_of(rw, cx.operand(i)));
    check_mask(rw, Place::NAME, &shapes[0], &shapes[1]);
    let given = sizes::all_of(rw, cx.operand(2));
    let given = sizes::product(rw, &given);
    let some = sizes::compare(rw, CmpI::Ne, given, OpFold::Static(0));
    if !matches!(some, Cond::Known(true)) {
        let any = compose::reduction(rw, "numpy.any", mask, &Over::axis(rw.ctx(), None))?;
        let any = compose::cast(rw, any, DType::Int(64));
        let any = rw.tensor_extract(any, &[]);
        let none = Cond::Value(rw.cmpi(CmpI::Eq, any, rw.const_int(rw.ctx().i(64), 0)));
        let message = format!("{}: Cannot insert from an empty array!", Place::NAME);
        let fine = some.or(rw, none);
        sizes::check(rw, fine, CheckKind::ValueError, &message, &[]);
    }
    let places = compose::op(rw, "numpy.flatnonzero", &[mask], &[])?;
    let value = compose::op(rw, "numpy.put", &[x, places, values], &[])?;
    compose::replace(rw, op, value)
}
