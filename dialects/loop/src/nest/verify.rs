//! What makes a `loop.nest` valid, beyond types and counts of its declaration.

use super::{Index, Nest, Yield};
use crate::forms::{accumulates_complex, is_vectorizable};
use crate::lower::versions::mergeable;
use crate::schedule::{IteratorKind, Schedule};
use npir_mlir::prelude::*;

type Check = Result<(), String>;

/// Operands, maps and schedule.
pub(super) fn verify(nest: Nest<'_>) -> Check {
    let rank = nest.rank();
    if let Some(bad) = nest
        .static_bounds()
        .iter()
        .find(|&&n| n < 0 && n != DYNAMIC)
    {
        return Err(format!("has the negative bound {bad}"));
    }
    let dynamic = nest
        .static_bounds()
        .iter()
        .filter(|&&n| n == DYNAMIC)
        .count();
    if nest.segment(0).len() != dynamic {
        return Err(format!(
            "has {dynamic} dynamic bounds, but {} values for them",
            nest.segment(0).len()
        ));
    }
    let kinds = nest.iterator_kinds();
    if kinds.len() != rank {
        return Err(format!("has {rank} bounds, but {} iterators", kinds.len()));
    }
    verify_maps(nest, &kinds)?;
    let (outs, inits) = (nest.outputs(), nest.initial_values());
    if !inits.is_empty() && inits.len() != outs.len() {
        return Err(format!(
            "has {} outputs, but {} initial values",
            outs.len(),
            inits.len()
        ));
    }
    for (i, (out, init)) in outs.iter().zip(&inits).enumerate() {
        if out.ty().element() != init.ty() {
            return Err(format!(
                "output {i} has elements of type {}, its initial value {}",
                out.ty().element(),
                init.ty()
            ));
        }
    }
    if let Some(absorbing) = nest.absorbing() {
        verify_absorbing(nest, absorbing, &kinds)?;
    }
    verify_block(nest, 0, "body", &body_types(nest))?;
    if nest.combine_block().is_some() {
        let elements: Vec<_> = outs.iter().map(|out| out.ty().element()).collect();
        verify_block(nest, 1, "combine", &[elements.clone(), elements].concat())?;
    }
    Ok(())
}

/// Where each output is accessed: the results of its map, with its number.
fn accesses_of_outputs<'c>(nest: Nest<'c>) -> impl Iterator<Item = (usize, Vec<AffineExpr<'c>>)> {
    let maps = nest.affine_maps().split_off(nest.inputs().len());
    maps.into_iter().map(map_results).enumerate()
}

/// A nest that may end early does nothing but accumulate.
fn verify_absorbing(nest: Nest<'_>, absorbing: Attribute<'_>, kinds: &[IteratorKind]) -> Check {
    if !nest.reassociates() {
        return Err("has `absorbing`, which needs `init` and a combine region".into());
    }
    let element = nest.outputs()[0].ty().element();
    if absorbing.as_int().is_none() || absorbing.attr_type() != element {
        return Err(format!(
            "output 0 has elements of type {element}, `absorbing` is {absorbing}"
        ));
    }
    for (out, results) in accesses_of_outputs(nest) {
        let changes = |axis: &usize| {
            kinds[*axis] != IteratorKind::Parallel
                && results.iter().any(|expr| expr.is_function_of_dim(*axis))
        };
        if let Some(axis) = (0..kinds.len()).find(changes) {
            return Err(format!(
                "has `absorbing`, but output {out} has an element for each point of axis {axis}"
            ));
        }
    }
    if nest.op().find_all("memref.store").is_empty() {
        Ok(())
    } else {
        Err("has `absorbing`, but stores in its body".into())
    }
}

fn body_types<'c>(nest: Nest<'c>) -> Vec<Type<'c>> {
    nest.inputs()
        .into_iter()
        .chain(nest.outputs())
        .map(|memref| memref.ty().element())
        .collect()
}

fn verify_maps(nest: Nest<'_>, kinds: &[IteratorKind]) -> Check {
    let rank = kinds.len();
    let (ins, outs, maps) = (nest.inputs(), nest.outputs(), nest.affine_maps());
    if maps.len() != ins.len() + outs.len() {
        return Err(format!(
            "has {} inputs and {} outputs, but {} maps",
            ins.len(),
            outs.len(),
            maps.len()
        ));
    }
    for (i, (memref, map)) in ins.iter().chain(&outs).zip(&maps).enumerate() {
        let output = i.checked_sub(ins.len());
        let name = output.map_or_else(|| format!("input {i}"), |out| format!("output {out}"));
        if map.dim_count() != rank || map.symbol_count() != 0 {
            return Err(format!(
                "the map of {name} must go from the {rank} axes, without symbols"
            ));
        }
        if map.result_count() != memref.ty().rank() {
            return Err(format!(
                "the map of {name} has {} results for a memref of rank {}",
                map.result_count(),
                memref.ty().rank()
            ));
        }
        if memref.ty().strides_and_offset().is_none() {
            return Err(format!(
                "{name} has a layout without strides, {}",
                memref.ty()
            ));
        }
        let independent = |axis: &usize| {
            kinds[*axis] == IteratorKind::Parallel
                && !map_results(*map)
                    .iter()
                    .any(|expr| expr.is_function_of_dim(*axis))
        };
        if let Some(axis) = output.and((0..rank).find(independent)) {
            return Err(format!(
                "axis {axis} is parallel, but all its points write the same element of {name}"
            ));
        }
    }
    Ok(())
}

