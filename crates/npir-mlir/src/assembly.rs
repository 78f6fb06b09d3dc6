//! Declarative assembly formats, interpreted for parsing and for printing from one
//! description, and the primitives that hand-written assembly uses.
//!
//! | directive | meaning |
//! |---|---|
//! | `` `word` ``, `` `,` ``, `` `->` `` | a keyword or punctuation |
//! | `$name` | an operand (list), an attribute or a region of that name |
//! | `type($name)` | type(s) of that operand or result |
//! | `operands` | all operands |
//! | `type(operands)`, `type(results)` | all their types |
//! | `functional-type(operands, results)` | `(inputs) -> (results)` |
//! | `attr-dict`, `attr-dict-with-keyword` | the attributes that are not mentioned |
//! | `` (`word` $name^)? `` | present when the anchor `$name^` is: an optional or unit attribute, an optional or variadic operand, a region |
//!
//! Result types that no directive mentions are inferred. An operand whose type no
//! directive mentions is of the only type that its constraint allows, or of type `index`.

use crate::constraint::AttrSyntax;
use crate::ir::{Op, OpExt, Reg, RegExt, Val, ValExt};
use crate::op_def::{Arity, OpDef, Trait};
use crate::raw::{string_ref, text};
use crate::types::{AttrExt, CtxExt};
use melior::Context;
use melior::ir::{Attribute, AttributeLike, Type, TypeLike};
use npir_mlir_sys::*;

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Literal(String),
    Operand(usize),
    Attr(usize),
    Region(usize),
    OperandType(usize),
    ResultType(usize),
    AllOperands,
    AllOperandTypes,
    AllResultTypes,
    FunctionalType,
    AttrDict { keyword: bool },
    Optional { items: Vec<Item>, anchor: Box<Item> },
}

/// A parsed format.
#[derive(Clone, Debug)]
pub struct Assembly {
    items: Vec<Item>,
}

impl Assembly {
    /// Parses `source` against the declarations of `def`.
    ///
    /// # Errors
    /// Says which directive is malformed or names nothing.
    pub fn parse(source: &str, def: &OpDef) -> Result<Self, String> {
        let tokens = tokenize(source)?;
        let mut at = 0;
        let items = parse_items(&tokens, &mut at, def, false)?.0;
        if at != tokens.len() {
            return Err(format!("unexpected '{}'", tokens[at]));
        }
        Ok(Assembly { items })
    }
    fn mentions(&self, wanted: impl Fn(&Item) -> bool + Copy) -> bool {
        fn any(items: &[Item], wanted: impl Fn(&Item) -> bool + Copy) -> bool {
            items.iter().any(|i| wanted(i) || matches!(i, Item::Optional { items, .. } if any(items, wanted)))
        }
        any(&self.items, wanted)
    }
}

fn tokenize(source: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c == '`' {
            chars.next();
            let literal: String = chars.by_ref().take_while(|c| *c != '`').collect();
            tokens.push(format!("`{literal}"));
        } else if c == '$' || c.is_alphanumeric() || c == '-' || c == '_' {
            let mut word = String::new();
            while let Some(&c) = chars.peek() {
                if c == '$' || c.is_alphanumeric() || c == '-' || c == '_' {
                    word.push(c);
                    chars.next();
                } else {
                    break;
                }
            }
            tokens.push(word);
        } else if "()^?,".contains(c) {
            chars.next();
            tokens.push(c.to_string());
        } else {
            return Err(format!("unexpected character '{c}'"));
        }
    }
    Ok(tokens)
}

fn named(name: &str, def: &OpDef) -> Result<Item, String> {
    if let Some(i) = def.operands.iter().position(|o| o.name == name) {
        return Ok(Item::Operand(i));
    }
    if let Some(i) = def.attributes.iter().position(|a| a.name == name) {
        return Ok(Item::Attr(i));
    }
    if let Some(i) = def.regions.iter().position(|r| r == name) {
        return Ok(Item::Region(i));
    }
    Err(format!("'${name}' is no operand, attribute or region"))
}

fn expect(tokens: &[String], at: &mut usize, token: &str) -> Result<(), String> {
    if tokens.get(*at).map(String::as_str) == Some(token) {
        *at += 1;
        Ok(())
    } else {
        Err(format!("expected '{token}'"))
    }
}

