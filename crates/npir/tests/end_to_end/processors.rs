//! The same programs on every kind of processor: what this one is and lesser ones in this process, others by an emulator.

use npir::prelude::*;
use npir_cpu::CpuTarget;
use npir_runtime::{ArtifactError, npy};
use npir_testing::elementary::FUNCTIONS;
use npir_testing::{Tolerance, compare, oracle};
use std::path::Path;
use std::process::Command;

use crate::harness::{Session, compiler, report};
use crate::samples::{Random, moderate, numbers};
use crate::value::{Layout, Value};

/// A function of some of [`inputs`] and what it is in NumPy.
struct Program {
    name: &'static str,
    inputs: &'static [&'static str],
    /// In which `{x}` is the type of input `x`.
    body: &'static str,
    result: &'static str,
    numpy: &'static str,
    tolerance: Tolerance,
}

/// What differs between processors: widths of vectors, products that are fused or not, masks, shuffles, conversions, gathers.
const PROGRAMS: [Program; 16] = [
    Program {
        name: "softmax",
        inputs: &["a"],
        body: "%m = numpy.max %a axes [1] keepdims : {a} -> tensor<?x1xf64>
  %d = numpy.subtract %a, %m : {a}, tensor<?x1xf64> -> {a}
  %e = numpy.exp %d : {a} -> {a}
  %s = numpy.sum %e axes [1] keepdims : {a} -> tensor<?x1xf64>
  %r = numpy.divide %e, %s : {a}, tensor<?x1xf64> -> {a}",
        result: "{a}",
        numpy: "(e := np.exp(a - a.max(1, keepdims=True))) / e.sum(1, keepdims=True)",
        tolerance: Tolerance::Ulps(200),
    },
    Program {
        name: "matmul",
        inputs: &["a", "b"],
        body: "%r = numpy.matmul %a, %b : {a}, {b} -> tensor<?x?xf64>",
        result: "tensor<?x?xf64>",
        numpy: "a @ b",
        tolerance: Tolerance::Largest(100),
    },
    Program {
        name: "matmul_f32",
        inputs: &["c"],
        body: "%t = numpy.transpose %c : {c} -> {c}
  %r = numpy.matmul %c, %t : {c}, {c} -> {c}",
        result: "{c}",
        numpy: "c @ c.T",
        tolerance: Tolerance::Largest(100),
    },
    Program {
        name: "variance",
        inputs: &["c"],
        body: "%r = numpy.var %c axes [0] : {c} -> tensor<?xf32>",
        result: "tensor<?xf32>",
        numpy: "c.var(0)",
        tolerance: Tolerance::Ulps(100),
    },
    Program {
        name: "cumsum",
        inputs: &["v"],
        body: "%r = numpy.cumsum %v axis 0 : {v} -> {v}",
        result: "{v}",
        numpy: "v.cumsum()",
        tolerance: Tolerance::Largest(200),
    },
    Program {
        name: "sort",
        inputs: &["v"],
        body: "%r = numpy.sort %v axis 0 : {v} -> {v}",
        result: "{v}",
        numpy: "np.sort(v)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "argmax",
        inputs: &["a"],
        body: "%r = numpy.argmax %a axis 1 : {a} -> tensor<?xi64>",
        result: "tensor<?xi64>",
        numpy: "a.argmax(1)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "scatter",
        inputs: &["v", "i"],
        body: "%z = numpy.subtract %v, %v : {v}, {v} -> {v}
  %r = numpy.add_at %z[%i], %v : {v}[{i}], {v} -> {v}",
        result: "{v}",
        numpy: "(r := np.zeros_like(v), np.add.at(r, i, v))[0]",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "gather",
        inputs: &["v", "i"],
        body: "%r = numpy.take %v, %i axis 0 : {v}, {i} -> {v}",
        result: "{v}",
        numpy: "v.take(i)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "masked",
        inputs: &["v", "i"],
        body: "%l = numpy.cast %i : {i} -> {v}
  %g = numpy.greater %v, %l : {v}, {v} -> tensor<?xi1>
  %s = numpy.sqrt %v : {v} -> {v}
  %n = numpy.negative %v : {v} -> {v}
  %w = numpy.where %g, %s, %n : tensor<?xi1>, {v}, {v} -> {v}
  %r = numpy.maximum %w, %v : {v}, {v} -> {v}",
        result: "{v}",
        numpy: "np.maximum(np.where(v > i, np.sqrt(v), -v), v)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "integers",
        inputs: &["i", "k"],
        body: "%l = numpy.cast %k : {k} -> {i}
  %d = numpy.floor_divide %i, %l : {i}, {i} -> {i}
  %p = numpy.multiply %d, %i : {i}, {i} -> {i}
  %s = numpy.right_shift %p, %l : {i}, {i} -> {i}
  %r = numpy.remainder %s, %l : {i}, {i} -> {i}",
        result: "{i}",
        numpy: "((i // k) * i >> k) % k",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "bytes",
        inputs: &["k"],
        body: "%u = numpy.cast %k : {k} -> tensor<?xui8>
  %p = numpy.multiply %u, %u : tensor<?xui8>, tensor<?xui8> -> tensor<?xui8>
  %m = numpy.minimum %p, %u : tensor<?xui8>, tensor<?xui8> -> tensor<?xui8>
  %r = numpy.cast %m : tensor<?xui8> -> tensor<?xf32>",
        result: "tensor<?xf32>",
        numpy: "np.minimum((u := k.astype(np.uint8)) * u, u).astype(np.float32)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "halves",
        inputs: &["v"],
        body: "%h = numpy.cast %v : {v} -> tensor<?xf16>
  %p = numpy.multiply %h, %h : tensor<?xf16>, tensor<?xf16> -> tensor<?xf16>
  %r = numpy.cast %p : tensor<?xf16> -> tensor<?xf32>",
        result: "tensor<?xf32>",
        numpy: "((h := v.astype(np.float16)) * h).astype(np.float32)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "conversions",
        inputs: &["v"],
        body: "%i = numpy.cast %v : {v} -> tensor<?xi32>
  %f = numpy.cast %i : tensor<?xi32> -> {v}
  %l = numpy.rint %v : {v} -> {v}
  %r = numpy.add %f, %l : {v}, {v} -> {v}",
        result: "{v}",
        numpy: "v.astype(np.int32).astype(np.float64) + np.rint(v)",
        tolerance: Tolerance::Bitwise,
    },
    Program {
        name: "complex",
        inputs: &["v"],
        body: "%z = numpy.cast %v : {v} -> tensor<?xcomplex<f64>>
  %e = numpy.exp %z : tensor<?xcomplex<f64>> -> tensor<?xcomplex<f64>>
  %p = numpy.multiply %e, %e : tensor<?xcomplex<f64>>, tensor<?xcomplex<f64>> -> tensor<?xcomplex<f64>>
  %r = numpy.absolute %p : tensor<?xcomplex<f64>> -> {v}",
        result: "{v}",
        numpy: "abs(np.exp(v + 0j) ** 2)",
        tolerance: Tolerance::Ulps(50),
    },
    Program {
        name: "windows",
        inputs: &["v"],
        body: "%w = numpy.constant dense<[0.25, 0.5, 0.125, 1.0, 2.0]> : tensor<5xf64>
  %r = numpy.convolve %v, %w mode same : {v}, tensor<5xf64> -> {v}",
        result: "{v}",
        numpy: "np.convolve(v, [0.25, 0.5, 0.125, 1.0, 2.0], 'same')",
        tolerance: Tolerance::Largest(10),
    },
];

