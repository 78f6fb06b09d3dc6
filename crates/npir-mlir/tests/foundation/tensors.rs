//! Destination style, bufferization and tiling, driven by upstream's passes.

use crate::support::*;
use npir_mlir::prelude::*;

const ONE_SHOT: &str = "one-shot-bufferize{bufferize-function-boundaries=1},canonicalize,cse";

#[test]
fn destinations_are_known_to_mlir() {
    let ctx = context();
    let module = parse(
        &ctx,
        "func.func @f(%x: i32, %t: tensor<4xi32>, %m: memref<4xi32>) {
           %0 = toy.fill %x into %t : i32, tensor<4xi32> -> tensor<4xi32>
           toy.fill %x into %m : i32, memref<4xi32>
           return
         }",
    );
    let fills = op_of(&module).find_all("toy.fill");
    assert_eq!(destinations(fills[0]), Some(1..2));
    assert_eq!(destinations(fills[1]), Some(1..2));
    assert_eq!(
        destinations(op_of(&module).find_all("func.return")[0]),
        None
    );
    // A destination and its result have one type.
    refuses(
        "func.func @f(%x: i32, %t: tensor<4xi32>) { %0 = toy.fill %x into %t : i32, tensor<4xi32> -> tensor<5xi32> return }",
        "'toy.fill' op expected type of operand #1 ('tensor<4xi32>') to match type of corresponding result ('tensor<5xi32>')",
    );
}

fn bufferized(body: &str, result: &str) -> String {
    let source =
        format!("func.func @f(%x: i32, %y: i32, %t: tensor<4xi32>) -> {result} {{ {body} }}");
    let out = transformed(&source, ONE_SHOT);
    assert!(!out.contains("tensor<"), "{out}");
    out
}

#[test]
fn writes_in_place_where_nobody_looks() {
    let out = bufferized(
        "%0 = toy.fill %x into %t : i32, tensor<4xi32> -> tensor<4xi32>
         %1 = toy.fill %y into %0 : i32, tensor<4xi32> -> tensor<4xi32>
         return %1 : tensor<4xi32>",
        "tensor<4xi32>",
    );
    assert_eq!(count(&out, "into %arg2"), 2, "{out}");
    assert!(!out.contains("alloc") && !out.contains("copy"), "{out}");
}

#[test]
fn copies_where_the_old_value_is_read() {
    let out = bufferized(
        "%0 = toy.fill %x into %t : i32, tensor<4xi32> -> tensor<4xi32>
         %1 = toy.head %t : tensor<4xi32> -> i32
         %2 = toy.head %0 : tensor<4xi32> -> i32
         %3 = toy.add %1, %2 : i32, i32
         return %3 : i32",
        "i32",
    );
    assert_eq!(count(&out, "memref.alloc"), 1, "{out}");
    // Filling reads nothing: the new buffer needs no copy of the old contents.
    assert!(!out.contains("memref.copy"), "{out}");
    let out = bufferized(
        "%v = toy.tail %t : tensor<4xi32> -> tensor<3xi32>
         %0 = toy.fill %x into %v : i32, tensor<3xi32> -> tensor<3xi32>
         %1 = toy.head %t : tensor<4xi32> -> i32
         %2 = toy.head %0 : tensor<3xi32> -> i32
         %3 = toy.add %1, %2 : i32, i32
         return %3 : i32",
        "i32",
    );
    assert_eq!(
        count(&out, "memref.alloc"),
        1,
        "a write through a view conflicts with reading the whole: {out}"
    );
}

#[test]
fn views_share_the_buffer_and_have_their_own_type() {
    let out = bufferized(
        "%v = toy.tail %t : tensor<4xi32> -> tensor<3xi32>
         %w = toy.tail %v : tensor<3xi32> -> tensor<2xi32>
         %0 = toy.fill %x into %w : i32, tensor<2xi32> -> tensor<2xi32>
         %1 = toy.head %0 : tensor<2xi32> -> i32
         return %1 : i32",
        "i32",
    );
    assert_eq!(count(&out, "memref.subview"), 2, "{out}");
    assert!(
        !out.contains("alloc") && out.contains("memref<2xi32, strided<[?], offset: ?>>"),
        "{out}"
    );
    // Over a buffer whose layout is known, so is the view's.
    let out = bufferized(
        "%b = toy.iota : tensor<4xi32>
         %v = toy.tail %b : tensor<4xi32> -> tensor<3xi32>
         %1 = toy.head %v : tensor<3xi32> -> i32
         return %1 : i32",
        "i32",
    );
    assert!(
        out.contains("memref<3xi32, strided<[1], offset: 1>>") && count(&out, "memref.alloc") == 1,
        "{out}"
    );
}

