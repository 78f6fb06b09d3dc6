//! Artifacts, the object loader and the memory limit, with object code that clang compiles here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use npir_runtime::alloc::{memory_stats, set_memory_limit, trim};
use npir_runtime::artifact::{FORMAT_VERSION, MAGIC};
use npir_runtime::{
    Arg, ArgSpec, Array, Artifact, ArtifactError, DType, Dim, Image, LoadError, LoadedObject,
    Manifest, ResultSpec, RunErrorKind, Scalar, Signature, cpu, npy,
};

/// Tests that look at or change the allocator's global state must not meet.
fn serial() -> MutexGuard<'static, ()> {
    static SERIAL: Mutex<()> = Mutex::new(());
    SERIAL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn clang() -> PathBuf {
    let prefix = std::env::var("LLVM_SYS_221_PREFIX").unwrap_or("/usr/lib/llvm-22".into());
    Path::new(&prefix).join("bin/clang")
}

fn compile(source: &Path, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let object = folder.path().join("out.o");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(clang())
        .args([
            "-c",
            "-ffreestanding",
            "-Wall",
            "-Werror",
            "-Wno-unused-parameter",
        ])
        .args(flags)
        .arg("-I")
        .arg(here.join("include"))
        .arg(source)
        .arg("-o")
        .arg(&object)
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", clang().display()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(object).unwrap()
}

fn compile_program(flags: &[&str]) -> Vec<u8> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    compile(&here.join("tests/program.c"), flags)
}

fn compile_text(text: &str, flags: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("text.c");
    std::fs::write(&source, text).unwrap();
    compile(&source, flags)
}

fn manifest() -> Manifest {
    let scalar = |dtype| ResultSpec {
        dtype,
        shape: vec![],
        scalar: true,
    };
    let argument = |shape: &[Dim]| ArgSpec {
        name: "x".into(),
        dtype: DType::F64,
        shape: shape.to_vec(),
        scalar: shape.is_empty(),
        updates: None,
    };
    let vector = ResultSpec {
        dtype: DType::F64,
        shape: vec![Dim::Dynamic],
        scalar: false,
    };
    let function = |name: &str, arg, results| Signature {
        name: name.into(),
        symbol: format!("npir_entry_{name}"),
        args: vec![arg],
        results,
    };
    let (arch, system) = cpu::host_target();
    Manifest {
        functions: vec![
            function(
                "f",
                argument(&[Dim::Dynamic]),
                vec![vector, scalar(DType::I64)],
            ),
            function("g", argument(&[]), vec![scalar(DType::F64)]),
            function("h", argument(&[]), vec![scalar(DType::F32)]),
        ],
        images: vec![Image {
            target_triple: format!("{arch}-unknown-{system}-gnu"),
            cpu: "generic".into(),
            features: vec![],
            bytes: 0,
        }],
        compiler_version: "test".into(),
        format_version: 0,
    }
}

fn expected_f(x: &[f64]) -> Vec<f64> {
    let weight = |i: usize| 0.5 + (i % 8) as f64;
    x.iter()
        .enumerate()
        .map(|(i, x)| x.exp() + weight(i))
        .collect()
}

fn call_scalar(artifact: &Artifact, name: &str, x: f64) -> Scalar {
    let f = artifact.function(name).unwrap();
    let results = f.call(&mut [Scalar::new(x).into()]).unwrap();
    results[0].item().unwrap()
}

