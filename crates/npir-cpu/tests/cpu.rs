//! From IR text to called machine code, and every way that path can fail.

use melior::Context;
use melior::dialect::DialectRegistry;
use melior::ir::Module;
use melior::pass::PassManager;
use melior::utility::{parse_pass_pipeline, register_all_dialects, register_all_passes};
use npir_cpu::{
    CodegenError, CodegenOptions, CpuTarget, IrStage, Jit, JitError, Object, OptLevel, TargetError,
    compile_object, emit_assembly, emit_llvm_ir, lower_to_llvm_pipeline, register_translations,
};
use std::sync::Once;
use std::time::Instant;

/// A memref of rank 1 as LLVM-level arguments: allocated, aligned, offset, size, stride.
type Axpy = extern "C" fn(*const f64, *const f64, i64, i64, i64, f64) -> f64;

fn context() -> Context {
    static PASSES: Once = Once::new();
    PASSES.call_once(register_all_passes);
    let registry = DialectRegistry::new();
    register_all_dialects(&registry);
    let context = Context::new();
    context.append_dialect_registry(&registry);
    context.load_all_available_dialects();
    register_translations(&context);
    context
}

fn parse<'c>(context: &'c Context, text: &str) -> Module<'c> {
    Module::parse(context, text).expect("the test's module parses")
}

fn lower<'c>(context: &'c Context, text: &str) -> Module<'c> {
    let mut module = parse(context, text);
    let passes = PassManager::new(context);
    parse_pass_pipeline(
        passes.as_operation_pass_manager(),
        &lower_to_llvm_pipeline(|_, passes| passes.into()),
    )
    .expect("the pipeline parses");
    passes.run(&mut module).expect("the pipeline runs");
    module
}

fn anything(_: &str) -> bool {
    true
}

fn nothing(_: &str) -> bool {
    false
}

fn compile(text: &str, options: &CodegenOptions) -> Object {
    let context = context();
    let target = CpuTarget::host().expect("a supported host");
    compile_object(&lower(&context, text), &target, options, &anything).expect("it compiles")
}

fn jit() -> Jit {
    extern "C" fn twice(x: f64) -> f64 {
        2.0 * x
    }
    let symbols = [
        ("test_twice", twice as *const ()),
        ("pow", libm_pow as *const ()),
        ("memcpy", libc_memcpy as *const ()),
    ];
    // SAFETY: functions of the signatures that the tests' modules declare.
    unsafe { Jit::new(symbols) }.expect("a JIT")
}

extern "C" fn libm_pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}

extern "C" fn libc_memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: memcpy's own contract.
    unsafe { std::ptr::copy_nonoverlapping(from, to, count) };
    to
}

/// Sum of `x[i] * factor`, with a masked tail.
fn scaled_sum(factor: f64) -> String {
    format!(
        r#"func.func @npir_entry_sum(%x: memref<?xf64>, %a: f64) -> f64 {{
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %z = arith.constant 0.0 : f64
  %zv = arith.constant dense<0.0> : vector<8xf64>
  %k = arith.constant dense<{factor:?}> : vector<8xf64>
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c8 iter_args(%acc = %zv) -> vector<8xf64> {{
    %v = vector.transfer_read %x[%i], %z : memref<?xf64>, vector<8xf64>
    %w = math.fma %v, %k, %acc : vector<8xf64>
    scf.yield %w : vector<8xf64>
  }}
  %s = vector.reduction <add>, %sum : vector<8xf64> into f64
  %r = arith.addf %s, %a : f64
  return %r : f64
}}"#
    )
}

fn call_sum(address: *const (), x: &[f64], a: f64) -> f64 {
    // SAFETY: the address of `npir_entry_sum` as lowered from `scaled_sum`.
    let function: Axpy = unsafe { std::mem::transmute(address) };
    function(x.as_ptr(), x.as_ptr(), 0, x.len() as i64, 1, a)
}