fn parse_items(tokens: &[String], at: &mut usize, def: &OpDef, group: bool) -> Result<(Vec<Item>, Option<Item>), String> {
    let mut items = Vec::new();
    let mut anchor = None;
    while let Some(token) = tokens.get(*at) {
        let item = match token.as_str() {
            ")" if group => break,
            "(" => {
                *at += 1;
                let (inner, found) = parse_items(tokens, at, def, true)?;
                expect(tokens, at, ")")?;
                expect(tokens, at, "?")?;
                let anchor = found.ok_or("an optional group needs an anchor, `$name^`")?;
                items.push(Item::Optional { items: inner, anchor: Box::new(anchor) });
                continue;
            }
            "attr-dict" => Item::AttrDict { keyword: false },
            "attr-dict-with-keyword" => Item::AttrDict { keyword: true },
            "operands" => Item::AllOperands,
            "functional-type" => {
                *at += 1;
                for t in ["(", "operands", ",", "results"] {
                    expect(tokens, at, t)?;
                }
                Item::FunctionalType
            }
            "type" => {
                *at += 1;
                expect(tokens, at, "(")?;
                let inner = tokens.get(*at).ok_or("unfinished type(...)")?.clone();
                *at += 1;
                match inner.as_str() {
                    "operands" => Item::AllOperandTypes,
                    "results" => Item::AllResultTypes,
                    name => {
                        let name = name.strip_prefix('$').ok_or_else(|| format!("type({name}) names nothing"))?;
                        if let Some(i) = def.operands.iter().position(|o| o.name == name) {
                            Item::OperandType(i)
                        } else if let Some(i) = def.results.iter().position(|r| r.name == name) {
                            Item::ResultType(i)
                        } else {
                            return Err(format!("type(${name}): no such operand or result"));
                        }
                    }
                }
            }
            t if t.starts_with('`') => Item::Literal(t[1..].to_string()),
            t if t.starts_with('$') => named(&t[1..], def)?,
            t => return Err(format!("unknown directive '{t}'")),
        };
        if matches!(item, Item::FunctionalType | Item::AllOperandTypes | Item::AllResultTypes | Item::OperandType(_) | Item::ResultType(_)) {
            expect(tokens, at, ")")?;
        } else {
            *at += 1;
        }
        if tokens.get(*at).map(String::as_str) == Some("^") {
            *at += 1;
            anchor = Some(item.clone());
        }
        items.push(item);
    }
    Ok((items, anchor))
}

// ---------------------------------------------------------------- parsing

