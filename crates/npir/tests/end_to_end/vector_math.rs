//! Elementary functions of vectors are below 1.5 ulp and have NumPy's special values, on every kind of processor.

use npir_cpu::CpuTarget;
use npir_runtime::{Arg, Array, DType};
use npir_testing::elementary::FUNCTIONS;
use npir_testing::long_tests;

use crate::harness::{Session, compile, compiler, report, trace};

/// The most that an error may be, in units of the last digit.
const BOUND: f64 = 1.5;

/// Compiles the functions for a processor of that name, this one's where there is none, and compares them. Gives lines
/// of a table: function, dtype, worst error.
fn compare(cpu: Option<&str>, count: usize) -> Vec<String> {
    let source: String = FUNCTIONS
        .iter()
        .flat_map(|f| [f.source(DType::F64), f.source(DType::F32)])
        .collect();
    let source = format!("#id = affine_map<(i) -> (i)>\n{source}");
    let target = cpu.map(|cpu| CpuTarget::named(cpu).expect("npir knows it"));
    let exe = match target {
        Some(target) => compiler().target(target),
        None => compiler(),
    };
    let exe = exe
        .compile_source(&source, "test.mlir")
        .unwrap_or_else(|e| panic!("{e}\n{source}"));
    let _session = Session::start();
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for function in &FUNCTIONS {
        for dtype in [DType::F64, DType::F32] {
            trace(|| format!("{} {dtype} {cpu:?}", function.name));
            let arguments = function.arguments(dtype, count, 41).expect("they fit");
            let mut args: Vec<_> = arguments.iter().map(|a| Arg::View(a.view())).collect();
            let result = exe.run(&function.symbol(dtype), &mut args);
            let result = result.expect("it does not fail");
            let found = function.judge(&arguments, &result[0]);
            let found = found.expect("NumPy judges");
            let line = format!("{} {dtype}: {found:?}", function.name);
            if found.worst.is_nan() || found.worst > BOUND || found.wrong > 0 {
                failures.push(format!("{} {line}", cpu.unwrap_or("host")));
            }
            lines.push(line);
        }
    }
    report(&failures, lines.len());
    lines
}

/// The processors to compile for: this one, and lesser ones of its kind.
fn processors() -> Vec<Option<&'static str>> {
    let lesser = [Some("x86-64-v3"), Some("x86-64")];
    let runs = cfg!(target_arch = "x86_64") && std::is_x86_feature_detected!("avx2");
    let lesser = lesser.into_iter().filter(|_| runs);
    std::iter::once(None).chain(lesser).collect()
}

#[test]
fn elementary_functions() {
    for cpu in processors() {
        compare(cpu, if cpu.is_none() { 100_000 } else { 10_000 });
    }
}

/// Millions of arguments; the table of errors goes to standard error.
#[test]
fn elementary_functions_of_many_arguments() {
    if !long_tests() {
        return;
    }
    for cpu in processors() {
        let lines = compare(cpu, 4_000_000).join("\n");
        eprintln!("{}\n{lines}", cpu.unwrap_or("host"));
    }
}

/// Functions that a program has often are called, not written where they are needed: to the bit the same.
#[test]
fn functions_used_often() {
    let x = "tensor<?xf64>";
    let one = format!(
        "func.func @f(%a: {x}) -> {x} {{\n  %0 = numpy.sin %a : {x} -> {x}\n  return %0 : {x}\n}}\n"
    );
    let mut many = format!("func.func @f(%0: {x}) -> {x} {{\n");
    for i in 0..12 {
        many += &format!("  %{} = numpy.sin %{i} : {x} -> {x}\n", i + 1);
    }
    many += &format!("  return %12 : {x}\n}}\n");
    let (one, many) = (compile(&one), compile(&many));
    let _session = Session::start();
    let numbers: Vec<f64> = (0..1003).map(|i| f64::from(i) * 1e6 - 3e8).collect();
    let array = Array::from_slice(&numbers, &[numbers.len()]).expect("it fits");
    let run = |exe: &npir::Executable, array: &Array| {
        let result = exe.run("f", &mut [Arg::View(array.view())]);
        result.expect("it does not fail").remove(0)
    };
    let often = run(&many, &array);
    let repeated = (0..12).fold(array, |array, _| run(&one, &array));
    npir_testing::compare(&often, &repeated, npir_testing::Tolerance::Bitwise)
        .unwrap_or_else(|e| panic!("{e}"));
}
