//! `qr` and `qr_r`: `a = q r` with the columns of `q` orthonormal and `r` upper triangular, by Householder reflections.

use faer::linalg::solvers::Qr;
use faer::traits::math_utils::zero;
use faer::{Mat, MatRef};

use super::{Field, cubic, dispatch, matrix, store};
use crate::library::{Block, Call, Failure};

/// `a` → `q`, `r`: reduced or complete, as the sizes of `q` say.
pub(in crate::library) fn run(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call, &[2, 2, 2]))
}

/// `a` → `r`, reduced.
pub(in crate::library) fn run_r(call: &Call) -> Result<(), Failure> {
    dispatch!(call.arrays[0], typed(call, &[2, 2]))
}

fn typed<T: Field>(call: &Call, ranks: &[usize]) -> Result<(), Failure> {
    let (m, n) = (call.arrays[0].size(1), call.arrays[0].size(0));
    call.for_each(ranks, 4 * cubic(m, n), |blocks| {
        let mut storage = Mat::new();
        let a = matrix::<T>(&blocks[0], &mut storage);
        if m == 0 || n == 0 {
            if let [_, q, _] = blocks {
                store(q, Mat::<T>::identity(q.size(0), q.size(1)).as_ref());
            }
            return Ok(());
        }
        let factors = Qr::new(a);
        match blocks {
            [_, q, r] => {
                store(
                    q,
                    match q.size(1) == m.min(n) {
                        true => factors.compute_thin_Q(),
                        false => factors.compute_Q(),
                    }
                    .as_ref(),
                );
                store_upper(r, factors.R());
            }
            _ => store_upper(&blocks[1], factors.R()),
        }
        Ok(())
    })
}

/// The upper triangle of `r`, zeros below.
fn store_upper<T: Field>(block: &Block, r: MatRef<'_, T>) {
    block.fill(|i, j| {
        if i <= j && i < r.nrows() {
            r[(i, j)]
        } else {
            zero::<T>()
        }
    });
}