/// Lengths that are no multiple of any vector's.
fn inputs() -> [(&'static str, &'static str, Value); 6] {
    let mut random = Random(11);
    let mut floats = |dtype, rows: usize, columns: usize| {
        moderate(dtype, rows * columns, &mut random).reshaped(&[rows, columns])
    };
    let (a, b) = (floats(DType::F64, 61, 43), floats(DType::F64, 43, 53));
    let c = floats(DType::F32, 61, 43);
    let v = floats(DType::F64, 1, 1003).reshaped(&[1003]);
    let list: Vec<i64> = (0..1003).map(|n| (n * 7919) % 1003 - n % 2).collect();
    let small: Vec<i64> = (0..1003).map(|n| 1 + n % 7).collect();
    [
        ("a", "tensor<?x?xf64>", a),
        ("b", "tensor<?x?xf64>", b),
        ("c", "tensor<?x?xf32>", c),
        ("v", "tensor<?xf64>", v),
        ("i", "tensor<?xi64>", numbers(DType::I64, &list)),
        ("k", "tensor<?xi32>", numbers(DType::I32, &small)),
    ]
}

/// One module with a function of each program.
fn source() -> String {
    let inputs = inputs();
    let typed = |text: &str| {
        inputs.iter().fold(text.to_owned(), |text, (name, ty, _)| {
            text.replace(&format!("{{{name}}}"), ty)
        })
    };
    let function = |p: &Program| {
        let parameters: Vec<_> = p.inputs.iter().map(|x| format!("%{x}: {{{x}}}")).collect();
        let (name, parameters) = (p.name, parameters.join(", "));
        let (body, result) = (p.body, p.result);
        typed(&format!(
            "func.func @{name}({parameters}) -> {result} {{\n  {body}\n  return %r : {result}\n}}\n"
        ))
    };
    PROGRAMS.iter().map(function).collect()
}

