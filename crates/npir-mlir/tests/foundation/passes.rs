//! Passes: options, statistics, nesting, dependent dialects, failures.

use crate::support::*;
use crate::toy::passes::Options;
use npir_mlir::prelude::*;

#[test]
fn defaults_of_options() {
    let out = transformed("module {}", "toy-options");
    for piece in [
        "number = 42 : i64",
        "numbers = array<i64>",
        "off = false",
        "on = true",
        "text = \"some text\"",
        "words = \"\"",
    ] {
        assert!(out.contains(piece), "{piece}\n{out}");
    }
}

#[test]
fn options_of_every_kind() {
    let out = transformed(
        "module {}",
        "toy-options{text=other number=-7 on=false off=true some-numbers=1,-2,3 words=a,bc}",
    );
    for piece in [
        "number = -7 : i64",
        "numbers = array<i64: 1, -2, 3>",
        "off = true",
        "on = false",
        "text = \"other\"",
        "words = \"a|bc\"",
    ] {
        assert!(out.contains(piece), "{piece}\n{out}");
    }
    // An instance is told its options before each run and keeps its own state.
    let out = transformed("module {}", "toy-options{number=1},toy-options{text=last}");
    assert!(
        out.contains("number = 42") && out.contains("runs = 1") && out.contains("last"),
        "{out}"
    );
    let out = transformed("module {}", "toy-options{text=\"with spaces\"}");
    assert!(out.contains("text = \"with spaces\""), "{out}");
}

#[test]
fn a_pass_writes_itself_as_a_pipeline() {
    let mut pass = Options::default();
    pass.set_options(vec![
        OptionValue::Text("t".into()),
        OptionValue::Int(5),
        OptionValue::Bool(true),
        OptionValue::Bool(false),
        OptionValue::IntList(vec![1, 2]),
        OptionValue::TextList(vec!["a".into(), "b".into()]),
    ]);
    let text = pass.pipeline_text();
    assert_eq!(
        text,
        "toy-options{text=t number=5 on=true off=false some-numbers=1,2 words=a,b}"
    );
    let out = transformed("module {}", &text);
    assert!(
        out.contains("number = 5")
            && out.contains("words = \"a|b\"")
            && out.contains("array<i64: 1, 2>"),
        "{out}"
    );
    assert_eq!(
        crate::toy::passes::Mark::default().pipeline_text(),
        "func.func(toy-mark{label=marked})"
    );
    assert_eq!(
        crate::toy::passes::Churn::default().pipeline_text(),
        "func.func(toy-churn)"
    );
}

#[test]
fn a_default_pass_is_its_name_in_a_pipeline() {
    let text = Options::default().pipeline_text();
    assert_eq!(
        text,
        "toy-options{text=\"some text\" number=42 on=true off=false}"
    );
    assert_eq!(
        transformed("module {}", &text),
        transformed("module {}", "toy-options")
    );
    // The options alone: the state of a pass starts from its own default.
    let declared: Vec<_> = Options::info()
        .options
        .into_iter()
        .map(|o| o.default)
        .collect();
    assert_eq!(declared, Options::default().options());
}

#[test]
fn texts_of_options_survive_a_pipeline() {
    for text in [
        "",
        "two words",
        "\"quoted\"",
        "it's",
        "\ttab",
        "a,b",
        "plain",
    ] {
        let mut pass = Options::default();
        let mut options = pass.options();
        options[0] = OptionValue::Text(text.into());
        pass.set_options(options);
        let out = transformed("module {}", &pass.pipeline_text());
        let ctx = context();
        let module = parse(&ctx, &out);
        let found = op_of(&module).attr("toy.text").and_then(|a| a.as_str());
        assert_eq!(found, Some(text.trim()), "{out}");
    }
}

