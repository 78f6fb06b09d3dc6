//! Whether two arrays agree: to the bit, or within units in the last place (ulp).

use std::fmt;

use npir_runtime::{Array, DType, Scalar};
use num_complex::{Complex32, Complex64};

use crate::elements::{elements, unravel};

/// How closely floating-point elements must agree. Integers and bools must always be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// The same bits, signed zeros included; every NaN agrees with every NaN.
    Bitwise,
    /// At most so many representable numbers apart, see [`ulp_diff`].
    Ulps(u64),
    /// Complex numbers: the parts at most so many units in the last place of the larger part apart.
    /// Where a part is not finite, one of the reference must not be either. Others: as `Ulps`.
    Norm(u64),
    /// At most so many units in the last place of the largest element of the reference, or of 1 if all
    /// are smaller; of complex numbers in each part. Elements that are not finite must be the same.
    Largest(u64),
}

/// How two arrays differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// The element types differ.
    DType {
        /// That of the array under test.
        actual: DType,
        /// That of the reference.
        expected: DType,
    },
    /// The shapes differ.
    Shape {
        /// That of the array under test.
        actual: Vec<usize>,
        /// That of the reference.
        expected: Vec<usize>,
    },
    /// Some elements differ.
    Elements {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
        /// Index of the first one.
        index: Vec<usize>,
        /// The first one in the array under test.
        actual: Scalar,
        /// The first one in the reference.
        expected: Scalar,
        /// The largest difference of all, in ulp; `u64::MAX` where none is defined.
        worst: u64,
    },
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DType { actual, expected } => write!(f, "dtype {actual}, expected {expected}"),
            Self::Shape { actual, expected } => {
                write!(f, "shape {actual:?}, expected {expected:?}")
            }
            Self::Elements {
                count,
                total,
                index,
                actual,
                expected,
                worst,
            } => {
                write!(
                    f,
                    "{count} of {total} elements differ, the first at {index:?}: \
                     {actual}, expected {expected}"
                )?;
                if *worst != u64::MAX {
                    write!(f, "; at most {worst} ulp")?;
                }
                Ok(())
            }
        }
    }
}

/// Compares the array under test with the reference: dtype, shape, then every element.
///
/// # Errors
/// How they differ.
pub fn compare(actual: &Array, expected: &Array, tolerance: Tolerance) -> Result<(), Mismatch> {
    if actual.dtype() != expected.dtype() {
        return Err(Mismatch::DType {
            actual: actual.dtype(),
            expected: expected.dtype(),
        });
    }
    if actual.shape() != expected.shape() {
        return Err(Mismatch::Shape {
            actual: actual.shape().to_vec(),
            expected: expected.shape().to_vec(),
        });
    }
    let bound = match tolerance {
        Tolerance::Largest(limit) => limit as f64 * largest_unit(expected),
        _ => 0.0,
    };
    let mut first = None;
    let mut count = 0;
    let mut worst = 0;
    for (position, (a, e)) in elements(actual).zip(elements(expected)).enumerate() {
        let distance = ulp_diff(a, e);
        let agree = match tolerance {
            Tolerance::Bitwise => same_bits(&a, &e),
            Tolerance::Ulps(limit) => distance <= limit,
            Tolerance::Norm(limit) => distance <= limit || near_in_norm(&a, &e, limit),
            Tolerance::Largest(_) => distance == 0 || within(&a, &e, bound),
        };
        if !agree {
            count += 1;
            worst = distance.max(worst);
            first.get_or_insert((position, a, e));
        }
    }
    match first {
        None => Ok(()),
        Some((position, a, e)) => Err(Mismatch::Elements {
            count,
            total: actual.len(),
            index: unravel(position, actual.shape()),
            actual: a,
            expected: e,
            worst,
        }),
    }
}