/// Compares what `run` gives of every program with NumPy.
fn check(cpu: &str, run: impl Fn(&str, &[&Value]) -> Result<Array, String>) {
    let inputs = inputs();
    let mut failures = Vec::new();
    for program in &PROGRAMS {
        let named = inputs.iter().filter(|(x, ..)| program.inputs.contains(x));
        let arrays: Vec<_> = named.clone().map(|(x, _, v)| (*x, v.to_array())).collect();
        let arrays: Vec<_> = arrays.iter().map(|(x, array)| (*x, array)).collect();
        let expected = oracle().eval(program.numpy, &arrays).expect(program.numpy);
        let values: Vec<_> = named.map(|(_, _, value)| value).collect();
        let outcome = run(program.name, &values).and_then(|found| {
            compare(&found, &expected, program.tolerance).map_err(|e| e.to_string())
        });
        if let Err(e) = outcome {
            failures.push(format!("{} on {cpu}: {e}", program.name));
        }
    }
    report(&failures, PROGRAMS.len());
}

/// What the programs become for that processor, or those.
fn artifact(cpus: &[&str]) -> Artifact {
    let targets = cpus
        .iter()
        .map(|c| CpuTarget::named(c).expect("it has that name"));
    let compiler = compiler().targets(targets);
    let context = compiler.context();
    let source = source();
    let module = compiler
        .parse(&context, source.as_bytes(), "test.mlir")
        .unwrap_or_else(|e| panic!("{e}\n{source}"));
    compiler
        .compile_artifact(&module)
        .unwrap_or_else(|e| panic!("{cpus:?}: {e}"))
}

/// SSE2, SSE4, AVX, AVX2, AVX-512: those that this processor has run here, the others are refused.
#[test]
fn kinds_of_x86() {
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    let mut ran = 0;
    for cpu in [
        "x86-64",
        "x86-64-v2",
        "sandybridge",
        "x86-64-v3",
        "x86-64-v4",
    ] {
        let artifact = artifact(&[cpu]);
        let bytes = artifact.to_bytes().expect("it is JSON");
        let loaded = match Artifact::from_bytes(&bytes) {
            Ok(loaded) => loaded,
            Err(e) => {
                assert!(matches!(e, ArtifactError::CpuFeatures { .. }), "{cpu}: {e}");
                continue;
            }
        };
        let _session = Session::start();
        check(cpu, |name, values| {
            let placed: Vec<_> = values.iter().map(|v| v.place(Layout::C)).collect();
            let mut args: Vec<Arg<'_>> = placed.iter().map(|p| p.view().into()).collect();
            let function = loaded.function(name).map_err(|e| e.to_string())?;
            let mut results = function.call(&mut args).map_err(|e| e.to_string())?;
            Ok(results.remove(0))
        });
        ran += 1;
    }
    // Every 64-bit x86 has SSE2.
    assert!(ran > 0);
}

