// Parser and printer primitives that the Rust side composes into assembly formats.
#include "npir_shim.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

using namespace mlir;

namespace {
struct ParsedOperands {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SMLoc loc;
};
OpAsmParser &P(void *p) { return *static_cast<OpAsmParser *>(p); }
OperationState &S(void *s) { return *static_cast<OperationState *>(s); }
OpAsmPrinter &W(void *w) { return *static_cast<OpAsmPrinter *>(w); }
} // namespace

extern "C" {
// ---- lists of types, owned by Rust
void *npirTypesNew() { return new SmallVector<Type>(); }
void npirTypesFree(void *types) { delete static_cast<SmallVector<Type> *>(types); }
intptr_t npirTypesCount(void *types) { return static_cast<SmallVector<Type> *>(types)->size(); }
MlirType npirTypesGet(void *types, intptr_t i) { return wrap((*static_cast<SmallVector<Type> *>(types))[i]); }

// ---- operands
void *npirOperandsNew() { return new ParsedOperands(); }
void npirOperandsFree(void *o) { delete static_cast<ParsedOperands *>(o); }
intptr_t npirOperandsCount(void *o) { return static_cast<ParsedOperands *>(o)->operands.size(); }
/// Appends a comma-separated list (possibly empty) to `o`.
bool npirParseOperandList(void *p, void *o) {
  auto *list = static_cast<ParsedOperands *>(o);
  list->loc = P(p).getCurrentLocation();
  return succeeded(P(p).parseOperandList(list->operands));
}
bool npirParseOperand(void *p, void *o) {
  auto *list = static_cast<ParsedOperands *>(o);
  list->loc = P(p).getCurrentLocation();
  OpAsmParser::UnresolvedOperand operand;
  if (P(p).parseOperand(operand))
    return false;
  list->operands.push_back(operand);
  return true;
}
/// 1 parsed, 0 absent, -1 error.
int npirParseOptionalOperand(void *p, void *o) {
  auto *list = static_cast<ParsedOperands *>(o);
  list->loc = P(p).getCurrentLocation();
  OpAsmParser::UnresolvedOperand operand;
  OptionalParseResult r = P(p).parseOptionalOperand(operand);
  if (!r.has_value())
    return 0;
  if (failed(*r))
    return -1;
  list->operands.push_back(operand);
  return 1;
}
/// Resolves all of `o` with `types`, which must be as many, or one that serves all.
bool npirResolveOperands(void *p, void *s, void *o, void *types) {
  auto *list = static_cast<ParsedOperands *>(o);
  auto &t = *static_cast<SmallVector<Type> *>(types);
  if (t.size() == 1 && list->operands.size() != 1)
    return succeeded(P(p).resolveOperands(list->operands, t[0], S(s).operands));
  return succeeded(P(p).resolveOperands(list->operands, t, list->loc, S(s).operands));
}
bool npirResolveOperandsAs(void *p, void *s, void *o, MlirType type) {
  auto *list = static_cast<ParsedOperands *>(o);
  return succeeded(P(p).resolveOperands(list->operands, unwrap(type), S(s).operands));
}

// ---- tokens
static bool punctuation(OpAsmParser &p, StringRef l, bool optional, bool &handled) {
  handled = true;
#define TOKEN(text, Name)                                                                                             \
  if (l == text)                                                                                                       \
    return succeeded(optional ? p.parseOptional##Name() : p.parse##Name());
  TOKEN(":", Colon) TOKEN("->", Arrow) TOKEN(",", Comma) TOKEN("(", LParen) TOKEN(")", RParen) TOKEN("=", Equal)
  TOKEN("[", LSquare) TOKEN("]", RSquare) TOKEN("<", Less) TOKEN(">", Greater) TOKEN("{", LBrace) TOKEN("}", RBrace)
  TOKEN("?", Question) TOKEN("*", Star) TOKEN("+", Plus) TOKEN("|", VerticalBar)
#undef TOKEN
  handled = false;
  return false;
}
bool npirParseLiteral(void *p, MlirStringRef literal) {
  bool handled;
  bool ok = punctuation(P(p), unwrap(literal), false, handled);
  return handled ? ok : succeeded(P(p).parseKeyword(unwrap(literal)));
}
bool npirParseOptionalLiteral(void *p, MlirStringRef literal) {
  bool handled;
  bool ok = punctuation(P(p), unwrap(literal), true, handled);
  return handled ? ok : succeeded(P(p).parseOptionalKeyword(unwrap(literal)));
}
/// A bare keyword into `out` (valid while the source buffer lives); false with an error when there is none.
bool npirParseKeyword(void *p, MlirStringRef *out) {
  StringRef keyword;
  if (P(p).parseKeyword(&keyword))
    return false;
  *out = wrap(keyword);
  return true;
}
bool npirParseFloat(void *p, double *out) { return succeeded(P(p).parseFloat(*out)); }
/// 1 parsed, 0 absent, -1 error.
int npirParseOptionalInteger(void *p, int64_t *out) {
  OptionalParseResult r = P(p).parseOptionalInteger(*out);
  return !r.has_value() ? 0 : succeeded(*r) ? 1 : -1;
}

// ---- attributes and types
bool npirParseAttrDict(void *p, void *s) { return succeeded(P(p).parseOptionalAttrDict(S(s).attributes)); }
bool npirParseAttrDictWithKeyword(void *p, void *s) {
  return succeeded(P(p).parseOptionalAttrDictWithKeyword(S(s).attributes));
}
bool npirParseAttr(void *p, MlirAttribute *out) {
  Attribute a;
  if (P(p).parseAttribute(a))
    return false;
  *out = wrap(a);
  return true;
}
bool npirParseAttrOfType(void *p, MlirType type, MlirAttribute *out) {
  Attribute a;
  if (P(p).parseAttribute(a, unwrap(type)))
    return false;
  *out = wrap(a);
  return true;
}
/// 1 parsed, 0 absent, -1 error.
int npirParseOptionalAttr(void *p, MlirAttribute *out) {
  Attribute a;
  OptionalParseResult r = P(p).parseOptionalAttribute(a);
  if (!r.has_value())
    return 0;
  if (failed(*r))
    return -1;
  *out = wrap(a);
  return 1;
}
bool npirParseSymbolName(void *p, MlirAttribute *out) {
  StringAttr name;
  if (P(p).parseSymbolName(name))
    return false;
  *out = wrap(static_cast<Attribute>(name));
  return true;
}
bool npirParseType(void *p, void *types) {
  Type t;
  if (P(p).parseType(t))
    return false;
  static_cast<SmallVector<Type> *>(types)->push_back(t);
  return true;
}
/// A comma-separated list of types, possibly empty.
bool npirParseTypeList(void *p, void *types) {
  Type first;
  OptionalParseResult r = P(p).parseOptionalType(first);
  if (!r.has_value())
    return true;
  if (failed(*r))
    return false;
  auto &out = *static_cast<SmallVector<Type> *>(types);
  out.push_back(first);
  while (succeeded(P(p).parseOptionalComma())) {
    Type t;
    if (P(p).parseType(t))
      return false;
    out.push_back(t);
  }
  return true;
}
bool npirParseFunctionalType(void *p, void *inputs, void *results) {
  FunctionType type;
  if (P(p).parseColonType(type))
    return false;
  llvm::append_range(*static_cast<SmallVector<Type> *>(inputs), type.getInputs());
  llvm::append_range(*static_cast<SmallVector<Type> *>(results), type.getResults());
  return true;
}
bool npirParseFunctionTypeBare(void *p, void *inputs, void *results) {
  Type t;
  SMLoc loc = P(p).getCurrentLocation();
  if (P(p).parseType(t))
    return false;
  auto type = dyn_cast<FunctionType>(t);
  if (!type) {
    P(p).emitError(loc) << "expected a function type";
    return false;
  }
  llvm::append_range(*static_cast<SmallVector<Type> *>(inputs), type.getInputs());
  llvm::append_range(*static_cast<SmallVector<Type> *>(results), type.getResults());
  return true;
}
bool npirParseRegion(void *p, void *s) { return succeeded(P(p).parseRegion(*S(s).addRegion())); }
/// `(%a: type, %b: type)` as the arguments of a new region, then its body.
bool npirParseRegionWithArgs(void *p, void *s) {
  SmallVector<OpAsmParser::Argument> args;
  if (P(p).parseArgumentList(args, OpAsmParser::Delimiter::Paren, /*allowType=*/true))
    return false;
  return succeeded(P(p).parseRegion(*S(s).addRegion(), args));
}
/// 1 parsed, 0 absent (an empty region is added), -1 error.
int npirParseOptionalRegion(void *p, void *s) {
  OptionalParseResult r = P(p).parseOptionalRegion(*S(s).addRegion());
  return !r.has_value() ? 0 : succeeded(*r) ? 1 : -1;
}
/// An empty region.
void npirStateAddRegion(void *s) { S(s).addRegion(); }
bool npirParseSuccessor(void *p, void *s) {
  Block *b;
  if (P(p).parseSuccessor(b))
    return false;
  S(s).addSuccessors(b);
  return true;
}
bool npirParseError(void *p, MlirStringRef message) {
  P(p).emitError(P(p).getCurrentLocation()) << unwrap(message);
  return false;
}
/// Where the op begins.
MlirLocation npirParserLocation(void *p) { return wrap(P(p).getEncodedSourceLoc(P(p).getNameLoc())); }
MlirContext npirParserContext(void *p) { return wrap(P(p).getContext()); }

// ---- the state under construction
void npirStateAddAttr(void *s, MlirStringRef name, MlirAttribute a) { S(s).addAttribute(unwrap(name), unwrap(a)); }
MlirAttribute npirStateGetAttr(void *s, MlirStringRef name) { return wrap(S(s).attributes.get(unwrap(name))); }
void npirStateAddResultTypes(void *s, void *types) { S(s).addTypes(*static_cast<SmallVector<Type> *>(types)); }
/// Infers the result types from what `s` holds; false with an error when that fails.
bool npirStateInferResultTypes(void *p, void *s) {
  auto info = S(s).name.getRegisteredInfo();
  auto *iface = info ? info->getInterface<InferTypeOpInterface>() : nullptr;
  if (!iface) {
    P(p).emitError(P(p).getNameLoc()) << "'" << S(s).name << "' cannot infer its result types";
    return false;
  }
  SmallVector<Type> types;
  if (failed(iface->inferReturnTypes(P(p).getContext(), S(s).location, S(s).operands,
                                     S(s).attributes.getDictionary(P(p).getContext()), S(s).getRawProperties(),
                                     S(s).regions, types)))
    return false;
  S(s).addTypes(types);
  return true;
}

// ---- printing
void npirPrintText(void *w, MlirStringRef text) { W(w) << unwrap(text); }
void npirPrintNewline(void *w) { W(w).printNewline(); }
void npirPrintOperand(void *w, MlirValue v) { W(w).printOperand(unwrap(v)); }
void npirPrintType(void *w, MlirType t) { W(w).printType(unwrap(t)); }
void npirPrintAttr(void *w, MlirAttribute a) { W(w).printAttribute(unwrap(a)); }
void npirPrintAttrWithoutType(void *w, MlirAttribute a) { W(w).printAttributeWithoutType(unwrap(a)); }
void npirPrintSymbolName(void *w, MlirStringRef name) { W(w).printSymbolName(unwrap(name)); }
void npirPrintSuccessor(void *w, MlirBlock b) { W(w).printSuccessor(unwrap(b)); }
void npirPrintAttrDict(void *w, MlirOperation op, intptr_t n, const MlirStringRef *elided, bool withKeyword) {
  SmallVector<StringRef> names;
  for (intptr_t i = 0; i < n; ++i)
    names.push_back(unwrap(elided[i]));
  if (withKeyword)
    W(w).printOptionalAttrDictWithKeyword(unwrap(op)->getAttrs(), names);
  else
    W(w).printOptionalAttrDict(unwrap(op)->getAttrs(), names);
}
void npirPrintRegion(void *w, MlirRegion region, bool printArgs, bool printTerminators) {
  W(w).printRegion(*unwrap(region), printArgs, printTerminators);
}
void npirPrintRegionWithArgs(void *w, MlirRegion region) {
  Region &r = *unwrap(region);
  W(w) << '(';
  if (!r.empty())
    llvm::interleaveComma(r.getArguments(), W(w), [&](BlockArgument a) { W(w).printRegionArgument(a); });
  W(w) << ") ";
  W(w).printRegion(r, /*printEntryBlockArgs=*/false);
}
}