fn verify_block(nest: Nest<'_>, region: usize, name: &str, types: &[Type<'_>]) -> Check {
    let Some(block) = nest.op().region(region).entry() else {
        return Err(format!("has no {name}"));
    };
    let args: Vec<Type<'_>> = block.args().iter().map(|arg| arg.ty()).collect();
    if args != types {
        return Err(format!(
            "expects the {name} to take {}, but it takes {}",
            list(types),
            list(&args)
        ));
    }
    Ok(())
}

fn list(types: &[Type<'_>]) -> String {
    let types: Vec<_> = types.iter().map(|ty| ty.to_string()).collect();
    format!("({})", types.join(", "))
}

/// The code in the regions, and the schedule against it.
pub(super) fn verify_regions(nest: Nest<'_>) -> Check {
    let results: Vec<Type<'_>> = nest
        .outputs()
        .iter()
        .map(|out| out.ty().element())
        .collect();
    for (region, name) in nest.op().regions().into_iter().zip(["body", "combine"]) {
        let Some(block) = region.entry() else {
            continue;
        };
        let yielded = block
            .ops()
            .last()
            .copied()
            .filter(|op| op.name() == Yield::NAME);
        let Some(yielded) = yielded else {
            return Err(format!("expects the {name} to end in {}", Yield::NAME));
        };
        if yielded.operand_types() != results {
            return Err(format!(
                "expects the {name} to yield {}, but it yields {}",
                list(&results),
                list(&yielded.operand_types())
            ));
        }
        if let Some(inner) = block
            .ops()
            .iter()
            .flat_map(|op| op.find_all(Nest::NAME))
            .next()
        {
            return Err(format!("expects no {} inside the {name}", inner.name()));
        }
    }
    match (nest.op().attr("schedule"), nest.schedule()) {
        (Some(_), Some(schedule)) => verify_schedule(nest, &schedule),
        _ => Ok(()),
    }
}

/// Whether `schedule` is valid for `nest`.
pub(crate) fn verify_schedule(nest: Nest<'_>, schedule: &Schedule) -> Check {
    let kinds = nest.iterator_kinds();
    schedule.verify(&kinds, nest.reassociates())?;
    let rank = kinds.len();
    if rank == 0 {
        return Ok(());
    }
    if schedule.vector > 1 {
        let blocks = [Some(nest.body_block()), nest.combine_block()];
        let ops = blocks.into_iter().flatten().flat_map(|block| {
            let mut ops = block.ops();
            ops.pop();
            ops
        });
        if let Some(op) = ops.into_iter().find(|&op| !is_vectorizable(op)) {
            return Err(format!(
                "schedule has vectors, but {} has no vector form",
                op.name()
            ));
        }
        if accumulates_complex(nest) {
            return Err("schedule has vectors, but accumulates complex numbers".into());
        }
    }
    if schedule.vector * schedule.unroll > 1 {
        verify_lanes(nest, schedule)?;
    }
    if schedule.collapse > 1 {
        let merged = &schedule.order[rank - schedule.collapse..];
        if merged
            .iter()
            .any(|&axis| !mergeable(kinds[axis], kinds[schedule.lanes]))
        {
            return Err("schedule collapses axes of different kinds".into());
        }
        let indices = nest
            .body_block()
            .ops()
            .into_iter()
            .flat_map(|op| op.find_all(Index::NAME));
        if let Some(axis) = indices
            .map(Index::axis_of)
            .find(|axis| merged.contains(axis))
        {
            return Err(format!(
                "schedule collapses axis {axis}, whose index the body reads"
            ));
        }
    }
    Ok(())
}

/// Partial accumulators in lanes live until the loop over lanes ends: what they
/// accumulate into must not change in a deeper loop.
fn verify_lanes(nest: Nest<'_>, schedule: &Schedule) -> Check {
    let lanes = schedule.lanes;
    let deeper = schedule
        .order
        .iter()
        .copied()
        .skip_while(|&axis| axis != lanes)
        .skip(1);
    let deeper: Vec<usize> = deeper.collect();
    for (out, results) in accesses_of_outputs(nest) {
        let changes = |axis: usize| results.iter().any(|expr| expr.is_function_of_dim(axis));
        if let Some(axis) = deeper
            .iter()
            .find(|&&axis| !changes(lanes) && changes(axis))
        {
            return Err(format!(
                "schedule reduces output {out} in lanes along axis {lanes}, outside the loop over its axis {axis}"
            ));
        }
    }
    Ok(())
}
