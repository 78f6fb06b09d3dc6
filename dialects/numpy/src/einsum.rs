//! `numpy.einsum`: Einstein's summation convention.
//!
//! The subscripts are parsed into labels; more than two operands are multiplied in pairs, the cheapest pair first, as
//! far as sizes are known.

use npir_mlir::prelude::*;

use crate::contract::{Contraction, Label};
use crate::elementwise::dtype::DType;
use crate::lowering;
use crate::types::{AnyArray, same_elements, verify_declared};

/// Sums of products of elements by subscripts
///
/// `"ij,jk->ik"`: a letter for each dimension of each operand, and those of the result. Letters that the result has not
/// are summed over; a letter twice in an operand walks its diagonal. `...` stands for the other dimensions, which
/// broadcast. Without `->` the result has the letters that occur once, in the order of the alphabet. Sizes of 1 are
/// repeated. Operands have one element type, which is that of the result.
#[op(
    "numpy.einsum",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$subscripts `,` $operands attr-dict `:` type($operands) `->` type($result)"
)]
pub struct Einsum {
    operands: Variadic<AnyArray>,
    subscripts: Attr<Str>,
    result: Output<AnyArray>,
}

/// The label of the dimension of `...` that is `k` from the end.
fn dots(k: usize) -> Label {
    // Above all letters.
    0x11_0000 + k as Label
}

/// The labels of one operand; `rank` decides how many `...` stands for, 0 for a result that takes `most`.
fn parse_term(term: &str, rank: Option<usize>, most: usize) -> Result<Vec<Label>, String> {
    let mut labels = Vec::new();
    let letters = term.chars().filter(char::is_ascii_alphabetic).count();
    let mut rest = term;
    let mut has_dots = false;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("...") {
            if std::mem::replace(&mut has_dots, true) {
                return Err(format!("subscripts '{term}' have two ellipses"));
            }
            let count = match rank {
                Some(rank) => rank
                    .checked_sub(letters)
                    .ok_or_else(|| too_few(term, rank))?,
                None => most,
            };
            labels.extend((0..count).rev().map(dots));
            rest = after;
        } else if c.is_ascii_alphabetic() {
            labels.push(c as Label);
            rest = &rest[1..];
        } else if c == ' ' {
            rest = &rest[1..];
        } else {
            return Err(format!(
                "invalid subscript '{c}' in '{term}', only letters are valid"
            ));
        }
    }
    match rank {
        Some(rank) if labels.len() != rank => Err(too_few(term, rank)),
        _ => Ok(labels),
    }
}

fn too_few(term: &str, rank: usize) -> String {
    format!("subscripts '{term}' do not fit an operand of {rank} dimensions")
}

/// Parses subscripts for operands of these ranks.
///
/// # Errors
/// What is wrong with them.
fn parse(subscripts: &str, ranks: &[usize]) -> Result<Contraction, String> {
    let (inputs, output) = match subscripts.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (subscripts, None),
    };
    let terms: Vec<_> = inputs.split(',').collect();
    if terms.len() != ranks.len() {
        return Err(format!(
            "has subscripts of {} operands and {} operands",
            terms.len(),
            ranks.len()
        ));
    }
    let inputs = terms
        .iter()
        .zip(ranks)
        .map(|(term, &rank)| parse_term(term, Some(rank), 0));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let most = inputs
        .iter()
        .map(|labels| labels.iter().filter(|&&l| l >= dots(0)).count());
    let most = most.max().unwrap_or(0);
    let output = match output {
        Some(output) => parse_term(output, None, most)?,
        None => {
            let all: Vec<_> = inputs.iter().flatten().copied().collect();
            let once = |label: &Label| all.iter().filter(|l| *l == label).count() == 1;
            let mut letters: Vec<_> = all
                .iter()
                .copied()
                .filter(|l| *l < dots(0) && once(l))
                .collect();
            letters.sort_unstable();
            (0..most).rev().map(dots).chain(letters).collect()
        }
    };
    for (i, label) in output.iter().enumerate() {
        let name = char::from_u32(*label).unwrap_or('.');
        if output[..i].contains(label) {
            return Err(format!("the result has subscript '{name}' twice"));
        }
        if *label < dots(0) && !inputs.iter().flatten().any(|l| l == label) {
            return Err(format!(
                "the result has subscript '{name}', which no operand has"
            ));
        }
    }
    if most > 0 && !output.contains(&dots(0)) {
        return Err("the result must have the ellipsis of the operands".to_string());
    }
    Ok(Contraction {
        inputs,
        output,
        broadcasts: true,
    })
}

