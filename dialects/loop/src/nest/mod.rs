//! `loop.nest` and the ops that live in it: definitions, typed view, builder.
//!
//! The assembly is in `syntax`, the rules in `verify`.

mod syntax;
mod verify;

use crate::schedule::{IteratorKind, Schedule};
pub(crate) use verify::verify_schedule;

use npir_mlir::prelude::*;

/// A nest of loops over memory, with a scalar body.
///
/// Axis `d` runs over `0 .. bounds[d]`. At each point the body gets one element of each
/// of `ins` and one accumulator for each of `outs`, at the coordinates that `maps` give
/// (inputs first), and yields the new accumulators.
///
/// With `init` the accumulators start with these scalars and `outs` are only written;
/// otherwise they start with what `outs` hold. Points of a `parallel` axis are
/// independent; those of a `reduction` axis accumulate in ascending order, or, when the
/// nest has both `init` and a `combine` region, in any grouping: `init` must then be an
/// identity of `combine`, which merges two partial accumulators and is associative.
/// `sequential` axes run in ascending order.
///
/// `absorbing` is a number that decides a nest with `init` and `combine`: once the first
/// output's accumulator holds it, no later point changes any accumulator, and the nest
/// may leave the rest out. `unit_strides` lists operands that are expected to be contiguous
/// along the lanes of `schedule`; what depends on it is tested at run time.
///
/// The body may also read and write memory by itself, with `loop.index`, `memref.load`
/// and `memref.store`. An output may share memory with an input only where both are the
/// same elements at every point.
#[derive(Clone, Copy)]
pub struct Nest<'c>(Op<'c>);

impl<'c> OpView<'c> for Nest<'c> {
    const NAME: &'static str = "loop.nest";
    fn wrap(op: Op<'c>) -> Self {
        Self(op)
    }
    fn op(self) -> Op<'c> {
        self.0
    }
}

/// Order of the operand segments.
const SEGMENTS: [&str; 4] = ["bounds", "ins", "outs", "init"];

impl<'c> Nest<'c> {
    /// The op's name.
    pub const NAME: &'static str = "loop.nest";
    /// The attribute behind [`Nest::absorbing`].
    pub const ABSORBING: &'static str = "absorbing";
    const UNIT_STRIDES: &'static str = "unit_strides";

    /// A view of `op` if it is a nest.
    pub fn cast(op: Op<'c>) -> Option<Self> {
        (op.name() == Self::NAME).then_some(Self(op))
    }

