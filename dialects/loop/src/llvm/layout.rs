//! Sizes of LLVM types in memory, for values that travel through an environment.

use npir_mlir::prelude::*;

/// Size and alignment in bytes; the alignment divides the size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    pub(crate) size: u64,
    pub(crate) align: u64,
}

/// The largest alignment in use: that of the widest vectors.
pub(crate) const MAX_ALIGN: u64 = 64;

impl Layout {
    fn scalar(bits: usize) -> Layout {
        let size = (bits as u64).div_ceil(8).next_power_of_two();
        Layout {
            size,
            align: size.min(MAX_ALIGN),
        }
    }
}

/// Room enough for a value of an LLVM type on a 64-bit target; `None` for types that cannot be stored.
///
/// At least what LLVM's data layout says; it need not be equal, because both sides use it with explicit offsets.
pub(crate) fn layout(ty: Type<'_>) -> Option<Layout> {
    if ty.is_llvm_ptr() {
        return Some(Layout { size: 8, align: 8 });
    }
    if let Some(members) = ty.llvm_struct_members() {
        let mut size = 0;
        let mut align = 1;
        for member in members {
            let member = layout(member)?;
            size = u64::next_multiple_of(size, member.align) + member.size;
            align = align.max(member.align);
        }
        return Some(Layout {
            size: size.next_multiple_of(align),
            align,
        });
    }
    if let Some((n, element)) = ty.llvm_array_parts() {
        let element = layout(element)?;
        return Some(Layout {
            size: element.size.checked_mul(n as u64)?,
            align: element.align,
        });
    }
    if ty.is_vector() {
        let lanes: i64 = ty.dims().iter().product();
        let bits = lanes as usize * ty.element().bit_width();
        return (bits > 0).then(|| Layout::scalar(bits));
    }
    (ty.is_int() || ty.is_float()).then(|| Layout::scalar(ty.bit_width()))
}
