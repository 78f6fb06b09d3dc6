//! The primitives that parse an op's custom assembly.
// The error of a parser method carries nothing: it has been reported at its place in the source.
#![allow(clippy::result_unit_err)]

use crate::ir::context_from_raw;
use crate::raw::{string_ref, text};
use crate::types::{AttrExt, DYNAMIC};
use melior::Context;
use melior::ir::{Attribute, AttributeLike, Type, TypeLike};
use npir_mlir_sys::*;

/// A list of types on the C++ side.
pub(super) struct Types(Ptr);
impl Types {
    pub(super) fn new() -> Self {
        // SAFETY: freed on drop.
        Types(unsafe { npirTypesNew() })
    }
    pub(super) fn list<'c>(&self) -> Vec<Type<'c>> {
        // SAFETY: in range; types are uniqued in the context.
        unsafe {
            (0..npirTypesCount(self.0))
                .map(|i| Type::from_raw(npirTypesGet(self.0, i)))
                .collect()
        }
    }
    pub(super) fn push(&self, ty: Type<'_>) {
        // SAFETY: a type list is a SmallVector<Type>, as npirPushType expects.
        unsafe { npirPushType(self.0, ty.to_raw()) }
    }
}
impl Drop for Types {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { npirTypesFree(self.0) }
    }
}

/// Operands that are parsed but not yet resolved to values.
pub struct Operands(Ptr);
impl Operands {
    pub(super) fn new() -> Self {
        // SAFETY: freed on drop.
        Operands(unsafe { npirOperandsNew() })
    }
    /// How many there are.
    pub fn count(&self) -> usize {
        // SAFETY: alive.
        unsafe { npirOperandsCount(self.0) as usize }
    }
}
impl Drop for Operands {
    fn drop(&mut self) {
        // SAFETY: created in `new`.
        unsafe { npirOperandsFree(self.0) }
    }
}

/// The parser of an op's custom assembly. Every method that fails has reported
/// the error at the right place in the source.
pub struct Parser<'c> {
    parser: Ptr,
    state: Ptr,
    _ctx: std::marker::PhantomData<&'c Context>,
}

/// Result of a parser method; the error is already reported.
pub type Parsed<T = ()> = Result<T, ()>;

fn ok(b: bool) -> Parsed {
    if b { Ok(()) } else { Err(()) }
}

