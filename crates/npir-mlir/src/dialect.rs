//! Dialects and the registry of dialects.

use crate::callbacks;
use crate::guard::{catch, guard};
use crate::ir::{Op, OpExt, op_from_raw};
use crate::op_def::OpDef;
use crate::pass::PassDef;
use crate::raw::{location, string_ref, text};
use crate::rewriter::Rewriter;
use crate::types::attributes;
use melior::Context;
use melior::dialect::DialectRegistry;
use melior::ir::{Attribute, Location, Type};
use mlir_sys::*;
use npir_mlir_sys::*;
use std::collections::HashMap;
use std::ffi::c_uint;
use std::sync::{Arc, Mutex, OnceLock};

type VerifyParams = dyn for<'c> Fn(&[Attribute<'c>]) -> Result<(), String> + Send + Sync;
type Materialize =
    dyn for<'c> Fn(Rewriter<'c>, Attribute<'c>, Type<'c>) -> Option<Op<'c>> + Send + Sync;
type VerifyOpAttr = dyn for<'c> Fn(Op<'c>, &str, Attribute<'c>) -> Result<(), String> + Send + Sync;
type VerifyArgAttr =
    dyn for<'c> Fn(Op<'c>, usize, &str, Attribute<'c>) -> Result<(), String> + Send + Sync;

/// A parametrised type or attribute of a dialect: `!dialect.name<a, key = b>`.
pub struct ParamDef {
    /// Mnemonic, without the dialect.
    pub name: String,
    /// Documentation.
    pub doc: String,
    /// Names of the parameters; an empty name is positional. `None`: any number, positional.
    pub params: Option<Vec<String>>,
    verify: Box<VerifyParams>,
}

impl ParamDef {
    /// With these parameters; `verify` sees exactly as many attributes.
    pub fn new(
        name: &str,
        params: &[&str],
        verify: impl for<'c> Fn(&[Attribute<'c>]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        ParamDef {
            name: name.into(),
            doc: String::new(),
            params: Some(params.iter().map(|p| (*p).to_string()).collect()),
            verify: Box::new(verify),
        }
    }
    /// With any number of positional parameters.
    pub fn variadic(
        name: &str,
        verify: impl for<'c> Fn(&[Attribute<'c>]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        ParamDef {
            name: name.into(),
            doc: String::new(),
            params: None,
            verify: Box::new(verify),
        }
    }
    /// Documentation.
    pub fn doc(mut self, text: &str) -> Self {
        self.doc = text.into();
        self
    }
}

/// A dialect: a name, what it depends on, ops, types, attributes, hooks.
pub struct Dialect {
    name: String,
    doc: String,
    depends_on: Vec<String>,
    ops: Vec<OpDef>,
    types: Vec<ParamDef>,
    attrs: Vec<ParamDef>,
    materialize: Option<Box<Materialize>>,
    verify_op_attr: Option<Box<VerifyOpAttr>>,
    verify_arg_attr: Option<Box<VerifyArgAttr>>,
}

impl Dialect {
    /// An empty dialect.
    pub fn new(name: &str) -> Self {
        Dialect {
            name: name.into(),
            doc: String::new(),
            depends_on: Vec::new(),
            ops: Vec::new(),
            types: Vec::new(),
            attrs: Vec::new(),
            materialize: None,
            verify_op_attr: None,
            verify_arg_attr: None,
        }
    }
    /// Documentation (Markdown).
    pub fn doc(mut self, text: &str) -> Self {
        self.doc = text.into();
        self
    }
    /// Dialects that are loaded together with this one.
    pub fn depends_on(mut self, names: &[&str]) -> Self {
        self.depends_on
            .extend(names.iter().map(|n| (*n).to_string()));
        self
    }
    /// Adds ops.
    pub fn ops(mut self, ops: impl IntoIterator<Item = OpDef>) -> Self {
        self.ops.extend(ops);
        self
    }
    /// Adds types.
    pub fn types(mut self, types: impl IntoIterator<Item = ParamDef>) -> Self {
        self.types.extend(types);
        self
    }
    /// Adds attributes.
    pub fn attrs(mut self, attrs: impl IntoIterator<Item = ParamDef>) -> Self {
        self.attrs.extend(attrs);
        self
    }
    /// How folded constants become ops again.
    pub fn materialize_constant(
        mut self,
        f: impl for<'c> Fn(Rewriter<'c>, Attribute<'c>, Type<'c>) -> Option<Op<'c>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.materialize = Some(Box::new(f));
        self
    }
    /// Checks discardable attributes `name.…` on any op: (op, attribute name, value).
    pub fn verify_op_attr(
        mut self,
        f: impl for<'c> Fn(Op<'c>, &str, Attribute<'c>) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.verify_op_attr = Some(Box::new(f));
        self
    }
    /// Checks attributes `name.…` on arguments of a function: (function, argument, attribute name, value).
    pub fn verify_arg_attr(
        mut self,
        f: impl for<'c> Fn(Op<'c>, usize, &str, Attribute<'c>) -> Result<(), String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.verify_arg_attr = Some(Box::new(f));
        self
    }
    /// The dialect's name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Documentation.
    pub fn documentation(&self) -> &str {
        &self.doc
    }
    /// All op definitions, for reference pages.
    pub fn op_defs(&self) -> &[OpDef] {
        &self.ops
    }
    /// All types.
    pub fn type_defs(&self) -> &[ParamDef] {
        &self.types
    }
    /// All attributes.
    pub fn attr_defs(&self) -> &[ParamDef] {
        &self.attrs
    }
}

