//! How far statements have to stay behind each other, in rows.
//!
//! Instance `(t, k, i)` is row `i` of statement `k` in iteration `t`. Two instances that use the same row of an array, one
//! of which writes it, keep their order; `d` is by how many rows the later one is further down.

/// A use of the rows of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    /// The array, or the ring of arrays that take turns.
    pub(super) place: usize,
    /// In iteration `t` it is array `t + version` of the ring.
    pub(super) version: i64,
    /// The number of arrays of the ring.
    pub(super) period: i64,
    /// Row `i` of the statement uses row `i + row`.
    pub(super) row: i64,
    pub(super) written: bool,
}

/// `later` of a later iteration (by `iterations`), or of the same, is at least `rows` further down than `earlier`.
struct Distance {
    earlier: usize,
    later: usize,
    iterations: i64,
    rows: i64,
}

/// Delays, in rows: instance `(t, k, i)` may come once all that is up to `statements[k] + each * t` rows above of it, or
/// below, is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Delays {
    /// Of each statement.
    pub(super) statements: Vec<i64>,
    /// Of each iteration.
    pub(super) each: i64,
}

impl Delays {
    /// The least delays with which no distance, in one direction, is overtaken.
    fn new(statements: usize, distances: &[Distance], rows: impl Fn(&Distance) -> i64) -> Self {
        let mut delays = vec![0i64; statements];
        for later in 0..statements {
            let same = distances
                .iter()
                .filter(|d| d.iterations == 0 && d.later == later);
            let least = same.map(|d| delays[d.earlier] + rows(d)).max();
            delays[later] = least.unwrap_or(0).max(0);
        }
        let next = distances.iter().filter(|d| d.iterations > 0);
        let each = next.map(|d| {
            let needed = delays[d.earlier] - delays[d.later] + rows(d);
            needed.max(0).div_ceil_of(d.iterations)
        });
        Self {
            each: each.max().unwrap_or(0),
            statements: delays,
        }
    }

    /// The greatest delay of a statement.
    pub(super) fn most(&self) -> i64 {
        self.statements.iter().copied().max().unwrap_or(0)
    }
}

/// Rounded up, of a number that is not negative.
trait DivCeil {
    fn div_ceil_of(self, other: Self) -> Self;
}

impl DivCeil for i64 {
    fn div_ceil_of(self, other: Self) -> Self {
        (self + other - 1) / other
    }
}

/// How the statements of a loop depend on each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skew {
    /// For rows that come from the first to the last.
    pub(super) down: Delays,
    /// For rows that come from the last to the first.
    pub(super) up: Delays,
    /// The most rows between instances that depend on each other.
    pub(super) reach: i64,
}

