// MLIR op interfaces, each answered by the op's Rust definition.
#include "npir_shim.h"
#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"
#include <array>
#include <map>
#include <mutex>

using namespace mlir;
namespace bz = mlir::bufferization;

namespace npir {
const NpirOpCallbacks *opCallbacks = nullptr;

namespace {
struct EffectsModel : MemoryEffectOpInterface::FallbackModel<EffectsModel> {
  void getEffects(Operation *op, SmallVectorImpl<MemoryEffects::EffectInstance> &effects) const {
    auto *spec = specOf(op);
    if (spec->interfaces & IfaceEffects)
      opCallbacks->effects(spec->user, wrap(op), &effects);
  }
};

struct SpeculatableModel : ConditionallySpeculatable::FallbackModel<SpeculatableModel> {
  Speculation::Speculatability getSpeculatability(Operation *op) const {
    auto *spec = specOf(op);
    if (spec->interfaces & IfaceSpeculatable)
      return opCallbacks->speculatable(spec->user, wrap(op)) ? Speculation::Speculatable
                                                             : Speculation::NotSpeculatable;
    return (spec->traits & TraitPure) ? Speculation::Speculatable : Speculation::NotSpeculatable;
  }
};

struct GraphRegionModel : RegionKindInterface::FallbackModel<GraphRegionModel> {
  static RegionKind getRegionKind(unsigned) { return RegionKind::Graph; }
  static bool hasSSADominance(unsigned) { return false; }
};

// InferTypeOpInterface's methods are static: they are given no op. One thunk per
// op, drawn from a pool, remembers which op it serves.
constexpr size_t kMaxInferOps = 2048;
const NpirOpSpec *inferSpecs[kMaxInferOps];
std::map<const NpirOpSpec *, size_t> inferSlots;
std::mutex inferMutex;
thread_local size_t inferSlotOfCurrentModel;

LogicalResult inferVia(const NpirOpSpec *spec, MLIRContext *ctx, std::optional<Location> loc, ValueRange operands,
                       DictionaryAttr attrs, OpaqueProperties props, SmallVectorImpl<Type> &out) {
  SmallVector<MlirValue> values;
  for (Value v : operands)
    values.push_back(wrap(v));
  NamedAttrList all(attrs);
  if (props)
    if (auto dict = *props.as<DictionaryAttr *>())
      for (auto attr : dict)
        all.set(attr.getName(), attr.getValue());
  Location location = loc.value_or(UnknownLoc::get(ctx));
  return success(opCallbacks->inferTypes(spec->user, wrap(ctx), wrap(location), values.size(), values.data(),
                                         wrap((Attribute)all.getDictionary(ctx)), &out));
}

template <size_t I>
LogicalResult inferThunk(MLIRContext *c, std::optional<Location> l, ValueRange o, DictionaryAttr a, OpaqueProperties p,
                         RegionRange, SmallVectorImpl<Type> &out) {
  return inferVia(inferSpecs[I], c, l, o, a, p, out);
}

/// An inferred and a written result type agree when they have the same kind and
/// element type and no static dimension contradicts the other.
bool compatibleTypes(TypeRange lhs, TypeRange rhs) {
  if (lhs.size() != rhs.size())
    return false;
  for (auto [l, r] : llvm::zip(lhs, rhs)) {
    if (l == r)
      continue;
    auto lt = dyn_cast<RankedTensorType>(l), rt = dyn_cast<RankedTensorType>(r);
    if (!lt || !rt || lt.getElementType() != rt.getElementType() || failed(verifyCompatibleShape(lt, rt)))
      return false;
  }
  return true;
}

template <size_t I>
LogicalResult refineThunk(MLIRContext *c, std::optional<Location> l, ValueRange o, DictionaryAttr a, OpaqueProperties p,
                          RegionRange, SmallVectorImpl<Type> &inout) {
  SmallVector<Type> inferred;
  if (failed(inferVia(inferSpecs[I], c, l, o, a, p, inferred)))
    return failure();
  if (!compatibleTypes(inferred, inout))
    return emitOptionalError(l, "'", StringRef(inferSpecs[I]->name.data, inferSpecs[I]->name.length),
                             "' op infers result type ", TypeRange(inferred), ", which does not fit the written ",
                             TypeRange(inout));
  return success();
}

using InferFn = LogicalResult (*)(MLIRContext *, std::optional<Location>, ValueRange, DictionaryAttr, OpaqueProperties,
                                  RegionRange, SmallVectorImpl<Type> &);
template <size_t... I>
constexpr std::array<InferFn, sizeof...(I)> makeInfer(std::index_sequence<I...>) {
  return {&inferThunk<I>...};
}
template <size_t... I>
constexpr std::array<InferFn, sizeof...(I)> makeRefine(std::index_sequence<I...>) {
  return {&refineThunk<I>...};
}
const auto inferThunks = makeInfer(std::make_index_sequence<kMaxInferOps>());
const auto refineThunks = makeRefine(std::make_index_sequence<kMaxInferOps>());

struct InferTypesModel : detail::InferTypeOpInterfaceInterfaceTraits::Concept {
  using Interface = InferTypeOpInterface;
  InferTypesModel()
      : Concept{inferThunks[inferSlotOfCurrentModel], refineThunks[inferSlotOfCurrentModel], &compatibleTypes} {}
};

struct DestinationStyleModel : DestinationStyleOpInterface::FallbackModel<DestinationStyleModel> {
  MutableOperandRange getDpsInitsMutable(Operation *op) const {
    auto *spec = specOf(op);
    unsigned begin = 0, count = 0;
    opCallbacks->inits(spec->user, wrap(op), &begin, &count);
    return MutableOperandRange(op, begin, count);
  }
};

struct BufferizableModel : bz::BufferizableOpInterface::FallbackModel<BufferizableModel> {
  bool bufferizesToAllocation(Operation *op, Value value) const {
    auto *spec = specOf(op);
    auto result = dyn_cast<OpResult>(value);
    return result && opCallbacks->bufferAllocates(spec->user, wrap(op), result.getResultNumber());
  }
  bool bufferizesToMemoryRead(Operation *op, OpOperand &o, const bz::AnalysisState &) const {
    return opCallbacks->bufferReads(specOf(op)->user, wrap(op), o.getOperandNumber());
  }
  bool bufferizesToMemoryWrite(Operation *op, OpOperand &o, const bz::AnalysisState &) const {
    return opCallbacks->bufferWrites(specOf(op)->user, wrap(op), o.getOperandNumber());
  }
  bool bufferizesToElementwiseAccess(Operation *, const bz::AnalysisState &, ArrayRef<OpOperand *>) const {
    return false;
  }
  bool resultBufferizesToMemoryWrite(Operation *op, OpResult r, const bz::AnalysisState &state) const {
    return bz::detail::defaultResultBufferizesToMemoryWrite(r, state);
  }
  bool mustBufferizeInPlace(Operation *, OpOperand &, const bz::AnalysisState &) const { return false; }
  bz::AliasingValueList getAliasingValues(Operation *op, OpOperand &o, const bz::AnalysisState &) const {
    SmallVector<std::pair<unsigned, bool>> aliases; // (result, equivalent)
    opCallbacks->bufferAliases(specOf(op)->user, wrap(op), o.getOperandNumber(), &aliases);
    bz::AliasingValueList list;
    for (auto [result, equivalent] : aliases)
      list.addAlias({op->getResult(result),
                     equivalent ? bz::BufferRelation::Equivalent : bz::BufferRelation::Unknown,
                     /*isDefinite=*/true});
    return list;
  }
  bz::AliasingOpOperandList getAliasingOpOperands(Operation *, Value v, const bz::AnalysisState &state) const {
    return bz::detail::defaultGetAliasingOpOperands(v, state);
  }
  LogicalResult resolveConflicts(Operation *op, RewriterBase &rw, const bz::AnalysisState &analysis,
                                 const bz::BufferizationState &state) const {
    return cast<bz::BufferizableOpInterface>(op).resolveTensorOpOperandConflicts(rw, analysis, state);
  }
  LogicalResult bufferize(Operation *op, RewriterBase &rw, const bz::BufferizationOptions &options,
                          bz::BufferizationState &state) const {
    auto *spec = specOf(op);
    BufferizeContext cx{&options, &state};
    rw.setInsertionPoint(op);
    return success(opCallbacks->bufferize(spec->user, wrap(op), wrap(&rw), &cx));
  }
  bool isWritable(Operation *, Value v, const bz::AnalysisState &) const { return isa<OpResult>(v); }
  bool isNotConflicting(Operation *, OpOperand *, OpOperand *, const bz::AnalysisState &) const { return false; }
  LogicalResult verifyAnalysis(Operation *, const bz::AnalysisState &) const { return success(); }
  FailureOr<bz::BufferLikeType> getBufferType(Operation *op, Value v, const bz::BufferizationOptions &options,
                                              const bz::BufferizationState &state, SmallVector<Value> &stack) const {
    auto *spec = specOf(op);
    if (auto result = dyn_cast<OpResult>(v)) {
      BufferTypeContext cx{&options, &state, &stack};
      MlirType type = opCallbacks->bufferType(spec->user, wrap(op), result.getResultNumber(), &cx);
      if (type.ptr)
        return cast<bz::BufferLikeType>(unwrap(type));
      // A new buffer is row-major; upstream's default says of its layout only that it is unknown.
      auto tensor = dyn_cast<TensorType>(v.getType());
      if (tensor && bufferizesToAllocation(op, v))
        if (std::optional<Attribute> space = options.defaultMemorySpaceFn(tensor))
          return cast<bz::BufferLikeType>(Type(bz::getMemRefTypeWithStaticIdentityLayout(tensor, *space)));
    }
    return bz::detail::defaultGetBufferType(v, options, state, stack);
  }
  bool isRepetitiveRegion(Operation *, unsigned) const { return false; }
  bool isParallelRegion(Operation *, unsigned) const { return false; }
  bool hasTensorSemantics(Operation *op) const { return bz::detail::defaultHasTensorSemantics(op); }
  static bool supportsUnstructuredControlFlow() { return false; }
};

struct TilingSink {
  TilingResult result;
};

/// Whether the loops of the op that is being tiled on this thread could not be told.
thread_local bool domainFailed = false;

struct TilingModel : TilingInterface::FallbackModel<TilingModel> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *op) const {
    SmallVector<utils::IteratorType> iterators;
    opCallbacks->tileIterators(specOf(op)->user, wrap(op), &iterators);
    return iterators;
  }
  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &b) const {
    IRRewriter rw(b);
    SmallVector<Value> sizes;
    bool ok = opCallbacks->tileDomain(specOf(op)->user, wrap(op), wrap(static_cast<RewriterBase *>(&rw)), &sizes);
    b.restoreInsertionPoint(rw.saveInsertionPoint());
    size_t rank = getLoopIteratorTypes(op).size();
    domainFailed = !ok || sizes.size() != rank;
    if (domainFailed) // There is no way to say so here: the tile will fail.
      return SmallVector<Range>(rank, Range{b.getIndexAttr(0), b.getIndexAttr(0), b.getIndexAttr(1)});
    SmallVector<Range> domain;
    for (Value size : sizes)
      domain.push_back({b.getIndexAttr(0), getAsOpFoldResult(size), b.getIndexAttr(1)});
    return domain;
  }
  /// A dialect with tiled ops loads `arith`, see the Rust side.
  static SmallVector<MlirValue> values(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> list) {
    SmallVector<MlirValue> out;
    for (OpFoldResult r : list)
      out.push_back(wrap(getValueOrCreateConstantIndexOp(b, loc, r)));
    return out;
  }
  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &b, ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    if (domainFailed)
      return failure();
    IRRewriter rw(b);
    auto offs = values(rw, op->getLoc(), offsets), szs = values(rw, op->getLoc(), sizes);
    TilingSink sink;
    bool ok = opCallbacks->tile(specOf(op)->user, wrap(op), wrap(static_cast<RewriterBase *>(&rw)), offs.size(),
                                offs.data(), szs.data(), &sink);
    b.restoreInsertionPoint(rw.saveInsertionPoint());
    if (!ok)
      return failure();
    return sink.result;
  }
  LogicalResult getResultTilePosition(Operation *op, OpBuilder &b, unsigned result, ArrayRef<OpFoldResult> offsets,
                                      ArrayRef<OpFoldResult> sizes, SmallVectorImpl<OpFoldResult> &resultOffsets,
                                      SmallVectorImpl<OpFoldResult> &resultSizes) const {
    IRRewriter rw(b);
    auto offs = values(rw, op->getLoc(), offsets), szs = values(rw, op->getLoc(), sizes);
    SmallVector<Value> position; // offsets, then sizes
    bool ok = opCallbacks->tileResult(specOf(op)->user, wrap(op), wrap(static_cast<RewriterBase *>(&rw)), result,
                                      offs.size(), offs.data(), szs.data(), &position);
    b.restoreInsertionPoint(rw.saveInsertionPoint());
    if (!ok || position.size() % 2)
      return failure();
    for (size_t i = 0; i < position.size() / 2; ++i) {
      resultOffsets.push_back(getAsOpFoldResult(position[i]));
      resultSizes.push_back(getAsOpFoldResult(position[position.size() / 2 + i]));
    }
    return success();
  }
  FailureOr<TilingResult> generateResultTileValue(Operation *, OpBuilder &, unsigned, ArrayRef<OpFoldResult>,
                                                  ArrayRef<OpFoldResult>) const {
    return failure();
  }
  FailureOr<TilingResult> getTiledImplementationFromOperandTiles(Operation *, OpBuilder &, ArrayRef<unsigned>,
                                                                 ArrayRef<SmallVector<OpFoldResult>>,
                                                                 ArrayRef<SmallVector<OpFoldResult>>) const {
    return failure();
  }
  LogicalResult getIterationDomainTileFromOperandTiles(Operation *, OpBuilder &, ArrayRef<unsigned>,
                                                       ArrayRef<SmallVector<OpFoldResult>>,
                                                       ArrayRef<SmallVector<OpFoldResult>>,
                                                       SmallVectorImpl<OpFoldResult> &,
                                                       SmallVectorImpl<OpFoldResult> &) const {
    return failure();
  }
  LogicalResult getIterationDomainTileFromResultTile(Operation *, OpBuilder &, unsigned, ArrayRef<OpFoldResult>,
                                                     ArrayRef<OpFoldResult>, SmallVectorImpl<OpFoldResult> &,
                                                     SmallVectorImpl<OpFoldResult> &) const {
    return failure();
  }
  LogicalResult generateScalarImplementation(Operation *, OpBuilder &, Location, ValueRange) const { return failure(); }
  bool isOpFusableWithConsumerSlice(Operation *, unsigned, ArrayRef<OpFoldResult>, ArrayRef<OpFoldResult>) const {
    return true;
  }
  bool isOpFusableWithProducerSlices(Operation *, ArrayRef<unsigned>, ArrayRef<SmallVector<OpFoldResult>>,
                                     ArrayRef<SmallVector<OpFoldResult>>) const {
    return true;
  }
};

