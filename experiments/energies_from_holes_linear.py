"""Energies by ridge regression: from histograms of loops, from averaged SOAP, and from both."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from energies_from_holes_frames import Frames
from energies_from_holes_records import KINDS, Curve, Described, Kind, Ridge, Scored, Settings, kinds_of

from tdaglass import learning, parallel, topology
from tdaglass.runs import Run

MEV = 1000.0


class Linear(NamedTuple):
    """A ridge regression: what it sees, and how that is scaled by what it learns from."""

    title: str
    features: Callable[[Settings, Described], np.ndarray]  # (frames, features)
    per_cell: bool  # whether each feature is brought to mean 0 and variance 1 over the frames learned from
    alpha: Callable[[Settings], float]


def histograms(settings: Settings, described: Described) -> np.ndarray:
    """Probabilities of loops in cells, (frames, deaths, births)."""
    return np.asarray(_histograms(settings.grid, described.pairs))


@partial(jax.jit, static_argnums=0)
def _histograms(grid: topology.Grid, pairs: jax.Array) -> jax.Array:
    return jax.lax.map(
        lambda one: topology.histogram(
            topology.BirthDeath(one[:, 0], one[:, 1]), grid, normalize="probability"
        ),
        pairs,
    )


def blurred(settings: Settings, described: Described) -> np.ndarray:
    """The same after a Gaussian filter, in HomCloud's convention."""
    counts = smooth(settings, described)
    return counts / np.maximum(counts.sum(axis=(1, 2), keepdims=True), 1)


def blurred_counts(settings: Settings, described: Described) -> np.ndarray:
    """Loops for each atom instead of probabilities: like the energy, their number grows with the system."""
    cells = settings.grid.vector(smooth(settings, described)) / described.atoms[:, None]
    return fewer(cells, cells)


def smooth(settings: Settings, described: Described) -> np.ndarray:
    """Numbers of loops in cells after the filter, (frames, deaths, births)."""
    grid = settings.grid
    return np.asarray(_smooth(grid, settings.blur * grid.widths[0], described.pairs))


@partial(jax.jit, static_argnums=(0, 1))
def _smooth(grid: topology.Grid, sigma: float, pairs: jax.Array) -> jax.Array:
    def image(one: jax.Array) -> jax.Array:
        found = topology.BirthDeath(one[:, 0], one[:, 1])
        return topology.persistence_image(found, grid, sigma=sigma, mode="homcloud")

    return jax.lax.map(image, pairs)


def per_cell(settings: Settings, images: np.ndarray) -> np.ndarray:
    """Cells above the diagonal, which are scaled over the frames learned from."""
    cells = settings.grid.vector(images)
    return fewer(cells, cells)


def per_image(settings: Settings, images: np.ndarray) -> np.ndarray:
    """The same, each image scaled over its cells to mean 0 and variance 1."""
    cells = settings.grid.vector(images)
    return fewer(standardized(cells.T).T, cells)


