//! Complex numbers that a loop carries, as two real ones: those stay in vector registers.

use npir_mlir::prelude::*;

const PARTS: [&str; 2] = ["complex.re", "complex.im"];

fn part<'c>(rw: Rewriter<'c>, name: &str, value: Val<'c>) -> Val<'c> {
    let ty = value.ty().complex_element();
    rw.op(name).operands(&[value]).results(&[ty]).build_value()
}

fn joined<'c>(rw: Rewriter<'c>, ty: Type<'c>, parts: &[Val<'c>]) -> Val<'c> {
    let create = rw.op("complex.create").operands(parts);
    create.results(&[ty]).build_value()
}

/// Arrays with those of complex numbers in two.
pub(super) fn split_arrays<'c>(rw: Rewriter<'c>, arrays: &[Val<'c>]) -> Vec<Val<'c>> {
    let mut split = Vec::new();
    for &array in arrays {
        if !array.ty().element().is_complex() {
            split.push(array);
            continue;
        }
        let sizes: Vec<_> = (0..array.ty().rank())
            .map(|d| rw.dim_fold(array, d))
            .collect();
        let fill = array.defining_op().filter(|op| op.name() == "linalg.fill");
        for name in PARTS {
            let empty = rw.tensor_empty_of(&sizes, array.ty().element().complex_element());
            split.push(match fill {
                Some(fill) => {
                    let number = part(rw, name, fill.operand(0));
                    rw.linalg_fill(number, empty)
                }
                None => elementwise(rw, &[array], empty, |rw, args| part(rw, name, args[0])),
            });
        }
    }
    split
}

/// Arrays of the types of `like` from what [`split_arrays`] makes of such.
pub(super) fn join_arrays<'c>(
    rw: Rewriter<'c>,
    like: &[Val<'c>],
    split: &[Val<'c>],
) -> Vec<Val<'c>> {
    let mut rest = split;
    let mut arrays = Vec::new();
    for array in like {
        let element = array.ty().element();
        if !element.is_complex() {
            arrays.push(rest[0]);
            rest = &rest[1..];
            continue;
        }
        let sizes: Vec<_> = (0..array.ty().rank())
            .map(|d| rw.dim_fold(rest[0], d))
            .collect();
        let empty = rw.tensor_empty_of(&sizes, element);
        arrays.push(elementwise(rw, &rest[..2], empty, |rw, args| {
            joined(rw, element, &args[..2])
        }));
        rest = &rest[2..];
    }
    arrays
}

/// Numbers with complex ones in two.
pub(super) fn split<'c>(rw: Rewriter<'c>, numbers: &[Val<'c>]) -> Vec<Val<'c>> {
    let parts = |&number: &Val<'c>| match number.ty().is_complex() {
        true => PARTS.map(|name| part(rw, name, number)).to_vec(),
        false => vec![number],
    };
    numbers.iter().flat_map(parts).collect()
}

/// Numbers of these types from what [`split`] makes of such.
pub(super) fn join<'c>(rw: Rewriter<'c>, types: &[Type<'c>], split: &[Val<'c>]) -> Vec<Val<'c>> {
    let mut rest = split;
    let next = |ty: &Type<'c>| {
        let (mine, others) = rest.split_at(if ty.is_complex() { 2 } else { 1 });
        rest = others;
        match mine {
            [number] => *number,
            parts => joined(rw, *ty, parts),
        }
    };
    types.iter().map(next).collect()
}

fn elementwise<'c>(
    rw: Rewriter<'c>,
    ins: &[Val<'c>],
    out: Val<'c>,
    body: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Val<'c>,
) -> Val<'c> {
    let ctx = rw.ctx();
    let rank = out.ty().rank();
    let identity: Vec<_> = (0..rank).map(|d| ctx.dim_expr(d)).collect();
    let maps = vec![ctx.affine_map(rank, &identity); ins.len() + 1];
    let kinds = vec![Iter::Parallel; rank];
    rw.linalg_generic(ins, &[out], &maps, &kinds, |rw, args| vec![body(rw, args)])
        .result_value(0)
}
