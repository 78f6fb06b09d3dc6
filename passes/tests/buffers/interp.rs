//! An interpreter for one-dimensional programs on tensors or on counted buffers.
//!
//! Tensors are values; buffers are places in a heap with reference counts. The interpreter fails on every use of
//! freed memory and on every count that goes wrong, so that running a program before and after bufferization and
//! ownership shows whether both compute the same and free everything once.

use std::collections::HashMap;

use npir_mlir::prelude::*;

/// A run-time value.
#[derive(Clone, Debug)]
pub(crate) enum V {
    Int(i64),
    Float(f64),
    Tensor(Vec<f64>),
    Buffer(View),
}

/// A memref: a strided view of a heap block.
#[derive(Clone, Debug)]
pub(crate) struct View {
    block: usize,
    offset: i64,
    size: i64,
    stride: i64,
}

/// A block of memory.
#[derive(Clone, Debug)]
struct Block {
    data: Vec<f64>,
    /// `None`: borrowed.
    count: Option<i64>,
}

/// The heap, and the functions of the program.
#[derive(Default)]
pub(crate) struct Machine<'c> {
    heap: Vec<Block>,
    functions: HashMap<String, Op<'c>>,
    /// Whether calls of `loop.retain` and `loop.release` are expected, so that counts are checked.
    counted: bool,
    steps: usize,
}

type Env = HashMap<usize, V>;
pub(crate) type Run<T> = Result<T, String>;

impl<'c> Machine<'c> {
    /// For the functions of `module`.
    pub(crate) fn new(module: Op<'c>, counted: bool) -> Self {
        let functions = module.find_all("func.func").into_iter();
        let functions =
            functions.filter_map(|f| Some((f.attr("sym_name")?.as_str()?.to_owned(), f)));
        Machine {
            functions: functions.collect(),
            counted,
            ..Machine::default()
        }
    }

    /// Memory of the caller, borrowed; with the given stride (perhaps negative).
    pub(crate) fn borrowed(&mut self, values: &[f64], stride: i64) -> V {
        let n = values.len() as i64;
        let offset = if stride < 0 { (1 - n) * stride } else { 0 };
        let mut data = vec![f64::NAN; (n * stride.abs()) as usize];
        for (i, v) in values.iter().enumerate() {
            data[(offset + i as i64 * stride) as usize] = *v;
        }
        self.heap.push(Block { data, count: None });
        V::Buffer(View {
            block: self.heap.len() - 1,
            offset,
            size: n,
            stride,
        })
    }

    /// The elements of a tensor or buffer.
    pub(crate) fn elements(&self, value: &V) -> Run<Vec<f64>> {
        match value {
            V::Tensor(t) => Ok(t.clone()),
            V::Buffer(view) => (0..view.size).map(|i| self.read(view, i)).collect(),
            _ => Err(format!("{value:?} has no elements")),
        }
    }

    /// Drops one owner of a result.
    pub(crate) fn release(&mut self, value: &V) -> Run<()> {
        match value {
            V::Buffer(view) => self.count(view, -1),
            _ => Ok(()),
        }
    }

    /// Overwrites the elements of a buffer that somebody owns; false for borrowed memory and scalars.
    pub(crate) fn overwrite(&mut self, value: &V, with: f64) -> Run<bool> {
        let V::Buffer(view) = value else {
            return Ok(false);
        };
        if self.heap[view.block].count.is_none() {
            return Ok(false);
        }
        for i in 0..view.size {
            self.write(view, i, with)?;
        }
        Ok(true)
    }

    /// Blocks that are still owned by somebody.
    pub(crate) fn live(&self) -> usize {
        self.heap
            .iter()
            .filter(|b| b.count.is_some_and(|n| n > 0))
            .count()
    }

    fn block(&self, view: &View) -> Run<&Block> {
        let block = &self.heap[view.block];
        match block.count {
            Some(n) if n <= 0 && self.counted => {
                Err(format!("block {} is used after it was freed", view.block))
            }
            _ => Ok(block),
        }
    }

    fn read(&self, view: &View, i: i64) -> Run<f64> {
        if i < 0 || i >= view.size {
            return Err(format!("index {i} of {}", view.size));
        }
        Ok(self.block(view)?.data[(view.offset + i * view.stride) as usize])
    }

    fn write(&mut self, view: &View, i: i64, value: f64) -> Run<()> {
        self.read(view, i)?;
        self.heap[view.block].data[(view.offset + i * view.stride) as usize] = value;
        Ok(())
    }

    fn count(&mut self, view: &View, by: i64) -> Run<()> {
        self.block(view)?;
        if let Some(n) = &mut self.heap[view.block].count {
            *n += by;
        }
        Ok(())
    }

