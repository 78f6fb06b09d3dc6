//! Pass `npir-optimize`: the algebra of array programs, by equality saturation.
//!
//! Each block is a graph of its own: the values that its ops compute, with everything from outside as leaves. Rules add
//! equal ways to compute them, and the cheapest plan is written back. Ops with regions or effects stay where they are.

pub mod ablation;
mod hoist;
mod interrupt;
mod picture;
mod prefer;
mod reasons;
mod region;
mod write;

use std::collections::HashSet;

use npir_egraph::{
    Cost, End, ExactLimits, Extracted, Fidelity, Graph, HAS_EXACT, Limits, Method, Report, Request,
    Rule, RuleSet, SearchLimits, extract, saturate,
};
use npir_machine::Machine;
use npir_mlir::prelude::*;
use npir_numpy::batch::{Whole, whole_stack};
use npir_numpy::optimize::{Numbers, Numpy, registered};
use npir_numpy::rules;

use crate::pipeline::Extraction;
use interrupt::Searching;
pub use interrupt::interrupt;
pub use picture::{ClassPicture, KernelPicture, NodePicture, Picture, Read, RulePicture};
use prefer::Prefer;
use reasons::Reasons;
use region::Region;

/// The word for no optimization.
const OFF: &str = "off";
/// The word for no algebras.
const NONE: &str = "none";

/// Rewrites array programs by the rules of the numpy dialect
///
/// What a loop computes again and again is moved in front of it, where it cannot fail. A loop over an axis whose iterations
/// do not depend on each other becomes ops of whole arrays, and so does a stack of values that are computed alike.
/// `mode` says how faithful the rules must be: `exact` keeps every bit, `numpy` what NumPy promises, `relaxed` is the
/// algebra of real numbers, `off` does nothing. The result never costs more than the program that came. The same input
/// gives the same output. Limits that are reached are remarks.
/// `extract` says how the cheapest plan is chosen: `joint` is a local search that begins with greedy plans, `exact` solves
/// an integer program after it and reports by how much the plan may miss the best one. That is for small programs, and
/// needs a build with the feature `exact`.
#[pass(
    "npir-optimize",
    on = "func.func",
    dependent_dialects("arith", "numpy", "tensor")
)]
#[derive(Clone)]
pub struct Optimize {
    #[option(
        default = "numpy",
        description = "which rules are allowed: exact, numpy, relaxed or off"
    )]
    mode: String,
    #[option(
        description = "algebras that take part besides the numpy dialect, by name, or none; the default is all of the process"
    )]
    algebras: Vec<String>,
    #[option(description = "only these rules, by name")]
    only: Vec<String>,
    #[option(description = "all but these rules, by name")]
    without: Vec<String>,
    #[option(default = "20000", description = "nodes in the graph of one block")]
    nodes: i64,
    #[option(
        default = "1000000",
        description = "steps that the search for the best plan looks at"
    )]
    search: i64,
    #[option(
        default = "joint",
        description = "how the cheapest plan is chosen: joint or exact"
    )]
    extract: String,
    #[option(
        default = "50000",
        description = "variables of the integer program of extract=exact"
    )]
    variables: i64,
    #[option(
        default = "2000",
        description = "nodes of the search tree of extract=exact"
    )]
    branches: i64,
    #[option(description = "the machine that costs are of: a file of `npir calibrate`")]
    machine: String,
    #[option(
        default = "-1",
        description = "takes a plan by chance, with this seed, to see what others cost; -1 for none"
    )]
    sample: i64,
    #[option(
        default = "false",
        description = "takes what rules make, whatever it costs (to test rules)"
    )]
    prefer: bool,
    #[option(
        default = "false",
        description = "reports which rules were used, and what plans cost"
    )]
    explain: bool,
    #[statistic(name = "applied", description = "Rules behind the chosen plans")]
    applied: Statistic,
    #[statistic(name = "hoisted", description = "Operations moved out of loops")]
    hoisted: Statistic,
    #[statistic(
        name = "whole",
        description = "Loops and stacks that became ops of whole arrays"
    )]
    whole: Statistic,
}

