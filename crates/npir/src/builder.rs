//! Build programs from Rust, without text.
//!
//! ```no_run
//! use npir::prelude::*;
//!
//! let compiler = Compiler::new(Registry::standard());
//! let context = compiler.context();
//! let program = ProgramBuilder::new(&context);
//! program.function("distance", &[("x", DType::F64, &[None]), ("y", DType::F64, &[None])], |f, args| {
//!     let d = f.subtract(args[0], args[1])?;
//!     let squares = f.multiply(d, d)?;
//!     let sum = f.sum(squares, None, false)?;
//!     Ok(vec![f.sqrt(sum)?])
//! })?;
//! let exe = compiler.compile(&program.finish()?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every method checks dtypes and shapes as the op's verifier does, so that an error is
//! reported at the Rust line that makes it (or at the place given with [`Func::at`]).

use crate::error::CompileError;
use npir_mlir::melior::Context;
use npir_mlir::melior::ir::{Location, Module, operation::OperationLike};
use npir_mlir::prelude::*;
use npir_numpy::elementwise;
use npir_numpy::require::Require;
use npir_runtime::{DType, Scalar};
use std::cell::Cell;

pub use npir_numpy::indexing::{Bound, Item as Index, Items};
pub use npir_numpy::require::CheckKind;

/// An array value of a program under construction.
#[derive(Clone, Copy)]
pub struct Tensor<'c>(Val<'c>);

impl<'c> Tensor<'c> {
    /// The SSA value.
    pub fn value(self) -> Val<'c> {
        self.0
    }
    /// A tensor value that was built with a [`Rewriter`].
    pub fn from_value(value: Val<'c>) -> Self {
        Tensor(value)
    }
    /// Number of dimensions.
    pub fn rank(self) -> usize {
        self.0.ty().rank()
    }
    /// Extents, `None` where dynamic.
    pub fn shape(self) -> Vec<Option<usize>> {
        self.0
            .ty()
            .dims()
            .into_iter()
            .map(|d| usize::try_from(d).ok())
            .collect()
    }
}

/// The MLIR element type of a dtype.
pub fn element_type<'c>(ctx: &'c Context, dtype: DType) -> Type<'c> {
    match dtype {
        DType::Bool => ctx.i(1),
        DType::I8 => ctx.i(8),
        DType::I16 => ctx.i(16),
        DType::I32 => ctx.i(32),
        DType::I64 => ctx.i(64),
        DType::U8 => ctx.ui(8),
        DType::U16 => ctx.ui(16),
        DType::U32 => ctx.ui(32),
        DType::U64 => ctx.ui(64),
        DType::F16 => ctx.f16(),
        DType::BF16 => ctx.bf16(),
        DType::F32 => ctx.f32(),
        DType::F64 => ctx.f64(),
        DType::C64 => ctx.complex(ctx.f32()),
        DType::C128 => ctx.complex(ctx.f64()),
    }
}

/// The tensor type of a dtype and extents, `None` for dynamic.
pub fn tensor_type<'c>(ctx: &'c Context, dtype: DType, shape: &[Option<usize>]) -> Type<'c> {
    let dims: Vec<_> = shape
        .iter()
        .map(|d| d.map_or(DYNAMIC, |n| n as i64))
        .collect();
    ctx.tensor(&dims, element_type(ctx, dtype))
}

/// A parameter: name, dtype, extents (`None` for dynamic).
pub type Param<'a> = (&'a str, DType, &'a [Option<usize>]);

/// A program under construction.
pub struct ProgramBuilder<'c> {
    ctx: &'c Context,
    module: Module<'c>,
    at: Cell<Option<Location<'c>>>,
}

impl<'c> ProgramBuilder<'c> {
    /// An empty program in a context of [`crate::Compiler::context`].
    pub fn new(ctx: &'c Context) -> Self {
        ProgramBuilder {
            ctx,
            module: Module::new(Location::unknown(ctx)),
            at: Cell::new(None),
        }
    }

    /// Functions that follow are from this place of the user's source, not from the Rust line. Line and column count
    /// from 1.
    pub fn at(&self, file: &str, line: usize, column: usize) {
        self.at
            .set(Some(Location::new(self.ctx, file, line, column)));
    }

