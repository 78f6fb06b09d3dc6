//! Types and attributes with parameters.

use npir_mlir::prelude::*;

/// `!toy.box<T>`, `!toy.grid<rows = R, element = T>`, `!toy.unit`, `!toy.tuple<...>`.
pub fn types() -> Vec<ParamDef> {
    vec![
        ParamDef::new("box", &[""], |p| match p[0].as_type() {
            Some(_) => Ok(()),
            None => Err(format!("holds a type, not {}", p[0])),
        })
        .doc("A box around a value."),
        ParamDef::new("grid", &["rows", "element"], |p| {
            match (p[0].as_int(), p[1].as_type()) {
                (Some(rows), Some(_)) if rows > 0 => Ok(()),
                (Some(rows), Some(_)) => Err(format!("{rows} rows")),
                _ => Err("rows is an integer and element a type".into()),
            }
        }),
        ParamDef::new("unit", &[], |_| Ok(())),
        ParamDef::variadic("tuple", |p| {
            match p.iter().position(|a| a.as_type().is_none()) {
                None => Ok(()),
                Some(i) => Err(format!("member {i} is no type")),
            }
        }),
        ParamDef::new("boom", &[""], |_| panic!("type parameters")),
    ]
}

/// `#toy.range<lo = L, hi = H>`, `#toy.path<...>`.
pub fn attrs() -> Vec<ParamDef> {
    vec![
        ParamDef::new("range", &["lo", "hi"], |p| {
            match (p[0].as_int(), p[1].as_int()) {
                (Some(lo), Some(hi)) if lo <= hi => Ok(()),
                (Some(lo), Some(hi)) => Err(format!("{lo} > {hi}")),
                _ => Err("bounds are integers".into()),
            }
        }),
        ParamDef::variadic("path", |p| match p.iter().all(|a| a.as_str().is_some()) {
            true => Ok(()),
            false => Err("a path is made of strings".into()),
        }),
        ParamDef::new("boom", &[""], |_| panic!("attribute parameters")),
    ]
}

/// `!toy.box<element>` as a constraint.
pub struct BoxType;
impl TypeConstraint for BoxType {
    const DESCRIPTION: &'static str = "a box";
    fn check(ty: Type<'_>) -> bool {
        ty.params().is_some_and(|(name, _)| name == "toy.box")
    }
}

/// `!toy.box<element>`
pub fn box_of<'c>(ctx: &'c Context, element: Type<'c>) -> Type<'c> {
    ctx.param_type(
        "toy",
        "box",
        &[ctx.type_attr(element)],
        Location::unknown(ctx),
    )
    .expect("a valid box")
}

/// The element of `!toy.box<element>`.
pub fn boxed(ty: Type<'_>) -> Option<Type<'_>> {
    let (name, params) = ty.params()?;
    (name == "toy.box").then(|| params[0].as_type())?
}