impl Optimize {
    /// The pass with the numpy dialect's rules of a fidelity; those of others are named by [`Optimize::knowing`].
    pub fn with_fidelity(fidelity: Fidelity) -> Self {
        Optimize {
            mode: fidelity.name().to_owned(),
            ..Self::default().knowing(&[])
        }
    }

    /// The same pass, which reports what it does.
    pub fn explaining(self) -> Self {
        Optimize {
            explain: true,
            ..self
        }
    }

    /// The same pass, which chooses plans so.
    pub fn extracting(self, extraction: Extraction) -> Self {
        Optimize {
            extract: extraction.name().to_owned(),
            ..self
        }
    }

    /// The same pass, with the costs of this machine.
    pub fn on(self, machine: &Machine) -> Self {
        Optimize {
            machine: machine.to_option(),
            ..self
        }
    }

    /// The same pass, which takes a plan by chance where there is a seed.
    pub fn sampling(self, seed: Option<u32>) -> Self {
        Optimize {
            sample: seed.map_or(-1, i64::from),
            ..self
        }
    }

    /// The same pass, with these algebras of the process.
    pub fn knowing(self, algebras: &[String]) -> Self {
        let named = match algebras {
            _ if registered().is_empty() => Vec::new(),
            [] => vec![NONE.to_owned()],
            some => some.to_vec(),
        };
        Optimize {
            algebras: named,
            ..self
        }
    }

    /// The pass with one rule, which is applied whatever it costs: to see what the rule does.
    pub fn with_rule(name: &str) -> Self {
        Optimize {
            only: vec![name.to_owned()],
            prefer: true,
            explain: true,
            ..Self::with_fidelity(Fidelity::Relaxed)
        }
    }

    /// The pass with the rules of a fidelity, which are applied whatever they cost: to see that they agree.
    pub fn preferring(fidelity: Fidelity) -> Self {
        Optimize {
            prefer: true,
            ..Self::with_fidelity(fidelity)
        }
    }

    /// How faithful rules must be; `None` for no optimization.
    fn fidelity(&self) -> Result<Option<Fidelity>, String> {
        if self.mode == OFF {
            return Ok(None);
        }
        let fidelity = Fidelity::ALL.into_iter().find(|f| f.name() == self.mode);
        let no_mode = || format!("no mode '{}': exact, numpy, relaxed or off", self.mode);
        fidelity.map(Some).ok_or_else(no_mode)
    }

