//! The dialect `boom`: every callback of every op, type and pass panics.

use npir_mlir::prelude::*;

fn any() -> Constraint {
    AnyType::constraint()
}
fn tensor() -> Constraint {
    AnyTensor::constraint()
}

/// Bufferization whose method `panics` panics.
fn bufferize(name: &str, panics: &'static str) -> OpDef {
    let check = move |method: &str| assert!(method != panics, "method {method}");
    OpDef::new(format!("boom.{name}"))
        .operand("x", tensor())
        .result("result", tensor())
        .traits(&[Trait::Pure])
        .set_bufferize(
            move |_, _| {
                check("reads");
                true
            },
            move |_, _| {
                check("writes");
                true
            },
            move |_, _| {
                check("aliases");
                vec![(0, Relation::Equivalent), (7, Relation::Unknown)]
            },
            move |_, _| {
                check("allocates");
                false
            },
            move |_, _, _| {
                check("buffer_type");
                None
            },
            move |op, _, cx| {
                check("bufferize");
                let buffer = cx.buffer(op.operand(0))?;
                cx.replace(op, &[buffer]);
                Ok(())
            },
        )
}

/// Tiling whose method `panics` panics.
fn tile(name: &str, panics: &'static str) -> OpDef {
    let check = move |method: &str| assert!(method != panics, "method {method}");
    OpDef::new(format!("boom.{name}"))
        .operand("init", tensor())
        .result("result", tensor())
        .traits(&[Trait::Pure])
        .destination_style(|_| 0..1)
        .set_tile(
            move |_| {
                check("iterators");
                vec![true]
            },
            move |op, rw| {
                check("domain");
                vec![rw.tensor_dim(op.operand(0), 0)]
            },
            move |op, rw, offsets, sizes| {
                check("tile");
                let slice = super::tensors::slice_of(rw, op.operand(0), offsets, sizes);
                let tiled = rw
                    .op(op.name())
                    .operands(&[slice])
                    .results(&[slice.ty()])
                    .build();
                Ok(Tiled {
                    ops: vec![tiled],
                    values: tiled.result_values(),
                    slices: slice.defining_op().into_iter().collect(),
                })
            },
            move |_, _, _, offsets, sizes| {
                check("position");
                Ok((offsets.to_vec(), sizes.to_vec()))
            },
        )
}

fn unary(name: &str) -> OpDef {
    OpDef::new(format!("boom.{name}"))
        .operand("x", any())
        .result("result", any())
}

/// All ops.
fn ops() -> Vec<OpDef> {
    let panicking_pattern = |_: Op<'_>, rw: Rewriter<'_>| -> Match {
        // In the middle of building an op with a region: what was built must go again.
        rw.op("scf.execute_region")
            .region_with(&[], |rw, _| {
                let one = rw.const_index(1);
                rw.addi(one, one);
                panic!("a pattern");
            })
            .build();
        Ok(())
    };
    vec![
        unary("verify").verify(|_| panic!("a verifier")),
        OpDef::new("boom.verify_regions")
            .region("body")
            .verify_regions(|_| panic!("a region verifier")),
        unary("parse").custom_assembly(|_| panic!("a parser"), |_, _| {}),
        unary("print").custom_assembly(
            |p| p.error("not to be parsed"),
            |op, p| {
                p.text(" half");
                panic!("a printer of {}", op.name())
            },
        ),
        unary("fold")
            .traits(&[Trait::Pure])
            .fold(|_, _| panic!("a folder")),
        OpDef::new("boom.constant")
            .result("result", any())
            .traits(&[Trait::Pure, Trait::ConstantLike])
            .fold(|_, _| panic!("a constant")),
        OpDef::new("boom.wrong_constant")
            .result("result", any())
            .traits(&[Trait::Pure])
            .fold(|op, _| {
                // A value of another type.
                op.previous()
                    .map(|p| vec![FoldResult::Value(p.result_value(0))])
            }),
        unary("materialize")
            .traits(&[Trait::Pure])
            .fold(|op, _| Some(vec![FoldResult::Attr(op.ctx().i64_attr(1))])),
        unary("canonicalize").canonicalize(move || {
            vec![Pattern::on(
                "boom.canonicalize",
                "boom-pattern",
                1,
                panicking_pattern,
            )]
        }),
        unary("patterns").canonicalize(|| panic!("a list of patterns")),
        unary("infer").infer(|_| panic!("inference")),
        unary("effects").effects(|_| panic!("effects")),
        unary("speculatable")
            .effects(|_| Vec::new())
            .speculatable(|_| panic!("speculation")),
        OpDef::new("boom.inits")
            .operand("x", tensor())
            .result("result", tensor())
            .destination_style(|_| panic!("destinations")),
        OpDef::new("boom.far_inits")
            .operand("x", tensor())
            .result("result", tensor())
            .destination_style(|_| 3..9),
        bufferize("reads", "reads"),
        bufferize("writes", "writes"),
        bufferize("aliases", "aliases"),
        bufferize("allocates", "allocates"),
        bufferize("buffer_type", "buffer_type"),
        bufferize("bufferize", "bufferize"),
        tile("iterators", "iterators"),
        tile("domain", "domain"),
        tile("tile", "tile"),
        tile("position", "position"),
    ]
}

