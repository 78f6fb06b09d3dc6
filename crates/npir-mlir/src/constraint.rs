//! What operand, result and attribute declarations demand, and how attributes map
//! to Rust values.

use crate::types::{AttrExt, CtxExt, TypeExt};
use melior::Context;
use melior::ir::{AffineMap, Attribute, Type};
use std::marker::PhantomData;

/// A demand on a type, by name: `Operand<AnyTensor>`.
pub trait TypeConstraint {
    /// As in `operand 'x' must be {DESCRIPTION}, but got i32`.
    const DESCRIPTION: &'static str;
    /// Whether `ty` fits.
    fn check(ty: Type<'_>) -> bool;
    /// The type that fits, when there is only one: the assembly need not write it.
    fn only(_ctx: &Context) -> Option<Type<'_>> {
        None
    }
    /// The constraint as a value.
    fn constraint() -> Constraint {
        Constraint {
            description: Self::DESCRIPTION,
            check: Self::check,
            only: Self::only,
        }
    }
}

/// A demand on a type, as a value.
#[derive(Clone, Copy)]
pub struct Constraint {
    /// What fits, in words.
    pub description: &'static str,
    /// Whether a type fits.
    pub check: fn(Type<'_>) -> bool,
    /// The type that fits, when there is only one.
    pub only: fn(&Context) -> Option<Type<'_>>,
}

macro_rules! type_constraints {
    ($($(#[$doc:meta])* $name:ident = $text:literal, |$t:ident| $check:expr $(, |$ctx:ident| $only:expr)?;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl TypeConstraint for $name {
            const DESCRIPTION: &'static str = $text;
            fn check($t: Type<'_>) -> bool { $check }
            $(fn only($ctx: &Context) -> Option<Type<'_>> { Some($only) })?
        }
    )*};
}

type_constraints! {
    /// Any type.
    AnyType = "any type", |_t| true;
    /// A ranked tensor.
    AnyTensor = "a ranked tensor", |t| t.is_tensor();
    /// A ranked memref.
    AnyMemRef = "a ranked memref", |t| t.is_memref();
    /// A tensor, memref or vector with a rank.
    AnyShaped = "a tensor, memref or vector", |t| t.is_shaped();
    /// An integer, float, complex or index.
    Scalar = "a number", |t| t.is_int() || t.is_float() || t.is_complex() || t.is_index();
    /// `index`
    IndexType = "an index", |t| t.is_index(), |ctx| ctx.index();
    /// `index`, or an integer.
    IntegerOrIndex = "an integer or index", |t| t.is_index() || t.is_int();
    /// An integer.
    IntegerType = "an integer", |t| t.is_int();
    /// A float.
    FloatType = "a float", |t| t.is_float();
    /// `i1`
    Bool = "an i1", |t| t.is_bool(), |ctx| ctx.i(1);
    /// `!llvm.ptr`
    LlvmPtr = "an LLVM pointer", |t| t == t.ctx().llvm_ptr(), |ctx| ctx.llvm_ptr();
}

/// How an attribute is read and written: `Attr<I64>` is an `i64` in Rust.
pub trait AttrCodec {
    /// The Rust value.
    type Value<'c>;
    /// As in `attribute 'axis' must be {DESCRIPTION}`.
    const DESCRIPTION: &'static str;
    /// The value; `None` when the attribute is of another kind.
    fn decode<'c>(attr: Attribute<'c>) -> Option<Self::Value<'c>>;
    /// The attribute.
    fn encode<'c>(ctx: &'c Context, value: &Self::Value<'c>) -> Attribute<'c>;
    /// How the assembly writes it.
    const SYNTAX: AttrSyntax = AttrSyntax::Attribute;
    /// The codec as a value.
    fn constraint() -> AttrConstraint {
        AttrConstraint {
            description: Self::DESCRIPTION,
            check: |a| Self::decode(a).is_some(),
            syntax: Self::SYNTAX,
        }
    }
}

/// How an attribute appears after `$name` in the assembly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrSyntax {
    /// Like any attribute. MLIR reads a `:` behind it as the start of its type, so that none may follow in a format.
    Attribute,
    /// Like an attribute that never has a type behind it.
    Untyped,
    /// An integer without its type, stored as `i64`.
    Integer,
    /// A float without its type, stored as `f64`.
    Float,
    /// `[1, 2]`, stored as `DenseI64Array`.
    IntegerList,
    /// A bare word out of a list, stored as a string.
    Keyword(&'static [&'static str]),
    /// `@name`
    Symbol,
    /// A type.
    Type,
}

