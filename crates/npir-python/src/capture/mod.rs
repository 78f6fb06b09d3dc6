//! Capture: a function is run on values that are not known, and what it does to arrays becomes a program.
//!
//! Objects of Python are what they are in this call, under guards; numbers and arrays are values of the program. A view
//! is a buffer and the steps that lead to it: reads take the steps, writes make a new value of the whole buffer, so that
//! what overlaps behaves as in NumPy.
//!
//! Invariants: nothing here has an effect on the caller's objects; whatever is not understood ends the capture with the
//! place and the reason, never with a guess.

mod algebra;
mod calls;
mod control;
mod conversions;
mod elements;
mod expressions;
mod flow;
mod functions;
mod guards;
mod histograms;
mod indexing;
mod items;
mod joining;
mod joins;
mod loops;
mod making;
mod math;
mod memory;
mod methods;
mod numbers;
mod objects;
mod outcomes;
mod parameters;
mod places;
mod polynomials;
mod python_numbers;
mod raising;
mod reductions;
mod replacing;
mod shaping;
mod sorting;
mod statements;
mod statistics;
mod table;
mod tricks;
mod ufuncs;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use npir::builder::{Func, Tensor};
use npir::mlir::prelude::*;
use npir::prelude::*;
use npir_dispatch::spec::{FUNCTION, General, GlobalGuard, Guard, Hidden, Order, Outcome, Spec};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::source::{Source, Sources};
use crate::tree::{self, Span};
use crate::value::{
    Absent, Array, Buffer, Dict, Instance, Layout, List, Module, Optional, Origin, Scope, Value,
    dtype_of,
};

use flow::Flow;
use guards::{Constants, Parameters, guard, lasts};
use objects::Outside;
use outcomes::Used;
pub(crate) use parameters::Row;
pub(crate) use table::all as functions;

/// Why a capture ends early.
pub(crate) enum Stop {
    /// There is nothing in compiled code for it.
    Unsupported(Box<Unsupported>),
    /// The value of an argument has to be known: this one.
    Specialize(usize),
    /// Another argument is written to than was thought.
    Written(usize),
    /// It has to be known whether the elements of this argument lie row by row.
    Layout(usize),
    /// A variable outside of the function has to be passed to compiled code.
    Outside(Outside),
    /// Python raised, which a call would do, too.
    Python(PyErr),
}

/// What there is nothing for in compiled code.
pub(crate) struct Unsupported {
    reason: String,
    at: Span,
    /// The file, if it is not the function's own.
    file: Option<Rc<str>>,
    /// The call in the function itself that led there.
    call: Option<Span>,
    /// The statement of the function that is to blame, if it is not the one that was run.
    statement: Option<Span>,
}

impl Stop {
    /// There is nothing for what is written at `at`.
    pub(crate) fn unsupported(at: Span, reason: impl Into<String>) -> Stop {
        Stop::Unsupported(Box::new(Unsupported {
            reason: reason.into(),
            at,
            file: None,
            call: None,
            statement: None,
        }))
    }
}

/// Why a function is not compiled.
pub(crate) struct Refusal {
    /// With the place.
    pub(crate) reason: String,
    /// The statement of the function that cannot be compiled, and the expression in it, if it is one.
    pub(crate) part: Option<[Span; 2]>,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Refusal {
        Refusal { reason, part: None }
    }
}

impl From<PyErr> for Stop {
    fn from(error: PyErr) -> Stop {
        Stop::Python(error)
    }
}

pub(crate) type Captured<T> = Result<T, Stop>;

/// A program, and what it needs.
pub(crate) struct Program<T> {
    /// What was made of the module.
    pub(crate) made: T,
    pub(crate) spec: Spec,
    pub(crate) constants: Vec<Py<PyAny>>,
    /// Whether there are arrays or loops in it, and no argument that is another object in each call.
    pub(crate) worthwhile: bool,
}

