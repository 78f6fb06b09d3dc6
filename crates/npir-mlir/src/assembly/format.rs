//! The description of a declarative format: its text parsed and checked.

use crate::constraint::AttrSyntax;
use crate::op_def::{Arity, OpDef, Trait};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
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

/// Punctuation that a format may contain.
const PUNCTUATION: &[&str] = &[
    ":", "->", ",", "(", ")", "=", "[", "]", "<", ">", "{", "}", "?", "*", "+", "|",
];

/// A parsed format.
#[derive(Clone, Debug)]
pub struct Assembly {
    pub(super) items: Vec<Item>,
}

impl Assembly {
    /// Parses `source` against the declarations of `def`.
    ///
    /// # Errors
    /// Says which directive is malformed, names nothing or is missing.
    pub fn parse(source: &str, def: &OpDef) -> Result<Self, String> {
        let tokens = tokenize(source)?;
        let mut at = 0;
        let items = parse_items(&tokens, &mut at, def, false)?.0;
        if at != tokens.len() {
            return Err(format!("unexpected '{}'", tokens[at]));
        }
        let assembly = Assembly { items };
        assembly.check(def)?;
        Ok(assembly)
    }
    /// Whether some item, also in a group, is as wanted.
    pub(super) fn mentions(&self, wanted: impl Fn(&Item) -> bool) -> bool {
        self.count(wanted) > 0
    }
    fn count(&self, wanted: impl Fn(&Item) -> bool) -> usize {
        let mut n = 0;
        visit(&self.items, &mut |item| n += usize::from(wanted(item)));
        n
    }
    /// Whether the format says what the result types are; else they are inferred.
    pub(crate) fn names_results(&self) -> bool {
        self.mentions(|i| {
            matches!(
                i,
                Item::ResultType(_) | Item::AllResultTypes | Item::FunctionalType
            )
        })
    }

    /// That nothing an op may hold is lost, and that what is printed can be read back.
    fn check(&self, def: &OpDef) -> Result<(), String> {
        if self.count(|i| matches!(i, Item::AttrDict { .. })) != 1 {
            return Err("it needs one 'attr-dict' or 'attr-dict-with-keyword'".into());
        }
        self.check_values(def)?;
        for (i, region) in def.regions.iter().enumerate() {
            if self.count(|item| *item == Item::Region(i)) != 1 {
                return Err(format!("it must mention the region '${region}' once"));
            }
        }
        let mut regions = Vec::new();
        visit(&self.items, &mut |item| {
            if let Item::Region(i) = item {
                regions.push(*i);
            }
        });
        if !regions.is_sorted() {
            return Err("regions must come in the order of their declaration".into());
        }
        for (i, attr) in def.attributes.iter().enumerate() {
            if self.count(|item| *item == Item::Attr(i)) > 1 {
                return Err(format!("it mentions '${}' twice", attr.name));
            }
        }
        check_colons(&self.items, false, def)?;
        for item in &self.items {
            match item {
                Item::Attr(i) if def.attributes[*i].optional => {
                    return Err(format!(
                        "'${}' may be absent: it belongs in a group `(...)?`",
                        def.attributes[*i].name
                    ));
                }
                Item::Optional { items, anchor } => check_group(items, anchor, def)?,
                _ => {}
            }
        }
        Ok(())
    }
    fn check_values(&self, def: &OpDef) -> Result<(), String> {
        let all = self.count(|i| *i == Item::AllOperands);
        for (i, operand) in def.operands.iter().enumerate() {
            if all + self.count(|item| *item == Item::Operand(i)) != 1 {
                return Err(format!(
                    "it must mention the operand '${}' once",
                    operand.name
                ));
            }
        }
        let all_types = self.count(|i| matches!(i, Item::AllOperandTypes | Item::FunctionalType));
        if all > 0 && all_types == 0 && !def.operands.is_empty() {
            return Err("'operands' needs 'type(operands)' or 'functional-type'".into());
        }
        if all > 0 && def.has_trait(Trait::AttrSizedOperandSegments) {
            return Err("'operands' does not say where each operand's values end".into());
        }
        let named = (0..def.results.len())
            .filter(|i| self.mentions(|item| *item == Item::ResultType(*i)))
            .count();
        let all_results =
            self.mentions(|i| matches!(i, Item::AllResultTypes | Item::FunctionalType));
        if named > 0 && (all_results || named < def.results.len()) {
            return Err("it must mention the type of each result once".into());
        }
        if all_results && def.has_trait(Trait::AttrSizedResultSegments) {
            return Err(
                "the types of all results do not say where each result's values end".into(),
            );
        }
        Ok(())
    }
}

fn visit(items: &[Item], f: &mut dyn FnMut(&Item)) {
    for item in items {
        f(item);
        if let Item::Optional { items, .. } = item {
            visit(items, f);
        }
    }
}

/// That no `:` can come right behind an attribute whose type MLIR would look for there. `colon` says whether one can
/// come behind `items`; the result, whether it can come instead of them.
fn check_colons(items: &[Item], mut colon: bool, def: &OpDef) -> Result<bool, String> {
    for item in items.iter().rev() {
        colon = match item {
            Item::Literal(text) => text == ":",
            Item::AttrDict { .. } => colon,
            Item::Optional { items, .. } => check_colons(items, colon, def)? || colon,
            Item::Attr(i) if def.attributes[*i].unit => colon,
            Item::Attr(i)
                if colon && def.attributes[*i].constraint.syntax == AttrSyntax::Attribute =>
            {
                return Err(format!(
                    "a `:` behind '${}' would be read as the start of its type: put a word between them",
                    def.attributes[*i].name
                ));
            }
            _ => false,
        };
    }
    Ok(colon)
}

