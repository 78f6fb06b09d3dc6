//! Types, attributes and affine maps: queries, and constructors on the context.

use crate::raw::{slice, string_ref, text};
use melior::Context;
use melior::ir::{
    AffineExpr, AffineMap, Attribute, AttributeLike, Identifier, Location, Type, TypeLike,
};
use mlir_sys::*;
use npir_mlir_sys::*;

/// The marker of a dynamic dimension, stride or offset (`?`).
pub const DYNAMIC: i64 = i64::MIN;

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

/// Queries on attributes; each answers `None` for an attribute of another kind.
pub trait AttrExt<'c>: Copy {
    /// The raw handle.
    fn raw(self) -> MlirAttribute;
    /// An integer (bools are 0 and 1; unsigned ones as their bits).
    fn as_int(self) -> Option<i64>;
    /// A float, as `f64`.
    fn as_float(self) -> Option<f64>;
    /// A string.
    fn as_str(self) -> Option<&'c str>;
    /// A type.
    fn as_type(self) -> Option<Type<'c>>;
    /// An array.
    fn as_array(self) -> Option<Vec<Attribute<'c>>>;
    /// Integers of a `DenseI64Array`, a `DenseI32Array` or an array of integers.
    fn as_int_array(self) -> Option<Vec<i64>>;
    /// Integers of a `DenseI64Array`, and of nothing else.
    fn as_i64_array(self) -> Option<Vec<i64>>;
    /// The context.
    fn ctx(self) -> &'c Context;
    /// A symbol reference without nesting.
    fn as_symbol(self) -> Option<&'c str>;
    /// An affine map.
    fn as_affine_map(self) -> Option<AffineMap<'c>>;
    /// Entries of a dictionary.
    fn as_dict(self) -> Option<Vec<(&'c str, Attribute<'c>)>>;
    /// One entry of a dictionary.
    fn dict_get(self, name: &str) -> Option<Attribute<'c>>;
    /// Whether it is a unit attribute.
    fn is_unit(self) -> bool;
    /// The type of a typed attribute.
    fn attr_type(self) -> Type<'c>;
    /// Whether it is a dense elements attribute.
    fn is_dense_elements(self) -> bool;
    /// The one value of a splat.
    fn splat_value(self) -> Option<Attribute<'c>>;
    /// The elements of a dense elements attribute as bytes in the machine's order, row-major,
    /// bools one byte each; of a splat only the one element. What [`CtxExt::dense_bytes`] takes.
    fn dense_data(self) -> Option<Vec<u8>>;
    /// For an attribute of a Rust dialect: `dialect.name` and its parameters.
    fn params(self) -> Option<(&'c str, Vec<Attribute<'c>>)>;
    /// As text.
    fn to_text(self) -> String;
}