#[test]
fn compiles_and_runs() {
    for opt in [OptLevel::Slim, OptLevel::Full] {
        let options = CodegenOptions {
            opt,
            ..Default::default()
        };
        let object = compile(&scaled_sum(3.0), &options);
        assert_eq!(object.exports, ["npir_entry_sum"]);
        assert!(object.imports.is_empty(), "{:?}", object.imports);
        let loaded = jit().add_object(&object.bytes).unwrap();
        let address = loaded.lookup("npir_entry_sum").unwrap();
        for n in [0, 1, 7, 8, 9, 100] {
            let x: Vec<f64> = (0..n).map(f64::from).collect();
            let expected = 3.0 * f64::from(n * (n - 1) / 2) + 0.5;
            assert_eq!(call_sum(address, &x, 0.5), expected);
        }
        assert_eq!(
            loaded.lookup("npir_entry_product"),
            Err(JitError::MissingSymbol {
                name: "npir_entry_product".into()
            })
        );
    }
}

#[test]
fn baseline_code_runs_too() {
    let context = context();
    let target = CpuTarget::baseline().unwrap();
    let module = lower(&context, &scaled_sum(3.0));
    let known = |name: &str| name == "fma";
    let object = compile_object(&module, &target, &CodegenOptions::default(), &known).unwrap();
    extern "C" fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
    // SAFETY: libm's signature of fma.
    let jit = unsafe { Jit::new([("fma", fma as *const ())]) }.unwrap();
    let loaded = jit.add_object(&object.bytes).unwrap();
    let address = loaded.lookup("npir_entry_sum").unwrap();
    assert_eq!(call_sum(address, &[1.0, 2.0], 1.0), 10.0);
}

#[test]
fn equal_names_coexist_and_are_freed() {
    let jit = jit();
    let objects: Vec<_> = [1.0, 2.0, 4.0]
        .map(|k| compile(&scaled_sum(k), &CodegenOptions::default()))
        .into();
    let x = [1.0, 10.0];
    for _ in 0..3 {
        let loaded: Vec<_> = objects
            .iter()
            .map(|object| jit.add_object(&object.bytes).unwrap())
            .collect();
        for (k, loaded) in [1.0, 2.0, 4.0].iter().zip(&loaded) {
            let address = loaded.lookup("npir_entry_sum").unwrap();
            assert_eq!(call_sum(address, &x, 0.0), 11.0 * k);
        }
    }
    let options = CodegenOptions {
        symbol_prefix: Some("k1_".into()),
        ..Default::default()
    };
    let object = compile(&scaled_sum(1.0), &options);
    assert_eq!(object.exports, ["k1_npir_entry_sum"]);
    let loaded = jit.add_object(&object.bytes).unwrap();
    assert!(loaded.lookup("k1_npir_entry_sum").is_ok());
}

#[test]
fn calls_the_runtime_and_keeps_library_names_free() {
    // A kernel named `pow` must not become what LLVM's own call of pow reaches.
    let text = r#"
      func.func private @test_twice(f64) -> f64
      func.func @pow(%x: f64, %y: f64) -> f64 attributes {no_inline} {
        %r = arith.subf %x, %y : f64
        return %r : f64
      }
      func.func @npir_entry_f(%x: f64, %y: f64) -> f64 {
        %p = math.powf %x, %y : f64
        %t = func.call @test_twice(%p) : (f64) -> f64
        %q = func.call @pow(%x, %y) : (f64, f64) -> f64
        %r = arith.addf %t, %q : f64
        return %r : f64
      }"#;
    let object = compile(text, &CodegenOptions::default());
    assert_eq!(object.imports, ["pow", "test_twice"]);
    let loaded = jit().add_object(&object.bytes).unwrap();
    let address = loaded.lookup("npir_entry_f").unwrap();
    // SAFETY: the function above.
    let f: extern "C" fn(f64, f64) -> f64 = unsafe { std::mem::transmute(address) };
    assert_eq!(f(2.0, 5.0), 2.0 * 32.0 + (2.0 - 5.0));
}

#[test]
fn unknown_symbols_are_errors() {
    let context = context();
    let target = CpuTarget::host().unwrap();
    let text = r#"
      func.func private @no_such_function(f64) -> f64
      func.func @npir_entry_f(%x: f64) -> f64 {
        %r = func.call @no_such_function(%x) : (f64) -> f64
        %c = math.sin %r : f64
        return %c : f64
      }"#;
    let module = lower(&context, text);
    let options = CodegenOptions::default();
    let names = vec!["no_such_function".to_owned(), "sin".to_owned()];
    let error = compile_object(&module, &target, &options, &nothing).unwrap_err();
    assert_eq!(
        error,
        CodegenError::UnknownSymbols {
            names: names.clone()
        }
    );
    let object = compile(text, &options);
    let error = jit().add_object(&object.bytes).unwrap_err();
    assert_eq!(error, JitError::UnknownSymbols { names });
}

