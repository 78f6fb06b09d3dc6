//! Ops that exist for their syntax: every directive of the declarative assembly.

use npir_mlir::prelude::*;

attr_enum! {
    /// How to round.
    pub enum Mode {
        /// Toward minus infinity.
        Down = "down",
        /// Toward plus infinity.
        Up = "up",
    }
}

/// Every kind of attribute.
#[op(
    "toy.attrs",
    assembly = "$int $list $mode $callee $ty $real $yes $text $maps $any (`flag` $flag^)? (`note` `(` $note^ `)`)? attr-dict"
)]
pub struct Attrs {
    int: Attr<I64>,
    list: Attr<I64Array>,
    mode: Attr<Enum<Mode>>,
    callee: Attr<SymbolRef>,
    ty: Attr<TypeValue>,
    real: Attr<F64>,
    yes: Attr<BoolValue>,
    text: Attr<Str>,
    maps: Attr<MapArray>,
    any: Attr<AnyAttr>,
    flag: UnitAttr,
    note: OptionalAttr<Str>,
    hidden: OptionalAttr<I64>,
}

/// Optional attributes at the start of their groups, one of each syntax.
#[op(
    "toy.leading",
    assembly = "($mode^ `=`)? ($int^ `,`)? ($list^)? ($callee^)? (`:` $ty^)? attr-dict"
)]
pub struct Leading {
    mode: OptionalAttr<Enum<Mode>>,
    int: OptionalAttr<I64>,
    list: OptionalAttr<I64Array>,
    callee: OptionalAttr<SymbolRef>,
    ty: OptionalAttr<TypeValue>,
}

/// Variadic and optional operands side by side.
#[op(
    "toy.segments",
    traits(AttrSizedOperandSegments),
    assembly = "`(` $first `)` (`at` $middle^)? (`with` $rest^ `:` type($rest))? attr-dict `:` `(` type($first) `)`"
)]
pub struct Segments {
    first: Variadic<AnyType>,
    middle: OptionalOperand<IndexType>,
    rest: Variadic<AnyType>,
}

/// Variadic results side by side.
#[op(
    "toy.results",
    traits(AttrSizedResultSegments),
    assembly = "attr-dict `:` `(` type($a) `)` type($b) `[` type($c) `]`"
)]
pub struct Results {
    a: VariadicOutput<AnyType>,
    b: Output<AnyType>,
    c: VariadicOutput<AnyType>,
}

/// One optional operand, its group begun by the operand.
#[op("toy.maybe", assembly = "($x^ `:` type($x))? attr-dict")]
pub struct Maybe {
    x: OptionalOperand<AnyType>,
}

/// Operands whose types are not written: of the only type allowed, or indices.
#[op(
    "toy.untyped",
    assembly = "$flag `,` $at `,` $any (`,` $more^)? attr-dict-with-keyword"
)]
pub struct Untyped {
    flag: Operand<Bool>,
    at: Operand<IndexType>,
    any: Operand<AnyType>,
    more: Variadic<IndexType>,
}

/// All operands and all their types.
#[op(
    "toy.all",
    assembly = "operands attr-dict `:` type(operands) `->` type(results)"
)]
pub struct All {
    inputs: Variadic<AnyType>,
    outputs: VariadicOutput<AnyType>,
}

/// Named operands with a functional type.
#[op(
    "toy.functional",
    assembly = "$f `(` $args `)` attr-dict `:` functional-type(operands, results)"
)]
pub struct Functional {
    f: Operand<AnyType>,
    args: Variadic<AnyType>,
    outputs: VariadicOutput<AnyType>,
}

/// Every punctuation.
#[op(
    "toy.punctuation",
    assembly = "`(` `)` `[` `]` `{` `}` `<` `>` `,` `:` `=` `->` `?` `*` `+` `|` `word` attr-dict"
)]
pub struct Punctuation {}

/// No assembly: the generic form only.
#[op("toy.generic_only")]
pub struct GenericOnly {
    x: Operand<AnyType>,
    level: Attr<I64>,
    result: Output<AnyType>,
}

