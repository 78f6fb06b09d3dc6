//! DLPack: arrays of other libraries in, and ours out, without copies.
//!
//! The structures are those of DLPack 1.1 (<https://dmlc.github.io/dlpack>), field for field. Both the versioned
//! tensor and the older one without a version are read and written. Only the processor's own memory is handed over.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use crate::array::{Array, ArrayView};
use crate::dtype::DType;
use crate::extents::{Extents, c_strides, checked_len};

/// The version that tensors of ours carry.
pub const VERSION: PackVersion = PackVersion { major: 1, minor: 1 };

/// `DLPACK_FLAG_BITMASK_READ_ONLY`: the consumer must not write to the memory.
pub const READ_ONLY: u64 = 1;

/// `kDLCPU`: the processor's memory.
pub const CPU: i32 = 1;

/// Memory that the processor reads and writes as its own: `kDLCUDAHost`, `kDLROCMHost`, `kDLCUDAManaged`.
const ALSO_CPU: [i32; 3] = [3, 11, 13];

/// `DLPackVersion`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackVersion {
    /// Another major version has other structures.
    pub major: u32,
    /// Only additions.
    pub minor: u32,
}

/// `DLDevice`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    /// `DLDeviceType`.
    pub device_type: i32,
    /// Which of them.
    pub device_id: i32,
}

/// `DLDataType`.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataType {
    /// `DLDataTypeCode`.
    pub code: u8,
    /// Bits of one lane.
    pub bits: u8,
    /// Elements of a vector type; 1 otherwise.
    pub lanes: u16,
}

/// `DLTensor`: a strided array without an owner.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLTensor {
    /// Start of the memory.
    pub data: *mut c_void,
    /// Where it is.
    pub device: Device,
    /// Number of axes.
    pub ndim: i32,
    /// Element type.
    pub dtype: DataType,
    /// Extents, one per axis.
    pub shape: *mut i64,
    /// Strides in elements, one per axis; null for C order.
    pub strides: *mut i64,
    /// Bytes from `data` to the element with all indices 0.
    pub byte_offset: u64,
}

/// `DLManagedTensor`: a tensor and how to give it back, before DLPack 1.0.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensor {
    /// The array.
    pub dl_tensor: DLTensor,
    /// The producer's own.
    pub manager_ctx: *mut c_void,
    /// Gives the tensor back; null if there is nothing to do.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensor)>,
}

/// `DLManagedTensorVersioned`: a tensor and how to give it back.
#[repr(C)]
#[derive(Debug)]
pub struct DLManagedTensorVersioned {
    /// The version of the structure.
    pub version: PackVersion,
    /// The producer's own.
    pub manager_ctx: *mut c_void,
    /// Gives the tensor back; null if there is nothing to do.
    pub deleter: Option<unsafe extern "C" fn(*mut DLManagedTensorVersioned)>,
    /// [`READ_ONLY`] and others.
    pub flags: u64,
    /// The array.
    pub dl_tensor: DLTensor,
}

/// Why a tensor could not be handed over.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DlpackError {
    /// A major version that this library does not know.
    #[error("DLPack {}.{} is not supported; this library reads version 1", .0.major, .0.minor)]
    Version(PackVersion),
    /// Memory that the processor cannot reach.
    #[error(
        "the tensor is on device {} (type {}); only the processor's memory can be used", .0.device_id, .0.device_type
    )]
    Device(Device),
    /// An element type that arrays do not have.
    #[error(
        "no dtype for DLPack type code {}, {} bits, {} lanes", .0.code, .0.bits, .0.lanes
    )]
    DType(DataType),
    /// A negative rank or extent, a missing shape, or more bytes than there are addresses.
    #[error("the tensor's shape is not valid")]
    Shape,
    /// No data, but elements.
    #[error("the tensor has elements but no data")]
    NoData,
    /// Byte strides that are no whole number of elements; DLPack cannot say them.
    #[error("a stride is not a multiple of the item size; copy the array first")]
    PartialStride,
}