#[test]
fn bad_modules_are_errors() {
    let context = context();
    let target = CpuTarget::host().unwrap();
    let options = CodegenOptions::default();
    let fail = |module: &Module, options: &CodegenOptions| {
        compile_object(module, &target, options, &anything).unwrap_err()
    };

    // Not lowered.
    let module = parse(&context, &scaled_sum(1.0));
    let error = fail(&module, &options);
    assert!(
        matches!(&error, CodegenError::Translation { message }
        if message.contains("func.func") && message.contains("loc(")),
        "{error}"
    );

    // Accepted by MLIR, refused by LLVM: the volatile flag of memcpy must be a constant.
    let module = parse(
        &context,
        r#"llvm.func @npir_entry_f(%p: !llvm.ptr, %n: i64, %v: i1) {
             llvm.call_intrinsic "llvm.memcpy.p0.p0.i64"(%p, %p, %n, %v)
               : (!llvm.ptr, !llvm.ptr, i64, i1) -> ()
             llvm.return
           }"#,
    );
    let error = fail(&module, &options);
    assert!(
        matches!(&error, CodegenError::InvalidIr { message } if message.contains("immarg")),
        "{error}"
    );

    let module = lower(&context, "func.func @f() { return }");
    let error = fail(&module, &options);
    assert!(
        matches!(error, CodegenError::NoEntryPoint { .. }),
        "{error}"
    );

    let bad_prefix = CodegenOptions {
        symbol_prefix: Some("1 \0".into()),
        ..options
    };
    let error = fail(&lower(&context, &scaled_sum(1.0)), &bad_prefix);
    assert!(
        matches!(error, CodegenError::BadSymbolPrefix { .. }),
        "{error}"
    );
}

#[test]
fn emission_failures_are_errors() {
    // An assembler mnemonic that no machine has: reported by LLVM in the middle of emission.
    let context = context();
    let target = CpuTarget::host().unwrap();
    let module = parse(
        &context,
        r#"llvm.func @npir_entry_f() {
             llvm.inline_asm has_side_effects "not_an_instruction", "" : () -> ()
             llvm.return
           }"#,
    );
    let error = compile_object(&module, &target, &CodegenOptions::default(), &anything);
    assert!(
        matches!(&error, Err(CodegenError::Emission { message })
            if message.contains("not_an_instruction") || message.contains("invalid instruction")),
        "{error:?}"
    );
}

#[test]
fn bad_objects_are_errors() {
    let jit = jit();
    let object = compile(&scaled_sum(1.0), &CodegenOptions::default()).bytes;
    let mut foreign = object.clone();
    foreign[18] = 0x08; // e_machine: MIPS
    let inputs: [&[u8]; 4] = [b"", b"\x7fELF", &object[..object.len() / 2], &foreign];
    for bytes in inputs {
        let error = jit.add_object(bytes).unwrap_err();
        assert!(matches!(error, JitError::BadObject { .. }), "{error}");
    }
    // The failures leave nothing behind.
    assert!(jit.add_object(&object).is_ok());
    // SAFETY: nothing is ever called.
    let clash = unsafe { Jit::new([("f", 8 as *const ()), ("f", 16 as *const ())]) };
    assert!(matches!(clash, Err(JitError::Define { .. })));
}

