//! Calls of hand-written entry points, which follow the ABI as compiled code does.

use std::ptr;

use ndarray::{Array2, arr1, arr2, s};

use super::*;
use crate::array::{ArrayView, ArrayViewMut};
use crate::context::{npir_rt_alloc, npir_rt_raise};
use crate::dtype::{DType, Scalar};
use crate::signature::{ArgSpec, Dim, ResultSpec};

/// A rank-1 or rank-2 descriptor of doubles as compiled code sees it.
#[repr(C)]
struct Memref<const RANK: usize> {
    allocated: *mut c_void,
    aligned: *mut f64,
    offset: i64,
    sizes: [i64; RANK],
    strides: [i64; RANK],
}

fn array_arg(name: &str, shape: &[Dim], updates: Option<usize>) -> ArgSpec {
    ArgSpec {
        name: name.into(),
        dtype: DType::F64,
        shape: shape.to_vec(),
        scalar: false,
        updates,
    }
}

fn array_result(shape: &[Dim]) -> ResultSpec {
    ResultSpec {
        dtype: DType::F64,
        shape: shape.to_vec(),
        scalar: false,
    }
}

fn function(name: &str, args: Vec<ArgSpec>, results: Vec<ResultSpec>, entry: EntryFn) -> Function {
    let signature = Signature {
        name: name.into(),
        symbol: format!("npir_entry_{name}"),
        args,
        results,
    };
    // SAFETY: the entry points below follow these signatures.
    unsafe { Function::new(signature, entry, Arc::new(())) }.unwrap()
}

/// r = x * k, and the count as an i64 scalar.
unsafe extern "C" fn scale(
    ctx: *mut CallContext,
    args: *const *const c_void,
    results: *const *mut c_void,
) -> i32 {
    // SAFETY: the ABI.
    unsafe {
        let x = &*(*args).cast::<Memref<2>>();
        let k = *(*args.add(1)).cast::<f64>();
        let (rows, columns) = (x.sizes[0], x.sizes[1]);
        let out = npir_rt_alloc(ctx, (rows * columns * 8) as u64);
        if out.is_null() {
            return 1;
        }
        for i in 0..rows {
            for j in 0..columns {
                let at = x.offset + i * x.strides[0] + j * x.strides[1];
                let value = x.aligned.offset(at as isize).read_unaligned();
                *out.cast::<f64>().offset((i * columns + j) as isize) = value * k;
            }
        }
        // A temporary that is never released.
        npir_rt_alloc(ctx, 1000);
        (*results).cast::<Memref<2>>().write(Memref {
            allocated: out,
            aligned: out.cast(),
            offset: 0,
            sizes: x.sizes,
            strides: [columns, 1],
        });
        (*results.add(1)).cast::<i64>().write(rows * columns);
    }
    0
}

fn scale_function() -> Function {
    let k = ArgSpec {
        scalar: true,
        ..array_arg("k", &[], None)
    };
    let count = ResultSpec {
        dtype: DType::I64,
        shape: vec![],
        scalar: true,
    };
    let shape = [Dim::Dynamic, Dim::Static(3)];
    function(
        "scale",
        vec![array_arg("x", &shape, None), k],
        vec![array_result(&shape), count],
        scale,
    )
}

