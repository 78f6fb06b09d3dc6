//! `cholesky`: `a = l lᴴ` with `l` lower triangular, or `a = uᴴ u`.

use faer::linalg::solvers::Llt;
use faer::traits::math_utils::{conj, zero};
use faer::{MatRef, Side};

use super::small::{self, SMALL, Work};
use super::{Block, Field, cubic, dispatch, hermitian};
use crate::library::{Call, Failure};

/// `a` → factor; parameter: whether the upper triangle is read and written. The other triangle of `a` is not looked at.
pub(in crate::library) fn run(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call))
}

fn typed<T: Field>(call: &Call) -> Result<(), Failure> {
    let upper = call.param(0) != 0;
    let n = call.arrays[0].size(0);
    if n <= SMALL {
        return Work::<T>::for_each(call, &[2, 2], (n, 0), |work, batch, at| {
            small::read_triangle(&batch.block(0, at), upper, &mut work.a);
            work.cholesky()?;
            small::write_triangle(&batch.block(1, at), upper, &work.a);
            Ok(())
        });
    }
    let side = if upper { Side::Upper } else { Side::Lower };
    call.for_each(&[2, 2], cubic(n, n) / 3, |blocks| {
        let mut storage = faer::Mat::new();
        let factor = Llt::new(hermitian::<T>(&blocks[0], &mut storage), side)
            .map_err(|_| not_positive_definite())?;
        store_triangle(&blocks[1], factor.L(), upper);
        Ok(())
    })
}

/// Rows and columns of a part of a matrix of which rows and columns are in the cache.
const TILE: usize = 16;

/// Stores a lower triangle or its adjoint, and zeros.
fn store_triangle<T: Field>(block: &Block, l: MatRef<'_, T>, upper: bool) {
    let n = block.size(0);
    let data = block.ptr::<T>();
    for rows in (0..n).step_by(TILE) {
        for columns in (0..n).step_by(TILE) {
            for i in rows..n.min(rows + TILE) {
                let row = data.wrapping_offset(i as isize * block.stride(0));
                for j in columns..n.min(columns + TILE) {
                    let x = match upper {
                        false if i >= j => l[(i, j)],
                        true if i <= j => conj(&l[(j, i)]),
                        _ => zero::<T>(),
                    };
                    let at = row.wrapping_offset(j as isize * block.stride(1));
                    // SAFETY: an element of an out, ours alone.
                    unsafe { at.write_unaligned(x) };
                }
            }
        }
    }
}

/// What NumPy says of a matrix that is not.
pub(super) fn not_positive_definite() -> Failure {
    Failure::lin_alg("Matrix is not positive definite")
}