// Needed as soon as an op has properties: the bytecode writer casts to it unchecked.
struct BytecodeModel : BytecodeOpInterface::FallbackModel<BytecodeModel> {
  static LogicalResult readProperties(DialectBytecodeReader &reader, OperationState &state) {
    DictionaryAttr dict;
    if (failed(reader.readOptionalAttribute(dict)))
      return failure();
    state.getOrAddProperties<DictionaryAttr>() = dict;
    return success();
  }
  void writeProperties(Operation *op, DialectBytecodeWriter &writer) const {
    writer.writeOptionalAttribute(*op->getPropertiesStorage().as<DictionaryAttr *>());
  }
};
} // namespace

detail::InterfaceMap buildInterfaces(const NpirOpSpec *spec) {
  detail::InterfaceMap map;
  if ((spec->traits & TraitPure) || (spec->interfaces & IfaceEffects))
    map.insertModels<EffectsModel>();
  if ((spec->traits & TraitPure) || (spec->interfaces & IfaceSpeculatable))
    map.insertModels<SpeculatableModel>();
  if (spec->traits & TraitGraphRegion)
    map.insertModels<GraphRegionModel>();
  if (spec->interfaces & IfaceInferTypes) {
    std::lock_guard<std::mutex> guard(inferMutex);
    auto [it, inserted] = inferSlots.try_emplace(spec, inferSlots.size());
    if (it->second < kMaxInferOps) {
      inferSpecs[it->second] = spec;
      inferSlotOfCurrentModel = it->second;
      map.insertModels<InferTypesModel>();
    }
  }
  if (spec->numAttrNames)
    map.insertModels<BytecodeModel>();
  if (spec->interfaces & IfaceDestinationStyle)
    map.insertModels<DestinationStyleModel>();
  if (spec->interfaces & IfaceBufferize)
    map.insertModels<BufferizableModel>();
  if (spec->interfaces & IfaceTile)
    map.insertModels<TilingModel>();
  return map;
}
} // namespace npir

