//! Questions about ops, types and locations of upstream dialects.

use crate::ir::{Op, OpExt};
use crate::raw::text;
use crate::types::TypeExt;
use melior::ir::{Location, Type, TypeLike};
use mlir_sys::*;
use npir_mlir_sys::*;
use std::ffi::c_uint;
use std::ops::Range;

/// The operands that a destination-style op (any dialect's) writes its tensor results into, in order; `None` for
/// other ops.
pub fn destinations(op: Op<'_>) -> Option<Range<usize>> {
    let (mut begin, mut count) = (0, 0);
    // SAFETY: the op is alive and the out pointers are valid.
    let found = unsafe { npirDestinations(op.raw(), &mut begin, &mut count) };
    found.then(|| begin as usize..(begin + count) as usize)
}

/// Whether an op neither reads nor writes memory and may be executed where it was not: it is a value by itself.
pub fn is_pure(op: Op<'_>) -> bool {
    // SAFETY: the op is alive.
    unsafe { npirIsPure(op.raw()) }
}

/// Whether the memref results of an op are other descriptors of the memory of its first operand. The cast of the builtin
/// dialect takes complex numbers for their parts.
pub fn is_view(op: Op<'_>) -> bool {
    const VIEWS: [&str; 14] = [
        "builtin.unrealized_conversion_cast",
        "memref.assume_alignment",
        "memref.cast",
        "memref.collapse_shape",
        "memref.distinct_objects",
        "memref.expand_shape",
        "memref.extract_strided_metadata",
        "memref.memory_space_cast",
        "memref.reinterpret_cast",
        "memref.reshape",
        "memref.subview",
        "memref.transpose",
        "memref.view",
        "vector.type_cast",
    ];
    VIEWS.contains(&op.name())
}

/// The results of an op that may be in the memory of its operand `operand` once tensors are buffers, as far as one-shot
/// bufferization knows; all tensor results for ops that it does not know. None if the operand is not a tensor.
pub fn shared_results(op: Op<'_>, operand: usize) -> Vec<usize> {
    extern "C" fn report(user: Ptr, result: c_uint) {
        // SAFETY: `user` is the vector below; nobody else uses it during the call.
        unsafe { (*user.cast::<Vec<usize>>()).push(result as usize) }
    }
    assert!(operand < op.num_operands(), "operand out of range");
    let mut results: Vec<usize> = Vec::new();
    // SAFETY: the op is alive, the operand exists, and `report` gets the vector that it expects.
    unsafe {
        npirSharedResults(
            op.raw(),
            operand as c_uint,
            (&raw mut results).cast(),
            report,
        );
    }
    results
}

/// Takes back the promise of an `llvm.getelementptr`, `llvm.add`, `llvm.mul`… that its operands, seen as unsigned, do
/// not wrap around. Other ops stay as they are.
pub fn drop_unsigned_wrap_flags(op: Op<'_>) {
    // SAFETY: the op is alive.
    unsafe { npirDropUnsignedWrapFlags(op.raw()) }
}

/// The name in a location `loc("x"(...))`.
pub fn location_name(location: Location<'_>) -> Option<&str> {
    let raw = location.to_raw();
    // SAFETY: the kind is tested; names are interned in the context.
    unsafe {
        mlirLocationIsAName(raw).then(|| text(mlirIdentifierStr(mlirLocationNameGetName(raw))))
    }
}

/// Types of the LLVM dialect.
pub trait LlvmTypeExt<'c>: Copy {
    /// `!llvm.ptr`
    fn is_llvm_ptr(self) -> bool;
    /// Element count and element of an `!llvm.array`.
    fn llvm_array_parts(self) -> Option<(usize, Type<'c>)>;
    /// The members of an `!llvm.struct` with a body.
    fn llvm_struct_members(self) -> Option<Vec<Type<'c>>>;
    /// The result of an `!llvm.func`.
    fn llvm_function_result(self) -> Option<Type<'c>>;
}

impl<'c> LlvmTypeExt<'c> for Type<'c> {
    fn is_llvm_ptr(self) -> bool {
        // SAFETY: the type is alive, here and below.
        unsafe { mlirTypeIsALLVMPointerType(TypeExt::raw(self)) }
    }
    fn llvm_array_parts(self) -> Option<(usize, Type<'c>)> {
        // SAFETY: the kind is tested before the element is read.
        unsafe {
            let n = usize::try_from(npirLlvmArraySize(self.to_raw())).ok()?;
            Some((
                n,
                Type::from_raw(mlirLLVMArrayTypeGetElementType(self.to_raw())),
            ))
        }
    }
    fn llvm_struct_members(self) -> Option<Vec<Type<'c>>> {
        let raw = self.to_raw();
        // SAFETY: the kind is tested before members are read; indices are in range.
        unsafe {
            if !mlirTypeIsALLVMStructType(raw)
                || (!mlirLLVMStructTypeIsLiteral(raw) && mlirLLVMStructTypeIsOpaque(raw))
            {
                return None;
            }
            let n = mlirLLVMStructTypeGetNumElementTypes(raw);
            Some(
                (0..n)
                    .map(|i| Type::from_raw(mlirLLVMStructTypeGetElementType(raw, i)))
                    .collect(),
            )
        }
    }
    fn llvm_function_result(self) -> Option<Type<'c>> {
        // SAFETY: the kind is tested before the result is read.
        unsafe {
            npirIsLlvmFunctionType(self.to_raw())
                .then(|| Type::from_raw(mlirLLVMFunctionTypeGetReturnType(self.to_raw())))
        }
    }
}