impl<'c> Parser<'c> {
    pub(crate) fn new(parser: Ptr, state: Ptr) -> Self {
        Parser {
            parser,
            state,
            _ctx: std::marker::PhantomData,
        }
    }
    /// The context.
    pub fn ctx(&self) -> &'c Context {
        // SAFETY: the parser is alive during the callback, here and below.
        context_from_raw(unsafe { npirParserContext(self.parser) })
    }
    /// A keyword or punctuation.
    pub fn literal(&mut self, l: &str) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirParseLiteral(self.parser, string_ref(l)) })
    }
    /// A keyword or punctuation, if it is there.
    pub fn optional_literal(&mut self, l: &str) -> bool {
        // SAFETY: see ctx.
        unsafe { npirParseOptionalLiteral(self.parser, string_ref(l)) }
    }
    /// A bare word.
    pub fn keyword(&mut self) -> Parsed<String> {
        let mut out = string_ref("");
        // SAFETY: the word lies in the source buffer, copied here.
        unsafe {
            ok(npirParseKeyword(self.parser, &mut out))?;
            Ok(text(out).to_string())
        }
    }
    /// One of `words`.
    pub fn keyword_of(&mut self, words: &[&str]) -> Parsed<String> {
        let word = self.keyword()?;
        if words.contains(&word.as_str()) {
            return Ok(word);
        }
        self.error(&format!(
            "expected one of {}, but found '{word}'",
            words.join(", ")
        ))
    }
    /// An integer.
    pub fn integer(&mut self) -> Parsed<i64> {
        match self.optional_integer()? {
            Some(v) => Ok(v),
            None => self.error("expected an integer"),
        }
    }
    /// A float; an integer counts as one, a hexadecimal one as its bits.
    pub fn float(&mut self) -> Parsed<f64> {
        let mut v = 0.0;
        // SAFETY: the parser is alive.
        ok(unsafe { npirParseFloat(self.parser, &mut v) })?;
        Ok(v)
    }
    /// An integer, if one is there.
    pub fn optional_integer(&mut self) -> Parsed<Option<i64>> {
        let mut v = 0;
        // SAFETY: see ctx.
        match unsafe { npirParseOptionalInteger(self.parser, &mut v) } {
            0 => Ok(None),
            1 => Ok(Some(v)),
            _ => Err(()),
        }
    }
    /// A list of operands, possibly empty.
    pub fn operands(&mut self) -> Parsed<Operands> {
        let list = Operands::new();
        // SAFETY: see ctx.
        ok(unsafe { npirParseOperandList(self.parser, list.0) })?;
        Ok(list)
    }
    /// One operand.
    pub fn operand(&mut self) -> Parsed<Operands> {
        let list = Operands::new();
        // SAFETY: see ctx.
        ok(unsafe { npirParseOperand(self.parser, list.0) })?;
        Ok(list)
    }
    /// One operand appended to `list`, if one is there.
    pub fn optional_operand_into(&mut self, list: &Operands) -> Parsed<bool> {
        // SAFETY: see ctx.
        match unsafe { npirParseOptionalOperand(self.parser, list.0) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(()),
        }
    }
    /// An empty list of operands, to be filled.
    pub fn no_operands(&self) -> Operands {
        Operands::new()
    }
    /// A bracketed list of integers and `index` operands: `[0, %i, 4]`. Static
    /// entries are returned, operands are marked [`DYNAMIC`] and
    /// appended to `dynamic`.
    pub fn mixed_list(&mut self, dynamic: &Operands) -> Parsed<Vec<i64>> {
        self.literal("[")?;
        let mut statics = Vec::new();
        if self.optional_literal("]") {
            return Ok(statics);
        }
        loop {
            if self.optional_operand_into(dynamic)? {
                statics.push(DYNAMIC);
            } else {
                statics.push(self.integer()?);
            }
            if !self.optional_literal(",") {
                break;
            }
        }
        self.literal("]")?;
        Ok(statics)
    }
    /// Adds the operands to the op, with their types in order.
    pub fn resolve(&mut self, operands: &Operands, types: &[Type<'c>]) -> Parsed {
        let list = Types::new();
        for t in types {
            list.push(*t);
        }
        // SAFETY: see ctx.
        ok(unsafe { npirResolveOperands(self.parser, self.state, operands.0, list.0) })
    }
    /// Adds the operands to the op, all of type `ty`.
    pub fn resolve_as(&mut self, operands: &Operands, ty: Type<'c>) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirResolveOperandsAs(self.parser, self.state, operands.0, ty.to_raw()) })
    }
    /// A type.
    pub fn ty(&mut self) -> Parsed<Type<'c>> {
        let list = Types::new();
        // SAFETY: see ctx.
        ok(unsafe { npirParseType(self.parser, list.0) })?;
        Ok(list.list()[0])
    }
    /// A list of types, possibly empty.
    pub fn types(&mut self) -> Parsed<Vec<Type<'c>>> {
        let list = Types::new();
        // SAFETY: see ctx.
        ok(unsafe { npirParseTypeList(self.parser, list.0) })?;
        Ok(list.list())
    }
    /// `(types) -> types`, without a leading colon.
    pub fn function_type(&mut self) -> Parsed<(Vec<Type<'c>>, Vec<Type<'c>>)> {
        let (ins, outs) = (Types::new(), Types::new());
        // SAFETY: see ctx.
        ok(unsafe { npirParseFunctionTypeBare(self.parser, ins.0, outs.0) })?;
        Ok((ins.list(), outs.list()))
    }
    /// Any attribute.
    pub fn attr(&mut self) -> Parsed<Attribute<'c>> {
        // SAFETY: see ctx; the attribute is set on success.
        unsafe {
            let mut out = mlir_sys::mlirAttributeGetNull();
            ok(npirParseAttr(self.parser, &mut out))?;
            Ok(Attribute::from_raw(out))
        }
    }
    /// An attribute of type `ty`, which the source need not repeat.
    pub fn attr_of_type(&mut self, ty: Type<'c>) -> Parsed<Attribute<'c>> {
        // SAFETY: see ctx; the attribute is set on success.
        unsafe {
            let mut out = mlir_sys::mlirAttributeGetNull();
            ok(npirParseAttrOfType(self.parser, ty.to_raw(), &mut out))?;
            Ok(Attribute::from_raw(out))
        }
    }
    /// An attribute, if one is there.
    pub fn optional_attr(&mut self) -> Parsed<Option<Attribute<'c>>> {
        // SAFETY: see ctx; the attribute is set on success.
        unsafe {
            let mut out = mlir_sys::mlirAttributeGetNull();
            match npirParseOptionalAttr(self.parser, &mut out) {
                0 => Ok(None),
                1 => Ok(Some(Attribute::from_raw(out))),
                _ => Err(()),
            }
        }
    }
    /// `@name`
    pub fn symbol(&mut self) -> Parsed<String> {
        // SAFETY: see ctx; the attribute is set on success.
        unsafe {
            let mut out = mlir_sys::mlirAttributeGetNull();
            ok(npirParseSymbolName(self.parser, &mut out))?;
            Ok(Attribute::from_raw(out)
                .as_str()
                .unwrap_or_default()
                .to_string())
        }
    }
    /// A region.
    pub fn region(&mut self) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirParseRegion(self.parser, self.state) })
    }
    /// `(%a: type, ...) { ... }`
    pub fn region_with_args(&mut self) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirParseRegionWithArgs(self.parser, self.state) })
    }
    /// A region, or an empty one when none is written.
    pub fn optional_region(&mut self) -> Parsed<bool> {
        // SAFETY: see ctx.
        match unsafe { npirParseOptionalRegion(self.parser, self.state) } {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(()),
        }
    }
    /// An empty region.
    pub(super) fn add_region(&mut self) {
        // SAFETY: see ctx.
        unsafe { npirStateAddRegion(self.state) }
    }
    /// The attribute dictionary.
    pub fn attr_dict(&mut self) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirParseAttrDict(self.parser, self.state) })
    }
    /// `attributes {...}`
    pub fn attr_dict_with_keyword(&mut self) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirParseAttrDictWithKeyword(self.parser, self.state) })
    }
    /// Sets an attribute of the op.
    pub fn set_attr(&mut self, name: &str, value: Attribute<'c>) {
        // SAFETY: see ctx.
        unsafe { npirStateAddAttr(self.state, string_ref(name), value.to_raw()) }
    }
    /// Adds result types.
    pub fn add_results(&mut self, types: &[Type<'c>]) {
        let list = Types::new();
        for t in types {
            list.push(*t);
        }
        // SAFETY: see ctx.
        unsafe { npirStateAddResultTypes(self.state, list.0) }
    }
    /// Infers the result types from what has been parsed.
    pub fn infer_results(&mut self) -> Parsed {
        // SAFETY: see ctx.
        ok(unsafe { npirStateInferResultTypes(self.parser, self.state) })
    }
    /// Reports an error at the current place.
    pub fn error<T>(&mut self, message: &str) -> Parsed<T> {
        // SAFETY: see ctx.
        unsafe { npirParseError(self.parser, string_ref(message)) };
        Err(())
    }
}
