//! Partial accumulators become one: those of lanes, and what memory held.

use super::body::Instance;
use super::emit::Emitter;
use super::lane::Lane;
use super::state::Accs;
use npir_mlir::prelude::*;

/// Partial accumulators of several keys in one vector for each output, side by side.
struct Shared<'c> {
    keys: Vec<usize>,
    values: Vec<Lane<'c>>,
    width: i64,
}

impl<'c> Emitter<'_, 'c> {
    /// Merges the lanes of the partial accumulators of `group`, then what memory held.
    pub(super) fn merge_lanes(&self, rw: Rewriter<'c>, group: &[usize], accs: &mut Accs<'c>) {
        let partial = group
            .iter()
            .all(|&out| accs[out].as_ref().is_some_and(|acc| acc.partial));
        if !partial {
            return;
        }
        let keys = accs[group[0]].as_ref().map_or(0, |acc| acc.slots.len());
        let width = self.kernel.width();
        let whole = |k: usize| Shared {
            keys: vec![k],
            values: group
                .iter()
                .filter_map(|&out| accs[out].as_ref()?.slots[k][0])
                .collect(),
            width,
        };
        let mut vectors: Vec<Shared<'c>> = (0..keys).map(whole).collect();
        let mut lanes = width;
        while lanes > 1 {
            let mut halved = Vec::new();
            let mut rest = vectors.into_iter().peekable();
            while let Some(a) = rest.next() {
                let b = rest.next_if(|b| b.width == a.width);
                halved.push(self.merge_halves(rw, group, lanes, a, b));
            }
            vectors = halved;
            lanes /= 2;
        }
        for shared in vectors {
            for (lane, &k) in shared.keys.iter().enumerate() {
                let single = |value: &Lane<'c>| match shared.width {
                    1 => *value,
                    width => Lane::Uniform(rw.vector_extract(value.widen(rw, width), lane as i64)),
                };
                let mut values: Vec<Lane<'c>> = shared.values.iter().map(single).collect();
                let before: Vec<Lane<'c>> = group
                    .iter()
                    .filter_map(|&out| accs[out].as_ref()?.before[k])
                    .collect();
                if before.len() == group.len() {
                    values = self.merge(rw, 1, group, &before, &values);
                }
                for (&out, value) in group.iter().zip(values) {
                    if let Some(acc) = accs[out].as_mut() {
                        acc.slots[k] = vec![Some(value)];
                    }
                }
            }
        }
    }

    /// Merges the lower half of the `lanes` that each key has in a vector with the upper half. Those of two vectors fill
    /// one again, so that this costs as much as for one of them.
    fn merge_halves(
        &self,
        rw: Rewriter<'c>,
        group: &[usize],
        lanes: i64,
        a: Shared<'c>,
        b: Option<Shared<'c>>,
    ) -> Shared<'c> {
        let half = lanes / 2;
        let width = if b.is_some() { a.width } else { a.width / 2 };
        let other = b.as_ref().map_or(&a.values, |b| &b.values);
        let part = |from: i64| -> Vec<Lane<'c>> {
            // Lanes of the second vector are counted on from the first.
            let taken: Vec<i64> = (0..a.width * if b.is_some() { 2 } else { 1 })
                .filter(|lane| (lane % lanes) / half == from)
                .collect();
            let take = |(x, y): (&Lane<'c>, &Lane<'c>)| {
                let (x, y) = (x.widen(rw, a.width), y.widen(rw, a.width));
                match width {
                    1 => Lane::Uniform(rw.vector_extract(x, from)),
                    _ => Lane::Vector(rw.vector_shuffle(x, y, &taken)),
                }
            };
            a.values.iter().zip(other).map(take).collect()
        };
        let values = self.merge(rw, width, group, &part(0), &part(1));
        let keys = a.keys.iter().chain(b.iter().flat_map(|b| &b.keys));
        Shared {
            keys: keys.copied().collect(),
            values,
            width,
        }
    }

    /// Merges two partial accumulators of the outputs in `group`.
    pub(super) fn merge(
        &self,
        rw: Rewriter<'c>,
        width: i64,
        group: &[usize],
        low: &[Lane<'c>],
        high: &[Lane<'c>],
    ) -> Vec<Lane<'c>> {
        let Some(combine) = self.kernel.combine else {
            return low.to_vec();
        };
        // Outputs of other groups take part with a value that nobody reads.
        let full = |values: &[Lane<'c>]| -> Vec<Lane<'c>> {
            let pick = |out: usize| match group.iter().position(|&member| member == out) {
                Some(i) => values[i],
                None => Lane::Uniform(self.placeholder(rw, out)),
            };
            (0..self.kernel.outs.len()).map(pick).collect()
        };
        let args = full(low).into_iter().chain(full(high)).collect();
        let yielded = self.body.emit(
            rw,
            combine,
            width,
            vec![Instance::new(combine, args, Vec::new(), None)],
        );
        group.iter().map(|&out| yielded[0][out]).collect()
    }
}
