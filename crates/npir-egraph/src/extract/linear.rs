//! What plans cost as a linear program, for the exact search.
//!
//! The program has one variable for every way to fill a slot: 1 where the plan takes it. A cost model adds variables,
//! constraints and costs of its own to it.

use super::problem::Problem;

/// A variable of a [`Linear`] program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Variable(pub(super) usize);

/// A way to fill a slot, as a cost model sees it.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'p, N> {
    /// 1 where the plan takes this way, and 0 otherwise.
    pub taken: Variable,
    /// The slots that it needs.
    pub children: &'p [usize],
    /// What it costs by itself.
    pub time: f64,
    /// What the cost model has noted; nothing for conversions.
    pub note: Option<&'p N>,
}

/// What a variable may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 0 or 1.
    Binary,
    /// Anything between 0 and 1.
    Share,
    /// 0 or more.
    Amount,
}

/// `Σ factor · variable` is between two numbers.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "exact"),
    expect(dead_code, reason = "what only the solver reads")
)]
pub(super) struct Row {
    pub(super) terms: Vec<(Variable, f64)>,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// So many units is the cost of the plan that is known.
const KNOWN: f64 = 1e3;

/// A linear program whose least cost bounds the cost of all plans from below.
pub struct Linear<'p, S, N> {
    problem: &'p Problem<S, N>,
    /// The variables of the ways to fill each slot.
    pub(super) taken: Vec<Vec<Variable>>,
    pub(super) kinds: Vec<Kind>,
    pub(super) rows: Vec<Row>,
    /// What each unit of a variable costs, in [`Linear::units`].
    pub(super) costs: Vec<f64>,
    known: f64,
    limit: usize,
    full: bool,
}

impl<'p, S: Copy + Ord, N> Linear<'p, S, N> {
    /// The variables of all ways and no constraint. `known` is the cost of a plan, `limit` a number of variables.
    pub(super) fn new(problem: &'p Problem<S, N>, known: f64, limit: usize) -> Self {
        let mut linear = Linear {
            problem,
            taken: Vec::new(),
            kinds: Vec::new(),
            rows: Vec::new(),
            costs: Vec::new(),
            known,
            limit,
            full: false,
        };
        linear.taken = problem
            .slots
            .iter()
            .map(|slot| slot.options.iter().map(|_| linear.binary()).collect())
            .collect();
        linear
    }

    /// Number of slots: values that a plan may compute, each in a state.
    pub fn num_slots(&self) -> usize {
        self.problem.slots.len()
    }

    /// The slots that every plan fills.
    pub fn roots(&self) -> &'p [usize] {
        &self.problem.roots
    }

    /// The ways to fill a slot. A plan takes at most one of them, and exactly one where it fills the slot.
    pub fn choices(&self, slot: usize) -> Vec<Choice<'p, N>> {
        let options = self.problem.slots[slot].options.iter();
        options
            .zip(&self.taken[slot])
            .map(|(option, &taken)| Choice {
                taken,
                children: &option.children,
                time: option.time,
                note: option.note.as_ref(),
            })
            .collect()
    }

    /// The cost of a plan that is known, in seconds: what costs more needs not be described.
    pub fn known(&self) -> f64 {
        self.known
    }

    /// A time in the unit of the program: the known plan takes a thousand of it. Constraints and costs are in this unit,
    /// for the tolerances of solvers are absolute.
    pub fn units(&self, seconds: f64) -> f64 {
        seconds / self.known * KNOWN
    }

    /// The inverse of [`Linear::units`].
    pub(super) fn seconds(&self, units: f64) -> f64 {
        units / KNOWN * self.known
    }

    /// Whether there are more variables than the limit allows: the rest needs not be described.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Number of variables.
    pub fn num_variables(&self) -> usize {
        self.kinds.len()
    }

    /// A new variable that is 0 or 1.
    pub fn binary(&mut self) -> Variable {
        self.variable(Kind::Binary)
    }

    /// A new variable between 0 and 1.
    pub fn share(&mut self) -> Variable {
        self.variable(Kind::Share)
    }

    /// A new variable that is 0 or more.
    pub fn amount(&mut self) -> Variable {
        self.variable(Kind::Amount)
    }

    fn variable(&mut self, kind: Kind) -> Variable {
        self.kinds.push(kind);
        self.costs.push(0.0);
        self.full = self.kinds.len() > self.limit;
        Variable(self.kinds.len() - 1)
    }

    /// Demands `Σ factor · variable ≤ most`. A variable may stand several times.
    pub fn at_most(&mut self, terms: impl IntoIterator<Item = (Variable, f64)>, most: f64) {
        self.row(terms, f64::NEG_INFINITY, most);
    }

    /// Demands `Σ factor · variable ≥ least`.
    pub fn at_least(&mut self, terms: impl IntoIterator<Item = (Variable, f64)>, least: f64) {
        self.row(terms, least, f64::INFINITY);
    }

    /// Demands `least ≤ Σ factor · variable ≤ most`.
    pub(super) fn row(
        &mut self,
        terms: impl IntoIterator<Item = (Variable, f64)>,
        least: f64,
        most: f64,
    ) {
        let mut terms: Vec<_> = terms.into_iter().collect();
        terms.sort_by_key(|(variable, _)| *variable);
        terms.dedup_by(|next, first| {
            let same = next.0 == first.0;
            if same {
                first.1 += next.1;
            }
            same
        });
        terms.retain(|(_, factor)| *factor != 0.0);
        self.rows.push(Row { terms, least, most });
    }

    /// Each unit of a variable costs so much, in [`Linear::units`], besides what it costs already.
    pub fn cost(&mut self, variable: Variable, units: f64) {
        self.costs[variable.0] += units;
    }
}
