//! Arrays of the tests: values in host memory of their own, independent of the runtime's
//! allocator, and the many ways in which the same elements can lie in memory.

use std::ptr::NonNull;

use npir_runtime::{Array, ArrayView, ArrayViewMut, DType, Element, Scalar, sanitizer};

/// The elements of an array, in C order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Value {
    pub(crate) fn new<T: Element>(elements: &[T], shape: &[usize]) -> Self {
        assert_eq!(
            elements.len(),
            shape.iter().product::<usize>(),
            "elements of shape {shape:?}"
        );
        let bytes = elements
            .iter()
            .flat_map(|e| Scalar::new(*e).bytes().to_vec())
            .collect();
        Value {
            dtype: T::DTYPE,
            shape: shape.to_vec(),
            bytes,
        }
    }

    pub(crate) fn vector<T: Element>(elements: &[T]) -> Self {
        Value::new(elements, &[elements.len()])
    }

    pub(crate) fn scalar<T: Element>(element: T) -> Self {
        Value::new(&[element], &[])
    }

    /// The elements in bytes of another type of the same size.
    pub(crate) fn reinterpreted(mut self, dtype: DType) -> Self {
        assert_eq!(self.dtype.size(), dtype.size());
        self.dtype = dtype;
        self
    }

    pub(crate) fn reshaped(mut self, shape: &[usize]) -> Self {
        assert_eq!(self.len(), shape.iter().product::<usize>());
        self.shape = shape.to_vec();
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The first `shape` elements, as many as there are or cyclically more.
    pub(crate) fn resized(&self, shape: &[usize]) -> Self {
        let wanted = shape.iter().product::<usize>() * self.dtype.size();
        let bytes = self.bytes.iter().copied().cycle().take(wanted).collect();
        Value {
            dtype: self.dtype,
            shape: shape.to_vec(),
            bytes,
        }
    }

    pub(crate) fn of(array: &Array) -> Self {
        let bytes = match array.to_contiguous() {
            Ok(copy) => {
                // SAFETY: a copy in C order is one block of `nbytes` readable bytes.
                unsafe { std::slice::from_raw_parts(copy.as_ptr(), copy.nbytes()) }.to_vec()
            }
            Err(e) => panic!("{e}"),
        };
        Value {
            dtype: array.dtype(),
            shape: array.shape().to_vec(),
            bytes,
        }
    }

    pub(crate) fn to_array(&self) -> Array {
        let strides = c_strides(&self.shape, self.dtype.size());
        // SAFETY: the bytes are those of a C-ordered array and live during the copy.
        unsafe { ArrayView::from_raw(self.bytes.as_ptr(), self.dtype, &self.shape, &strides) }
            .to_array()
            .unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn place(&self, layout: Layout) -> Placed {
        Placed::new(self, layout)
    }
}

fn c_strides(shape: &[usize], item: usize) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = item as isize;
    for (stride, n) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step *= (*n).max(1) as isize;
    }
    strides
}

/// How elements lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Row-major, without gaps, aligned.
    C,
    /// Column-major, without gaps.
    Fortran,
    /// Row-major, two elements apart, rows apart from each other.
    Strided,
    /// Row-major, every axis backwards.
    Reversed,
    /// Column-major, the last axis backwards and with gaps.
    FortranReversed,
    /// Row-major, one byte off every alignment.
    Misaligned,
    /// As `Strided` and `Reversed`, and off every alignment.
    Scattered,
    /// Step 0 along every axis: one element seen many times.
    Repeated,
}

impl Layout {
    /// All that keep any values.
    pub(crate) const ALL: [Layout; 7] = [
        Layout::C,
        Layout::Fortran,
        Layout::Strided,
        Layout::Reversed,
        Layout::FortranReversed,
        Layout::Misaligned,
        Layout::Scattered,
    ];
}

/// Elements in memory. (No `Clone`: a copied buffer would lie at another alignment.)
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: Vec<isize>,
    buffer: Vec<u8>,
    offset: usize,
    filler: u8,
}

/// What lies between elements; as a bool it would be invalid.
const FILLER: u8 = 0xA5;

