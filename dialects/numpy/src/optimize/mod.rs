//! What the optimizer knows of this dialect: its ops as nodes of an e-graph, the facts about their values, and what
//! they cost. The rules are in `crate::rules`.

mod cost;
mod facts;
mod failure;
mod linear;
mod shapes;
mod view;

use std::collections::HashMap;
use std::sync::LazyLock;

use npir_egraph::{Arity, Change, Class, Domain};
use npir_mlir::prelude::*;

use crate::constant::Constant;
use crate::elementwise;
use crate::elementwise::dtype::DType;

pub use cost::{Group, Note, Numbers, Profile};
pub use facts::{Fact, Size};
pub use failure::cannot_fail;
pub(crate) use view::View;

/// The op of nodes that stand for a value from elsewhere. No op of MLIR is called so, and no rule can name it.
pub const LEAF: &str = "leaf";
/// The attribute of a leaf that tells it from others.
pub const LEAF_INDEX: &str = "index";
/// The attribute of a leaf that is known to be a constant: its value.
pub const LEAF_VALUE: &str = "value";

/// The numpy dialect as a domain of e-graphs. Nodes of other dialects may be in the graph too: they have no facts but
/// their types, and no rule names them.
#[derive(Clone, Copy)]
pub struct Numpy<'c> {
    ctx: &'c Context,
}

/// What a node says besides its op and its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Payload<'c> {
    /// The attributes, a dictionary.
    pub attrs: Attribute<'c>,
    /// The type of the result, as it was declared.
    pub ty: Type<'c>,
}

impl<'c> Payload<'c> {
    /// An attribute by name.
    pub fn attr(&self, name: &str) -> Option<Attribute<'c>> {
        self.attrs.dict_get(name)
    }
}

/// The definitions of the dialect's ops by name.
static OPS: LazyLock<HashMap<String, OpDef>> = LazyLock::new(|| {
    let all = crate::ops().into_iter();
    all.map(|def| (def.name.clone(), def)).collect()
});

impl<'c> Numpy<'c> {
    /// The domain in a context that has the dialect.
    pub fn new(ctx: &'c Context) -> Self {
        Numpy { ctx }
    }

    /// The context.
    pub fn ctx(&self) -> &'c Context {
        self.ctx
    }

    /// A payload to build nodes `like`: only its attributes count.
    pub fn attrs(&self, attrs: &[(&str, Attribute<'c>)]) -> Payload<'c> {
        Payload {
            attrs: self.ctx.dict_attr(attrs),
            ty: self.ctx.index(),
        }
    }

    /// The type of an op's result, where operands of these types fit it.
    fn infer(&self, op: &str, attrs: Attribute<'c>, operands: &[Type<'c>]) -> Option<Type<'c>> {
        let types = OPS.get(op)?.result_types(self.ctx, operands, attrs)?.ok()?;
        match types[..] {
            [ty] => Some(ty),
            _ => None,
        }
    }
}

impl<'c> Domain for Numpy<'c> {
    type Payload = Payload<'c>;
    type Fact = Fact<'c>;

    fn arity(&self, op: &str) -> Option<Arity> {
        let def = OPS.get(op)?;
        let fixed =
            |value: &npir_mlir::op_def::ValueDef| value.arity == npir_mlir::op_def::Arity::One;
        // Of optional operands a pattern says by its own number which ones there are.
        Some(match def.operands.iter().all(fixed) {
            true => Arity::Exactly(def.operands.len()),
            false => Arity::Any,
        })
    }

    fn commutes(&self, op: &str) -> bool {
        elementwise::row(op).is_some_and(|row| row.commutative)
    }

    fn fact(
        &self,
        class: Class,
        op: &str,
        payload: &Payload<'c>,
        children: &[&Fact<'c>],
    ) -> Fact<'c> {
        facts::of_node(class, op, payload, children)
    }

    fn meet(&self, fact: &mut Fact<'c>, other: &Fact<'c>) -> Result<Change, String> {
        fact.meet(other)
    }

    fn payload(
        &self,
        op: &str,
        like: Option<&Payload<'c>>,
        children: &[&Fact<'c>],
    ) -> Option<Payload<'c>> {
        let attrs = match like {
            Some(like) => like.attrs,
            None => self.ctx.dict_attr(&[]),
        };
        let types: Vec<_> = children.iter().map(|fact| fact.ty()).collect();
        let ty = self.infer(op, attrs, &types)?;
        Some(Payload { attrs, ty })
    }

    fn constant(&self, fact: &Fact<'c>) -> Option<(&'static str, Payload<'c>)> {
        let ty = fact.ty();
        DType::of(ty)?;
        let value = fact.constant?.splat(ty)?;
        let attrs = self.ctx.dict_attr(&[("value", value)]);
        Some((Constant::NAME, Payload { attrs, ty }))
    }
}
