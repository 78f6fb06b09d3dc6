//! New arrangements of elements, order, running results, and parts whose size depends on the elements.

use npir_runtime::DType;

use super::Choices;
use super::maker::{MAX_ELEMENTS, Maker};
use super::value::{Dim, Trust, Value, element, is_float, is_unsigned, whole_limit};

impl Maker {
    /// One of the arrays with a dimension, and that.
    fn along(
        &self,
        c: &mut Choices<'_>,
        fits: impl Fn(&Value) -> bool,
    ) -> Option<(usize, Value, usize)> {
        let x = self.pick(c, |v| v.rank() > 0 && fits(v))?;
        let v = self.values[x].clone();
        let axis = c.below(v.rank());
        Some((x, v, axis))
    }

    pub(crate) fn roll(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let (x, v, axis) = self.along(c, |_| true)?;
        let shift = c.below(9) as i64 - 4;
        let (text, python) = match c.one_in(3) {
            true => (String::new(), "None".to_owned()),
            false => (format!(" {{axes = array<i64: {axis}>}}"), axis.to_string()),
        };
        let text = format!("roll %{} shift [{shift}]{text} : {}", v.name, v.ty());
        let of = |a: &str| format!("np.roll({a}, {shift}, {python})");
        self.view(c, x, &text, of, v.dims);
        Some(())
    }

    pub(crate) fn repeat(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let (x, v, axis) = self.along(c, |v| v.len() <= MAX_ELEMENTS / 3)?;
        let times = c.of(&[2, 1, 3, 0]);
        let mut dims = v.dims.clone();
        dims[axis].size *= times;
        let text = format!("repeat %{} times {times} axis {axis} : {}", v.name, v.ty());
        let of = |a: &str| format!("np.repeat({a}, {times}, {axis})");
        self.view(c, x, &text, of, dims);
        Some(())
    }

