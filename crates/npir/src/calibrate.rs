//! What this machine does at most, as a [`Machine`]: bandwidths of its caches and its memory, arithmetic, and the cost of threads.
//!
//! The kernels are texts of the `vector` dialect: loops with the widest vectors of the target and no schedule of ours, so
//! that what npir makes of programs can be compared with them. As in STREAM (J. McCalpin, 1995), threads work on arrays
//! of their own, and the best of several runs counts.

use crate::{CompileError, Compiler, Executable};
use npir_cpu::CpuTarget;
use npir_machine::{Bandwidth, Elements, Flops, Machine, VERSION};
use npir_mlir::prelude::Registry;
use npir_passes::pipeline::Optimizer;
use npir_runtime::pool::{num_threads, parallel_for, set_num_threads};
use npir_runtime::{Array, DType, Function};
use std::fmt::Write as _;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::registry::StandardRegistry;

/// Bytes that are read and written, of all threads together: from the first-level cache to main memory.
const SIZES: [usize; 8] = [
    16 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
    4 << 20,
    16 << 20,
    64 << 20,
    512 << 20,
];
/// How long a measurement takes at least.
const ENOUGH: Duration = Duration::from_millis(60);
/// How long one run of it takes at least, so that reading the clock does not count.
const RUN: Duration = Duration::from_micros(200);
/// Independent chains of multiplications and additions: more than any pipeline is deep.
const CHAINS: usize = 16;
/// Steps of each chain in a call.
const STEPS: usize = 4096;

/// Elements of arrays whose functions are measured: they fit into the second-level cache.
const ELEMENTS: usize = 1 << 14;
/// Elements that the first-level cache holds.
const PART: usize = 1 << 11;
/// Operations one after the other for each element, where one alone would wait for memory.
const CHAIN: usize = 8;
/// Kernels one after the other.
const KERNELS: usize = 8;

/// Measures this machine with `threads` threads, each on its own arrays, for some seconds. Other work falsifies it.
///
/// # Errors
/// No memory for the arrays, or no code for this machine.
pub fn measure(threads: usize) -> Result<Machine, CompileError> {
    let target = CpuTarget::host().map_err(other)?;
    let compiler = Compiler::new(Registry::standard());
    let program = |text: &str| compiler.compile_source(text, "calibrate.mlir");
    let lanes = target.vector_bits() as usize / 64;
    let exe = program(&memory_kernels(lanes))?;
    let memory = |threads: usize| -> Result<Vec<Bandwidth>, CompileError> {
        let levels = SIZES.into_iter().map(|bytes| {
            let of = |name| bandwidth(&exe, name, threads, bytes, 8 * lanes);
            Ok(Bandwidth {
                bytes,
                read: of("read")?,
                copy: of("copy")?,
                stream: of("stream")?,
            })
        });
        let mut levels: Vec<_> = levels.collect::<Result<_, CompileError>>()?;
        // What is smaller is in the same cache or a faster one: that it is slower is the time of its calls.
        for i in (1..levels.len()).rev() {
            let larger = levels[i];
            let smaller = &mut levels[i - 1];
            smaller.read = smaller.read.max(larger.read);
            smaller.copy = smaller.copy.max(larger.copy);
            smaller.stream = smaller.stream.max(larger.stream);
        }
        Ok(levels)
    };
    let flops = |ty: &str, lanes: usize| -> Result<f64, CompileError> {
        let exe = program(&arithmetic_kernel(ty, lanes))?;
        arithmetic(&exe.function("chains")?, threads, lanes)
    };
    let together = memory(threads)?;
    let alone = match threads {
        1 => together.clone(),
        _ => memory(1)?,
    };
    Ok(Machine {
        version: VERSION,
        cpu: target.cpu().to_owned(),
        threads,
        memory: together,
        memory_of_one: alone,
        flops: Flops {
            f64: flops("f64", lanes)?,
            f32: flops("f32", 2 * lanes)?,
        },
        fork_join: fork_join(threads)?,
        kernel: kernel()?,
        elements: elements()?,
    })
}

/// A program as it is, on one thread.
fn plain(text: &str) -> Result<Function, CompileError> {
    let compiler = Compiler::new(Registry::standard())
        .threads(false)
        .optimizer(Optimizer::Off);
    compiler
        .compile_source(text, "calibrate.mlir")?
        .function("f")
}