    /// The op.
    pub fn op(self) -> Op<'c> {
        self.0
    }

    fn segment(self, index: usize) -> Vec<Val<'c>> {
        let sizes = self
            .0
            .attr("operandSegmentSizes")
            .and_then(|attr| attr.as_int_array())
            .unwrap_or_default();
        let sizes: Vec<usize> = sizes.into_iter().map(|size| size as usize).collect();
        let begin: usize = sizes[..index].iter().sum();
        (begin..begin + sizes[index])
            .map(|i| self.0.operand(i))
            .collect()
    }

    /// The number of axes.
    pub fn rank(self) -> usize {
        self.static_bounds().len()
    }

    fn static_bounds(self) -> Vec<i64> {
        self.0
            .attr("static_bounds")
            .and_then(|attr| attr.as_int_array())
            .unwrap_or_default()
    }

    /// The number of points along each axis.
    pub fn bounds(self) -> Vec<OpFold<'c>> {
        let mut dynamic = self.segment(0).into_iter();
        let bound = |n| {
            if n == DYNAMIC {
                dynamic.next().map(OpFold::Value)
            } else {
                Some(OpFold::Static(n))
            }
        };
        self.static_bounds().into_iter().filter_map(bound).collect()
    }

    /// What may happen along each axis.
    pub fn iterator_kinds(self) -> Vec<IteratorKind> {
        let kinds = self
            .0
            .attr("iterators")
            .and_then(|attr| attr.as_array())
            .unwrap_or_default();
        kinds
            .into_iter()
            .filter_map(|kind| IteratorKind::from_word(kind.as_str()?))
            .collect()
    }

    /// The input memrefs.
    pub fn inputs(self) -> Vec<Val<'c>> {
        self.segment(1)
    }

    /// The output memrefs.
    pub fn outputs(self) -> Vec<Val<'c>> {
        self.segment(2)
    }

    /// Where the accumulators start: nothing, or a scalar per output.
    pub fn initial_values(self) -> Vec<Val<'c>> {
        self.segment(3)
    }

    /// Coordinates of the inputs, then of the outputs, by axis.
    pub fn affine_maps(self) -> Vec<AffineMap<'c>> {
        let maps = self
            .0
            .attr("maps")
            .and_then(|attr| attr.as_array())
            .unwrap_or_default();
        maps.into_iter()
            .filter_map(|map| map.as_affine_map())
            .collect()
    }

    /// The scalar body; arguments are inputs, then accumulators.
    pub fn body_block(self) -> Blk<'c> {
        self.0
            .region(0)
            .entry()
            .unwrap_or_else(|| panic!("{} has no body", Self::NAME))
    }

    /// What merges partial accumulators; arguments are accumulators, then parts.
    pub fn combine_block(self) -> Option<Blk<'c>> {
        self.0.region(1).entry()
    }

    /// The value of the first accumulator after which no point changes any, if there is one.
    pub fn absorbing(self) -> Option<Attribute<'c>> {
        self.0.attr(Self::ABSORBING)
    }

    /// Whether the points of reduction axes may be grouped at will.
    pub fn reassociates(self) -> bool {
        self.combine_block().is_some() && !self.initial_values().is_empty()
    }

    /// The schedule, if there is one.
    pub fn schedule(self) -> Option<Schedule> {
        Schedule::decode(self.0.attr("schedule")?)
    }

    /// The operands, inputs before outputs, that are expected to be contiguous along the lanes of
    /// the schedule although neither their type nor the op that defines them says so any more.
    pub fn unit_strides(self) -> Vec<i64> {
        let list = self.0.attr(Self::UNIT_STRIDES);
        list.and_then(|list| list.as_int_array())
            .unwrap_or_default()
    }

    /// Sets [`Nest::unit_strides`].
    pub fn set_unit_strides(self, operands: &[i64]) {
        if operands.is_empty() {
            self.0.remove_attr(Self::UNIT_STRIDES);
        } else {
            let list = self.0.ctx().i64_array(operands);
            self.0.set_attr(Self::UNIT_STRIDES, list);
        }
    }

    /// Sets the schedule.
    pub fn set_schedule(self, schedule: &Schedule) {
        self.0
            .set_attr("schedule", schedule.encode(self.0.ctx(), self.0.loc()));
    }

    /// The memrefs from outside that the body reads and writes by itself, each once.
    pub fn captured_memrefs(self) -> Vec<Val<'c>> {
        let mut memrefs: Vec<Val<'c>> = Vec::new();
        for op in self.body_accesses() {
            let memref = accessed(op);
            let outside = match memref.parent_block().and_then(|block| block.parent_op()) {
                Some(parent) => !parent.is_within(self.0),
                None => true,
            };
            if outside && !memrefs.iter().any(|other| other.key() == memref.key()) {
                memrefs.push(memref);
            }
        }
        memrefs
    }

    /// Every `memref.load` and `memref.store` of the body.
    fn body_accesses(self) -> Vec<Op<'c>> {
        let mut accesses = Vec::new();
        for region in self.0.regions() {
            for op in region.blocks().into_iter().flat_map(|block| block.ops()) {
                op.walk_ops(&mut |op| {
                    if matches!(op.name(), "memref.load" | "memref.store") {
                        accesses.push(op);
                    }
                    Walk::Advance
                });
            }
        }
        accesses
    }

    fn effects(self) -> Vec<Effect<'c>> {
        let reads = self
            .inputs()
            .into_iter()
            .map(|memref| Effect::Read(Some(memref)));
        let mut effects: Vec<Effect<'c>> = reads.collect();
        for memref in self.outputs() {
            // An initialized output is read again where it accumulates in memory, but
            // never what it held before.
            if self.initial_values().is_empty() {
                effects.push(Effect::Read(Some(memref)));
            }
            effects.push(Effect::Write(Some(memref)));
        }
        for op in self.body_accesses() {
            let memref = Some(accessed(op));
            effects.push(if op.name() == "memref.load" {
                Effect::Read(memref)
            } else {
                Effect::Write(memref)
            });
        }
        effects
    }

    /// Builds a nest at the insertion point.
    ///
    /// `body` gets the inputs' elements and the accumulators and returns the new
    /// accumulators; `combine`, when there is one, merges (accumulators, parts).
    pub fn create(
        rw: Rewriter<'c>,
        parts: &NestParts<'_, 'c>,
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>], &[Val<'c>]) -> Vec<Val<'c>>,
        combine: Option<Combine<'_, 'c>>,
    ) -> Self {
        let ctx = rw.ctx();
        let element = |&(memref, _): &(Val<'c>, AffineMap<'c>)| memref.ty().element();
        let out_types: Vec<Type<'c>> = parts.outs.iter().map(element).collect();
        let arg_types: Vec<Type<'c>> = parts.ins.iter().chain(parts.outs).map(element).collect();
        let part_types: Vec<Type<'c>> = out_types.iter().chain(&out_types).copied().collect();

        let mut statics = Vec::new();
        let mut dynamic = Vec::new();
        for bound in parts.bounds {
            match *bound {
                OpFold::Static(n) => statics.push(n),
                OpFold::Value(v) => {
                    statics.push(DYNAMIC);
                    dynamic.push(v);
                }
            }
        }
        let memrefs = |list: &[(Val<'c>, AffineMap<'c>)]| -> Vec<Val<'c>> {
            list.iter().map(|&(m, _)| m).collect()
        };
        let maps: Vec<_> = parts
            .ins
            .iter()
            .chain(parts.outs)
            .map(|&(_, map)| ctx.map_attr(map))
            .collect();
        let kinds: Vec<_> = parts
            .iterators
            .iter()
            .map(|kind| ctx.str_attr(kind.word()))
            .collect();
        let sizes = [
            dynamic.len(),
            parts.ins.len(),
            parts.outs.len(),
            parts.inits.len(),
        ]
        .map(|n| n as i32);
        let (ins, outs) = (memrefs(parts.ins), memrefs(parts.outs));

        let builder = rw
            .op(Self::NAME)
            .operands(&dynamic)
            .operands(&ins)
            .operands(&outs)
            .operands(parts.inits)
            .attr("static_bounds", ctx.i64_array(&statics))
            .attr("iterators", ctx.array_attr(&kinds))
            .attr("maps", ctx.array_attr(&maps))
            .attr("operandSegmentSizes", ctx.i32_array(&sizes))
            .region_with(&arg_types, |rw, args| {
                let (ins, accumulators) = args.split_at(parts.ins.len());
                let values = body(rw, ins, accumulators);
                rw.op(Yield::NAME).operands(&values).build();
            });
        let builder = match combine {
            None => builder.regions(1),
            Some(combine) => builder.region_with(&part_types, |rw, args| {
                let (accumulators, others) = args.split_at(out_types.len());
                let values = combine(rw, accumulators, others);
                rw.op(Yield::NAME).operands(&values).build();
            }),
        };
        Self(builder.build())
    }

    /// The definition.
    pub fn def() -> OpDef {
        OpDef::new(Self::NAME)
            .doc(
                "A nest of loops over memory, with a scalar body.\n\n\
                 Axis `d` runs over `0 .. bounds[d]`. At each point the body gets one element of each of `ins` and one \
                 accumulator for each of `outs`, at the coordinates that `maps` give (inputs first), and yields the new \
                 accumulators. With `init` the accumulators start with these scalars, else with what `outs` hold. \
                 `combine` merges two partial accumulators. Once the first accumulator holds the number `absorbing`, no \
                 later point changes any. `unit_strides` lists operands, inputs first, that are expected to be \
                 contiguous along the lanes of `schedule`; what depends on it is tested at run time.",
            )
            .variadic_operand(SEGMENTS[0], IndexType::constraint())
            .variadic_operand(SEGMENTS[1], AnyMemRef::constraint())
            .variadic_operand(SEGMENTS[2], AnyMemRef::constraint())
            .variadic_operand(SEGMENTS[3], Scalar::constraint())
            .attribute("static_bounds", I64Array::constraint())
            .attribute("iterators", Iterators::constraint())
            .attribute("maps", MapArray::constraint())
            .optional_attribute("schedule", ScheduleAttr::constraint())
            .optional_attribute(Self::ABSORBING, AnyAttr::constraint())
            .optional_attribute(Self::UNIT_STRIDES, I64Array::constraint())
            .region("body")
            .region("combine")
            .traits(&[Trait::AttrSizedOperandSegments, Trait::SingleBlock])
            .custom_assembly(syntax::parse, syntax::print)
            .verify(|op| verify::verify(Nest(op)))
            .verify_regions(|op| verify::verify_regions(Nest(op)))
            .effects(|op| Nest(op).effects())
    }
}

