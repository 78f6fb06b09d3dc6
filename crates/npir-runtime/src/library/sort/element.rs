//! Elements as unsigned numbers in the same order. All of it works on their bits, so that loops over them are vectors.

use super::super::arrays::Plain;
use super::order::Key;

/// An element with an order.
pub(super) trait Element: Plain {
    /// Its bits, and a number in its place.
    type Key: Key;
    /// A number for each element, in their order. Zeros of both signs differ.
    fn key(bits: Self::Key, unsigned: bool) -> Self::Key;
    /// An element with that number.
    fn bits(key: Self::Key, unsigned: bool) -> Self::Key;
    /// A number for each element, the same for equal ones.
    fn place(bits: Self::Key, unsigned: bool) -> Self::Key {
        Self::key(bits, unsigned)
    }
}

macro_rules! integers {
    ($($ty:ty: $key:ty;)*) => {$(
        impl Element for $ty {
            type Key = $key;
            #[inline(always)]
            fn key(bits: $key, unsigned: bool) -> $key {
                bits ^ if unsigned { 0 } else { <$key>::MAX / 2 + 1 }
            }
            #[inline(always)]
            fn bits(key: $key, unsigned: bool) -> $key {
                Self::key(key, unsigned)
            }
        }
    )*};
}

integers! { i8: u8; i16: u16; i32: u32; i64: u64; }

macro_rules! floats {
    ($($ty:ty: $key:ty, $signed:ty;)*) => {$(
        impl Element for $ty {
            type Key = $key;
            #[inline(always)]
            fn key(bits: $key, _: bool) -> $key {
                const SIGN: $key = <$key>::MAX / 2 + 1;
                const INFINITY: $key = <$ty>::INFINITY.to_bits();
                // Larger magnitudes of negative numbers are smaller.
                let flip = (bits as $signed >> (<$key>::BITS - 1)) as $key | SIGN;
                if bits & !SIGN > INFINITY { <$key>::MAX } else { bits ^ flip }
            }
            #[inline(always)]
            fn bits(key: $key, _: bool) -> $key {
                const SIGN: $key = <$key>::MAX / 2 + 1;
                let flip = (!key as $signed >> (<$key>::BITS - 1)) as $key | SIGN;
                key ^ flip
            }
            #[inline(always)]
            fn place(bits: $key, unsigned: bool) -> $key {
                const SIGN: $key = <$key>::MAX / 2 + 1;
                Self::key(if bits == SIGN { 0 } else { bits }, unsigned)
            }
        }
    )*};
}

floats! {
    half::f16: u16, i16;
    half::bf16: u16, i16;
    f32: u32, i32;
    f64: u64, i64;
}
