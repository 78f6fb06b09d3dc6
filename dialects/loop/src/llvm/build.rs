//! Builders for the few ops of the LLVM dialect that the ABI needs, and the layout of memref descriptors.

use npir_mlir::prelude::*;

/// How much likelier the good path of a run-time check is, as `__builtin_expect` has it.
const LIKELY: i32 = 2000;

/// Ops of the LLVM dialect at the rewriter's insertion point.
pub(crate) trait LlvmBuild<'c>: Copy {
    /// An integer constant of an LLVM type.
    fn llvm_const(self, ty: Type<'c>, value: i64) -> Val<'c>;
    /// An `i64` constant.
    fn llvm_i64(self, value: i64) -> Val<'c>;
    /// An `i32` constant.
    fn llvm_i32(self, value: i64) -> Val<'c>;
    /// The null pointer.
    fn llvm_null(self) -> Val<'c>;
    /// A poison value.
    fn llvm_poison(self, ty: Type<'c>) -> Val<'c>;
    /// The address of a global or function.
    fn llvm_addressof(self, symbol: &str) -> Val<'c>;
    /// A call of a function by name.
    fn llvm_call(self, callee: &str, args: &[Val<'c>], results: &[Type<'c>]) -> Op<'c>;
    /// A binary op on two values of one type.
    fn llvm_binary(self, name: &str, a: Val<'c>, b: Val<'c>) -> Val<'c>;
    /// `llvm.icmp`.
    fn llvm_icmp(self, predicate: Icmp, a: Val<'c>, b: Val<'c>) -> Val<'c>;
    /// `llvm.select`.
    fn llvm_select(self, cond: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c>;
    /// The field at `path` of an aggregate.
    fn llvm_extract(self, aggregate: Val<'c>, path: &[i64], ty: Type<'c>) -> Val<'c>;
    /// The aggregate with the field at `path` replaced.
    fn llvm_insert(self, aggregate: Val<'c>, value: Val<'c>, path: &[i64]) -> Val<'c>;
    /// `bytes` bytes behind a pointer.
    fn llvm_offset(self, ptr: Val<'c>, bytes: u64) -> Val<'c>;
    /// The byte at a position that is known at run time.
    fn llvm_byte(self, ptr: Val<'c>, position: Val<'c>) -> Val<'c>;
    /// A load; `align` in bytes, 0 for that of the type.
    fn llvm_load(self, ptr: Val<'c>, ty: Type<'c>, align: u64) -> Val<'c>;
    /// A store; `align` in bytes, 0 for that of the type.
    fn llvm_store(self, value: Val<'c>, ptr: Val<'c>, align: u64);
    /// Stack memory for one value of a type, aligned to `align` bytes.
    fn llvm_stack(self, ty: Type<'c>, align: u64) -> Op<'c>;
    /// A branch.
    fn llvm_br(self, to: Blk<'c>, args: &[Val<'c>]);
    /// Leaves to `rare` with `args` when `cond` holds, which is not expected; goes on in `then` otherwise.
    fn llvm_br_unlikely(self, cond: Val<'c>, rare: Blk<'c>, args: &[Val<'c>], then: Blk<'c>);
    /// Goes on in `then` when `cond` holds, as expected; to `rare` otherwise.
    fn llvm_br_likely(self, cond: Val<'c>, then: Blk<'c>, rare: Blk<'c>);
    /// Reinterprets a value as the type that the conversion to LLVM gives it, or back.
    fn cast_for_llvm(self, value: Val<'c>, ty: Type<'c>) -> Val<'c>;
}

/// Predicates of `llvm.icmp` in use here.
#[derive(Clone, Copy)]
pub(crate) enum Icmp {
    Eq = 0,
    Ne = 1,
    Slt = 2,
    Sle = 3,
}

impl<'c> LlvmBuild<'c> for Rewriter<'c> {
    fn llvm_const(self, ty: Type<'c>, value: i64) -> Val<'c> {
        let value = self.ctx().int_attr(ty, value);
        self.op("llvm.mlir.constant")
            .attr("value", value)
            .results(&[ty])
            .build_value()
    }

    fn llvm_i64(self, value: i64) -> Val<'c> {
        self.llvm_const(self.ctx().i(64), value)
    }

    fn llvm_i32(self, value: i64) -> Val<'c> {
        self.llvm_const(self.ctx().i(32), value)
    }

    fn llvm_null(self) -> Val<'c> {
        let ptr = self.ctx().llvm_ptr();
        self.op("llvm.mlir.zero").results(&[ptr]).build_value()
    }

    fn llvm_poison(self, ty: Type<'c>) -> Val<'c> {
        self.op("llvm.mlir.poison").results(&[ty]).build_value()
    }

    fn llvm_addressof(self, symbol: &str) -> Val<'c> {
        let ctx = self.ctx();
        self.op("llvm.mlir.addressof")
            .attr("global_name", ctx.symbol_attr(symbol))
            .results(&[ctx.llvm_ptr()])
            .build_value()
    }

    fn llvm_call(self, callee: &str, args: &[Val<'c>], results: &[Type<'c>]) -> Op<'c> {
        let ctx = self.ctx();
        self.op("llvm.call")
            .operands(args)
            .results(results)
            .attr("callee", ctx.symbol_attr(callee))
            .attr(
                "operandSegmentSizes",
                ctx.i32_array(&[args.len() as i32, 0]),
            )
            .attr("op_bundle_sizes", ctx.i32_array(&[]))
            .build()
    }

    fn llvm_binary(self, name: &str, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.op(name)
            .operands(&[a, b])
            .results(&[a.ty()])
            .build_value()
    }

    fn llvm_icmp(self, predicate: Icmp, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        let ctx = self.ctx();
        self.op("llvm.icmp")
            .operands(&[a, b])
            .attr("predicate", ctx.i64_attr(predicate as i64))
            .results(&[ctx.i(1)])
            .build_value()
    }

    fn llvm_select(self, cond: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.op("llvm.select")
            .operands(&[cond, a, b])
            .results(&[a.ty()])
            .build_value()
    }

    fn llvm_extract(self, aggregate: Val<'c>, path: &[i64], ty: Type<'c>) -> Val<'c> {
        self.op("llvm.extractvalue")
            .operands(&[aggregate])
            .attr("position", self.ctx().i64_array(path))
            .results(&[ty])
            .build_value()
    }

    fn llvm_insert(self, aggregate: Val<'c>, value: Val<'c>, path: &[i64]) -> Val<'c> {
        self.op("llvm.insertvalue")
            .operands(&[aggregate, value])
            .attr("position", self.ctx().i64_array(path))
            .results(&[aggregate.ty()])
            .build_value()
    }

    fn llvm_offset(self, ptr: Val<'c>, bytes: u64) -> Val<'c> {
        if bytes == 0 {
            return ptr;
        }
        let ctx = self.ctx();
        self.op("llvm.getelementptr")
            .operands(&[ptr])
            .attr("elem_type", ctx.type_attr(ctx.i(8)))
            .attr("rawConstantIndices", ctx.i32_array(&[bytes as i32]))
            .results(&[ctx.llvm_ptr()])
            .build_value()
    }

    fn llvm_byte(self, ptr: Val<'c>, position: Val<'c>) -> Val<'c> {
        let ctx = self.ctx();
        self.op("llvm.getelementptr")
            .operands(&[ptr, position])
            .attr("elem_type", ctx.type_attr(ctx.i(8)))
            .attr("rawConstantIndices", ctx.i32_array(&[i32::MIN]))
            .results(&[ctx.llvm_ptr()])
            .build_value()
    }

    fn llvm_load(self, ptr: Val<'c>, ty: Type<'c>, align: u64) -> Val<'c> {
        let op = self.op("llvm.load").operands(&[ptr]).results(&[ty]);
        let op = match align {
            0 => op,
            _ => op.attr("alignment", self.ctx().i64_attr(align as i64)),
        };
        op.build_value()
    }

    fn llvm_store(self, value: Val<'c>, ptr: Val<'c>, align: u64) {
        let op = self.op("llvm.store").operands(&[value, ptr]);
        let op = match align {
            0 => op,
            _ => op.attr("alignment", self.ctx().i64_attr(align as i64)),
        };
        op.build();
    }

    fn llvm_stack(self, ty: Type<'c>, align: u64) -> Op<'c> {
        let ctx = self.ctx();
        let one = self.llvm_i64(1);
        self.op("llvm.alloca")
            .operands(&[one])
            .attr("elem_type", ctx.type_attr(ty))
            .attr("alignment", ctx.i64_attr(align as i64))
            .results(&[ctx.llvm_ptr()])
            .build()
    }

    fn llvm_br(self, to: Blk<'c>, args: &[Val<'c>]) {
        self.op("llvm.br").operands(args).successors(&[to]).build();
    }

    fn llvm_br_unlikely(self, cond: Val<'c>, rare: Blk<'c>, args: &[Val<'c>], then: Blk<'c>) {
        let ctx = self.ctx();
        let operands: Vec<_> = std::iter::once(cond).chain(args.iter().copied()).collect();
        self.op("llvm.cond_br")
            .operands(&operands)
            .successors(&[rare, then])
            .attr(
                "operandSegmentSizes",
                ctx.i32_array(&[1, args.len() as i32, 0]),
            )
            .attr("branch_weights", ctx.i32_array(&[1, LIKELY]))
            .build();
    }

    fn llvm_br_likely(self, cond: Val<'c>, then: Blk<'c>, rare: Blk<'c>) {
        let ctx = self.ctx();
        self.op("llvm.cond_br")
            .operands(&[cond])
            .successors(&[then, rare])
            .attr("operandSegmentSizes", ctx.i32_array(&[1, 0, 0]))
            .attr("branch_weights", ctx.i32_array(&[LIKELY, 1]))
            .build();
    }

    fn cast_for_llvm(self, value: Val<'c>, ty: Type<'c>) -> Val<'c> {
        self.op("builtin.unrealized_conversion_cast")
            .operands(&[value])
            .results(&[ty])
            .build_value()
    }
}