    /// Calls a function.
    pub(crate) fn call(&mut self, name: &str, args: Vec<V>) -> Run<Vec<V>> {
        let f = *self
            .functions
            .get(name)
            .ok_or_else(|| format!("no function {name}"))?;
        let mut env = Env::new();
        self.region(f.region(0), args, &mut env)
    }

    /// Runs the only block of a region; the terminator's operands.
    fn region(&mut self, region: Reg<'c>, args: Vec<V>, env: &mut Env) -> Run<Vec<V>> {
        let block = region.entry().ok_or("empty region")?;
        for (formal, actual) in block.args().into_iter().zip(args) {
            env.insert(formal.key(), actual);
        }
        for op in block.ops() {
            self.steps += 1;
            if self.steps > 200_000 {
                return Err("runs forever".into());
            }
            if op.name().ends_with("yield") || matches!(op.name(), "func.return" | "scf.condition")
            {
                return operands(op, env);
            }
            let results = self
                .op(op, env)
                .map_err(|why| format!("{why}\n  at {}", op.to_text()))?;
            if results.len() != op.num_results() {
                return Err(format!("{} results of {}", results.len(), op.to_text()));
            }
            for (formal, actual) in op.result_values().into_iter().zip(results) {
                env.insert(formal.key(), actual);
            }
        }
        Err("no terminator".into())
    }

    fn op(&mut self, op: Op<'c>, env: &mut Env) -> Run<Vec<V>> {
        let v = operands(op, env)?;
        Ok(match op.name() {
            "arith.constant" => {
                let value = op.attr("value").ok_or("no value")?;
                vec![match value.as_float() {
                    Some(x) if op.result_types()[0].is_float() => V::Float(x),
                    _ => V::Int(value.as_int().ok_or("a constant")?),
                }]
            }
            "arith.addi" => vec![V::Int(int(&v[0])? + int(&v[1])?)],
            "arith.andi" => vec![V::Int(int(&v[0])? & int(&v[1])?)],
            "arith.ori" => vec![V::Int(int(&v[0])? | int(&v[1])?)],
            "arith.xori" => vec![V::Int(int(&v[0])? ^ int(&v[1])?)],
            "arith.addf" => vec![V::Float(float(&v[0])? + float(&v[1])?)],
            "arith.cmpi" => {
                let (a, b) = (int(&v[0])?, int(&v[1])?);
                let predicate = op
                    .attr("predicate")
                    .and_then(|p| p.as_int())
                    .ok_or("predicate")?;
                vec![V::Int(i64::from(match predicate {
                    0 => a == b,
                    2 => a < b,
                    _ => return Err(format!("predicate {predicate}")),
                }))]
            }
            "arith.select" => vec![v[if int(&v[0])? != 0 { 1 } else { 2 }].clone()],
            "tensor.empty" | "bufferization.alloc_tensor" if v.is_empty() => {
                let n = op.result_types()[0].dims()[0];
                vec![V::Tensor(vec![f64::NAN; n as usize])]
            }
            "bufferization.alloc_tensor" | "tensor.cast" => vec![v[0].clone()],
            "tensor.extract" => vec![V::Float(tensor(&v[0])?[int(&v[1])? as usize])],
            "tensor.insert" => {
                let mut t = tensor(&v[1])?.clone();
                t[int(&v[2])? as usize] = float(&v[0])?;
                vec![V::Tensor(t)]
            }
            "tensor.extract_slice" => {
                let (offset, size, stride) = slice(op)?;
                let t = tensor(&v[0])?;
                vec![V::Tensor(
                    (0..size)
                        .map(|i| t[(offset + i * stride) as usize])
                        .collect(),
                )]
            }
            "tensor.insert_slice" => {
                let (offset, size, stride) = slice(op)?;
                let (source, mut t) = (tensor(&v[0])?, tensor(&v[1])?.clone());
                for i in 0..size {
                    t[(offset + i * stride) as usize] = source[i as usize];
                }
                vec![V::Tensor(t)]
            }
            "tensor.dim" | "memref.dim" => vec![V::Int(self.elements(&v[0])?.len() as i64)],
            "linalg.generic" => self.generic(op, v, env)?,
            "scf.if" => {
                let branch = op.region(usize::from(int(&v[0])? == 0));
                if branch.is_empty() {
                    Vec::new()
                } else {
                    self.region(branch, Vec::new(), env)?
                }
            }
            "scf.for" => {
                let (mut i, end, step) = (int(&v[0])?, int(&v[1])?, int(&v[2])?);
                let mut carried = v[3..].to_vec();
                while i < end {
                    let args = std::iter::once(V::Int(i)).chain(carried).collect();
                    carried = self.region(op.region(0), args, env)?;
                    i += step;
                }
                carried
            }
            "scf.while" => {
                let mut carried = v;
                loop {
                    let mut passed = self.region(op.region(0), carried, env)?;
                    let go_on = int(&passed.remove(0))? != 0;
                    if !go_on {
                        break passed;
                    }
                    carried = self.region(op.region(1), passed, env)?;
                }
            }
            "func.call" => {
                let callee = op
                    .attr("callee")
                    .and_then(|a| a.as_symbol())
                    .ok_or("callee")?;
                self.call(callee, v)?
            }
            "memref.alloc" => {
                let dim = op.result_types()[0].dims()[0];
                let size = if dim == DYNAMIC { int(&v[0])? } else { dim };
                self.heap.push(Block {
                    data: vec![f64::NAN; size as usize],
                    count: Some(1),
                });
                vec![V::Buffer(View {
                    block: self.heap.len() - 1,
                    offset: 0,
                    size,
                    stride: 1,
                })]
            }
            "memref.cast" => vec![v[0].clone()],
            "memref.subview" => {
                let (offset, size, stride) = slice(op)?;
                let view = view(&v[0])?;
                vec![V::Buffer(View {
                    block: view.block,
                    offset: view.offset + offset * view.stride,
                    size,
                    stride: stride * view.stride,
                })]
            }
            "memref.load" => vec![V::Float(self.read(view(&v[0])?, int(&v[1])?)?)],
            "memref.store" => {
                self.write(&view(&v[1])?.clone(), int(&v[2])?, float(&v[0])?)?;
                Vec::new()
            }
            "memref.copy" => {
                // Element by element, as a loop would: overlap must not matter.
                let (from, to) = (view(&v[0])?.clone(), view(&v[1])?.clone());
                if from.size != to.size {
                    return Err("a copy between different extents".into());
                }
                for i in 0..from.size {
                    self.write(&to, i, self.read(&from, i)?)?;
                }
                Vec::new()
            }
            "loop.check" => {
                if int(&v[0])? == 0 {
                    return Err("a check failed".into());
                }
                Vec::new()
            }
            "loop.retain" => {
                self.count(view(&v[0])?, 1)?;
                Vec::new()
            }
            "loop.release" => {
                self.count(view(&v[0])?, -1)?;
                Vec::new()
            }
            name => return Err(format!("no semantics for {name}")),
        })
    }

