//! What the glyphs mean.

/// A glyph, and the op for it with one argument, with two, and as a reduction; none where empty.
pub(crate) const FUNCTIONS: &[(char, [&str; 3])] = &[
    ('+', ["numpy.positive", "numpy.add", "numpy.sum"]),
    ('-', ["numpy.negative", "numpy.subtract", ""]),
    ('×', ["numpy.sign", "numpy.multiply", "numpy.prod"]),
    ('÷', ["numpy.reciprocal", "numpy.divide", ""]),
    ('*', ["numpy.exp", "numpy.power", ""]),
    ('⍟', ["numpy.log", "", ""]),
    ('√', ["numpy.sqrt", "", ""]),
    ('⌈', ["numpy.ceil", "numpy.maximum", "numpy.max"]),
    ('⌊', ["numpy.floor", "numpy.minimum", "numpy.min"]),
    ('|', ["numpy.absolute", "numpy.remainder", ""]),
    ('~', ["numpy.logical_not", "", ""]),
    ('∧', ["", "numpy.logical_and", "numpy.all"]),
    ('∨', ["", "numpy.logical_or", "numpy.any"]),
    ('=', ["", "numpy.equal", ""]),
    ('≠', ["", "numpy.not_equal", ""]),
    ('<', ["", "numpy.less", ""]),
    ('≤', ["", "numpy.less_equal", ""]),
    ('≥', ["", "numpy.greater_equal", ""]),
    ('>', ["", "numpy.greater", ""]),
    ('⍉', ["numpy.transpose", "", ""]),
    (',', ["numpy.ravel", "", ""]),
];