impl<'c> AttrExt<'c> for Attribute<'c> {
    fn raw(self) -> MlirAttribute {
        self.to_raw()
    }
    fn as_int(self) -> Option<i64> {
        // SAFETY: kinds are tested before they are read.
        unsafe {
            let raw = self.to_raw();
            if mlirAttributeIsABool(raw) {
                return Some(mlirBoolAttrGetValue(raw) as i64);
            }
            if !mlirAttributeIsAInteger(raw) {
                return None;
            }
            let ty = mlirAttributeGetType(raw);
            Some(if mlirTypeIsAIndex(ty) || mlirIntegerTypeIsSignless(ty) {
                mlirIntegerAttrGetValueInt(raw)
            } else if mlirIntegerTypeIsUnsigned(ty) {
                mlirIntegerAttrGetValueUInt(raw) as i64
            } else {
                mlirIntegerAttrGetValueSInt(raw)
            })
        }
    }
    fn as_float(self) -> Option<f64> {
        // SAFETY: the kind is tested.
        unsafe {
            mlirAttributeIsAFloat(self.to_raw()).then(|| mlirFloatAttrGetValueDouble(self.to_raw()))
        }
    }
    fn as_str(self) -> Option<&'c str> {
        // SAFETY: the kind is tested; strings are interned.
        unsafe {
            mlirAttributeIsAString(self.to_raw())
                .then(|| text(mlirStringAttrGetValue(self.to_raw())))
        }
    }
    fn as_type(self) -> Option<Type<'c>> {
        // SAFETY: the kind is tested.
        unsafe {
            mlirAttributeIsAType(self.to_raw())
                .then(|| Type::from_raw(mlirTypeAttrGetValue(self.to_raw())))
        }
    }
    fn as_array(self) -> Option<Vec<Attribute<'c>>> {
        // SAFETY: the kind is tested; indices are in range.
        unsafe {
            mlirAttributeIsAArray(self.to_raw()).then(|| {
                (0..mlirArrayAttrGetNumElements(self.to_raw()))
                    .map(|i| Attribute::from_raw(mlirArrayAttrGetElement(self.to_raw(), i)))
                    .collect()
            })
        }
    }
    fn as_i64_array(self) -> Option<Vec<i64>> {
        let raw = self.to_raw();
        // SAFETY: the kind is tested; indices are in range.
        unsafe {
            mlirAttributeIsADenseI64Array(raw).then(|| {
                (0..mlirDenseArrayGetNumElements(raw))
                    .map(|i| mlirDenseI64ArrayGetElement(raw, i))
                    .collect()
            })
        }
    }
    fn ctx(self) -> &'c Context {
        // SAFETY: the attribute is alive.
        crate::ir::context_from_raw(unsafe { mlirAttributeGetContext(self.to_raw()) })
    }
    fn as_int_array(self) -> Option<Vec<i64>> {
        if let Some(values) = self.as_i64_array() {
            return Some(values);
        }
        let raw = self.to_raw();
        // SAFETY: the kind is tested; indices are in range.
        unsafe {
            if mlirAttributeIsADenseI32Array(raw) {
                return Some(
                    (0..mlirDenseArrayGetNumElements(raw))
                        .map(|i| mlirDenseI32ArrayGetElement(raw, i) as i64)
                        .collect(),
                );
            }
        }
        self.as_array()?.into_iter().map(|a| a.as_int()).collect()
    }
    fn as_symbol(self) -> Option<&'c str> {
        // SAFETY: the kind is tested; symbols are interned.
        unsafe {
            mlirAttributeIsAFlatSymbolRef(self.to_raw())
                .then(|| text(mlirFlatSymbolRefAttrGetValue(self.to_raw())))
        }
    }
    fn as_affine_map(self) -> Option<AffineMap<'c>> {
        // SAFETY: the kind is tested.
        unsafe {
            mlirAttributeIsAAffineMap(self.to_raw())
                .then(|| AffineMap::from_raw(mlirAffineMapAttrGetValue(self.to_raw())))
        }
    }
    fn as_dict(self) -> Option<Vec<(&'c str, Attribute<'c>)>> {
        // SAFETY: the kind is tested; indices are in range; names are interned.
        unsafe {
            mlirAttributeIsADictionary(self.to_raw()).then(|| {
                (0..mlirDictionaryAttrGetNumElements(self.to_raw()))
                    .map(|i| mlirDictionaryAttrGetElement(self.to_raw(), i))
                    .map(|a| {
                        (
                            text(mlirIdentifierStr(a.name)),
                            Attribute::from_raw(a.attribute),
                        )
                    })
                    .collect()
            })
        }
    }
    fn dict_get(self, name: &str) -> Option<Attribute<'c>> {
        // SAFETY: the kind is tested; null means absent.
        unsafe {
            if !mlirAttributeIsADictionary(self.to_raw()) {
                return None;
            }
            Attribute::from_option_raw(mlirDictionaryAttrGetElementByName(
                self.to_raw(),
                string_ref(name),
            ))
        }
    }
    fn is_unit(self) -> bool {
        // SAFETY: the attribute is alive.
        unsafe { mlirAttributeIsAUnit(self.to_raw()) }
    }
    fn attr_type(self) -> Type<'c> {
        // SAFETY: the attribute is alive; untyped ones have type none.
        unsafe { Type::from_raw(mlirAttributeGetType(self.to_raw())) }
    }
    fn is_dense_elements(self) -> bool {
        // SAFETY: the attribute is alive.
        unsafe { mlirAttributeIsADenseElements(self.to_raw()) }
    }
    fn splat_value(self) -> Option<Attribute<'c>> {
        // SAFETY: kinds are tested.
        unsafe {
            (self.is_dense_elements() && mlirDenseElementsAttrIsSplat(self.to_raw()))
                .then(|| Attribute::from_raw(mlirDenseElementsAttrGetSplatValue(self.to_raw())))
        }
    }
    fn dense_data(self) -> Option<Vec<u8>> {
        let element = self
            .is_dense_elements()
            .then(|| self.attr_type().element())?;
        let raw = self.to_raw();
        // SAFETY: it is dense; the raw data holds one element for a splat, else all; positions are
        // in range.
        unsafe {
            let splat = mlirDenseElementsAttrIsSplat(raw);
            let n = if splat {
                1
            } else {
                mlirElementsAttrGetNumElements(raw) as usize
            };
            if element.is_bool() {
                return Some(
                    (0..n)
                        .map(|i| u8::from(mlirDenseElementsAttrGetBoolValue(raw, i as isize)))
                        .collect(),
                );
            }
            let width = element.bit_width();
            if width == 0 || width % 8 != 0 {
                return None;
            }
            if n == 0 {
                return Some(Vec::new());
            }
            let data = mlirDenseElementsAttrGetRawData(raw).cast::<u8>();
            Some(std::slice::from_raw_parts(data, n * width / 8).to_vec())
        }
    }
    fn params(self) -> Option<(&'c str, Vec<Attribute<'c>>)> {
        // SAFETY: the name is empty for attributes of other dialects; indices are in range.
        unsafe {
            let name = text(npirParamAttrName(self.to_raw()));
            (!name.is_empty()).then(|| {
                let params = (0..npirParamAttrNumParams(self.to_raw()))
                    .map(|i| Attribute::from_raw(npirParamAttrParam(self.to_raw(), i)))
                    .collect();
                (name, params)
            })
        }
    }
    fn to_text(self) -> String {
        self.to_string()
    }
}

