//! The ways of the optimizer to choose a plan beside each other: `cargo xtask extraction`.
//!
//! Each program goes through the passes before the optimizer, all rules are applied, and each way chooses among the
//! plans that there are. `--write` puts the table into the book.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use algebra::algebra;
use arguments::Arguments;
use generated::mixed;
use npir::egraph::{ExactLimits, Fidelity};
use npir::mlir::melior::ir::operation::OperationRef;
use npir::mlir::prelude::{AttrExt, OpExt, Walk};
use npir::passes::optimize::ablation::{Chosen, Compared, compare};
use npir::passes::pipeline::BEFORE_OPTIMIZER;
use npir::prelude::*;

#[path = "ops/algebra.rs"]
mod algebra;
#[path = "ops/arguments.rs"]
mod arguments;
#[path = "ops/generated.rs"]
mod generated;

/// Files of the repository with programs; each function is one.
const FILES: [&str; 11] = [
    "examples/kmeans/kmeans.mlir",
    "tests/optimize/kmeans.mlir",
    "tests/optimize/kmeans-styles.mlir",
    "tests/optimize/chains.mlir",
    "tests/optimize/loops.mlir",
    "tests/optimize/regions.mlir",
    "tests/tools/custom-pass.mlir",
    "tests/numpy/elementwise.mlir",
    "tests/numpy/elementwise-types.mlir",
    "tests/numpy/fold.mlir",
    "tests/passes/insertions.mlir",
];

/// Operations of generated programs.
const SIZES: [usize; 6] = [10, 20, 40, 80, 400, 800];

const PAGE: &str = "\
# Ways to choose a plan

What [the optimizer](optimizer.md) would choose in other ways: the cheapest tree of every value, as though nothing were
shared; a greedy DAG; the joint search, which it uses; and the exact search of `extract=exact`. All rules are
applied, those of `relaxed` too. *Cost* is the estimate of the cost model for the whole program, in µs; *gap* is by which
part the plan of the exact search may miss the best one: 0 says that it is the best. *Time* is that of choosing alone,
from the saturated graph on, the best of three, in ms, in a development build; the time of the exact search contains that of
the joint search. *Mixed* are generated programs as in [Time to compile](compile-time.md), *algebra* ones of operations that
rules are about: products, transposes, sums and slices of matrices. Programs that no rule applies to are left out. Limits
are the defaults. Measured by `cargo xtask extraction --write`.

| program | nodes | as it is | tree | greedy | joint | exact | gap | tree, ms | greedy, ms | joint, ms | exact, ms |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
";

/// A function, with what the ways have chosen for its blocks.
type Program = (String, Vec<Compared>);

/// The functions of a program that rules apply to, with what the ways have chosen for their blocks.
fn measure(source: &str, name: &str) -> Result<Vec<Program>, Box<dyn Error>> {
    let compiler = Compiler::new(Registry::standard());
    let context = compiler.context();
    let mut module = compiler.parse(&context, source.as_bytes(), name)?;
    compiler.run_passes(&context, &mut module, BEFORE_OPTIMIZER)?;
    // SAFETY: the module is alive as long as the op is used.
    let root = unsafe { OperationRef::from_raw(module.as_operation().to_raw()) };
    let mut functions = Vec::new();
    root.walk_ops(&mut |op| {
        if op.name() == "func.func" {
            functions.push(op);
        }
        Walk::Advance
    });
    let mut found = Vec::new();
    for function in functions {
        let mut best: Option<Vec<Compared>> = None;
        for _ in 0..3 {
            let new = compare(function, Fidelity::Relaxed, ExactLimits::default(), 0)?;
            match &mut best {
                None => best = Some(new),
                Some(best) => best
                    .iter_mut()
                    .zip(new)
                    .for_each(|(best, new)| fastest(best, new)),
            }
        }
        let blocks = best.unwrap_or_default();
        if !blocks.is_empty() {
            let symbol = function.attr("sym_name").and_then(|name| name.as_str());
            found.push((symbol.unwrap_or_default().to_owned(), blocks));
        }
    }
    Ok(found)
}

/// Keeps the shorter times.
fn fastest(best: &mut Compared, new: Compared) {
    let shorter = |best: &mut Chosen, new: Chosen| best.took = best.took.min(new.took);
    shorter(&mut best.joint, new.joint);
    shorter(&mut best.exact, new.exact);
    for (best, new) in [(&mut best.tree, new.tree), (&mut best.greedy, new.greedy)] {
        if let (Some(best), Some(new)) = (best, new) {
            shorter(best, new);
        }
    }
}

/// The line of a program in the table.
fn line(name: &str, blocks: &[Compared]) -> String {
    type Way = fn(&Compared) -> Option<Chosen>;
    let ways: [Way; 4] = [
        |block| block.tree,
        |block| block.greedy,
        |block| Some(block.joint),
        |block| Some(block.exact),
    ];
    let sums = ways.map(|way| {
        let chosen: Option<Vec<Chosen>> = blocks.iter().map(way).collect();
        chosen.map(|all| {
            let cost: f64 = all.iter().map(|chosen| chosen.time).sum();
            (cost, all.iter().map(|chosen| chosen.took).sum::<Duration>())
        })
    });
    let nodes: usize = blocks.iter().map(|block| block.nodes).sum();
    let original: f64 = blocks.iter().map(|block| block.original).sum();
    let missed: f64 = blocks
        .iter()
        .map(|block| block.gap * block.exact.time)
        .sum();
    let whole: f64 = blocks.iter().map(|block| block.exact.time).sum();
    let gap = if whole > 0.0 { missed / whole } else { 0.0 };
    let mut text = format!("| {name} | {nodes} | {:.2} |", original * 1e6);
    for sum in sums {
        let _ = match sum {
            Some((cost, _)) => write!(text, " {:.2} |", cost * 1e6),
            None => write!(text, " – |"),
        };
    }
    let _ = match gap {
        0.0 => write!(text, " 0 |"),
        gap => write!(text, " {:.1} % |", gap * 100.0),
    };
    for sum in sums {
        let _ = match sum {
            Some((_, took)) => write!(text, " {:.2} |", took.as_secs_f64() * 1e3),
            None => write!(text, " – |"),
        };
    }
    text
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::of_process()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = Vec::new();
    for file in FILES {
        sources.push((file.to_owned(), std::fs::read_to_string(root.join(file))?));
    }
    for n in SIZES {
        sources.push((format!("mixed, {n} operations"), mixed(n)));
        sources.push((format!("algebra, {n} operations"), algebra(n)));
    }
    let mut page = PAGE.to_owned();
    for (file, source) in sources {
        if !arguments.want(&file) {
            continue;
        }
        for (function, blocks) in measure(&source, &file)? {
            let name = match function.as_str() {
                "f" => file.clone(),
                function => format!("`{function}`, {file}"),
            };
            let line = line(&name, &blocks);
            println!("{line}");
            for block in &blocks {
                println!("    {:?}", block.proof);
            }
            page += &(line + "\n");
        }
    }
    arguments.finish("extraction.md", &page)
}
