//! Extraction: which node computes each value, and in which physical state.
//!
//! A *slot* is a class in a state, such as a layout: equal values may be in different states, and to bring one into
//! another is a step that costs. The search starts from three plans: the original program, the best tree for each slot,
//! and a greedy DAG, which counts what is shared once. The cheapest is then improved by local search: one slot after
//! another tries its other ways, judged by the cost of the whole plan, so that what depends on several steps together,
//! such as fusion, decides as well. On request an integer program then finds the best plan of all, or says how far the
//! one that was found may be from it. Every plan is checked to be free of cycles.

pub mod ablation;
mod cycles;
mod exact;
mod greedy;
mod linear;
mod problem;
mod sample;
mod search;
mod solver;

use crate::domain::Domain;
use crate::graph::{Class, Graph, NodeRef};
use problem::{Problem, Rank};

pub use exact::{End, ExactLimits, Proof, TOLERANCE};
pub use linear::{Choice, Linear, Variable};
pub use solver::HAS_EXACT;

/// One way to compute a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Way<S, N = ()> {
    /// The state of the result.
    pub result: S,
    /// The state in which each child is taken.
    pub children: Vec<S>,
    /// What it costs by itself, in seconds.
    pub time: f64,
    /// What [`Cost::plan`] wants to know of it: worked out once, and not for every plan.
    pub note: N,
}

/// What computing costs.
pub trait Cost<D: Domain> {
    /// Where and how a value is kept: a layout, a device. `()` where there is but one way.
    type State: Copy + Ord + std::fmt::Debug;
    /// What [`Cost::plan`] needs of each step, `()` for nothing.
    type Note: Clone;

    /// The ways to compute a node; none where it cannot be computed.
    fn ways(
        &self,
        graph: &Graph<D>,
        class: Class,
        node: NodeRef<'_, D>,
    ) -> Vec<Way<Self::State, Self::Note>>;

    /// The states that a value of this class may be converted between, each with the time that takes.
    fn conversions(
        &self,
        _graph: &Graph<D>,
        _class: Class,
        _to: Self::State,
    ) -> Vec<(Self::State, f64)> {
        Vec::new()
    }

    /// The time of a whole plan in seconds. What steps save or cost each other is said here; without it a plan is the
    /// sum of its steps.
    fn plan(&self, plan: &Plan<'_, D, Self::State, Self::Note>) -> f64 {
        plan.steps().map(|step| step.time).sum()
    }

    /// The parts that make up the time of a plan, with their names, for people.
    fn terms(&self, _plan: &Plan<'_, D, Self::State, Self::Note>) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// The same for the exact search: costs, and what they depend on. For every plan the variables must be able to have
    /// values that cost at most as much as the plan: then the least cost of the program is a bound for all plans. The
    /// closer they are, the sooner the search is over. Without it a plan is the sum of its steps: who overrides
    /// [`Cost::plan`] overrides this too.
    fn linear(&self, _graph: &Graph<D>, linear: &mut Linear<'_, Self::State, Self::Note>) {
        for slot in 0..linear.num_slots() {
            for choice in linear.choices(slot) {
                linear.cost(choice.taken, linear.units(choice.time));
            }
        }
    }
}

/// How to choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The best of the greedy plans and the original, and local search from there.
    #[default]
    Joint,
    /// The same, and then the exact search: it needs a build with a solver, [`HAS_EXACT`], and is for small programs.
    Exact(ExactLimits),
    /// A plan by chance, the same for the same seed: to measure what others are worth.
    Sample(u64),
}

/// Bounds on the local search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// Steps of plans that may be looked at altogether.
    pub steps: usize,
    /// Slots up to which the greedy DAG is computed, whose time is quadratic in the worst case.
    pub dag_slots: usize,
}

impl Default for SearchLimits {
    fn default() -> Self {
        SearchLimits {
            steps: 1_000_000,
            dag_slots: 2_000,
        }
    }
}