#[test]
fn many_threads_compile_link_and_run() {
    let jit = jit();
    let shared = context();
    let target = CpuTarget::host().unwrap();
    let modules: Vec<_> = (0..8)
        .map(|k| lower(&shared, &scaled_sum(f64::from(k))))
        .collect();
    // MLIR's contexts are thread-safe, but melior's types do not say so.
    struct Share<T>(T);
    // SAFETY: the threads only read the context and each translates a module of its own.
    unsafe impl<T> Sync for Share<T> {}
    let modules = Share(modules);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (jit, modules, target) = (jit.clone(), &modules, &target);
            scope.spawn(move || {
                let module = &{ modules }.0[thread];
                let options = CodegenOptions::default();
                let object = compile_object(module, target, &options, &nothing).unwrap();
                for _ in 0..20 {
                    let loaded = jit.add_object(&object.bytes).unwrap();
                    let address = loaded.lookup("npir_entry_sum").unwrap();
                    let x = [1.0, 2.0, 3.0];
                    assert_eq!(call_sum(address, &x, 1.0), 6.0 * thread as f64 + 1.0);
                }
            });
        }
    });
}

#[test]
fn pipeline_takes_every_dialect_it_promises() {
    let context = context();
    let text = include_str!("data/lowering.mlir");
    for target in [CpuTarget::host(), CpuTarget::baseline()] {
        let target = target.unwrap();
        for opt in [OptLevel::Slim, OptLevel::Full] {
            let options = CodegenOptions {
                opt,
                ..Default::default()
            };
            let module = lower(&context, text);
            let object = compile_object(&module, &target, &options, &anything).unwrap();
            println!("{} {opt:?} needs {:?}", target.cpu(), object.imports);
            assert_eq!(object.exports.len(), 9);
            assert!(!object.imports.iter().any(|name| name == "__truncsfbf2"));
        }
    }
}

#[test]
fn targets_are_checked_and_described() {
    let host = CpuTarget::host().unwrap();
    for cpu in CpuTarget::known_cpus() {
        let target = CpuTarget::named(cpu).unwrap();
        assert_eq!(target.cpu(), cpu);
        assert!(target.triple().starts_with(target.arch().name()));
        // What the runtime does not know it would refuse everywhere.
        let known = npir_runtime::cpu::known_features(target.arch().name());
        let unknown: Vec<_> = (target.features().iter().filter(|f| !known.contains(f))).collect();
        assert!(unknown.is_empty(), "{cpu}: {unknown:?}");
    }
    let error = CpuTarget::named("no-such-cpu").unwrap_err();
    assert!(matches!(error, TargetError::UnknownCpu { .. }), "{error}");
    let error = CpuTarget::named("znver44").unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown processor 'znver44'; did you mean 'znver4'?"
    );
    let arm = |name: &str| CpuTarget::named(name).unwrap();
    let widths = ["generic", "neoverse-v1", "neoverse-v2", "a64fx"].map(|n| arm(n).vector_bits());
    assert_eq!(widths, [128, 256, 128, 512]);
    let context = context();
    let text = |cpu: &str| {
        let module = lower(&context, &scaled_sum(1.0));
        emit_assembly(&module, &arm(cpu), &CodegenOptions::default()).unwrap()
    };
    assert!(text("generic").contains("fadd\tv"), "{}", text("generic"));
    let scalable = text("neoverse-v1");
    assert!(scalable.contains("fadd\tz"), "{scalable}");
    if host.arch() == npir_cpu::target::Arch::X86_64 {
        let wide = CpuTarget::named("znver4").unwrap();
        assert_eq!((wide.vector_bits(), wide.vector_registers()), (512, 32));
        assert!(wide.features().contains(&"bmi"));
        let v3 = CpuTarget::named("x86-64-v3").unwrap();
        assert_eq!((v3.vector_bits(), v3.vector_registers()), (256, 16));
        assert_eq!(CpuTarget::baseline().unwrap().vector_bits(), 128);
        #[cfg(target_arch = "x86_64")]
        assert_eq!(host.has("avx2"), std::is_x86_feature_detected!("avx2"));
        assert!(CpuTarget::baseline().unwrap().features().is_empty());
        // Without byte and word operations, AVX-512 is not used.
        assert_eq!(CpuTarget::named("knl").unwrap().vector_bits(), 256);

        let text = emit_assembly(
            &lower(&context, &scaled_sum(1.0)),
            &wide,
            &CodegenOptions::default(),
        )
        .unwrap();
        assert!(text.contains("%zmm") && !text.contains(".cfi"), "{text}");
        let text = emit_assembly(
            &lower(&context, &scaled_sum(1.0)),
            &v3,
            &CodegenOptions::default(),
        )
        .unwrap();
        assert!(text.contains("%ymm") && !text.contains("%zmm"), "{text}");
    }
}

