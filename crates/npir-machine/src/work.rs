//! Which work the operations of scalar code are.

use crate::Work;

impl Work {
    /// The work of an operation of the dialects `arith`, `math` and `complex`, by name; `None` for what computes nothing and
    /// for other operations.
    pub fn of_scalar_op(name: &str) -> Option<Work> {
        let (dialect, op) = name.split_once('.')?;
        match dialect {
            "arith" => match op {
                "constant" | "index_cast" | "index_castui" | "bitcast" => None,
                "divf" | "remf" => Some(Work::Divide),
                _ if ["div", "rem", "ceildiv", "floordiv"]
                    .iter()
                    .any(|kind| op.starts_with(kind)) =>
                {
                    Some(Work::Divide)
                }
                _ => Some(Work::Add),
            },
            "math" => Some(match op {
                "absf" | "absi" | "copysign" | "fma" | "floor" | "ceil" | "trunc" | "roundeven"
                | "round" | "isnan" | "isinf" | "isfinite" | "isnormal" | "ctpop" | "ctlz"
                | "cttz" => Work::Add,
                "sqrt" | "rsqrt" => Work::Root,
                "exp" | "exp2" | "expm1" => Work::Exp,
                "log" | "log2" | "log10" | "log1p" | "cbrt" => Work::Log,
                "powf" | "ipowi" | "fpowi" => Work::Power,
                "sinh" | "cosh" | "tanh" => Work::Tanh,
                _ => Work::Sin,
            }),
            "complex" => Some(match op {
                "create" | "re" | "im" | "constant" => return None,
                "div" => Work::Divide,
                "add" | "sub" | "neg" | "mul" | "conj" | "eq" | "neq" | "bitcast" => Work::Add,
                "abs" | "sqrt" | "rsqrt" => Work::Root,
                "pow" => Work::Power,
                _ => Work::Sin,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_the_work_of_their_kind() {
        for (name, work) in [
            ("arith.addf", Some(Work::Add)),
            ("arith.divsi", Some(Work::Divide)),
            ("arith.remui", Some(Work::Divide)),
            ("arith.constant", None),
            ("math.fma", Some(Work::Add)),
            ("math.log1p", Some(Work::Log)),
            ("math.atan2", Some(Work::Sin)),
            ("complex.mul", Some(Work::Add)),
            ("linalg.yield", None),
        ] {
            assert_eq!(Work::of_scalar_op(name), work, "{name}");
        }
    }
}
