//! The assembly of the ops with mixed static and run-time numbers:
//!
//! ```mlir
//! %v = tensor_ext.view %x[0, %i] sizes [4, %n] steps [1, -1] dims [0, 1] : tensor<4x?xf64> -> tensor<4x?xf64>
//! %y = tensor_ext.insert_view %v into %x[0, %i] sizes [4, %n] steps [1, -1] dims [0, 1] : tensor<4x?xf64> into tensor<4x?xf64>
//! %r = tensor_ext.reshape %x[%n, 2] : tensor<4x?xf64> -> tensor<?x2xf64>
//! ```

use npir_mlir::assembly::Operands;
use npir_mlir::prelude::*;

use crate::{InsertView, Reshape, View, geometry::Geometry, mixed};

const GEOMETRY_ATTRS: [&str; 5] = [
    "static_offsets",
    "static_sizes",
    "static_steps",
    "dims",
    "operandSegmentSizes",
];

/// The run-time numbers of a geometry, between parsing and resolution.
struct ParsedGeometry {
    lists: [Operands; 3],
}

/// `[offsets] sizes [...] steps [...] dims [...]`
fn parse_geometry(p: &mut Parser<'_>) -> Parsed<ParsedGeometry> {
    let lists = [p.no_operands(), p.no_operands(), p.no_operands()];
    let names = ["static_offsets", "static_sizes", "static_steps"];
    for (i, word) in ["", "sizes", "steps"].into_iter().enumerate() {
        if !word.is_empty() {
            p.literal(word)?;
        }
        let statics = p.mixed_list(&lists[i])?;
        let attr = p.ctx().i64_array(&statics);
        p.set_attr(names[i], attr);
    }
    p.literal("dims")?;
    let none = p.no_operands();
    let dims = p.mixed_list(&none)?;
    if none.count() > 0 {
        return p.error("dims are static");
    }
    let attr = p.ctx().i64_array(&dims);
    p.set_attr("dims", attr);
    p.attr_dict()?;
    Ok(ParsedGeometry { lists })
}

/// Adds the run-time numbers after `leading` operands, and the segment sizes.
fn resolve_geometry(p: &mut Parser<'_>, parsed: &ParsedGeometry, leading: usize) -> Parsed {
    let index = p.ctx().index();
    let mut segments = vec![1; leading];
    for list in &parsed.lists {
        segments.push(list.count() as i32);
        p.resolve_as(list, index)?;
    }
    let attr = p.ctx().i32_array(&segments);
    p.set_attr("operandSegmentSizes", attr);
    Ok(())
}

fn print_geometry<'c>(p: &mut Printer<'c>, op: Op<'c>, g: &Geometry<'c>) {
    let words = ["", " sizes ", " steps "];
    for (word, list) in words.into_iter().zip([&g.offsets, &g.sizes, &g.steps]) {
        p.text(word);
        p.mixed_list(&mixed::statics(list), &mut mixed::values(list).into_iter());
    }
    p.text(" dims ");
    p.mixed_list(&g.dims, &mut std::iter::empty());
    p.attr_dict(op, &GEOMETRY_ATTRS);
}

impl<'c> View<'c> {
    pub(crate) fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let source = p.operand()?;
        let geometry = parse_geometry(p)?;
        p.literal(":")?;
        let ty = p.ty()?;
        p.literal("->")?;
        let result = p.ty()?;
        p.resolve(&source, &[ty])?;
        resolve_geometry(p, &geometry, 1)?;
        p.add_results(&[result]);
        Ok(())
    }

    pub(crate) fn print_assembly(self, p: &mut Printer<'c>) {
        let op = self.op();
        p.text(" ");
        p.operand(op.operand(0));
        print_geometry(p, op, &self.geometry());
        p.text(" : ");
        p.ty(op.operand(0).ty());
        p.text(" -> ");
        p.ty(op.result_value(0).ty());
    }
}

impl<'c> InsertView<'c> {
    pub(crate) fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let value = p.operand()?;
        p.literal("into")?;
        let dest = p.operand()?;
        let geometry = parse_geometry(p)?;
        p.literal(":")?;
        let value_type = p.ty()?;
        p.literal("into")?;
        let dest_type = p.ty()?;
        p.resolve(&value, &[value_type])?;
        p.resolve(&dest, &[dest_type])?;
        resolve_geometry(p, &geometry, 2)?;
        p.add_results(&[dest_type]);
        Ok(())
    }

    pub(crate) fn print_assembly(self, p: &mut Printer<'c>) {
        let op = self.op();
        p.text(" ");
        p.operand(op.operand(0));
        p.text(" into ");
        p.operand(op.operand(1));
        print_geometry(p, op, &self.geometry());
        p.text(" : ");
        p.ty(op.operand(0).ty());
        p.text(" into ");
        p.ty(op.operand(1).ty());
    }
}

impl<'c> Reshape<'c> {
    pub(crate) fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let source = p.operand()?;
        let sizes = p.no_operands();
        let statics = p.mixed_list(&sizes)?;
        let attr = p.ctx().i64_array(&statics);
        p.set_attr("static_sizes", attr);
        p.attr_dict()?;
        p.literal(":")?;
        let ty = p.ty()?;
        p.literal("->")?;
        let result = p.ty()?;
        p.resolve(&source, &[ty])?;
        let index = p.ctx().index();
        p.resolve_as(&sizes, index)?;
        p.add_results(&[result]);
        Ok(())
    }

    pub(crate) fn print_assembly(self, p: &mut Printer<'c>) {
        let op = self.op();
        let sizes = self.sizes();
        p.text(" ");
        p.operand(op.operand(0));
        p.mixed_list(
            &mixed::statics(&sizes),
            &mut mixed::values(&sizes).into_iter(),
        );
        p.attr_dict(op, &["static_sizes"]);
        p.text(" : ");
        p.ty(op.operand(0).ty());
        p.text(" -> ");
        p.ty(op.result_value(0).ty());
    }
}
