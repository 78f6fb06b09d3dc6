"""Element by element: functions, masks, mixed element types, broadcasts."""

import numpy as np
from catalog import prange, program


def uniform(rng, dtype, *shape):
    return rng.random(shape).astype(dtype)


def gaussian_line_loops(x, a, b, c):
    out = np.empty_like(x)
    for i in prange(len(x)):
        out[i] = a * np.exp(-x[i] * x[i]) + b * x[i] + c
    return out


@program(
    sizes={"": (10_000_000,)},
    small=(1000,),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, n: (uniform(rng, dtype, n) * 4 - 2, dtype.type(1.5), dtype.type(0.25), dtype.type(-0.5)),
    kind="memory",
    loops=gaussian_line_loops,
    expression="a * exp(-x * x) + b * x + c",
)
def gaussian_line(x, a, b, c):
    return a * np.exp(-x * x) + b * x + c


def black_scholes_inputs(rng, dtype, n):
    price, strike = (10 + 90 * uniform(rng, dtype, n) for _ in range(2))
    years = 0.1 + 2 * uniform(rng, dtype, n)
    return price.astype(dtype), strike.astype(dtype), years.astype(dtype), 0.02, 0.3


def black_scholes_loops(price, strike, years, rate, volatility):
    call, put = np.empty_like(price), np.empty_like(price)
    for i in prange(len(price)):
        root = np.sqrt(years[i])
        d1 = (np.log(price[i] / strike[i]) + (rate + 0.5 * volatility * volatility) * years[i]) / (volatility * root)
        d2 = d1 - volatility * root
        discounted = strike[i] * np.exp(-rate * years[i])
        n1 = normal_loops(d1)
        n2 = normal_loops(d2)
        call[i] = price[i] * n1 - discounted * n2
        put[i] = discounted * (1 - n2) - price[i] * (1 - n1)
    return call, put


def normal_loops(x):
    t = 1 / (1 + 0.2316419 * abs(x))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = 0.3989422804014327 * np.exp(-0.5 * x * x) * poly
    return tail if x < 0 else 1 - tail


@program(
    sizes={"": (4_000_000,)},
    small=(1000,),
    dtypes=("float64", "float32"),
    inputs=black_scholes_inputs,
    kind="compute",
    loops=black_scholes_loops,
)
def black_scholes(price, strike, years, rate, volatility):
    def normal(x):
        t = 1 / (1 + 0.2316419 * np.abs(x))
        poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
        tail = 0.3989422804014327 * np.exp(-0.5 * x * x) * poly
        return np.where(x < 0, tail, 1 - tail)

    root = np.sqrt(years)
    d1 = (np.log(price / strike) + (rate + 0.5 * volatility * volatility) * years) / (volatility * root)
    d2 = d1 - volatility * root
    discounted = strike * np.exp(-rate * years)
    call = price * normal(d1) - discounted * normal(d2)
    put = discounted * normal(-d2) - price * normal(-d1)
    return call, put


def haversine_loops(lat1, lon1, lat2, lon2):
    out = np.empty_like(lat1)
    for i in prange(len(lat1)):
        s = np.sin((lat2[i] - lat1[i]) / 2)
        t = np.sin((lon2[i] - lon1[i]) / 2)
        out[i] = 2 * 6371.0 * np.arcsin(np.sqrt(s * s + np.cos(lat1[i]) * np.cos(lat2[i]) * t * t))
    return out


@program(
    sizes={"": (4_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: tuple(uniform(rng, dtype, n) * 3 - 1.5 for _ in range(4)),
    kind="compute",
    loops=haversine_loops,
    expression="2 * 6371.0 * arcsin(sqrt(sin((lat2 - lat1) / 2)**2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2)**2))",
    tolerance={"float64": 1e-8},
)
def haversine(lat1, lon1, lat2, lon2):
    a = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * np.arcsin(np.sqrt(a))


def gelu_loops(x):
    out = np.empty_like(x)
    flat, target = x.ravel(), out.ravel()
    for i in prange(flat.size):
        v = flat[i]
        target[i] = 0.5 * v * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v * v * v)))
    return out


