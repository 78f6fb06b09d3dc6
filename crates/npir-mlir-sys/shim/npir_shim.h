// Declarations shared by the translation units of the shim: what Rust tells C++
// about an op, a parametrised type or attribute, a dialect and a pass.
//
// Every `user` pointer is a Rust object that lives until the process ends.
// Callbacks never unwind: the Rust side catches panics and reports them as
// diagnostics before it returns.
#ifndef NPIR_SHIM_H
#define NPIR_SHIM_H

#include "mlir-c/IR.h"
#include "mlir-c/Pass.h"
#include "mlir-c/Rewrite.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Rewrite.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/PatternMatch.h"

extern "C" {

/// What an op declares. The arrays live as long as the process.
struct NpirOpSpec {
  MlirStringRef name;          // "numpy.add"
  uint64_t traits;             // NpirTrait bits
  uint64_t interfaces;         // NpirInterface bits
  intptr_t numAttrNames;       // inherent attributes, kept in the properties
  const MlirStringRef *attrNames;
  void *user;
};

/// The Rust side's entry points, one table for all ops.
struct NpirOpCallbacks {
  bool (*verify)(void *user, MlirOperation);
  bool (*verifyRegions)(void *user, MlirOperation);
  bool (*parse)(void *user, void *parser, void *state);
  void (*print)(void *user, void *printer, MlirOperation);
  bool (*fold)(void *user, MlirOperation, intptr_t n, const MlirAttribute *operands, void *sink);
  void (*canonicalize)(void *user, MlirRewritePatternSet, MlirContext);
  bool (*inferTypes)(void *user, MlirContext, MlirLocation, intptr_t n, const MlirValue *operands, MlirAttribute attrs, void *sink);
  void (*effects)(void *user, MlirOperation, void *sink);
  bool (*speculatable)(void *user, MlirOperation);
  void (*inits)(void *user, MlirOperation, unsigned *begin, unsigned *count);
  bool (*bufferReads)(void *user, MlirOperation, unsigned operand);
  bool (*bufferWrites)(void *user, MlirOperation, unsigned operand);
  bool (*bufferAllocates)(void *user, MlirOperation, unsigned result);
  void (*bufferAliases)(void *user, MlirOperation, unsigned operand, void *sink);
  MlirType (*bufferType)(void *user, MlirOperation, unsigned result, void *cx);
  bool (*bufferize)(void *user, MlirOperation, MlirRewriterBase, void *cx);
  void (*tileIterators)(void *user, MlirOperation, void *sink);
  bool (*tileDomain)(void *user, MlirOperation, MlirRewriterBase, void *sink);
  bool (*tile)(void *user, MlirOperation, MlirRewriterBase, intptr_t rank, const MlirValue *offsets, const MlirValue *sizes, void *sink);
  bool (*tileResult)(void *user, MlirOperation, MlirRewriterBase, unsigned result, intptr_t rank, const MlirValue *offsets, const MlirValue *sizes, void *positionSink);
};

struct NpirParamSpec {
  MlirStringRef name;          // mnemonic, without the dialect
  intptr_t numParams;          // -1: any number, positional
  const MlirStringRef *paramNames; // empty names print positionally
  void *user;
};

struct NpirDialectCallbacks {
  void (*populate)(void *user, void *dialect, MlirContext);
  MlirOperation (*materializeConstant)(void *user, MlirRewriterBase, MlirAttribute, MlirType, MlirLocation);
  bool (*verifyParams)(void *paramUser, MlirContext, intptr_t n, const MlirAttribute *params, MlirStringCallback error, void *errorData);
  bool (*verifyOperationAttr)(void *user, MlirOperation, MlirStringRef name, MlirAttribute);
  bool (*verifyRegionArgAttr)(void *user, MlirOperation, unsigned region, unsigned arg, MlirStringRef name, MlirAttribute);
};

enum NpirOptionKind : int32_t { OptString, OptInt, OptBool, OptIntList, OptStringList };

struct NpirPassOption {
  MlirStringRef name, description, defaultValue;
  int32_t kind;
};

struct NpirPassSpec {
  MlirStringRef name, argument, description, opName; // opName empty: any op
  intptr_t numDependentDialects;
  const MlirStringRef *dependentDialects;
  intptr_t numOptions;
  const NpirPassOption *options;
  intptr_t numStatistics;
  const MlirStringRef *statisticNames;
  const MlirStringRef *statisticDescriptions;
  void *user;
  void *(*create)(void *user);
  void *(*clone)(void *instance);
  void (*destroy)(void *instance);
  bool (*initialize)(void *instance, MlirContext);
  bool (*run)(void *instance, MlirOperation, void *pass);
};
}

enum NpirTrait : uint64_t {
  TraitPure = 1 << 0,
  TraitTerminator = 1 << 1,
  TraitIsolatedFromAbove = 1 << 2,
  TraitConstantLike = 1 << 3,
  TraitCommutative = 1 << 4,
  TraitSameOperandsAndResultType = 1 << 5,
  TraitSingleBlock = 1 << 6,
  TraitRecursiveMemoryEffects = 1 << 7,
  TraitSymbolTable = 1 << 8,
  TraitElementwise = 1 << 9,
  TraitNoTerminator = 1 << 10,
  TraitGraphRegion = 1 << 11,
  TraitAttrSizedOperandSegments = 1 << 12,
  TraitAttrSizedResultSegments = 1 << 13,
  TraitSameOperandsElementType = 1 << 14,
  TraitAutomaticAllocationScope = 1 << 16,
};

enum NpirInterface : uint64_t {
  IfaceVerify = 1 << 0,
  IfaceVerifyRegions = 1 << 1,
  IfaceAssembly = 1 << 2,
  IfaceFold = 1 << 3,
  IfaceCanonicalize = 1 << 4,
  IfaceInferTypes = 1 << 5,
  IfaceEffects = 1 << 6,
  IfaceSpeculatable = 1 << 7,
  IfaceDestinationStyle = 1 << 8,
  IfaceBufferize = 1 << 9,
  IfaceTile = 1 << 10,
};

namespace npir {
extern const NpirOpCallbacks *opCallbacks;
const NpirOpSpec *specOf(mlir::Operation *op);
mlir::detail::InterfaceMap buildInterfaces(const NpirOpSpec *spec);

/// Context handed to `bufferType`.
struct BufferTypeContext {
  const mlir::bufferization::BufferizationOptions *options;
  const mlir::bufferization::BufferizationState *state;
  mlir::SmallVector<mlir::Value> *stack;
};
/// Context handed to `bufferize`.
struct BufferizeContext {
  const mlir::bufferization::BufferizationOptions *options;
  mlir::bufferization::BufferizationState *state;
};
} // namespace npir

#endif
