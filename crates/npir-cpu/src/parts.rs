//! A large program in the LLVM dialect taken apart into several, for which code can be generated independently.
//!
//! Each function with a body goes to one part; another part that calls it gets its declaration. Constants are repeated
//! in every part that reads them, except large ones. How a program is divided depends on the program alone, so that
//! the object is the same on every machine.

use crate::codegen::ENTRY_PREFIX;
use melior::StringRef;
use melior::ir::attribute::{
    Attribute, AttributeLike as _, FlatSymbolRefAttribute, StringAttribute,
};
use melior::ir::block::BlockLike as _;
use melior::ir::operation::{
    Operation, OperationBuilder, OperationLike as _, OperationRef, WalkOrder, WalkResult,
};
use melior::ir::{Identifier, Module, Region};
use mlir_sys::{
    mlirAttributeIsADenseElements, mlirElementsAttrGetNumElements, mlirIdentifierEqual,
    mlirOperationGetRegion, mlirRegionGetFirstBlock,
};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Operations in a part, on average: at most and at least. Each part costs about as much as 300 operations: a context,
/// a code generator, tables.
const LARGEST: usize = 10_000;
const SMALLEST: usize = 1_000;

/// Elements of a constant that is not repeated.
const LARGE: i64 = 64;

/// What a part has in common with the others.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The functions and constants that are defined in one part and used in another one.
    pub(crate) shared: HashSet<String>,
    /// Whether there are other parts.
    pub(crate) has_others: bool,
}

/// A part as a module of its own.
pub(crate) struct OwnedPart<'c> {
    pub(crate) module: Module<'c>,
    pub(crate) part: Part,
}

/// A symbol of the program.
struct Symbol<'c, 'a> {
    op: OperationRef<'c, 'a>,
    kind: Kind,
    /// The symbols that it mentions.
    mentions: BTreeSet<String>,
    /// Its operations.
    size: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A function with a body, or a large constant: it is in one part.
    Single,
    /// A declaration, or a constant.
    Repeated,
}

/// The parts of `module`; none where it is small, has no entry point, or holds something else than functions and
/// constants.
pub(crate) fn parts<'c>(module: &Module<'c>) -> Vec<OwnedPart<'c>> {
    divide(module).unwrap_or_default()
}

fn divide<'c>(module: &Module<'c>) -> Option<Vec<OwnedPart<'c>>> {
    let body = module.body();
    let mut symbols = HashMap::new();
    let mut order = Vec::new();
    let mut next = body.first_operation();
    while let Some(op) = next {
        next = op.next_in_block();
        let name = text(op.attribute("sym_name").ok()?)?;
        order.push(name.clone());
        symbols.insert(name, symbol(op)?);
    }
    let singles = order.iter().filter(|n| symbols[*n].kind == Kind::Single);
    let singles: Vec<(&str, usize)> = singles.map(|n| (n.as_str(), symbols[n].size)).collect();
    let groups = balanced(&singles, count(singles.iter().map(|(_, size)| size).sum()));
    if groups.len() < 2 || !order.iter().any(|name| name.starts_with(ENTRY_PREFIX)) {
        return None;
    }
    let homes: HashMap<&str, usize> = (groups.iter().enumerate())
        .flat_map(|(i, group)| group.iter().map(move |name| (*name, i)))
        .collect();
    // All that a group mentions, also through repeated constants.
    let needed: Vec<BTreeSet<&str>> = groups
        .iter()
        .map(|group| {
            let mut found = BTreeSet::new();
            let mut open: Vec<&str> = group.clone();
            while let Some(name) = open.pop() {
                for other in &symbols.get(name)?.mentions {
                    let is_new = found.insert(other.as_str());
                    if is_new && symbols.get(other)?.kind == Kind::Repeated {
                        open.push(other);
                    }
                }
            }
            Some(found)
        })
        .collect::<Option<_>>()?;
    let mut shared = HashSet::new();
    for (i, names) in needed.iter().enumerate() {
        let elsewhere = names
            .iter()
            .filter(|n| homes.get(*n).is_some_and(|h| *h != i));
        shared.extend(elsewhere.map(|n| (*n).to_owned()));
    }
    let parts = groups.iter().zip(&needed).enumerate();
    parts
        .map(|(i, (group, needed))| {
            let part = Module::new(module.as_operation().location());
            let here = |name: &str| homes.get(name).is_none_or(|home| *home == i);
            for name in needed.iter().filter(|name| !group.contains(name)) {
                let op = symbols[*name].op;
                let op = if here(name) {
                    copy(op)
                } else {
                    declaration(op)?
                };
                part.body().append_operation(op);
            }
            for name in group {
                part.body().append_operation(copy(symbols[*name].op));
            }
            Some(OwnedPart {
                module: part,
                part: Part {
                    shared: shared.clone(),
                    has_others: true,
                },
            })
        })
        .collect()
}

/// Parts of a program of that many operations: a power of two as long as it is not large, for processors have powers of
/// two of cores, and equal parts for all of them take the least time.
fn count(size: usize) -> usize {
    match size / SMALLEST {
        0 => 1,
        n => (1 << n.ilog2().min(2)).max(size.div_ceil(LARGEST)),
    }
}

