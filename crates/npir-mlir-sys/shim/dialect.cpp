// Ops, parametrised types and attributes, and dialects that are described by Rust.
#include "npir_shim.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"
#include <map>
#include <mutex>
#include <set>

using namespace mlir;

namespace npir {
namespace {
// The op model. It subclasses OperationName::Impl, not DynamicOpDefinition, whose
// ops can have neither traits nor properties.
struct OpModel : OperationName::Impl {
  const NpirOpSpec *spec;
  std::set<const void *> traitIds;

  OpModel(const NpirOpSpec *s, Dialect *dialect, TypeID id)
      : Impl(unwrap(s->name), dialect, id, buildInterfaces(s)), spec(s) {
    auto add = [&](uint64_t bit, TypeID t) {
      if (s->traits & bit)
        traitIds.insert(t.getAsOpaquePointer());
    };
    add(TraitPure, TypeID::get<OpTrait::AlwaysSpeculatableImplTrait>());
    add(TraitTerminator, TypeID::get<OpTrait::IsTerminator>());
    add(TraitIsolatedFromAbove, TypeID::get<OpTrait::IsIsolatedFromAbove>());
    add(TraitConstantLike, TypeID::get<OpTrait::ConstantLike>());
    add(TraitCommutative, TypeID::get<OpTrait::IsCommutative>());
    add(TraitSameOperandsAndResultType, TypeID::get<OpTrait::SameOperandsAndResultType>());
    add(TraitSingleBlock, TypeID::get<OpTrait::SingleBlock>());
    add(TraitRecursiveMemoryEffects, TypeID::get<OpTrait::HasRecursiveMemoryEffects>());
    add(TraitSymbolTable, TypeID::get<OpTrait::SymbolTable>());
    add(TraitNoTerminator, TypeID::get<OpTrait::NoTerminator>());
    add(TraitAttrSizedOperandSegments, TypeID::get<OpTrait::AttrSizedOperandSegments>());
    add(TraitAttrSizedResultSegments, TypeID::get<OpTrait::AttrSizedResultSegments>());
    add(TraitSameOperandsElementType, TypeID::get<OpTrait::SameOperandsElementType>());
    add(TraitAutomaticAllocationScope, TypeID::get<OpTrait::AutomaticAllocationScope>());
    if (s->traits & TraitElementwise) {
      add(TraitElementwise, TypeID::get<OpTrait::Elementwise>());
      add(TraitElementwise, TypeID::get<OpTrait::Tensorizable>());
      add(TraitElementwise, TypeID::get<OpTrait::Vectorizable>());
      add(TraitElementwise, TypeID::get<OpTrait::Scalarizable>());
    }
  }

  bool hasTrait(TypeID id) override { return traitIds.count(id.getAsOpaquePointer()); }

  LogicalResult foldHook(Operation *op, ArrayRef<Attribute> operands, SmallVectorImpl<OpFoldResult> &results) override {
    if (spec->interfaces & IfaceFold) {
      SmallVector<MlirAttribute> attrs;
      for (Attribute a : operands)
        attrs.push_back(wrap(a));
      if (opCallbacks->fold(spec->user, wrap(op), attrs.size(), attrs.data(), &results))
        return success();
      results.clear();
    }
    if (spec->traits & TraitConstantLike) {
      // MLIR takes it for granted that this succeeds with an attribute.
      Attribute value = op->getAttr("value");
      results.push_back(value ? value : UnitAttr::get(op->getContext()));
      return success();
    }
    if (spec->traits & TraitCommutative)
      return OpTrait::impl::foldCommutative(op, operands, results);
    return failure();
  }

  void getCanonicalizationPatterns(RewritePatternSet &set, MLIRContext *ctx) override {
    if (spec->interfaces & IfaceCanonicalize)
      opCallbacks->canonicalize(spec->user, wrap(&set), wrap(ctx));
  }

