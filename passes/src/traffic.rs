//! How many kernels a program at the loop level has, and how many bytes they move from and to memory.
//!
//! A kernel is a nest, or what runs block by block on the same rows, with all that is in it: memory that it makes for itself
//! holds a block and stays in the cache, as does what it writes and then reads of the same block. Each other array that it reads or
//! writes counts once for reading and once for writing.
//! Kernels in a loop count as often as the loop runs.

use std::collections::{BTreeMap, HashSet};

use npir_loop::{Library, Nest};
use npir_mlir::prelude::*;

/// What a function does with memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Kernels, each as often as it runs where that is known.
    pub kernels: u64,
    /// Bytes read and written; `None` where sizes or the number of rounds of a loop are not known.
    pub bytes: Option<u64>,
    /// Bytes of the arguments that are read and of the results: what must be moved at least.
    pub least: Option<u64>,
}

impl Traffic {
    /// Moved bytes over those that must be moved.
    pub fn ratio(&self) -> Option<f64> {
        let (bytes, least) = (self.bytes?, self.least?);
        (least > 0).then(|| bytes as f64 / least as f64)
    }
}

impl std::fmt::Display for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kernels {
            1 => f.write_str("1 kernel")?,
            n => write!(f, "{n} kernels")?,
        }
        if let Some(bytes) = self.bytes {
            write!(f, ", {:.3} MB from and to memory", bytes as f64 / 1e6)?;
        }
        if let Some(ratio) = self.ratio() {
            write!(f, ", {ratio:.2} of what arguments and results have")?;
        }
        Ok(())
    }
}

/// The functions of a module at the loop level.
pub fn traffic<'c>(module: Op<'c>) -> Vec<(Op<'c>, Traffic)> {
    let functions = module.find_all("func.func").into_iter();
    let with_body = functions.filter_map(|function| {
        let body = function.region(0).entry()?;
        Some((function, of_function(body)))
    });
    with_body.collect()
}

fn of_function(body: Blk<'_>) -> Traffic {
    let mut found = of_block(body);
    let results = body
        .ops()
        .last()
        .map_or_else(Vec::new, |end| end.operand_values());
    // What is returned as it came is not written.
    let results = results.into_iter().filter(|value| {
        root(*value).parent_block() != Some(body) || root(*value).defining_op().is_some()
    });
    let read = body
        .args()
        .into_iter()
        .filter(|argument| argument.ty().is_memref() && argument.has_uses());
    found.least = read.chain(results).map(bytes).sum();
    found
}

/// The kernels of a block one after the other.
fn of_block(block: Blk<'_>) -> Traffic {
    let mut sum = Traffic {
        bytes: Some(0),
        ..Traffic::default()
    };
    for op in block.ops() {
        let own = of_op(op);
        sum.kernels += own.kernels;
        sum.bytes = sum.bytes.zip(own.bytes).map(|(a, b)| a + b);
    }
    sum
}

fn of_op(op: Op<'_>) -> Traffic {
    let nothing = Traffic {
        bytes: Some(0),
        ..Traffic::default()
    };
    match op.name() {
        "scf.for" => {
            let inside = op.region(0).entry().map_or(nothing, of_block);
            if inside.kernels == 0 {
                return nothing;
            }
            let rounds = rounds(op);
            Traffic {
                kernels: inside.kernels * rounds.unwrap_or(1),
                bytes: inside.bytes.zip(rounds).map(|(bytes, n)| bytes * n),
                least: None,
            }
        }
        // One of the ways is taken: the longer one counts.
        "scf.if" => {
            let ways = op.regions().into_iter().filter_map(|region| region.entry());
            ways.map(of_block)
                .max_by_key(|way| (way.bytes.unwrap_or(u64::MAX), way.kernels))
                .unwrap_or(nothing)
        }
        "scf.while" => {
            let parts = op.regions().into_iter().filter_map(|region| region.entry());
            let kernels = parts.map(|part| of_block(part).kernels).sum();
            Traffic {
                kernels,
                bytes: (kernels == 0).then_some(0),
                least: None,
            }
        }
        "memref.copy" => Traffic {
            kernels: 1,
            bytes: bytes(op.operand(0))
                .zip(bytes(op.operand(1)))
                .map(|(a, b)| a + b),
            least: None,
        },
        _ if is_kernel(op) => Traffic {
            kernels: 1,
            bytes: of_kernel(op),
            least: None,
        },
        _ => nothing,
    }
}

