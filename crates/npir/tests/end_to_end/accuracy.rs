//! Sums are at least as accurate as NumPy's pairwise ones, along every axis and in every layout.

use npir_runtime::{Arg, DType};
use npir_testing::oracle;

use crate::harness::{Session, compile, report, trace};
use crate::samples::{Random, mlir, moderate, uniform};
use crate::value::{Layout, Value};

/// Compares a sum `r` (or a mean) over `axes` with the exact one, in units of the bound for the
/// error of NumPy's pairwise sum: blocks of 128 with 8 accumulators, then a tree. Gives the worst
/// ratio, and NumPy's own.
const JUDGE: &str = "
import math
axes = tuple(int(i) for i in axes)
kept = tuple(i for i in range(a.ndim) if i not in axes)
rows = np.transpose(a, kept + axes).reshape(-1, math.prod(a.shape[i] for i in axes))
n = rows.shape[1]
exact = np.array([math.fsum(row) for row in rows.astype(float).tolist()], np.longdouble)
size = np.abs(rows).astype(np.longdouble).sum(1)
unit = np.longdouble(np.finfo(np.float32 if a.dtype == np.float16 else a.dtype).eps) / 2
rounding = np.longdouble(np.finfo(a.dtype).eps) / 2 * np.abs(exact)
bound = unit * (20 + math.log2(max(n / 128, 1))) * size + 2 * rounding + np.finfo(float).tiny
scale = n if mean else 1
theirs = np.mean(a, axis=axes) if mean else np.sum(a, axis=axes)
def worst(found):
    return float(np.max(np.abs(np.asarray(found, np.longdouble).reshape(-1) * scale - exact) / bound))
ours, theirs = worst(r), worst(theirs)
";

fn positive(dtype: DType, count: usize, random: &mut Random) -> Value {
    let mut value = uniform(dtype, count, random);
    let size = dtype.size();
    value
        .bytes
        .chunks_mut(size)
        .for_each(|e| e[size - 1] &= 0x7f);
    value
}

#[test]
fn sums_and_means() {
    let shapes: [(&[usize], &[i64]); 8] = [
        (&[1000], &[0]),
        (&[100_003], &[0]),
        (&[300, 400], &[0, 1]),
        (&[300, 401], &[1]),
        (&[3001, 37], &[0]),
        (&[20_011, 3], &[0]),
        (&[40, 50, 60], &[0, 2]),
        (&[40, 50, 60], &[1]),
    ];
    let mut source = String::new();
    let mut jobs = Vec::new();
    for dtype in [DType::F16, DType::F32, DType::F64] {
        for name in ["sum", "mean"] {
            for (shape, axes) in shapes {
                for fixed in [false, true] {
                    let sizes = |dims: &[usize]| -> String {
                        dims.iter()
                            .map(|n| if fixed { format!("{n}x") } else { "?x".into() })
                            .collect()
                    };
                    let kept: Vec<_> = (0..shape.len())
                        .filter(|d| !axes.contains(&(*d as i64)))
                        .map(|d| shape[d])
                        .collect();
                    let f = format!("f{}", jobs.len());
                    let (from, to) = (sizes(shape) + mlir(dtype), sizes(&kept) + mlir(dtype));
                    source += &format!(
                        "func.func @{f}(%a: tensor<{from}>) -> tensor<{to}> {{\n  \
                         %0 = numpy.{name} %a axes {axes:?} : tensor<{from}> -> tensor<{to}>\n  return %0 : tensor<{to}>\n}}\n"
                    );
                    jobs.push((f, dtype, name, shape, axes));
                }
            }
        }
    }
    let exe = compile(&source);
    let _session = Session::start();
    let mut random = Random(30);
    let mut failures = Vec::new();
    let mut worst = [0f64; 2];
    for (f, dtype, name, shape, axes) in &jobs {
        let count = shape.iter().product();
        let samples = [
            uniform(*dtype, count, &mut random),
            moderate(*dtype, count, &mut random),
            positive(*dtype, count, &mut random),
        ];
        for (value, layout) in
            samples
                .into_iter()
                .zip([Layout::C, Layout::Fortran, Layout::Strided])
        {
            // Sums of many float16 numbers must not overflow.
            let value = value.reshaped(shape);
            let placed = value.place(layout);
            trace(|| format!("{name} {dtype} {shape:?} {axes:?} {layout:?}"));
            let result = exe
                .run(f, &mut [Arg::View(placed.view())])
                .expect("sums do not fail");
            let axes = Value::vector(axes).to_array();
            let mean = Value::scalar(*name == "mean").to_array();
            let inputs = [
                ("a", &value.to_array()),
                ("r", &result[0]),
                ("axes", &axes),
                ("mean", &mean),
            ];
            let ratios = oracle()
                .run(JUDGE, &inputs, &["ours", "theirs"])
                .expect("NumPy judges");
            let ratio = |i: usize| ratios[i].to_vec::<f64>().map_or(f64::NAN, |v| v[0]);
            if !ratio(0).is_nan() {
                worst = [worst[0].max(ratio(0)), worst[1].max(ratio(1))];
            }
            // A float16 sum that overflows is infinite in both.
            // Over an outer axis NumPy adds row by row, beyond its own pairwise bound.
            if ratio(0) > ratio(1).max(2.0) && !(*dtype == DType::F16 && ratio(1).is_infinite()) {
                failures.push(format!(
                    "{name} {dtype} {shape:?} {axes} {layout:?}: {} bounds, NumPy {}",
                    ratio(0),
                    ratio(1)
                ));
            }
        }
    }
    println!(
        "worst error of a sum in units of NumPy's bound: ours {:.3}, NumPy's {:.3}",
        worst[0], worst[1]
    );
    report(&failures, jobs.len());
}
