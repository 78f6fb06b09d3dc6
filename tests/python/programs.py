"""Programs as people write them with NumPy; nothing in them is for npir."""

import math

import numpy as np

PROGRAMS = []


def program(*arguments):
    """Notes a program with the arguments of its call."""

    def note(function):
        PROGRAMS.append((function, arguments))
        return function

    return note


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@program(normal(5, 7))
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@program(normal(50, 50), 20)
def jacobi(u, n):
    for _ in range(n):
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
    return u


@program(normal(30))
def running_sum(a):
    s = 0.0
    out = np.empty_like(a)
    for i in range(len(a)):
        s += a[i]
        out[i] = s
    return out, s


@program(normal(6, 6), normal(6))
def power_iteration(A, v):
    A = A @ A.T
    for k in range(200):
        w = A @ v
        w = w / np.sqrt((w * w).sum())
        if np.abs(w - v).max() < 1e-10:
            break
        v = w
    return v


@program(2.0)
def newton(x):
    y = np.float64(x)
    while abs(y * y - x) > 1e-12:
        y = 0.5 * (y + x / y)
    return y


@program(normal(100))
def rectify(a):
    b = a.copy()
    for i in range(a.shape[0]):
        if b[i] < 0:
            b[i] = 0.0
    return b


@program(np.random.default_rng(1).integers(0, 10, 20), np.random.default_rng(2).integers(0, 10, 25))
def longest_common_subsequence(a, b):
    t = np.zeros((len(a) + 1, len(b) + 1), dtype=np.int64)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            if a[i - 1] == b[j - 1]:
                t[i, j] = t[i - 1, j - 1] + 1
            else:
                t[i, j] = max(t[i - 1, j], t[i, j - 1])
    return t[-1, -1]


@program(numbers(40, 3), numbers(4, 3, seed=1))
def kmeans(x, c):
    for it in range(10):
        d = ((x[:, None, :] - c[None, :, :]) ** 2).sum(axis=2)
        labels = d.argmin(axis=1)
        sums = np.zeros_like(c)
        counts = np.zeros(len(c))
        np.add.at(sums, labels, x)
        np.add.at(counts, labels, 1)
        c = sums / np.maximum(counts, 1)[:, None]
    return c, labels


@program(numbers(8, 8) + 8 * np.eye(8))
def cholesky(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - np.dot(L[j, :j], L[j, :j]))
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - np.dot(L[i, :j], L[j, :j])) / L[j, j]
    return L


@program(numbers(64))
def smooth(x):
    k = np.array([0.25, 0.5, 0.25])
    y = np.zeros_like(x)
    for i in range(1, x.shape[0] - 1):
        y[i] = (x[i - 1 : i + 2] * k).sum()
    return y


@program(numbers(5, 5), 3)
def early_return(a, k):
    if a.sum() > 100:
        return a * k
    b = a - a.mean()
    return b / k


@program(100)
def mandelbrot(n):
    x = np.linspace(-2, 1, 20)
    y = np.linspace(-1, 1, 15)
    c = x[None, :] + 1j * y[:, None]
    z = np.zeros_like(c)
    count = np.zeros(c.shape, dtype=np.int32)
    for _ in range(n):
        m = np.abs(z) < 2
        z[m] = z[m] ** 2 + c[m]
        count[m] += 1
    return count


@program(numbers(1000) + 0.5, 0.05, 0.2, 1.0)
def black_scholes(S, r, sigma, T):
    K = 1.0
    d1 = (np.log(S / K) + (r + 0.5 * sigma**2) * T) / (sigma * math.sqrt(T))
    d2 = d1 - sigma * math.sqrt(T)
    cdf = lambda z: 0.5 * (1 + np.tanh(0.797884 * (z + 0.044715 * z**3)))  # noqa: E731
    return S * cdf(d1) - K * math.exp(-r * T) * cdf(d2)


