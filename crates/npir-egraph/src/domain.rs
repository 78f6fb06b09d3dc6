//! What a user of the graph says about ops and values.

use std::fmt::Debug;
use std::hash::Hash;

use crate::graph::Class;

/// How many children nodes of an op have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Always as many.
    Exactly(usize),
    /// Any number.
    Any,
}

/// What a meeting of two facts has added to each of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The first one, which holds the result, says more than before.
    pub first: bool,
    /// The result says more than the second one.
    pub second: bool,
}

/// Ops, their payloads, and the facts about values.
pub trait Domain: Sized {
    /// What a node says besides its op and children: attributes, the type of its result. Equal payloads are one.
    type Payload: Clone + Eq + Hash + Debug;
    /// What is known of a value: of all the nodes that compute it together.
    type Fact: Clone + Debug;

    /// How many children an op has; `None` for an op that does not exist.
    fn arity(&self, op: &str) -> Option<Arity>;

    /// Whether the two children of an op may be exchanged. Patterns then match both ways.
    fn commutes(&self, _op: &str) -> bool {
        false
    }

    /// What is known of the value of a node, from what is known of its children. The class is a name for the value,
    /// where a fact needs one: of two names that turn out to be the same value, facts keep either.
    fn fact(
        &self,
        class: Class,
        op: &str,
        payload: &Self::Payload,
        children: &[&Self::Fact],
    ) -> Self::Fact;

    /// Two values are equal: `fact` becomes what is known of them together. Facts only ever grow.
    ///
    /// # Errors
    /// The contradiction, in words: then the values cannot be equal.
    fn meet(&self, fact: &mut Self::Fact, other: &Self::Fact) -> Result<Change, String>;

    /// The payload of a new node, `like` that of another one as far as it says more than the children do. `None` where
    /// these children do not fit the op.
    fn payload(
        &self,
        op: &str,
        like: Option<&Self::Payload>,
        children: &[&Self::Fact],
    ) -> Option<Self::Payload>;

    /// The node without children that computes a value of which this is known; for constants.
    fn constant(&self, _fact: &Self::Fact) -> Option<(&'static str, Self::Payload)> {
        None
    }
}