  OperationName::ParseAssemblyFn getParseAssemblyFn() override {
    auto *s = spec;
    return [s](OpAsmParser &parser, OperationState &state) -> ParseResult {
      if (!(s->interfaces & IfaceAssembly))
        return parser.emitError(parser.getNameLoc())
               << "'" << unwrap(s->name) << "' has no custom assembly; write it in the generic form";
      return success(opCallbacks->parse(s->user, &parser, &state));
    };
  }

  void populateDefaultAttrs(const OperationName &, NamedAttrList &) override {}

  void printAssembly(Operation *op, OpAsmPrinter &printer, StringRef defaultDialect) override {
    if (!(spec->interfaces & IfaceAssembly))
      return printer.printGenericOp(op);
    StringRef name = op->getName().getStringRef();
    if (name.starts_with((defaultDialect + ".").str()) && name.count('.') == 1)
      name = name.drop_front(defaultDialect.size() + 1);
    printer.getStream() << name;
    opCallbacks->print(spec->user, &printer, wrap(op));
  }

  LogicalResult verifyInvariants(Operation *op) override {
    uint64_t t = spec->traits;
    using namespace OpTrait::impl;
    if ((t & TraitTerminator) && failed(verifyIsTerminator(op)))
      return failure();
    if ((t & TraitIsolatedFromAbove) && failed(verifyIsIsolatedFromAbove(op)))
      return failure();
    if ((t & TraitAttrSizedOperandSegments) && failed(verifyOperandSizeAttr(op, "operandSegmentSizes")))
      return failure();
    if ((t & TraitAttrSizedResultSegments) && failed(verifyResultSizeAttr(op, "resultSegmentSizes")))
      return failure();
    if ((t & TraitSameOperandsAndResultType) && failed(verifySameOperandsAndResultType(op)))
      return failure();
    if ((t & TraitSameOperandsElementType) && failed(verifySameOperandsElementType(op)))
      return failure();
    if ((t & TraitElementwise) && failed(verifyElementwise(op)))
      return failure();
    // Counts, types and attributes first: inference may rely on them.
    if ((spec->interfaces & IfaceVerify) && !opCallbacks->verify(spec->user, wrap(op)))
      return failure();
    if ((spec->interfaces & IfaceInferTypes) && isa<InferTypeOpInterface>(op) &&
        failed(mlir::detail::verifyInferredResultTypes(op)))
      return failure();
    return success();
  }

  LogicalResult verifyRegionInvariants(Operation *op) override {
    if (spec->traits & TraitSingleBlock)
      for (Region &region : op->getRegions())
        if (!region.empty() && !region.hasOneBlock())
          return op->emitOpError("expects a region with one block");
    if ((spec->traits & TraitSymbolTable) && failed(mlir::detail::verifySymbolTable(op)))
      return failure();
    if ((spec->interfaces & IfaceDestinationStyle) && failed(mlir::detail::verifyDestinationStyleOpInterface(op)))
      return failure();
    if ((spec->interfaces & IfaceVerifyRegions) && !opCallbacks->verifyRegions(spec->user, wrap(op)))
      return failure();
    return success();
  }