@program(
    sizes={"": (4096, 1024)},
    small=(32, 20),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, *shape: (rng.standard_normal(shape).astype(dtype),),
    kind="memory",
    loops=gelu_loops,
    expression="0.5 * x * (1 + tanh(0.7978845608 * (x + 0.044715 * x * x * x)))",
)
def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def horner_loops(x, coefficients):
    out = np.empty_like(x)
    for i in prange(len(x)):
        total = 0.0
        for c in coefficients:
            total = total * x[i] + c
        out[i] = total
    return out


@program(
    sizes={"": (10_000_000, 12)},
    small=(1000, 12),
    inputs=lambda rng, dtype, n, k: (uniform(rng, dtype, n), uniform(rng, dtype, k)),
    kind="memory",
    loops=horner_loops,
)
def horner(x, coefficients):
    total = np.zeros_like(x)
    for c in coefficients:
        total = total * x + c
    return total


def gray_loops(image):
    out = np.empty(image.shape[:2], np.uint8)
    for i in prange(image.shape[0]):
        for j in range(image.shape[1]):
            value = 0.299 * image[i, j, 0] + 0.587 * image[i, j, 1] + 0.114 * image[i, j, 2]
            out[i, j] = np.uint8(min(max(value + 0.5, 0.0), 255.0))
    return out


@program(
    sizes={"": (2160, 3840)},
    small=(30, 40),
    dtypes=("uint8",),
    inputs=lambda rng, dtype, h, w: (rng.integers(0, 256, (h, w, 3)).astype(dtype),),
    kind="memory",
    loops=gray_loops,
)
def gray(image):
    value = 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]
    return np.clip(value + 0.5, 0.0, 255.0).astype(np.uint8)


def clip_loops(x, low, high):
    out = np.empty_like(x)
    for i in prange(len(x)):
        v = x[i]
        if v < low:
            out[i] = low - 0.1 * (low - v)
        elif v > high:
            out[i] = high + 0.1 * (v - high)
        else:
            out[i] = v
    return out


@program(
    sizes={"": (10_000_000,)},
    small=(1000,),
    dtypes=("float64", "float32"),
    inputs=lambda rng, dtype, n: (rng.standard_normal(n).astype(dtype), dtype.type(-1), dtype.type(1)),
    kind="memory",
    loops=clip_loops,
    expression="where(x < low, low - 0.1 * (low - x), where(x > high, high + 0.1 * (x - high), x))",
)
def soft_clip(x, low, high):
    return np.where(x < low, low - 0.1 * (low - x), np.where(x > high, high + 0.1 * (x - high), x))


def masked_update_loops(x, y):
    out = x.copy()
    for i in prange(len(x)):
        if y[i] > 0:
            out[i] = np.sqrt(y[i])
    return out


@program(
    sizes={"": (10_000_000,)},
    small=(1000,),
    inputs=lambda rng, dtype, n: (uniform(rng, dtype, n), rng.standard_normal(n).astype(dtype)),
    kind="memory",
    loops=masked_update_loops,
)
def masked_update(x, y):
    out = x.copy()
    mask = y > 0
    out[mask] = np.sqrt(y[mask])
    return out


@program(
    sizes={"": (10_000_000,)},
    small=(1000,),
    dtypes=("complex128",),
    inputs=lambda rng, dtype, n: tuple(
        (rng.standard_normal(n) + 1j * rng.standard_normal(n)).astype(dtype) for _ in range(2)
    ),
    kind="memory",
    expression="z * w + conj(z) / 2",
)
def complex_product(z, w):
    return z * w + np.conj(z) / 2


@program(
    sizes={"": (4000, 4000)},
    small=(30, 40),
    inputs=lambda rng, dtype, n, m: (uniform(rng, dtype, n, m), uniform(rng, dtype, n), uniform(rng, dtype, m)),
    kind="memory",
)
def outer_add(x, rows, columns):
    return x * rows[:, None] + columns


@program(
    sizes={"": (4000, 4000)},
    small=(30, 40),
    inputs=lambda rng, dtype, n, m: (uniform(rng, dtype, n, m),),
    kind="memory",
)
def mirror(x):
    return x[::-1, ::-1] + x


@program(
    sizes={"": (4000, 4000)},
    small=(30, 30),
    inputs=lambda rng, dtype, n, m: (uniform(rng, dtype, n, m),),
    kind="memory",
)
def symmetric_part(x):
    return 0.5 * (x + x.T)
