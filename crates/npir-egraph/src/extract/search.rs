//! Local search: one slot after another tries its other ways, judged by the cost of the whole plan.

use super::problem::Problem;
use super::{Cost, Extracted, Plan, Rejected, SearchLimits, node_at};
use crate::domain::Domain;
use crate::graph::Graph;

/// Plans to start from.
pub(super) struct Start {
    pub(super) tree: Vec<usize>,
    pub(super) dag: Option<Vec<usize>>,
    pub(super) original: Vec<usize>,
}

/// A plan must be cheaper by this part to replace another one.
const MARGIN: f64 = 1e-6;

/// Where a plan stands.
struct Judged {
    order: Vec<usize>,
    /// For each slot whether it is in the order.
    needed: Vec<bool>,
    time: f64,
}

struct Search<'s, D: Domain, C: Cost<D>> {
    graph: &'s Graph<D>,
    problem: &'s Problem<C::State, C::Note>,
    cost: &'s C,
    left: usize,
}

impl<D: Domain, C: Cost<D>> Search<'_, D, C> {
    /// The cost of a choice; `None` where it runs in a circle.
    fn judge(&mut self, choice: &[usize]) -> Option<Judged> {
        let order = self.problem.order(choice)?;
        self.left = self.left.saturating_sub(order.len());
        let mut needed = vec![false; self.problem.slots.len()];
        for &slot in &order {
            needed[slot] = true;
        }
        let time = self.cost.plan(&Plan {
            graph: self.graph,
            problem: self.problem,
            choice,
            order: &order,
        });
        Some(Judged {
            order,
            needed,
            time,
        })
    }
}

/// The best plan that is found from `start`.
pub(super) fn improve<'g, D: Domain, C: Cost<D>>(
    graph: &'g Graph<D>,
    problem: Problem<C::State, C::Note>,
    cost: &C,
    start: Start,
    limits: SearchLimits,
) -> Extracted<'g, D, C::State, C::Note> {
    let mut search = Search {
        graph,
        problem: &problem,
        cost,
        left: limits.steps,
    };
    let never = |judged: &Option<Judged>| judged.as_ref().map_or(f64::INFINITY, |j| j.time);
    let original = search.judge(&start.original);
    let tree = search.judge(&start.tree);
    let dag = start.dag.as_ref().and_then(|choice| search.judge(choice));
    let (original_time, tree_time) = (never(&original), never(&tree));
    let dag_time = dag.as_ref().map(|judged| judged.time);
    // The original wins where nothing is better.
    let mut candidates = vec![(start.original, original), (start.tree, tree)];
    candidates.extend(start.dag.map(|choice| (choice, dag)));
    let mut best: Option<(Vec<usize>, Judged)> = None;
    for (choice, judged) in candidates {
        let Some(judged) = judged else { continue };
        if best
            .as_ref()
            .is_none_or(|(_, known)| judged.time < known.time * (1.0 - MARGIN))
        {
            best = Some((choice, judged));
        }
    }
    let empty = || {
        let (order, needed) = (Vec::new(), Vec::new());
        let time = 0.0;
        let none = Judged {
            order,
            needed,
            time,
        };
        (Vec::new(), none)
    };
    let (mut choice, mut judged) = best.unwrap_or_else(empty);
    let mut rejected: Option<Rejected> = None;
    let mut cut_short = false;
    loop {
        let mut improved = false;
        for slot in judged.order.clone() {
            if !judged.needed[slot] {
                continue;
            }
            for option in 0..problem.slots[slot].options.len() {
                let before = choice[slot];
                if option == before {
                    continue;
                }
                if search.left == 0 {
                    cut_short = true;
                    break;
                }
                choice[slot] = option;
                match search.judge(&choice) {
                    Some(other) if other.time < judged.time * (1.0 - MARGIN) => {
                        let mut previous = choice.clone();
                        previous[slot] = before;
                        rejected = reject(rejected, judged.time, &problem, graph, slot, &previous);
                        judged = other;
                        improved = true;
                    }
                    Some(other) => {
                        rejected = reject(rejected, other.time, &problem, graph, slot, &choice);
                        choice[slot] = before;
                    }
                    None => choice[slot] = before,
                }
            }
        }
        if !improved || cut_short {
            break;
        }
    }
    let Judged { order, time, .. } = judged;
    Extracted {
        graph,
        problem,
        choice,
        order,
        time,
        original: original_time,
        tree: tree_time,
        dag: dag_time,
        rejected,
        cut_short,
        proof: None,
    }
}

/// The better one of two rejected plans.
fn reject<D: Domain, S: Copy + Ord, N>(
    known: Option<Rejected>,
    time: f64,
    problem: &Problem<S, N>,
    graph: &Graph<D>,
    slot: usize,
    choice: &[usize],
) -> Option<Rejected> {
    match known {
        Some(known) if known.time <= time => Some(known),
        _ => Some(rejected(problem, graph, slot, choice, time)),
    }
}

/// A plan that fills a slot in another way than the chosen one.
pub(super) fn rejected<D: Domain, S: Copy + Ord, N>(
    problem: &Problem<S, N>,
    graph: &Graph<D>,
    slot: usize,
    choice: &[usize],
    time: f64,
) -> Rejected {
    let found = &problem.slots[slot];
    let op = match found.options[choice[slot]].node {
        Some(index) => node_at(graph, found.class, index).op().to_owned(),
        None => "a conversion".to_owned(),
    };
    Rejected {
        time,
        class: found.class,
        op,
        choice: choice.to_vec(),
    }
}
