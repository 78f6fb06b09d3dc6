//! Windows, and sums of products over them, against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::library::{Row, check_each, check_rows};

/// `op` of two vectors; `name` and the mode as both NumPy and npir write them.
fn pair(name: &str, mode: &str, a: &str, v: &str) -> Row {
    let (ours, numpys) = match mode {
        "" => (String::new(), String::new()),
        mode => (format!(" mode {mode}"), format!(", '{mode}'")),
    };
    Row::new(
        format!("numpy.{name} %a, %v{ours} : {{a}}, {{v}} -> {{r0}}"),
        &[("a", a), ("v", v)],
        format!("np.{name}(a, v{numpys})"),
    )
}

/// Every mode and order of lengths; sums of one, of a few and of many products.
#[test]
fn sums_of_products() {
    let dtypes = [
        DType::F64,
        DType::F32,
        DType::F16,
        DType::C64,
        DType::C128,
        DType::I64,
        DType::I8,
        DType::U16,
        DType::Bool,
    ];
    let mut rows = Vec::new();
    for name in ["convolve", "correlate"] {
        for mode in ["", "full", "same", "valid"] {
            for (n, k) in [
                (1, 1),
                (7, 1),
                (1, 4),
                (7, 3),
                (7, 4),
                (4, 7),
                (5, 8),
                (6, 6),
            ] {
                let [a, v] = [n, k].map(|size| format!("fill(DT, {size})"));
                rows.push(pair(name, mode, &a, &v));
            }
        }
        rows.push(pair(name, "same", "fill(DT, 300)", "fill(DT, 75)"));
    }
    check_each(&dtypes, &rows);
}

/// What does not overlap is not multiplied.
#[test]
fn infinities_at_the_ends() {
    let mut rows = Vec::new();
    for name in ["convolve", "correlate"] {
        for mode in ["full", "same"] {
            for (a, v) in [
                ("[1.0, 2, np.inf, 4]", "[1.0, np.nan, 3]"),
                ("[np.inf, 2, 3, 4, 5]", "[1.0, 2, 3]"),
                ("[1.0, 2]", "[np.inf, 2, 3, 4, -np.inf]"),
            ] {
                rows.push(pair(name, mode, a, v).holds("np.array_equal(r0, e0, equal_nan=True)"));
            }
        }
    }
    check_rows(rows);
}

#[test]
fn empty_sequences() {
    let mut rows = Vec::new();
    for name in ["convolve", "correlate"] {
        for (a, v, empty) in [
            ("np.ones(0)", "np.ones(3)", "a"),
            ("np.ones(3)", "np.ones(0)", "v"),
        ] {
            let mut row = pair(name, "", a, v).raises(
                RunErrorKind::Value,
                &format!("numpy.{name}: {empty} cannot be empty"),
            );
            row.numpy = "np.ones(3)".into();
            row.only_dynamic = true;
            rows.push(row);
        }
    }
    check_rows(rows);
}

fn windows(shape: &str, window: &str, axes: &str) -> Row {
    let (ours, numpys) = match axes {
        "" => (String::new(), String::new()),
        axes => (
            format!(" {{axes = array<i64: {axes}>}}"),
            format!(", axis=({axes},)"),
        ),
    };
    Row::new(
        format!("numpy.sliding_window_view %a window [{window}]{ours} : {{a}} -> {{r0}}"),
        &[("a", &format!("fill(DT, {shape})"))],
        format!("np.lib.stride_tricks.sliding_window_view(a, ({window},){numpys})"),
    )
    .exact()
}

#[test]
fn views_of_windows() {
    let rows = [
        windows("7", "3", ""),
        windows("7", "7", ""),
        windows("7", "1", "0"),
        windows("4, 5", "2, 3", ""),
        windows("4, 5", "2", "1"),
        windows("4, 5", "2", "-2"),
        windows("6, 5", "2, 3", "0, 0"),
        windows("2, 3, 4", "2, 2", "2, 0"),
        windows("0, 3", "2", "1"),
    ];
    let all = [DType::F64, DType::C64, DType::I16, DType::Bool];
    check_each(&all, &rows);

    let mut row = windows("4, 5", "2, 3", "").raises(
        RunErrorKind::Value,
        "numpy.sliding_window_view: window shape cannot be larger than input array shape: (2, 3) and (1, 5)",
    );
    row.inputs = vec![("a", "np.ones((1, 5))".into())];
    row.numpy = "np.ones((1, 1, 1, 1))".into();
    row.only_dynamic = true;
    check_rows(vec![row]);
}
