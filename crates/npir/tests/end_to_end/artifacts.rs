//! Compiled programs as files, and data files: what is damaged, cut off, made for something else or
//! hostile is an error, and never more.

use std::fs;
use std::path::Path;

use npir::prelude::*;
use npir_runtime::alloc::{memory_stats, reset_peak};
use npir_runtime::artifact::FORMAT_VERSION;
use npir_runtime::npy::{self, Compression};
use npir_runtime::{ArtifactError, Dim, Manifest, RunErrorKind};

use crate::harness::{Session, compile, compiler};
use crate::samples::{Random, moderate, numbers};
use crate::value::{Layout, Value};

/// Parallel kernels, library functions, scatter, an updated argument, and errors with places.
const PROGRAM: &str = "func.func @f(%x: tensor<?x?xf64>, %i: tensor<?xi64>, %t: tensor<?xf64> {numpy.updates = 0 : i64})
    -> (tensor<?xf64>, tensor<?x?xf64>, tensor<?xi64>) {
  %0 = numpy.exp %x : tensor<?x?xf64> -> tensor<?x?xf64>
  %1 = numpy.transpose %0 : tensor<?x?xf64> -> tensor<?x?xf64>
  %2 = numpy.matmul %x, %1 : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
  %3 = numpy.sum %2 axes [1] : tensor<?x?xf64> -> tensor<?xf64>
  %4 = numpy.add_at %t[%i], %3 : tensor<?xf64>[tensor<?xi64>], tensor<?xf64> -> tensor<?xf64>
  %5 = numpy.argmax %2 axis 1 : tensor<?x?xf64> -> tensor<?xi64>
  return %4, %2, %5 : tensor<?xf64>, tensor<?x?xf64>, tensor<?xi64>
}";

/// What the program gives, the updated argument first; or its error.
fn run(function: &npir_runtime::Function, last: i64) -> Result<Vec<Value>, (RunErrorKind, String)> {
    let mut random = Random(60);
    let x = moderate(DType::F64, 40 * 30, &mut random).reshaped(&[40, 30]);
    let mut list: Vec<i64> = (0..40).map(|i| i % 7 - 3).collect();
    list[39] = last;
    let (x, i) = (x.place(Layout::Fortran), numbers(DType::I64, &list));
    let (i, mut t) = (
        i.place(Layout::C),
        Value::vector(&[1.0; 5]).place(Layout::Strided),
    );
    let results = function
        .call(&mut [x.view().into(), i.view().into(), t.view_mut().into()])
        .map_err(|e| (e.kind(), e.to_string()))?;
    let mut all = vec![t.value()];
    all.extend(results.iter().map(Value::of));
    Ok(all)
}

#[test]
fn saved_and_loaded() {
    let exe = compile(PROGRAM);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f.npir");
    exe.save(&path).expect("it can be written");
    let _session = Session::start();
    let loaded = Artifact::load(&path).expect("it is whole");
    assert_eq!(loaded.manifest(), exe.manifest());
    fs::remove_file(&path).expect("it is there");
    let (compiled, function) = (
        exe.function("f").expect("it is there"),
        loaded.function("f").expect("it loads"),
    );
    drop(loaded);
    let expected = run(&compiled, 0).expect("in bounds");
    assert_eq!(expected[1].shape, [40, 40]);
    assert_eq!(run(&function, 0).expect("in bounds"), expected);
    let error = run(&function, 5).expect_err("out of bounds");
    assert_eq!(error, run(&compiled, 5).expect_err("out of bounds"));
    assert_eq!(error.0, RunErrorKind::IndexOutOfBounds);
    assert_eq!(
        error.1,
        "test.mlir:7:8: numpy.add_at: index 5 is out of bounds for axis 0 with size 5"
    );
}

