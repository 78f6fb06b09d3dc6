//! `numpy.add_at` and its kin: NumPy's `ufunc.at`, which updates an array at listed positions, each
//! as often as it is listed.

use npir_mlir::prelude::*;
use npir_tensor::{CheckKind, Scatter};

use crate::elementwise::Body;
use crate::elementwise::broadcast::broadcast_shapes;
use crate::elementwise::dtype::{Classes, DType};
use crate::indices::Positions;
use crate::lowering;
use crate::shape::{check_broadcasts_to, shape_placeholder, shape_text};
use crate::sizes::{self, Cond};
use crate::types::{AnyArray, IntegerArray, check_declared, element_name};

/// One row of the table.
struct Update {
    name: &'static str,
    summary: &'static str,
    classes: Classes,
    combine: for<'c> fn(Body<'c>, Val<'c>, Val<'c>) -> Val<'c>,
}

/// The family. Adding a ufunc is adding a row.
static TABLE: &[Update] = &[
    Update {
        name: "numpy.add_at",
        summary: "Adds values at listed positions",
        classes: Classes::ALL,
        combine: |body, old, new| body.add(old, new),
    },
    Update {
        name: "numpy.subtract_at",
        summary: "Subtracts values at listed positions",
        classes: Classes::NUMERIC,
        combine: |body, old, new| body.sub(old, new),
    },
    Update {
        name: "numpy.multiply_at",
        summary: "Multiplies by values at listed positions",
        classes: Classes::ALL,
        combine: |body, old, new| body.mul(old, new),
    },
    Update {
        name: "numpy.minimum_at",
        summary: "Takes the minimum with values at listed positions; a NaN wins",
        classes: Classes::ALL,
        combine: |body, old, new| body.minimum(old, new),
    },
    Update {
        name: "numpy.maximum_at",
        summary: "Takes the maximum with values at listed positions; a NaN wins",
        classes: Classes::ALL,
        combine: |body, old, new| body.maximum(old, new),
    },
];

const DESCRIPTION: &str = "\
`indices` are integer arrays for the leading dimensions of `dest` and broadcast together to a shape \
S; `values` broadcasts to S followed by the remaining dimensions. Updates happen in row-major order \
of S, one after another where positions repeat. Negative positions count from the end; one out of \
bounds is an error and nothing is updated.";

/// The ops of the family.
pub fn ops() -> Vec<OpDef> {
    TABLE.iter().map(define).collect()
}

/// Their conversions to the tensor level.
pub fn lowerings() -> Vec<ConversionPattern> {
    TABLE
        .iter()
        .map(|row| ConversionPattern::new(row.name, move |op, cx, rw| lower(row, op, cx, rw)))
        .collect()
}

fn define(row: &'static Update) -> OpDef {
    OpDef::new(row.name)
        .doc(&format!("{}\n\n{DESCRIPTION}", row.summary))
        .operand("dest", AnyArray::constraint())
        .variadic_operand("indices", IntegerArray::constraint())
        .operand("values", AnyArray::constraint())
        .result("result", AnyArray::constraint())
        .traits(&[Trait::Pure])
        .assembly(
            "$dest `[` $indices `]` `,` $values attr-dict \
             `:` type($dest) `[` type($indices) `]` `,` type($values) `->` type($result)",
        )
        .verify(move |op| {
            let types = op.operand_types();
            check_declared(op.result_value(0).ty(), infer(row, &types)?)
        })
        .infer(move |cx| {
            let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
            Ok(vec![infer(row, &types)?])
        })
}

fn infer<'c>(row: &Update, types: &[Type<'c>]) -> Result<Type<'c>, String> {
    let [dest, indices @ .., values] = types else {
        return Err("needs a destination and values".to_string());
    };
    if !DType::of(*dest).is_some_and(|dtype| row.classes.contains(dtype.class())) {
        return Err(format!(
            "is not defined for {} elements",
            element_name(*dest)
        ));
    }
    if dest.element() != values.element() {
        return Err(format!(
            "updates {} elements with {} values; cast them first",
            element_name(*dest),
            element_name(*values)
        ));
    }
    if indices.is_empty() {
        return Err("needs at least one index array".to_string());
    }
    let dims = dest.dims();
    if indices.len() > dims.len() {
        return Err(format!(
            "too many indices for array: array is {}-dimensional, but {} were indexed",
            dims.len(),
            indices.len()
        ));
    }
    let listed: Vec<_> = indices.iter().map(|ty| ty.dims()).collect();
    let mut target = broadcast_shapes(&listed).map_err(|e| format!("index arrays: {e}"))?;
    target.extend(&dims[indices.len()..]);
    check_broadcasts_to(&values.dims(), &target).map_err(|_| {
        format!(
            "values of shape {} do not broadcast to {}",
            shape_text(&values.dims()),
            shape_text(&target)
        )
    })?;
    Ok(*dest)
}

fn lower<'c>(row: &Update, op: Op<'c>, cx: &ConvertCx<'_, 'c>, rw: Rewriter<'c>) -> Match {
    let Some(dtype) = DType::of(op.operand(0).ty()) else {
        return no_match("not an array");
    };
    let [dest, listed @ .., values] = cx.operands else {
        return no_match("needs a destination and values");
    };
    let dims = sizes::all_of(rw, *dest);
    let common = common_shape(rw, row.name, listed);

    let mut positions = Vec::new();
    for (axis, &n) in dims.iter().enumerate().take(listed.len()) {
        let listed = Positions::of_operand(op, cx, rw, axis + 1)?;
        listed.check(rw, row.name, axis, n);
        positions.push(listed.resolve_all(rw, &common, n));
    }

    let mut target = common;
    target.extend(&dims[listed.len()..]);
    let own = sizes::all_of(rw, *values);
    let fits = lowering::broadcasts_to(rw, &own, &target);
    let message = format!(
        "{}: values of shape {} do not broadcast to {}",
        row.name,
        shape_placeholder(own.len()),
        shape_placeholder(target.len())
    );
    let args: Vec<_> = own.iter().chain(&target).copied().collect();
    sizes::check(rw, fits, CheckKind::ShapeMismatch, &message, &args);
    let values = lowering::broadcast(rw, *values, &target);
    let result = Scatter::create(rw, *dest, &positions, values, |rw, old, new| {
        (row.combine)(Body::new(rw, dtype), old, new)
    });
    lowering::replace(rw, op, cx, result)
}

/// The shape that index arrays have together, checked at run time where types do not tell.
pub(crate) fn common_shape<'c>(
    rw: Rewriter<'c>,
    op_name: &str,
    listed: &[Val<'c>],
) -> Vec<OpFold<'c>> {
    let shapes: Vec<_> = listed.iter().map(|&list| sizes::all_of(rw, list)).collect();
    let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
    let mut common = vec![OpFold::Static(1); rank];
    let mut agree = Cond::Known(true);
    for shape in &shapes {
        for (size, &own) in common[rank - shape.len()..].iter_mut().zip(shape) {
            let (joint, fits) = lowering::broadcast_size(rw, *size, own);
            *size = joint;
            agree = agree.and(rw, fits);
        }
    }
    let placeholders: Vec<_> = shapes.iter().map(|s| shape_placeholder(s.len())).collect();
    let message = format!(
        "{op_name}: index arrays of shapes {} do not broadcast",
        placeholders.join(" ")
    );
    sizes::check(
        rw,
        agree,
        CheckKind::ShapeMismatch,
        &message,
        &shapes.concat(),
    );
    common
}