/// Captures `function` for such arguments, and makes something of the module; `Err` is a reason why not.
///
/// What `general` names may be something else in later calls.
pub(crate) fn capture<T>(
    compiler: &Compiler,
    function: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyTuple>,
    general: General,
    make: &Make<'_, T>,
) -> PyResult<Result<Program<T>, Refusal>> {
    let mut choices = Choices {
        general,
        ..Choices::default()
    };
    let source = match choices.sources.of(function)? {
        Ok(source) => source,
        Err(reason) => return Ok(Err(reason.into())),
    };
    // Each round settles one argument.
    loop {
        let context = compiler.context();
        let attempt = attempt(&context, function, &source, arguments, &choices, make)?;
        match attempt {
            Ok(program) => return Ok(Ok(program)),
            Err(Failed::Stop(Stop::Specialize(leaf))) if choices.known.insert(leaf) => {}
            Err(Failed::Stop(Stop::Written(leaf))) if choices.written.insert(leaf) => {}
            Err(Failed::Stop(Stop::Layout(leaf))) if choices.layouts.insert(leaf) => {}
            Err(Failed::Stop(Stop::Outside(variable))) => choices.outside.push(variable),
            Err(Failed::Unsupported(unsupported, statement)) => {
                let Unsupported { reason, at, .. } = *unsupported;
                let file = unsupported.file.as_deref().unwrap_or(&source.file);
                let statement = unsupported.statement.unwrap_or(statement);
                return Ok(Err(Refusal {
                    reason: format!("{file}:{}: {reason}", at.line),
                    part: Some([statement, unsupported.call.unwrap_or(at)]),
                }));
            }
            // An interruption is for the caller.
            Err(Failed::Stop(Stop::Python(error)))
                if !error.is_instance_of::<PyException>(function.py()) =>
            {
                return Err(error);
            }
            Err(Failed::Stop(Stop::Python(error))) => {
                return Ok(Err(format!("{}: {error}", source.file).into()));
            }
            Err(Failed::Stop(_)) => {
                let reason = format!("{}: the capture does not settle", source.file);
                return Ok(Err(reason.into()));
            }
            Err(Failed::Compile(error)) => return Ok(Err(error.to_string().into())),
        }
    }
}

/// What earlier attempts have found out.
#[derive(Default)]
struct Choices {
    general: General,
    /// Functions that were looked at.
    sources: Sources,
    /// Numbers whose value has to be known.
    known: BTreeSet<usize>,
    /// Arrays that are written to.
    written: BTreeSet<usize>,
    /// Arrays of which it matters whether their elements lie row by row without gaps.
    layouts: BTreeSet<usize>,
    /// Variables outside of the function that are passed to compiled code.
    outside: Vec<Outside>,
}

enum Failed {
    /// At this statement of the function.
    Unsupported(Box<Unsupported>, Span),
    /// For another reason.
    Stop(Stop),
    Compile(CompileError),
}

/// What is made of a module.
pub(crate) type Make<'m, T> = dyn Fn(&npir::mlir::melior::Context, npir::mlir::melior::ir::Module<'_>) -> Result<T, CompileError>
    + 'm;

