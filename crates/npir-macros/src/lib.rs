//! Attribute macros that make an op or a pass definition shorter: `#[op]` and `#[pass]`.
//!
//! They only write what could be written by hand with `npir_mlir::op_def::OpDef` and
//! `npir_mlir::pass::PassDecl`.

mod op;
mod pass;

use proc_macro::TokenStream;

/// Turns a struct of declarations into a typed view of an op.
///
/// ```ignore
/// /// Matrix product.
/// #[op("numpy.matmul", traits(Pure), interfaces(Verify, InferTypes),
///      assembly = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)")]
/// pub struct Matmul {
///     lhs: Operand<AnyTensor>,
///     rhs: Operand<AnyTensor>,
///     result: Output<AnyTensor>,
/// }
/// ```
///
/// Field kinds: `Operand<C>`, `OptionalOperand<C>`, `Variadic<C>`, `Output<C>`,
/// `VariadicOutput<C>` (C a type constraint); `Attr<K>`, `OptionalAttr<K>` (K an
/// attribute codec), `UnitAttr`; `Region`.
///
/// Generates `struct Matmul<'c>` with an accessor per field, `NAME`, `cast`, `op`,
/// `def()`, and `build(rw, …)`, whose parameters are the operands and attributes in
/// order and then the result types. Ops with regions have no `build`: their author
/// writes one. With the interface `InferTypes` there is also `build_inferred`.
#[proc_macro_attribute]
pub fn op(args: TokenStream, item: TokenStream) -> TokenStream {
    op::expand(args.into(), item.into())
        .unwrap_or_else(|e| e.to_compile_error())
        .into()
}

/// Turns a struct into a pass declaration.
///
/// ```ignore
/// /// Fuse elementwise ops.
/// #[pass("my-fuse", on = "func.func", dependent_dialects("arith", "linalg"))]
/// #[derive(Clone)]
/// pub struct Fuse {
///     #[option(name = "max-ops", default = "64", description = "Largest group")]
///     max_ops: i64,
///     #[statistic(name = "num-fused", description = "Ops fused")]
///     fused: Statistic,
/// }
/// ```
///
/// Options may be `String`, `i64`, `bool`, `Vec<i64>` or `Vec<String>`; lists start empty.
/// Other fields are the pass's own state.
///
/// Generates `PassDecl`, and `Default` with the declared defaults of the options and the
/// `Default` of the other fields: a default pass is what its name alone is in a pipeline.
#[proc_macro_attribute]
pub fn pass(args: TokenStream, item: TokenStream) -> TokenStream {
    pass::expand(args.into(), item.into())
        .unwrap_or_else(|e| e.to_compile_error())
        .into()
}

/// The text of the doc comments among `attrs`, one line each.
fn doc_text(attrs: &[syn::Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs {
        if attr.path().is_ident("doc")
            && let syn::Meta::NameValue(nv) = &attr.meta
            && let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(s),
                ..
            }) = &nv.value
        {
            lines.push(s.value());
        }
    }
    lines.join("\n")
}
