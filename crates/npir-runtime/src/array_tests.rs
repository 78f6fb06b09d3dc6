//! Arrays and views: strides, sharing, errors, foreign memory.

use super::*;
use ndarray::{Array2, arr0, s};

#[test]
fn ndarray_views_of_any_stride_round_trip() {
    let a = Array2::from_shape_fn((4, 6), |(i, j)| (10 * i + j) as f64);
    for view in [
        a.view(),
        a.slice(s![..;-1, ..]),
        a.slice(s![1..;2, ..;-2]),
        a.t(),
        a.slice(s![2..2, ..]),
        a.broadcast((4, 6)).unwrap(),
    ] {
        let ours = ArrayView::from(&view);
        assert_eq!(ours.shape(), view.shape());
        assert_eq!(ours.as_ndarray::<f64>().unwrap(), view.view().into_dyn());
        assert_eq!(
            ours.to_vec::<f64>().unwrap(),
            view.iter().copied().collect::<Vec<_>>()
        );
        let copy = ours.to_array().unwrap();
        assert!(copy.is_c_contiguous());
        assert_eq!(copy.as_ndarray::<f64>().unwrap(), view.into_dyn());
    }
    let b = arr0(5i32);
    assert_eq!(ArrayView::from(&b).item(), Some(Scalar::new(5i32)));
    let row = ndarray::arr1(&[1.0f32, 2.0]);
    let wide = row.broadcast((3, 2)).unwrap();
    assert_eq!(ArrayView::from(&wide).strides(), [0, 4]);
    assert_eq!(
        ArrayView::from(&wide).to_vec::<f32>().unwrap(),
        [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    );
}

#[test]
fn writes_reach_the_caller_and_not_other_values() {
    let mut a = Array2::<i64>::zeros((2, 3));
    {
        let mut reversed = a.slice_mut(s![..;-1, ..]);
        let mut view = ArrayViewMut::from(&mut reversed);
        view.as_ndarray_mut::<i64>().unwrap()[[0, 0]] = 7;
    }
    assert_eq!(a[[1, 0]], 7);

    let mut x = Array::from_vec(vec![1i64, 2, 3], &[3]).unwrap();
    let y = x.clone();
    assert!(x.is_shared());
    x.view_mut().unwrap().as_ndarray_mut::<i64>().unwrap()[0] = 9;
    assert_eq!(x.to_vec::<i64>().unwrap(), [9, 2, 3]);
    assert_eq!(y.to_vec::<i64>().unwrap(), [1, 2, 3]);
    assert!(!x.is_shared() && !y.is_shared());
}

#[test]
fn errors_are_typed() {
    assert!(matches!(
        Array::zeros(DType::F64, &[usize::MAX, 2]),
        Err(ArrayError::SizeOverflow { .. })
    ));
    assert!(matches!(
        Array::zeros(DType::F64, &[1 << 50]),
        Err(ArrayError::OutOfMemory { .. })
    ));
    assert_eq!(
        Array::from_slice(&[1u8, 2], &[3]).unwrap_err().to_string(),
        "2 elements do not fill shape (3,)"
    );
    let a = Array::zeros(DType::F32, &[2]).unwrap();
    assert_eq!(
        a.as_ndarray::<f64>().unwrap_err().to_string(),
        "the array has dtype float32, not float64"
    );
    let bytes = [0u8; 64];
    // SAFETY: inside the array of bytes; any bytes are floats.
    let odd = unsafe { ArrayView::from_raw(bytes[1..].as_ptr(), DType::F64, &[3], &[9]) };
    assert!(matches!(
        odd.as_ndarray::<f64>(),
        Err(ArrayError::Unaligned { .. })
    ));
    assert_eq!(odd.to_vec::<f64>().unwrap(), [0.0; 3]);
}

#[test]
fn short_forms() {
    let a = Array::from_slice(&[1.5f64, 2.0, 3.0, 4.0], &[2, 2]).unwrap();
    assert_eq!(format!("{a:?}"), "float64(2, 2)");
    assert_eq!(a.to_string(), "[[1.5, 2.0], [3.0, 4.0]]");
    let long = Array::from_vec((0..2000i32).collect(), &[2000]).unwrap();
    assert_eq!(long.to_string(), "[0, 1, 2, ..., 1997, 1998, 1999]");
    assert_eq!(
        Array::zeros(DType::Bool, &[0, 3]).unwrap().to_string(),
        "[]"
    );
    assert_eq!(
        Array::from_scalar(Scalar::new(true)).unwrap().to_string(),
        "True"
    );
}

#[test]
fn foreign_memory_is_given_back_once() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static DROPS: AtomicUsize = AtomicUsize::new(0);
    let memory: &'static mut [f32] = Box::leak(vec![1f32, 2.0].into());
    let p = memory.as_mut_ptr();
    let len = memory.len();
    // SAFETY: the memory is ours until the closure runs.
    let a = unsafe {
        let address = p as usize;
        Array::from_foreign(
            p.cast(),
            DType::F32,
            &[2],
            &[4],
            Box::new(move || {
                DROPS.fetch_add(1, Ordering::Relaxed);
                let slice = std::ptr::slice_from_raw_parts_mut(address as *mut f32, len);
                drop(Box::from_raw(slice));
            }),
        )
    };
    let b = a.clone();
    drop(a);
    assert_eq!(b.to_vec::<f32>().unwrap(), [1.0, 2.0]);
    assert_eq!(DROPS.load(Ordering::Relaxed), 0);
    drop(b);
    assert_eq!(DROPS.load(Ordering::Relaxed), 1);
}

#[test]
fn owned_ndarray_is_taken_over() {
    let a = ndarray::arr2(&[[1u16, 2], [3, 4]]).reversed_axes();
    let ours = Array::from_ndarray(a);
    assert!(ours.is_f_contiguous() && !ours.is_c_contiguous());
    assert_eq!(
        ours.to_contiguous().unwrap().to_vec::<u16>().unwrap(),
        [1, 3, 2, 4]
    );
}