/// What is wanted.
pub struct Request<'r, S> {
    /// The values, each in a state.
    pub roots: &'r [(Class, S)],
    /// How classes are computed in the original program: the children of a class come before it.
    pub original: &'r [(Class, usize)],
    /// Bounds.
    pub limits: SearchLimits,
    /// How to choose.
    pub method: Method,
    /// Asked again and again by the exact search: `true` ends it, with the best plan so far. [`go_on`] where nobody
    /// interrupts.
    pub interrupted: &'r (dyn Fn() -> bool + Sync),
}

/// Nobody interrupts: for [`Request::interrupted`].
pub fn go_on() -> bool {
    false
}

/// What a step of a plan does.
pub enum StepKind<'g, D: Domain, S> {
    /// Computes a node.
    Compute(NodeRef<'g, D>),
    /// Brings the value of the same class from this state to that of the step.
    Convert(S),
}

/// One step of a plan.
pub struct Step<'p, D: Domain, S, N = ()> {
    /// Its number: below [`Plan::num_slots`], the same in every plan of one extraction.
    pub slot: usize,
    /// The value.
    pub class: Class,
    /// Its state.
    pub state: S,
    /// How it comes about.
    pub kind: StepKind<'p, D, S>,
    /// The numbers of the steps that it depends on, which come before it.
    pub children: &'p [usize],
    /// What it costs by itself.
    pub time: f64,
    /// What the cost model has noted; nothing for conversions.
    pub note: Option<&'p N>,
}

/// A choice for every value that is needed, in an order in which they can be computed.
pub struct Plan<'p, D: Domain, S, N = ()> {
    graph: &'p Graph<D>,
    problem: &'p Problem<S, N>,
    choice: &'p [usize],
    order: &'p [usize],
}

impl<'p, D: Domain, S: Copy + Ord, N> Plan<'p, D, S, N> {
    /// The graph.
    pub fn graph(&self) -> &'p Graph<D> {
        self.graph
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// A bound for the numbers of steps.
    pub fn num_slots(&self) -> usize {
        self.problem.slots.len()
    }

    /// The steps, each after those that it depends on.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step<'p, D, S, N>> + use<'p, D, S, N> {
        let (graph, problem, choice) = (self.graph, self.problem, self.choice);
        self.order.iter().map(move |&slot| {
            let found = &problem.slots[slot];
            let option = &found.options[choice[slot]];
            Step {
                slot,
                class: found.class,
                state: found.state,
                kind: match option.node {
                    Some(index) => StepKind::Compute(node_at(graph, found.class, index)),
                    None => StepKind::Convert(problem.slots[option.children[0]].state),
                },
                children: &option.children,
                time: option.time,
                note: option.note.as_ref(),
            }
        })
    }

    /// The numbers of the steps that give the wanted values.
    pub fn roots(&self) -> &'p [usize] {
        &self.problem.roots
    }
}

pub(crate) fn node_at<D: Domain>(graph: &Graph<D>, class: Class, index: usize) -> NodeRef<'_, D> {
    graph.node(&graph.inner[class.0].nodes[index])
}

/// A plan that was nearly chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Its cost.
    pub time: f64,
    /// The class that it computes in another way.
    pub class: Class,
    /// The op that it uses there.
    pub op: String,
    /// The way that it fills each slot.
    choice: Vec<usize>,
}

/// The chosen plan.
pub struct Extracted<'g, D: Domain, S, N = ()> {
    graph: &'g Graph<D>,
    problem: Problem<S, N>,
    choice: Vec<usize>,
    order: Vec<usize>,
    /// Its cost in seconds.
    pub time: f64,
    /// The cost of the original program, where it computes every value once.
    pub original: f64,
    /// The cost of the best tree of every value.
    pub tree: f64,
    /// The cost of the greedy DAG; `None` where the program is too large for it.
    pub dag: Option<f64>,
    /// The best plan that was looked at and not chosen, besides the original.
    pub rejected: Option<Rejected>,
    /// Whether the local search ended for lack of steps.
    pub cut_short: bool,
    /// What the exact search says, where it was asked for.
    pub proof: Option<Proof>,
}

