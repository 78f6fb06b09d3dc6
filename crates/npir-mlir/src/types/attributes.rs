//! Queries on attributes.

use super::TypeExt;
use crate::raw::{string_ref, text};
use melior::Context;
use melior::ir::{AffineMap, Attribute, AttributeLike, Type};
use mlir_sys::*;
use npir_mlir_sys::*;

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
    /// bools one byte each; of a splat only the one element. What [`dense_bytes`](super::CtxExt::dense_bytes) takes.
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