#[test]
fn control_flow_asks_for_the_buffer_type() {
    let out = transformed(
        "func.func @f(%c: i1, %t: tensor<4xi32>) -> i32 {
           %0 = scf.if %c -> tensor<3xi32> {
             %v = toy.tail %t : tensor<4xi32> -> tensor<3xi32>
             scf.yield %v : tensor<3xi32>
           } else {
             %b = toy.iota : tensor<4xi32>
             %v = toy.tail %b : tensor<4xi32> -> tensor<3xi32>
             scf.yield %v : tensor<3xi32>
           }
           %1 = toy.head %0 : tensor<3xi32> -> i32
           return %1 : i32
         }",
        "one-shot-bufferize{bufferize-function-boundaries=1 function-boundary-type-conversion=identity-layout-map}",
    );
    // Both branches have the layout of a view of a dense buffer.
    assert!(
        out.contains("scf.if %arg0 -> (memref<3xi32, strided<[1], offset: 1>>)"),
        "{out}"
    );
}

#[test]
fn a_refusal_is_an_error_at_the_op() {
    for when in ["", "late"] {
        let source = format!(
            "func.func @f(%t: tensor<4xi32>) {{\n  toy.stubborn %t {when} : tensor<4xi32>\n  return }}"
        );
        let found = transform(&source, ONE_SHOT).unwrap_err();
        assert!(
            found[0].starts_with("test.mlir:2:3: error: 'toy.stubborn' op stays a tensor op"),
            "{found:?}"
        );
    }
}

/// A script of the transform dialect that tiles every `op` by `sizes`.
fn tile_script(op: &str, sizes: &str, loops: usize) -> String {
    let handles = vec!["!transform.any_op"; loops + 1].join(", ");
    format!(
        "module attributes {{transform.with_named_sequence}} {{
           func.func @f(%x: i32, %t: tensor<8x?xi32>) -> tensor<8x?xi32> {{
             %0 = {op} return %0 : tensor<8x?xi32>
           }}
           transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
             %op = transform.structured.match ops{{[\"{}\"]}} in %root : (!transform.any_op) -> !transform.any_op
             %t:{} = transform.structured.tile_using_for %op tile_sizes {sizes} : (!transform.any_op) -> ({handles})
             transform.yield
           }}
         }}",
        op.split_whitespace().next().unwrap(),
        loops + 1
    )
}

const FILL: &str = "toy.fill %x into %t : i32, tensor<8x?xi32> -> tensor<8x?xi32>";

#[test]
fn upstream_tiles_our_ops() {
    let source = tile_script(FILL, "[2, 3]", 2);
    let out = transformed(&source, "transform-interpreter,canonicalize,cse");
    let f = out.split("transform.named_sequence").next().unwrap();
    assert_eq!(count(f, "scf.for"), 2, "{f}");
    assert!(
        f.contains("tensor.extract_slice") && f.contains("tensor.insert_slice"),
        "{f}"
    );
    assert!(
        f.contains("into %extracted_slice : i32, tensor<2x?xi32> -> tensor<2x?xi32>")
            || f.contains("toy.fill %arg0 into %extracted_slice"),
        "{f}"
    );
    let out = transformed(
        &tile_script(FILL, "[4]", 1),
        "transform-interpreter,canonicalize,cse",
    );
    assert_eq!(count(&out, "scf.for "), 1, "{out}");
}

#[test]
fn tiled_and_bufferized_loops_write_in_place() {
    let source = tile_script(FILL, "[2, 3]", 2);
    let out = transformed(
        &source,
        &format!("transform-interpreter,canonicalize,cse,eliminate-empty-tensors,{ONE_SHOT}"),
    );
    assert!(!out.contains("memref.alloc"), "{out}");
    assert!(out.contains("memref.subview"), "{out}");
}