#[test]
fn inputs_of_any_stride_are_used_in_place() {
    let f = scale_function();
    let x = Array2::from_shape_fn((4, 6), |(i, j)| (6 * i + j) as f64);
    for view in [
        x.slice(s![..;-1, ..;2]),
        x.slice(s![1..1, ..3]),
        x.slice(s![..3, 2]).insert_axis(ndarray::Axis(0)),
    ] {
        let mut args = [Arg::from(&view), Scalar::new(2.0f64).into()];
        let (results, report) = f.call_with_report(&mut args).unwrap();
        assert!(report.copies.is_empty());
        assert_eq!(
            results[0].as_ndarray::<f64>().unwrap(),
            (&view * 2.0).into_dyn()
        );
        assert_eq!(results[1].item(), Some(Scalar::new(view.len() as i64)));
    }
    // Unaligned is fine too; only a stride of half an element needs a copy.
    let mut bytes = [0u8; 200];
    for (k, chunk) in bytes[1..].chunks_exact_mut(12).take(6).enumerate() {
        chunk[..8].copy_from_slice(&(k as f64).to_ne_bytes());
    }
    // SAFETY: inside the vector; any bytes are doubles.
    let (dense, sparse) = unsafe {
        (
            ArrayView::from_raw(bytes[1..].as_ptr(), DType::F64, &[1, 3], &[24, 24]),
            ArrayView::from_raw(bytes[1..].as_ptr(), DType::F64, &[2, 3], &[36, 12]),
        )
    };
    let call = |view: ArrayView| {
        let mut args = [view.into(), Scalar::new(1.0f64).into()];
        let (results, report) = f.call_with_report(&mut args).unwrap();
        (results[0].to_vec::<f64>().unwrap(), report)
    };
    let (values, report) = call(dense);
    assert_eq!(values, [0.0, 2.0, 4.0]);
    assert_eq!(report.copies, []);
    let (values, report) = call(sparse);
    assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(
        report.copies[0].to_string(),
        "argument `x` was copied (48 bytes): a byte stride is not a multiple of the item size"
    );
}

#[test]
fn wrong_arguments_are_named() {
    let f = scale_function();
    let k = || Arg::from(Scalar::new(2.0f64));
    let x = Array2::<f64>::zeros((2, 3));
    let fail = |args: &mut [Arg]| f.call(args).unwrap_err().to_string();
    assert_eq!(fail(&mut [k()]), "scale: takes 2 arguments, got 1");
    let singles = x.mapv(|v| v as f32);
    assert_eq!(
        fail(&mut [Arg::from(&singles), k()]),
        "scale: argument `x`: expected dtype float64, got float32"
    );
    let row = arr1(&[1.0]);
    assert_eq!(
        fail(&mut [Arg::from(&row), k()]),
        "scale: argument `x`: expected an array of rank 2, got shape (1,)"
    );
    let wide = Array2::<f64>::zeros((2, 4));
    assert_eq!(
        fail(&mut [Arg::from(&wide), k()]),
        "scale: argument `x`: expected extent 3 on axis 1, got shape (2, 4)"
    );
    assert_eq!(
        fail(&mut [Arg::from(&x), Arg::from(&row)]),
        "scale: argument `k`: expected a scalar, got shape (1,)"
    );
    let zero_d = ndarray::arr0(3.0);
    assert!(f.call(&mut [Arg::from(&x), Arg::from(&zero_d)]).is_ok());
}

/// c += x, element by element from the front, in place; r = the first 2 of x, aliasing it; r2 = 2 views of a block.
unsafe extern "C" fn accumulate(
    ctx: *mut CallContext,
    args: *const *const c_void,
    results: *const *mut c_void,
) -> i32 {
    // SAFETY: the ABI.
    unsafe {
        let c = &*(*args).cast::<Memref<1>>();
        let x = &*(*args.add(1)).cast::<Memref<1>>();
        if c.sizes != x.sizes {
            let (fmt, loc) = (
                "numpy.add: shapes ({},) and ({},) do not broadcast",
                "m.mlir:2:3",
            );
            npir_rt_raise(
                ctx,
                0,
                fmt.as_ptr().cast(),
                fmt.len() as u64,
                loc.as_ptr().cast(),
                loc.len() as u64,
                [c.sizes[0], x.sizes[0]].as_ptr(),
                2,
            );
            return 1;
        }
        for i in 0..c.sizes[0] as isize {
            let to = c.aligned.offset(i * c.strides[0] as isize);
            let from = x.aligned.offset(i * x.strides[0] as isize);
            to.write_unaligned(to.read_unaligned() + from.read_unaligned());
        }
        (*results).cast::<Memref<1>>().write(Memref {
            allocated: ptr::null_mut(),
            sizes: [2],
            ..*x
        });
        let block = npir_rt_alloc(ctx, 16);
        block.cast::<[f64; 2]>().write([10.0, 20.0]);
        for (slot, stride) in [(1, 1), (2, -1)] {
            (*results.add(slot)).cast::<Memref<1>>().write(Memref {
                allocated: block,
                aligned: block.cast(),
                offset: i64::from(stride < 0),
                sizes: [2],
                strides: [stride],
            });
        }
    }
    0
}

