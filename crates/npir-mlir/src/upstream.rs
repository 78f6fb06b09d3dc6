//! Builders for the upstream ops that lowerings create, as methods of the rewriter.

use crate::ir::{BlkExt, Op, OpExt, RegExt, Val, ValExt};
use crate::rewriter::{OpFold, Rewriter};
use crate::types::{CtxExt, DYNAMIC, TypeExt};
use melior::ir::{AffineMap, Attribute, Type};

/// Predicates of `arith.cmpi`, in MLIR's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CmpI {
    Eq,
    Ne,
    Slt,
    Sle,
    Sgt,
    Sge,
    Ult,
    Ule,
    Ugt,
    Uge,
}

/// Predicates of `arith.cmpf`, in MLIR's order: ordered ones are false on NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CmpF {
    False,
    Oeq,
    Ogt,
    Oge,
    Olt,
    Ole,
    One,
    Ord,
    Ueq,
    Ugt,
    Uge,
    Ult,
    Ule,
    Une,
    Uno,
    True,
}

/// Iterator kinds of a structured op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iter {
    /// Iterations are independent.
    Parallel,
    /// Iterations accumulate.
    Reduction,
}

/// The type of a comparison of values of type `ty`: `i1` in the same shape.
fn bool_like<'c>(ty: Type<'c>) -> Type<'c> {
    ty.with_element(ty.ctx().i(1))
}