/// A dialect after registration: it and the C structures that point into it.
struct Leaked {
    dialect: Dialect,
    ops: Vec<NpirOpSpec>,
    types: Vec<NpirParamSpec>,
    attrs: Vec<NpirParamSpec>,
}
// SAFETY: everything in it is immutable after construction, and every closure is Send + Sync.
unsafe impl Send for Leaked {}
// SAFETY: as above.
unsafe impl Sync for Leaked {}

fn leak_strings(names: &[String]) -> &'static [MlirStringRef] {
    let refs: Vec<MlirStringRef> = names
        .iter()
        .map(|n| {
            let s: &'static str = Box::leak(n.clone().into_boxed_str());
            string_ref(s)
        })
        .collect();
    Box::leak(refs.into_boxed_slice())
}

fn leak(dialect: Dialect) -> &'static Leaked {
    for op in &dialect.ops {
        if let Err(why) = op.check(&dialect.name) {
            panic!("the definition of {}: {why}", op.name);
        }
    }
    let leaked: &'static mut Leaked = Box::leak(Box::new(Leaked {
        dialect,
        ops: Vec::new(),
        types: Vec::new(),
        attrs: Vec::new(),
    }));
    // From here the dialect does not move any more.
    let user = |d: *const OpDef| d.cast_mut().cast();
    let ops = leaked
        .dialect
        .ops
        .iter()
        .map(|op| {
            let names = leak_strings(&op.attribute_names());
            NpirOpSpec {
                name: string_ref(&op.name),
                traits: op.trait_bits(),
                interfaces: op.interface_bits(),
                num_attr_names: names.len() as isize,
                attr_names: names.as_ptr(),
                user: user(op),
            }
        })
        .collect();
    let params = |defs: &[ParamDef]| {
        defs.iter()
            .map(|p| {
                let names = leak_strings(p.params.as_deref().unwrap_or_default());
                NpirParamSpec {
                    name: string_ref(&p.name),
                    num_params: p.params.as_ref().map_or(-1, |n| n.len() as isize),
                    param_names: names.as_ptr(),
                    user: std::ptr::from_ref(p).cast_mut().cast(),
                }
            })
            .collect::<Vec<_>>()
    };
    let (types, attrs) = (params(&leaked.dialect.types), params(&leaked.dialect.attrs));
    leaked.ops = ops;
    leaked.types = types;
    leaked.attrs = attrs;
    leaked
}

/// Registered dialects by name: a dialect is built and leaked once per process.
fn leaked_dialects() -> &'static Mutex<HashMap<String, &'static Leaked>> {
    static MAP: OnceLock<Mutex<HashMap<String, &'static Leaked>>> = OnceLock::new();
    MAP.get_or_init(Mutex::default)
}

fn dialect(user: Ptr) -> &'static Leaked {
    // SAFETY: the user pointer of every dialect is a leaked Leaked.
    unsafe { &*user.cast::<Leaked>() }
}

static CALLBACKS: NpirDialectCallbacks = NpirDialectCallbacks {
    populate,
    materialize_constant,
    verify_params,
    verify_operation_attr,
    verify_region_arg_attr,
};

