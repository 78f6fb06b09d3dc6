//! Ways to choose a plan that are here to be compared with [`extract`](super::extract()), and for nothing else.

use super::problem::Problem;
use super::{Cost, Plan, Request, greedy};
use crate::domain::Domain;
use crate::graph::{Graph, NodeRef};

/// A way to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The cheapest tree of every value, as though nothing were shared.
    Tree,
    /// The greedy DAG.
    Greedy,
    /// The best of all plans, one after another, where there are at most so many choices.
    Every(usize),
}

/// The cost of the plan that `baseline` chooses; `None` where it chooses none.
pub fn cost_of<D: Domain, C: Cost<D>>(
    graph: &Graph<D>,
    cost: &C,
    request: &Request<'_, C::State>,
    available: impl Fn(NodeRef<'_, D>) -> usize,
    baseline: Baseline,
) -> Option<f64> {
    let problem = Problem::new(graph, cost, request.roots, available);
    let judge = |choice: &[usize]| {
        let order = problem.order(choice)?;
        Some(cost.plan(&Plan {
            graph,
            problem: &problem,
            choice,
            order: &order,
        }))
    };
    match baseline {
        Baseline::Tree => judge(&greedy::tree(&problem)?),
        Baseline::Greedy => judge(&greedy::dag(&problem, &greedy::tree(&problem)?)?),
        Baseline::Every(limit) => least(&problem, judge, limit),
    }
}

/// The least cost of all choices, where there are at most `limit` of them.
fn least<S, N>(
    problem: &Problem<S, N>,
    judge: impl Fn(&[usize]) -> Option<f64>,
    limit: usize,
) -> Option<f64> {
    let counts: Vec<_> = problem
        .slots
        .iter()
        .map(|slot| slot.options.len())
        .collect();
    let all = counts
        .iter()
        .try_fold(1usize, |all, &count| all.checked_mul(count.max(1)));
    if all.is_none_or(|all| all > limit) {
        return None;
    }
    let mut choice = vec![0; counts.len()];
    let mut best: Option<f64> = None;
    loop {
        if let Some(time) = judge(&choice) {
            best = Some(best.map_or(time, |best| best.min(time)));
        }
        // The next choice, as a number whose digits count to different bases.
        let mut digits = choice.iter_mut().zip(&counts);
        let advanced = digits.any(|(digit, &count)| {
            let fits = *digit + 1 < count;
            *digit = if fits { *digit + 1 } else { 0 };
            fits
        });
        if !advanced {
            return best;
        }
    }
}
