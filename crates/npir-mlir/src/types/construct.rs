//! Constructors of types, attributes and affine maps.

use super::{DYNAMIC, TypeExt};
use crate::raw::string_ref;
use melior::Context;
use melior::ir::{
    AffineExpr, AffineMap, Attribute, AttributeLike, Identifier, Location, Type, TypeLike,
};
use mlir_sys::*;
use npir_mlir_sys::*;

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