extern "C" fn populate(user: Ptr, handle: Ptr, ctx: MlirContext) {
    let d = dialect(user);
    // SAFETY: called while the dialect is constructed; the specs live forever.
    unsafe {
        for name in &d.dialect.depends_on {
            npirLoadDialect(ctx, string_ref(name));
        }
        if d.dialect.ops.iter().any(|op| op.tile.is_some()) {
            // Static offsets and sizes of tiles become constants.
            npirLoadDialect(ctx, string_ref("arith"));
        }
        for spec in &d.ops {
            npirDialectAddOp(handle, spec);
        }
        for spec in &d.types {
            npirDialectAddType(handle, spec);
        }
        for spec in &d.attrs {
            npirDialectAddAttr(handle, spec);
        }
    }
}
extern "C" fn materialize_constant(
    user: Ptr,
    rw: MlirRewriterBase,
    attr: MlirAttribute,
    ty: MlirType,
    loc: MlirLocation,
) -> MlirOperation {
    let null = MlirOperation {
        ptr: std::ptr::null_mut(),
    };
    let d = dialect(user);
    let Some(f) = &d.dialect.materialize else {
        return null;
    };
    // SAFETY: all handles are alive during the callback.
    let (loc, rw, attr, ty): (Location<'static>, _, Attribute<'static>, Type<'static>) = unsafe {
        let loc = location(loc);
        (
            loc,
            Rewriter::from_raw(rw, loc),
            Attribute::from_raw(attr),
            Type::from_raw(ty),
        )
    };
    guard(
        loc,
        format_args!("the constant materializer of {}", d.dialect.name),
        || f(rw, attr, ty),
    )
    .flatten()
    .map_or(null, |op| op.raw())
}
extern "C" fn verify_params(
    user: Ptr,
    _ctx: MlirContext,
    n: isize,
    params: *const MlirAttribute,
    error: MlirStringCallback,
    data: Ptr,
) -> bool {
    // SAFETY: the user pointer of a type or attribute is its ParamDef inside a Leaked.
    let d = unsafe { &*user.cast::<ParamDef>() };
    // SAFETY: MLIR passes n live attributes.
    let params: Vec<Attribute<'static>> = unsafe { attributes(params, n) };
    // The message goes where the type or attribute is written.
    let verified = catch("its verifier", || (d.verify)(&params)).and_then(|result| result);
    let Err(message) = verified else { return true };
    if let Some(error) = error {
        // SAFETY: the callback copies the text.
        unsafe { error(string_ref(&message), data) }
    }
    false
}
extern "C" fn verify_operation_attr(
    user: Ptr,
    op: MlirOperation,
    name: MlirStringRef,
    attr: MlirAttribute,
) -> bool {
    let d = dialect(user);
    let Some(f) = &d.dialect.verify_op_attr else {
        return true;
    };
    // SAFETY: all handles are alive during the callback.
    let (op, name, attr): (Op<'static>, _, Attribute<'static>) =
        unsafe { (op_from_raw(op), text(name), Attribute::from_raw(attr)) };
    match guard(
        op.loc(),
        format_args!("the verifier of attribute '{name}'"),
        || f(op, name, attr),
    ) {
        Some(Ok(())) => true,
        Some(Err(message)) => {
            op.emit_error(&message);
            false
        }
        None => false,
    }
}
extern "C" fn verify_region_arg_attr(
    user: Ptr,
    op: MlirOperation,
    _region: c_uint,
    arg: c_uint,
    name: MlirStringRef,
    attr: MlirAttribute,
) -> bool {
    let d = dialect(user);
    let Some(f) = &d.dialect.verify_arg_attr else {
        return true;
    };
    // SAFETY: all handles are alive during the callback.
    let (op, name, attr): (Op<'static>, _, Attribute<'static>) =
        unsafe { (op_from_raw(op), text(name), Attribute::from_raw(attr)) };
    match guard(
        op.loc(),
        format_args!("the verifier of attribute '{name}'"),
        || f(op, arg as usize, name, attr),
    ) {
        Some(Ok(())) => true,
        Some(Err(message)) => {
            op.emit_error(&message);
            false
        }
        None => false,
    }
}

/// The dialects, passes and pipelines of a tool or compiler. Registration is explicit.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
    names: Vec<String>,
    passes: Vec<PassDef>,
    extensions: Vec<String>,
}
/// MLIR's registry, which several clones of a [`Registry`] may hold.
struct Inner(DialectRegistry);
// SAFETY: it is changed only while one `Registry` holds it.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

