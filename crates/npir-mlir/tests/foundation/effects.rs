//! Memory effects and speculation: what dies, what moves, what stays.

use crate::support::*;

fn after(body: &str, pipeline: &str) -> String {
    transformed(
        &format!(
            "func.func @f(%x: i32, %y: i32, %n: index, %m: memref<4xi32>) {{ {body} return }}"
        ),
        pipeline,
    )
}

#[test]
fn only_unused_ops_without_effects_die() {
    let out = after(
        "%0 = toy.scale %x by 2 : i32
         %1 = toy.div %x, %y : i32, i32
         %2 = toy.read %m : memref<4xi32> -> i32
         %3 = toy.alloc : memref<4xi32>
         toy.print %x : i32
         toy.write %x into %m : i32, memref<4xi32>
         %4 = toy.opaque %x : (i32) -> i32",
        "canonicalize",
    );
    for gone in ["scale", "div", "read", "alloc"] {
        assert!(!out.contains(&format!("toy.{gone}")), "{gone}: {out}");
    }
    for kept in ["print", "write", "opaque"] {
        assert!(out.contains(&format!("toy.{kept}")), "{kept}: {out}");
    }
}

#[test]
fn effects_of_a_region_are_those_inside() {
    let dead = after(
        "%c = arith.constant true toy.if %c { %0 = toy.scale %x by 2 : i32 toy.yield : } :",
        "canonicalize",
    );
    assert!(!dead.contains("toy.if"), "{dead}");
    let alive = after(
        "%c = arith.constant true toy.if %c { toy.print %x : i32 toy.yield : } :",
        "canonicalize",
    );
    assert!(alive.contains("toy.if"), "{alive}");
}

#[test]
fn reads_are_merged_unless_a_write_comes_between() {
    let read = "toy.read %m : memref<4xi32> -> i32";
    let kept = after(
        &format!("%0 = {read} toy.print %0 : i32 %1 = {read} toy.print %1 : i32"),
        "cse",
    );
    assert_eq!(
        count(&kept, "toy.read"),
        2,
        "print may write anywhere: {kept}"
    );
    let merged = after(
        &format!("%0 = {read} %1 = {read} %2 = toy.add %0, %1 : i32, i32 toy.print %2 : i32"),
        "cse",
    );
    assert_eq!(count(&merged, "toy.read"), 1, "{merged}");
    let kept = after(
        &format!(
            "%0 = {read} toy.write %x into %m : i32, memref<4xi32> %1 = {read} %2 = toy.add %0, %1 : i32, i32 toy.print %2 : i32"
        ),
        "cse",
    );
    assert_eq!(count(&kept, "toy.read"), 2, "{kept}");
}

#[test]
fn pure_ops_leave_loops_and_others_stay() {
    let out = after(
        "%c0 = arith.constant 0 : index
         %c1 = arith.constant 1 : index
         scf.for %i = %c0 to %n step %c1 {
           %a = toy.scale %x by 5 : i32
           %b = toy.opaque %a : (i32) -> i32
           %two = arith.constant 2 : i32
           %c = toy.div %a, %two : i32, i32
           %d = toy.div %a, %y : i32, i32
           toy.opaque %b, %c, %d : (i32, i32, i32) -> ()
           toy.print %a : i32
         }",
        "loop-invariant-code-motion",
    );
    let (before, inside) = out.split_at(out.find("scf.for").unwrap());
    assert!(before.contains("toy.scale"), "{out}");
    assert_eq!(
        count(before, "toy.div"),
        1,
        "division by 2 may be speculated, by %y not: {out}"
    );
    for stays in ["toy.opaque", "toy.div", "toy.print"] {
        assert!(inside.contains(stays), "{stays}: {out}");
    }
}

#[test]
fn an_allocation_that_is_only_freed_goes() {
    let out = after(
        "%0 = toy.alloc : memref<4xi32> toy.free %0 : memref<4xi32>",
        "canonicalize",
    );
    assert!(
        out.contains("toy.free"),
        "upstream removes only what has no use: {out}"
    );
}
