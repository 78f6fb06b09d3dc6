//! Number theory on integers.

use super::super::body::{Body, Order};
use super::super::dtype::{Classes, DType};
use super::super::table::ResultRule::Same;
use super::super::table::Row;
use npir_mlir::prelude::*;

functions! {
    /// Greatest common divisor of the absolute values; gcd(0, 0) is 0.
    Gcd(lhs, rhs) = Row::new("numpy.gcd", Classes::INT, Same, |b, x| gcd(b, x[0], x[1]).gcd)
        .commutative();

    /// Least common multiple of the absolute values, wrapping; 0 if either is 0.
    Lcm(lhs, rhs) = Row::new("numpy.lcm", Classes::INT, Same, |b, x| lcm(b, x[0], x[1]))
        .commutative();
}

struct Euclid<'c> {
    gcd: Val<'c>,
    magnitudes: [Val<'c>; 2],
}

/// Euclid's algorithm on the absolute values, as unsigned numbers (that of the smallest integer
/// does not fit otherwise).
fn gcd<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Euclid<'c> {
    let magnitudes = [b.abs(x), b.abs(y)];
    let unsigned = DType::UInt(b.dtype.bits());
    let ty = b.ty();
    let gcd = b.rw.scf_while(
        &magnitudes,
        &[ty, ty],
        move |rw, s| {
            let b = Body::new(rw, unsigned);
            (b.cmp(Order::NotEqual, s[1], b.int(0)), s.to_vec())
        },
        |rw, s| vec![s[1], rw.remui(s[0], s[1])],
    )[0];
    Euclid { gcd, magnitudes }
}

/// `|x| / gcd · |y|`.
fn lcm<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let Euclid {
        gcd,
        magnitudes: [x, y],
    } = gcd(b, x, y);
    let no_divisor = b.cmp(Order::Equal, gcd, b.int(0));
    let divisor = b.select(no_divisor, b.int(1), gcd);
    b.rw.muli(b.rw.divui(x, divisor), y)
}
