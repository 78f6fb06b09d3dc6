//! `#[op]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, ItemStruct, LitStr, Result, Token, Type};

struct Args {
    name: LitStr,
    traits: Vec<Ident>,
    interfaces: Vec<Ident>,
    assembly: Option<LitStr>,
    custom_assembly: bool,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut args = Args {
            name: input.parse()?,
            traits: Vec::new(),
            interfaces: Vec::new(),
            assembly: None,
            custom_assembly: false,
        };
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            let list = |input: ParseStream<'_>| -> Result<Vec<Ident>> {
                let inner;
                syn::parenthesized!(inner in input);
                Ok(Punctuated::<Ident, Token![,]>::parse_terminated(&inner)?
                    .into_iter()
                    .collect())
            };
            match key.to_string().as_str() {
                "traits" => args.traits = list(input)?,
                "interfaces" => args.interfaces = list(input)?,
                "assembly" => {
                    input.parse::<Token![=]>()?;
                    args.assembly = Some(input.parse()?);
                }
                "custom_assembly" => args.custom_assembly = true,
                _ => {
                    return Err(syn::Error::new(
                        key.span(),
                        "expected `traits(...)`, `interfaces(...)`, `assembly = \"...\"` or `custom_assembly`",
                    ));
                }
            }
        }
        Ok(args)
    }
}

/// Methods that every view has, so that no field can have the name.
const RESERVED: &[&str] = &[
    "op",
    "wrap",
    "cast",
    "def",
    "build",
    "build_inferred",
    "operand_segment",
    "result_segment",
];

enum Kind {
    Operand(Type),
    OptionalOperand(Type),
    Variadic(Type),
    Output(Type),
    VariadicOutput(Type),
    Attr(Type),
    OptionalAttr(Type),
    UnitAttr,
    Region,
}

