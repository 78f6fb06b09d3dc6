//! Patterns: `(add ?x (negative ?y))`. `?x` stands for any value, the same one wherever it stands; `sum@s` names a
//! node, whose payload a rule may ask for, and whose payload a new node may take over. On a left side, `(_@f (negative ?x))`
//! is any op one of whose operands is negative.

use egg::Id;

use crate::domain::{Arity, Domain};
use crate::graph::{Graph, Node};

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Parentheses do not fit, or something stands in a wrong place.
    #[error("malformed pattern: {0}")]
    Syntax(String),
    /// No op of that name exists.
    #[error("unknown op '{0}'")]
    UnknownOp(String),
    /// An op with a wrong number of children.
    #[error("'{op}' takes {wanted} operands, not {found}")]
    WrongArity {
        /// The op.
        op: String,
        /// How many it takes.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// The right side uses a variable that the left side has not.
    #[error("variable '?{0}' is not bound by the left side")]
    UnboundVariable(String),
    /// The right side uses a node that the left side does not name.
    #[error("node '@{0}' is not bound by the left side")]
    UnboundNode(String),
    /// Two nodes of one name.
    #[error("node '@{0}' is named twice")]
    NamedTwice(String),
}

/// A parsed pattern; variables and named nodes are numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Var(usize),
    Op {
        op: String,
        name: Option<usize>,
        children: Vec<Term>,
    },
    /// A node of any op, and what one of its operands is.
    User {
        name: Option<usize>,
        operand: Box<Term>,
    },
}

/// The op that stands for any.
const ANY: &str = "_";

/// The names in a pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) vars: Vec<String>,
    pub(crate) nodes: Vec<String>,
}

/// Whether a pattern binds names or uses those that are bound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Parses a pattern and checks it against the ops that exist.
pub(crate) fn parse<D: Domain>(
    domain: &D,
    text: &str,
    side: Side,
    names: &mut Names,
) -> Result<Term, PatternError> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_whitespace().peekable();
    let term = parse_term(domain, &mut tokens, side, names)?;
    match tokens.next() {
        None => Ok(term),
        Some(rest) => Err(PatternError::Syntax(format!("'{rest}' after the end"))),
    }
}

fn parse_term<'t, D: Domain>(
    domain: &D,
    tokens: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
    side: Side,
    names: &mut Names,
) -> Result<Term, PatternError> {
    let syntax = |what: &str| PatternError::Syntax(what.to_owned());
    let token = tokens.next().ok_or_else(|| syntax("it ends too early"))?;
    if let Some(var) = token.strip_prefix('?') {
        let known = names.vars.iter().position(|v| v == var);
        return match (known, side) {
            (Some(known), _) => Ok(Term::Var(known)),
            (None, Side::Left) => {
                names.vars.push(var.to_owned());
                Ok(Term::Var(names.vars.len() - 1))
            }
            (None, Side::Right) => Err(PatternError::UnboundVariable(var.to_owned())),
        };
    }
    if token != "(" {
        return Err(syntax(&format!("'{token}' is neither a variable nor '('")));
    }
    let head = tokens
        .next()
        .filter(|head| !matches!(*head, "(" | ")"))
        .ok_or_else(|| syntax("an op is missing after '('"))?;
    let (op, name) = match head.split_once('@') {
        Some((op, name)) => (op, Some(name)),
        None => (head, None),
    };
    let arity = match (op, side) {
        (ANY, Side::Left) => Arity::Exactly(1),
        _ => domain
            .arity(op)
            .ok_or_else(|| PatternError::UnknownOp(op.to_owned()))?,
    };
    let name = match name {
        None => None,
        Some(name) => {
            let known = names.nodes.iter().position(|n| n == name);
            Some(match (known, side) {
                (None, Side::Left) => {
                    names.nodes.push(name.to_owned());
                    names.nodes.len() - 1
                }
                (Some(_), Side::Left) => return Err(PatternError::NamedTwice(name.to_owned())),
                (Some(known), Side::Right) => known,
                (None, Side::Right) => return Err(PatternError::UnboundNode(name.to_owned())),
            })
        }
    };
    let mut children = Vec::new();
    while *tokens.peek().ok_or_else(|| syntax("a ')' is missing"))? != ")" {
        children.push(parse_term(domain, tokens, side, names)?);
    }
    tokens.next();
    match arity {
        Arity::Exactly(wanted) if wanted != children.len() => Err(PatternError::WrongArity {
            op: op.to_owned(),
            wanted,
            found: children.len(),
        }),
        _ if op == ANY => match children.pop() {
            Some(operand @ Term::Op { .. }) => Ok(Term::User {
                name,
                operand: operand.into(),
            }),
            _ => Err(syntax("the operand of '_' is no op")),
        },
        _ => Ok(Term::Op {
            op: op.to_owned(),
            name,
            children,
        }),
    }
}

