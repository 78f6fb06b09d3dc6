//! Rules, facts and costs of others, which join those of this dialect.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use npir_egraph::{Arity, Rule, RuleError, RuleSet};
use npir_mlir::dialect::with_dialect;
use npir_mlir::op_def::OpDef;
use npir_mlir::prelude::*;

use super::{Fact, Numpy, Profile};
use crate::rules;

/// Rules in a domain. The argument is there for its lifetime, and to build constants with.
pub type Rules = for<'c> fn(Numpy<'c>) -> Vec<Rule<Numpy<'c>>>;
/// What is known of the value of a node besides its type, from its operands: it adds to the fact that it takes.
pub type Facts = for<'a, 'c> fn(&[&'a Fact<'c>], Fact<'c>) -> Fact<'c>;
/// How a node is computed, from what is known of its operands and of itself.
pub type Costs = for<'a, 'c> fn(&[&'a Fact<'c>], &Fact<'c>) -> Profile;

/// What the optimizer is to know besides the numpy dialect: rules about its ops, and about the ops of a dialect of one's
/// own with their facts and costs. Without more than a name it changes nothing.
///
/// Ops are those of the dialect with the algebra's name, if there is one. Only those without side effects and with one
/// result take part, and rules can build those whose result types are inferred.
pub struct Algebra {
    name: &'static str,
    rules: Option<Rules>,
    facts: HashMap<&'static str, Facts>,
    costs: HashMap<&'static str, Costs>,
    commuting: Vec<&'static str>,
}

/// Why an algebra was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlgebraError {
    /// One of its rules is wrong, or has the name of another one.
    Rule(RuleError),
    /// It says something of an op that its dialect has not.
    UnknownOp {
        /// The algebra.
        algebra: &'static str,
        /// The op.
        op: &'static str,
    },
}

impl std::fmt::Display for AlgebraError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AlgebraError::Rule(error) => error.fmt(f),
            AlgebraError::UnknownOp { algebra, op } => {
                write!(f, "algebra '{algebra}': the dialect has no op '{op}'")
            }
        }
    }
}

impl std::error::Error for AlgebraError {}

impl Algebra {
    /// Nothing yet; the ops are those of the dialect of that name.
    pub fn new(name: &'static str) -> Self {
        Algebra {
            name,
            rules: None,
            facts: HashMap::new(),
            costs: HashMap::new(),
            commuting: Vec::new(),
        }
    }

    /// With these rules.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// With facts of an op: without them its sizes are those of its type.
    pub fn facts(mut self, op: &'static str, facts: Facts) -> Self {
        self.facts.insert(op, facts);
        self
    }

    /// With the cost of an op: without it the op is a kernel with some work for each element of operands and result.
    pub fn cost(mut self, op: &'static str, costs: Costs) -> Self {
        self.costs.insert(op, costs);
        self
    }

    /// With an op of two operands that may be exchanged: patterns match both ways.
    pub fn commutes(mut self, op: &'static str) -> Self {
        self.commuting.push(op);
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether an op is one of its dialect.
    pub fn owns(&self, op: &str) -> bool {
        let rest = op.strip_prefix(self.name);
        rest.is_some_and(|rest| rest.starts_with('.'))
    }

    fn with_op<T>(&self, op: &str, f: impl FnOnce(&OpDef) -> T) -> Option<T> {
        let found = |dialect: &Dialect| {
            let def = dialect.op_defs().iter().find(|def| def.name == op)?;
            Some(f(def))
        };
        with_dialect(self.name, found).flatten()
    }

    fn check(&self) -> Result<(), AlgebraError> {
        let named = self.facts.keys().chain(self.costs.keys());
        let mut named: Vec<_> = named.chain(&self.commuting).copied().collect();
        named.sort_unstable();
        match named
            .into_iter()
            .find(|op| self.with_op(op, |_| ()).is_none())
        {
            Some(op) => Err(AlgebraError::UnknownOp {
                algebra: self.name,
                op,
            }),
            None => Ok(()),
        }
    }
}

/// The algebras of the process, which stay: passes are made from text, and texts name them.
static KNOWN: Mutex<Vec<&'static Algebra>> = Mutex::new(Vec::new());

/// Algebras that take part in an optimization.
pub(super) type Several = &'static [&'static Algebra];