/// Every processor of this platform runs what was compiled for the least of them, and gets the same
/// labels; the elements agree to rounding.
#[test]
fn for_another_processor() {
    let baseline = compiler().target(CpuTarget::baseline().expect("a supported platform"));
    let context = baseline.context();
    let module = baseline
        .parse(&context, PROGRAM.as_bytes(), "test.mlir")
        .expect("it is valid");
    let artifact = baseline.compile_artifact(&module).expect("it compiles");
    let host = compile(PROGRAM);
    assert_ne!(artifact.manifest().images[0].cpu, "");
    let loaded =
        Artifact::from_bytes(&artifact.to_bytes().expect("it is JSON")).expect("it runs here");
    let _session = Session::start();
    let ours = run(&loaded.function("f").expect("it loads"), 0).expect("in bounds");
    let theirs = run(&host.function("f").expect("it is there"), 0).expect("in bounds");
    assert_eq!(ours[2], theirs[2]);
    npir_testing::compare(
        &ours[1].to_array(),
        &theirs[1].to_array(),
        npir_testing::Tolerance::Ulps(1 << 20),
    )
    .unwrap_or_else(|e| panic!("{e}"));

    // Another processor or platform than any.
    let changed = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = artifact.manifest().clone();
        change(&mut manifest);
        let bytes = Artifact::new(manifest, objects(&artifact))
            .and_then(|a| a.to_bytes())
            .expect("it is consistent");
        Artifact::from_bytes(&bytes)
            .map(|_| ())
            .expect_err("it is for something else")
    };
    let e = changed(&|m| m.images[0].features.push("of-tomorrow".into()));
    assert!(matches!(e, ArtifactError::CpuFeatures { .. }), "{e}");
    assert!(e.to_string().contains("of-tomorrow"), "{e}");
    let e = changed(&|m| m.images[0].target_triple = "sparc64-unknown-linux-gnu".into());
    assert!(matches!(e, ArtifactError::Target { .. }), "{e}");
}

fn objects(artifact: &Artifact) -> Vec<Vec<u8>> {
    artifact
        .images()
        .map(|(_, object)| object.to_vec())
        .collect()
}

/// The file with the checksum that its contents should have: an attacker's, not damage.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&bytes[..32]);
    hasher.update(&bytes[64..]);
    bytes[32..64].copy_from_slice(hasher.finalize().as_bytes());
    bytes
}

/// Some bytes of a file changed, or its end cut off or repeated.
fn damaged(whole: &[u8], from: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    match random.below(8) {
        0 => bytes.truncate(from + random.below(whole.len() - from)),
        1 => {
            let at = from + random.below(whole.len() - from);
            bytes.extend_from_slice(&whole[at..]);
        }
        _ => {
            for _ in 0..=random.below(4) {
                let at = from + random.below(whole.len() - from);
                bytes[at] = match random.below(4) {
                    0 => 0xff,
                    1 => 0,
                    _ => bytes[at] ^ 1 << random.below(8),
                };
            }
        }
    }
    bytes
}

#[test]
fn damaged_artifacts_are_refused() {
    let exe = compile(PROGRAM);
    let whole = exe.artifact().to_bytes().expect("it is JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.npir");
    let _session = Session::start();
    let mut random = Random(61);
    for k in 0..600 {
        let bytes = damaged(&whole, 0, &mut random);
        if bytes == whole {
            continue;
        }
        let error = match k % 8 {
            // Through a file now and then.
            0 => {
                fs::write(&path, &bytes).expect("it can be written");
                Artifact::load(&path)
            }
            _ => Artifact::from_bytes(&bytes),
        };
        assert!(error.is_err(), "damage number {k} is not noticed");
    }
    let mut newer = whole.clone();
    newer[8] += 1;
    let e = Artifact::from_bytes(&sealed(newer)).expect_err("another version");
    let next = FORMAT_VERSION + 1;
    assert!(
        matches!(e, ArtifactError::FormatVersion { found } if found == next),
        "{e}"
    );
    // Lengths that no file has, and whose sum overflows.
    for (manifest, object) in [
        (u64::MAX, 1),
        (1, u64::MAX),
        (u64::MAX, u64::MAX),
        (1 << 62, 1 << 62),
        (0, u64::MAX - 63),
        (whole.len() as u64, 0),
    ] {
        let mut bytes = whole.clone();
        bytes[16..24].copy_from_slice(&manifest.to_le_bytes());
        bytes[24..32].copy_from_slice(&object.to_le_bytes());
        let bytes = sealed(bytes);
        fs::write(&path, &bytes).expect("it can be written");
        for e in [Artifact::from_bytes(&bytes), Artifact::load(&path)] {
            let e = e.expect_err("it is shorter");
            assert!(matches!(e.reason(), ArtifactError::Length { .. }), "{e}");
        }
    }
}

