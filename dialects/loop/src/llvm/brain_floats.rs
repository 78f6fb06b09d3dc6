//! `bf16` values as the 16-bit integers that they are stored as.
//!
//! All arithmetic on them is integer code or `f32` by now; what is left moves them. LLVM's x86 backend carries a
//! `bfloat` from block to block as a `float`, and converts it back with an instruction that flushes subnormals
//! (`vcvtneps2bf16`, AVX512-BF16). So LLVM sees integers.

use std::collections::HashMap;

use npir_mlir::prelude::*;

/// Ops that only move values, whatever their type.
const MOVES: &[&str] = &[
    "llvm.br",
    "llvm.call",
    "llvm.cond_br",
    "llvm.extractelement",
    "llvm.extractvalue",
    "llvm.freeze",
    "llvm.insertelement",
    "llvm.insertvalue",
    "llvm.intr.masked.gather",
    "llvm.intr.masked.load",
    "llvm.intr.masked.scatter",
    "llvm.intr.masked.store",
    "llvm.intr.vector.extract",
    "llvm.intr.vector.insert",
    "llvm.load",
    "llvm.mlir.poison",
    "llvm.mlir.undef",
    "llvm.mlir.zero",
    "llvm.return",
    "llvm.select",
    "llvm.shufflevector",
    "llvm.store",
    "llvm.switch",
];

/// Turns the `bf16` values of an LLVM function into integers. Ops that compute with them get and give casts.
pub(super) fn to_integers<'c>(rw: Rewriter<'c>, function: Op<'c>) {
    let mut changed: HashMap<usize, Type<'c>> = HashMap::new();
    let mut retype = |value: Val<'c>| {
        let old = value.ty();
        if let Some(new) = integer_type(old) {
            value.set_ty(new);
            changed.insert(value.key(), old);
        }
    };
    let (mut casts, mut others) = (Vec::new(), Vec::new());
    let blocks = function.region(0).blocks();
    for block in &blocks {
        block.args().into_iter().for_each(&mut retype);
        for op in block.ops() {
            if MOVES.contains(&op.name()) {
                op.result_values().into_iter().for_each(&mut retype);
            } else if op.name() == "llvm.bitcast" {
                op.result_values().into_iter().for_each(&mut retype);
                casts.push(op);
            } else {
                others.push(op);
            }
        }
    }
    let is_float = |value: Val<'c>| integer_type(value.ty()).is_some();
    for op in others {
        for i in 0..op.num_operands() {
            let operand = op.operand(i);
            if let Some(&float) = changed.get(&operand.key()) {
                rw.before(op);
                op.set_operand(i, bitcast(rw.at(op.loc()), operand, float));
            }
        }
        for result in op.result_values().into_iter().filter(|v| is_float(*v)) {
            let uses = result.uses();
            rw.after_value(result);
            if let Some(integer) = integer_type(result.ty()) {
                let value = bitcast(rw.at(op.loc()), result, integer);
                for u in uses {
                    u.op.set_operand(u.operand, value);
                }
            }
        }
    }
    for cast in casts {
        if cast.operand(0).ty() == cast.result_value(0).ty() {
            rw.replace(cast, &[cast.operand(0)]);
        }
    }
    if let Some(entry) = blocks.first() {
        set_signature(function, *entry);
    }
}

fn bitcast<'c>(rw: Rewriter<'c>, value: Val<'c>, ty: Type<'c>) -> Val<'c> {
    rw.op("llvm.bitcast")
        .operands(&[value])
        .results(&[ty])
        .build_value()
}

/// The type with integers in place of `bf16`; `None` if there are none in it.
fn integer_type(ty: Type<'_>) -> Option<Type<'_>> {
    let ctx = ty.ctx();
    if ty.is_bf16() {
        return Some(ctx.i(16));
    }
    if ty.is_vector() {
        return ty.element().is_bf16().then(|| ty.with_element(ctx.i(16)));
    }
    if let Some(members) = ty.llvm_struct_members() {
        let new: Vec<_> = members.iter().map(|m| integer_type(*m)).collect();
        return new.iter().any(Option::is_some).then(|| {
            let members: Vec<_> = new
                .iter()
                .zip(members)
                .map(|(n, m)| n.unwrap_or(m))
                .collect();
            ctx.llvm_struct(&members)
        });
    }
    let (n, element) = ty.llvm_array_parts()?;
    integer_type(element).map(|element| ctx.llvm_array(n, element))
}

fn set_signature<'c>(function: Op<'c>, entry: Blk<'c>) {
    let ctx = function.ctx();
    let Some(result) = function
        .attr("function_type")
        .and_then(|a| a.as_type())
        .and_then(|ty| ty.llvm_function_result())
    else {
        return;
    };
    let inputs: Vec<_> = entry.args().into_iter().map(ValExt::ty).collect();
    let result = integer_type(result).unwrap_or(result);
    let ty = ctx.llvm_function(result, &inputs);
    function.set_attr("function_type", ctx.type_attr(ty));
}
