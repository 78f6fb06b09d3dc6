//! Printing of an op by its declarative format.

use super::format::{Assembly, Item};
use super::printer::Printer;
use crate::constraint::AttrSyntax;
use crate::ir::{Op, OpExt, RegExt, ValExt};
use crate::op_def::OpDef;
use crate::types::{AttrExt, CtxExt};
use melior::ir::Attribute;
use npir_mlir_sys::Ptr;

/// Prints an op in its declarative format.
pub(crate) fn print<'c>(def: &OpDef, assembly: &Assembly, op: Op<'c>, raw: Ptr) {
    let mut p = Printer::new(raw);
    print_items(def, assembly, op, &mut p, &assembly.items);
}

fn tight(literal: &str) -> bool {
    matches!(literal, "," | ")" | "]" | ">")
}

fn print_items<'c>(
    def: &OpDef,
    assembly: &Assembly,
    op: Op<'c>,
    p: &mut Printer<'c>,
    items: &[Item],
) {
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
                let mut elided = vec!["operandSegmentSizes", "resultSegmentSizes"];
                printed_attrs(def, op, &assembly.items, &mut elided);
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
                let types: Vec<_> = values(def.operand_range(op, *i))
                    .iter()
                    .map(|v| v.ty())
                    .collect();
                space(p, types.is_empty());
                p.types(&types);
            }
            Item::ResultType(i) => {
                let types: Vec<_> = results(def.result_range(op, *i))
                    .iter()
                    .map(|v| v.ty())
                    .collect();
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

/// The attributes that items other than the dictionary print.
fn printed_attrs<'d>(def: &'d OpDef, op: Op<'_>, items: &[Item], printed: &mut Vec<&'d str>) {
    for item in items {
        match item {
            Item::Attr(i) => printed.push(&def.attributes[*i].name),
            Item::Optional { items, anchor } if is_present(def, op, anchor) => {
                printed_attrs(def, op, items, printed)
            }
            _ => {}
        }
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

/// An attribute of the wrong kind, which the verifier will refuse, is shown as it is.
fn print_attr_value<'c>(p: &mut Printer<'c>, syntax: AttrSyntax, value: Attribute<'c>) {
    let integers = |list: Vec<i64>| {
        list.iter()
            .map(i64::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match syntax {
        AttrSyntax::Integer if let Some(v) = value.as_int() => p.text(&v.to_string()),
        AttrSyntax::Float if value.attr_type() == value.ctx().f64() => {
            let text = value.to_text();
            p.text(text.strip_suffix(" : f64").unwrap_or(&text))
        }
        AttrSyntax::IntegerList if let Some(list) = value.as_i64_array() => {
            p.text(&format!("[{}]", integers(list)))
        }
        AttrSyntax::Keyword(_) if let Some(word) = value.as_str() => p.text(word),
        AttrSyntax::Symbol if let Some(name) = value.as_symbol() => p.symbol(name),
        AttrSyntax::Type if let Some(ty) = value.as_type() => p.ty(ty),
        _ => p.attr(value),
    }
}