    /// Adds a public function. `body` receives its arguments and returns its results.
    ///
    /// # Errors
    /// What `body` returns.
    pub fn function(
        &self,
        name: &str,
        params: &[Param<'_>],
        body: impl FnOnce(&Func<'c>, &[Tensor<'c>]) -> Result<Vec<Tensor<'c>>, CompileError>,
    ) -> Result<(), CompileError> {
        self.function_with_updates(name, params, &[], body)
    }

    /// Like [`ProgramBuilder::function`]; each `(argument, result)` of `updates` says that
    /// the result's value is to be written into the argument's own memory.
    ///
    /// # Errors
    /// What `body` returns.
    #[track_caller]
    pub fn function_with_updates(
        &self,
        name: &str,
        params: &[Param<'_>],
        updates: &[(usize, usize)],
        body: impl FnOnce(&Func<'c>, &[Tensor<'c>]) -> Result<Vec<Tensor<'c>>, CompileError>,
    ) -> Result<(), CompileError> {
        let types: Vec<_> = params
            .iter()
            .map(|(_, d, s)| tensor_type(self.ctx, *d, s))
            .collect();
        let owned = OwnedRewriter::new(self.ctx);
        let here = self.at.get().unwrap_or_else(|| caller(self.ctx));
        let rw = owned.get().at(here);
        // SAFETY: the module lives as long as the builder, and melior's block handle is only read.
        let block: Blk<'c> = unsafe {
            npir_mlir::melior::ir::BlockRef::from_raw(npir_mlir::melior::ir::BlockLike::to_raw(
                &self.module.body(),
            ))
        };
        rw.at_end(block);
        let mut outcome = Ok(());
        let op = rw.func(name, &types, &[], |rw, args| {
            let func = Func {
                rw,
                at: Cell::new(None),
            };
            let tensors: Vec<_> = args.iter().map(|v| Tensor(*v)).collect();
            match body(&func, &tensors) {
                Ok(results) => {
                    let values: Vec<_> = results.iter().map(|t| t.0).collect();
                    rw.func_return(&values);
                }
                Err(e) => {
                    outcome = Err(e);
                    rw.func_return(&[]);
                }
            }
        });
        if let Err(e) = outcome {
            rw.erase(op);
            return Err(e);
        }
        let entry = op.region(0).entry().and_then(|b| b.terminator_op());
        let results = entry.map(|t| t.operand_types()).unwrap_or_default();
        op.set_attr(
            "function_type",
            self.ctx.type_attr(self.ctx.function(&types, &results)),
        );
        for (i, (param, ..)) in params.iter().enumerate() {
            npir_mlir::upstream::set_arg_attr(op, i, "numpy.name", Some(self.ctx.str_attr(param)));
        }
        for (arg, result) in updates {
            let result = self.ctx.i64_attr(*result as i64);
            npir_mlir::upstream::set_arg_attr(op, *arg, "numpy.updates", Some(result));
        }
        Ok(())
    }

    /// The module, verified.
    ///
    /// # Errors
    /// [`CompileError::Diagnostics`] when it is invalid.
    pub fn finish(self) -> Result<Module<'c>, CompileError> {
        let (ok, diagnostics) =
            collect_diagnostics(self.ctx, || self.module.as_operation().verify());
        if ok {
            Ok(self.module)
        } else {
            Err(CompileError::Diagnostics(diagnostics))
        }
    }
}

/// The caller's place in its Rust source.
#[track_caller]
fn caller(ctx: &Context) -> Location<'_> {
    let at = std::panic::Location::caller();
    Location::new(ctx, at.file(), at.line() as usize, at.column() as usize)
}

/// A function under construction. The methods are named after NumPy's functions.
pub struct Func<'c> {
    rw: Rewriter<'c>,
    at: Cell<Option<Location<'c>>>,
}

/// Result of a builder method.
pub type Built<'c> = Result<Tensor<'c>, CompileError>;

