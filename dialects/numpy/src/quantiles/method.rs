//! Where a quantile is among sorted elements, by NumPy's methods.
//!
//! Source: R. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996, and
//! NumPy's own discontinuous ones.

use npir_mlir::prelude::*;

use crate::cast;
use crate::elementwise::dtype::DType;
use crate::elementwise::{Body, Order};

attr_enum! {
    /// How a quantile is found between elements.
    pub enum Method {
        /// The element before which that part of the elements is.
        InvertedCdf = "inverted_cdf",
        /// The same, the mean of two where both are.
        AveragedInvertedCdf = "averaged_inverted_cdf",
        /// The element of the nearest even rank.
        ClosestObservation = "closest_observation",
        /// Linear, of the inverted distribution.
        InterpolatedInvertedCdf = "interpolated_inverted_cdf",
        /// Linear, between the middles of steps.
        Hazen = "hazen",
        /// Linear, of expected ranks.
        Weibull = "weibull",
        /// Linear from the first element to the last one.
        Linear = "linear",
        /// Linear, about the median of ranks.
        MedianUnbiased = "median_unbiased",
        /// Linear, for normal distributions.
        NormalUnbiased = "normal_unbiased",
        /// The element before.
        Lower = "lower",
        /// The element after.
        Higher = "higher",
        /// The mean of both.
        Midpoint = "midpoint",
        /// The nearer one, the one of even position of two.
        Nearest = "nearest",
    }
}

/// A quantile among sorted elements.
pub(super) struct Place<'c> {
    /// The positions of the element before and the one after, as `i64`.
    pub(super) around: [Val<'c>; 2],
    /// How far it is from the first to the second one; of no use where a method takes elements.
    pub(super) weight: Val<'c>,
}

impl Method {
    /// Whether a quantile is an element.
    pub(super) fn takes_elements(self) -> bool {
        matches!(
            self,
            Method::InvertedCdf
                | Method::ClosestObservation
                | Method::Lower
                | Method::Higher
                | Method::Nearest
        )
    }

    /// The two parameters of the linear methods.
    fn parameters(self) -> Option<[f64; 2]> {
        match self {
            Method::InterpolatedInvertedCdf => Some([0.0, 1.0]),
            Method::Hazen => Some([0.5, 0.5]),
            Method::Weibull => Some([0.0, 0.0]),
            Method::MedianUnbiased => Some([1.0 / 3.0, 1.0 / 3.0]),
            Method::NormalUnbiased => Some([3.0 / 8.0, 3.0 / 8.0]),
            _ => None,
        }
    }

    /// The place of the quantile `q`, of type `dtype`, among `count` elements, an `i64`.
    pub(super) fn place<'c>(
        self,
        rw: Rewriter<'c>,
        dtype: DType,
        q: Val<'c>,
        count: Val<'c>,
    ) -> Place<'c> {
        let (b, i64_ty) = (Body::new(rw, dtype), rw.ctx().i(64));
        let (zero, one) = (rw.const_int(i64_ty, 0), rw.const_int(i64_ty, 1));
        let last = rw.subi(count, one);
        let number = |n| cast::scalar(rw, n, DType::Int(64), dtype);
        let whole = |x| cast::scalar(rw, x, dtype, DType::Int(64));
        let round = |name, x| b.math(name, &[x]);
        let scaled = b.mul(number(last), q);
        let element = |at| {
            let at = rw.maxsi(at, zero);
            Place {
                around: [at, at],
                weight: b.int(0),
            }
        };
        // The first of two neighbours where the condition holds, else the second one.
        let neighbour = |index: Val<'c>, first: &dyn Fn(Val<'c>, Val<'c>) -> Val<'c>| {
            let before = round("floor", index);
            let exact = b.cmp(Order::Equal, b.sub(index, before), b.int(0));
            let at = b.select(first(exact, before), before, b.add(before, b.int(1)));
            element(whole(at))
        };
        let counted = b.sub(b.mul(number(count), q), b.int(1));
        let index = match self {
            Method::Lower => return element(whole(round("floor", scaled))),
            Method::Higher => return element(whole(round("ceil", scaled))),
            Method::Nearest => return element(whole(round("roundeven", scaled))),
            Method::InvertedCdf => return neighbour(counted, &|exact, _| exact),
            Method::ClosestObservation => {
                let odd = |before| {
                    let bit = rw.andi(whole(before), one);
                    rw.cmpi(CmpI::Ne, bit, zero)
                };
                let index = b.sub(counted, b.float(0.5));
                return neighbour(index, &|exact, before| rw.andi(exact, odd(before)));
            }
            Method::Linear => scaled,
            Method::Midpoint => {
                let sum = b.add(round("floor", scaled), round("ceil", scaled));
                b.mul(b.float(0.5), sum)
            }
            _ => match self.parameters() {
                Some([alpha, beta]) => {
                    let slope = b.mul(q, b.float(1.0 - alpha - beta));
                    let shift = b.add(b.float(alpha), slope);
                    b.sub(b.add(b.mul(number(count), q), shift), b.int(1))
                }
                None => counted,
            },
        };
        // Beyond the ends both neighbours are the end; their distance is what NumPy's positions make it.
        let before = round("floor", index);
        let above = b.cmp(Order::GreaterEqual, index, number(last));
        let below = b.cmp(Order::Less, index, b.int(0));
        let from = b.select(above, b.int(-1), before);
        let from = b.select(below, b.int(0), from);
        let distance = b.sub(index, from);
        let weight = match self {
            Method::AveragedInvertedCdf => {
                let exact = b.cmp(Order::Equal, distance, b.int(0));
                b.select(exact, b.float(0.5), b.int(1))
            }
            Method::Midpoint => {
                let exact = b.cmp(Order::Equal, before, index);
                b.select(exact, b.int(0), b.float(0.5))
            }
            _ => distance,
        };
        let at = rw.minsi(rw.maxsi(whole(before), zero), rw.maxsi(last, zero));
        let next = rw.minsi(rw.addi(at, one), rw.maxsi(last, zero));
        Place {
            around: [at, rw.select(below, at, next)],
            weight,
        }
    }
}
