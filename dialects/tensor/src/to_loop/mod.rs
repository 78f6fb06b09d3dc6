//! Pass `convert-tensor-to-loop`: structured computations on buffers become loop nests.

mod ascending;
mod combine;
mod fills;
mod forward;

use npir_loop::{Index, IteratorKind, Nest, NestParts};
use npir_mlir::prelude::*;
use std::collections::HashSet;

use crate::{ABSORBING, ASSOCIATIVE, Check, nest};
use combine::Combine;

/// Turns structured computations on buffers into loop nests.
///
/// `linalg.generic`, `linalg.fill` and `memref.copy` become `loop.nest`, with bounds taken from
/// the operands that define them; other linalg ops are left for upstream's passes. A fill that
/// only starts the accumulators of a reduction becomes the nest's `init`. A reduction marked
/// `tensor_ext.associative` gets a combine region. A nest whose result is only copied elsewhere
/// stores there itself. `tensor_ext.check` becomes `loop.check`.
#[pass(
    "convert-tensor-to-loop",
    dependent_dialects("arith", "memref", "loop")
)]
#[derive(Clone)]
pub struct ConvertTensorToLoop {
    #[statistic(name = "nests", description = "Loop nests built")]
    nests: Statistic,
}

impl Pass for ConvertTensorToLoop {
    fn run(&mut self, op: Op<'_>, _cx: &PassCx<'_>) -> PassResult {
        let (mut generics, mut others) = (Vec::new(), Vec::new());
        op.walk_ops(&mut |inner| {
            match inner.name() {
                "linalg.generic" => generics.push(inner),
                "linalg.fill" | "memref.copy" | Check::NAME => others.push(inner),
                _ => {}
            }
            Walk::Advance
        });
        let owned = OwnedRewriter::new(op.ctx());
        let rw = owned.get();
        // Reductions take the fills before them, so those come last.
        let mut taken: HashSet<usize> = HashSet::new();
        for generic in generics {
            match convert_generic(rw, generic) {
                Ok(fills) => taken.extend(fills),
                Err(message) => {
                    generic.emit_error(&message);
                    return Err(PassError::Reported);
                }
            }
            self.nests.add(1);
        }
        for other in others {
            if taken.contains(&other.key()) {
                continue;
            }
            rw.before(other);
            let rw = rw.at(other.loc());
            if let Some(check) = Check::cast(other) {
                npir_loop::runtime_ops::Check::build(
                    rw,
                    check.cond(),
                    check.kind(),
                    check.message(),
                    &check.args(),
                );
            } else if other.num_results() != 0 {
                other.emit_error("works on tensors; bufferize first");
                return Err(PassError::Reported);
            } else if other.name() == "linalg.fill" {
                let buffer = other.operand(1);
                if let Some(alloc) = fills::only_filled(buffer) {
                    rw.erase(other);
                    rw.erase(alloc);
                    continue;
                }
                nest::fill(rw, other.operand(0), buffer);
            } else if other.operand(0) != other.operand(1) {
                if forward::forward(rw, other) {
                    continue;
                }
                nest::copy(rw, other.operand(0), other.operand(1));
            }
            self.nests.add(1);
            rw.erase(other);
        }
        Ok(())
    }
}

/// Replaces a `linalg.generic` on buffers by a nest; returns the keys of the fills that went
/// into its `init`, which are erased too.
fn convert_generic<'c>(rw: Rewriter<'c>, op: Op<'c>) -> Result<Vec<usize>, String> {
    if op.num_results() != 0 {
        return Err("works on tensors; bufferize first".into());
    }
    let generic = Generic::of(op).ok_or("is malformed")?;
    let reduces = generic.iterators.contains(&IteratorKind::Reduction);
    // Looks at what is right before the op, where its bounds go.
    let start = if reduces {
        fills::starting_values(op, &generic.outs, &generic.ins)
    } else {
        None
    };
    rw.before(op);
    let rw = rw.at(op.loc());
    let bounds = generic.bounds(rw)?;

    let formals = generic.body.args();
    let mut mapping = IrMapping::new();
    let (mut ins, mut read) = (Vec::new(), Vec::new());
    for (i, &value) in generic.ins.iter().enumerate() {
        if !value.ty().is_memref() {
            mapping.map(formals[i], value);
        } else if formals[i].has_uses() {
            ins.push((value, generic.maps[i]));
            read.push(formals[i]);
        }
    }
    let out_formals = &formals[generic.ins.len()..];
    let out_maps = generic.maps[generic.ins.len()..].iter().copied();
    let outs: Vec<_> = generic.outs.iter().copied().zip(out_maps).collect();

    let (inits, fills) = start.unwrap_or_default();
    let combine = if reduces && op.attr(ASSOCIATIVE).is_some() {
        Combine::of(generic.body, generic.outs.len())
    } else {
        None
    };
    let parts = NestParts {
        bounds: &bounds,
        iterators: &generic.iterators,
        ins: &ins,
        outs: &outs,
        inits: &inits,
    };
    let body = |rw: Rewriter<'c>, ins: &[Val<'c>], accumulators: &[Val<'c>]| {
        let formals = read.iter().chain(out_formals);
        for (&formal, &actual) in formals.zip(ins.iter().chain(accumulators)) {
            mapping.map(formal, actual);
        }
        clone_body(rw, generic.body, mapping)
    };
    let nest = Nest::create(
        rw,
        &parts,
        body,
        combine.as_ref().map(|c| -> npir_loop::Combine<'_, 'c> {
            Box::new(|rw, accumulators, parts| c.build(rw, accumulators, parts))
        }),
    );
    if nest.reassociates() {
        ascending::simplify(rw, nest);
    }
    for (name, value) in op.discardable_attrs() {
        match name {
            ASSOCIATIVE => {}
            ABSORBING if nest.reassociates() => nest.op().set_attr(Nest::ABSORBING, value),
            ABSORBING => {}
            _ => nest.op().set_attr(name, value),
        }
    }
    rw.erase(op);
    let keys = fills.iter().map(|f| f.key()).collect();
    for fill in fills {
        rw.erase(fill);
    }
    Ok(keys)
}

