//! Linear algebra. Where factors are one choice of many, what they multiply to is compared.

use npir_testing::Tolerance;

use super::{Class, Inputs, Make, Op, Why};

/// What linear algebra does not take.
const FIELDS: &[(Class, Why)] = &[(Class::Half, Why::Refused), (Class::Brain, Why::NoBf16)];

/// Computed in double precision, compared in units of the largest element.
const NEAR: Tolerance = Tolerance::Largest(2000);

/// A matrix that is far from singular, of up to 6 rows.
fn square(m: &mut Make<'_>) -> Inputs {
    let n = m.size(0).min(6);
    vec![("a", m.regular(n))]
}

/// A matrix that is positive definite.
fn positive(m: &mut Make<'_>) -> Inputs {
    let n = m.size(0).min(6);
    vec![("a", m.hermitian(n))]
}

/// A matrix and right sides.
fn system(m: &mut Make<'_>) -> Inputs {
    let mut inputs = square(m);
    let n = inputs[0].1.shape[0];
    inputs.push(m.of("b", &[n, 3]));
    inputs
}

/// More rows than columns, of full rank.
fn tall(m: &mut Make<'_>) -> Inputs {
    let n = m.size(0).min(6);
    let a = m.regular(n);
    vec![("a", a.resized(&[n + 2, n])), m.of("b", &[n + 2, 2])]
}

macro_rules! matrix {
    ($name:literal) => {
        Op::new(
            concat!("linalg_", $name),
            concat!("numpy.linalg_", $name, " %a"),
            concat!("np.linalg.", $name, "(a)"),
        )
        .inputs(square)
        .empty(&[[0, 3]])
        .tolerance(NEAR)
        .refuses(FIELDS)
    };
}

