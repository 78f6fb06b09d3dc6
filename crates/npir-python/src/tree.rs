//! Python's syntax trees, with places in the source file.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::PyList;

/// Where something stands: lines count from 1, columns (UTF-8 bytes) from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) end_line: usize,
    pub(crate) end_column: usize,
}

/// A statement.
#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) span: Span,
    pub(crate) kind: StmtKind,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Expr(Expr),
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AugAssign {
        target: Expr,
        op: String,
        value: Expr,
    },
    Return(Option<Expr>),
    If {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    For {
        target: Expr,
        iter: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    Function(std::rc::Rc<Function>),
    Assert {
        test: Expr,
        message: Option<Expr>,
    },
    Raise(Option<Expr>),
    With {
        items: Vec<Expr>,
        body: Vec<Stmt>,
    },
    Pass,
    Break,
    Continue,
    /// A kind that compiled code has nothing for.
    Other(String),
}

/// A function definition or a lambda.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Block(Vec<Stmt>),
    Expr(Box<Expr>),
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterKind,
    pub(crate) default: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Positional,
    Keyword,
    Rest,
    KeywordRest,
}

/// An expression.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) span: Span,
    pub(crate) kind: ExprKind,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    Constant(Py<PyAny>),
    Name(String),
    Attribute(Box<Expr>, String),
    Binary {
        op: String,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Unary {
        op: String,
        operand: Box<Expr>,
    },
    /// Whether it is `and`, and the operands.
    Bool(bool, Vec<Expr>),
    Compare {
        left: Box<Expr>,
        ops: Vec<String>,
        others: Vec<Expr>,
    },
    IfElse {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Call {
        function: Box<Expr>,
        args: Vec<Expr>,
        keywords: Vec<(Option<String>, Expr)>,
    },
    Subscript(Box<Expr>, Box<Expr>),
    Slice {
        start: Option<Box<Expr>>,
        stop: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Starred(Box<Expr>),
    Lambda(std::rc::Rc<Function>),
    /// Whether it is a list, not a generator; element, clauses.
    Comprehension {
        element: Box<Expr>,
        clauses: Vec<Clause>,
    },
    /// A kind that compiled code has nothing for.
    Other(String),
}

/// `for target in iter if conditions` of a comprehension.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) target: Expr,
    pub(crate) iter: Expr,
    pub(crate) conditions: Vec<Expr>,
}

type Node<'a, 'py> = &'a Bound<'py, PyAny>;

fn span(node: Node<'_, '_>) -> PyResult<Span> {
    let number = |name: &str| -> PyResult<usize> { node.getattr(name)?.extract() };
    Ok(Span {
        line: number("lineno")?,
        column: number("col_offset")?,
        end_line: number("end_lineno")?,
        end_column: number("end_col_offset")?,
    })
}

/// A `FunctionDef` or a `Lambda`.
pub(crate) fn function(node: Node<'_, '_>) -> PyResult<Function> {
    let args = node.getattr("args")?;
    let list = |name: &str| -> PyResult<Vec<Bound<'_, PyAny>>> {
        args.getattr(name)?.try_iter()?.collect()
    };
    let mut parameters = Vec::new();
    let mut positional = list("posonlyargs")?;
    positional.extend(list("args")?);
    let defaults = list("defaults")?;
    let without = positional.len() - defaults.len();
    for (i, arg) in positional.iter().enumerate() {
        let default = i
            .checked_sub(without)
            .map(|i| expr_of(&defaults[i]))
            .transpose()?;
        parameters.push(parameter(arg, ParameterKind::Positional, default)?);
    }
    if let Some(arg) = present(&args, "vararg")? {
        parameters.push(parameter(&arg, ParameterKind::Rest, None)?);
    }
    for (arg, default) in list("kwonlyargs")?.iter().zip(list("kw_defaults")?) {
        let default = (!default.is_none())
            .then(|| expr_of(&default))
            .transpose()?;
        parameters.push(parameter(arg, ParameterKind::Keyword, default)?);
    }
    if let Some(arg) = present(&args, "kwarg")? {
        parameters.push(parameter(&arg, ParameterKind::KeywordRest, None)?);
    }
    let body = node.getattr("body")?;
    let (name, body) = match body.is_instance_of::<PyList>() {
        true => (
            node.getattr("name")?.extract()?,
            Body::Block(block_of(&body)?),
        ),
        false => ("<lambda>".to_owned(), Body::Expr(Box::new(expr_of(&body)?))),
    };
    Ok(Function {
        name,
        parameters,
        body,
    })
}

