//! Choices between arrays, grids, differences and integrals.

use npir_runtime::DType;
use npir_testing::Tolerance;

use super::{Class, Make, NO_BOOL, Op, Why};
use crate::samples::numbers;
use crate::value::Value;

/// Indices of two choices, of a shape.
fn of_two(m: &mut Make<'_>, shape: &[usize]) -> Value {
    let count = shape.iter().product();
    let list: Vec<_> = (0..count).map(|_| m.random.below(2) as i64).collect();
    numbers(DType::I64, &list).reshaped(shape)
}

macro_rules! masked {
    ($name:literal) => {
        Op::new(
            $name,
            concat!("numpy.", $name, " %a, %m, %v"),
            concat!("(np.", $name, "(x := a.copy(), m, v), x)[1]"),
        )
        .any_rank()
        .inputs(|m| {
            let shape = m.shape.clone();
            vec![m.array("a"), m.mask("m", &shape), m.of("v", &[3])]
        })
        .special()
    };
}

pub(super) const OPS: &[Op] = &[
    Op::new("choose", "numpy.choose %i, %a, %b", "np.choose(i, [a, b])")
        .any_rank()
        .inputs(|m| {
            let shape = m.shape.clone();
            vec![("i", of_two(m, &shape)), m.array("a"), m.array("b")]
        })
        .broadcast(|m| {
            let (rows, columns) = (m.size(0), m.size(1));
            let i = of_two(m, &[rows, columns]);
            vec![("i", i), m.of("a", &[rows, 1]), m.of("b", &[columns])]
        })
        .special(),
    Op::new(
        "select",
        "numpy.select %m choices %a default %b : ({m}, {a}, {b}) -> {r}",
        "np.select([m], [a], b)",
    )
    .any_rank()
    .inputs(|m| {
        let shape = m.shape.clone();
        vec![m.mask("m", &shape), m.array("a"), m.array("b")]
    })
    .broadcast(|m| {
        let (rows, columns) = (m.size(0), m.size(1));
        let mask = m.mask("m", &[rows, columns]);
        vec![mask, m.of("a", &[rows, 1]), m.of("b", &[])]
    })
    .special(),
    masked!("putmask"),
    masked!("place"),
    Op::new(
        "meshgrid",
        "%0, %1 = numpy.meshgrid %a, %b : {a}, {b} -> {r0}, {r1}\n return %0, %1 : {r0}, {r1}",
        "tuple(np.meshgrid(a, b))",
    )
    .any_rank()
    .inputs(|m| vec![m.array("a"), m.of("b", &[3])])
    .results(2)
    .special(),
    Op::new(
        "indices",
        "%r, %c = numpy.shape %a : {a}\n %0 = numpy.indices shape [%r, %c] : {r}\n return %0 : {r}",
        "np.indices(a.shape, a.dtype)",
    )
    .no_array()
    .counted()
    .refuses(NO_BOOL),
    Op::new(
        "gradient",
        "numpy.gradient %a axis 1 : ({a}) -> {r}",
        "np.gradient(a, axis=1)",
    )
    .inputs(|m| {
        let shape = [m.size(0), m.size(1) + 1];
        vec![m.of("a", &shape)]
    })
    .empty(&[[0, 3]])
    .refuses(NO_BOOL),
    Op::new(
        "trapezoid",
        "numpy.trapezoid %a axis 1 : ({a}) -> {r}",
        "np.trapezoid(a, axis=1)",
    )
    .ulps(2)
    .refuses(&[(Class::Bool, Why::Cast)]),
    Op::new("cross", "numpy.cross %a, %b", "np.cross(a, b)")
        .inputs(|m| {
            let rows = m.size(0);
            vec![m.of("a", &[rows, 3]), m.of("b", &[rows, 3])]
        })
        .broadcast(|m| {
            let rows = m.size(0);
            vec![m.of("a", &[rows, 1, 3]), m.of("b", &[4, 3])]
        })
        .empty(&[[0, 3]])
        .refuses(NO_BOOL),
    Op::new(
        "average",
        "numpy.average %a weights %w axes [1] : {a} weights {w} -> {r}",
        "np.average(a, weights=w, axis=1)",
    )
    .inputs(|m| {
        let list: Vec<_> = (0..m.size(1)).map(|k| k as i64 % 3 + 1).collect();
        vec![m.array("a"), ("w", numbers(m.dtype, &list))]
    })
    .empty(&[[0, 3]])
    .ulps(4),
    Op::new("cov", "numpy.cov %a ddof 0", "np.cov(a, ddof=0)")
        .inputs(|m| {
            // Means of four numbers are exact.
            let shape = [m.size(0) + 1, 4];
            vec![m.of("a", &shape)]
        })
        .not_empty(Why::NoArray)
        .ulps(2),
    Op::new("corrcoef", "numpy.corrcoef %a", "np.corrcoef(a)")
        .inputs(|m| {
            // Rows that differ, of elements that do: no variance is zero.
            let (rows, columns) = (m.size(0) + 1, m.size(1) + 2);
            let list: Vec<_> = (0..rows * columns)
                .map(|k| ((k % columns == k / columns % columns) || k % columns == 0) as i64)
                .collect();
            vec![("a", numbers(m.dtype, &list).reshaped(&[rows, columns]))]
        })
        .not_empty(Why::Rounds)
        .tolerance(Tolerance::Norm(1 << 14)),
    Op::new(
        "lexsort",
        "numpy.lexsort %a, %b axis 0",
        "np.lexsort((a, b), axis=0)",
    )
    .inputs(|m| m.two())
    .special(),
    Op::new(
        "interp",
        "numpy.interp %a, %p, %f : ({a}, {p}, {f}) -> {r}",
        "np.interp(a, p, f)",
    )
    .any_rank()
    .inputs(|m| {
        let points = numbers(m.dtype, &[0, 1, 3]);
        vec![m.array("a"), ("p", points.clone()), ("f", points)]
    })
    .refuses(&[(Class::Complex, Why::Refused)]),
];
