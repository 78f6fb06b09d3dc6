//! Real programs compiled for 64-bit Arm, on any host: LLVM's disassembler knows every instruction, and the vectors are
//! those of the processor. `cargo xtask emulate` runs such code.

use npir::mlir::dialect::Registry;
use npir::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: [&str; 13] = [
    "argmax-rows",
    "attention-float32",
    "black-scholes-float32",
    "black-scholes-float64",
    "conv2d-float32",
    "gelu-float32",
    "gray",
    "haversine",
    "jacobi-2d",
    "kmeans-50000x128x256",
    "layer-norm-float64",
    "matmul-2048-float32",
    "softmax-float64",
];

/// Processors, and what the names of their vector registers begin with.
const PROCESSORS: [(&str, char); 3] = [("generic", 'v'), ("neoverse-v1", 'z'), ("a64fx", 'z')];

/// The machine code of an object as text.
fn disassembled(object: &Path) -> String {
    let prefix = std::env::var("LLVM_SYS_221_PREFIX").unwrap_or("/usr/lib/llvm-22".into());
    let done = Command::new(PathBuf::from(prefix).join("bin/llvm-objdump"))
        .args(["--disassemble", "--no-show-raw-insn", "--mattr=+all"])
        .arg(object)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// How many instructions have a vector register of that kind among their operands: `v7.2d`, `z7.d`.
fn vector_instructions(text: &str, kind: char) -> usize {
    let is_register = |word: &str| {
        let (name, lanes) = word.split_once('.').unwrap_or_default();
        let number = name.strip_prefix(kind).unwrap_or_default();
        number.parse::<u8>().is_ok() && !lanes.is_empty()
    };
    let words = |line: &&str| line.split([' ', '\t', ',', '{', '}']).any(is_register);
    text.lines().filter(words).count()
}

#[test]
fn programs_for_arm() {
    let folder = tempfile::tempdir().unwrap();
    let object = folder.path().join("f.o");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/mlir");
    for (cpu, registers) in PROCESSORS {
        let target = CpuTarget::named(cpu).unwrap();
        let compiler = Compiler::new(Registry::standard()).target(target);
        let context = compiler.context();
        for name in PROGRAMS {
            let source = std::fs::read(root.join(format!("{name}.mlir"))).unwrap();
            let module = compiler.parse(&context, &source, name).unwrap();
            let artifact = compiler.compile_artifact(&module).unwrap();
            let (image, code) = artifact.images().next().unwrap();
            assert!(image.target_triple.starts_with("aarch64-"));
            std::fs::write(&object, code).unwrap();
            let text = disassembled(&object);
            assert!(text.contains("elf64-littleaarch64"), "{text}");
            assert!(!text.contains("<unknown>"), "{name} for {cpu}");
            let vectors = vector_instructions(&text, registers);
            assert!(vectors > 30, "{name} for {cpu}: {vectors}");
        }
    }
}
