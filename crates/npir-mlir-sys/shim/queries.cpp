// Questions about the IR and about ops and types of other dialects that the C API cannot ask, and properties that it
// cannot set.
#include "mlir-c/IR.h"
#include "mlir/CAPI/IR.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

extern "C" {
/// The op before `op` in its block, or null.
MlirOperation npirPreviousOp(MlirOperation op) { return wrap(unwrap(op)->getPrevNode()); }
/// The operands that a destination-style op writes its tensor results into; false for other ops.
bool npirDestinations(MlirOperation op, unsigned *begin, unsigned *count) {
  auto dps = dyn_cast<DestinationStyleOpInterface>(unwrap(op));
  if (!dps || dps.getNumDpsInits() == 0)
    return false;
  *begin = dps.getDpsInitOperand(0)->getOperandNumber();
  *count = dps.getNumDpsInits();
  return true;
}
/// Whether an op neither reads nor writes memory and may be executed where it was not.
bool npirIsPure(MlirOperation op) { return isPure(unwrap(op)); }
/// Reports the results of an op whose buffer may be that of its operand `operand`, to one-shot bufferization's knowledge.
void npirSharedResults(MlirOperation raw, unsigned operand, void *user, void (*report)(void *user, unsigned result)) {
  Operation *op = unwrap(raw);
  if (!isa<TensorType>(op->getOperand(operand).getType()))
    return;
  bufferization::BufferizationOptions options;
  bufferization::AnalysisState state(options);
  for (const auto &alias : state.getAliasingValues(op->getOpOperand(operand)))
    if (auto result = dyn_cast<OpResult>(alias.value))
      if (result.getOwner() == op)
        report(user, result.getResultNumber());
}
/// The number of elements of an LLVM array type, -1 for other types.
int64_t npirLlvmArraySize(MlirType type) {
  auto array = dyn_cast<LLVM::LLVMArrayType>(unwrap(type));
  return array ? array.getNumElements() : -1;
}
/// Takes back the promise of an address computation or integer op that its operands, seen as unsigned, do not wrap.
void npirDropUnsignedWrapFlags(MlirOperation op) {
  if (auto gep = dyn_cast<LLVM::GEPOp>(unwrap(op)))
    gep.setNoWrapFlags(gep.getNoWrapFlags() & ~LLVM::GEPNoWrapFlags::nuw);
  else if (auto flags = dyn_cast<LLVM::IntegerOverflowFlagsInterface>(unwrap(op)))
    flags.setOverflowFlags(flags.getOverflowFlags() & ~LLVM::IntegerOverflowFlags::nuw);
}
bool npirIsLlvmFunctionType(MlirType type) { return isa<LLVM::LLVMFunctionType>(unwrap(type)); }
}