  // Properties: one DictionaryAttr that holds the inherent attributes.
  static DictionaryAttr *dict(OpaqueProperties p) { return p.as<DictionaryAttr *>(); }
  bool isInherent(StringRef name) const {
    for (intptr_t i = 0; i < spec->numAttrNames; ++i)
      if (unwrap(spec->attrNames[i]) == name)
        return true;
    return false;
  }
  std::optional<Attribute> getInherentAttr(Operation *op, StringRef name) override {
    if (!isInherent(name))
      return std::nullopt;
    DictionaryAttr d = *dict(op->getPropertiesStorage());
    return d ? d.get(name) : Attribute();
  }
  void setInherentAttr(Operation *op, StringAttr name, Attribute value) override {
    auto *p = dict(op->getPropertiesStorage());
    NamedAttrList list(*p);
    if (value)
      list.set(name, value);
    else
      list.erase(name);
    *p = list.getDictionary(op->getContext());
  }
  void populateInherentAttrs(Operation *op, NamedAttrList &list) override {
    if (!spec->numAttrNames)
      return;
    if (DictionaryAttr d = *dict(op->getPropertiesStorage()))
      for (auto attr : d)
        list.set(attr.getName(), attr.getValue());
  }
  LogicalResult verifyInherentAttrs(OperationName, NamedAttrList &, function_ref<InFlightDiagnostic()>) override {
    return success();
  }
  int getOpPropertyByteSize() override { return spec->numAttrNames ? sizeof(DictionaryAttr) : 0; }
  void initProperties(OperationName, OpaqueProperties storage, OpaqueProperties init) override {
    if (spec->numAttrNames)
      new (dict(storage)) DictionaryAttr(init ? *dict(init) : DictionaryAttr());
  }
  void deleteProperties(OpaqueProperties) override {}
  void populateDefaultProperties(OperationName, OpaqueProperties) override {}
  LogicalResult setPropertiesFromAttr(OperationName, OpaqueProperties p, Attribute attr,
                                      function_ref<InFlightDiagnostic()> emitError) override {
    auto d = dyn_cast_or_null<DictionaryAttr>(attr);
    if (!d) {
      emitError() << "expected a dictionary as the properties of '" << unwrap(spec->name) << "'";
      return failure();
    }
    if (!spec->numAttrNames) {
      emitError() << "'" << unwrap(spec->name) << "' has no properties";
      return failure();
    }
    NamedAttrList inherent;
    for (NamedAttribute named : d) {
      StringRef name = named.getName().getValue();
      if (isInherent(name)) {
        inherent.append(named);
      } else if (!name.contains('.')) {
        // Discardable attributes (`dialect.name`) come along when a builder infers types.
        emitError() << "'" << unwrap(spec->name) << "' has no property '" << name << "'";
        return failure();
      }
    }
    *dict(p) = inherent.getDictionary(d.getContext());
    return success();
  }
  Attribute getPropertiesAsAttr(Operation *op) override {
    return spec->numAttrNames ? Attribute(*dict(op->getPropertiesStorage())) : Attribute();
  }
  void copyProperties(OpaqueProperties lhs, OpaqueProperties rhs) override {
    if (spec->numAttrNames)
      *dict(lhs) = *dict(rhs);
  }
  bool compareProperties(OpaqueProperties lhs, OpaqueProperties rhs) override {
    return !spec->numAttrNames || *dict(lhs) == *dict(rhs);
  }
  llvm::hash_code hashProperties(OpaqueProperties p) override {
    return spec->numAttrNames ? hash_value(Attribute(*dict(p))) : llvm::hash_code(0);
  }
};

/// A type or attribute of ours: a mnemonic and a tuple of parameters.
struct ParamDef {
  std::string mnemonic, full;
  TypeID id;
  const NpirParamSpec *spec;
  const NpirDialectCallbacks *callbacks;
  SmallVector<std::string> names;

