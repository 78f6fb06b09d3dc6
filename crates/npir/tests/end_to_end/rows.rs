//! Long rows that are copied as they are, against NumPy: just below, at and above the length at which they are copied
//! at once, into arrays and parts of arrays, from every layout.

use npir_runtime::DType;

use crate::harness::{Case, check};
use crate::samples::{WITH_COMPLEX, mlir, numbers};
use crate::value::Value;

/// Bytes of a row from which on it is copied at once.
const LONG: usize = 4096;

/// Rows of so many numbers, most of them different from what is beside, above and below them.
fn rows(dtype: DType, count: usize, length: usize) -> Value {
    let list: Vec<_> = (0..(count * length) as i64)
        .map(|i| i * i * 31 % 127)
        .collect();
    numbers(dtype, &list).reshaped(&[count, length])
}

#[test]
fn rows_side_by_side() {
    let mut cases = Vec::new();
    for dtype in WITH_COMPLEX {
        let n = LONG / dtype.size();
        let case = Case::new(
            "numpy.concatenate %a, %b axis 1",
            "np.concatenate((a, b), 1)",
        );
        for (left, right) in [(n - 1, n), (n + 1, 3)] {
            let inputs = [("a", rows(dtype, 3, left)), ("b", rows(dtype, 3, right))];
            cases.push(case.clone().fixed().run(&inputs));
        }
        let inputs = |left, right| [("a", rows(dtype, 2, left)), ("b", rows(dtype, 2, right))];
        let case = case.run_everywhere(&inputs(n, n + 7));
        let case = case.run(&inputs(n - 1, 2 * n)).run(&inputs(0, n));
        cases.push(case.run(&[("a", rows(dtype, 0, n)), ("b", rows(dtype, 0, n))]));
    }
    check(cases);
}

#[test]
fn rows_into_parts() {
    let mut cases = Vec::new();
    for dtype in [DType::Bool, DType::F16, DType::F64, DType::C128] {
        let n = LONG / dtype.size();
        let part = |columns: &str, numpy: &str| {
            let ty = mlir(dtype);
            Case::new(
                format!(
                    "  %0 = numpy.set_slice %a[1:3, {columns}], %b : {{a}}, {{b}} -> tensor<?x?x{ty}>\n  \
                     return %0 : tensor<?x?x{ty}>"
                ),
                format!("[a := a.copy(), a.__setitem__((slice(1, 3), {numpy}), b)][0]"),
            )
        };
        let inputs = |length| [("a", rows(dtype, 4, n + 9)), ("b", rows(dtype, 2, length))];
        cases.push(part("5:-4", "slice(5, -4)").run_everywhere(&inputs(n)));
        cases.push(part("8:", "slice(8, None)").run(&inputs(n + 1)));
        cases.push(part("::-1", "slice(None, None, -1)").run(&inputs(n + 9)));
        cases.push(part(":", "slice(None)").run(&inputs(1)));
    }
    check(cases);
}