/// A demand on an attribute, as a value.
#[derive(Clone, Copy)]
pub struct AttrConstraint {
    /// What fits, in words.
    pub description: &'static str,
    /// Whether an attribute fits.
    pub check: fn(Attribute<'_>) -> bool,
    /// How the assembly writes it.
    pub syntax: AttrSyntax,
}

macro_rules! codecs {
    ($($(#[$doc:meta])* $name:ident: $value:ty, $text:literal, $syntax:expr,
        |$a:ident| $decode:expr, |$ctx:ident, $v:ident| $encode:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl AttrCodec for $name {
            type Value<'c> = $value;
            const DESCRIPTION: &'static str = $text;
            const SYNTAX: AttrSyntax = $syntax;
            fn decode<'c>($a: Attribute<'c>) -> Option<$value> { $decode }
            fn encode<'c>($ctx: &'c Context, $v: &$value) -> Attribute<'c> { $encode }
        }
    )*};
}

codecs! {
    /// An `i64`.
    I64: i64, "a 64-bit integer", AttrSyntax::Integer, |a| a.as_int().filter(|_| a.attr_type() == a.ctx().i(64)),
        |ctx, v| ctx.i64_attr(*v);
    /// A bool.
    BoolValue: bool, "a bool", AttrSyntax::Untyped, |a| a.as_int().filter(|_| a.attr_type().is_bool()).map(|v| v != 0), |ctx, v| ctx.bool_attr(*v);
    /// A float.
    F64: f64, "a float", AttrSyntax::Float, |a| a.as_float(), |ctx, v| ctx.float_attr(ctx.f64(), *v);
    /// A string.
    Str: String, "a string", AttrSyntax::Attribute, |a| a.as_str().map(String::from), |ctx, v| ctx.str_attr(v);
    /// Integers.
    I64Array: Vec<i64>, "a list of integers", AttrSyntax::IntegerList, |a| a.as_i64_array(), |ctx, v| ctx.i64_array(v);
    /// A type.
    TypeValue: Type<'c>, "a type", AttrSyntax::Type, |a| a.as_type(), |ctx, v| ctx.type_attr(*v);
    /// Any attribute.
    AnyAttr: Attribute<'c>, "any attribute", AttrSyntax::Attribute, |a| Some(a), |_ctx, v| *v;
    /// `@symbol`
    SymbolRef: String, "a symbol reference", AttrSyntax::Symbol, |a| a.as_symbol().map(String::from), |ctx, v| ctx.symbol_attr(v);
    /// Affine maps.
    MapArray: Vec<AffineMap<'c>>, "a list of affine maps", AttrSyntax::Untyped,
        |a| a.as_array()?.into_iter().map(|m| m.as_affine_map()).collect(),
        |ctx, v| ctx.array_attr(&v.iter().map(|m| ctx.map_attr(*m)).collect::<Vec<_>>());
}

/// A closed set of words: `enum` values that the assembly writes as keywords.
pub trait AttrEnum: Sized + Copy + 'static {
    /// The words, in the order of the variants.
    const NAMES: &'static [&'static str];
    /// All variants, in the same order.
    const VARIANTS: &'static [Self];
    /// As in `must be {DESCRIPTION}`.
    const DESCRIPTION: &'static str;
    /// The word of this variant.
    fn word(self) -> &'static str;
    /// The variant of a word.
    fn from_word(word: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .position(|n| *n == word)
            .map(|i| Self::VARIANTS[i])
    }
}

/// Declares an enum and its [`AttrEnum`] implementation.
///
/// `attr_enum! { /// Kind of check. pub enum CheckKind { ShapeMismatch = "shape_mismatch", ... } }`
#[macro_export]
macro_rules! attr_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $crate::constraint::AttrEnum for $name {
            const NAMES: &'static [&'static str] = &[$($word),*];
            const VARIANTS: &'static [Self] = &[$(Self::$variant),*];
            const DESCRIPTION: &'static str = concat!("one of", $(" ", $word),*);
            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}

/// An [`AttrEnum`] as attribute: `Attr<Enum<CheckKind>>`.
pub struct Enum<E>(PhantomData<E>);

impl<E: AttrEnum> AttrCodec for Enum<E> {
    type Value<'c> = E;
    const DESCRIPTION: &'static str = E::DESCRIPTION;
    const SYNTAX: AttrSyntax = AttrSyntax::Keyword(E::NAMES);
    fn decode<'c>(attr: Attribute<'c>) -> Option<E> {
        E::from_word(attr.as_str()?)
    }
    fn encode<'c>(ctx: &'c Context, value: &E) -> Attribute<'c> {
        ctx.str_attr(value.word())
    }
}
