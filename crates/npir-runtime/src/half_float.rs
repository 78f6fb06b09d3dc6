//! Conversions between half-precision and wider floats that LLVM calls by name (compiler-rt's
//! `__truncdfhf2` and relatives), because a process need not contain compiler-rt.
//!
//! A 16-bit float travels in the low bits of a floating-point register (x86-64 and AArch64 alike).
//! Stable Rust has no such type, so the functions below take and return an `f32` whose low 16 bits are
//! the half; moves of `f32` do not change bits.

use half::{bf16, f16};

/// Rounds to nearest even into a format with `EXPONENT` and `MANTISSA` bits; NaN stays NaN (quiet, same sign).
fn narrow<const EXPONENT: u32, const MANTISSA: u32>(x: f64) -> u16 {
    let bits = x.to_bits();
    let sign = ((bits >> 63) as u16) << (EXPONENT + MANTISSA);
    let infinity = ((1u16 << EXPONENT) - 1) << MANTISSA;
    let bias = (1i32 << (EXPONENT - 1)) - 1;
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 1024 {
        let payload = (fraction >> (52 - MANTISSA)) as u16 | (1 << (MANTISSA - 1));
        return sign | infinity | if fraction == 0 { 0 } else { payload };
    }
    if exponent > bias {
        return sign | infinity;
    }
    // Doubles below 2^-1022 are far below half of the smallest subnormal here.
    if exponent < -bias - MANTISSA as i32 {
        return sign;
    }
    let significand = fraction | (1 << 52);
    // Bits to drop: more of them for subnormal results.
    let smallest = 1 - bias;
    let drop = 52 - MANTISSA + (smallest - exponent).max(0) as u32;
    let kept = significand >> drop;
    let rest = significand & ((1 << drop) - 1);
    let tie = 1u64 << (drop - 1);
    let rounded = kept + u64::from(rest > tie || (rest == tie && kept & 1 == 1));
    // `kept` includes the implicit bit, so adding it to the exponent below carries correctly.
    let biased = (exponent.max(smallest) + bias - 1) as u64;
    sign | ((biased << MANTISSA) + rounded) as u16
}

fn in_register(half: u16) -> f32 {
    f32::from_bits(u32::from(half))
}

fn low_half(register: f32) -> u16 {
    register.to_bits() as u16
}

/// `f64` → `f16`.
pub(crate) extern "C" fn truncdfhf2(x: f64) -> f32 {
    in_register(narrow::<5, 10>(x))
}

/// `f32` → `f16`.
pub(crate) extern "C" fn truncsfhf2(x: f32) -> f32 {
    in_register(narrow::<5, 10>(f64::from(x)))
}

/// `f16` → `f32`.
pub(crate) extern "C" fn extendhfsf2(x: f32) -> f32 {
    f16::from_bits(low_half(x)).to_f32()
}

/// `f16` → `f64`.
pub(crate) extern "C" fn extendhfdf2(x: f32) -> f64 {
    f16::from_bits(low_half(x)).to_f64()
}

/// `f64` → `bf16`.
pub(crate) extern "C" fn truncdfbf2(x: f64) -> f32 {
    in_register(narrow::<8, 7>(x))
}

/// `f32` → `bf16`.
pub(crate) extern "C" fn truncsfbf2(x: f32) -> f32 {
    in_register(narrow::<8, 7>(f64::from(x)))
}

/// `bf16` → `f32`.
pub(crate) extern "C" fn extendbfsf2(x: f32) -> f32 {
    bf16::from_bits(low_half(x)).to_f32()
}

/// `f32` → `f16`, the result in a general register (the older convention).
pub(crate) extern "C" fn gnu_f2h_ieee(x: f32) -> u16 {
    narrow::<5, 10>(f64::from(x))
}

/// `f16` in a general register → `f32`.
pub(crate) extern "C" fn gnu_h2f_ieee(x: u16) -> f32 {
    f16::from_bits(x).to_f32()
}