/// A window over indices, with hand-written assembly:
/// `toy.window @f [0, %i] of %x, %y : i32, f32 step 2 {…}`.
#[op("toy.window", traits(AttrSizedOperandSegments), custom_assembly)]
pub struct Window {
    offsets: Variadic<IndexType>,
    inputs: Variadic<AnyType>,
    statics: Attr<I64Array>,
    callee: Attr<SymbolRef>,
    step: OptionalAttr<I64>,
}
impl<'c> Window<'c> {
    fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let ctx = p.ctx();
        let callee = p.symbol()?;
        if callee == "nobody" {
            return p.error("there is no such window");
        }
        p.set_attr("callee", ctx.symbol_attr(&callee));
        let offsets = p.no_operands();
        let statics = p.mixed_list(&offsets)?;
        p.set_attr("statics", ctx.i64_array(&statics));
        p.literal("of")?;
        let inputs = p.operands()?;
        p.literal(":")?;
        let types = p.types()?;
        if p.optional_literal("step") {
            let step = p.integer()?;
            p.set_attr("step", ctx.i64_attr(step));
        }
        p.attr_dict()?;
        p.resolve_as(&offsets, ctx.index())?;
        p.resolve(&inputs, &types)?;
        p.set_attr(
            "operandSegmentSizes",
            ctx.i32_array(&[offsets.count() as i32, inputs.count() as i32]),
        );
        Ok(())
    }
    fn print_assembly(self, p: &mut Printer<'c>) {
        p.text(" ");
        p.symbol(&self.callee());
        p.text(" ");
        p.mixed_list(&self.statics(), &mut self.offsets().into_iter());
        p.text(" of ");
        p.operands(&self.inputs());
        p.text(" : ");
        p.types(&self.inputs().iter().map(|v| v.ty()).collect::<Vec<_>>());
        if let Some(step) = self.step() {
            p.text(&format!(" step {step}"));
        }
        p.attr_dict(
            self.op(),
            &["callee", "statics", "step", "operandSegmentSizes"],
        );
    }
}

/// Each remaining method of the parser: `toy.parts word 1 : i8 down %a : i32 (%b) : (i32) -> (f32) …`.
#[op("toy.parts", custom_assembly)]
pub struct Parts {
    a: Operand<AnyType>,
    inputs: Variadic<AnyType>,
    outputs: VariadicOutput<AnyType>,
    word: Attr<Str>,
    value: Attr<AnyAttr>,
    typed: Attr<AnyAttr>,
    mode: Attr<Enum<Mode>>,
    extra: OptionalAttr<AnyAttr>,
    body: Region,
}
impl<'c> Parts<'c> {
    fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let ctx = p.ctx();
        let word = p.keyword()?;
        p.set_attr("word", ctx.str_attr(&word));
        let value = p.attr()?;
        p.set_attr("value", value);
        p.literal("typed")?;
        let typed = p.attr_of_type(ctx.i(16))?;
        p.set_attr("typed", typed);
        let mode = p.keyword_of(&["down", "up"])?;
        p.set_attr("mode", ctx.str_attr(&mode));
        let a = p.operand()?;
        p.literal(":")?;
        let ty = p.ty()?;
        p.literal("(")?;
        let inputs = p.operands()?;
        p.literal(")")?;
        p.literal(":")?;
        let (ins, outs) = p.function_type()?;
        if p.optional_literal("[") {
            if let Some(extra) = p.optional_attr()? {
                p.set_attr("extra", extra);
            }
            p.literal("]")?;
        }
        p.attr_dict_with_keyword()?;
        p.resolve(&a, &[ty])?;
        p.resolve(&inputs, &ins)?;
        p.add_results(&outs);
        p.optional_region()?;
        Ok(())
    }
    fn print_assembly(self, p: &mut Printer<'c>) {
        p.text(&format!(" {} ", self.word()));
        p.attr(self.value());
        p.text(" typed ");
        p.attr_without_type(self.typed());
        p.text(&format!(" {} ", self.mode().word()));
        p.operand(self.a());
        p.text(" : ");
        p.ty(self.a().ty());
        p.text(" (");
        p.operands(&self.inputs());
        p.text(") : ");
        let ins: Vec<_> = self.inputs().iter().map(|v| v.ty()).collect();
        let outs: Vec<_> = self.outputs().iter().map(|v| v.ty()).collect();
        p.ty(self.op().ctx().function(&ins, &outs));
        if let Some(extra) = self.extra() {
            p.text(" [");
            p.attr(extra);
            p.text("]");
        }
        p.attr_dict_with_keyword(self.op(), &["word", "value", "typed", "mode", "extra"]);
        if !self.body().is_empty() {
            p.text(" ");
            p.region(self.body());
        }
    }
}

/// All ops of this file.
pub fn ops() -> Vec<OpDef> {
    vec![
        Attrs::def(),
        Leading::def(),
        Segments::def(),
        Results::def(),
        Maybe::def(),
        Untyped::def(),
        All::def(),
        Functional::def(),
        Punctuation::def(),
        GenericOnly::def(),
        Window::def(),
        Parts::def(),
    ]
}