/// A managed tensor, with or without a version.
trait Managed: Sized {
    fn check(&self) -> Result<(), DlpackError>;
    fn tensor(&self) -> &DLTensor;
    fn read_only(&self) -> bool;
    /// # Safety
    /// `this` has not been given back, and is not used again.
    unsafe fn give_back(this: *mut Self);
    fn new(tensor: DLTensor, owner: *mut c_void, read_only: bool) -> Self;
    fn owner(&self) -> *mut c_void;
}

impl Managed for DLManagedTensor {
    fn check(&self) -> Result<(), DlpackError> {
        Ok(())
    }

    fn tensor(&self) -> &DLTensor {
        &self.dl_tensor
    }

    fn read_only(&self) -> bool {
        false
    }

    unsafe fn give_back(this: *mut Self) {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(deleter) = (*this).deleter {
                deleter(this);
            }
        }
    }

    fn new(tensor: DLTensor, owner: *mut c_void, _: bool) -> Self {
        DLManagedTensor {
            dl_tensor: tensor,
            manager_ctx: owner,
            deleter: Some(release::<Self>),
        }
    }

    fn owner(&self) -> *mut c_void {
        self.manager_ctx
    }
}

impl Managed for DLManagedTensorVersioned {
    fn check(&self) -> Result<(), DlpackError> {
        if self.version.major == VERSION.major {
            Ok(())
        } else {
            Err(DlpackError::Version(self.version))
        }
    }

    fn tensor(&self) -> &DLTensor {
        &self.dl_tensor
    }

    fn read_only(&self) -> bool {
        self.flags & READ_ONLY != 0
    }

    unsafe fn give_back(this: *mut Self) {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(deleter) = (*this).deleter {
                deleter(this);
            }
        }
    }

    fn new(tensor: DLTensor, owner: *mut c_void, read_only: bool) -> Self {
        DLManagedTensorVersioned {
            version: VERSION,
            manager_ctx: owner,
            deleter: Some(release::<Self>),
            flags: if read_only { READ_ONLY } else { 0 },
            dl_tensor: tensor,
        }
    }

    fn owner(&self) -> *mut c_void {
        self.manager_ctx
    }
}

/// What a tensor of ours keeps alive.
struct Exported {
    /// Extents, then strides.
    lengths: Box<[i64]>,
    _array: Array,
}

/// The deleter of our tensors.
unsafe extern "C" fn release<M: Managed>(tensor: *mut M) {
    if tensor.is_null() {
        return;
    }
    // SAFETY: `export` boxed both, and a consumer calls a deleter once.
    unsafe {
        let tensor = Box::from_raw(tensor);
        drop(Box::from_raw(tensor.owner().cast::<Exported>()));
    }
}

fn export<M: Managed>(array: Array, read_only: bool) -> Result<NonNull<M>, DlpackError> {
    let size = array.dtype().size() as isize;
    let mut lengths: Vec<i64> = array.shape().iter().map(|&n| n as i64).collect();
    for (&n, &stride) in array.shape().iter().zip(array.strides()) {
        // The stride of an axis with fewer than two elements means nothing.
        if stride % size != 0 && n > 1 && !array.is_empty() {
            return Err(DlpackError::PartialStride);
        }
        lengths.push((stride / size) as i64);
    }
    let rank = array.rank();
    let (data, dtype) = (array.layout.data, array.dtype());
    let exported = Box::into_raw(Box::new(Exported {
        lengths: lengths.into(),
        _array: array,
    }));
    // SAFETY: just boxed; the lengths stay where they are until `release`.
    let lengths = unsafe { (*exported).lengths.as_mut_ptr() };
    let tensor = DLTensor {
        data: data.cast(),
        device: Device {
            device_type: CPU,
            device_id: 0,
        },
        ndim: rank as i32,
        dtype: data_type(dtype),
        shape: lengths,
        strides: lengths.wrapping_add(rank),
        byte_offset: 0,
    };
    let tensor = Box::new(M::new(tensor, exported.cast(), read_only));
    Ok(NonNull::from(Box::leak(tensor)))
}

