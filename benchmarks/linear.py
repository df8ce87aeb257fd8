"""Ridge, principal components and LASSO of images beside scikit-learn, on the same cores in one process.

The size of the study of cooling rates: 150 images of 16,384 cells, in double precision; the images are smooth and
the target is learned from a few of their cells. Called in turn, without compilation; medians. That both have the
same numbers is checked first. scikit-learn's Ridge has a fit for each alpha; its RidgeCV leaves one out for all of
them from one decomposition, as `ridge_left_out` does.
"""

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso, Ridge, RidgeCV

from tdaglass.learning import lasso, principal_components, ridge, ridge_left_out

SAMPLES, EDGE, REPEATS = 150, 128, 5
ALPHAS = np.logspace(-2, 3, 11)
COMPONENTS = 10


def images_and_target() -> tuple[np.ndarray, np.ndarray]:
    """Pairs strewn over a plane, more of them in one corner as the target grows, blurred."""
    rng = np.random.default_rng(0)
    target = rng.uniform(-2, 2, SAMPLES)
    counts = rng.poisson(0.5, (SAMPLES, EDGE, EDGE)).astype(float)
    counts[:, :30, :30] += rng.poisson(0.3 * np.exp(0.3 * target)[:, None, None], (SAMPLES, 30, 30))
    return gaussian_filter(counts, (0, 2, 2)).reshape(SAMPLES, -1), target


def alternate(**functions: Callable[[], Any]) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each function by the clock and by the processors, called in turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for repeat in range(REPEATS + 1):
        for name, function in functions.items():
            clock, processors = time.perf_counter(), time.process_time()
            jax.block_until_ready(function())
            if repeat:  # the first turn compiles
                times[name].append((time.perf_counter() - clock, time.process_time() - processors))
    return {
        name: tuple(1e3 * statistics.median(x) for x in zip(*t, strict=True)) for name, t in times.items()
    }


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    x, y = images_and_target()
    ours_x, ours_y = jax.numpy.asarray(x), jax.numpy.asarray(y)
    # A tenth of the least alpha that leaves nothing.
    sparse = 0.1 * np.abs((x - x.mean(0)).T @ (y - y.mean())).max() / SAMPLES
    left_out = RidgeCV(ALPHAS, scoring=None, store_cv_results=True)
    rows = {
        "ridge, one alpha": (
            lambda: ridge(ours_x, ours_y, 1.0).coefficients,
            lambda: Ridge(alpha=1.0).fit(x, y).coef_,
        ),
        f"ridge, {len(ALPHAS)} alphas": (
            lambda: ridge(ours_x, ours_y, ALPHAS).coefficients,
            lambda: np.stack([Ridge(alpha=alpha).fit(x, y).coef_ for alpha in ALPHAS]),
        ),
        f"left one out, {len(ALPHAS)} alphas": (
            lambda: (ours_y - ridge_left_out(ours_x, ours_y, ALPHAS)) ** 2,
            lambda: left_out.fit(x, y).cv_results_.T,
        ),
        f"PCA, {COMPONENTS} components": (
            lambda: principal_components(ours_x, COMPONENTS).components,
            lambda: PCA(COMPONENTS, svd_solver="full").fit(x).components_,
        ),
        "PCA, its fastest": (
            lambda: principal_components(ours_x, COMPONENTS).components,
            lambda: PCA(COMPONENTS, svd_solver="arpack", random_state=0).fit(x).components_,
        ),
        "LASSO, gap 1e-6": (
            lambda: lasso(ours_x, ours_y, sparse).coefficients,
            lambda: Lasso(alpha=sparse, tol=1e-6, max_iter=100_000).fit(x, y).coef_,
        ),
    }
    print(f"{SAMPLES} x {EDGE * EDGE}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"{'milliseconds':28s}{'ours':>8s}{'(cpu)':>9s}{'sklearn':>9s}{'(cpu)':>9s}{'cpu':>10s}{'differ':>10s}"
    )
    for name, (ours, theirs) in rows.items():
        one, other = np.asarray(ours()), np.asarray(theirs())
        differ = np.abs(one - other).max() / np.abs(other).max()
        assert differ < (1e-2 if "LASSO" in name else 1e-7), f"not the same numbers: {name} {differ}"
        times = alternate(ours=ours, theirs=theirs)
        numbers = (*times["ours"], *times["theirs"])
        row = f"{name:28s}{numbers[0]:8.1f}{numbers[1]:9.1f}{numbers[2]:9.1f}{numbers[3]:9.1f}"
        print(f"{row}{numbers[3] / numbers[1]:9.2f}x{differ:10.1e}", flush=True)


if __name__ == "__main__":
    main()
