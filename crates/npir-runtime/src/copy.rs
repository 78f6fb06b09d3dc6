//! Copies of arrays between any strides, at the speed of memory: on the threads of the pool, and in tiles where
//! elements are neighbours along one axis at the source and along another one at the destination.

use std::cmp::Reverse;
use std::ops::Range;

use crate::layout::Layout;
use crate::pool;

/// Bytes that are worth a thread.
const GRAIN: usize = 1 << 17;
/// Elements of a row that are written while a few columns are read, in a transposition: what is read of them stays in
/// the cache for the next columns.
const TILE: usize = 128;

/// An axis: how many places, and bytes from one to the next on both sides.
#[derive(Clone, Copy)]
struct Axis {
    n: usize,
    from: isize,
    to: isize,
}

/// The first element on both sides.
#[derive(Clone, Copy)]
struct Place {
    from: *const u8,
    to: *mut u8,
}

// SAFETY: a pair of addresses; whoever copies says that the memory is valid and where threads write.
unsafe impl Send for Place {}
// SAFETY: the same.
unsafe impl Sync for Place {}

impl Place {
    /// The element `i` places further along an axis.
    fn along(&self, axis: &Axis, i: usize) -> Place {
        Place {
            from: self.from.wrapping_offset(axis.from * i as isize),
            to: self.to.wrapping_offset(axis.to * i as isize),
        }
    }
}

impl Layout {
    /// Copies all elements to `to`, which has the same dtype and shape.
    ///
    /// # Safety
    /// Both layouts describe memory that is valid (for reads, for writes) and does not overlap.
    pub(crate) unsafe fn copy_to(&self, to: &Layout) {
        debug_assert_eq!((self.dtype, &self.shape), (to.dtype, &to.shape));
        if self.is_empty() {
            return;
        }
        let size = self.dtype.size();
        let place = Place {
            from: self.data,
            to: to.data,
        };
        let axes = axes(self, to);
        let longest = (0..axes.len()).max_by_key(|&i| (axes[i].n, Reverse(i)));
        let Some(longest) = longest else {
            // SAFETY: the caller's contract.
            return unsafe { std::ptr::copy_nonoverlapping(place.from, place.to, size) };
        };
        let n = axes[longest].n;
        let copy_part = |range: Range<usize>| {
            let mut part = axes.clone();
            part[longest].n = range.len();
            // SAFETY: parts of the axis are disjoint; the caller's contract.
            unsafe { copy(place.along(&axes[longest], range.start), &part, size) };
        };
        let grain = (GRAIN * n).div_ceil(self.len() * size);
        if pool::parallel_for(n, grain, copy_part).is_err() {
            copy_part(0..n);
        }
    }
}

/// The axes of more than one place, outermost first by the strides of the destination; those that are contiguous on
/// both sides are one.
fn axes(from: &Layout, to: &Layout) -> Vec<Axis> {
    let mut axes: Vec<Axis> = (0..from.shape.len())
        .filter(|&i| from.shape[i] > 1)
        .map(|i| Axis {
            n: from.shape[i],
            from: from.strides[i],
            to: to.strides[i],
        })
        .collect();
    axes.sort_by_key(|axis| Reverse(axis.to.unsigned_abs()));
    let mut merged: Vec<Axis> = Vec::with_capacity(axes.len());
    for axis in axes {
        match merged.last_mut() {
            Some(outer)
                if outer.from == axis.from * axis.n as isize
                    && outer.to == axis.to * axis.n as isize =>
            {
                *outer = Axis {
                    n: outer.n * axis.n,
                    ..axis
                };
            }
            _ => merged.push(axis),
        }
    }
    merged
}

/// Copies what lies along some axes.
///
/// # Safety
/// It is valid memory, and does not overlap.
unsafe fn copy(place: Place, axes: &[Axis], size: usize) {
    let Some((inner, outer)) = axes.split_last() else {
        return;
    };
    let unit = size as isize;
    let across = outer.iter().position(|axis| axis.from == unit);
    // SAFETY: the caller's contract, for all arms.
    unsafe {
        match across {
            Some(across) if inner.to == unit && inner.from != unit => {
                let mut rest = outer.to_vec();
                let across = rest.remove(across);
                each(&rest, place, |place| match size {
                    1 => transpose::<u8, 8>(place, &across, inner),
                    2 => transpose::<u16, 8>(place, &across, inner),
                    4 => transpose::<u32, 8>(place, &across, inner),
                    8 => transpose::<u64, 8>(place, &across, inner),
                    _ => transpose::<[u64; 2], 4>(place, &across, inner),
                });
            }
            _ => each(outer, place, |place| match size {
                _ if inner.from == unit && inner.to == unit => {
                    std::ptr::copy_nonoverlapping(place.from, place.to, inner.n * size);
                }
                1 => row::<u8>(place, inner),
                2 => row::<u16>(place, inner),
                4 => row::<u32>(place, inner),
                8 => row::<u64>(place, inner),
                _ => row::<[u64; 2]>(place, inner),
            }),
        }
    }
}

/// Calls `f` with every place along some axes, odometer fashion.
fn each(axes: &[Axis], place: Place, f: impl Fn(Place)) {
    if axes.iter().any(|axis| axis.n == 0) {
        return;
    }
    let mut index = vec![0usize; axes.len()];
    let mut place = place;
    loop {
        f(place);
        let mut level = axes.len();
        loop {
            let Some(next) = level.checked_sub(1) else {
                return;
            };
            level = next;
            let axis = &axes[level];
            index[level] += 1;
            if index[level] < axis.n {
                place = place.along(axis, 1);
                break;
            }
            index[level] = 0;
            let back = Axis {
                from: -axis.from,
                to: -axis.to,
                ..*axis
            };
            place = place.along(&back, axis.n - 1);
        }
    }
}