/// Whether an op computes on whole arrays: a nest, rows, a function of the library.
fn is_kernel(op: Op<'_>) -> bool {
    let has_nest = op.num_regions() > 0 && !op.find_all(Nest::NAME).is_empty();
    let takes_arrays = || {
        op.operand_values()
            .iter()
            .any(|value| value.ty().is_memref())
    };
    let is_call = matches!(op.name(), "func.call" | Library::NAME) && takes_arrays();
    op.name() == Nest::NAME || has_nest || is_call
}

/// What a kernel reads or writes of the memory of one array: its bytes, and the views of it.
#[derive(Default)]
struct Touched {
    all: Option<u64>,
    views: BTreeMap<usize, Option<u64>>,
}

impl Touched {
    /// Bytes of the views, which overlap where they are more than the array.
    fn bytes(&self) -> Option<u64> {
        let seen = self.views.values().copied().sum::<Option<u64>>();
        match (seen, self.all) {
            (Some(seen), Some(all)) => Some(seen.min(all)),
            (seen, all) => seen.or(all),
        }
    }
}

/// Bytes of the arrays from outside that a kernel reads and writes.
fn of_kernel(kernel: Op<'_>) -> Option<u64> {
    let mut arrays: BTreeMap<(usize, bool), Touched> = BTreeMap::new();
    // Parts that have been written for the same block: they are in the cache.
    let mut made = HashSet::new();
    let mut note = |value: Val<'_>, writes: bool| {
        let of_block = value.defining_op().is_some_and(|op| op.is_within(kernel));
        match writes {
            true if of_block => drop(made.insert(value.key())),
            false if made.contains(&value.key()) => return,
            _ => {}
        }
        let source = outside(value, kernel);
        if !source.ty().is_memref() || source.defining_op().is_some_and(|op| op.is_within(kernel)) {
            return;
        }
        let memory = root(source);
        let touched = arrays.entry((memory.key(), writes)).or_default();
        touched.all = bytes(memory);
        touched.views.insert(source.key(), bytes(source));
    };
    let mut visit = |op: Op<'_>| {
        if let Some(nest) = Nest::cast(op) {
            nest.inputs()
                .into_iter()
                .for_each(|value| note(value, false));
            nest.outputs()
                .into_iter()
                .for_each(|value| note(value, true));
        }
        match op.name() {
            "memref.load" => note(op.operand(0), false),
            "memref.store" => note(op.operand(1), true),
            "memref.copy" => {
                note(op.operand(0), false);
                note(op.operand(1), true);
            }
            "func.call" | Library::NAME => {
                op.operand_values()
                    .into_iter()
                    .for_each(|value| note(value, false));
            }
            _ => {}
        }
    };
    visit(kernel);
    kernel.walk_ops(&mut |inner| {
        if inner.key() != kernel.key() {
            visit(inner);
        }
        Walk::Advance
    });
    arrays.values().map(Touched::bytes).sum()
}

/// The value outside of `kernel` that a view inside of it shows.
fn outside<'c>(mut value: Val<'c>, kernel: Op<'_>) -> Val<'c> {
    while let Some(op) = value.defining_op()
        && op.is_within(kernel)
        && is_view(op)
    {
        value = op.operand(0);
    }
    value
}

/// The memory that a value is or shows.
fn root(mut value: Val<'_>) -> Val<'_> {
    while let Some(op) = value.defining_op().filter(|op| is_view(*op)) {
        value = op.operand(0);
    }
    value
}

/// How often a loop runs.
fn rounds(op: Op<'_>) -> Option<u64> {
    let number = |i: usize| op.operand(i).constant_attr()?.as_int();
    let (from, to, step) = (number(0)?, number(1)?, number(2)?);
    u64::try_from((to - from).max(0))
        .ok()
        .map(|n| n.div_ceil(step.max(1) as u64))
}

/// Bytes of an array, or of what a view shows of one.
fn bytes(value: Val<'_>) -> Option<u64> {
    let ty = value.ty();
    if !ty.is_memref() {
        return Some(0);
    }
    let sizes = ty.dims().into_iter().map(|dim| u64::try_from(dim).ok());
    let elements = sizes.product::<Option<u64>>()?;
    Some(elements * ty.element().bit_width().div_ceil(8) as u64)
}
