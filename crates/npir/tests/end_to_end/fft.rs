//! `numpy.fft_*` against NumPy.

use npir_runtime::{DType, RunErrorKind};

use crate::library::{Row, check_rows};

/// A row of a function of one array with attributes.
///
/// NumPy rounds the scale of 16-bit floats to 16 bits, which is not followed.
fn row(op: &str, x: &str, numpy: &str) -> Row {
    Row::new(
        format!("numpy.fft_{op} : {{x}} -> {{r0}}"),
        &[("x", x)],
        format!("np.fft.{numpy}"),
    )
    .holds("near(r0, e0, 1e4 if x.dtype == np.float16 else 200)")
}

#[test]
fn along_an_axis() {
    let mut rows = Vec::new();
    for shape in ["8", "1", "7", "30", "3, 16", "2, 5, 3", "64, 9", "0, 4"] {
        let x = format!("fill(DT, {shape})");
        for (name, axis) in [("-1", -1), ("0", 0)] {
            if axis == 0 && shape == "0, 4" {
                continue;
            }
            for (norm, numpy) in [
                ("", ""),
                (" norm ortho", ", norm='ortho'"),
                (" norm forward", ", norm='forward'"),
            ] {
                for f in ["fft", "ifft"] {
                    rows.push(row(
                        &format!("{f} %x axes [{name}]{norm}"),
                        &x,
                        &format!("{f}(x, axis={axis}{numpy})"),
                    ));
                }
            }
        }
    }
    for dtype in [DType::F32, DType::C64, DType::C128, DType::I32, DType::F16] {
        check_rows(rows.iter().map(|row| row.of(dtype)).collect());
    }
}

#[test]
fn halves_of_real_transforms() {
    let mut real = Vec::new();
    let mut back = Vec::new();
    for shape in ["8", "2", "7", "30", "3, 16", "2, 5, 3", "65, 9"] {
        let x = format!("fill(DT, {shape})");
        for axis in [-1, 0] {
            for (norm, numpy) in [
                ("", ""),
                (" norm ortho", ", norm='ortho'"),
                (" norm forward", ", norm='forward'"),
            ] {
                for f in ["rfft", "ihfft"] {
                    real.push(row(
                        &format!("{f} %x axes [{axis}]{norm}"),
                        &x,
                        &format!("{f}(x, axis={axis}{numpy})"),
                    ));
                }
                for f in ["irfft", "hfft"] {
                    back.push(row(
                        &format!("{f} %x axes [{axis}]{norm}"),
                        &x,
                        &format!("{f}(x, axis={axis}{numpy})"),
                    ));
                }
            }
        }
    }
    for dtype in [DType::F32, DType::I64] {
        check_rows(real.iter().map(|row| row.of(dtype)).collect());
    }
    for dtype in [DType::C64, DType::F64] {
        check_rows(back.iter().map(|row| row.of(dtype)).collect());
    }
}

#[test]
fn cropped_and_continued() {
    let mut rows = Vec::new();
    for f in ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"] {
        for n in [1, 3, 4, 9, 20] {
            for (shape, axis) in [("8", -1), ("5, 3", 0), ("3, 6", 1)] {
                let complex = ["irfft", "hfft"].contains(&f);
                let x = if complex {
                    format!("fill(np.complex128, {shape})")
                } else {
                    format!("fill(np.float64, {shape})")
                };
                let mut row = row(
                    &format!("{f} %x s %n axes [{axis}]"),
                    &x,
                    &format!("{f}(x, {n}, {axis})"),
                );
                row.op = format!(
                    "numpy.item %i : {{i}}\n  %n = arith.index_cast %0 : i64 to index\n  %1 = {}",
                    row.op
                );
                row.inputs.push(("i", format!("np.array({n})")));
                rows.push(row);
            }
        }
    }
    for row in &mut rows {
        row.last = "%1";
        row.only_dynamic = true;
    }
    check_rows(rows);
}

#[test]
fn along_several_axes() {
    let mut real = Vec::new();
    let mut complex = Vec::new();
    for shape in ["4, 6", "3, 5, 8", "2, 3, 4, 5"] {
        let x = format!("fill(DT, {shape})");
        for (axes, numpy) in [
            ("", ""),
            (" axes [0, 1]", ", axes=(0, 1)"),
            (" axes [-1, 0]", ", axes=(-1, 0)"),
        ] {
            for f in ["fft2", "ifft2", "fftn", "ifftn", "irfft2", "irfftn"] {
                complex.push(row(&format!("{f} %x{axes}"), &x, &format!("{f}(x{numpy})")));
            }
            for f in ["rfft2", "rfftn", "fftn"] {
                real.push(row(
                    &format!("{f} %x{axes} norm ortho"),
                    &x,
                    &format!("{f}(x{numpy}, norm='ortho')"),
                ));
            }
        }
    }
    complex.push(row(
        "fftn %x axes [0, 0]",
        "fill(DT, 4, 5)",
        "fftn(x, axes=(0, 0))",
    ));
    for dtype in [DType::C64, DType::F64] {
        check_rows(complex.iter().map(|row| row.of(dtype)).collect());
    }
    for dtype in [DType::F32, DType::F64] {
        check_rows(real.iter().map(|row| row.of(dtype)).collect());
    }
}

#[test]
fn frequencies_and_shifts() {
    let mut rows = Vec::new();
    for n in [1, 2, 7, 8] {
        for (d, numpy) in [("", "1.0"), (" d 0.25", "0.25")] {
            for f in ["fftfreq", "rfftfreq"] {
                let mut row = Row::new(
                    format!("arith.constant {n} : index\n  %1 = numpy.fft_{f} %0{d} : {{r0}}"),
                    &[],
                    format!("np.fft.{f}({n}, {numpy})"),
                );
                row.last = "%1";
                rows.push(row.exact());
            }
        }
    }
    check_rows(rows);
    let mut shifts = Vec::new();
    for f in ["fftshift", "ifftshift"] {
        for shape in ["5", "6", "3, 4", "2, 3, 5", "0, 3", "2, 3, 1, 5, 2"] {
            let x = format!("fill(DT, {shape})");
            shifts.push(row(&format!("{f} %x"), &x, &format!("{f}(x)")).exact());
            shifts.push(
                row(
                    &format!("{f} %x axes [-1]"),
                    &x,
                    &format!("{f}(x, axes=-1)"),
                )
                .exact(),
            );
            shifts.push(
                row(
                    &format!("{f} %x axes [0, 0]"),
                    &x,
                    &format!("{f}(x, axes=(0, 0))"),
                )
                .exact(),
            );
        }
    }
    for dtype in [DType::F64, DType::C64, DType::U8, DType::Bool] {
        check_rows(shifts.iter().map(|row| row.of(dtype)).collect());
    }
}

#[test]
fn transforms_of_nothing_are_errors() {
    let message = "Invalid number of FFT data points (0) specified.";
    let rows = [
        ("fft", "np.ones((2, 0))", "fft(np.ones((2, 3)))"),
        ("rfft", "np.ones((2, 0))", "fft(np.ones((2, 3)))"),
        (
            "irfft",
            "np.ones((2, 1), np.complex128)",
            "irfft(np.ones((2, 3)))",
        ),
    ];
    let row =
        |(f, x, result)| row(&format!("{f} %x"), x, result).raises(RunErrorKind::Value, message);
    check_rows(rows.into_iter().map(row).collect());
}
