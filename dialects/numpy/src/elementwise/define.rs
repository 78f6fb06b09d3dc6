//! From a row to the definition of its operation: assembly, verifier, type inference, folding.

use npir_mlir::prelude::*;

use super::broadcast::broadcast_shapes;
use super::dtype::{Classes, DType};
use super::simplify::simplify;
use super::table::{ResultRule, Role, Row};
use crate::types::{AnyArray, check_declared};

/// The definition of the operation of `row`.
pub(super) fn define(row: &'static Row) -> OpDef {
    let mut def = OpDef::new(row.op).doc(&description(row));
    let (mut values, mut types) = (Vec::new(), Vec::new());
    for (name, _) in row.operands {
        def = def.operand(name, AnyArray::constraint());
        values.push(format!("${name}"));
        types.push(format!("type(${name})"));
    }
    let assembly = format!(
        "{} attr-dict `:` {} `->` type($result)",
        values.join(" `,` "),
        types.join(" `,` ")
    );
    let traits: &[Trait] = if row.commutative {
        &[Trait::Pure, Trait::Commutative]
    } else {
        &[Trait::Pure]
    };
    def.result("result", AnyArray::constraint())
        .traits(traits)
        .assembly(&assembly)
        .verify(move |op| verify(row, op))
        .infer(move |cx| {
            let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
            infer(row, cx.ctx, &types).map(|ty| vec![ty])
        })
        .fold(move |op, constants| simplify(row, op, constants))
}

/// The documentation: what the row says, in words.
fn description(row: &Row) -> String {
    format!(
        "{}\n\nElementwise over the broadcast shapes of the operands, as `numpy.{}`. Takes {} elements; \
         {}.",
        row.doc,
        row.numpy_name(),
        row.accepts.describe(),
        result_text(row)
    )
}

/// The result rule of a row, in words.
pub(super) fn result_text(row: &Row) -> &'static str {
    let only_floats = !row.accepts.contains(Classes::INT);
    match row.result {
        ResultRule::Bool => "the result is bool",
        ResultRule::Byte => "the result is uint8",
        ResultRule::Float if !only_floats => {
            "bool and integers are computed in the smallest float that NumPy takes for them"
        }
        ResultRule::Double if !only_floats => "bool and integers are computed in float64",
        ResultRule::Widest => "the result is float64, complex128 for complex",
        ResultRule::Part => "the result has the same element type, that of the parts for complex",
        ResultRule::FloatPart => "the result is a float, the type of the parts for complex",
        _ => "the result has the same element type",
    }
}

/// The type of the result for operands of these types.
///
/// # Errors
/// An element type that the function does not take, operands of different element types, or
/// shapes that do not broadcast.
pub(super) fn infer<'c>(
    row: &Row,
    ctx: &'c Context,
    operands: &[Type<'c>],
) -> Result<Type<'c>, String> {
    let Some(dtype) = operands
        .get(row.first_value())
        .and_then(|ty| DType::of(*ty))
    else {
        return Err(format!(
            "takes arrays of {} elements",
            row.accepts.describe()
        ));
    };
    if !row.accepts.contains(dtype.class()) {
        let (takes, name) = (row.accepts.describe(), dtype.name());
        return Err(format!("takes {takes} elements, not {name}; cast first"));
    }
    for ((name, role), ty) in row.operands.iter().zip(operands) {
        let Some(found) = DType::of(*ty) else {
            return Err(format!("operand '{name}' is no array"));
        };
        match role {
            Role::Condition | Role::Exponent if found != role.dtype(dtype) => {
                let (wanted, found) = (role.dtype(dtype).name(), found.name());
                return Err(format!("operand '{name}' must be {wanted}, not {found}"));
            }
            Role::Value if found != dtype => {
                return Err(format!(
                    "operands have element types {} and {}; cast one first",
                    dtype.name(),
                    found.name()
                ));
            }
            _ => {}
        }
    }
    let shapes: Vec<_> = operands.iter().map(|ty| ty.dims()).collect();
    Ok(ctx.tensor(&broadcast_shapes(&shapes)?, row.result_dtype(dtype).ty(ctx)))
}

fn verify(row: &Row, op: Op<'_>) -> Result<(), String> {
    let declared = op.result_value(0).ty();
    let inferred = infer(row, op.ctx(), &op.operand_types())?;
    if let (Some(has), Some(should)) = (DType::of(declared), DType::of(inferred))
        && has != should
    {
        let operands = DType::of(op.operand(row.first_value()).ty()).map_or("", DType::name);
        return Err(format!(
            "has a result of {} elements, but {} of {operands} gives {}",
            has.name(),
            row.numpy_name(),
            should.name()
        ));
    }
    check_declared(declared, inferred)
}