  LogicalResult verify(function_ref<InFlightDiagnostic()> emit, MLIRContext *ctx, ArrayRef<Attribute> params) const {
    if (spec->numParams >= 0 && (intptr_t)params.size() != spec->numParams) {
      emit() << "'" << full << "' takes " << (int64_t)spec->numParams << " parameters, found " << params.size();
      return failure();
    }
    SmallVector<MlirAttribute> attrs;
    for (Attribute a : params)
      attrs.push_back(wrap(a));
    std::string message;
    auto append = [](MlirStringRef s, void *out) { static_cast<std::string *>(out)->append(s.data, s.length); };
    if (callbacks->verifyParams(spec->user, wrap(ctx), attrs.size(), attrs.data(), append, &message))
      return success();
    emit() << "'" << full << "': " << message;
    return failure();
  }
};

// Storage shared by our types and attributes; the key is (definition, parameters).
template <typename Base>
struct ParamStorage : Base {
  using KeyTy = std::tuple<const ParamDef *, ArrayRef<Attribute>>;
  const ParamDef *def;
  ArrayRef<Attribute> params;
  ParamStorage(const ParamDef *d, ArrayRef<Attribute> p) : def(d), params(p) {}
  KeyTy getAsKey() const { return {def, params}; }
  bool operator==(const KeyTy &key) const { return def == std::get<0>(key) && params == std::get<1>(key); }
  static llvm::hash_code hashKey(const KeyTy &key) {
    return llvm::hash_combine(std::get<0>(key), std::get<1>(key));
  }
  template <typename Allocator>
  static ParamStorage *construct(Allocator &a, const KeyTy &key) {
    return new (a.template allocate<ParamStorage>()) ParamStorage(std::get<0>(key), a.copyInto(std::get<1>(key)));
  }
};
using ParamTypeStorage = ParamStorage<TypeStorage>;
using ParamAttrStorage = ParamStorage<AttributeStorage>;

template <typename C>
struct IsNpirType : TypeTrait::TraitBase<C, IsNpirType> {};
template <typename C>
struct IsNpirAttr : AttributeTrait::TraitBase<C, IsNpirAttr> {};

class ParamType : public Type::TypeBase<ParamType, Type, ParamTypeStorage, IsNpirType> {
public:
  using Base::Base;
  static constexpr StringLiteral name = "npir.type";
  static bool classof(Type t) { return t.hasTrait<IsNpirType>(); }
  const ParamDef *def() const { return getImpl()->def; }
  ArrayRef<Attribute> params() const { return getImpl()->params; }
  static ParamType get(MLIRContext *c, const ParamDef *d, ArrayRef<Attribute> p) {
    return mlir::detail::TypeUniquer::getWithTypeID<ParamType>(c, d->id, d, p);
  }
};
class ParamAttr : public Attribute::AttrBase<ParamAttr, Attribute, ParamAttrStorage, IsNpirAttr> {
public:
  using Base::Base;
  static constexpr StringLiteral name = "npir.attr";
  static bool classof(Attribute a) { return a.hasTrait<IsNpirAttr>(); }
  const ParamDef *def() const { return getImpl()->def; }
  ArrayRef<Attribute> params() const { return getImpl()->params; }
  static ParamAttr get(MLIRContext *c, const ParamDef *d, ArrayRef<Attribute> p) {
    return mlir::detail::AttributeUniquer::getWithTypeID<ParamAttr>(c, d->id, d, p);
  }
};

struct DialectSpec {
  std::string name;
  TypeID id;
  void *user;
  const NpirDialectCallbacks *callbacks;
};

struct InlineAll : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
};

class RustDialect : public Dialect {
public:
  const DialectSpec *spec;
  TypeIDAllocator ids;
  std::map<std::string, std::unique_ptr<ParamDef>> types, attrs;

  RustDialect(const DialectSpec *s, MLIRContext *ctx) : Dialect(s->name, ctx, s->id), spec(s) {
    addInterfaces<InlineAll>();
  }

  std::unique_ptr<ParamDef> define(const NpirParamSpec *p) {
    auto def = std::make_unique<ParamDef>();
    def->mnemonic = unwrap(p->name).str();
    def->full = spec->name + "." + def->mnemonic;
    def->id = ids.allocate();
    def->spec = p;
    def->callbacks = spec->callbacks;
    for (intptr_t i = 0; i < p->numParams; ++i)
      def->names.push_back(unwrap(p->paramNames[i]).str());
    return def;
  }
  void addParamType(const NpirParamSpec *p) {
    auto def = define(p);
    addType(def->id, AbstractType(AbstractType::get(*this, ParamType::getInterfaceMap(), ParamType::getHasTraitFn(),
                                      ParamType::getWalkImmediateSubElementsFn(),
                                      ParamType::getReplaceImmediateSubElementsFn(), def->id, def->full)));
    getContext()->getTypeUniquer().registerParametricStorageType<ParamTypeStorage>(def->id);
    types[def->mnemonic] = std::move(def);
  }
  void addParamAttr(const NpirParamSpec *p) {
    auto def = define(p);
    addAttribute(def->id, AbstractAttribute(AbstractAttribute::get(*this, ParamAttr::getInterfaceMap(), ParamAttr::getHasTraitFn(),
                                           ParamAttr::getWalkImmediateSubElementsFn(),
                                           ParamAttr::getReplaceImmediateSubElementsFn(), def->id, def->full)));
    getContext()->getAttributeUniquer().registerParametricStorageType<ParamAttrStorage>(def->id);
    attrs[def->mnemonic] = std::move(def);
  }