/// # Safety
/// As for [`Array::from_dlpack`].
unsafe fn import<M: Managed + 'static>(tensor: NonNull<M>) -> Result<Array, DlpackError> {
    struct Given<M: Managed>(NonNull<M>);
    // SAFETY: DLPack allows a tensor to be given back on any thread.
    unsafe impl<M: Managed> Send for Given<M> {}
    impl<M: Managed> Drop for Given<M> {
        fn drop(&mut self) {
            // SAFETY: the tensor was passed to us to give back.
            unsafe { M::give_back(self.0.as_ptr()) }
        }
    }

    // SAFETY: the caller passes a valid tensor.
    let managed = unsafe { tensor.as_ref() };
    managed.check()?;
    // SAFETY: and its fields are what DLPack says.
    let parts = unsafe { Parts::of(managed.tensor()) }?;
    let read_only = managed.read_only();
    let given = Given(tensor);
    let drop = Box::new(move || drop(given));
    // SAFETY: the producer lends the memory until the deleter is called.
    Ok(unsafe {
        let (shape, strides) = (&parts.shape, &parts.strides);
        if read_only {
            Array::from_foreign_read_only(parts.data, parts.dtype, shape, strides, drop)
        } else {
            Array::from_foreign(parts.data, parts.dtype, shape, strides, drop)
        }
    })
}

/// A tensor's memory in our terms.
struct Parts {
    data: *mut u8,
    dtype: DType,
    shape: Extents<usize>,
    strides: Extents<isize>,
}

impl Parts {
    /// # Safety
    /// `shape` and `strides` point to `ndim` numbers where they are not null.
    unsafe fn of(tensor: &DLTensor) -> Result<Parts, DlpackError> {
        let device = tensor.device;
        if device.device_type != CPU && !ALSO_CPU.contains(&device.device_type) {
            return Err(DlpackError::Device(device));
        }
        let dtype = dtype_of(tensor.dtype)?;
        let rank = usize::try_from(tensor.ndim).map_err(|_| DlpackError::Shape)?;
        if rank > 0 && tensor.shape.is_null() {
            return Err(DlpackError::Shape);
        }
        let mut shape = Extents::filled(rank, 0usize);
        for axis in 0..rank {
            // SAFETY: `rank` extents.
            let extent = unsafe { *tensor.shape.add(axis) };
            shape[axis] = usize::try_from(extent).map_err(|_| DlpackError::Shape)?;
        }
        let len = checked_len(&shape, dtype.size()).ok_or(DlpackError::Shape)?;
        let mut strides = c_strides(&shape, dtype.size());
        if !tensor.strides.is_null() {
            for axis in 0..rank {
                // SAFETY: `rank` strides.
                let stride = unsafe { *tensor.strides.add(axis) };
                strides[axis] = isize::try_from(stride)
                    .ok()
                    .and_then(|stride| stride.checked_mul(dtype.size() as isize))
                    .ok_or(DlpackError::Shape)?;
            }
        }
        let data = if len == 0 {
            ptr::without_provenance_mut(dtype.size())
        } else if tensor.data.is_null() {
            return Err(DlpackError::NoData);
        } else {
            let offset = usize::try_from(tensor.byte_offset).map_err(|_| DlpackError::Shape)?;
            tensor.data.cast::<u8>().wrapping_add(offset)
        };
        Ok(Parts {
            data,
            dtype,
            shape,
            strides,
        })
    }
}

impl Array {
    /// The array as a DLPack tensor over the same memory, which lives until its deleter is called. The tensor is
    /// marked [`READ_ONLY`] if another array shares the memory or if the array came in that way.
    ///
    /// # Errors
    /// [`DlpackError::PartialStride`].
    pub fn into_dlpack(self) -> Result<NonNull<DLManagedTensorVersioned>, DlpackError> {
        let read_only = !self.is_writable();
        export(self, read_only)
    }

    /// As [`Array::into_dlpack`], for consumers older than DLPack 1.0. They cannot be told that memory is only to be
    /// read: an array whose memory is shared is copied.
    ///
    /// # Errors
    /// As [`Array::into_dlpack`]; no memory for the copy is [`DlpackError::Shape`].
    pub fn into_dlpack_unversioned(self) -> Result<NonNull<DLManagedTensor>, DlpackError> {
        let array = if self.is_writable() {
            self
        } else {
            self.to_array().map_err(|_| DlpackError::Shape)?
        };
        export(array, false)
    }

