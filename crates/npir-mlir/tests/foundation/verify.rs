//! Errors of the verifier: counts, types, attributes, traits, an op's own checks, and
//! where they point.

use crate::support::*;
use npir_mlir::prelude::*;

fn body(ops: &str) -> String {
    format!(
        "func.func @f(%i: i32, %x: f32, %c: i1, %n: index, %t: tensor<2xi32>) {{\n  {ops}\n  return\n}}"
    )
}

#[test]
fn counts_types_and_attributes() {
    for (op, expected) in [
        (
            "\"toy.add\"(%i) : (i32) -> i32",
            "test.mlir:2:3: error: 'toy.add' op takes 2 operands, but has 1",
        ),
        (
            "\"toy.add\"(%i, %i) : (i32, i32) -> ()",
            "'toy.add' op expected 1 or more results",
        ),
        (
            "\"toy.print\"() : () -> ()",
            "'toy.print' op takes 1 operand, but has 0",
        ),
        (
            "\"toy.print\"(%i) : (i32) -> i32",
            "'toy.print' op takes 0 results, but has 1",
        ),
        (
            "\"toy.functional\"() : () -> ()",
            "'toy.functional' op takes 1 or more operands, but has 0",
        ),
        (
            "\"toy.maybe\"(%i, %i) : (i32, i32) -> ()",
            "'toy.maybe' op takes 0 or more operands, but has 2",
        ),
        (
            "toy.add %x, %x : f32, f32",
            "'toy.add' op operand 'lhs' must be an integer or index, but is f32",
        ),
        (
            "%0 = \"toy.head\"(%i) : (i32) -> i32",
            "'toy.head' op operand 'x' must be a ranked tensor, but is i32",
        ),
        (
            "%0 = \"toy.iota\"() : () -> i32",
            "'toy.iota' op result 'result' must be a ranked tensor, but is i32",
        ),
        (
            "%0 = \"toy.generic_only\"(%i) : (i32) -> i32",
            "'toy.generic_only' op needs the attribute 'level'",
        ),
        (
            "%0 = \"toy.generic_only\"(%i) <{level = 1 : i32}> : (i32) -> i32",
            "'toy.generic_only' op attribute 'level' must be a 64-bit integer, but is 1 : i32",
        ),
        (
            "%0 = \"toy.generic_only\"(%i) <{level = \"high\"}> : (i32) -> i32",
            "'toy.generic_only' op attribute 'level' must be a 64-bit integer, but is \"high\"",
        ),
        (
            "\"toy.leading\"() <{mode = \"sideways\"}> : () -> ()",
            "attribute 'mode' must be one of down up, but is \"sideways\"",
        ),
        (
            "\"toy.leading\"() <{list = [1, 2]}> : () -> ()",
            "attribute 'list' must be a list of integers",
        ),
        (
            "\"toy.three\"() <{flag = 1}> ({}, {}, {}) : () -> ()",
            "attribute 'flag' must be a unit attribute",
        ),
        (
            "\"toy.three\"() ({}, {}) : () -> ()",
            "'toy.three' op takes 3 regions, but has 2",
        ),
        (
            "\"toy.print\"(%i) ({}) : (i32) -> ()",
            "'toy.print' op takes 0 regions, but has 1",
        ),
        (
            "%0 = toy.scale %i by -4 : i32",
            "test.mlir:2:8: error: 'toy.scale' op has the negative factor -4",
        ),
    ] {
        let found = errors(&body(op));
        assert!(
            found[0].contains(expected),
            "{op}: expected `{expected}`, found\n{}",
            found.join("\n")
        );
        assert_eq!(found.len(), 1, "{op}: {}", found.join("\n"));
    }
}

#[test]
fn segment_sizes_must_fit() {
    let sizes = |s: &str| {
        body(&format!(
            "\"toy.segments\"(%i, %i) <{{operandSegmentSizes = array<i32: {s}>}}> : (i32, i32) -> ()"
        ))
    };
    for (source, expected) in [
        (sizes("1, 0"), "does not match with the total size (1)"),
        (
            sizes("1, 0, 2"),
            "operand count (2) does not match with the total size (3)",
        ),
        (sizes("-1, 1, 2"), "operandSegmentSizes"),
        (sizes("0, 2, 0"), "operand 'middle'"),
        (
            body("\"toy.segments\"(%i) : (i32) -> ()"),
            "operandSegmentSizes",
        ),
        (
            body("%0 = \"toy.results\"() : () -> i32"),
            "resultSegmentSizes",
        ),
    ] {
        let found = errors(&source);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "{source}: {}",
            found.join("\n")
        );
    }
}

