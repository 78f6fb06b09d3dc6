//! Elementary functions compared with extended precision: programs, arguments and the worst error.

use npir_runtime::{Array, ArrayError, DType};

use crate::elements::mlir_element;
use crate::oracle::{OracleError, oracle};

/// The comparison.
const JUDGE: &str = include_str!("elementary.py");

/// A function of real numbers.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// NumPy's name, or MLIR's.
    pub name: &'static str,
    /// Where many arguments are taken from.
    range: (f64, f64),
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unary,
    Binary,
    /// One that NumPy has not: an operation of MLIR.
    Math,
}

/// What a function's results were.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The worst error, in units of the last digit.
    pub worst: f64,
    /// The arguments of it, or of a result that is wrong.
    pub at: Vec<f64>,
    /// How many results are zero, infinite or NaN and should not be, or are not and should be, or have the other sign.
    pub wrong: i64,
}

const fn function(name: &'static str, from: f64, to: f64) -> Function {
    Function {
        name,
        range: (from, to),
        kind: Kind::Unary,
    }
}

const fn of_kind(function: Function, kind: Kind) -> Function {
    Function { kind, ..function }
}

/// All of NumPy's, and the error functions.
pub const FUNCTIONS: [Function; 24] = [
    function("exp", -750.0, 715.0),
    function("exp2", -1080.0, 1030.0),
    function("expm1", -5.0, 5.0),
    function("log", 0.0, 4.0),
    function("log2", 0.0, 4.0),
    function("log10", 0.0, 4.0),
    function("log1p", -1.0, 3.0),
    function("sin", -20.0, 20.0),
    function("cos", -20.0, 20.0),
    function("tan", -20.0, 20.0),
    function("arcsin", -1.0, 1.0),
    function("arccos", -1.0, 1.0),
    function("arctan", -4.0, 4.0),
    function("sinh", -4.0, 4.0),
    function("cosh", -4.0, 4.0),
    function("tanh", -4.0, 4.0),
    function("arcsinh", -4.0, 4.0),
    function("arccosh", 1.0, 4.0),
    function("arctanh", -1.0, 1.0),
    function("cbrt", -4.0, 4.0),
    of_kind(function("erf", -6.0, 6.0), Kind::Math),
    of_kind(function("erfc", -6.0, 28.0), Kind::Math),
    of_kind(function("arctan2", -4.0, 4.0), Kind::Binary),
    of_kind(function("power", 0.0, 40.0), Kind::Binary),
];

impl Function {
    /// The name of its function in [`Function::source`].
    pub fn symbol(&self, dtype: DType) -> String {
        format!("{}_{}", self.name, mlir_element(dtype))
    }

    /// A function in MLIR for vectors of `f32` or `f64`; `#id` is the identity map of one dimension.
    pub fn source(&self, dtype: DType) -> String {
        let (name, element) = (self.name, mlir_element(dtype));
        let array = format!("tensor<?x{element}>");
        match self.kind {
            Kind::Unary => format!(
                "func.func @{name}_{element}(%a: {array}) -> {array} {{\n  \
                 %0 = numpy.{name} %a : {array} -> {array}\n  return %0 : {array}\n}}\n"
            ),
            Kind::Binary => format!(
                "func.func @{name}_{element}(%a: {array}, %b: {array}) -> {array} {{\n  \
                 %0 = numpy.{name} %a, %b : {array}, {array} -> {array}\n  return %0 : {array}\n}}\n"
            ),
            Kind::Math => format!(
                "func.func @{name}_{element}(%a: {array}) -> {array} {{\n  \
                 %zero = arith.constant 0 : index\n  \
                 %n = tensor.dim %a, %zero : {array}\n  \
                 %e = tensor.empty(%n) : {array}\n  \
                 %0 = linalg.generic {{indexing_maps = [#id, #id], iterator_types = [\"parallel\"]}} \
                 ins(%a : {array}) outs(%e : {array}) {{\n  \
                 ^bb0(%x: {element}, %y: {element}):\n    \
                 %r = math.{name} %x : {element}\n    linalg.yield %r : {element}\n  \
                 }} -> {array}\n  return %0 : {array}\n}}\n"
            ),
        }
    }