struct Types(Ptr);
impl Types {
    fn new() -> Self {
        // SAFETY: freed on drop.
        Types(unsafe { npirTypesNew() })
    }
    fn list<'c>(&self) -> Vec<Type<'c>> {
        // SAFETY: in range; types are uniqued in the context.
        unsafe { (0..npirTypesCount(self.0)).map(|i| Type::from_raw(npirTypesGet(self.0, i))).collect() }
    }
    fn count(&self) -> usize {
        // SAFETY: alive.
        unsafe { npirTypesCount(self.0) as usize }
    }
    fn push(&self, ty: Type<'_>) {
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
    fn new() -> Self {
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
        Parser { parser, state, _ctx: std::marker::PhantomData }
    }
    /// The context.
    pub fn ctx(&self) -> &'c Context {
        // SAFETY: the parser is alive during the callback, here and below.
        crate::ir::context_from_raw(unsafe { npirParserContext(self.parser) })
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
        self.error(&format!("expected one of {}, but found '{word}'", words.join(", ")))
    }
    /// An integer.
    pub fn integer(&mut self) -> Parsed<i64> {
        match self.optional_integer()? {
            Some(v) => Ok(v),
            None => self.error("expected an integer"),
        }
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
    /// entries are returned, operands are marked [`crate::types::DYNAMIC`] and
    /// appended to `dynamic`.
    pub fn mixed_list(&mut self, dynamic: &Operands) -> Parsed<Vec<i64>> {
        self.literal("[")?;
        let mut statics = Vec::new();
        if self.optional_literal("]") {
            return Ok(statics);
        }
        loop {
            if self.optional_operand_into(dynamic)? {
                statics.push(crate::types::DYNAMIC);
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
            Ok(Attribute::from_raw(out).as_str().unwrap_or_default().to_string())
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

fn parse_attr_value<'c>(p: &mut Parser<'c>, syntax: AttrSyntax) -> Parsed<Attribute<'c>> {
    let ctx = p.ctx();
    Ok(match syntax {
        AttrSyntax::Attribute => p.attr()?,
        AttrSyntax::Integer => ctx.i64_attr(p.integer()?),
        AttrSyntax::IntegerList => {
            p.literal("[")?;
            let mut values = Vec::new();
            if !p.optional_literal("]") {
                loop {
                    values.push(p.integer()?);
                    if !p.optional_literal(",") {
                        break;
                    }
                }
                p.literal("]")?;
            }
            ctx.i64_array(&values)
        }
        AttrSyntax::Keyword(words) => ctx.str_attr(&p.keyword_of(words)?),
        AttrSyntax::Symbol => ctx.symbol_attr(&p.symbol()?),
        AttrSyntax::Type => ctx.type_attr(p.ty()?),
    })
}

struct Parse<'d, 'c> {
    def: &'d OpDef,
    p: Parser<'c>,
    operands: Vec<Operands>,
    operand_types: Vec<Option<Types>>,
    result_types: Vec<Option<Types>>,
    all_operands: Option<Operands>,
    all_operand_types: Option<Types>,
    all_result_types: Option<Types>,
    regions: usize,
}

/// Parses an op in its declarative format.
pub(crate) fn parse(def: &OpDef, assembly: &Assembly, parser: Ptr, state: Ptr) -> Parsed {
    let mut cx = Parse {
        def,
        p: Parser::new(parser, state),
        operands: def.operands.iter().map(|_| Operands::new()).collect(),
        operand_types: def.operands.iter().map(|_| None).collect(),
        result_types: def.results.iter().map(|_| None).collect(),
        all_operands: None,
        all_operand_types: None,
        all_result_types: None,
        regions: 0,
    };
    cx.items(&assembly.items)?;
    cx.finish(assembly)
}

impl Parse<'_, '_> {
    fn items(&mut self, items: &[Item]) -> Parsed {
        for item in items {
            self.item(item)?;
        }
        Ok(())
    }
    fn item(&mut self, item: &Item) -> Parsed {
        match item {
            Item::Literal(l) => self.p.literal(l),
            Item::Operand(i) => match self.def.operands[*i].arity {
                Arity::One => {
                    self.operands[*i] = self.p.operand()?;
                    Ok(())
                }
                Arity::Optional => self.p.optional_operand_into(&self.operands[*i]).map(|_| ()),
                Arity::Variadic => {
                    self.operands[*i] = self.p.operands()?;
                    Ok(())
                }
            },
            Item::AllOperands => {
                self.all_operands = Some(self.p.operands()?);
                Ok(())
            }
            Item::Attr(i) => {
                let def = &self.def.attributes[*i];
                let value = if def.unit { self.p.ctx().unit_attr() } else { parse_attr_value(&mut self.p, def.constraint.syntax)? };
                self.p.set_attr(&def.name, value);
                Ok(())
            }
            Item::Region(_) => {
                self.regions += 1;
                self.p.region()
            }
            Item::OperandType(i) => {
                self.operand_types[*i] = Some(self.types_for(self.def.operands[*i].arity)?);
                Ok(())
            }
            Item::ResultType(i) => {
                self.result_types[*i] = Some(self.types_for(self.def.results[*i].arity)?);
                Ok(())
            }
            Item::AllOperandTypes => {
                self.all_operand_types = Some(self.types_for(Arity::Variadic)?);
                Ok(())
            }
            Item::AllResultTypes => {
                self.all_result_types = Some(self.types_for(Arity::Variadic)?);
                Ok(())
            }
            Item::FunctionalType => {
                let (ins, outs) = self.p.function_type()?;
                let (i, o) = (Types::new(), Types::new());
                ins.iter().for_each(|t| i.push(*t));
                outs.iter().for_each(|t| o.push(*t));
                self.all_operand_types = Some(i);
                self.all_result_types = Some(o);
                Ok(())
            }
            Item::AttrDict { keyword: false } => self.p.attr_dict(),
            Item::AttrDict { keyword: true } => self.p.attr_dict_with_keyword(),
            Item::Optional { items, anchor } => self.optional(items, anchor),
        }
    }
    fn types_for(&mut self, arity: Arity) -> Parsed<Types> {
        let list = Types::new();
        if arity == Arity::One {
            let t = self.p.ty()?;
            list.push(t);
        } else {
            self.p.types()?.iter().for_each(|t| list.push(*t));
        }
        Ok(list)
    }
    fn optional(&mut self, items: &[Item], anchor: &Item) -> Parsed {
        // The first item decides whether the group is there.
        let present = match &items[0] {
            Item::Literal(l) => self.p.optional_literal(l),
            Item::Operand(i) if self.def.operands[*i].arity == Arity::Variadic => {
                self.operands[*i] = self.p.operands()?;
                self.operands[*i].count() > 0
            }
            Item::Operand(i) => self.p.optional_operand_into(&self.operands[*i])?,
            Item::Region(_) => {
                self.regions += 1;
                self.p.optional_region()?
            }
            Item::Attr(i) => {
                let name = &self.def.attributes[*i].name;
                match self.p.optional_attr()? {
                    Some(a) => {
                        self.p.set_attr(name, a);
                        true
                    }
                    None => false,
                }
            }
            other => return self.p.error(&format!("an optional group cannot begin with {other:?}")),
        };
        if !present {
            if let Item::Region(_) = anchor
                && !matches!(items[0], Item::Region(_))
            {
                // The op has all its regions, empty where none is written.
                self.regions += 1;
                add_region(self.p.state);
            }
            return Ok(());
        }
        if let Item::Attr(i) = anchor
            && self.def.attributes[*i].unit
        {
            let unit = self.p.ctx().unit_attr();
            self.p.set_attr(&self.def.attributes[*i].name, unit);
        }
        for item in &items[1..] {
            // A unit attribute in its group stands for its own presence.
            if matches!(item, Item::Attr(i) if self.def.attributes[*i].unit) {
                continue;
            }
            self.item(item)?;
        }
        Ok(())
    }
    fn finish(mut self, assembly: &Assembly) -> Parsed {
        if let Some(all) = &self.all_operands {
            let types = self.all_operand_types.take().map(|t| t.list()).unwrap_or_default();
            self.p.resolve(all, &types)?;
        } else {
            // With `type(operands)` or a functional type, the list is cut up in order.
            let mut shared = self.all_operand_types.take().map(|t| t.list().into_iter());
            let operands = std::mem::take(&mut self.operands);
            for (i, list) in operands.iter().enumerate() {
                if let Some(types) = &mut shared {
                    let mine: Vec<_> = types.by_ref().take(list.count()).collect();
                    if mine.len() != list.count() {
                        return self.p.error("fewer operand types than operands");
                    }
                    if !mine.is_empty() {
                        self.p.resolve(list, &mine)?;
                    }
                } else if let Some(types) = &self.operand_types[i] {
                    let types = types.list();
                    if types.len() == list.count() {
                        if !types.is_empty() {
                            self.p.resolve(list, &types)?;
                        }
                    } else {
                        return self.p.error(&format!("{} operands but {} types", list.count(), types.len()));
                    }
                } else if list.count() > 0 {
                    let ctx = self.p.ctx();
                    let ty = (self.def.operands[i].constraint.only)(ctx).unwrap_or_else(|| ctx.index());
                    self.p.resolve_as(list, ty)?;
                }
            }
            if self.def.has_trait(Trait::AttrSizedOperandSegments) {
                let sizes: Vec<i32> = operands.iter().map(|o| o.count() as i32).collect();
                let attr = self.p.ctx().i32_array(&sizes);
                self.p.set_attr("operandSegmentSizes", attr);
            }
        }
        for _ in self.regions..self.def.regions.len() {
            add_region(self.p.state);
        }
        let named = assembly.mentions(|i| {
            matches!(i, Item::ResultType(_) | Item::AllResultTypes | Item::FunctionalType)
        });
        if let Some(all) = &self.all_result_types {
            let list = all.list();
            self.p.add_results(&list);
        } else if named {
            let mut sizes = Vec::new();
            for types in std::mem::take(&mut self.result_types) {
                sizes.push(types.as_ref().map_or(0, |t| t.count() as i32));
                if let Some(types) = types {
                    let list = types.list();
                    self.p.add_results(&list);
                }
            }
            if self.def.has_trait(Trait::AttrSizedResultSegments) {
                let attr = self.p.ctx().i32_array(&sizes);
                self.p.set_attr("resultSegmentSizes", attr);
            }
        } else if !self.def.results.is_empty() {
            self.p.infer_results()?;
        }
        Ok(())
    }
}

fn add_region(state: Ptr) {
    // SAFETY: the state is alive during the callback.
    unsafe { npirStateAddRegion(state) }
}

// ---------------------------------------------------------------- printing

/// The printer of an op's custom assembly.
pub struct Printer<'c> {
    raw: Ptr,
    _ctx: std::marker::PhantomData<&'c Context>,
}

impl<'c> Printer<'c> {
    pub(crate) fn new(raw: Ptr) -> Self {
        Printer { raw, _ctx: std::marker::PhantomData }
    }
    /// Text as it is.
    pub fn text(&mut self, s: &str) {
        // SAFETY: the printer is alive during the callback, here and below.
        unsafe { npirPrintText(self.raw, string_ref(s)) }
    }
    /// A new line with the current indentation.
    pub fn newline(&mut self) {
        // SAFETY: see text.
        unsafe { npirPrintNewline(self.raw) }
    }
    /// A value's name.
    pub fn operand(&mut self, v: Val<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintOperand(self.raw, v.raw()) }
    }
    /// Comma-separated names.
    pub fn operands(&mut self, values: &[Val<'c>]) {
        for (i, v) in values.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            self.operand(*v);
        }
    }
    /// `[0, %i, 4]`: statics with [`crate::types::DYNAMIC`] taken from `dynamic`.
    pub fn mixed_list(&mut self, statics: &[i64], dynamic: &mut impl Iterator<Item = Val<'c>>) {
        self.text("[");
        for (i, s) in statics.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            if *s == crate::types::DYNAMIC {
                if let Some(v) = dynamic.next() {
                    self.operand(v);
                }
            } else {
                self.text(&s.to_string());
            }
        }
        self.text("]");
    }
    /// A type.
    pub fn ty(&mut self, t: Type<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintType(self.raw, t.to_raw()) }
    }
    /// Comma-separated types.
    pub fn types(&mut self, types: &[Type<'c>]) {
        for (i, t) in types.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            self.ty(*t);
        }
    }
    /// An attribute.
    pub fn attr(&mut self, a: Attribute<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintAttr(self.raw, a.to_raw()) }
    }
    /// An attribute without its type.
    pub fn attr_without_type(&mut self, a: Attribute<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintAttrWithoutType(self.raw, a.to_raw()) }
    }
    /// `@name`
    pub fn symbol(&mut self, name: &str) {
        // SAFETY: see text.
        unsafe { npirPrintSymbolName(self.raw, string_ref(name)) }
    }
    /// The attribute dictionary without `elided`; nothing when it is empty.
    pub fn attr_dict(&mut self, op: Op<'c>, elided: &[&str]) {
        self.attr_dict_kind(op, elided, false);
    }
    fn attr_dict_kind(&mut self, op: Op<'c>, elided: &[&str], keyword: bool) {
        let names: Vec<_> = elided.iter().map(|s| string_ref(s)).collect();
        // SAFETY: see text; the names outlive the call.
        unsafe { npirPrintAttrDict(self.raw, op.raw(), names.len() as isize, names.as_ptr(), keyword) }
    }
    /// A region; its entry block's arguments are part of it.
    pub fn region(&mut self, r: Reg<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintRegion(self.raw, r.raw(), true, true) }
    }
    /// `(%a: type, ...) { ... }`
    pub fn region_with_args(&mut self, r: Reg<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintRegionWithArgs(self.raw, r.raw()) }
    }
}

