//! The eigenvalues and eigenvectors of `diag(d) + ρ z zᵀ`, the merged halves of a tridiagonal matrix.
//!
//! Eigenvalues are the roots of `1/ρ + Σ zᵢ²/(dᵢ - λ)`, one between neighbouring poles `dᵢ` and one above the last. Each
//! is found as a distance from the closer pole, by rational functions that have the two poles next to it and agree with
//! the sum of the others in value and two derivatives (C. F. Borges, W. B. Gragg, A parallel divide and conquer algorithm
//! for the generalized real symmetric definite tridiagonal eigenproblem, 1993), several roots at a time. The vectors are
//! those of a matrix close by of which these are the exact eigenvalues, hence orthogonal (M. Gu, S. C. Eisenstat, A
//! stable and efficient algorithm for the rank-one modification of the symmetric eigenproblem, 1994).

use faer::traits::ComplexField;

/// Roots that are looked for at the same time: the numbers of a register.
pub(super) const LANES: usize = 8;

type Lanes = [f64; LANES];

/// Steps after which a root is taken as it is. A bisection, the worst case, needs fewer.
const STEPS: usize = 100;

/// Runs a function with the widest registers of this processor.
#[inline(always)]
pub(super) fn vectorized<R>(f: impl FnOnce() -> R) -> R {
    <f64 as ComplexField>::Arch::default().dispatch(f)
}

/// A number for each lane.
#[inline(always)]
fn lanes(f: impl FnMut(usize) -> f64) -> Lanes {
    std::array::from_fn(f)
}

/// `1/ρ + Σ wᵢ/(dᵢ - λ)`, with positive weights `w`, and poles `d` in ascending order that are apart from each other.
pub(super) struct Secular<'a> {
    pub(super) poles: &'a [f64],
    pub(super) weights: &'a [f64],
    pub(super) rho: f64,
}

/// A sum over poles, half its second derivative, and the sum of its terms' sizes.
struct Sums {
    value: Lanes,
    first: Lanes,
    second: Lanes,
    size: Lanes,
}

impl Sums {
    /// Adds the terms of a pole; the weight may differ between lanes.
    #[inline(always)]
    fn add(&mut self, pole: f64, weight: &Lanes, origin: &Lanes, offset: &Lanes) {
        for l in 0..LANES {
            let inverse = 1.0 / ((pole - origin[l]) - offset[l]);
            let term = weight[l] * inverse;
            let slope = term * inverse;
            self.value[l] += term;
            self.first[l] += slope;
            self.second[l] += slope * inverse;
            self.size[l] += term.abs();
        }
    }
}

/// The roots `first..first + LANES`, and the poles next to them.
struct Group {
    /// The pole before each root; for the last root, which has none behind it, the one before that.
    before: [usize; LANES],
    /// 1, and -1 for the last root.
    side: Lanes,
    left: Lanes,
    right: Lanes,
    gap: Lanes,
    weight_left: Lanes,
    weight_right: Lanes,
}

