//! The length of a vector of two parts.

use npir_mlir::prelude::*;

use super::body::{Body, Order};
use super::dtype::DType;

impl<'c> Body<'c> {
    /// `sqrt(x² + y²)` of floats without overflow; infinite if either is.
    pub fn hypot(self, x: Val<'c>, y: Val<'c>) -> Val<'c> {
        hypot(self, x, y)
    }
}

fn hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let (x, y) = (b.abs(x), b.abs(y));
    let finite = match b.dtype {
        DType::F64 => scaled_hypot(b, x, y),
        _ => wide_hypot(b, x, y),
    };
    let infinity = b.float(f64::INFINITY);
    let infinite = b.rw.ori(
        b.cmp(Order::Equal, x, infinity),
        b.cmp(Order::Equal, y, infinity),
    );
    b.select(infinite, infinity, finite)
}

/// In `f64`, where the squares of `f32` numbers are exact and cannot overflow.
fn wide_hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    let wide = Body::new(b.rw, DType::F64);
    let (x, y) = (b.rw.extf(x, wide.ty()), b.rw.extf(y, wide.ty()));
    let sum = wide.add(wide.mul(x, x), wide.mul(y, y));
    b.rw.truncf(wide.math("sqrt", &[sum]), b.ty())
}

/// `sqrt(x² + y²)` of non-negative numbers, scaled out of overflow and underflow and corrected by
/// one Newton step (C. F. Borges, *An Improved Algorithm for hypot(a,b)*, 2019): below 1 ulp.
fn scaled_hypot<'c>(b: Body<'c>, x: Val<'c>, y: Val<'c>) -> Val<'c> {
    // A NaN is kept by one of the two.
    let swapped = b.cmp(Order::Less, x, y);
    let large = b.select(swapped, y, x);
    let small = b.select(swapped, x, y);
    let huge = b.cmp(Order::Greater, large, b.float(2f64.powi(510)));
    let tiny = b.cmp(Order::Less, small, b.float(2f64.powi(-459)));
    let pick = |huge_case: f64, tiny_case: f64| {
        let rest = b.select(tiny, b.float(tiny_case), b.int(1));
        b.select(huge, b.float(huge_case), rest)
    };
    let (down, up) = (
        pick(2f64.powi(-600), 2f64.powi(600)),
        pick(2f64.powi(600), 2f64.powi(-600)),
    );
    let (p, q) = (b.mul(large, down), b.mul(small, down));
    let sum = b.math("sqrt", &[b.add(b.mul(p, p), b.mul(q, q))]);
    let two = b.int(2);
    // The error of `sum²`, grouped by which leg is close to the sum.
    let near = b.cmp(Order::LessEqual, sum, b.mul(two, q));
    let by_q = b.sub(sum, q);
    let near_error = b.add(
        b.mul(p, b.sub(b.mul(two, by_q), p)),
        b.mul(b.sub(by_q, b.mul(two, b.sub(p, q))), by_q),
    );
    let by_p = b.sub(sum, p);
    let far_error = b.add(
        b.mul(b.mul(two, by_p), b.sub(p, b.mul(two, q))),
        b.add(b.mul(b.sub(b.mul(b.int(4), by_p), q), q), b.mul(by_p, by_p)),
    );
    let error = b.select(near, near_error, far_error);
    let corrected = b.sub(sum, b.div(error, b.mul(two, sum)));
    // Where the small leg hardly shows, or both are zero, the scaled sum may be 0 or infinite.
    let negligible = b.cmp(
        Order::LessEqual,
        small,
        b.mul(large, b.float(2f64.powi(-54))),
    );
    b.select(negligible, b.add(large, small), b.mul(corrected, up))
}