/// Compares floats with the reference: each element within its own bound, an array of `float64` of the same
/// shape. NaN and infinities must be the same; an element whose bound is not finite may be
/// anything.
///
/// # Errors
/// How they differ.
pub fn compare_within(actual: &Array, expected: &Array, bound: &Array) -> Result<(), Mismatch> {
    let (mut count, mut worst, mut first) = (0, 0, None);
    let pairs = elements(actual).zip(elements(expected));
    for (position, ((a, e), limit)) in pairs.zip(elements(bound)).enumerate() {
        let limit = to_f64(&limit);
        let (x, y) = (to_f64(&a), to_f64(&e));
        let agree = match y.is_finite() && x.is_finite() {
            _ if !limit.is_finite() => true,
            true => (x - y).abs() <= limit,
            false => x == y || (x.is_nan() && y.is_nan()),
        };
        if !agree {
            count += 1;
            worst = ulp_diff(a, e).max(worst);
            first.get_or_insert((position, a, e));
        }
    }
    // Dtypes and shapes are those of the exact comparison.
    match (compare(actual, expected, Tolerance::Ulps(u64::MAX)), first) {
        (Err(e), _) => Err(e),
        (Ok(()), None) => Ok(()),
        (Ok(()), Some((position, actual_element, expected))) => Err(Mismatch::Elements {
            count,
            total: actual.len(),
            index: unravel(position, actual.shape()),
            actual: actual_element,
            expected,
            worst,
        }),
    }
}

/// The distance between 1 and the next number of the type, times the largest finite part of an element or 1.
fn largest_unit(array: &Array) -> f64 {
    let unit = match array.dtype() {
        DType::F16 => f64::from(half::f16::EPSILON),
        DType::BF16 => f64::from(half::bf16::EPSILON),
        DType::F32 | DType::C64 => f64::from(f32::EPSILON),
        _ => f64::EPSILON,
    };
    let sizes = elements(array).flat_map(|e| [to_complex(&e).re.abs(), to_complex(&e).im.abs()]);
    unit * sizes.filter(|x| x.is_finite()).fold(1.0, f64::max)
}

/// Whether the parts of two numbers are no further apart than a bound; where one of the reference is not
/// finite, the same.
fn within(actual: &Scalar, expected: &Scalar, bound: f64) -> bool {
    let (a, e) = (to_complex(actual), to_complex(expected));
    let near = |a: f64, e: f64| match e.is_finite() {
        true => (a - e).abs() <= bound,
        false => a == e || (a.is_nan() && e.is_nan()),
    };
    format(actual.dtype()).is_some() && near(a.re, e.re) && near(a.im, e.im)
}

/// A number, widened; NaN for integers and bools.
fn to_complex(element: &Scalar) -> Complex64 {
    let wide = match element.dtype() {
        DType::C64 => {
            let z = element.get::<Complex32>();
            z.map(|z| Complex64::new(z.re.into(), z.im.into()))
        }
        DType::C128 => element.get(),
        _ => Some(Complex64::new(to_f64(element), 0.0)),
    };
    wide.unwrap_or(Complex64::new(f64::NAN, f64::NAN))
}

/// A real number, widened.
fn to_f64(element: &Scalar) -> f64 {
    match element.dtype() {
        DType::F16 => element.get::<half::f16>().map(f64::from),
        DType::BF16 => element.get::<half::bf16>().map(f64::from),
        DType::F32 => element.get::<f32>().map(f64::from),
        _ => element.get::<f64>(),
    }
    .unwrap_or(f64::NAN)
}

/// How many representable numbers lie between two elements, plus one; 0 for equal ones.
///
/// Signed zeros are equal, a NaN equals a NaN. `u64::MAX` where no distance is defined: a NaN or an infinity and anything
/// else, different integers or bools, different types. Of a complex number the part with the
/// larger difference counts.
pub fn ulp_diff(a: impl Into<Scalar>, b: impl Into<Scalar>) -> u64 {
    let (a, b) = (a.into(), b.into());
    if a.dtype() != b.dtype() {
        return u64::MAX;
    }
    if format(a.dtype()).is_none() {
        return if a.bytes() == b.bytes() { 0 } else { u64::MAX };
    }
    let distances = parts(&a).zip(parts(&b)).map(|(a, b)| a.distance(&b));
    distances.max().unwrap_or_default()
}

/// Whether the parts of two complex numbers differ by at most `limit` units in the last place of
/// the larger part of `expected`, or both have a part that is not finite.
fn near_in_norm(actual: &Scalar, expected: &Scalar, limit: u64) -> bool {
    let unit = match actual.dtype() {
        DType::C64 => f64::from(f32::EPSILON),
        DType::C128 => f64::EPSILON,
        _ => return false,
    };
    let (a, e) = (to_complex(actual), to_complex(expected));
    let finite = |z: Complex64| z.re.is_finite() && z.im.is_finite();
    if !finite(a) || !finite(e) {
        return !finite(a) && !finite(e);
    }
    let smallest = match actual.dtype() {
        DType::C64 => f64::from(f32::from_bits(1)),
        _ => f64::from_bits(1),
    };
    let bound = limit as f64 * (unit * e.re.abs().max(e.im.abs())).max(smallest);
    (a.re - e.re).abs() <= bound && (a.im - e.im).abs() <= bound
}