#[test]
fn nested_regions_are_verified_first() {
    for (op, expected) in [
        (
            "%0 = toy.if %c { toy.yield : } : i32",
            "'toy.if' op yields 0 values for 1 results",
        ),
        (
            "toy.if %c { ^bb0: cf.br ^bb1 ^bb1: toy.yield : } :",
            "'toy.if' op expects a region with one block",
        ),
        (
            "\"toy.if\"(%c) ({ ^bb0: }, {}) : (i1) -> ()",
            "'toy.if' op region 'then' has an empty block; it needs a terminator",
        ),
    ] {
        let found = errors(&body(op));
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "{op}: {}",
            found.join("\n")
        );
    }
}

#[test]
fn messages_carry_names_and_notes() {
    let ctx = context();
    let at = |line| Location::new(&ctx, "user.py", line, 1);
    let ((), found) = collect_diagnostics(&ctx, || {
        emit(
            at(1),
            Severity::Warning,
            "careful",
            &[
                (at(2), "because of this".into()),
                (Location::unknown(&ctx), "and that".into()),
            ],
        );
        emit(Location::unknown(&ctx), Severity::Remark, "by the way", &[]);
        emit(Location::name(&ctx, "x", at(7)), Severity::Error, "no", &[]);
    });
    assert_eq!(
        texts(&found),
        [
            "user.py:1:1: warning: careful\n  note: user.py:2:1: because of this\n  note: and that",
            "remark: by the way",
            "user.py:7:1: error: no",
        ]
    );
    assert_eq!(
        found[2].position,
        Some(FilePosition {
            file: "user.py".into(),
            line: 7,
            column: 1
        })
    );
    assert_eq!(location_name(Location::name(&ctx, "x", at(7))), Some("x"));
    assert_eq!(
        file_position(Location::fused(
            &ctx,
            &[Location::unknown(&ctx), at(4)],
            ctx.unit_attr()
        ))
        .map(|p| p.line),
        Some(4)
    );
    assert_eq!(
        file_position(Location::call_site(at(5), at(6))).map(|p| p.line),
        Some(5)
    );
}

#[test]
fn handlers_nest_and_survive_panics() {
    let ctx = context();
    let loc = Location::unknown(&ctx);
    let say = |message: &str| emit(loc, Severity::Error, message, &[]);
    let (inner, outer) = collect_diagnostics(&ctx, || {
        say("a");
        let ((), inner) = collect_diagnostics(&ctx, || say("b"));
        assert_eq!(
            panic_message(|| collect_diagnostics(&ctx, || panic!("out of here"))),
            "out of here"
        );
        say("c");
        inner
    });
    assert_eq!(texts(&inner), ["error: b"]);
    assert_eq!(texts(&outer), ["error: a", "error: c"]);
}

#[test]
fn block_arguments_keep_their_names() {
    let ctx = context();
    let module = parse(&ctx, "func.func @f(%weights: tensor<2xf32>) { return }");
    let f = op_of(&module).find_all("func.func")[0];
    let arg = f.region(0).entry().unwrap().args()[0];
    assert_eq!(location_name(arg.value_loc()), Some("weights"));
    assert_eq!(
        file_position(arg.value_loc()).unwrap().to_string(),
        "test.mlir:1:14"
    );
}

#[test]
fn attributes_of_the_dialect_on_other_ops() {
    for (source, expected) in [
        (
            "func.func private @f() attributes {toy.tag = 1}",
            "test.mlir:1:1: error: 'func.func' op 'toy.tag' must be a string",
        ),
        (
            "func.func private @f(i32, i32 {toy.align = \"x\"})",
            "'func.func' op 'toy.align' of argument 1 must be an integer",
        ),
        (
            "func.func @f(%a: i32 {toy.align = \"x\"}) { return }",
            "'func.func' op 'toy.align' of argument 0 must be an integer",
        ),
    ] {
        refuses(source, expected);
    }
    round_trip(
        "func.func private @f(i32 {toy.align = 8 : i64}, i32 {other.align = \"x\"}) attributes {toy.tag = \"fine\"}",
    );
}

#[test]
fn argument_attributes_from_rust() {
    use npir_mlir::upstream::{arg_attr, set_arg_attr};
    let ctx = context();
    let module = parse(
        &ctx,
        "func.func @f(%a: i32, %b: i32 {toy.align = 8 : i64}) { return }",
    );
    let f = op_of(&module).find_all("func.func")[0];
    assert_eq!(
        arg_attr(f, 1, "toy.align").and_then(|a| a.as_int()),
        Some(8)
    );
    assert!(arg_attr(f, 0, "toy.align").is_none());
    set_arg_attr(f, 0, "toy.align", Some(ctx.i64_attr(4)));
    set_arg_attr(f, 1, "toy.align", None);
    assert!(
        text(&module).contains("@f(%arg0: i32 {toy.align = 4 : i64}, %arg1: i32)"),
        "{}",
        text(&module)
    );
    assert!(op_of(&module).verify_ok());
}
