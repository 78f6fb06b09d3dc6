//! Queries on types.

use super::{CtxExt, DYNAMIC};
use crate::raw::text;
use melior::Context;
use melior::ir::{Attribute, Type, TypeLike};
use mlir_sys::*;
use npir_mlir_sys::*;

/// Queries on types.
pub trait TypeExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirType;
    /// The context.
    fn ctx(self) -> &'c Context;
    /// `tensor<...>` with a rank.
    fn is_tensor(self) -> bool;
    /// `memref<...>` with a rank.
    fn is_memref(self) -> bool;
    /// `vector<...>`.
    fn is_vector(self) -> bool;
    /// Tensor, memref or vector with a rank.
    fn is_shaped(self) -> bool;
    /// Number of dimensions; 0 for a scalar.
    fn rank(self) -> usize;
    /// Dimensions, [`DYNAMIC`] where unknown; empty for a scalar.
    fn dims(self) -> Vec<i64>;
    /// Whether all dimensions are known.
    fn has_static_shape(self) -> bool {
        self.dims().iter().all(|d| *d != DYNAMIC)
    }
    /// Element type of a shaped type; the type itself otherwise.
    fn element(self) -> Type<'c>;
    /// The same shape with another element type; a scalar becomes `element`.
    fn with_element(self, element: Type<'c>) -> Type<'c>;
    /// `f16`, `bf16`, `f32`, `f64` and the other floats.
    fn is_float(self) -> bool;
    /// `iN`, `siN`, `uiN`; not `index`.
    fn is_int(self) -> bool;
    /// `index`.
    fn is_index(self) -> bool;
    /// `uiN`.
    fn is_unsigned(self) -> bool;
    /// `i1`.
    fn is_bool(self) -> bool;
    /// `complex<...>`.
    fn is_complex(self) -> bool;
    /// Element of a complex type.
    fn complex_element(self) -> Type<'c>;
    /// Width in bits of an int or float (twice the element's for complex, 64 for index); 0 otherwise.
    fn bit_width(self) -> usize;
    /// `bf16`.
    fn is_bf16(self) -> bool;
    /// Strides and offset of a memref, in elements, [`DYNAMIC`] where unknown;
    /// `None` when the layout is not strided.
    fn strides_and_offset(self) -> Option<(Vec<i64>, i64)>;
    /// Inputs of a function type.
    fn function_inputs(self) -> Vec<Type<'c>>;
    /// Results of a function type.
    fn function_results(self) -> Vec<Type<'c>>;
    /// Whether it is a function type.
    fn is_function(self) -> bool;
    /// For a type of a Rust dialect: `dialect.name` and its parameters.
    fn params(self) -> Option<(&'c str, Vec<Attribute<'c>>)>;
    /// The type as text.
    fn to_text(self) -> String;
}