  Operation *materializeConstant(OpBuilder &b, Attribute value, Type type, Location loc) override {
    IRRewriter rw(b);
    MlirOperation op = spec->callbacks->materializeConstant(spec->user, wrap(static_cast<RewriterBase *>(&rw)),
                                                            wrap(value), wrap(type), wrap(loc));
    return unwrap(op);
  }

  LogicalResult verifyOperationAttribute(Operation *op, NamedAttribute attr) override {
    return success(spec->callbacks->verifyOperationAttr(spec->user, wrap(op), wrap(attr.getName().getValue()),
                                                        wrap(attr.getValue())));
  }
  LogicalResult verifyRegionArgAttribute(Operation *op, unsigned region, unsigned arg, NamedAttribute attr) override {
    return success(spec->callbacks->verifyRegionArgAttr(spec->user, wrap(op), region, arg,
                                                        wrap(attr.getName().getValue()), wrap(attr.getValue())));
  }

  // `<name = attr, attr, ...>`; parameters whose name is empty are positional.
  static ParseResult parseParams(DialectAsmParser &parser, const ParamDef &def, SmallVectorImpl<Attribute> &params) {
    if (failed(parser.parseOptionalLess()))
      return success();
    return failure(parser.parseCommaSeparatedList([&]() -> ParseResult {
      if (params.size() < def.names.size() && !def.names[params.size()].empty())
        if (parser.parseKeyword(def.names[params.size()]) || parser.parseEqual())
          return failure();
      Attribute a;
      if (parser.parseAttribute(a))
        return failure();
      params.push_back(a);
      return success();
    }) || parser.parseGreater());
  }
  static void printParams(DialectAsmPrinter &printer, const ParamDef &def, ArrayRef<Attribute> params) {
    if (params.empty())
      return;
    printer << '<';
    size_t i = 0;
    llvm::interleaveComma(params, printer, [&](Attribute a) {
      if (i < def.names.size() && !def.names[i].empty())
        printer << def.names[i] << " = ";
      ++i;
      printer.printAttribute(a);
    });
    printer << '>';
  }
  Type parseType(DialectAsmParser &parser) const override {
    StringRef mnemonic;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&mnemonic))
      return {};
    auto it = types.find(mnemonic.str());
    if (it == types.end()) {
      parser.emitError(loc) << "unknown type '" << mnemonic << "' in dialect '" << getNamespace() << "'";
      return {};
    }
    SmallVector<Attribute> params;
    if (parseParams(parser, *it->second, params) ||
        failed(it->second->verify([&] { return parser.emitError(loc); }, getContext(), params)))
      return {};
    return ParamType::get(getContext(), it->second.get(), params);
  }
  void printType(Type type, DialectAsmPrinter &printer) const override {
    auto t = cast<ParamType>(type);
    printer << t.def()->mnemonic;
    printParams(printer, *t.def(), t.params());
  }
  Attribute parseAttribute(DialectAsmParser &parser, Type) const override {
    StringRef mnemonic;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&mnemonic))
      return {};
    auto it = attrs.find(mnemonic.str());
    if (it == attrs.end()) {
      parser.emitError(loc) << "unknown attribute '" << mnemonic << "' in dialect '" << getNamespace() << "'";
      return {};
    }
    SmallVector<Attribute> params;
    if (parseParams(parser, *it->second, params) ||
        failed(it->second->verify([&] { return parser.emitError(loc); }, getContext(), params)))
      return {};
    return ParamAttr::get(getContext(), it->second.get(), params);
  }
  void printAttribute(Attribute attr, DialectAsmPrinter &printer) const override {
    auto a = cast<ParamAttr>(attr);
    printer << a.def()->mnemonic;
    printParams(printer, *a.def(), a.params());
  }
};

