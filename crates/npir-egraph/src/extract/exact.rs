//! The exact search: an integer program whose least solution is the best plan, or proves that there is none better.
//!
//! The program knows the ways to fill slots, what each needs, and that plans do not run in circles. What plans cost is
//! the cost model's own part ([`Cost::linear`]), which bounds the cost of each plan from below. So every plan that the
//! solver finds is judged by [`Cost::plan`] as all others are; if it costs more than the program says, it is excluded,
//! and the program is solved again.

use super::cycles;
use super::linear::Linear;
use super::problem::Problem;
use super::solver::{self, Ended, Interrupted, Outcome};
use super::{Cost, Extracted, Plan, Rejected};
use crate::domain::Domain;
use crate::graph::Graph;

/// Bounds on the exact search. Each is a number of things and never a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExactLimits {
    /// Variables of the integer program; a larger one is not solved.
    pub variables: usize,
    /// Nodes of the solver's search tree.
    pub branches: usize,
    /// How often the program is solved, where it does not describe the costs precisely.
    pub rounds: usize,
}

impl Default for ExactLimits {
    fn default() -> Self {
        ExactLimits {
            variables: 50_000,
            branches: 2_000,
            rounds: 32,
        }
    }
}

/// Why the exact search ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// No plan is better than the chosen one by more than [`TOLERANCE`].
    Proven,
    /// The program would have more variables than the limit.
    Variables,
    /// The limit of the solver's search tree was reached.
    Branches,
    /// The limit of rounds was reached.
    Rounds,
    /// The caller has interrupted it.
    Interrupted,
    /// The solver failed, and said this.
    Solver(String),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Proven => f.write_str("the plan is the best one"),
            End::Variables => f.write_str("the limit of variables was reached"),
            End::Branches => f.write_str("the limit of branches was reached"),
            End::Rounds => f.write_str("the limit of rounds was reached"),
            End::Interrupted => f.write_str("it was interrupted"),
            End::Solver(words) => write!(f, "the solver failed: {words}"),
        }
    }
}

/// What the exact search says of the chosen plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// No plan costs less than this, in seconds.
    pub least: f64,
    /// Why the search ended.
    pub end: End,
    /// Variables of the integer program.
    pub variables: usize,
    /// How often it was solved.
    pub rounds: usize,
}

/// Solvers compute with rounding: plans whose costs differ by this part are not told apart.
pub const TOLERANCE: f64 = 1e-5;

/// Improves the plan that the joint search has found, and says how far it may be from the best one.
pub(super) fn prove<D: Domain, C: Cost<D>>(
    found: &mut Extracted<'_, D, C::State, C::Note>,
    cost: &C,
    limits: ExactLimits,
    interrupted: &Interrupted<'_>,
) {
    let mut proof = Proof {
        least: 0.0,
        end: End::Proven,
        variables: 0,
        rounds: 0,
    };
    if found.time > 0.0 {
        let better = search(found, cost, limits, interrupted, &mut proof);
        if let Some((choice, order, time)) = better {
            found.rejected = Some(rejected(found, &choice));
            (found.choice, found.order, found.time) = (choice, order, time);
        }
        proof.least = proof.least.clamp(0.0, found.time);
    }
    found.proof = Some(proof);
}

/// A plan with its cost.
type Better = (Vec<usize>, Vec<usize>, f64);