/// The descriptor of a memref in the LLVM dialect: `{allocated, aligned, offset, sizes[rank], strides[rank]}`.
pub(crate) fn descriptor_type<'c>(ctx: &'c Context, rank: usize) -> Type<'c> {
    let (ptr, i64) = (ctx.llvm_ptr(), ctx.i(64));
    let mut fields = vec![ptr, ptr, i64];
    if rank > 0 {
        fields.extend([ctx.llvm_array(rank, i64); 2]);
    }
    ctx.llvm_struct(&fields)
}

/// Positions of a descriptor's fields.
pub(crate) mod field {
    /// The pointer whose header holds the reference count; null for borrowed memory.
    pub(crate) const ALLOCATED: i64 = 0;
    /// The pointer that offsets count from.
    pub(crate) const ALIGNED: i64 = 1;
    /// The offset of the first element, in elements.
    pub(crate) const OFFSET: i64 = 2;
    /// Extents.
    pub(crate) const SIZES: i64 = 3;
    /// Strides, in elements.
    pub(crate) const STRIDES: i64 = 4;
}

/// Who sees a symbol.
#[derive(Clone, Copy)]
pub(crate) enum Linkage {
    /// Everybody, or defined elsewhere.
    External,
    /// This module only.
    Internal,
}

/// The attribute that says who sees a symbol.
pub(crate) fn linkage(ctx: &Context, linkage: Linkage) -> Attribute<'_> {
    literal(
        ctx,
        match linkage {
            Linkage::External => "#llvm.linkage<external>",
            Linkage::Internal => "#llvm.linkage<internal>",
        },
    )
}

/// An attribute of the LLVM dialect by its spelling, which is one of this crate's constants.
pub(crate) fn literal<'c>(ctx: &'c Context, text: &str) -> Attribute<'c> {
    ctx.parse_attr(text)
        .unwrap_or_else(|| panic!("`{text}` is not an attribute: is the llvm dialect loaded?"))
}

/// A declaration `symbol(args) -> result` of a C function, at the insertion point; it never unwinds.
pub(crate) fn declare<'c>(
    rw: Rewriter<'c>,
    symbol: &str,
    args: &[Type<'c>],
    result: Option<Type<'c>>,
) -> Op<'c> {
    let ctx = rw.ctx();
    let ty = ctx.llvm_function(result.unwrap_or_else(|| ctx.llvm_void()), args);
    rw.op("llvm.func")
        .attr("sym_name", ctx.str_attr(symbol))
        .attr("function_type", ctx.type_attr(ty))
        .attr("linkage", linkage(ctx, Linkage::External))
        .attr("no_unwind", ctx.unit_attr())
        .regions(1)
        .build()
}