impl Skew {
    /// Of statements that use these rows; `None` where the rows of a statement depend on each other.
    pub(super) fn of(statements: &[Vec<Access>]) -> Option<Self> {
        let mut distances = Vec::new();
        for (earlier, first) in statements.iter().enumerate() {
            for (later, second) in statements.iter().enumerate() {
                for a in first {
                    for b in second.iter().filter(|b| b.place == a.place) {
                        if !a.written && !b.written {
                            continue;
                        }
                        let rows = a.row - b.row;
                        let mut iterations = (a.version - b.version).rem_euclid(a.period);
                        if iterations == 0 && earlier >= later {
                            if earlier == later && rows != 0 {
                                return None;
                            }
                            iterations = a.period;
                        }
                        distances.push(Distance {
                            earlier,
                            later,
                            iterations,
                            rows,
                        });
                    }
                }
            }
        }
        let count = statements.len();
        Some(Self {
            down: Delays::new(count, &distances, |d| -d.rows),
            up: Delays::new(count, &distances, |d| d.rows),
            reach: distances.iter().map(|d| d.rows.abs()).max().unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(place: usize, row: i64, written: bool) -> Access {
        Access {
            place,
            version: 0,
            period: 1,
            row,
            written,
        }
    }

    /// What `tile` does with rows, in order: whether all instances of `statements` on `rows` rows come once, and none before
    /// what it depends on.
    fn keeps_order(
        statements: &[Vec<Access>],
        order: &[(i64, usize, i64)],
        rows: i64,
        iterations: i64,
    ) {
        let mut place = std::collections::HashMap::new();
        for (at, instance) in order.iter().enumerate() {
            assert!(place.insert(*instance, at).is_none(), "{instance:?} twice");
        }
        assert_eq!(
            place.len() as i64,
            rows * iterations * statements.len() as i64
        );
        for (&(t, k, i), &at) in &place {
            for (&(u, l, j), &then) in &place {
                if (t, k) >= (u, l) {
                    continue;
                }
                let depends = statements[k].iter().any(|a| {
                    statements[l].iter().any(|b| {
                        a.place == b.place
                            && (a.written || b.written)
                            && (t + a.version - u - b.version).rem_euclid(a.period) == 0
                            && i + a.row == j + b.row
                    })
                });
                assert!(
                    !depends || at < then,
                    "{:?} before {:?}",
                    (u, l, j),
                    (t, k, i)
                );
            }
        }
    }

    /// All rows in waves, one after the other.
    fn waves(skew: &Skew, rows: i64, iterations: i64, step: i64) -> Vec<(i64, usize, i64)> {
        let mut order = Vec::new();
        let down = &skew.down;
        let end = rows + down.most() + down.each * iterations;
        let mut wave = 0;
        while wave < end {
            for t in 0..iterations {
                for (k, delay) in down.statements.iter().enumerate() {
                    let first = wave - delay - down.each * t;
                    let part = first.max(0)..(first + step).min(rows);
                    order.extend(part.map(|i| (t, k, i)));
                }
            }
            wave += step;
        }
        order
    }

    /// Two parts of the rows that do not need each other, then the gap between them.
    fn parts(skew: &Skew, rows: i64, iterations: i64) -> Vec<(i64, usize, i64)> {
        let middle = rows / 2;
        let (down, up) = (&skew.down, &skew.up);
        let low = |t: i64, k: usize| (middle - down.statements[k] - down.each * t).clamp(0, rows);
        let high = |t: i64, k: usize| (middle + up.statements[k] + up.each * t).clamp(0, rows);
        let mut order = Vec::new();
        let mut add = |rows: &dyn Fn(i64, usize) -> std::ops::Range<i64>| {
            for t in 0..iterations {
                for k in 0..down.statements.len() {
                    order.extend(rows(t, k).map(|i| (t, k, i)));
                }
            }
        };
        // The second part first: it must not need the first one.
        add(&|t, k| high(t, k)..rows);
        add(&|t, k| 0..low(t, k));
        add(&|t, k| low(t, k)..high(t, k));
        order
    }

    fn check(statements: &[Vec<Access>]) {
        let skew = Skew::of(statements).unwrap();
        for step in [1, 3] {
            keeps_order(statements, &waves(&skew, 14, 4, step), 14, 4);
        }
        keeps_order(statements, &parts(&skew, 40, 3), 40, 3);
    }

    #[test]
    fn in_place() {
        // t[i] = u[i] + u[i + 2]; u[i + 1] = t[i]
        let statements = [
            vec![access(0, 0, false), access(0, 2, false), access(1, 0, true)],
            vec![access(1, 0, false), access(0, 1, true)],
        ];
        let skew = Skew::of(&statements).unwrap();
        let delays = Delays {
            statements: vec![0, 1],
            each: 2,
        };
        assert_eq!((&skew.down, &skew.up), (&delays, &delays));
        check(&statements);
    }

    #[test]
    fn arrays_that_take_turns() {
        let turn = |version, row, written| Access {
            place: 0,
            version,
            period: 2,
            row,
            written,
        };
        let statements = [vec![
            turn(0, -1, false),
            turn(0, 1, false),
            turn(1, 0, true),
        ]];
        assert_eq!(Skew::of(&statements).unwrap().down.each, 1);
        check(&statements);
    }

    #[test]
    fn of_all_kinds() {
        // A small generator of its own (splitmix64), so that failures come again.
        let mut state = 1u64;
        let mut next = |n: i64| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) % n as u64) as i64
        };
        let mut checked = 0;
        for _ in 0..120 {
            let period = [1, 2, 3][next(3) as usize];
            let statements: Vec<Vec<Access>> = (0..1 + next(3))
                .map(|_| {
                    let one = |written: bool, next: &mut dyn FnMut(i64) -> i64| {
                        let place = next(2) as usize;
                        Access {
                            place,
                            version: next([1, period][place]),
                            period: [1, period][place],
                            row: next(5) - 2,
                            written,
                        }
                    };
                    let mut all: Vec<_> = (0..1 + next(3)).map(|_| one(false, &mut next)).collect();
                    all.push(one(true, &mut next));
                    all
                })
                .collect();
            if Skew::of(&statements).is_some() {
                check(&statements);
                checked += 1;
            }
        }
        assert!(checked > 20, "{checked}");
    }

    #[test]
    fn rows_that_depend_on_each_other() {
        assert_eq!(
            Skew::of(&[vec![access(0, 0, false), access(0, 1, true)]]),
            None
        );
    }
}
