"""Maps of the spaces of descriptors, and a number for what is seen on them: islands, or one continuum."""

from functools import partial
from typing import Any

import numpy as np
from energies_from_holes_frames import Frames
from energies_from_holes_linear import blurred, histograms, per_cell, per_image, standardized
from energies_from_holes_records import Described, Settings, Space

from tdaglass import learning, parallel
from tdaglass.runs import Run

# Principal components that t-SNE begins with: distances in more are mostly noise of single cells.
COMPONENTS = 50


def spaces_of(
    settings: Settings, frames: Frames, described: Described, schnet: np.ndarray, run: Run, executor: Any
) -> dict[str, Space]:
    """Of histograms, blurred ones, averaged SOAP, and of SchNet's features if there are any."""
    names = ["histogram", "blurred", "soap", *(["schnet"] if schnet.shape[1] else [])]
    light = frames.light()
    found = parallel.map_independent(
        partial(space_of, settings, light, described, schnet),
        names,
        executor=executor,
        keep=run.chunk,
        names=lambda name: f"space-{name}",
        progress="maps",
    )
    return dict(zip(names, found, strict=True))


def space_of(
    settings: Settings, frames: Frames, described: Described, schnet: np.ndarray, name: str
) -> Space:
    """Principal coordinates, t-SNE, and whose neighbours are whose."""
    x = coordinates(settings, described, schnet, name)
    found = learning.principal_components(x, min(COMPONENTS, *x.shape, len(x) - 1))
    along = np.asarray(learning.principal_coordinates(found, x))
    near = nearest(along, settings.neighbors)
    return Space(
        along[:, :2],
        np.asarray(found.shares)[:2],
        np.stack([embedded(settings, along, perplexity) for perplexity in settings.perplexities]),
        jackknifed(mixed(frames.group, near), frames.group, frames.run),
        jackknifed((frames.run[near] == frames.run[:, None]).mean(axis=1), None, frames.run),
    )


def coordinates(settings: Settings, described: Described, schnet: np.ndarray, name: str) -> np.ndarray:
    """Points of a space, (frames, features), single precision."""
    if name == "schnet":
        return standardized(schnet)
    if name == "soap":
        return standardized(described.soap)
    if name == "blurred":
        return per_image(settings, blurred(settings, described))
    return standardized(per_cell(settings, histograms(settings, described)))


def embedded(settings: Settings, along: np.ndarray, perplexity: float) -> np.ndarray:
    """t-SNE from principal coordinates, which it begins with."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    start = (1e-4 / along[:, 0].std() * along[:, :2]).astype(np.float32)
    tsne = TSNE(
        perplexity=min(perplexity, (len(along) - 1) / 3), init=start, random_state=settings.source.seed
    )
    # Threads of the library that is loaded only now: other bits become other maps.
    with threadpool_limits(1):
        return tsne.fit_transform(along.astype(np.float32))


def nearest(x: np.ndarray, k: int) -> np.ndarray:
    """The k nearest others of each point, (points, k)."""
    x = x.astype(float)
    square = np.sum(x**2, axis=1)
    apart = square[:, None] + square - 2 * x @ x.T
    np.fill_diagonal(apart, np.inf)
    return np.argpartition(apart, min(k, len(x) - 2), axis=1)[:, :k]


def mixed(group: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Of each frame, the share of neighbours of another group in units of that of all frames.

    0 where groups are islands; 1 where frames of all groups lie as if drawn at random.
    """
    others = (group[near] != group[:, None]).mean(axis=1)
    _, of, counts = np.unique(group, return_inverse=True, return_counts=True)
    by_chance = (len(group) - counts[of]) / (len(group) - 1)
    return others / by_chance


def jackknifed(values: np.ndarray, group: np.ndarray | None, run: np.ndarray) -> tuple[float, float]:
    """Mean over frames, and its error from leaving out each group, or each run, in turn."""
    _, of = np.unique(run if group is None else group, return_inverse=True)
    groups = int(of.max()) + 1
    without = np.array([values[of != k].mean() for k in range(groups)])
    return float(values.mean()), float(np.sqrt((groups - 1) * without.var()))