/// Functions, each with a few hundred operations, that read constants and call a function of the runtime.
fn large_program(functions: usize) -> String {
    let table: Vec<_> = (0..100).map(|i| format!("{i}.0")).collect();
    let mut text = format!(
        "memref.global \"private\" constant @table : memref<100xf64> = dense<[{}]>
         memref.global \"private\" constant @small : memref<2xf64> = dense<[0.5, 0.25]>
         func.func private @test_twice(f64) -> f64\n",
        table.join(", ")
    );
    let mut calls = String::new();
    for f in 0..functions {
        let mut body = String::new();
        for i in 0..100 {
            let before = if i == 0 {
                "%t"
            } else {
                &format!("%b{}", i - 1)
            };
            body += &format!(
                "%a{i} = arith.mulf {before}, %s : f64\n%b{i} = arith.addf %a{i}, %x : f64\n"
            );
        }
        text += &format!(
            "func.func private @f{f}(%x: f64) -> f64 {{
               %i = arith.constant {} : index
               %one = arith.constant {} : index
               %table = memref.get_global @table : memref<100xf64>
               %t = memref.load %table[%i] : memref<100xf64>
               %small = memref.get_global @small : memref<2xf64>
               %s = memref.load %small[%one] : memref<2xf64>
               {body}
               %r = func.call @test_twice(%b99) : (f64) -> f64
               return %r : f64
             }}\n",
            f % 100,
            f % 2,
        );
        let before = if f == 0 {
            "%x"
        } else {
            &format!("%r{}", f - 1)
        };
        calls += &format!("%r{f} = func.call @f{f}({before}) : (f64) -> f64\n");
    }
    text + &format!(
        "func.func @npir_entry_all(%x: f64) -> f64 {{\n{calls}return %r{} : f64\n}}",
        functions - 1
    )
}

/// Code of large programs is generated in parts, on all processors; the object is as that of a whole.
#[test]
fn large_programs_are_compiled_in_parts() {
    const FUNCTIONS: usize = 250;
    let text = large_program(FUNCTIONS);
    let options = CodegenOptions {
        symbol_prefix: Some("m.".into()),
        ..Default::default()
    };
    let object = compile(&text, &options);
    assert_eq!(object.exports, ["m.npir_entry_all"]);
    assert_eq!(object.imports, ["test_twice"]);
    assert_eq!(object, compile(&text, &options));
    let expected = (0..FUNCTIONS).fold(1.0, |x, f| {
        let s = [0.5, 0.25][f % 2];
        2.0 * (0..100).fold((f % 100) as f64, |t, _| t * s + x)
    });
    let loaded = jit().add_object(&object.bytes).expect("it links");
    let address = loaded.lookup("m.npir_entry_all").expect("it is exported");
    // SAFETY: a function of one number.
    let all: extern "C" fn(f64) -> f64 = unsafe { std::mem::transmute(address) };
    assert_eq!(all(1.0), expected);

    // A large constant is in one part, and the others refer to it; in a whole program it has no name.
    let named = |object: &Object, name: &str| {
        object
            .bytes
            .windows(name.len())
            .any(|w| w == name.as_bytes())
    };
    assert!(named(&object, "table"));
    let few = compile(&large_program(4), &options);
    assert!(!named(&few, "table"));
}

/// What is wrong in one part is an error of the program.
#[test]
fn errors_in_parts_are_reported() {
    let context = context();
    let target = CpuTarget::host().expect("a supported host");
    let module = lower(&context, &large_program(250));
    let error = compile_object(&module, &target, &CodegenOptions::default(), &nothing);
    let error = error.expect_err("the runtime has no such function");
    assert!(error.to_string().contains("test_twice"), "{error}");
    let options = CodegenOptions {
        symbol_prefix: Some("1".into()),
        ..Default::default()
    };
    let error = compile_object(&module, &target, &options, &anything).expect_err("a bad prefix");
    assert!(
        matches!(error, CodegenError::BadSymbolPrefix { .. }),
        "{error}"
    );
}