/// `x^n` by repeated squaring, as compiler-rt does it.
pub(crate) extern "C" fn powidf2(x: f64, n: i32) -> f64 {
    let (mut base, mut left, mut result) = (x, n.unsigned_abs(), 1.0);
    while left > 0 {
        if left & 1 == 1 {
            result *= base;
        }
        base *= base;
        left >>= 1;
    }
    if n < 0 { 1.0 / result } else { result }
}

/// `x^n` in single precision.
pub(crate) extern "C" fn powisf2(x: f32, n: i32) -> f32 {
    let (mut base, mut left, mut result) = (x, n.unsigned_abs(), 1.0);
    while left > 0 {
        if left & 1 == 1 {
            result *= base;
        }
        base *= base;
        left >>= 1;
    }
    if n < 0 { 1.0 / result } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nearest of all values of the format, ties to even, found by search: independent of bit tricks.
    fn nearest(x: f64, infinity: u16, value: impl Fn(u16) -> f64) -> u16 {
        let (mut low, mut high) = (0u16, infinity);
        let a = x.abs();
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if value(middle) <= a {
                low = middle
            } else {
                high = middle
            }
        }
        // The overflow threshold is half a step above the largest finite value.
        let above = if high == infinity {
            2.0 * value(low) - value(low - 1)
        } else {
            value(high)
        };
        let (down, up) = (a - value(low), above - a);
        let magnitude = if down < up || (down == up && low % 2 == 0) {
            low
        } else {
            high
        };
        magnitude | if x.is_sign_negative() { 0x8000 } else { 0 }
    }

    #[test]
    fn narrowing_rounds_to_nearest_even() {
        let f16_value = |bits| f16::from_bits(bits).to_f64();
        let bf16_value = |bits| bf16::from_bits(bits).to_f64();
        let mut state = 99u64;
        let mut cases = vec![
            0.0, -0.0, 1.0, 65504.0, 65519.99, 65520.0, 1e300, 5e-324, 2e-8, 2.98e-8, 2.99e-8,
        ];
        for bits in (0..0x7c00).step_by(7) {
            let (a, b) = (f16_value(bits), f16_value(bits + 1));
            let tie = (a + b) / 2.0;
            cases.extend([
                a,
                tie,
                f64::from_bits(tie.to_bits() + 1),
                f64::from_bits(tie.to_bits() - 1),
            ]);
        }
        for _ in 0..20000 {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let exponent = 1023 - 30 + (state >> 58);
            cases.push(f64::from_bits(
                (state & (1 << 63)) | (exponent << 52) | ((state >> 5) & ((1 << 52) - 1)),
            ));
        }
        for x in cases.into_iter().filter(|x| x.is_finite()) {
            assert_eq!(narrow::<5, 10>(x), nearest(x, 0x7c00, f16_value), "{x:e}");
            assert_eq!(narrow::<8, 7>(x), nearest(x, 0x7f80, bf16_value), "{x:e}");
        }
        assert_eq!(narrow::<5, 10>(f64::INFINITY), 0x7c00);
        assert_eq!(narrow::<8, 7>(f64::NEG_INFINITY), 0xff80);
        assert!(f16::from_bits(narrow::<5, 10>(f64::NAN)).is_nan());
        assert!(bf16::from_bits(narrow::<8, 7>(f64::from_bits(0x7ff0_0000_0000_0001))).is_nan());
    }

    #[test]
    fn registers_carry_the_low_half() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits);
            // The upper bits of the register may hold anything.
            let dirty = f32::from_bits(u32::from(bits) | 0x3f80_0000);
            if half.is_nan() {
                assert!(extendhfsf2(dirty).is_nan());
                continue;
            }
            assert_eq!(extendhfsf2(dirty), half.to_f32());
            assert_eq!(truncsfhf2(half.to_f32()).to_bits() as u16, bits);
            assert_eq!(truncdfhf2(extendhfdf2(dirty)).to_bits() as u16, bits);
        }
    }

    #[test]
    fn integer_powers() {
        assert_eq!(powidf2(2.0, 10), 1024.0);
        assert_eq!(powidf2(2.0, -2), 0.25);
        assert_eq!(powidf2(0.0, 0), 1.0);
        assert_eq!(powisf2(-3.0, 3), -27.0);
        assert_eq!(powidf2(1.0, i32::MIN), 1.0);
    }
}
