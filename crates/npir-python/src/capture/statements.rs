//! Statements.

use std::rc::Rc;

use crate::tree::{Expr, ExprKind, Stmt, StmtKind};
use crate::value::{Closure, Value};
use npir::mlir::prelude::*;

use super::control::State;
use super::expressions::Test;
use super::flow::{BREAK, Flow, RETURN_ONLY, RETURNED, goes_on};
use super::items::Count;
use super::{Capture, Captured};

/// Iterations that are compiled one by one, at most, where a loop cannot be compiled as one.
const MOST_ITERATIONS: usize = 256;
/// Statements that are compiled, at most, each as often as loops and calls repeat it.
const MOST_STATEMENTS: usize = 20_000;
/// Iterations that are always compiled one by one.
const FEW_ITERATIONS: usize = 4;

impl<'c> Capture<'_, 'c, '_> {
    /// The statements of a block. After it the statement that it belongs to is looked at again.
    pub(super) fn block(&mut self, block: &[Stmt]) -> Captured<Flow<'c>> {
        let around = (self.span, self.statement);
        let flow = self.statements(&block.iter().collect::<Vec<_>>())?;
        (self.span, self.statement) = around;
        Ok(flow)
    }

    pub(super) fn statements(&mut self, block: &[&Stmt]) -> Captured<Flow<'c>> {
        for (i, stmt) in block.iter().enumerate() {
            let rest = &block[i + 1..];
            self.begin(stmt)?;
            match self.stmt(stmt)? {
                Flow::Normal => {}
                Flow::Mixed(code, codes) if !rest.is_empty() => {
                    return self.rest_if_normal(code, codes, rest);
                }
                other => return Ok(other),
            }
        }
        Ok(Flow::Normal)
    }

    /// Notes which statement follows. Whoever waits for the capture may interrupt it.
    fn begin(&mut self, stmt: &Stmt) -> Captured<()> {
        self.span = stmt.span;
        if self.depth == 0 {
            self.statement = stmt.span;
        }
        self.statements += 1;
        if self.statements > MOST_STATEMENTS {
            return self.unsupported("a function that is too long, with the loops and calls that are compiled one by one");
        }
        self.py.check_signals()?;
        self.f
            .at(&self.module.file, stmt.span.line, stmt.span.column + 1);
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Captured<Flow<'c>> {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                self.expr(expr)?;
            }
            StmtKind::Assign { targets, value } => {
                let value = self.expr(value)?;
                for target in targets {
                    self.assign(target, value.clone())?;
                }
            }
            StmtKind::AugAssign { target, op, value } => self.augmented(target, op, value)?,
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value)?,
                    None => self.none(),
                };
                self.set(RETURNED, value);
                return Ok(Flow::Return);
            }
            StmtKind::If { test, body, orelse } => {
                let condition = match self.test(test)? {
                    Test::Known(true) => return self.block(body),
                    Test::Known(false) => return self.block(orelse),
                    Test::Unknown(condition) => condition,
                };
                return self.if_else(
                    condition,
                    |this| this.block(body),
                    |this| this.block(orelse),
                );
            }
            StmtKind::Assert { test, message } => return self.assert(test, message.as_ref()),
            StmtKind::Raise(error) => return self.raise(error.as_ref()),
            StmtKind::With { items, body } => {
                for item in items {
                    self.harmless_context(item)?;
                }
                return self.block(body);
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
            } => return self.for_loop(target, iter, body, orelse),
            StmtKind::While { test, body, orelse } => return self.any_while(test, body, orelse),
            StmtKind::Function(function) => {
                let defaults = self.defaults(function)?;
                let closure = Closure {
                    function: function.clone(),
                    defaults,
                    around: self.scopes.clone(),
                    module: self.module.clone(),
                };
                self.set(&function.name, Value::Function(Rc::new(closure)));
            }
            StmtKind::Pass => {}
            StmtKind::Break => return Ok(Flow::Break),
            StmtKind::Continue => return Ok(Flow::Continue),
            StmtKind::Other(kind) => return self.unsupported(format!("the statement {kind}")),
        }
        Ok(Flow::Normal)
    }

    fn for_loop(
        &mut self,
        target: &Expr,
        iter: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Captured<Flow<'c>> {
        let over = self.definite(iter)?;
        let leaves = leaves(body, false) || leaves(body, true);
        let items = self.loop_items(&over)?;
        if let Some(items) = &items {
            let count = self.count(items)?;
            let few = match count {
                Count::Known(n) => n == 0 || n <= FEW_ITERATIONS && !leaves,
                Count::Unknown(_) => false,
            };
            if !few {
                let start = self.mark()?;
                let before = self.state();
                match self.counted_loop(items, target, body, leaves) {
                    Ok(Some((code, codes))) => return self.after_loop(code, codes, orelse),
                    Ok(None) => return self.block(orelse),
                    Err(stop) if stop.is_unsupported() && count.at_most(MOST_ITERATIONS) => {
                        self.undo(start, &before)?;
                    }
                    Err(stop) => return Err(stop),
                }
            }
        }
        let items = match &items {
            Some(items) => self.all_items(items)?,
            None => self.items(&over)?,
        };
        if items.len() > MOST_ITERATIONS {
            return self.unsupported(format!("a loop of {} iterations", items.len()));
        }
        self.unrolled(target, &items, body, orelse)
    }

    /// A loop, one iteration after the other.
    fn unrolled(
        &mut self,
        target: &Expr,
        items: &[Value<'c>],
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Captured<Flow<'c>> {
        for (i, item) in items.iter().enumerate() {
            self.assign(target, item.clone())?;
            match self.block(body)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Normal),
                Flow::Mixed(code, codes) => {
                    let running = goes_on(self.f.rewriter(), code);
                    let running = self.scalar_tensor(running)?;
                    return self.if_else(
                        running,
                        |this| this.unrolled(target, &items[i + 1..], body, orelse),
                        |this| match Flow::of_one(codes & LEAVING) {
                            Some(Flow::Break) => Ok(Flow::Normal),
                            Some(other) => Ok(other),
                            None => this.after_loop(code, codes, &[]),
                        },
                    );
                }
                other => return Ok(other),
            }
        }
        self.block(orelse)
    }

    fn any_while(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Captured<Flow<'c>> {
        let start = self.mark()?;
        let before = self.state();
        match self.unrolled_while(test, body, orelse) {
            Ok(Some(flow)) => return Ok(flow),
            Ok(None) => {}
            Err(stop) if stop.is_unsupported() => {}
            Err(stop) => return Err(stop),
        }
        self.undo(start, &before)?;
        let (code, codes) = self.while_loop(test, body)?;
        self.after_loop(code, codes, orelse)
    }

    /// A loop whose condition is known each time; `None` if it is not, or if there are many iterations.
    fn unrolled_while(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Captured<Option<Flow<'c>>> {
        for _ in 0..MOST_ITERATIONS {
            match self.test(test)? {
                Test::Known(true) => {}
                Test::Known(false) => return self.block(orelse).map(Some),
                Test::Unknown(_) => return Ok(None),
            }
            match self.block(body)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => return Ok(Some(Flow::Normal)),
                Flow::Mixed(..) => return Ok(None),
                other => return Ok(Some(other)),
            }
        }
        Ok(None)
    }

    /// The end of what is built so far, to come back to.
    fn mark(&self) -> Captured<Mark<'c>> {
        let block = self.here()?;
        Ok(Mark {
            block,
            last: block.ops().last().copied(),
            buffers: self.buffers.len(),
        })
    }

    /// Takes back what was built since.
    fn undo(&mut self, mark: Mark<'c>, before: &State<'c>) -> Captured<()> {
        self.restore(before);
        self.buffers.truncate(mark.buffers);
        let rw = self.f.rewriter();
        for op in mark.block.ops().into_iter().rev() {
            if Some(op.key()) == mark.last.map(|last| last.key()) {
                break;
            }
            rw.erase(op);
        }
        rw.at_end(mark.block);
        Ok(())
    }

    pub(super) fn none(&self) -> Value<'c> {
        self.object(&self.py.None().into_bound(self.py))
    }

    pub(super) fn set(&mut self, name: &str, value: Value<'c>) {
        if let Some(scope) = self.scopes.first() {
            scope.borrow_mut().insert(name.to_owned(), value);
        }
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Value<'c>) -> Captured<()> {
        match &target.kind {
            ExprKind::Name(name) => self.set(name, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                let items = self.items(&value)?;
                if items.len() != targets.len()
                    || targets
                        .iter()
                        .any(|t| matches!(t.kind, ExprKind::Starred(_)))
                {
                    return self.unsupported("an assignment to another number of targets");
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item)?;
                }
            }
            ExprKind::Subscript(object, index) => {
                let object = self.expr(object)?;
                let index = self.index(index)?;
                self.set_item(&object, &index, &value)?;
            }
            _ => return self.unsupported("an assignment to an attribute"),
        }
        Ok(())
    }

    /// `target op= value`: arrays change where they are.
    fn augmented(&mut self, target: &Expr, op: &str, value: &Expr) -> Captured<()> {
        match &target.kind {
            ExprKind::Name(_) => {
                let old = self.definite(target)?;
                let operand = self.definite(value)?;
                let new = self.binary(op, &old, &operand)?;
                if matches!(old, Value::List(_)) {
                    return self.unsupported("a list that is changed in place");
                }
                match (&old, &new) {
                    (Value::Array(array), _) => self.store_in_place(array, &new),
                    _ => self.assign(target, new),
                }
            }
            ExprKind::Subscript(object, index) => {
                let object = self.definite(object)?;
                let index = self.index(index)?;
                let old = self.get_item(&object, &index)?;
                let operand = self.expr(value)?;
                let new = self.binary(op, &old, &operand)?;
                self.check_in_place(&old, &new)?;
                self.set_item(&object, &index, &new)
            }
            _ => self.unsupported("an assignment to an attribute"),
        }
    }
}

/// A place in a block.
struct Mark<'c> {
    block: Blk<'c>,
    last: Option<Op<'c>>,
    buffers: usize,
}

/// The codes that leave a loop.
const LEAVING: u8 = 1 << BREAK | RETURN_ONLY;

/// Whether a block may be left by `return`, or by `break` or `continue` of the loop around it.
fn leaves(block: &[Stmt], by_return: bool) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) => by_return,
        StmtKind::Break | StmtKind::Continue => !by_return,
        StmtKind::If { body, orelse, .. } => leaves(body, by_return) || leaves(orelse, by_return),
        StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
            by_return && leaves(body, true) || leaves(orelse, by_return)
        }
        StmtKind::With { body, .. } => leaves(body, by_return),
        _ => false,
    })
}
