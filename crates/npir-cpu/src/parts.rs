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
use std::collections::{BTreeSet, HashMap, HashSet};

/// Operations in a part: at most and at least. Each part costs about as much as 300 operations: a context, a code
/// generator, tables.
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
    let total: usize = symbols.values().map(|s| s.size).sum();
    let part = (total / 4).clamp(SMALLEST, LARGEST);
    if total < 2 * part || !order.iter().any(|name| name.starts_with(ENTRY_PREFIX)) {
        return None;
    }
    let mut groups: Vec<Vec<&str>> = vec![Vec::new()];
    let (mut homes, mut size) = (HashMap::new(), 0);
    for name in order.iter().filter(|n| symbols[*n].kind == Kind::Single) {
        if size >= part {
            groups.push(Vec::new());
            size = 0;
        }
        size += symbols[name].size;
        homes.insert(name.as_str(), groups.len() - 1);
        groups.last_mut()?.push(name);
    }
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