def standardized(x: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1 over all rows."""
    return np.asarray(learning.standardize(learning.fit_standardization(x), x))


def fewer(x: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """All empty cells as one, times the root of their number: inner products of rows are what they were."""
    empty = ~cells.any(axis=0)
    return np.hstack([x[:, ~empty], empty.sum() ** 0.5 * x[:, empty][:, :1]])


def min_max(settings: Settings, described: Described) -> np.ndarray:
    """Cells above the diagonal, each from 0 to 1 over all frames, as the preprint scales them."""
    cells = settings.grid.vector(histograms(settings, described))
    low, high = cells.min(axis=0), cells.max(axis=0)
    return fewer((cells - low) / np.where(high > low, high - low, 1), cells)


def both(settings: Settings, described: Described) -> np.ndarray:
    """SOAP and blurred images, each scaled to keep the strength of its own penalty."""
    holes = per_image(settings, blurred(settings, described))
    return np.hstack(
        [standardized(described.soap) / settings.alpha_soap**0.5, holes / settings.alpha_blurred**0.5]
    )


MODELS: dict[Ridge, Linear] = {
    "histogram": Linear(
        "histogram, ridge",
        lambda settings, seen: per_cell(settings, histograms(settings, seen)),
        True,
        lambda settings: settings.alpha,
    ),
    "histogram_per_image": Linear(
        "histogram, per image, ridge",
        lambda settings, seen: per_image(settings, histograms(settings, seen)),
        False,
        lambda settings: settings.alpha,
    ),
    "histogram_min_max": Linear(
        "histogram, min-max, ridge", min_max, False, lambda settings: settings.alpha_min_max
    ),
    "blurred": Linear(
        "blurred histogram, ridge",
        lambda settings, seen: per_image(settings, blurred(settings, seen)),
        False,
        lambda settings: settings.alpha_blurred,
    ),
    "blurred_counts": Linear(
        "blurred counts, ridge", blurred_counts, False, lambda settings: settings.alpha_counts
    ),
    "soap": Linear(
        "averaged SOAP, ridge", lambda _, seen: seen.soap, True, lambda settings: settings.alpha_soap
    ),
    "both": Linear("SOAP and blurred, ridge", both, False, lambda _: 1.0),
}


def folds_of(settings: Settings, frames: Frames, kind: Kind) -> np.ndarray:
    """Which part each frame belongs to, (frames,): parts of the frames, of whole runs, of whole groups.

    Runs of one group are in different parts as far as there are parts, so that a run left out has its like
    among those learned from; where groups share runs, whole runs are drawn at random.
    """
    key = jax.random.fold_in(jax.random.key(settings.source.seed), 100 + KINDS.index(kind))
    if kind == "frames":
        return learning.random_folds(key, len(frames.run), settings.folds)
    runs, (_, of) = len(np.unique(frames.run)), np.unique(frames.group, return_inverse=True)
    if kind == "runs" and (frames.melt < 0).any():
        return learning.random_folds(key, len(frames.run), min(settings.folds, runs), frames.run)
    groups = int(of.max()) + 1
    order = np.asarray(jax.random.permutation(key, groups))[of]
    if kind == "runs":
        return (order + frames.melt) % settings.folds
    return order % min(settings.folds, groups)


def fit(
    model: Linear, settings: Settings, x: np.ndarray, y: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """What tells energies, in the units of y, from features like x."""

    def scaled(new: np.ndarray) -> Any:
        new = new.astype(float)
        return new if scale is None else learning.standardize(scale, new)

    def tell(new: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(learning.predict_linear(found, scaled(new)))

    # Sums over thousands of cells that nearly cancel.
    with jax.enable_x64(True):
        scale = learning.fit_standardization(x.astype(float)) if model.per_cell else None
        found = learning.ridge(scaled(x), y, model.alpha(settings))
    return tell


def error(y: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean square, in meV for energies in eV."""
    return MEV * float(np.sqrt(np.mean((y - predicted) ** 2)))


def score_linear(
    settings: Settings,
    frames: Frames,
    described: Described,
    larger: tuple[Frames, Described] | None,
    run: Run,
    executor: Any,
) -> tuple[dict[str, dict[str, Scored]], dict[str, Curve]]:
    """All ridge regressions by all kinds of parts, and their learning curves."""
    kinds = kinds_of(frames)
    items = [(model, kind) for model in settings.ridges for kind in kinds]
    # Positions are many times what is learned from, and nobody looks at them here.
    light = frames.light()
    of_larger = None if larger is None else (larger[0].energy, larger[1])
    scored = parallel.map_independent(
        partial(score_one, settings, light, described, of_larger),
        items,
        executor=executor,
        keep=run.chunk,
        names=lambda item: f"ridge-{item[0]}-{item[1]}",
        progress="ridge regressions",
    )
    curves = parallel.map_independent(
        partial(learning_curve, settings, light, described),
        list(settings.ridges),
        executor=executor,
        keep=run.chunk,
        names=lambda model: f"learning-curve-{model}",
        progress="learning curves",
    )
    scores: dict[str, dict[str, Scored]] = {model: {} for model in settings.ridges}
    for (model, kind), one in zip(items, scored, strict=True):
        scores[model][kind] = one
    return scores, dict(zip(settings.ridges, curves, strict=True))


def score_one(
    settings: Settings,
    frames: Frames,
    described: Described,
    larger: tuple[np.ndarray, Described] | None,
    item: tuple[Ridge, Kind],
) -> Scored:
    """One regression, each part left out in turn."""
    name, kind = item
    model, part = MODELS[name], folds_of(settings, frames, kind)
    n = len(frames.energy)
    seen = described if larger is None else together(described, larger[1])
    # Features of both sizes are made at once: those that are scaled over frames are scaled alike.
    every = model.features(settings, seen)
    x, x_larger = every[:n], every[n:]
    train, test, at_larger = [], [], []
    predicted = np.full(n, np.nan)
    for k in range(int(part.max()) + 1):
        out = part == k
        tell = fit(model, settings, x[~out], frames.energy[~out])
        predicted[out] = tell(x[out])
        train.append(error(frames.energy[~out], tell(x[~out])))
        test.append(error(frames.energy[out], predicted[out]))
        if larger is not None and kind == "frames":
            at_larger.append(error(larger[0], tell(x_larger)))
    return Scored(np.array(train), np.array(test), predicted, np.array(at_larger))


def together(one: Described, other: Described) -> Described:
    """Frames of two sizes, one after the other."""
    most = max(one.pairs.shape[1], other.pairs.shape[1])
    pairs = [np.pad(x.pairs, ((0, 0), (0, most - x.pairs.shape[1]), (0, 0))) for x in (one, other)]
    soap, atoms = (np.concatenate(x) for x in zip(one[1:], other[1:], strict=True))
    return Described(np.concatenate(pairs), soap, atoms)


def learning_curve(settings: Settings, frames: Frames, described: Described, name: Ridge) -> Curve:
    """Errors on each part of the frames, learned from some of the others, drawn at random."""
    model, part = MODELS[name], folds_of(settings, frames, "frames")
    x, y = model.features(settings, described), frames.energy
    fewest = int(min(np.sum(part != k) for k in range(settings.folds)))
    sizes = [size for size in settings.sizes if size < fewest]
    test = np.zeros((len(sizes), settings.folds))
    for k in range(settings.folds):
        random = np.random.default_rng([settings.source.seed, k])
        others = random.permutation(np.flatnonzero(part != k))
        out = part == k
        for row, size in enumerate(sizes):
            tell = fit(model, settings, x[others[:size]], y[others[:size]])
            test[row, k] = error(y[out], tell(x[out]))
    return Curve(np.array(sizes, int), test)


def coefficients_of(settings: Settings, frames: Frames, described: Described) -> np.ndarray:
    """Of the histogram as published, learned from all frames: eV for a standard deviation of each cell."""
    x = settings.grid.vector(histograms(settings, described)).astype(float)
    with jax.enable_x64(True):
        scaled = learning.standardize(learning.fit_standardization(x), x)
        found = learning.ridge(scaled, frames.energy, settings.alpha)
    return settings.grid.image(np.asarray(found.coefficients))