#[test]
fn objects_of_every_flavour_load_and_run() {
    let _serial = serial();
    for flags in [
        &["-O2", "-fPIC"][..],
        &["-O0", "-fPIC"],
        &["-O3", "-fPIC", "-march=native", "-fno-plt"],
        &["-O2", "-fPIE", "-ffunction-sections", "-fdata-sections"],
        &["-O1", "-fno-pic", "-mcmodel=large"],
    ] {
        let large_model = flags.contains(&"-mcmodel=large");
        if large_model && cfg!(target_arch = "aarch64") {
            continue;
        }
        let artifact = Artifact::new(manifest(), vec![compile_program(flags)]).unwrap();
        let f = artifact.function("f").unwrap();
        let g = artifact.function("g").unwrap();
        let x: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0).collect();
        let array = Array::from_slice(&x, &[1000]).unwrap();
        for call in 1..=2 {
            let results = f.call(&mut [Arg::from(&array)]).unwrap();
            assert_eq!(
                results[0].to_vec::<f64>().unwrap(),
                expected_f(&x),
                "{flags:?}"
            );
            assert_eq!(
                results[1].item(),
                Some(Scalar::new(call as i64)),
                "{flags:?}"
            );
        }
        let unlucky = Array::zeros(DType::F64, &[13]).unwrap();
        let error = f.call(&mut [Arg::from(&unlucky)]).unwrap_err();
        assert_eq!(error.to_string(), "program.c:3:4: 13 is {unlucky}");
        for (x, y) in [
            (0.0, 0.0),
            (1.0, 1f64.cos() + 41.0),
            (2.0, 0.5),
            (3.0, 27.0),
            (4.0, 2.0),
            (5.0, 5f64.tanh() * 3.5),
            (9.0, -1.0),
        ] {
            let results = g.call(&mut [Scalar::new(x).into()]).unwrap();
            assert_eq!(results[0].item(), Some(Scalar::new(y)), "g({x}) {flags:?}");
        }
        assert_eq!(
            call_scalar(&artifact, "h", 1.0 / 3.0),
            Scalar::new(0.333_251_95_f32)
        );
        // The function keeps the code alive.
        drop(artifact);
        assert!(f.call(&mut [Arg::from(&array)]).is_ok());
    }
}

#[test]
fn what_the_loader_refuses() {
    let load = |text: &str, flags: &[&str]| LoadedObject::load(&compile_text(text, flags));
    let pic = &["-O1", "-fPIC"][..];
    assert!(matches!(
        load("void system(const char*); int getpid(void); int f(void) { system(\"\"); return getpid(); }", pic),
        Err(LoadError::Unresolved(names)) if names == ["getpid", "system"]
    ));
    assert!(matches!(
        load("_Thread_local int x = 1; int f(void) { return x; }", pic),
        Err(LoadError::Section { .. } | LoadError::Relocation { .. })
    ));
    assert!(matches!(
        load(
            "volatile int x; __attribute__((constructor)) void f(void) { x += 1; }",
            pic
        ),
        Err(LoadError::Section { .. })
    ));
    let big = load("char x[1L << 35]; char *f(void) { return x; }", pic);
    assert!(matches!(big, Err(LoadError::TooLarge(_))), "{big:?}");
    let other = match std::env::consts::ARCH {
        "x86_64" => "--target=aarch64-linux-gnu",
        _ => "--target=x86_64-linux-gnu",
    };
    assert!(matches!(
        load("int f(void) { return 1; }", &[other]),
        Err(LoadError::Machine)
    ));
    let weak = load(
        "void g(void) __attribute__((weak)); int f(void) { return g != 0; }",
        pic,
    )
    .unwrap();
    assert_eq!(weak.functions().collect::<Vec<_>>(), ["f"]);
    assert!(matches!(
        LoadedObject::load(b"\x7fELF"),
        Err(LoadError::Malformed(_))
    ));
    assert!(LoadedObject::load(&[]).is_err());
    // Not relocatable: this very test.
    let itself = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(matches!(
        LoadedObject::load(&itself),
        Err(LoadError::Malformed(_))
    ));
}

#[test]
fn damaged_objects_do_not_crash_the_loader() {
    let whole = compile_program(&["-O2", "-fPIC"]);
    for end in (0..whole.len()).step_by(7) {
        let _ = LoadedObject::load(&whole[..end]);
    }
    let mut state = 1u64;
    for at in 0..whole.len() {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        let mut bytes = whole.clone();
        bytes[at] = (state >> 56) as u8;
        let _ = LoadedObject::load(&bytes);
        bytes[at] = 0xff;
        let _ = LoadedObject::load(&bytes);
    }
}

