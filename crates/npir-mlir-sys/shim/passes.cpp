// Passes, rewrite patterns and dialect conversion whose bodies are in Rust.
#include "npir_shim.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/DialectConversion.h"
#include <map>
#include <mutex>

using namespace mlir;

namespace npir {
TypeID allocateTypeId();

namespace {
/// While set, passes say here which dialects they depend on; only the names are known.
thread_local std::vector<StringRef> *dependentDialectSink = nullptr;

TypeID passTypeId(const NpirPassSpec *spec) {
  static std::map<const NpirPassSpec *, TypeID> ids;
  static std::mutex mutex;
  std::lock_guard<std::mutex> guard(mutex);
  auto it = ids.find(spec);
  if (it == ids.end())
    it = ids.emplace(spec, allocateTypeId()).first;
  return it->second;
}

struct RustPass : Pass {
  const NpirPassSpec *spec;
  void *instance;
  // One of these per option, by kind.
  struct AnyOption {
    std::unique_ptr<Option<std::string>> text;
    std::unique_ptr<Option<int64_t>> integer;
    std::unique_ptr<Option<bool>> boolean;
    std::unique_ptr<ListOption<int64_t>> integers;
    std::unique_ptr<ListOption<std::string>> texts;
  };
  std::vector<AnyOption> options;
  std::vector<std::unique_ptr<Statistic>> statistics;

  RustPass(const NpirPassSpec *s, void *instance)
      : Pass(passTypeId(s), s->opName.length ? std::optional<StringRef>(unwrap(s->opName)) : std::nullopt), spec(s),
        instance(instance) {
    declare();
  }
  RustPass(const RustPass &other) : Pass(other), spec(other.spec), instance(other.spec->clone(other.instance)) {
    declare();
  }
  ~RustPass() override { spec->destroy(instance); }

  void declare() {
    using namespace llvm;
    for (intptr_t i = 0; i < spec->numOptions; ++i) {
      const NpirPassOption &o = spec->options[i];
      StringRef name = unwrap(o.name), text = unwrap(o.description);
      std::string initial = unwrap(o.defaultValue).str();
      AnyOption option;
      switch (o.kind) {
      case OptString:
        option.text = std::make_unique<Option<std::string>>(*this, name, cl::desc(text), cl::init(initial));
        break;
      case OptInt:
        option.integer = std::make_unique<Option<int64_t>>(*this, name, cl::desc(text),
                                                           cl::init(initial.empty() ? 0 : std::stoll(initial)));
        break;
      case OptBool:
        option.boolean = std::make_unique<Option<bool>>(*this, name, cl::desc(text), cl::init(initial == "true"));
        break;
      case OptIntList:
        option.integers = std::make_unique<ListOption<int64_t>>(*this, name, cl::desc(text));
        break;
      case OptStringList:
        option.texts = std::make_unique<ListOption<std::string>>(*this, name, cl::desc(text));
        break;
      }
      options.push_back(std::move(option));
    }
    for (intptr_t i = 0; i < spec->numStatistics; ++i)
      statistics.push_back(std::make_unique<Statistic>(this, spec->statisticNames[i].data,
                                                       spec->statisticDescriptions[i].data));
  }
  StringRef getName() const override { return unwrap(spec->name); }
  StringRef getArgument() const override { return unwrap(spec->argument); }
  StringRef getDescription() const override { return unwrap(spec->description); }
  void getDependentDialects(DialectRegistry &) const override {
    if (dependentDialectSink)
      for (intptr_t i = 0; i < spec->numDependentDialects; ++i)
        dependentDialectSink->push_back(unwrap(spec->dependentDialects[i]));
  }
  LogicalResult initialize(MLIRContext *ctx) override {
    // Dependent dialects are known by name; here nothing runs in parallel yet.
    for (intptr_t i = 0; i < spec->numDependentDialects; ++i)
      if (!ctx->getOrLoadDialect(unwrap(spec->dependentDialects[i])))
        return emitError(UnknownLoc::get(ctx)) << "pass '" << getArgument() << "' needs the dialect '"
                                               << unwrap(spec->dependentDialects[i]) << "', which is not registered";
    return success(spec->initialize(instance, wrap(ctx)));
  }
  bool canScheduleOn(RegisteredOperationName name) const override {
    return !spec->opName.length || name.getStringRef() == unwrap(spec->opName);
  }
  std::unique_ptr<Pass> clonePass() const override { return std::make_unique<RustPass>(*this); }
  void runOnOperation() override {
    if (!spec->run(instance, wrap(getOperation()), this))
      signalPassFailure();
  }
  LogicalResult runNested(OpPassManager &pm, Operation *op) { return runPipeline(pm, op); }
  void preserveAll() { markAllAnalysesPreserved(); }
};

struct RustPattern : RewritePattern {
  void *user;
  bool (*rewrite)(void *, MlirOperation, MlirRewriterBase);
  void (*destroy)(void *);
  RustPattern(StringRef root, unsigned benefit, MLIRContext *ctx, StringRef name, void *user,
              bool (*rewrite)(void *, MlirOperation, MlirRewriterBase), void (*destroy)(void *))
      : RewritePattern(root, benefit, ctx), user(user), rewrite(rewrite), destroy(destroy) {
    setDebugName(name);
  }
  /// Matches every op.
  RustPattern(unsigned benefit, MLIRContext *ctx, StringRef name, void *user,
              bool (*rewrite)(void *, MlirOperation, MlirRewriterBase), void (*destroy)(void *))
      : RewritePattern(MatchAnyOpTypeTag(), benefit, ctx), user(user), rewrite(rewrite), destroy(destroy) {
    setDebugName(name);
  }
  ~RustPattern() override { destroy(user); }
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rw) const override {
    return success(rewrite(user, wrap(op), wrap(static_cast<RewriterBase *>(&rw))));
  }
};

typedef bool (*ConvertFn)(void *, MlirOperation, intptr_t, const MlirValue *, MlirRewriterBase, const void *);
struct RustConversionPattern : ConversionPattern {
  void *user;
  ConvertFn convert;
  void (*destroy)(void *);
  RustConversionPattern(const TypeConverter *converter, StringRef root, unsigned benefit, MLIRContext *ctx,
                        StringRef name, void *user, ConvertFn convert, void (*destroy)(void *))
      : ConversionPattern(*converter, root, benefit, ctx), user(user), convert(convert), destroy(destroy) {
    setDebugName(name);
  }
  ~RustConversionPattern() override { destroy(user); }
  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands, ConversionPatternRewriter &rw) const override {
    SmallVector<MlirValue> values;
    for (Value v : operands)
      values.push_back(wrap(v));
    return success(convert(user, wrap(op), values.size(), values.data(), wrap(static_cast<RewriterBase *>(&rw)),
                           getTypeConverter()));
  }
};