/// Seconds that a kernel takes besides its loop: sums of some numbers, one after the other.
fn kernel() -> Result<f64, CompileError> {
    let seconds = |kernels: usize| -> Result<f64, CompileError> {
        let ty = "tensor<?xf64>";
        let mut body = String::new();
        for k in 0..kernels {
            let from = if k == 0 {
                "%x".to_owned()
            } else {
                format!("%v{}", k - 1)
            };
            let _ = writeln!(body, "  %v{k} = numpy.cumsum {from} axis 0 : {ty} -> {ty}");
        }
        let last = kernels - 1;
        let text = format!("func.func @f(%x: {ty}) -> {ty} {{\n{body}  return %v{last} : {ty}\n}}");
        best(1, &plain(&text)?, || {
            Ok(vec![Array::from_slice(&[0.5; 8], &[8]).map_err(other)?])
        })
    };
    let each = (seconds(1 + KERNELS)? - seconds(1)?) / KERNELS as f64;
    // Less than a nanosecond is what a clock cannot see.
    Ok(each.max(1e-9))
}

/// Seconds for each element, in code of npir's own.
fn elements() -> Result<Elements, CompileError> {
    let ty = "tensor<?xf64>";
    let of = |body: &str, last: &str| -> Result<f64, CompileError> {
        let text = format!(
            "func.func @f(%x: {ty}, %y: {ty}, %i: tensor<?xi64>) -> {ty} {{\n{body}  return {last} : {ty}\n}}"
        );
        let seconds = best(1, &plain(&text)?, || {
            let numbers = |from: f64, step: f64| -> Result<Array, CompileError> {
                let all: Vec<f64> = (0..ELEMENTS)
                    .map(|i| from + step * (i % 97) as f64)
                    .collect();
                Array::from_slice(&all, &[ELEMENTS]).map_err(other)
            };
            // In each part that the first-level cache holds every place once, far from the one before.
            let place = |i: usize| (i / PART * PART + i * 741 % PART) as i64;
            let places: Vec<i64> = (0..ELEMENTS).map(place).collect();
            let places = Array::from_slice(&places, &[ELEMENTS]).map_err(other)?;
            Ok(vec![numbers(0.5, 0.01)?, numbers(1.1, 0.003)?, places])
        })?;
        Ok(seconds / ELEMENTS as f64)
    };
    let chain = |op: &str, second: &str, length: usize| -> Result<f64, CompileError> {
        let mut body = String::new();
        let mut from = "%x".to_owned();
        for k in 0..length {
            let operands = match second {
                "" => format!("{from} : {ty}"),
                second => format!("{from}, {second} : {ty}, {ty}"),
            };
            let _ = writeln!(body, "  %v{k} = numpy.{op} {operands} -> {ty}");
            from = format!("%v{k}");
        }
        of(&body, &from)
    };
    // What moving the elements takes is in every time, and in `add` is nearly all.
    let moving = chain("negative", "", 1)?;
    let each = |op: &str, second: &str, length: usize| -> Result<f64, CompileError> {
        let seconds = (chain(op, second, length)? - moving) / length as f64;
        Ok(seconds.max(1e-12))
    };
    let indexed = |line: &str| -> Result<f64, CompileError> {
        Ok((of(&format!("  %r = numpy.{line}\n"), "%r")? - moving).max(1e-12))
    };
    Ok(Elements {
        add: each("multiply", "%y", 4 * CHAIN)?,
        divide: each("divide", "%y", CHAIN)?,
        root: each("sqrt", "", CHAIN)?,
        exp: each("exp", "", 1)?,
        log: each("log", "", 1)?,
        power: each("power", "%y", 1)?,
        sin: each("sin", "", 1)?,
        tanh: each("tanh", "", 1)?,
        gather: indexed(&format!("take %x, %i axis 0 : {ty}, tensor<?xi64> -> {ty}"))?,
        scatter: indexed(&format!(
            "add_at %x[%i], %y : {ty}[tensor<?xi64>], {ty} -> {ty}"
        ))?,
    })
}