impl<'c> TypeExt<'c> for Type<'c> {
    fn raw(self) -> MlirType {
        self.to_raw()
    }
    fn ctx(self) -> &'c Context {
        // SAFETY: the type is alive.
        crate::ir::context_from_raw(unsafe { mlirTypeGetContext(self.to_raw()) })
    }
    fn is_tensor(self) -> bool {
        // SAFETY: as above, for every query below.
        unsafe { mlirTypeIsARankedTensor(self.to_raw()) }
    }
    fn is_memref(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAMemRef(self.to_raw()) }
    }
    fn is_vector(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAVector(self.to_raw()) }
    }
    fn is_shaped(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAShaped(self.to_raw()) && mlirShapedTypeHasRank(self.to_raw()) }
    }
    fn rank(self) -> usize {
        if !self.is_shaped() {
            return 0;
        }
        // SAFETY: it is shaped and ranked.
        unsafe { mlirShapedTypeGetRank(self.to_raw()) as usize }
    }
    fn dims(self) -> Vec<i64> {
        (0..self.rank())
            // SAFETY: in range.
            .map(|i| unsafe { mlirShapedTypeGetDimSize(self.to_raw(), i as isize) })
            .collect()
    }
    fn element(self) -> Type<'c> {
        // SAFETY: shaped types have an element type.
        unsafe {
            if mlirTypeIsAShaped(self.to_raw()) {
                Type::from_raw(mlirShapedTypeGetElementType(self.to_raw()))
            } else {
                self
            }
        }
    }
    fn with_element(self, element: Type<'c>) -> Type<'c> {
        let ctx = self.ctx();
        if self.is_tensor() {
            ctx.tensor(&self.dims(), element)
        } else if self.is_vector() {
            ctx.vector(&self.dims(), element)
        } else if self.is_memref() {
            // SAFETY: layout and space of a live memref type.
            unsafe {
                let dims = self.dims();
                Type::from_raw(mlirMemRefTypeGet(
                    element.to_raw(),
                    dims.len() as isize,
                    dims.as_ptr(),
                    mlirMemRefTypeGetLayout(self.to_raw()),
                    mlirMemRefTypeGetMemorySpace(self.to_raw()),
                ))
            }
        } else {
            element
        }
    }
    fn is_float(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAFloat(self.to_raw()) }
    }
    fn is_int(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAInteger(self.to_raw()) }
    }
    fn is_index(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAIndex(self.to_raw()) }
    }
    fn is_unsigned(self) -> bool {
        // SAFETY: it is an integer type.
        self.is_int() && unsafe { mlirIntegerTypeIsUnsigned(self.to_raw()) }
    }
    fn is_bool(self) -> bool {
        self.is_int() && self.bit_width() == 1
    }
    fn is_complex(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAComplex(self.to_raw()) }
    }
    fn complex_element(self) -> Type<'c> {
        assert!(self.is_complex(), "{} is not complex", self.to_text());
        // SAFETY: it is complex.
        unsafe { Type::from_raw(mlirComplexTypeGetElementType(self.to_raw())) }
    }
    fn bit_width(self) -> usize {
        // SAFETY: the kinds are tested.
        unsafe {
            if self.is_int() {
                mlirIntegerTypeGetWidth(self.to_raw()) as usize
            } else if self.is_float() {
                mlirFloatTypeGetWidth(self.to_raw()) as usize
            } else if self.is_complex() {
                2 * self.complex_element().bit_width()
            } else if self.is_index() {
                64
            } else {
                0
            }
        }
    }
    fn is_bf16(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsABF16(self.to_raw()) }
    }
    fn strides_and_offset(self) -> Option<(Vec<i64>, i64)> {
        if !self.is_memref() {
            return None;
        }
        let mut strides = vec![0i64; self.rank()];
        let mut offset = 0i64;
        // SAFETY: `strides` has one place per dimension.
        let ok = unsafe {
            mlirMemRefTypeGetStridesAndOffset(self.to_raw(), strides.as_mut_ptr(), &mut offset)
        };
        (ok.value != 0).then_some((strides, offset))
    }
    fn is_function(self) -> bool {
        // SAFETY: the type is alive.
        unsafe { mlirTypeIsAFunction(self.to_raw()) }
    }
    fn function_inputs(self) -> Vec<Type<'c>> {
        assert!(
            self.is_function(),
            "{} is not a function type",
            self.to_text()
        );
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirFunctionTypeGetNumInputs(self.to_raw()))
                .map(|i| Type::from_raw(mlirFunctionTypeGetInput(self.to_raw(), i)))
                .collect()
        }
    }
    fn function_results(self) -> Vec<Type<'c>> {
        assert!(
            self.is_function(),
            "{} is not a function type",
            self.to_text()
        );
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirFunctionTypeGetNumResults(self.to_raw()))
                .map(|i| Type::from_raw(mlirFunctionTypeGetResult(self.to_raw(), i)))
                .collect()
        }
    }
    fn params(self) -> Option<(&'c str, Vec<Attribute<'c>>)> {
        // SAFETY: the name is empty for types of other dialects; indices are in range.
        unsafe {
            let name = text(npirParamTypeName(self.to_raw()));
            (!name.is_empty()).then(|| {
                let params = (0..npirParamTypeNumParams(self.to_raw()))
                    .map(|i| Attribute::from_raw(npirParamTypeParam(self.to_raw(), i)))
                    .collect();
                (name, params)
            })
        }
    }
    fn to_text(self) -> String {
        self.to_string()
    }
}
