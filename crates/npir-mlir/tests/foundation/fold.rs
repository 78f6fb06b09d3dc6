//! Folding, constants, canonicalization.

use crate::support::*;

fn canonical(body: &str) -> String {
    transformed(
        &format!("func.func @f(%x: i32, %y: i64) -> i32 {{ {body} }}"),
        "canonicalize",
    )
}

#[test]
fn constants_fold_and_become_ops_of_the_dialect() {
    let out = canonical(
        "%a = toy.constant 20 : i32
         %b = toy.constant 22 : i32
         %0 = toy.add %a, %b : i32, i32
         %1 = toy.add %0, %b : i32, i32
         return %1 : i32",
    );
    assert!(
        out.contains("%0 = toy.constant 64 : i32\n    return %0"),
        "{out}"
    );
    assert_eq!(count(&out, "toy."), 1, "{out}");
}

#[test]
fn values_fold_to_values() {
    let out = canonical("%a = toy.constant 0 : i32 %0 = toy.add %x, %a : i32, i32 return %0 : i32");
    assert!(!out.contains("toy."), "{out}");
    assert!(out.contains("return %arg0"), "{out}");
    let out = canonical(
        "%0:2 = toy.swap %y, %x : i64, i32 -> i32, i64 toy.print %0#1 : i64 return %0#0 : i32",
    );
    assert!(
        out.contains("toy.print %arg1") && out.contains("return %arg0") && !out.contains("swap"),
        "{out}"
    );
}

#[test]
fn an_op_that_folds_to_itself_stays() {
    let out = canonical("%0 = toy.scale %x by 7 : i32 return %0 : i32");
    assert!(out.contains("toy.scale %arg0 by 7"), "{out}");
}

#[test]
fn constants_are_shared_and_hoisted_to_the_top() {
    let out = canonical(
        "%c = arith.constant true
         %0 = toy.if %c { %a = toy.constant 3 : i32 %s = toy.add %x, %a : i32, i32 toy.yield %s : i32 } : i32
         %b = toy.constant 3 : i32
         %1 = toy.add %0, %b : i32, i32
         return %1 : i32",
    );
    assert_eq!(count(&out, "toy.constant"), 1, "{out}");
    assert!(
        out.find("toy.constant").unwrap() < out.find("toy.if").unwrap(),
        "{out}"
    );
}

#[test]
fn a_constant_needs_no_folder() {
    // `value` is what MLIR takes it for: equal ones are merged, and sums of them fold.
    let out = canonical(
        "%a = toy.plain_constant 4 : i32
         %b = toy.plain_constant 5 : i32
         %0 = toy.add %a, %b : i32, i32
         return %0 : i32",
    );
    assert!(out.contains("toy.constant 9 : i32"), "{out}");
}

#[test]
fn canonicalization_patterns_run() {
    let out = canonical("%0 = toy.add %x, %x : i32, i32 return %0 : i32");
    assert!(out.contains("toy.scale %arg0 by 2 : i32"), "{out}");
    // They can be switched off by name, as MLIR's own.
    let source = "func.func @f(%x: i32) -> i32 { %0 = toy.add %x, %x : i32, i32 return %0 : i32 }";
    let out = transformed(source, "canonicalize{disable-patterns=toy-add-to-scale}");
    assert!(out.contains("toy.add"), "{out}");
}

#[test]
fn sccp_knows_our_constants() {
    let out = transformed(
        "func.func @f() -> i32 {
           %c = arith.constant true
           %a = toy.constant 1 : i32
           %b = toy.constant 2 : i32
           cf.cond_br %c, ^one(%a : i32), ^one(%b : i32)
         ^one(%v: i32):
           %0 = toy.add %v, %a : i32, i32
           return %0 : i32
         }",
        "sccp,canonicalize",
    );
    assert!(out.contains("toy.constant 2 : i32\n    return"), "{out}");
}
