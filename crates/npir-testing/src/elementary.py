"""Compares `r` with the function `name` of `a`, or of `a` and `b` where `two`, in extended precision.

Gives the worst error in units of the last digit of the rounded result, where that is, and for how many arguments only one is
NaN, the value is zero or infinite and the result is not, or the signs differ. A result that is infinite counts as the next
number after the largest. Extended precision has 64 bits of significand.
"""

e = np.longdouble
x = [v.astype(e) for v in ([a, b] if two else [a])]

def far_erfc(x):
    # exp(-x²) without the rounding of x², and Laplace's continued fraction.
    top = x.astype(np.float32).astype(e)
    low = x - top
    t = np.zeros_like(x)
    for k in range(120, 0, -1):
        t = (e(k) / 2) / (x + t)
    return np.exp(-top * top) * np.exp(-low * (x + top)) / (x + t) / np.sqrt(e('3.14159265358979323846264338327950288'))

def near_erf(x):
    # exp(-x²) times a series of positive terms.
    term = x.copy()
    total = x.copy()
    for k in range(1, 60):
        term = term * (2 * x * x) / (2 * k + 1)
        total += term
    return 2 / np.sqrt(e('3.14159265358979323846264338327950288')) * np.exp(-x * x) * total

def pieces(x, parts):
    # Each part where it holds.
    result = x.copy()
    for where, f in parts:
        result[where] = f(x[where])
    return result

def erf(x):
    return pieces(x, [
        (np.abs(x) < 2, near_erf),
        (x >= 2, lambda x: 1 - far_erfc(np.minimum(x, e(40)))),
        (x <= -2, lambda x: far_erfc(np.minimum(-x, e(40))) - 1),
    ])

def erfc(x):
    return pieces(x, [
        (np.abs(x) < 1.5, lambda x: 1 - near_erf(x)),
        (x >= 1.5, lambda x: far_erfc(np.minimum(x, e(40)))),
        (x <= -1.5, lambda x: 2 - far_erfc(np.minimum(-x, e(40)))),
    ])

which = bytes(name).decode()
exact = {'erf': erf, 'erfc': erfc}.get(which, getattr(np, which, None))(*x)
right = exact.astype(a.dtype)
same = (np.isnan(right) & np.isnan(r)) | ((right == r) & (np.signbit(right) == np.signbit(r)))
special = np.isnan(exact) | np.isnan(r) | np.isinf(exact) | (exact == 0)
wrong = ~same & (special | (np.signbit(r) != np.signbit(exact)))
largest = np.finfo(a.dtype).max
beyond = 2 * e(2) ** (np.finfo(a.dtype).maxexp - 1)
unit = np.spacing(np.abs(np.where(special, 1, np.clip(right, -largest, largest)))).astype(e)
found = np.clip(np.where(special, 0, r).astype(e), -beyond, beyond)
# A value far beyond the largest number is infinity, and so is the result.
error = np.abs(found - np.clip(np.where(special, 0, exact), -2 * beyond, 2 * beyond)) / unit
error = np.where(same & ~np.isfinite(r), 0, error)
at = int(np.argmax(np.where(wrong, np.inf, error)))
worst, wrong = float(error.max()), int(wrong.sum())
where = np.array([v[at] for v in x], float)
