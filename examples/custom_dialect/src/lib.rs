//! A dialect of one's own above `numpy`: arrays with a unit of measurement.
//!
//! `!units.quantity<tensor<?xf64>, "km">` is the type; `units.of`, `units.add` and `units.in` are the ops;
//! the pass `units-to-numpy` leaves plain arrays and multiplications by constants. What cannot be
//! added or converted is an error of the verifier.

mod lower;

use npir_mlir::melior::ir::Attribute;
use npir_mlir::prelude::*;

pub use lower::UnitsToNumpy;

/// A unit, what it measures, and how many of the base unit it is.
struct Unit {
    name: &'static str,
    measures: &'static str,
    factor: f64,
}

const UNITS: &[Unit] = &[
    Unit {
        name: "m",
        measures: "length",
        factor: 1.0,
    },
    Unit {
        name: "cm",
        measures: "length",
        factor: 0.01,
    },
    Unit {
        name: "km",
        measures: "length",
        factor: 1000.0,
    },
    Unit {
        name: "s",
        measures: "time",
        factor: 1.0,
    },
    Unit {
        name: "min",
        measures: "time",
        factor: 60.0,
    },
    Unit {
        name: "h",
        measures: "time",
        factor: 3600.0,
    },
];

fn unit(name: &str) -> Result<&'static Unit, String> {
    UNITS.iter().find(|unit| unit.name == name).ok_or_else(|| {
        let known: Vec<_> = UNITS.iter().map(|unit| unit.name).collect();
        format!("'{name}' is no unit; there are {}", known.join(", "))
    })
}

/// What numbers in one unit are multiplied with to be in another.
fn factor(from: &str, to: &str) -> Result<f64, String> {
    let (a, b) = (unit(from)?, unit(to)?);
    if a.measures == b.measures {
        Ok(a.factor / b.factor)
    } else {
        Err(format!("{from} is a {}, {to} a {}", a.measures, b.measures))
    }
}

/// The definition of `!units.quantity<array, unit>`.
fn quantity_def() -> ParamDef {
    ParamDef::new("quantity", &["", ""], |params: &[Attribute<'_>]| {
        let array = params[0]
            .as_type()
            .ok_or("holds an array type and a unit")?;
        if !array.is_tensor() || !array.element().is_float() {
            return Err(format!("holds an array of floats, not {array}"));
        }
        unit(params[1].as_str().ok_or("has a unit such as \"km\"")?).map(|_| ())
    })
    .doc("An array of floats, measured in a unit.")
}

/// The array type and the unit of a `!units.quantity`.
fn quantity(ty: Type<'_>) -> Option<(Type<'_>, &str)> {
    let (name, params) = ty.params()?;
    (name == "units.quantity").then(|| Some((params[0].as_type()?, params[1].as_str()?)))?
}

/// `!units.quantity<array, unit>` as a constraint.
pub struct Quantity;
impl TypeConstraint for Quantity {
    const DESCRIPTION: &'static str = "a quantity";
    fn check(ty: Type<'_>) -> bool {
        quantity(ty).is_some()
    }
}

fn parts(ty: Type<'_>) -> Result<(Type<'_>, &str), String> {
    quantity(ty).ok_or_else(|| format!("{ty} is no quantity"))
}

/// Numbers with the unit in which they were measured
#[op(
    "units.of",
    traits(Pure),
    interfaces(Verify),
    assembly = "$numbers attr-dict `:` type($numbers) `->` type($result)"
)]
pub struct Of {
    numbers: Operand<AnyTensor>,
    result: Output<Quantity>,
}

impl Verify for Of<'_> {
    fn verify(self) -> Result<(), String> {
        let (array, _) = parts(self.result().ty())?;
        if array == self.numbers().ty() {
            Ok(())
        } else {
            Err(format!(
                "makes a quantity of {array} from {}",
                self.numbers().ty()
            ))
        }
    }
}

/// The sum of two quantities, in the unit of the first
///
/// Both measure the same. Their arrays have one type.
#[op(
    "units.add",
    traits(Pure),
    interfaces(Verify, InferTypes),
    assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"
)]
pub struct Add {
    lhs: Operand<Quantity>,
    rhs: Operand<Quantity>,
    result: Output<Quantity>,
}

impl InferTypes for Add<'_> {
    fn infer<'c>(cx: &InferCx<'c>) -> Result<Vec<Type<'c>>, String> {
        let (lhs, rhs) = (cx.operand_type(0)?, cx.operand_type(1)?);
        let ((a, to), (b, from)) = (parts(lhs)?, parts(rhs)?);
        factor(from, to).map_err(|why| format!("cannot add {from} to {to}: {why}"))?;
        if a != b {
            return Err(format!("adds arrays of different types, {a} and {b}"));
        }
        Ok(vec![lhs])
    }
}

impl Verify for Add<'_> {
    fn verify(self) -> Result<(), String> {
        let inferred = Self::infer(&InferCx::of(self.op()))?[0];
        if self.result().ty() == inferred {
            Ok(())
        } else {
            Err(format!(
                "has result type {}, not {inferred}",
                self.result().ty()
            ))
        }
    }
}

/// The numbers of a quantity in a unit
#[op(
    "units.in",
    traits(Pure),
    interfaces(Verify),
    assembly = "$unit `,` $quantity attr-dict `:` type($quantity) `->` type($result)"
)]
pub struct In {
    quantity: Operand<Quantity>,
    unit: Attr<Str>,
    result: Output<AnyTensor>,
}

impl Verify for In<'_> {
    fn verify(self) -> Result<(), String> {
        let ((array, from), to) = (parts(self.quantity().ty())?, self.unit());
        factor(from, &to).map_err(|why| format!("cannot give {from} in {to}: {why}"))?;
        if array == self.result().ty() {
            Ok(())
        } else {
            Err(format!(
                "has result type {}, not {array}",
                self.result().ty()
            ))
        }
    }
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("units")
        .doc("Arrays with a unit of measurement.")
        .depends_on(&["numpy"])
        .types([quantity_def()])
        .ops([Of::def(), Add::def(), In::def()])
}