macro_rules! unary {
    ($($name:ident: $view:ident),* $(,)?) => {$(
        #[doc = concat!("NumPy's `", stringify!($name), "`, element by element.")]
        ///
        /// # Errors
        /// A dtype that the function does not take.
        #[track_caller]
        pub fn $name(&self, x: Tensor<'c>) -> Built<'c> {
            self.op(|rw| elementwise::$view::build_inferred(rw, x.0))
        }
    )*};
}
macro_rules! binary {
    ($($name:ident: $view:ident),* $(,)?) => {$(
        #[doc = concat!("NumPy's `", stringify!($name), "`, element by element, with broadcasting.")]
        ///
        /// # Errors
        /// Dtypes that differ or that the function does not take; shapes that do not broadcast.
        #[track_caller]
        pub fn $name(&self, a: Tensor<'c>, b: Tensor<'c>) -> Built<'c> {
            self.op(|rw| elementwise::$view::build_inferred(rw, a.0, b.0))
        }
    )*};
}
macro_rules! reduction {
    ($($name:ident)*) => {$(
        #[doc = concat!("NumPy's `", stringify!($name), "` over `axes` (`None`: all).")]
        ///
        /// # Errors
        /// An axis out of range or given twice; a dtype that the reduction does not take.
        #[track_caller]
        pub fn $name(&self, x: Tensor<'c>, axes: Option<&[i64]>, keepdims: bool) -> Built<'c> {
            self.reduction(concat!("numpy.", stringify!($name)), x, axes, keepdims)
        }
    )*};
}

impl<'c> Func<'c> {
    /// The rewriter behind it, for ops that have no method here.
    pub fn rewriter(&self) -> Rewriter<'c> {
        self.rw
    }
    /// The same function at the same insertion point, for builders that keep one.
    pub fn nested_here(&self) -> Func<'c> {
        self.nested(self.rw)
    }
    /// Errors of what follows are reported at this place of the user's source, not at the
    /// Rust line. Line and column count from 1.
    pub fn at(&self, file: &str, line: usize, column: usize) {
        self.at
            .set(Some(Location::new(self.rw.ctx(), file, line, column)));
    }

    #[track_caller]
    fn location(&self) -> Location<'c> {
        match self.at.get() {
            Some(at) => at,
            None => caller(self.rw.ctx()),
        }
    }

    /// The op that `build` makes, verified.
    #[track_caller]
    fn verified(
        &self,
        build: impl FnOnce(Rewriter<'c>) -> Option<Op<'c>>,
    ) -> Result<Op<'c>, CompileError> {
        let rw = self.rw.at(self.location());
        let (op, diagnostics) =
            collect_diagnostics(rw.ctx(), || build(rw).filter(|op| op.verify_ok()));
        op.ok_or(CompileError::Diagnostics(diagnostics))
    }
    /// The result of an op that has no method here, built by its typed view:
    /// `f.op(|rw| Heaviside::build_inferred(rw, x.value(), y.value()))`.
    ///
    /// # Errors
    /// What the op's type inference and verifier report.
    #[track_caller]
    pub fn op<V: OpView<'c>>(
        &self,
        build: impl FnOnce(Rewriter<'c>) -> Result<V, String>,
    ) -> Built<'c> {
        // Why a type cannot be inferred is among the diagnostics.
        self.verified(|rw| build(rw).ok().map(V::op))
            .map(|op| Tensor(op.result_value(0)))
    }
    /// Builds a `numpy` op with inferred result types and verifies it.
    #[track_caller]
    fn build_op(
        &self,
        name: &str,
        operands: &[Val<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Result<Op<'c>, CompileError> {
        self.verified(|rw| {
            let mut op = rw.op(name).operands(operands).infer();
            for (name, value) in attrs {
                op = op.attr(name, *value);
            }
            op.try_build()
        })
    }
    /// The result of an op by its name, such as `numpy.cumsum`, for languages that have a table of
    /// names. Its result type is inferred.
    ///
    /// # Errors
    /// An op that is not registered; what its type inference and verifier report.
    #[track_caller]
    pub fn named(
        &self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Built<'c> {
        let operands: Vec<_> = operands.iter().map(|t| t.0).collect();
        self.build(name, &operands, attrs)
    }
    /// As [`Func::named`], of an op with any number of results.
    ///
    /// # Errors
    /// As [`Func::named`].
    #[track_caller]
    pub fn named_all(
        &self,
        name: &str,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Result<Vec<Tensor<'c>>, CompileError> {
        let operands: Vec<_> = operands.iter().map(|t| t.0).collect();
        self.build_op(name, &operands, attrs)
            .map(|op| op.result_values().into_iter().map(Tensor).collect())
    }
    /// As [`Func::named`], for ops of a dtype that is not inferred from operands: `numpy.eye`.
    ///
    /// # Errors
    /// As [`Func::named`].
    #[track_caller]
    pub fn named_as(
        &self,
        name: &str,
        result: Type<'c>,
        operands: &[Tensor<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Built<'c> {
        let operands: Vec<_> = operands.iter().map(|t| t.0).collect();
        let build = |rw: Rewriter<'c>| {
            let mut op = rw.op(name).operands(&operands).results(&[result]);
            for (name, value) in attrs {
                op = op.attr(name, *value);
            }
            op.try_build()
        };
        self.verified(build).map(|op| Tensor(op.result_value(0)))
    }
    #[track_caller]
    fn build(
        &self,
        name: &str,
        operands: &[Val<'c>],
        attrs: &[(&str, Attribute<'c>)],
    ) -> Built<'c> {
        self.build_op(name, operands, attrs)
            .map(|op| Tensor(op.result_value(0)))
    }

    unary! {
        negative: Negative, positive: Positive, absolute: Absolute, sign: Sign, square: Square,
        sqrt: Sqrt, cbrt: Cbrt, reciprocal: Reciprocal, exp: Exp, exp2: Exp2, expm1: Expm1,
        log: Log, log2: Log2, log10: Log10, log1p: Log1p, sin: Sin, cos: Cos, tan: Tan,
        arcsin: Arcsin, arccos: Arccos, arctan: Arctan, sinh: Sinh, cosh: Cosh, tanh: Tanh,
        arcsinh: Arcsinh, arccosh: Arccosh, arctanh: Arctanh, floor: Floor, ceil: Ceil,
        trunc: Trunc, rint: Rint, logical_not: LogicalNot, invert: Invert, isnan: Isnan,
        isinf: Isinf, isfinite: Isfinite, signbit: Signbit, degrees: Degrees, radians: Radians,
    }
    binary! {
        add: Add, subtract: Subtract, multiply: Multiply, divide: Divide, floor_divide: FloorDivide,
        remainder: Remainder, fmod: Fmod, power: Power, arctan2: Arctan2, hypot: Hypot,
        copysign: Copysign, maximum: Maximum, minimum: Minimum, fmax: Fmax, fmin: Fmin,
        equal: Equal, not_equal: NotEqual, less: Less, less_equal: LessEqual, greater: Greater,
        greater_equal: GreaterEqual, logical_and: LogicalAnd, logical_or: LogicalOr,
        logical_xor: LogicalXor, bitwise_and: BitwiseAnd, bitwise_or: BitwiseOr,
        bitwise_xor: BitwiseXor, left_shift: LeftShift, right_shift: RightShift,
    }
    reduction! { sum prod min max any all count_nonzero mean nansum nanprod nanmin nanmax nanmean }

    #[track_caller]
    fn reduction(
        &self,
        name: &str,
        x: Tensor<'c>,
        axes: Option<&[i64]>,
        keepdims: bool,
    ) -> Built<'c> {
        let ctx = self.rw.ctx();
        let segments = ctx.i32_array(&npir_numpy::reduce::PLAIN_OPERANDS);
        let mut attrs = vec![("operandSegmentSizes", segments)];
        if let Some(axes) = axes {
            attrs.push(("axes", ctx.i64_array(axes)));
        }
        if keepdims {
            attrs.push(("keepdims", ctx.unit_attr()));
        }
        self.build(name, &[x.0], &attrs)
    }
    #[track_caller]
    fn arg_reduction(&self, name: &str, x: Tensor<'c>, axis: Option<i64>) -> Built<'c> {
        let ctx = self.rw.ctx();
        let attrs: Vec<_> = axis.iter().map(|a| ("axis", ctx.i64_attr(*a))).collect();
        self.build(name, &[x.0], &attrs)
    }
    /// NumPy's `argmin` along `axis`, or in the flattened array.
    ///
    /// # Errors
    /// An axis out of range; an axis of static size 0.
    #[track_caller]
    pub fn argmin(&self, x: Tensor<'c>, axis: Option<i64>) -> Built<'c> {
        self.arg_reduction("numpy.argmin", x, axis)
    }
    /// NumPy's `argmax` along `axis`, or in the flattened array.
    ///
    /// # Errors
    /// As [`Func::argmin`].
    #[track_caller]
    pub fn argmax(&self, x: Tensor<'c>, axis: Option<i64>) -> Built<'c> {
        self.arg_reduction("numpy.argmax", x, axis)
    }
    /// NumPy's `where`: `a` where `condition` (bool) holds, else `b`.
    ///
    /// # Errors
    /// A condition that is not bool; dtypes that differ; shapes that do not broadcast.
    #[track_caller]
    pub fn where_(&self, condition: Tensor<'c>, a: Tensor<'c>, b: Tensor<'c>) -> Built<'c> {
        self.op(|rw| elementwise::Where::build_inferred(rw, condition.0, a.0, b.0))
    }
    /// NumPy's `clip`.
    ///
    /// # Errors
    /// Dtypes that differ; shapes that do not broadcast.
    #[track_caller]
    pub fn clip(&self, x: Tensor<'c>, low: Tensor<'c>, high: Tensor<'c>) -> Built<'c> {
        self.op(|rw| elementwise::Clip::build_inferred(rw, x.0, low.0, high.0))
    }
    /// NumPy's `astype`.
    ///
    /// # Errors
    /// A cast that NumPy does not have.
    #[track_caller]
    pub fn cast(&self, x: Tensor<'c>, dtype: DType) -> Built<'c> {
        let ctx = self.rw.ctx();
        let ty = ctx.tensor(&x.0.ty().dims(), element_type(ctx, dtype));
        let cast = |rw: Rewriter<'c>| {
            rw.op("numpy.cast")
                .operands(&[x.0])
                .results(&[ty])
                .try_build()
        };
        self.verified(cast).map(|op| Tensor(op.result_value(0)))
    }
    /// A 0-d constant.
    ///
    /// # Errors
    /// A complex dtype.
    #[track_caller]
    pub fn constant(&self, value: Scalar) -> Built<'c> {
        self.constant_array(value.dtype(), &[], value.bytes())
    }
    /// A constant array from its elements' bytes, row-major.
    ///
    /// # Errors
    /// A number of bytes that does not fit the shape.
    #[track_caller]
    pub fn constant_array(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Built<'c> {
        let ctx = self.rw.ctx();
        let shape: Vec<_> = shape.iter().map(|n| Some(*n)).collect();
        let ty = tensor_type(ctx, dtype, &shape);
        let value = ctx
            .dense_bytes(ty, bytes)
            .ok_or_else(|| CompileError::Other(format!("{} bytes do not fit {ty}", bytes.len())))?;
        self.build("numpy.constant", &[], &[("value", value)])
    }
    /// An array of `shape` whose elements all are the 0-d array `value`.
    ///
    /// # Errors
    /// A value that is not 0-d; a size that is negative.
    #[track_caller]
    pub fn full(&self, value: Tensor<'c>, shape: &[OpFold<'c>]) -> Built<'c> {
        self.with_shape("numpy.full", &[value.0], shape)
    }
    /// NumPy's `reshape`; one size may be -1.
    ///
    /// # Errors
    /// A static size that does not fit.
    #[track_caller]
    pub fn reshape(&self, x: Tensor<'c>, shape: &[OpFold<'c>]) -> Built<'c> {
        self.with_shape("numpy.reshape", &[x.0], shape)
    }
    /// NumPy's `broadcast_to`.
    ///
    /// # Errors
    /// A shape that the array does not broadcast to.
    #[track_caller]
    pub fn broadcast_to(&self, x: Tensor<'c>, shape: &[OpFold<'c>]) -> Built<'c> {
        self.with_shape("numpy.broadcast_to", &[x.0], shape)
    }
    #[track_caller]
    fn with_shape(&self, name: &str, operands: &[Val<'c>], shape: &[OpFold<'c>]) -> Built<'c> {
        let mut operands = operands.to_vec();
        let mut statics = Vec::new();
        for size in shape {
            match size {
                OpFold::Static(n) => statics.push(*n),
                OpFold::Value(v) => {
                    statics.push(DYNAMIC);
                    operands.push(*v);
                }
            }
        }
        self.build(
            name,
            &operands,
            &[("shape", self.rw.ctx().i64_array(&statics))],
        )
    }
    /// NumPy's `transpose`; without `axes` the order is reversed.
    ///
    /// # Errors
    /// Axes that are no permutation.
    #[track_caller]
    pub fn transpose(&self, x: Tensor<'c>, axes: Option<&[i64]>) -> Built<'c> {
        let attrs: Vec<_> = axes
            .iter()
            .map(|a| ("axes", self.rw.ctx().i64_array(a)))
            .collect();
        self.build("numpy.transpose", &[x.0], &attrs)
    }
    /// NumPy's basic indexing with static bounds: `x[1:, ::-1, None]`.
    ///
    /// # Errors
    /// Too many items; a static position out of bounds; a step of 0.
    #[track_caller]
    pub fn slice(&self, x: Tensor<'c>, items: &[Index]) -> Built<'c> {
        let items = self.items(items)?;
        self.build("numpy.slice", &[x.0], &[("items", items)])
    }
    /// `x` with `x[items] = value`.
    ///
    /// # Errors
    /// As [`Func::slice`]; a value that does not broadcast to the part.
    #[track_caller]
    pub fn set_slice(&self, x: Tensor<'c>, value: Tensor<'c>, items: &[Index]) -> Built<'c> {
        let items = self.items(items)?;
        self.build("numpy.set_slice", &[x.0, value.0], &[("items", items)])
    }
    fn items(&self, items: &[Index]) -> Result<Attribute<'c>, CompileError> {
        if items
            .iter()
            .flat_map(Index::bounds)
            .any(|b| b == Bound::Operand)
        {
            return Err(CompileError::Other(
                "bounds that are values need the op's own builder".into(),
            ));
        }
        Ok(<npir_numpy::indexing::Items as AttrCodec>::encode(
            self.rw.ctx(),
            &items.to_vec(),
        ))
    }
    /// NumPy's `matmul`.
    ///
    /// # Errors
    /// Dtypes that differ; a 0-d operand; inner sizes that differ.
    #[track_caller]
    pub fn matmul(&self, a: Tensor<'c>, b: Tensor<'c>) -> Built<'c> {
        self.build("numpy.matmul", &[a.0, b.0], &[])
    }
    /// NumPy's `take` along `axis`, or in the flattened array.
    ///
    /// # Errors
    /// Indices that are not integers; an axis out of range.
    #[track_caller]
    pub fn take(&self, x: Tensor<'c>, indices: Tensor<'c>, axis: Option<i64>) -> Built<'c> {
        let attrs: Vec<_> = axis
            .iter()
            .map(|a| ("axis", self.rw.ctx().i64_attr(*a)))
            .collect();
        self.build("numpy.take", &[x.0, indices.0], &attrs)
    }
    /// `dest` after NumPy's `np.add.at(dest, indices, values)`.
    ///
    /// # Errors
    /// Indices that are not integers or too many; values that do not broadcast.
    #[track_caller]
    pub fn add_at(
        &self,
        dest: Tensor<'c>,
        indices: &[Tensor<'c>],
        values: Tensor<'c>,
    ) -> Built<'c> {
        let mut operands = vec![dest.0];
        operands.extend(indices.iter().map(|t| t.0));
        operands.push(values.0);
        self.build("numpy.add_at", &operands, &[])
    }
    /// One size of an array, as an `index` value.
    ///
    /// # Errors
    /// An axis out of range.
    #[track_caller]
    pub fn dim(&self, x: Tensor<'c>, axis: i64) -> Result<Val<'c>, CompileError> {
        let op = self.build_op(
            "numpy.dim",
            &[x.0],
            &[("axis", self.rw.ctx().i64_attr(axis))],
        )?;
        Ok(op.result_value(0))
    }
    /// The only element of an array, as a scalar value.
    ///
    /// # Errors
    /// An array of another static size than 1.
    #[track_caller]
    pub fn item(&self, x: Tensor<'c>) -> Result<Val<'c>, CompileError> {
        Ok(self.build_op("numpy.item", &[x.0], &[])?.result_value(0))
    }

    /// Raises an error of `kind` at run time unless a 0-d bool holds.
    ///
    /// # Errors
    /// An array that is not 0-d or not of bools.
    #[track_caller]
    pub fn require(
        &self,
        holds: Tensor<'c>,
        kind: CheckKind,
        message: &str,
    ) -> Result<(), CompileError> {
        self.verified(|rw| Some(Require::build(rw, holds.0, kind, message.to_owned()).op()))
            .map(|_| ())
    }

    /// `while condition(values): values = body(values)`. The condition is an array of one
    /// bool; the types of the values stay the same.
    ///
    /// # Errors
    /// What the closures return; values whose types change.
    #[track_caller]
    pub fn while_loop(
        &self,
        inits: &[Tensor<'c>],
        condition: impl FnOnce(&Func<'c>, &[Tensor<'c>]) -> Built<'c>,
        body: impl FnOnce(&Func<'c>, &[Tensor<'c>]) -> Result<Vec<Tensor<'c>>, CompileError>,
    ) -> Result<Vec<Tensor<'c>>, CompileError> {
        let values: Vec<_> = inits.iter().map(|t| t.0).collect();
        let types: Vec<_> = values.iter().map(|v| v.ty()).collect();
        let failure = Cell::new(None);
        let rw = self.rw.at(self.location());
        let wrap = |values: &[Val<'c>]| values.iter().map(|v| Tensor(*v)).collect::<Vec<_>>();
        let results = rw.scf_while(
            &values,
            &types,
            |rw, args| {
                let f = self.nested(rw);
                let value = condition(&f, &wrap(args)).and_then(|c| f.item(c));
                let value = value.unwrap_or_else(|e| {
                    failure.set(Some(e));
                    rw.const_bool(false)
                });
                (value, args.to_vec())
            },
            |rw, args| {
                let f = self.nested(rw);
                match body(&f, &wrap(args)) {
                    Ok(next) => next.iter().map(|t| t.0).collect(),
                    Err(e) => {
                        failure.set(Some(e));
                        args.to_vec()
                    }
                }
            },
        );
        self.finish_region(failure, &results, &types)
    }
    /// `if condition: then() else: otherwise()`. The condition is an array of one bool;
    /// both branches give values of the same types.
    ///
    /// # Errors
    /// What the closures return; branches whose types differ.
    #[track_caller]
    pub fn if_else(
        &self,
        condition: Tensor<'c>,
        results: &[Type<'c>],
        then: impl FnOnce(&Func<'c>) -> Result<Vec<Tensor<'c>>, CompileError>,
        otherwise: impl FnOnce(&Func<'c>) -> Result<Vec<Tensor<'c>>, CompileError>,
    ) -> Result<Vec<Tensor<'c>>, CompileError> {
        let condition = self.item(condition)?;
        let rw = self.rw.at(self.location());
        let failure = Cell::new(None);
        let branch = |rw: Rewriter<'c>, values: Result<Vec<Tensor<'c>>, CompileError>| match values
        {
            Ok(values) => values.iter().map(|t| t.0).collect(),
            Err(e) => {
                failure.set(Some(e));
                // The op is invalid and never seen: the error is returned instead.
                let _ = rw;
                Vec::new()
            }
        };
        let values = rw.scf_if(
            condition,
            results,
            |rw| branch(rw, then(&self.nested(rw))),
            |rw| branch(rw, otherwise(&self.nested(rw))),
        );
        self.finish_region(failure, &values, results)
    }
    fn nested(&self, rw: Rewriter<'c>) -> Func<'c> {
        Func {
            rw,
            at: self.at.clone(),
        }
    }
    fn finish_region(
        &self,
        failure: Cell<Option<CompileError>>,
        results: &[Val<'c>],
        types: &[Type<'c>],
    ) -> Result<Vec<Tensor<'c>>, CompileError> {
        if let Some(e) = failure.take() {
            return Err(e);
        }
        if let Some(op) = results.first().and_then(|v| v.defining_op()) {
            let (ok, diagnostics) = collect_diagnostics(self.rw.ctx(), || op.verify_ok());
            if !ok {
                return Err(CompileError::Diagnostics(diagnostics));
            }
        }
        debug_assert_eq!(results.len(), types.len());
        Ok(results.iter().map(|v| Tensor(*v)).collect())
    }
}