    /// Arguments: what is special, random bits, all sizes, the function's range, and neighbours of special points.
    ///
    /// # Errors
    /// No memory.
    pub fn arguments(
        &self,
        dtype: DType,
        count: usize,
        seed: u64,
    ) -> Result<Vec<Array>, ArrayError> {
        let mut random = Random(seed);
        let specials = specials(dtype);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for x in &specials {
            match self.kind {
                Kind::Binary => {
                    a.extend(specials.iter().map(|_| *x));
                    b.extend(&specials);
                }
                Kind::Unary | Kind::Math => a.push(*x),
            }
        }
        let (from, to) = self.range;
        while a.len() < count {
            let source = random.next() % 6;
            if source > 3 {
                let [x, y] = self.points(&mut random);
                a.push(neighbour(dtype, x, &mut random));
                // One of two stays what it is: exact powers, and angles of the axes.
                let is_exact = random.next().is_multiple_of(2);
                b.push(match is_exact {
                    true => y,
                    false => neighbour(dtype, y, &mut random),
                });
                continue;
            }
            let mut draw = || match source {
                0 => from_bits(dtype, random.next()),
                1 => {
                    let size = (40.0 * random.unit() - 30.0).exp2();
                    if random.unit() < 0.5 { size } else { -size }
                }
                _ => from + (to - from) * random.unit(),
            };
            let (x, y) = (draw(), draw());
            // Such that most powers are numbers, from the smallest to the largest.
            let is_power = self.name == "power" && source > 0;
            let power = (1460.0 * random.unit() - 748.0) / x.abs().ln();
            a.push(x);
            b.push(if is_power { power } else { y });
        }
        b.truncate(if self.kind == Kind::Binary {
            a.len()
        } else {
            0
        });
        let columns = [a, b].into_iter().filter(|column| !column.is_empty());
        columns.map(|column| array(dtype, &column)).collect()
    }

    /// A point near which the function is difficult: its zeros, poles and ends, where an algorithm goes over to another
    /// multiple or power, and exact values. The second number is the second argument.
    fn points(&self, random: &mut Random) -> [f64; 2] {
        let mut among = |from: i32, to: i32| {
            let count = f64::from(to - from + 1);
            f64::from(from) + (count * random.unit()).floor()
        };
        let (half, pi) = (0.5, std::f64::consts::PI);
        let x = match self.name {
            "exp" | "expm1" => among(-2160, 2060) * half * std::f64::consts::LN_2,
            "sinh" | "cosh" | "tanh" => among(-2060, 2060) * half * std::f64::consts::LN_2,
            "exp2" => among(-2160, 2060) * half,
            "log" | "log2" | "cbrt" if among(0, 1) == 0.0 => (half * among(-2148, 2047)).exp2(),
            "log" | "log2" => 1.0,
            "log10" => 10f64.powi(among(-323, 308) as i32),
            "log1p" | "arctanh" if among(0, 1) == 0.0 => -1.0 + among(0, 1) * 2.0,
            "log1p" => among(-60, 60).exp2() - 1.0,
            "arccosh" => 1.0 + among(-60, 60).exp2(),
            "sin" | "cos" | "tan" => {
                let turns = (among(0, 3000) / 100.0).exp2().floor();
                (2.0 * among(0, 1) - 1.0) * turns * pi / 4.0
            }
            "arcsin" | "arccos" => half * among(-2, 2),
            "arctan" | "arctan2" => (among(-3, 3) * pi / 8.0).tan(),
            "cbrt" => among(1, 1 << 17).powi(3),
            "erf" | "erfc" => {
                [0.75, 0.46875, 3.95, 5.95, 9.19, 10.05, 26.54, 27.22][among(0, 7) as usize]
            }
            "power" => match among(0, 3) as i32 {
                0 => among(2, 1000),
                1 => among(2, 1 << 26).powi(2),
                2 => 1.0,
                _ => (half * among(-2148, 2047)).exp2(),
            },
            _ => (half * among(-2148, 2047)).exp2() * (2.0 * among(0, 1) - 1.0),
        };
        let y = match self.name {
            // Whole numbers and halves, and such that powers are about the largest or the smallest number.
            "power" if x == 1.0 => among(0, 62).exp2() * (2.0 * among(0, 1) - 1.0),
            "power" => match among(0, 1) as i32 {
                0 => half * among(-40, 40),
                _ => {
                    [1024.0, -1022.0, -1074.0, 128.0, -126.0, -149.0][among(0, 5) as usize]
                        / x.log2()
                }
            },
            _ => 1.0,
        };
        [x, y]
    }

