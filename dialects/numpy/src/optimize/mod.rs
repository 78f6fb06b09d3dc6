//! What the optimizer knows of this dialect: its ops as nodes of an e-graph, the facts about their values, and what
//! they cost. The rules are in `crate::rules`.

mod algebra;
mod around;
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

pub use algebra::{Algebra, AlgebraError, Costs, Facts, Rules, register, registered};
pub use around::Around;
pub use cost::{Group, Note, Numbers, Profile};
pub use facts::{Fact, Size};
pub use failure::cannot_fail;
pub(crate) use failure::gives_value;
pub(crate) use view::View;

/// The op of nodes that stand for a value from elsewhere. No op of MLIR is called so, and no rule can name it.
pub const LEAF: &str = "leaf";
/// The attribute of a leaf that tells it from others.
pub const LEAF_INDEX: &str = "index";
/// The attribute of a leaf that is known to be a constant: its value.
pub const LEAF_VALUE: &str = "value";
/// The attribute of a leaf that has its sizes, from [`Around::sizes`].
pub const LEAF_SIZES: &str = "sizes";

/// The numpy dialect as a domain of e-graphs. Nodes of other dialects may be in the graph too: they have no facts but
/// their types, and no rule names them.
#[derive(Clone, Copy)]
pub struct Numpy<'c> {
    ctx: &'c Context,
    algebras: algebra::Several,
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

/// The type of the only result of an op of the dialect, where operands of these types fit it.
pub(crate) fn result_type<'c>(
    ctx: &'c Context,
    op: &str,
    attrs: Attribute<'c>,
    operands: &[Type<'c>],
) -> Option<Type<'c>> {
    only(OPS.get(op)?.result_types(ctx, operands, attrs))
}

/// The type of an op's only result.
fn only<'c>(types: Option<Result<Vec<Type<'c>>, String>>) -> Option<Type<'c>> {
    match types?.ok()?[..] {
        [ty] => Some(ty),
        _ => None,
    }
}

impl<'c> Numpy<'c> {
    /// The domain in a context that has the dialect.
    pub fn new(ctx: &'c Context) -> Self {
        Numpy { ctx, algebras: &[] }
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
        match OPS.contains_key(op) {
            true => result_type(self.ctx, op, attrs, operands),
            false => {
                let types = |def: &OpDef| def.result_types(self.ctx, operands, attrs);
                only(self.with_foreign_op(op, types)?)
            }
        }
    }
}

impl<'c> Domain for Numpy<'c> {
    type Payload = Payload<'c>;
    type Fact = Fact<'c>;

    fn arity(&self, op: &str) -> Option<Arity> {
        match OPS.get(op) {
            Some(def) => Some(algebra::arity(def)),
            None => self.with_foreign_op(op, algebra::arity),
        }
    }

    fn commutes(&self, op: &str) -> bool {
        elementwise::row(op).is_some_and(|row| row.commutative) || self.foreign_commutes(op)
    }

    fn fact(
        &self,
        class: Class,
        op: &str,
        payload: &Payload<'c>,
        children: &[&Fact<'c>],
    ) -> Fact<'c> {
        let fact = facts::of_node(around::FIRST_CLASS + class.index(), op, payload, children);
        self.with_foreign_facts(op, children, fact)
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