fn check_group(items: &[Item], anchor: &Item, def: &OpDef) -> Result<(), String> {
    let may_be_absent = |item: &Item| match item {
        Item::Operand(i) | Item::OperandType(i) => def.operands[*i].arity != Arity::One,
        Item::ResultType(i) => def.results[*i].arity != Arity::One,
        Item::Attr(i) => def.attributes[*i].optional,
        Item::Region(_) => true,
        _ => false,
    };
    if !may_be_absent(anchor) {
        return Err("the anchor of a group must be something that may be absent".into());
    }
    // How the parser sees whether the group is there.
    let visible = match &items[0] {
        Item::Literal(_) | Item::Region(_) => true,
        // No parser says whether a float is there, without looking for its type.
        Item::Attr(i) => {
            let attr = &def.attributes[*i];
            attr.optional && !attr.unit && attr.constraint.syntax != AttrSyntax::Float
        }
        Item::Operand(i) => def.operands[*i].arity != Arity::One,
        _ => false,
    };
    if !visible {
        return Err("a group must begin with a literal, a region, or an attribute or operand that may be absent".into());
    }
    for item in items {
        match item {
            Item::Attr(i) if def.attributes[*i].unit && item != anchor => {
                return Err(format!(
                    "the flag '${}' must be the anchor of its group",
                    def.attributes[*i].name
                ));
            }
            Item::Region(i) if item != anchor => {
                return Err(format!(
                    "the region '${}' must be the anchor of its group",
                    def.regions[*i]
                ));
            }
            Item::Operand(_) | Item::Attr(_) if !may_be_absent(item) => {
                return Err("a group holds what may be absent".into());
            }
            Item::AttrDict { .. } => return Err("'attr-dict' stands outside groups".into()),
            Item::Optional { items, anchor } => check_group(items, anchor, def)?,
            _ => {}
        }
    }
    Ok(())
}

fn tokenize(source: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut chars = source.chars().peekable();
    let is_word = |c: char| c == '$' || c.is_alphanumeric() || c == '-' || c == '_';
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c == '`' {
            chars.next();
            let literal: String = chars.by_ref().take_while(|c| *c != '`').collect();
            let keyword = literal.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && literal
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_$.".contains(c));
            if !keyword && !PUNCTUATION.contains(&literal.as_str()) {
                return Err(format!("`{literal}` is no keyword or punctuation of MLIR"));
            }
            tokens.push(format!("`{literal}"));
        } else if is_word(c) {
            let mut word = String::new();
            while let Some(c) = chars.next_if(|c| is_word(*c)) {
                word.push(c);
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
    match tokens.get(*at) {
        Some(found) if found == token => {
            *at += 1;
            Ok(())
        }
        Some(found) => Err(format!("expected '{token}', but found '{found}'")),
        None => Err(format!("expected '{token}' at the end")),
    }
}

/// Items up to the end, or in a `group` up to its `)`; and the anchor among them.
fn parse_items(
    tokens: &[String],
    at: &mut usize,
    def: &OpDef,
    group: bool,
) -> Result<(Vec<Item>, Option<Item>), String> {
    let mut items = Vec::new();
    let mut anchor = None;
    while let Some(token) = tokens.get(*at) {
        if token == ")" && group {
            break;
        }
        *at += 1;
        let item = match token.as_str() {
            "(" => {
                let (inner, found) = parse_items(tokens, at, def, true)?;
                expect(tokens, at, ")")?;
                expect(tokens, at, "?")?;
                let anchor = Box::new(found.ok_or("an optional group needs an anchor, `$name^`")?);
                items.push(Item::Optional {
                    items: inner,
                    anchor,
                });
                continue;
            }
            "attr-dict" => Item::AttrDict { keyword: false },
            "attr-dict-with-keyword" => Item::AttrDict { keyword: true },
            "operands" => Item::AllOperands,
            "functional-type" => {
                for t in ["(", "operands", ",", "results", ")"] {
                    expect(tokens, at, t)?;
                }
                Item::FunctionalType
            }
            "type" => {
                expect(tokens, at, "(")?;
                let inner = tokens.get(*at).ok_or("unfinished type(...)")?;
                *at += 1;
                let item = type_of(inner, def)?;
                expect(tokens, at, ")")?;
                item
            }
            t if t.starts_with('`') => Item::Literal(t[1..].to_string()),
            t if t.starts_with('$') => named(&t[1..], def)?,
            t => return Err(format!("unknown directive '{t}'")),
        };
        if tokens.get(*at).is_some_and(|t| t == "^") {
            *at += 1;
            if anchor.replace(item.clone()).is_some() {
                return Err("a group has one anchor".into());
            }
        }
        items.push(item);
    }
    if anchor.is_some() && !group {
        return Err("an anchor `^` belongs in a group `(...)?`".into());
    }
    Ok((items, anchor))
}

fn type_of(inner: &str, def: &OpDef) -> Result<Item, String> {
    match inner {
        "operands" => return Ok(Item::AllOperandTypes),
        "results" => return Ok(Item::AllResultTypes),
        _ => {}
    }
    let name = inner
        .strip_prefix('$')
        .ok_or_else(|| format!("type({inner}) names nothing"))?;
    let operand = def
        .operands
        .iter()
        .position(|o| o.name == name)
        .map(Item::OperandType);
    operand
        .or_else(|| {
            def.results
                .iter()
                .position(|r| r.name == name)
                .map(Item::ResultType)
        })
        .ok_or_else(|| format!("type(${name}): no such operand or result"))
}
