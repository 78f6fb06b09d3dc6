//! Static affine accesses: which element of an operand an iteration touches.
//!
//! An [`Access`] is the part of an affine map that fusion and views can compute with:
//! every coordinate is `offset + Σ step_j · d_j`. Offsets are constant; a step may also contain
//! symbols, which stand for values of the program (a view that repeats its source or not).
//! Maps with `mod` or `floordiv` have no access.

use npir_mlir::prelude::*;

/// A distance between neighbours: `factor · Π symbols`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The constant factor, not zero.
    pub factor: i64,
    /// Symbols, sorted; what they stand for is the business of who put them there.
    pub symbols: Vec<usize>,
}

impl Step {
    /// The step of one element.
    pub const ONE: Step = Step::constant(1);

    /// A constant step.
    pub const fn constant(factor: i64) -> Self {
        Step {
            factor,
            symbols: Vec::new(),
        }
    }

    /// A step that is known at run time.
    pub fn symbol(symbol: usize) -> Self {
        Step {
            factor: 1,
            symbols: vec![symbol],
        }
    }

    /// The number, if no symbol takes part.
    pub fn as_constant(&self) -> Option<i64> {
        self.symbols.is_empty().then_some(self.factor)
    }

    fn times(&self, other: &Step) -> Option<Step> {
        let mut symbols = self.symbols.clone();
        symbols.extend(&other.symbols);
        symbols.sort_unstable();
        Some(Step {
            factor: self.factor.checked_mul(other.factor)?,
            symbols,
        })
    }
}

/// One coordinate: `offset + Σ step · d` over the `(d, step)` terms.
/// The terms are sorted by iteration dimension and no step is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Coord {
    /// The constant part.
    pub offset: i64,
    /// `(iteration dimension, step)`, sorted, without zero steps.
    pub terms: Vec<(usize, Step)>,
}

impl Coord {
    /// The coordinate that is always `offset`.
    pub fn constant(offset: i64) -> Self {
        Coord {
            offset,
            terms: Vec::new(),
        }
    }

    /// The coordinate `d`.
    pub fn dim(d: usize) -> Self {
        Coord {
            offset: 0,
            terms: vec![(d, Step::ONE)],
        }
    }

    /// `d` if the coordinate is exactly the iteration dimension `d`.
    pub fn as_dim(&self) -> Option<usize> {
        match (self.offset, self.terms.as_slice()) {
            (0, [(d, step)]) if *step == Step::ONE => Some(*d),
            _ => None,
        }
    }

    /// The value, if no iteration dimension takes part.
    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.offset)
    }

    /// Adds `factor · other`; `None` where the result is no coordinate any more.
    fn add_scaled(&mut self, other: &Coord, factor: &Step) -> Option<()> {
        if other.offset != 0 {
            let offset = other.offset.checked_mul(factor.as_constant()?)?;
            self.offset = self.offset.checked_add(offset)?;
        }
        for (d, step) in &other.terms {
            let step = step.times(factor)?;
            match self.terms.binary_search_by_key(d, |t| t.0) {
                Ok(i) => {
                    let sum = &mut self.terms[i].1;
                    if sum.symbols != step.symbols {
                        return None;
                    }
                    sum.factor = sum.factor.checked_add(step.factor)?;
                    if sum.factor == 0 {
                        self.terms.remove(i);
                    }
                }
                Err(_) if step.factor == 0 => {}
                Err(i) => self.terms.insert(i, (*d, step)),
            }
        }
        Some(())
    }
}

/// Where an iteration over `dims` dimensions reads or writes: one [`Coord`] per operand dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Number of iteration dimensions.
    pub dims: usize,
    /// One coordinate per dimension of the operand.
    pub coords: Vec<Coord>,
}

impl Access {
    /// `(d0, …, dn) -> (d0, …, dn)`.
    pub fn identity(n: usize) -> Self {
        Access {
            dims: n,
            coords: (0..n).map(Coord::dim).collect(),
        }
    }

    /// The access of an affine map, or `None` where it uses symbols, `mod` or divisions.
    pub fn from_map(map: AffineMap<'_>) -> Option<Self> {
        if map.symbol_count() != 0 {
            return None;
        }
        let coords = (0..map.result_count())
            .map(|i| linear(map.result(i).ok()?))
            .collect::<Option<_>>()?;
        Some(Access {
            dims: map.dim_count(),
            coords,
        })
    }

