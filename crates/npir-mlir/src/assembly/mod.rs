//! Declarative assembly formats, interpreted for parsing and for printing from one
//! description, and the primitives that hand-written assembly uses.
//!
//! | directive | meaning |
//! |---|---|
//! | `` `word` ``, `` `,` ``, `` `->` `` | a keyword or punctuation |
//! | `$name` | an operand (list), an attribute or a region of that name |
//! | `type($name)` | type(s) of that operand or result |
//! | `operands` | all operands |
//! | `type(operands)`, `type(results)` | all their types |
//! | `functional-type(operands, results)` | `(inputs) -> (results)` |
//! | `attr-dict`, `attr-dict-with-keyword` | the attributes that are not mentioned |
//! | `` (`word` $name^)? `` | present when the anchor `$name^` is: an optional or unit attribute, an optional or variadic operand, a region |
//!
//! Result types that no directive mentions are inferred. An operand whose type no
//! directive mentions is of the only type that its constraint allows, or of type `index`.
//!
//! What an op holds must survive printing and parsing. A format is therefore refused
//! when it leaves out an operand, a region or the attribute dictionary, or puts what may
//! be absent outside a group.

mod format;
mod parser;
mod printer;
mod read;
mod write;

pub use format::Assembly;
pub use parser::{Operands, Parsed, Parser};
pub use printer::Printer;
pub(crate) use read::parse;
pub(crate) use write::print;
