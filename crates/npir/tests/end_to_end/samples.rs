//! Test data: the values where things go wrong, and reproducible random ones.

use half::{bf16, f16};
use npir_runtime::{DType, Scalar};

pub(crate) use npir_testing::mlir_element as mlir;

use crate::value::Value;

/// The dtypes that NumPy and npir have in common.
pub(crate) const DTYPES: [DType; 12] = [
    DType::Bool,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
    DType::F16,
    DType::F32,
    DType::F64,
];

/// Those, and the complex ones.
pub(crate) fn all_dtypes() -> impl Iterator<Item = DType> {
    DTYPES.into_iter().chain([DType::C64, DType::C128])
}

/// A dtype of each kind and of several widths, the complex ones too.
pub(crate) const WITH_COMPLEX: [DType; 9] = [
    DType::Bool,
    DType::I8,
    DType::I32,
    DType::U64,
    DType::F16,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
];

pub(crate) fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16 | DType::F32 | DType::F64)
}

pub(crate) fn is_complex(dtype: DType) -> bool {
    matches!(dtype, DType::C64 | DType::C128)
}

/// The type of the parts of a complex dtype.
fn part(dtype: DType) -> DType {
    if dtype == DType::C64 {
        DType::F32
    } else {
        DType::F64
    }
}

/// Complex numbers: every pair of a real and an imaginary part.
fn complex_pairs(dtype: DType, parts: &[f64]) -> Vec<Vec<u8>> {
    let part = part(dtype);
    let pairs = parts
        .iter()
        .flat_map(|re| parts.iter().map(move |im| (re, im)));
    pairs
        .map(|(re, im)| [float_bytes(part, *re), float_bytes(part, *im)].concat())
        .collect()
}

pub(crate) fn is_unsigned(dtype: DType) -> bool {
    matches!(dtype, DType::U8 | DType::U16 | DType::U32 | DType::U64)
}