fn attempt<T>(
    context: &npir::mlir::melior::Context,
    function: &Bound<'_, PyAny>,
    source: &Source,
    arguments: &Bound<'_, PyTuple>,
    choices: &Choices,
    make: &Make<'_, T>,
) -> PyResult<Result<Program<T>, Failed>> {
    let py = function.py();
    let mut constants = Constants::default();
    let mut parameters = Parameters::default();
    let mut guards = Vec::new();
    let names: Vec<&str> = source
        .function
        .parameters
        .iter()
        .map(|p| p.name.as_str())
        .collect();
    for (i, object) in arguments.iter().enumerate() {
        let name = names.get(i).copied().unwrap_or("arguments");
        guards.push(guard(
            &object,
            name,
            choices,
            &mut constants,
            &mut parameters,
        )?);
    }
    let mut hidden = Vec::new();
    for variable in &choices.outside {
        let Some(object) = variable.value(py)? else {
            let reason = "a variable outside of the function has lost its value";
            return Ok(Err(Failed::Stop(Stop::unsupported(
                Span::default(),
                reason,
            ))));
        };
        let name = variable.name.as_deref().unwrap_or("cell");
        hidden.push(Hidden {
            namespace: constants.add(variable.namespace.bind(py)),
            name: variable.name.clone(),
            guard: guard(&object, name, choices, &mut constants, &mut parameters)?,
        });
    }
    let list: Vec<_> = parameters
        .list
        .iter()
        .map(|(n, d, s)| (n.as_str(), *d, s.as_slice()))
        .collect();
    let updates: Vec<_> = choices
        .written
        .iter()
        .enumerate()
        .map(|(i, &leaf)| (leaf, i))
        .collect();
    let hidden_guards: Vec<Guard> = hidden.iter().map(|h| h.guard.clone()).collect();
    let program = ProgramBuilder::new(context);
    let line = function
        .getattr("__code__")?
        .getattr("co_firstlineno")?
        .extract()?;
    program.at(&source.file, line, 1);
    let stop = Cell::new(None);
    let outcome = RefCell::new(None);
    let (loops, arrays) = (Cell::new(false), Cell::new(false));
    let globals = RefCell::new(Vec::new());
    let kept = RefCell::new(constants);
    let built = program.function_with_updates(FUNCTION, &list, &updates, |f, args| {
        let mut capture = Capture {
            py,
            f: f.nested_here(),
            buffers: Vec::new(),
            constants: kept.borrow().clone_ref(py),
            globals: BTreeMap::new(),
            scopes: Vec::new(),
            module: Module {
                globals: Rc::new(py.None()),
                file: source.file.as_str().into(),
            },
            span: Span::default(),
            statement: Span::default(),
            depth: 0,
            conditional: 0,
            callers: Vec::new(),
            outside: std::collections::HashMap::new(),
            statements: 0,
            loops: false,
            choices,
        };
        let result = capture.whole(function, source, [&guards, &hidden_guards], args, &updates);
        match result {
            Ok((result, tensors)) => {
                *outcome.borrow_mut() = Some(result);
                *globals.borrow_mut() = capture.globals.into_values().collect();
                *kept.borrow_mut() = capture.constants;
                loops.set(capture.loops);
                arrays.set(!capture.buffers.is_empty());
                Ok(tensors)
            }
            Err(reason) => {
                stop.set(Some(match reason {
                    Stop::Unsupported(what) => Failed::Unsupported(what, capture.statement),
                    other => Failed::Stop(other),
                }));
                Err(CompileError::Other("the capture has ended".into()))
            }
        }
    });
    if let Some(reason) = stop.take() {
        return Ok(Err(reason));
    }
    let made = built
        .and_then(|()| program.finish())
        .and_then(|module| make(context, module));
    let made = match made {
        Ok(made) => made,
        Err(error) => return Ok(Err(Failed::Compile(error))),
    };
    let kept = kept.into_inner();
    let lasting = guards.iter().all(|guard| match guard {
        Guard::Constant(at) => lasts(kept.list[*at].bind(py)),
        _ => true,
    });
    let spec = Spec {
        general: choices.general,
        parameters: guards,
        globals: globals.into_inner(),
        hidden,
        loops: loops.get(),
        result: outcome.into_inner().unwrap_or(Outcome::None),
    };
    Ok(Ok(Program {
        made,
        worthwhile: (spec.loops || arrays.get()) && lasting,
        spec,
        constants: kept.list,
    }))
}

