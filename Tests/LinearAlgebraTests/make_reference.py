"""Writes Fixtures/linalg/reference.json: values of NumPy, SciPy and TensorLy for the Swift tests.

The operands are not stored: both sides draw them from the same generator (SplitMix64, 53 bits),
so a case is a shape, a seed and a rank. Run: python make_reference.py ../../Fixtures/linalg/reference.json
"""
import json
import sys

import numpy as np
import scipy
import scipy.linalg
import scipy.optimize
import tensorly
from tensorly.decomposition import parafac, partial_tucker

MASK = (1 << 64) - 1


def splitmix(seed, count):
    values, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        values.append((z >> 11) * 2.0**-53)
    return np.array(values)


def draw(shape, seed):
    return (splitmix(seed, int(np.prod(shape))) - 0.5).astype(np.float32).reshape(shape)


def matrix(m, n, seed, rank=None):
    """Full rank: uniform numbers. Else a product of two such matrices, rounded to float32."""
    if rank is None:
        return draw((m, n), seed)
    left, right = draw((m, rank), seed), draw((rank, n), seed + 1)
    return (left.astype(np.float64) @ right.astype(np.float64)).astype(np.float32)


def canonical(u, vt):
    for j in range(u.shape[1]):
        if u[np.argmax(np.abs(u[:, j])), j] < 0:
            u[:, j] *= -1
            vt[j] *= -1
    return u, vt


def rounded(a, digits=9):
    return [float(f"%.{digits}g" % x) for x in np.asarray(a, dtype=np.float64).ravel()]


def svd_case(name, m, n, seed, rank=None):
    a = matrix(m, n, seed, rank).astype(np.float64)
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    u, vt = canonical(u, vt)
    k = min(3, rank or min(m, n))
    return dict(name=name, rows=m, columns=n, seed=seed, rank=rank, singularValues=rounded(s),
                leadingLeft=rounded(u[:, :k].T, 8), leadingRight=rounded(vt[:k], 8),
                squaredNorm=float((a**2).sum()))


def evbmf(s, L, M):
    """Global analytic solution of empirical VB matrix factorisation (Nakajima et al. 2013),
    written from the formula; the noise is found by SciPy between the published bounds."""
    s = np.sort(np.asarray(s))[::-1]
    alpha = L / M
    tauubar = 2.5129 * np.sqrt(alpha)
    xubar = (1 + tauubar) * (1 + alpha / tauubar)
    j = min(int(np.ceil(L / (1 + alpha)) - 1), L) - 1
    upper = (s**2).sum() / (L * M)
    lower = max(s[j + 1]**2 / (M * xubar), (s[j + 1:]**2).mean() / M)

    def objective(sigma2):
        x = s**2 / (M * sigma2)
        small, large = x[x <= xubar], x[x > xubar]
        tau = 0.5 * (large - 1 - alpha + np.sqrt((large - 1 - alpha)**2 - 4 * alpha))
        return (small - np.log(small)).sum() + (
            large - tau + np.log((tau + 1) / large) + alpha * np.log(tau / alpha + 1)).sum()

    # The objective has kinks and may have several minima: a fine grid, then a local search.
    grid = np.exp(np.linspace(np.log(lower), np.log(upper), 20001))
    values = [objective(g) for g in grid]
    best = int(np.argmin(values))
    found = scipy.optimize.minimize_scalar(
        objective, bounds=(grid[max(best - 1, 0)], grid[min(best + 1, 20000)]), method="bounded",
        options=dict(xatol=1e-14))
    sigma2 = found.x if found.fun < values[best] else grid[best]
    return int((s > np.sqrt(M * sigma2 * xubar)).sum()), float(sigma2)


def evbmf_case(name, L, M, seed, rank, strength):
    noise = matrix(L, M, seed).astype(np.float64)
    if rank > 0:
        noise = noise + strength * matrix(L, M, seed + 7, rank).astype(np.float64)
    a = noise.astype(np.float32).astype(np.float64)
    s = np.linalg.svd(a, compute_uv=False)
    found, sigma2 = evbmf(s, min(L, M), max(L, M))
    return dict(name=name, rows=L, columns=M, seed=seed, signalRank=rank, strength=strength,
                rank=found, noiseVariance=sigma2)


def decaying_tensor(shape, seed):
    t = draw(shape, seed).astype(np.float64)
    # A decaying part, so that the ranks mean something.
    for mode, extent in enumerate(shape):
        weights = 1.0 / (1 + np.arange(extent))
        t = t * weights.reshape([-1 if i == mode else 1 for i in range(len(shape))])
    return t.astype(np.float32).astype(np.float64)


