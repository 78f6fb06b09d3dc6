//! An op's definition as data: what the macro `#[op]` generates and what tables
//! build directly. Registered definitions live until the process ends.

use crate::assembly::{Assembly, Parser, Printer};
use crate::constraint::{AttrConstraint, Constraint};
use crate::interfaces::*;
use crate::ir::{BlkExt, Op, OpExt, RegExt, ValExt};
use crate::pattern::Pattern;
use crate::rewriter::Rewriter;
use crate::types::AttrExt;
use melior::Context;
use melior::ir::{Attribute, Block, BlockRef, Location, Type};
use npir_mlir_sys::*;
use std::ops::Range;
use std::sync::Arc;

/// MLIR's op traits, as far as ops of ours use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// No memory effect and speculatable.
    Pure,
    /// Ends a block.
    Terminator,
    /// Regions see no value from outside.
    IsolatedFromAbove,
    /// A constant: no operands, folds to its `value`.
    ConstantLike,
    /// Operands may be swapped.
    Commutative,
    /// All operand and result types are equal.
    SameOperandsAndResultType,
    /// Every region has at most one block.
    SingleBlock,
    /// Effects are those of the ops inside.
    RecursiveMemoryEffects,
    /// Holds named ops.
    SymbolTable,
    /// Acts on each element; scalars and tensors do not mix.
    Elementwise,
    /// Blocks need no terminator.
    NoTerminator,
    /// Regions are graphs, without dominance.
    GraphRegion,
    /// Several variadic operands; sizes in `operandSegmentSizes`.
    AttrSizedOperandSegments,
    /// Several variadic results; sizes in `resultSegmentSizes`.
    AttrSizedResultSegments,
    /// All operands have one element type.
    SameOperandsElementType,
    /// Stack allocations inside end with the op.
    AutomaticAllocationScope,
}

impl Trait {
    fn bit(self) -> u64 {
        match self {
            Trait::Pure => TRAIT_PURE,
            Trait::Terminator => TRAIT_TERMINATOR,
            Trait::IsolatedFromAbove => TRAIT_ISOLATED_FROM_ABOVE,
            Trait::ConstantLike => TRAIT_CONSTANT_LIKE,
            Trait::Commutative => TRAIT_COMMUTATIVE,
            Trait::SameOperandsAndResultType => TRAIT_SAME_OPERANDS_AND_RESULT_TYPE,
            Trait::SingleBlock => TRAIT_SINGLE_BLOCK,
            Trait::RecursiveMemoryEffects => TRAIT_RECURSIVE_MEMORY_EFFECTS,
            Trait::SymbolTable => TRAIT_SYMBOL_TABLE,
            Trait::Elementwise => TRAIT_ELEMENTWISE,
            Trait::NoTerminator => TRAIT_NO_TERMINATOR,
            Trait::GraphRegion => TRAIT_GRAPH_REGION,
            Trait::AttrSizedOperandSegments => TRAIT_ATTR_SIZED_OPERAND_SEGMENTS,
            Trait::AttrSizedResultSegments => TRAIT_ATTR_SIZED_RESULT_SEGMENTS,
            Trait::SameOperandsElementType => TRAIT_SAME_OPERANDS_ELEMENT_TYPE,
            Trait::AutomaticAllocationScope => TRAIT_AUTOMATIC_ALLOCATION_SCOPE,
        }
    }
}

/// How many values an operand or result stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly one.
    One,
    /// None or one.
    Optional,
    /// Any number.
    Variadic,
}

/// An operand or result.
#[derive(Clone)]
pub struct ValueDef {
    /// Name, as in `$name`.
    pub name: String,
    /// Its type must satisfy this.
    pub constraint: Constraint,
    /// How many values.
    pub arity: Arity,
}

/// An inherent attribute.
#[derive(Clone)]
pub struct AttrDef {
    /// Name, as in `$name`.
    pub name: String,
    /// It must satisfy this.
    pub constraint: AttrConstraint,
    /// May it be absent? (Unit attributes always may.)
    pub optional: bool,
    /// Present or absent, without a value.
    pub unit: bool,
}

type F<T> = Option<Arc<T>>;
type DynVerify = dyn for<'c> Fn(Op<'c>) -> Result<(), String> + Send + Sync;
type DynInfer = dyn for<'c> Fn(&InferCx<'c>) -> Result<Vec<Type<'c>>, String> + Send + Sync;
type DynFold =
    dyn for<'c> Fn(Op<'c>, &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>> + Send + Sync;