pub(crate) fn is_signed(dtype: DType) -> bool {
    matches!(dtype, DType::I8 | DType::I16 | DType::I32 | DType::I64)
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// In [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A float as an element of `dtype`, rounded.
pub(crate) fn float_bytes(dtype: DType, x: f64) -> Vec<u8> {
    let scalar: Scalar = match dtype {
        DType::F16 => f16::from_f64(x).into(),
        DType::BF16 => bf16::from_f64(x).into(),
        DType::F32 => (x as f32).into(),
        _ => x.into(),
    };
    scalar.bytes().to_vec()
}

/// An integer as an element of `dtype`: wrapped, rounded, or its truth.
pub(crate) fn number_bytes(dtype: DType, x: i64) -> Vec<u8> {
    match dtype {
        DType::Bool => vec![u8::from(x != 0)],
        d if is_float(d) => float_bytes(d, x as f64),
        d if is_complex(d) => [float_bytes(part(d), x as f64), float_bytes(part(d), 0.0)].concat(),
        d => x.to_le_bytes()[..d.size()].to_vec(),
    }
}

/// A vector of elements given by their bytes.
fn vector(dtype: DType, elements: Vec<Vec<u8>>) -> Value {
    Value {
        dtype,
        shape: vec![elements.len()],
        bytes: elements.concat(),
    }
}

/// Small whole numbers of any dtype.
pub(crate) fn numbers(dtype: DType, numbers: &[i64]) -> Value {
    vector(
        dtype,
        numbers.iter().map(|n| number_bytes(dtype, *n)).collect(),
    )
}

/// Small whole complex numbers, given by their parts.
pub(crate) fn complex_numbers(dtype: DType, real: &[i64], imaginary: &[i64]) -> Value {
    let bytes = |x: &i64| float_bytes(part(dtype), *x as f64);
    let parts = real.iter().zip(imaginary);
    vector(
        dtype,
        parts
            .map(|(re, im)| [bytes(re), bytes(im)].concat())
            .collect(),
    )
}

/// Bits of the smallest normal, smallest subnormal and largest number, infinity and a NaN.
fn float_landmarks(dtype: DType) -> Vec<u64> {
    let (bits, fraction) = match dtype {
        DType::F16 => (16, 10),
        DType::BF16 => (16, 7),
        DType::F32 => (32, 23),
        _ => (64, 52),
    };
    let infinity = ((1u64 << (bits - 1 - fraction)) - 1) << fraction;
    let quiet = infinity | 1 << (fraction - 1);
    let mut landmarks = vec![
        1,
        (1 << fraction) - 1,
        1 << fraction,
        infinity - 1,
        infinity,
    ];
    let negative: Vec<_> = landmarks.iter().map(|b| b | 1 << (bits - 1)).collect();
    landmarks.extend(negative);
    landmarks.push(quiet);
    landmarks
}

/// The values where things go wrong.
pub(crate) fn special(dtype: DType) -> Value {
    let elements = match dtype {
        DType::Bool => vec![vec![0], vec![1]],
        d if is_complex(d) => complex_pairs(
            d,
            &[
                0.0,
                -0.0,
                1.0,
                -1.0,
                0.5,
                -3.0,
                1e-3,
                1e30,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
            ],
        ),
        d if is_float(d) => {
            let mut list: Vec<_> = float_landmarks(d)
                .into_iter()
                .map(|bits| bits.to_le_bytes()[..d.size()].to_vec())
                .collect();
            let plain = [
                0.0,
                -0.0,
                0.5,
                -0.5,
                1.0,
                -1.0,
                1.5,
                -1.5,
                2.0,
                -2.5,
                3.0,
                -7.0,
                0.1,
                1e-3,
                -1e3,
                1e5,
                -3.3e7,
                1e30,
                0.9999999999999999,
                127.5,
                32768.0,
                2147483648.0,
                -9223372036854775808.0,
                1e19,
            ];
            list.extend(plain.iter().map(|x| float_bytes(d, *x)));
            list
        }
        d => {
            let width = 8 * d.size() as u32;
            let top = 1i64.wrapping_shl(width - 1);
            let list = [
                0,
                1,
                -1,
                2,
                -2,
                3,
                7,
                -7,
                10,
                63,
                64,
                100,
                top,
                top + 1,
                top.wrapping_sub(1),
                top / 2,
                85,
            ];
            list.iter().map(|n| number_bytes(d, *n)).collect()
        }
    };
    vector(dtype, elements)
}

/// Any bits (bools are bools).
pub(crate) fn any_bits(dtype: DType, count: usize, random: &mut Random) -> Value {
    let size = dtype.size();
    let element = |random: &mut Random| match dtype {
        DType::Bool => vec![(random.next() & 1) as u8],
        d if is_complex(d) => (0..2)
            .flat_map(|_| random.next().to_le_bytes()[..size / 2].to_vec())
            .collect(),
        _ => random.next().to_le_bytes()[..size].to_vec(),
    };
    vector(dtype, (0..count).map(|_| element(random)).collect())
}

/// Values of moderate size: floats (and parts of complex numbers) spread over a few orders of magnitude around 1, integers near 0.
pub(crate) fn moderate(dtype: DType, count: usize, random: &mut Random) -> Value {
    if is_complex(dtype) {
        let mut parts = moderate(part(dtype), 2 * count, random);
        parts.dtype = dtype;
        parts.shape = vec![count];
        return parts;
    }
    let element = |random: &mut Random| match dtype {
        d if is_float(d) => {
            let sign = if random.next() & 1 == 0 { 1.0 } else { -1.0 };
            float_bytes(
                d,
                sign * (random.unit() * 8.0 - 5.0).exp2() * (0.5 + random.unit()),
            )
        }
        d => number_bytes(
            d,
            random.below(41) as i64 - if is_unsigned(d) { 0 } else { 20 },
        ),
    };
    vector(dtype, (0..count).map(|_| element(random)).collect())
}

/// Uniform in [-1, 1) or [0, 100].
pub(crate) fn uniform(dtype: DType, count: usize, random: &mut Random) -> Value {
    let element = |random: &mut Random| match dtype {
        d if is_float(d) => float_bytes(d, random.unit() * 2.0 - 1.0),
        d => number_bytes(d, random.below(101) as i64),
    };
    vector(dtype, (0..count).map(|_| element(random)).collect())
}

/// Values one after another.
pub(crate) fn joined(parts: &[Value]) -> Value {
    let bytes: Vec<u8> = parts.iter().flat_map(|p| p.bytes.clone()).collect();
    let count = parts.iter().map(Value::len).sum();
    Value {
        dtype: parts[0].dtype,
        shape: vec![count],
        bytes,
    }
}

/// Element `i` of a vector is element `picks(i)` of `from`.
pub(crate) fn picked(from: &Value, picks: impl Iterator<Item = usize>) -> Value {
    let size = from.dtype.size();
    vector(
        from.dtype,
        picks
            .map(|i| from.bytes[i * size..(i + 1) * size].to_vec())
            .collect(),
    )
}

pub(crate) fn is_nan(dtype: DType, bytes: &[u8]) -> bool {
    match (dtype, bytes) {
        (DType::F16, &[a, b]) => half::f16::from_le_bytes([a, b]).is_nan(),
        (DType::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]).is_nan(),
        (_, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]).is_nan(),
        _ => false,
    }
}

/// The same with one kind of complex NaN, both parts of which are: which of several stands for all is open in NumPy.
pub(crate) fn one_nan(mut value: Value) -> Value {
    if !is_complex(value.dtype) {
        return value;
    }
    let (size, part) = (value.dtype.size(), part(value.dtype));
    for element in value.bytes.chunks_mut(size) {
        let (real, imaginary) = element.split_at_mut(size / 2);
        if is_nan(part, real) {
            imaginary.copy_from_slice(real);
        } else if is_nan(part, imaginary) {
            real.copy_from_slice(imaginary);
        }
    }
    value
}
