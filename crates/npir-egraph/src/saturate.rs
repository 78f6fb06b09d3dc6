//! Saturation: rules are applied until nothing new comes of it, or a limit is reached.

use std::collections::HashSet;
use std::fmt;

use crate::domain::Domain;
use crate::graph::{Class, Graph, Origin};
use crate::pattern::{self, Compiled};
use crate::rule::RuleSet;

/// How far saturation goes. Each is a number of things and never a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes in the graph.
    pub nodes: usize,
    /// Rounds of all rules.
    pub rounds: usize,
    /// Matches of one rule in one round.
    pub matches: usize,
    /// Nodes in one class; a rule adds nothing to a larger one.
    pub class_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            nodes: 20_000,
            rounds: 12,
            matches: 4_000,
            class_size: 64,
        }
    }
}

/// A limit that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The graph is full; this rule met the limit.
    Nodes(&'static str),
    /// The rounds are over, and these rules still changed something in the last one.
    Rounds(Vec<&'static str>),
    /// This rule has too many matches; the rest of them were left out.
    Matches(&'static str),
    /// This rule would have added to a class that is full.
    ClassSize(&'static str),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Nodes(rule) => write!(f, "the limit of nodes was reached at rule '{rule}'"),
            Stop::Rounds(rules) => {
                let quoted: Vec<_> = rules.iter().map(|rule| format!("'{rule}'")).collect();
                let (noun, verb) = match quoted.len() {
                    1 => ("rule", "has"),
                    _ => ("rules", "have"),
                };
                let rules = quoted.join(", ");
                write!(
                    f,
                    "the limit of rounds was reached, and {noun} {rules} still {verb} something to say"
                )
            }
            Stop::Matches(rule) => write!(f, "rule '{rule}' has more matches than the limit"),
            Stop::ClassSize(rule) => {
                write!(f, "rule '{rule}' met a class that is as large as the limit")
            }
        }
    }
}

/// What saturation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rounds of all rules.
    pub rounds: usize,
    /// For each rule, how often it said something new.
    pub fired: Vec<usize>,
    /// The limits that were reached, each once.
    pub stops: Vec<Stop>,
    /// What was found to be equal without anything new: such a rule leaves no node behind.
    pub unions: Vec<Union>,
}

/// A value of the graph that a rule found to be another one of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Union {
    /// The class of both.
    pub class: Class,
    /// Which rule, and what it was applied to.
    pub origin: Origin,
}

/// A rule has made two values equal that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {} is wrong here: {reason}", rules.join(" or "))]
pub struct Conflict {
    /// The rule; several where only their consequences contradict each other.
    pub rules: Vec<String>,
    /// The contradiction.
    pub reason: String,
}

/// Applies the rules until nothing changes, within limits.
///
/// # Errors
/// A rule that contradicts the facts; the graph is of no use then.
pub fn saturate<D: Domain>(
    graph: &mut Graph<D>,
    rules: &RuleSet<D>,
    limits: Limits,
) -> Result<Report, Conflict> {
    let patterns: Vec<_> = rules
        .rules
        .iter()
        .map(|rule| Compiled::new(graph, &rule.left))
        .collect();
    let mut report = Report {
        fired: vec![0; rules.len()],
        ..Report::default()
    };
    graph.rebuild();
    check(graph, || vec!["of constant folding".to_owned()])?;
    let mut seen = HashSet::new();
    let mut last = Vec::new();
    while report.rounds < limits.rounds {
        report.rounds += 1;
        let found = search(graph, rules, &patterns, limits, &mut report);
        let mut changed = Vec::new();
        'rules: for (index, matches) in found.into_iter().enumerate() {
            let rule = &rules.rules[index];
            for bindings in matches {
                let key = (index, bindings.clone());
                if seen.contains(&key) {
                    continue;
                }
                if graph.num_nodes() >= limits.nodes {
                    note(&mut report, Stop::Nodes(rule.name));
                    break 'rules;
                }
                let root = graph.inner.find(bindings.root);
                if graph.inner[root].nodes.len() >= limits.class_size {
                    note(&mut report, Stop::ClassSize(rule.name));
                    continue;
                }
                let nodes = graph.num_nodes();
                // What does not apply may do so when more is known of what it stands on.
                let Some((made, origin)) = rule.fire(index, graph, &bindings) else {
                    continue;
                };
                seen.insert(key);
                if graph.unite(Class(root), made) {
                    if graph.num_nodes() == nodes {
                        let class = graph.find(made);
                        report.unions.push(Union { class, origin });
                    }
                    report.fired[index] += 1;
                    if changed.last() != Some(&index) {
                        changed.push(index);
                    }
                    check(graph, || vec![format!("'{}'", rule.name)])?;
                }
            }
        }
        graph.rebuild();
        let names = || {
            let quoted = changed
                .iter()
                .map(|&i| format!("'{}'", rules.rules[i].name));
            quoted.collect()
        };
        check(graph, names)?;
        if changed.is_empty() {
            return Ok(report);
        }
        if report
            .stops
            .iter()
            .any(|stop| matches!(stop, Stop::Nodes(_)))
        {
            return Ok(report);
        }
        last = changed;
    }
    last.sort_unstable();
    last.dedup();
    let names = last.into_iter().map(|index| rules.rules[index].name);
    note(&mut report, Stop::Rounds(names.collect()));
    Ok(report)
}

/// The matches of every rule in the graph as it is.
fn search<D: Domain>(
    graph: &Graph<D>,
    rules: &RuleSet<D>,
    patterns: &[Compiled],
    limits: Limits,
    report: &mut Report,
) -> Vec<Vec<pattern::Bindings>> {
    let mut all = Vec::new();
    for (rule, compiled) in rules.rules.iter().zip(patterns) {
        let mut found = Vec::new();
        for class in compiled.roots(graph) {
            let room = limits.matches + 1 - found.len();
            found.extend(pattern::matches(graph, compiled, class, &rule.names, room));
            if found.len() > limits.matches {
                found.truncate(limits.matches);
                note(report, Stop::Matches(rule.name));
                break;
            }
        }
        all.push(found);
    }
    all
}

fn note(report: &mut Report, stop: Stop) {
    if !report.stops.contains(&stop) {
        report.stops.push(stop);
    }
}

fn check<D: Domain>(graph: &Graph<D>, rules: impl FnOnce() -> Vec<String>) -> Result<(), Conflict> {
    match &graph.inner.analysis.conflict {
        None => Ok(()),
        Some(reason) => Err(Conflict {
            rules: rules(),
            reason: reason.clone(),
        }),
    }
}