    /// An array over a tensor's memory, without a copy; the tensor is given back when the last array that uses it
    /// goes. An array over [`READ_ONLY`] memory is copied by [`Array::view_mut`].
    ///
    /// # Errors
    /// [`DlpackError`]; the tensor is then still the caller's.
    ///
    /// # Safety
    /// `tensor` is a valid tensor that nobody else gives back; as long as it lives nobody else writes to its memory,
    /// and booleans are 0 or 1.
    pub unsafe fn from_dlpack(
        tensor: NonNull<DLManagedTensorVersioned>,
    ) -> Result<Array, DlpackError> {
        // SAFETY: the caller's promise.
        unsafe { import(tensor) }
    }

    /// As [`Array::from_dlpack`], for producers older than DLPack 1.0.
    ///
    /// # Errors
    /// As [`Array::from_dlpack`].
    ///
    /// # Safety
    /// As [`Array::from_dlpack`].
    pub unsafe fn from_dlpack_unversioned(
        tensor: NonNull<DLManagedTensor>,
    ) -> Result<Array, DlpackError> {
        // SAFETY: the caller's promise.
        unsafe { import(tensor) }
    }
}

impl<'a> ArrayView<'a> {
    /// A view of a tensor that somebody else keeps.
    ///
    /// # Errors
    /// [`DlpackError`].
    ///
    /// # Safety
    /// The tensor is valid; for `'a` its memory lives, nobody writes to it, and booleans are 0 or 1.
    pub unsafe fn from_dltensor(tensor: &DLTensor) -> Result<ArrayView<'a>, DlpackError> {
        // SAFETY: the caller's promise.
        let parts = unsafe { Parts::of(tensor) }?;
        // SAFETY: the same.
        Ok(unsafe { ArrayView::from_raw(parts.data, parts.dtype, &parts.shape, &parts.strides) })
    }
}

/// `DLDataTypeCode` of a dtype.
fn code(dtype: DType) -> u8 {
    match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 1,
        DType::F16 | DType::F32 | DType::F64 => 2,
        DType::BF16 => 4,
        DType::C64 | DType::C128 => 5,
        DType::Bool => 6,
    }
}

fn data_type(dtype: DType) -> DataType {
    DataType {
        code: code(dtype),
        bits: (dtype.size() * 8) as u8,
        lanes: 1,
    }
}

