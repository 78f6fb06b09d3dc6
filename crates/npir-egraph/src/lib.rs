//! Equality saturation for compilers: a graph of equal programs, rules that add to it, and the choice of the best.
//!
//! A [`Domain`] says what ops there are, what is known of values (their *facts*) and when facts contradict each other.
//! Rules ([`Rule`], [`RuleSet`]) are checked when they are registered. [`saturate`] applies them within [`Limits`], and
//! [`extract()`] chooses among all the ways to compute the wanted values, by a [`Cost`] in time.
//!
//! Invariants:
//! - No concrete op is known here: nodes are a name, a payload and children.
//! - egg is an implementation detail and not part of any signature.
//! - Nothing depends on the clock, on addresses or on hash seeds: the same input gives the same output.
//! - A rule that contradicts the facts is an error with the rule's name, never a wrong program.

mod chance;
mod domain;
mod extract;
mod graph;
mod pattern;
mod rule;
mod saturate;

pub use chance::Chance;
pub use domain::{Arity, Change, Domain};
pub use extract::{
    Choice, Cost, End, ExactLimits, Extracted, HAS_EXACT, Linear, Method, Plan, Proof, Rejected,
    Request, SearchLimits, Step, StepKind, TOLERANCE, Variable, Way, ablation, extract, go_on,
};
pub use graph::{Class, Graph, NodeRef, Origin};
pub use pattern::PatternError;
pub use rule::{Fidelity, Match, Rule, RuleError, RuleSet};
pub use saturate::{Conflict, Limits, Report, Stop, Union, saturate};