type DynEffects = dyn for<'c> Fn(Op<'c>) -> Vec<Effect<'c>> + Send + Sync;
type DynParse = dyn Fn(&mut Parser<'_>) -> Result<(), ()> + Send + Sync;
type DynPrint = dyn for<'c> Fn(Op<'c>, &mut Printer<'c>) + Send + Sync;

/// What is asked about one operand or result of an op.
type DynOf<T> = Box<dyn for<'c> Fn(Op<'c>, usize) -> T + Send + Sync>;

/// Bufferization as a table of functions.
pub(crate) struct BufferizeFns {
    pub(crate) reads: DynOf<bool>,
    pub(crate) writes: DynOf<bool>,
    #[allow(clippy::type_complexity)]
    pub(crate) aliases: DynOf<Vec<(usize, Relation)>>,
    pub(crate) allocates: DynOf<bool>,
    #[allow(clippy::type_complexity)]
    pub(crate) buffer_type:
        Box<dyn for<'c> Fn(Op<'c>, usize, &BufferTypeCx<'c>) -> Option<Type<'c>> + Send + Sync>,
    #[allow(clippy::type_complexity)]
    pub(crate) bufferize: Box<
        dyn for<'c> Fn(Op<'c>, Rewriter<'c>, &BufferizeCx<'c>) -> Result<(), String> + Send + Sync,
    >,
}

/// Tiling as a table of functions.
pub(crate) struct TileFns {
    pub(crate) iterators: Box<dyn for<'c> Fn(Op<'c>) -> Vec<bool> + Send + Sync>,
    #[allow(clippy::type_complexity)]
    pub(crate) domain:
        Box<dyn for<'c> Fn(Op<'c>, Rewriter<'c>) -> Vec<crate::ir::Val<'c>> + Send + Sync>,
    #[allow(clippy::type_complexity)]
    pub(crate) tile: Box<
        dyn for<'c> Fn(
                Op<'c>,
                Rewriter<'c>,
                &[crate::ir::Val<'c>],
                &[crate::ir::Val<'c>],
            ) -> Result<Tiled<'c>, String>
            + Send
            + Sync,
    >,
    #[allow(clippy::type_complexity)]
    pub(crate) position: Box<
        dyn for<'c> Fn(
                Op<'c>,
                Rewriter<'c>,
                usize,
                &[crate::ir::Val<'c>],
                &[crate::ir::Val<'c>],
            )
                -> Result<(Vec<crate::ir::Val<'c>>, Vec<crate::ir::Val<'c>>), String>
            + Send
            + Sync,
    >,
}

/// How the op is written.
#[derive(Clone)]
pub(crate) enum Syntax {
    Generic,
    Declarative(Assembly),
    Custom {
        parse: Arc<DynParse>,
        print: Arc<DynPrint>,
    },
}

/// The definition of an op.
#[derive(Clone)]
pub struct OpDef {
    /// Full name, `dialect.op`.
    pub name: String,
    /// First line of the documentation.
    pub summary: String,
    /// The documentation (Markdown).
    pub description: String,
    /// Operands, in order.
    pub operands: Vec<ValueDef>,
    /// Results, in order.
    pub results: Vec<ValueDef>,
    /// Inherent attributes.
    pub attributes: Vec<AttrDef>,
    /// Names of the regions, in order.
    pub regions: Vec<String>,
    /// Traits.
    pub traits: Vec<Trait>,
    /// The declarative assembly, as written; empty for none or a custom one.
    pub assembly_text: String,
    pub(crate) syntax: Syntax,
    pub(crate) verify: F<DynVerify>,
    pub(crate) verify_regions: F<DynVerify>,
    pub(crate) infer: F<DynInfer>,
    pub(crate) fold: F<DynFold>,
    pub(crate) canonicalize: F<dyn Fn() -> Vec<Pattern> + Send + Sync>,
    pub(crate) effects: F<DynEffects>,
    pub(crate) speculatable: F<dyn for<'c> Fn(Op<'c>) -> bool + Send + Sync>,
    pub(crate) inits: F<dyn for<'c> Fn(Op<'c>) -> Range<usize> + Send + Sync>,
    pub(crate) bufferize: F<BufferizeFns>,
    pub(crate) tile: F<TileFns>,
}

