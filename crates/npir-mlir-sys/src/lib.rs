//! Raw declarations of npir's C++ shim over MLIR, and nothing else.
//!
//! The shim (`shim/*.cpp`) supplies what MLIR's C API lacks: ops, types and
//! attributes defined from outside C++, op interfaces, passes with options,
//! dialect conversion, and the mains of the command-line tools. This crate is the
//! only place with foreign declarations and the only C++ in the project; the safe
//! layer over it is `npir-mlir`.
#![allow(missing_docs, clippy::missing_safety_doc)]

use mlir_sys::*;
use std::ffi::{c_char, c_int, c_uint, c_void};

/// An opaque pointer that crosses the boundary.
pub type Ptr = *mut c_void;

#[repr(C)]
pub struct NpirOpSpec {
    pub name: MlirStringRef,
    pub traits: u64,
    pub interfaces: u64,
    pub num_attr_names: isize,
    pub attr_names: *const MlirStringRef,
    pub user: Ptr,
}

#[repr(C)]
pub struct NpirOpCallbacks {
    pub verify: extern "C" fn(Ptr, MlirOperation) -> bool,
    pub verify_regions: extern "C" fn(Ptr, MlirOperation) -> bool,
    pub parse: extern "C" fn(Ptr, Ptr, Ptr) -> bool,
    pub print: extern "C" fn(Ptr, Ptr, MlirOperation),
    pub fold: extern "C" fn(Ptr, MlirOperation, isize, *const MlirAttribute, Ptr) -> bool,
    pub canonicalize: extern "C" fn(Ptr, MlirRewritePatternSet, MlirContext),
    pub infer_types: extern "C" fn(
        Ptr,
        MlirContext,
        MlirLocation,
        isize,
        *const MlirValue,
        MlirAttribute,
        Ptr,
    ) -> bool,
    pub effects: extern "C" fn(Ptr, MlirOperation, Ptr),
    pub speculatable: extern "C" fn(Ptr, MlirOperation) -> bool,
    pub inits: extern "C" fn(Ptr, MlirOperation, *mut c_uint, *mut c_uint),
    pub buffer_reads: extern "C" fn(Ptr, MlirOperation, c_uint) -> bool,
    pub buffer_writes: extern "C" fn(Ptr, MlirOperation, c_uint) -> bool,
    pub buffer_allocates: extern "C" fn(Ptr, MlirOperation, c_uint) -> bool,
    pub buffer_aliases: extern "C" fn(Ptr, MlirOperation, c_uint, Ptr),
    pub buffer_type: extern "C" fn(Ptr, MlirOperation, c_uint, Ptr) -> MlirType,
    pub bufferize: extern "C" fn(Ptr, MlirOperation, MlirRewriterBase, Ptr) -> bool,
    pub tile_iterators: extern "C" fn(Ptr, MlirOperation, Ptr),
    pub tile_domain: extern "C" fn(Ptr, MlirOperation, MlirRewriterBase, Ptr) -> bool,
    pub tile: extern "C" fn(
        Ptr,
        MlirOperation,
        MlirRewriterBase,
        isize,
        *const MlirValue,
        *const MlirValue,
        Ptr,
    ) -> bool,
    pub tile_result: extern "C" fn(
        Ptr,
        MlirOperation,
        MlirRewriterBase,
        c_uint,
        isize,
        *const MlirValue,
        *const MlirValue,
        Ptr,
    ) -> bool,
}

#[repr(C)]
pub struct NpirParamSpec {
    pub name: MlirStringRef,
    pub num_params: isize,
    pub param_names: *const MlirStringRef,
    pub user: Ptr,
}

#[repr(C)]
pub struct NpirDialectCallbacks {
    pub populate: extern "C" fn(Ptr, Ptr, MlirContext),
    pub materialize_constant: extern "C" fn(
        Ptr,
        MlirRewriterBase,
        MlirAttribute,
        MlirType,
        MlirLocation,
    ) -> MlirOperation,
    pub verify_params: extern "C" fn(
        Ptr,
        MlirContext,
        isize,
        *const MlirAttribute,
        MlirStringCallback,
        Ptr,
    ) -> bool,
    pub verify_operation_attr:
        extern "C" fn(Ptr, MlirOperation, MlirStringRef, MlirAttribute) -> bool,
    pub verify_region_arg_attr:
        extern "C" fn(Ptr, MlirOperation, c_uint, c_uint, MlirStringRef, MlirAttribute) -> bool,
}

#[repr(C)]
pub struct NpirPassOption {
    pub name: MlirStringRef,
    pub description: MlirStringRef,
    pub default_value: MlirStringRef,
    pub kind: i32,
}