    /// Arguments in the function's range alone.
    ///
    /// # Errors
    /// No memory.
    pub fn usual_arguments(&self, dtype: DType, count: usize) -> Result<Vec<Array>, ArrayError> {
        let mut random = Random(7);
        // Powers that are neither zero nor infinite.
        let (from, to) = match self.name {
            "exp" | "exp2" => (-10.0, 10.0),
            "power" => (0.1, 8.0),
            _ => self.range,
        };
        let count_of = if self.kind == Kind::Binary { 2 } else { 1 };
        let mut column = || -> Vec<f64> {
            let number = |_| from + (to - from) * random.unit();
            (0..count).map(number).collect()
        };
        (0..count_of).map(|_| array(dtype, &column())).collect()
    }

    /// Compares results with extended precision.
    ///
    /// # Errors
    /// Those of the oracle.
    pub fn judge(&self, arguments: &[Array], result: &Array) -> Result<Judgement, OracleError> {
        let name = Array::from_slice(self.name.as_bytes(), &[self.name.len()])?;
        let two = Array::from_slice(&[arguments.len() == 2], &[1])?;
        let inputs = [
            ("a", &arguments[0]),
            ("b", &arguments[arguments.len() - 1]),
            ("r", result),
            ("name", &name),
            ("two", &two),
        ];
        let found = oracle().run(JUDGE, &inputs, &["worst", "wrong", "where"])?;
        Ok(Judgement {
            worst: found[0].to_vec::<f64>()?[0],
            wrong: found[1].to_vec::<i64>()?[0],
            at: found[2].to_vec()?,
        })
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn array(dtype: DType, numbers: &[f64]) -> Result<Array, ArrayError> {
    let shape = [numbers.len()];
    match dtype {
        DType::F32 => Array::from_vec(numbers.iter().map(|x| *x as f32).collect(), &shape),
        _ => Array::from_slice(numbers, &shape),
    }
}

fn from_bits(dtype: DType, bits: u64) -> f64 {
    match dtype {
        DType::F32 => f64::from(f32::from_bits(bits as u32)),
        _ => f64::from_bits(bits),
    }
}

/// A number at most 2²⁴ representable numbers away, mostly much nearer.
fn neighbour(dtype: DType, x: f64, random: &mut Random) -> f64 {
    let steps = (24.0 * random.unit()).exp2() as i64 - 1;
    let steps = if random.next().is_multiple_of(2) {
        steps
    } else {
        -steps
    };
    // Bits of numbers of one sign are in their order.
    match dtype {
        DType::F32 => {
            let bits = i64::from((x as f32).to_bits()) + steps;
            u32::try_from(bits).map_or(x, |bits| f64::from(f32::from_bits(bits)))
        }
        _ => f64::from_bits(x.to_bits().wrapping_add_signed(steps)),
    }
}

fn specials(dtype: DType) -> Vec<f64> {
    let mut all = vec![
        0.0,
        f64::INFINITY,
        1.0,
        0.5,
        0.75,
        2.0,
        3.0,
        1e5,
        1e9,
        1e10,
        1e22,
    ];
    all.extend(match dtype {
        DType::F32 => [
            1e-45,
            f64::from(f32::MAX),
            f64::from(f32::MIN_POSITIVE),
            88.72283,
            88.7229,
            89.4,
            103.97,
            104.0,
        ],
        _ => [
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            709.782712893384,
            709.7827128933841,
            710.47586,
            745.13,
            745.14,
        ],
    });
    all.extend(all.clone().iter().map(|x| -x));
    all.push(f64::NAN);
    all
}