/// The best plan, where it is another one than `found`.
fn search<D: Domain, C: Cost<D>>(
    found: &Extracted<'_, D, C::State, C::Note>,
    cost: &C,
    limits: ExactLimits,
    interrupted: &Interrupted<'_>,
    proof: &mut Proof,
) -> Option<Better> {
    let (graph, problem) = (found.graph, &found.problem);
    let mut linear = Linear::new(problem, found.time, limits.variables);
    needs(problem, &mut linear);
    cycles::exclude(problem, &mut linear);
    cost.linear(graph, &mut linear);
    proof.variables = linear.num_variables();
    if linear.is_full() {
        proof.end = End::Variables;
        return None;
    }
    let mut best: Option<Better> = None;
    loop {
        let least_known = best.as_ref().map_or(found.time, |(.., time)| *time);
        if proof.rounds == limits.rounds {
            proof.end = End::Rounds;
            return best;
        }
        if interrupted() {
            proof.end = End::Interrupted;
            return best;
        }
        proof.rounds += 1;
        let (values, bound, ended) = match solver::solve(&linear, limits.branches, interrupted) {
            // All plans have been judged.
            Outcome::Infeasible => (None, f64::INFINITY, Ended::Complete),
            Outcome::Searched {
                values,
                bound,
                ended,
            } => (values, bound, ended),
            Outcome::Failed(words) => {
                proof.end = End::Solver(words);
                return best;
            }
        };
        // The plans that are excluded by now cost at least as much as the best of them.
        proof.least = proof.least.max(linear.seconds(bound).min(least_known));
        let is_known = values.is_none();
        if let Some(values) = values {
            let choice = decode(&linear, &values, &found.choice);
            let Some((order, time)) = judge(graph, problem, cost, &choice) else {
                proof.end = End::Solver("its plan cannot be computed".to_owned());
                return best;
            };
            let taken = order
                .iter()
                .map(|&slot| (linear.taken[slot][choice[slot]], 1.0));
            let taken: Vec<_> = taken.collect();
            let most = taken.len() as f64 - 1.0;
            linear.at_most(taken, most);
            if time < least_known * (1.0 - TOLERANCE) {
                best = Some((choice, order, time));
            }
        }
        let least_known = best.as_ref().map_or(found.time, |(.., time)| *time);
        if proof.least >= least_known * (1.0 - TOLERANCE) {
            return best;
        }
        let end = match ended {
            Ended::Complete if is_known => Some(End::Branches),
            Ended::Complete => None,
            Ended::Nodes => Some(End::Branches),
            Ended::Interrupted => Some(End::Interrupted),
            Ended::Other(words) => Some(End::Solver(words)),
        };
        if let Some(end) = end {
            proof.end = end;
            return best;
        }
    }
}

/// Roots are computed, and so is what each chosen way needs.
fn needs<S: Copy + Ord, N>(problem: &Problem<S, N>, linear: &mut Linear<'_, S, N>) {
    let users = problem.users();
    for (slot, users) in users.iter().enumerate() {
        let own: Vec<_> = linear.taken[slot]
            .iter()
            .map(|&taken| (taken, 1.0))
            .collect();
        let least = match problem.roots.contains(&slot) {
            true => 1.0,
            false => 0.0,
        };
        linear.row(own.iter().copied(), least, 1.0);
        for &user in users {
            let options = problem.slots[user].options.iter();
            let through = options
                .zip(&linear.taken[user])
                .filter(|(option, _)| option.children.contains(&slot));
            let through: Vec<_> = through.map(|(_, &taken)| (taken, -1.0)).collect();
            linear.at_least(own.iter().copied().chain(through), 0.0);
        }
    }
}

/// The choice of a solution; slots that it does not fill are as in `fallback`.
fn decode<S, N>(linear: &Linear<'_, S, N>, values: &[f64], fallback: &[usize]) -> Vec<usize> {
    let ways = linear.taken.iter().zip(fallback);
    ways.map(|(ways, &fallback)| {
        let taken = ways.iter().position(|variable| values[variable.0] > 0.5);
        taken.unwrap_or(fallback)
    })
    .collect()
}

/// The order and the cost of a choice; `None` where it runs in a circle.
fn judge<D: Domain, C: Cost<D>>(
    graph: &Graph<D>,
    problem: &Problem<C::State, C::Note>,
    cost: &C,
    choice: &[usize],
) -> Option<(Vec<usize>, f64)> {
    let order = problem.order(choice)?;
    let time = cost.plan(&Plan {
        graph,
        problem,
        choice,
        order: &order,
    });
    Some((order, time))
}

/// The plan of the joint search, for which there is a better `choice`.
fn rejected<D: Domain, S: Copy + Ord, N>(
    found: &Extracted<'_, D, S, N>,
    choice: &[usize],
) -> Rejected {
    let other = found
        .order
        .iter()
        .rev()
        .find(|&&slot| found.choice[slot] != choice[slot]);
    let slot = other.or(found.order.last()).copied().unwrap_or_default();
    super::search::rejected(&found.problem, found.graph, slot, &found.choice, found.time)
}
