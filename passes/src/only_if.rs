//! `npir-if`: passes that run only where there is something for them to do.

use npir_mlir::prelude::*;

/// Runs a pipeline on an op if something below it has one of the given names or element types.
///
/// Upstream's passes set up their patterns and try them on every operation, also where none can match: for a program
/// of thousands of small functions that takes longer than to look first.
#[pass("npir-if")]
#[derive(Clone)]
pub struct OnlyIf {
    #[option(description = "names of operations; `dialect.*` is all of a dialect")]
    ops: Vec<String>,
    #[option(
        name = "element-types",
        description = "element types of results and block arguments: `bf16`, `f16`"
    )]
    element_types: Vec<String>,
    #[option(description = "the passes")]
    pipeline: String,
}

impl OnlyIf {
    /// Runs `pipeline` where an op of `ops` is, or a value of `element_types`.
    pub fn new(ops: &[&str], element_types: &[&str], pipeline: &str) -> Self {
        let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        OnlyIf {
            ops: owned(ops),
            element_types: owned(element_types),
            pipeline: pipeline.to_owned(),
        }
    }

    fn concerns(&self, op: Op<'_>, types: &[Type<'_>]) -> bool {
        let name = op.name();
        let named = self
            .ops
            .iter()
            .any(|wanted| match wanted.strip_suffix('*') {
                Some(dialect) => name.starts_with(dialect),
                None => name == wanted,
            });
        let typed = |value: Val<'_>| types.contains(&value.ty().element());
        named
            || !types.is_empty()
                && (op.result_values().into_iter().any(typed)
                    || op
                        .regions()
                        .into_iter()
                        .flat_map(RegExt::blocks)
                        .flat_map(BlkExt::args)
                        .any(typed))
    }
}

impl Pass for OnlyIf {
    fn initialize(&mut self, ctx: &Context) -> PassResult {
        load_pipeline_dialects(ctx, &self.pipeline)
    }

    fn run(&mut self, op: Op<'_>, cx: &PassCx<'_>) -> PassResult {
        let ctx = op.ctx();
        let types = self
            .element_types
            .iter()
            .map(|name| {
                Type::parse(ctx, name).ok_or_else(|| PassError::from(format!("no type '{name}'")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let found = op.walk_ops(&mut |inner| {
            if self.concerns(inner, &types) {
                Walk::Stop
            } else {
                Walk::Advance
            }
        });
        if found == Walk::Stop {
            cx.run_pipeline(&self.pipeline, op)
        } else {
            cx.preserve_all_analyses();
            Ok(())
        }
    }
}
