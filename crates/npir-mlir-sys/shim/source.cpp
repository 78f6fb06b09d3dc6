// Parsing of source text that keeps the user's names.
#include "mlir-c/IR.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

/// Puts the spelling of each block argument (`%x`) into its location, as a NameLoc.
static void nameArguments(AsmParserState &state) {
  for (const AsmParserState::BlockDefinition &def : state.getBlockDefs()) {
    size_t i = 0;
    for (const AsmParserState::SMDefinition &arg : def.arguments) {
      if (i >= def.block->getNumArguments())
        break;
      BlockArgument value = def.block->getArgument(i++);
      if (!arg.loc.isValid() || isa<NameLoc>(value.getLoc()))
        continue;
      StringRef text(arg.loc.Start.getPointer(), arg.loc.End.getPointer() - arg.loc.Start.getPointer());
      if (text.consume_front("%") && !text.empty())
        value.setLoc(NameLoc::get(StringAttr::get(value.getContext(), text), value.getLoc()));
    }
  }
}

extern "C" {
/// A verified module from text or bytecode, or null after diagnostics.
MlirModule npirParseSource(MlirContext c, MlirStringRef source, MlirStringRef filename) {
  MLIRContext *ctx = unwrap(c);
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(unwrap(source), unwrap(filename));
  auto fileLoc = FileLineColLoc::get(ctx, unwrap(filename), 1, 1);
  ParserConfig config(ctx);
  Block block;
  if (isBytecode(buffer->getMemBufferRef())) {
    if (failed(readBytecodeFile(buffer->getMemBufferRef(), &block, config)))
      return MlirModule{nullptr};
  } else {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
    AsmParserState state;
    // Names are set before verification so that its errors can use them.
    if (failed(parseAsmSourceFile(sources, &block, config, &state)))
      return MlirModule{nullptr};
    nameArguments(state);
  }
  OwningOpRef<ModuleOp> module = detail::constructContainerOpForParserIfNecessary<ModuleOp>(&block, ctx, fileLoc);
  return wrap(module ? module.release() : ModuleOp());
}
}