    /// The affine map of this access, or `None` where a step has symbols.
    pub fn to_map<'c>(&self, ctx: &'c Context) -> Option<AffineMap<'c>> {
        let exprs: Vec<_> = self
            .coords
            .iter()
            .map(|coord| {
                let mut expr: Option<AffineExpr<'c>> = None;
                for (d, step) in &coord.terms {
                    let step = step.as_constant()?;
                    let dim = AffineExpr::dim(ctx, *d);
                    let term = if step == 1 {
                        dim
                    } else {
                        dim * AffineExpr::constant(ctx, step)
                    };
                    expr = Some(expr.map_or(term, |e| e + term));
                }
                Some(match expr {
                    None => AffineExpr::constant(ctx, coord.offset),
                    Some(e) if coord.offset == 0 => e,
                    Some(e) => e + AffineExpr::constant(ctx, coord.offset),
                })
            })
            .collect::<Option<_>>()?;
        Some(AffineMap::new(ctx, self.dims, 0, &exprs))
    }

    /// `self ∘ inner`: `inner` maps iterations to the dimensions of `self`.
    /// `None` where a number overflows or the result has an offset with symbols.
    pub fn compose(&self, inner: &Access) -> Option<Access> {
        debug_assert_eq!(self.dims, inner.coords.len());
        let coords = self
            .coords
            .iter()
            .map(|c| {
                let mut out = Coord::constant(c.offset);
                for (d, step) in &c.terms {
                    out.add_scaled(&inner.coords[*d], step)?;
                }
                Some(out)
            })
            .collect::<Option<_>>()?;
        Some(Access {
            dims: inner.dims,
            coords,
        })
    }

    /// Whether every coordinate is a different iteration dimension, and all of them occur.
    pub fn is_permutation(&self) -> bool {
        self.coords.len() == self.dims && self.is_projected() && self.covers(&[])
    }

    /// The access `b` with `self ∘ b = identity`, if this is a permutation.
    pub fn inverse(&self) -> Option<Access> {
        if !self.is_permutation() {
            return None;
        }
        let mut coords = vec![Coord::default(); self.dims];
        for (i, c) in self.coords.iter().enumerate() {
            coords[c.as_dim()?] = Coord::dim(i);
        }
        Some(Access {
            dims: self.dims,
            coords,
        })
    }

    /// Whether every coordinate is a constant or a plain iteration dimension, none of them twice.
    pub fn is_projected(&self) -> bool {
        self.is_separable()
            && self
                .coords
                .iter()
                .all(|c| c.as_dim().is_some() || c.as_constant().is_some())
    }

    /// Whether no iteration dimension takes part in two coordinates: what a view can express.
    pub fn is_separable(&self) -> bool {
        let mut seen = vec![false; self.dims];
        self.coords
            .iter()
            .flat_map(|c| &c.terms)
            .all(|(d, _)| !std::mem::replace(&mut seen[*d], true))
    }

    /// Whether different iterations touch different elements. `unit[d]` marks the iteration
    /// dimensions of extent one (missing entries: not known), which need not take part. Steps
    /// with symbols are taken not to be zero.
    pub fn covers(&self, unit: &[bool]) -> bool {
        let mut seen = vec![false; self.dims];
        for c in &self.coords {
            if let [(d, _)] = c.terms.as_slice() {
                seen[*d] = true;
            }
        }
        seen.iter()
            .enumerate()
            .all(|(d, s)| *s || unit.get(d).copied().unwrap_or(false))
    }
}

/// `expr` as a [`Coord`], if it is linear with constant coefficients.
fn linear(expr: AffineExpr<'_>) -> Option<Coord> {
    if expr.is_constant() {
        return Some(Coord::constant(expr.constant_value()));
    }
    if expr.is_dim() {
        return Some(Coord::dim(expr.dim_position()));
    }
    if expr.is_add() {
        let mut sum = linear(expr.lhs())?;
        sum.add_scaled(&linear(expr.rhs())?, &Step::ONE)?;
        return Some(sum);
    }
    if expr.is_mul() {
        let (a, b) = (linear(expr.lhs())?, linear(expr.rhs())?);
        let (factor, other) = match (a.as_constant(), b.as_constant()) {
            (_, Some(factor)) => (factor, a),
            (Some(factor), _) => (factor, b),
            _ => return None,
        };
        let mut product = Coord::default();
        product.add_scaled(&other, &Step::constant(factor))?;
        return Some(product);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(dims: usize, coords: &[(i64, &[(usize, i64)])]) -> Access {
        Access {
            dims,
            coords: coords
                .iter()
                .map(|(offset, terms)| Coord {
                    offset: *offset,
                    terms: terms
                        .iter()
                        .map(|&(d, step)| (d, Step::constant(step)))
                        .collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn composition_multiplies_steps_and_adds_offsets() {
        // y = x[1::2], z = y[::-1] over 3 elements: x[1 + 2 * (2 - i)] = x[5 - 2i].
        let y = access(1, &[(1, &[(0, 2)])]);
        let z = access(1, &[(2, &[(0, -1)])]);
        assert_eq!(y.compose(&z), Some(access(1, &[(5, &[(0, -2)])])));
    }

    #[test]
    fn symbols_multiply_but_do_not_move_the_start() {
        let repeated = |symbol| Access {
            dims: 1,
            coords: vec![Coord {
                offset: 0,
                terms: vec![(0, Step::symbol(symbol))],
            }],
        };
        let twice = repeated(3).compose(&repeated(1)).expect("a product");
        assert_eq!(twice.coords[0].terms[0].1.symbols, [1, 3]);
        assert_eq!(repeated(3).compose(&access(1, &[(2, &[(0, 1)])])), None);
    }

    #[test]
    fn overflow_is_refused() {
        let a = access(1, &[(0, &[(0, i64::MAX)])]);
        let b = access(1, &[(0, &[(0, 2)])]);
        assert_eq!(a.compose(&b), None);
    }

    #[test]
    fn permutations_invert() {
        let p = access(3, &[(0, &[(2, 1)]), (0, &[(0, 1)]), (0, &[(1, 1)])]);
        let q = p.inverse().expect("a permutation");
        assert_eq!(p.compose(&q), Some(Access::identity(3)));
        assert!(access(2, &[(0, &[(0, 1)])]).inverse().is_none());
    }

    #[test]
    fn injectivity_ignores_unit_dimensions() {
        let rows = access(2, &[(0, &[(0, 1)])]);
        assert!(!rows.covers(&[]));
        assert!(rows.covers(&[false, true]));
        assert!(!access(2, &[(0, &[(0, 1), (1, 1)])]).covers(&[]));
    }

    #[test]
    fn a_dimension_in_two_coordinates_is_no_view() {
        assert!(!access(1, &[(0, &[(0, 1)]), (0, &[(0, 1)])]).is_separable());
        assert!(access(2, &[(1, &[(0, 1), (1, 2)])]).is_separable());
    }
}