/// Prints an op in its declarative format.
pub(crate) fn print<'c>(def: &OpDef, assembly: &Assembly, op: Op<'c>, raw: Ptr) {
    let mut p = Printer::new(raw);
    print_items(def, assembly, op, &mut p, &assembly.items);
}

fn tight(literal: &str) -> bool {
    matches!(literal, "," | ")" | "]" | ">")
}

fn print_items<'c>(def: &OpDef, assembly: &Assembly, op: Op<'c>, p: &mut Printer<'c>, items: &[Item]) {
    let mut glue = false; // no space before the next item
    for item in items {
        match item {
            Item::Literal(l) => {
                if !glue && !tight(l) {
                    p.text(" ");
                }
                p.text(l);
                glue = matches!(l.as_str(), "(" | "[" | "<");
                continue;
            }
            Item::Optional { items, anchor } => {
                if is_present(def, op, anchor) {
                    print_items(def, assembly, op, p, items);
                }
                glue = false;
                continue;
            }
            Item::AttrDict { keyword } => {
                let mut elided: Vec<&str> = Vec::new();
                for (i, a) in def.attributes.iter().enumerate() {
                    if assembly.mentions(|item| *item == Item::Attr(i)) {
                        elided.push(&a.name);
                    }
                }
                elided.extend(["operandSegmentSizes", "resultSegmentSizes"]);
                p.attr_dict_kind(op, &elided, *keyword);
                continue;
            }
            _ => {}
        }
        let values = |range: std::ops::Range<usize>| op.operand_values()[range].to_vec();
        let results = |range: std::ops::Range<usize>| op.result_values()[range].to_vec();
        let space = |p: &mut Printer<'c>, empty: bool| {
            if !glue && !empty {
                p.text(" ");
            }
        };
        match item {
            Item::Operand(i) => {
                let list = values(def.operand_range(op, *i));
                space(p, list.is_empty());
                p.operands(&list);
            }
            Item::AllOperands => {
                space(p, op.num_operands() == 0);
                p.operands(&op.operand_values());
            }
            Item::Attr(i) => {
                let a = &def.attributes[*i];
                if a.unit {
                    continue;
                }
                if let Some(value) = op.attr(&a.name) {
                    space(p, false);
                    print_attr_value(p, a.constraint.syntax, value);
                }
            }
            Item::Region(i) => {
                space(p, false);
                p.region(op.region(*i));
            }
            Item::OperandType(i) => {
                let types: Vec<_> = values(def.operand_range(op, *i)).iter().map(|v| v.ty()).collect();
                space(p, types.is_empty());
                p.types(&types);
            }
            Item::ResultType(i) => {
                let types: Vec<_> = results(def.result_range(op, *i)).iter().map(|v| v.ty()).collect();
                space(p, types.is_empty());
                p.types(&types);
            }
            Item::AllOperandTypes => {
                space(p, op.num_operands() == 0);
                p.types(&op.operand_types());
            }
            Item::AllResultTypes => {
                space(p, op.num_results() == 0);
                p.types(&op.result_types());
            }
            Item::FunctionalType => {
                space(p, false);
                p.ty(op.ctx().function(&op.operand_types(), &op.result_types()));
            }
            Item::Literal(_) | Item::Optional { .. } | Item::AttrDict { .. } => {}
        }
        glue = false;
    }
}

