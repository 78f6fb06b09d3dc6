//! Ops on tensors: destination style, bufferization, tiling.

use npir_mlir::prelude::*;

/// Every element of the destination becomes `value`.
#[op(
    "toy.fill",
    interfaces(DestinationStyle, Bufferize, Tile, Effects),
    traits(Pure),
    assembly = "$value `into` $init attr-dict `:` type($value) `,` type($init) (`->` type($result)^)?"
)]
pub struct Fill {
    value: Operand<AnyType>,
    init: Operand<AnyShaped>,
    result: VariadicOutput<AnyTensor>,
}
impl<'c> Effects<'c> for Fill<'c> {
    fn effects(self) -> Vec<Effect<'c>> {
        if self.init().ty().is_memref() {
            vec![Effect::Write(Some(self.init()))]
        } else {
            Vec::new()
        }
    }
}
impl DestinationStyle for Fill<'_> {
    fn inits(self) -> std::ops::Range<usize> {
        1..2
    }
}
impl<'c> Bufferize<'c> for Fill<'c> {
    fn reads(self, _: usize) -> bool {
        false
    }
    fn writes(self, operand: usize) -> bool {
        operand == 1
    }
    fn aliases(self, operand: usize) -> Vec<(usize, Relation)> {
        if operand == 1 {
            vec![(0, Relation::Equivalent)]
        } else {
            Vec::new()
        }
    }
    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let buffer = cx.buffer(self.init())?;
        Fill::build(rw, self.value(), buffer, &[]);
        cx.replace(self.op(), &[buffer]);
        Ok(())
    }
}
impl<'c> Tile<'c> for Fill<'c> {
    fn iterators(self) -> Vec<bool> {
        vec![true; self.init().ty().rank()]
    }
    fn domain(self, rw: Rewriter<'c>) -> Vec<Val<'c>> {
        (0..self.init().ty().rank())
            .map(|i| rw.tensor_dim(self.init(), i))
            .collect()
    }
    fn tile(
        self,
        rw: Rewriter<'c>,
        offsets: &[Val<'c>],
        sizes: &[Val<'c>],
    ) -> Result<Tiled<'c>, String> {
        let slice = slice_of(rw, self.init(), offsets, sizes);
        let tile = Fill::build(rw, self.value(), slice, &[slice.ty()]);
        Ok(Tiled {
            ops: vec![tile.op()],
            values: tile.result(),
            slices: slice.defining_op().into_iter().collect(),
        })
    }
    fn result_position(
        self,
        _: Rewriter<'c>,
        _: usize,
        offsets: &[Val<'c>],
        sizes: &[Val<'c>],
    ) -> Result<(Vec<Val<'c>>, Vec<Val<'c>>), String> {
        Ok((offsets.to_vec(), sizes.to_vec()))
    }
}

/// `tensor.extract_slice` with unit strides. Sizes that are constants become part of the type,
/// as upstream's tiling expects.
pub fn slice_of<'c>(
    rw: Rewriter<'c>,
    t: Val<'c>,
    offsets: &[Val<'c>],
    sizes: &[Val<'c>],
) -> Val<'c> {
    let ctx = rw.ctx();
    let rank = offsets.len();
    let statics: Vec<_> = sizes
        .iter()
        .map(|s| s.constant_int().unwrap_or(DYNAMIC))
        .collect();
    let dynamic: Vec<_> = sizes
        .iter()
        .copied()
        .filter(|s| s.constant_int().is_none())
        .collect();
    rw.op("tensor.extract_slice")
        .operands(&[t])
        .operands(offsets)
        .operands(&dynamic)
        .attr(
            "operandSegmentSizes",
            ctx.i32_array(&[1, rank as i32, dynamic.len() as i32, 0]),
        )
        .attr("static_offsets", ctx.i64_array(&vec![DYNAMIC; rank]))
        .attr("static_sizes", ctx.i64_array(&statics))
        .attr("static_strides", ctx.i64_array(&vec![1; rank]))
        .results(&[ctx.tensor(&statics, t.ty().element())])
        .build_value()
}

/// All but the first element: part of its operand's buffer.
#[op(
    "toy.tail",
    traits(Pure),
    interfaces(Bufferize),
    assembly = "$x attr-dict `:` type($x) `->` type($result)"
)]
pub struct Tail {
    x: Operand<AnyTensor>,
    result: Output<AnyTensor>,
}
impl<'c> Tail<'c> {
    fn view(self, of: Type<'c>) -> Option<Type<'c>> {
        let (strides, offset) = of.strides_and_offset()?;
        let offset = if offset == DYNAMIC || strides[0] == DYNAMIC {
            DYNAMIC
        } else {
            offset + strides[0]
        };
        Some(
            of.ctx()
                .memref_strided(&self.result().ty().dims(), of.element(), offset, &strides),
        )
    }
}
impl<'c> Bufferize<'c> for Tail<'c> {
    fn reads(self, _: usize) -> bool {
        false
    }
    fn writes(self, _: usize) -> bool {
        false
    }
    fn aliases(self, _: usize) -> Vec<(usize, Relation)> {
        vec![(0, Relation::Unknown)]
    }
    fn buffer_type(self, _: usize, cx: &BufferTypeCx<'c>) -> Option<Type<'c>> {
        self.view(cx.buffer_type(self.x())?)
    }
    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let ctx = rw.ctx();
        let from = cx.buffer(self.x())?;
        let ty = self.view(from.ty()).ok_or("the layout is not strided")?;
        let view = rw
            .op("memref.subview")
            .operands(&[from])
            .attr("operandSegmentSizes", ctx.i32_array(&[1, 0, 0, 0]))
            .attr("static_offsets", ctx.i64_array(&[1]))
            .attr("static_sizes", ctx.i64_array(&ty.dims()))
            .attr("static_strides", ctx.i64_array(&[1]))
            .results(&[ty])
            .build_value();
        cx.replace(self.op(), &[view]);
        Ok(())
    }
}

/// A new tensor: a buffer of its own.
#[op(
    "toy.iota",
    traits(Pure),
    interfaces(Bufferize),
    assembly = "attr-dict `:` type($result)"
)]
pub struct Iota {
    result: Output<AnyTensor>,
}
impl<'c> Bufferize<'c> for Iota<'c> {
    fn reads(self, _: usize) -> bool {
        false
    }
    fn writes(self, _: usize) -> bool {
        false
    }
    fn aliases(self, _: usize) -> Vec<(usize, Relation)> {
        Vec::new()
    }
    fn allocates(self, _: usize) -> bool {
        true
    }
    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let ty = self.result().ty();
        let buffer = rw.memref_alloc(rw.ctx().memref(&ty.dims(), ty.element()), &[]);
        rw.op("toy.opaque").operands(&[buffer]).build();
        cx.replace(self.op(), &[buffer]);
        Ok(())
    }
}