#[test]
fn artifacts_round_trip_and_refuse_damage() {
    let _serial = serial();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.npir");
    let artifact = Artifact::new(manifest(), vec![compile_program(&["-O2", "-fPIC"])]).unwrap();
    artifact.save(&path).unwrap();
    assert!(Artifact::is_artifact(&path).unwrap());
    let loaded = Artifact::load(&path).unwrap();
    assert_eq!(loaded.manifest(), artifact.manifest());
    assert_eq!(loaded.manifest().format_version, FORMAT_VERSION);
    assert_eq!(call_scalar(&loaded, "g", 3.0), Scalar::new(27.0));
    assert_eq!(
        loaded.function("nope").unwrap_err().to_string(),
        "no function `nope`; the artifact has `f`, `g`, `h`"
    );

    let whole = std::fs::read(&path).unwrap();
    for end in 0..whole.len() {
        let error = Artifact::from_bytes(&whole[..end]).unwrap_err();
        assert!(
            matches!(error, ArtifactError::Length { .. } | ArtifactError::Magic),
            "{end}: {error}"
        );
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let error = Artifact::from_bytes(&bytes).unwrap_err();
        match at {
            0..8 => assert!(matches!(error, ArtifactError::Magic), "{error}"),
            8..12 => assert!(
                matches!(error, ArtifactError::FormatVersion { .. }),
                "{error}"
            ),
            16..32 => assert!(matches!(error, ArtifactError::Length { .. }), "{error}"),
            _ => assert!(matches!(error, ArtifactError::Checksum), "{error}"),
        }
    }
    let mut hostile = MAGIC.to_vec();
    hostile.extend(FORMAT_VERSION.to_le_bytes());
    hostile.extend([0; 4]);
    hostile.extend([0xff; 48]);
    std::fs::write(&path, &hostile).unwrap();
    let error = Artifact::load(&path).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with(&format!("`{}`: ", path.display())),
        "{error}"
    );
    assert!(matches!(
        error.reason(),
        ArtifactError::Length {
            wanted: u64::MAX,
            ..
        }
    ));
    std::fs::write(&path, b"ELF").unwrap();
    assert!(matches!(
        Artifact::load(&path).unwrap_err().reason(),
        ArtifactError::Magic
    ));
    assert!(!Artifact::is_artifact(&path).unwrap());
    let missing = Artifact::load(folder.path().join("none")).unwrap_err();
    assert!(matches!(missing.reason(), ArtifactError::Io(_)));
}

#[test]
fn artifacts_of_other_machines_are_refused() {
    let refuse = |change: fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        let bytes = Artifact::new(manifest, vec![vec![]])
            .unwrap()
            .to_bytes()
            .unwrap();
        Artifact::from_bytes(&bytes).map(|_| ()).unwrap_err()
    };
    let error = refuse(|m| m.images[0].target_triple = "riscv64-unknown-linux-gnu".into());
    assert!(matches!(error, ArtifactError::Target { .. }));
    let error = refuse(|m| m.images[0].features = vec!["+avx2048f".into(), "-avx512f".into()]);
    assert_eq!(
        error.to_string(),
        "this processor lacks features that the artifact uses: avx2048f; compile it for this processor"
    );
    let mut bad = manifest();
    bad.functions[0].args[0].updates = Some(7);
    assert!(matches!(
        Artifact::new(bad, vec![vec![]]),
        Err(ArtifactError::Manifest(_))
    ));
    let empty = Artifact::new(manifest(), vec![vec![]]).unwrap();
    assert!(matches!(empty.function("f"), Err(ArtifactError::Load(_))));
    let mut renamed = manifest();
    renamed.functions[1].symbol = "npir_test_counter".into();
    let artifact = Artifact::new(renamed, vec![compile_program(&["-O2", "-fPIC"])]).unwrap();
    // Data is not code.
    assert!(matches!(
        artifact.function("g"),
        Err(ArtifactError::MissingEntry(_))
    ));
}

