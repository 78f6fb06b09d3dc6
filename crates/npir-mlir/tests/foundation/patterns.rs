//! Rewrite patterns and their drivers.

use crate::support::*;
use crate::toy::scalar::{Add, AddFamily, Scale, ScaleFamily};
use npir_mlir::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CHAIN: &str = "func.func @f(%x: i32) -> i32 {
  %0 = toy.scale %x by 2 : i32
  %1 = toy.scale %0 by 3 : i32
  %2 = toy.scale %1 by 4 : i32
  return %2 : i32
}";

/// (x * a) * b = x * (a b)
fn merge_scales() -> Pattern {
    on_view::<ScaleFamily, _>("merge-scales", 1, |outer: Scale<'_>, rw| {
        let inner = outer
            .x()
            .defining_op()
            .and_then(Scale::cast)
            .ok_or_else(|| NoMatch::new("no scale below"))?;
        let new = Scale::build(
            rw,
            inner.x(),
            inner.factor() * outer.factor(),
            outer.result().ty(),
        );
        rw.replace(outer.op(), &[new.result()]);
        Ok(())
    })
}

fn function<'c>(module: &Module<'c>) -> Op<'c> {
    op_of(module).find_all("func.func")[0]
}

#[test]
fn greedily_to_a_fixpoint() {
    let ctx = context();
    let module = parse(&ctx, CHAIN);
    apply_greedily(
        function(&module),
        &[merge_scales()],
        GreedyConfig::default(),
    )
    .unwrap();
    let out = text(&module);
    assert!(
        out.contains("toy.scale %arg0 by 24") && count(&out, "toy.scale") == 1,
        "{out}"
    );
    assert!(op_of(&module).verify_ok());
}

#[test]
fn from_the_bottom_without_folding() {
    let ctx = context();
    let module = parse(&ctx, CHAIN);
    let config = GreedyConfig {
        fold: false,
        top_down: false,
        max_iterations: None,
    };
    apply_greedily(function(&module), &[merge_scales()], config).unwrap();
    assert!(text(&module).contains("by 24"), "{}", text(&module));
}

#[test]
fn a_limit_that_is_reached_is_an_error() {
    let ctx = context();
    let module = parse(&ctx, CHAIN);
    let grow = Pattern::on("toy.scale", "grow", 1, |op, rw| {
        rw.modify(op, || {
            op.set_attr(
                "factor",
                op.ctx()
                    .i64_attr(1 + op.attr("factor").and_then(|a| a.as_int()).unwrap_or(0)),
            )
        });
        Ok(())
    });
    let config = GreedyConfig {
        max_iterations: Some(3),
        fold: false,
        ..Default::default()
    };
    // Each round a rewritten op is put back on the list, so a limit on rewrites is needed to end a round.
    let stop = Arc::new(AtomicUsize::new(0));
    let counter = stop.clone();
    let limited = Pattern::on("toy.scale", "grow-a-while", 1, move |op, rw| {
        if counter.fetch_add(1, Ordering::Relaxed) % 50 == 49 {
            return no_match("enough for this round");
        }
        rw.modify(op, || op.set_attr("factor", op.ctx().i64_attr(5)));
        Ok(())
    });
    assert_eq!(grow.name(), "grow");
    let result = apply_greedily(function(&module), &[limited], config);
    assert_eq!(result.unwrap_err(), "no fixpoint within Some(3) iterations");
    assert!(stop.load(Ordering::Relaxed) > 50);
}

#[test]
fn walking_applies_each_pattern_once() {
    let ctx = context();
    let module = parse(&ctx, CHAIN);
    apply_walk(function(&module), &[merge_scales()]);
    // 2, then 3 over 2, then 4 over what came of that.
    assert!(text(&module).contains("by 24"), "{}", text(&module));
    let negate = Pattern::on("toy.scale", "double", 1, |op, rw| {
        let scale = Scale::wrap(op);
        let new = Scale::build(rw, scale.x(), 2 * scale.factor(), scale.result().ty());
        rw.replace(op, &[new.result()]);
        Ok(())
    });
    apply_walk(function(&module), &[negate]);
    assert!(
        text(&module).contains("by 48"),
        "new ops are not visited: {}",
        text(&module)
    );
}

#[test]
fn higher_benefit_comes_first_and_any_op_matches() {
    let ctx = context();
    let module = parse(
        &ctx,
        "func.func @f(%x: i32) -> i32 { %0 = toy.add %x, %x : i32, i32 return %0 : i32 }",
    );
    let to = |name: &str, benefit, factor| {
        on_view::<AddFamily, _>(name, benefit, move |add: Add<'_>, rw| {
            let new = Scale::build(rw, add.lhs(), factor, add.result().ty());
            rw.replace(add.op(), &[new.result()]);
            Ok(())
        })
    };
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = seen.clone();
    let any = Pattern::on_any("count", 0, move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        no_match("only looking")
    });
    apply_greedily(
        function(&module),
        &[to("low", 1, 1), to("high", 9, 9), any],
        GreedyConfig::default(),
    )
    .unwrap();
    assert!(text(&module).contains("by 9"), "{}", text(&module));
    assert!(seen.load(Ordering::Relaxed) >= 2);
}

#[test]
fn patterns_live_as_long_as_they_are_used() {
    // The closure is dropped when the last pattern set and the pattern itself are.
    struct Probe(Arc<AtomicUsize>);
    impl Drop for Probe {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let probe = Probe(dropped.clone());
    let pattern = Pattern::on("toy.scale", "probe", 1, move |_, _| {
        let _ = &probe;
        no_match("never")
    });
    let ctx = context();
    let module = parse(&ctx, CHAIN);
    apply_walk(function(&module), std::slice::from_ref(&pattern));
    assert_eq!(dropped.load(Ordering::Relaxed), 0);
    drop(pattern);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn blocks_and_regions_move() {
    let ctx = context();
    let module = parse(
        &ctx,
        "func.func @f(%x: i32, %c: i1) -> i32 {
           %0 = toy.if %c {
             %1 = toy.scale %x by 2 : i32
             toy.yield %1 : i32
           } : i32
           return %0 : i32
         }",
    );
    // A choice without an else branch is always taken.
    let inline = Pattern::on("toy.if", "inline-then", 1, |op, rw| {
        let block = op.region(0).entry().ok_or_else(|| NoMatch::new("empty"))?;
        let end = block
            .terminator_op()
            .ok_or_else(|| NoMatch::new("no end"))?;
        let values = end.operand_values();
        rw.inline_block_before(block, op, &[]);
        rw.replace(op, &values);
        rw.erase(end);
        Ok(())
    });
    apply_greedily(function(&module), &[inline], GreedyConfig::default()).unwrap();
    let out = text(&module);
    assert!(
        out.contains("toy.scale %arg0 by 2")
            && !out.contains("toy.if")
            && !out.contains("toy.yield"),
        "{out}"
    );
    assert!(op_of(&module).verify_ok());
}