fn block_of(list: Node<'_, '_>) -> PyResult<Vec<Stmt>> {
    list.try_iter()?.map(|node| stmt_of(&node?)).collect()
}

fn stmt_of(node: Node<'_, '_>) -> PyResult<Stmt> {
    let expr = |name: &str| expr_of(&node.getattr(name)?);
    let block = |name: &str| block_of(&node.getattr(name)?);
    let name = class(node)?;
    let kind = match name.as_str() {
        "Expr" => StmtKind::Expr(expr("value")?),
        "Assign" => StmtKind::Assign {
            targets: exprs_of(&node.getattr("targets")?)?,
            value: expr("value")?,
        },
        "AnnAssign" => match present(node, "value")? {
            Some(value) => StmtKind::Assign {
                targets: vec![expr("target")?],
                value: expr_of(&value)?,
            },
            None => StmtKind::Pass,
        },
        "AugAssign" => StmtKind::AugAssign {
            target: expr("target")?,
            op: class(&node.getattr("op")?)?,
            value: expr("value")?,
        },
        "Return" => StmtKind::Return(
            present(node, "value")?
                .map(|value| expr_of(&value))
                .transpose()?,
        ),
        "If" => StmtKind::If {
            test: expr("test")?,
            body: block("body")?,
            orelse: block("orelse")?,
        },
        "For" => StmtKind::For {
            target: expr("target")?,
            iter: expr("iter")?,
            body: block("body")?,
            orelse: block("orelse")?,
        },
        "While" => StmtKind::While {
            test: expr("test")?,
            body: block("body")?,
            orelse: block("orelse")?,
        },
        "FunctionDef" if node.getattr("decorator_list")?.len()? == 0 => {
            StmtKind::Function(std::rc::Rc::new(function(node)?))
        }
        "Assert" => StmtKind::Assert {
            test: expr("test")?,
            message: present(node, "msg")?
                .map(|message| expr_of(&message))
                .transpose()?,
        },
        "Raise" if present(node, "cause")?.is_none() => StmtKind::Raise(
            present(node, "exc")?
                .map(|error| expr_of(&error))
                .transpose()?,
        ),
        "With" => {
            let mut items = Vec::new();
            for item in node.getattr("items")?.try_iter()? {
                let item = item?;
                if present(&item, "optional_vars")?.is_some() {
                    return Ok(Stmt {
                        span: span(node)?,
                        kind: StmtKind::Other(name),
                    });
                }
                items.push(expr_of(&item.getattr("context_expr")?)?);
            }
            StmtKind::With {
                items,
                body: block("body")?,
            }
        }
        "Pass" => StmtKind::Pass,
        "Break" => StmtKind::Break,
        "Continue" => StmtKind::Continue,
        _ => StmtKind::Other(name),
    };
    Ok(Stmt {
        span: span(node)?,
        kind,
    })
}

fn exprs_of(list: Node<'_, '_>) -> PyResult<Vec<Expr>> {
    list.try_iter()?.map(|node| expr_of(&node?)).collect()
}

