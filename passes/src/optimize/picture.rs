//! What the optimizer has seen and chosen in a block, for people and programs that draw it.

use std::collections::HashMap;

use npir_egraph::{Class, Extracted, Graph, NodeRef, Origin, Report, RuleSet, StepKind};
use npir_mlir::prelude::*;
use npir_numpy::optimize::{LEAF, Note, Numbers, Numpy};

use super::reasons::Reasons;
use super::region::{Region, leaf_of};

/// A block: the graph of equal programs, and the chosen one.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The function of the block, and which of its blocks.
    pub name: String,
    /// The classes, ascending.
    pub classes: Vec<ClassPicture>,
    /// The kernels of the chosen plan, each after those whose values it takes.
    pub kernels: Vec<KernelPicture>,
    /// The cost of the program as it was, in seconds.
    pub original: f64,
    /// The cost of the chosen plan.
    pub chosen: f64,
    /// The op and the cost of the best rejected plan.
    pub rejected: Option<(String, f64)>,
    /// By which part the chosen plan may miss the best one, where that was asked for.
    pub gap: Option<f64>,
    /// The rules that said something.
    pub rules: Vec<RulePicture>,
}

/// A value, and the ways to compute it.
#[derive(Clone, Debug)]
pub struct ClassPicture {
    /// Its number.
    pub number: usize,
    /// Its type.
    pub ty: String,
    /// Whether the block wants it.
    pub wanted: bool,
    /// The ways.
    pub nodes: Vec<NodePicture>,
}

/// A way to compute a value.
#[derive(Clone, Debug)]
pub struct NodePicture {
    /// What it does.
    pub label: String,
    /// The classes that it takes.
    pub children: Vec<usize>,
    /// The rule that made it; `None` for what the program has.
    pub rule: Option<&'static str>,
    /// Whether the chosen plan takes it.
    pub chosen: bool,
}

/// A kernel.
#[derive(Clone, Debug)]
pub struct KernelPicture {
    /// What it computes, the last one of which it writes.
    pub ops: Vec<String>,
    /// The type of what it writes.
    pub ty: String,
    /// What it takes from memory.
    pub reads: Vec<Read>,
    /// Seconds of computing.
    pub computing: f64,
    /// Seconds of moving bytes.
    pub moving: f64,
    /// Seconds altogether.
    pub time: f64,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// The kernel with this index.
    Kernel(usize),
    /// From outside, or a constant.
    Given {
        /// The number of its class.
        class: usize,
        /// What it is.
        label: String,
    },
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePicture {
    /// Its name, how faithful it is, and its equation.
    pub text: String,
    /// How often it said something new.
    pub times: usize,
    /// Whether the chosen plan has something of it.
    pub used: bool,
}

/// Draws what was found.
pub(super) fn draw<'c>(
    region: &Region<'c>,
    graph: &Graph<Numpy<'c>>,
    numbers: &Numbers,
    rules: &RuleSet<Numpy<'c>>,
    report: &Report,
    found: &Extracted<'_, Numpy<'c>, (), Note>,
) -> Picture {
    let plan = found.plan();
    let mut labels = HashMap::new();
    let mut types = HashMap::new();
    let mut numbers_of = HashMap::new();
    let mut chosen = HashMap::new();
    for step in plan.steps() {
        let StepKind::Compute(node) = step.kind else {
            continue;
        };
        labels.insert(step.slot, label(region, node));
        types.insert(step.slot, graph.fact(step.class).ty().to_string());
        chosen.insert(step.class, node);
        numbers_of.insert(step.slot, step.class.index());
    }
    let text =
        |map: &HashMap<usize, String>, slot: &usize| map.get(slot).cloned().unwrap_or_default();
    let groups = numbers.groups(&plan);
    let kernel_of: HashMap<usize, usize> = groups
        .iter()
        .enumerate()
        .filter_map(|(index, group)| Some((*group.steps.last()?, index)))
        .collect();
    let kernels = groups.iter().map(|group| KernelPicture {
        ops: group.steps.iter().map(|slot| text(&labels, slot)).collect(),
        ty: group
            .steps
            .last()
            .map(|slot| text(&types, slot))
            .unwrap_or_default(),
        reads: group
            .reads
            .iter()
            .map(|slot| match kernel_of.get(slot) {
                Some(&kernel) => Read::Kernel(kernel),
                None => Read::Given {
                    class: numbers_of.get(slot).copied().unwrap_or_default(),
                    label: text(&labels, slot),
                },
            })
            .collect(),
        computing: group.computing,
        moving: group.moving,
        time: group.time,
    });
    let wanted: Vec<Class> = region
        .roots(graph)
        .into_iter()
        .map(|(class, ())| class)
        .collect();
    let classes = graph.classes().into_iter().map(|class| ClassPicture {
        number: class.index(),
        ty: graph.fact(class).ty().to_string(),
        wanted: wanted.contains(&class),
        nodes: graph
            .nodes(class)
            .map(|node| NodePicture {
                label: label(region, node),
                children: node.children().map(Class::index).collect(),
                rule: match node.origin() {
                    Origin::Rule { rule, .. } => Some(rules.describe(*rule).0),
                    Origin::Source(_) | Origin::Constant => None,
                },
                chosen: chosen.get(&class).is_some_and(|chosen| chosen.is(node)),
            })
            .collect(),
    });
    let reasons = Reasons::new(found, numbers, report);
    let fired = report.fired.iter().enumerate();
    Picture {
        name: region.name(),
        classes: classes.collect(),
        kernels: kernels.collect(),
        original: found.original,
        chosen: found.time,
        rejected: found.rejected.as_ref().map(|r| (r.op.clone(), r.time)),
        gap: found.gap(),
        rules: fired
            .filter(|(_, times)| **times > 0)
            .map(|(rule, &times)| {
                let (name, equation, fidelity) = rules.describe(rule);
                RulePicture {
                    text: format!("{name} ({fidelity}): {equation}"),
                    times,
                    used: reasons.has(rule),
                }
            })
            .collect(),
    }
}

/// The attribute that says which optional operands there are: the operands show it.
const SEGMENTS: &str = "operandSegmentSizes";

/// What a node does, in a few words.
fn label(region: &Region<'_>, node: NodeRef<'_, Numpy<'_>>) -> String {
    if let Some(leaf) = leaf_of(node) {
        return region.name_of_leaf(leaf);
    }
    let attrs = node.payload().attrs.as_dict().unwrap_or_default();
    let attrs: Vec<_> = attrs
        .into_iter()
        .filter(|(name, _)| *name != SEGMENTS)
        .map(|(name, value)| format!("{name} {}", shortened(&value.to_string())))
        .collect();
    match attrs.is_empty() || node.op() == LEAF {
        true => node.op().to_owned(),
        false => format!("{} {}", node.op(), attrs.join(", ")),
    }
}

/// A text of which the middle is left out if it is long.
fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let count = text.chars().count();
    if count <= MOST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MOST / 2).collect();
    let end: String = text.chars().skip(count - MOST / 2).collect();
    format!("{begin}…{end}")
}
