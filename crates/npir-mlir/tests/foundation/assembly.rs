//! Declarative and hand-written assembly: every directive, both ways, and what it says
//! about text that does not fit.

use crate::support::*;
use npir_mlir::assembly::Assembly;
use npir_mlir::prelude::*;

#[test]
fn constants_and_sums_round_trip() {
    let printed = round_trip(
        "func.func @f(%x: i32) -> i32 {
           %c = toy.constant 1 : i32 {toy.tag = \"one\"}
           %s = toy.add %x, %c : i32, i32
           %t = toy.scale %s by 3 : i32
           return %t : i32
         }",
    );
    assert!(
        printed.contains("toy.constant 1 : i32 {toy.tag = \"one\"}"),
        "{printed}"
    );
    assert!(
        printed.contains("toy.add %arg0, %0 : i32, i32"),
        "{printed}"
    );
    assert!(printed.contains("toy.scale %1 by 3 : i32"), "{printed}");
}

#[test]
fn every_attribute_syntax_round_trips() {
    let full = "toy.attrs -3 [1, -2, 0] up @callee tensor<2xi8> 1.500000e+00 true \"a \\22quoted\\22 text\" \
                [affine_map<(d0) -> (d0 + 1)>] {k = 7 : i8} flag note (\"remember\") {hidden = 4 : i64, toy.tag = \"t\"}";
    let printed = round_trip(full);
    for piece in [
        "toy.attrs -3 [1, -2, 0] up @callee tensor<2xi8> 1.500000e+00 true",
        "\"a \\22quoted\\22 text\"",
        "{k = 7 : i8} flag note (\"remember\") {hidden = 4 : i64, toy.tag = \"t\"}",
    ] {
        assert!(printed.contains(piece), "{piece}\n{printed}");
    }
    let bare = "toy.attrs 0 [] down @\"odd name\" i1 0.0 false \"\" [] unit";
    let printed = round_trip(bare);
    assert!(
        printed.contains("toy.attrs 0 [] down @\"odd name\" i1 0.000000e+00 false \"\" [] unit\n"),
        "{printed}"
    );
}

#[test]
fn typed_views_read_every_attribute() {
    use crate::toy::syntax::{Attrs, Mode};
    let ctx = context();
    let module = parse(
        &ctx,
        "toy.attrs -3 [1, 2] up @callee i8 0.5 true \"text\" [affine_map<(d0) -> (d0)>] 9 : i16 flag note(\"n\")",
    );
    let op = op_of(&module)
        .find_all("toy.attrs")
        .into_iter()
        .find_map(Attrs::cast)
        .unwrap();
    assert_eq!(op.int(), -3);
    assert_eq!(op.list(), [1, 2]);
    assert_eq!(op.mode(), Mode::Up);
    assert_eq!(op.callee(), "callee");
    assert_eq!(op.ty(), ctx.i(8));
    assert_eq!(op.real(), 0.5);
    assert!(op.yes() && op.flag());
    assert_eq!(op.text(), "text");
    assert_eq!(op.maps().len(), 1);
    assert_eq!(op.any(), ctx.int_attr(ctx.i(16), 9));
    assert_eq!(op.note().as_deref(), Some("n"));
    assert_eq!(op.hidden(), None);
    assert!(Attrs::cast(op_of(&module)).is_none());
}

#[test]
fn groups_that_begin_with_an_attribute() {
    for source in [
        "toy.leading",
        "toy.leading up =",
        "toy.leading down = 5, [] @f : i32",
        "toy.leading 5,",
        "toy.leading [1, 2]",
        "toy.leading @f",
        "toy.leading : (i32) -> f32",
        "toy.leading up = [3] : i8 {toy.tag = \"x\"}",
    ] {
        let printed = round_trip(source);
        assert!(
            printed.contains(&format!("  {source}\n")),
            "{source}\n{printed}"
        );
    }
}

