//! The dialect `toy`: types, attributes, ops, passes.

pub mod boom;
pub mod control;
pub mod params;
pub mod passes;
pub mod scalar;
pub mod syntax;
pub mod tensors;

use npir_mlir::prelude::*;

/// The dialect `toy`.
pub fn dialect() -> Dialect {
    Dialect::new("toy")
        .doc("A dialect for tests.")
        .depends_on(&["arith", "memref", "tensor"])
        .types(params::types())
        .attrs(params::attrs())
        .ops(scalar::ops())
        .ops(syntax::ops())
        .ops(control::ops())
        .ops(tensors::ops())
        .materialize_constant(|rw, value, ty| {
            let constant = rw.op("toy.constant").attr("value", value);
            Some(constant.results(&[ty]).build())
        })
        .verify_op_attr(|op, name, value| match name {
            "toy.tag" if value.as_str().is_none() => Err(format!("'{name}' must be a string")),
            "toy.boom" => panic!("attribute on {}", op.name()),
            _ => Ok(()),
        })
        .verify_arg_attr(|_, arg, name, value| match name {
            "toy.align" if value.as_int().is_none() => {
                Err(format!("'{name}' of argument {arg} must be an integer"))
            }
            "toy.boom" => panic!("attribute of argument {arg}"),
            _ => Ok(()),
        })
}

/// Adds the dialects, passes and pipelines of these tests.
pub fn register(registry: Registry) -> Registry {
    registry
        .with(dialect())
        .with(boom::dialect())
        .with_passes(passes::all())
        .with_passes(boom::passes())
        .with_pipeline(
            "toy-pipeline",
            "Marks, then cleans up",
            "func.func(toy-mark{label=piped}),canonicalize",
        )
}