/// Copies elements of the size of `T` along an axis.
///
/// # Safety
/// As [`copy`].
unsafe fn row<T: Copy>(place: Place, axis: &Axis) {
    let size = size_of::<T>() as isize;
    // SAFETY: the caller's contract.
    unsafe {
        match (axis.from, axis.to) {
            // Steps that are known become vectors.
            (from, to) if from == -size && to == size => steps::<T>(place, axis.n, -size, size),
            (from, to) => steps::<T>(place, axis.n, from, to),
        }
    }
}

/// Copies `n` elements of the size of `T`, so many bytes apart.
///
/// # Safety
/// As [`copy`].
#[inline(always)]
unsafe fn steps<T: Copy>(place: Place, n: usize, from: isize, to: isize) {
    for i in 0..n as isize {
        let source = place.from.wrapping_offset(from * i).cast::<T>();
        let dest = place.to.wrapping_offset(to * i).cast::<T>();
        // SAFETY: the caller's contract.
        unsafe { dest.write_unaligned(source.read_unaligned()) };
    }
}

/// Copies elements of the size of `T` that are neighbours along `across` at the source, along `inner` at the
/// destination: `COUNT` rows of the destination side by side, so that each cache line of either is used up.
///
/// # Safety
/// As [`copy`].
unsafe fn transpose<T: Copy, const COUNT: usize>(place: Place, across: &Axis, inner: &Axis) {
    let rest = across.n % COUNT;
    for start in (0..inner.n).step_by(TILE) {
        let place = place.along(inner, start);
        let n = TILE.min(inner.n - start);
        for i in (0..across.n - rest).step_by(COUNT) {
            let place = place.along(across, i);
            for j in 0..n {
                let Place { from, to } = place.along(inner, j);
                let from = from.cast::<T>();
                for k in 0..COUNT {
                    let to = to.wrapping_offset(across.to * k as isize).cast::<T>();
                    // SAFETY: the caller's contract.
                    unsafe { to.write_unaligned(from.add(k).read_unaligned()) };
                }
            }
        }
        for i in across.n - rest..across.n {
            // SAFETY: a part of it.
            unsafe { row::<T>(place.along(across, i), &Axis { n, ..*inner }) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::extents::{Extents, c_strides};

    /// Copies an array of that shape whose axes lie at the source in the order `order`, outermost first, backwards
    /// where `backwards` says so, with `gap` elements between neighbours; compares every byte.
    fn check(dtype: DType, shape: &[usize], order: &[usize], backwards: &[bool], gap: usize) {
        let size = dtype.size();
        let total: usize = shape.iter().product::<usize>() * (1 + gap) * size;
        let source: Vec<u8> = (0..total).map(|i| (i * 7 + i / 251) as u8).collect();
        let mut strides = vec![0isize; shape.len()];
        let mut step = ((1 + gap) * size) as isize;
        let mut start = 0isize;
        for &axis in order.iter().rev() {
            strides[axis] = if backwards[axis] { -step } else { step };
            if backwards[axis] {
                start += step * (shape[axis] as isize - 1);
            }
            step *= shape[axis] as isize;
        }
        let from = Layout {
            data: source.as_ptr().wrapping_offset(start).cast_mut(),
            dtype,
            shape: Extents::from_slice(shape),
            strides: Extents::from_slice(&strides),
        };
        let len = from.len();
        let mut dest = vec![0u8; len * size];
        let to = Layout {
            data: dest.as_mut_ptr(),
            strides: c_strides(shape, size),
            ..from.clone()
        };
        // SAFETY: both lie inside their vectors.
        unsafe { from.copy_to(&to) };
        for (i, element) in dest.chunks(size).enumerate() {
            let (mut rest, mut at) = (i, start);
            for axis in (0..shape.len()).rev() {
                at += (rest % shape[axis]) as isize * strides[axis];
                rest /= shape[axis];
            }
            let at = at as usize;
            assert_eq!(
                element,
                &source[at..at + size],
                "{dtype:?} {shape:?} {order:?} {backwards:?} {gap}: element {i}"
            );
        }
    }

    #[test]
    fn copies_between_any_strides() {
        let dtypes = [DType::I8, DType::I16, DType::F32, DType::F64, DType::C128];
        for dtype in dtypes {
            for gap in [0, 1] {
                check(dtype, &[], &[], &[], gap);
                check(dtype, &[0, 3], &[1, 0], &[false; 2], gap);
                for shape in [[2, 3, 4], [9, 1, 70], [17, 33, 8], [1, 130, 21]] {
                    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1]] {
                        for backwards in 0..8 {
                            let backwards = [0, 1, 2].map(|axis| backwards >> axis & 1 == 1);
                            check(dtype, &shape, &order, &backwards, gap);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn threads_share_a_large_copy() {
        for dtype in [DType::I8, DType::F64] {
            check(dtype, &[700, 901], &[0, 1], &[false; 2], 0);
            check(dtype, &[700, 901], &[1, 0], &[false; 2], 0);
            check(dtype, &[3, 210_000], &[1, 0], &[true, false], 0);
            check(dtype, &[700_001], &[0], &[true], 1);
        }
    }
}
