//! Views: the same elements in another order or shape.

use super::Choices;
use super::maker::{MAX_ELEMENTS, Maker};
use super::value::{Dim, Value};

/// An index expression in both languages, and what it selects.
pub(crate) struct Items {
    pub(crate) mlir: String,
    pub(crate) python: String,
    pub(crate) dims: Vec<Dim>,
}

impl Maker {
    /// Adds a view of `x`. `of` is the Python expression for an array.
    pub(crate) fn view(
        &mut self,
        c: &mut Choices<'_>,
        x: usize,
        text: &str,
        of: impl Fn(&str) -> String,
        dims: Vec<Dim>,
    ) -> usize {
        let v = self.values[x].clone();
        let result = self.emit(c, text, &of(&v.name), v.dtype, dims, v.trust);
        self.uses(&[x]);
        self.set_whole(result, v.whole);
        if !v.is_exact() {
            self.set_bound(result, &of(&v.bound()));
        }
        result
    }

    pub(crate) fn transpose(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 1)?;
        let v = self.values[x].clone();
        let (mut axes, mut left): (Vec<usize>, Vec<usize>) =
            (vec![], (0..v.rank()).rev().collect());
        while !left.is_empty() {
            axes.push(left.remove(c.below(left.len())));
        }
        let dims = axes.iter().map(|a| v.dims[*a]).collect();
        let reversed = axes.iter().rev().enumerate().all(|(i, a)| i == *a);
        let text = if reversed {
            String::new()
        } else {
            format!(" axes {axes:?}")
        };
        self.view(
            c,
            x,
            &format!("transpose %{}{text} : {}", v.name, v.ty()),
            |a| format!("np.transpose({a}, {axes:?})"),
            dims,
        );
        Some(())
    }

    /// A matrix, or a stack of them, transposed; a vector as it is.
    pub(crate) fn with_last_axes_swapped(&mut self, x: usize) -> usize {
        let v = self.values[x].clone();
        let n = v.rank();
        if n < 2 {
            return x;
        }
        let mut axes: Vec<usize> = (0..n).collect();
        axes.swap(n - 1, n - 2);
        let dims = axes.iter().map(|a| v.dims[*a]).collect();
        self.view(
            &mut Choices::new(&[]),
            x,
            &format!("transpose %{} axes {axes:?} : {}", v.name, v.ty()),
            |a| format!("np.transpose({a}, {axes:?})"),
            dims,
        )
    }

    pub(crate) fn flip(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 0)?;
        let v = self.values[x].clone();
        let (text, python) = match c.below(v.rank() + 1) {
            0 => (String::new(), "None".into()),
            k => (format!(" axes [{}]", k - 1), (k - 1).to_string()),
        };
        self.view(
            c,
            x,
            &format!("flip %{}{text} : {}", v.name, v.ty()),
            |a| format!("np.flip({a}, {python})"),
            v.dims.clone(),
        );
        Some(())
    }

    pub(crate) fn expand_dims(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() < 4)?;
        let v = self.values[x].clone();
        let axis = c.below(v.rank() + 1);
        let mut dims = v.dims.clone();
        dims.insert(axis, Dim::known(1));
        self.view(
            c,
            x,
            &format!("expand_dims %{} axes [{axis}] : {}", v.name, v.ty()),
            |a| format!("np.expand_dims({a}, {axis})"),
            dims,
        );
        Some(())
    }

    pub(crate) fn squeeze(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.dims.iter().any(|d| d.size == 1))?;
        let v = self.values[x].clone();
        let ones: Vec<_> = (0..v.rank()).filter(|d| v.dims[*d].size == 1).collect();
        let axis = c.of(&ones);
        let mut dims = v.dims.clone();
        dims.remove(axis);
        self.view(
            c,
            x,
            &format!("squeeze %{} axes [{axis}] : {}", v.name, v.ty()),
            |a| format!("np.squeeze({a}, {axis})"),
            dims,
        );
        Some(())
    }

    pub(crate) fn reshape(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |_| true)?;
        let v = self.values[x].clone();
        // The prime factors, dealt out to some dimensions.
        let rank = if v.len() == 1 {
            c.below(3)
        } else {
            1 + c.below(3)
        };
        let mut sizes = vec![1; rank];
        if v.len() == 0 {
            sizes.iter_mut().for_each(|n| *n = c.below(4));
            let at = c.below(rank);
            sizes[at] = 0;
        } else {
            let mut left = v.len();
            for p in (2..=left)
                .rev()
                .filter(|p| v.len().is_multiple_of(*p))
                .collect::<Vec<_>>()
            {
                while rank > 0
                    && left > 1
                    && left.is_multiple_of(p)
                    && (p < left || c.one_in(2) || p < 12)
                {
                    sizes[c.below(rank)] *= p;
                    left /= p;
                }
            }
            if left > 1 {
                sizes[0] *= left;
            }
        }
        let inferred = (rank > 0 && v.len() > 0 && c.one_in(2)).then(|| c.below(rank));
        let all_known = v.dims.iter().all(|d| d.known);
        let mut parts = Vec::new();
        let mut dims = Vec::new();
        for (axis, n) in sizes.iter().enumerate() {
            if inferred == Some(axis) {
                parts.push("-1".into());
                dims.push(Dim {
                    size: *n,
                    known: false,
                });
            } else if c.one_in(5) {
                parts.push(format!("%{}", self.index(c, *n)));
                dims.push(Dim::unknown(*n));
            } else {
                parts.push(n.to_string());
                dims.push(Dim::known(*n));
            }
        }
        if let Some(axis) = inferred {
            dims[axis].known =
                all_known && dims.iter().enumerate().all(|(i, d)| i == axis || d.known);
        }
        let python: Vec<_> = sizes.iter().map(|n| format!("{n},")).collect();
        self.view(
            c,
            x,
            &format!(
                "reshape %{} shape [{}] : {}",
                v.name,
                parts.join(", "),
                v.ty()
            ),
            |a| format!("np.reshape({a}, ({}))", python.concat()),
            dims,
        );
        Some(())
    }

    pub(crate) fn broadcast_to(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() < 4 && v.len() < 200)?;
        let v = self.values[x].clone();
        let more = c.below(4 - v.rank()).min(2);
        let mut sizes: Vec<Dim> = (0..more).map(|_| Dim::known(c.of(&[2, 3, 1, 0]))).collect();
        for d in &v.dims {
            let size = if d.size == 1 {
                c.of(&[3, 1, 5, 0])
            } else {
                d.size
            };
            sizes.push(Dim::known(size));
        }
        if sizes.iter().map(|d| d.size).product::<usize>() > MAX_ELEMENTS {
            return None;
        }
        let mut parts = Vec::new();
        for d in &mut sizes {
            if c.one_in(4) {
                parts.push(format!("%{}", self.index(c, d.size)));
                d.known = false;
            } else {
                parts.push(d.size.to_string());
            }
        }
        let python: Vec<_> = sizes.iter().map(|d| format!("{},", d.size)).collect();
        self.view(
            c,
            x,
            &format!(
                "broadcast_to %{} shape [{}] : {}",
                v.name,
                parts.join(", "),
                v.ty()
            ),
            |a| format!("np.broadcast_to({a}, ({}))", python.concat()),
            sizes,
        );
        Some(())
    }

    /// Basic indexing of an array: positions, ranges forwards and backwards, new axes.
    pub(crate) fn items(&mut self, c: &mut Choices<'_>, v: &Value) -> Items {
        let (mut mlir, mut python, mut dims) = (vec![], vec![], vec![]);
        for d in &v.dims {
            if dims.len() < 4 && c.one_in(9) {
                mlir.push("newaxis".to_owned());
                python.push("None".to_owned());
                dims.push(Dim::known(1));
            }
            let n = d.size as i64;
            match c.below(6) {
                0 => {
                    mlir.push(":".into());
                    python.push(":".into());
                    dims.push(*d);
                }
                1 if n > 0 => {
                    let at = c.below(2 * d.size) as i64 - n;
                    let value = at >= 0 && c.one_in(4);
                    let text = if value {
                        format!("%{}", self.index(c, at as usize))
                    } else {
                        at.to_string()
                    };
                    mlir.push(text);
                    python.push(at.to_string());
                }
                kind => {
                    let step = c.of(&[1, -1, 2, -2, 3, -3]);
                    let mut values = false;
                    let mut part =
                        |this: &mut Self, c: &mut Choices<'_>| -> (String, Option<i64>) {
                            if !c.one_in(2) {
                                return (String::new(), None);
                            }
                            let at = c.below(2 * d.size + 3) as i64 - n - 1;
                            if at >= 0 && kind == 5 && c.one_in(2) {
                                values = true;
                                return (format!("%{}", this.index(c, at as usize)), Some(at));
                            }
                            (at.to_string(), Some(at))
                        };
                    let (from, start) = part(self, c);
                    let (to, stop) = part(self, c);
                    let text = |b: Option<i64>| b.map_or(String::new(), |b| b.to_string());
                    mlir.push(format!("{from}:{to}:{step}"));
                    python.push(format!("{}:{}:{step}", text(start), text(stop)));
                    dims.push(Dim {
                        size: selected(n, start, stop, step),
                        known: d.known && !values,
                    });
                }
            }
        }
        // A trailing `:` may be left out.
        if mlir.last().is_some_and(|m| m == ":") && c.one_in(2) {
            mlir.pop();
            python.pop();
        }
        let python = if python.is_empty() {
            "()".into()
        } else {
            format!("{},", python.join(", "))
        };
        Items {
            mlir: mlir.join(", "),
            python: format!("np.s_[{python}]"),
            dims,
        }
    }

    pub(crate) fn slice(&mut self, c: &mut Choices<'_>) -> Option<()> {
        let x = self.pick(c, |v| v.rank() > 0)?;
        let v = self.values[x].clone();
        let items = self.items(c, &v);
        if items.dims.len() > 4 {
            return None;
        }
        self.view(
            c,
            x,
            &format!("slice %{}[{}] : {}", v.name, items.mlir, v.ty()),
            |a| format!("{a}[{}]", items.python),
            items.dims,
        );
        Some(())
    }
}

/// How many positions a range selects, counted one by one.
fn selected(n: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> usize {
    let clamp = |b: i64| {
        let b = if b < 0 { b + n } else { b };
        if step > 0 {
            b.clamp(0, n)
        } else {
            b.clamp(-1, n - 1)
        }
    };
    let (first, last) = if step > 0 { (0, n) } else { (n - 1, -1) };
    let (mut at, end) = (start.map_or(first, clamp), stop.map_or(last, clamp));
    let mut count = 0;
    while if step > 0 { at < end } else { at > end } {
        count += 1;
        at += step;
    }
    count
}
