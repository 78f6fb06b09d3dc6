//! What the values of a scalar body look like across the lanes of a vector, and which
//! ops have a vector form. The vectorizer follows these rules; the scheduler asks
//! before it chooses lanes.

use crate::access::{Stride, element_bits, strides};
use crate::nest::{Index, Nest};
use crate::schedule::IteratorKind;
use npir_mlir::prelude::*;
use std::collections::{HashMap, HashSet};

/// A value across lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The same on every lane.
    Uniform,
    /// One more on each lane than on the one before.
    Step,
    /// Anything.
    Varying,
}

/// A `memref.load` or `memref.store` in a body.
#[derive(Clone, Copy)]
pub(crate) struct BodyAccess<'c> {
    pub(crate) memref: Val<'c>,
    /// How the address changes from lane to lane.
    pub(crate) form: Form,
    /// The dimension whose stride makes the address step by one element, where it
    /// depends on that stride alone.
    pub(crate) dim: Option<usize>,
    pub(crate) store: bool,
}

impl BodyAccess<'_> {
    /// Whether one vector instruction does it, given that likely strides come true.
    pub(crate) fn contiguous(&self) -> bool {
        match (self.form, self.dim) {
            (Form::Step, Some(dim)) => {
                matches!(
                    strides(self.memref)[dim],
                    Stride::Const(1 | -1) | Stride::LikelyUnit
                )
            }
            _ => false,
        }
    }
}

/// The memory that the body of `nest` accesses by itself, with lanes along `lanes`.
///
/// `varying` tells which inputs differ between lanes.
pub(crate) fn body_accesses<'c>(
    nest: Nest<'c>,
    lanes: usize,
    varying: &[bool],
) -> Vec<BodyAccess<'c>> {
    let body = nest.body_block();
    let mut forms: HashMap<usize, Form> = HashMap::new();
    for (i, arg) in body.args().into_iter().enumerate() {
        let form = if varying.get(i).copied().unwrap_or(true) {
            Form::Varying
        } else {
            Form::Uniform
        };
        forms.insert(arg.key(), form);
    }
    let mut accesses = Vec::new();
    for op in body.ops() {
        let operands: Vec<Form> = op
            .operand_values()
            .iter()
            .map(|v| forms.get(&v.key()).copied().unwrap_or(Form::Uniform))
            .collect();
        let form = match op.name() {
            name if name == Index::NAME => {
                if Index::axis_of(op) == lanes {
                    Form::Step
                } else {
                    Form::Uniform
                }
            }
            "memref.load" | "memref.store" => {
                let store = op.name() == "memref.store";
                let first = if store { 2 } else { 1 };
                let access = address(op.operand(first - 1), &operands[first..], store);
                accesses.push(access);
                if access.form == Form::Uniform {
                    Form::Uniform
                } else {
                    Form::Varying
                }
            }
            _ if operands.iter().all(|&form| form == Form::Uniform) => Form::Uniform,
            "arith.addi"
                if !operands.contains(&Form::Varying) && operands.contains(&Form::Uniform) =>
            {
                Form::Step
            }
            "arith.subi" if operands == [Form::Step, Form::Uniform] => Form::Step,
            "arith.index_cast" | "arith.index_castui"
                if operands == [Form::Step] && op.result_types()[0].bit_width() == 64 =>
            {
                Form::Step
            }
            _ => Form::Varying,
        };
        for result in op.result_values() {
            forms.insert(result.key(), form);
        }
    }
    accesses
}

fn address<'c>(memref: Val<'c>, indices: &[Form], store: bool) -> BodyAccess<'c> {
    let changing: Vec<usize> = (0..indices.len())
        .filter(|&dim| indices[dim] != Form::Uniform)
        .collect();
    let (form, dim) = match changing.as_slice() {
        [] => (Form::Uniform, None),
        [dim] if indices[*dim] == Form::Step => (Form::Step, Some(*dim)),
        _ => (Form::Varying, None),
    };
    BodyAccess {
        memref,
        form,
        dim,
        store,
    }
}

/// Whether the vectorizer has a form for `op` of a body: every op of `arith` and `math`
/// on integers, floats and indices, the parts of complex numbers, the index of an axis, and memory of
/// such elements.
pub fn is_vectorizable(op: Op<'_>) -> bool {
    let scalar = |ty: Type<'_>| ty.is_int() || ty.is_float() || ty.is_index();
    let number = |ty: Type<'_>| scalar(ty) || ty.is_complex();
    if op.num_regions() > 0 {
        return false;
    }
    match op.name() {
        name if name == Index::NAME => true,
        // Memory made inside the body has no strides that lanes could share.
        "memref.load" => op.operand(0).ty().is_memref() && number(op.result_types()[0]),
        "memref.store" => number(op.operand(0).ty()),
        "complex.re" | "complex.im" | "complex.create" | "complex.constant" => true,
        name if name.starts_with("arith.") || name.starts_with("math.") || name == "ub.poison" => {
            op.operand_types()
                .into_iter()
                .chain(op.result_types())
                .all(scalar)
        }
        _ => false,
    }
}

/// Whether all of a block but its terminator is.
pub(crate) fn block_vectorizable(block: Blk<'_>) -> bool {
    let ops = block.ops();
    let Some((_, ops)) = ops.split_last() else {
        return true;
    };
    ops.iter().all(|&op| is_vectorizable(op))
}

/// Whether `nest` accumulates complex numbers, for which there are no vectors: a reduction holds
/// their parts instead.
pub(crate) fn accumulates_complex(nest: Nest<'_>) -> bool {
    let mut outputs = nest.outputs().into_iter();
    let mut kinds = nest.iterator_kinds().into_iter();
    outputs.any(|out| out.ty().element().is_complex())
        && kinds.any(|kind| kind != IteratorKind::Parallel)
}

/// Bits of a number of one lane: of a complex number those of a part.
pub(crate) fn lane_bits(element: Type<'_>) -> i64 {
    if element.is_complex() {
        element_bits(element.complex_element())
    } else {
        element_bits(element)
    }
}

/// The widest number that a body handles on lanes, in bits; `i1` does not count. Of the body's arguments those in `same` are
/// the same at every point: they, and what follows from them alone, stay scalars.
pub(crate) fn widest_bits(body: Blk<'_>, same: &[bool]) -> i64 {
    let mut on_lanes: HashSet<usize> = HashSet::new();
    let mut widest = None;
    let mut put = |on_lanes: &mut HashSet<usize>, value: Val<'_>| {
        on_lanes.insert(value.key());
        let bits = lane_bits(value.ty().element());
        widest = widest.max((bits > 1).then_some(bits));
    };
    let args = body.args().into_iter().enumerate();
    for (_, arg) in args.filter(|(i, _)| same.get(*i) != Some(&true)) {
        put(&mut on_lanes, arg);
    }
    for op in body.ops() {
        let mut operands = op.operand_values().into_iter();
        if op.name() == Index::NAME || operands.any(|v| on_lanes.contains(&v.key())) {
            for result in op.result_values() {
                put(&mut on_lanes, result);
            }
        }
    }
    widest.unwrap_or(8)
}
