//! Types and attributes with parameters.

use crate::support::*;
use crate::toy::params::{box_of, boxed};
use npir_mlir::prelude::*;

#[test]
fn types_round_trip() {
    let printed = round_trip(
        "func.func private @f(!toy.box<i32>, !toy.box<!toy.box<tensor<?xf32>>>, !toy.unit,
                              !toy.grid<rows = 4 : i64, element = f32>, !toy.tuple, !toy.tuple<i1, (i32) -> i8>)
         func.func @g(%x: !toy.box<i32>) -> i32 {
           %0 = toy.unbox %x : !toy.box<i32>
           return %0 : i32
         }",
    );
    assert!(
        printed.contains("!toy.grid<rows = 4 : i64, element = f32>"),
        "{printed}"
    );
    assert!(
        printed.contains("!toy.tuple, !toy.tuple<i1, (i32) -> i8>"),
        "{printed}"
    );
}

#[test]
fn attributes_round_trip() {
    let printed = round_trip(
        "#r = #toy.range<lo = -1 : i64, hi = 2 : i8>
         #map = affine_map<(d0) -> (d0)>
         module attributes {toy.range = #r, toy.paths = [#toy.path, #toy.path<\"a\", \"b\">],
                            toy.types = [!toy.box<i32>, tuple<!toy.box<i32>>]} {
           toy.named \"x\" {toy.value = #toy.range<lo = 0 : i64, hi = 0 : i64>}
         }",
    );
    assert!(
        printed.contains("#toy.range<lo = -1 : i64, hi = 2 : i8>"),
        "{printed}"
    );
    assert!(
        printed.contains("[#toy.path, #toy.path<\"a\", \"b\">]"),
        "{printed}"
    );
}

#[test]
fn wrong_parameters_are_located_errors() {
    let arg = |ty: &str| format!("func.func private @f(i32,\n  {ty})");
    let attr = |a: &str| format!("module attributes {{toy.a =\n  {a}}} {{}}");
    for (source, expected) in [
        (
            arg("!toy.box"),
            "test.mlir:2:8: error: 'toy.box' takes 1 parameters, found 0",
        ),
        (
            arg("!toy.box<i32, i32>"),
            "test.mlir:2:8: error: 'toy.box' takes 1 parameters, found 2",
        ),
        (
            arg("!toy.box<4 : i32>"),
            "test.mlir:2:8: error: 'toy.box': holds a type, not 4 : i32",
        ),
        (
            arg("!toy.unit<i32>"),
            "test.mlir:2:8: error: 'toy.unit' takes 0 parameters, found 1",
        ),
        (
            arg("!toy.grid<rows = 0, element = i8>"),
            "'toy.grid': 0 rows",
        ),
        (
            arg("!toy.grid<element = i8, rows = 1>"),
            "test.mlir:2:13: error: expected 'rows'",
        ),
        (
            arg("!toy.grid<rows = 1>"),
            "'toy.grid' takes 2 parameters, found 1",
        ),
        (arg("!toy.grid<rows 1>"), "expected '='"),
        (
            arg("!toy.tuple<i32, 4>"),
            "'toy.tuple': member 1 is no type",
        ),
        (arg("!toy.box<i32"), "unbalanced '<' character"),
        (arg("!toy.box<i32 i32>"), "expected '>'"),
        (
            arg("!toy.cube<i32>"),
            "test.mlir:2:8: error: unknown type 'cube' in dialect 'toy'",
        ),
        (
            attr("#toy.range<lo = 3, hi = 2>"),
            "test.mlir:2:8: error: 'toy.range': 3 > 2",
        ),
        (
            attr("#toy.range<lo = \"a\", hi = 2>"),
            "'toy.range': bounds are integers",
        ),
        (
            attr("#toy.path<\"a\", 1>"),
            "'toy.path': a path is made of strings",
        ),
        (
            attr("#toy.color"),
            "test.mlir:2:8: error: unknown attribute 'color' in dialect 'toy'",
        ),
        (
            attr("#toy.boom<1>"),
            "'toy.boom': internal error in its verifier: attribute parameters",
        ),
        (
            arg("!toy.boom<1>"),
            "test.mlir:2:8: error: 'toy.boom': internal error in its verifier: type parameters",
        ),
    ] {
        refuses(&source, expected);
    }
}