/// The parts of a `linalg.generic` on buffers.
struct Generic<'c> {
    ins: Vec<Val<'c>>,
    outs: Vec<Val<'c>>,
    maps: Vec<AffineMap<'c>>,
    iterators: Vec<IteratorKind>,
    body: Blk<'c>,
}

impl<'c> Generic<'c> {
    fn of(op: Op<'c>) -> Option<Self> {
        let segments = op.attr("operandSegmentSizes")?.as_int_array()?;
        let split = usize::try_from(*segments.first()?).ok()?;
        let operands = op.operand_values();
        let maps = op.attr("indexing_maps")?.as_array()?;
        let iterators = op.attr("iterator_types")?.as_array()?;
        let kind = |a: &Attribute<'c>| {
            if a.to_text().contains("parallel") {
                IteratorKind::Parallel
            } else {
                IteratorKind::Reduction
            }
        };
        Some(Generic {
            ins: operands.get(..split)?.to_vec(),
            outs: operands.get(split..)?.to_vec(),
            maps: maps
                .iter()
                .map(|m| m.as_affine_map())
                .collect::<Option<_>>()?,
            iterators: iterators.iter().map(kind).collect(),
            body: op.region(0).entry()?,
        })
    }

    /// The extents of the iteration dimensions: static where any operand says so.
    fn bounds(&self, rw: Rewriter<'c>) -> Result<Vec<OpFold<'c>>, String> {
        let mut sources: Vec<Vec<(Val<'c>, usize)>> = vec![Vec::new(); self.iterators.len()];
        for (&value, &map) in self.ins.iter().chain(&self.outs).zip(&self.maps) {
            if !value.ty().is_memref() {
                continue;
            }
            for r in 0..map.result_count() {
                let plain = map.result(r).ok().filter(|e| e.is_dim());
                if let Some(expr) = plain {
                    sources[expr.dim_position()].push((value, r));
                }
            }
        }
        let bound = |(d, sources): (usize, &Vec<(Val<'c>, usize)>)| {
            let fixed = sources
                .iter()
                .map(|&(v, r)| v.ty().dims()[r])
                .find(|&n| n != DYNAMIC);
            match (fixed, sources.first()) {
                (Some(n), _) => Ok(OpFold::Static(n)),
                (None, Some(&(v, r))) => Ok(nest::buffer_extent(rw, v, r)),
                (None, None) => Err(format!("has no operand that defines dimension {d}")),
            }
        };
        sources.iter().enumerate().map(bound).collect()
    }
}

/// Clones a body into a nest; returns what it yields.
fn clone_body<'c>(rw: Rewriter<'c>, body: Blk<'c>, mut mapping: IrMapping<'c>) -> Vec<Val<'c>> {
    let index = |rw: Rewriter<'c>, op: Op<'c>| {
        let d = op.attr("dim").and_then(|a| a.as_int()).unwrap_or(0);
        Index::create(rw, d as usize)
    };
    for op in body.ops() {
        match op.name() {
            "linalg.yield" => {
                let values = op.operand_values();
                return values.into_iter().map(|v| mapping.lookup(v)).collect();
            }
            "linalg.index" => mapping.map(op.result_value(0), index(rw, op)),
            _ => {
                let new = rw.at(op.loc()).clone_with(op, &mut mapping);
                for nested in new.find_all("linalg.index") {
                    let value = rw.scoped(|rw| {
                        rw.before(new);
                        index(rw, nested)
                    });
                    rw.replace(nested, &[value]);
                }
            }
        }
    }
    Vec::new()
}
