//! Typed views, builders, the rewriter, and handles to IR.

use crate::support::*;
use crate::toy::control::{If, Repeat};
use crate::toy::params::box_of;
use crate::toy::scalar::{Add, Constant, Print, Scale, Swap};
use crate::toy::syntax::{Attrs, Mode, Results, Segments};
use npir_mlir::prelude::*;

/// A function `@f(i32, i64, index, i1)` whose body `build` fills, verified.
fn built(build: impl FnOnce(Rewriter<'_>, &[Val<'_>])) -> String {
    let ctx = context();
    let module = Module::new(Location::unknown(&ctx));
    let owned = OwnedRewriter::new(&ctx);
    let rw = owned.get().at(Location::new(&ctx, "user.py", 1, 2));
    rw.at_end(op_of(&module).region(0).entry().unwrap());
    rw.func(
        "f",
        &[ctx.i(32), ctx.i(64), ctx.index(), ctx.i(1)],
        &[],
        |rw, args| {
            build(rw, args);
            rw.func_return(&[]);
        },
    );
    let (ok, diagnostics) = collect_diagnostics(&ctx, || op_of(&module).verify_ok());
    assert!(ok, "{}\n{}", texts(&diagnostics).join("\n"), text(&module));
    text(&module)
}

#[test]
fn builders_take_operands_attributes_and_types() {
    let out = built(|rw, args| {
        let ctx = rw.ctx();
        let c = Constant::build(rw, ctx.int_attr(ctx.i(32), 4), ctx.i(32));
        let sum = Add::build_inferred(rw, args[0], c.result()).unwrap();
        assert_eq!((sum.lhs(), sum.rhs()), (args[0], c.result()));
        assert_eq!((Add::NAME, sum.op().name()), ("toy.add", "toy.add"));
        let scaled = Scale::build(rw, sum.result(), -7, ctx.i(32));
        assert_eq!(scaled.factor(), -7);
        scaled.op().set_attr("factor", ctx.i64_attr(7));
        let swapped = Swap::build(rw, scaled.result(), args[1], ctx.i(64), ctx.i(32));
        Print::build(rw, swapped.y());
    });
    for line in [
        "toy.constant 4 : i32",
        "toy.add %arg0, %0 : i32, i32",
        "toy.scale %1 by 7",
        "toy.print %3#1 : i32",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
}

#[test]
fn builders_take_every_kind_of_attribute() {
    let out = built(|rw, _| {
        let ctx = rw.ctx();
        let map = ctx.affine_map(1, &[ctx.dim_expr(0)]);
        let any = ctx.unit_attr();
        let build = |flag, note, hidden| {
            Attrs::build(
                rw,
                1,
                vec![2, 3],
                Mode::Down,
                "f".into(),
                ctx.f32(),
                0.5,
                true,
                "t".into(),
                vec![map],
                any,
                flag,
                note,
                hidden,
            )
        };
        let op = build(true, Some("n".into()), Some(9));
        assert!(op.flag() && op.hidden() == Some(9));
        let op = build(false, None, None);
        assert!(!op.flag() && op.note().is_none());
    });
    assert!(out.contains("toy.attrs 1 [2, 3] down @f f32 5.000000e-01 true \"t\" [#map] unit flag note (\"n\") {hidden = 9 : i64}"), "{out}");
}

#[test]
fn builders_write_segment_sizes() {
    let out = built(|rw, args| {
        let ctx = rw.ctx();
        let s = Segments::build(rw, &args[..2], Some(args[2]), &[args[3]]);
        assert_eq!(
            (s.first(), s.middle(), s.rest()),
            (args[..2].to_vec(), Some(args[2]), vec![args[3]])
        );
        let s = Segments::build(rw, &[], None, args);
        assert_eq!((s.first().len(), s.middle(), s.rest().len()), (0, None, 4));
        let r = Results::build(rw, &[ctx.i(8)], ctx.i(16), &[ctx.f32(), ctx.f64()]);
        assert_eq!(
            (r.a()[0].ty(), r.b().ty(), r.c()[1].ty()),
            (ctx.i(8), ctx.i(16), ctx.f64())
        );
    });
    assert!(
        out.contains("toy.segments (%arg0, %arg1) at %arg2 with %arg3 : i1 : (i32, i64)"),
        "{out}"
    );
    assert!(out.contains("toy.results : (i8) i16 [f32, f64]"), "{out}");
}

#[test]
fn regions_are_built_by_closures() {
    let out = built(|rw, args| {
        let ctx = rw.ctx();
        let x = args[0];
        let op = If::build(
            rw,
            args[3],
            &[ctx.i(32)],
            |rw| vec![Scale::build(rw, x, 2, ctx.i(32)).result()],
            |_| vec![x],
        );
        assert_eq!(
            (op.condition(), op.results().len(), op.then().blocks().len()),
            (args[3], 1, 1)
        );
        // After the op, the insertion point is where it was.
        Print::build(rw, op.results()[0]);
        rw.op(Repeat::NAME)
            .operands(&[args[2]])
            .region_with(&[ctx.index()], |rw, i| {
                rw.op("toy.yield").operands(i).build();
                assert_eq!(
                    rw.insertion_block()
                        .and_then(|b| b.parent_op())
                        .map(|o| o.key()),
                    None,
                    "not attached yet"
                );
            })
            .build();
    });
    assert!(
        out.find("toy.print").unwrap() > out.find("toy.if").unwrap(),
        "{out}"
    );
    assert!(
        out.contains("toy.repeat %arg2 (%arg4: index) {\n      toy.yield %arg4"),
        "{out}"
    );
}

#[test]
fn built_ops_carry_the_rewriters_location() {
    let ctx = context();
    let module = parse(&ctx, "func.func @f(%x: i32) { return }");
    let end = op_of(&module).find_all("func.return")[0];
    rewrite_at(end, |rw| {
        let there = rw.at(Location::new(&ctx, "user.py", 8, 3));
        let x = end.block().unwrap().args()[0];
        assert_eq!(
            file_position(Print::build(there, x).op().loc())
                .unwrap()
                .to_string(),
            "user.py:8:3"
        );
        assert_eq!(
            file_position(Print::build(rw, x).op().loc())
                .unwrap()
                .to_string(),
            "test.mlir:1:25"
        );
    });
}

const SMALL: &str = "func.func @f(%x: i32, %c: i1) -> i32 {
  %0 = toy.scale %x by 2 {toy.tag = \"a\"} : i32
  %1 = toy.if %c {
    %2 = toy.add %0, %x : i32, i32
    toy.yield %2 : i32
  } else {
    toy.yield %0 : i32
  } : i32
  return %1 : i32
}";

#[test]
fn questions_about_ops() {
    let ctx = context();
    let module = parse(&ctx, SMALL);
    let root = op_of(&module);
    let (scale, branch, add) = (
        root.find_all("toy.scale")[0],
        root.find_all("toy.if")[0],
        root.find_all("toy.add")[0],
    );
    assert_eq!(add.parent(), Some(branch));
    assert_eq!(
        add.enclosing("func.func").map(|f| f.name()),
        Some("func.func")
    );
    assert_eq!(add.enclosing("toy.add"), Some(add));
    assert!(add.enclosing("toy.scope").is_none());
    assert!(add.is_within(branch) && add.is_within(add) && !branch.is_within(add));
    assert!(scale.is_before(branch) && !branch.is_before(scale));
    assert_eq!(
        (scale.next(), branch.previous()),
        (Some(branch), Some(scale))
    );
    assert_eq!(
        (scale.previous(), branch.next().and_then(|r| r.next())),
        (None, None)
    );
    assert_eq!(
        (
            scale.num_operands(),
            scale.num_results(),
            branch.num_regions()
        ),
        (1, 1, 2)
    );
    assert_eq!(
        scale.attrs().iter().map(|a| a.0).collect::<Vec<_>>(),
        ["factor", "toy.tag"]
    );
    assert_eq!(
        scale
            .discardable_attrs()
            .iter()
            .map(|a| a.0)
            .collect::<Vec<_>>(),
        ["toy.tag"]
    );
    assert_eq!(scale.attr("factor").and_then(|a| a.as_int()), Some(2));
    assert!(scale.attr("nothing").is_none());
    scale.remove_attr("toy.tag");
    scale.set_attr("toy.tag", ctx.str_attr("b"));
    scale.set_attr("factor", ctx.i64_attr(5));
    assert!(
        scale.to_text().contains("by 5 {toy.tag = \"b\"}"),
        "{}",
        scale.to_text()
    );
    assert_eq!(scale.operand_types(), [ctx.i(32)]);
    assert!(!scale.is_unused() && root.verify_ok());
    assert_eq!(
        branch
            .block()
            .and_then(|b| b.terminator_op())
            .map(|t| t.name()),
        Some("func.return")
    );
    assert_eq!(
        std::ptr::from_ref(add.ctx()).addr(),
        std::ptr::from_ref(scale.ctx()).addr()
    );
}

#[test]
fn questions_about_values_and_blocks() {
    let ctx = context();
    let module = parse(&ctx, SMALL);
    let root = op_of(&module);
    let (scale, branch) = (root.find_all("toy.scale")[0], root.find_all("toy.if")[0]);
    let (x, v) = (scale.operand(0), scale.result_value(0));
    assert!(x.is_block_arg() && !v.is_block_arg());
    assert_eq!(
        (x.index(), v.index(), x.defining_op(), v.defining_op()),
        (0, 0, None, Some(scale))
    );
    assert_eq!(
        (x.parent_block(), v.parent_block()),
        (scale.block(), scale.block())
    );
    let uses: Vec<_> = v.uses().iter().map(|u| (u.op.name(), u.operand)).collect();
    assert_eq!(uses.len(), 2);
    assert!(uses.contains(&("toy.add", 0)) && uses.contains(&("toy.yield", 0)));
    assert!(v.has_uses() && !v.has_one_use() && branch.result_value(0).has_one_use());
    let block = branch.region(0).entry().unwrap();
    assert_eq!(
        block.ops().iter().map(|o| o.name()).collect::<Vec<_>>(),
        ["toy.add", "toy.yield"]
    );
    assert_eq!(block.parent_op(), Some(branch));
    let arg = block.add_arg(ctx.i(8), branch.loc());
    let first = block.insert_arg(0, ctx.i(1), branch.loc());
    assert_eq!((arg.index(), first.index(), block.args().len()), (1, 0, 2));
    block.erase_arg(1);
    block.erase_arg(0);
    v.replace_all_uses_with(x);
    assert!(scale.is_unused());
    x.set_ty(ctx.i(16));
    assert_eq!(x.ty(), ctx.i(16));
    assert_eq!(
        op_of(&parse(&ctx, "%0 = arith.constant -3 : i8")).find_all("arith.constant")[0]
            .result_value(0)
            .constant_int(),
        Some(-3)
    );
    assert_eq!(v.constant_int(), None);
}

#[test]
fn walks_advance_skip_and_stop() {
    let ctx = context();
    let module = parse(&ctx, SMALL);
    let mut seen = Vec::new();
    let end = op_of(&module).walk_ops(&mut |op| {
        seen.push(op.name());
        match op.name() {
            "toy.if" => Walk::Skip,
            "func.return" => Walk::Stop,
            _ => Walk::Advance,
        }
    });
    assert_eq!(end, Walk::Stop);
    assert_eq!(
        seen,
        [
            "builtin.module",
            "func.func",
            "toy.scale",
            "toy.if",
            "func.return"
        ]
    );
    // The op under the visitor may be erased.
    let module = parse(
        &ctx,
        "toy.named \"a\" toy.scope { toy.named \"b\" } toy.named \"c\"",
    );
    op_of(&module).walk_ops(&mut |op| {
        if op.name() == "toy.named" {
            rewrite_at(op, |rw| rw.erase(op));
            return Walk::Skip;
        }
        Walk::Advance
    });
    assert_eq!(count(&text(&module), "toy.named"), 0);
}

#[test]
fn out_of_range_is_a_panic_and_no_crash() {
    let ctx = context();
    let module = parse(&ctx, SMALL);
    let scale = op_of(&module).find_all("toy.scale")[0];
    for access in [
        (|op| {
            op.operand(1);
        }) as fn(Op<'_>),
        |op| {
            op.result_value(1);
        },
        |op| {
            op.region(0);
        },
        |op| op.set_operand(3, op.operand(0)),
    ] {
        let message = panic_message(|| access(scale));
        assert!(message.contains("of toy.scale"), "{message}");
    }
}

#[test]
fn cloning_and_inlining() {
    let ctx = context();
    let module = parse(&ctx, SMALL);
    let root = op_of(&module);
    let (scale, branch) = (root.find_all("toy.scale")[0], root.find_all("toy.if")[0]);
    rewrite_at(branch, |rw| {
        let x = scale.operand(0);
        let mut mapping = IrMapping::new();
        mapping.map(scale.result_value(0), x);
        let copy = rw.clone_with(branch, &mut mapping);
        assert_eq!(mapping.lookup(branch.result_value(0)), copy.result_value(0));
        assert_eq!(mapping.get(x), None);
        assert_eq!(copy.find_all("toy.add")[0].operand_values(), [x, x]);
        // The then block's contents, before the branch.
        let yielded = rw.inline_clone(branch.region(0).entry().unwrap(), &[]);
        assert_eq!(yielded[0].defining_op().map(|o| o.name()), Some("toy.add"));
        rw.replace_all_uses(branch.result_value(0), yielded[0]);
        rw.erase(branch);
        let again = rw.clone_op(scale);
        rw.move_before(again, scale);
        rw.replace(scale, &[again.result_value(0)]);
    });
    assert!(root.verify_ok(), "{}", text(&module));
    assert_eq!(count(&text(&module), "toy.if"), 1, "{}", text(&module));
}

#[test]
fn insertion_points() {
    let ctx = context();
    let module = parse(&ctx, "func.func @f(%x: i32) { toy.print %x : i32 return }");
    let print = op_of(&module).find_all("toy.print")[0];
    let (block, x) = (print.block().unwrap(), print.operand(0));
    let owned = OwnedRewriter::new(&ctx);
    let rw = owned.get().at(print.loc());
    assert!(rw.insertion_block().is_none());
    let mark = |n: i64| {
        Scale::build(rw, x, n, ctx.i(32));
    };
    rw.after(print);
    mark(4);
    rw.before(print);
    mark(3);
    rw.scoped(|rw| {
        rw.at_start(block);
        mark(2);
    });
    mark(3);
    rw.after_value(x);
    mark(1);
    rw.before_terminator(block);
    mark(5);
    let factors: Vec<_> = op_of(&module)
        .find_all(Scale::NAME)
        .into_iter()
        .filter_map(Scale::cast)
        .map(|s| s.factor())
        .collect();
    assert_eq!(factors, [1, 2, 3, 3, 4, 5]);
}

#[test]
fn arithmetic_of_static_and_dynamic_sizes() {
    let out = built(|rw, args| {
        let n: OpFold<'_> = args[2].into();
        let three = OpFold::from(3);
        assert_eq!(rw.fold_add(three, 4.into()).as_static(), Some(7));
        assert_eq!(rw.fold_mul(three, 4.into()).as_static(), Some(12));
        assert_eq!(rw.fold_mul(n, 0.into()).as_static(), Some(0));
        assert!(matches!(rw.fold_add(n, 0.into()), OpFold::Value(v) if v == args[2]));
        assert!(matches!(rw.fold_mul(1.into(), n), OpFold::Value(v) if v == args[2]));
        assert_eq!(
            OpFold::from(rw.const_index(8)).simplify().as_static(),
            Some(8)
        );
        let sum = rw.fold_add(n, three);
        rw.op("toy.opaque")
            .operands(&[rw.materialize(sum), rw.materialize(three)])
            .build();
    });
    assert!(out.contains("arith.addi %arg2, %c3"), "{out}");
}

#[test]
fn upstream_builders_make_valid_ir() {
    let out = built(|rw, args| {
        let ctx = rw.ctx();
        let (n, c) = (args[2], args[3]);
        let (zero, one) = (rw.const_index(0), rw.const_index(1));
        let f = rw.const_float(ctx.f32(), 1.5);
        let t = rw.tensor_empty_of(&[2.into(), n.into()], ctx.f32());
        let filled = rw.linalg_fill(f, t);
        let map = ctx.affine_map(2, &[ctx.dim_expr(0), ctx.dim_expr(1)]);
        let row = ctx.affine_map(2, &[ctx.dim_expr(0)]);
        let acc = rw.tensor_empty(ctx.tensor(&[2], ctx.f32()), &[]);
        let sums = rw.linalg_generic(
            &[filled],
            &[acc],
            &[map, row],
            &[Iter::Parallel, Iter::Reduction],
            |rw, v| {
                let i = rw.linalg_index(1);
                let i = rw.index_cast(i, ctx.i(32));
                let i = rw.sitofp(i, ctx.f32());
                vec![rw.addf(rw.mulf(v[0], i), v[1])]
            },
        );
        let s = rw.tensor_extract(sums.result_value(0), &[zero]);
        let inserted = rw.tensor_insert(s, filled, &[zero, zero]);
        let cast = rw.tensor_cast(inserted, ctx.tensor(&[DYNAMIC, DYNAMIC], ctx.f32()));
        assert_eq!(rw.tensor_cast(cast, cast.ty()), cast);
        assert_eq!(rw.dim_fold(filled, 0).as_static(), Some(2));
        assert!(rw.dim_fold(filled, 1).as_static().is_none());
        rw.tensor_from_elements(&[s, s], ctx.tensor(&[2], ctx.f32()));
        let total = rw.scf_for(zero, n, one, &[s], |rw, _, carried| {
            vec![rw.math("sqrt", &[carried[0]])]
        });
        let less = rw.cmpf(CmpF::Olt, total[0], f);
        let both = rw.andi(less, c);
        let picked = rw.scf_if(both, &[ctx.f32()], |_| vec![f], |rw| vec![rw.negf(f)]);
        rw.scf_when(c, |rw| {
            rw.op("toy.opaque").build();
        });
        rw.scf_while(
            &[n],
            &[ctx.index()],
            |rw, v| (rw.cmpi(CmpI::Sgt, v[0], zero), vec![v[0]]),
            |rw, v| vec![rw.subi(v[0], one)],
        );
        let m = rw.memref_alloc(ctx.memref(&[4, DYNAMIC], ctx.f32()), &[n]);
        let stack = rw.memref_alloca(ctx.memref(&[4], ctx.f32()), &[]);
        rw.memref_store(picked[0], m, &[zero, zero]);
        let v = rw.memref_load(m, &[zero, zero]);
        rw.memref_store(v, stack, &[zero]);
        let (base, offset, sizes, strides) = rw.memref_metadata(m);
        let view = rw.memref_reinterpret_cast(
            base,
            offset.into(),
            &[sizes[1].into()],
            &[strides[1].into()],
        );
        let same = rw.memref_cast(view, ctx.memref_any_layout(&[DYNAMIC], ctx.f32()));
        rw.memref_copy(same, same);
        assert_eq!(rw.memref_dim(m, 0).constant_int(), Some(4));
        let ty = ctx.vector(&[4], ctx.f32());
        let lanes = rw.vector_load(stack, &[zero], ty);
        let splat = rw.vector_broadcast(f, ty);
        let mixed = rw.vector_shuffle(lanes, splat, &[0, 4, 1, 5]);
        let lane = rw.vector_extract(mixed, 2);
        let mixed = rw.vector_insert(lane, mixed, 0);
        rw.vector_store(mixed, stack, &[zero]);
        rw.vector_reduction("add", mixed);
        rw.vector_step(4);
        rw.vector_from_elements(&[f, f]);
        rw.select(c, f, f);
        let wide = rw.extf(f, ctx.f64());
        rw.truncf(wide, ctx.f16());
        let b = rw.const_bool(true);
        rw.extui(b, ctx.i(8));
        box_of(ctx, ctx.f32());
    });
    for op in [
        "linalg.generic",
        "scf.while",
        "memref.reinterpret_cast",
        "vector.shuffle",
        "vector.reduction <add>",
    ] {
        assert!(out.contains(op), "{op}\n{out}");
    }
}
