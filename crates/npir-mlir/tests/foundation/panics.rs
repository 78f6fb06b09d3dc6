//! A panic in any callback is a diagnostic; the process and MLIR go on.

use crate::support::*;
use npir_mlir::prelude::*;

/// Runs a pipeline that some callback panics in; all diagnostics, and whether it succeeded.
fn run(source: &str, pipeline: &str) -> (bool, String) {
    let ctx = context();
    assert!(ctx.load_dialect("boom") && ctx.load_dialect("transform"));
    let mut module = parse(&ctx, source);
    let (result, diagnostics) = collect_diagnostics(&ctx, || {
        run_pipeline(&mut module, pipeline, Verification::Each)
    });
    // MLIR still works.
    let (_, after) = collect_diagnostics(&ctx, || op_of(&module).verify_ok());
    assert!(
        after.iter().all(|d| !d.message.contains("invalid")),
        "{after:?}"
    );
    parse(
        &ctx,
        "func.func @g(%x: i32) { %0 = toy.scale %x by 2 : i32 return }",
    );
    (result.is_ok(), texts(&diagnostics).join("\n"))
}

#[track_caller]
fn panics(source: &str, pipeline: &str, expected: &str) -> bool {
    let (ok, diagnostics) = run(source, pipeline);
    assert!(
        diagnostics.contains(expected),
        "expected `{expected}`, found:\n{diagnostics}"
    );
    ok
}

fn unary(name: &str) -> String {
    format!(
        "func.func @f(%x: i64) -> i64 {{\n  %0 = \"boom.{name}\"(%x) : (i64) -> i64\n  return %0 : i64 }}"
    )
}

