//! Result types that follow from operands and attributes.

use crate::support::*;
use crate::toy::scalar::{Add, Scale, Unbox};
use npir_mlir::prelude::*;

#[test]
fn inferred_in_the_assembly() {
    let out = round_trip(
        "func.func @f(%x: !toy.box<tensor<2xi8>>) -> tensor<2xi8> { %0 = toy.unbox %x : !toy.box<tensor<2xi8>> return %0 : tensor<2xi8> }",
    );
    assert!(out.contains("return %0 : tensor<2xi8>"), "{out}");
    // Inference fails while the op is parsed: its error points at the op.
    refuses(
        "func.func @f(%x: i32) {\n  %0 = toy.scale %x by 13 : i32 return }",
        "test.mlir:2:8: error: 'toy.scale' op has an unlucky factor",
    );
    refuses(
        "func.func @f(%x: i32) { %0 = toy.unbox %x : i32 return }",
        "'toy.unbox' op unboxes i32",
    );
}

#[test]
fn a_written_type_must_fit() {
    let found = errors(
        "func.func @f(%x: !toy.box<i8>) { %0 = \"toy.unbox\"(%x) : (!toy.box<i8>) -> i16 return }",
    );
    assert!(
        found.iter().any(|e| e.contains(
            "'toy.unbox' op infers result type 'i8', which does not fit the written 'i16'"
        )),
        "{found:?}"
    );
    // A dynamic dimension fits a static one, another size or element does not.
    let f = |written: &str| {
        format!(
            "func.func @f(%x: !toy.box<tensor<?x4xi8>>) {{ %0 = \"toy.unbox\"(%x) : (!toy.box<tensor<?x4xi8>>) -> {written} return }}"
        )
    };
    parse(&context(), &f("tensor<2x4xi8>"));
    parse(&context(), &f("tensor<2x?xi8>"));
    for wrong in [
        "tensor<2x5xi8>",
        "tensor<2x4xi16>",
        "tensor<4xi8>",
        "memref<?x4xi8>",
    ] {
        assert!(
            errors(&f(wrong)).iter().any(|e| e.contains("does not fit")),
            "{wrong}"
        );
    }
}

#[test]
fn inferred_by_builders() {
    let ctx = context();
    let module = parse(&ctx, "func.func @f(%x: i32, %y: i64) { return }");
    let f = op_of(&module).find_all("func.func")[0];
    let (x, y) = {
        let args = f.region(0).entry().unwrap().args();
        (args[0], args[1])
    };
    let end = f.region(0).entry().unwrap().terminator_op().unwrap();
    rewrite_at(end, |rw| {
        let scaled = Scale::build_inferred(rw, x, 3).unwrap();
        assert_eq!(scaled.result().ty(), ctx.i(32));
        // Discardable attributes may come along.
        let tagged = rw
            .op(Scale::NAME)
            .operands(&[y])
            .attr("factor", ctx.i64_attr(4))
            .attr("toy.tag", ctx.str_attr("t"))
            .infer()
            .build();
        assert_eq!(tagged.result_value(0).ty(), ctx.i(64));
        assert_eq!(tagged.discardable_attrs().len(), 1);
        let at = rw.at(Location::new(&ctx, "user.py", 9, 2));
        let (failed, diagnostics) =
            collect_diagnostics(&ctx, || Scale::build_inferred(at, x, 13).err());
        assert_eq!(
            failed.as_deref(),
            Some("the result types of toy.scale cannot be inferred")
        );
        assert_eq!(
            texts(&diagnostics),
            ["user.py:9:2: error: 'toy.scale' op has an unlucky factor"]
        );
        let (failed, diagnostics) =
            collect_diagnostics(&ctx, || Unbox::build_inferred(rw, x).err());
        assert!(
            failed.is_some() && diagnostics.len() == 1,
            "{diagnostics:?}"
        );
        let (failed, diagnostics) = collect_diagnostics(&ctx, || {
            rw.op("toy.print").operands(&[x]).infer().try_build()
        });
        assert!(failed.is_none() && !diagnostics.is_empty());
    });
    assert!(op_of(&module).verify_ok());
    assert_eq!(count(&text(&module), "toy."), 3, "{}", text(&module));
    let add = InferCx::of(parse_add(&ctx));
    assert_eq!(Add::infer(&add).unwrap(), [ctx.i(32)]);
    assert!(
        add.operand_type(2)
            .unwrap_err()
            .contains("operand 2 is missing")
    );
}

fn parse_add(ctx: &Context) -> Op<'_> {
    // The module is leaked: only one op of it is looked at.
    let module = Box::leak(Box::new(parse(
        ctx,
        "func.func @f(%x: i32) { %0 = toy.add %x, %x : i32, i32 return }",
    )));
    op_of(module).find_all("toy.add")[0]
}