#[test]
fn unknown_passes_and_options_are_errors() {
    let failed = |pipeline: &str| transform("module {}", pipeline).unwrap_err().join("\n");
    for (pipeline, expected) in [
        (
            "toy-nothing",
            "'toy-nothing' does not refer to a registered pass",
        ),
        ("toy-options{color=red}", "no such option color"),
        ("toy-options{number=many}", "many"),
        ("toy-options{on=maybe}", "maybe"),
        ("toy-options{some-numbers=1,x}", "x"),
        ("toy-pipeline{x=1}", "this pipeline has no options"),
        ("toy-options(", "malformed pass pipeline"),
    ] {
        let found = failed(pipeline);
        assert!(found.contains(expected), "{pipeline}: {found}");
    }
    // A pass runs on the op that it names.
    assert!(
        failed("func.func(toy-options)").contains("func.func"),
        "{}",
        failed("func.func(toy-options)")
    );
}

#[test]
fn pipelines_have_names() {
    let out = transformed(
        "func.func @f(%x: i32) { %0 = toy.scale %x by 2 : i32 return }",
        "toy-pipeline",
    );
    assert!(
        out.contains("toy.tag = \"piped:3\"") && !out.contains("toy.scale"),
        "{out}"
    );
    // Anchored, in a list, or as a whole.
    for pipeline in [
        "builtin.module(toy-pipeline)",
        "toy-pipeline,toy-options",
        " builtin.module( toy-pipeline ) ",
        "builtin.module(toy-pipeline),cse",
    ] {
        transformed("func.func @f() { return }", pipeline);
    }
}

#[test]
fn dependent_dialects_are_loaded_before_the_run() {
    let ctx = registry().context();
    let mut module = parse(&ctx, "module {}");
    run_pipeline(&mut module, "toy-complex", Verification::Each).unwrap();
    assert!(
        text(&module).contains("complex.constant [1.0"),
        "{}",
        text(&module)
    );
    let found = transform("module {}", "toy-nowhere").unwrap_err();
    assert!(
        found[0]
            .contains("pass 'toy-nowhere' needs the dialect 'nowhere', which is not registered"),
        "{found:?}"
    );
}

#[test]
fn pipelines_within_passes() {
    let source = "func.func @f(%x: i32) -> i32 { %0 = toy.add %x, %x : i32, i32 %1 = toy.add %x, %x : i32, i32 return %0 : i32 }";
    for options in [
        "",
        "{functions}",
        "{passes=func.func(canonicalize)}",
        "{passes=canonicalize+func.func(cse)}",
    ] {
        let out = transformed(source, &format!("toy-nested{options}"));
        assert!(
            out.contains("toy.scale %arg0 by 2") && !out.contains("toy.add"),
            "{options}: {out}"
        );
    }
    let out = transformed(source, "toy-nested{passes=toy-complex}");
    assert!(out.contains("complex.constant"), "{out}");
    let found = transform(source, "toy-nested{passes=toy-nothing}").unwrap_err();
    assert!(
        found[0].contains("malformed pass pipeline") && found[0].contains("toy-nothing"),
        "{found:?}"
    );
    let found = transform(source, "toy-nested{passes=toy-fail}").unwrap_err();
    assert_eq!(found, ["test.mlir:1:1: error: no luck", "a pass failed"]);
}

#[test]
fn load_pipeline_dialects_knows_our_passes() {
    let ctx = registry().context();
    assert!(load_pipeline_dialects(&ctx, "toy-complex,func.func(convert-math-to-llvm)").is_ok());
    // What is loaded is known without parsing or running anything.
    // SAFETY: the context is alive.
    let loaded = unsafe { mlir_sys::mlirContextGetNumLoadedDialects(ctx.to_raw()) };
    assert!(loaded >= 3, "{loaded}");
    let (result, diagnostics) =
        collect_diagnostics(&ctx, || load_pipeline_dialects(&ctx, "toy-nothing"));
    assert!(
        result.is_err() && texts(&diagnostics)[0].contains("malformed pass pipeline"),
        "{diagnostics:?}"
    );
}

