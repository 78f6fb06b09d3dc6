//! What a complex transform of one line of an array reads and writes: complex numbers, or real ones as halves of it.

use std::ops::Range;

use num_complex::Complex;

use super::Real;
use super::roots::Powers;
use crate::library::arrays::Elements;

/// A line whose transform is one of `n` complex points. It is prepared, loaded, transformed, stored and finished; each
/// step may take its parts in any order.
///
/// # Safety
/// [`Line::place`] is memory for `n` points that belongs to the line alone.
pub(super) unsafe trait Line<T: Real>: Sync {
    /// Parts of what is to be done before points are loaded.
    fn before(&self) -> usize {
        0
    }

    /// Does some of that.
    fn prepare(&self, _: Range<usize>) {}

    /// How many points there are to load; the others are zero.
    fn len(&self) -> usize;

    /// Whether neighbours of the line lie closer together than its own points.
    fn is_across(&self) -> bool;

    /// Point `i` of the transform.
    ///
    /// # Safety
    /// `i` is below [`Line::len`] and `n`.
    unsafe fn load(&self, i: usize) -> Complex<T>;

    /// Stores point `i` of the result.
    ///
    /// # Safety
    /// `i` is below `n`, and nobody uses the element it goes to.
    unsafe fn store(&self, i: usize, z: Complex<T>);

    /// Where the points go as they are but for [`Line::factor`], if there is such a place.
    fn place(&self) -> Option<*mut Complex<T>>;

    /// Whether points are loaded from their place.
    const IN_PLACE: bool = false;

    /// What points in their place are multiplied by.
    fn factor(&self) -> T {
        T::one()
    }

    /// Parts of what remains to be done when all points are stored.
    fn rest(&self) -> usize {
        0
    }

    /// Does some of that.
    fn finish(&self, _: Range<usize>) {}
}

/// Complex numbers to complex ones.
pub(super) struct Whole<'a, T: Real> {
    pub(super) x: Elements<'a, T::Whole>,
    /// As many as there are points.
    pub(super) out: Elements<'a, T::Whole>,
    pub(super) scale: T,
}

// SAFETY: an out.
unsafe impl<T: Real> Line<T> for Whole<'_, T> {
    fn len(&self) -> usize {
        self.x.len()
    }

    fn is_across(&self) -> bool {
        self.x.stride() != 1
    }

    #[inline(always)]
    unsafe fn load(&self, i: usize) -> Complex<T> {
        // SAFETY: the caller's contract; an in.
        unsafe { self.x.get(i) }.into()
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, z: Complex<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.out.set(i, (z * self.scale).into()) };
    }

    fn place(&self) -> Option<*mut Complex<T>> {
        self.out.contiguous().map(<*mut T::Whole>::cast)
    }

    fn factor(&self) -> T {
        self.scale
    }
}

/// Where the transform of real numbers goes: one half of it, or both.
#[derive(Clone, Copy)]
pub(super) struct Spectrum<'a, T: Real> {
    /// `n` numbers, or `n / 2 + 1`.
    pub(super) out: Elements<'a, T::Whole>,
    /// The length of the transform.
    pub(super) n: usize,
    pub(super) scale: T,
    /// Whether it is the conjugate that is wanted.
    pub(super) conjugate: bool,
}

impl<T: Real> Spectrum<'_, T> {
    /// Stores number `k` of the first half, and its mirror image.
    ///
    /// # Safety
    /// `k` is at most `n / 2`, and nobody uses these elements.
    #[inline(always)]
    unsafe fn store(&self, k: usize, z: Complex<T>) {
        let (z, mirrored) = match self.conjugate {
            false => (z * self.scale, z.conj() * self.scale),
            true => (z.conj() * self.scale, z * self.scale),
        };
        // SAFETY: the caller's contract; both are below the length.
        unsafe {
            self.out.set(k, z.into());
            if self.out.len() == self.n && k > 0 && k < self.n - k {
                self.out.set(self.n - k, mirrored.into());
            }
        }
    }
}

/// An odd number of real numbers: as complex ones.
pub(super) struct OddReal<'a, T: Real> {
    pub(super) x: Elements<'a, T>,
    pub(super) to: Spectrum<'a, T>,
}

// SAFETY: it gives no place.
unsafe impl<T: Real> Line<T> for OddReal<'_, T> {
    fn len(&self) -> usize {
        self.x.len()
    }

    fn is_across(&self) -> bool {
        self.x.stride() != 1
    }

    #[inline(always)]
    unsafe fn load(&self, i: usize) -> Complex<T> {
        // SAFETY: the caller's contract; an in.
        Complex::new(unsafe { self.x.get(i) }, T::zero())
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, mut z: Complex<T>) {
        if i == 0 {
            z.im = T::zero();
        }
        if i <= self.to.n / 2 {
            // SAFETY: at most half the length; the mirror image is not that of another point stored here.
            unsafe { self.to.store(i, z) };
        }
    }

    fn place(&self) -> Option<*mut Complex<T>> {
        None
    }
}

/// An even number of real numbers: every two as one complex number, whose transform is taken apart at the end.
pub(super) struct EvenReal<'a, T: Real> {
    pub(super) x: Elements<'a, T>,
    pub(super) to: Spectrum<'a, T>,
    pub(super) powers: &'a Powers<T>,
}

