//! Rules: what may be written instead of what, and how faithful that is.

use std::fmt;

use crate::domain::Domain;
use crate::graph::{Class, Graph, NodeRef, Origin};
use crate::pattern::{self, Bindings, Names, PatternError, Side, Term};

/// How faithful a rule is; each level allows what those before it allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fidelity {
    /// Every bit stays.
    Exact,
    /// Differs where the source language itself leaves it open, such as the order of a sum.
    Numpy,
    /// Algebra of real numbers: rounding, conditioning and special values may change.
    Relaxed,
}

impl Fidelity {
    /// All of them, the strictest first.
    pub const ALL: [Fidelity; 3] = [Fidelity::Exact, Fidelity::Numpy, Fidelity::Relaxed];

    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Fidelity::Exact => "exact",
            Fidelity::Numpy => "numpy",
            Fidelity::Relaxed => "relaxed",
        }
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

type Condition<D> = fn(&Match<'_, D>) -> bool;
type Apply<D> = fn(&mut Match<'_, D>) -> Option<Class>;

/// The right side of a rule.
enum Right<D: Domain> {
    Pattern(String),
    Apply(Apply<D>),
}

/// A rule as it is written down; [`RuleSet::with`] checks it.
pub struct Rule<D: Domain> {
    name: &'static str,
    equation: String,
    fidelity: Fidelity,
    left: String,
    right: Right<D>,
    conditions: Vec<Condition<D>>,
}

impl<D: Domain> Rule<D> {
    /// What matches `left` may be `right`. The equation is what is shown to people.
    pub fn new(
        name: &'static str,
        fidelity: Fidelity,
        equation: impl Into<String>,
        left: impl Into<String>,
        right: impl Into<String>,
    ) -> Self {
        Rule {
            name,
            equation: equation.into(),
            fidelity,
            left: left.into(),
            right: Right::Pattern(right.into()),
            conditions: Vec::new(),
        }
    }

    /// What matches `left` may be what `apply` builds, if it builds anything.
    pub fn apply(
        name: &'static str,
        fidelity: Fidelity,
        equation: impl Into<String>,
        left: impl Into<String>,
        apply: Apply<D>,
    ) -> Self {
        Rule {
            name,
            equation: equation.into(),
            fidelity,
            left: left.into(),
            right: Right::Apply(apply),
            conditions: Vec::new(),
        }
    }

    /// The same rule, where `condition` holds as well.
    pub fn when(mut self, condition: Condition<D>) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it says, for people.
    pub fn equation(&self) -> &str {
        &self.equation
    }

    /// How faithful it is.
    pub fn fidelity(&self) -> Fidelity {
        self.fidelity
    }
}

/// Why a rule was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// One of its patterns is wrong.
    #[error("rule '{rule}': {error}")]
    Pattern {
        /// The rule.
        rule: &'static str,
        /// What is wrong.
        #[source]
        error: PatternError,
    },
    /// Its left side is a lone variable, which is everything.
    #[error("rule '{0}' matches every value")]
    MatchesEverything(&'static str),
    /// There is a rule of that name.
    #[error("there are two rules '{0}'")]
    NamedTwice(&'static str),
}

/// A rule that has been checked.
pub(crate) struct Checked<D: Domain> {
    pub(crate) name: &'static str,
    pub(crate) equation: String,
    pub(crate) fidelity: Fidelity,
    pub(crate) names: Names,
    pub(crate) left: Term,
    right: CheckedRight<D>,
    conditions: Vec<Condition<D>>,
}

enum CheckedRight<D: Domain> {
    Pattern(Term),
    Apply(Apply<D>),
}

/// Rules that fit the ops of a domain.
pub struct RuleSet<D: Domain> {
    pub(crate) rules: Vec<Checked<D>>,
}

impl<D: Domain> Default for RuleSet<D> {
    fn default() -> Self {
        RuleSet { rules: Vec::new() }
    }
}

impl<D: Domain> RuleSet<D> {
    /// These rules, checked against the ops of `domain`.
    ///
    /// # Errors
    /// The first rule that does not fit.
    pub fn new(domain: &D, rules: impl IntoIterator<Item = Rule<D>>) -> Result<Self, RuleError> {
        rules
            .into_iter()
            .try_fold(Self::default(), |set, rule| set.with(domain, rule))
    }

    /// The same set and one more rule.
    ///
    /// # Errors
    /// A malformed pattern, an op that does not exist, a wrong number of operands, a variable of the right side that
    /// the left side has not, or a second rule of one name.
    pub fn with(mut self, domain: &D, rule: Rule<D>) -> Result<Self, RuleError> {
        if self.rules.iter().any(|known| known.name == rule.name) {
            return Err(RuleError::NamedTwice(rule.name));
        }
        let wrong = |error| RuleError::Pattern {
            rule: rule.name,
            error,
        };
        let mut names = Names::default();
        let left = pattern::parse(domain, &rule.left, Side::Left, &mut names).map_err(wrong)?;
        if matches!(left, Term::Var(_)) {
            return Err(RuleError::MatchesEverything(rule.name));
        }
        let right = match &rule.right {
            Right::Apply(apply) => CheckedRight::Apply(*apply),
            Right::Pattern(text) => CheckedRight::Pattern(
                pattern::parse(domain, text, Side::Right, &mut names).map_err(wrong)?,
            ),
        };
        self.rules.push(Checked {
            name: rule.name,
            equation: rule.equation,
            fidelity: rule.fidelity,
            names,
            left,
            right,
            conditions: rule.conditions,
        });
        Ok(self)
    }

    /// Only the rules that are at most as free as `fidelity`.
    pub fn up_to(mut self, fidelity: Fidelity) -> Self {
        self.rules.retain(|rule| rule.fidelity <= fidelity);
        self
    }

    /// Without the rules of these names.
    pub fn without(mut self, names: &[&str]) -> Self {
        self.rules.retain(|rule| !names.contains(&rule.name));
        self
    }

    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Name, equation and fidelity of the rule with this index, as in [`Origin::Rule`].
    ///
    /// # Panics
    /// Where there is no such rule.
    pub fn describe(&self, index: usize) -> (&'static str, &str, Fidelity) {
        let rule = &self.rules[index];
        (rule.name, &rule.equation, rule.fidelity)
    }
}

/// A place where a rule matches.
pub struct Match<'m, D: Domain> {
    graph: &'m mut Graph<D>,
    names: &'m Names,
    bindings: &'m Bindings,
    origin: Origin,
}

impl<D: Domain> Match<'_, D> {
    /// The domain.
    pub fn domain(&self) -> &D {
        self.graph.domain()
    }

    /// The graph.
    pub fn graph(&self) -> &Graph<D> {
        self.graph
    }

    /// The class that matched.
    pub fn root(&self) -> Class {
        self.graph.find(Class(self.bindings.root))
    }

    /// The class that a variable stands for.
    ///
    /// # Panics
    /// Where the left side has no such variable.
    pub fn class(&self, var: &str) -> Class {
        let index = self.names.vars.iter().position(|v| v == var);
        let id = index.and_then(|i| self.bindings.vars[i]);
        self.graph.find(Class(
            id.unwrap_or_else(|| panic!("the left side has no variable ?{var}")),
        ))
    }

    /// A node of the left side that has a name there.
    ///
    /// # Panics
    /// Where the left side has no such name.
    pub fn node(&self, name: &str) -> NodeRef<'_, D> {
        let index = self.names.nodes.iter().position(|n| n == name);
        let node = index.and_then(|i| self.bindings.nodes[i].as_ref());
        self.graph
            .node(node.unwrap_or_else(|| panic!("the left side has no node @{name}")))
    }

    /// What is known of the value of a class.
    pub fn fact(&self, class: Class) -> &D::Fact {
        self.graph.fact(class)
    }

    /// What is known of the value of a variable.
    pub fn fact_of(&self, var: &str) -> &D::Fact {
        self.graph.fact(self.class(var))
    }

    /// Adds a node.
    pub fn add(&mut self, op: &str, payload: D::Payload, children: &[Class]) -> Class {
        self.graph
            .add_from(self.origin.clone(), op, payload, children)
    }

    /// Two values that the right side is made of are equal as well.
    pub fn equate(&mut self, a: Class, b: Class) {
        self.graph.unite(a, b);
    }

    /// Adds a node whose payload the domain works out, `like` another one's; `None` where the children do not fit.
    pub fn build(
        &mut self,
        op: &str,
        like: Option<&D::Payload>,
        children: &[Class],
    ) -> Option<Class> {
        let facts: Vec<_> = children.iter().map(|&c| self.graph.fact(c)).collect();
        let payload = self.graph.domain().payload(op, like, &facts)?;
        Some(self.add(op, payload, children))
    }
}

