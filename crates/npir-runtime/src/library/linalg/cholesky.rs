//! `cholesky`: `a = l lᴴ` with `l` lower triangular, or `a = uᴴ u`.

use faer::Side;
use faer::linalg::solvers::Llt;
use faer::traits::math_utils::{conj, zero};

use super::{Field, cubic, dispatch, hermitian};
use crate::library::{Call, Failure};

/// `a` → factor; parameter: whether the upper triangle is read and written. The other triangle of `a` is not looked at.
pub(in crate::library) fn run(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call))
}

fn typed<T: Field>(call: &Call) -> Result<(), Failure> {
    let upper = call.param(0) != 0;
    let n = call.arrays[0].size(0);
    let side = if upper { Side::Upper } else { Side::Lower };
    call.for_each(&[2, 2], cubic(n, n) / 3, |blocks| {
        let mut storage = faer::Mat::new();
        let factor = Llt::new(hermitian::<T>(&blocks[0], &mut storage), side)
            .map_err(|_| Failure::lin_alg("Matrix is not positive definite"))?;
        let l = factor.L();
        blocks[1].fill(|i, j| match upper {
            false if i >= j => l[(i, j)],
            true if i <= j => conj(&l[(j, i)]),
            _ => zero::<T>(),
        });
        Ok(())
    })
}
