//! The ways to choose a plan beside each other. Compilation uses none of this: it is for `cargo xtask extraction`, which
//! measures what each way is worth, and for tests.

use std::time::{Duration, Instant};

use npir_egraph::ablation::{Baseline, cost_of};
use npir_egraph::{
    ExactLimits, Fidelity, Limits, Method, NodeRef, Proof, Request, SearchLimits, extract, go_on,
    saturate,
};
use npir_machine::Machine;
use npir_mlir::prelude::*;
use npir_numpy::optimize::{Numbers, Numpy};
use npir_numpy::rules;

use super::blocks;
use super::region::Region;

/// What a way to choose has chosen.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    /// The cost of the plan, in seconds.
    pub time: f64,
    /// How long it took to choose, from the saturated graph on.
    pub took: Duration,
}

/// The ways beside each other, for one block.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Nodes of the graph.
    pub nodes: usize,
    /// The cost of the program as it is, in seconds.
    pub original: f64,
    /// The cheapest tree of every value; `None` where it cannot be computed.
    pub tree: Option<Chosen>,
    /// The greedy DAG; `None` where it runs in a circle.
    pub greedy: Option<Chosen>,
    /// The joint search.
    pub joint: Chosen,
    /// The exact search.
    pub exact: Chosen,
    /// What it says.
    pub proof: Proof,
    /// By which part the plan of the exact search may miss the best one.
    pub gap: f64,
    /// The least cost of all plans, where there are at most as many as was asked for.
    pub least: Option<f64>,
}

/// Compares the ways for each block below `op` to which a rule of that fidelity applies. `every` is a number of plans
/// up to which all are looked at.
///
/// # Errors
/// Rules that do not fit the dialect, or contradict each other here.
pub fn compare<'c>(
    op: Op<'c>,
    fidelity: Fidelity,
    limits: ExactLimits,
    every: usize,
) -> Result<Vec<Compared>, String> {
    let domain = Numpy::new(op.ctx());
    let rules = rules::up_to(domain, fidelity).map_err(|e| e.to_string())?;
    let numbers = Numbers::new(Machine::default());
    let mut all = Vec::new();
    for block in blocks(op, domain) {
        let Some((region, mut graph)) = Region::read(block, domain) else {
            continue;
        };
        let report = saturate(&mut graph, &rules, Limits::default()).map_err(|e| e.to_string())?;
        if report.fired.iter().sum::<usize>() == 0 {
            continue;
        }
        let (roots, original) = (region.roots(&graph), region.original());
        let request = |method| Request {
            roots: &roots,
            original: &original,
            limits: SearchLimits::default(),
            method,
            interrupted: &go_on,
        };
        let available = |node: NodeRef<'_, Numpy<'c>>| region.available(node);
        let baseline = |baseline| {
            let start = Instant::now();
            let joint = request(Method::Joint);
            let time = cost_of(&graph, &numbers, &joint, available, baseline)?;
            let took = start.elapsed();
            Some(Chosen { time, took })
        };
        let start = Instant::now();
        let Some(joint) = extract(&graph, &numbers, &request(Method::Joint), available) else {
            continue;
        };
        let joint_took = start.elapsed();
        let start = Instant::now();
        let exact = request(Method::Exact(limits));
        let exact = extract(&graph, &numbers, &exact, available);
        let exact_took = start.elapsed();
        let Some((exact, proof, gap)) =
            exact.and_then(|found| Some((found.time, found.proof.clone()?, found.gap()?)))
        else {
            continue;
        };
        all.push(Compared {
            nodes: graph.num_nodes(),
            original: joint.original,
            tree: baseline(Baseline::Tree),
            greedy: baseline(Baseline::Greedy),
            joint: Chosen {
                time: joint.time,
                took: joint_took,
            },
            exact: Chosen {
                time: exact,
                took: exact_took,
            },
            proof,
            gap,
            least: baseline(Baseline::Every(every)).map(|chosen| chosen.time),
        });
    }
    Ok(all)
}
