//! From text to a program of npir, in one pass: a value is built where its text is read.

use npir::mlir::prelude::{CtxExt, OpFold};
use npir::numpy::{indexing::Item, reduce::PLAIN_OPERANDS, scalar::FromScalar};
use npir::prelude::*;
use std::collections::HashMap;

use crate::functions::FUNCTIONS;
use crate::source::{At, Source};

type Result<T> = std::result::Result<T, CompileError>;

/// A value and, where it may be a shape, its elements.
#[derive(Clone)]
pub(crate) struct Value<'c> {
    pub(crate) array: Tensor<'c>,
    pub(crate) sizes: Option<Vec<OpFold<'c>>>,
}

/// A glyph or what an operator makes of it.
#[derive(Clone, Copy)]
enum Function {
    Primitive(char),
    Reduce(char, i64),
    Outer(char),
    MatrixProduct,
}

pub(crate) struct Parser<'s, 'c> {
    pub(crate) f: &'s Func<'c>,
    pub(crate) source: Source<'s>,
    pub(crate) text: Vec<(char, At)>,
    pub(crate) next: usize,
    pub(crate) values: HashMap<String, Value<'c>>,
    pub(crate) depth: usize,
}

impl<'c> Parser<'_, 'c> {
    /// All statements; the value of the last one.
    pub(crate) fn program(&mut self) -> Result<Tensor<'c>> {
        let mut last = Err(self.source.error((1, 1), "the program has no value"));
        while self.next < self.text.len() {
            if self.takes('⋄') {
                continue;
            }
            let start = self.next;
            let name = self.name().filter(|_| self.takes('←'));
            self.next = if name.is_some() { self.next } else { start };
            self.depth = 0;
            let value = self.expression()?;
            last = Ok(value.array);
            self.values.extend(name.map(|name| (name, value)));
            self.needs('⋄', "expected the end of the statement")?;
        }
        last
    }

    /// The next character that is not a blank, and its place.
    fn peek(&mut self) -> (char, At) {
        let rest = self.text.iter().skip(self.next);
        self.next += rest.take_while(|(c, _)| c.is_whitespace()).count();
        let end = ('⋄', self.text.last().map_or((1, 1), |(_, at)| *at));
        self.text.get(self.next).copied().unwrap_or(end)
    }
    fn takes(&mut self, c: char) -> bool {
        let found = self.peek().0 == c;
        self.next += usize::from(found);
        found
    }
    fn needs(&mut self, c: char, message: &str) -> Result<()> {
        let at = self.peek().1;
        let found = self.takes(c).then_some(());
        found.ok_or_else(|| self.source.error(at, message))
    }
    fn word(&mut self, part: fn(char) -> bool) -> String {
        let rest = self.text.iter().skip(self.next).map(|(c, _)| *c);
        let word: String = rest.take_while(|c| part(*c)).collect();
        self.next += word.chars().count();
        word
    }
    fn name(&mut self) -> Option<String> {
        let begins = self.peek().0.is_ascii_alphabetic();
        begins.then(|| self.word(|c| c.is_ascii_alphanumeric() || c == '_'))
    }

    /// Everything to the right is the argument: `2×3+4` is 14.
    fn expression(&mut self) -> Result<Value<'c>> {
        let at = self.peek().1;
        self.depth += 1;
        if self.depth > 500 {
            return Err(self.source.error(at, "the statement is too long"));
        }
        let left = match self.function()? {
            None => self.operand()?,
            Some(function) => {
                let right = self.expression()?;
                return self.apply(function, at, None, right);
            }
        };
        let at = self.peek().1;
        let Some(function) = self.function()? else {
            return Ok(left);
        };
        let right = self.expression()?;
        self.apply(function, at, Some(left), right)
    }

    fn operand(&mut self) -> Result<Value<'c>> {
        let (c, at) = self.peek();
        if self.takes('(') {
            let inner = self.expression()?;
            self.needs(')', "expected ')'")?;
            return Ok(inner);
        }
        if let Some(name) = self.name() {
            let value = self.values.get(&name).cloned();
            return value.ok_or_else(|| self.source.error(at, format!("'{name}' has no value")));
        }
        let mut numbers = Vec::<f64>::new();
        while self.peek().0.is_ascii_digit() || self.peek().0 == '¯' {
            let at = self.peek().1;
            let word = self.word(|c| c.is_ascii_alphanumeric() || "¯.".contains(c));
            let wrong = |_| self.source.error(at, format!("'{word}' is no number"));
            numbers.push(word.replace('¯', "-").parse().map_err(wrong)?);
        }
        let shape = match numbers.len() {
            0 => {
                return Err(self
                    .source
                    .error(at, format!("expected a value, found '{c}'")));
            }
            1 => vec![],
            n => vec![n],
        };
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
        let whole = |n: &f64| n.fract() == 0.0 && (0.0..1e15).contains(n);
        let size = |n: &f64| whole(n).then_some(OpFold::Static(*n as i64));
        Ok(Value {
            array: self.f.constant_array(DType::F64, &shape, &bytes)?,
            sizes: numbers.iter().map(size).collect(),
        })
    }

    fn function(&mut self) -> Result<Option<Function>> {
        let (c, _) = self.peek();
        if self.takes('∘') {
            self.needs('.', "expected '.'")?;
            let (c, _) = self.peek();
            self.next += 1;
            return Ok(Some(Function::Outer(c)));
        }
        if FUNCTIONS.iter().all(|(glyph, _)| *glyph != c) && !"⍳⍴≢⌷/".contains(c) {
            return Ok(None);
        }
        self.next += 1;
        Ok(Some(match self.peek().0 {
            _ if self.takes('/') => Function::Reduce(c, -1),
            _ if self.takes('⌿') => Function::Reduce(c, 0),
            '.' if c == '+' && self.takes('.') => {
                self.needs('×', "expected '+.×'")?;
                Function::MatrixProduct
            }
            _ => Function::Primitive(c),
        }))
    }

    fn apply(
        &self,
        function: Function,
        at: At,
        a: Option<Value<'c>>,
        b: Value<'c>,
    ) -> Result<Value<'c>> {
        use Function::{MatrixProduct, Outer, Primitive, Reduce};
        let (f, x) = (self.f, b.array);
        // Errors of what is built here, and later of what it does, are at the function.
        f.at(self.source.file, at.0 as usize, at.1 as usize);
        let unknown = || self.source.error(at, "the function has no such meaning");
        let call = |c, use_of: usize, x: &[Tensor<'c>], attributes: &[(&str, _)]| {
            let fits = |row: &&(char, [&str; 3])| row.0 == c && !row.1[use_of].is_empty();
            let row = FUNCTIONS.iter().find(fits).ok_or_else(unknown)?;
            f.named(row.1[use_of], x, attributes)
        };
        let both = |c, a, b| call(c, 1, &if c == '|' { [b, a] } else { [a, b] }, &[]);
        let shape = |sizes: Option<Vec<OpFold<'c>>>| {
            let message = "a size must be a whole number or '≢x'";
            sizes.ok_or_else(|| self.source.error(at, message))
        };
        let ctx = f.rewriter().ctx();
        let axis = |n| [("axis", ctx.i64_attr(n))];
        let mut sizes = None;
        let array = match (function, a) {
            (Primitive('≢'), None) => {
                let size = f.dim(x, 0)?;
                sizes = Some(vec![OpFold::Value(size)]);
                f.op(|rw| FromScalar::build_inferred(rw, size))?
            }
            (Primitive('⍳'), None) => {
                let one = f.constant(Scalar::new(1.0))?;
                let ones = f.full(one, &shape(b.sizes)?)?;
                f.subtract(f.named("numpy.cumsum", &[ones], &axis(0))?, one)?
            }
            (Primitive('⍴'), Some(a)) if x.rank() == 0 => f.broadcast_to(x, &shape(a.sizes)?)?,
            (Primitive('⍴'), Some(a)) => f.reshape(x, &shape(a.sizes)?)?,
            (Primitive(','), Some(a)) => {
                sizes = a.sizes.zip(b.sizes).map(|(a, b)| [a, b].concat());
                let vector = |x| f.reshape(x, &[OpFold::Static(-1)]);
                let parts = [vector(a.array)?, vector(x)?];
                f.named("numpy.concatenate", &parts, &axis(0))?
            }
            (Primitive('⌷'), Some(a)) => f.take(x, f.cast(a.array, DType::I64)?, Some(0))?,
            (Primitive('/'), Some(a)) => f.named("numpy.compress", &[a.array, x], &axis(-1))?,
            (Primitive(c), None) => call(c, 0, &[x], &[])?,
            (Primitive(c), Some(a)) => both(c, a.array, x)?,
            (Reduce(c, axis), None) => {
                let segments = ctx.i32_array(&PLAIN_OPERANDS);
                let attributes = [
                    ("axes", ctx.i64_array(&[axis])),
                    ("operandSegmentSizes", segments),
                ];
                call(c, 2, &[x], &attributes)?
            }
            (MatrixProduct, Some(a)) => f.matmul(a.array, x)?,
            (Outer(c), Some(a)) => {
                let new = vec![Item::NewAxis; x.rank()];
                let rows = f.slice(a.array, &[vec![Item::ALL; a.array.rank()], new].concat())?;
                both(c, rows, x)?
            }
            _ => return Err(unknown()),
        };
        // Every array has floating-point elements; truth values are 0 and 1.
        let array = f.cast(array, DType::F64)?;
        Ok(Value { array, sizes })
    }
}