/// The multiplications of a contraction of so many operands: the product of the sizes of all letters.
pub(crate) fn multiplications(
    attrs: Attribute<'_>,
    operands: usize,
    sizes: impl Fn(usize) -> Vec<f64>,
) -> f64 {
    let subscripts = attrs.dict_get("subscripts").and_then(Str::decode);
    let shapes: Vec<_> = (0..operands).map(sizes).collect();
    let ranks: Vec<_> = shapes.iter().map(Vec::len).collect();
    let Ok(all) = parse(&subscripts.unwrap_or_default(), &ranks) else {
        return f64::INFINITY;
    };
    let of_label = |label: &Label| {
        let own = all.inputs.iter().zip(&shapes);
        let own = own.flat_map(|(labels, shape)| labels.iter().zip(shape));
        let own = own.filter(|(l, _)| *l == label);
        own.fold(1.0, |most: f64, (_, &size)| most.max(size))
    };
    all.loops().iter().map(of_label).product()
}

/// For each dimension of the result the dimensions of operands that are labelled so, as operand and axis; `None` where the
/// subscripts do not fit operands of these ranks.
pub(crate) fn labelled(attrs: Attribute<'_>, ranks: &[usize]) -> Option<Vec<Vec<(usize, usize)>>> {
    let subscripts = attrs.dict_get("subscripts").and_then(Str::decode)?;
    let all = parse(&subscripts, ranks).ok()?;
    let of_label = |label: &Label| {
        let operands = all.inputs.iter().enumerate();
        let axes = operands.flat_map(|(operand, labels)| {
            let labels = labels.iter().enumerate();
            labels.map(move |(axis, own)| (own, (operand, axis)))
        });
        axes.filter(|(own, _)| *own == label)
            .map(|(_, place)| place)
            .collect()
    };
    Some(all.output.iter().map(of_label).collect())
}

impl InferTypes for Einsum<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let types: Vec<_> = cx.operands.iter().map(|v| v.ty()).collect();
        let first = *types.first().ok_or("needs at least one operand")?;
        types.iter().try_for_each(|ty| same_elements(first, *ty))?;
        let subscripts = cx
            .attr("subscripts")
            .and_then(Str::decode)
            .unwrap_or_default();
        let ranks: Vec<_> = types.iter().map(|ty| ty.rank()).collect();
        let contraction = parse(&subscripts, &ranks)?;
        let shapes: Vec<_> = types.iter().map(|ty| ty.dims()).collect();
        Ok(vec![
            cx.ctx.tensor(&contraction.infer(&shapes)?, first.element()),
        ])
    }
}

verify_declared!(Einsum);

/// The op.
pub fn ops() -> Vec<OpDef> {
    vec![Einsum::def()]
}

/// Its conversion to the tensor level: contractions of at most two arrays.
pub fn lowerings() -> Vec<ConversionPattern> {
    vec![ConversionPattern::new(Einsum::NAME, |op, cx, rw| {
        let Some(dtype) = DType::of(op.operand(0).ty()) else {
            return no_match("not an array");
        };
        let subscripts = op
            .attr("subscripts")
            .and_then(Str::decode)
            .unwrap_or_default();
        let ranks: Vec<_> = cx.operands.iter().map(|v| v.ty().rank()).collect();
        let contraction = parse(&subscripts, &ranks).map_err(NoMatch::new)?;
        let value = contract_all(rw, Einsum::NAME, dtype, cx.operands, &contraction);
        lowering::replace(rw, op, cx, value)
    })]
}

