//! Folding of elementwise operations: constants are computed, and the exact rules of a row are
//! applied. Only what gives the same bits is done here.

use npir_mlir::prelude::*;

use super::constant::Scalar;
use super::dtype::DType;
use super::table::{Role, Row, Rule};

/// What `op` folds to; `constants` has the attribute of each constant operand.
pub(super) fn simplify<'c>(
    row: &Row,
    op: Op<'c>,
    constants: &[Option<Attribute<'c>>],
) -> Option<Vec<FoldResult<'c>>> {
    let result = op.result_value(0).ty();
    let dtype = DType::of(op.operand(row.first_value()).ty())?;
    let scalars: Vec<_> = row
        .operand_dtypes(dtype)
        .zip(constants)
        .map(|(dtype, constant)| constant.and_then(|attr| Scalar::of_attr(attr, dtype)))
        .collect();
    if let Some(folded) = fold_constants(row, dtype, &scalars) {
        return Some(vec![FoldResult::Attr(folded.splat(result)?)]);
    }
    // A value stands for the result only if nothing is broadcast, nor refused at run time.
    let kept = row
        .rules
        .iter()
        .filter_map(|rule| apply(*rule, op, dtype, &scalars))
        .find(|value| {
            let operands = op.operand_values();
            value.ty() == result && operands.iter().all(|other| fits_in(*other, *value))
        })?;
    Some(vec![FoldResult::Value(kept)])
}

/// Whether an operand has no say in the shape of a result that another one gives, whatever its dynamic sizes are.
fn fits_in(other: Val<'_>, value: Val<'_>) -> bool {
    let (small, large) = (other.ty().dims(), value.ty().dims());
    other.key() == value.key()
        || small.len() <= large.len()
            && small
                .iter()
                .rev()
                .zip(large.iter().rev())
                .all(|(&own, &whole)| own == 1 || (own == whole && own != DYNAMIC))
}

/// The value of the function on constant operands.
pub(crate) fn fold_constants(
    row: &Row,
    dtype: DType,
    scalars: &[Option<Scalar>],
) -> Option<Scalar> {
    let fold = row.fold?;
    let scalars: Vec<_> = scalars.iter().copied().collect::<Option<_>>()?;
    let to = row.loop_dtype(dtype);
    let loop_scalars: Vec<_> = scalars
        .iter()
        .zip(row.operands)
        .map(|(scalar, (_, role))| match role {
            Role::Value => scalar.convert(dtype, to),
            Role::Condition | Role::Exponent => Some(*scalar),
        })
        .collect::<Option<_>>()?;
    fold(to, &loop_scalars)
}

/// The value that `rule` says the operation equals, if it applies.
fn apply<'c>(rule: Rule, op: Op<'c>, dtype: DType, scalars: &[Option<Scalar>]) -> Option<Val<'c>> {
    let covers = |classes: super::dtype::Classes| classes.contains(dtype.class());
    let argument = |name: &str| {
        op.operand(0)
            .defining_op()
            .filter(|inner| inner.name() == name)
    };
    match rule {
        Rule::RightIdentity(number, classes) => {
            (covers(classes) && scalars[1]?.is(number)).then(|| op.operand(0))
        }
        Rule::LeftIdentity(number, classes) => {
            (covers(classes) && scalars[0]?.is(number)).then(|| op.operand(1))
        }
        Rule::AllOnesIdentity => {
            let ones = |i: usize| scalars[i].and_then(Scalar::int) == Some(dtype.wrap(-1));
            match (ones(0), ones(1)) {
                (_, true) => Some(op.operand(0)),
                (true, _) => Some(op.operand(1)),
                _ => None,
            }
        }
        Rule::Involution => argument(op.name()).map(|inner| inner.operand(0)),
        // Complex functions round.
        Rule::Idempotent if dtype.is_complex() => None,
        Rule::Idempotent => argument(op.name()).map(|inner| inner.result_value(0)),
        Rule::Nothing(classes) => covers(classes).then(|| op.operand(0)),
        Rule::ConstantCondition => Some(if scalars[0]?.truth() {
            op.operand(1)
        } else {
            op.operand(2)
        }),
    }
}