#[test]
fn full_optimization_vectorizes_scalar_loops() {
    let Ok(target) = CpuTarget::named("znver4") else {
        return; // another architecture
    };
    let text = r#"
      func.func @npir_entry_scale(%x: memref<?xf32>, %y: memref<?xf32>, %a: f32) {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %n = memref.dim %x, %c0 : memref<?xf32>
        scf.for %i = %c0 to %n step %c1 {
          %v = memref.load %x[%i] : memref<?xf32>
          %w = arith.mulf %v, %a : f32
          memref.store %w, %y[%i] : memref<?xf32>
        }
        return
      }"#;
    let context = context();
    let assembly = |opt| {
        let options = CodegenOptions {
            opt,
            ..Default::default()
        };
        emit_assembly(&lower(&context, text), &target, &options).unwrap()
    };
    assert!(!assembly(OptLevel::Slim).contains("%zmm"));
    assert!(assembly(OptLevel::Full).contains("%zmm"));
}

#[test]
fn llvm_ir_can_be_read_at_both_stages() {
    let context = context();
    let target = CpuTarget::host().unwrap();
    let print = |stage| {
        let module = lower(&context, &scaled_sum(1.0));
        emit_llvm_ir(&module, &target, &CodegenOptions::default(), stage).unwrap()
    };
    let (before, after) = (print(IrStage::Translated), print(IrStage::Optimized));
    assert!(
        before.contains("define double @npir_entry_sum("),
        "{before}"
    );
    assert!(before.contains("\"target-cpu\"") && after.len() < before.len());
}

/// Prints times; asserts only results.
#[test]
fn fused_kernel_compile_time() {
    let context = context();
    let target = CpuTarget::host().unwrap();
    let text = include_str!("data/fused.mlir");
    let milliseconds = |start: Instant| start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let jit = jit();
    println!("start of the JIT {:.2} ms", milliseconds(start));
    for opt in [OptLevel::Slim, OptLevel::Full] {
        let options = CodegenOptions {
            opt,
            ..Default::default()
        };
        for round in 0..4 {
            let start = Instant::now();
            let module = lower(&context, text);
            let lowering = milliseconds(start);
            let start = Instant::now();
            let object = compile_object(&module, &target, &options, &nothing).unwrap();
            let codegen = milliseconds(start);
            let start = Instant::now();
            let loaded = jit.add_object(&object.bytes).unwrap();
            let link = milliseconds(start);
            let address = loaded.lookup("npir_entry_fused").unwrap();
            let start = Instant::now();
            drop(loaded);
            let free = milliseconds(start);
            println!(
                "{opt:?} round {round}: MLIR passes {lowering:.2} ms, LLVM {codegen:.2} ms, \
                 link {link:.3} ms, free {free:.3} ms, object {} bytes, at {address:?}",
                object.bytes.len()
            );
        }
        let object = compile_object(&lower(&context, text), &target, &options, &nothing).unwrap();
        let loaded = jit.add_object(&object.bytes).unwrap();
        type Fused = extern "C" fn(
            *const f64,
            *const f64,
            i64,
            i64,
            i64,
            *mut f64,
            *mut f64,
            i64,
            i64,
            i64,
            f64,
            f64,
        );
        // SAFETY: the signature of `npir_entry_fused` after lowering.
        let fused: Fused =
            unsafe { std::mem::transmute(loaded.lookup("npir_entry_fused").unwrap()) };
        let n = 4096;
        let x: Vec<f64> = (0..n).map(|i| f64::from(i) / 512.0 - 4.0).collect();
        let mut y = vec![0.0; x.len()];
        let (from, to) = (x.as_ptr(), y.as_mut_ptr());
        let mut best = f64::INFINITY;
        for _ in 0..200 {
            let start = Instant::now();
            fused(
                from,
                from,
                0,
                i64::from(n),
                1,
                to,
                to,
                0,
                i64::from(n),
                1,
                0.5,
                1.0,
            );
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{opt:?}: {:.3} ns per element", best * 1e9 / f64::from(n));
        for (x, y) in x.iter().zip(&y) {
            let expected = (0.5 * x + 1.0).exp();
            assert!(
                (y - expected).abs() <= 1e-13 * expected,
                "{x} {y} {expected}"
            );
        }
    }
}