/// With a right checksum, damage reaches the manifest and the loader. It is read, never run: what
/// machine code does is its author's affair.
#[test]
fn forged_artifacts_do_no_harm_when_read() {
    let exe = compile(PROGRAM);
    let whole = exe.artifact().to_bytes().expect("it is JSON");
    let manifest = exe.manifest();
    let object = whole.len() - objects(exe.artifact())[0].len();
    let _session = Session::start();
    let mut random = Random(62);
    let mut accepted = 0;
    for k in 0..800 {
        // Half of them in the manifest, half in the object.
        let bytes = match k % 2 {
            0 => {
                let mut bytes = damaged(&whole[..object], 64, &mut random);
                let length = (bytes.len() - 64) as u64;
                bytes[16..24].copy_from_slice(&length.to_le_bytes());
                bytes.extend_from_slice(&whole[object..]);
                bytes
            }
            _ => {
                let code = damaged(&whole, object, &mut random).split_off(object);
                let forged = Artifact::new(manifest.clone(), vec![code]);
                forged.and_then(|a| a.to_bytes()).expect("it is JSON")
            }
        };
        if let Ok(artifact) = Artifact::from_bytes(&sealed(bytes)) {
            accepted += 1;
            for signature in &artifact.manifest().functions {
                let _ = artifact.function(&signature.name);
            }
        }
    }
    assert!(accepted > 100, "only {accepted} get as far as the loader");

    // Sizes that no array has: the function can be asked for, and arguments do not fit.
    for size in [i64::MAX as usize, 1 << 60] {
        let mut forged = manifest.clone();
        forged.functions[0].args[0].shape = vec![Dim::Static(size), Dim::Static(size)];
        forged.functions[0].results[1].shape = vec![Dim::Static(size), Dim::Static(size)];
        let bytes = Artifact::new(forged, objects(exe.artifact())).and_then(|a| a.to_bytes());
        let artifact = bytes.and_then(|b| Artifact::from_bytes(&b));
        if let Ok(function) = artifact.and_then(|a| a.function("f")) {
            let (kind, message) = run(&function, 0).expect_err("no array has this size");
            assert_eq!(kind, RunErrorKind::ShapeMismatch, "{message}");
        }
    }
}

/// Reads damaged bytes; they take no more memory than a small multiple of the file.
fn read_damaged(bytes: &[u8], path: &Path, archive: bool) {
    fs::write(path, bytes).expect("it can be written");
    reset_peak();
    let before = memory_stats().live;
    if archive {
        if let Ok(arrays) = npy::read_npz(path) {
            drop(arrays);
        }
        let _ = npy::read_npz_array(path, "a");
    } else {
        let _ = npy::read(path);
        let _ = npy::read_bytes(bytes);
        // SAFETY: nobody else changes the file.
        let _ = unsafe { npy::map(path) };
    }
    let taken = memory_stats().peak - before;
    assert!(
        taken <= 1 << 20,
        "{taken} bytes for a file of {}",
        bytes.len()
    );
}

#[test]
fn damaged_data_files_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    let _session = Session::start();
    let mut random = Random(63);
    let a = moderate(DType::F64, 60, &mut random)
        .reshaped(&[5, 12])
        .to_array();
    let b = numbers(DType::Bool, &[1, 0, 1]).to_array();
    npy::write(file("a.npy"), &a).expect("it can be written");
    npy::write(file("b.npy"), &b).expect("it can be written");
    for (name, compression) in [
        ("stored.npz", Compression::Stored),
        ("deflated.npz", Compression::Deflated),
    ] {
        let arrays = [("a", ArrayView::from(&a)), ("b", ArrayView::from(&b))];
        npy::write_npz(file(name), &arrays, compression).expect("it can be written");
    }
    for name in ["a.npy", "b.npy", "stored.npz", "deflated.npz"] {
        let whole = fs::read(file(name)).expect("it is there");
        let archive = name.ends_with('z');
        for end in (0..whole.len()).step_by(3) {
            fs::write(file("cut"), &whole[..end]).expect("it can be written");
            let error = match archive {
                true => npy::read_npz(file("cut")).map(|_| ()),
                false => npy::read(file("cut")).map(|_| ()),
            };
            assert!(
                error.is_err(),
                "{name} is not read without its end at {end}"
            );
        }
        for _ in 0..500 {
            let bytes = damaged(&whole, 0, &mut random);
            read_damaged(&bytes, &file("damaged"), archive);
        }
    }
}

/// Headers that promise more than there is, and sizes whose product overflows.
#[test]
fn hostile_sizes_in_data_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hostile.npy");
    let _session = Session::start();
    for shape in [
        "(9223372036854775807,)",
        "(18446744073709551615,)",
        "(99999999999999999999999,)",
        "(4294967296, 4294967296)",
        "(4294967296, 4294967296, 0)",
        "(1099511627776,)",
        "(-1,)",
        "(3, -5)",
    ] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([0; 64]);
        read_damaged(&bytes, &path, false);
        // As NumPy, which also refuses an array without elements whose other extents overflow.
        assert!(npy::read_bytes(&bytes).is_err(), "{shape}");
    }
}