fn expr_of(node: Node<'_, '_>) -> PyResult<Expr> {
    let boxed =
        |name: &str| -> PyResult<Box<Expr>> { Ok(Box::new(expr_of(&node.getattr(name)?)?)) };
    let maybe = |name: &str| -> PyResult<Option<Box<Expr>>> {
        present(node, name)?
            .map(|node| Ok(Box::new(expr_of(&node)?)))
            .transpose()
    };
    let list = |name: &str| exprs_of(&node.getattr(name)?);
    let op = |name: &str| class(&node.getattr(name)?);
    let text = |name: &str| -> PyResult<String> { node.getattr(name)?.extract() };
    let name = class(node)?;
    let kind = match name.as_str() {
        "Constant" => ExprKind::Constant(node.getattr("value")?.unbind()),
        "Name" => ExprKind::Name(text("id")?),
        "Attribute" => ExprKind::Attribute(boxed("value")?, text("attr")?),
        "BinOp" => ExprKind::Binary {
            op: op("op")?,
            left: boxed("left")?,
            right: boxed("right")?,
        },
        "UnaryOp" => ExprKind::Unary {
            op: op("op")?,
            operand: boxed("operand")?,
        },
        "BoolOp" => ExprKind::Bool(op("op")? == "And", list("values")?),
        "Compare" => ExprKind::Compare {
            left: boxed("left")?,
            ops: node
                .getattr("ops")?
                .try_iter()?
                .map(|op| class(&op?))
                .collect::<PyResult<_>>()?,
            others: list("comparators")?,
        },
        "IfExp" => ExprKind::IfElse {
            test: boxed("test")?,
            body: boxed("body")?,
            orelse: boxed("orelse")?,
        },
        "Call" => {
            let keywords = node.getattr("keywords")?.try_iter()?.map(|keyword| {
                let keyword = keyword?;
                let name = present(&keyword, "arg")?
                    .map(|name| name.extract())
                    .transpose()?;
                Ok((name, expr_of(&keyword.getattr("value")?)?))
            });
            ExprKind::Call {
                function: boxed("func")?,
                args: list("args")?,
                keywords: keywords.collect::<PyResult<_>>()?,
            }
        }
        "Subscript" => ExprKind::Subscript(boxed("value")?, boxed("slice")?),
        "Slice" => ExprKind::Slice {
            start: maybe("lower")?,
            stop: maybe("upper")?,
            step: maybe("step")?,
        },
        "Tuple" => ExprKind::Tuple(list("elts")?),
        "List" => ExprKind::List(list("elts")?),
        "Dict" if list_has_no_none(node)? => {
            let (keys, values) = (list("keys")?, list("values")?);
            ExprKind::Dict(keys.into_iter().zip(values).collect())
        }
        "Starred" => ExprKind::Starred(boxed("value")?),
        "Lambda" => ExprKind::Lambda(std::rc::Rc::new(function(node)?)),
        "ListComp" | "GeneratorExp" => {
            let clauses = node.getattr("generators")?.try_iter()?.map(|clause| {
                let clause = clause?;
                Ok(Clause {
                    target: expr_of(&clause.getattr("target")?)?,
                    iter: expr_of(&clause.getattr("iter")?)?,
                    conditions: exprs_of(&clause.getattr("ifs")?)?,
                })
            });
            ExprKind::Comprehension {
                element: boxed("elt")?,
                clauses: clauses.collect::<PyResult<_>>()?,
            }
        }
        _ => ExprKind::Other(name),
    };
    Ok(Expr {
        span: span(node)?,
        kind,
    })
}