/// The dialect.
pub fn dialect() -> Dialect {
    Dialect::new("boom")
        .depends_on(&["arith", "scf", "tensor", "memref"])
        .ops(ops())
        .materialize_constant(|_, _, _| panic!("a materializer"))
}

fn integers_to_index(ty: Type<'_>) -> Converted<'_> {
    match ty.is_int() {
        true => Converted::To(ty.ctx().index()),
        false => Converted::Declined,
    }
}

/// Panics where it is told to
#[pass("boom-pass")]
#[derive(Clone)]
pub struct Boom {
    #[option(default = "run", description = "In which callback")]
    place: String,
}
impl Pass for Boom {
    fn run(&mut self, op: Op<'_>, _: &PassCx<'_>) -> PassResult {
        let ctx = op.ctx();
        let rewrite = Pattern::on("toy.scale", "boom-rewrite", 1, |_, _| panic!("a rewrite"));
        let convert = |converter: TypeConverter, target: ConversionTarget<'_>| {
            let scale = ConversionPattern::new("toy.scale", |op, cx, rw| {
                let x = cx.operand(0);
                let ty = cx.convert(op.result_value(0).ty())?;
                let new = rw.op("toy.opaque").operands(&[x]).results(&[ty]).build();
                rw.replace(op, &new.result_values());
                Ok(())
            });
            Conversion::new(&converter, target)
                .pattern(&scale)
                .run_partial(op)
        };
        let target = || {
            ConversionTarget::new(ctx)
                .illegal_ops(&["toy.scale"])
                .legal_ops(&["toy.opaque"])
        };
        let to_index = || TypeConverter::new().rule(integers_to_index);
        match self.place.as_str() {
            "run" => panic!("a pass"),
            "message" => panic!("number {}", 7),
            "payload" => std::panic::panic_any(7),
            "greedy" => apply_greedily(op, &[rewrite], GreedyConfig::default())?,
            "walk" => apply_walk(op, &[rewrite]),
            "convert-type" => convert(TypeConverter::new().rule(|_| panic!("a type")), target())?,
            "convert-op" => Conversion::new(&TypeConverter::new(), target())
                .pattern(&ConversionPattern::new("toy.scale", |op, _, rw| {
                    let one = rw.const_index(1);
                    rw.op("scf.execute_region")
                        .region_with(&[], |rw, _| {
                            rw.addi(one, one);
                            panic!("a conversion of {}", op.name())
                        })
                        .build();
                    Ok(())
                }))
                .run_partial(op)?,
            "source" => convert(
                to_index().source_materialization(|_, _, _| panic!("a source")),
                target(),
            )?,
            "target" => convert(
                to_index().target_materialization(|_, _, _| panic!("a target")),
                target(),
            )?,
            "legal" => convert(
                TypeConverter::new(),
                target().dynamically_legal("toy.scale", |_| panic!("legality")),
            )?,
            place => return Err(format!("no place {place}").into()),
        }
        Ok(())
    }
}

/// Panics in `initialize`
#[pass("boom-initialize")]
#[derive(Clone)]
pub struct BoomInitialize {}
impl Pass for BoomInitialize {
    fn run(&mut self, _: Op<'_>, _: &PassCx<'_>) -> PassResult {
        Ok(())
    }
    fn initialize(&mut self, _: &Context) -> PassResult {
        panic!("initialization")
    }
}

/// State that panics when it is made
pub struct NoDefault;
impl Default for NoDefault {
    fn default() -> Self {
        panic!("a default")
    }
}
impl Clone for NoDefault {
    fn clone(&self) -> Self {
        NoDefault
    }
}

/// Panics when it is created
#[pass("boom-default")]
#[derive(Clone)]
pub struct BoomDefault {
    _state: NoDefault,
}
impl Pass for BoomDefault {
    fn run(&mut self, _: Op<'_>, _: &PassCx<'_>) -> PassResult {
        Ok(())
    }
}

/// State that panics when it is copied and when it goes
#[derive(Default)]
pub struct NoClone;
impl Clone for NoClone {
    fn clone(&self) -> Self {
        panic!("a clone")
    }
}
impl Drop for NoClone {
    fn drop(&mut self) {
        panic!("a drop")
    }
}

/// Panics when it is cloned and when it is dropped
#[pass("boom-clone", on = "func.func")]
#[derive(Clone)]
pub struct BoomClone {
    _state: NoClone,
}
impl Pass for BoomClone {
    fn run(&mut self, _: Op<'_>, _: &PassCx<'_>) -> PassResult {
        Ok(())
    }
}

/// All passes of this file.
pub fn passes() -> Vec<PassDef> {
    vec![
        Boom::def(),
        BoomInitialize::def(),
        BoomDefault::def(),
        BoomClone::def(),
    ]
}
