//! Dialect conversion: converters, targets, patterns, signatures, control flow.

use crate::support::*;
use crate::toy::params::boxed;
use npir_mlir::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn unboxed(ty: Type<'_>) -> Converted<'_> {
    match boxed(ty) {
        Some(element) if element.is_index() => Converted::Impossible,
        Some(element) => Converted::To(element),
        None => Converted::Declined,
    }
}

/// Boxes become what they hold.
fn converter() -> TypeConverter {
    TypeConverter::new().rule(unboxed)
}

/// `toy.unbox` of what is no box any more is nothing.
fn unbox() -> ConversionPattern {
    ConversionPattern::new("toy.unbox", |op, cx, rw| {
        rw.replace(op, &[cx.operand(0)]);
        Ok(())
    })
}

/// An opaque op stays, with converted types.
fn opaque() -> ConversionPattern {
    ConversionPattern::new("toy.opaque", |op, cx, rw| {
        let types = op
            .result_types()
            .into_iter()
            .map(|t| cx.convert(t))
            .collect::<Result<Vec<_>, _>>()?;
        let new = rw
            .op(op.name())
            .operands(cx.operands)
            .results(&types)
            .build();
        rw.replace(op, &new.result_values());
        Ok(())
    })
}

fn scale_to_muli() -> ConversionPattern {
    ConversionPattern::new("toy.scale", |op, cx, rw| {
        let x = cx.operand(0);
        let factor = op
            .attr("factor")
            .and_then(|a| a.as_int())
            .ok_or_else(|| NoMatch::new("no factor"))?;
        if factor == 99 {
            op.emit_error("has a factor that cannot be multiplied by");
            return no_match("99");
        }
        let factor = rw.const_int(x.ty(), factor);
        rw.replace(op, &[rw.muli(x, factor)]);
        Ok(())
    })
}

/// Runs `convert` on a parsed module; the text and the outcome with diagnostics.
fn converted(
    source: &str,
    convert: impl FnOnce(Op<'_>) -> Result<(), String>,
) -> (String, Result<(), String>, Vec<String>) {
    let ctx = context();
    let module = parse(&ctx, source);
    let (result, diagnostics) = collect_diagnostics(&ctx, || convert(op_of(&module)));
    assert!(op_of(&module).verify_ok(), "{}", text(&module));
    (text(&module), result, texts(&diagnostics))
}

#[test]
fn type_converters_answer() {
    let ctx = context();
    let tc = converter();
    let ty = |s: &str| ctx.parse_type(s).unwrap();
    assert_eq!(tc.convert(ty("!toy.box<i8>")), Some(ctx.i(8)));
    assert_eq!(tc.convert(ty("f32")), Some(ctx.f32()));
    assert_eq!(tc.convert(ty("!toy.box<index>")), None);
    // Rules added later come first.
    let tc = converter().rule(|t| match boxed(t) {
        Some(element) if element.is_bool() => Converted::To(t.ctx().i(8)),
        _ => Converted::Declined,
    });
    assert_eq!(tc.convert(ty("!toy.box<i1>")), Some(ctx.i(8)));
    assert_eq!(tc.convert(ty("!toy.box<i2>")), Some(ctx.i(2)));
    let module = parse(
        &ctx,
        "func.func @f(%x: !toy.box<i8>) { %0 = toy.unbox %x : !toy.box<i8> toy.print %0 : i8 return }",
    );
    let find = |name| op_of(&module).find_all(name)[0];
    assert!(!tc.is_legal(find("toy.unbox")) && tc.is_legal(find("toy.print")));
}

#[test]
fn partial_conversion_leaves_the_unknown() {
    let source = "func.func @f(%x: i32) -> i32 {
      %0 = toy.scale %x by 3 : i32
      %1 = toy.add %0, %x : i32, i32
      return %1 : i32
    }";
    let (out, result, _) = converted(source, |op| {
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["arith"])
            .illegal_ops(&["toy.scale"]);
        Conversion::new(&TypeConverter::new(), target)
            .pattern(&scale_to_muli())
            .run_partial(op)
    });
    assert_eq!(result, Ok(()));
    assert!(
        out.contains("arith.muli") && out.contains("toy.add") && !out.contains("toy.scale"),
        "{out}"
    );
}