/// Whether a dictionary has no `**` in it.
fn list_has_no_none(node: Node<'_, '_>) -> PyResult<bool> {
    for key in node.getattr("keys")?.try_iter()? {
        if key?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn parameter(
    node: Node<'_, '_>,
    kind: ParameterKind,
    default: Option<Expr>,
) -> PyResult<Parameter> {
    Ok(Parameter {
        name: node.getattr("arg")?.extract()?,
        kind,
        default,
    })
}

fn present<'py>(node: Node<'_, 'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let value = node.getattr(name)?;
    Ok((!value.is_none()).then_some(value))
}

fn class(node: Node<'_, '_>) -> PyResult<String> {
    Ok(node.get_type().name()?.to_str()?.to_owned())
}

/// The names that a loop's body gives a value, in every iteration and before it reads them.
pub(crate) fn set_before_read(target: Option<&Expr>, body: &[Stmt]) -> HashSet<String> {
    let mut all = HashSet::new();
    if let Some(target) = target {
        names_set(target, &mut all);
    }
    for (i, stmt) in body.iter().enumerate() {
        let StmtKind::Assign { targets, value } = &stmt.kind else {
            continue;
        };
        let mut set = HashSet::new();
        targets
            .iter()
            .for_each(|target| names_set(target, &mut set));
        let unread = |name: &String| {
            !reads(value, name) && !body[..i].iter().any(|before| mentions(before, name))
        };
        all.extend(set.into_iter().filter(unread));
    }
    all
}

fn names_set(target: &Expr, names: &mut HashSet<String>) {
    match &target.kind {
        ExprKind::Name(name) => {
            names.insert(name.clone());
        }
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            items.iter().for_each(|item| names_set(item, names));
        }
        _ => {}
    }
}

/// Whether a statement has to do with a variable, or may.
fn mentions(stmt: &Stmt, name: &str) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(|expr| reads(expr, name));
    let block = |stmts: &[Stmt]| stmts.iter().any(|stmt| mentions(stmt, name));
    match &stmt.kind {
        StmtKind::Expr(expr) => reads(expr, name),
        StmtKind::Assign { targets, value } => any(targets) || reads(value, name),
        StmtKind::AugAssign { target, value, .. } => reads(target, name) || reads(value, name),
        StmtKind::Return(value) | StmtKind::Raise(value) => {
            value.as_ref().is_some_and(|value| reads(value, name))
        }
        StmtKind::If { test, body, orelse } | StmtKind::While { test, body, orelse } => {
            reads(test, name) || block(body) || block(orelse)
        }
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
        } => reads(target, name) || reads(iter, name) || block(body) || block(orelse),
        StmtKind::Assert { test, message } => {
            reads(test, name) || message.as_ref().is_some_and(|m| reads(m, name))
        }
        StmtKind::With { items, body } => any(items) || block(body),
        StmtKind::Pass | StmtKind::Break | StmtKind::Continue => false,
        StmtKind::Function(_) | StmtKind::Other(_) => true,
    }
}

/// Whether an expression mentions a variable, or may.
pub(crate) fn reads(expr: &Expr, name: &str) -> bool {
    let any = |exprs: &[Expr]| exprs.iter().any(|expr| reads(expr, name));
    let maybe = |expr: &Option<Box<Expr>>| expr.as_ref().is_some_and(|expr| reads(expr, name));
    match &expr.kind {
        ExprKind::Constant(_) => false,
        ExprKind::Name(own) => own == name,
        ExprKind::Attribute(object, _) => reads(object, name),
        ExprKind::Binary { left, right, .. } => reads(left, name) || reads(right, name),
        ExprKind::Unary { operand, .. } => reads(operand, name),
        ExprKind::Bool(_, operands) => any(operands),
        ExprKind::Compare { left, others, .. } => reads(left, name) || any(others),
        ExprKind::IfElse { test, body, orelse } => {
            reads(test, name) || reads(body, name) || reads(orelse, name)
        }
        ExprKind::Call {
            function,
            args,
            keywords,
        } => {
            reads(function, name)
                || any(args)
                || keywords.iter().any(|(_, value)| reads(value, name))
        }
        ExprKind::Subscript(object, index) => reads(object, name) || reads(index, name),
        ExprKind::Slice { start, stop, step } => maybe(start) || maybe(stop) || maybe(step),
        ExprKind::Tuple(items) | ExprKind::List(items) => any(items),
        ExprKind::Dict(items) => items
            .iter()
            .any(|(key, value)| reads(key, name) || reads(value, name)),
        ExprKind::Starred(inner) => reads(inner, name),
        ExprKind::Lambda(_) | ExprKind::Comprehension { .. } | ExprKind::Other(_) => true,
    }
}