#[test]
fn verifiers() {
    for (source, expected) in [
        (
            unary("verify"),
            "test.mlir:2:8: error: internal error in the verifier of boom.verify: a verifier",
        ),
        (
            "\"boom.verify_regions\"() ({}) : () -> ()".to_string(),
            "internal error in the region verifier of boom.verify_regions: a region verifier",
        ),
        (
            "module attributes {toy.boom} {}".to_string(),
            "internal error in the verifier of attribute 'toy.boom': attribute on builtin.module",
        ),
        (
            "func.func private @f(i32 {toy.boom})".to_string(),
            "internal error in the verifier of attribute 'toy.boom': attribute of argument 0",
        ),
        (
            unary("infer"),
            "test.mlir:2:8: error: internal error in the type inference of boom.infer: inference",
        ),
    ] {
        let found = errors(&source).join("\n");
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn parsers_and_printers() {
    let found = errors("func.func @f(%x: i64) {\n  boom.parse %x return }");
    assert!(
        found[0].starts_with(
            "test.mlir:2:3: error: internal error in the parser of boom.parse: a parser"
        ),
        "{found:?}"
    );
    let ctx = context();
    ctx.load_dialect("boom");
    let module = parse(&ctx, &unary("print"));
    let (printed, diagnostics) = collect_diagnostics(&ctx, || text(&module));
    assert!(printed.contains("boom.print half\n"), "{printed}");
    assert!(texts(&diagnostics)[0].contains(
        "test.mlir:2:8: error: internal error in the printer of boom.print: a printer of boom.print"
    ));
}

#[test]
fn folders_and_materializers() {
    panics(
        &unary("fold"),
        "canonicalize",
        "test.mlir:2:8: error: internal error in the folder of boom.fold: a folder",
    );
    panics(
        &unary("materialize"),
        "canonicalize",
        "internal error in the constant materializer of boom: a materializer",
    );
    // MLIR takes it for granted that constants fold.
    let constants = "func.func @f() { %0 = \"boom.constant\"() : () -> i64 %1 = \"boom.constant\"() : () -> i64 toy.opaque %0, %1 : (i64, i64) -> () return }";
    panics(
        constants,
        "canonicalize,sccp,cse",
        "internal error in the folder of boom.constant: a constant",
    );
    let wrong = "func.func @f() { %0 = toy.opaque : () -> i8 %1 = \"boom.wrong_constant\"() : () -> i64 toy.opaque %1 : (i64) -> () return }";
    panics(
        wrong,
        "canonicalize",
        "result 0 of type i64 folds to a value of type i8",
    );
}

#[test]
fn patterns() {
    panics(
        &unary("canonicalize"),
        "canonicalize",
        "internal error in the pattern 'boom-pattern': a pattern",
    );
    panics(
        &unary("patterns"),
        "canonicalize",
        "internal error in the canonicalization of boom.patterns: a list of patterns",
    );
    let scale =
        "func.func @f(%x: i32) -> i32 {\n  %0 = toy.scale %x by 2 : i32\n  return %0 : i32 }";
    for place in ["greedy", "walk"] {
        let ok = panics(
            scale,
            &format!("func.func(boom-pass{{place={place}}})"),
            "test.mlir:2:8: error: internal error in the pattern 'boom-rewrite': a rewrite",
        );
        assert!(!ok, "a pass in which a pattern panics fails");
    }
}

#[test]
fn effects_and_speculation() {
    // In doubt an op may do anything, and stays where it is.
    let unused = "func.func @f(%x: i64) {\n  %0 = \"boom.effects\"(%x) : (i64) -> i64\n  return }";
    panics(
        unused,
        "canonicalize",
        "test.mlir:2:8: error: internal error in the memory effects of boom.effects: effects",
    );
    let in_loop = "func.func @f(%x: i64, %n: index) {
      scf.for %i = %n to %n step %n { %0 = \"boom.speculatable\"(%x) : (i64) -> i64 toy.opaque %0 : (i64) -> () }
      return }";
    panics(
        in_loop,
        "loop-invariant-code-motion",
        "internal error in the speculation of boom.speculatable: speculation",
    );
}

const ONE_SHOT: &str = "one-shot-bufferize{bufferize-function-boundaries=1}";

fn tensor_op(name: &str) -> String {
    format!(
        "func.func @f(%x: tensor<4xi64>) -> tensor<4xi64> {{\n  %0 = \"boom.{name}\"(%x) : (tensor<4xi64>) -> tensor<4xi64>\n  return %0 : tensor<4xi64> }}"
    )
}

#[test]
fn bufferization() {
    for method in ["reads", "writes", "aliases", "bufferize"] {
        let expected =
            format!("internal error in the bufferization of boom.{method}: method {method}");
        let ok = panics(&tensor_op(method), ONE_SHOT, &expected);
        assert!(method != "bufferize" || !ok);
    }
    // The branches must agree on a type before the second one is bufferized.
    for method in ["buffer_type", "allocates"] {
        let branch = format!(
            "func.func @f(%c: i1, %x: tensor<4xi64>) -> i64 {{
               %0 = scf.if %c -> tensor<4xi64> {{
                 scf.yield %x : tensor<4xi64>
               }} else {{
                 %1 = \"boom.{method}\"(%x) : (tensor<4xi64>) -> tensor<4xi64>
                 scf.yield %1 : tensor<4xi64>
               }}
               %2 = toy.head %0 : tensor<4xi64> -> i64
               return %2 : i64 }}"
        );
        panics(
            &branch,
            ONE_SHOT,
            &format!("internal error in the bufferization of boom.{method}: method {method}"),
        );
    }
    // Not only panics: a range of destinations beyond the operands.
    for name in ["inits", "far_inits"] {
        let ctx = context();
        let (_, diagnostics) = collect_diagnostics(&ctx, || {
            parse_source(&ctx, tensor_op(name).as_bytes(), "test.mlir")
        });
        let found = texts(&diagnostics).join("\n");
        assert!(
            name != "inits"
                || found.contains("internal error in the destinations of boom.inits: destinations"),
            "{found}"
        );
    }
}