/// What a size that is not known counts as when orders are compared.
const UNKNOWN: f64 = 64.0;

/// A contraction of any number of arrays, in pairs.
pub(crate) fn contract_all<'c>(
    rw: Rewriter<'c>,
    name: &str,
    dtype: DType,
    values: &[Val<'c>],
    all: &Contraction,
) -> Val<'c> {
    let mut terms: Vec<_> = values
        .iter()
        .copied()
        .zip(all.inputs.iter().cloned())
        .collect();
    while terms.len() > 2 {
        let (i, j) = cheapest(&terms, &all.output);
        let (b, a) = (terms.remove(j), terms.remove(i));
        let needed = |label: &Label| {
            all.output.contains(label) || terms.iter().any(|(_, labels)| labels.contains(label))
        };
        let mut output: Vec<Label> = Vec::new();
        for label in a.1.iter().chain(&b.1) {
            if needed(label) && !output.contains(label) {
                output.push(*label);
            }
        }
        let pair = Contraction {
            inputs: vec![a.1, b.1],
            output: output.clone(),
            broadcasts: all.broadcasts,
        };
        terms.push((pair.lower(rw, name, dtype, &[a.0, b.0]), output));
    }
    let (values, inputs): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
    let last = Contraction {
        inputs,
        output: all.output.clone(),
        broadcasts: all.broadcasts,
    };
    last.lower(rw, name, dtype, &values)
}

/// The pair of terms with the fewest multiplications, and of those the one with the smallest result.
fn cheapest(terms: &[(Val<'_>, Vec<Label>)], output: &[Label]) -> (usize, usize) {
    let size = |label: &Label| {
        let sizes = terms.iter().flat_map(|(value, labels)| {
            let dims = value.ty().dims();
            let own = labels.iter().zip(dims).filter(|(l, _)| *l == label);
            own.map(|(_, n)| if n == DYNAMIC { UNKNOWN } else { n as f64 })
                .collect::<Vec<_>>()
        });
        sizes.fold(1.0, f64::max)
    };
    let cost = |i: usize, j: usize| {
        let (mut work, mut result) = (1.0, 1.0);
        let mut seen: Vec<Label> = Vec::new();
        for label in terms[i].1.iter().chain(&terms[j].1) {
            if seen.contains(label) {
                continue;
            }
            seen.push(*label);
            work *= size(label);
            let others = terms.iter().enumerate().filter(|(k, _)| *k != i && *k != j);
            if output.contains(label) || others.into_iter().any(|(_, (_, l))| l.contains(label)) {
                result *= size(label);
            }
        }
        (work, result)
    };
    let mut best = (0, 1);
    for j in 1..terms.len() {
        for i in 0..j {
            if cost(i, j) < cost(best.0, best.1) {
                best = (i, j);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscripts_are_parsed() {
        let matmul = parse("ij,jk", &[2, 2]).unwrap();
        assert_eq!(matmul, parse("ij, jk -> ik", &[2, 2]).unwrap());
        let stack = parse("...ij,jk->...ik", &[4, 2]).unwrap();
        assert_eq!(stack.inputs[0][..2], [dots(1), dots(0)]);
        assert_eq!(stack.output.len(), 4);
        assert!(parse("ii", &[2]).unwrap().output.is_empty());
        for (bad, why) in [
            ("ij,jk", "operands"),
            ("i?", "invalid subscript '?'"),
            ("ijk", "do not fit an operand of 2 dimensions"),
            ("ij->ii", "twice"),
            ("ij->k", "which no operand has"),
            ("...->", "must have the ellipsis"),
        ] {
            let error = parse(bad, &[2]).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