/// The first element.
#[op(
    "toy.head",
    traits(Pure),
    interfaces(Bufferize),
    assembly = "$x attr-dict `:` type($x) `->` type($result)"
)]
pub struct Head {
    x: Operand<AnyTensor>,
    result: Output<AnyType>,
}
impl<'c> Bufferize<'c> for Head<'c> {
    fn reads(self, _: usize) -> bool {
        true
    }
    fn writes(self, _: usize) -> bool {
        false
    }
    fn aliases(self, _: usize) -> Vec<(usize, Relation)> {
        Vec::new()
    }
    fn bufferize(self, rw: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        let buffer = cx.buffer(self.x())?;
        let zero = rw.const_index(0);
        let value = rw.memref_load(buffer, &[zero]);
        cx.replace(self.op(), &[value]);
        Ok(())
    }
}

/// Refuses to be bufferized, before or after it has replaced itself.
#[op(
    "toy.stubborn",
    traits(Pure),
    interfaces(Bufferize),
    assembly = "$x (`late` $late^)? attr-dict `:` type($x)"
)]
pub struct Stubborn {
    x: Operand<AnyTensor>,
    late: UnitAttr,
}
impl<'c> Bufferize<'c> for Stubborn<'c> {
    fn reads(self, _: usize) -> bool {
        true
    }
    fn writes(self, _: usize) -> bool {
        false
    }
    fn aliases(self, _: usize) -> Vec<(usize, Relation)> {
        Vec::new()
    }
    fn bufferize(self, _: Rewriter<'c>, cx: &BufferizeCx<'c>) -> Result<(), String> {
        if self.late() {
            cx.replace(self.op(), &[]);
        }
        Err("stays a tensor op".into())
    }
}

/// All ops of this file.
pub fn ops() -> Vec<OpDef> {
    vec![
        Fill::def(),
        Tail::def(),
        Iota::def(),
        Head::def(),
        Stubborn::def(),
    ]
}