#[test]
fn failures_are_reported_once_and_stop_the_pipeline() {
    let run = |pipeline: &str| {
        transform(
            "module {\n  func.func @f(%x: i32) { %0 = toy.scale %x by 2 : i32 return }\n}",
            pipeline,
        )
        .unwrap_err()
    };
    assert_eq!(
        run("toy-fail,toy-options"),
        ["test.mlir:1:1: error: no luck", "a pass failed"]
    );
    let found = run("func.func(toy-fail{reported})");
    assert!(
        found.len() == 2
            && found[0].starts_with("test.mlir:2:3: error: 'func.func' op is not to our taste"),
        "{found:?}"
    );
    // The IR is verified after each pass.
    let found = run("toy-fail{invalid}");
    assert!(
        found[0].contains("'toy.scale' op has the negative factor -1"),
        "{found:?}"
    );
}

#[test]
fn preserved_analyses_and_remarks() {
    // MLIR does not verify again after a pass that says that it changed nothing: so it
    // can be seen that it was told.
    let ctx = context();
    let mut module = parse(
        &ctx,
        "func.func @f(%x: i32) { %0 = toy.scale %x by 2 : i32 return }",
    );
    let (result, diagnostics) = collect_diagnostics(&ctx, || {
        run_pipeline(&mut module, "func.func(toy-look{lie})", Verification::Each)
    });
    assert_eq!(result, Ok(()));
    assert_eq!(
        texts(&diagnostics),
        [
            "test.mlir:1:1: remark: 2 ops",
            "test.mlir:1:1: warning: looked at"
        ]
    );
    let (valid, _) = collect_diagnostics(&ctx, || op_of(&module).verify_ok());
    assert!(!valid);
}

#[test]
fn statistics_add_up() {
    let count = || {
        let totals = npir_mlir::statistics::totals();
        totals
            .iter()
            .find(|t| (t.pass, t.name) == ("toy-mark", "num-functions"))
            .map_or(0, |t| t.count)
    };
    let before = count();
    transformed(
        "func.func @f() { return } func.func @g() { return }",
        "func.func(toy-mark)",
    );
    // Other tests run the pass, too.
    assert!(count() >= before + 2);
    assert!(npir_mlir::statistics::report().contains("num-functions - Functions seen\n"));
}

#[test]
fn registries_are_independent_of_their_clones() {
    let base = Registry::new().with_upstream();
    let with_toy = base.clone().with(crate::toy::dialect());
    assert_eq!(with_toy.dialect_names(), ["toy"]);
    assert!(base.dialect_names().is_empty());
    assert!(with_toy.context().load_dialect("toy") && with_toy.context().load_dialect("linalg"));
    assert!(!base.context().load_dialect("toy"));
    assert!(base.context().load_dialect("arith") && !base.context().load_dialect("nothing"));
    // The first definition of a name stays.
    let again = Registry::new().with(Dialect::new("toy"));
    assert!(again.context().load_dialect("toy"));
    let n = npir_mlir::dialect::with_dialect("toy", |d| {
        (
            d.op_defs().len(),
            d.type_defs().len(),
            d.documentation().to_string(),
        )
    });
    assert!(
        n.is_some_and(|(ops, types, doc)| ops > 30 && types == 5 && doc == "A dialect for tests.")
    );
    assert!(npir_mlir::dialect::with_dialect("nothing", |_| ()).is_none());
}

#[test]
fn declarations_can_be_listed() {
    let info = crate::toy::passes::Options::info();
    assert_eq!(
        (info.argument, info.on),
        ("toy-options", Some("builtin.module"))
    );
    assert!(info.description.trim().starts_with("Writes every option"));
    assert_eq!(
        info.options.iter().map(|o| o.name).collect::<Vec<_>>(),
        ["text", "number", "on", "off", "some-numbers", "words"]
    );
    let mark = registry()
        .passes()
        .iter()
        .find(|p| p.info().argument == "toy-mark")
        .unwrap();
    assert_eq!(
        mark.info()
            .statistics
            .iter()
            .map(|s| s.name)
            .collect::<Vec<_>>(),
        ["num-ops", "num-functions"]
    );
    let add = crate::toy::scalar::Add::def();
    assert_eq!(
        (
            add.summary.as_str(),
            add.operands.len(),
            add.has_trait(Trait::Commutative)
        ),
        ("The sum of two integers", 2, true)
    );
}
