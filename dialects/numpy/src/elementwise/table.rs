//! What a row of the elementwise table says, and the table itself.

use std::collections::HashMap;
use std::sync::LazyLock;

use npir_machine::Work;
use npir_mlir::prelude::*;

use super::body::Body;
use super::constant::Scalar;
use super::dtype::{Classes, DType};
use super::rows::FAMILIES;

/// Emits the scalar code of a function: from one value per operand to the value of the result.
/// Operands and result are in compute form (`i1` for bool, signless integers).
pub type ScalarBody = for<'c> fn(Body<'c>, &[Val<'c>]) -> Val<'c>;

/// Computes a function on constants of the row's loop type; `None` where it declines.
pub type ScalarFold = fn(DType, &[Scalar]) -> Option<Scalar>;

/// Emits the run-time check of what a function demands of its operands, in front of the
/// computation: the operands below the numpy level, and those of them that are constant.
pub type Guard = for<'c> fn(Rewriter<'c>, DType, &[Val<'c>], &[Option<Scalar>]);

/// Element type of the result, and with it the type that the function computes in (its *loop* in
/// NumPy's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultRule {
    /// That of the operands.
    Same,
    /// Bool, computed from the operands' type.
    Bool,
    /// `uint8`, computed from the operands' type.
    Byte,
    /// Floats stay; bool and integers become the smallest float that NumPy takes for them.
    Float,
    /// Floats stay; bool and integers become `float64`.
    Double,
    /// That of the operands, of complex ones the type of their parts.
    Part,
    /// `float64`, of complex operands `complex128`.
    Widest,
    /// As `Float`, of complex operands the type of their parts.
    FloatPart,
}

/// What an operand of a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A value of the function's element type.
    Value,
    /// A bool, whatever the element type of the others.
    Condition,
    /// An `int64`, whatever the element type of the others.
    Exponent,
}

impl Role {
    /// The operand's element type where that of the function is `dtype`.
    pub fn dtype(self, dtype: DType) -> DType {
        match self {
            Role::Value => dtype,
            Role::Condition => DType::Bool,
            Role::Exponent => DType::Int(64),
        }
    }
}

/// How 16-bit floats are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halves {
    /// In `f32`, and the result rounded once.
    InSingle,
    /// `f16` as it is, for the function rounds nothing; `bf16`, which processors do not compute
    /// with (or flush subnormal numbers of), in `f32`.
    Native,
    /// Both as they are: the function works on their bits.
    Bits,
}

/// An equation that holds bit for bit and makes a call unnecessary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `f(x, n) = x` for the constant `n`. `-0.0` is told from `0.0`.
    RightIdentity(f64, Classes),
    /// `f(n, x) = x` for the constant `n`.
    LeftIdentity(f64, Classes),
    /// `f(x, ones) = x`, where `ones` has all bits set.
    AllOnesIdentity,
    /// `f(f(x)) = x`.
    Involution,
    /// `f(f(x)) = f(x)`.
    Idempotent,
    /// `f(x) = x` for these classes.
    Nothing(Classes),
    /// `f(c, x, y)` is `x` or `y` for a constant `c`.
    ConstantCondition,
}

/// One elementwise function.
pub struct Row {
    /// Name of the operation: `numpy.` and NumPy's own name of the function.
    pub op: &'static str,
    /// Name of the typed view in Rust.
    pub view: &'static str,
    /// One line on what it computes.
    pub doc: &'static str,
    /// Name and role of each operand.
    pub operands: &'static [(&'static str, Role)],
    /// Element types that the operands may have.
    pub accepts: Classes,
    /// Element type of the result.
    pub result: ResultRule,
    /// How 16-bit floats are computed.
    pub halves: Halves,
    /// Whether the operands may be exchanged.
    pub commutative: bool,
    /// The scalar code.
    pub body: ScalarBody,
    /// The same on constants, where that gives the same bits.
    pub fold: Option<ScalarFold>,
    /// Exact simplifications.
    pub rules: &'static [Rule],
    /// What is checked at run time, if anything.
    pub guard: Option<Guard>,
    /// What one element takes, where it is not what its family takes.
    pub work: Option<Work>,
}

impl Row {
    /// A function with plain scalar code; what else there is to say about it is added by the
    /// methods below.
    pub const fn new(
        op: &'static str,
        accepts: Classes,
        result: ResultRule,
        body: ScalarBody,
    ) -> Row {
        Row {
            op,
            view: "",
            doc: "",
            operands: &[],
            accepts,
            result,
            halves: Halves::InSingle,
            commutative: false,
            body,
            fold: None,
            rules: &[],
            guard: None,
            work: None,
        }
    }