impl Secular<'_> {
    /// Roots from `first` on, as pole and distance from it. Those beyond the last one are not set.
    pub(super) fn roots(&self, first: usize, origins: &mut [f64], offsets: &mut [f64]) {
        if let ([pole], [weight]) = (self.poles, self.weights) {
            (origins[0], offsets[0]) = (*pole, self.rho * weight);
            return;
        }
        vectorized(
            #[inline(always)]
            || {
                for at in (0..origins.len()).step_by(LANES) {
                    let (origin, offset) = self.group(first + at);
                    let end = origins.len().min(at + LANES);
                    origins[at..end].copy_from_slice(&origin[..end - at]);
                    offsets[at..end].copy_from_slice(&offset[..end - at]);
                }
            },
        );
    }

    #[inline(always)]
    fn group(&self, first: usize) -> (Lanes, Lanes) {
        let last = self.poles.len() - 1;
        let root: [usize; LANES] = std::array::from_fn(|l| (first + l).min(last));
        let before = root.map(|j| j.min(last - 1));
        let (left, right) = (
            before.map(|p| self.poles[p]),
            before.map(|p| self.poles[p + 1]),
        );
        let group = Group {
            before,
            side: root.map(|j| if j == last { -1.0 } else { 1.0 }),
            left,
            right,
            gap: lanes(|l| right[l] - left[l]),
            weight_left: before.map(|p| self.weights[p]),
            weight_right: before.map(|p| self.weights[p + 1]),
        };
        let bound = self.rho * self.weights.iter().sum::<f64>() * (1.0 + 8.0 * f64::EPSILON);
        let above = |l: usize| group.side[l] < 0.0;
        let half = lanes(|l| if above(l) { bound } else { group.gap[l] } / 2.0);
        // From the middle: the sign there says which pole is closer.
        let mut origin = lanes(|l| if above(l) { right[l] } else { left[l] });
        let mut offset = half;
        let (value, next, _) = self.step(&group, &origin, &offset, |l, value| {
            above(l) || value <= 0.0
        });
        let is_right: [bool; LANES] = std::array::from_fn(|l| above(l) || value[l] <= 0.0);
        let (mut low, mut high) = ([0.0; LANES], half);
        for l in 0..LANES {
            if above(l) {
                if value[l] <= 0.0 {
                    (low[l], high[l]) = (half[l], bound);
                }
            } else if is_right[l] {
                (low[l], high[l]) = (-half[l], 0.0);
                origin[l] = right[l];
            }
        }
        offset = lanes(|l| within(next[l], low[l], high[l]));
        let mut done = [false; LANES];
        for _ in 0..STEPS {
            let (value, next, size) = self.step(&group, &origin, &offset, |l, _| is_right[l]);
            for l in 0..LANES {
                low[l] = if value[l] < 0.0 { offset[l] } else { low[l] };
                high[l] = if value[l] < 0.0 { high[l] } else { offset[l] };
                let next = within(next[l], low[l], high[l]);
                let is_found = done[l] || value[l].abs() <= 8.0 * f64::EPSILON * size[l];
                let is_close = (next - offset[l]).abs() <= f64::EPSILON * offset[l].abs();
                offset[l] = if is_found { offset[l] } else { next };
                done[l] = is_found || is_close;
            }
            if done.iter().all(|x| *x) {
                break;
            }
        }
        (origin, offset)
    }

    /// The function at some points, where the rational functions through them vanish, as distances from the pole on the
    /// right where `is_right` of lane and value says so and from the left one otherwise, and the sizes of the terms.
    #[inline(always)]
    fn step(
        &self,
        group: &Group,
        origin: &Lanes,
        offset: &Lanes,
        is_right: impl Fn(usize, f64) -> bool,
    ) -> (Lanes, Lanes, Lanes) {
        let mut rest = self.others(group, origin, offset);
        let (mut value, mut next) = ([0.0; LANES], [0.0; LANES]);
        for l in 0..LANES {
            let (side, gap) = (group.side[l], group.gap[l]);
            let (w_left, w_right) = (group.weight_left[l], group.weight_right[l]);
            let to_left = (group.left[l] - origin[l]) - offset[l];
            let to_right = (group.right[l] - origin[l]) - offset[l];
            let sum = rest.value[l] + 1.0 / self.rho;
            let (term_left, term_right) = (w_left / to_left, w_right / to_right);
            value[l] = sum + (term_left + term_right);
            rest.size[l] += 1.0 / self.rho + term_left.abs() + term_right.abs();
            // c + p / (left - λ) + q / (right - λ)
            let (first, second) = (rest.first[l], rest.second[l]);
            let inner = (
                sum - (to_left + to_right) * first + to_left * to_right * second,
                w_left - to_left * to_left * to_left * (first - to_right * second) / gap,
                w_right + to_right * to_right * to_right * (first - to_left * second) / gap,
            );
            // All other poles are on one side of the last root: one pole and two conditions stand for them.
            let outer = (
                sum - to_left * first,
                w_left + to_left * to_left * first,
                w_right,
            );
            let (c, p, q) = if side < 0.0 { outer } else { inner };
            let from_right = is_right(l, value[l]);
            let a = side * (p + q + if from_right { -c * gap } else { c * gap });
            let b = side * gap * if from_right { -q } else { p };
            let difference = c * gap - p + q;
            let root = (difference * difference + 4.0 * p * q).sqrt();
            let one = (a - root) / (2.0 * side * c);
            let other = 2.0 * b / (a + root);
            next[l] = if a <= 0.0 { one } else { other };
        }
        (value, next, rest.size)
    }

    /// The sums over all poles but the two next to each root.
    #[inline(always)]
    fn others(&self, group: &Group, origin: &Lanes, offset: &Lanes) -> Sums {
        let mut sums = Sums {
            value: [0.0; LANES],
            first: [0.0; LANES],
            second: [0.0; LANES],
            size: [0.0; LANES],
        };
        let count = self.poles.len();
        let start = group.before[0];
        let end = (group.before[LANES - 1] + 2).min(count);
        for i in 0..start {
            sums.add(self.poles[i], &[self.weights[i]; LANES], origin, offset);
        }
        for i in start..end {
            let is_next = |l: usize| i == group.before[l] || i == group.before[l] + 1;
            let weight = lanes(|l| if is_next(l) { 0.0 } else { self.weights[i] });
            sums.add(self.poles[i], &weight, origin, offset);
        }
        for i in end..count {
            sums.add(self.poles[i], &[self.weights[i]; LANES], origin, offset);
        }
        sums
    }
}