#[test]
fn full_conversion_leaves_only_the_legal() {
    let source = "func.func @f(%x: i32) -> i32 {
      %0 = toy.scale %x by 3 : i32
      %1 = toy.add %0, %x : i32, i32
      return %1 : i32
    }";
    let run = |patterns: Vec<ConversionPattern>| {
        converted(source, move |op| {
            let target =
                ConversionTarget::new(op.ctx()).legal_dialects(&["arith", "func", "builtin"]);
            Conversion::new(&TypeConverter::new(), target)
                .patterns(&patterns)
                .run_full(op)
        })
    };
    let (out, result, errors) = run(vec![scale_to_muli()]);
    assert_eq!(result.unwrap_err(), "conversion failed");
    assert!(
        errors[0].starts_with("test.mlir:3:12: error: failed to legalize operation 'toy.add'"),
        "{errors:?}"
    );
    // A failed conversion changes nothing.
    assert!(out.contains("toy.scale") && !out.contains("arith"), "{out}");
    let add = ConversionPattern::new("toy.add", |op, cx, rw| {
        rw.replace(op, &[rw.addi(cx.operand(0), cx.operand(1))]);
        Ok(())
    });
    assert_eq!(add.root(), "toy.add");
    let (out, result, _) = run(vec![scale_to_muli(), add]);
    assert_eq!(result, Ok(()));
    assert!(!out.contains("toy."), "{out}");
}

#[test]
fn an_error_of_a_pattern_is_the_reason_of_the_failure() {
    let source = "func.func @f(%x: i32) {\n  %0 = toy.scale %x by 99 : i32 return }";
    let (_, result, errors) = converted(source, |op| {
        let target = ConversionTarget::new(op.ctx()).illegal_ops(&["toy.scale"]);
        Conversion::new(&TypeConverter::new(), target)
            .pattern(&scale_to_muli())
            .run_partial(op)
    });
    assert!(result.is_err());
    assert!(
        errors[0].contains(
            "test.mlir:2:8: error: 'toy.scale' op has a factor that cannot be multiplied by"
        ),
        "{errors:?}"
    );
}

#[test]
fn benefit_decides_between_patterns() {
    let by = |factor: i64| {
        ConversionPattern::new("toy.scale", move |op, cx, rw| {
            let n = rw.const_int(cx.operand(0).ty(), factor);
            rw.replace(op, &[n]);
            Ok(())
        })
    };
    let (out, ..) = converted(
        "func.func @f(%x: i32) -> i32 { %0 = toy.scale %x by 1 : i32 return %0 : i32 }",
        |op| {
            let target = ConversionTarget::new(op.ctx())
                .illegal_dialects(&["toy"])
                .legal_dialects(&["arith"]);
            Conversion::new(&TypeConverter::new(), target)
                .pattern(&by(1))
                .pattern(&by(7).benefit(5))
                .run_partial(op)
        },
    );
    assert!(out.contains("arith.constant 7"), "{out}");
}

#[test]
fn functions_calls_and_control_flow_change_types() {
    let source = "func.func private @g(!toy.box<i32>) -> !toy.box<f32>
    func.func @f(%x: !toy.box<i32>, %n: index, %c: i1) -> !toy.box<f32> {
      %c0 = arith.constant 0 : index
      %init = func.call @g(%x) : (!toy.box<i32>) -> !toy.box<f32>
      %0 = scf.for %i = %c0 to %n step %n iter_args(%a = %init) -> (!toy.box<f32>) {
        %1 = toy.opaque %a : (!toy.box<f32>) -> !toy.box<f32>
        scf.yield %1 : !toy.box<f32>
      }
      %2 = scf.if %c -> !toy.box<f32> { scf.yield %0 : !toy.box<f32> } else { scf.yield %init : !toy.box<f32> }
      %3 = scf.while (%a = %2) : (!toy.box<f32>) -> !toy.box<f32> {
        scf.condition(%c) %a : !toy.box<f32>
      } do {
      ^bb0(%a: !toy.box<f32>):
        scf.yield %a : !toy.box<f32>
      }
      return %3 : !toy.box<f32>
    }";
    let tc = Arc::new(converter());
    let (out, result, errors) = converted(source, |op| {
        let legal = tc.clone();
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["arith", "builtin"])
            .dynamically_legal("toy.opaque", move |op| Some(legal.is_legal(op)));
        Conversion::new(&tc, target)
            .pattern(&opaque())
            .func_types()
            .scf_types()
            .run_full(op)
    });
    assert_eq!(result, Ok(()), "{errors:?}");
    assert!(
        !out.contains("toy.box") && !out.contains("unrealized"),
        "{out}"
    );
    assert!(
        out.contains("@g(i32) -> f32") && out.contains("-> f32 {"),
        "{out}"
    );
}

