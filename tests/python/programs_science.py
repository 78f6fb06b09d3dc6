"""Programs of physics, linear algebra, signals and images as people write them with NumPy; nothing in them is for npir."""

import numpy as np

from programs import normal, numbers, program


@program(numbers(40), 50, 0.1)
def heat_equation(u, steps, alpha):
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u


@program(np.zeros((30, 30)), np.exp(-numbers(30, 30)), 25)
def wave_equation(u_prev, u, steps):
    c2 = 0.2
    for step in range(steps):
        u_next = 2 * u - u_prev
        u_next[1:-1, 1:-1] += c2 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1])
        u_prev, u = u, u_next
    energy = np.sum((u - u_prev) ** 2)
    return u, energy


@program(normal(8, 3), normal(8, 3, seed=1), np.abs(normal(8, seed=2)) + 0.5, 0.01, 15)
def verlet(pos, vel, mass, dt, steps):
    def acceleration(pos):
        dx = pos[np.newaxis, :, :] - pos[:, np.newaxis, :]
        r2 = (dx**2).sum(axis=2) + 0.01
        inv = r2**-1.5
        np.fill_diagonal(inv, 0.0)
        return (dx * (mass[np.newaxis, :, np.newaxis] * inv[:, :, np.newaxis])).sum(axis=1)

    acc = acceleration(pos)
    for _ in range(steps):
        vel += 0.5 * dt * acc
        pos += dt * vel
        acc = acceleration(pos)
        vel += 0.5 * dt * acc
    return 0.5 * (mass * (vel**2).sum(axis=1)).sum()


def lorenz(state, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    x, y, z = state
    return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


@program(np.array([1.0, 1.0, 1.0]), 0.01, 200)
def runge_kutta(state, dt, n):
    trajectory = np.empty((n + 1, len(state)))
    trajectory[0] = state
    for i in range(n):
        k1 = lorenz(state)
        k2 = lorenz(state + dt / 2 * k1)
        k3 = lorenz(state + dt / 2 * k2)
        k4 = lorenz(state + dt * k3)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        trajectory[i + 1] = state
    return trajectory


@program(normal(20, 20), normal(20), 1e-10)
def conjugate_gradient(A, b, tol):
    A = A @ A.T + 20 * np.eye(20)
    x = np.zeros_like(b)
    r = b - A @ x
    p = r.copy()
    rs = r @ r
    iterations = 0
    while np.sqrt(rs) > tol and iterations < 100:
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        rs_new = r @ r
        p = r + (rs_new / rs) * p
        rs = rs_new
        iterations += 1
    return x, iterations


@program(normal(6, 6))
def gram_schmidt(A):
    m, n = A.shape
    Q = np.zeros((m, n))
    R = np.zeros((n, n))
    for j in range(n):
        v = A[:, j].copy()
        for i in range(j):
            R[i, j] = Q[:, i] @ A[:, j]
            v -= R[i, j] * Q[:, i]
        R[j, j] = np.linalg.norm(v)
        Q[:, j] = v / R[j, j]
    return Q, R


@program(normal(7, 7) + 7 * np.eye(7))
def lu_with_pivoting(A):
    n = len(A)
    U = A.copy()
    L = np.eye(n)
    P = np.arange(n)
    for k in range(n - 1):
        pivot = k + np.argmax(np.abs(U[k:, k]))
        if pivot != k:
            U[[k, pivot]] = U[[pivot, k]]
            P[[k, pivot]] = P[[pivot, k]]
            L[[k, pivot], :k] = L[[pivot, k], :k]
        for i in range(k + 1, n):
            L[i, k] = U[i, k] / U[k, k]
            U[i, k:] -= L[i, k] * U[k, k:]
    return P, L, U


@program(normal(5, 5))
def qr_algorithm(A):
    A = (A + A.T) / 2
    for _ in range(60):
        Q, R = np.linalg.qr(A)
        A = R @ Q
    return np.sort(np.diag(A))


@program(normal(12, 12), 1.2, 200)
def sor(A, omega, iterations):
    n = A.shape[0]
    A = A + n * np.eye(n)
    b = A.sum(axis=1)
    x = np.zeros(n)
    for _ in range(iterations):
        old = x.copy()
        for i in range(n):
            sigma = A[i, :i] @ x[:i] + A[i, i + 1 :] @ old[i + 1 :]
            x[i] = (1 - omega) * old[i] + omega * (b[i] - sigma) / A[i, i]
        if np.max(np.abs(x - old)) < 1e-12:
            break
    return x


@program(normal(9), normal(10), normal(9, seed=2), normal(10, seed=3))
def thomas(a, b, c, d):
    n = len(d)
    b = b + 5
    cp = np.zeros(n - 1)
    dp = np.zeros(n)
    cp[0] = c[0] / b[0]
    dp[0] = d[0] / b[0]
    for i in range(1, n):
        m = b[i] - a[i - 1] * cp[i - 1]
        if i < n - 1:
            cp[i] = c[i] / m
        dp[i] = (d[i] - a[i - 1] * dp[i - 1]) / m
    x = np.zeros(n)
    x[-1] = dp[-1]
    for i in range(n - 2, -1, -1):
        x[i] = dp[i] - cp[i] * x[i + 1]
    return x


@program(normal(64), 1.0 / 64)
def spectrum(signal, dt):
    window = np.hanning(len(signal))
    transform = np.fft.rfft(signal * window)
    power = np.abs(transform) ** 2
    freqs = np.fft.rfftfreq(len(signal), d=dt)
    peak = np.argmax(power[1:]) + 1
    return freqs[peak], power / power.sum()


@program(normal(128), 0.2)
def lowpass(signal, cutoff):
    spectrum = np.fft.fft(signal)
    freqs = np.fft.fftfreq(signal.size)
    spectrum[np.abs(freqs) > cutoff] = 0
    return np.fft.ifft(spectrum).real


@program(normal(100), np.array([0.2, 0.3, 0.5]), np.array([1.0, -0.4, 0.1]))
def iir_filter(x, b, a):
    y = np.zeros_like(x)
    for n in range(len(x)):
        for k in range(len(b)):
            if n - k >= 0:
                y[n] += b[k] * x[n - k]
        for k in range(1, len(a)):
            if n - k >= 0:
                y[n] -= a[k] * y[n - k]
    return y


@program(numbers(20, 24))
def sobel(image):
    padded = np.pad(image, 1, mode="edge")
    gx = padded[:-2, 2:] + 2 * padded[1:-1, 2:] + padded[2:, 2:]
    gx -= padded[:-2, :-2] + 2 * padded[1:-1, :-2] + padded[2:, :-2]
    gy = padded[2:, :-2] + 2 * padded[2:, 1:-1] + padded[2:, 2:]
    gy -= padded[:-2, :-2] + 2 * padded[:-2, 1:-1] + padded[:-2, 2:]
    magnitude = np.hypot(gx, gy)
    return (255 * magnitude / magnitude.max()).astype(np.uint8)


@program((numbers(16, 16, 3) * 255).astype(np.uint8))
def equalize(image):
    gray = np.round(image @ [0.299, 0.587, 0.114]).astype(np.int64)
    histogram = np.bincount(gray.ravel(), minlength=256)
    cdf = histogram.cumsum()
    cdf_min = cdf[cdf > 0][0]
    table = np.round((cdf - cdf_min) / (gray.size - cdf_min) * 255)
    return table[gray].astype(np.uint8)


@program(numbers(15, 15), 0.5)
def label_components(image, threshold):
    mask = image > threshold
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    changed = True
    while changed:
        before = labels.copy()
        padded = np.pad(labels, 1)
        best = np.maximum.reduce([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:], labels])
        labels = np.where(mask, best, 0)
        changed = not np.array_equal(before, labels)
    return labels


