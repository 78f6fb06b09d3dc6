//! `#[pass]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{ItemStruct, LitStr, Result, Token, Type};

struct Args {
    argument: LitStr,
    on: Option<LitStr>,
    dialects: Vec<LitStr>,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let argument = input.parse()?;
        let mut args = Args {
            argument,
            on: None,
            dialects: Vec::new(),
        };
        while input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: syn::Ident = input.parse()?;
            match key.to_string().as_str() {
                "on" => {
                    input.parse::<Token![=]>()?;
                    args.on = Some(input.parse()?);
                }
                "dependent_dialects" => {
                    let inner;
                    syn::parenthesized!(inner in input);
                    args.dialects = Punctuated::<LitStr, Token![,]>::parse_terminated(&inner)?
                        .into_iter()
                        .collect();
                }
                _ => {
                    return Err(syn::Error::new(
                        key.span(),
                        "expected `on` or `dependent_dialects`",
                    ));
                }
            }
        }
        Ok(args)
    }
}

#[derive(Default)]
struct Field {
    name: Option<LitStr>,
    default: Option<LitStr>,
    description: Option<LitStr>,
}

fn field_args(attr: &syn::Attribute) -> Result<Field> {
    let mut f = Field::default();
    attr.parse_nested_meta(|meta| {
        let value: LitStr = meta.value()?.parse()?;
        if meta.path.is_ident("name") {
            f.name = Some(value);
        } else if meta.path.is_ident("default") {
            f.default = Some(value);
        } else if meta.path.is_ident("description") {
            f.description = Some(value);
        } else {
            return Err(meta.error("expected `name`, `default` or `description`"));
        }
        Ok(())
    })?;
    Ok(f)
}

/// The value of a field of type `ty` whose declared default is `text`.
fn default_value(ty: &Type, text: Option<&LitStr>) -> Result<TokenStream> {
    let Some(text) = text else {
        return Ok(quote!(<#ty as ::core::default::Default>::default()));
    };
    let is = |name: &str| matches!(ty, Type::Path(path) if path.path.is_ident(name));
    let value = text.value();
    if is("String") {
        return Ok(quote!(::std::string::String::from(#text)));
    }
    let parsed = if is("i64") {
        value.parse().ok().map(|n: i64| quote!(#n))
    } else if is("bool") {
        value.parse().ok().map(|b: bool| quote!(#b))
    } else {
        return Err(syn::Error::new(
            text.span(),
            "only a `String`, an `i64` or a `bool` may declare a default",
        ));
    };
    parsed.ok_or_else(|| {
        syn::Error::new(text.span(), format!("no default of type `{}`", quote!(#ty)))
    })
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let args: Args = syn::parse2(args)?;
    let mut item: ItemStruct = syn::parse2(item)?;
    let doc = crate::doc_text(&item.attrs);
    if doc.trim().is_empty() {
        return Err(syn::Error::new(
            item.ident.span(),
            "a pass needs a doc comment: it is what --help shows",
        ));
    }
    let (mut options, mut setters, mut getters) = (vec![], vec![], vec![]);
    let (mut stats, mut takes) = (vec![], vec![]);
    let mut defaults = vec![];
    for field in &mut item.fields {
        let ident = field.ident.clone();
        let ty = field.ty.clone();
        let mut kept = Vec::new();
        let mut initial = default_value(&ty, None)?;
        for attr in std::mem::take(&mut field.attrs) {
            let option = attr.path().is_ident("option");
            if !option && !attr.path().is_ident("statistic") {
                kept.push(attr);
                continue;
            }
            let f = field_args(&attr)?;
            let name = match f.name {
                Some(n) => n,
                None => LitStr::new(
                    &ident
                        .as_ref()
                        .map(|i| i.to_string().replace('_', "-"))
                        .unwrap_or_default(),
                    proc_macro2::Span::call_site(),
                ),
            };
            let description = f
                .description
                .ok_or_else(|| syn::Error::new_spanned(&attr, "needs a description"))?;
            if option {
                initial = default_value(&ty, f.default.as_ref())?;
                options.push(quote!(::npir_mlir::pass::OptionDef {
                    name: #name, description: #description,
                    default: <#ty as ::npir_mlir::pass::OptionField>::to_value(&#initial),
                }));
                setters.push(quote!(
                    if let Some(value) = values.next().and_then(<#ty as ::npir_mlir::pass::OptionField>::from_value) {
                        self.#ident = value;
                    }
                ));
                getters
                    .push(quote!(<#ty as ::npir_mlir::pass::OptionField>::to_value(&self.#ident)));
            } else {
                stats.push(quote!(::npir_mlir::pass::StatisticDef { name: #name, description: #description }));
                takes.push(quote!(self.#ident.take()));
            }
        }
        field.attrs = kept;
        defaults.push(quote!(#ident: #initial));
    }
    let ident = &item.ident;
    let (argument, dialects) = (&args.argument, &args.dialects);
    let on = match &args.on {
        Some(on) => quote!(Some(#on)),
        None => quote!(None),
    };
    Ok(quote! {
        #item
        impl ::core::default::Default for #ident {
            /// The options as declared, everything else by its own `Default`.
            fn default() -> Self {
                Self { #(#defaults),* }
            }
        }
        impl ::npir_mlir::pass::PassDecl for #ident {
            fn info() -> ::npir_mlir::pass::PassInfo {
                ::npir_mlir::pass::PassInfo {
                    argument: #argument,
                    description: #doc,
                    on: #on,
                    dependent_dialects: &[#(#dialects),*],
                    options: vec![#(#options),*],
                    statistics: vec![#(#stats),*],
                }
            }
            #[allow(unused_variables, unused_mut)]
            fn set_options(&mut self, values: Vec<::npir_mlir::pass::OptionValue>) {
                let mut values = values.into_iter();
                #(#setters)*
            }
            fn options(&self) -> Vec<::npir_mlir::pass::OptionValue> {
                vec![#(#getters),*]
            }
            fn take_statistics(&mut self) -> Vec<i64> {
                vec![#(#takes),*]
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expansion of a pass with one option of type `ty` and this default.
    fn option(ty: TokenStream, default: &str) -> Result<TokenStream> {
        let item = quote! {
            /// A pass
            struct P {
                #[option(default = #default, description = "An option")]
                field: #ty,
            }
        };
        expand(quote!("p"), item)
    }

    #[test]
    fn defaults_have_the_type_of_their_option() {
        for (ty, default) in [
            (quote!(i64), "-7"),
            (quote!(bool), "false"),
            (quote!(String), ""),
        ] {
            assert!(option(ty, default).is_ok(), "{default}");
        }
        for (ty, default, message) in [
            (quote!(i64), "many", "no default of type `i64`"),
            (quote!(bool), "1", "no default of type `bool`"),
            (
                quote!(Vec<i64>),
                "1,2",
                "only a `String`, an `i64` or a `bool`",
            ),
        ] {
            let error = option(ty, default).expect_err(default).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