/// Constructors. They are total for valid arguments; a type that MLIR refuses
/// (a negative static size, say) is a panic, which callbacks report at the op.
pub trait CtxExt {
    /// The raw handle.
    fn raw(&self) -> MlirContext;
    /// `f16`
    fn f16(&self) -> Type<'_>;
    /// `bf16`
    fn bf16(&self) -> Type<'_>;
    /// `f32`
    fn f32(&self) -> Type<'_>;
    /// `f64`
    fn f64(&self) -> Type<'_>;
    /// `iN`, signless.
    fn i(&self, bits: usize) -> Type<'_>;
    /// `uiN`.
    fn ui(&self, bits: usize) -> Type<'_>;
    /// `index`
    fn index(&self) -> Type<'_>;
    /// `complex<element>`
    fn complex<'c>(&'c self, element: Type<'c>) -> Type<'c>;
    /// `tensor<dims x element>`, [`DYNAMIC`] for `?`.
    fn tensor<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c>;
    /// Row-major `memref<dims x element>`.
    fn memref<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c>;
    /// `memref<dims x element, strided<strides, offset: offset>>`, in elements.
    fn memref_strided<'c>(
        &'c self,
        dims: &[i64],
        element: Type<'c>,
        offset: i64,
        strides: &[i64],
    ) -> Type<'c>;
    /// `memref` with every stride and the offset dynamic.
    fn memref_any_layout<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c> {
        self.memref_strided(dims, element, DYNAMIC, &vec![DYNAMIC; dims.len()])
    }
    /// `vector<dims x element>`
    fn vector<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c>;
    /// `(inputs) -> (results)`
    fn function<'c>(&'c self, inputs: &[Type<'c>], results: &[Type<'c>]) -> Type<'c>;
    /// `!llvm.ptr`
    fn llvm_ptr(&self) -> Type<'_>;
    /// `!llvm.struct<(members)>`
    fn llvm_struct<'c>(&'c self, members: &[Type<'c>]) -> Type<'c>;
    /// `!llvm.array<n x element>`
    fn llvm_array<'c>(&'c self, n: usize, element: Type<'c>) -> Type<'c>;
    /// `!llvm.func<result (inputs)>`
    fn llvm_function<'c>(&'c self, result: Type<'c>, inputs: &[Type<'c>]) -> Type<'c>;
    /// `!llvm.void`
    fn llvm_void(&self) -> Type<'_>;
    /// A type from text; `None` when it does not parse.
    fn parse_type(&self, source: &str) -> Option<Type<'_>>;
    /// An attribute from text; `None` when it does not parse.
    fn parse_attr(&self, source: &str) -> Option<Attribute<'_>>;
    /// The type `!dialect.name<params>` of a Rust dialect. Errors go to `loc`.
    fn param_type<'c>(
        &'c self,
        dialect: &str,
        name: &str,
        params: &[Attribute<'c>],
        loc: Location<'c>,
    ) -> Option<Type<'c>>;
    /// The attribute `#dialect.name<params>` of a Rust dialect. Errors go to `loc`.
    fn param_attr<'c>(
        &'c self,
        dialect: &str,
        name: &str,
        params: &[Attribute<'c>],
        loc: Location<'c>,
    ) -> Option<Attribute<'c>>;
    /// `v : i64`
    fn i64_attr(&self, v: i64) -> Attribute<'_>;
    /// `v : index`
    fn index_attr(&self, v: i64) -> Attribute<'_>;
    /// `true`, `false`
    fn bool_attr(&self, v: bool) -> Attribute<'_>;
    /// `v : ty` for an integer or index type; `v` as its bits.
    fn int_attr<'c>(&'c self, ty: Type<'c>, v: i64) -> Attribute<'c>;
    /// `v : ty`, rounded to the type.
    fn float_attr<'c>(&'c self, ty: Type<'c>, v: f64) -> Attribute<'c>;
    /// A zero, one, ... of any int, float or index type.
    fn number_attr<'c>(&'c self, ty: Type<'c>, v: i64) -> Attribute<'c>;
    /// `"v"`
    fn str_attr(&self, v: &str) -> Attribute<'_>;
    /// A type as attribute.
    fn type_attr<'c>(&'c self, ty: Type<'c>) -> Attribute<'c>;
    /// `unit`
    fn unit_attr(&self) -> Attribute<'_>;
    /// `[a, b]`
    fn array_attr<'c>(&'c self, items: &[Attribute<'c>]) -> Attribute<'c>;
    /// `array<i64: ...>`
    fn i64_array(&self, values: &[i64]) -> Attribute<'_>;
    /// `array<i32: ...>`
    fn i32_array(&self, values: &[i32]) -> Attribute<'_>;
    /// `{a = ..., b = ...}`
    fn dict_attr<'c>(&'c self, entries: &[(&str, Attribute<'c>)]) -> Attribute<'c>;
    /// `@name`
    fn symbol_attr(&self, name: &str) -> Attribute<'_>;
    /// `affine_map<...>` as attribute.
    fn map_attr<'c>(&'c self, map: AffineMap<'c>) -> Attribute<'c>;
    /// `dense<v> : ty`, all elements `v`.
    fn dense_splat<'c>(&'c self, ty: Type<'c>, v: Attribute<'c>) -> Attribute<'c>;
    /// `dense<[...]> : ty` from scalar attributes, row-major.
    fn dense_elements<'c>(&'c self, ty: Type<'c>, values: &[Attribute<'c>]) -> Attribute<'c>;
    /// `dense<...> : ty` from raw little-endian bytes, row-major (bools are one byte each), or
    /// from those of the one element of a splat; `None` when the size does not fit.
    fn dense_bytes<'c>(&'c self, ty: Type<'c>, bytes: &[u8]) -> Option<Attribute<'c>>;
    /// An affine map from `dims` dimensions to `results`.
    fn affine_map<'c>(&'c self, dims: usize, results: &[AffineExpr<'c>]) -> AffineMap<'c>;
    /// `d_i`
    fn dim_expr(&self, i: usize) -> AffineExpr<'_>;
    /// A constant expression.
    fn const_expr(&self, v: i64) -> AffineExpr<'_>;
    /// An interned name.
    fn ident(&self, name: &str) -> Identifier<'_>;
    /// Loads a dialect so that its ops can be built; false when it is not registered.
    fn load_dialect(&self, name: &str) -> bool;
}

