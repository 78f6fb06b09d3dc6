//! `npir reduce`: the smallest program that still shows what a script looks for.
//!
//! Delta debugging (Zeller and Hildebrandt, 2002) on ops: ranges of ops, at first large ones, are replaced by values of
//! their types, then what is unused is dropped. A candidate counts if it is valid and the script accepts it.

use super::diagnostics::{Failure, compile_failure};
use super::{output, unreadable};
use npir::mlir::melior::ir::{Location, Module};
use npir::mlir::prelude::*;
use npir::prelude::*;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(clap::Args)]
pub(crate) struct ReduceArgs {
    /// A program (.mlir text or bytecode, of any level)
    file: PathBuf,
    /// A program that is run with the path of a candidate; it ends with 0 if the candidate still shows what is
    /// looked for
    #[arg(long, value_name = "PROGRAM")]
    test: PathBuf,
    /// Where the smallest program goes; the default is standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl ReduceArgs {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let source = std::fs::read(&self.file).map_err(|e| unreadable(&self.file, &e))?;
        let compiler = Compiler::new(Registry::standard());
        let context = compiler.context();
        let module = compiler
            .parse(&context, &source, &self.file.display().to_string())
            .map_err(|e| compile_failure(&self.file, &e))?;
        let folder = tempfile::tempdir()
            .map_err(|e| Failure::Message(format!("cannot make a temporary folder: {e}")))?;
        let mut search = Search {
            compiler: &compiler,
            test: &self.test,
            candidate: folder.path().join("candidate.mlir"),
            best: op_of(&module).to_text(),
            tests: 0,
        };
        let original = search.best.clone();
        if !search.accepts(&original)? {
            return Err(Failure::Message(format!(
                "{} does not accept {} itself",
                self.test.display(),
                self.file.display()
            )));
        }
        let before = search.count();
        while search.round()? {}
        eprintln!(
            "{before} ops reduced to {} in {} tests",
            search.count(),
            search.tests
        );
        output::write(self.output.as_deref(), &search.best)
    }
}

/// The op of a module, which is alive while it is borrowed.
fn op_of<'c>(module: &'c Module<'_>) -> Op<'c> {
    // SAFETY: the handle does not outlive the borrow.
    unsafe { Op::from_raw(module.as_operation().raw()) }
}

/// How a candidate differs from the best program so far.
#[derive(Clone, Copy)]
enum Edit {
    /// Ops `from..to`, counted from the last, are replaced by other values.
    Replace { from: usize, to: usize },
    /// One function is gone.
    Function(usize),
    /// One result of one function is gone.
    Result(usize, usize),
    /// Arguments that nobody uses are gone.
    Arguments,
    /// What is said of the arguments and results of functions is gone.
    Attributes,
}

struct Search<'a> {
    compiler: &'a Compiler,
    test: &'a Path,
    candidate: PathBuf,
    /// The smallest program so far.
    best: String,
    tests: usize,
}