/// What a match has bound, by the numbers of [`Names`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bindings {
    pub(crate) root: Id,
    pub(crate) vars: Vec<Option<Id>>,
    pub(crate) nodes: Vec<Option<Node>>,
    /// Every node that was matched, the root first.
    pub(crate) matched: Vec<Node>,
}

/// The matches of `pattern` at the class `root`, at most `limit`.
pub(crate) fn matches<D: Domain>(
    graph: &Graph<D>,
    pattern: &Compiled,
    root: Id,
    names: &Names,
    limit: usize,
) -> Vec<Bindings> {
    let start = Bindings {
        root,
        vars: vec![None; names.vars.len()],
        nodes: vec![None; names.nodes.len()],
        matched: Vec::new(),
    };
    let mut found = extend(graph, pattern, root, vec![start], limit);
    found.truncate(limit);
    found
}

/// A pattern with the numbers that its ops have in one graph.
pub(crate) enum Compiled {
    Var(usize),
    Op {
        op: u32,
        name: Option<usize>,
        commutes: bool,
        children: Vec<Compiled>,
    },
    User {
        name: Option<usize>,
        operand: Box<Compiled>,
    },
}

impl Compiled {
    pub(crate) fn new<D: Domain>(graph: &mut Graph<D>, term: &Term) -> Self {
        match term {
            Term::Var(var) => Compiled::Var(*var),
            Term::Op { op, name, children } => Compiled::Op {
                commutes: children.len() == 2 && graph.domain().commutes(op),
                op: graph.number_of(op),
                name: *name,
                children: children.iter().map(|c| Compiled::new(graph, c)).collect(),
            },
            Term::User { name, operand } => Compiled::User {
                name: *name,
                operand: Compiled::new(graph, operand).into(),
            },
        }
    }

    /// The classes that may match, ascending.
    pub(crate) fn roots<D: Domain>(&self, graph: &Graph<D>) -> Vec<Id> {
        match self {
            // A variable alone is no rule's left side.
            Compiled::Var(_) => Vec::new(),
            Compiled::Op { op, .. } => graph.classes_of(*op),
            Compiled::User { operand, .. } => {
                let used = operand.roots(graph);
                let users = used.iter().flat_map(|id| graph.inner[*id].parents());
                let mut users: Vec<_> = users.map(|id| graph.inner.find(id)).collect();
                users.sort_unstable();
                users.dedup();
                users
            }
        }
    }
}

/// Every way in which the matches so far go on where `class` must match `pattern`.
fn extend<D: Domain>(
    graph: &Graph<D>,
    pattern: &Compiled,
    class: Id,
    so_far: Vec<Bindings>,
    limit: usize,
) -> Vec<Bindings> {
    let class = graph.inner.find(class);
    // Each of the matches so far with a node that was found.
    let with_node = |node: &Node, name: Option<usize>| {
        let mut so_far = so_far.clone();
        for bindings in &mut so_far {
            bindings.matched.push(node.clone());
            if let Some(name) = name {
                bindings.nodes[name] = Some(node.clone());
            }
        }
        so_far
    };
    let mut found = Vec::new();
    let (op, name, commutes, children) = match pattern {
        Compiled::Var(var) => {
            let fits = |mut b: Bindings| match b.vars[*var] {
                Some(bound) => (graph.inner.find(bound) == class).then_some(b),
                None => {
                    b.vars[*var] = Some(class);
                    Some(b)
                }
            };
            return so_far.into_iter().filter_map(fits).collect();
        }
        Compiled::User { name, operand } => {
            for node in &graph.inner[class].nodes {
                for child in &node.children {
                    let here = with_node(node, *name);
                    found.extend(extend(graph, operand, *child, here, limit));
                }
                if found.len() >= limit {
                    break;
                }
            }
            return found;
        }
        Compiled::Op {
            op,
            name,
            commutes,
            children,
        } => (*op, *name, *commutes, children),
    };
    for node in graph.inner[class].nodes.iter().filter(|n| n.op == op) {
        if node.children.len() != children.len() {
            continue;
        }
        let with_node = with_node(node, name);
        let in_order = |order: &[usize], start: Vec<Bindings>| {
            order
                .iter()
                .zip(children)
                .fold(start, |so_far, (&i, child)| {
                    if so_far.is_empty() {
                        return so_far;
                    }
                    extend(graph, child, node.children[i], so_far, limit)
                })
        };
        if commutes && node.children[0] != node.children[1] {
            found.extend(in_order(&[1, 0], with_node.clone()));
        }
        let straight: Vec<_> = (0..children.len()).collect();
        found.extend(in_order(&straight, with_node));
        if found.len() >= limit {
            break;
        }
    }
    found
}