/// Keeps an algebra for the process, after its rules have been checked against each other and those of the numpy dialect.
/// A second one of the same name is checked, and the first one stays.
///
/// # Errors
/// A rule that does not fit, or something about an op that is not there.
pub fn register(ctx: &Context, algebra: Algebra) -> Result<&'static str, AlgebraError> {
    algebra.check()?;
    let algebra: &'static Algebra = Box::leak(Box::new(algebra));
    let domain = Numpy {
        ctx,
        algebras: Box::leak(Box::new([algebra])),
    };
    let own = domain.rules_of_algebras();
    let all = rules::all().into_iter().map(|listed| listed.rule);
    RuleSet::new(&domain, all.chain(own)).map_err(AlgebraError::Rule)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.iter().any(|other| other.name == algebra.name) {
        known.push(algebra);
    }
    Ok(algebra.name)
}

/// The names of the algebras of the process, in the order in which they came.
pub fn registered() -> Vec<&'static str> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().map(|algebra| algebra.name).collect()
}

/// The algebras of these names; one list for each choice of names is kept.
fn named(names: &[String]) -> Result<Several, String> {
    static LISTS: OnceLock<Mutex<HashMap<Vec<String>, Several>>> = OnceLock::new();
    let lists = LISTS.get_or_init(Mutex::default);
    let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&list) = lists.get(names) {
        return Ok(list);
    }
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let find = |name: &String| {
        let found = known.iter().find(|algebra| algebra.name == name).copied();
        found.ok_or_else(|| format!("no algebra '{name}'"))
    };
    let list = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let list: Several = Box::leak(list.into_boxed_slice());
    lists.insert(names.to_vec(), list);
    Ok(list)
}

impl<'c> Numpy<'c> {
    /// The same domain with the algebras of these names.
    ///
    /// # Errors
    /// A name that no algebra has.
    pub fn with_algebras(self, names: &[String]) -> Result<Self, String> {
        Ok(Numpy {
            algebras: named(names)?,
            ..self
        })
    }

    /// The rules of its algebras.
    pub fn rules_of_algebras(&self) -> Vec<Rule<Numpy<'c>>> {
        let all = self.algebras.iter().filter_map(|algebra| algebra.rules);
        all.flat_map(|rules| rules(*self)).collect()
    }

    /// The algebra of an op.
    fn algebra(&self, op: &str) -> Option<&'static Algebra> {
        self.algebras
            .iter()
            .find(|algebra| algebra.owns(op))
            .copied()
    }

    /// Whether an op is one of the numpy dialect or of an algebra.
    pub fn owns(&self, op: &str) -> bool {
        op.starts_with("numpy.") || self.algebra(op).is_some()
    }

    /// Asks the definition of an op of an algebra.
    pub(super) fn with_foreign_op<T>(&self, op: &str, f: impl FnOnce(&OpDef) -> T) -> Option<T> {
        self.algebra(op)?.with_op(op, f)
    }

    /// Whether the operands of an op of an algebra may be exchanged.
    pub(super) fn foreign_commutes(&self, op: &str) -> bool {
        let algebra = self.algebra(op);
        algebra.is_some_and(|algebra| algebra.commuting.contains(&op))
    }

    /// What an algebra adds to a fact.
    pub(super) fn with_foreign_facts(
        &self,
        op: &str,
        children: &[&Fact<'c>],
        fact: Fact<'c>,
    ) -> Fact<'c> {
        let facts = self
            .algebra(op)
            .and_then(|algebra| algebra.facts.get(op).copied());
        match facts {
            Some(facts) => facts(children, fact).with_type_of_sizes(),
            None => fact,
        }
    }

    /// How an op of an algebra is computed, where the algebra says so.
    pub(super) fn foreign_cost(
        &self,
        op: &str,
        children: &[&Fact<'c>],
        fact: &Fact<'c>,
    ) -> Option<Profile> {
        let costs = self
            .algebra(op)
            .and_then(|algebra| algebra.costs.get(op).copied());
        costs.map(|costs| costs(children, fact))
    }
}

/// How many operands an op takes.
pub(super) fn arity(def: &OpDef) -> Arity {
    let fixed = |value: &npir_mlir::op_def::ValueDef| value.arity == npir_mlir::op_def::Arity::One;
    // Of optional operands a pattern says by its own number which ones there are.
    match def.operands.iter().all(fixed) {
        true => Arity::Exactly(def.operands.len()),
        false => Arity::Any,
    }
}
