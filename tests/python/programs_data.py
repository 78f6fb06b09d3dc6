"""Programs of statistics, machine learning, finance, graphs and strings as people write them; nothing in them is for npir."""

import numpy as np

from programs import normal, numbers, program


@program(normal(60, 4), (normal(60) > 0).astype(float), 0.1, 100)
def logistic_regression(X, y, rate, epochs):
    X = np.column_stack([np.ones(len(X)), X])
    w = np.zeros(X.shape[1])
    for _ in range(epochs):
        p = 1 / (1 + np.exp(-(X @ w)))
        w -= rate * X.T @ (p - y) / len(y)
    predictions = (X @ w) > 0
    return w, (predictions == y).mean()


@program(normal(50, 6), 2)
def principal_components(X, k):
    X = X - X.mean(axis=0)
    cov = np.cov(X, rowvar=False)
    values, vectors = np.linalg.eigh(cov)
    order = np.argsort(values)[::-1]
    explained = values[order] / values.sum()
    return np.abs(X @ vectors[:, order[:k]]), explained


@program(normal(8, 5), normal(5, 16, seed=1), normal(16, 3, seed=2), np.array([0, 2, 1, 0, 1, 2, 2, 0]))
def two_layer_network(X, W1, W2, labels):
    losses = []
    for _ in range(5):
        hidden = np.maximum(X @ W1, 0)
        logits = hidden @ W2
        logits -= logits.max(axis=1, keepdims=True)
        probs = np.exp(logits)
        probs /= probs.sum(axis=1, keepdims=True)
        losses.append(-np.log(probs[np.arange(len(labels)), labels]).mean())
        grad = probs.copy()
        grad[np.arange(len(labels)), labels] -= 1
        grad /= len(labels)
        dW2 = hidden.T @ grad
        dhidden = grad @ W2.T
        dhidden[hidden <= 0] = 0
        W1 -= 0.1 * (X.T @ dhidden)
        W2 -= 0.1 * dW2
    return losses


@program(normal(6, 8), normal(8, 8, seed=1), normal(8, 8, seed=2), normal(8, 8, seed=3))
def attention(x, wq, wk, wv):
    q, k, v = x @ wq, x @ wk, x @ wv
    scores = q @ k.T / np.sqrt(q.shape[-1])
    mask = np.triu(np.ones_like(scores), k=1).astype(bool)
    scores = np.where(mask, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ v


@program(normal(2, 8, 8, 3), normal(4, 3, 3, 3, seed=1))
def conv2d(images, kernels):
    n, h, w, c = images.shape
    f, kh, kw, _ = kernels.shape
    out = np.zeros((n, h - kh + 1, w - kw + 1, f))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            patch = images[:, i : i + kh, j : j + kw, :]
            out[:, i, j, :] = np.tensordot(patch, kernels, axes=([1, 2, 3], [1, 2, 3]))
    return np.maximum(out, 0)


@program(normal(4, 6, 6))
def max_pool(x):
    n, h, w = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2).max(axis=(2, 4))


@program(normal(10, 7))
def layer_norm(x, eps=1e-5):
    mean = x.mean(axis=-1, keepdims=True)
    var = x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps)


@program(normal(40, 2), normal(5, 2, seed=3), np.arange(40) % 3, 3)
def k_nearest(train, query, labels, k):
    d = np.sqrt(((query[:, None, :] - train[None, :, :]) ** 2).sum(axis=-1))
    nearest = np.argsort(d, axis=1)[:, :k]
    votes = labels[nearest]
    result = np.empty(len(query), dtype=int)
    for i in range(len(query)):
        result[i] = np.bincount(votes[i]).argmax()
    return result


@program(normal(30, 3), np.array([[0.0, 0, 0], [1, 1, 1]]), 10)
def gaussian_mixture(X, means, iterations):
    n, d = X.shape
    k = len(means)
    weights = np.full(k, 1.0 / k)
    variances = np.ones((k, d))
    for _ in range(iterations):
        log_p = np.empty((n, k))
        for j in range(k):
            diff = X - means[j]
            log_p[:, j] = np.log(weights[j]) - 0.5 * np.sum(
                np.log(2 * np.pi * variances[j]) + diff**2 / variances[j], axis=1
            )
        log_p -= np.logaddexp.reduce(log_p, axis=1, keepdims=True) if False else log_p.max(axis=1, keepdims=True)
        r = np.exp(log_p)
        r /= r.sum(axis=1, keepdims=True)
        nk = r.sum(axis=0)
        weights = nk / n
        means = (r.T @ X) / nk[:, None]
        for j in range(k):
            variances[j] = (r[:, j, None] * (X - means[j]) ** 2).sum(axis=0) / nk[j] + 1e-6
    return means, variances, weights