def cp_case(shape, rank, seed):
    t = decaying_tensor(shape, seed)
    weights, factors = parafac(tensorly.tensor(t), rank=rank, init="svd", n_iter_max=500, tol=1e-8)
    rebuilt = tensorly.cp_to_tensor((weights, factors))
    tensor = dict(name="cp", shape=list(shape), modes=[], ranks=[], seed=seed, hosvdError=0.0,
                  hooiError=0.0, spectra=[])
    return dict(tensor=tensor, rank=rank,
                error=float(np.linalg.norm(t - rebuilt) / np.linalg.norm(t)))


def tucker_case(name, shape, modes, ranks, seed):
    t = decaying_tensor(shape, seed)
    norm = np.linalg.norm(t)
    factors = []
    for mode, rank in zip(modes, ranks):
        unfolding = np.moveaxis(t, mode, 0).reshape(shape[mode], -1)
        u, _, _ = np.linalg.svd(unfolding, full_matrices=False)
        factors.append(u[:, :rank])
    core = t
    for mode, u in zip(modes, factors):
        core = np.moveaxis(np.tensordot(u.T, core, (1, mode)), 0, mode)
    hosvd = float(np.sqrt(max(0.0, norm**2 - np.linalg.norm(core)**2)) / norm)
    (core, _), _ = partial_tucker(
        tensorly.tensor(t), rank=list(ranks), modes=list(modes), n_iter_max=500, tol=1e-12)
    hooi = float(np.sqrt(max(0.0, norm**2 - np.linalg.norm(core)**2)) / norm)
    spectra = [rounded(np.linalg.svd(np.moveaxis(t, mode, 0).reshape(shape[mode], -1),
                                     compute_uv=False)) for mode in modes]
    return dict(name=name, shape=list(shape), modes=list(modes), ranks=list(ranks), seed=seed,
                hosvdError=hosvd, hooiError=hooi, spectra=spectra)


def solve_case(n, k, seed):
    b = matrix(2 * n, n, seed).astype(np.float64)
    gram = b.T @ b
    right = matrix(n, k, seed + 1).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    root = (vectors * np.sqrt(values)) @ vectors.T
    return dict(order=n, rightHandSides=k, seed=seed,
                solution=rounded(scipy.linalg.solve(gram, right, assume_a="pos"), 12),
                eigenvalues=rounded(values[::-1], 12), rootDiagonal=rounded(np.diag(root), 12))


reference = dict(
    versions=dict(numpy=np.__version__, scipy=scipy.__version__, tensorly=tensorly.__version__),
    svd=[
        svd_case("tall", 40, 12, 1), svd_case("square", 20, 20, 2), svd_case("wide", 9, 31, 3),
        svd_case("row", 1, 7, 4), svd_case("column", 8, 1, 5), svd_case("single", 1, 1, 6),
        svd_case("rank one", 15, 10, 7, 1), svd_case("rank deficient", 30, 20, 8, 5),
        svd_case("large tall", 300, 120, 9), svd_case("large wide", 110, 170, 10),
        svd_case("large square", 130, 130, 11), svd_case("large deficient", 150, 128, 12, 20),
    ],
    evbmf=[
        evbmf_case("signal in wide noise", 30, 80, 21, 4, 3.0),
        evbmf_case("signal in tall noise", 120, 40, 22, 6, 2.0),
        evbmf_case("square", 60, 60, 23, 5, 4.0), evbmf_case("noise only", 40, 60, 24, 0, 0.0),
        evbmf_case("weak signal", 50, 100, 25, 3, 0.5), evbmf_case("few rows", 6, 90, 26, 2, 3.0),
    ],
    tucker=[
        tucker_case("third order, all modes", (8, 9, 10), (0, 1, 2), (3, 4, 3), 31),
        tucker_case("convolution", (3, 3, 12, 16), (2, 3), (4, 5), 32),
        tucker_case("one mode", (3, 3, 10, 6), (2,), (4,), 33),
        tucker_case("wide output", (5, 5, 4, 24), (2, 3), (2, 7), 34),
    ],
    cp=[cp_case((6, 7, 8), 3, 51), cp_case((3, 3, 8, 10), 4, 52), cp_case((9, 12), 2, 53)],
    solve=[solve_case(12, 3, 41), solve_case(70, 2, 42)],
)
with open(sys.argv[1], "w") as file:
    json.dump(reference, file, indent=None, separators=(",", ":"))
    file.write("\n")