/// `touch`, `read`, `copy` and `stream` of float64 vectors of a multiple of `8 * lanes` elements.
fn memory_kernels(lanes: usize) -> String {
    let (m, v) = ("memref<?xf64>", format!("vector<{lanes}xf64>"));
    let step = 8 * lanes;
    let head = format!(
        "  %c0 = arith.constant 0 : index\n  %step = arith.constant {step} : index\n  \
         %n = memref.dim %x, %c0 : {m}\n"
    );
    let mut text = format!(
        "func.func @touch(%x: {m}) {{\n{head}  %one = arith.constant 1 : index\n  \
         %v = arith.constant 1.0 : f64\n  scf.for %i = %c0 to %n step %one {{\n    \
         memref.store %v, %x[%i] : {m}\n  }}\n  return\n}}\n"
    );
    // Eight sums, so that additions do not wait for each other.
    let list = |prefix: &str| -> Vec<String> { (0..8).map(|i| format!("%{prefix}{i}")).collect() };
    let types = [v.as_str(); 8].join(", ");
    let _ = writeln!(
        text,
        "func.func @read(%x: {m}, %y: {m}) {{\n{head}  %zero = arith.constant dense<0.0> : {v}"
    );
    let carried: Vec<String> = list("s").iter().map(|s| format!("{s} = %zero")).collect();
    let _ = writeln!(
        text,
        "  %sums:8 = scf.for %i = %c0 to %n step %step iter_args({}) -> ({types}) {{",
        carried.join(", ")
    );
    let offset = |k: usize| {
        format!(
            "    %o{k} = arith.constant {} : index\n    %i{k} = arith.addi %i, %o{k} : index\n",
            k * lanes
        )
    };
    for k in 0..8 {
        let _ = writeln!(
            text,
            "{}    %x{k} = vector.load %x[%i{k}] : {m}, {v}\n    %t{k} = arith.addf %s{k}, %x{k} : {v}",
            offset(k)
        );
    }
    let _ = writeln!(
        text,
        "    scf.yield {} : {types}\n  }}",
        list("t").join(", ")
    );
    for k in 0..8 {
        let _ = writeln!(
            text,
            "  %p{k} = arith.constant {} : index\n  vector.store %sums#{k}, %y[%p{k}] : {m}, {v}",
            k * lanes
        );
    }
    text.push_str("  return\n}\n");
    let bytes = 8 * lanes;
    for (name, hints) in [
        ("copy", String::new()),
        (
            "stream",
            format!(" {{nontemporal = true, alignment = {bytes} : i64}}"),
        ),
    ] {
        let _ = writeln!(
            text,
            "func.func @{name}(%x: {m}, %y: {m}) {{\n{head}  scf.for %i = %c0 to %n step %step {{"
        );
        for k in 0..8 {
            let _ = writeln!(
                text,
                "{}    %x{k} = vector.load %x[%i{k}] : {m}, {v}\n    vector.store %x{k}, %y[%i{k}]{hints} : {m}, {v}",
                offset(k)
            );
        }
        text.push_str("  }\n  return\n}\n");
    }
    text
}

/// `chains`: [`CHAINS`] values, each multiplied and added [`STEPS`] times.
fn arithmetic_kernel(ty: &str, lanes: usize) -> String {
    let (m, v) = (format!("memref<?x{ty}>"), format!("vector<{lanes}x{ty}>"));
    let list =
        |prefix: &str| -> Vec<String> { (0..CHAINS).map(|i| format!("%{prefix}{i}")).collect() };
    let types = [v.as_str(); CHAINS].join(", ");
    let mut text = format!(
        "func.func @chains(%x: {m}) {{\n  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  \
         %n = arith.constant {STEPS} : index\n  %a = arith.constant dense<0.75> : {v}\n  \
         %b = arith.constant dense<0.25> : {v}\n"
    );
    for k in 0..CHAINS {
        let _ = writeln!(
            text,
            "  %p{k} = arith.constant {} : index\n  %x{k} = vector.load %x[%p{k}] : {m}, {v}",
            k * lanes
        );
    }
    let carried: Vec<String> = (0..CHAINS).map(|k| format!("%s{k} = %x{k}")).collect();
    let _ = writeln!(
        text,
        "  %ends:{CHAINS} = scf.for %i = %c0 to %n step %c1 iter_args({}) -> ({types}) {{",
        carried.join(", ")
    );
    for k in 0..CHAINS {
        let _ = writeln!(text, "    %t{k} = math.fma %s{k}, %a, %b : {v}");
    }
    let _ = writeln!(
        text,
        "    scf.yield {} : {types}\n  }}",
        list("t").join(", ")
    );
    for k in 0..CHAINS {
        let _ = writeln!(text, "  vector.store %ends#{k}, %x[%p{k}] : {m}, {v}");
    }
    text.push_str("  return\n}\n");
    text
}

