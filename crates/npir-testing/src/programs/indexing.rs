//! Reading and writing parts of arrays, scatter and concatenation.

use npir_runtime::DType;

use super::Choices;
use super::maker::{MAX_ELEMENTS, Maker};
use super::value::{Dim, Trust, Value, broadcast, is_float, is_int, is_unsigned};

impl Maker {
    /// Positions below `n` (at least 1), as a value of any integer type; negative ones as well.
    fn positions(
        &mut self,
        c: &mut Choices<'_>,
        n: usize,
        negative: bool,
        fits: impl Fn(&Value) -> bool,
    ) -> Option<usize> {
        let x = self.pick(c, |v| is_int(v.dtype) && n < 128 && fits(v))?;
        let dtype = self.values[x].dtype;
        let size = self.constant(dtype, n as i64);
        let mut at = self.elementwise(c, "remainder", &[x, size], dtype)?;
        if negative && !is_unsigned(dtype) && c.one_in(3) {
            at = self.elementwise(c, "subtract", &[at, size], dtype)?;
        }
        Some(at)
    }

    pub(crate) fn take(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.len() > 0)?;
        let v = self.values[x].clone();
        let axis = (v.rank() > 0 && !c.one_in(4)).then(|| c.below(v.rank()));
        let n = axis.map_or(v.len(), |a| v.dims[a].size);
        let rest = v.len() / n.max(1);
        let rank = axis.map_or(0, |_| v.rank() - 1);
        let fits = |i: &Value| {
            i.rank() + rank <= 4 && i.len() * if axis.is_some() { rest } else { 1 } <= MAX_ELEMENTS
        };
        let at = self.positions(c, n, true, fits)?;
        let i = self.values[at].clone();
        let mut dims = i.dims.clone();
        let (mut text, mut python) = (String::new(), "None".to_owned());
        if let Some(a) = axis {
            dims = [&v.dims[..a], &i.dims, &v.dims[a + 1..]].concat();
            text = format!(" axis {a}");
            python = a.to_string();
        }
        self.uses(&[at]);
        self.view(
            c,
            x,
            &format!(
                "take %{}, %{}{text} : {}, {}",
                v.name,
                i.name,
                v.ty(),
                i.ty()
            ),
            |a| format!("np.take({a}, {}, {python})", i.name),
            dims,
        );
        Some(())
    }

    pub(crate) fn set_slice(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 0)?;
        let v = self.values[x].clone();
        let items = self.items(c, &v);
        let fits = |w: &Value| {
            w.dtype == v.dtype
                && broadcast(&[&w.dims, &items.dims]).is_some_and(|d| {
                    d.len() == items.dims.len()
                        && d.iter().zip(&items.dims).all(|(p, q)| p.size == q.size)
                })
        };
        let value = match self.pick(c, fits) {
            Some(value) => value,
            None => self.constant(v.dtype, c.below(8) as i64),
        };
        let w = self.values[value].clone();
        let result = self.emit_as(
            &format!(
                "set_slice %{}[{}], %{} : {}, {}",
                v.name,
                items.mlir,
                w.name,
                v.ty(),
                w.ty()
            ),
            &format!("changed({}, {}, {})", v.name, items.python, w.name),
            v.dtype,
            v.dims.clone(),
            v.trust.max(w.trust),
        );
        self.uses(&[x, value]);
        let hull = v
            .whole
            .zip(w.whole)
            .map(|(p, q)| (p.0.min(q.0), p.1.max(q.1)));
        self.set_whole(result, hull);
        let bound = format!(
            "changed(np.broadcast_to({}, {}.shape), {}, {})",
            v.bound(),
            v.name,
            items.python,
            w.bound()
        );
        self.set_bound(result, &bound);
        Some(())
    }

    pub(crate) fn scatter(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 0 && v.len() > 0 && v.trust == Trust::Bits)?;
        let v = self.values[x].clone();
        let first = self.positions(c, v.dims[0].size, true, |i| i.rank() < 3)?;
        let mut at = vec![first];
        let mut dims = self.values[first].dims.clone();
        if v.rank() > 1 && c.one_in(2) {
            let with = dims.clone();
            let second = self.positions(c, v.dims[1].size, true, |i| {
                i.rank() < 3 && broadcast(&[&i.dims, &with]).is_some()
            })?;
            dims = broadcast(&[&dims, &self.values[second].dims])?;
            at.push(second);
        }
        let part = [&dims[..], &v.dims[at.len()..]].concat();
        if part.iter().map(|d| d.size).product::<usize>() > MAX_ELEMENTS {
            return None;
        }
        let fits = |w: &Value| {
            w.dtype == v.dtype
                && w.trust == Trust::Bits
                && broadcast(&[&w.dims, &part]).is_some_and(|d| {
                    d.len() == part.len() && d.iter().zip(&part).all(|(p, q)| p.size == q.size)
                })
        };
        let value = match self.pick(c, fits) {
            Some(value) => value,
            None => self.constant(v.dtype, 1),
        };
        let w = self.values[value].clone();
        let name = match v.dtype {
            DType::Bool => c.of(&["add_at", "maximum_at"]),
            _ => c.of(&[
                "add_at",
                "subtract_at",
                "maximum_at",
                "minimum_at",
                "multiply_at",
            ]),
        };
        // Which of two zeros is the larger depends on how NumPy's loop is vectorized.
        let trust = match name {
            "maximum_at" | "minimum_at" if is_float(v.dtype) => Trust::Numbers,
            _ => Trust::Bits,
        };
        let of = |what: fn(&Value) -> String| -> Vec<String> {
            at.iter().map(|i| what(&self.values[*i])).collect()
        };
        let (operands, types, names) = (
            of(|i| format!("%{}", i.name)),
            of(Value::ty),
            of(|i| format!("{},", i.name)),
        );
        let result = self.emit_as(
            &format!(
                "{name} %{}[{}], %{} : {}[{}], {}",
                v.name,
                operands.join(", "),
                w.name,
                v.ty(),
                types.join(", "),
                w.ty()
            ),
            &format!(
                "scattered({}, np.{}, ({}), {})",
                v.name,
                name.trim_end_matches("_at"),
                names.concat(),
                w.name
            ),
            v.dtype,
            v.dims.clone(),
            trust,
        );
        self.uses(&at);
        self.uses(&[x, value]);
        self.set_whole(result, None);
        Some(())
    }

    pub(crate) fn bincount(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let n = 1 + c.below(9);
        let at = self.positions(c, n, false, |v| v.rank() == 1)?;
        let i = self.values[at].clone();
        let length = self.index(c, n);
        let weights = self.pick(c, |w| {
            w.rank() == 1
                && w.dims[0].size == i.dims[0].size
                && w.dtype == DType::F64
                && w.trust == Trust::Bits
        });
        let (mut text, mut types, mut python, mut dtype) =
            (String::new(), i.ty(), String::new(), DType::I64);
        if let Some(w) = weights.filter(|_| c.one_in(2)) {
            let w = &self.values[w];
            text = format!(" weights %{}", w.name);
            types = format!("{types}, {}", w.ty());
            python = format!(", {}", w.name);
            dtype = DType::F64;
        }
        let cast = if is_float(dtype) {
            ".astype(float)"
        } else {
            ""
        };
        let result = self.emit_as(
            &format!(
                "bincount %{}{text} minlength %{length} : ({types}, index)",
                i.name
            ),
            &format!(
                "np.bincount({}.astype(np.int64){python}, minlength={n}){cast}",
                i.name
            ),
            dtype,
            vec![Dim::unknown(n)],
            Trust::Bits,
        );
        self.uses(&[at]);
        if dtype == DType::I64 {
            self.set_whole(result, Some((0.0, i.len() as f64)));
        }
        Some(())
    }

    pub(crate) fn concatenate(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 0)?;
        let v = self.values[x].clone();
        let axis = c.below(v.rank());
        let fits = |w: &Value| {
            w.dtype == v.dtype
                && w.rank() == v.rank()
                && (0..v.rank()).all(|d| d == axis || w.dims[d].size == v.dims[d].size)
        };
        let mut all = vec![x];
        for _ in 0..1 + c.below(2) {
            all.push(self.pick(c, fits)?);
        }
        let values: Vec<Value> = all.iter().map(|i| self.values[*i].clone()).collect();
        let mut dims = v.dims.clone();
        for (d, dim) in dims.iter_mut().enumerate() {
            if d == axis {
                dim.size = values.iter().map(|w| w.dims[d].size).sum();
                dim.known = values.iter().all(|w| w.dims[d].known);
            } else {
                dim.known = values.iter().any(|w| w.dims[d].known);
            }
        }
        if dims.iter().map(|d| d.size).product::<usize>() > MAX_ELEMENTS {
            return None;
        }
        let join = |what: &dyn Fn(&Value) -> String| -> String {
            values.iter().map(what).collect::<Vec<_>>().join(", ")
        };
        let trust = values.iter().map(|w| w.trust).max().unwrap_or(Trust::Bits);
        let result = self.emit(
            c,
            &format!(
                "concatenate {} axis {axis} : {}",
                join(&|w| format!("%{}", w.name)),
                join(&Value::ty)
            ),
            &format!("np.concatenate(({}), {axis})", join(&|w| w.name.clone())),
            v.dtype,
            dims,
            trust,
        );
        self.uses(&all);
        let hull = values
            .iter()
            .map(|w| w.whole)
            .reduce(|a, b| a.zip(b).map(|(p, q)| (p.0.min(q.0), p.1.max(q.1))));
        self.set_whole(result, hull.flatten());
        let bounds = join(&|w| format!("np.broadcast_to({}, {}.shape)", w.bound(), w.name));
        self.set_bound(result, &format!("np.concatenate(({bounds}), {axis})"));
        Some(())
    }

    /// An array of one number, or of none.
    pub(crate) fn full(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let dtype = c.of(&super::DTYPES);
        let n = c.below(5) as i64;
        let value = self.constant(dtype, n);
        let shape: Vec<usize> = (0..c.below(3)).map(|_| c.of(&[3, 1, 5, 0, 2])).collect();
        let mut parts = Vec::new();
        let mut dims = Vec::new();
        for n in &shape {
            if c.one_in(3) {
                parts.push(format!("%{}", self.index(c, *n)));
                dims.push(Dim::unknown(*n));
            } else {
                parts.push(n.to_string());
                dims.push(Dim::known(*n));
            }
        }
        let name = self.values[value].name.clone();
        let python: Vec<_> = shape.iter().map(|n| format!("{n},")).collect();
        let result = self.emit(
            c,
            &format!(
                "full %{name} shape [{}] : {}",
                parts.join(", "),
                self.values[value].ty()
            ),
            &format!("np.full(({}), {name})", python.concat()),
            dtype,
            dims,
            Trust::Bits,
        );
        let known = self.values[value].whole;
        self.set_whole(result, known);
        Some(())
    }
}