@program(numbers(200), 100.0, 0.05, 0.2, 1.0)
def monte_carlo_option(uniforms, s0, r, sigma, t):
    half = len(uniforms) // 2
    radius = np.sqrt(-2 * np.log(uniforms[:half]))
    z = radius * np.cos(2 * np.pi * uniforms[half:])
    prices = s0 * np.exp((r - 0.5 * sigma**2) * t + sigma * np.sqrt(t) * z)
    payoff = np.maximum(prices - s0, 0)
    return np.exp(-r * t) * payoff.mean(), payoff.std(ddof=1) / np.sqrt(half)


@program(100.0, 95.0, 0.05, 0.3, 1.0, 50)
def binomial_tree(s, k, r, sigma, t, n):
    dt = t / n
    u = np.exp(sigma * np.sqrt(dt))
    d = 1 / u
    p = (np.exp(r * dt) - d) / (u - d)
    prices = s * u ** np.arange(n, -1, -1) * d ** np.arange(0, n + 1)
    values = np.maximum(k - prices, 0)
    for i in range(n - 1, -1, -1):
        values = np.exp(-r * dt) * (p * values[:-1] + (1 - p) * values[1:])
        exercise = k - s * u ** np.arange(i, -1, -1) * d ** np.arange(0, i + 1)
        values = np.maximum(values, exercise)
    return values[0]


@program(100 + normal(120).cumsum(), 14)
def relative_strength(prices, period):
    delta = np.diff(prices)
    gains = np.where(delta > 0, delta, 0.0)
    losses = np.where(delta < 0, -delta, 0.0)
    rsi = np.full(len(prices), np.nan)
    gain, loss = gains[:period].mean(), losses[:period].mean()
    for i in range(period, len(delta)):
        gain = (gain * (period - 1) + gains[i]) / period
        loss = (loss * (period - 1) + losses[i]) / period
        rsi[i + 1] = 100 - 100 / (1 + gain / loss)
    return rsi


@program(100 + normal(100).cumsum())
def drawdown(prices):
    peak = np.maximum.accumulate(prices)
    fall = (peak - prices) / peak
    end = np.argmax(fall)
    start = np.argmax(prices[:end]) if end > 0 else 0
    return fall.max(), start, end


@program(normal(60, 4) * 0.01)
def portfolio(returns):
    mu = returns.mean(axis=0)
    sigma = np.cov(returns.T)
    ones = np.ones(len(mu))
    inverse = np.linalg.inv(sigma)
    weights = inverse @ ones / (ones @ inverse @ ones)
    return weights, weights @ mu, np.sqrt(weights @ sigma @ weights)


@program(np.random.default_rng(5).random((8, 8)), 0.85)
def page_rank(links, damping):
    links = (links > 0.6).astype(float)
    n = links.shape[0]
    out = links.sum(axis=1)
    transition = np.where(out[:, None] > 0, links / np.where(out == 0, 1, out)[:, None], 1.0 / n)
    rank = np.full(n, 1.0 / n)
    for _ in range(100):
        new = (1 - damping) / n + damping * transition.T @ rank
        if np.abs(new - rank).sum() < 1e-12:
            break
        rank = new
    return rank


@program(np.random.default_rng(6).integers(1, 20, (9, 9)).astype(float), 0)
def dijkstra(weights, source):
    n = len(weights)
    dist = np.full(n, np.inf)
    dist[source] = 0
    done = np.zeros(n, dtype=bool)
    for _ in range(n):
        u = np.argmin(np.where(done, np.inf, dist))
        done[u] = True
        for v in range(n):
            if not done[v] and dist[u] + weights[u, v] < dist[v]:
                dist[v] = dist[u] + weights[u, v]
    return dist


@program(
    np.frombuffer(b"kitten on the mat", np.uint8).astype(int), np.frombuffer(b"sitting on a mat", np.uint8).astype(int)
)
def edit_distance(a, b):
    previous = np.arange(len(b) + 1)
    for i in range(len(a)):
        current = np.empty_like(previous)
        current[0] = i + 1
        for j in range(len(b)):
            cost = 0 if a[i] == b[j] else 1
            current[j + 1] = min(previous[j] + cost, previous[j + 1] + 1, current[j] + 1)
        previous = current
    return previous[-1]


@program(np.array([3, 4, 5, 9, 14]), np.array([3, 4, 4, 10, 15]), 30)
def knapsack(weights, values, capacity):
    best = np.zeros(capacity + 1, dtype=np.int64)
    for w, v in zip(weights, values):
        candidate = best.copy()
        candidate[w:] = np.maximum(best[w:], best[:-w] + v)
        best = candidate
    return best[-1]


@program(
    np.log(np.array([[0.7, 0.3], [0.4, 0.6]])),
    np.log(np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]])),
    np.array([0, 1, 2, 0, 2, 2]),
)
def viterbi(transition, emission, observed):
    n, k = len(observed), len(transition)
    score = np.zeros((n, k))
    back = np.zeros((n, k), dtype=int)
    score[0] = np.log(0.5) + emission[:, observed[0]]
    for t in range(1, n):
        candidates = score[t - 1][:, None] + transition
        back[t] = candidates.argmax(axis=0)
        score[t] = candidates.max(axis=0) + emission[:, observed[t]]
    path = np.zeros(n, dtype=int)
    path[-1] = score[-1].argmax()
    for t in range(n - 2, -1, -1):
        path[t] = back[t + 1, path[t + 1]]
    return path