    /// An elementwise generic op with identity maps.
    fn generic(&mut self, op: Op<'c>, v: Vec<V>, env: &mut Env) -> Run<Vec<V>> {
        let inits = destinations(op).map(|d| d.start).unwrap_or(v.len() - 1);
        let n = self.elements(&v[inits])?.len();
        let mut v = v;
        for i in 0..n {
            let mut args = Vec::new();
            for value in &v {
                args.push(V::Float(self.elements(value)?[i]));
            }
            let yielded = self.region(op.region(0), args, env)?;
            let x = float(&yielded[0])?;
            match &mut v[inits] {
                V::Tensor(t) => t[i] = x,
                V::Buffer(view) => {
                    let view = view.clone();
                    self.write(&view, i as i64, x)?;
                }
                _ => return Err("an init without elements".into()),
            }
        }
        Ok(if op.num_results() == 0 {
            Vec::new()
        } else {
            vec![v.remove(inits)]
        })
    }
}

fn operands(op: Op<'_>, env: &Env) -> Run<Vec<V>> {
    let look = |v: Val<'_>| {
        env.get(&v.key())
            .cloned()
            .ok_or_else(|| format!("undefined operand of {}", op.to_text()))
    };
    op.operand_values().into_iter().map(look).collect()
}

fn int(v: &V) -> Run<i64> {
    match v {
        V::Int(x) => Ok(*x),
        _ => Err(format!("{v:?} is no integer")),
    }
}

fn float(v: &V) -> Run<f64> {
    match v {
        V::Float(x) => Ok(*x),
        _ => Err(format!("{v:?} is no float")),
    }
}

fn tensor(v: &V) -> Run<&Vec<f64>> {
    match v {
        V::Tensor(x) => Ok(x),
        _ => Err(format!("{v:?} is no tensor")),
    }
}

fn view(v: &V) -> Run<&View> {
    match v {
        V::Buffer(x) => Ok(x),
        _ => Err(format!("{v:?} is no buffer")),
    }
}

/// Static offset, size and stride of a slice.
fn slice(op: Op<'_>) -> Run<(i64, i64, i64)> {
    let part = |name: &str| {
        op.attr(name)
            .and_then(|a| a.as_int_array())
            .and_then(|a| a.first().copied())
    };
    let all = (
        part("static_offsets"),
        part("static_sizes"),
        part("static_strides"),
    );
    match all {
        (Some(offset), Some(size), Some(stride)) if offset != DYNAMIC => Ok((offset, size, stride)),
        _ => Err("a dynamic slice".into()),
    }
}