#[test]
fn tiling() {
    for method in ["iterators", "domain", "tile", "position"] {
        let source = format!(
            "module attributes {{transform.with_named_sequence}} {{
               {}
               transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
                 %op = transform.structured.match ops{{[\"boom.{method}\"]}} in %root : (!transform.any_op) -> !transform.any_op
                 %t:2 = transform.structured.tile_using_for %op tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
                 transform.yield
               }}
             }}",
            tensor_op(method)
        );
        panics(
            &source,
            "transform-interpreter",
            &format!("internal error in the tiling of boom.{method}: method {method}"),
        );
    }
}

#[test]
fn conversions() {
    let source = "func.func @f(%x: i32) -> i32 {\n  %0 = toy.scale %x by 2 : i32\n  toy.print %0 : i32\n  return %0 : i32 }";
    for (place, expected, fails) in [
        (
            "convert-type",
            "internal error in a type conversion: a type",
            true,
        ),
        (
            "convert-op",
            "test.mlir:2:8: error: internal error in the conversion of toy.scale: a conversion of toy.scale",
            true,
        ),
        (
            "source",
            "internal error in a materialization: a source",
            true,
        ),
        (
            "target",
            "internal error in a materialization: a target",
            true,
        ),
        (
            "legal",
            "test.mlir:2:8: error: internal error in a legality test: legality",
            true,
        ),
    ] {
        let ok = panics(
            source,
            &format!("func.func(boom-pass{{place={place}}})"),
            expected,
        );
        assert_eq!(ok, !fails, "{place}");
    }
}

#[test]
fn passes() {
    let module = "module {}";
    for (pipeline, expected) in [
        (
            "boom-pass",
            "test.mlir:1:1: error: internal error in pass boom-pass: a pass",
        ),
        (
            "boom-pass{place=message}",
            "internal error in pass boom-pass: number 7",
        ),
        (
            "boom-pass{place=payload}",
            "internal error in pass boom-pass: no message",
        ),
        (
            "boom-initialize",
            "internal error in pass boom-initialize: initialization",
        ),
        (
            "boom-default",
            "pass boom-default: internal error in making the pass: a default",
        ),
    ] {
        assert!(!panics(module, pipeline, expected), "{pipeline}");
    }
    // Cloned for each thread: the clone reports why there is none.
    let ctx = registry().context_with_threading(true);
    let source: String = (0..50)
        .map(|i| format!("func.func @f{i}() {{ return }}\n"))
        .collect();
    let mut module = parse(&ctx, &source);
    let (result, diagnostics) = collect_diagnostics(&ctx, || {
        run_pipeline(&mut module, "func.func(boom-clone)", Verification::Each)
    });
    let found = texts(&diagnostics);
    assert!(result.is_err() || found.is_empty(), "{found:?}");
    assert!(
        found
            .iter()
            .all(|e| e.contains("pass boom-clone: internal error in making the pass: a clone")),
        "{found:?}"
    );
}

#[test]
fn views_of_malformed_ops() {
    // Accessors of an op that was not verified panic, and are caught where they are called.
    let ctx = context();
    ctx.load_dialect("boom");
    let module = parse(
        &ctx,
        "func.func @f(%x: i32) { %0 = toy.scale %x by 2 : i32 toy.print %0 : i32 return }",
    );
    let scale = op_of(&module).find_all("toy.scale")[0];
    scale.remove_attr("factor");
    let (_, diagnostics) = collect_diagnostics(&ctx, || {
        apply_walk(
            op_of(&module),
            &[Pattern::on("toy.scale", "reads-factor", 1, |op, _| {
                crate::toy::scalar::Scale::wrap(op).factor();
                Ok(())
            })],
        );
    });
    assert_eq!(
        texts(&diagnostics),
        [
            "test.mlir:1:30: error: internal error in the pattern 'reads-factor': attribute 'factor' of a verified toy.scale"
        ]
    );
}