impl OpDef {
    /// An op without operands, results or syntax yet.
    pub fn new(name: impl Into<String>) -> Self {
        OpDef {
            name: name.into(),
            summary: String::new(),
            description: String::new(),
            operands: Vec::new(),
            results: Vec::new(),
            attributes: Vec::new(),
            regions: Vec::new(),
            traits: Vec::new(),
            assembly_text: String::new(),
            syntax: Syntax::Generic,
            verify: None,
            verify_regions: None,
            infer: None,
            fold: None,
            canonicalize: None,
            effects: None,
            speculatable: None,
            inits: None,
            bufferize: None,
            tile: None,
        }
    }
    /// Documentation: the first line is the summary.
    pub fn doc(mut self, text: &str) -> Self {
        let text = text.trim();
        self.summary = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .trim_end_matches('.')
            .to_string();
        self.description = text
            .lines()
            .map(|l| l.strip_prefix(' ').unwrap_or(l))
            .collect::<Vec<_>>()
            .join("\n");
        self
    }
    fn value(name: &str, constraint: Constraint, arity: Arity) -> ValueDef {
        ValueDef {
            name: name.into(),
            constraint,
            arity,
        }
    }
    /// Adds an operand.
    pub fn operand(mut self, name: &str, constraint: Constraint) -> Self {
        self.operands
            .push(Self::value(name, constraint, Arity::One));
        self
    }
    /// Adds an operand that may be absent.
    pub fn optional_operand(mut self, name: &str, constraint: Constraint) -> Self {
        self.operands
            .push(Self::value(name, constraint, Arity::Optional));
        self
    }
    /// Adds any number of operands.
    pub fn variadic_operand(mut self, name: &str, constraint: Constraint) -> Self {
        self.operands
            .push(Self::value(name, constraint, Arity::Variadic));
        self
    }
    /// Adds a result.
    pub fn result(mut self, name: &str, constraint: Constraint) -> Self {
        self.results.push(Self::value(name, constraint, Arity::One));
        self
    }
    /// Adds any number of results.
    pub fn variadic_result(mut self, name: &str, constraint: Constraint) -> Self {
        self.results
            .push(Self::value(name, constraint, Arity::Variadic));
        self
    }
    /// Adds a required attribute.
    pub fn attribute(mut self, name: &str, constraint: AttrConstraint) -> Self {
        self.attributes.push(AttrDef {
            name: name.into(),
            constraint,
            optional: false,
            unit: false,
        });
        self
    }
    /// Adds an attribute that may be absent.
    pub fn optional_attribute(mut self, name: &str, constraint: AttrConstraint) -> Self {
        self.attributes.push(AttrDef {
            name: name.into(),
            constraint,
            optional: true,
            unit: false,
        });
        self
    }
    /// Adds a flag: a unit attribute.
    pub fn unit_attribute(mut self, name: &str) -> Self {
        let constraint = AttrConstraint {
            description: "a unit attribute",
            check: |a| a.is_unit(),
            syntax: crate::constraint::AttrSyntax::Attribute,
        };
        self.attributes.push(AttrDef {
            name: name.into(),
            constraint,
            optional: true,
            unit: true,
        });
        self
    }
    /// Adds a region.
    pub fn region(mut self, name: &str) -> Self {
        self.regions.push(name.into());
        self
    }
    /// Adds traits.
    pub fn traits(mut self, traits: &[Trait]) -> Self {
        self.traits.extend_from_slice(traits);
        self
    }
    /// Whether it has a trait.
    pub fn has_trait(&self, t: Trait) -> bool {
        self.traits.contains(&t)
    }
    /// The declarative assembly; see [`crate::assembly`] for the directives.
    ///
    /// # Panics
    /// When the text is malformed or names something that the op does not have. A
    /// definition is code: this shows in the first test that loads the dialect.
    pub fn assembly(mut self, text: &str) -> Self {
        self.assembly_text = text.to_string();
        match Assembly::parse(text, &self) {
            Ok(assembly) => self.syntax = Syntax::Declarative(assembly),
            Err(why) => panic!("assembly of {}: {why}\n  {text}", self.name),
        }
        self
    }
    /// Hand-written assembly. `parse` reports its own errors and returns `Err(())`.
    pub fn custom_assembly(
        mut self,
        parse: impl Fn(&mut Parser<'_>) -> Result<(), ()> + Send + Sync + 'static,
        print: impl for<'c> Fn(Op<'c>, &mut Printer<'c>) + Send + Sync + 'static,
    ) -> Self {
        self.syntax = Syntax::Custom {
            parse: Arc::new(parse),
            print: Arc::new(print),
        };
        self
    }
    /// Checks beyond counts, types and attributes, which are checked before.
    pub fn verify(
        mut self,
        f: impl for<'c> Fn(Op<'c>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.verify = Some(Arc::new(f));
        self
    }
    /// Checks that need verified regions.
    pub fn verify_regions(
        mut self,
        f: impl for<'c> Fn(Op<'c>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.verify_regions = Some(Arc::new(f));
        self
    }
    /// Result type inference.
    pub fn infer(
        mut self,
        f: impl for<'c> Fn(&InferCx<'c>) -> Result<Vec<Type<'c>>, String> + Send + Sync + 'static,
    ) -> Self {
        self.infer = Some(Arc::new(f));
        self
    }
    /// The result types of an op that need not exist: one with operands of these types and with these attributes, a
    /// dictionary. `None` for ops that do not infer them.
    ///
    /// # Errors
    /// Why such an op cannot be.
    pub fn result_types<'c>(
        &self,
        ctx: &'c Context,
        operands: &[Type<'c>],
        attrs: Attribute<'c>,
    ) -> Option<Result<Vec<Type<'c>>, String>> {
        let infer = self.infer.as_ref()?;
        let loc = Location::unknown(ctx);
        let arguments: Vec<_> = operands.iter().map(|&ty| (ty, loc)).collect();
        // Values of these types, for as long as this takes.
        let block = Block::new(&arguments);
        // SAFETY: the block outlives the values, which inference does not keep.
        let block: BlockRef<'c, 'c> = unsafe { BlockRef::from_raw(block.to_raw()) };
        Some(infer(&InferCx {
            ctx,
            loc,
            operands: block.args(),
            attrs,
        }))
    }
    /// Folding.
    pub fn fold(
        mut self,
        f: impl for<'c> Fn(Op<'c>, &[Option<Attribute<'c>>]) -> Option<Vec<FoldResult<'c>>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.fold = Some(Arc::new(f));
        self
    }
    /// Canonicalization patterns.
    pub fn canonicalize(mut self, f: impl Fn() -> Vec<Pattern> + Send + Sync + 'static) -> Self {
        self.canonicalize = Some(Arc::new(f));
        self
    }
    /// Memory effects.
    pub fn effects(
        mut self,
        f: impl for<'c> Fn(Op<'c>) -> Vec<Effect<'c>> + Send + Sync + 'static,
    ) -> Self {
        self.effects = Some(Arc::new(f));
        self
    }
    /// Whether it may be hoisted.
    pub fn speculatable(
        mut self,
        f: impl for<'c> Fn(Op<'c>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.speculatable = Some(Arc::new(f));
        self
    }
    /// Destination style.
    pub fn destination_style(
        mut self,
        f: impl for<'c> Fn(Op<'c>) -> Range<usize> + Send + Sync + 'static,
    ) -> Self {
        self.inits = Some(Arc::new(f));
        self
    }

    // The macro's `interfaces(...)` list ends in these.
    #[doc(hidden)]
    pub fn set_bufferize(
        mut self,
        reads: impl for<'c> Fn(Op<'c>, usize) -> bool + Send + Sync + 'static,
        writes: impl for<'c> Fn(Op<'c>, usize) -> bool + Send + Sync + 'static,
        aliases: impl for<'c> Fn(Op<'c>, usize) -> Vec<(usize, Relation)> + Send + Sync + 'static,
        allocates: impl for<'c> Fn(Op<'c>, usize) -> bool + Send + Sync + 'static,
        buffer_type: impl for<'c> Fn(Op<'c>, usize, &BufferTypeCx<'c>) -> Option<Type<'c>>
        + Send
        + Sync
        + 'static,
        bufferize: impl for<'c> Fn(Op<'c>, Rewriter<'c>, &BufferizeCx<'c>) -> Result<(), String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.bufferize = Some(Arc::new(BufferizeFns {
            reads: Box::new(reads),
            writes: Box::new(writes),
            aliases: Box::new(aliases),
            allocates: Box::new(allocates),
            buffer_type: Box::new(buffer_type),
            bufferize: Box::new(bufferize),
        }));
        self
    }
    #[doc(hidden)]
    #[allow(clippy::type_complexity)]
    pub fn set_tile(
        mut self,
        iterators: impl for<'c> Fn(Op<'c>) -> Vec<bool> + Send + Sync + 'static,
        domain: impl for<'c> Fn(Op<'c>, Rewriter<'c>) -> Vec<crate::ir::Val<'c>> + Send + Sync + 'static,
        tile: impl for<'c> Fn(
            Op<'c>,
            Rewriter<'c>,
            &[crate::ir::Val<'c>],
            &[crate::ir::Val<'c>],
        ) -> Result<Tiled<'c>, String>
        + Send
        + Sync
        + 'static,
        position: impl for<'c> Fn(
            Op<'c>,
            Rewriter<'c>,
            usize,
            &[crate::ir::Val<'c>],
            &[crate::ir::Val<'c>],
        )
            -> Result<(Vec<crate::ir::Val<'c>>, Vec<crate::ir::Val<'c>>), String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.tile = Some(Arc::new(TileFns {
            iterators: Box::new(iterators),
            domain: Box::new(domain),
            tile: Box::new(tile),
            position: Box::new(position),
        }));
        self
    }

    /// Whether the definition makes sense as an op of `dialect`.
    pub(crate) fn check(&self, dialect: &str) -> Result<(), String> {
        if self
            .name
            .strip_prefix(dialect)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_none_or(str::is_empty)
        {
            return Err(format!("it is no op of the dialect '{dialect}'"));
        }
        let flexible = |defs: &[ValueDef]| defs.iter().filter(|d| d.arity != Arity::One).count();
        if flexible(&self.operands) > 1 && !self.has_trait(Trait::AttrSizedOperandSegments) {
            return Err(
                "several optional or variadic operands need the trait AttrSizedOperandSegments"
                    .into(),
            );
        }
        if flexible(&self.results) > 1 && !self.has_trait(Trait::AttrSizedResultSegments) {
            return Err("several variadic results need the trait AttrSizedResultSegments".into());
        }
        match &self.syntax {
            Syntax::Declarative(a)
                if !a.names_results() && !self.results.is_empty() && self.infer.is_none() =>
            {
                Err("its assembly does not mention result types, and it does not infer them".into())
            }
            _ => Ok(()),
        }
    }
    pub(crate) fn trait_bits(&self) -> u64 {
        self.traits.iter().fold(0, |bits, t| bits | t.bit())
    }
    pub(crate) fn interface_bits(&self) -> u64 {
        let mut bits = IFACE_VERIFY;
        let mut set = |on: bool, bit: u64| {
            if on {
                bits |= bit;
            }
        };
        set(self.verify_regions.is_some(), IFACE_VERIFY_REGIONS);
        set(!matches!(self.syntax, Syntax::Generic), IFACE_ASSEMBLY);
        set(self.fold.is_some(), IFACE_FOLD);
        set(self.canonicalize.is_some(), IFACE_CANONICALIZE);
        set(self.infer.is_some(), IFACE_INFER_TYPES);
        set(self.effects.is_some(), IFACE_EFFECTS);
        set(self.speculatable.is_some(), IFACE_SPECULATABLE);
        set(self.inits.is_some(), IFACE_DESTINATION_STYLE);
        set(self.bufferize.is_some(), IFACE_BUFFERIZE);
        set(self.tile.is_some(), IFACE_TILE);
        bits
    }
    /// All inherent attribute names, segment sizes included.
    pub(crate) fn attribute_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.attributes.iter().map(|a| a.name.clone()).collect();
        if self.has_trait(Trait::AttrSizedOperandSegments) {
            names.push("operandSegmentSizes".into());
        }
        if self.has_trait(Trait::AttrSizedResultSegments) {
            names.push("resultSegmentSizes".into());
        }
        names
    }

    /// How many values each entry of `defs` stands for; `None` when `total` does not fit.
    pub(crate) fn segments(
        defs: &[ValueDef],
        total: usize,
        explicit: Option<Vec<i64>>,
    ) -> Option<Vec<usize>> {
        if let Some(explicit) = explicit {
            let sizes: Option<Vec<usize>> =
                explicit.iter().map(|s| usize::try_from(*s).ok()).collect();
            let sizes = sizes?;
            return (sizes.len() == defs.len() && sizes.iter().sum::<usize>() == total)
                .then_some(sizes);
        }
        let fixed = defs.iter().filter(|d| d.arity == Arity::One).count();
        let rest = total.checked_sub(fixed)?;
        let flexible = defs.len() - fixed;
        if flexible == 0 {
            return (rest == 0).then(|| vec![1; defs.len()]);
        }
        if flexible > 1 {
            return None;
        }
        let mut sizes = Vec::with_capacity(defs.len());
        for def in defs {
            sizes.push(match def.arity {
                Arity::One => 1,
                Arity::Optional if rest > 1 => return None,
                _ => rest,
            });
        }
        Some(sizes)
    }

    /// The range of operands that entry `index` stands for.
    pub fn operand_range(&self, op: Op<'_>, index: usize) -> Range<usize> {
        let explicit = op
            .attr("operandSegmentSizes")
            .and_then(|a| a.as_int_array());
        let sizes = Self::segments(&self.operands, op.num_operands(), explicit)
            .unwrap_or_else(|| panic!("operands of {} do not fit its definition", self.name));
        let start: usize = sizes[..index].iter().sum();
        start..start + sizes[index]
    }
    /// The range of results that entry `index` stands for.
    pub fn result_range(&self, op: Op<'_>, index: usize) -> Range<usize> {
        let explicit = op.attr("resultSegmentSizes").and_then(|a| a.as_int_array());
        let sizes = Self::segments(&self.results, op.num_results(), explicit)
            .unwrap_or_else(|| panic!("results of {} do not fit its definition", self.name));
        let start: usize = sizes[..index].iter().sum();
        start..start + sizes[index]
    }

    /// Checks counts, types and attributes, then the op's own verifier.
    pub(crate) fn verify_op(&self, op: Op<'_>) -> Result<(), String> {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let values =
            |what: &str, defs: &[ValueDef], values: Vec<crate::ir::Val<'_>>, segments: &str| {
                let explicit = op.attr(segments).and_then(|a| a.as_int_array());
                let Some(sizes) = Self::segments(defs, values.len(), explicit) else {
                    let least = defs.iter().filter(|d| d.arity == Arity::One).count();
                    let more = if least == defs.len() { "" } else { " or more" };
                    let s = if more.is_empty() { plural(least) } else { "s" };
                    return Err(format!(
                        "takes {least}{more} {what}{s}, but has {}",
                        values.len()
                    ));
                };
                let mut at = 0;
                for (def, n) in defs.iter().zip(sizes) {
                    for value in &values[at..at + n] {
                        if !(def.constraint.check)(value.ty()) {
                            return Err(format!(
                                "{what} '{}' must be {}, but is {}",
                                def.name,
                                def.constraint.description,
                                value.ty()
                            ));
                        }
                    }
                    at += n;
                }
                Ok(())
            };
        values(
            "operand",
            &self.operands,
            op.operand_values(),
            "operandSegmentSizes",
        )?;
        values(
            "result",
            &self.results,
            op.result_values(),
            "resultSegmentSizes",
        )?;
        if op.num_regions() != self.regions.len() {
            let n = self.regions.len();
            return Err(format!(
                "takes {n} region{}, but has {}",
                plural(n),
                op.num_regions()
            ));
        }
        for def in &self.attributes {
            match op.attr(&def.name) {
                Some(attr) if !(def.constraint.check)(attr) => {
                    return Err(format!(
                        "attribute '{}' must be {}, but is {attr}",
                        def.name, def.constraint.description
                    ));
                }
                None if !def.optional => return Err(format!("needs the attribute '{}'", def.name)),
                _ => {}
            }
        }
        if self.has_trait(Trait::SingleBlock) && !self.has_trait(Trait::NoTerminator) {
            for (name, region) in self.regions.iter().zip(op.regions()) {
                if let Some(block) = region.entry() {
                    use crate::ir::BlkExt;
                    if block.first_op().is_none() {
                        return Err(format!(
                            "region '{name}' has an empty block; it needs a terminator"
                        ));
                    }
                }
            }
        }
        match &self.verify {
            Some(verify) => verify(op),
            None => Ok(()),
        }
    }
}
