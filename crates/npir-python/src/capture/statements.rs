//! Statements.

use std::rc::Rc;

use crate::tree::{Expr, ExprKind, Stmt, StmtKind};
use npir::mlir::prelude::Val;

use crate::value::{Closure, Value};

use super::{Capture, Captured};

/// How a block ends.
pub(super) enum Flow<'c> {
    Normal,
    Break,
    Continue,
    Return(Value<'c>),
    /// One of the first three, by a code of `control`, an index.
    Mixed(Val<'c>),
}

/// Iterations that are compiled one by one, at most, where a loop cannot be compiled as one.
const MOST_ITERATIONS: usize = 256;
/// Statements that are compiled, at most, each as often as loops and calls repeat it.
const MOST_STATEMENTS: usize = 20_000;
/// Iterations that are always compiled one by one.
const FEW_ITERATIONS: usize = 4;

impl<'c> Capture<'_, 'c, '_> {
    pub(super) fn block(&mut self, block: &[Stmt]) -> Captured<Flow<'c>> {
        self.statements(&block.iter().collect::<Vec<_>>())
    }

    pub(super) fn statements(&mut self, block: &[&Stmt]) -> Captured<Flow<'c>> {
        for (i, stmt) in block.iter().enumerate() {
            let rest = &block[i + 1..];
            self.begin(stmt)?;
            if let StmtKind::If { test, body, orelse } = &stmt.kind
                && (leaves(body, true) || leaves(orelse, true))
            {
                let value = self.expr(test)?;
                if let Some(holds) = self.truth(&value)? {
                    let taken = if holds { body } else { orelse };
                    match self.block(taken)? {
                        Flow::Normal => continue,
                        Flow::Mixed(code) if !rest.is_empty() => {
                            return self.rest_if_normal(code, rest);
                        }
                        other => return Ok(other),
                    }
                }
                return self.both_to_the_end(&value, [body, orelse], rest);
            }
            match self.stmt(stmt)? {
                Flow::Normal => {}
                Flow::Mixed(code) if !rest.is_empty() => return self.rest_if_normal(code, rest),
                other => return Ok(other),
            }
        }
        Ok(Flow::Normal)
    }

    /// A condition with a return behind it: each way goes on to the end of the function by itself.
    fn both_to_the_end(
        &mut self,
        condition: &Value<'c>,
        ways: [&Vec<Stmt>; 2],
        rest: &[&Stmt],
    ) -> Captured<Flow<'c>> {
        if self.loops > 0 {
            return self.unsupported("a return out of a loop that depends on values");
        }
        let condition = self.truth_tensor(condition)?;
        let way = |way: &[Stmt], this: &mut Self| {
            let all: Vec<&Stmt> = way.iter().chain(rest.iter().copied()).collect();
            let value = match this.statements(&all)? {
                Flow::Return(value) => value,
                Flow::Normal => this.none(),
                _ => return this.unsupported("a loop that is left"),
            };
            this.set(RETURNED, value);
            Ok(Flow::Normal)
        };
        self.if_else(
            condition,
            |this| way(ways[0], this),
            |this| way(ways[1], this),
        )?;
        let value = self
            .scopes
            .first()
            .and_then(|scope| scope.borrow_mut().remove(RETURNED));
        match value {
            Some(Value::Unusable(_)) => {
                self.unsupported("what is returned is not of one type on all ways")
            }
            Some(value) => Ok(Flow::Return(value)),
            None => self.unsupported("a return without a value"),
        }
    }

    /// Notes which statement follows. Whoever waits for the capture may interrupt it.
    fn begin(&mut self, stmt: &Stmt) -> Captured<()> {
        self.span = stmt.span;
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
                return Ok(Flow::Return(value));
            }
            StmtKind::If { test, body, orelse } => {
                let value = self.expr(test)?;
                if let Some(holds) = self.truth(&value)? {
                    return self.block(if holds { body } else { orelse });
                }
                let condition = self.truth_tensor(&value)?;
                return self.if_else(
                    condition,
                    |this| this.block(body),
                    |this| this.block(orelse),
                );
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
        let items = self.expr(iter)?;
        let breaks = leaves(body, false);
        if let Some((source, count)) = self.counted(&items)?
            && (count > FEW_ITERATIONS || breaks)
            && count > 0
            && !leaves(body, true)
            && orelse.is_empty()
        {
            let before = self.state();
            match self.counted_loop(&source, target, body, breaks) {
                Ok(()) => return Ok(Flow::Normal),
                Err(stop) if stop.is_unsupported() && count <= MOST_ITERATIONS => {
                    self.restore(&before)
                }
                Err(stop) => return Err(stop),
            }
        }
        let items = self.items(&items)?;
        if items.len() > MOST_ITERATIONS {
            return self.unsupported(format!("a loop of {} iterations", items.len()));
        }
        for item in items {
            self.assign(target, item)?;
            match self.block(body)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Normal),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Mixed(_) => {
                    return self
                        .unsupported("a loop over such things that is left depending on values");
                }
            }
        }
        self.block(orelse)
    }

    fn any_while(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Captured<Flow<'c>> {
        for _ in 0..MOST_ITERATIONS {
            let value = self.expr(test)?;
            match self.truth(&value)? {
                Some(true) => {}
                Some(false) => return self.block(orelse),
                None if leaves(body, true) || !orelse.is_empty() => {
                    return self.unsupported("a return out of a loop that depends on values");
                }
                None => {
                    self.while_loop(test, body)?;
                    return Ok(Flow::Normal);
                }
            }
            match self.block(body)? {
                Flow::Normal | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Normal),
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Mixed(_) => {
                    return self.unsupported("a loop that is left depending on values");
                }
            }
        }
        self.unsupported("a loop of many iterations")
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
                let old = self.expr(target)?;
                let operand = self.expr(value)?;
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
                let object = self.expr(object)?;
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

/// The variable that a return on one of several ways sets.
const RETURNED: &str = "<returned>";

/// Whether a block may be left by `return`, or by `break` or `continue` of the loop around it.
fn leaves(block: &[Stmt], by_return: bool) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) => by_return,
        StmtKind::Break | StmtKind::Continue => !by_return,
        StmtKind::If { body, orelse, .. } => leaves(body, by_return) || leaves(orelse, by_return),
        StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
            by_return && leaves(body, true) || leaves(orelse, by_return)
        }
        _ => false,
    })
}
