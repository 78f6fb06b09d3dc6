//! Ops with regions: terminators, isolation, symbol tables, graphs.

use npir_mlir::prelude::*;

/// Ends a region.
#[op(
    "toy.yield",
    traits(Pure, Terminator),
    assembly = "$values attr-dict `:` type($values)"
)]
pub struct Yield {
    values: Variadic<AnyType>,
}

/// A choice. The second region may be left out.
#[op(
    "toy.if",
    traits(SingleBlock, RecursiveMemoryEffects),
    interfaces(VerifyRegions),
    assembly = "$condition $then (`else` $otherwise^)? attr-dict `:` type(results)"
)]
pub struct If {
    condition: Operand<Bool>,
    results: VariadicOutput<AnyType>,
    then: Region,
    otherwise: Region,
}
impl VerifyRegions for If<'_> {
    fn verify_regions(self) -> Result<(), String> {
        for region in self.op().regions() {
            let Some(last) = region.entry().and_then(|b| b.terminator_op()) else {
                continue;
            };
            if last.operand_types() != self.op().result_types() {
                return Err(format!(
                    "yields {} values for {} results",
                    last.num_operands(),
                    self.results().len()
                ));
            }
        }
        Ok(())
    }
}
impl<'c> If<'c> {
    /// Builds the op; each branch returns what it yields.
    pub fn build(
        rw: Rewriter<'c>,
        condition: Val<'c>,
        results: &[Type<'c>],
        then: impl FnOnce(Rewriter<'c>) -> Vec<Val<'c>>,
        otherwise: impl FnOnce(Rewriter<'c>) -> Vec<Val<'c>>,
    ) -> Self {
        let op = rw
            .op(Self::NAME)
            .operands(&[condition])
            .results(results)
            .region_with(&[], |rw, _| {
                let values = then(rw);
                Yield::build(rw, &values);
            })
            .region_with(&[], |rw, _| {
                let values = otherwise(rw);
                Yield::build(rw, &values);
            })
            .build();
        Self::wrap(op)
    }
}

/// Regions see nothing from outside; ops inside are found by name.
#[op(
    "toy.scope",
    traits(IsolatedFromAbove, SymbolTable, SingleBlock, NoTerminator),
    assembly = "(`named` $sym_name^)? attr-dict-with-keyword $body"
)]
pub struct Scope {
    sym_name: OptionalAttr<Str>,
    body: Region,
}

/// A named thing.
#[op("toy.named", assembly = "$sym_name attr-dict")]
pub struct Named {
    sym_name: Attr<Str>,
}

/// Uses may come before definitions.
#[op(
    "toy.graph",
    traits(GraphRegion, SingleBlock, NoTerminator),
    assembly = "attr-dict-with-keyword $body"
)]
pub struct Graph {
    body: Region,
}

/// Any blocks, each with its terminator.
#[op("toy.blocks", assembly = "attr-dict-with-keyword $body")]
pub struct Blocks {
    body: Region,
}

/// A loop body with arguments, in hand-written assembly: `toy.repeat %n (%i: index) {…}`.
#[op(
    "toy.repeat",
    traits(SingleBlock, AutomaticAllocationScope),
    custom_assembly
)]
pub struct Repeat {
    count: Operand<IndexType>,
    body: Region,
}
impl<'c> Repeat<'c> {
    fn parse_assembly(p: &mut Parser<'_>) -> Parsed {
        let index = p.ctx().index();
        let count = p.operand()?;
        p.resolve_as(&count, index)?;
        p.region_with_args()?;
        p.attr_dict()
    }
    fn print_assembly(self, p: &mut Printer<'c>) {
        p.text(" ");
        p.operand(self.count());
        p.text(" ");
        p.region_with_args(self.body());
        p.attr_dict(self.op(), &[]);
    }
}

/// A region between two that may be left out.
#[op(
    "toy.three",
    traits(NoTerminator),
    assembly = "(`before` $first^)? $second (`mark` $flag^)? (`after` $third^)? attr-dict"
)]
pub struct Three {
    first: Region,
    second: Region,
    third: Region,
    flag: UnitAttr,
}

/// All ops of this file.
pub fn ops() -> Vec<OpDef> {
    vec![
        Yield::def(),
        If::def(),
        Scope::def(),
        Named::def(),
        Graph::def(),
        Blocks::def(),
        Repeat::def(),
        Three::def(),
    ]
}
