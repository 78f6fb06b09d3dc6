//! A short list of numbers, one per axis, kept inline up to rank 8 so that describing an argument
//! allocates nothing.

use std::fmt;
use std::ops::{Deref, DerefMut};

const INLINE: usize = 8;

/// Shape or byte strides of an array: a `[T]` of fixed length, inline up to 8 axes.
#[derive(Clone)]
pub struct Extents<T>(Storage<T>);

#[derive(Clone)]
enum Storage<T> {
    Inline { len: u8, items: [T; INLINE] },
    Heap(Box<[T]>),
}

impl<T: Copy + Default> Extents<T> {
    /// The list that holds `items`.
    pub fn from_slice(items: &[T]) -> Extents<T> {
        if items.len() <= INLINE {
            let mut inline = [T::default(); INLINE];
            inline[..items.len()].copy_from_slice(items);
            Extents(Storage::Inline {
                len: items.len() as u8,
                items: inline,
            })
        } else {
            Extents(Storage::Heap(items.into()))
        }
    }

    /// A list of `len` times `value`.
    pub fn filled(len: usize, value: T) -> Extents<T> {
        if len <= INLINE {
            Extents(Storage::Inline {
                len: len as u8,
                items: [value; INLINE],
            })
        } else {
            Extents(Storage::Heap(vec![value; len].into()))
        }
    }
}

impl<T> Deref for Extents<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Storage::Inline { len, items } => &items[..usize::from(*len)],
            Storage::Heap(items) => items,
        }
    }
}

impl<T> DerefMut for Extents<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Storage::Inline { len, items } => &mut items[..usize::from(*len)],
            Storage::Heap(items) => items,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Extents<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Extents<T> {
    fn eq(&self, other: &Extents<T>) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Extents<T> {}

/// Elements in an array of this shape; `None` if the product of the nonzero extents, times
/// `item_size`, does not fit `isize` (then nothing can address it).
pub fn checked_len(shape: &[usize], item_size: usize) -> Option<usize> {
    let mut bytes = item_size;
    for &n in shape.iter().filter(|&&n| n != 0) {
        bytes = bytes
            .checked_mul(n)
            .filter(|&b| isize::try_from(b).is_ok())?;
    }
    Some(shape.iter().product())
}

/// Byte strides of a C-contiguous array. The caller has checked the size with [`checked_len`].
pub fn c_strides(shape: &[usize], item_size: usize) -> Extents<isize> {
    let mut strides = Extents::filled(shape.len(), 0);
    let mut step = item_size as isize;
    for (stride, &n) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step *= n.max(1) as isize;
    }
    strides
}

/// Byte strides of a Fortran-contiguous array, under the same condition.
pub(crate) fn f_strides(shape: &[usize], item_size: usize) -> Extents<isize> {
    let mut strides = Extents::filled(shape.len(), 0);
    let mut step = item_size as isize;
    for (stride, &n) in strides.iter_mut().zip(shape) {
        *stride = step;
        step *= n.max(1) as isize;
    }
    strides
}

/// `(3, 4)`, `(3,)`, `()`: a shape as Python prints it.
pub(crate) struct ShapeDisplay<'a>(pub(crate) &'a [usize]);

impl fmt::Display for ShapeDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, n) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{n}")?;
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_and_heap_lists_behave_alike() {
        for rank in 0..12 {
            let items: Vec<usize> = (0..rank).collect();
            let mut e = Extents::from_slice(&items);
            assert_eq!(*e, *items);
            assert_eq!(e, e.clone());
            if let Some(first) = e.first_mut() {
                *first = 7;
                assert_ne!(*e, *items);
            }
            assert_eq!(Extents::filled(rank, 3).len(), rank);
        }
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(checked_len(&[], 8), Some(1));
        assert_eq!(checked_len(&[3, 0, 5], 8), Some(0));
        assert_eq!(checked_len(&[usize::MAX, 0], 8), None);
        assert_eq!(checked_len(&[1 << 62, 4], 1), None);
        assert_eq!(*c_strides(&[2, 3, 4], 8), [96, 32, 8]);
        assert_eq!(*f_strides(&[2, 3, 4], 8), [8, 16, 48]);
        assert_eq!(ShapeDisplay(&[3]).to_string(), "(3,)");
        assert_eq!(ShapeDisplay(&[3, 4]).to_string(), "(3, 4)");
    }
}