impl Search<'_> {
    /// Tries every edit once; says whether one helped.
    fn round(&mut self) -> Result<bool, Failure> {
        let mut helped = self.attempt(Edit::Attributes)?;
        for i in (0..self.functions()).rev() {
            helped |= self.attempt(Edit::Function(i))?;
        }
        for i in 0..self.functions() {
            for r in (0..self.results(i)).rev() {
                helped |= self.attempt(Edit::Result(i, r))?;
            }
        }
        let mut size = self.count().max(1);
        while size > 0 {
            let mut from = 0;
            while from < self.count() {
                let to = from + size;
                // What was behind the range is in its place after a success.
                if self.attempt(Edit::Replace { from, to })? {
                    helped = true;
                } else {
                    from = to;
                }
            }
            size /= 2;
        }
        helped |= self.attempt(Edit::Arguments)?;
        Ok(helped)
    }

    /// Whether the best program with the edit is a smaller one that is accepted; it is the best one then.
    fn attempt(&mut self, edit: Edit) -> Result<bool, Failure> {
        let best = self.best.clone();
        let Some(text) = self.with_best(&best, |module| {
            apply(module, edit);
            verifies(module).then(|| module.to_text())
        })?
        else {
            return Ok(false);
        };
        if text.len() >= self.best.len() || !self.accepts(&text)? {
            return Ok(false);
        }
        self.best = text;
        Ok(true)
    }

    fn accepts(&mut self, text: &str) -> Result<bool, Failure> {
        self.tests += 1;
        std::fs::write(&self.candidate, text)
            .map_err(|e| Failure::Message(format!("cannot write a candidate: {e}")))?;
        let status = Command::new(self.test)
            .arg(&self.candidate)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status
            .map(|s| s.success())
            .map_err(|e| Failure::Message(format!("cannot run {}: {e}", self.test.display())))
    }

    /// What `body` makes of a fresh copy of a program.
    fn with_best<T>(&self, text: &str, body: impl FnOnce(Op<'_>) -> T) -> Result<T, Failure> {
        let context = self.compiler.context();
        let module = self
            .compiler
            .parse(&context, text.as_bytes(), "candidate.mlir")
            .map_err(|e| compile_failure(&self.candidate, &e))?;
        Ok(body(op_of(&module)))
    }

    fn look<T: Default>(&self, body: impl FnOnce(Op<'_>) -> T) -> T {
        self.with_best(&self.best, body).unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.look(|module| ops(module).len())
    }

    fn functions(&self) -> usize {
        self.look(|module| functions(module).len())
    }

    fn results(&self, function: usize) -> usize {
        self.look(|module| {
            let f = functions(module).get(function).copied();
            f.and_then(returned).map_or(0, OpExt::num_operands)
        })
    }
}

fn verifies(module: Op<'_>) -> bool {
    let (ok, _) = npir::mlir::diagnostics::collect_diagnostics(module.ctx(), || module.verify_ok());
    ok
}

/// The ops of functions that can be replaced, from the last to the first: all but terminators.
fn ops(module: Op<'_>) -> Vec<Op<'_>> {
    let mut all = Vec::new();
    for f in functions(module) {
        f.walk_ops(&mut |op| {
            if op.key() != f.key() && op.next().is_some() {
                all.push(op);
            }
            Walk::Advance
        });
    }
    all.reverse();
    all
}

fn functions(module: Op<'_>) -> Vec<Op<'_>> {
    let top = module.region(0).entry().map(BlkExt::ops);
    top.into_iter()
        .flatten()
        .filter(|op| op.name() == "func.func")
        .collect()
}

fn returned(f: Op<'_>) -> Option<Op<'_>> {
    let [block] = f.region(0).blocks()[..] else {
        return None;
    };
    block
        .terminator_op()
        .filter(|op| op.name() == "func.return")
}

fn apply(module: Op<'_>, edit: Edit) {
    let owned = OwnedRewriter::new(module.ctx());
    let rw = owned.get();
    match edit {
        Edit::Replace { from, to } => {
            let all = ops(module);
            for &op in all.get(from..to.min(all.len())).unwrap_or_default() {
                replace(rw, op);
            }
        }
        Edit::Function(i) => {
            if let Some(f) = functions(module).get(i) {
                rw.erase(*f);
            }
        }
        Edit::Result(i, r) => {
            if let Some(f) = functions(module).get(i)
                && let Some(end) = returned(*f)
                && r < end.num_operands()
            {
                let mut values = end.operand_values();
                values.remove(r);
                end.set_operands(&values);
                remove_from(*f, "res_attrs", r);
                set_type(*f);
            }
        }
        Edit::Attributes => {
            for f in functions(module) {
                f.remove_attr("arg_attrs");
                f.remove_attr("res_attrs");
            }
        }
        Edit::Arguments => {
            for f in functions(module) {
                let Some(entry) = f.region(0).entry() else {
                    continue;
                };
                for (i, arg) in entry.args().into_iter().enumerate().rev() {
                    if !arg.has_uses() {
                        entry.erase_arg(i);
                        remove_from(f, "arg_attrs", i);
                    }
                }
                set_type(f);
            }
        }
    }
}

/// Erases `op`; users of its results get operands of the same types, or new arguments of the function.
fn replace<'c>(rw: Rewriter<'c>, op: Op<'c>) {
    for result in op.result_values().into_iter().filter(|r| r.has_uses()) {
        let same = op
            .operand_values()
            .into_iter()
            .find(|o| o.ty() == result.ty());
        let Some(value) = same.or_else(|| new_argument(op, result)) else {
            return;
        };
        rw.replace_all_uses(result, value);
    }
    rw.erase(op);
}

fn new_argument<'c>(op: Op<'c>, like: Val<'c>) -> Option<Val<'c>> {
    let f = op.enclosing("func.func")?;
    let entry = f.region(0).entry()?;
    let arg = entry.add_arg(like.ty(), Location::unknown(op.ctx()));
    if let Some(mut attrs) = f.attr("arg_attrs").and_then(|a| a.as_array()) {
        attrs.push(op.ctx().dict_attr(&[]));
        f.set_attr("arg_attrs", op.ctx().array_attr(&attrs));
    }
    set_type(f);
    Some(arg)
}

fn remove_from(f: Op<'_>, attribute: &str, i: usize) {
    if let Some(mut attrs) = f.attr(attribute).and_then(|a| a.as_array())
        && i < attrs.len()
    {
        attrs.remove(i);
        f.set_attr(attribute, f.ctx().array_attr(&attrs));
    }
}

/// Makes the type of a function that of its arguments and of what it returns.
fn set_type<'c>(f: Op<'c>) {
    let (Some(entry), Some(end)) = (f.region(0).entry(), returned(f)) else {
        return;
    };
    let types = |values: Vec<Val<'c>>| -> Vec<_> { values.into_iter().map(ValExt::ty).collect() };
    let ctx = f.ctx();
    let ty = ctx.function(&types(entry.args()), &types(end.operand_values()));
    f.set_attr("function_type", ctx.type_attr(ty));
}