@program(100)
def sieve(n):
    prime = np.ones(n + 1, dtype=bool)
    prime[:2] = False
    for i in range(2, int(np.sqrt(n)) + 1):
        if prime[i]:
            prime[i * i :: i] = False
    return np.flatnonzero(prime)


@program(normal(50), 8)
def histogram_entropy(x, bins):
    counts, edges = np.histogram(x, bins=bins)
    p = counts / counts.sum()
    p = p[p > 0]
    return -(p * np.log2(p)).sum(), edges[np.argmax(counts)]


@program(normal(80), 5, 2.0)
def outliers(x, window, limit):
    clean = x.copy()
    for i in range(window, len(x) - window):
        around = x[i - window : i + window + 1]
        middle = np.median(around)
        spread = 1.4826 * np.median(np.abs(around - middle))
        if abs(x[i] - middle) > limit * spread:
            clean[i] = middle
    return clean


@program(np.linspace(0, 4, 30), normal(30))
def linear_fit(x, noise):
    y = 2.5 * x - 1 + 0.1 * noise
    slope, intercept = np.polyfit(x, y, 1)
    residual = y - (slope * x + intercept)
    r2 = 1 - (residual**2).sum() / ((y - y.mean()) ** 2).sum()
    return slope, intercept, r2


@program(normal(25), normal(25, seed=1), numbers(40, 25))
def bootstrap(x, y, draws):
    index = (draws * len(x)).astype(int)
    estimates = np.array([np.corrcoef(x[i], y[i])[0, 1] for i in index[:8]])
    low, high = np.percentile(estimates, [2.5, 97.5])
    return estimates.mean(), low, high


@program(normal(40), 0.3)
def exponential_smoothing(x, alpha):
    s = x[0]
    out = [s]
    for value in x[1:]:
        s = alpha * value + (1 - alpha) * s
        out.append(s)
    return np.array(out)


@program(normal(60), 1.0, 0.5)
def kalman(measurements, q, r):
    x, p = 0.0, 1.0
    estimates = np.zeros(len(measurements))
    for i, z in enumerate(measurements):
        p = p + q
        gain = p / (p + r)
        x = x + gain * (z - x)
        p = (1 - gain) * p
        estimates[i] = x
    return estimates


@program(np.random.default_rng(7).integers(0, 4, 50), numbers(50))
def group_means(groups, values):
    n = groups.max() + 1
    sums = np.zeros(n)
    np.add.at(sums, groups, values)
    counts = np.bincount(groups, minlength=n)
    return sums / counts


@program(np.random.default_rng(8).integers(0, 100, 40))
def run_lengths(x):
    x = np.sort(x // 10)
    change = np.flatnonzero(np.diff(x)) + 1
    starts = np.concatenate(([0], change))
    lengths = np.diff(np.concatenate((starts, [len(x)])))
    return x[starts], lengths


@program(np.random.default_rng(9).integers(0, 9, (7, 7)))
def seam(energy):
    rows, columns = energy.shape
    cost = energy.astype(float)
    for i in range(1, rows):
        left = np.concatenate(([np.inf], cost[i - 1, :-1]))
        right = np.concatenate((cost[i - 1, 1:], [np.inf]))
        cost[i] += np.minimum(np.minimum(left, cost[i - 1]), right)
    path = [int(np.argmin(cost[-1]))]
    return cost, path


@program(normal(12, 2))
def convex_hull_area(points):
    center = points.mean(axis=0)
    angle = np.arctan2(points[:, 1] - center[1], points[:, 0] - center[0])
    ordered = points[np.argsort(angle)]
    x, y = ordered[:, 0], ordered[:, 1]
    return 0.5 * np.abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


@program(normal(10, 3), normal(10, seed=1), 0.1)
def lasso(X, y, penalty):
    w = np.zeros(X.shape[1])
    norms = (X**2).sum(axis=0)
    for sweep in range(30):
        for j in range(len(w)):
            residual = y - X @ w + X[:, j] * w[j]
            rho = X[:, j] @ residual
            w[j] = np.sign(rho) * max(abs(rho) - penalty, 0) / norms[j]
    return w


@program(numbers(6, 5), 2, 40)
def factorize(V, k, iterations):
    W = V[:, :k].copy() + 0.1
    H = V[:k].copy() + 0.1
    for _ in range(iterations):
        H *= (W.T @ V) / (W.T @ W @ H + 1e-9)
        W *= (V @ H.T) / (W @ H @ H.T + 1e-9)
    return np.linalg.norm(V - W @ H)
