//! Kernels and bytes of the benchmark's programs, beside what must be moved at least: the table of `docs/src/cost-model.md`, which
//! this test writes with `NPIR_WRITE_DOCS` set.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use npir::passes::traffic::Traffic;
use npir::prelude::*;

use crate::harness::compiler;

const BEGIN: &str = "<!-- traffic -->";
const END: &str = "<!-- end -->";

/// Programs that are computed in one pass over their arguments.
const ONE_PASS: [&str; 25] = [
    "argmax-rows",
    "attention-float32",
    "attention-float64",
    "black-scholes-float32",
    "black-scholes-float64",
    "box-blur-float32",
    "box-blur-float64",
    "cosine-similarity",
    "gaussian-line-float64",
    "gelu-float32",
    "gelu-float64",
    "haversine",
    "horner",
    "layer-norm-float32",
    "layer-norm-float64",
    "logsumexp",
    "manhattan",
    "nearest-centre",
    "pairwise",
    "rbf-kernel",
    "sobel",
    "softmax-float32",
    "softmax-float64",
    "sum-columns",
    "variance-rows",
];
/// Programs that the book shows besides.
const OTHERS: [&str; 9] = [
    "covariance",
    "heat-3d",
    "jacobi-2d",
    "mlp-float32",
    "mlp-float64",
    "nbody",
    "standardize",
    "variance-all",
    "variance-columns",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn of(program: &str) -> Traffic {
    let file = root().join(format!("bench/mlir/{program}.mlir"));
    let source = std::fs::read(&file).unwrap();
    let compiler = compiler();
    let context = compiler.context();
    let module = compiler.parse(&context, &source, program).unwrap();
    let all = compiler.traffic(&context, &module).unwrap();
    let [(_, traffic)] = all[..] else {
        panic!("{program} has one function")
    };
    traffic
}

#[test]
fn one_pass_moves_little_more_than_arguments_and_results() {
    for program in ONE_PASS {
        let ratio = of(program).ratio().unwrap();
        assert!((0.999..=1.15).contains(&ratio), "{program}: {ratio}");
    }
}

#[test]
fn kernels_count_what_they_read_and_write() {
    let text = |body: &str| {
        format!(
            "func.func @f(%x: tensor<1000x8xf64>, %y: tensor<8xf32>) -> tensor<1000x8xf64> {{\n{body}\n}}"
        )
    };
    let traffic = |body: &str| {
        let compiler = compiler().optimizer(Optimizer::Off);
        let context = compiler.context();
        let source = text(body);
        let module = compiler
            .parse(&context, source.as_bytes(), "f.mlir")
            .unwrap();
        compiler.traffic(&context, &module).unwrap()[0].1
    };
    let ty = "tensor<1000x8xf64>";
    let once = traffic(&format!(
        "%a = numpy.exp %x : {ty} -> {ty}\n%b = numpy.sin %a : {ty} -> {ty}\nreturn %b : {ty}"
    ));
    let expected = Traffic {
        kernels: 1,
        bytes: Some(128_000),
        least: Some(128_000),
    };
    assert_eq!(once, expected);
    // Two halves of an argument are all of it, once.
    let halves = traffic(&format!(
        "%a = numpy.slice %x[0:1000, :] : {ty} -> {ty}\n%b = numpy.flip %x axes [0] : {ty} -> {ty}\n\
         %c = numpy.add %a, %b : {ty}, {ty} -> {ty}\nreturn %c : {ty}"
    ));
    assert_eq!(halves, expected);
    // Each round reads and writes all of it.
    let rounds = traffic(&format!(
        "%0 = arith.constant 0 : index\n%1 = arith.constant 1 : index\n%n = arith.constant 10 : index\n\
         %r = scf.for %i = %0 to %n step %1 iter_args(%v = %x) -> ({ty}) {{\n\
         %s = numpy.cumsum %v axis 0 : {ty} -> {ty}\nscf.yield %s : {ty}\n}}\nreturn %r : {ty}"
    ));
    assert!(rounds.kernels >= 10, "{rounds}");
    assert!(rounds.bytes.unwrap() >= 10 * 128_000, "{rounds}");
    assert_eq!(rounds.least, Some(128_000));
}

#[test]
fn the_book_has_the_numbers() {
    let mut table = String::from(
        "| program | kernels | MB moved | MB of arguments and results | ratio |\n|---|---:|---:|---:|---:|\n",
    );
    let mut programs: Vec<_> = ONE_PASS.iter().chain(&OTHERS).collect();
    programs.sort_unstable();
    for program in programs {
        let found = of(program);
        let (Some(bytes), Some(least)) = (found.bytes, found.least) else {
            panic!("{program}: {found}")
        };
        let mega = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
        let ratio = found.ratio().unwrap();
        let _ = writeln!(
            table,
            "| {program} | {} | {} | {} | {ratio:.2} |",
            found.kernels,
            mega(bytes),
            mega(least)
        );
    }
    let file = root().join("docs/src/cost-model.md");
    let book = std::fs::read_to_string(&file).unwrap();
    let begin = book.find(BEGIN).expect("a place for the table") + BEGIN.len();
    let end = begin + book[begin..].find(END).expect("the end of the table");
    let made = format!("{}\n\n{table}\n{}", &book[..begin], &book[end..]);
    if std::env::var_os("NPIR_WRITE_DOCS").is_some() {
        std::fs::write(&file, &made).unwrap();
    } else {
        let words = "docs/src/cost-model.md has other numbers; NPIR_WRITE_DOCS=1 writes them";
        assert!(made == book, "{words}");
    }
}
