//! Selection by masks of many elements, which threads share and vectors go through, and by masks of other sizes than the
//! array's, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::harness::{Case, check};
use crate::samples::{Random, any_bits, numbers};
use crate::value::Value;

/// `n` bools, of which about `share` are true.
fn mask(n: usize, share: f64, random: &mut Random) -> Value {
    let bools: Vec<_> = (0..n).map(|_| random.unit() < share).collect();
    Value::vector(&bools)
}

#[test]
fn masks_of_many_elements() {
    let mut random = Random(21);
    let dtypes = [DType::U8, DType::I16, DType::F32, DType::F64, DType::C128];
    let mut compress: Vec<_> = dtypes
        .map(|_| Case::new("numpy.compress %m, %a", "np.compress(m, a)"))
        .into();
    let mut nonzero = Case::new("numpy.flatnonzero %m", "np.flatnonzero(m)").types("tensor<?xi64>");
    // Every layout of some, and more than one thread's part in order.
    for (n, shares) in [
        (63, &[0.5][..]),
        (64, &[1.0]),
        (200, &[0.02, 0.5]),
        (70_001, &[0.02, 0.5]),
    ] {
        for &share in shares {
            let run = |case: Case, inputs: &[_]| match n {
                70_001 => case.run(inputs),
                _ => case.run_everywhere(inputs),
            };
            let m = mask(n, share, &mut random);
            nonzero = run(nonzero, &[("m", m.clone())]);
            for (case, dtype) in compress.iter_mut().zip(dtypes) {
                let a = any_bits(dtype, n, &mut random);
                *case = run(case.clone(), &[("m", m.clone()), ("a", a)]);
            }
        }
    }
    check(compress.into_iter().chain([nonzero]).collect());
}

#[test]
fn masks_of_other_sizes() {
    let a = || numbers(DType::F64, &[1, 2, 3]);
    let chosen = |m: &[bool]| [("m", Value::vector(m)), ("a", a())];
    let mut cases = Vec::new();
    for (op, name) in [("compress", "numpy.compress"), ("extract", "numpy.extract")] {
        let case =
            Case::new(format!("{name} %m, %a"), format!("np.{op}(m, a)")).types("tensor<?xf64>");
        let fits = [&[true, false][..], &[], &[false, true, true, false, false]];
        for m in fits {
            let case = case.clone().run_everywhere(&chosen(m));
            cases.extend([case.clone(), case.fixed()]);
        }
        let beyond = case.run(&chosen(&[false, true, true, false, true, false]));
        let message = format!("{name}: index 4 is out of bounds for axis 0 with size 3");
        let beyond = beyond.raises(RunErrorKind::IndexOutOfBounds, message);
        cases.extend([beyond.clone(), beyond.fixed()]);
    }
    check(cases);
}