impl CtxExt for Context {
    fn raw(&self) -> MlirContext {
        self.to_raw()
    }
    fn f16(&self) -> Type<'_> {
        Type::float16(self)
    }
    fn bf16(&self) -> Type<'_> {
        Type::bfloat16(self)
    }
    fn f32(&self) -> Type<'_> {
        Type::float32(self)
    }
    fn f64(&self) -> Type<'_> {
        Type::float64(self)
    }
    fn i(&self, bits: usize) -> Type<'_> {
        melior::ir::r#type::IntegerType::new(self, bits as u32).into()
    }
    fn ui(&self, bits: usize) -> Type<'_> {
        melior::ir::r#type::IntegerType::unsigned(self, bits as u32).into()
    }
    fn index(&self) -> Type<'_> {
        Type::index(self)
    }
    fn complex<'c>(&'c self, element: Type<'c>) -> Type<'c> {
        // SAFETY: the element is alive.
        unsafe { Type::from_raw(mlirComplexTypeGet(element.to_raw())) }
    }
    fn tensor<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c> {
        // SAFETY: `dims` has the stated length; a null encoding means none.
        unsafe {
            Type::from_raw(mlirRankedTensorTypeGet(
                dims.len() as isize,
                dims.as_ptr(),
                element.to_raw(),
                mlirAttributeGetNull(),
            ))
        }
    }
    fn memref<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c> {
        // SAFETY: `dims` has the stated length; a null space means the default.
        unsafe {
            Type::from_raw(mlirMemRefTypeContiguousGet(
                element.to_raw(),
                dims.len() as isize,
                dims.as_ptr(),
                mlirAttributeGetNull(),
            ))
        }
    }
    fn memref_strided<'c>(
        &'c self,
        dims: &[i64],
        element: Type<'c>,
        offset: i64,
        strides: &[i64],
    ) -> Type<'c> {
        assert_eq!(dims.len(), strides.len(), "one stride per dimension");
        // SAFETY: lengths agree; a null space means the default.
        unsafe {
            let layout = mlirStridedLayoutAttrGet(
                self.to_raw(),
                offset,
                strides.len() as isize,
                strides.as_ptr(),
            );
            Type::from_raw(mlirMemRefTypeGet(
                element.to_raw(),
                dims.len() as isize,
                dims.as_ptr(),
                layout,
                mlirAttributeGetNull(),
            ))
        }
    }
    fn vector<'c>(&'c self, dims: &[i64], element: Type<'c>) -> Type<'c> {
        // SAFETY: `dims` has the stated length.
        unsafe {
            Type::from_raw(mlirVectorTypeGet(
                dims.len() as isize,
                dims.as_ptr(),
                element.to_raw(),
            ))
        }
    }
    fn function<'c>(&'c self, inputs: &[Type<'c>], results: &[Type<'c>]) -> Type<'c> {
        let ins: Vec<_> = inputs.iter().map(|t| t.to_raw()).collect();
        let outs: Vec<_> = results.iter().map(|t| t.to_raw()).collect();
        // SAFETY: lengths are stated.
        unsafe {
            Type::from_raw(mlirFunctionTypeGet(
                self.to_raw(),
                ins.len() as isize,
                ins.as_ptr(),
                outs.len() as isize,
                outs.as_ptr(),
            ))
        }
    }
    fn llvm_ptr(&self) -> Type<'_> {
        self.load_dialect("llvm");
        // SAFETY: the dialect is loaded.
        unsafe { Type::from_raw(mlirLLVMPointerTypeGet(self.to_raw(), 0)) }
    }
    fn llvm_struct<'c>(&'c self, members: &[Type<'c>]) -> Type<'c> {
        self.load_dialect("llvm");
        let raw: Vec<_> = members.iter().map(|t| t.to_raw()).collect();
        // SAFETY: the length is stated.
        unsafe {
            Type::from_raw(mlirLLVMStructTypeLiteralGet(
                self.to_raw(),
                raw.len() as isize,
                raw.as_ptr(),
                false,
            ))
        }
    }
    fn llvm_array<'c>(&'c self, n: usize, element: Type<'c>) -> Type<'c> {
        self.load_dialect("llvm");
        // SAFETY: the element is alive.
        unsafe { Type::from_raw(mlirLLVMArrayTypeGet(element.to_raw(), n as u32)) }
    }
    fn llvm_function<'c>(&'c self, result: Type<'c>, inputs: &[Type<'c>]) -> Type<'c> {
        self.load_dialect("llvm");
        let raw: Vec<_> = inputs.iter().map(|t| t.to_raw()).collect();
        // SAFETY: the length is stated.
        unsafe {
            Type::from_raw(mlirLLVMFunctionTypeGet(
                result.to_raw(),
                raw.len() as isize,
                raw.as_ptr(),
                false,
            ))
        }
    }
    fn llvm_void(&self) -> Type<'_> {
        self.load_dialect("llvm");
        // SAFETY: the dialect is loaded.
        unsafe { Type::from_raw(mlirLLVMVoidTypeGet(self.to_raw())) }
    }
    fn parse_type(&self, source: &str) -> Option<Type<'_>> {
        Type::parse(self, source)
    }
    fn parse_attr(&self, source: &str) -> Option<Attribute<'_>> {
        Attribute::parse(self, source)
    }
    fn param_type<'c>(
        &'c self,
        dialect: &str,
        name: &str,
        params: &[Attribute<'c>],
        loc: Location<'c>,
    ) -> Option<Type<'c>> {
        let raw: Vec<_> = params.iter().map(|a| a.to_raw()).collect();
        // SAFETY: lengths are stated; null means an error was reported.
        unsafe {
            Type::from_option_raw(npirParamTypeGet(
                self.to_raw(),
                string_ref(dialect),
                string_ref(name),
                raw.len() as isize,
                raw.as_ptr(),
                loc.to_raw(),
            ))
        }
    }
    fn param_attr<'c>(
        &'c self,
        dialect: &str,
        name: &str,
        params: &[Attribute<'c>],
        loc: Location<'c>,
    ) -> Option<Attribute<'c>> {
        let raw: Vec<_> = params.iter().map(|a| a.to_raw()).collect();
        // SAFETY: lengths are stated; null means an error was reported.
        unsafe {
            Attribute::from_option_raw(npirParamAttrGet(
                self.to_raw(),
                string_ref(dialect),
                string_ref(name),
                raw.len() as isize,
                raw.as_ptr(),
                loc.to_raw(),
            ))
        }
    }
    fn i64_attr(&self, v: i64) -> Attribute<'_> {
        self.int_attr(self.i(64), v)
    }
    fn index_attr(&self, v: i64) -> Attribute<'_> {
        self.int_attr(self.index(), v)
    }
    fn bool_attr(&self, v: bool) -> Attribute<'_> {
        // SAFETY: the context is alive.
        unsafe { Attribute::from_raw(mlirBoolAttrGet(self.to_raw(), v as i32)) }
    }
    fn int_attr<'c>(&'c self, ty: Type<'c>, v: i64) -> Attribute<'c> {
        // SAFETY: the type is an integer or index type.
        unsafe { Attribute::from_raw(mlirIntegerAttrGet(ty.to_raw(), v)) }
    }
    fn float_attr<'c>(&'c self, ty: Type<'c>, v: f64) -> Attribute<'c> {
        // SAFETY: the type is a float type.
        unsafe { Attribute::from_raw(mlirFloatAttrDoubleGet(self.to_raw(), ty.to_raw(), v)) }
    }
    fn number_attr<'c>(&'c self, ty: Type<'c>, v: i64) -> Attribute<'c> {
        if ty.is_float() {
            self.float_attr(ty, v as f64)
        } else {
            self.int_attr(ty, v)
        }
    }
    fn str_attr(&self, v: &str) -> Attribute<'_> {
        // SAFETY: the text is copied.
        unsafe { Attribute::from_raw(mlirStringAttrGet(self.to_raw(), string_ref(v))) }
    }
    fn type_attr<'c>(&'c self, ty: Type<'c>) -> Attribute<'c> {
        // SAFETY: the type is alive.
        unsafe { Attribute::from_raw(mlirTypeAttrGet(ty.to_raw())) }
    }
    fn unit_attr(&self) -> Attribute<'_> {
        Attribute::unit(self)
    }
    fn array_attr<'c>(&'c self, items: &[Attribute<'c>]) -> Attribute<'c> {
        let raw: Vec<_> = items.iter().map(|a| a.to_raw()).collect();
        // SAFETY: the length is stated.
        unsafe {
            Attribute::from_raw(mlirArrayAttrGet(
                self.to_raw(),
                raw.len() as isize,
                raw.as_ptr(),
            ))
        }
    }
    fn i64_array(&self, values: &[i64]) -> Attribute<'_> {
        // SAFETY: the length is stated.
        unsafe {
            Attribute::from_raw(mlirDenseI64ArrayGet(
                self.to_raw(),
                values.len() as isize,
                values.as_ptr(),
            ))
        }
    }
    fn i32_array(&self, values: &[i32]) -> Attribute<'_> {
        // SAFETY: the length is stated.
        unsafe {
            Attribute::from_raw(mlirDenseI32ArrayGet(
                self.to_raw(),
                values.len() as isize,
                values.as_ptr(),
            ))
        }
    }
    fn dict_attr<'c>(&'c self, entries: &[(&str, Attribute<'c>)]) -> Attribute<'c> {
        // SAFETY: names are copied, the length is stated.
        unsafe {
            let raw: Vec<_> = entries
                .iter()
                .map(|(n, a)| {
                    mlirNamedAttributeGet(
                        mlirIdentifierGet(self.to_raw(), string_ref(n)),
                        a.to_raw(),
                    )
                })
                .collect();
            Attribute::from_raw(mlirDictionaryAttrGet(
                self.to_raw(),
                raw.len() as isize,
                raw.as_ptr(),
            ))
        }
    }
    fn symbol_attr(&self, name: &str) -> Attribute<'_> {
        // SAFETY: the text is copied.
        unsafe { Attribute::from_raw(mlirFlatSymbolRefAttrGet(self.to_raw(), string_ref(name))) }
    }
    fn map_attr<'c>(&'c self, map: AffineMap<'c>) -> Attribute<'c> {
        // SAFETY: the map is alive.
        unsafe { Attribute::from_raw(mlirAffineMapAttrGet(map.to_raw())) }
    }
    fn dense_splat<'c>(&'c self, ty: Type<'c>, v: Attribute<'c>) -> Attribute<'c> {
        // SAFETY: the element has the type's element type.
        unsafe { Attribute::from_raw(mlirDenseElementsAttrSplatGet(ty.to_raw(), v.to_raw())) }
    }
    fn dense_elements<'c>(&'c self, ty: Type<'c>, values: &[Attribute<'c>]) -> Attribute<'c> {
        let raw: Vec<_> = values.iter().map(|a| a.to_raw()).collect();
        // SAFETY: as many values as the type has elements, or one.
        unsafe {
            Attribute::from_raw(mlirDenseElementsAttrGet(
                ty.to_raw(),
                raw.len() as isize,
                raw.as_ptr(),
            ))
        }
    }
    fn dense_bytes<'c>(&'c self, ty: Type<'c>, bytes: &[u8]) -> Option<Attribute<'c>> {
        if ty.element().is_bool() {
            // MLIR's raw buffer of bools has one bit each.
            let n = ty
                .dims()
                .iter()
                .try_fold(1i64, |n, d| (*d >= 0).then(|| n.checked_mul(*d))?)?;
            if bytes.len() != 1 && i64::try_from(bytes.len()) != Ok(n) {
                return None;
            }
            let bools: Vec<i32> = bytes.iter().map(|b| i32::from(*b != 0)).collect();
            // SAFETY: as many values as the type has elements, or one.
            return Some(unsafe {
                Attribute::from_raw(mlirDenseElementsAttrBoolGet(
                    ty.to_raw(),
                    bools.len() as isize,
                    bools.as_ptr(),
                ))
            });
        }
        // SAFETY: the size is stated and checked by MLIR; null means that it does not fit.
        unsafe {
            Attribute::from_option_raw(mlirDenseElementsAttrRawBufferGet(
                ty.to_raw(),
                bytes.len(),
                bytes.as_ptr().cast(),
            ))
        }
    }
    fn affine_map<'c>(&'c self, dims: usize, results: &[AffineExpr<'c>]) -> AffineMap<'c> {
        AffineMap::new(self, dims, 0, results)
    }
    fn dim_expr(&self, i: usize) -> AffineExpr<'_> {
        AffineExpr::dim(self, i)
    }
    fn const_expr(&self, v: i64) -> AffineExpr<'_> {
        AffineExpr::constant(self, v)
    }
    fn ident(&self, name: &str) -> Identifier<'_> {
        Identifier::new(self, name)
    }
    fn load_dialect(&self, name: &str) -> bool {
        // SAFETY: the context is alive. MLIR takes null for an unknown name.
        unsafe { npirLoadDialect(self.to_raw(), string_ref(name)) }
    }
}

/// The results of an affine map.
pub fn map_results<'c>(map: AffineMap<'c>) -> Vec<AffineExpr<'c>> {
    (0..map.result_count())
        .filter_map(|i| map.result(i).ok())
        .collect()
}

/// The parameters handed to a verifier of a type or attribute.
///
/// # Safety
/// `ptr` points to `n` live attributes.
pub(crate) unsafe fn attributes<'c>(ptr: *const MlirAttribute, n: isize) -> Vec<Attribute<'c>> {
    // SAFETY: the caller vouches for the range.
    unsafe { slice(ptr, n) }
        .iter()
        .map(|a| unsafe { Attribute::from_raw(*a) })
        .collect()
}