fn kind(ty: &Type) -> Result<Kind> {
    let error = || {
        syn::Error::new_spanned(
            ty,
            "expected Operand<C>, OptionalOperand<C>, Variadic<C>, Output<C>, VariadicOutput<C>, Attr<K>, OptionalAttr<K>, UnitAttr or Region",
        )
    };
    let Type::Path(path) = ty else {
        return Err(error());
    };
    let segment = path.path.segments.last().ok_or_else(error)?;
    let inner = match &segment.arguments {
        syn::PathArguments::AngleBracketed(a) => match a.args.first() {
            Some(syn::GenericArgument::Type(t)) => Some(t.clone()),
            _ => return Err(error()),
        },
        _ => None,
    };
    Ok(match (segment.ident.to_string().as_str(), inner) {
        ("Operand", Some(t)) => Kind::Operand(t),
        ("OptionalOperand", Some(t)) => Kind::OptionalOperand(t),
        ("Variadic", Some(t)) => Kind::Variadic(t),
        ("Output", Some(t)) => Kind::Output(t),
        ("VariadicOutput", Some(t)) => Kind::VariadicOutput(t),
        ("Attr", Some(t)) => Kind::Attr(t),
        ("OptionalAttr", Some(t)) => Kind::OptionalAttr(t),
        ("UnitAttr", None) => Kind::UnitAttr,
        ("Region", None) => Kind::Region,
        _ => return Err(error()),
    })
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let args: Args = syn::parse2(args)?;
    let item: ItemStruct = syn::parse2(item)?;
    let doc = crate::doc_text(&item.attrs);
    if doc.trim().is_empty() {
        return Err(syn::Error::new(
            item.ident.span(),
            "an op needs a doc comment: reference pages are made of it",
        ));
    }
    let (ident, vis, attrs) = (&item.ident, &item.vis, &item.attrs);
    let name = &args.name;
    let family = format_ident!("{ident}Family");

    let (mut def, mut accessors) = (Vec::new(), Vec::new());
    let (mut params, mut set) = (Vec::new(), Vec::new()); // build's operands and attributes
    let (mut result_params, mut result_set) = (Vec::new(), Vec::new());
    let (mut operand_index, mut result_index, mut region_index) = (0usize, 0usize, 0usize);
    let (mut operand_sizes, mut result_sizes) = (Vec::new(), Vec::new());
    // Positions are known as long as every value so far stands for one.
    let (mut fixed_operands, mut fixed_results) = (true, true);
    for field in &item.fields {
        let f = field
            .ident
            .as_ref()
            .ok_or_else(|| syn::Error::new_spanned(field, "fields need names"))?;
        let key = f.to_string();
        let key = key.strip_prefix("r#").unwrap_or(&key);
        if RESERVED.contains(&key) {
            return Err(syn::Error::new(
                f.span(),
                format!("`{key}` is a method of every view; call the field otherwise"),
            ));
        }
        let docs: Vec<_> = field
            .attrs
            .iter()
            .filter(|a| a.path().is_ident("doc"))
            .collect();
        let about = if docs.is_empty() {
            let text = format!("`{key}`.");
            quote!(#[doc = #text])
        } else {
            quote!(#(#docs)*)
        };
        match kind(&field.ty)? {
            Kind::Operand(c) => {
                let i = operand_index;
                operand_index += 1;
                def.push(quote!(.operand(#key, <#c as ::npir_mlir::constraint::TypeConstraint>::constraint())));
                let get = if fixed_operands {
                    quote!(::npir_mlir::ir::OpExt::operand(self.0, #i))
                } else {
                    quote!(self.operand_segment(#i)[0])
                };
                accessors.push(quote!(#about pub fn #f(self) -> ::npir_mlir::ir::Val<'c> { #get }));
                params.push(quote!(#f: ::npir_mlir::ir::Val<'c>));
                set.push(quote!(op = op.operands(&[#f]);));
                operand_sizes.push(quote!(1i32));
            }
            Kind::OptionalOperand(c) => {
                fixed_operands = false;
                let i = operand_index;
                operand_index += 1;
                def.push(quote!(.optional_operand(#key, <#c as ::npir_mlir::constraint::TypeConstraint>::constraint())));
                accessors.push(
                    quote!(#about pub fn #f(self) -> Option<::npir_mlir::ir::Val<'c>> {
                        self.operand_segment(#i).first().copied()
                    }),
                );
                params.push(quote!(#f: Option<::npir_mlir::ir::Val<'c>>));
                set.push(quote!(if let Some(v) = #f { op = op.operands(&[v]); }));
                operand_sizes.push(quote!(#f.is_some() as i32));
            }
            Kind::Variadic(c) => {
                fixed_operands = false;
                let i = operand_index;
                operand_index += 1;
                def.push(quote!(.variadic_operand(#key, <#c as ::npir_mlir::constraint::TypeConstraint>::constraint())));
                accessors.push(
                    quote!(#about pub fn #f(self) -> Vec<::npir_mlir::ir::Val<'c>> {
                        self.operand_segment(#i)
                    }),
                );
                params.push(quote!(#f: &[::npir_mlir::ir::Val<'c>]));
                set.push(quote!(op = op.operands(#f);));
                operand_sizes.push(quote!(#f.len() as i32));
            }
            Kind::Output(c) => {
                let i = result_index;
                result_index += 1;
                def.push(quote!(.result(#key, <#c as ::npir_mlir::constraint::TypeConstraint>::constraint())));
                let get = if fixed_results {
                    quote!(::npir_mlir::ir::OpExt::result_value(self.0, #i))
                } else {
                    quote!(self.result_segment(#i)[0])
                };
                accessors.push(quote!(#about pub fn #f(self) -> ::npir_mlir::ir::Val<'c> { #get }));
                let p = format_ident!("{key}_type");
                result_params.push(quote!(#p: ::npir_mlir::melior::ir::Type<'c>));
                result_set.push(quote!(op = op.results(&[#p]);));
                result_sizes.push(quote!(1i32));
            }
            Kind::VariadicOutput(c) => {
                fixed_results = false;
                let i = result_index;
                result_index += 1;
                def.push(quote!(.variadic_result(#key, <#c as ::npir_mlir::constraint::TypeConstraint>::constraint())));
                accessors.push(
                    quote!(#about pub fn #f(self) -> Vec<::npir_mlir::ir::Val<'c>> {
                        self.result_segment(#i)
                    }),
                );
                let p = format_ident!("{key}_types");
                result_params.push(quote!(#p: &[::npir_mlir::melior::ir::Type<'c>]));
                result_set.push(quote!(op = op.results(#p);));
                result_sizes.push(quote!(#p.len() as i32));
            }
            Kind::Attr(k) => {
                def.push(quote!(.attribute(#key, <#k as ::npir_mlir::constraint::AttrCodec>::constraint())));
                let missing = format!("attribute '{key}' of a verified {}", name.value());
                accessors.push(quote!(#about pub fn #f(self) -> <#k as ::npir_mlir::constraint::AttrCodec>::Value<'c> {
                    ::npir_mlir::ir::OpExt::attr(self.0, #key)
                        .and_then(<#k as ::npir_mlir::constraint::AttrCodec>::decode).expect(#missing)
                }));
                params.push(quote!(#f: <#k as ::npir_mlir::constraint::AttrCodec>::Value<'c>));
                set.push(quote!(op = op.attr(#key, <#k as ::npir_mlir::constraint::AttrCodec>::encode(rw.ctx(), &#f));));
            }
            Kind::OptionalAttr(k) => {
                def.push(quote!(.optional_attribute(#key, <#k as ::npir_mlir::constraint::AttrCodec>::constraint())));
                accessors.push(quote!(#about pub fn #f(self) -> Option<<#k as ::npir_mlir::constraint::AttrCodec>::Value<'c>> {
                    ::npir_mlir::ir::OpExt::attr(self.0, #key)
                        .and_then(<#k as ::npir_mlir::constraint::AttrCodec>::decode)
                }));
                params.push(
                    quote!(#f: Option<<#k as ::npir_mlir::constraint::AttrCodec>::Value<'c>>),
                );
                set.push(quote!(if let Some(v) = &#f {
                    op = op.attr(#key, <#k as ::npir_mlir::constraint::AttrCodec>::encode(rw.ctx(), v));
                }));
            }
            Kind::UnitAttr => {
                def.push(quote!(.unit_attribute(#key)));
                accessors.push(quote!(#about pub fn #f(self) -> bool {
                    ::npir_mlir::ir::OpExt::attr(self.0, #key).is_some()
                }));
                params.push(quote!(#f: bool));
                set.push(quote!(if #f { op = op.attr(#key, ::npir_mlir::types::CtxExt::unit_attr(rw.ctx())); }));
            }
            Kind::Region => {
                let i = region_index;
                region_index += 1;
                def.push(quote!(.region(#key)));
                accessors.push(quote!(#about pub fn #f(self) -> ::npir_mlir::ir::Reg<'c> {
                    ::npir_mlir::ir::OpExt::region(self.0, #i)
                }));
            }
        }
    }

    let traits = &args.traits;
    let has = |t: &str| traits.iter().any(|i| i == t);
    let segments = |on: bool, key: &str, sizes: &[TokenStream]| {
        if on {
            quote!(op = op.attr(#key, ::npir_mlir::types::CtxExt::i32_array(rw.ctx(), &[#(#sizes),*]));)
        } else {
            quote!()
        }
    };
    let operand_segments = segments(
        has("AttrSizedOperandSegments"),
        "operandSegmentSizes",
        &operand_sizes,
    );
    let result_segments = segments(
        has("AttrSizedResultSegments"),
        "resultSegmentSizes",
        &result_sizes,
    );
    let infers = args.interfaces.iter().any(|i| i == "InferTypes");
    let build = if region_index > 0 {
        quote!()
    } else {
        let inferred = if infers {
            quote! {
                /// Builds the op with inferred result types; `Err` when they cannot be
                /// inferred (the reason is a diagnostic at the rewriter's location).
                #[allow(unused_mut, clippy::too_many_arguments)]
                pub fn build_inferred(rw: ::npir_mlir::rewriter::Rewriter<'c> #(, #params)*) -> Result<Self, String> {
                    let mut op = rw.op(#name).infer();
                    #(#set)*
                    #operand_segments
                    op.try_build().map(Self).ok_or_else(|| concat!("the result types of ", #name, " cannot be inferred").to_string())
                }
            }
        } else {
            quote!()
        };
        quote! {
            /// Builds the op: operands and attributes in the order of the definition,
            /// then the result types.
            #[allow(unused_mut, clippy::too_many_arguments)]
            pub fn build(rw: ::npir_mlir::rewriter::Rewriter<'c> #(, #params)* #(, #result_params)*) -> Self {
                let mut op = rw.op(#name);
                #(#set)*
                #(#result_set)*
                #operand_segments
                #result_segments
                Self(op.build())
            }
            #inferred
        }
    };

    let mut interfaces = Vec::new();
    for i in &args.interfaces {
        interfaces.push(match i.to_string().as_str() {
            "Verify" => quote!(.verify(|op| ::npir_mlir::interfaces::Verify::verify(#ident(op)))),
            "VerifyRegions" => quote!(.verify_regions(|op| ::npir_mlir::interfaces::VerifyRegions::verify_regions(#ident(op)))),
            "InferTypes" => quote!(.infer(|cx| <#ident as ::npir_mlir::interfaces::InferTypes>::infer(cx))),
            "Fold" => quote!(.fold(|op, operands| ::npir_mlir::interfaces::Fold::fold(#ident(op), operands))),
            "Canonicalize" => quote!(.canonicalize(<#ident as ::npir_mlir::interfaces::Canonicalize>::patterns)),
            "Effects" => quote!(.effects(|op| ::npir_mlir::interfaces::Effects::effects(#ident(op)))),
            "Speculatable" => quote!(.speculatable(|op| ::npir_mlir::interfaces::Speculatable::speculatable(#ident(op)))),
            "DestinationStyle" => quote!(.destination_style(|op| ::npir_mlir::interfaces::DestinationStyle::inits(#ident(op)))),
            "Bufferize" => quote!(.set_bufferize(
                |op, i| ::npir_mlir::interfaces::Bufferize::reads(#ident(op), i),
                |op, i| ::npir_mlir::interfaces::Bufferize::writes(#ident(op), i),
                |op, i| ::npir_mlir::interfaces::Bufferize::aliases(#ident(op), i),
                |op, i| ::npir_mlir::interfaces::Bufferize::allocates(#ident(op), i),
                |op, i, cx| ::npir_mlir::interfaces::Bufferize::buffer_type(#ident(op), i, cx),
                |op, rw, cx| ::npir_mlir::interfaces::Bufferize::bufferize(#ident(op), rw, cx),
            )),
            "Tile" => quote!(.set_tile(
                |op| ::npir_mlir::interfaces::Tile::iterators(#ident(op)),
                |op, rw| ::npir_mlir::interfaces::Tile::domain(#ident(op), rw),
                |op, rw, o, s| ::npir_mlir::interfaces::Tile::tile(#ident(op), rw, o, s),
                |op, rw, r, o, s| ::npir_mlir::interfaces::Tile::result_position(#ident(op), rw, r, o, s),
            )),
            _ => return Err(syn::Error::new(i.span(), "unknown interface")),
        });
    }
    let assembly = match (&args.assembly, args.custom_assembly) {
        (Some(text), false) => quote!(.assembly(#text)),
        (None, true) => quote!(.custom_assembly(
            |p| <#ident>::parse_assembly(p),
            |op, p| #ident(op).print_assembly(p),
        )),
        (None, false) => quote!(),
        (Some(text), true) => {
            return Err(syn::Error::new(
                text.span(),
                "declarative or custom assembly, not both",
            ));
        }
    };

    Ok(quote! {
        #(#attrs)*
        #[derive(Clone, Copy)]
        #vis struct #ident<'c>(::npir_mlir::ir::Op<'c>);

        #[allow(dead_code)]
        impl<'c> #ident<'c> {
            /// The op's full name.
            pub const NAME: &'static str = #name;
            /// A view of `op` if it is one of these.
            pub fn cast(op: ::npir_mlir::ir::Op<'c>) -> Option<Self> {
                (::npir_mlir::ir::OpExt::name(op) == #name).then_some(Self(op))
            }
            /// The op.
            pub fn op(self) -> ::npir_mlir::ir::Op<'c> {
                self.0
            }
            /// The definition, shared.
            fn shared_def() -> &'static ::npir_mlir::op_def::OpDef {
                static DEF: ::std::sync::OnceLock<::npir_mlir::op_def::OpDef> = ::std::sync::OnceLock::new();
                DEF.get_or_init(#ident::def)
            }
            fn operand_segment(self, index: usize) -> Vec<::npir_mlir::ir::Val<'c>> {
                let range = Self::shared_def().operand_range(self.0, index);
                range.map(|i| ::npir_mlir::ir::OpExt::operand(self.0, i)).collect()
            }
            fn result_segment(self, index: usize) -> Vec<::npir_mlir::ir::Val<'c>> {
                let range = Self::shared_def().result_range(self.0, index);
                range.map(|i| ::npir_mlir::ir::OpExt::result_value(self.0, i)).collect()
            }
            #(#accessors)*
            #build
            /// The definition, for a dialect's list of ops.
            pub fn def() -> ::npir_mlir::op_def::OpDef {
                ::npir_mlir::op_def::OpDef::new(#name)
                    .doc(#doc)
                    #(#def)*
                    .traits(&[#(::npir_mlir::op_def::Trait::#traits),*])
                    #assembly
                    #(#interfaces)*
            }
        }
        impl<'c> ::npir_mlir::interfaces::OpView<'c> for #ident<'c> {
            const NAME: &'static str = #name;
            fn wrap(op: ::npir_mlir::ir::Op<'c>) -> Self {
                Self(op)
            }
            fn op(self) -> ::npir_mlir::ir::Op<'c> {
                self.0
            }
        }
        #[doc = concat!("The family of [`", stringify!(#ident), "`] over all lifetimes, for `on_view`.")]
        #vis struct #family;
        impl<'c> ::npir_mlir::pattern::ViewOf<'c> for #family {
            type View = #ident<'c>;
        }
    })
}
