//! `numpy.random_*` against the cipher written in NumPy, which is checked against its authors' known answer.

use npir_runtime::RunErrorKind;

use crate::library::{Row, check_rows};

/// `block(key, draw, n)`: the four words of the first `n` counters, as uint64.
const PHILOX: &str = "exec('''
def block(key, draw, n):
    word = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    i = np.arange(n, dtype=np.uint64)
    d = np.full(n, draw, np.int64).view(np.uint64)
    k = np.full(n, key, np.uint64)
    w = [i & word, i >> half, d & word, d >> half]
    k = [k & word, k >> half]
    for r in range(10):
        if r:
            k = [(k[0] + np.uint64(0x9E3779B9)) & word, (k[1] + np.uint64(0xBB67AE85)) & word]
        a, b = w[0] * np.uint64(0xD2511F53), w[2] * np.uint64(0xCD9E8D57)
        w = [(b >> half) ^ w[1] ^ k[0], b & word, (a >> half) ^ w[3] ^ k[1], a & word]
    return w
assert [int(x[0]) for x in block(0, 0, 1)] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
def unit(dtype, low, high):
    if dtype == np.float32:
        return ((low >> np.uint64(8)) * 2.0 ** -24).astype(np.float32)
    return ((low | high << np.uint64(32)) >> np.uint64(11)) * 2.0 ** -53
def normal(dtype, w):
    u, v = unit(dtype, w[0], w[1]), unit(dtype, w[2], w[3])
    return np.sqrt(-2 * np.log(1 - u)) * np.cos(v * dtype(2 * np.pi))
def between(w, low, high, dtype):
    x = [int(a) | int(b) << 32 for a, b in zip(w[0], w[1])]
    return np.array([low + (x * (high - low) >> 64) for x in x], np.int64).astype(dtype)
''', globals())";

fn random(op: &str, shape: &str, key: u64, numpy: &str) -> Row {
    let mut row = Row::new(
        format!("numpy.{op} shape [{shape}] : {{k}} -> {{r0}}"),
        &[("k", &format!("np.uint64({key})"))],
        format!("({PHILOX}, {numpy})[1]"),
    );
    row.only_static = true;
    row
}

#[test]
fn numbers_are_those_of_the_cipher() {
    let mut rows = Vec::new();
    for key in [0, 7, u64::MAX, 0x0123_4567_89ab_cdef] {
        for dtype in ["float64", "float32"] {
            rows.push(
                random(
                    "random_uniform %k",
                    "3, 5",
                    key,
                    &format!("unit(np.{dtype}, *block({key}, 0, 15)[:2]).reshape(3, 5)"),
                )
                .exact(),
            );
            rows.push(random(
                "random_standard_normal %k",
                "41",
                key,
                &format!("normal(np.{dtype}, block({key}, 0, 41))"),
            ));
        }
        for (low, high, dtype) in [
            (0i64, 10i64, "int64"),
            (-5, 250, "int16"),
            (0, 256, "uint8"),
            (i64::MIN, i64::MAX, "int64"),
        ] {
            let mut row = random(
                "random_integers %k, %l, %h",
                "20",
                key,
                &format!("between(block({key}, 0, 20), {low}, {high}, np.{dtype})"),
            );
            row.op = row.op.replace("{k} ->", "{k}, {l}, {h} ->");
            row.inputs.push(("l", format!("np.int64({low})")));
            row.inputs.push(("h", format!("np.int64({high})")));
            rows.push(row.exact());
        }
    }
    let other = "unit(np.float64, *block(3, 9, 4)[:2])";
    let mut row = random("random_uniform %k", "4", 3, other).exact();
    row.op = row.op.replace("] :", "] {draw = 9 : i64} :");
    rows.push(row);
    rows.push(
        random(
            "random_uniform %k",
            "",
            3,
            "unit(np.float64, *block(3, 0, 1)[:2])[0]",
        )
        .exact(),
    );
    check_rows(rows);
}

#[test]
fn distributions_have_their_moments() {
    let rows = [
        (
            "random_uniform %k",
            "abs(r0.mean() - 0.5) < 0.002 and abs(r0.var() - 1 / 12) < 0.001 and r0.min() >= 0 and r0.max() < 1",
        ),
        (
            "random_standard_normal %k",
            "abs(r0.mean()) < 0.005 and abs(r0.std() - 1) < 0.005 and abs((r0 ** 3).mean()) < 0.02",
        ),
    ];
    let rows =
        rows.map(|(op, holds)| random(op, "400, 1000", 42, "np.empty((400, 1000))").holds(holds));
    check_rows(rows.to_vec());
}

#[test]
fn empty_ranges_are_errors() {
    let mut row = random(
        "random_integers %k, %l, %h",
        "20",
        1,
        "np.zeros(20, np.int64)",
    );
    row.op = row
        .op
        .replace("{k} ->", "{k}, {l}, {h} ->")
        .replace("{r0}", "tensor<20xi64>");
    row.inputs.push(("l", "np.int64(5)".to_string()));
    row.inputs.push(("h", "np.int64(5)".to_string()));
    check_rows(vec![
        row.raises(RunErrorKind::Value, "numpy.random_integers: low >= high"),
    ]);
}