#[test]
fn construction_and_queries() {
    let ctx = context();
    let loc = Location::new(&ctx, "here.py", 3, 5);
    let ty = box_of(&ctx, ctx.f32());
    assert_eq!(ty.to_text(), "!toy.box<f32>");
    assert_eq!(ty, ctx.parse_type("!toy.box<f32>").unwrap());
    assert_ne!(ty, box_of(&ctx, ctx.f64()));
    assert_eq!(boxed(ty), Some(ctx.f32()));
    assert_eq!(boxed(ctx.f32()), None);
    assert!(ctx.f32().params().is_none());

    let range = ctx
        .param_attr("toy", "range", &[ctx.i64_attr(1), ctx.i64_attr(2)], loc)
        .unwrap();
    assert_eq!(range, ctx.parse_attr("#toy.range<lo = 1, hi = 2>").unwrap());
    let (name, params) = range.params().unwrap();
    assert_eq!(
        (name, params.len(), params[1].as_int()),
        ("toy.range", 2, Some(2))
    );
    assert!(ctx.i64_attr(1).params().is_none());

    for (build, expected) in [
        (
            ("toy", "box", vec![]),
            "here.py:3:5: error: 'toy.box' takes 1 parameters, found 0",
        ),
        (
            ("toy", "box", vec![ctx.i64_attr(1)]),
            "here.py:3:5: error: 'toy.box': holds a type, not 1 : i64",
        ),
        (
            ("toy", "cube", vec![]),
            "here.py:3:5: error: unknown type 'cube'",
        ),
        (
            ("nowhere", "box", vec![]),
            "here.py:3:5: error: dialect 'nowhere' is not registered",
        ),
    ] {
        let (found, diagnostics) =
            collect_diagnostics(&ctx, || ctx.param_type(build.0, build.1, &build.2, loc));
        assert!(found.is_none());
        assert_eq!(texts(&diagnostics), [expected]);
    }
    let (found, diagnostics) = collect_diagnostics(&ctx, || {
        ctx.param_attr("toy", "range", &[ctx.i64_attr(2), ctx.i64_attr(1)], loc)
    });
    assert!(found.is_none());
    assert_eq!(
        texts(&diagnostics),
        ["here.py:3:5: error: 'toy.range': 2 > 1"]
    );
}

#[test]
fn each_context_has_types_of_its_own() {
    // Type ids are allocated per context: contexts must not see each other's.
    let contexts: Vec<_> = (0..4).map(|_| context()).collect();
    let texts: Vec<_> = contexts
        .iter()
        .map(|c| box_of(c, c.i(7)).to_text())
        .collect();
    assert!(texts.iter().all(|t| t == "!toy.box<i7>"));
    drop(contexts);
    let ctx = context();
    assert_eq!(boxed(box_of(&ctx, ctx.i(7))), Some(ctx.i(7)));
}

