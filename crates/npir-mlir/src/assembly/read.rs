//! Parsing of an op by its declarative format.

use super::format::{Assembly, Item};
use super::parser::{Operands, Parsed, Parser, Types};
use crate::constraint::AttrSyntax;
use crate::op_def::{Arity, OpDef, Trait};
use crate::types::CtxExt;
use melior::ir::{Attribute, Type};
use npir_mlir_sys::*;

fn parse_attr_value<'c>(p: &mut Parser<'c>, syntax: AttrSyntax) -> Parsed<Attribute<'c>> {
    let ctx = p.ctx();
    Ok(match syntax {
        AttrSyntax::Attribute | AttrSyntax::Untyped => p.attr()?,
        AttrSyntax::Integer => ctx.i64_attr(p.integer()?),
        AttrSyntax::Float => ctx.float_attr(ctx.f64(), p.float()?),
        AttrSyntax::IntegerList => {
            p.literal("[")?;
            rest_of_integer_list(p)?
        }
        AttrSyntax::Keyword(words) => ctx.str_attr(&p.keyword_of(words)?),
        AttrSyntax::Symbol => ctx.symbol_attr(&p.symbol()?),
        AttrSyntax::Type => ctx.type_attr(p.ty()?),
    })
}

/// The same where the attribute may be absent.
fn parse_optional_attr_value<'c>(
    p: &mut Parser<'c>,
    syntax: AttrSyntax,
) -> Parsed<Option<Attribute<'c>>> {
    let ctx = p.ctx();
    Ok(match syntax {
        AttrSyntax::Integer => p.optional_integer()?.map(|v| ctx.i64_attr(v)),
        AttrSyntax::IntegerList if p.optional_literal("[") => Some(rest_of_integer_list(p)?),
        AttrSyntax::IntegerList => None,
        AttrSyntax::Keyword(words) => words
            .iter()
            .find(|w| p.optional_literal(w))
            .map(|w| ctx.str_attr(w)),
        // A symbol or a type, too, begins in a way that nothing else does.
        AttrSyntax::Attribute
        | AttrSyntax::Untyped
        | AttrSyntax::Float
        | AttrSyntax::Symbol
        | AttrSyntax::Type => p.optional_attr()?,
    })
}

/// `1, 2]`
fn rest_of_integer_list<'c>(p: &mut Parser<'c>) -> Parsed<Attribute<'c>> {
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
    Ok(p.ctx().i64_array(&values))
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

impl<'c> Parse<'_, 'c> {
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
                let value = if def.unit {
                    self.p.ctx().unit_attr()
                } else {
                    parse_attr_value(&mut self.p, def.constraint.syntax)?
                };
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
                return match self.p.optional_region()? {
                    true => self.items(&items[1..]),
                    false => Ok(()),
                };
            }
            Item::Attr(i) => {
                let def = &self.def.attributes[*i];
                let value = parse_optional_attr_value(&mut self.p, def.constraint.syntax)?;
                if let Some(value) = value {
                    self.p.set_attr(&def.name, value);
                }
                value.is_some()
            }
            other => {
                return self
                    .p
                    .error(&format!("an optional group cannot begin with {other:?}"));
            }
        };
        if !present {
            if matches!(anchor, Item::Region(_)) {
                // The op has all its regions, empty where none is written.
                self.regions += 1;
                self.p.add_region();
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
        self.resolve_operands()?;
        for _ in self.regions..self.def.regions.len() {
            self.p.add_region();
        }
        self.add_results(assembly)
    }
    fn resolve_operands(&mut self) -> Parsed {
        let types = self.all_operand_types.take().map(|t| t.list());
        if let Some(all) = self.all_operands.take() {
            let types = types.unwrap_or_default();
            return self.resolve(&all, &types);
        }
        // With `type(operands)` or a functional type, the list is cut up in order.
        let mut shared = types.map(Vec::into_iter);
        let operands = std::mem::take(&mut self.operands);
        for (i, list) in operands.iter().enumerate() {
            let types = if let Some(types) = &mut shared {
                types.by_ref().take(list.count()).collect()
            } else if let Some(types) = &self.operand_types[i] {
                types.list()
            } else {
                let ctx = self.p.ctx();
                let ty = (self.def.operands[i].constraint.only)(ctx).unwrap_or_else(|| ctx.index());
                vec![ty; list.count()]
            };
            self.resolve(list, &types)?;
        }
        let surplus = shared.map_or(0, |types| types.count());
        if surplus > 0 {
            let n: usize = operands.iter().map(Operands::count).sum();
            return self
                .p
                .error(&format!("{n} operands but {} types", n + surplus));
        }
        if self.def.has_trait(Trait::AttrSizedOperandSegments) {
            let sizes: Vec<i32> = operands.iter().map(|o| o.count() as i32).collect();
            let attr = self.p.ctx().i32_array(&sizes);
            self.p.set_attr("operandSegmentSizes", attr);
        }
        Ok(())
    }
    fn resolve(&mut self, list: &Operands, types: &[Type<'c>]) -> Parsed {
        if list.count() != types.len() {
            return self.p.error(&format!(
                "{} operands but {} types",
                list.count(),
                types.len()
            ));
        }
        if types.is_empty() {
            Ok(())
        } else {
            self.p.resolve(list, types)
        }
    }
    fn add_results(&mut self, assembly: &Assembly) -> Parsed {
        if let Some(all) = self.all_result_types.take() {
            self.p.add_results(&all.list());
            return Ok(());
        }
        if !assembly.names_results() {
            return if self.def.results.is_empty() {
                Ok(())
            } else {
                self.p.infer_results()
            };
        }
        let mut sizes = Vec::new();
        for types in std::mem::take(&mut self.result_types) {
            let types = types.map(|t| t.list()).unwrap_or_default();
            sizes.push(types.len() as i32);
            self.p.add_results(&types);
        }
        if self.def.has_trait(Trait::AttrSizedResultSegments) {
            let attr = self.p.ctx().i32_array(&sizes);
            self.p.set_attr("resultSegmentSizes", attr);
        }
        Ok(())
    }
}