/// Bytes per second of the function `name` on vectors of a multiple of `step` elements.
fn bandwidth(
    exe: &Executable,
    name: &str,
    threads: usize,
    bytes: usize,
    step: usize,
) -> Result<f64, CompileError> {
    let (touch, kernel) = (exe.function("touch")?, exe.function(name)?);
    // One array is read, and one is written; `read` writes some vectors only.
    let arrays = if name == "read" { 1 } else { 2 };
    let n = (bytes / threads / 8 / arrays)
        .next_multiple_of(step)
        .max(step);
    let m = if name == "read" { step } else { n };
    let seconds = best(threads, &kernel, || {
        let mut made = Vec::new();
        for n in [n, m] {
            let mut array = Array::zeros(DType::F64, &[n]).map_err(other)?;
            // Pages that were never written to may all be the same one.
            touch
                .call(&mut [array.view_mut().map_err(other)?.into()])
                .map_err(other)?;
            made.push(array);
        }
        Ok(made)
    })?;
    Ok((threads * arrays * n * 8) as f64 / seconds)
}

/// Operations per second.
fn arithmetic(kernel: &Function, threads: usize, lanes: usize) -> Result<f64, CompileError> {
    let n = CHAINS * lanes;
    let seconds = best(threads, kernel, || {
        let x = Array::zeros(kernel.signature().args[0].dtype, &[n]).map_err(other)?;
        Ok(vec![x])
    })?;
    Ok((threads * 2 * n * STEPS) as f64 / seconds)
}

fn other(error: impl std::fmt::Display) -> CompileError {
    CompileError::Other(error.to_string())
}

/// The least seconds of a call of `function` on all threads at once, each with arrays of its own.
fn best(
    threads: usize,
    function: &Function,
    arrays: impl Fn() -> Result<Vec<Array>, CompileError> + Sync,
) -> Result<f64, CompileError> {
    let barrier = Barrier::new(threads);
    let seconds: Result<Vec<f64>, CompileError> = std::thread::scope(|scope| {
        let work = || {
            let prepared = arrays();
            // Nobody waits for one that has failed.
            barrier.wait();
            let mut arrays = prepared?;
            let mut calls = |n: usize| -> Result<(), CompileError> {
                for _ in 0..n {
                    let mut args = Vec::new();
                    for array in &mut arrays {
                        args.push(array.view_mut().map_err(other)?.into());
                    }
                    function.call(&mut args).map_err(other)?;
                }
                Ok(())
            };
            let begin = Instant::now();
            calls(1)?;
            let once = begin.elapsed().max(Duration::from_nanos(1));
            let n = (RUN.as_secs_f64() / once.as_secs_f64()).ceil() as usize;
            let (mut least, begin) = (f64::INFINITY, Instant::now());
            let mut runs = 0;
            while runs < 3 || begin.elapsed() < ENOUGH {
                let start = Instant::now();
                calls(n)?;
                least = least.min(start.elapsed().as_secs_f64() / n as f64);
                runs += 1;
            }
            Ok(least)
        };
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let joined = others.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(CompileError::Other("a thread has ended early".into())))
        });
        std::iter::once(mine).chain(joined).collect()
    });
    // Together they are as fast as the slowest.
    Ok(seconds?.into_iter().fold(0.0, f64::max))
}

/// Seconds of a loop on all threads that does nothing.
fn fork_join(threads: usize) -> Result<f64, CompileError> {
    let before = num_threads();
    set_num_threads(threads);
    let mut least = f64::INFINITY;
    let begin = Instant::now();
    while begin.elapsed() < ENOUGH {
        let start = Instant::now();
        parallel_for(threads, 1, |_| ()).map_err(other)?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    set_num_threads(before);
    Ok(least)
}