/// Neon, and scalable vectors of 256 and 512 bits: processors, and what the emulator (QEMU) is to be.
const ARM: [(&str, &str); 3] = [
    ("generic", "cortex-a57"),
    ("neoverse-v1", "max,sve-max-vq=2"),
    ("a64fx", "max,sve-max-vq=4"),
];

/// Calls a function of an artifact on an emulated processor.
fn emulated(
    cpu: &str,
    artifact: &Path,
    name: &str,
    arguments: &[Array],
    folder: &Path,
) -> Result<Array, String> {
    let call = std::env::var_os("NPIR_AARCH64_CALL").ok_or("NPIR_AARCH64_CALL is not set")?;
    let emulator = std::env::var_os("NPIR_AARCH64_EMULATOR");
    let mut command = Command::new(emulator.ok_or("NPIR_AARCH64_EMULATOR is not set")?);
    command.env("QEMU_CPU", cpu).arg(call);
    command.arg(artifact).arg(name).arg(folder);
    for (i, argument) in arguments.iter().enumerate() {
        let path = folder.join(format!("argument{i}.npy"));
        npy::write(&path, argument).map_err(|e| e.to_string())?;
        command.arg(path);
    }
    let done = command.output().map_err(|e| e.to_string())?;
    if !done.status.success() {
        let text = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{}: {text}", done.status));
    }
    npy::read(folder.join("0.npy")).map_err(|e| e.to_string())
}

/// One artifact for all: each emulated processor takes the part with the widest vectors that it has.
#[test]
#[ignore = "needs an emulator: cargo xtask emulate"]
fn emulated_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("all.npir");
    let names = ARM.map(|(name, _)| name);
    artifact(&names).save(&path).expect("it can be written");
    for (_, cpu) in ARM {
        check(cpu, |name, values| {
            let arguments: Vec<_> = values.iter().map(|v| v.to_array()).collect();
            emulated(cpu, &path, name, &arguments, folder.path())
        });
    }
    artifact(&["neoverse-v1"])
        .save(&path)
        .expect("it can be written");
    let e = emulated("cortex-a57", &path, "sort", &[], folder.path()).expect_err("it has no SVE");
    assert!(e.contains("lacks features that the artifact uses: "), "{e}");
}

#[test]
#[ignore = "needs an emulator: cargo xtask emulate"]
fn emulated_elementary_functions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f.npir");
    let source: String = (FUNCTIONS.iter())
        .flat_map(|f| [f.source(DType::F64), f.source(DType::F32)])
        .collect();
    let source = format!("#id = affine_map<(i) -> (i)>\n{source}");
    let mut failures = Vec::new();
    for (name, cpu) in ARM {
        let compiler = compiler().target(CpuTarget::named(name).expect("it has that name"));
        let context = compiler.context();
        let module = compiler.parse(&context, source.as_bytes(), "test.mlir");
        let artifact = compiler.compile_artifact(&module.expect("it is valid"));
        (artifact.expect("it compiles").save(&path)).expect("it can be written");
        for function in &FUNCTIONS {
            for dtype in [DType::F64, DType::F32] {
                let arguments = function.arguments(dtype, 3_000, 43).expect("they fit");
                let symbol = function.symbol(dtype);
                let outcome = emulated(cpu, &path, &symbol, &arguments, folder.path())
                    .and_then(|r| function.judge(&arguments, &r).map_err(|e| e.to_string()));
                match outcome {
                    Ok(found) if found.worst <= 1.5 && found.wrong == 0 => {}
                    other => failures.push(format!("{symbol} on {name}: {other:?}")),
                }
            }
        }
    }
    report(&failures, 2 * ARM.len() * FUNCTIONS.len());
}
