//! The primitives that print an op's custom assembly.

use crate::ir::{Op, OpExt, Reg, RegExt, Val, ValExt};
use crate::raw::string_ref;
use crate::types::DYNAMIC;
use melior::Context;
use melior::ir::{Attribute, AttributeLike, Type, TypeLike};
use npir_mlir_sys::*;

/// The printer of an op's custom assembly.
pub struct Printer<'c> {
    raw: Ptr,
    _ctx: std::marker::PhantomData<&'c Context>,
}

impl<'c> Printer<'c> {
    pub(crate) fn new(raw: Ptr) -> Self {
        Printer {
            raw,
            _ctx: std::marker::PhantomData,
        }
    }
    /// Text as it is.
    pub fn text(&mut self, s: &str) {
        // SAFETY: the printer is alive during the callback, here and below.
        unsafe { npirPrintText(self.raw, string_ref(s)) }
    }
    /// A new line with the current indentation.
    pub fn newline(&mut self) {
        // SAFETY: see text.
        unsafe { npirPrintNewline(self.raw) }
    }
    /// A value's name.
    pub fn operand(&mut self, v: Val<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintOperand(self.raw, v.raw()) }
    }
    /// Comma-separated names.
    pub fn operands(&mut self, values: &[Val<'c>]) {
        for (i, v) in values.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            self.operand(*v);
        }
    }
    /// `[0, %i, 4]`: statics with [`DYNAMIC`] taken from `dynamic`.
    pub fn mixed_list(&mut self, statics: &[i64], dynamic: &mut impl Iterator<Item = Val<'c>>) {
        self.text("[");
        for (i, s) in statics.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            if *s == DYNAMIC {
                if let Some(v) = dynamic.next() {
                    self.operand(v);
                }
            } else {
                self.text(&s.to_string());
            }
        }
        self.text("]");
    }
    /// A type.
    pub fn ty(&mut self, t: Type<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintType(self.raw, t.to_raw()) }
    }
    /// Comma-separated types.
    pub fn types(&mut self, types: &[Type<'c>]) {
        for (i, t) in types.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            self.ty(*t);
        }
    }
    /// An attribute.
    pub fn attr(&mut self, a: Attribute<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintAttr(self.raw, a.to_raw()) }
    }
    /// An attribute without its type.
    pub fn attr_without_type(&mut self, a: Attribute<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintAttrWithoutType(self.raw, a.to_raw()) }
    }
    /// `@name`
    pub fn symbol(&mut self, name: &str) {
        // SAFETY: see text.
        unsafe { npirPrintSymbolName(self.raw, string_ref(name)) }
    }
    /// The attribute dictionary without `elided`; nothing when it is empty.
    pub fn attr_dict(&mut self, op: Op<'c>, elided: &[&str]) {
        self.attr_dict_kind(op, elided, false);
    }
    /// As [`Printer::attr_dict`], after the word `attributes`.
    pub fn attr_dict_with_keyword(&mut self, op: Op<'c>, elided: &[&str]) {
        self.attr_dict_kind(op, elided, true);
    }
    pub(super) fn attr_dict_kind(&mut self, op: Op<'c>, elided: &[&str], keyword: bool) {
        let names: Vec<_> = elided.iter().map(|s| string_ref(s)).collect();
        // SAFETY: see text; the names outlive the call.
        unsafe {
            npirPrintAttrDict(
                self.raw,
                op.raw(),
                names.len() as isize,
                names.as_ptr(),
                keyword,
            )
        }
    }
    /// A region; its entry block's arguments are part of it.
    pub fn region(&mut self, r: Reg<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintRegion(self.raw, r.raw(), true, true) }
    }
    /// `(%a: type, ...) { ... }`
    pub fn region_with_args(&mut self, r: Reg<'c>) {
        // SAFETY: see text.
        unsafe { npirPrintRegionWithArgs(self.raw, r.raw()) }
    }
}