fn accumulate_function() -> Function {
    let any = [Dim::Dynamic];
    function(
        "accumulate",
        vec![array_arg("c", &any, Some(1)), array_arg("x", &any, None)],
        vec![
            array_result(&any),
            array_result(&any),
            array_result(&any),
            array_result(&any),
        ],
        accumulate,
    )
}

#[test]
fn frames_keep_results_until_they_are_taken() {
    let f = accumulate_function();
    let mut report = RunReport::default();
    let mut frame = Frame::new(&f);
    assert!(frame.result(0).is_none() && frame.array(0, &mut report).is_err());
    let (mut c, x) = (arr1(&[1.0, 2.0]), arr1(&[10.0, 20.0]));
    let mut call = |frame: &mut Frame<'_>| {
        let mut report = RunReport::default();
        frame.call(&mut [Arg::from(&mut c), Arg::from(&x)], &mut report)
    };
    call(&mut frame).unwrap();
    // Two results are one block, which is nobody's alone.
    assert_eq!(frame.result(1).unwrap().shape, [2]);
    assert!(frame.take_block(1).is_none());
    let one = frame.array(1, &mut report).unwrap();
    assert!(one.is_shared());
    assert!(frame.result(1).is_none() && frame.array(1, &mut report).is_err());
    assert_eq!(frame.result(2).unwrap().strides, [-8]);
    // Another call, or the frame's end, gives up what was not taken.
    call(&mut frame).unwrap();
    assert!(!one.is_shared());
    let other = frame.array(2, &mut report).unwrap();
    assert!(other.is_shared());
    drop(frame);
    assert!(!other.is_shared());
    assert_eq!(one.to_vec::<f64>().unwrap(), [10.0, 20.0]);
    assert_eq!(other.to_vec::<f64>().unwrap(), [20.0, 10.0]);
}

#[test]
fn updates_go_to_the_callers_memory_and_aliases_are_copied() {
    let f = accumulate_function();
    let mut memory = arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let x = arr1(&[10.0, 20.0]);
    let (results, report) = {
        let mut column = memory.slice_mut(s![..;-1, 1]);
        f.call_with_report(&mut [Arg::from(&mut column), Arg::from(&x)])
            .unwrap()
    };
    assert_eq!(memory, arr2(&[[1.0, 22.0, 3.0], [4.0, 15.0, 6.0]]));
    assert_eq!(report.copies.len(), 1);
    assert_eq!(
        report.copies[0].to_string(),
        "result 0 was copied (16 bytes): it is the memory of an argument or of a constant"
    );
    let values: Vec<_> = results.iter().map(|r| r.to_vec::<f64>().unwrap()).collect();
    assert_eq!(values, [[10.0, 20.0], [10.0, 20.0], [20.0, 10.0]]);
    assert!(results[1].is_shared());
    // Values: writing one does not change the other.
    let mut results = results;
    let mut second = results.remove(1);
    second.view_mut().unwrap().as_ndarray_mut::<f64>().unwrap()[0] = -1.0;
    assert_eq!(results[1].to_vec::<f64>().unwrap(), [20.0, 10.0]);
}

#[test]
fn errors_of_the_program_have_a_location() {
    let (mut c, x) = (arr1(&[1.0, 2.0]), arr1(&[1.0, 2.0, 3.0]));
    let error = accumulate_function()
        .call(&mut [Arg::from(&mut c), Arg::from(&x)])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "m.mlir:2:3: numpy.add: shapes (2,) and (3,) do not broadcast"
    );
    assert_eq!(error.kind(), RunErrorKind::ShapeMismatch);
}