std::map<std::string, DialectSpec *> &dialectSpecs() {
  static std::map<std::string, DialectSpec *> specs;
  return specs;
}
std::mutex dialectMutex;
} // namespace

TypeID allocateTypeId() {
  static TypeIDAllocator allocator;
  static std::mutex mutex;
  std::lock_guard<std::mutex> guard(mutex);
  return allocator.allocate();
}

const NpirOpSpec *specOf(Operation *op) {
  auto *impl = static_cast<OperationName::Impl *>(op->getName().getAsOpaquePointer());
  return static_cast<OpModel *>(impl)->spec;
}
} // namespace npir

using namespace npir;

extern "C" {
void npirRegisterDialect(MlirDialectRegistry registry, MlirStringRef name, void *user,
                         const NpirDialectCallbacks *callbacks) {
  DialectSpec *spec;
  {
    std::lock_guard<std::mutex> guard(dialectMutex);
    auto &slot = dialectSpecs()[unwrap(name).str()];
    if (!slot)
      slot = new DialectSpec{unwrap(name).str(), allocateTypeId(), user, callbacks};
    spec = slot;
  }
  unwrap(registry)->insert(spec->id, spec->name, [spec](MLIRContext *ctx) -> Dialect * {
    return ctx->getOrLoadDialect(spec->name, spec->id, [&]() -> std::unique_ptr<Dialect> {
      auto dialect = std::make_unique<RustDialect>(spec, ctx);
      spec->callbacks->populate(spec->user, dialect.get(), wrap(ctx));
      return dialect;
    });
  });
}

/// Adds what `from` holds to `to`.
void npirRegistryAppend(MlirDialectRegistry from, MlirDialectRegistry to) { unwrap(from)->appendTo(*unwrap(to)); }

void npirDialectAddOp(void *dialect, const NpirOpSpec *spec) {
  auto *d = static_cast<RustDialect *>(dialect);
  SmallVector<StringRef> names;
  for (intptr_t i = 0; i < spec->numAttrNames; ++i)
    names.push_back(unwrap(spec->attrNames[i]));
  RegisteredOperationName::insert(std::make_unique<OpModel>(spec, d, d->ids.allocate()), names);
}
void npirDialectAddType(void *dialect, const NpirParamSpec *spec) { static_cast<RustDialect *>(dialect)->addParamType(spec); }
void npirDialectAddAttr(void *dialect, const NpirParamSpec *spec) { static_cast<RustDialect *>(dialect)->addParamAttr(spec); }
bool npirLoadDialect(MlirContext ctx, MlirStringRef name) { return unwrap(ctx)->getOrLoadDialect(unwrap(name)) != nullptr; }

static RustDialect *loadRustDialect(MlirContext ctx, MlirStringRef name) {
  {
    std::lock_guard<std::mutex> guard(dialectMutex);
    if (!dialectSpecs().count(unwrap(name).str()))
      return nullptr;
  }
  return static_cast<RustDialect *>(unwrap(ctx)->getOrLoadDialect(unwrap(name)));
}

/// The type `!dialect.name<params>`, or null with an error at `loc`.
MlirType npirParamTypeGet(MlirContext ctx, MlirStringRef dialect, MlirStringRef name, intptr_t n,
                          const MlirAttribute *params, MlirLocation loc) {
  auto *d = loadRustDialect(ctx, dialect);
  auto fail = [&](const Twine &why) { emitError(unwrap(loc)) << why; return MlirType{nullptr}; };
  if (!d)
    return fail("dialect '" + unwrap(dialect) + "' is not registered");
  auto it = d->types.find(unwrap(name).str());
  if (it == d->types.end())
    return fail("unknown type '" + unwrap(name) + "'");
  SmallVector<Attribute> attrs;
  for (intptr_t i = 0; i < n; ++i)
    attrs.push_back(unwrap(params[i]));
  if (failed(it->second->verify([&] { return emitError(unwrap(loc)); }, unwrap(ctx), attrs)))
    return MlirType{nullptr};
  return wrap(static_cast<Type>(ParamType::get(unwrap(ctx), it->second.get(), attrs)));
}
MlirAttribute npirParamAttrGet(MlirContext ctx, MlirStringRef dialect, MlirStringRef name, intptr_t n,
                               const MlirAttribute *params, MlirLocation loc) {
  auto *d = loadRustDialect(ctx, dialect);
  auto fail = [&](const Twine &why) { emitError(unwrap(loc)) << why; return MlirAttribute{nullptr}; };
  if (!d)
    return fail("dialect '" + unwrap(dialect) + "' is not registered");
  auto it = d->attrs.find(unwrap(name).str());
  if (it == d->attrs.end())
    return fail("unknown attribute '" + unwrap(name) + "'");
  SmallVector<Attribute> attrs;
  for (intptr_t i = 0; i < n; ++i)
    attrs.push_back(unwrap(params[i]));
  if (failed(it->second->verify([&] { return emitError(unwrap(loc)); }, unwrap(ctx), attrs)))
    return MlirAttribute{nullptr};
  return wrap(static_cast<Attribute>(ParamAttr::get(unwrap(ctx), it->second.get(), attrs)));
}
/// The qualified name ("loop.schedule") of a type or attribute of ours; empty for any other.
MlirStringRef npirParamTypeName(MlirType type) {
  auto t = dyn_cast<ParamType>(unwrap(type));
  return t ? wrap(StringRef(t.def()->full)) : MlirStringRef{nullptr, 0};
}
MlirStringRef npirParamAttrName(MlirAttribute attr) {
  auto a = dyn_cast<ParamAttr>(unwrap(attr));
  return a ? wrap(StringRef(a.def()->full)) : MlirStringRef{nullptr, 0};
}
intptr_t npirParamTypeNumParams(MlirType type) { return cast<ParamType>(unwrap(type)).params().size(); }
MlirAttribute npirParamTypeParam(MlirType type, intptr_t i) { return wrap(cast<ParamType>(unwrap(type)).params()[i]); }
intptr_t npirParamAttrNumParams(MlirAttribute attr) { return cast<ParamAttr>(unwrap(attr)).params().size(); }
MlirAttribute npirParamAttrParam(MlirAttribute attr, intptr_t i) { return wrap(cast<ParamAttr>(unwrap(attr)).params()[i]); }

void npirEmitOpError(MlirOperation op, MlirStringRef message) { unwrap(op)->emitOpError() << unwrap(message); }
/// severity: 0 error, 1 warning, 2 remark, 3 note (notes are attached to a remark).
void npirEmitDiagnostic(MlirLocation loc, int32_t severity, MlirStringRef message, intptr_t numNotes,
                        const MlirLocation *noteLocs, const MlirStringRef *notes) {
  auto kind = severity == 0   ? DiagnosticSeverity::Error
              : severity == 1 ? DiagnosticSeverity::Warning
                              : DiagnosticSeverity::Remark;
  Location l = unwrap(loc);
  InFlightDiagnostic diag = kind == DiagnosticSeverity::Error     ? emitError(l)
                            : kind == DiagnosticSeverity::Warning ? emitWarning(l)
                                                                  : emitRemark(l);
  diag << unwrap(message);
  for (intptr_t i = 0; i < numNotes; ++i)
    diag.attachNote(unwrap(noteLocs[i])) << unwrap(notes[i]);
}
/// `file:line:col` of the innermost file position in `loc`; false when there is none.
bool npirLocationFilePosition(MlirLocation loc, MlirStringRef *file, unsigned *line, unsigned *column) {
  bool found = false;
  unwrap(loc)->walk([&](Location l) {
    if (auto f = dyn_cast<FileLineColLoc>(l)) {
      *file = wrap(f.getFilename().getValue());
      *line = f.getLine();
      *column = f.getColumn();
      found = true;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return found;
}
}
