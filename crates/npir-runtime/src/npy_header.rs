//! The header of a `.npy` file: a Python dict literal with `descr`, `fortran_order` and `shape`.
//! Nothing in it is trusted: the parser accepts exactly this dict and checks every size.

use crate::dtype::{ByteOrder, DType};
use crate::extents::{ShapeDisplay, checked_len};
use crate::npy::NpyReason;

pub(crate) const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// A longer header than any real one; NumPy itself refuses more than 10,000 characters by default.
pub(crate) const MAX_HEADER: usize = 1 << 16;

/// What a header says, checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) dtype: DType,
    pub(crate) order: ByteOrder,
    pub(crate) fortran: bool,
    pub(crate) shape: Vec<usize>,
    /// Bytes of all elements.
    pub(crate) nbytes: usize,
}

impl Header {
    /// Parses the dict literal.
    pub(crate) fn parse(text: &[u8]) -> Result<Header, NpyReason> {
        let text = std::str::from_utf8(text)
            .map_err(|_| NpyReason::Header("it is not valid text".to_owned()))?;
        let mut parser = Parser { rest: text };
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        parser.expect('{')?;
        while !parser.eat('}') {
            let key = parser.string()?;
            parser.expect(':')?;
            let seen = match key {
                "descr" => descr.replace(parser.descr()?).is_some(),
                "fortran_order" => fortran.replace(parser.boolean()?).is_some(),
                "shape" => shape.replace(parser.shape()?).is_some(),
                other => {
                    return Err(NpyReason::Header(format!(
                        "unknown key '{}'",
                        other.escape_debug()
                    )));
                }
            };
            if seen {
                return Err(NpyReason::Header(format!("key '{key}' occurs twice")));
            }
            if !parser.eat(',') {
                parser.expect('}')?;
                break;
            }
        }
        parser.skip_space();
        if !parser.rest.is_empty() {
            return Err(NpyReason::Header("text after the dict".to_owned()));
        }
        let missing = |key: &str| NpyReason::Header(format!("key '{key}' is missing"));
        let descr = descr.ok_or_else(|| missing("descr"))?;
        let (dtype, order) = DType::from_descr(descr)
            .map_err(|_| NpyReason::DType(descr.escape_debug().to_string()))?;
        let fortran = fortran.ok_or_else(|| missing("fortran_order"))?;
        let shape = shape.ok_or_else(|| missing("shape"))?;
        let len = checked_len(&shape, dtype.size()).ok_or_else(|| NpyReason::SizeOverflow {
            shape: ShapeDisplay(&shape).to_string(),
            dtype,
        })?;
        Ok(Header {
            dtype,
            order,
            fortran,
            nbytes: len * dtype.size(),
            shape,
        })
    }

    /// The header of a file, magic and padding included, so that the data starts at a multiple of 64.
    pub(crate) fn bytes(dtype: DType, fortran: bool, shape: &[usize]) -> Vec<u8> {
        let dict = format!(
            "{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}",
            dtype.descr(),
            if fortran { "True" } else { "False" },
            ShapeDisplay(shape)
        );
        // Magic, version, length field, dict, newline.
        let long = 6 + 2 + 2 + dict.len() + 64 > usize::from(u16::MAX);
        let fixed = 6 + 2 + if long { 4 } else { 2 };
        let total = (fixed + dict.len() + 1).next_multiple_of(64);
        let mut out = Vec::with_capacity(total);
        out.extend_from_slice(MAGIC);
        let length = total - fixed;
        if long {
            out.extend_from_slice(&[2, 0]);
            out.extend_from_slice(&(length as u32).to_le_bytes());
        } else {
            out.extend_from_slice(&[1, 0]);
            out.extend_from_slice(&(length as u16).to_le_bytes());
        }
        out.extend_from_slice(dict.as_bytes());
        out.resize(total - 1, b' ');
        out.push(b'\n');
        out
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, c: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), NpyReason> {
        if self.eat(c) {
            return Ok(());
        }
        let found = match self.rest.chars().next() {
            Some(found) => format!("'{}'", found.escape_debug()),
            None => "the end".to_owned(),
        };
        Err(NpyReason::Header(format!("expected '{c}', found {found}")))
    }