#[test]
fn overlap_is_versioned_or_refused() {
    let f = accumulate_function();
    let mut memory = [1.0f64, 2.0, 3.0, 4.0, 5.0];
    let p = memory.as_mut_ptr().cast::<u8>();
    // c = memory[1:], x = memory[:-1]: NumPy adds the old values.
    // SAFETY: inside the array; the overlap is what is tested, and only raw pointers touch it.
    let report = unsafe {
        let c = ArrayViewMut::from_raw(p.add(8), DType::F64, &[4], &[8]);
        let x = ArrayView::from_raw(p, DType::F64, &[4], &[8]);
        f.call_with_report(&mut [c.into(), x.into()]).unwrap().1
    };
    assert_eq!(memory, [1.0, 3.0, 5.0, 7.0, 9.0]);
    assert_eq!(
        report.copies[0].reason,
        CopyReason::OverlapsUpdated("c".into())
    );

    // c = memory[0::2], x = memory[1::2] share no byte.
    let p = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: as above.
    let report = unsafe {
        let c = ArrayViewMut::from_raw(p, DType::F64, &[2], &[16]);
        let x = ArrayView::from_raw(p.add(8), DType::F64, &[2], &[16]);
        f.call_with_report(&mut [c.into(), x.into()]).unwrap().1
    };
    assert_eq!(memory, [4.0, 3.0, 12.0, 7.0, 9.0]);
    assert_eq!(report.copies.len(), 1, "only the aliasing result");

    // A partial stride on an updated argument: copied in and back.
    let mut bytes = [0u8; 64];
    // SAFETY: inside the vector, 12 bytes apart.
    unsafe {
        let c = ArrayViewMut::from_raw(bytes.as_mut_ptr(), DType::F64, &[2], &[12]);
        f.call(&mut [
            c.into(),
            ArrayView::from_slice(&[1.5f64, 2.5], &[2]).unwrap().into(),
        ])
        .unwrap();
    }
    assert_eq!(bytes[..8], 1.5f64.to_ne_bytes());
    assert_eq!(bytes[12..20], 2.5f64.to_ne_bytes());
}

#[test]
fn updated_arguments_must_be_writable_and_apart() {
    let f = accumulate_function();
    let x = arr1(&[1.0]);
    let error = f.call(&mut [Arg::from(&x), Arg::from(&x)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "accumulate: argument `c`: is updated in place and needs a writable array"
    );
    let any = [Dim::Dynamic];
    let two = function(
        "two",
        vec![array_arg("a", &any, Some(0)), array_arg("b", &any, Some(1))],
        vec![array_result(&any), array_result(&any)],
        accumulate,
    );
    let mut memory = [0f64; 4];
    let p = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: the call is refused before anything is touched.
    let error = unsafe {
        let a = ArrayViewMut::from_raw(p, DType::F64, &[3], &[8]);
        let b = ArrayViewMut::from_raw(p.add(8), DType::F64, &[3], &[8]);
        two.call(&mut [a.into(), b.into()]).unwrap_err()
    };
    assert!(
        error.to_string().contains("`a` and `b` are both updated"),
        "{error}"
    );
}

#[test]
fn many_arguments_use_a_heap_frame() {
    unsafe extern "C" fn sum(
        _: *mut CallContext,
        args: *const *const c_void,
        results: *const *mut c_void,
    ) -> i32 {
        // SAFETY: the ABI; 200 arguments of rank 1.
        unsafe {
            let total = (0..200)
                .map(|i| *(*(*args.add(i)).cast::<Memref<1>>()).aligned)
                .sum();
            (*results).cast::<f64>().write(total);
        }
        0
    }
    let specs = (0..200).map(|i| array_arg(&format!("a{i}"), &[Dim::Dynamic], None));
    let result = ResultSpec {
        scalar: true,
        ..array_result(&[])
    };
    let f = function("sum", specs.collect(), vec![result], sum);
    let arrays: Vec<_> = (0..200).map(|i| arr1(&[f64::from(i)])).collect();
    let mut args: Vec<Arg> = arrays.iter().map(Arg::from).collect();
    assert_eq!(
        f.call(&mut args).unwrap()[0].item(),
        Some(Scalar::new(19900.0f64))
    );
}
