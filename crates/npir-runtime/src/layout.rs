//! Where the elements of an array lie: pointer, dtype, shape and byte strides, with the address
//! arithmetic and the overlap test that arrays and views share.

use std::fmt;

use crate::dtype::{DType, write_element};
use crate::extents::{Extents, c_strides, f_strides};

/// A strided array in memory, without a word about who owns it.
#[derive(Clone)]
pub(crate) struct Layout {
    /// Address of the element with all indices 0.
    pub(crate) data: *mut u8,
    pub(crate) dtype: DType,
    pub(crate) shape: Extents<usize>,
    /// Bytes from one element to the next, per axis.
    pub(crate) strides: Extents<isize>,
}

impl Layout {
    pub(crate) fn contiguous(data: *mut u8, dtype: DType, shape: &[usize]) -> Layout {
        Layout {
            data,
            dtype,
            shape: Extents::from_slice(shape),
            strides: c_strides(shape, dtype.size()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    pub(crate) fn is_c_contiguous(&self) -> bool {
        self.same_strides(&c_strides(&self.shape, self.dtype.size()))
    }

    pub(crate) fn is_f_contiguous(&self) -> bool {
        self.same_strides(&f_strides(&self.shape, self.dtype.size()))
    }

    /// Strides of axes with fewer than two elements mean nothing.
    fn same_strides(&self, wanted: &[isize]) -> bool {
        self.is_empty()
            || (self.shape.iter().zip(self.strides.iter().zip(wanted)))
                .all(|(&n, (stride, wanted))| n == 1 || stride == wanted)
    }

    /// Addresses from the lowest byte to one past the highest; equal if there are no elements.
    pub(crate) fn byte_range(&self) -> (usize, usize) {
        byte_range(self.data, self.dtype, &self.shape, &self.strides)
    }

    /// Whether two different indices of this array may be the same memory. Exact for the nested strides
    /// of slices, else conservative.
    pub(crate) fn may_overlap_itself(&self) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut axes: Vec<(usize, usize)> = (self.shape.iter().zip(self.strides.iter()))
            .filter(|&(&n, _)| n > 1)
            .map(|(&n, stride)| (stride.unsigned_abs(), n))
            .collect();
        axes.sort_unstable();
        let mut span = self.dtype.size();
        for (stride, n) in axes {
            if stride < span {
                return true;
            }
            span += stride * (n - 1);
        }
        false
    }

    /// Whether two arrays may share a byte. Never misses one; exact for blocks, interleaved slices and
    /// column blocks of one parent array.
    pub(crate) fn may_overlap(&self, other: &Layout) -> bool {
        let (a, b) = (self.byte_range(), other.byte_range());
        if a.0 == a.1 || b.0 == b.1 || a.1 <= b.0 || b.1 <= a.0 {
            return false;
        }
        // Addresses of an array are congruent to its start modulo the gcd of all strides.
        let gcd = (self.steps().chain(other.steps())).fold(0, |g, (_, stride)| gcd(g, stride));
        if gcd > 0 && disjoint_on_circle(a.0, self.dtype.size(), b.0, other.dtype.size(), gcd) {
            return false;
        }
        // With a common row stride, compare the spans inside one row.
        for (_, stride) in self.steps() {
            if let (Some(span_a), Some(span_b)) =
                (self.inner_span(stride), other.inner_span(stride))
                && disjoint_on_circle(a.0, span_a, b.0, span_b, stride)
            {
                return false;
            }
        }
        true
    }

    /// Extent and absolute stride of each axis that matters.
    fn steps(&self) -> impl Iterator<Item = (usize, usize)> {
        (self.shape.iter().zip(self.strides.iter()))
            .filter(|&(&n, &stride)| n > 1 && stride != 0)
            .map(|(&n, stride)| (n, stride.unsigned_abs()))
    }

    /// Bytes from the first to the last element, axes whose stride is a multiple of `row` left out.
    fn inner_span(&self, row: usize) -> Option<usize> {
        self.steps()
            .filter(|(_, stride)| stride % row != 0)
            .try_fold(self.dtype.size(), |span, (n, stride)| {
                span.checked_add(stride.checked_mul(n - 1)?)
            })
    }

    /// Writes the elements in nested brackets, the middle of long axes left out.
    ///
    /// # Safety
    /// The memory is readable and holds valid elements.
    pub(crate) unsafe fn write_elements(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edge = if self.len() > 1000 { Some(3) } else { None };
        // SAFETY: the caller's contract.
        unsafe { self.write_axis(f, 0, self.data, edge) }
    }

    /// # Safety
    /// As for [`Layout::write_elements`]; `at` is an element whose indices from `axis` on are 0.
    unsafe fn write_axis(
        &self,
        f: &mut fmt::Formatter<'_>,
        axis: usize,
        at: *const u8,
        edge: Option<usize>,
    ) -> fmt::Result {
        let Some(&n) = self.shape.get(axis) else {
            // SAFETY: the caller's contract.
            return unsafe { write_element(f, self.dtype, at) };
        };
        f.write_str("[")?;
        let mut i = 0;
        while i < n && !self.is_empty() {
            if i > 0 {
                f.write_str(", ")?;
            }
            if let Some(edge) = edge
                && n > 2 * edge
                && i == edge
            {
                f.write_str("..., ")?;
                i = n - edge;
            }
            let element = at.wrapping_offset(self.strides[axis] * i as isize);
            // SAFETY: i < n, so this is an element of the array.
            unsafe { self.write_axis(f, axis + 1, element, edge)? };
            i += 1;
        }
        f.write_str("]")
    }
}

/// Addresses from the lowest byte of an array to one past the highest; equal if there are no elements.
pub(crate) fn byte_range(
    data: *const u8,
    dtype: DType,
    shape: &[usize],
    strides: &[isize],
) -> (usize, usize) {
    let start = data as usize;
    if shape.contains(&0) {
        return (start, start);
    }
    let (mut low, mut high) = (start, start);
    for (&n, &stride) in shape.iter().zip(strides) {
        let reach = stride.wrapping_mul(n as isize - 1);
        if reach < 0 {
            low = low.wrapping_add_signed(reach);
        } else {
            high = high.wrapping_add_signed(reach);
        }
    }
    (low, high.saturating_add(dtype.size()))
}

fn gcd(mut a: usize, mut b: usize) -> usize {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Whether `[a, a + len_a)` and `[b, b + len_b)`, repeated with period `period`, never meet.
fn disjoint_on_circle(a: usize, len_a: usize, b: usize, len_b: usize, period: usize) -> bool {
    if len_a > period || len_b > period {
        return false;
    }
    let a_to_b = b.wrapping_sub(a) as isize;
    let ahead = a_to_b.rem_euclid(period as isize) as usize;
    ahead >= len_a && period - ahead >= len_b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(start: usize, shape: &[usize], strides: &[isize]) -> Layout {
        Layout {
            data: start as *mut u8,
            dtype: DType::F64,
            shape: Extents::from_slice(shape),
            strides: Extents::from_slice(strides),
        }
    }

    #[test]
    fn overlap_of_slices_of_one_array() {
        // Rows of 10 doubles.
        let all = layout(1000, &[5, 10], &[80, 8]);
        assert!(all.may_overlap(&all));
        let even = layout(1000, &[25], &[16]);
        let odd = layout(1008, &[25], &[16]);
        assert!(!even.may_overlap(&odd) && !odd.may_overlap(&even));
        let left = layout(1000, &[5, 4], &[80, 8]);
        let right = layout(1032, &[5, 6], &[80, 8]);
        let middle = layout(1024, &[5, 2], &[80, 8]);
        assert!(!left.may_overlap(&right) && !right.may_overlap(&left));
        assert!(left.may_overlap(&middle) && middle.may_overlap(&right));
        let backwards = layout(1000 + 4 * 80 + 24, &[5, 4], &[-80, -8]);
        assert!(!backwards.may_overlap(&right));
        assert!(backwards.may_overlap(&left));
        let top = layout(1000, &[2, 10], &[80, 8]);
        let bottom = layout(1160, &[3, 10], &[80, 8]);
        assert!(!top.may_overlap(&bottom));
        assert!(!all.may_overlap(&layout(1000, &[0, 4], &[80, 8])));
    }

    #[test]
    fn overlap_never_misses() {
        // Against the definition, over small random layouts.
        let mut state = 12345u64;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 33) % n
        };
        for _ in 0..3000 {
            let mut random = || {
                let shape = [1 + next(3) as usize, 1 + next(4) as usize];
                let strides = [next(9) as isize * 8 - 32, next(5) as isize * 4 - 8];
                layout(2000 + next(30) as usize * 4, &shape, &strides)
            };
            let (a, b) = (random(), random());
            let bytes = |l: &Layout| {
                let mut set = std::collections::HashSet::new();
                for i in 0..l.shape[0] as isize {
                    for j in 0..l.shape[1] as isize {
                        let at = l.data as isize + i * l.strides[0] + j * l.strides[1];
                        set.extend(at..at + 8);
                    }
                }
                set
            };
            let (in_a, in_b) = (bytes(&a), bytes(&b));
            if !in_a.is_disjoint(&in_b) {
                assert!(a.may_overlap(&b));
            }
            if in_a.len() < a.len() * 8 {
                assert!(a.may_overlap_itself());
            }
        }
    }
}
