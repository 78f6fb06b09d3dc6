// The LLVM dialect to LLVM IR, and how LLVM makes code of it.
#include "mlir-c/Target/LLVMIR.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"

extern "C" {
/// Like mlirTranslateModuleToLLVMIR, but leaves it to the caller to verify the result: that function prints
/// LLVM's complaints on standard error. Null after diagnostics.
LLVMModuleRef npirTranslateToLlvm(MlirOperation op, LLVMContextRef context, MlirStringRef name) {
  return llvm::wrap(mlir::translateModuleToLLVMIR(unwrap(op), *llvm::unwrap(context), unwrap(name),
                                                  /*disableVerification=*/true)
                        .release());
}

/// Sets a boolean option of LLVM's own, for the whole process; false if this LLVM has none of that name.
bool npirSetLlvmOption(MlirStringRef name, bool value) {
  auto &options = llvm::cl::getRegisteredOptions();
  auto found = options.find(unwrap(name));
  if (found == options.end())
    return false;
  static_cast<llvm::cl::opt<bool> *>(found->second)->setValue(value);
  return true;
}
}
