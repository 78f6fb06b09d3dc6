// The mains of MLIR's command-line tools.
#include "mlir-c/IR.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

using namespace mlir;

extern "C" {
int npirOptMain(int argc, char **argv, MlirStringRef title, MlirDialectRegistry registry) {
  return asMainReturnCode(MlirOptMain(argc, argv, unwrap(title), *unwrap(registry)));
}
int npirLspMain(int argc, char **argv, MlirDialectRegistry registry) {
  return asMainReturnCode(MlirLspServerMain(argc, argv, *unwrap(registry)));
}
int npirReduceMain(int argc, char **argv, MlirContext ctx) {
  return asMainReturnCode(mlirReduceMain(argc, argv, *unwrap(ctx)));
}
int npirTranslateMain(int argc, char **argv, MlirStringRef title) {
  registerAllTranslations();
  return asMainReturnCode(mlirTranslateMain(argc, argv, unwrap(title)));
}
}