impl Placed {
    fn new(value: &Value, layout: Layout) -> Self {
        let (item, rank) = (value.dtype.size(), value.shape.len());
        let (column_major, spacing, misaligned) = match layout {
            Layout::Fortran => (true, 1, 0),
            Layout::FortranReversed => (true, 2, 0),
            Layout::Strided => (false, 2, 0),
            Layout::Scattered => (false, 3, 1),
            Layout::Misaligned => (false, 1, 1),
            Layout::C | Layout::Reversed | Layout::Repeated => (false, 1, 0),
        };
        let mut strides = vec![0isize; rank];
        let mut step = item * spacing;
        let axes: Vec<usize> = if column_major {
            (0..rank).collect()
        } else {
            (0..rank).rev().collect()
        };
        for (k, &axis) in axes.iter().enumerate() {
            strides[axis] = step as isize;
            step *= value.shape[axis].max(1);
            if spacing > 1 && k == 0 {
                step += item;
            }
        }
        for (axis, stride) in strides.iter_mut().enumerate() {
            let back = match layout {
                Layout::Reversed | Layout::Scattered => true,
                Layout::FortranReversed => axis + 1 == rank,
                Layout::Repeated => {
                    *stride = 0;
                    false
                }
                _ => false,
            };
            if back {
                *stride = -*stride;
            }
        }
        // Room in front, for alignment, and behind.
        let room = 128;
        let mut buffer = vec![FILLER; 2 * room + step.max(item)];
        let base = buffer.as_ptr() as usize;
        let mut offset = (base + room).next_multiple_of(64) - base + misaligned;
        for (stride, n) in strides.iter().zip(&value.shape) {
            if *stride < 0 {
                offset += stride.unsigned_abs() * n.saturating_sub(1);
            }
        }
        for position in 0..value.len() {
            let at = offset.wrapping_add_signed(distance(position, &value.shape, &strides));
            buffer[at..at + item]
                .copy_from_slice(&value.bytes[position * item..(position + 1) * item]);
        }
        let placed = Placed {
            dtype: value.dtype,
            shape: value.shape.clone(),
            strides,
            buffer,
            offset,
            filler: FILLER,
        };
        placed.poison();
        placed
    }

    /// Tells the sanitizer that nobody may touch what is no element.
    fn poison(&self) {
        if !sanitizer::is_present() {
            return;
        }
        let own = self.own();
        let mut at = 0;
        for part in own.chunk_by(|a, b| a == b) {
            if !part[0] {
                let start = NonNull::from(&self.buffer[at]);
                // SAFETY: bytes of the buffer; this crate's own accesses are not checked.
                unsafe { sanitizer::poison(start, part.len()) };
            }
            at += part.len();
        }
    }

    /// Which bytes of the buffer belong to elements.
    fn own(&self) -> Vec<bool> {
        let item = self.dtype.size();
        let mut own = vec![false; self.buffer.len()];
        for position in 0..self.shape.iter().product() {
            let at =
                self.offset
                    .wrapping_add_signed(distance(position, &self.shape, &self.strides));
            own[at..at + item].fill(true);
        }
        own
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.buffer[self.offset..].as_ptr()
    }

    pub(crate) fn view(&self) -> ArrayView<'_> {
        // SAFETY: `new` has put every element that the strides reach into the buffer.
        unsafe { ArrayView::from_raw(self.as_ptr(), self.dtype, &self.shape, &self.strides) }
    }

    pub(crate) fn view_mut(&mut self) -> ArrayViewMut<'_> {
        let first = self.buffer[self.offset..].as_mut_ptr();
        // SAFETY: as for `view`; no two elements share memory, but for `Layout::Repeated`, which is
        // never updated.
        unsafe { ArrayViewMut::from_raw(first, self.dtype, &self.shape, &self.strides) }
    }

    /// The elements as they are now.
    pub(crate) fn value(&self) -> Value {
        let item = self.dtype.size();
        let count = self.shape.iter().product();
        let at = |position| {
            self.offset
                .wrapping_add_signed(distance(position, &self.shape, &self.strides))
        };
        let bytes = (0..count)
            .flat_map(|p| self.buffer[at(p)..at(p) + item].to_vec())
            .collect();
        Value {
            dtype: self.dtype,
            shape: self.shape.clone(),
            bytes,
        }
    }

    /// Whether every byte that belongs to no element is still what it was.
    pub(crate) fn surroundings_untouched(&self) -> bool {
        self.buffer
            .iter()
            .zip(self.own())
            .all(|(byte, own)| own || *byte == self.filler)
    }
}

/// Bytes from the first element to the one at `position` in C order.
fn distance(mut position: usize, shape: &[usize], strides: &[isize]) -> isize {
    let mut sum = 0;
    for (n, stride) in shape.iter().zip(strides).rev() {
        sum += (position % n) as isize * stride;
        position /= n;
    }
    sum
}
