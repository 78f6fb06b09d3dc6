//! Vectors of complex numbers: the parts of `width` numbers side by side, as they lie in memory.

use npir_mlir::prelude::*;

/// Memory of complex numbers as memory of their parts. Below, both have the same descriptor.
pub(super) fn memory<'c>(rw: Rewriter<'c>, flat: Val<'c>) -> Val<'c> {
    let part = flat.ty().element().complex_element();
    rw.op("builtin.unrealized_conversion_cast")
        .operands(&[flat])
        .results(&[flat.ty().with_element(part)])
        .build_value()
}

/// For each lane two, alike.
pub(super) fn twice<'c>(rw: Rewriter<'c>, lanes: Val<'c>, width: i64) -> Val<'c> {
    let order: Vec<i64> = (0..2 * width).map(|lane| lane / 2).collect();
    rw.vector_shuffle(lanes, lanes, &order)
}

/// Numbers with these parts.
pub(super) fn join<'c>(rw: Rewriter<'c>, re: Val<'c>, im: Val<'c>, width: i64) -> Val<'c> {
    let order: Vec<i64> = (0..width).flat_map(|lane| [lane, width + lane]).collect();
    rw.vector_shuffle(re, im, &order)
}

/// One of the parts of each number: the real one is number 0.
pub(super) fn part<'c>(rw: Rewriter<'c>, numbers: Val<'c>, which: i64, width: i64) -> Val<'c> {
    let order: Vec<i64> = (0..width).map(|lane| 2 * lane + which).collect();
    rw.vector_shuffle(numbers, numbers, &order)
}

/// A part of one number.
pub(super) fn scalar_part<'c>(rw: Rewriter<'c>, number: Val<'c>, name: &str) -> Val<'c> {
    rw.op(name)
        .operands(&[number])
        .results(&[number.ty().complex_element()])
        .build_value()
}