#[repr(C)]
pub struct NpirPassSpec {
    pub name: MlirStringRef,
    pub argument: MlirStringRef,
    pub description: MlirStringRef,
    pub op_name: MlirStringRef,
    pub num_dependent_dialects: isize,
    pub dependent_dialects: *const MlirStringRef,
    pub num_options: isize,
    pub options: *const NpirPassOption,
    pub num_statistics: isize,
    pub statistic_names: *const MlirStringRef,
    pub statistic_descriptions: *const MlirStringRef,
    pub user: Ptr,
    pub create: extern "C" fn(Ptr) -> Ptr,
    pub clone: extern "C" fn(Ptr) -> Ptr,
    pub destroy: extern "C" fn(Ptr),
    pub initialize: extern "C" fn(Ptr, MlirContext) -> bool,
    pub run: extern "C" fn(Ptr, MlirOperation, Ptr) -> bool,
}

// Bits of `NpirOpSpec::traits`; keep in step with `NpirTrait` in shim/npir_shim.h.
pub const TRAIT_PURE: u64 = 1 << 0;
pub const TRAIT_TERMINATOR: u64 = 1 << 1;
pub const TRAIT_ISOLATED_FROM_ABOVE: u64 = 1 << 2;
pub const TRAIT_CONSTANT_LIKE: u64 = 1 << 3;
pub const TRAIT_COMMUTATIVE: u64 = 1 << 4;
pub const TRAIT_SAME_OPERANDS_AND_RESULT_TYPE: u64 = 1 << 5;
pub const TRAIT_SINGLE_BLOCK: u64 = 1 << 6;
pub const TRAIT_RECURSIVE_MEMORY_EFFECTS: u64 = 1 << 7;
pub const TRAIT_SYMBOL_TABLE: u64 = 1 << 8;
pub const TRAIT_ELEMENTWISE: u64 = 1 << 9;
pub const TRAIT_NO_TERMINATOR: u64 = 1 << 10;
pub const TRAIT_GRAPH_REGION: u64 = 1 << 11;
pub const TRAIT_ATTR_SIZED_OPERAND_SEGMENTS: u64 = 1 << 12;
pub const TRAIT_ATTR_SIZED_RESULT_SEGMENTS: u64 = 1 << 13;
pub const TRAIT_SAME_OPERANDS_ELEMENT_TYPE: u64 = 1 << 14;
pub const TRAIT_AUTOMATIC_ALLOCATION_SCOPE: u64 = 1 << 16;

// Bits of `NpirOpSpec::interfaces`; keep in step with `NpirInterface`.
pub const IFACE_VERIFY: u64 = 1 << 0;
pub const IFACE_VERIFY_REGIONS: u64 = 1 << 1;
pub const IFACE_ASSEMBLY: u64 = 1 << 2;
pub const IFACE_FOLD: u64 = 1 << 3;
pub const IFACE_CANONICALIZE: u64 = 1 << 4;
pub const IFACE_INFER_TYPES: u64 = 1 << 5;
pub const IFACE_EFFECTS: u64 = 1 << 6;
pub const IFACE_SPECULATABLE: u64 = 1 << 7;
pub const IFACE_DESTINATION_STYLE: u64 = 1 << 8;
pub const IFACE_BUFFERIZE: u64 = 1 << 9;
pub const IFACE_TILE: u64 = 1 << 10;

// Kinds of pass option; keep in step with `NpirOptionKind`.
pub const OPT_STRING: i32 = 0;
pub const OPT_INT: i32 = 1;
pub const OPT_BOOL: i32 = 2;
pub const OPT_INT_LIST: i32 = 3;
pub const OPT_STRING_LIST: i32 = 4;

pub type RewriteFn = extern "C" fn(Ptr, MlirOperation, MlirRewriterBase) -> bool;
pub type ConvertFn = extern "C" fn(
    Ptr,
    MlirOperation,
    isize,
    *const MlirValue,
    MlirRewriterBase,
    *const c_void,
) -> bool;
pub type DestroyFn = extern "C" fn(Ptr);