extern "C" {
void npirSetOpCallbacks(const NpirOpCallbacks *callbacks) { npir::opCallbacks = callbacks; }

void npirFoldPushAttr(void *sink, MlirAttribute a) {
  static_cast<SmallVectorImpl<OpFoldResult> *>(sink)->push_back(unwrap(a));
}
void npirFoldPushValue(void *sink, MlirValue v) {
  static_cast<SmallVectorImpl<OpFoldResult> *>(sink)->push_back(unwrap(v));
}
void npirPushType(void *sink, MlirType t) { static_cast<SmallVectorImpl<Type> *>(sink)->push_back(unwrap(t)); }
void npirPushValue(void *sink, MlirValue v) { static_cast<SmallVectorImpl<Value> *>(sink)->push_back(unwrap(v)); }
void npirPushAlias(void *sink, unsigned result, bool equivalent) {
  static_cast<SmallVectorImpl<std::pair<unsigned, bool>> *>(sink)->push_back({result, equivalent});
}
void npirPushIterator(void *sink, bool parallel) {
  static_cast<SmallVectorImpl<utils::IteratorType> *>(sink)->push_back(parallel ? utils::IteratorType::parallel
                                                                                : utils::IteratorType::reduction);
}
void npirTilePush(void *sink, intptr_t numOps, const MlirOperation *ops, intptr_t numValues, const MlirValue *values,
                  intptr_t numSlices, const MlirOperation *slices) {
  auto &r = static_cast<npir::TilingSink *>(sink)->result;
  for (intptr_t i = 0; i < numOps; ++i)
    r.tiledOps.push_back(unwrap(ops[i]));
  for (intptr_t i = 0; i < numValues; ++i)
    r.tiledValues.push_back(unwrap(values[i]));
  for (intptr_t i = 0; i < numSlices; ++i)
    r.generatedSlices.push_back(unwrap(slices[i]));
}

/// kind: 0 read, 1 write, 2 allocate, 3 free. A null value means an unknown place.
void npirPushEffect(void *sink, int32_t kind, MlirValue value) {
  auto &effects = *static_cast<SmallVectorImpl<MemoryEffects::EffectInstance> *>(sink);
  MemoryEffects::Effect *effect = kind == 0   ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Read::get())
                                  : kind == 1 ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
                                  : kind == 2 ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Allocate::get())
                                              : static_cast<MemoryEffects::Effect *>(MemoryEffects::Free::get());
  if (!value.ptr) {
    effects.emplace_back(effect);
    return;
  }
  Value v = unwrap(value);
  if (auto result = dyn_cast<OpResult>(v)) {
    effects.emplace_back(effect, result);
    return;
  }
  effects.emplace_back(effect, cast<BlockArgument>(v));
}
/// Like npirPushEffect, on an operand of `op`.
void npirPushOperandEffect(void *sink, int32_t kind, MlirOperation op, unsigned operand) {
  auto &effects = *static_cast<SmallVectorImpl<MemoryEffects::EffectInstance> *>(sink);
  OpOperand *o = &unwrap(op)->getOpOperand(operand);
  if (kind == 0)
    effects.emplace_back(MemoryEffects::Read::get(), o);
  else if (kind == 1)
    effects.emplace_back(MemoryEffects::Write::get(), o);
  else if (kind == 2)
    effects.emplace_back(MemoryEffects::Allocate::get(), o);
  else
    effects.emplace_back(MemoryEffects::Free::get(), o);
}

MlirValue npirBufferizeGetBuffer(MlirRewriterBase rw, MlirValue value, void *cx) {
  auto *c = static_cast<npir::BufferizeContext *>(cx);
  auto buffer = bz::getBuffer(*unwrap(rw), unwrap(value), *c->options, *c->state);
  return wrap(failed(buffer) ? Value() : *buffer);
}
void npirBufferizeReplace(MlirRewriterBase rw, MlirOperation op, intptr_t n, const MlirValue *values) {
  SmallVector<Value> v;
  for (intptr_t i = 0; i < n; ++i)
    v.push_back(unwrap(values[i]));
  bz::replaceOpWithBufferizedValues(*unwrap(rw), unwrap(op), v);
}
MlirType npirBufferTypeOf(MlirValue value, void *cx) {
  auto *c = static_cast<npir::BufferTypeContext *>(cx);
  auto type = bz::getBufferType(unwrap(value), *c->options, *c->state, *c->stack);
  if (failed(type))
    return MlirType{nullptr};
  return wrap(static_cast<Type>(*type));
}
}