/// The memref of a `memref.load` or `memref.store`.
fn accessed(op: Op<'_>) -> Val<'_> {
    op.operand(if op.name() == "memref.load" { 0 } else { 1 })
}

/// What merges partial accumulators, as code.
pub type Combine<'b, 'c> =
    Box<dyn FnOnce(Rewriter<'c>, &[Val<'c>], &[Val<'c>]) -> Vec<Val<'c>> + 'b>;

/// The parts of a nest other than its code.
pub struct NestParts<'b, 'c> {
    /// Points along each axis.
    pub bounds: &'b [OpFold<'c>],
    /// What may happen along each axis.
    pub iterators: &'b [IteratorKind],
    /// Input memrefs, with the coordinates of their element by axis.
    pub ins: &'b [(Val<'c>, AffineMap<'c>)],
    /// Output memrefs, with the coordinates of their element by axis.
    pub outs: &'b [(Val<'c>, AffineMap<'c>)],
    /// Where accumulators start: nothing, or a scalar per output.
    pub inits: &'b [Val<'c>],
}

/// A list of [`IteratorKind`]s as attribute.
struct Iterators;

impl AttrCodec for Iterators {
    type Value<'c> = Vec<IteratorKind>;
    const DESCRIPTION: &'static str = "a list of parallel, reduction, sequential";
    fn decode<'c>(attr: Attribute<'c>) -> Option<Vec<IteratorKind>> {
        attr.as_array()?
            .into_iter()
            .map(|kind| IteratorKind::from_word(kind.as_str()?))
            .collect()
    }
    fn encode<'c>(ctx: &'c Context, kinds: &Vec<IteratorKind>) -> Attribute<'c> {
        let kinds: Vec<_> = kinds.iter().map(|kind| ctx.str_attr(kind.word())).collect();
        ctx.array_attr(&kinds)
    }
}