    fn string(&mut self) -> Result<&'a str, NpyReason> {
        self.skip_space();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let found = quote.and_then(|quote| self.rest[1..].split_once(quote));
        let (text, rest) =
            found.ok_or_else(|| NpyReason::Header("expected a string".to_owned()))?;
        self.rest = rest;
        Ok(text)
    }

    fn descr(&mut self) -> Result<&'a str, NpyReason> {
        self.skip_space();
        if self.rest.starts_with('[') {
            return Err(NpyReason::DType("a structured dtype".to_owned()));
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool, NpyReason> {
        self.skip_space();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(NpyReason::Header(
            "fortran_order is not True or False".to_owned(),
        ))
    }

    fn shape(&mut self) -> Result<Vec<usize>, NpyReason> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.eat(')') {
            shape.push(self.extent()?);
            // NumPy's limit, which also bounds the work on a hostile header.
            if shape.len() > 64 {
                return Err(NpyReason::Header("more than 64 axes".to_owned()));
            }
            if !self.eat(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn extent(&mut self) -> Result<usize, NpyReason> {
        self.skip_space();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '-')
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // Python 2 wrote long integers as `3L`.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().map_err(|_| {
            NpyReason::Header(match digits {
                "" => "the shape is not a tuple of integers".to_owned(),
                _ => format!("{digits} is not an extent"),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Header, String> {
        Header::parse(text.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn what_numpy_writes() {
        let h = parse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }   \n").unwrap();
        assert_eq!(
            (h.dtype, h.order, h.fortran),
            (DType::F64, ByteOrder::Native, false)
        );
        assert_eq!((h.shape, h.nbytes), (vec![3, 4], 96));
        let h = parse("{\"shape\": (5L,), 'fortran_order': True, 'descr': '>i2'}").unwrap();
        assert_eq!(
            (h.dtype, h.order, h.fortran),
            (DType::I16, ByteOrder::Swapped, true)
        );
        assert_eq!(
            parse("{'descr': '|b1', 'fortran_order': False, 'shape': ()}")
                .unwrap()
                .nbytes,
            1
        );
    }

    #[test]
    fn what_nobody_should_write() {
        let shape = |s: &str| {
            parse(&format!(
                "{{'descr': '<f8', 'fortran_order': False, 'shape': {s}}}"
            ))
        };
        for (text, message) in [
            ("(-1,)", "-1 is not an extent"),
            ("(99999999999999999999999,)", "is not an extent"),
            ("(4611686018427387904, 4)", "overflows"),
            ("(2305843009213693952,)", "overflows"),
            ("(9223372036854775807, 0)", "overflows"),
            ("3", "expected '('"),
            ("(3", "expected ')'"),
            ("('a',)", "not a tuple of integers"),
            ("(1,,)", "not a tuple of integers"),
        ] {
            let error = shape(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(
            shape(&format!("({})", "1,".repeat(65)))
                .unwrap_err()
                .contains("64 axes")
        );
        for (text, message) in [
            ("", "expected '{'"),
            ("{}", "'descr' is missing"),
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
                "unsupported dtype `|O`",
            ),
            (
                "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}",
                "structured",
            ),
            (
                "{'descr': '<f8', 'fortran_order': 1, 'shape': ()}",
                "True or False",
            ),
            ("{'descr': '<f8', 'descr': '<f8'}", "occurs twice"),
            ("{'descr': '<f8', 'evil': ()}", "unknown key 'evil'"),
            (
                "{'descr': '<f8', 'fortran_order': False, 'shape': ()} x",
                "after the dict",
            ),
            ("{'descr", "expected a string"),
            ("é", "expected '{'"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert!(Header::parse(b"{\xff}").is_err());
    }

    #[test]
    fn written_headers_are_aligned_and_parse() {
        for shape in [vec![], vec![3], vec![3, 0, 70000], vec![1; 64]] {
            for dtype in DType::all() {
                let bytes = Header::bytes(dtype, true, &shape);
                assert_eq!(bytes.len() % 64, 0);
                let h = Header::parse(&bytes[10..]).unwrap();
                assert_eq!((h.dtype, h.fortran, h.shape), (dtype, true, shape.clone()));
            }
        }
    }
}
