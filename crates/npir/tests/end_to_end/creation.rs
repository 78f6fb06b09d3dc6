//! Arrays made from numbers, and numbers from arrays: constant, full, iota, arange, dim, shape,
//! size, item, from_scalar.

use npir_runtime::{Arg, DType, RunErrorKind, Scalar};

use crate::harness::{Case, Session, check, compile};
use crate::samples::{
    DTYPES, Random, any_bits, is_float, is_unsigned, joined, mlir, moderate, numbers, special,
};
use crate::value::Value;

/// The literal of a dense constant: its bytes in hexadecimal.
fn dense(value: &Value) -> String {
    let sizes: String = value.shape.iter().map(|n| format!("{n}x")).collect();
    let ty = format!("tensor<{sizes}{}>", mlir(value.dtype));
    if value.len() == 0 {
        return format!("dense<> : {ty}");
    }
    if value.dtype == DType::Bool {
        // Bits have no literal of bytes: words in nested lists.
        let mut items: Vec<String> = value.bytes.iter().map(|b| (*b != 0).to_string()).collect();
        for n in value.shape.iter().rev() {
            items = items
                .chunks(*n)
                .map(|row| format!("[{}]", row.join(", ")))
                .collect();
        }
        return format!("dense<{}> : {ty}", items.concat());
    }
    let hex: String = value.bytes.iter().map(|b| format!("{b:02X}")).collect();
    format!("dense<\"0x{hex}\"> : {ty}")
}

#[test]
fn constants() {
    let mut random = Random(60);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain([DType::BF16]) {
        let value = joined(&[special(dtype), any_bits(dtype, 40, &mut random)]);
        let op = format!("numpy.constant {}", dense(&value));
        // An argument, so that NumPy has the elements.
        cases.push(Case::new(op, "a").fixed().run(&[("a", value)]));
        let two = numbers(dtype, &[3, 1]).resized(&[2, 1]);
        cases.push(
            Case::new(format!("numpy.constant {}", dense(&two)), "a")
                .fixed()
                .run(&[("a", two)]),
        );
        let splat = match dtype {
            DType::Bool => "true",
            d if is_float(d) => "1.0",
            _ => "1",
        };
        cases.push(
            Case::new(
                format!("numpy.constant dense<{splat}> : {{r}}"),
                "np.ones((3, 4), a.dtype)",
            )
            .fixed()
            .run(&[("a", numbers(dtype, &[1]))]),
        );
        cases.push(
            Case::new(
                format!("numpy.constant dense<{splat}> : {{r}}"),
                "np.ones((), a.dtype)",
            )
            .fixed()
            .run(&[("a", numbers(dtype, &[1]))]),
        );
        cases.push(
            Case::new(
                format!("numpy.constant dense<{splat}> : {{r}}"),
                "np.ones((0, 4), a.dtype)",
            )
            .fixed()
            .run(&[("a", numbers(dtype, &[1]))]),
        );
    }
    // A constant is read only: what is computed from it does not change it for the next call.
    let source = "
        func.func @f(%i: tensor<?xi64>) -> tensor<4xf64> {
          %c = numpy.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
          %one = numpy.constant dense<10.0> : tensor<f64>
          %0 = numpy.add_at %c[%i], %one : tensor<4xf64>[tensor<?xi64>], tensor<f64> -> tensor<4xf64>
          return %0 : tensor<4xf64>
        }";
    let exe = compile(source);
    {
        let _session = Session::start();
        for _ in 0..2 {
            let result = exe
                .run(
                    "f",
                    &mut [Arg::View(Value::vector(&[1i64, 1]).to_array().view())],
                )
                .expect("it runs");
            assert_eq!(
                result[0].to_vec::<f64>().expect("f64"),
                [1.0, 22.0, 3.0, 4.0]
            );
        }
    }
    check(cases);
}

#[test]
fn full() {
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().chain([DType::BF16]) {
        let a = numbers(dtype, &[1]).reshaped(&[]);
        for shape in ["[]", "[3]", "[2, 0]", "[2, 3, 4]"] {
            cases.push(
                Case::new(
                    format!("numpy.full %a shape {shape}"),
                    format!(
                        "np.full({}, a)",
                        shape
                            .replace('[', "(")
                            .replace(']', ",)")
                            .replace("(,)", "()")
                    ),
                )
                .fixed()
                .run(&[("a", a.clone())]),
            );
        }
        cases.push(
            Case::new("numpy.full %a shape [%m, 2, %n]", "np.full((m, 2, n), a)")
                .types(format!("tensor<?x2x?x{}>", mlir(dtype)))
                .run(&[("a", a.clone())])
                .index("m", 3)
                .index("n", 5),
        );
    }
    for (m, message) in [
        (
            -1,
            "numpy.full: negative dimensions are not allowed: size -1",
        ),
        (i64::MIN, "negative dimensions"),
        (i64::MAX, "too big"),
    ] {
        cases.push(
            Case::new("numpy.full %a shape [%m, 2]", "np.full((m, 2), a)")
                .types("tensor<?x2xf64>")
                .run(&[("a", Value::scalar(1.0))])
                .index("m", m)
                .raises(RunErrorKind::Value, message),
        );
    }
    check(cases);
}