    /// The same row, with what the declaration in front of it says.
    pub(super) const fn declared(
        self,
        view: &'static str,
        doc: &'static str,
        operands: &'static [(&'static str, Role)],
    ) -> Row {
        Row {
            view,
            doc,
            operands,
            ..self
        }
    }

    /// The same row, for a function that rounds no 16-bit float.
    pub const fn native_halves(self) -> Row {
        Row {
            halves: Halves::Native,
            ..self
        }
    }

    /// The same row, for a function that works on the bits of floats.
    pub const fn on_bits(self) -> Row {
        Row {
            halves: Halves::Bits,
            ..self
        }
    }

    /// The same row, for a function that takes other work than its family.
    pub const fn work(self, work: Work) -> Row {
        Row {
            work: Some(work),
            ..self
        }
    }

    /// The same row, with exchangeable operands.
    pub const fn commutative(self) -> Row {
        Row {
            commutative: true,
            ..self
        }
    }

    /// The same row, with constant folding.
    pub const fn fold(self, fold: ScalarFold) -> Row {
        Row {
            fold: Some(fold),
            ..self
        }
    }

    /// The same row, with simplifications.
    pub const fn rules(self, rules: &'static [Rule]) -> Row {
        Row { rules, ..self }
    }

    /// The same row, with a check at run time.
    pub const fn guard(self, guard: Guard) -> Row {
        Row {
            guard: Some(guard),
            ..self
        }
    }

    /// NumPy's name of the function.
    pub fn numpy_name(&self) -> &'static str {
        self.op.strip_prefix("numpy.").unwrap_or(self.op)
    }

    /// Element type in which the function computes on operands of type `dtype`, before 16-bit
    /// floats are widened.
    pub fn loop_dtype(&self, dtype: DType) -> DType {
        match self.result {
            ResultRule::Same | ResultRule::Bool | ResultRule::Byte | ResultRule::Part => dtype,
            ResultRule::Float | ResultRule::FloatPart => dtype.float_of(),
            ResultRule::Double if dtype.is_int() || dtype.is_bool() => DType::F64,
            ResultRule::Double => dtype,
            ResultRule::Widest if dtype.is_complex() => DType::C128,
            ResultRule::Widest => DType::F64,
        }
    }

    /// Element type in which the body computes on operands of type `dtype`.
    pub fn body_dtype(&self, dtype: DType) -> DType {
        let dtype = self.loop_dtype(dtype);
        match self.halves {
            Halves::Bits => dtype,
            Halves::Native if dtype == DType::F16 => dtype,
            Halves::Native | Halves::InSingle => dtype.widened(),
        }
    }

    /// Element type of the result for operands of type `dtype`.
    pub fn result_dtype(&self, dtype: DType) -> DType {
        match self.result {
            ResultRule::Bool => DType::Bool,
            ResultRule::Byte => DType::UInt(8),
            ResultRule::Part | ResultRule::FloatPart => self.loop_dtype(dtype).part(),
            _ => self.loop_dtype(dtype),
        }
    }

    /// Element type of what the body gives for operands of type `dtype`.
    pub fn body_result_dtype(&self, dtype: DType) -> DType {
        match self.result {
            ResultRule::Bool | ResultRule::Byte => self.result_dtype(dtype),
            ResultRule::Part | ResultRule::FloatPart => self.body_dtype(dtype).part(),
            _ => self.body_dtype(dtype),
        }
    }

    /// Index of the first operand that has the function's element type.
    pub fn first_value(&self) -> usize {
        self.operands
            .iter()
            .position(|(_, role)| *role == Role::Value)
            .unwrap_or(0)
    }

    /// Element types of the operands when the function's is `dtype`.
    pub fn operand_dtypes(&self, dtype: DType) -> impl Iterator<Item = DType> {
        self.operands.iter().map(move |(_, role)| role.dtype(dtype))
    }
}

/// Every row, family by family.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    FAMILIES
        .iter()
        .flat_map(|family| family.rows.iter().copied())
}

/// Every row by the name of its operation, with what one element takes.
static BY_NAME: LazyLock<HashMap<&str, (&Row, Work)>> = LazyLock::new(|| {
    let pairs = FAMILIES.iter().flat_map(|family| {
        let rows = family.rows.iter().copied();
        rows.map(|row| (row.op, (row, row.work.unwrap_or(family.work))))
    });
    pairs.collect()
});

/// The row of the operation named `op` (`numpy.add`).
pub fn row(op: &str) -> Option<&'static Row> {
    BY_NAME.get(op).map(|(row, _)| *row)
}

/// What computing one element takes; `None` for an op that is not in the table.
pub fn work(op: &str) -> Option<Work> {
    BY_NAME.get(op).map(|(_, work)| *work)
}