// MLIR's registry is only changed while one Registry owns it.
#[allow(clippy::arc_with_non_send_sync)]
impl Registry {
    /// No dialects.
    pub fn new() -> Self {
        callbacks::install();
        Registry {
            inner: Arc::new(Inner(DialectRegistry::new())),
            names: Vec::new(),
            passes: Vec::new(),
            extensions: Vec::new(),
        }
    }
    /// Makes sure that no clone shares MLIR's registry, which is about to change.
    fn own(&mut self) {
        if Arc::get_mut(&mut self.inner).is_none() {
            let copy = DialectRegistry::new();
            // SAFETY: both are alive; nobody else knows the copy.
            unsafe { npirRegistryAppend(self.inner.0.to_raw(), copy.to_raw()) };
            self.inner = Arc::new(Inner(copy));
        }
    }
    /// Adds the upstream dialects and extensions and registers the upstream passes: all of
    /// them with the feature `all-dialects`, else those that npir's own pipelines use.
    pub fn with_upstream(mut self) -> Self {
        self.own();
        static PASSES: std::sync::Once = std::sync::Once::new();
        #[cfg(feature = "all-dialects")]
        // SAFETY: registering is idempotent for dialects; passes are registered once.
        unsafe {
            mlirRegisterAllDialects(self.inner.0.to_raw());
            PASSES.call_once(|| mlirRegisterAllPasses());
        }
        #[cfg(not(feature = "all-dialects"))]
        // SAFETY: as above.
        unsafe {
            npirRegisterSelectedDialects(self.inner.0.to_raw());
            PASSES.call_once(|| npirRegisterSelectedPasses());
        }
        self
    }
    /// Adds a dialect. A second registration of the same name in one process reuses
    /// the first definition.
    ///
    /// # Panics
    /// When the definition of an op contradicts itself. A definition is code: this shows in
    /// the first test that loads the dialect.
    pub fn with(mut self, dialect: Dialect) -> Self {
        self.own();
        let name = dialect.name.clone();
        let leaked = {
            let mut map = leaked_dialects().lock().unwrap_or_else(|e| e.into_inner());
            *map.entry(name.clone()).or_insert_with(|| leak(dialect))
        };
        // SAFETY: name and callbacks live forever.
        unsafe {
            npirRegisterDialect(
                self.inner.0.to_raw(),
                string_ref(&leaked.dialect.name),
                std::ptr::from_ref(leaked).cast_mut().cast(),
                &CALLBACKS,
            );
        }
        self.names.push(name);
        self
    }
    /// Registers a pass, globally in the process as MLIR does; twice is harmless.
    pub fn with_pass(mut self, pass: PassDef) -> Self {
        pass.register();
        self.passes.push(pass);
        self
    }
    /// Registers several passes.
    pub fn with_passes(self, passes: impl IntoIterator<Item = PassDef>) -> Self {
        passes.into_iter().fold(self, Self::with_pass)
    }
    /// Registers a named pipeline: a comma-separated list of passes for a module.
    pub fn with_pipeline(self, name: &str, description: &str, passes: &str) -> Self {
        crate::pass::register_pipeline(name, description, passes);
        self
    }
    /// Notes the name of something that the process has and that passes of this registry are to know.
    pub fn with_extension(mut self, name: &str) -> Self {
        self.extensions.push(name.to_owned());
        self
    }
    /// The names of [`Registry::with_extension`], in their order.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
    /// The Rust dialects' names, in the order of registration.
    pub fn dialect_names(&self) -> &[String] {
        &self.names
    }
    /// The passes registered through this registry.
    pub fn passes(&self) -> &[PassDef] {
        &self.passes
    }
    /// melior's registry.
    pub fn inner(&self) -> &DialectRegistry {
        &self.inner.0
    }
    /// A new context with these dialects available (not loaded).
    pub fn context(&self) -> Context {
        self.context_with_threading(false)
    }
    /// A new context, whose passes may run on several functions at once.
    pub fn context_with_threading(&self, threading: bool) -> Context {
        Context::new_with_registry(&self.inner.0, threading)
    }
}

/// Visits the registered definition of a Rust dialect, for reference pages.
pub fn with_dialect<T>(name: &str, f: impl FnOnce(&Dialect) -> T) -> Option<T> {
    let leaked = *leaked_dialects()
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .get(name)?;
    Some(f(&leaked.dialect))
}
