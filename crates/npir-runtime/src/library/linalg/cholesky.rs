//! `cholesky`: `a = l lᴴ` with `l` lower triangular, or `a = uᴴ u`.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::traits::math_utils::{conj, zero};
use faer::{Mat, MatRef, Par};

use super::small::{self, SMALL, Work};
use super::{Block, Field, TILE, cubic, dispatch, fill};
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
    call.for_each(&[2, 2], cubic(n, n) / 3, |blocks| {
        let mut factor = load_triangle::<T>(&blocks[0], upper);
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<T>(
            n,
            Par::Seq,
            Default::default(),
        ));
        cholesky_in_place(
            factor.as_mut(),
            Default::default(),
            Par::Seq,
            MemStack::new(&mut memory),
            Default::default(),
        )
        .map_err(|_| not_positive_definite())?;
        store_triangle(&blocks[1], factor.as_ref(), upper);
        Ok(())
    })
}

/// The lower triangle of a Hermitian matrix or the adjoint of the upper one, zeros above. The imaginary parts of the
/// diagonal count as zero, as in LAPACK.
fn load_triangle<T: Field>(block: &Block, upper: bool) -> Mat<T> {
    let n = block.size(0);
    let data = block.ptr::<T>().cast_const();
    let at = |i: usize, j: usize| {
        let row = data.wrapping_offset(i as isize * block.stride(0));
        // SAFETY: an element of an input, which nobody writes to during the call.
        unsafe {
            row.wrapping_offset(j as isize * block.stride(1))
                .read_unaligned()
        }
    };
    let mut matrix = Mat::zeros(n, n);
    for rows in (0..n).step_by(TILE) {
        for columns in (0..=rows).step_by(TILE) {
            for j in columns..n.min(columns + TILE) {
                for i in rows.max(j)..n.min(rows + TILE) {
                    matrix[(i, j)] = if upper { conj(&at(j, i)) } else { at(i, j) };
                }
            }
        }
    }
    for i in 0..n {
        matrix[(i, i)] = T::from_real_impl(&T::real_part_impl(&matrix[(i, i)]));
    }
    matrix
}

/// Stores a lower triangle or its adjoint, and zeros.
fn store_triangle<T: Field>(block: &Block, l: MatRef<'_, T>, upper: bool) {
    fill(block, |i, j| match upper {
        false if i >= j => l[(i, j)],
        true if i <= j => conj(&l[(j, i)]),
        _ => zero::<T>(),
    });
}

/// What NumPy says of a matrix that is not.
pub(super) fn not_positive_definite() -> Failure {
    Failure::lin_alg("Matrix is not positive definite")
}