#[test]
fn upstream_types_and_attributes() {
    let ctx = context();
    let t = ctx.tensor(&[2, DYNAMIC], ctx.bf16());
    assert_eq!(t.to_text(), "tensor<2x?xbf16>");
    assert_eq!(
        (t.rank(), t.dims(), t.has_static_shape()),
        (2, vec![2, DYNAMIC], false)
    );
    assert_eq!(
        t.with_element(ctx.i(1)),
        ctx.tensor(&[2, DYNAMIC], ctx.i(1))
    );
    assert!(t.is_tensor() && t.is_shaped() && !t.is_memref() && t.element().is_bf16());
    assert!(!ctx.parse_type("tensor<*xf32>").unwrap().is_tensor());
    let m = ctx.memref_strided(&[4, 4], ctx.f32(), 3, &[DYNAMIC, 1]);
    assert_eq!(m.to_text(), "memref<4x4xf32, strided<[?, 1], offset: 3>>");
    assert_eq!(m.strides_and_offset(), Some((vec![DYNAMIC, 1], 3)));
    assert_eq!(
        ctx.memref(&[3, 2], ctx.f32()).strides_and_offset(),
        Some((vec![2, 1], 0))
    );
    assert_eq!(
        ctx.memref_any_layout(&[2], ctx.i(8)).to_text(),
        "memref<2xi8, strided<[?], offset: ?>>"
    );
    assert_eq!(
        m.with_element(ctx.i(1)).to_text(),
        "memref<4x4xi1, strided<[?, 1], offset: 3>>"
    );
    assert_eq!(
        ctx.vector(&[8], ctx.f64()).with_element(ctx.i(1)).to_text(),
        "vector<8xi1>"
    );
    assert_eq!(ctx.f32().with_element(ctx.i(1)), ctx.i(1));
    for (ty, bits) in [
        (ctx.i(13), 13),
        (ctx.f16(), 16),
        (ctx.index(), 64),
        (ctx.complex(ctx.f32()), 64),
        (ctx.function(&[], &[]), 0),
    ] {
        assert_eq!(ty.bit_width(), bits, "{ty}");
    }
    assert!(
        ctx.ui(8).is_unsigned()
            && ctx.ui(8).is_int()
            && !ctx.i(8).is_unsigned()
            && ctx.i(1).is_bool()
    );
    let f = ctx.function(&[ctx.i(1)], &[ctx.f32(), ctx.index()]);
    assert_eq!(
        (f.function_inputs(), f.function_results()),
        (vec![ctx.i(1)], vec![ctx.f32(), ctx.index()])
    );

    assert_eq!(ctx.int_attr(ctx.ui(8), 255).as_int(), Some(255));
    assert_eq!(ctx.int_attr(ctx.i(8), -1).as_int(), Some(-1));
    assert_eq!(ctx.bool_attr(true).as_int(), Some(1));
    assert_eq!(
        ctx.float_attr(ctx.f32(), 0.1).as_float(),
        Some(f64::from(0.1f32))
    );
    assert_eq!(ctx.number_attr(ctx.f32(), 2).as_float(), Some(2.0));
    assert_eq!(ctx.str_attr("a\0b").as_str(), Some("a\0b"));
    assert_eq!(ctx.i64_array(&[1, -1]).as_i64_array(), Some(vec![1, -1]));
    assert_eq!(ctx.i32_array(&[1, -1]).as_i64_array(), None);
    assert_eq!(ctx.i32_array(&[1, -1]).as_int_array(), Some(vec![1, -1]));
    assert_eq!(
        ctx.array_attr(&[ctx.i64_attr(1)]).as_int_array(),
        Some(vec![1])
    );
    assert_eq!(ctx.symbol_attr("f").as_symbol(), Some("f"));
    assert!(ctx.unit_attr().is_unit());
    let dict = ctx.dict_attr(&[("b", ctx.i64_attr(2)), ("a", ctx.unit_attr())]);
    assert_eq!(dict.dict_get("b").and_then(|a| a.as_int()), Some(2));
    assert_eq!(
        dict.as_dict()
            .unwrap()
            .iter()
            .map(|(k, _)| *k)
            .collect::<Vec<_>>(),
        ["a", "b"]
    );
    assert!(dict.dict_get("c").is_none() && ctx.unit_attr().dict_get("a").is_none());
    let ty = ctx.tensor(&[2, 2], ctx.i(16));
    let dense = ctx.dense_bytes(ty, &[1, 0, 2, 0, 3, 0, 4, 0]).unwrap();
    assert_eq!(dense.dense_data(), Some(vec![1, 0, 2, 0, 3, 0, 4, 0]));
    assert!(dense.is_dense_elements() && dense.splat_value().is_none());
    assert!(ctx.dense_bytes(ty, &[1, 0, 2]).is_none());
    let splat = ctx.dense_splat(ty, ctx.int_attr(ctx.i(16), 7));
    assert_eq!(splat.splat_value().and_then(|a| a.as_int()), Some(7));
    let bools = ctx
        .dense_bytes(ctx.tensor(&[3], ctx.i(1)), &[1, 0, 1])
        .unwrap();
    assert_eq!(bools.dense_data(), Some(vec![1, 0, 1]));
    let map = ctx.affine_map(2, &[ctx.dim_expr(1), ctx.const_expr(3)]);
    assert_eq!(
        ctx.map_attr(map).to_text(),
        "affine_map<(d0, d1) -> (d1, 3)>"
    );
    assert_eq!(ctx.map_attr(map).as_affine_map(), Some(map));
    assert_eq!(map_results(map).len(), 2);
    let (parsed, diagnostics) =
        collect_diagnostics(&ctx, || (ctx.parse_type("!!"), ctx.parse_attr("#nothing")));
    assert!(parsed.0.is_none() && parsed.1.is_none() && diagnostics.len() == 2);
}