/// Whether two elements of one type have the same bits, or are both NaN; part by part.
fn same_bits(a: &Scalar, b: &Scalar) -> bool {
    if format(a.dtype()).is_none() {
        return a.bytes() == b.bytes();
    }
    parts(a)
        .zip(parts(b))
        .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

/// A binary floating-point format: bytes of a number and bits of its fraction.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Format {
    bytes: usize,
    fraction: u32,
}

/// The format of an element's parts; nothing for integers and bools.
fn format(dtype: DType) -> Option<Format> {
    let (bytes, fraction) = match dtype {
        DType::F16 => (2, 10),
        DType::BF16 => (2, 7),
        DType::F32 | DType::C64 => (4, 23),
        DType::F64 | DType::C128 => (8, 52),
        _ => return None,
    };
    Some(Format { bytes, fraction })
}

/// One real number: its sign, and the bits below the sign, which order numbers by magnitude.
#[derive(PartialEq, Eq)]
struct Part {
    negative: bool,
    magnitude: u64,
    infinity: u64,
}

impl Part {
    fn new(bytes: &[u8], format: Format) -> Self {
        let mut wide = [0; 8];
        let bits = if cfg!(target_endian = "little") {
            wide[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(wide)
        } else {
            wide[8 - bytes.len()..].copy_from_slice(bytes);
            u64::from_be_bytes(wide)
        };
        let sign = 1 << (8 * format.bytes - 1);
        Self {
            negative: bits & sign != 0,
            magnitude: bits & (sign - 1),
            infinity: (sign - 1) >> format.fraction << format.fraction,
        }
    }

    fn is_nan(&self) -> bool {
        self.magnitude > self.infinity
    }

    fn distance(&self, other: &Self) -> u64 {
        if self.is_nan() && other.is_nan() {
            return 0;
        }
        let finite = self.magnitude < self.infinity && other.magnitude < other.infinity;
        if !finite {
            return if self == other { 0 } else { u64::MAX };
        }
        if self.negative == other.negative {
            self.magnitude.abs_diff(other.magnitude)
        } else {
            self.magnitude + other.magnitude
        }
    }
}

/// The real number, or real and imaginary part.
fn parts(element: &Scalar) -> impl Iterator<Item = Part> + '_ {
    format(element.dtype()).into_iter().flat_map(|format| {
        element
            .bytes()
            .chunks_exact(format.bytes)
            .map(move |bytes| Part::new(bytes, format))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn ulps_count_representable_numbers() {
        assert_eq!(ulp_diff(1.0f64, 1.0 + f64::EPSILON), 1);
        assert_eq!(ulp_diff(1.0f32, 1.0 - f32::EPSILON), 2);
        assert_eq!(ulp_diff(-0.0f64, 0.0f64), 0);
        let smallest = f64::from_bits(1);
        assert_eq!(ulp_diff(-smallest, smallest), 2);
        assert_eq!(
            ulp_diff(f16::from_f32(1.0), f16::from_f32(1.0) + f16::EPSILON),
            1
        );
        assert_eq!(ulp_diff(bf16::from_f32(2.0), bf16::from_f32(2.0)), 0);
        assert_eq!(ulp_diff(f64::MIN, f64::MAX), 2 * f64::MAX.to_bits());
    }

    #[test]
    fn special_values_have_no_distance() {
        assert_eq!(ulp_diff(f64::NAN, -f64::NAN), 0);
        assert_eq!(ulp_diff(f64::INFINITY, f64::INFINITY), 0);
        for (a, b) in [
            (f64::NAN, 1.0),
            (f64::INFINITY, f64::MAX),
            (f64::INFINITY, f64::NEG_INFINITY),
        ] {
            assert_eq!(ulp_diff(a, b), u64::MAX, "{a} {b}");
        }
        assert_eq!(ulp_diff(1i32, 2i32), u64::MAX);
        assert_eq!(ulp_diff(1i32, 1i64), u64::MAX);
    }

    #[test]
    fn complex_numbers_compare_by_part() {
        let a = Complex64::new(1.0, f64::NAN);
        let b = Complex64::new(1.0 + f64::EPSILON, f64::NAN);
        assert_eq!(ulp_diff(a, b), 1);
        let zeros = |re: f64| Array::from_scalar(Complex64::new(re, f64::NAN).into()).unwrap();
        assert!(compare(&zeros(0.0), &zeros(0.0), Tolerance::Bitwise).is_ok());
        assert!(compare(&zeros(0.0), &zeros(-0.0), Tolerance::Bitwise).is_err());
    }

    #[test]
    fn bitwise_tells_zeros_apart_but_not_nans() {
        let a = Array::from_slice(&[0.0, f64::NAN], &[2]).unwrap();
        let b = Array::from_slice(&[-0.0, -f64::NAN], &[2]).unwrap();
        assert!(compare(&a, &b, Tolerance::Ulps(0)).is_ok());
        let mismatch = compare(&a, &b, Tolerance::Bitwise).unwrap_err();
        assert!(matches!(
            mismatch,
            Mismatch::Elements {
                count: 1,
                total: 2,
                worst: 0,
                ..
            }
        ));
    }

    #[test]
    fn bounds_are_for_each_element() {
        let array = |list: &[f64]| Array::from_slice(list, &[list.len()]).unwrap();
        let expected = array(&[1.0, 2.0, f64::INFINITY, f64::NAN]);
        let bound = array(&[0.5, 0.0, 1.0, 1.0]);
        let within = |list: &[f64]| compare_within(&array(list), &expected, &bound).is_ok();
        assert!(within(&[1.5, 2.0, f64::INFINITY, f64::NAN]));
        assert!(!within(&[1.6, 2.0, f64::INFINITY, f64::NAN]));
        assert!(!within(&[1.0, 2.1, f64::INFINITY, f64::NAN]));
        assert!(!within(&[1.0, 2.0, 1e300, f64::NAN]));
        assert!(!within(&[1.0, 2.0, f64::INFINITY, 0.0]));
        assert!(!within(&[1.0, 2.0, f64::INFINITY]));
        let open = array(&[f64::INFINITY; 4]);
        assert!(compare_within(&array(&[9.0; 4]), &expected, &open).is_ok());
    }

    #[test]
    fn the_largest_element_sets_the_unit() {
        let array = |list: &[f64]| Array::from_slice(list, &[list.len()]).unwrap();
        let expected = array(&[1e6, 1.0, f64::INFINITY, f64::NAN]);
        let near = |list: &[f64]| compare(&array(list), &expected, Tolerance::Largest(4)).is_ok();
        let unit = 1e6 * f64::EPSILON;
        assert!(near(&[1e6, 1.0 + 3.0 * unit, f64::INFINITY, f64::NAN]));
        assert!(!near(&[1e6, 1.0 + 5.0 * unit, f64::INFINITY, f64::NAN]));
        assert!(!near(&[1e6, 1.0, f64::NEG_INFINITY, f64::NAN]));
        assert!(!near(&[1e6, f64::NAN, f64::INFINITY, f64::NAN]));
        let z = |im: f64| Array::from_slice(&[Complex64::new(2.0, im)], &[1]).unwrap();
        let tiny = Tolerance::Largest(1);
        assert!(compare(&z(f64::EPSILON), &z(0.0), tiny).is_ok());
        assert!(compare(&z(3.0 * f64::EPSILON), &z(0.0), tiny).is_err());
        let whole = |n: i64| Array::from_slice(&[n], &[1]).unwrap();
        assert!(compare(&whole(1), &whole(2), Tolerance::Largest(1 << 60)).is_err());
    }

    #[test]
    fn mismatches_say_where_and_how_much() {
        let a = Array::from_slice(&[1.0, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
        let b = Array::from_slice(&[1.0, 2.0, 3.0 + 4.0 * f64::EPSILON, 4.0], &[2, 2]).unwrap();
        let text = compare(&a, &b, Tolerance::Ulps(1)).unwrap_err().to_string();
        assert_eq!(
            text,
            "1 of 4 elements differ, the first at [1, 0]: 3.0, expected 3.000000000000001; at most 2 ulp"
        );
        let flat = Array::from_slice(&[1.0, 2.0, 3.0, 4.0], &[4]).unwrap();
        assert_eq!(
            compare(&a, &flat, Tolerance::Bitwise)
                .unwrap_err()
                .to_string(),
            "shape [2, 2], expected [4]"
        );
        let other = Array::from_slice(&[1i8], &[1]).unwrap();
        assert_eq!(
            compare(&other, &flat, Tolerance::Bitwise)
                .unwrap_err()
                .to_string(),
            "dtype int8, expected float64"
        );
    }
}
