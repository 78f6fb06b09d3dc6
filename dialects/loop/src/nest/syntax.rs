//! The assembly of `loop.nest`:
//!
//! ```mlir
//! loop.nest bounds [%m, 64] iterators [parallel, reduction]
//!     ins(%a : memref<?x64xf64>) outs(%s : memref<?xf64>) maps [#map, #map1] init(%zero : f64)
//!     schedule <order = [0, 1], vector = 8, unroll = 4>
//! body (%x: f64, %acc: f64) {
//!   %sum = arith.addf %acc, %x : f64
//!   loop.yield %sum : f64
//! } combine (%p: f64, %q: f64) {
//!   %sum = arith.addf %p, %q : f64
//!   loop.yield %sum : f64
//! }
//! ```

use super::{Nest, SEGMENTS};
use crate::schedule::{IteratorKind, Schedule};
use npir_mlir::prelude::*;

/// The attributes that the syntax spells out.
const SPELLED: [&str; 5] = [
    "static_bounds",
    "iterators",
    "maps",
    "schedule",
    "operandSegmentSizes",
];

pub(super) fn parse(p: &mut Parser<'_>) -> Result<(), ()> {
    let ctx = p.ctx();
    p.literal("bounds")?;
    let bounds = p.no_operands();
    let statics = p.mixed_list(&bounds)?;
    p.resolve_as(&bounds, ctx.index())?;
    p.set_attr("static_bounds", ctx.i64_array(&statics));

    p.literal("iterators")?;
    let kinds = parse_list(p, |p| p.keyword_of(IteratorKind::NAMES))?;
    let kinds: Vec<_> = kinds.iter().map(|kind| ctx.str_attr(kind)).collect();
    p.set_attr("iterators", ctx.array_attr(&kinds));

    let mut sizes = vec![bounds.count() as i32];
    for segment in &SEGMENTS[1..3] {
        sizes.push(parse_operands(p, segment)?);
    }
    p.literal("maps")?;
    let maps = p.attr()?;
    p.set_attr("maps", maps);
    sizes.push(parse_operands(p, SEGMENTS[3])?);
    p.set_attr("operandSegmentSizes", ctx.i32_array(&sizes));

    if p.optional_literal("schedule") {
        let schedule = parse_schedule(p, statics.len())?;
        let attr = schedule.encode(ctx, Location::unknown(ctx));
        p.set_attr("schedule", attr);
    }
    p.attr_dict()?;
    p.literal("body")?;
    p.region_with_args()?;
    // Without the keyword the region is there, but empty.
    if p.optional_literal("combine") {
        p.region_with_args()
    } else {
        p.optional_region().map(|_| ())
    }
}

/// `name(%a, %b : type, type)`, or nothing.
fn parse_operands(p: &mut Parser<'_>, name: &str) -> Result<i32, ()> {
    if !p.optional_literal(name) {
        return Ok(0);
    }
    p.literal("(")?;
    let operands = p.operands()?;
    p.literal(":")?;
    let types = p.types()?;
    p.literal(")")?;
    if types.len() != operands.count() {
        return p.error(&format!(
            "expected {} types for {name}, found {}",
            operands.count(),
            types.len()
        ));
    }
    p.resolve(&operands, &types)?;
    Ok(types.len() as i32)
}

/// `[item, item]`
fn parse_list<T>(
    p: &mut Parser<'_>,
    mut item: impl FnMut(&mut Parser<'_>) -> Result<T, ()>,
) -> Result<Vec<T>, ()> {
    let mut items = Vec::new();
    p.literal("[")?;
    if p.optional_literal("]") {
        return Ok(items);
    }
    loop {
        items.push(item(p)?);
        if !p.optional_literal(",") {
            p.literal("]")?;
            return Ok(items);
        }
    }
}

/// `<field = value, …>`; fields that are not named are those of scalar code.
fn parse_schedule(p: &mut Parser<'_>, rank: usize) -> Result<Schedule, ()> {
    let mut schedule = Schedule::scalar(rank);
    let mut lanes = None;
    p.literal("<")?;
    if p.optional_literal(">") {
        return Ok(schedule);
    }
    loop {
        let field = p.keyword_of(&Schedule::FIELDS)?;
        p.literal("=")?;
        if Schedule::is_list(&field) {
            let list = parse_list(p, |p| p.integer())?;
            schedule.set_list(&field, &list);
        } else {
            let value = p.integer()?;
            if field == "lanes" {
                lanes = Some(value);
            }
            schedule.set_number(&field, value);
        }
        if !p.optional_literal(",") {
            break;
        }
    }
    if lanes.is_none() {
        schedule.lanes = schedule.order.last().copied().unwrap_or(0);
    }
    p.literal(">")?;
    Ok(schedule)
}

pub(super) fn print<'c>(op: Op<'c>, p: &mut Printer<'c>) {
    let nest = Nest(op);
    p.text(" bounds ");
    p.mixed_list(&nest.static_bounds(), &mut nest.segment(0).into_iter());
    p.text(" iterators [");
    let words: Vec<_> = nest
        .iterator_kinds()
        .into_iter()
        .map(IteratorKind::word)
        .collect();
    p.text(&words.join(", "));
    p.text("]");
    p.newline();
    p.text("   ");
    for (i, name) in SEGMENTS.iter().enumerate().skip(1) {
        if i == 3 {
            p.text(" maps ");
            if let Some(maps) = op.attr("maps") {
                p.attr(maps);
            }
        }
        let values = nest.segment(i);
        if !values.is_empty() {
            p.text(&format!(" {name}("));
            p.operands(&values);
            p.text(" : ");
            p.types(&values.iter().map(|value| value.ty()).collect::<Vec<_>>());
            p.text(")");
        }
    }
    if let Some(schedule) = nest.schedule() {
        p.newline();
        p.text(&format!("    schedule {schedule}"));
    }
    p.attr_dict(op, &SPELLED);
    p.newline();
    p.text("body ");
    p.region_with_args(op.region(0));
    if !op.region(1).is_empty() {
        p.text(" combine ");
        p.region_with_args(op.region(1));
    }
}