fn dtype_of(wanted: DataType) -> Result<DType, DlpackError> {
    DType::all()
        .find(|&dtype| data_type(dtype) == wanted)
        .ok_or(DlpackError::DType(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(dtype: DType, shape: &[usize]) -> Array {
        let mut array = Array::zeros(dtype, shape).unwrap();
        let bytes = array.nbytes();
        let data = array.view_mut().unwrap().as_ptr().cast_mut();
        for i in 0..bytes {
            // SAFETY: inside the array; booleans stay 0 or 1.
            unsafe { data.add(i).write(u8::from(i % 3 == 0)) };
        }
        array
    }

    #[test]
    fn every_dtype_goes_out_and_comes_back_over_the_same_memory() {
        for dtype in DType::all() {
            for shape in [&[][..], &[5], &[2, 3], &[0, 4]] {
                let array = counting(dtype, shape);
                let (text, at) = (array.to_string(), array.as_ptr());
                let tensor = array.into_dlpack().unwrap();
                // SAFETY: ours, and given back once.
                let back = unsafe {
                    assert_eq!(tensor.as_ref().flags, 0);
                    Array::from_dlpack(tensor).unwrap()
                };
                assert_eq!((back.dtype(), back.shape()), (dtype, shape));
                assert_eq!(back.to_string(), text);
                assert!(back.is_empty() || back.as_ptr() == at, "{dtype} was copied");
                let old = back.into_dlpack_unversioned().unwrap();
                // SAFETY: the same.
                let back = unsafe { Array::from_dlpack_unversioned(old).unwrap() };
                assert_eq!(back.to_string(), text);
                assert!(back.is_empty() || back.as_ptr() == at, "{dtype} was copied");
            }
        }
    }

    #[test]
    fn shared_memory_is_read_only_and_copied_before_a_write() {
        let array = Array::from_slice(&[1i32, 2, 3], &[3]).unwrap();
        let tensor = array.clone().into_dlpack().unwrap();
        // SAFETY: ours, and given back once.
        let mut back = unsafe {
            assert_eq!(tensor.as_ref().flags, READ_ONLY);
            Array::from_dlpack(tensor).unwrap()
        };
        assert!(!back.is_writable());
        let at = back.as_ptr();
        assert_ne!(back.view_mut().unwrap().as_ptr(), at);
        let old = array.clone().into_dlpack_unversioned().unwrap();
        // SAFETY: ours, and given back once.
        let back = unsafe { Array::from_dlpack_unversioned(old).unwrap() };
        assert_ne!(back.as_ptr(), array.as_ptr());
    }

    #[test]
    fn strides_are_elements_and_may_be_negative_or_missing() {
        let mut shape = [2i64, 2];
        let mut strides = [-3i64, 2];
        let numbers = [0i16, 1, 2, 3, 4, 5];
        let mut tensor = DLTensor {
            data: numbers.as_ptr().cast_mut().cast(),
            device: Device {
                device_type: CPU,
                device_id: 0,
            },
            ndim: 2,
            dtype: data_type(DType::I16),
            shape: shape.as_mut_ptr(),
            strides: strides.as_mut_ptr(),
            byte_offset: 6,
        };
        // SAFETY: inside `numbers`.
        let view = unsafe { ArrayView::from_dltensor(&tensor) }.unwrap();
        assert_eq!(view.to_vec::<i16>().unwrap(), [3, 5, 0, 2]);
        tensor.strides = ptr::null_mut();
        tensor.byte_offset = 2;
        // SAFETY: the same.
        let view = unsafe { ArrayView::from_dltensor(&tensor) }.unwrap();
        assert_eq!(view.to_vec::<i16>().unwrap(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let numbers = [0f32; 8];
        let mut shape = [2i64, 4];
        let good = DLTensor {
            data: numbers.as_ptr().cast_mut().cast(),
            device: Device {
                device_type: CPU,
                device_id: 0,
            },
            ndim: 2,
            dtype: data_type(DType::F32),
            shape: shape.as_mut_ptr(),
            strides: ptr::null_mut(),
            byte_offset: 0,
        };
        // SAFETY: all that is read is valid.
        let refuse = |tensor: &DLTensor| unsafe { ArrayView::from_dltensor(tensor) }.unwrap_err();
        let gpu = Device {
            device_type: 2,
            device_id: 1,
        };
        assert_eq!(
            refuse(&DLTensor {
                device: gpu,
                ..good
            }),
            DlpackError::Device(gpu)
        );
        let dtype = DataType {
            code: 2,
            bits: 32,
            lanes: 4,
        };
        assert_eq!(
            refuse(&DLTensor { dtype, ..good }),
            DlpackError::DType(dtype)
        );
        assert_eq!(refuse(&DLTensor { ndim: -1, ..good }), DlpackError::Shape);
        let data = ptr::null_mut();
        assert_eq!(refuse(&DLTensor { data, ..good }), DlpackError::NoData);
        for bad in [[-1, 4], [i64::MAX, 4]] {
            let mut bad = bad;
            let shape = bad.as_mut_ptr();
            assert_eq!(refuse(&DLTensor { shape, ..good }), DlpackError::Shape);
        }
    }

    #[test]
    fn another_major_version_stays_the_producers() {
        let array = Array::from_slice(&[1u8], &[1]).unwrap();
        let mut tensor = array.into_dlpack().unwrap();
        // SAFETY: ours; refused, so given back here.
        unsafe {
            tensor.as_mut().version.major = 2;
            let error = Array::from_dlpack(tensor).unwrap_err();
            assert!(error.to_string().contains("DLPack 2."), "{error}");
            DLManagedTensorVersioned::give_back(tensor.as_ptr());
        }
    }

    #[test]
    fn partial_strides_cannot_be_said() {
        let bytes = [0u8; 16];
        // SAFETY: two elements, 6 bytes apart, inside the 16; the memory outlives the array.
        let array = unsafe {
            Array::from_foreign(
                bytes.as_ptr().cast_mut(),
                DType::F32,
                &[2],
                &[6],
                Box::new(|| {}),
            )
        };
        assert_eq!(array.into_dlpack().unwrap_err(), DlpackError::PartialStride);
    }
}
