// The LLVM dialect to LLVM IR.
#include "mlir-c/Target/LLVMIR.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Target/LLVMIR/ModuleTranslation.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

extern "C" {
/// Like mlirTranslateModuleToLLVMIR, but leaves it to the caller to verify the result: that function prints
/// LLVM's complaints on standard error. Null after diagnostics.
LLVMModuleRef npirTranslateToLlvm(MlirOperation op, LLVMContextRef context, MlirStringRef name) {
  return llvm::wrap(mlir::translateModuleToLLVMIR(unwrap(op), *llvm::unwrap(context), unwrap(name),
                                                  /*disableVerification=*/true)
                        .release());
}
}
