//! Vectors put together from elements that do not lie side by side, one access each.
//!
//! Where each lane's address is known as a scalar, that is no slower than gathers and scatters
//! where machines are good at them, and several times faster where they are not. A complex
//! number is one piece, of two parts.

use super::complex;
use super::index::Ix;
use super::lane::{unaligned, vector_type};
use npir_mlir::prelude::*;

/// The elements of `flat` at these positions, as a vector. Their number is a power of two.
pub(super) fn load<'c>(rw: Rewriter<'c>, flat: Val<'c>, positions: &[Ix<'c>]) -> Val<'c> {
    let element = flat.ty().element();
    if !element.is_complex() {
        let load = |at: &Ix<'c>| unaligned(rw, rw.memref_load(flat, &[at.value(rw)]));
        let elements: Vec<Val<'c>> = positions.iter().map(load).collect();
        return rw
            .op("vector.from_elements")
            .operands(&elements)
            .results(&[vector_type(element, positions.len() as i64)])
            .build_value();
    }
    let memory = complex::memory(rw, flat);
    let number = rw.ctx().vector(&[2], element.complex_element());
    let load = |at: &Ix<'c>| {
        let first = at.mul(rw, Ix::Const(2)).value(rw);
        unaligned(rw, rw.vector_load(memory, &[first], number))
    };
    let mut pieces: Vec<Val<'c>> = positions.iter().map(load).collect();
    let mut parts = 2;
    while pieces.len() > 1 {
        parts *= 2;
        let order: Vec<i64> = (0..parts).collect();
        let joined = pieces
            .chunks(2)
            .map(|two| rw.vector_shuffle(two[0], two[1], &order));
        pieces = joined.collect();
    }
    pieces[0]
}

/// Stores the elements of `vector` at these positions of `flat`.
pub(super) fn store<'c>(rw: Rewriter<'c>, flat: Val<'c>, vector: Val<'c>, positions: &[Ix<'c>]) {
    let unaligned = rw.ctx().i64_attr(1);
    let complex = flat.ty().element().is_complex();
    let memory = if complex {
        complex::memory(rw, flat)
    } else {
        flat
    };
    for (lane, at) in (0..).zip(positions) {
        let store = if complex {
            let number = rw.vector_shuffle(vector, vector, &[2 * lane, 2 * lane + 1]);
            let first = at.mul(rw, Ix::Const(2)).value(rw);
            rw.op("vector.store").operands(&[number, memory, first])
        } else {
            let element = rw.vector_extract(vector, lane);
            rw.op("memref.store")
                .operands(&[element, memory, at.value(rw)])
        };
        store.attr("alignment", unaligned).build();
    }
}