fn is_present(def: &OpDef, op: Op<'_>, anchor: &Item) -> bool {
    match anchor {
        Item::Operand(i) | Item::OperandType(i) => !def.operand_range(op, *i).is_empty(),
        Item::ResultType(i) => !def.result_range(op, *i).is_empty(),
        Item::Attr(i) => op.attr(&def.attributes[*i].name).is_some(),
        Item::Region(i) => !op.region(*i).is_empty(),
        _ => true,
    }
}

fn print_attr_value<'c>(p: &mut Printer<'c>, syntax: AttrSyntax, value: Attribute<'c>) {
    match syntax {
        AttrSyntax::Attribute => p.attr(value),
        AttrSyntax::Integer => p.text(&value.as_int().unwrap_or_default().to_string()),
        AttrSyntax::IntegerList => {
            let list: Vec<_> = value.as_int_array().unwrap_or_default().iter().map(i64::to_string).collect();
            p.text(&format!("[{}]", list.join(", ")));
        }
        AttrSyntax::Keyword(_) => p.text(value.as_str().unwrap_or_default()),
        AttrSyntax::Symbol => p.symbol(value.as_symbol().unwrap_or_default()),
        AttrSyntax::Type => match value.as_type() {
            Some(t) => p.ty(t),
            None => p.attr(value),
        },
    }
}