    /// The rules of the options; `None` for no optimization.
    fn rules<'c>(&self, domain: Numpy<'c>) -> Result<Option<RuleSet<Numpy<'c>>>, String> {
        let Some(fidelity) = self.fidelity()? else {
            return Ok(None);
        };
        let rules = rules::up_to(domain, fidelity).map_err(|e| e.to_string())?;
        if self.only.is_empty() && self.without.is_empty() {
            return Ok(Some(rules));
        }
        let all: Vec<_> = rules::every(domain).iter().map(Rule::name).collect();
        let mut named = self.only.iter().chain(&self.without);
        if let Some(unknown) = named.find(|name| !all.contains(&name.as_str())) {
            return Err(format!("no rule '{unknown}'"));
        }
        let left_out: Vec<_> = all
            .into_iter()
            .filter(|name| {
                let is = |n: &String| n == name;
                self.without.iter().any(is) || !self.only.is_empty() && !self.only.iter().any(is)
            })
            .collect();
        Ok(Some(rules.without(&left_out)))
    }

    /// The dialect with the algebras of the options.
    fn domain<'c>(&self, ctx: &'c Context) -> Result<Numpy<'c>, String> {
        let domain = Numpy::new(ctx);
        match &self.algebras[..] {
            [] => {
                let all: Vec<_> = registered().into_iter().map(str::to_owned).collect();
                domain.with_algebras(&all)
            }
            [none] if none == NONE => Ok(domain),
            some => domain.with_algebras(some),
        }
    }

    /// How plans are chosen.
    fn method(&self) -> Result<Method, String> {
        let extraction = Extraction::from_name(&self.extract)
            .ok_or_else(|| format!("no extraction '{}': joint or exact", self.extract))?;
        if let Ok(seed) = u64::try_from(self.sample) {
            return Ok(Method::Sample(seed));
        }
        match extraction {
            Extraction::Joint => Ok(Method::Joint),
            Extraction::Exact if HAS_EXACT => Ok(Method::Exact(ExactLimits {
                variables: usize::try_from(self.variables).unwrap_or(0),
                branches: usize::try_from(self.branches).unwrap_or(0),
                ..ExactLimits::default()
            })),
            Extraction::Exact => {
                Err("extraction 'exact' needs a build with the feature 'exact'".to_owned())
            }
        }
    }

    fn limits(&self) -> (Limits, SearchLimits) {
        let positive = |n: i64| usize::try_from(n).unwrap_or(0);
        let limits = Limits {
            nodes: positive(self.nodes),
            ..Limits::default()
        };
        let search = SearchLimits {
            steps: positive(self.search),
            ..SearchLimits::default()
        };
        (limits, search)
    }

    /// Runs the pass on all functions below `op`, and draws what it sees and chooses.
    ///
    /// # Errors
    /// Options of the pass that are not right.
    pub fn draw(&mut self, op: Op<'_>) -> Result<Vec<Picture>, String> {
        let mut pictures = Vec::new();
        let mut functions = Vec::new();
        op.walk_ops(&mut |inner| {
            if inner.name() == "func.func" {
                functions.push(inner);
            }
            Walk::Advance
        });
        for function in functions {
            self.function(function, Some(&mut pictures))?;
        }
        Ok(pictures)
    }

    /// Optimizes one function.
    fn function(
        &mut self,
        function: Op<'_>,
        mut pictures: Option<&mut Vec<Picture>>,
    ) -> Result<(), String> {
        let domain = self.domain(function.ctx())?;
        let Some(rules) = self.rules(domain)? else {
            return Ok(());
        };
        let choosing = Choosing::new(self.method()?);
        let warn = |words: &str| function.emit_warning(words);
        let numbers = Numbers::new(Machine::from_option_or_default(&self.machine, warn));
        for block in blocks(function, domain) {
            let mut optimize = |pass: &mut Self| {
                let pictures = pictures.as_deref_mut();
                pass.block(block, domain, &rules, &choosing, &numbers, pictures);
            };
            optimize(self);
            if self.whole_stacks(block)? > 0 {
                optimize(self);
            }
            self.hoisted
                .add(hoist::hoist(block, domain, &numbers) as i64);
            self.whole_arrays(block)?;
        }
        Ok(())
    }

    /// Stacks of values that are computed alike, as ops of whole arrays; returns how many.
    fn whole_stacks(&mut self, block: Blk<'_>) -> Result<usize, String> {
        let Some(fidelity) = self.fidelity()? else {
            return Ok(0);
        };
        let mut count = 0;
        for op in block.ops() {
            let Some(whole) = whole_stack(op, fidelity) else {
                continue;
            };
            if self.explain {
                op.emit_remark("what is stacked is computed alike: ops of whole arrays");
            }
            rewrite_at(op, |rw| rw.replace(op, &[whole]));
            count += 1;
        }
        self.whole.add(count as i64);
        Ok(count)
    }

    /// A loop of independent iterations, whose body this block is, as ops of whole arrays in the block around it.
    fn whole_arrays(&mut self, block: Blk<'_>) -> Result<(), String> {
        let around = block.parent_op().filter(|op| op.name() == "scf.for");
        let whole = match (around, self.fidelity()?) {
            (Some(around), Some(fidelity)) => Whole::of(around, fidelity),
            _ => None,
        };
        let (Some(around), Some(whole)) = (around, whole) else {
            return Ok(());
        };
        if self.explain {
            around.emit_remark("the iterations do not depend on each other: ops of whole arrays");
        }
        whole.replace();
        self.whole.add(1);
        Ok(())
    }

    /// Optimizes one block.
    fn block<'c>(
        &mut self,
        block: Blk<'c>,
        domain: Numpy<'c>,
        rules: &RuleSet<Numpy<'c>>,
        choosing: &Choosing,
        numbers: &Numbers,
        pictures: Option<&mut Vec<Picture>>,
    ) {
        let Some((region, mut graph)) = Region::read(block, domain) else {
            return;
        };
        for op in region.unknown_ops(domain) {
            op.emit_remark("the optimizer knows nothing of this op: it stays as it is");
        }
        let (limits, search) = self.limits();
        let report = match saturate(&mut graph, rules, limits) {
            Ok(report) => report,
            Err(conflict) => {
                let words = format!("this block stays as it is: {conflict}");
                return region.report(Severity::Warning, &words);
            }
        };
        let fired: usize = report.fired.iter().sum();
        for stop in &report.stops {
            region.report(
                Severity::Remark,
                &format!("the optimizer stopped early: {stop}"),
            );
        }
        if fired == 0 {
            if self.explain {
                region.report(Severity::Remark, "no rule applies");
            }
            return;
        }
        let request = Request {
            roots: &region.roots(&graph),
            original: &region.original(),
            limits: search,
            method: choosing.method,
            interrupted: &|| choosing.is_interrupted(),
        };
        let available = |node: npir_egraph::NodeRef<'_, Numpy<'c>>| region.available(node);
        if self.prefer {
            let found = extract(&graph, &Prefer, &request, available);
            self.finish(&region, rules, &report, &Prefer, found);
        } else {
            let found = extract(&graph, numbers, &request, available);
            if let (Some(pictures), Some(found)) = (pictures, &found) {
                let picture = picture::draw(&region, &graph, numbers, rules, &report, found);
                pictures.push(picture);
            }
            self.finish(&region, rules, &report, numbers, found);
        }
    }

    /// Reports and writes back what was found.
    fn finish<'c, C: Cost<Numpy<'c>, State = ()>>(
        &mut self,
        region: &Region<'c>,
        rules: &RuleSet<Numpy<'c>>,
        report: &Report,
        cost: &C,
        found: Option<Extracted<'_, Numpy<'c>, (), C::Note>>,
    ) {
        let Some(found) = found else {
            return;
        };
        if found.cut_short {
            let words = "the optimizer stopped early: the limit of search steps was reached";
            region.report(Severity::Remark, words);
        }
        if let (Some(proof), Some(gap)) = (&found.proof, found.gap())
            && proof.end != End::Proven
        {
            let words = format!(
                "the exact search stopped early: {}; the best plan may be cheaper by {}",
                proof.end,
                reasons::percent(gap)
            );
            region.report(Severity::Remark, &words);
        }
        let reasons = Reasons::new(&found, cost, report);
        self.applied.add(reasons.len() as i64);
        if self.explain {
            reasons.report(region, rules);
        }
        write::write(region, &found.plan());
    }
}

