//! Reductions, `argmin` and `argmax`, and products of matrices.

use npir_runtime::DType;

use super::Choices;
use super::maker::{MAX_ELEMENTS, Maker};
use super::value::{Dim, Trust, Value, broadcast, is_float, is_unsigned, whole_limit};

impl Maker {
    pub(crate) fn reduce(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |_| true)?;
        let v = self.values[x].clone();
        let mask = c.below(1 << v.rank());
        let axes: Option<Vec<usize>> =
            (!c.one_in(3)).then(|| (0..v.rank()).filter(|d| mask >> d & 1 == 1).collect());
        let keepdims = c.one_in(3);
        let gone: Vec<usize> = axes.clone().unwrap_or_else(|| (0..v.rank()).collect());
        let count: usize = gone.iter().map(|d| v.dims[*d].size).product();
        let mut names = vec!["sum"];
        if count > 0 {
            names.extend(["max", "min"]);
        }
        names.push("mean");
        if v.is_exact() {
            names.extend(["any", "all", "count_nonzero"]);
            if !is_float(v.dtype) {
                names.push("prod");
            }
        }
        let name = c.of(&names);
        let dtype = match (name, v.dtype) {
            ("any" | "all", _) => DType::Bool,
            ("count_nonzero", _) => DType::I64,
            ("max" | "min", d) => d,
            (_, d) if is_float(d) => d,
            ("mean", _) => DType::F64,
            (_, d) if is_unsigned(d) => DType::U64,
            _ => DType::I64,
        };
        // The sum of small whole numbers is exact in every order.
        let sum = v
            .whole
            .map(|(low, high)| (low * count as f64, high * count as f64));
        let limit = whole_limit(v.dtype);
        let exact_sum =
            v.is_exact() && sum.is_some_and(|(low, high)| -low <= limit && high <= limit);
        let trust = match name {
            "max" | "min" if is_float(dtype) => v.trust.max(Trust::Numbers),
            "sum" if is_float(dtype) && exact_sum => Trust::Numbers,
            "sum" | "mean" if is_float(dtype) => Trust::Bounded,
            _ => Trust::Bits,
        };
        let dims: Vec<Dim> = (0..v.rank())
            .filter_map(|d| match gone.contains(&d) {
                true => keepdims.then_some(Dim::known(1)),
                false => Some(v.dims[d]),
            })
            .collect();
        let text = match &axes {
            Some(axes) => format!(" axes {axes:?}"),
            None => String::new(),
        };
        let (python, keep) = match &axes {
            Some(axes) => {
                let list: Vec<_> = axes.iter().map(|a| format!("{a},")).collect();
                (
                    format!("({})", list.concat()),
                    if keepdims { " keepdims" } else { "" },
                )
            }
            None => ("None".into(), if keepdims { " keepdims" } else { "" }),
        };
        let how = format!(
            "axis={python}, keepdims={}",
            if keepdims { "True" } else { "False" }
        );
        let result = self.emit(
            c,
            &format!("{name} %{}{text}{keep} : {}", v.name, v.ty()),
            &format!("np.{name}({}, {how})", v.name),
            dtype,
            dims,
            trust,
        );
        self.uses(&[x]);
        let known = match name {
            "max" | "min" => v.whole,
            "sum" => sum,
            "count_nonzero" => Some((0.0, count as f64)),
            "any" | "all" => Some((0.0, 1.0)),
            _ => None,
        };
        let known = if trust == Trust::Bounded { None } else { known };
        self.set_whole(result, known);
        let (r, e) = (self.values[result].name.clone(), v.bound());
        let spread = format!("np.broadcast_to({e}, {}.shape)", v.name);
        let bound = match name {
            // Of no elements: there is nothing to compare.
            "max" | "min" => format!("bound({r}, np.max({spread}, {how}, initial=0.0), 0.0)"),
            _ => {
                let scale = if name == "mean" { count.max(1) } else { 1 };
                format!(
                    "of_terms({r}, np.sum({spread}, {how}), np.sum(finite({}), {how}), {count}, {scale}.0)",
                    v.name
                )
            }
        };
        self.set_bound(result, &bound);
        Some(())
    }

    pub(crate) fn arg_reduce(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.is_exact() && v.len() > 0)?;
        let v = self.values[x].clone();
        let name = c.of(&["argmin", "argmax"]);
        let axis = (v.rank() > 0 && !c.one_in(3)).then(|| c.below(v.rank()));
        let keepdims = c.one_in(3);
        let dims: Vec<Dim> = (0..v.rank())
            .filter_map(|d| match axis.is_none_or(|a| a == d) {
                true => keepdims.then_some(Dim::known(1)),
                false => Some(v.dims[d]),
            })
            .collect();
        let (text, python) = match axis {
            Some(a) => (format!(" axis {a}"), a.to_string()),
            None => (String::new(), "None".into()),
        };
        let (keep, flag) = if keepdims {
            (" keepdims", "True")
        } else {
            ("", "False")
        };
        let result = self.emit(
            c,
            &format!("{name} %{}{text}{keep} : {}", v.name, v.ty()),
            &format!("np.{name}({}, axis={python}, keepdims={flag})", v.name),
            DType::I64,
            dims,
            Trust::Bits,
        );
        self.uses(&[x]);
        self.set_whole(result, Some((0.0, v.len() as f64)));
        Some(())
    }

    pub(crate) fn matmul(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let a = self.pick(c, |v| v.rank() > 0 && v.is_exact())?;
        let x = self.values[a].clone();
        let fits = |v: &Value| v.dtype == x.dtype && v.is_exact() && product(&x, v).is_some();
        let b = match self.pick(c, fits) {
            Some(b) => b,
            None => self.with_last_axes_swapped(a),
        };
        let y = self.values[b].clone();
        let (dims, depth) = product(&x, &y)?;
        let dtype = x.dtype;
        let sum = x
            .whole
            .zip(y.whole)
            .map(|(p, q)| p.0.abs().max(p.1.abs()) * q.0.abs().max(q.1.abs()) * depth as f64);
        let exact = sum.is_some_and(|s| s <= whole_limit(dtype));
        let trust = match (is_float(dtype), exact) {
            (false, _) => Trust::Bits,
            (true, true) => Trust::Numbers,
            (true, false) => Trust::Bounded,
        };
        let result = self.emit(
            c,
            &format!("matmul %{}, %{} : {}, {}", x.name, y.name, x.ty(), y.ty()),
            &format!("np.matmul({}, {})", x.name, y.name),
            dtype,
            dims,
            trust,
        );
        self.uses(&[a, b]);
        let known = match dtype {
            DType::Bool => Some((0.0, 1.0)),
            _ => sum.filter(|_| trust != Trust::Bounded).map(|s| (-s, s)),
        };
        let known = if is_unsigned(dtype) {
            known.map(|k| (0.0, k.1))
        } else {
            known
        };
        self.set_whole(result, known);
        let bound = format!(
            "of_terms({}, 0.0, np.matmul(finite({}), finite({})), {depth})",
            self.values[result].name, x.name, y.name
        );
        self.set_bound(result, &bound);
        Some(())
    }
}

/// The sizes of a product of matrices, and the length of its sums.
fn product(x: &Value, y: &Value) -> Option<(Vec<Dim>, usize)> {
    let (m, n) = (x.rank().checked_sub(1)?, y.rank().checked_sub(1)?);
    let inner = x.dims[m];
    let other = y.dims[n.saturating_sub(1)];
    if inner.size != other.size {
        return None;
    }
    let stack = |v: &Value| v.dims[..v.rank().saturating_sub(2)].to_vec();
    let mut dims = broadcast(&[&stack(x), &stack(y)])?;
    if m > 0 {
        dims.push(x.dims[m - 1]);
    }
    if n > 0 {
        dims.push(y.dims[n]);
    }
    let small = dims.iter().map(|d| d.size).product::<usize>() <= MAX_ELEMENTS;
    (small && dims.len() <= 4).then_some((dims, inner.size))
}