/// A guess, or the middle of the interval if it is not in it.
#[inline(always)]
fn within(guess: f64, low: f64, high: f64) -> f64 {
    if guess > low && guess < high {
        guess
    } else {
        low + (high - low) / 2.0
    }
}

/// Replaces elements of `z` by those of which the roots are exact, times a factor that is the same for all; `d` are their
/// poles, of all the `poles`.
pub(super) fn refit(d: &[f64], z: &mut [f64], poles: &[f64], origins: &[f64], offsets: &[f64]) {
    vectorized(
        #[inline(always)]
        || {
            for (d, z) in d.chunks(LANES).zip(z.chunks_mut(LANES)) {
                let at = lanes(|l| d[l.min(d.len() - 1)]);
                let mut product = [1.0; LANES];
                for ((pole, origin), offset) in poles.iter().zip(origins).zip(offsets) {
                    for l in 0..LANES {
                        let apart = at[l] - pole;
                        let apart = if apart == 0.0 { 1.0 } else { apart };
                        product[l] *= ((at[l] - origin) - offset) / apart;
                    }
                }
                for (z, product) in z.iter_mut().zip(product) {
                    *z = product.abs().sqrt().copysign(*z);
                }
            }
        },
    );
}

/// The eigenvector of a root: `zᵢ/(dᵢ - λ)`, at length 1.
#[inline(always)]
pub(super) fn vector(d: &[f64], z: &[f64], origin: f64, offset: f64, out: &mut [f64]) {
    let term = |z: f64, d: f64| z / ((d - origin) - offset);
    let (groups, rest) = out.as_chunks_mut::<LANES>();
    let ((d_groups, d_rest), (z_groups, z_rest)) = (d.as_chunks::<LANES>(), z.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (out, (d, z)) in groups.iter_mut().zip(d_groups.iter().zip(z_groups)) {
        for l in 0..LANES {
            out[l] = term(z[l], d[l]);
            sums[l] += out[l] * out[l];
        }
    }
    let mut sum = sums.iter().sum::<f64>();
    for (out, (d, z)) in rest.iter_mut().zip(d_rest.iter().zip(z_rest)) {
        *out = term(*z, *d);
        sum += *out * *out;
    }
    let scale = 1.0 / sum.sqrt();
    out.iter_mut().for_each(|x| *x *= scale);
}