pub(super) const OPS: &[Op] = &[
    matrix!("cholesky").inputs(positive),
    Op::new(
        "linalg_qr",
        "%q, %t = numpy.linalg_qr %a : {a} -> tensor<?x?x$f>, tensor<?x?x$f>\n \
         %0 = numpy.matmul %q, %t : tensor<?x?x$f>, tensor<?x?x$f> -> {r0}\n \
         %1 = numpy.absolute %t : tensor<?x?x$f> -> {r1}\n return %0, %1 : {r0}, {r1}",
        "(np.matmul(*np.linalg.qr(a)), np.abs(np.linalg.qr(a, 'r')))",
    )
    .inputs(tall_only)
    .results(2)
    .counted()
    .tolerance(NEAR)
    .refuses(FIELDS),
    Op::new(
        "linalg_qr_r",
        "%t = numpy.linalg_qr_r %a : {a} -> tensor<?x?x$f>\n \
         %0 = numpy.absolute %t : tensor<?x?x$f> -> {r}\n return %0 : {r}",
        "np.abs(np.linalg.qr(a, 'r'))",
    )
    .inputs(tall_only)
    .counted()
    .tolerance(NEAR)
    .refuses(FIELDS),
    Op::new(
        "linalg_svd",
        "%u, %s, %v = numpy.linalg_svd %a : {a} -> tensor<?x?x$f>, {r0}, tensor<?x?x$f>\n \
         %c = numpy.cast %s : {r0} -> tensor<?x$f>\n \
         %w = numpy.multiply %u, %c : tensor<?x?x$f>, tensor<?x$f> -> tensor<?x?x$f>\n \
         %1 = numpy.matmul %w, %v : tensor<?x?x$f>, tensor<?x?x$f> -> {r1}\n return %s, %1 : {r0}, {r1}",
        "(np.linalg.svd(a)[1], a.astype(np.linalg.svd(a)[0].dtype))",
    )
    .results(2)
    .counted()
    .tolerance(NEAR)
    .refuses(FIELDS),
    matrix!("svdvals").inputs(|m| vec![m.array("a")]).empty(&[[0, 3], [3, 0]]),
    Op::new(
        "linalg_eigh",
        "%w, %v = numpy.linalg_eigh %a : {a} -> {r0}, tensor<?x?x$f>\n \
         %c = numpy.cast %w : {r0} -> tensor<?x$f>\n \
         %s = numpy.multiply %v, %c : tensor<?x?x$f>, tensor<?x$f> -> tensor<?x?x$f>\n \
         %t = numpy.transpose %v : tensor<?x?x$f> -> tensor<?x?x$f>\n \
         %h = numpy.conjugate %t : tensor<?x?x$f> -> tensor<?x?x$f>\n \
         %1 = numpy.matmul %s, %h : tensor<?x?x$f>, tensor<?x?x$f> -> {r1}\n return %w, %1 : {r0}, {r1}",
        "(np.linalg.eigh(a)[0], a.astype(np.linalg.eigh(a)[1].dtype))",
    )
    .inputs(positive)
    .empty(&[[0, 3]])
    .results(2)
    .counted()
    .tolerance(NEAR)
    .refuses(FIELDS),
    matrix!("eigvalsh").inputs(positive),
    // Their order is open: a·v - v·w is zero.
    Op::new(
        "linalg_eig",
        "%w, %v = numpy.linalg_eig %a : {a} -> tensor<?x$c>, tensor<?x?x$c>\n \
         %b = numpy.cast %a : {a} -> tensor<?x?x$c>\n \
         %p = numpy.matmul %b, %v : tensor<?x?x$c>, tensor<?x?x$c> -> tensor<?x?x$c>\n \
         %q = numpy.multiply %v, %w : tensor<?x?x$c>, tensor<?x$c> -> tensor<?x?x$c>\n \
         %0 = numpy.subtract %p, %q : tensor<?x?x$c>, tensor<?x?x$c> -> {r}\n return %0 : {r}",
        "np.zeros(a.shape, np.result_type(np.linalg.det(a), np.complex64))",
    )
    .inputs(square)
    .empty(&[[0, 3]])
    .counted()
    .tolerance(Tolerance::Largest(100_000))
    .refuses(FIELDS),
    Op::new(
        "linalg_eigvals",
        "%w = numpy.linalg_eigvals %a : {a} -> tensor<?x$c>\n \
         %0 = numpy.sum %w : tensor<?x$c> -> {r0}\n %1 = numpy.prod %w : tensor<?x$c> -> {r1}\n \
         return %0, %1 : {r0}, {r1}",
        "tuple(x.astype(np.result_type(x, np.complex64)) for x in (np.trace(a * np.linalg.det(a).dtype.type(1)), np.linalg.det(a)))",
    )
    .inputs(square)
    .empty(&[[0, 3]])
    .results(2)
    .counted()
    .tolerance(NEAR)
    .refuses(FIELDS),
    matrix!("det"),
    Op::new(
        "linalg_slogdet",
        "%0, %1 = numpy.linalg_slogdet %a : {a} -> {r0}, {r1}\n return %0, %1 : {r0}, {r1}",
        "tuple(np.linalg.slogdet(a))",
    )
    .inputs(square)
    .empty(&[[0, 3]])
    .results(2)
    .tolerance(NEAR)
    .refuses(FIELDS),
    matrix!("inv"),
    Op::new(
        "linalg_solve",
        "numpy.linalg_solve %a, %b",
        "np.linalg.solve(a, b)",
    )
    .inputs(system)
    .empty(&[[0, 3]])
    .broadcast(|m| {
        let mut inputs = system(m);
        let n = inputs[0].1.shape[0];
        inputs[1] = m.of("b", &[2, n, 3]);
        inputs
    })
    .tolerance(NEAR)
    .refuses(FIELDS),
    Op::new(
        "linalg_lstsq",
        "%0, %1, %2, %3 = numpy.linalg_lstsq %a, %b : ({a}, {b}) -> ({r0}, {r1}, {r2}, {r3})\n \
         return %0, %1, %2, %3 : {r0}, {r1}, {r2}, {r3}",
        "tuple(x if i != 2 else np.int32(x) for i, x in enumerate(np.linalg.lstsq(a, b)))",
    )
    .inputs(tall)
    .empty(&[[0, 3]])
    .results(4)
    .counted()
    .tolerance(Tolerance::Largest(100_000))
    .refuses(FIELDS),
    // Of an empty matrix NumPy gives its own type, even if that is no float.
    Op::new(
        "linalg_pinv",
        "numpy.linalg_pinv %a : ({a}) -> {r}",
        "np.linalg.pinv(a).astype(np.linalg.det(a).dtype)",
    )
    .inputs(square)
    .empty(&[[0, 3]])
    .tolerance(NEAR)
    .refuses(FIELDS),
    Op::new(
        "linalg_matrix_rank",
        "numpy.linalg_matrix_rank %a : ({a}) -> {r}",
        "np.asarray(np.linalg.matrix_rank(a), np.int64)",
    )
    .any_rank()
    .inputs(|m| match m.shape.len() {
        0 => vec![m.array("a")],
        _ => square(m),
    })
    .empty(&[[0, 3]])
    .refuses(FIELDS),
    Op::new(
        "linalg_matrix_power",
        "numpy.linalg_matrix_power %a to 3",
        "np.linalg.matrix_power(a, 3)",
    )
    .inputs(square)
    .empty(&[[0, 3]])
    .tolerance(NEAR),
    Op::new(
        "linalg_norm",
        "numpy.linalg_norm %a axes [1]",
        "np.linalg.norm(a, axis=1)",
    )
    .tolerance(NEAR),
    matrix!("cond").not_empty(Why::Refused),
];

/// More rows than columns.
fn tall_only(m: &mut Make<'_>) -> Inputs {
    let mut inputs = tall(m);
    inputs.truncate(1);
    inputs
}