@program(numbers(12, 10))
def bilinear_resize(image):
    h, w = image.shape
    new_h, new_w = 7, 9
    y = np.linspace(0, h - 1, new_h)
    x = np.linspace(0, w - 1, new_w)
    y0 = np.floor(y).astype(int)
    x0 = np.floor(x).astype(int)
    y1 = np.minimum(y0 + 1, h - 1)
    x1 = np.minimum(x0 + 1, w - 1)
    wy = (y - y0)[:, None]
    wx = (x - x0)[None, :]
    top = image[np.ix_(y0, x0)] * (1 - wx) + image[np.ix_(y0, x1)] * wx
    bottom = image[np.ix_(y1, x0)] * (1 - wx) + image[np.ix_(y1, x1)] * wx
    return top * (1 - wy) + bottom * wy


@program(np.where(numbers(16, 16) < 0.5, -1, 1), numbers(30, 256), 0.4)
def ising(spins, uniforms, beta):
    n, m = spins.shape
    for sweep in range(len(uniforms)):
        k = 0
        for i in range(n):
            for j in range(m):
                neighbours = spins[(i + 1) % n, j] + spins[i - 1, j] + spins[i, (j + 1) % m] + spins[i, j - 1]
                delta = 2 * spins[i, j] * neighbours
                if delta <= 0 or uniforms[sweep, k] < np.exp(-beta * delta):
                    spins[i, j] = -spins[i, j]
                k += 1
    return spins.mean()


@program(4, 0.3)
def fractal(depth, c):
    xs = np.linspace(-1.5, 1.5, 20)
    z = xs[None, :] + 1j * xs[:, None]
    counts = np.zeros(z.shape, dtype=int)
    for i in range(depth * 5):
        alive = np.abs(z) < 2
        z[alive] = z[alive] ** 2 + c
        counts += alive
    return counts


@program(normal(30, 3), normal(30, 3, seed=4))
def kabsch(P, Q):
    P = P - P.mean(axis=0)
    Q = Q - Q.mean(axis=0)
    U, S, Vt = np.linalg.svd(P.T @ Q)
    d = np.sign(np.linalg.det(U @ Vt))
    D = np.diag(np.array([1.0, 1.0, d]))
    R = U @ D @ Vt
    return np.sqrt(((P @ R - Q) ** 2).sum() / len(P))