/// Names in `count` groups whose sizes are as equal as can be: the largest first, each to the group that has least
/// (longest processing time first: Graham, "Bounds on multiprocessing timing anomalies", 1969).
fn balanced<'n>(names: &[(&'n str, usize)], count: usize) -> Vec<Vec<&'n str>> {
    let mut by_size: Vec<usize> = (0..names.len()).collect();
    by_size.sort_by_key(|&i| Reverse(names[i].1));
    let mut groups = vec![(0, Vec::new()); count];
    for i in by_size {
        if let Some(least) = groups.iter_mut().min_by_key(|(size, _)| *size) {
            least.0 += names[i].1;
            least.1.push(i);
        }
    }
    let groups = groups.into_iter().filter(|(_, group)| !group.is_empty());
    groups
        .map(|(_, mut group)| {
            group.sort_unstable();
            group.into_iter().map(|i| names[i].0).collect()
        })
        .collect()
}

fn symbol<'c, 'a>(op: OperationRef<'c, 'a>) -> Option<Symbol<'c, 'a>> {
    let context = op.location().context();
    let name = op.name();
    let kind = match name.as_string_ref().as_str().ok()? {
        "llvm.func" if has_body(op) => Kind::Single,
        "llvm.func" => Kind::Repeated,
        "llvm.mlir.global" if !op.has_attribute("constant") => return None,
        "llvm.mlir.global" => match op.attribute("value") {
            Ok(value) if is_large(value) => Kind::Single,
            _ => Kind::Repeated,
        },
        _ => return None,
    };
    // SAFETY: the context is that of the op, which is alive.
    let context = unsafe { context.to_ref() };
    let [call, address] = ["llvm.call", "llvm.mlir.addressof"].map(|n| Identifier::new(context, n));
    let (mut mentions, mut size) = (BTreeSet::new(), 0);
    op.walk(WalkOrder::PreOrder, |inner| {
        size += 1;
        let name = inner.name();
        let list = if is(name, call) {
            "callee"
        } else if is(name, address) {
            "global_name"
        } else {
            return WalkResult::Advance;
        };
        let symbol = inner.attribute(list).ok();
        let symbol = symbol.and_then(|a| FlatSymbolRefAttribute::try_from(a).ok());
        mentions.extend(symbol.map(|s| s.value().to_owned()));
        WalkResult::Advance
    });
    Some(Symbol {
        op,
        kind,
        mentions,
        size,
    })
}

fn has_body(function: OperationRef<'_, '_>) -> bool {
    // SAFETY: the op is alive; a function has one region, whose first block is null without a body.
    unsafe {
        let body = mlirOperationGetRegion(function.to_raw(), 0);
        !mlirRegionGetFirstBlock(body).ptr.is_null()
    }
}

fn is(a: Identifier<'_>, b: Identifier<'_>) -> bool {
    // SAFETY: both are alive.
    unsafe { mlirIdentifierEqual(a.to_raw(), b.to_raw()) }
}

fn text(attribute: Attribute<'_>) -> Option<String> {
    let text = StringAttribute::try_from(attribute).ok()?;
    Some(text.value().to_owned())
}

fn is_large(value: Attribute<'_>) -> bool {
    // SAFETY: the attribute is alive, and asked for its elements only if it has some.
    unsafe {
        mlirAttributeIsADenseElements(value.to_raw())
            && mlirElementsAttrGetNumElements(value.to_raw()) > LARGE
    }
}

fn copy<'c>(op: OperationRef<'c, '_>) -> Operation<'c> {
    // What the reference refers to is copied, not the reference.
    Operation::clone(&op)
}

/// The declaration of a function or constant.
fn declaration<'c>(op: OperationRef<'c, '_>) -> Option<Operation<'c>> {
    let context = op.location().context();
    // SAFETY: the context is that of the op, which is alive.
    let context = unsafe { context.to_ref() };
    let external = Attribute::parse(context, "#llvm.linkage<external>")?;
    let attributes: Vec<_> = op
        .attributes()
        .filter(|(name, _)| {
            let name = name.as_string_ref();
            !matches!(name.as_str(), Ok("value" | "linkage" | "sym_visibility"))
        })
        .chain([(Identifier::new(context, "linkage"), external)])
        .collect();
    let name = op.name();
    let name: StringRef<'_> = name.as_string_ref();
    OperationBuilder::new(name.as_str().ok()?, op.location())
        .add_attributes(&attributes)
        .add_regions([Region::new()])
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What takes the time is the largest part: a third of a program on one of two processors is a third too much.
    #[test]
    fn parts_are_equally_large_and_keep_the_order() {
        let sizes = [
            329, 45, 71, 210, 137, 68, 177, 477, 42, 168, 83, 76, 228, 400,
        ];
        let names: Vec<String> = (0..sizes.len()).map(|i| format!("{i:02}")).collect();
        let names: Vec<(&str, usize)> = names.iter().map(|n| &**n).zip(sizes).collect();
        let total: usize = sizes.iter().sum();
        for count in 1..=4 {
            let groups = balanced(&names, count);
            assert_eq!(groups.len(), count);
            let size = |name: &str| sizes[name.parse::<usize>().expect("a number")];
            for group in &groups {
                assert!(group.is_sorted());
                let size: usize = group.iter().map(|name| size(name)).sum();
                assert!(
                    size.abs_diff(total / count) * 10 <= total / count,
                    "{groups:?}"
                );
            }
            let mut all = groups.concat();
            all.sort_unstable();
            assert_eq!(all, names.iter().map(|n| n.0).collect::<Vec<_>>());
        }
        assert_eq!(balanced(&names[..1], 4).len(), 1, "no part is empty");
    }

    #[test]
    fn small_programs_are_whole_and_large_ones_are_in_parts_of_bounded_size() {
        let counts = [0, 1_999, 2_000, 3_999, 4_000, 40_000, 40_001, 95_000].map(count);
        assert_eq!(counts, [1, 1, 2, 2, 4, 4, 5, 10]);
    }
}