/// How plans are chosen for one function.
struct Choosing {
    method: Method,
    /// The exact search, which may be interrupted.
    searching: Option<Searching>,
}

impl Choosing {
    fn new(method: Method) -> Self {
        let searching = matches!(method, Method::Exact(_)).then(Searching::begin);
        Choosing { method, searching }
    }

    fn is_interrupted(&self) -> bool {
        let searching = self.searching.as_ref();
        searching.is_some_and(Searching::is_interrupted)
    }
}

impl Pass for Optimize {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        self.function(op, None).map_err(PassError::from)
    }
}

/// The blocks with ops of the domain and those around them, inner ones first.
fn blocks<'c>(function: Op<'c>, domain: Numpy<'c>) -> Vec<Blk<'c>> {
    let mut seen = HashSet::new();
    let mut found: Vec<(usize, Blk<'c>)> = Vec::new();
    function.walk_ops(&mut |inner| {
        if domain.owns(inner.name()) {
            let mut chain = Vec::new();
            let mut block = inner.block();
            while let Some(own) = block {
                chain.push(own);
                block = own
                    .parent_op()
                    .filter(|op| op.key() != function.key())
                    .and_then(|op| op.block());
            }
            for (above, own) in chain.iter().rev().enumerate() {
                if seen.insert(own.key()) {
                    found.push((above, *own));
                }
            }
        }
        Walk::Advance
    });
    found.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    found.into_iter().map(|(_, block)| block).collect()
}

/// The graph of a block.
type BlockGraph<'c> = Graph<Numpy<'c>>;