impl<D: Domain, S: Copy + Ord, N: Clone> Extracted<'_, D, S, N> {
    /// The plan.
    pub fn plan(&self) -> Plan<'_, D, S, N> {
        Plan {
            graph: self.graph,
            problem: &self.problem,
            choice: &self.choice,
            order: &self.order,
        }
    }

    /// The term that the best rejected plan loses most by, and how much; none where the cost model names no terms.
    pub fn deciding_term<C>(&self, cost: &C) -> Option<(&'static str, f64)>
    where
        D: Domain,
        C: Cost<D, State = S, Note = N>,
    {
        let choice = &self.rejected.as_ref()?.choice;
        let order = self.problem.order(choice)?;
        let rejected = cost.terms(&Plan {
            graph: self.graph,
            problem: &self.problem,
            choice,
            order: &order,
        });
        let chosen = cost.terms(&self.plan());
        let lost = rejected.into_iter().zip(chosen);
        let lost = lost.map(|((name, theirs), (_, own))| (name, theirs - own));
        lost.max_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(_, seconds)| *seconds > 0.0)
    }

    /// By which part of its cost the plan may be more expensive than the best one: 0 where it is known to be the best.
    /// `None` without the exact search.
    pub fn gap(&self) -> Option<f64> {
        let proof = self.proof.as_ref()?;
        Some(match proof.end {
            End::Proven => 0.0,
            _ => (1.0 - proof.least / self.time).max(0.0),
        })
    }
}

/// Chooses how to compute the wanted values. `available` says of a node without children when its value is there, as a
/// position in the program; each value is then computed where the original computes it, or earlier.
///
/// `None` where some value cannot be computed at all.
pub fn extract<'g, D: Domain, C: Cost<D>>(
    graph: &'g Graph<D>,
    cost: &C,
    request: &Request<'_, C::State>,
    available: impl Fn(NodeRef<'_, D>) -> usize,
) -> Option<Extracted<'g, D, C::State, C::Note>> {
    let problem = Problem::new(graph, cost, request.roots, available);
    let tree = greedy::tree(&problem)?;
    let dag = (problem.slots.len() <= request.limits.dag_slots)
        .then(|| greedy::dag(&problem, &tree))
        .flatten();
    let original = original(&problem, graph, request, &tree);
    let start = search::Start {
        tree,
        dag,
        original,
    };
    let mut found = search::improve(graph, problem, cost, start, request.limits);
    match request.method {
        Method::Joint => {}
        Method::Exact(limits) => exact::prove(&mut found, cost, limits, request.interrupted),
        Method::Sample(seed) => sample::choose(&mut found, cost, seed),
    }
    Some(found)
}

/// The choice that the original program makes; slots that it has not are computed as in `fallback`.
fn original<D: Domain, S: Copy + Ord, N>(
    problem: &Problem<S, N>,
    graph: &Graph<D>,
    request: &Request<'_, S>,
    fallback: &[usize],
) -> Vec<usize> {
    let mut choice = fallback.to_vec();
    let mut decided = vec![false; problem.slots.len()];
    for &(class, source) in request.original {
        let class = graph.find(class);
        for &slot in problem.slots_of(class) {
            if std::mem::replace(&mut decided[slot], true) {
                continue;
            }
            let is_original = |option: &problem::Choice<N>| {
                option.node.is_some_and(|index| {
                    *node_at(graph, class, index).origin() == crate::Origin::Source(source)
                })
            };
            let options = &problem.slots[slot].options;
            if let Some(found) = options.iter().position(is_original) {
                choice[slot] = found;
            }
        }
    }
    choice
}

/// Where nothing is known about when values are there.
const ALWAYS: Rank = 0;