/// The state of a capture.
pub(crate) struct Capture<'a, 'c, 'py> {
    py: Python<'py>,
    f: Func<'c>,
    buffers: Vec<Buffer<'c>>,
    constants: Constants,
    /// By namespace and name.
    globals: BTreeMap<(usize, String), GlobalGuard>,
    /// Variables of the function that runs and of those around it, the innermost first.
    scopes: Vec<Scope<'c>>,
    module: Module,
    /// The statement or expression that is looked at.
    span: Span,
    /// The statement of the function itself, not of those that it calls.
    statement: Span,
    /// Variables of the functions that have called this one.
    callers: Vec<Scope<'c>>,
    /// Variables outside of the function that are passed to compiled code.
    outside: std::collections::HashMap<(usize, Option<String>), Value<'c>>,
    /// Whether there is a loop of compiled code.
    loops: bool,
    /// Statements so far.
    statements: usize,
    /// Blocks around that may not run, or run several times, depending on the call.
    conditional: usize,
    /// Calls of the user's functions that are being followed.
    depth: usize,
    choices: &'a Choices,
}

impl<'c, 'py> Capture<'_, 'c, 'py> {
    fn unsupported<T>(&self, reason: impl Into<String>) -> Captured<T> {
        Err(Stop::unsupported(self.span, reason))
    }

    /// A variable that cannot be used, because of a statement before.
    fn unusable<T>(&self, why: &str, made: Span) -> Captured<T> {
        Err(Stop::Unsupported(Box::new(Unsupported {
            reason: why.into(),
            at: self.span,
            file: None,
            call: None,
            // What comes from outside is no statement's fault but that which uses it.
            statement: (made != Span::default()).then_some(made),
        })))
    }

    /// What the builder made, or its error as a reason.
    fn built<T>(&self, result: Result<T, CompileError>) -> Captured<T> {
        result.map_err(|error| Stop::unsupported(self.span, error.to_string()))
    }

    fn object(&self, object: &Bound<'py, PyAny>) -> Value<'c> {
        Value::Object(Rc::new(object.clone().unbind()))
    }

    fn whole(
        &mut self,
        function: &Bound<'py, PyAny>,
        source: &Source,
        [guards, hidden]: [&[Guard]; 2],
        args: &[Tensor<'c>],
        updates: &[(usize, usize)],
    ) -> Captured<(Outcome, Vec<Tensor<'c>>)> {
        self.module.globals = Rc::new(function.getattr("__globals__")?.unbind());
        let this = self.constants.add(function);
        self.guard_attribute(this, "__code__", &function.getattr("__code__")?);
        let mut leaves = args.iter().copied().enumerate();
        let mut scope = std::collections::HashMap::new();
        for (parameter, guard) in source.function.parameters.iter().zip(guards) {
            let value = self.argument(guard, &mut leaves)?;
            scope.insert(parameter.name.clone(), value);
        }
        for (variable, guard) in self.choices.outside.iter().zip(hidden) {
            let value = self.argument(guard, &mut leaves)?;
            self.outside.insert(variable.key(), value);
        }
        let around = self.closure_of(function)?;
        self.scopes = [Rc::new(RefCell::new(scope))]
            .into_iter()
            .chain(around)
            .collect();
        let result = self.body(&source.function.body)?;
        let mut tensors = Vec::new();
        for (leaf, _) in updates {
            let buffer = self.buffers.iter().find(|b| b.argument == Some(*leaf));
            match buffer {
                Some(buffer) => tensors.push(buffer.contents),
                None => return self.unsupported("an argument that is written to is no array"),
            }
        }
        let mut used = Used::of(&result);
        // Results that are written to arguments are not returned.
        let outcome = self.outcome(&result, &mut tensors, updates.len(), &mut used)?;
        Ok((outcome, tensors))
    }

    /// The variables that a function has from around it.
    fn closure_of(&mut self, function: &Bound<'py, PyAny>) -> Captured<Vec<Scope<'c>>> {
        let cells = function.getattr("__closure__")?;
        if cells.is_none() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = function
            .getattr("__code__")?
            .getattr("co_freevars")?
            .extract()?;
        let mut scope = std::collections::HashMap::new();
        for (name, cell) in names.into_iter().zip(cells.try_iter()?) {
            let cell = cell?;
            // An empty cell is a variable without a value.
            let Ok(object) = cell.getattr("cell_contents") else {
                continue;
            };
            let value = self.outside_value(&cell, None, &object)?;
            scope.insert(name, value);
        }
        Ok(vec![Rc::new(RefCell::new(scope))])
    }

    fn guard_global(&mut self, namespace: usize, name: Option<&str>, object: &Bound<'py, PyAny>) {
        let value = self.constants.add(object);
        let key = (namespace, name.unwrap_or_default().to_owned());
        let guard = GlobalGuard {
            namespace,
            name: name.map(str::to_owned),
            value,
            equal: true,
        };
        self.globals.entry(key).or_insert(guard);
    }

    fn guard_attribute(&mut self, object: usize, name: &str, value: &Bound<'py, PyAny>) {
        let value = self.constants.add(value);
        let guard = GlobalGuard {
            namespace: object,
            name: Some(name.to_owned()),
            value,
            equal: true,
        };
        self.globals
            .entry((object, name.to_owned()))
            .or_insert(guard);
    }

    /// An object from outside of the function: tuples are taken apart, and what may change between calls cannot be used.
    pub(crate) fn known(&self, object: &Bound<'py, PyAny>) -> Value<'c> {
        if let Ok(tuple) = object.cast_exact::<PyTuple>() {
            return Value::Tuple(Rc::new(
                tuple.iter().map(|item| self.known(&item)).collect(),
            ));
        }
        match lasts(object) {
            true => self.object(object),
            false => {
                let class = object
                    .get_type()
                    .name()
                    .map_or_else(|_| "unknown class".into(), |name| name.to_string());
                let elements = object.getattr("dtype").and_then(|dtype| dtype.str());
                let why = match elements {
                    Ok(elements)
                        if class == "ndarray" && npir_dispatch::array_of(object).is_none() =>
                    {
                        format!("an array with elements of type {elements}")
                    }
                    _ => format!("an object of class {class} from outside of the function"),
                };
                Value::Unusable(why.into(), self.statement)
            }
        }
    }

    /// The result of a function of Python that has run now: lists are new ones.
    pub(crate) fn made(&self, object: &Bound<'py, PyAny>) -> Value<'c> {
        match object.cast_exact::<PyList>() {
            Ok(list) => self.list(list.iter().map(|item| self.made(&item)).collect()),
            Err(_) => self.known(object),
        }
    }

    /// A list that the function makes here.
    pub(crate) fn list(&self, items: Vec<Value<'c>>) -> Value<'c> {
        Value::List(Rc::new(List {
            items: RefCell::new(items),
            level: Some(self.conditional),
        }))
    }

    /// Whether a list may be changed here: it is the function's own, and every way here does the same to it, once.
    pub(crate) fn may_change(&self, level: Option<usize>) -> Captured<()> {
        match level {
            None => self.unsupported("a list or a dictionary of the caller that is changed"),
            Some(level) if level != self.conditional => self.unsupported(
                "a list or a dictionary that is changed in a loop or on one of several ways",
            ),
            Some(_) => Ok(()),
        }
    }

    fn argument(
        &mut self,
        guard: &Guard,
        leaves: &mut impl Iterator<Item = (usize, Tensor<'c>)>,
    ) -> Captured<Value<'c>> {
        let mut next = || {
            leaves
                .next()
                .ok_or_else(|| Stop::unsupported(Span::default(), "an argument is missing"))
        };
        Ok(match guard {
            Guard::Array { order, .. } => {
                let (leaf, parameter) = next()?;
                let (contents, layout) = match order {
                    Order::Rows => (parameter, Layout::Rows),
                    Order::Columns => {
                        let turned = self.f.transpose(parameter, None);
                        (self.built(turned)?, Layout::Columns)
                    }
                    Order::Any | Order::NotColumns => (parameter, Layout::Unknown),
                };
                self.buffers.push(Buffer {
                    argument: Some(leaf),
                    layout,
                    ..Buffer::new(contents)
                });
                self.whole_buffer(self.buffers.len() - 1)
            }
            Guard::Scalar { .. } => Value::Scalar(next()?.1),
            Guard::Number(kind) => {
                let (leaf, tensor) = next()?;
                Value::Number(
                    *kind,
                    tensor,
                    Origin {
                        leaf: Some(leaf),
                        bounds: None,
                    },
                )
            }
            Guard::Known(at) => {
                next()?;
                self.constant(*at)
            }
            Guard::Constant(at) => self.constant(*at),
            Guard::Dict(items) => {
                let mut values = Vec::new();
                for (key, item) in items {
                    let key = self.constants.list[*key].clone_ref(self.py);
                    values.push((Rc::new(key), self.argument(item, leaves)?));
                }
                Value::Dict(Rc::new(Dict {
                    items: RefCell::new(values),
                    level: None,
                }))
            }
            Guard::Object { class, fields } => {
                let class = self.constants.list[*class].clone_ref(self.py);
                let mut values = Vec::new();
                for (name, field) in fields {
                    values.push((name.clone(), self.argument(field, leaves)?));
                }
                Value::Instance(Rc::new(Instance {
                    class: Rc::new(class),
                    fields: values,
                    made: false,
                }))
            }
            Guard::Tuple(items) | Guard::List(items) => {
                let mut values = Vec::new();
                for item in items {
                    values.push(self.argument(item, leaves)?);
                }
                match guard {
                    Guard::List(_) => Value::List(Rc::new(List {
                        items: RefCell::new(values),
                        level: None,
                    })),
                    _ => Value::Tuple(Rc::new(values)),
                }
            }
        })
    }

    fn constant(&self, at: usize) -> Value<'c> {
        let object = self.constants.list[at].bind(self.py).clone();
        self.known(&object)
    }

    fn whole_buffer(&self, buffer: usize) -> Value<'c> {
        let ty = self.buffers[buffer].contents.value().ty();
        Value::Array(Array {
            buffer,
            steps: Rc::default(),
            ty,
        })
    }

    /// A new array with these contents.
    pub(crate) fn new_array(&mut self, contents: Tensor<'c>) -> Value<'c> {
        self.buffers.push(Buffer::new(contents));
        self.whole_buffer(self.buffers.len() - 1)
    }

    /// What NumPy returns: arrays of rank 0 become numbers.
    pub(crate) fn result(&mut self, contents: Tensor<'c>) -> Value<'c> {
        match contents.rank() {
            0 => Value::Scalar(contents),
            _ => self.new_array(contents),
        }
    }

    /// Runs a function's body in the scopes that are set.
    fn body(&mut self, body: &tree::Body) -> Captured<Value<'c>> {
        match body {
            tree::Body::Expr(expr) => self.expr(expr),
            tree::Body::Block(block) => {
                let flow = self.block(block)?;
                let returned = self
                    .scopes
                    .first()
                    .and_then(|scope| scope.borrow_mut().remove(flow::RETURNED));
                match (flow, returned) {
                    (Flow::Return | Flow::Mixed(..), Some(Value::Unusable(..))) => {
                        self.unsupported("what is returned is not of one type on all ways")
                    }
                    (Flow::Return, Some(value)) => Ok(value),
                    (Flow::Mixed(code, _), Some(value)) => {
                        let rw = self.f.rewriter();
                        let there = rw.cmpi(CmpI::Eq, code, rw.const_index(flow::RETURN));
                        Ok(Value::Optional(Rc::new(Optional {
                            there: self.scalar_tensor(there)?,
                            value,
                            absent: Absent::None,
                        })))
                    }
                    _ => Ok(self.none()),
                }
            }
        }
    }

    pub(crate) fn dtype(&self, tensor: Tensor<'c>) -> Captured<DType> {
        match dtype_of(tensor.value().ty()) {
            Some(dtype) => Ok(dtype),
            None => self.unsupported("an element type that NumPy does not have"),
        }
    }
}
