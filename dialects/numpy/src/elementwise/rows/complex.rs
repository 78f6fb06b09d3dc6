//! Parts of complex numbers; real numbers have an imaginary part of zero.

use super::super::dtype::Classes;
use super::super::table::ResultRule::{FloatPart, Part, Same};
use super::super::table::{Row, Rule};
use npir_mlir::prelude::*;

functions! {
    /// Complex conjugate; real numbers are their own.
    Conjugate(x) = Row::new("numpy.conjugate", Classes::NUMERIC, Same, |b, x| b.conj(x[0]))
        .native_halves()
        .rules(&[Rule::Involution, Rule::Nothing(Classes::NUMBER)]);

    /// Real part.
    Real(x) = Row::new("numpy.real", Classes::ALL, Part, |b, x| b.re(x[0]))
        .native_halves()
        .rules(&[Rule::Nothing(Classes::REAL)]);

    /// Imaginary part; zero for real numbers.
    Imag(x) = Row::new("numpy.imag", Classes::ALL, Part, |b, x| b.im(x[0]))
        .native_halves();

    /// Angle in the complex plane, in radians: π for negative real numbers.
    Angle(x) = Row::new("numpy.angle", Classes::NUMERIC, FloatPart, |b, x| {
        let (re, im) = (b.re(x[0]), b.im(x[0]));
        b.part().math("atan2", &[im, re])
    });
}