/// A Rust object owned by std::function copies.
struct Shared {
  std::shared_ptr<void> ptr;
  Shared(void *user, void (*destroy)(void *)) : ptr(user, destroy) {}
  void *get() const { return ptr.get(); }
};
} // namespace
} // namespace npir

using namespace npir;

extern "C" {
void npirRegisterPass(const NpirPassSpec *spec) {
  registerPass([spec]() -> std::unique_ptr<Pass> { return std::make_unique<RustPass>(spec, spec->create(spec->user)); });
}
void npirRegisterPipeline(MlirStringRef argument, MlirStringRef description, MlirStringRef pipeline) {
  // The pipeline is parsed when it is used: its passes may be registered later.
  std::string text = unwrap(pipeline).str();
  registerPassPipeline(
      unwrap(argument), unwrap(description),
      [text](OpPassManager &pm, StringRef options, function_ref<LogicalResult(const Twine &)> error) -> LogicalResult {
        if (!options.empty())
          return error("this pipeline has no options");
        std::string message;
        llvm::raw_string_ostream os(message);
        return succeeded(parsePassPipeline(text, pm, os)) ? success() : error(message);
      },
      [](function_ref<void(const mlir::detail::PassOptions &)>) {});
}
MlirStringRef npirPassOptionText(void *pass, intptr_t i) {
  return wrap(StringRef(static_cast<RustPass *>(pass)->options[i].text->getValue()));
}
int64_t npirPassOptionInt(void *pass, intptr_t i) { return *static_cast<RustPass *>(pass)->options[i].integer; }
bool npirPassOptionBool(void *pass, intptr_t i) { return *static_cast<RustPass *>(pass)->options[i].boolean; }
intptr_t npirPassOptionListSize(void *pass, intptr_t i) {
  auto &o = static_cast<RustPass *>(pass)->options[i];
  return o.integers ? o.integers->size() : o.texts->size();
}
int64_t npirPassOptionListInt(void *pass, intptr_t i, intptr_t k) {
  return (*static_cast<RustPass *>(pass)->options[i].integers)[k];
}
MlirStringRef npirPassOptionListText(void *pass, intptr_t i, intptr_t k) {
  return wrap(StringRef((*static_cast<RustPass *>(pass)->options[i].texts)[k]));
}
void npirPassStatisticAdd(void *pass, intptr_t i, int64_t n) { *static_cast<RustPass *>(pass)->statistics[i] += n; }
/// Whether MLIR counts and shows statistics; else `+=` on one does nothing.
bool npirStatisticsEnabled() { return LLVM_ENABLE_STATS; }
void npirPassPreserveAll(void *pass) { static_cast<RustPass *>(pass)->preserveAll(); }
/// Runs the textual pipeline on `op` from within `pass`. Its dialects must be loaded.
bool npirPassRunPipeline(void *pass, MlirStringRef pipeline, MlirOperation op) {
  std::string message;
  llvm::raw_string_ostream os(message);
  auto pm = parsePassPipeline(unwrap(pipeline), os);
  if (failed(pm)) {
    unwrap(op)->emitError() << "malformed pass pipeline: " << message;
    return false;
  }
  return succeeded(static_cast<RustPass *>(pass)->runNested(*pm, unwrap(op)));
}
/// Makes every dialect that the passes of a textual pipeline depend on available and loaded.
bool npirLoadPipelineDialects(MlirContext ctx, MlirStringRef pipeline) {
  std::string message;
  llvm::raw_string_ostream os(message);
  auto pm = parsePassPipeline(unwrap(pipeline), os);
  if (failed(pm)) {
    emitError(UnknownLoc::get(unwrap(ctx))) << "malformed pass pipeline: " << message;
    return false;
  }
  DialectRegistry registry;
  std::vector<StringRef> names;
  dependentDialectSink = &names;
  pm->getDependentDialects(registry);
  dependentDialectSink = nullptr;
  unwrap(ctx)->appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    unwrap(ctx)->getOrLoadDialect(name);
  for (StringRef name : names)
    unwrap(ctx)->getOrLoadDialect(name);
  return true;
}

// ---- rewrite patterns
void npirPatternSetAdd(MlirRewritePatternSet set, MlirStringRef root, unsigned benefit, MlirStringRef name, void *user,
                       bool (*rewrite)(void *, MlirOperation, MlirRewriterBase), void (*destroy)(void *)) {
  RewritePatternSet &patterns = *unwrap(set);
  MLIRContext *ctx = patterns.getContext();
  if (root.length)
    patterns.add(std::make_unique<RustPattern>(unwrap(root), benefit, ctx, unwrap(name), user, rewrite, destroy));
  else
    patterns.add(std::make_unique<RustPattern>(benefit, ctx, unwrap(name), user, rewrite, destroy));
}
void npirNotifyMatchFailure(MlirRewriterBase rw, MlirOperation op, MlirStringRef why) {
  (void)unwrap(rw)->notifyMatchFailure(unwrap(op), unwrap(why));
}

// ---- conversion
void *npirTypeConverterNew() {
  auto *converter = new TypeConverter();
  converter->addConversion([](Type t) { return t; });
  auto cast = [](OpBuilder &b, Type t, ValueRange in, Location l) -> Value {
    return UnrealizedConversionCastOp::create(b, l, t, in).getResult(0);
  };
  converter->addSourceMaterialization(cast);
  converter->addTargetMaterialization(cast);
  return converter;
}
void npirTypeConverterFree(void *tc) { delete static_cast<TypeConverter *>(tc); }
/// `convert` returns the new type, null for "cannot", or sets `*declined` to leave it to earlier rules.
void npirTypeConverterAdd(void *tc, void *user, MlirType (*convert)(void *, MlirType, bool *declined),
                          void (*destroy)(void *)) {
  Shared shared(user, destroy);
  static_cast<TypeConverter *>(tc)->addConversion([=](Type t, SmallVectorImpl<Type> &out) -> std::optional<LogicalResult> {
    bool declined = false;
    MlirType r = convert(shared.get(), wrap(t), &declined);
    if (declined)
      return std::nullopt;
    if (!r.ptr)
      return failure();
    out.push_back(unwrap(r));
    return success();
  });
}
/// where: 0 source (new → old type), 1 target (old → new type).
void npirTypeConverterAddMaterialization(void *tc, int32_t where, void *user,
                                         MlirValue (*build)(void *, MlirRewriterBase, MlirType, MlirValue, MlirLocation),
                                         void (*destroy)(void *)) {
  Shared shared(user, destroy);
  auto fn = [=](OpBuilder &b, Type t, ValueRange in, Location l) -> Value {
    if (in.size() != 1)
      return {};
    IRRewriter rw(b);
    MlirValue v = build(shared.get(), wrap(static_cast<RewriterBase *>(&rw)), wrap(t), wrap(in[0]), wrap(l));
    b.restoreInsertionPoint(rw.saveInsertionPoint());
    return unwrap(v);
  };
  if (where == 0)
    static_cast<TypeConverter *>(tc)->addSourceMaterialization(fn);
  else
    static_cast<TypeConverter *>(tc)->addTargetMaterialization(fn);
}
MlirType npirTypeConverterConvert(const void *tc, MlirType t) {
  return wrap(static_cast<const TypeConverter *>(tc)->convertType(unwrap(t)));
}
bool npirTypeConverterIsLegalOp(const void *tc, MlirOperation op) {
  return static_cast<const TypeConverter *>(tc)->isLegal(unwrap(op));
}
void *npirTargetNew(MlirContext c) { return new ConversionTarget(*unwrap(c)); }
void npirTargetFree(void *t) { delete static_cast<ConversionTarget *>(t); }
/// action: 0 legal, 1 illegal.
void npirTargetDialect(void *t, MlirStringRef dialect, int32_t action) {
  auto *target = static_cast<ConversionTarget *>(t);
  if (action == 0)
    target->addLegalDialect(unwrap(dialect));
  else
    target->addIllegalDialect(unwrap(dialect));
}
void npirTargetOp(void *t, MlirContext c, MlirStringRef op, int32_t action) {
  static_cast<ConversionTarget *>(t)->setOpAction(OperationName(unwrap(op), unwrap(c)),
                                                  action == 0 ? ConversionTarget::LegalizationAction::Legal
                                                              : ConversionTarget::LegalizationAction::Illegal);
}
/// The op name may be empty: every op not named otherwise. Result: 1 legal, 0 illegal, -1 unknown.
void npirTargetDynamic(void *t, MlirContext c, MlirStringRef op, void *user, int32_t (*legal)(void *, MlirOperation),
                       void (*destroy)(void *)) {
  auto *target = static_cast<ConversionTarget *>(t);
  Shared shared(user, destroy);
  auto fn = [=](Operation *o) -> std::optional<bool> {
    int32_t r = legal(shared.get(), wrap(o));
    if (r < 0)
      return std::nullopt;
    return r != 0;
  };
  if (op.length) {
    OperationName name(unwrap(op), unwrap(c));
    target->setOpAction(name, ConversionTarget::LegalizationAction::Dynamic);
    target->addDynamicallyLegalOp(name, fn);
  } else {
    target->markUnknownOpDynamicallyLegal(fn);
  }
}
void npirConversionPatternAdd(MlirRewritePatternSet set, const void *tc, MlirStringRef root, unsigned benefit,
                              MlirStringRef name, void *user, ConvertFn convert, void (*destroy)(void *)) {
  RewritePatternSet &patterns = *unwrap(set);
  patterns.add(std::make_unique<RustConversionPattern>(static_cast<const TypeConverter *>(tc), unwrap(root), benefit,
                                                       patterns.getContext(), unwrap(name), user, convert, destroy));
}
/// Type conversion of function signatures, calls and returns; makes func ops legal once their types are.
void npirAddFuncTypePatterns(MlirRewritePatternSet set, const void *tc, void *t) {
  auto &converter = *static_cast<const TypeConverter *>(tc);
  auto &target = *static_cast<ConversionTarget *>(t);
  RewritePatternSet &patterns = *unwrap(set);
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
  populateCallOpTypeConversionPattern(patterns, converter);
  populateReturnOpTypeConversionPattern(patterns, converter);
  target.addDynamicallyLegalOp<func::FuncOp>([&converter](func::FuncOp op) {
    return converter.isSignatureLegal(op.getFunctionType()) && converter.isLegal(&op.getBody());
  });
  target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>([&converter](Operation *op) { return converter.isLegal(op); });
}
/// Type conversion through scf.for/if/while and their terminators.
void npirAddScfTypePatterns(MlirRewritePatternSet set, const void *tc, void *t) {
  scf::populateSCFStructuralTypeConversionsAndLegality(*static_cast<const TypeConverter *>(tc), *unwrap(set),
                                                       *static_cast<ConversionTarget *>(t));
}
bool npirApplyConversion(MlirOperation op, void *t, MlirFrozenRewritePatternSet set, bool full) {
  auto &target = *static_cast<ConversionTarget *>(t);
  return succeeded(full ? applyFullConversion(unwrap(op), target, *unwrap(set))
                        : applyPartialConversion(unwrap(op), target, *unwrap(set)));
}
}