macro_rules! binary_ops {
    ($($(#[$doc:meta])* $name:ident = $op:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(self, a: Val<'c>, b: Val<'c>) -> Val<'c> {
            self.op($op).operands(&[a, b]).results(&[a.ty()]).build_value()
        }
    )*};
}
macro_rules! cast_ops {
    ($($(#[$doc:meta])* $name:ident = $op:literal;)*) => {$(
        $(#[$doc])*
        pub fn $name(self, v: Val<'c>, to: Type<'c>) -> Val<'c> {
            self.op($op).operands(&[v]).results(&[to]).build_value()
        }
    )*};
}

/// `arith` and `math`. Operands may be scalars, vectors or tensors of one type.
impl<'c> Rewriter<'c> {
    /// `arith.constant`
    pub fn const_attr(self, value: Attribute<'c>) -> Val<'c> {
        use crate::types::AttrExt;
        self.op("arith.constant")
            .attr("value", value)
            .results(&[value.attr_type()])
            .build_value()
    }
    /// An `index` constant.
    pub fn const_index(self, v: i64) -> Val<'c> {
        self.const_attr(self.ctx().index_attr(v))
    }
    /// An integer or index constant; `v` as its bits.
    pub fn const_int(self, ty: Type<'c>, v: i64) -> Val<'c> {
        self.const_attr(self.ctx().int_attr(ty, v))
    }
    /// A float constant, rounded to the type.
    pub fn const_float(self, ty: Type<'c>, v: f64) -> Val<'c> {
        self.const_attr(self.ctx().float_attr(ty, v))
    }
    /// A constant of any int, float or index type.
    pub fn const_number(self, ty: Type<'c>, v: i64) -> Val<'c> {
        self.const_attr(self.ctx().number_attr(ty, v))
    }
    /// An `i1` constant.
    pub fn const_bool(self, v: bool) -> Val<'c> {
        self.const_attr(self.ctx().bool_attr(v))
    }
    binary_ops! {
        /// Wrapping addition.
        addi = "arith.addi";
        /// Wrapping subtraction.
        subi = "arith.subi";
        /// Wrapping multiplication.
        muli = "arith.muli";
        /// Signed division toward zero; undefined for zero and overflow.
        divsi = "arith.divsi";
        /// Unsigned division; undefined for zero.
        divui = "arith.divui";
        /// Signed remainder; undefined for zero and overflow.
        remsi = "arith.remsi";
        /// Unsigned remainder; undefined for zero.
        remui = "arith.remui";
        /// Signed division toward plus infinity.
        ceildivsi = "arith.ceildivsi";
        /// Signed division toward minus infinity.
        floordivsi = "arith.floordivsi";
        /// Bitwise and.
        andi = "arith.andi";
        /// Bitwise or.
        ori = "arith.ori";
        /// Bitwise exclusive or.
        xori = "arith.xori";
        /// Left shift; poison when the shift is at least the width.
        shli = "arith.shli";
        /// Arithmetic right shift; poison when the shift is at least the width.
        shrsi = "arith.shrsi";
        /// Logical right shift; poison when the shift is at least the width.
        shrui = "arith.shrui";
        /// Signed maximum.
        maxsi = "arith.maxsi";
        /// Signed minimum.
        minsi = "arith.minsi";
        /// Unsigned maximum.
        maxui = "arith.maxui";
        /// Unsigned minimum.
        minui = "arith.minui";
        /// Float addition.
        addf = "arith.addf";
        /// Float subtraction.
        subf = "arith.subf";
        /// Float multiplication.
        mulf = "arith.mulf";
        /// Float division.
        divf = "arith.divf";
        /// C's fmod.
        remf = "arith.remf";
        /// Maximum; NaN if either is.
        maximumf = "arith.maximumf";
        /// Minimum; NaN if either is.
        minimumf = "arith.minimumf";
        /// Maximum; the other if one is NaN.
        maxnumf = "arith.maxnumf";
        /// Minimum; the other if one is NaN.
        minnumf = "arith.minnumf";
    }
    cast_ops! {
        /// Sign extension.
        extsi = "arith.extsi";
        /// Zero extension.
        extui = "arith.extui";
        /// Truncation of integers.
        trunci = "arith.trunci";
        /// To a wider float.
        extf = "arith.extf";
        /// To a narrower float, rounded.
        truncf = "arith.truncf";
        /// Signed integer to float.
        sitofp = "arith.sitofp";
        /// Unsigned integer to float.
        uitofp = "arith.uitofp";
        /// Float to signed integer; poison out of range.
        fptosi = "arith.fptosi";
        /// Float to unsigned integer; poison out of range.
        fptoui = "arith.fptoui";
        /// The same bits in another type.
        bitcast = "arith.bitcast";
        /// Between index and signed integer.
        index_cast = "arith.index_cast";
        /// Between index and unsigned integer.
        index_castui = "arith.index_castui";
    }
    /// `a · b + c` of floats, rounded once where the machine does that: a product and a sum that code generation may
    /// contract.
    pub fn multiply_add(self, a: Val<'c>, b: Val<'c>, c: Val<'c>) -> Val<'c> {
        let product = self.mulf(a, b);
        let sum = self.addf(product, c);
        let contract = self.ctx().parse_attr("#arith.fastmath<contract>");
        for op in [product, sum].map(Val::defining_op).into_iter().flatten() {
            if let Some(contract) = contract {
                op.set_attr("fastmath", contract);
            }
        }
        sum
    }
    /// Float negation.
    pub fn negf(self, a: Val<'c>) -> Val<'c> {
        self.op("arith.negf")
            .operands(&[a])
            .results(&[a.ty()])
            .build_value()
    }
    /// `arith.cmpi`
    pub fn cmpi(self, predicate: CmpI, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.op("arith.cmpi")
            .operands(&[a, b])
            .results(&[bool_like(a.ty())])
            .attr("predicate", self.ctx().i64_attr(predicate as i64))
            .build_value()
    }
    /// `arith.cmpf`
    pub fn cmpf(self, predicate: CmpF, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.op("arith.cmpf")
            .operands(&[a, b])
            .results(&[bool_like(a.ty())])
            .attr("predicate", self.ctx().i64_attr(predicate as i64))
            .build_value()
    }
    /// `arith.select`
    pub fn select(self, condition: Val<'c>, a: Val<'c>, b: Val<'c>) -> Val<'c> {
        self.op("arith.select")
            .operands(&[condition, a, b])
            .results(&[a.ty()])
            .build_value()
    }
    /// `math.{name}` whose result has the first operand's type.
    pub fn math(self, name: &str, operands: &[Val<'c>]) -> Val<'c> {
        self.op(&format!("math.{name}"))
            .operands(operands)
            .results(&[operands[0].ty()])
            .build_value()
    }
    /// A static or SSA index as an SSA index.
    pub fn materialize(self, v: OpFold<'c>) -> Val<'c> {
        match v {
            OpFold::Static(v) => self.const_index(v),
            OpFold::Value(v) => v,
        }
    }
    /// `a + b` of indices, folded where both are static.
    pub fn fold_add(self, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
        match (a.as_static(), b.as_static()) {
            (Some(x), Some(y)) => OpFold::Static(x.wrapping_add(y)),
            (Some(0), _) => b,
            (_, Some(0)) => a,
            _ => OpFold::Value(self.addi(self.materialize(a), self.materialize(b))),
        }
    }
    /// `a * b` of indices, folded where both are static or one is 0 or 1.
    pub fn fold_mul(self, a: OpFold<'c>, b: OpFold<'c>) -> OpFold<'c> {
        match (a.as_static(), b.as_static()) {
            (Some(x), Some(y)) => OpFold::Static(x.wrapping_mul(y)),
            (Some(0), _) | (_, Some(0)) => OpFold::Static(0),
            (Some(1), _) => b,
            (_, Some(1)) => a,
            _ => OpFold::Value(self.muli(self.materialize(a), self.materialize(b))),
        }
    }
}

fn split_fold<'c>(list: &[OpFold<'c>]) -> (Vec<i64>, Vec<Val<'c>>) {
    let mut statics = Vec::new();
    let mut values = Vec::new();
    for f in list {
        match f.simplify() {
            OpFold::Static(v) => statics.push(v),
            OpFold::Value(v) => {
                statics.push(DYNAMIC);
                values.push(v);
            }
        }
    }
    (statics, values)
}

/// `tensor` and `linalg`.
impl<'c> Rewriter<'c> {
    /// Size of dimension `i`: a constant where static, else `tensor.dim`.
    pub fn tensor_dim(self, t: Val<'c>, i: usize) -> Val<'c> {
        let d = t.ty().dims()[i];
        if d != DYNAMIC {
            return self.const_index(d);
        }
        let i = self.const_index(i as i64);
        self.op("tensor.dim")
            .operands(&[t, i])
            .results(&[self.ctx().index()])
            .build_value()
    }
    /// Size of dimension `i`, static where known.
    pub fn dim_fold(self, t: Val<'c>, i: usize) -> OpFold<'c> {
        let d = t.ty().dims()[i];
        if d != DYNAMIC {
            return OpFold::Static(d);
        }
        OpFold::Value(if t.ty().is_memref() {
            self.memref_dim(t, i)
        } else {
            self.tensor_dim(t, i)
        })
    }
    /// `tensor.empty` of type `ty`, one size per dynamic dimension.
    pub fn tensor_empty(self, ty: Type<'c>, sizes: &[Val<'c>]) -> Val<'c> {
        self.op("tensor.empty")
            .operands(sizes)
            .results(&[ty])
            .build_value()
    }
    /// `tensor.empty` of these sizes.
    pub fn tensor_empty_of(self, sizes: &[OpFold<'c>], element: Type<'c>) -> Val<'c> {
        let (statics, values) = split_fold(sizes);
        self.tensor_empty(self.ctx().tensor(&statics, element), &values)
    }
    /// `tensor.extract`
    pub fn tensor_extract(self, t: Val<'c>, indices: &[Val<'c>]) -> Val<'c> {
        self.op("tensor.extract")
            .operands(&[t])
            .operands(indices)
            .results(&[t.ty().element()])
            .build_value()
    }
    /// `tensor.insert`
    pub fn tensor_insert(self, v: Val<'c>, t: Val<'c>, indices: &[Val<'c>]) -> Val<'c> {
        self.op("tensor.insert")
            .operands(&[v, t])
            .operands(indices)
            .results(&[t.ty()])
            .build_value()
    }
    /// `tensor.cast`; the value itself when the types are equal.
    pub fn tensor_cast(self, t: Val<'c>, to: Type<'c>) -> Val<'c> {
        if t.ty() == to {
            return t;
        }
        self.op("tensor.cast")
            .operands(&[t])
            .results(&[to])
            .build_value()
    }
    /// `tensor.from_elements` of type `ty`, row-major.
    pub fn tensor_from_elements(self, values: &[Val<'c>], ty: Type<'c>) -> Val<'c> {
        self.op("tensor.from_elements")
            .operands(values)
            .results(&[ty])
            .build_value()
    }
    /// `linalg.generic`. `body` receives one scalar per input and output and returns
    /// one value per output. Results have the outputs' types.
    pub fn linalg_generic(
        self,
        ins: &[Val<'c>],
        outs: &[Val<'c>],
        maps: &[AffineMap<'c>],
        iterators: &[Iter],
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Op<'c> {
        let ctx = self.ctx();
        let kinds: Vec<_> = iterators
            .iter()
            .map(|i| {
                let word = if *i == Iter::Parallel {
                    "parallel"
                } else {
                    "reduction"
                };
                ctx.parse_attr(&format!("#linalg.iterator_type<{word}>"))
                    .expect("linalg is loaded")
            })
            .collect();
        let maps: Vec<_> = maps.iter().map(|m| ctx.map_attr(*m)).collect();
        let scalars: Vec<_> = ins.iter().chain(outs).map(|v| v.ty().element()).collect();
        let results: Vec<_> = outs
            .iter()
            .map(|v| v.ty())
            .filter(|t| t.is_tensor())
            .collect();
        self.op("linalg.generic")
            .operands(ins)
            .operands(outs)
            .results(&results)
            .attr("indexing_maps", ctx.array_attr(&maps))
            .attr("iterator_types", ctx.array_attr(&kinds))
            .attr(
                "operandSegmentSizes",
                ctx.i32_array(&[ins.len() as i32, outs.len() as i32]),
            )
            .region_with(&scalars, |rw, args| {
                let values = body(rw, args);
                rw.op("linalg.yield").operands(&values).build();
            })
            .build()
    }
    /// `linalg.fill` of a tensor; the filled tensor.
    pub fn linalg_fill(self, scalar: Val<'c>, t: Val<'c>) -> Val<'c> {
        let ctx = self.ctx();
        self.op("linalg.fill")
            .operands(&[scalar, t])
            .results(&[t.ty()])
            .attr("operandSegmentSizes", ctx.i32_array(&[1, 1]))
            .region_with(&[scalar.ty(), t.ty().element()], |rw, args| {
                rw.op("linalg.yield").operands(&args[..1]).build();
            })
            .build_value()
    }
    /// `linalg.index`
    pub fn linalg_index(self, d: usize) -> Val<'c> {
        self.op("linalg.index")
            .attr("dim", self.ctx().i64_attr(d as i64))
            .results(&[self.ctx().index()])
            .build_value()
    }
}

/// `memref` and `vector`.
impl<'c> Rewriter<'c> {
    /// `memref.alloc`, one size per dynamic dimension.
    pub fn memref_alloc(self, ty: Type<'c>, sizes: &[Val<'c>]) -> Val<'c> {
        self.op("memref.alloc")
            .operands(sizes)
            .results(&[ty])
            .attr(
                "operandSegmentSizes",
                self.ctx().i32_array(&[sizes.len() as i32, 0]),
            )
            .build_value()
    }
    /// `memref.alloca`, one size per dynamic dimension.
    pub fn memref_alloca(self, ty: Type<'c>, sizes: &[Val<'c>]) -> Val<'c> {
        self.op("memref.alloca")
            .operands(sizes)
            .results(&[ty])
            .attr(
                "operandSegmentSizes",
                self.ctx().i32_array(&[sizes.len() as i32, 0]),
            )
            .build_value()
    }
    /// `memref.load`
    pub fn memref_load(self, m: Val<'c>, indices: &[Val<'c>]) -> Val<'c> {
        self.op("memref.load")
            .operands(&[m])
            .operands(indices)
            .results(&[m.ty().element()])
            .build_value()
    }
    /// `memref.store`
    pub fn memref_store(self, v: Val<'c>, m: Val<'c>, indices: &[Val<'c>]) {
        self.op("memref.store")
            .operands(&[v, m])
            .operands(indices)
            .build();
    }
    /// Size of dimension `i`: a constant where static, else `memref.dim`.
    pub fn memref_dim(self, m: Val<'c>, i: usize) -> Val<'c> {
        let d = m.ty().dims()[i];
        if d != DYNAMIC {
            return self.const_index(d);
        }
        let i = self.const_index(i as i64);
        self.op("memref.dim")
            .operands(&[m, i])
            .results(&[self.ctx().index()])
            .build_value()
    }
    /// `memref.cast`; the value itself when the types are equal.
    pub fn memref_cast(self, m: Val<'c>, to: Type<'c>) -> Val<'c> {
        if m.ty() == to {
            return m;
        }
        self.op("memref.cast")
            .operands(&[m])
            .results(&[to])
            .build_value()
    }
    /// `memref.copy`
    pub fn memref_copy(self, from: Val<'c>, to: Val<'c>) {
        self.op("memref.copy").operands(&[from, to]).build();
    }
    /// `memref.extract_strided_metadata`: base buffer, offset, sizes, strides.
    pub fn memref_metadata(self, m: Val<'c>) -> (Val<'c>, Val<'c>, Vec<Val<'c>>, Vec<Val<'c>>) {
        let ctx = self.ctx();
        let rank = m.ty().rank();
        let mut types = vec![ctx.memref(&[], m.ty().element()), ctx.index()];
        types.extend(std::iter::repeat_n(ctx.index(), 2 * rank));
        let op = self
            .op("memref.extract_strided_metadata")
            .operands(&[m])
            .results(&types)
            .build();
        let v = op.result_values();
        (v[0], v[1], v[2..2 + rank].to_vec(), v[2 + rank..].to_vec())
    }
    /// `memref.reinterpret_cast`; the result type follows from what is static.
    pub fn memref_reinterpret_cast(
        self,
        m: Val<'c>,
        offset: OpFold<'c>,
        sizes: &[OpFold<'c>],
        strides: &[OpFold<'c>],
    ) -> Val<'c> {
        let ctx = self.ctx();
        let (offsets, dynamic_offset) = split_fold(&[offset]);
        let (static_sizes, dynamic_sizes) = split_fold(sizes);
        let (static_strides, dynamic_strides) = split_fold(strides);
        let ty = ctx.memref_strided(&static_sizes, m.ty().element(), offsets[0], &static_strides);
        self.op("memref.reinterpret_cast")
            .operands(&[m])
            .operands(&dynamic_offset)
            .operands(&dynamic_sizes)
            .operands(&dynamic_strides)
            .results(&[ty])
            .attr("static_offsets", ctx.i64_array(&offsets))
            .attr("static_sizes", ctx.i64_array(&static_sizes))
            .attr("static_strides", ctx.i64_array(&static_strides))
            .attr(
                "operandSegmentSizes",
                ctx.i32_array(&[
                    1,
                    dynamic_offset.len() as i32,
                    dynamic_sizes.len() as i32,
                    dynamic_strides.len() as i32,
                ]),
            )
            .build_value()
    }
    /// `vector.load` at `indices`.
    pub fn vector_load(self, m: Val<'c>, indices: &[Val<'c>], ty: Type<'c>) -> Val<'c> {
        self.op("vector.load")
            .operands(&[m])
            .operands(indices)
            .results(&[ty])
            .build_value()
    }
    /// `vector.store` at `indices`.
    pub fn vector_store(self, v: Val<'c>, m: Val<'c>, indices: &[Val<'c>]) {
        self.op("vector.store")
            .operands(&[v, m])
            .operands(indices)
            .build();
    }
    /// `vector.broadcast`
    pub fn vector_broadcast(self, v: Val<'c>, ty: Type<'c>) -> Val<'c> {
        self.op("vector.broadcast")
            .operands(&[v])
            .results(&[ty])
            .build_value()
    }
    /// `vector.reduction <kind>`, kind one of MLIR's words (`add`, `mul`, `minsi`, ...).
    pub fn vector_reduction(self, kind: &str, v: Val<'c>) -> Val<'c> {
        let attr = self
            .ctx()
            .parse_attr(&format!("#vector.kind<{kind}>"))
            .expect("a vector combining kind");
        self.op("vector.reduction")
            .operands(&[v])
            .attr("kind", attr)
            .results(&[v.ty().element()])
            .build_value()
    }
    /// Lane `i` of a one-dimensional vector.
    pub fn vector_extract(self, v: Val<'c>, i: i64) -> Val<'c> {
        self.op("vector.extract")
            .operands(&[v])
            .attr("static_position", self.ctx().i64_array(&[i]))
            .results(&[v.ty().element()])
            .build_value()
    }
    /// `v` with lane `i` replaced.
    pub fn vector_insert(self, lane: Val<'c>, v: Val<'c>, i: i64) -> Val<'c> {
        self.op("vector.insert")
            .operands(&[lane, v])
            .attr("static_position", self.ctx().i64_array(&[i]))
            .results(&[v.ty()])
            .build_value()
    }
    /// `[0, 1, 2, ...]` as a vector of indices.
    pub fn vector_step(self, lanes: i64) -> Val<'c> {
        self.op("vector.step")
            .results(&[self.ctx().vector(&[lanes], self.ctx().index())])
            .build_value()
    }
    /// A vector from its lanes.
    pub fn vector_from_elements(self, lanes: &[Val<'c>]) -> Val<'c> {
        let ty = self.ctx().vector(&[lanes.len() as i64], lanes[0].ty());
        self.op("vector.from_elements")
            .operands(lanes)
            .results(&[ty])
            .build_value()
    }
    /// `vector.shuffle` of two one-dimensional vectors.
    pub fn vector_shuffle(self, a: Val<'c>, b: Val<'c>, mask: &[i64]) -> Val<'c> {
        let ty = self.ctx().vector(&[mask.len() as i64], a.ty().element());
        self.op("vector.shuffle")
            .operands(&[a, b])
            .attr("mask", self.ctx().i64_array(mask))
            .results(&[ty])
            .build_value()
    }
}

/// `scf`.
impl<'c> Rewriter<'c> {
    /// `scf.for`. `body` receives the induction variable and the carried values, and
    /// returns the next ones.
    pub fn scf_for(
        self,
        lower: Val<'c>,
        upper: Val<'c>,
        step: Val<'c>,
        inits: &[Val<'c>],
        body: impl FnOnce(Rewriter<'c>, Val<'c>, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let types: Vec<_> = inits.iter().map(|v| v.ty()).collect();
        let mut args = vec![lower.ty()];
        args.extend(&types);
        self.op("scf.for")
            .operands(&[lower, upper, step])
            .operands(inits)
            .results(&types)
            .region_with(&args, |rw, args| {
                let next = body(rw, args[0], &args[1..]);
                rw.op("scf.yield").operands(&next).build();
            })
            .build()
            .result_values()
    }
    /// `scf.if` with both branches.
    pub fn scf_if(
        self,
        condition: Val<'c>,
        results: &[Type<'c>],
        then: impl FnOnce(Rewriter<'c>) -> Vec<Val<'c>>,
        otherwise: impl FnOnce(Rewriter<'c>) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        self.op("scf.if")
            .operands(&[condition])
            .results(results)
            .region_with(&[], |rw, _| {
                let values = then(rw);
                rw.op("scf.yield").operands(&values).build();
            })
            .region_with(&[], |rw, _| {
                let values = otherwise(rw);
                rw.op("scf.yield").operands(&values).build();
            })
            .build()
            .result_values()
    }
    /// `scf.if` without results and without an else branch.
    pub fn scf_when(self, condition: Val<'c>, then: impl FnOnce(Rewriter<'c>)) {
        self.op("scf.if")
            .operands(&[condition])
            .region_with(&[], |rw, _| {
                then(rw);
                rw.op("scf.yield").build();
            })
            .regions(1)
            .build();
    }
    /// `scf.while`. `before` receives the carried values and returns the condition and
    /// what is handed on, of types `results`; `after` turns that into the next ones.
    pub fn scf_while(
        self,
        inits: &[Val<'c>],
        results: &[Type<'c>],
        before: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> (Val<'c>, Vec<Val<'c>>),
        after: impl FnOnce(Rewriter<'c>, &[Val<'c>]) -> Vec<Val<'c>>,
    ) -> Vec<Val<'c>> {
        let types: Vec<_> = inits.iter().map(|v| v.ty()).collect();
        self.op("scf.while")
            .operands(inits)
            .results(results)
            .region_with(&types, |rw, args| {
                let (condition, values) = before(rw, args);
                rw.op("scf.condition")
                    .operands(&[condition])
                    .operands(&values)
                    .build();
            })
            .region_with(results, |rw, args| {
                let values = after(rw, args);
                rw.op("scf.yield").operands(&values).build();
            })
            .build()
            .result_values()
    }
}

/// `func`.
impl<'c> Rewriter<'c> {
    /// A `func.func` with a body; `body` builds everything up to and including the return.
    pub fn func(
        self,
        name: &str,
        inputs: &[Type<'c>],
        results: &[Type<'c>],
        body: impl FnOnce(Rewriter<'c>, &[Val<'c>]),
    ) -> Op<'c> {
        let ctx = self.ctx();
        self.op("func.func")
            .attr("sym_name", ctx.str_attr(name))
            .attr(
                "function_type",
                ctx.type_attr(ctx.function(inputs, results)),
            )
            .region_with(inputs, body)
            .build()
    }
    /// `func.return`
    pub fn func_return(self, values: &[Val<'c>]) -> Op<'c> {
        self.op("func.return").operands(values).build()
    }
    /// `func.call`
    pub fn func_call(self, name: &str, operands: &[Val<'c>], results: &[Type<'c>]) -> Op<'c> {
        self.op("func.call")
            .attr("callee", self.ctx().symbol_attr(name))
            .operands(operands)
            .results(results)
            .build()
    }
}

/// Attribute `key` of argument `i` of a function (`func.func`'s `arg_attrs`).
pub fn arg_attr<'c>(func: Op<'c>, i: usize, key: &str) -> Option<Attribute<'c>> {
    use crate::types::AttrExt;
    func.attr("arg_attrs")?.as_array()?.get(i)?.dict_get(key)
}

/// Sets or (with `None`) removes attribute `key` of argument `i` of a function.
pub fn set_arg_attr<'c>(func: Op<'c>, i: usize, key: &str, value: Option<Attribute<'c>>) {
    use crate::types::AttrExt;
    let ctx = func.ctx();
    let n = func.region(0).entry().map_or(0, |b| b.args().len());
    let mut all = func
        .attr("arg_attrs")
        .and_then(|a| a.as_array())
        .unwrap_or_default();
    all.resize(n.max(i + 1), ctx.dict_attr(&[]));
    let mut entries = all[i].as_dict().unwrap_or_default();
    entries.retain(|(k, _)| *k != key);
    if let Some(value) = value {
        entries.push((key, value));
    }
    all[i] = ctx.dict_attr(&entries);
    func.set_attr("arg_attrs", ctx.array_attr(&all));
}