#[test]
fn iota_and_arange() {
    let mut random = Random(61);
    let mut cases = Vec::new();
    for dtype in DTYPES.into_iter().filter(|d| *d != DType::Bool) {
        let ty = mlir(dtype);
        for n in [0, 1, 2, 300] {
            let a = numbers(dtype, &[0]);
            cases.push(
                Case::new(
                    "numpy.iota shape [%n] : {r}",
                    "np.arange(int(n)).astype(a.dtype)",
                )
                .types(format!("tensor<?x{ty}>"))
                .run(&[("a", a.clone())])
                .index("n", n),
            );
            cases.push(
                Case::new(
                    format!("numpy.iota shape [{n}] : {{r}}"),
                    format!("np.arange({n}).astype(a.dtype)"),
                )
                .fixed()
                .run(&[("a", a)]),
            );
        }
        // A stop half a step before the one after the last, so that rounding does not change the count.
        let python = match is_float(dtype) {
            true => "np.arange(a[()], float(a) + (int(n) - 0.5) * float(b), b[()], dtype=a.dtype)",
            false => "np.arange(int(a), int(a) + int(n) * int(b), int(b), dtype=a.dtype)",
        };
        let mut arange =
            Case::new("numpy.arange %a, %b shape [%n]", python).types(format!("tensor<?x{ty}>"));
        for step in [1, 3, 2, -1, -7] {
            let (start, step) = match is_float(dtype) {
                true => (
                    moderate(dtype, 1, &mut random),
                    moderate(dtype, 1, &mut random),
                ),
                false if step < 0 && is_unsigned(dtype) => continue,
                false => (
                    numbers(dtype, &[random.below(30) as i64]),
                    numbers(dtype, &[step]),
                ),
            };
            arange = arange.run(&[("a", start.reshaped(&[])), ("b", step.reshaped(&[]))]);
        }
        for n in [0, 1, 2, 3, 70] {
            cases.push(arange.clone().index("n", n));
        }
    }
    check(cases);
}

#[test]
fn sizes_and_items() {
    let mut cases = Vec::new();
    let a = |shape: &[usize]| [("a", numbers(DType::F64, &[1, 2, 3]).resized(shape))];
    for (shape, axis) in [
        (&[3usize, 4][..], 0),
        (&[3, 4], -1),
        (&[0], 0),
        (&[2, 3, 4], 1),
    ] {
        let text = format!(
            "  %0 = numpy.dim %a axis {axis} : {{a}}\n  %1 = numpy.from_scalar %0 : index\n  return %1 : tensor<i64>"
        );
        for fixed in [false, true] {
            let case = Case::new(text.clone(), format!("np.int64(a.shape[{axis}])"))
                .run_everywhere(&a(shape));
            cases.push(if fixed { case.fixed() } else { case });
        }
    }
    let text = "  %0:2 = numpy.shape %a : {a}\n  %1 = numpy.size %a : {a}\n  %2 = numpy.from_scalar %0#0 : index\n  \
                %3 = numpy.from_scalar %0#1 : index\n  %4 = numpy.from_scalar %1 : index\n  return %2, %3, %4 : tensor<i64>, tensor<i64>, tensor<i64>";
    for shape in [[3, 4], [0, 4], [1, 1]] {
        for fixed in [false, true] {
            let case = Case::new(
                text,
                "np.int64(a.shape[0]), np.int64(a.shape[1]), np.int64(a.size)",
            )
            .results(3)
            .run_everywhere(&a(&shape));
            cases.push(if fixed { case.fixed() } else { case });
        }
    }
    for dtype in DTYPES {
        let text = format!(
            "  %0 = numpy.item %a : {{a}}\n  %1 = numpy.from_scalar %0 : {}\n  return %1 : {{r}}",
            mlir(dtype)
        );
        for shape in [&[][..], &[1], &[1, 1, 1]] {
            let case = Case::new(text.clone(), "a.reshape(())")
                .run_everywhere(&[("a", special(dtype).resized(shape))]);
            cases.push(case);
        }
    }
    cases.push(
        Case::new(
            "  %0 = numpy.item %a : {a}\n  %1 = numpy.from_scalar %0 : f64\n  return %1 : {r}",
            "np.array(a.item())",
        )
        .types("tensor<f64>")
        .run(&a(&[2]))
        .raises(
            RunErrorKind::Value,
            "can only convert an array of size 1 to a scalar",
        ),
    );
    check(cases);
}

/// Scalars as arguments and results of functions.
#[test]
fn scalar_arguments_and_results() {
    let dtypes: Vec<_> = DTYPES.into_iter().chain([DType::BF16]).collect();
    let mut source = String::new();
    for dtype in &dtypes {
        let ty = mlir(*dtype);
        source += &format!(
            "func.func @{ty}(%x: {ty}, %n: index) -> ({ty}, tensor<{ty}>, index, tensor<?x{ty}>) {{
               %0 = numpy.from_scalar %x : {ty}
               %1 = numpy.item %0 : tensor<{ty}>
               %2 = numpy.full %0 shape [%n] : tensor<{ty}> -> tensor<?x{ty}>
               return %1, %0, %n, %2 : {ty}, tensor<{ty}>, index, tensor<?x{ty}>
             }}\n"
        );
    }
    let exe = compile(&source);
    let _session = Session::start();
    for dtype in &dtypes {
        let value = special(*dtype);
        for element in value.bytes.chunks(dtype.size()) {
            let x = Scalar::from_bytes(*dtype, element).expect("an element");
            let results = exe
                .run(mlir(*dtype), &mut [x.into(), Scalar::new(2i64).into()])
                .expect("it runs");
            let bytes: Vec<_> = results.iter().map(|r| Value::of(r).bytes).collect();
            assert_eq!(bytes[0], element, "{dtype}");
            assert_eq!(bytes[1], element, "{dtype}");
            assert_eq!(bytes[2], 2i64.to_le_bytes());
            assert_eq!(bytes[3], [element, element].concat(), "{dtype}");
        }
    }
}