/// A [`Schedule`] as attribute.
struct ScheduleAttr;

impl AttrCodec for ScheduleAttr {
    type Value<'c> = Schedule;
    const DESCRIPTION: &'static str = "a #loop.schedule";
    fn decode<'c>(attr: Attribute<'c>) -> Option<Schedule> {
        Schedule::decode(attr)
    }
    fn encode<'c>(ctx: &'c Context, schedule: &Schedule) -> Attribute<'c> {
        schedule.encode(ctx, Location::unknown(ctx))
    }
}

/// Ends a region of a `loop` op, with the values that it hands on.
pub struct Yield;

impl Yield {
    /// The op's name.
    pub const NAME: &'static str = "loop.yield";

    /// The definition.
    pub fn def() -> OpDef {
        OpDef::new(Self::NAME)
            .doc("Ends a region of a `loop` op, with the values that it hands on.")
            .variadic_operand("values", AnyType::constraint())
            .traits(&[Trait::Pure, Trait::Terminator])
            .assembly("($values^ `:` type($values))? attr-dict")
            .verify(|op| match op.parent() {
                Some(parent) if parent.name().starts_with("loop.") => Ok(()),
                _ => Err("expects to end a region of a loop op".into()),
            })
    }
}

/// The position of the current point along an axis of the nest around it.
pub struct Index;

impl Index {
    /// The op's name.
    pub const NAME: &'static str = "loop.index";

    /// The axis of a `loop.index`.
    pub fn axis_of(op: Op<'_>) -> usize {
        op.attr("axis")
            .and_then(|attr| attr.as_int())
            .unwrap_or_default() as usize
    }

    /// Builds the index along `axis` at the insertion point, in the body of a nest.
    pub fn create<'c>(rw: Rewriter<'c>, axis: usize) -> Val<'c> {
        let axis = rw.ctx().i64_attr(axis as i64);
        rw.op(Self::NAME)
            .attr("axis", axis)
            .results(&[rw.ctx().index()])
            .build_value()
    }

    /// The definition.
    pub fn def() -> OpDef {
        OpDef::new(Self::NAME)
            .doc("The position of the current point along an axis of the nest around it.")
            .attribute("axis", I64::constraint())
            .result("index", IndexType::constraint())
            .traits(&[Trait::Pure])
            .assembly("$axis attr-dict `:` type($index)")
            .verify(|op| {
                let axis = op.attr("axis").and_then(|attr| attr.as_int()).unwrap_or(-1);
                let nest = op
                    .enclosing(Nest::NAME)
                    .and_then(Nest::cast)
                    .ok_or("expects to be in a loop.nest")?;
                let rank = nest.rank();
                match usize::try_from(axis) {
                    Ok(axis) if axis < rank => Ok(()),
                    _ => Err(format!("names axis {axis} of a nest with {rank} axes")),
                }
            })
    }
}