#[test]
fn the_memory_limit_gives_errors_and_nothing_leaks() {
    let _serial = serial();
    let artifact = Artifact::new(manifest(), vec![compile_program(&["-O2", "-fPIC"])]).unwrap();
    let f = artifact.function("f").unwrap();
    let x = Array::zeros(DType::F64, &[1 << 20]).unwrap();
    let before = memory_stats().live;
    set_memory_limit(Some(before + (4 << 20)));
    let error = f.call(&mut [Arg::from(&x)]).unwrap_err();
    assert_eq!(error.kind(), RunErrorKind::Memory);
    assert_eq!(error.to_string(), "unable to allocate 8.00 MiB");
    assert!(Array::zeros(DType::I8, &[5 << 20]).is_err());
    set_memory_limit(None);
    assert_eq!(memory_stats().live, before);

    let results = f.call(&mut [Arg::from(&x)]).unwrap();
    assert!(memory_stats().live >= before + (8 << 20));
    assert!(memory_stats().peak >= memory_stats().live);
    drop(results);
    assert_eq!(memory_stats().live, before);
    // The next result comes from the cache.
    assert!(memory_stats().cached >= 8 << 20);
    trim();
    // But for the small blocks of other threads.
    assert!(memory_stats().cached < 1 << 20);
}

#[test]
fn small_blocks_are_counted_whichever_thread_gives_them_back() {
    let _serial = serial();
    let before = memory_stats();
    let (to_worker, received) = std::sync::mpsc::channel::<Vec<Array>>();
    let (done, finished) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || {
        for arrays in received {
            drop(arrays);
            done.send(()).unwrap();
        }
    });
    for round in 1..4usize {
        let arrays: Vec<Array> = (0..100)
            .map(|i| Array::zeros(DType::U8, &[i * round]).unwrap())
            .collect();
        let bytes: usize = (0..100).map(|i| (i * round).max(1)).sum();
        let now = memory_stats();
        assert_eq!(now.live, before.live + bytes as u64);
        assert_eq!(now.live_blocks, before.live_blocks + 100);
        assert!(now.peak >= now.live);
        to_worker.send(arrays).unwrap();
        finished.recv().unwrap();
        // The other thread lives, and has said nothing.
        assert_eq!(memory_stats().live, before.live);
        assert_eq!(memory_stats().live_blocks, before.live_blocks);
    }
    drop(to_worker);
    worker.join().unwrap();
    assert_eq!(memory_stats().live, before.live);
    trim();
    // But for the small blocks of other threads.
    assert!(memory_stats().cached < 1 << 20);
}

#[test]
fn functions_are_called_from_many_threads() {
    let _serial = serial();
    let artifact = Artifact::new(manifest(), vec![compile_program(&["-O2", "-fPIC"])]).unwrap();
    let x: Vec<f64> = (0..5000).map(|i| f64::from(i) / 1000.0).collect();
    let wanted = expected_f(&x);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let f = artifact.function("f").unwrap();
                let array = Array::from_slice(&x, &[5000]).unwrap();
                for _ in 0..200 {
                    let results = f.call(&mut [Arg::from(&array)]).unwrap();
                    assert_eq!(results[0].to_vec::<f64>().unwrap(), wanted);
                }
            });
        }
    });
}

#[test]
fn files_that_numpy_wrote_are_read_and_written_alike() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kmeans");
    let folder = tempfile::tempdir().unwrap();
    for name in ["digits.npy", "initial_centres.npy"] {
        let array = npy::read(examples.join(name)).unwrap();
        assert_eq!((array.rank(), array.shape()[1]), (2, 64), "{array:?}");
        let copy = folder.path().join(name);
        npy::write(&copy, &array).unwrap();
        assert!(std::fs::read(copy).unwrap() == std::fs::read(examples.join(name)).unwrap());
    }
}
