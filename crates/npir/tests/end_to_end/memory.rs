//! What programs allocate: views are views until somebody needs memory, at any size.

use npir::prelude::*;

use crate::harness::compiler;

/// Bytes that a call of `f` with an `n` by `n` array in C order, seen at these strides, allocates.
fn allocated(program: &str, n: usize, transposed: bool) -> u64 {
    let exe = compiler().compile_source(program, "memory.mlir").unwrap();
    let numbers = vec![1.5f64; n * n];
    let (row, column) = ((n * 8) as isize, 8);
    let strides = if transposed {
        [column, row]
    } else {
        [row, column]
    };
    // SAFETY: the strides stay inside the vector, which outlives the call.
    let view =
        unsafe { ArrayView::from_raw(numbers.as_ptr().cast(), DType::F64, &[n, n], &strides) };
    let function = exe.function("f").unwrap();
    let (results, report) = function.call_with_report(&mut [Arg::View(view)]).unwrap();
    assert_eq!(results.len(), 1);
    assert!(report.copies.is_empty(), "{report:?}");
    report.allocated
}

/// Each view, its dtype and rank; `?` where the size is that of the argument.
const VIEWS: [(&str, &str); 21] = [
    ("numpy.transpose %a", "?x?"),
    ("numpy.sliding_window_view %a window [20, 30]", "?x?x20x30"),
    ("numpy.reshape %a shape [-1]", "?"),
    ("numpy.reshape %a shape [-1, 2, 5]", "?x2x5"),
    ("numpy.ravel %a", "?"),
    ("numpy.flip %a", "?x?"),
    ("numpy.flip %a axes [1]", "?x?"),
    ("numpy.slice %a[1:]", "?x?"),
    ("numpy.slice %a[::-1, ::2]", "?x?"),
    ("numpy.slice %a[:-1, 3]", "?"),
    ("numpy.slice %a[newaxis, 2:7, :]", "1x?x?"),
    ("numpy.slice %a[7]", "?"),
    ("numpy.expand_dims %a axes [0, 2]", "1x?x1x?"),
    ("numpy.swapaxes %a axes [0, 1]", "?x?"),
    ("numpy.moveaxis %a from [0] to [1]", "?x?"),
    ("numpy.rot90 %a k 1 axes [0, 1]", "?x?"),
    ("numpy.rot90 %a k 2 axes [0, 1]", "?x?"),
    ("numpy.diagonal %a", "?"),
    ("numpy.diagonal %a offset -3", "?"),
    ("numpy.broadcast_to %a shape [7, 200, 200]", "7x200x200"),
    ("numpy.real %a", "?x?"),
];

#[test]
fn views_take_no_memory() {
    let mut wrong = Vec::new();
    for (view, shape) in VIEWS {
        for argument in ["?x?", "200x200"] {
            let program = format!(
                "func.func @f(%a: tensor<{argument}xf64>) -> tensor<f64> {{\n  \
                 %v = {view} : tensor<{argument}xf64> -> tensor<{shape}xf64>\n  \
                 %s = numpy.sum %v : tensor<{shape}xf64> -> tensor<f64>\n  \
                 return %s : tensor<f64>\n}}\n"
            );
            for transposed in [false, true] {
                // As in NumPy, the elements of a transposed array have to be put in a row first.
                if transposed && (view.contains("reshape") || view.contains("ravel")) {
                    continue;
                }
                let bytes = allocated(&program, 200, transposed);
                if bytes > 1024 {
                    wrong.push(format!("{view} of {argument}: {bytes} bytes"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The measure itself: what needs memory is seen to take it.
#[test]
fn copies_take_memory() {
    let program = "func.func @f(%a: tensor<?x?xf64>) -> tensor<?x?xf64> {
        %0 = numpy.transpose %a : tensor<?x?xf64> -> tensor<?x?xf64>
        %1 = numpy.negative %0 : tensor<?x?xf64> -> tensor<?x?xf64>
        return %1 : tensor<?x?xf64>
    }";
    assert_eq!(allocated(program, 50, false), 50 * 50 * 8);
}