// SAFETY: an out of more than `n / 2` numbers, where there are `n / 2` points.
unsafe impl<T: Real> Line<T> for EvenReal<'_, T> {
    fn len(&self) -> usize {
        self.x.len().div_ceil(2)
    }

    fn is_across(&self) -> bool {
        self.x.stride() != 1
    }

    #[inline(always)]
    unsafe fn load(&self, i: usize) -> Complex<T> {
        let second = 2 * i + 1;
        // SAFETY: the caller's contract; the second one is there as asked; an in.
        unsafe {
            let im = match second < self.x.len() {
                true => self.x.get(second),
                false => T::zero(),
            };
            Complex::new(self.x.get(2 * i), im)
        }
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, z: Complex<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.to.out.set(i, z.into()) };
    }

    fn place(&self) -> Option<*mut Complex<T>> {
        self.to.out.contiguous().map(<*mut T::Whole>::cast)
    }

    fn rest(&self) -> usize {
        self.to.n / 4 + 1
    }

    fn finish(&self, pairs: Range<usize>) {
        let (half, n) = (T::of(0.5), self.to.n);
        for k in pairs {
            // SAFETY: `k` and `n / 2 - k` are at most half the length, those of different pairs differ, and mirror
            // images lie beyond.
            unsafe {
                let a: Complex<T> = self.to.out.get(k).into();
                if k == 0 {
                    self.to.store(0, Complex::new(a.re + a.im, T::zero()));
                    self.to.store(n / 2, Complex::new(a.re - a.im, T::zero()));
                    continue;
                }
                let b: Complex<T> = self.to.out.get(n / 2 - k).into();
                // The transforms of the numbers at even and at odd places.
                let even = (a + b.conj()) * half;
                let odd = (a - b.conj()) * half;
                let odd = Complex::new(odd.im, -odd.re) * self.powers.get(k);
                self.to.store(k, even + odd);
                self.to.store(n / 2 - k, (even - odd).conj());
            }
        }
    }
}

/// The half of a transform that decides the other.
#[derive(Clone, Copy)]
pub(super) struct Half<'a, T: Real> {
    pub(super) x: Elements<'a, T::Whole>,
    /// The length of the transform.
    pub(super) n: usize,
    /// Whether the conjugate is meant.
    pub(super) conjugate: bool,
}

impl<T: Real> Half<'_, T> {
    /// Number `k`, at most half the length, zero where there is none. The first one and the one in the middle are real:
    /// imaginary parts are not looked at.
    #[inline(always)]
    fn get(&self, k: usize) -> Complex<T> {
        let z: Complex<T> = match k < self.x.len() {
            // SAFETY: below the length; an in.
            true => unsafe { self.x.get(k) }.into(),
            false => Complex::new(T::zero(), T::zero()),
        };
        match (k == 0 || 2 * k == self.n, self.conjugate) {
            (true, _) => Complex::new(z.re, T::zero()),
            (_, true) => z.conj(),
            _ => z,
        }
    }
}

/// A half to an odd number of real numbers.
pub(super) struct ToOdd<'a, T: Real> {
    pub(super) half: Half<'a, T>,
    /// As many as the length of the transform.
    pub(super) out: Elements<'a, T>,
    pub(super) scale: T,
}

// SAFETY: it gives no place.
unsafe impl<T: Real> Line<T> for ToOdd<'_, T> {
    fn len(&self) -> usize {
        self.half.n
    }

    fn is_across(&self) -> bool {
        self.half.x.stride() != 1
    }

    #[inline(always)]
    unsafe fn load(&self, i: usize) -> Complex<T> {
        match self.half.n - i {
            mirrored if mirrored < i => self.half.get(mirrored).conj(),
            _ => self.half.get(i),
        }
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, z: Complex<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.out.set(i, z.re * self.scale) };
    }

    fn place(&self) -> Option<*mut Complex<T>> {
        None
    }
}

/// A half to an even number of real numbers: a transform of half the length, whose points are put together at first,
/// gives two of them with each.
pub(super) struct ToEven<'a, T: Real> {
    pub(super) half: Half<'a, T>,
    /// As many as the length of the transform.
    pub(super) out: Elements<'a, T>,
    pub(super) scale: T,
    pub(super) powers: &'a Powers<T>,
}

impl<T: Real> ToEven<'_, T> {
    /// # Safety
    /// `i` is below half the length, and nobody uses these elements.
    #[inline(always)]
    unsafe fn put(&self, i: usize, z: Complex<T>) {
        // SAFETY: the caller's contract.
        unsafe {
            self.out.set(2 * i, z.re);
            self.out.set(2 * i + 1, z.im);
        }
    }
}

// SAFETY: an out of as many bytes.
unsafe impl<T: Real> Line<T> for ToEven<'_, T> {
    fn before(&self) -> usize {
        self.half.n / 4 + 1
    }

    fn prepare(&self, pairs: Range<usize>) {
        let points = self.half.n / 2;
        for i in pairs {
            let a = self.half.get(i);
            let b = self.half.get(points - i).conj();
            let (even, odd) = (a + b, (a - b) * self.powers.get(i).conj());
            let odd = Complex::new(-odd.im, odd.re);
            // SAFETY: those of different pairs differ; `i` is at most half the points.
            unsafe {
                self.put(i, even + odd);
                if i > 0 {
                    self.put(points - i, (even - odd).conj());
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.half.n / 2
    }

    fn is_across(&self) -> bool {
        false
    }

    #[inline(always)]
    unsafe fn load(&self, i: usize) -> Complex<T> {
        // SAFETY: the caller's contract; written by `prepare`.
        unsafe { Complex::new(self.out.get(2 * i), self.out.get(2 * i + 1)) }
    }

    #[inline(always)]
    unsafe fn store(&self, i: usize, z: Complex<T>) {
        // SAFETY: the caller's contract.
        unsafe { self.put(i, z * self.scale) };
    }

    fn place(&self) -> Option<*mut Complex<T>> {
        self.out.contiguous().map(<*mut T>::cast)
    }

    const IN_PLACE: bool = true;

    fn factor(&self) -> T {
        self.scale
    }
}