unsafe extern "C" {
    // interfaces.cpp
    pub fn npirSetOpCallbacks(callbacks: *const NpirOpCallbacks);
    pub fn npirFoldPushAttr(sink: Ptr, attr: MlirAttribute);
    pub fn npirFoldPushValue(sink: Ptr, value: MlirValue);
    pub fn npirPushType(sink: Ptr, ty: MlirType);
    pub fn npirPushValue(sink: Ptr, value: MlirValue);
    pub fn npirPushAlias(sink: Ptr, result: c_uint, equivalent: bool);
    pub fn npirPushIterator(sink: Ptr, parallel: bool);
    pub fn npirTilePush(
        sink: Ptr,
        num_ops: isize,
        ops: *const MlirOperation,
        num_values: isize,
        values: *const MlirValue,
        num_slices: isize,
        slices: *const MlirOperation,
    );
    pub fn npirPushEffect(sink: Ptr, kind: i32, value: MlirValue);
    pub fn npirPushOperandEffect(sink: Ptr, kind: i32, op: MlirOperation, operand: c_uint);
    pub fn npirBufferizeGetBuffer(rw: MlirRewriterBase, value: MlirValue, cx: Ptr) -> MlirValue;
    pub fn npirBufferizeReplace(
        rw: MlirRewriterBase,
        op: MlirOperation,
        n: isize,
        values: *const MlirValue,
    );
    pub fn npirBufferTypeOf(value: MlirValue, cx: Ptr) -> MlirType;

    // dialect.cpp
    pub fn npirRegisterDialect(
        registry: MlirDialectRegistry,
        name: MlirStringRef,
        user: Ptr,
        callbacks: *const NpirDialectCallbacks,
    );
    pub fn npirRegistryAppend(from: MlirDialectRegistry, to: MlirDialectRegistry);
    pub fn npirDialectAddOp(dialect: Ptr, spec: *const NpirOpSpec);
    pub fn npirDialectAddType(dialect: Ptr, spec: *const NpirParamSpec);
    pub fn npirDialectAddAttr(dialect: Ptr, spec: *const NpirParamSpec);
    pub fn npirLoadDialect(ctx: MlirContext, name: MlirStringRef) -> bool;
    pub fn npirParamTypeGet(
        ctx: MlirContext,
        dialect: MlirStringRef,
        name: MlirStringRef,
        n: isize,
        params: *const MlirAttribute,
        loc: MlirLocation,
    ) -> MlirType;
    pub fn npirParamAttrGet(
        ctx: MlirContext,
        dialect: MlirStringRef,
        name: MlirStringRef,
        n: isize,
        params: *const MlirAttribute,
        loc: MlirLocation,
    ) -> MlirAttribute;
    pub fn npirParamTypeName(ty: MlirType) -> MlirStringRef;
    pub fn npirParamAttrName(attr: MlirAttribute) -> MlirStringRef;
    pub fn npirParamTypeNumParams(ty: MlirType) -> isize;
    pub fn npirParamTypeParam(ty: MlirType, i: isize) -> MlirAttribute;
    pub fn npirParamAttrNumParams(attr: MlirAttribute) -> isize;
    pub fn npirParamAttrParam(attr: MlirAttribute, i: isize) -> MlirAttribute;
    pub fn npirEmitOpError(op: MlirOperation, message: MlirStringRef);
    pub fn npirEmitDiagnostic(
        loc: MlirLocation,
        severity: i32,
        message: MlirStringRef,
        num_notes: isize,
        note_locs: *const MlirLocation,
        notes: *const MlirStringRef,
    );
    pub fn npirLocationFilePosition(
        loc: MlirLocation,
        file: *mut MlirStringRef,
        line: *mut c_uint,
        column: *mut c_uint,
    ) -> bool;

    // assembly.cpp
    pub fn npirTypesNew() -> Ptr;
    pub fn npirTypesFree(types: Ptr);
    pub fn npirTypesCount(types: Ptr) -> isize;
    pub fn npirTypesGet(types: Ptr, i: isize) -> MlirType;
    pub fn npirOperandsNew() -> Ptr;
    pub fn npirOperandsFree(operands: Ptr);
    pub fn npirOperandsCount(operands: Ptr) -> isize;
    pub fn npirParseOperandList(parser: Ptr, operands: Ptr) -> bool;
    pub fn npirParseOperand(parser: Ptr, operands: Ptr) -> bool;
    pub fn npirParseOptionalOperand(parser: Ptr, operands: Ptr) -> c_int;
    pub fn npirResolveOperands(parser: Ptr, state: Ptr, operands: Ptr, types: Ptr) -> bool;
    pub fn npirResolveOperandsAs(parser: Ptr, state: Ptr, operands: Ptr, ty: MlirType) -> bool;
    pub fn npirParseLiteral(parser: Ptr, literal: MlirStringRef) -> bool;
    pub fn npirParseOptionalLiteral(parser: Ptr, literal: MlirStringRef) -> bool;
    pub fn npirParseKeyword(parser: Ptr, out: *mut MlirStringRef) -> bool;
    pub fn npirParseFloat(parser: Ptr, out: *mut f64) -> bool;
    pub fn npirParseOptionalInteger(parser: Ptr, out: *mut i64) -> c_int;
    pub fn npirParseAttrDict(parser: Ptr, state: Ptr) -> bool;
    pub fn npirParseAttrDictWithKeyword(parser: Ptr, state: Ptr) -> bool;
    pub fn npirParseAttr(parser: Ptr, out: *mut MlirAttribute) -> bool;
    pub fn npirParseAttrOfType(parser: Ptr, ty: MlirType, out: *mut MlirAttribute) -> bool;
    pub fn npirParseOptionalAttr(parser: Ptr, out: *mut MlirAttribute) -> c_int;
    pub fn npirParseSymbolName(parser: Ptr, out: *mut MlirAttribute) -> bool;
    pub fn npirParseType(parser: Ptr, types: Ptr) -> bool;
    pub fn npirParseTypeList(parser: Ptr, types: Ptr) -> bool;
    pub fn npirParseFunctionalType(parser: Ptr, inputs: Ptr, results: Ptr) -> bool;
    pub fn npirParseFunctionTypeBare(parser: Ptr, inputs: Ptr, results: Ptr) -> bool;
    pub fn npirParseRegion(parser: Ptr, state: Ptr) -> bool;
    pub fn npirParseRegionWithArgs(parser: Ptr, state: Ptr) -> bool;
    pub fn npirParseOptionalRegion(parser: Ptr, state: Ptr) -> c_int;
    pub fn npirStateAddRegion(state: Ptr);
    pub fn npirParseSuccessor(parser: Ptr, state: Ptr) -> bool;
    pub fn npirParseError(parser: Ptr, message: MlirStringRef) -> bool;
    pub fn npirParserLocation(parser: Ptr) -> MlirLocation;
    pub fn npirParserContext(parser: Ptr) -> MlirContext;
    pub fn npirStateAddAttr(state: Ptr, name: MlirStringRef, attr: MlirAttribute);
    pub fn npirStateGetAttr(state: Ptr, name: MlirStringRef) -> MlirAttribute;
    pub fn npirStateAddResultTypes(state: Ptr, types: Ptr);
    pub fn npirStateInferResultTypes(parser: Ptr, state: Ptr) -> bool;
    pub fn npirPrintText(printer: Ptr, text: MlirStringRef);
    pub fn npirPrintNewline(printer: Ptr);
    pub fn npirPrintOperand(printer: Ptr, value: MlirValue);
    pub fn npirPrintType(printer: Ptr, ty: MlirType);
    pub fn npirPrintAttr(printer: Ptr, attr: MlirAttribute);
    pub fn npirPrintAttrWithoutType(printer: Ptr, attr: MlirAttribute);
    pub fn npirPrintSymbolName(printer: Ptr, name: MlirStringRef);
    pub fn npirPrintSuccessor(printer: Ptr, block: MlirBlock);
    pub fn npirPrintAttrDict(
        printer: Ptr,
        op: MlirOperation,
        n: isize,
        elided: *const MlirStringRef,
        with_keyword: bool,
    );
    pub fn npirPrintRegion(
        printer: Ptr,
        region: MlirRegion,
        print_args: bool,
        print_terminators: bool,
    );
    pub fn npirPrintRegionWithArgs(printer: Ptr, region: MlirRegion);

    // passes.cpp
    pub fn npirRegisterPass(spec: *const NpirPassSpec);
    pub fn npirRegisterPipeline(
        argument: MlirStringRef,
        description: MlirStringRef,
        pipeline: MlirStringRef,
    );
    pub fn npirPassOptionText(pass: Ptr, i: isize) -> MlirStringRef;
    pub fn npirPassOptionInt(pass: Ptr, i: isize) -> i64;
    pub fn npirPassOptionBool(pass: Ptr, i: isize) -> bool;
    pub fn npirPassOptionListSize(pass: Ptr, i: isize) -> isize;
    pub fn npirPassOptionListInt(pass: Ptr, i: isize, k: isize) -> i64;
    pub fn npirPassOptionListText(pass: Ptr, i: isize, k: isize) -> MlirStringRef;
    pub fn npirPassStatisticAdd(pass: Ptr, i: isize, n: i64);
    pub fn npirStatisticsEnabled() -> bool;
    pub fn npirPassPreserveAll(pass: Ptr);
    pub fn npirPassRunPipeline(pass: Ptr, pipeline: MlirStringRef, op: MlirOperation) -> bool;
    pub fn npirLoadPipelineDialects(ctx: MlirContext, pipeline: MlirStringRef) -> bool;
    pub fn npirPatternSetAdd(
        set: MlirRewritePatternSet,
        root: MlirStringRef,
        benefit: c_uint,
        name: MlirStringRef,
        user: Ptr,
        rewrite: RewriteFn,
        destroy: DestroyFn,
    );
    pub fn npirNotifyMatchFailure(rw: MlirRewriterBase, op: MlirOperation, why: MlirStringRef);
    pub fn npirTypeConverterNew() -> Ptr;
    pub fn npirTypeConverterFree(tc: Ptr);
    pub fn npirTypeConverterAdd(
        tc: Ptr,
        user: Ptr,
        convert: extern "C" fn(Ptr, MlirType, *mut bool) -> MlirType,
        destroy: DestroyFn,
    );
    pub fn npirTypeConverterAddMaterialization(
        tc: Ptr,
        place: i32,
        user: Ptr,
        build: extern "C" fn(Ptr, MlirRewriterBase, MlirType, MlirValue, MlirLocation) -> MlirValue,
        destroy: DestroyFn,
    );
    pub fn npirTypeConverterConvert(tc: *const c_void, ty: MlirType) -> MlirType;
    pub fn npirTypeConverterIsLegalOp(tc: *const c_void, op: MlirOperation) -> bool;
    pub fn npirTargetNew(ctx: MlirContext) -> Ptr;
    pub fn npirTargetFree(target: Ptr);
    pub fn npirTargetDialect(target: Ptr, dialect: MlirStringRef, action: i32);
    pub fn npirTargetOp(target: Ptr, ctx: MlirContext, op: MlirStringRef, action: i32);
    pub fn npirTargetDynamic(
        target: Ptr,
        ctx: MlirContext,
        op: MlirStringRef,
        user: Ptr,
        legal: extern "C" fn(Ptr, MlirOperation) -> i32,
        destroy: DestroyFn,
    );
    pub fn npirConversionPatternAdd(
        set: MlirRewritePatternSet,
        tc: *const c_void,
        root: MlirStringRef,
        benefit: c_uint,
        name: MlirStringRef,
        user: Ptr,
        convert: ConvertFn,
        destroy: DestroyFn,
    );
    pub fn npirAddFuncTypePatterns(set: MlirRewritePatternSet, tc: *const c_void, target: Ptr);
    pub fn npirAddScfTypePatterns(set: MlirRewritePatternSet, tc: *const c_void, target: Ptr);
    pub fn npirApplyConversion(
        op: MlirOperation,
        target: Ptr,
        set: MlirFrozenRewritePatternSet,
        full: bool,
    ) -> bool;

    // queries.cpp
    pub fn npirPreviousOp(op: MlirOperation) -> MlirOperation;
    pub fn npirDestinations(op: MlirOperation, begin: *mut c_uint, count: *mut c_uint) -> bool;
    pub fn npirIsPure(op: MlirOperation) -> bool;
    pub fn npirSharedResults(
        op: MlirOperation,
        operand: c_uint,
        user: Ptr,
        report: extern "C" fn(Ptr, c_uint),
    );
    pub fn npirLlvmArraySize(ty: MlirType) -> i64;
    pub fn npirDropUnsignedWrapFlags(op: MlirOperation);
    pub fn npirIsLlvmFunctionType(ty: MlirType) -> bool;

    // selected.cpp
    pub fn npirRegisterSelectedDialects(registry: MlirDialectRegistry);
    pub fn npirRegisterSelectedPasses();
    pub fn npirRegisterLlvmTranslation(ctx: MlirContext);

    // source.cpp
    pub fn npirParseSource(
        ctx: MlirContext,
        source: MlirStringRef,
        filename: MlirStringRef,
    ) -> MlirModule;

    // translate.cpp
    pub fn npirTranslateToLlvm(
        op: MlirOperation,
        context: LLVMContextRef,
        name: MlirStringRef,
    ) -> LLVMModuleRef;
    /// The option must be a boolean one; not while another thread generates code.
    pub fn npirSetLlvmOption(name: MlirStringRef, value: bool) -> bool;

    // tools.cpp
    pub fn npirOptMain(
        argc: c_int,
        argv: *mut *mut c_char,
        title: MlirStringRef,
        registry: MlirDialectRegistry,
    ) -> c_int;
    pub fn npirLspMain(argc: c_int, argv: *mut *mut c_char, registry: MlirDialectRegistry)
    -> c_int;
    pub fn npirReduceMain(argc: c_int, argv: *mut *mut c_char, ctx: MlirContext) -> c_int;
    pub fn npirTranslateMain(argc: c_int, argv: *mut *mut c_char, title: MlirStringRef) -> c_int;
}