#[test]
fn casts_bridge_converted_and_unconverted() {
    let source = "func.func @f(%x: !toy.box<i32>) -> i32 { %0 = toy.unbox %x : !toy.box<i32> return %0 : i32 }";
    // By default unrealized casts, …
    let run = |tc: TypeConverter| {
        converted(source, move |op| {
            let target = ConversionTarget::new(op.ctx()).illegal_ops(&["toy.unbox"]);
            Conversion::new(&tc, target)
                .pattern(&unbox())
                .run_partial(op)
        })
    };
    let (out, result, _) = run(converter());
    assert_eq!(result, Ok(()));
    assert!(
        out.contains("builtin.unrealized_conversion_cast %arg0 : !toy.box<i32> to i32"),
        "{out}"
    );
    // … or what a materialization builds, …
    let (out, result, _) = run(converter().target_materialization(|rw, ty, v| {
        Some(
            rw.op("toy.opaque")
                .operands(&[v])
                .results(&[ty])
                .build_value(),
        )
    }));
    assert_eq!(result, Ok(()));
    assert!(
        out.contains("toy.opaque %arg0 : (!toy.box<i32>) -> i32") && !out.contains("unrealized"),
        "{out}"
    );
    // … and the default again where it declines.
    let (out, ..) = run(converter().target_materialization(|_, _, _| None));
    assert!(out.contains("unrealized"), "{out}");

    // From new to old types for users that stay.
    let source = "func.func @f() { %0 = toy.opaque : () -> !toy.box<i32> toy.print %0 : !toy.box<i32> return }";
    let (out, result, _) = converted(source, |op| {
        let tc = Arc::new(converter().source_materialization(|rw, ty, v| {
            Some(
                rw.op("toy.opaque")
                    .operands(&[v])
                    .results(&[ty])
                    .attr("toy.tag", rw.ctx().str_attr("back"))
                    .build_value(),
            )
        }));
        let target = ConversionTarget::new(op.ctx())
            .legal_ops(&["toy.print"])
            .dynamically_legal("toy.opaque", |op| {
                Some(
                    op.attr("toy.tag").is_some()
                        || op.result_types().iter().all(|t| boxed(*t).is_none()),
                )
            });
        Conversion::new(&tc, target)
            .pattern(&opaque())
            .run_partial(op)
    });
    assert_eq!(result, Ok(()));
    assert!(
        out.contains("{toy.tag = \"back\"} : (i32) -> !toy.box<i32>"),
        "{out}"
    );
}

#[test]
fn legality_by_function() {
    let source = "func.func @f(%x: i32) { %0 = toy.scale %x by 3 : i32 %1 = toy.scale %x by 4 : i32 toy.print %x : i32 return }";
    let (out, result, _) = converted(source, |op| {
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["arith", "func", "builtin"])
            .dynamically_legal("toy.scale", |op| {
                Some(op.attr("factor").and_then(|a| a.as_int()) == Some(3))
            })
            .unknown_dynamically_legal(|op| Some(op.name() == "toy.print"));
        Conversion::new(&TypeConverter::new(), target)
            .pattern(&scale_to_muli())
            .run_full(op)
    });
    assert_eq!(result, Ok(()));
    assert!(
        out.contains("by 3") && !out.contains("by 4") && out.contains("toy.print"),
        "{out}"
    );
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let (_, result, errors) = converted(source, move |op| {
        let target = ConversionTarget::new(op.ctx())
            .legal_dialects(&["func", "builtin", "toy"])
            .unknown_dynamically_legal(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                Some(false)
            });
        Conversion::new(&TypeConverter::new(), target).run_full(op)
    });
    assert_eq!(
        (result, seen.load(Ordering::Relaxed)),
        (Ok(()), 0),
        "a dialect's rule comes first: {errors:?}"
    );
}

#[test]
fn types_that_cannot_be_converted() {
    let source = "func.func @f(%x: !toy.box<index>) -> index { %0 = toy.unbox %x : !toy.box<index> return %0 : index }";
    let (_, result, errors) = converted(source, |op| {
        let tc = converter();
        let target = ConversionTarget::new(op.ctx()).illegal_ops(&["toy.unbox"]);
        Conversion::new(&tc, target)
            .pattern(&unbox())
            .func_types()
            .run_partial(op)
    });
    assert!(result.is_err());
    assert!(
        errors
            .iter()
            .any(|e| e.contains("failed to legalize operation 'toy.unbox'")
                || e.contains("'func.func'")),
        "{errors:?}"
    );
}