    pub(crate) fn tile(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() < 4 && v.len() <= MAX_ELEMENTS / 9)?;
        let v = self.values[x].clone();
        let count = v.rank() + c.below(2);
        let reps: Vec<usize> = (0..count).map(|_| c.of(&[1, 2, 1, 3, 0])).collect();
        if reps.iter().product::<usize>() * v.len() > MAX_ELEMENTS {
            return None;
        }
        let new = vec![Dim::known(1); count - v.rank()];
        let mut dims = [new, v.dims.clone()].concat();
        for (dim, times) in dims.iter_mut().zip(&reps) {
            dim.size *= times;
        }
        let text = format!("tile %{} reps {reps:?} : {}", v.name, v.ty());
        let python: String = reps.iter().map(|n| format!("{n},")).collect();
        self.view(c, x, &text, |a| format!("np.tile({a}, ({python}))"), dims);
        Some(())
    }

    pub(crate) fn pad(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| {
            v.rank() > 0 && v.rank() < 4 && v.len() > 0 && v.len() < 200
        })?;
        let v = self.values[x].clone();
        let mode = c.of(&["constant", "edge", "wrap", "reflect", "symmetric"]);
        let widths: Vec<usize> = (0..2 * v.rank()).map(|_| c.of(&[1, 0, 2, 0, 5])).collect();
        let mut dims = v.dims.clone();
        for (dim, width) in dims.iter_mut().zip(widths.chunks(2)) {
            dim.size += width[0] + width[1];
        }
        if dims.iter().map(|d| d.size).product::<usize>() > MAX_ELEMENTS {
            return None;
        }
        let pairs: Vec<_> = widths.chunks(2).collect();
        let of = |a: &str| format!("np.pad({a}, {pairs:?}, '{mode}')");
        if mode != "constant" {
            let text = format!("pad_{mode} %{} widths {widths:?} : {}", v.name, v.ty());
            self.view(c, x, &text, of, dims);
            return Some(());
        }
        let zero = self.constant(v.dtype, 0);
        let zero = self.values[zero].clone();
        let text = format!(
            "pad_constant %{}, %{} widths {widths:?} : {}, {}",
            v.name,
            zero.name,
            v.ty(),
            zero.ty()
        );
        let result = self.view(c, x, &text, of, dims);
        let hull = v.whole.map(|(low, high)| (low.min(0.0), high.max(0.0)));
        self.set_whole(result, hull);
        Some(())
    }

    pub(crate) fn diff(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let (x, v, axis) = self.along(c, Value::is_exact)?;
        let mut dims = v.dims.clone();
        dims[axis].size = dims[axis].size.saturating_sub(1);
        let text = format!("diff %{} axis {axis} : {}", v.name, v.ty());
        let python = format!("np.diff({}, axis={axis})", v.name);
        let result = self.emit(c, &text, &python, v.dtype, dims, v.trust);
        self.uses(&[x]);
        let known = match v.dtype {
            DType::Bool => Some((0.0, 1.0)),
            _ => v.whole.map(|(low, high)| (low - high, high - low)),
        };
        self.set_whole(result, known);
        Some(())
    }

    pub(crate) fn sort(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let (x, v, axis) = self.along(c, Value::is_exact)?;
        self.uses(&[x]);
        if c.one_in(3) {
            let text = format!("argsort %{} axis {axis} : {}", v.name, v.ty());
            let python = format!("np.argsort({}, {axis}, kind='stable')", v.name);
            let n = v.dims[axis].size as f64;
            let result = self.emit(c, &text, &python, DType::I64, v.dims, Trust::Bits);
            self.set_whole(result, Some((0.0, n)));
            return Some(());
        }
        let trust = match is_float(v.dtype) {
            true => v.trust.max(Trust::Numbers),
            false => v.trust,
        };
        let text = format!("sort %{} axis {axis} : {}", v.name, v.ty());
        let python = format!("np.sort({}, {axis})", v.name);
        let result = self.emit(c, &text, &python, v.dtype, v.dims, trust);
        self.set_whole(result, v.whole);
        Some(())
    }

    /// Running sums and extrema.
    pub(crate) fn running(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let (x, v, axis) = self.along(c, Value::is_exact)?;
        self.uses(&[x]);
        let name = c.of(&["cumsum", "maximum", "minimum"]);
        if name != "cumsum" {
            let trust = match is_float(v.dtype) {
                true => v.trust.max(Trust::Numbers),
                false => v.trust,
            };
            let text = format!("{name}_accumulate %{} axis {axis} : {}", v.name, v.ty());
            let python = format!("np.{name}.accumulate({}, {axis})", v.name);
            let result = self.emit(c, &text, &python, v.dtype, v.dims, trust);
            self.set_whole(result, v.whole);
            return Some(());
        }
        let count = v.dims[axis].size;
        let sum = v.whole.map(|(low, high)| {
            let n = count as f64;
            ((low * n).min(low), (high * n).max(high))
        });
        let limit = whole_limit(v.dtype);
        let exact = sum.is_some_and(|(low, high)| -low <= limit && high <= limit);
        let (dtype, trust) = match v.dtype {
            d if is_float(d) && exact => (d, Trust::Numbers),
            d if is_float(d) => (d, Trust::Bounded),
            d if is_unsigned(d) => (DType::U64, Trust::Bits),
            _ => (DType::I64, Trust::Bits),
        };
        let text = format!("cumsum %{} axis {axis} : {}", v.name, v.ty());
        let python = format!("np.cumsum({}, {axis})", v.name);
        let result = self.emit(c, &text, &python, dtype, v.dims, trust);
        self.set_whole(result, sum.filter(|_| trust != Trust::Bounded));
        let bound = format!(
            "of_terms({}, 0.0, np.cumsum(finite({}), {axis}), {count})",
            self.values[result].name, v.name
        );
        self.set_bound(result, &bound);
        Some(())
    }

    /// How many elements a mask chooses or are different, or the sum of them.
    pub(crate) fn chosen(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| !is_float(v.dtype))?;
        let v = self.values[x].clone();
        let alike = |m: &Value| {
            let sizes = |v: &Value| v.dims.iter().map(|d| d.size).collect::<Vec<_>>();
            m.dtype == DType::Bool && m.rank() > 0 && sizes(m) == sizes(&v)
        };
        let part = self.fresh();
        let ty = format!("tensor<?x{}>", element(v.dtype));
        let mask = self.pick(c, alike).filter(|_| !c.one_in(3));
        let python = match mask {
            Some(mask) => {
                let m = self.values[mask].clone();
                self.uses(&[mask]);
                self.line(&format!(
                    "%{part} = numpy.index %{}[array %{}] : {}, {} -> {ty}",
                    v.name,
                    m.name,
                    v.ty(),
                    m.ty()
                ));
                format!("{}[{}]", v.name, m.name)
            }
            None => {
                self.line(&format!(
                    "%{part} = numpy.unique %{} : {} -> {ty}",
                    v.name,
                    v.ty()
                ));
                format!("np.unique({})", v.name)
            }
        };
        self.uses(&[x]);
        let dtype = match is_unsigned(v.dtype) {
            true => DType::U64,
            false => DType::I64,
        };
        let text = format!("sum %{part} : {ty}");
        let python = format!("np.sum({python})");
        self.emit(c, &text, &python, dtype, vec![], Trust::Bits);
        Some(())
    }

    /// Contractions by subscripts, where every order of terms is exact.
    pub(crate) fn einsum(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let matrix = |v: &Value| v.rank() == 2 && v.is_exact() && v.whole.is_some();
        let a = self.pick(c, matrix)?;
        let x = self.values[a].clone();
        let b = self.pick(c, |v| {
            matrix(v) && v.dtype == x.dtype && v.dims[0].size == x.dims[1].size
        })?;
        let y = self.values[b].clone();
        let (text, dims) = match c.below(3) {
            0 => ("ij,jk->ki", vec![y.dims[1], x.dims[0]]),
            1 => ("ij,jk->i", vec![x.dims[0]]),
            _ => ("ij,jk->", vec![]),
        };
        let terms = x.dims[1].size
            * match dims.len() {
                2 => 1,
                1 => y.dims[1].size,
                _ => y.dims[1].size * x.dims[0].size,
            };
        let small = dims.iter().map(|d| d.size).product::<usize>() <= MAX_ELEMENTS;
        let size = |v: &Value| v.whole.map_or(0.0, |w| w.0.abs().max(w.1.abs()));
        let sum = size(&x) * size(&y) * terms as f64;
        if !small || (is_float(x.dtype) && sum > whole_limit(x.dtype)) {
            return None;
        }
        let trust = match is_float(x.dtype) {
            true => Trust::Numbers,
            false => Trust::Bits,
        };
        let result = self.emit(
            c,
            &format!(
                "einsum \"{text}\", %{}, %{} : {}, {}",
                x.name,
                y.name,
                x.ty(),
                y.ty()
            ),
            &format!("np.einsum('{text}', {}, {})", x.name, y.name),
            x.dtype,
            dims,
            trust,
        );
        self.uses(&[a, b]);
        let known = match x.dtype {
            DType::Bool => (0.0, 1.0),
            d if is_unsigned(d) => (0.0, sum),
            _ => (-sum, sum),
        };
        self.set_whole(result, Some(known));
        Some(())
    }
}
