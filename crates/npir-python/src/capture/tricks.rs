//! Objects of NumPy that make arrays by indexing: `mgrid`, `ogrid`, `r_`, `c_`, `s_`.

use npir::builder::Index as Item;
use pyo3::prelude::*;

use crate::value::Value;

use super::indexing::{Index, Part};
use super::{Capture, Captured};

impl<'c, 'py> Capture<'_, 'c, 'py> {
    /// What such an object makes of an index; nothing for other objects.
    pub(super) fn index_trick(
        &mut self,
        class: &str,
        object: &Bound<'py, PyAny>,
        index: &Index<'c>,
    ) -> Captured<Option<Value<'c>>> {
        match class {
            "MGridClass" | "OGridClass" => {
                let made = object.get_item(self.object_index(index)?)?;
                match self.constant_value(&made)? {
                    Some(value) => Ok(Some(value)),
                    None => self.unsupported("a large grid"),
                }
            }
            "IndexExpression" => {
                let made = object.get_item(self.object_index(index)?)?;
                Ok(Some(self.known(&made)))
            }
            "RClass" | "CClass" => self
                .side_by_side(object, class == "CClass", index)
                .map(Some),
            _ => Ok(None),
        }
    }

    /// `r_` and `c_`: what is listed one after another, slices as ranges; with `columns` vectors become columns.
    fn side_by_side(
        &mut self,
        object: &Bound<'py, PyAny>,
        columns: bool,
        index: &Index<'c>,
    ) -> Captured<Value<'c>> {
        let mut values = Vec::new();
        for part in &index.parts {
            values.push(match part {
                Part::Slice(_) => {
                    let one = Index {
                        parts: vec![part.clone()],
                    };
                    let key = self.object_index(&one)?;
                    let rows = self.py.import("numpy")?.getattr("r_")?;
                    match self.constant_value(&rows.get_item(key)?)? {
                        Some(range) => range,
                        None => return self.unsupported("a long range"),
                    }
                }
                Part::Value(value) => match value {
                    Value::Object(text)
                        if text.bind(self.py).is_instance_of::<pyo3::types::PyString>() =>
                    {
                        return self
                            .unsupported(format!("{} with text", object.get_type().name()?));
                    }
                    other => other.clone(),
                },
            });
        }
        let dtype = self.common(&values)?;
        let mut parts = Vec::new();
        for value in &values {
            let tensor = self.tensor_as(value, dtype)?;
            let items = match (tensor.rank(), columns) {
                (0, false) => vec![Item::NewAxis],
                (0, true) => vec![Item::NewAxis, Item::NewAxis],
                (1, true) => vec![Item::ALL, Item::NewAxis],
                (rank, _) => vec![Item::ALL; rank],
            };
            parts.push(self.sliced(&Value::Scalar(tensor), items)?);
        }
        let axis = if columns { -1 } else { 0 };
        self.join("concatenate", &parts, axis, false, Some(dtype))
    }
}