impl<D: Domain> Checked<D> {
    /// Builds the right side of a match; `None` where a condition does not hold or nothing fits.
    pub(crate) fn fire(
        &self,
        index: usize,
        graph: &mut Graph<D>,
        bindings: &Bindings,
    ) -> Option<(Class, Origin)> {
        let origin = origin(graph, index, bindings);
        let mut place = Match {
            graph,
            names: &self.names,
            bindings,
            origin,
        };
        if !self.conditions.iter().all(|holds| holds(&place)) {
            return None;
        }
        let made = match &self.right {
            CheckedRight::Pattern(term) => instantiate(&mut place, term),
            CheckedRight::Apply(apply) => apply(&mut place),
        };
        Some((made?, place.origin))
    }
}

/// Where the nodes that a rule makes come from.
fn origin<D: Domain>(graph: &Graph<D>, rule: usize, bindings: &Bindings) -> Origin {
    let (mut all_sources, mut all_before) = (Vec::new(), Vec::new());
    for node in &bindings.matched {
        match graph.node(node).origin() {
            Origin::Source(source) => all_sources.push(*source),
            Origin::Constant => {}
            Origin::Rule {
                rule,
                sources,
                before,
            } => {
                all_sources.extend(sources);
                for made_by in before.iter().chain([rule]) {
                    if !all_before.contains(made_by) {
                        all_before.push(*made_by);
                    }
                }
            }
        }
    }
    all_sources.sort_unstable();
    all_sources.dedup();
    Origin::Rule {
        rule,
        sources: all_sources,
        before: all_before,
    }
}

fn instantiate<D: Domain>(place: &mut Match<'_, D>, term: &Term) -> Option<Class> {
    match term {
        Term::Var(var) => Some(place.graph.find(Class(place.bindings.vars[*var]?))),
        // Right sides have none.
        Term::User { .. } => None,
        Term::Op { op, name, children } => {
            let children: Vec<_> = children
                .iter()
                .map(|child| instantiate(place, child))
                .collect::<Option<_>>()?;
            let like = name
                .and_then(|name| place.bindings.nodes[name].as_ref())
                .map(|node| place.graph.node(node).payload().clone());
            place.build(op, like.as_ref(), &children)
        }
    }
}
