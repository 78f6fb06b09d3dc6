//! Traits, as MLIR's own verifier and passes see them.

use crate::support::*;

#[test]
fn terminators_end_blocks() {
    refuses(
        "func.func @f(%c: i1) { toy.if %c { toy.yield : toy.opaque : () -> () toy.yield : } : return }",
        "'toy.yield' op must be the last operation in the parent block",
    );
    // Blocks of an op without NoTerminator need one.
    refuses(
        "func.func @f(%c: i1) { toy.if %c { toy.opaque : () -> () } : return }",
        "block with no terminator",
    );
}

#[test]
fn isolated_regions_see_nothing_from_outside() {
    refuses(
        "func.func @f(%x: i32) { toy.scope { toy.print %x : i32 } return }",
        "test.mlir:1:37: error: 'toy.print' op using value defined outside the region",
    );
    let generic = "func.func @f(%x: i32) { \"toy.scope\"() ({ \"toy.print\"(%x) : (i32) -> () }) : () -> () return }";
    let found = errors(generic);
    assert!(!found.is_empty());
    // Other regions do see it.
    parse(
        &context(),
        "func.func @f(%x: i32) { toy.graph { toy.print %x : i32 } return }",
    );
    // Constants do not leave an isolated region.
    let out = transformed(
        "func.func @f() { toy.scope { %0 = toy.constant 1 : i32 toy.print %0 : i32 } return }",
        "canonicalize",
    );
    assert!(
        out.find("toy.scope").unwrap() < out.find("toy.constant").unwrap(),
        "{out}"
    );
}

#[test]
fn symbol_tables_hold_each_name_once() {
    refuses(
        "toy.scope { toy.named \"a\" toy.named \"b\" toy.named \"a\" }",
        "redefinition of symbol named 'a'",
    );
    refuses(
        "\"toy.scope\"() ({}) : () -> ()",
        "must have exactly one block",
    );
    round_trip("toy.scope { toy.named \"a\" toy.scope { toy.named \"a\" } }");
}

#[test]
fn graph_regions_have_no_order() {
    let cyclic = "%a = toy.add %b, %b : i32, i32 %b = toy.add %a, %a : i32, i32";
    round_trip(&format!("toy.graph {{ {cyclic} }}"));
    refuses(
        &format!("func.func @f() {{ {cyclic} return }}"),
        "does not dominate this use",
    );
}

#[test]
fn commutative_ops_move_constants_to_the_right() {
    let out = transformed(
        "func.func @f(%x: i32) -> i32 {
           %c = toy.constant 5 : i32
           %0 = toy.add %c, %x : i32, i32
           return %0 : i32
         }",
        "canonicalize",
    );
    assert!(out.contains("toy.add %arg0, %0 : i32, i32"), "{out}");
    // And cse takes a + b for b + a.
    let out = transformed(
        "func.func @f(%x: i32, %y: i32) -> (i32, i32) {
           %0 = toy.add %x, %y : i32, i32
           %1 = toy.add %y, %x : i32, i32
           return %0, %1 : i32, i32
         }",
        "cse",
    );
    assert_eq!(count(&out, "toy.add"), 1, "{out}");
}

#[test]
fn types_that_must_agree() {
    let f = |op: &str| {
        format!(
            "func.func @f(%i: i32, %j: i64, %t: tensor<2xi32>, %u: tensor<3xi32>) {{ {op} return }}"
        )
    };
    refuses(
        &f("%0 = \"toy.add\"(%i, %j) : (i32, i64) -> i32"),
        "requires the same type for all operands and results",
    );
    refuses(
        &f("%0 = \"toy.negate\"(%t) : (tensor<2xi32>) -> tensor<3xi32>"),
        "requires the same type for all operands and results",
    );
    refuses(
        &f("toy.same_element %i, %j : i32, i64"),
        "requires the same element type for all operands",
    );
    round_trip(&f(
        "toy.same_element %i, %t, %u : i32, tensor<2xi32>, tensor<3xi32>",
    ));
    round_trip(&f("%0 = toy.negate %t : tensor<2xi32>"));
}

#[test]
fn functions_with_our_ops_are_inlined() {
    let out = transformed(
        "func.func private @twice(%x: i32) -> i32 {
           %0 = toy.scale %x by 2 : i32
           toy.print %0 : i32
           return %0 : i32
         }
         func.func @f(%x: i32, %c: i1) -> i32 {
           %0 = toy.if %c {
             %1 = func.call @twice(%x) : (i32) -> i32
             toy.yield %1 : i32
           } else {
             toy.yield %x : i32
           } : i32
           return %0 : i32
         }",
        "inline",
    );
    assert_eq!(count(&out, "func.func"), 1, "{out}");
    assert!(
        out.contains("toy.scale %arg0 by 2") && out.contains("toy.print") && !out.contains("call"),
        "{out}"
    );
}

#[test]
fn cse_sees_properties() {
    let out = transformed(
        "func.func @f(%x: i32) -> (i32, i32, i32, i32) {
           %0 = toy.scale %x by 2 : i32
           %1 = toy.scale %x by 3 : i32
           %2 = toy.scale %x by 2 : i32
           %3 = toy.scale %x by 2 {toy.tag = \"another\"} : i32
           return %0, %1, %2, %3 : i32, i32, i32, i32
         }",
        "cse",
    );
    assert!(out.contains("return %0, %1, %0, %2"), "{out}");
    // Also inside regions, which are compared op by op.
    let branch = |factor: i64| {
        format!("toy.if %c {{ %0 = toy.scale %x by {factor} : i32 toy.yield %0 : i32 }} : i32")
    };
    let out = transformed(
        &format!(
            "func.func @f(%x: i32, %c: i1) -> (i32, i32, i32) {{
               %a = {} %b = {} %d = {}
               return %a, %b, %d : i32, i32, i32
             }}",
            branch(2),
            branch(3),
            branch(2)
        ),
        "cse",
    );
    assert_eq!(count(&out, "toy.if"), 2, "{out}");
}
