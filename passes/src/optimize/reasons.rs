//! Why a plan is as it is: the rules behind it, the places where they apply, and what plans cost.

use std::collections::HashSet;

use npir_egraph::{Cost, Extracted, Origin, Report, RuleSet, StepKind};
use npir_mlir::prelude::*;
use npir_numpy::optimize::Numpy;

use super::region::Region;

/// A rule that was used.
#[derive(PartialEq, Eq)]
struct Used {
    rule: usize,
    /// The rules before it, in their order.
    before: Vec<usize>,
    /// What it was applied to, by the numbers of the region.
    sources: Vec<usize>,
}

/// The reasons for a plan.
pub(super) struct Reasons {
    used: Vec<Used>,
    /// Rules that said something which the plan has no use for.
    unused: Vec<usize>,
    time: f64,
    original: f64,
    /// The op and the cost of the best plan that was rejected.
    rejected: Option<(String, f64)>,
    /// What it loses most by, and how many seconds.
    deciding: Option<(&'static str, f64)>,
    /// What the exact search says, where it was asked for.
    gap: Option<f64>,
}

/// A part of something, in words.
pub(super) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

impl Reasons {
    pub(super) fn new<'c, C: Cost<Numpy<'c>, State = ()>>(
        found: &Extracted<'_, Numpy<'c>, (), C::Note>,
        cost: &C,
        report: &Report,
    ) -> Self {
        let plan = found.plan();
        let mut used: Vec<Used> = Vec::new();
        let mut add = |origin: &Origin| {
            if let Origin::Rule {
                rule,
                sources,
                before,
            } = origin
            {
                let new = Used {
                    rule: *rule,
                    before: before.clone(),
                    sources: sources.clone(),
                };
                if !used.contains(&new) {
                    used.push(new);
                }
            }
        };
        let mut needed = HashSet::new();
        for step in plan.steps() {
            needed.insert(step.class);
            if let StepKind::Compute(node) = step.kind {
                add(node.origin());
            }
        }
        for union in &report.unions {
            if needed.contains(&plan.graph().find(union.class)) {
                add(&union.origin);
            }
        }
        let mut reasons = Reasons {
            unused: Vec::new(),
            used,
            time: found.time,
            original: found.original,
            rejected: found.rejected.as_ref().map(|r| (r.op.clone(), r.time)),
            deciding: found.deciding_term(cost),
            gap: found.gap(),
        };
        let fired = report.fired.iter().enumerate();
        let unused = fired.filter(|&(rule, &times)| times > 0 && !reasons.has(rule));
        reasons.unused = unused.map(|(rule, _)| rule).collect();
        reasons
    }

    /// How many rules were used, counted by place.
    pub(super) fn len(&self) -> usize {
        self.used.len()
    }

    /// Whether the plan has something of a rule.
    pub(super) fn has(&self, rule: usize) -> bool {
        let mut all = self.used.iter();
        all.any(|used| used.rule == rule || used.before.contains(&rule))
    }

    /// Says it in remarks: the rules where they apply, the rest at the block.
    pub(super) fn report<'c>(&self, region: &Region<'c>, rules: &RuleSet<Numpy<'c>>) {
        let micro = |seconds: f64| format!("{:.1} µs", seconds * 1e6);
        let mut text = format!(
            "estimated {} instead of {}",
            micro(self.time),
            micro(self.original)
        );
        if let Some((op, time)) = &self.rejected {
            text += &format!("; the best rejected plan has {op}, and {}", micro(*time));
            if let Some((term, seconds)) = self.deciding {
                text += &format!(": {} more for {term}", micro(seconds));
            }
        }
        match self.gap {
            Some(0.0) => text += "; no plan is better",
            Some(gap) => text += &format!("; the best plan may be cheaper by {}", percent(gap)),
            None => {}
        }
        region.report(Severity::Remark, &text);
        let words = |rule: usize| {
            let (name, equation, fidelity) = rules.describe(rule);
            format!("{name} ({fidelity}): {equation}")
        };
        for used in &self.used {
            let before = used.before.iter();
            let chain: String = before
                .map(|&earlier| format!("{}, then ", rules.describe(earlier).0))
                .collect();
            let text = format!("{chain}{}", words(used.rule));
            region.report_at(&used.sources, Severity::Remark, &text);
        }
        for &rule in &self.unused {
            region.report(Severity::Remark, &format!("not used: {}", words(rule)));
        }
    }
}
