//! Passes: options, statistics, nesting, dependent dialects.

use super::scalar::{Add, Scale};
use npir_mlir::prelude::*;
use std::collections::HashSet;
use std::sync::Mutex;
use std::thread::ThreadId;

/// Writes every option into attributes of the module
///
/// More about it.
#[pass("toy-options", on = "builtin.module")]
#[derive(Clone)]
pub struct Options {
    #[option(default = "some text", description = "A text")]
    text: String,
    #[option(name = "number", default = "42", description = "An integer")]
    n: i64,
    #[option(default = "true", description = "A flag that is set")]
    on: bool,
    #[option(description = "A flag that is not set")]
    off: bool,
    #[option(description = "Integers")]
    some_numbers: Vec<i64>,
    #[option(description = "Words")]
    words: Vec<String>,
    runs: i64,
}
impl Pass for Options {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let ctx = op.ctx();
        self.runs += 1;
        op.set_attr("toy.text", ctx.str_attr(&self.text));
        op.set_attr("toy.number", ctx.i64_attr(self.n));
        op.set_attr("toy.on", ctx.bool_attr(self.on));
        op.set_attr("toy.off", ctx.bool_attr(self.off));
        op.set_attr("toy.numbers", ctx.i64_array(&self.some_numbers));
        op.set_attr("toy.words", ctx.str_attr(&self.words.join("|")));
        op.set_attr("toy.runs", ctx.i64_attr(self.runs));
        Ok(())
    }
}

/// Threads that `toy-mark` has run on.
pub static THREADS: Mutex<Option<HashSet<ThreadId>>> = Mutex::new(None);

/// Marks each function with a label and its number of ops
#[pass("toy-mark", on = "func.func")]
#[derive(Clone)]
pub struct Mark {
    #[option(default = "marked", description = "The label")]
    label: String,
    #[statistic(name = "num-ops", description = "Ops seen")]
    ops: Statistic,
    #[statistic(name = "num-functions", description = "Functions seen")]
    functions: Statistic,
}
impl Pass for Mark {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let mut n = 0;
        op.walk_ops(&mut |_| {
            n += 1;
            Walk::Advance
        });
        self.ops.add(n);
        self.functions.add(1);
        op.set_attr("toy.tag", op.ctx().str_attr(&format!("{}:{n}", self.label)));
        if let Some(threads) = THREADS.lock().unwrap().as_mut() {
            threads.insert(std::thread::current().id());
        }
        Ok(())
    }
}

/// Rewrites every addition of a function, with types, attributes and constants of its own
#[pass("toy-churn", on = "func.func")]
#[derive(Clone)]
pub struct Churn {}
impl Pass for Churn {
    fn run(&mut self, op: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let ctx = op.ctx();
        for add in op.find_all(Add::NAME).into_iter().filter_map(Add::cast) {
            rewrite_at(add.op(), |rw| -> Result<(), String> {
                let n = add.op().loc().to_string().len() as i64;
                let tag = ctx
                    .param_attr(
                        "toy",
                        "range",
                        &[ctx.i64_attr(0), ctx.i64_attr(n)],
                        rw.loc(),
                    )
                    .ok_or("a range")?;
                ctx.param_type(
                    "toy",
                    "box",
                    &[ctx.type_attr(ctx.i(1 + (n % 60) as usize))],
                    rw.loc(),
                )
                .ok_or("a box")?;
                let scaled = Scale::build_inferred(rw, add.lhs(), 3)?;
                let sum = Add::build_inferred(rw, scaled.result(), add.rhs())?;
                sum.op().set_attr("toy_range", tag);
                rw.replace(add.op(), &[sum.result()]);
                Ok(())
            })?;
        }
        // x + x becomes 2x: a greedy driver per function, at the same time.
        apply_greedily(
            op,
            &<Add<'_> as Canonicalize>::patterns(),
            GreedyConfig::default(),
        )?;
        cx.run_pipeline("func.func(canonicalize,cse)", op)
    }
}

/// Builds an op of a dialect that the source does not load
#[pass("toy-complex", on = "builtin.module", dependent_dialects("complex"))]
#[derive(Clone)]
pub struct MakesComplex {}
impl Pass for MakesComplex {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let ctx = op.ctx();
        let block = op.region(0).entry().ok_or("an empty module")?;
        let owned = OwnedRewriter::new(ctx);
        let rw = owned.get().at(op.loc());
        rw.at_start(block);
        let (re, ty) = (ctx.float_attr(ctx.f32(), 1.0), ctx.complex(ctx.f32()));
        rw.op("complex.constant")
            .attr("value", ctx.array_attr(&[re, re]))
            .results(&[ty])
            .build();
        Ok(())
    }
}

/// Depends on a dialect that is not registered
#[pass("toy-nowhere", dependent_dialects("nowhere"))]
#[derive(Clone)]
pub struct NeedsNowhere {}
impl Pass for NeedsNowhere {
    fn run(&mut self, _: Op<'_>, _: &PassCx<'_>) -> PassResult {
        Ok(())
    }
}

/// Runs a pipeline given as an option, from within
#[pass("toy-nested", on = "builtin.module")]
#[derive(Clone)]
pub struct Nested {
    #[option(default = "canonicalize,cse", description = "The passes")]
    passes: String,
    #[option(description = "Run it on each function")]
    functions: bool,
}
impl Pass for Nested {
    fn initialize(&mut self, ctx: &Context) -> PassResult {
        load_pipeline_dialects(ctx, "toy-complex")
    }
    fn run(&mut self, op: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let passes = self.passes.replace('+', ",");
        if !self.functions {
            return cx.run_pipeline(&format!("builtin.module({passes})"), op);
        }
        for f in op.find_all("func.func") {
            cx.run_pipeline(&format!("func.func({passes})"), f)?;
        }
        Ok(())
    }
}

/// Fails with a message, or after its own diagnostic
#[pass("toy-fail")]
#[derive(Clone)]
pub struct Fail {
    #[option(description = "Report first")]
    reported: bool,
    #[option(description = "Leave invalid IR behind")]
    invalid: bool,
}
impl Pass for Fail {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        if self.invalid {
            for scale in op.find_all(Scale::NAME) {
                scale.set_attr("factor", op.ctx().i64_attr(-1));
            }
            return Ok(());
        }
        if self.reported {
            op.emit_error("is not to our taste");
            return Err(PassError::Reported);
        }
        Err("no luck".into())
    }
}

/// Looks, and says that nothing changed
#[pass("toy-look")]
#[derive(Clone)]
pub struct Look {
    #[option(description = "Leave invalid IR behind all the same")]
    lie: bool,
}
impl Pass for Look {
    fn run(&mut self, op: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        if self.lie {
            for scale in op.find_all(Scale::NAME) {
                scale.set_attr("factor", op.ctx().i64_attr(-1));
            }
        }
        cx.preserve_all_analyses();
        op.emit_remark(&format!(
            "{} ops",
            op.region(0)
                .blocks()
                .iter()
                .map(|b| b.ops().len())
                .sum::<usize>()
        ));
        op.emit_warning("looked at");
        Ok(())
    }
}

/// All passes of this file.
pub fn all() -> Vec<PassDef> {
    vec![
        Options::def(),
        Mark::def(),
        Churn::def(),
        MakesComplex::def(),
        NeedsNowhere::def(),
        Nested::def(),
        Fail::def(),
        Look::def(),
    ]
}
