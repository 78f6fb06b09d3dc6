//! What every test needs: a registry, parsing with collected diagnostics, pipelines.

use npir_mlir::melior::ir::operation::OperationLike;
use npir_mlir::prelude::*;
use npir_mlir::source::to_bytecode;
use std::sync::LazyLock;

/// The one registry of the process, upstream included: MLIR's list of passes is global.
pub fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> =
        LazyLock::new(|| crate::toy::register(Registry::new().with_upstream()));
    &REGISTRY
}

/// A context in which `toy` and what it builds on can be used.
pub fn context() -> Context {
    let ctx = registry().context();
    for name in [
        "builtin", "func", "arith", "scf", "tensor", "memref", "linalg", "math", "vector", "toy",
    ] {
        assert!(ctx.load_dialect(name), "{name}");
    }
    ctx
}

/// The module's op with the context's lifetime; the module must outlive its use.
pub fn op_of<'c>(module: &Module<'c>) -> Op<'c> {
    // SAFETY: the module owns the op and lives as long as the caller uses it.
    unsafe { Op::from_raw(module.as_operation().to_raw()) }
}

/// Parses and verifies; panics with the diagnostics when that fails.
pub fn parse<'c>(ctx: &'c Context, source: &str) -> Module<'c> {
    let (module, diagnostics) =
        collect_diagnostics(ctx, || parse_source(ctx, source.as_bytes(), "test.mlir"));
    module.unwrap_or_else(|| panic!("{source}\n{}", texts(&diagnostics).join("\n")))
}

/// Diagnostics as `file:line:col: error: ...`.
pub fn texts(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(Diagnostic::to_string).collect()
}

/// The diagnostics of a source that must not parse or verify.
pub fn errors(source: &str) -> Vec<String> {
    let ctx = context();
    errors_in(&ctx, source)
}

/// As [`errors`], in a given context.
pub fn errors_in(ctx: &Context, source: &str) -> Vec<String> {
    let (module, diagnostics) =
        collect_diagnostics(ctx, || parse_source(ctx, source.as_bytes(), "test.mlir"));
    assert!(module.is_none(), "accepted:\n{source}");
    texts(&diagnostics)
}

/// Asserts that the only error of `source` is `expected`.
#[track_caller]
pub fn refuses(source: &str, expected: &str) {
    let found = errors(source);
    assert!(
        found.len() == 1 && found[0].contains(expected),
        "expected `{expected}`, found:\n{}",
        found.join("\n")
    );
}

/// Runs a pipeline; the text of the result, or the diagnostics.
pub fn transform(source: &str, pipeline: &str) -> Result<String, Vec<String>> {
    let ctx = context();
    let mut module = parse(&ctx, source);
    let (result, diagnostics) = collect_diagnostics(&ctx, || {
        run_pipeline(&mut module, pipeline, Verification::Each)
    });
    match result {
        Ok(()) if diagnostics.iter().any(|d| d.severity == Severity::Error) => {
            Err(texts(&diagnostics))
        }
        Ok(()) => Ok(text(&module)),
        Err(why) => {
            let mut all = texts(&diagnostics);
            all.push(why);
            Err(all)
        }
    }
}

/// Runs a pipeline that must succeed.
#[track_caller]
pub fn transformed(source: &str, pipeline: &str) -> String {
    transform(source, pipeline).unwrap_or_else(|e| panic!("{pipeline}:\n{}", e.join("\n")))
}

/// The module as text.
pub fn text(module: &Module<'_>) -> String {
    module.as_operation().to_string()
}

/// The module in the generic form.
pub fn generic(module: &Module<'_>) -> String {
    let flags = npir_mlir::melior::ir::operation::OperationPrintingFlags::new()
        .print_generic_operation_form();
    module
        .as_operation()
        .to_string_with_flags(flags)
        .expect("prints")
}

/// Parses `source`, and checks that printing it, its generic form and its bytecode all
/// read back as the same module. The printed text.
#[track_caller]
pub fn round_trip(source: &str) -> String {
    let ctx = context();
    let module = parse(&ctx, source);
    let printed = text(&module);
    assert_eq!(text(&parse(&ctx, &printed)), printed, "text of:\n{source}");
    let generic = generic(&module);
    assert_eq!(
        text(&parse(&ctx, &generic)),
        printed,
        "generic form:\n{generic}"
    );
    let bytes = to_bytecode(op_of(&module));
    let read = parse_source(&ctx, &bytes, "test.mlirbc").expect("bytecode reads");
    assert_eq!(text(&read), printed, "bytecode of:\n{source}");
    // Another context, so that nothing that the first one has interned helps.
    let other = context();
    let read = parse_source(&other, &bytes, "test.mlirbc").expect("bytecode reads elsewhere");
    assert_eq!(
        text(&read),
        printed,
        "bytecode in another context of:\n{source}"
    );
    printed
}

/// How often `needle` occurs.
pub fn count(haystack: &str, needle: &str) -> usize {
    haystack.matches(needle).count()
}

/// The message of the panic that `body` ends in.
pub fn panic_message<T>(body: impl FnOnce() -> T) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body))
        .err()
        .expect("a panic");
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