@program(numbers(20, 3))
def gravity(p):
    v = np.zeros_like(p)
    m = np.ones(p.shape[0])
    dt = 0.01
    for step in range(10):
        d = p[None, :, :] - p[:, None, :]
        r2 = (d**2).sum(-1) + 0.01
        a = (d * (m[None, :, None] / r2[:, :, None] ** 1.5)).sum(1)
        v += dt * a
        p += dt * v
    return p, v


@program(numbers(50))
def bubble_sort(a):
    a = a.copy()
    n = len(a)
    for i in range(n):
        for j in range(0, n - 1 - i):
            if a[j] > a[j + 1]:
                a[j], a[j + 1] = a[j + 1], a[j]
    return a


@program(numbers(30, 4), numbers(4, seed=1), numbers(30, seed=2))
def gradient_descent(X, w, y):
    for epoch in range(5):
        for i in range(X.shape[0]):
            err = X[i] @ w - y[i]
            w = w - 0.1 * err * X[i]
    return w


@program(numbers(10, 10))
def shortest_paths(d):
    d = d.copy()
    n = d.shape[0]
    for k in range(n):
        d = np.minimum(d, d[:, k][:, None] + d[k, :][None, :])
    return d


@program(numbers(16, 16), numbers(3, 3, seed=1))
def convolve(image, k):
    h, w = image.shape
    kh, kw = k.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    for i in range(kh):
        for j in range(kw):
            out += k[i, j] * image[i : i + out.shape[0], j : j + out.shape[1]]
    return out


@program(normal(12, 7), normal(7, 5, seed=1), normal(5, seed=2))
def layer(x, W, b):
    h = np.maximum(x @ W + b, 0)
    z = (h - h.mean(axis=0)) / (h.std(axis=0) + 1e-5)
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


@program(numbers(40))
def moving_average(x, alpha=0.3):
    y = np.empty(x.shape)
    y[0] = x[0]
    for t in range(1, x.size):
        y[t] = alpha * x[t] + (1 - alpha) * y[t - 1]
    return y


@program(normal(8, 8))
def elimination(A):
    A = A.copy()
    n = A.shape[0]
    for k in range(n - 1):
        pivot = np.argmax(np.abs(A[k:, k])) + k
        A[[k, pivot]] = A[[pivot, k]]
        for i in range(k + 1, n):
            A[i, k] /= A[k, k]
            A[i, k + 1 :] -= A[i, k] * A[k, k + 1 :]
    return A


@program(np.random.default_rng(3).integers(0, 2, (12, 12)))
def life(g):
    for _ in range(4):
        n = sum(np.roll(np.roll(g, i, 0), j, 1) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
        g = ((n == 3) | ((g == 1) & (n == 2))).astype(g.dtype)
    return g


@program(numbers(30), 5)
def windows(x, w):
    return np.array([x[i : i + w].mean() for i in range(len(x) - w + 1)])


@program(numbers(20, 2))
def distances(x):
    return np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))


@program(numbers(6, 6))
def solve(A):
    A = A @ A.T + np.eye(6)
    b = np.ones(6)
    x = np.linalg.solve(A, b)
    return x, np.linalg.norm(A @ x - b) < 1e-10, np.linalg.det(A)


@program(numbers(5, 4), numbers(3, 4, seed=1))
def neighbours(q, x):
    d = np.linalg.norm(q[:, None] - x[None], axis=2)
    nearest = np.argsort(d, axis=1)[:, :2]
    return x[nearest].mean(axis=1)


@program(0.5, 3.7, 50)
def logistic_map(x, a, n):
    out = np.zeros(n)
    for i in range(n):
        x = a * x * (1 - x)
        out[i] = x
    return out


@program(numbers(9, 9))
def views(a):
    b = a.T.copy()
    b[np.arange(9), np.arange(9)] = 1
    b[::2] *= 2
    c = b.reshape(3, 3, 9)
    c[0] = 0
    return b.trace(), b[b > 0.5].sum(), b