#[test]
fn operand_segments_round_trip() {
    for (body, first, middle, rest) in [
        ("() : ()", 0, 0, 0),
        ("(%a) : (i32)", 1, 0, 0),
        ("(%a, %b) at %i : (i32, f32)", 2, 1, 0),
        ("() with %b, %a : f32, i32 : ()", 0, 0, 2),
        (
            "(%b) at %i with %a : i32 {toy.tag = \"x\"} : (f32)",
            1,
            1,
            1,
        ),
    ] {
        let source =
            format!("func.func @f(%a: i32, %b: f32, %i: index) {{ toy.segments {body} return }}");
        let printed = round_trip(&source);
        assert!(!printed.contains("operandSegmentSizes"), "{printed}");
        let ctx = context();
        let module = parse(&ctx, &source);
        let op = op_of(&module)
            .find_all("toy.segments")
            .into_iter()
            .find_map(crate::toy::syntax::Segments::cast)
            .unwrap();
        assert_eq!(
            (op.first().len(), op.middle().iter().len(), op.rest().len()),
            (first, middle, rest),
            "{body}"
        );
    }
}

#[test]
fn result_segments_round_trip() {
    let printed = round_trip(
        "%0:4 = toy.results : (i8, i16) i32 [i64]
         %1 = toy.results : () i32 []
         %2:3 = toy.results {toy.tag = \"x\"} : () f32 [f16, f64]",
    );
    assert!(
        printed.contains("toy.results : (i8, i16) i32 [i64]"),
        "{printed}"
    );
    let ctx = context();
    let module = parse(&ctx, &printed);
    let sizes: Vec<_> = op_of(&module)
        .find_all("toy.results")
        .into_iter()
        .filter_map(crate::toy::syntax::Results::cast)
        .map(|r| (r.a().len(), r.b().ty().to_text(), r.c().len()))
        .collect();
    assert_eq!(
        sizes,
        [
            (2, "i32".into(), 1),
            (0, "i32".into(), 0),
            (0, "f32".into(), 2)
        ]
    );
}

#[test]
fn optional_operands_and_types_that_are_not_written() {
    let printed = round_trip(
        "func.func @f(%flag: i1, %i: index) {
           toy.maybe
           toy.maybe %flag : i1 {toy.tag = \"x\"}
           toy.untyped %flag, %i, %i
           toy.untyped %flag, %i, %i, %i, %i attributes {toy.tag = \"x\"}
           return
         }",
    );
    assert!(
        printed.contains("toy.maybe %arg0 : i1 {toy.tag = \"x\"}"),
        "{printed}"
    );
    assert!(
        printed
            .contains("toy.untyped %arg0, %arg1, %arg1, %arg1, %arg1 attributes {toy.tag = \"x\"}"),
        "{printed}"
    );
}

#[test]
fn all_operands_and_functional_types() {
    round_trip(
        "func.func @f(%a: i32, %b: f32) {
           %0:2 = toy.all %a, %b : i32, f32 -> f32, i32
           toy.all : ->
           %1 = toy.opaque %a, %a : (i32, i32) -> tuple<i32, f32>
           %2:2 = toy.functional %a(%b, %b) {toy.tag = \"x\"} : (i32, f32, f32) -> (f32, i32)
           toy.functional %a() : (i32) -> ()
           %3 = \"toy.opaque\"() : () -> ((i32) -> f32)
           return
         }",
    );
    round_trip("toy.punctuation () [] {} <> , : = -> ? * + | word {toy.tag = \"x\"}");
}

#[test]
fn regions_round_trip() {
    let printed = round_trip(
        "func.func @f(%c: i1, %n: index, %x: i32) {
           %0 = toy.if %c { toy.yield %x : i32 } else { toy.yield %x : i32 } : i32
           toy.if %c { toy.yield : } {toy.tag = \"x\"} :
           toy.repeat %n (%i: index, %j: i8) { toy.yield %i, %j : index, i8 } {toy.tag = \"x\"}
           toy.repeat %n () { toy.yield : }
           toy.three {}
           toy.three before { toy.opaque : () -> () } {} mark after { toy.opaque : () -> () }
           toy.three {} after { toy.opaque : () -> () } {toy.tag = \"x\"}
           toy.blocks {
             %1 = toy.constant 1 : i32
             cf.br ^next(%1 : i32)
           ^next(%a: i32):
             toy.yield %a : i32
           }
           return
         }
         toy.scope named \"outer\" attributes {toy.tag = \"x\"} {
           toy.named \"a\"
           toy.scope { toy.named \"a\" }
         }
         toy.graph {
           %a = toy.add %b, %b : i32, i32
           %b = toy.constant 1 : i32
         }",
    );
    assert!(
        printed.contains("toy.repeat %arg1 (%arg3: index, %arg4: i8) {"),
        "{printed}"
    );
    assert!(printed.contains("} mark after {"), "{printed}");
}

#[test]
fn hand_written_assembly_round_trips() {
    let printed = round_trip(
        "func.func @f(%a: i32, %b: f32, %i: index) {
           toy.window @w [0, %i, -4, %i] of %a, %b : i32, f32 step 2 {toy.tag = \"x\"}
           toy.window @w [] of :
           %0 = toy.parts some.word 1 : i8 typed 7 down %a : i32 (%b, %b) : (f32, f32) -> i32 [unit] attributes {toy.tag = \"x\"} {
             toy.yield :
           }
           toy.parts other \"s\" typed -1 up %a : i32 () : () -> ()
           return
         }",
    );
    assert!(
        printed.contains("toy.window @w [0, %arg2, -4, %arg2] of %arg0, %arg1 : i32, f32 step 2"),
        "{printed}"
    );
    assert!(
        printed.contains("some.word 1 : i8 typed 7 down %arg0 : i32 (%arg1, %arg1)"),
        "{printed}"
    );
}

#[test]
fn ops_without_assembly_use_the_generic_form() {
    let printed = round_trip(
        "func.func @f(%x: i32) {
           %0 = \"toy.generic_only\"(%x) <{level = 3 : i64}> {toy.tag = \"x\"} : (i32) -> i32
           return
         }",
    );
    assert!(
        printed.contains(
            "\"toy.generic_only\"(%arg0) <{level = 3 : i64}> {toy.tag = \"x\"} : (i32) -> i32"
        ),
        "{printed}"
    );
    refuses(
        "func.func @f(%x: i32) { toy.generic_only %x return }",
        "test.mlir:1:25: error: custom op 'toy.generic_only' 'toy.generic_only' has no custom assembly; write it in the generic form",
    );
}

#[test]
fn inherent_attributes_in_the_generic_form() {
    // In the dictionary of properties, or (as in older text) among the others.
    let ctx = context();
    for attrs in ["<{factor = 5 : i64}>", "{factor = 5 : i64}"] {
        let module = parse(
            &ctx,
            &format!(
                "func.func @f(%x: i32) {{ %0 = \"toy.scale\"(%x) {attrs} : (i32) -> i32 return }}"
            ),
        );
        assert!(
            text(&module).contains("toy.scale %arg0 by 5 : i32"),
            "{}",
            text(&module)
        );
    }
    let with = |properties: &str| {
        format!(
            "func.func @f(%x: i32) {{ %0 = \"toy.scale\"(%x) {properties} : (i32) -> i32 return }}"
        )
    };
    refuses(
        &with("<{factor = 5 : i64, typo = 1}>"),
        "'toy.scale' has no property 'typo'",
    );
    refuses(
        &with("<7>"),
        "expected a dictionary as the properties of 'toy.scale'",
    );
    refuses(
        "\"toy.punctuation\"() <{a = 1}> : () -> ()",
        "'toy.punctuation' has no properties",
    );
}

#[test]
fn syntax_errors_point_at_the_place() {
    for (source, expected) in [
        (
            "toy.attrs x",
            "test.mlir:1:11: error: custom op 'toy.attrs' expected an integer",
        ),
        (
            "toy.attrs 1 [1, x]",
            "test.mlir:1:17: error: custom op 'toy.attrs' expected an integer",
        ),
        ("toy.attrs 1 [1 2]", "test.mlir:1:15: error: expected ']'"),
        (
            "toy.attrs 1 [1] sideways @f",
            "expected one of down, up, but found 'sideways'",
        ),
        (
            "toy.attrs 1 [1] up f",
            "test.mlir:1:20: error: custom op 'toy.attrs' expected valid '@'-identifier for symbol name",
        ),
        (
            "toy.attrs 1 [1] up @f 4",
            "test.mlir:1:22: error: expected non-function type",
        ),
        (
            "func.func @f(%a: i32) { toy.all %a : -> return }",
            "1 operands but 0 types",
        ),
        (
            "func.func @f(%a: i32) { toy.all %a : i32, i32 -> return }",
            "1 operands but 2 types",
        ),
        (
            "func.func @f(%a: i32) { toy.all : i32 -> return }",
            "0 operands but 1 types",
        ),
        (
            "func.func @f(%a: i32) { toy.functional %a() : (i32, i32) -> () return }",
            "1 operands but 2 types",
        ),
        (
            "func.func @f(%a: i32) { toy.functional %a(%a) : (i32) -> () return }",
            "1 operands but 0 types",
        ),
        (
            "func.func @f(%a: i32) { toy.functional %a() : i32 return }",
            "expected a function type",
        ),
        (
            "func.func @f(%a: i32) { toy.segments (%a) : () return }",
            "1 operands but 0 types",
        ),
        (
            "func.func @f(%a: i32) { toy.maybe %a : f32 return }",
            "expects different type than prior uses: 'f32' vs 'i32'",
        ),
        (
            "func.func @f(%a: i32) { toy.untyped %a, %a, %a return }",
            "expects different type than prior uses: 'i1' vs 'i32'",
        ),
        (
            "toy.window @nobody [] of :",
            "test.mlir:1:20: error: custom op 'toy.window' there is no such window",
        ),
        (
            "toy.named \"a\" {sym_name = \"b\"}",
            "attribute 'sym_name' occurs more than once",
        ),
        ("toy.if", "expected SSA operand"),
        ("toy.nothing", "toy.nothing"),
    ] {
        refuses(source, expected);
    }
}

fn format_error(text: &str) -> String {
    let any = || AnyType::constraint();
    let def = OpDef::new("toy.x")
        .operand("a", any())
        .optional_operand("maybe", any())
        .attribute("n", I64::constraint())
        .optional_attribute("o", I64::constraint())
        .unit_attribute("flag")
        .attribute("text", Str::constraint())
        .result("r", any())
        .result("s", any())
        .region("body")
        .region("other");
    Assembly::parse(text, &def).err().unwrap_or_default()
}

#[test]
fn malformed_formats_are_refused() {
    let good = "$a $maybe $n (`o` $o^)? (`flag` $flag^)? $body $other attr-dict";
    assert_eq!(format_error(good), "");
    for (text, expected) in [
        ("$b attr-dict", "'$b' is no operand, attribute or region"),
        ("%a", "unexpected character '%'"),
        (
            "`>=` attr-dict",
            "`>=` is no keyword or punctuation of MLIR",
        ),
        ("dictionary", "unknown directive 'dictionary'"),
        ("type($a", "expected ')' at the end"),
        ("type(", "unfinished type(...)"),
        ("type(x)", "type(x) names nothing"),
        ("type($n)", "type($n): no such operand or result"),
        (
            "functional-type(results)",
            "expected 'operands', but found 'results'",
        ),
        ("(`o` $o)? attr-dict", "needs an anchor"),
        ("(`o` $o^) attr-dict", "expected '?', but found 'attr-dict'"),
        ("(`o` $o^ attr-dict", "expected ')' at the end"),
        ("$a ) attr-dict", "unknown directive ')'"),
        (
            "$a $maybe $body $other $text attr-dict `:` type($a)",
            "a `:` behind '$text' would be read as the start of its type",
        ),
        (
            "$a $maybe $body $other $text (`flag` $flag^)? (`:` type($maybe)^)? attr-dict",
            "a `:` behind '$text'",
        ),
        ("$o^ attr-dict", "belongs in a group"),
        ("(`o` $o^ $flag^)? attr-dict", "a group has one anchor"),
        ("$a $maybe $body $other", "it needs one 'attr-dict'"),
        (
            "$a $maybe $body $other attr-dict attr-dict",
            "it needs one 'attr-dict'",
        ),
        (
            "$maybe $body $other attr-dict",
            "it must mention the operand '$a' once",
        ),
        (
            "$a operands $maybe $body $other attr-dict",
            "it must mention the operand '$a' once",
        ),
        (
            "operands $body $other attr-dict",
            "'operands' needs 'type(operands)' or 'functional-type'",
        ),
        (
            "$a $maybe $body attr-dict",
            "it must mention the region '$other' once",
        ),
        (
            "$a $maybe $other $body attr-dict",
            "regions must come in the order of their declaration",
        ),
        (
            "$a $maybe $n $n $body $other attr-dict",
            "it mentions '$n' twice",
        ),
        (
            "$a $maybe $o $body $other attr-dict",
            "'$o' may be absent: it belongs in a group",
        ),
        (
            "$a $maybe $body $other attr-dict `:` type($r)",
            "the type of each result",
        ),
        (
            "$a $maybe (`n` $n^)? $body $other attr-dict",
            "the anchor of a group must be something that may be absent",
        ),
        (
            "$a $maybe ($flag^)? $body $other attr-dict",
            "a group must begin with",
        ),
        (
            "$a $maybe (type($a) $o^)? $body $other attr-dict",
            "a group must begin with",
        ),
        (
            "$a $maybe (`o` $o^ $flag)? $body $other attr-dict",
            "the flag '$flag' must be the anchor of its group",
        ),
        (
            "$a $maybe (`o` $o^ $body)? $other attr-dict",
            "the region '$body' must be the anchor of its group",
        ),
        (
            "$a $maybe (`o` $o^ $n)? $body $other attr-dict",
            "a group holds what may be absent",
        ),
        (
            "$a $maybe (`o` $o^ attr-dict)? $body $other",
            "'attr-dict' stands outside groups",
        ),
    ] {
        let found = format_error(text);
        assert!(
            found.contains(expected),
            "{text}: expected `{expected}`, found `{found}`"
        );
    }
}

#[test]
fn contradictory_definitions_panic_at_registration() {
    let any = || AnyType::constraint();
    let refused = |name: &str, op: OpDef, expected: &str| {
        let dialect = Dialect::new(name).ops([op]);
        let message = panic_message(|| Registry::new().with(dialect));
        assert!(message.contains(expected), "{message}");
    };
    refused(
        "wrong1",
        OpDef::new("toy.x"),
        "the definition of toy.x: it is no op of the dialect 'wrong1'",
    );
    refused(
        "wrong2",
        OpDef::new("wrong2.x")
            .variadic_operand("a", any())
            .optional_operand("b", any()),
        "AttrSizedOperandSegments",
    );
    refused(
        "wrong3",
        OpDef::new("wrong3.x")
            .variadic_result("a", any())
            .variadic_result("b", any()),
        "AttrSizedResultSegments",
    );
    refused(
        "wrong4",
        OpDef::new("wrong4.x")
            .result("a", any())
            .assembly("attr-dict"),
        "does not infer them",
    );
    let segments = || {
        OpDef::new("wrong5.x")
            .variadic_operand("a", any())
            .traits(&[Trait::AttrSizedOperandSegments])
    };
    let message = panic_message(|| segments().assembly("operands attr-dict `:` type(operands)"));
    assert!(
        message.contains("assembly of wrong5.x: 'operands' does not say"),
        "{message}"
    );
}
