//! Fourier transforms.

use npir_testing::Tolerance;

use super::{Inputs, Make, Op, REAL, Why};

/// At least two columns: of one a half has no points.
fn half(m: &mut Make<'_>) -> Inputs {
    let shape = [m.size(0), m.size(1).max(2)];
    vec![m.of("a", &shape)]
}

/// Of `float16` NumPy rounds the scale to 16 bits.
const SCALED: Tolerance = Tolerance::Largest(10_000);

macro_rules! transform {
    ($name:literal, $call:literal) => {
        Op::new(
            concat!("fft_", $name),
            concat!("numpy.fft_", $name, " %a axes [1]"),
            concat!("np.fft.", $name, "(a, axis=1)"),
        )
        .empty(&[[0, 3]])
        .tolerance(Tolerance::Largest(200))
    };
    ($name:literal) => {
        Op::new(
            concat!("fft_", $name),
            concat!("numpy.fft_", $name, " %a"),
            concat!("np.fft.", $name, "(a)"),
        )
        .not_empty(Why::Refused)
        .tolerance(Tolerance::Largest(200))
        .wide()
    };
}

macro_rules! shift {
    ($name:literal) => {
        Op::new(
            concat!("fft_", $name),
            concat!("numpy.fft_", $name, " %a"),
            concat!("np.fft.", $name, "(a)"),
        )
        .special()
    };
}

macro_rules! frequencies {
    ($name:literal) => {
        Op::new(
            concat!("fft_", $name),
            concat!(
                "%n = numpy.dim %a axis 0 : {a}\n %0 = numpy.fft_",
                $name,
                " %n d 0.25 : {r}\n return %0 : {r}"
            ),
            concat!("np.fft.", $name, "(len(a), 0.25)"),
        )
        .no_array()
        .counted()
    };
}

pub(super) const OPS: &[Op] = &[
    transform!("fft", 1).wide(),
    transform!("ifft", 1).wide().half(SCALED),
    transform!("rfft", 1).wide().refuses(REAL),
    transform!("irfft", 1).inputs(half).half(SCALED),
    transform!("hfft", 1)
        .inputs(half)
        .half(Tolerance::Largest(4)),
    transform!("ihfft", 1).wide().half(SCALED).refuses(REAL),
    transform!("fft2"),
    transform!("ifft2").half(SCALED),
    transform!("rfft2").refuses(REAL),
    transform!("irfft2").inputs(half).half(SCALED),
    transform!("fftn"),
    transform!("ifftn").half(SCALED),
    transform!("rfftn").refuses(REAL),
    transform!("irfftn").inputs(half).half(SCALED),
    frequencies!("fftfreq"),
    frequencies!("rfftfreq"),
    shift!("fftshift"),
    shift!("ifftshift"),
];
