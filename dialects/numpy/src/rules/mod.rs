//! The rewrite rules of the optimizer, a file for each theme.
//!
//! A rule stands in the list of its file, with its equation above it, the fidelity that it has, the conditions under
//! which it holds, and two programs: one where it fires, with what NumPy computes there, and one that looks nearly
//! the same where it must not fire. A test takes every rule of the list through both.
//!
//! What every rule must keep: the type of the result, and the errors of the run. An operand that a rule drops must
//! not be one whose shape might not have fitted ([`Fact::covers`]).

mod algebra;
mod build;
mod choices;
mod constants;
mod contractions;
mod functions;
mod integers;
mod layouts;
mod linear_algebra;
mod masks;
mod one_hot;
mod positions;
mod reductions;
mod segments;
mod slices;
mod updates;
mod views;

use npir_egraph::{Fidelity, Rule, RuleError, RuleSet};

use crate::optimize::{Fact, Numpy};

/// A rule and what shows that it is right.
pub struct Listed<'c> {
    /// The rule.
    pub rule: Rule<Numpy<'c>>,
    /// How faithful it is.
    pub fidelity: Fidelity,
    /// The file that it is in.
    pub theme: &'static str,
    /// Where it fires.
    pub fires: Sample,
    /// Where it must not.
    pub near_miss: Sample,
}

/// A program of one function, in which `{t}` stands for an element type and `{n}`, `{m}`, `{k}` for sizes.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The element types that it is for, as MLIR calls them.
    pub types: &'static [&'static str],
    /// Arguments as in `x: {n}x{t}, y: {t}`.
    pub arguments: &'static str,
    /// The body, whose last value is the result.
    pub body: &'static str,
    /// The shape and element type of the result.
    pub result: &'static str,
    /// What NumPy computes, with the names of the arguments.
    pub numpy: &'static str,
}

impl Sample {
    /// The text with an element type and sizes put in. `{w}` is the type of the type's sums.
    fn filled(text: &str, ty: &str, sizes: [&str; 3]) -> String {
        let wide = if ty.starts_with("ui") { "ui64" } else { "i64" };
        [("{n}", sizes[0]), ("{m}", sizes[1]), ("{k}", sizes[2])]
            .iter()
            .fold(
                text.replace("{t}", ty).replace("{w}", wide),
                |text, (name, size)| text.replace(name, size),
            )
    }

    /// The program as a module with the function `f`; a size may be `?`.
    pub fn source(&self, ty: &str, sizes: [&str; 3]) -> String {
        let arguments: Vec<_> = self
            .arguments
            .split(", ")
            .filter_map(|argument| argument.split_once(": "))
            .map(|(name, ty)| format!("%{name}: tensor<{ty}>"))
            .collect();
        let result = self.result;
        let text = format!(
            "func.func @f({}) -> tensor<{result}> {{\n{}\nreturn %r : tensor<{result}>\n}}\n",
            arguments.join(", "),
            self.body
        );
        Self::filled(&text, ty, sizes)
    }

    /// Name, sizes and element type of each argument.
    pub fn inputs(&self, ty: &str, sizes: [&str; 3]) -> Vec<(&'static str, Vec<usize>, String)> {
        let arguments = self.arguments.split(", ");
        let pairs = arguments.filter_map(|argument| argument.split_once(": "));
        pairs
            .map(|(name, text)| {
                let text = Self::filled(text, ty, sizes);
                let mut rest = text.as_str();
                let mut shape = Vec::new();
                while let Some((size, after)) = rest.split_once('x')
                    && let Ok(size) = size.parse()
                {
                    shape.push(size);
                    rest = after;
                }
                (name, shape, rest.to_owned())
            })
            .collect()
    }

    /// What NumPy computes.
    pub fn expression(&self, sizes: [&str; 3]) -> String {
        Self::filled(self.numpy, "", sizes)
    }
}

const fn sample(
    types: &'static [&'static str],
    arguments: &'static str,
    body: &'static str,
    result: &'static str,
    numpy: &'static str,
) -> Sample {
    Sample {
        types,
        arguments,
        body,
        result,
        numpy,
    }
}

const FLOATS: &[&str] = &["f64", "f32"];
const INTS: &[&str] = &["i64", "i8", "ui16"];
const BOOL: &[&str] = &["i1"];
const DOUBLE: &[&str] = &["f64"];

/// A rule with its pattern on both sides.
struct Pattern {
    name: &'static str,
    fidelity: Fidelity,
    equation: &'static str,
    left: &'static str,
    right: &'static str,
}

impl Pattern {
    fn rule<'c>(self) -> Rule<Numpy<'c>> {
        Rule::new(
            self.name,
            self.fidelity,
            self.equation,
            self.left,
            self.right,
        )
    }
}

/// Rules of one theme: `list!(theme; rule, fires, near_miss; …)`.
macro_rules! list {
    ($theme:literal; $($rule:expr, fires: $fires:expr, not: $near_miss:expr;)+) => {
        vec![$({
            let rule = $rule;
            $crate::rules::Listed {
                fidelity: rule.fidelity(),
                rule,
                theme: $theme,
                fires: $fires,
                near_miss: $near_miss,
            }
        }),+]
    };
}
use list;

/// Every rule. A new file of rules is one more line.
pub fn all<'c>() -> Vec<Listed<'c>> {
    [
        algebra::rules(),
        constants::rules(),
        integers::rules(),
        functions::rules(),
        choices::rules(),
        views::rules(),
        layouts::rules(),
        reductions::rules(),
        contractions::rules(),
        positions::rules(),
        linear_algebra::rules(),
        masks::rules(),
        segments::rules(),
        slices::rules(),
        updates::rules(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every rule, and those of the algebras of a domain.
pub fn every<'c>(domain: Numpy<'c>) -> Vec<Rule<Numpy<'c>>> {
    let listed = all().into_iter().map(|listed| listed.rule);
    listed.chain(domain.rules_of_algebras()).collect()
}

/// Those of them that are at most as free as `fidelity`.
///
/// # Errors
/// A rule that does not fit the dialect.
pub fn up_to<'c>(domain: Numpy<'c>, fidelity: Fidelity) -> Result<RuleSet<Numpy<'c>>, RuleError> {
    let rules = every(domain).into_iter();
    RuleSet::new(&domain, rules.filter(|rule| rule.fidelity() <= fidelity))
}

/// Whether a value has float elements.
fn is_float(fact: &Fact<'_>) -> bool {
    fact.dtype().is_some_and(|dtype| dtype.is_float())
}

/// Whether a value has integer elements.
fn is_int(fact: &Fact<'_>) -> bool {
    fact.dtype().is_some_and(|dtype| dtype.is_int())
}
