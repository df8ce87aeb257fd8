"""Particles as discs of their true size, coloured by a score."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import EllipseCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from tdaglass.configuration import Configuration
from tdaglass.plot.style import DIVERGING, PAGE, SEQUENTIAL, STYLE, label_axes, letter_panels, new_figure


@mpl.rc_context(STYLE)
def snapshot(
    configuration: Configuration,
    scores: Mapping[str, ArrayLike],
    *,
    diameters: ArrayLike,
    slab: tuple[float, float] | None = None,
    limits: Mapping[str, tuple[float, float]] | None = None,
    diverging: tuple[str, ...] = (),
    unit: str = r"\sigma",
    width: float = PAGE,
) -> Figure:
    """The same particles side by side, one panel and one colour bar a score.

    A three-dimensional system is cut: the particles whose centres lie in a slab across z are drawn from the back
    to the front.

    Parameters
    ----------
    configuration : Configuration
        One periodic system in two or three dimensions.
    scores : mapping of label to (particles,)
        The label stands on the colour bar; NaN is drawn in light grey.
    diameters : (species,), length units
        Drawn diameter of each species.
    slab : (lowest z, highest z), length units
        None takes a layer one large diameter thick in the middle of the box.
    limits : mapping of label to (lowest, highest)
        Range of the colours; by default the 2nd to the 98th percentile of what is drawn, so that a few extreme
        particles do not bleach the rest.
    diverging
        Labels of the scores with a meaningful middle, drawn in red and blue.
    unit
        The length unit, for the axis labels, in TeX.
    width : inches

    Returns
    -------
    Figure
        Each panel's discs are an `EllipseCollection` whose array is the score.

    Raises
    ------
    ValueError
        For open space, a batch, no score, a score of another length, or an empty slab.
    """
    positions, species, box = _one_periodic_system(configuration)
    if not scores:
        raise ValueError("expected at least one score, got none; try {'propensity': values}")
    values = {label: np.asarray(score, float) for label, score in scores.items()}
    for label, score in values.items():
        if score.shape != species.shape:
            raise ValueError(
                f"expected a score for each of {len(species)} particles, got {score.shape} for {label!r}; "
                "try NaN for particles without one"
            )
    if species.max() >= len(np.asarray(diameters)):
        raise ValueError(
            f"expected a diameter for each species up to {species.max()}, got {len(np.asarray(diameters))}; "
            "try species counted from 0"
        )
    diameter = np.asarray(diameters, float)[species]
    drawn = _drawing_order(positions, box, slab, diameter.max())
    limits = limits or {}

    columns = len(values)
    figure, axes = new_figure(
        1, columns, width=width, height=1.12 * width / columns, sharex=True, sharey=True
    )
    for panel, (label, score) in zip(axes[0], values.items(), strict=True):
        shown = score[drawn]
        low, high = limits.get(label) or _usual_range(shown)
        map_name = DIVERGING if label in diverging else SEQUENTIAL
        discs = _draw(panel, positions[drawn], diameter[drawn], box, shown, Normalize(low, high), map_name)
        # Few numbers on narrow bars, so that they do not run into those of the next one.
        figure.colorbar(
            discs, ax=panel, location="top", label=label, shrink=0.9, extend=_beyond(shown, low, high),
            ticks=MaxNLocator(max(2, 8 // columns)),
        )  # fmt: skip
        label_axes(panel, rf"$x / {unit}$", rf"$y / {unit}$" if panel is axes[0][0] else "")
    letter_panels(axes, inside=True)
    return figure


def _one_periodic_system(configuration: Configuration) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positions = np.asarray(configuration.positions, float)
    if positions.ndim != 2 or configuration.box is None:
        raise ValueError(
            f"expected one periodic system, got positions of shape {positions.shape} and box {configuration.box}; "
            "try one element of the batch, or a box that encloses the particles"
        )
    box = np.asarray(configuration.box, float)
    box = np.diag(box) if box.ndim == 1 else box
    if not np.isfinite(box).all():
        raise ValueError(
            f"expected a cell that is periodic along all axes, got {configuration.box}; try one that encloses the "
            "particles"
        )
    reduced = positions @ np.linalg.inv(box)
    return (reduced - np.floor(reduced)) @ box, np.asarray(configuration.species), box


def _drawing_order(
    positions: np.ndarray, box: np.ndarray, slab: tuple[float, float] | None, thickness: float
) -> np.ndarray:
    """Indices of the particles to draw, those in front last."""
    if len(box) == 2:
        return np.arange(len(positions))
    top = box[:, 2].sum()
    low, high = slab or (top / 2 - thickness / 2, top / 2 + thickness / 2)
    height = positions[:, 2]
    inside = np.flatnonzero((height >= low) & (height < high))
    if not len(inside):
        raise ValueError(
            f"expected particles with z from {low:.3g} to {high:.3g}, got none in a box of height {top:.3g}; "
            "try a thicker slab inside the box"
        )
    return inside[np.argsort(height[inside], kind="stable")]


def _usual_range(values: np.ndarray) -> tuple[float, float]:
    if not np.isfinite(values).any():
        return 0.0, 1.0
    low, high = np.nanpercentile(values, [2, 98])
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _beyond(values: np.ndarray, low: float, high: float) -> str:
    """Which end of the colour bar stands for values outside it."""
    below, above = bool(np.nanmin(values) < low), bool(np.nanmax(values) > high)
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[
        below, above
    ]


def _draw(
    axes: Axes,
    positions: np.ndarray,
    diameter: np.ndarray,
    box: np.ndarray,
    values: np.ndarray,
    norm: Normalize,
    map_name: str,
) -> ScalarMappable:
    """Discs in length units; the box edges cut those that stick out, unless it leans."""
    colors = mpl.colormaps[map_name].with_extremes(bad="0.85")
    discs = EllipseCollection(
        diameter,
        diameter,
        np.zeros_like(diameter),
        units="xy",
        offsets=positions[:, :2],
        offset_transform=axes.transData,
        cmap=colors,
        norm=norm,
        edgecolors="0.2",
        linewidths=0.25,
    )
    discs.set_array(np.ma.masked_invalid(values))
    axes.add_collection(discs)
    # Of a cell that leans, all corners are in view.
    corners = np.array([[0, 0], box[0, :2], box[1, :2], box[0, :2] + box[1, :2]])
    (left, bottom), (right, top) = corners.min(axis=0), corners.max(axis=0)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    if box[0, 1] or box[1, 0]:
        axes.plot(*corners[[0, 1, 3, 2, 0]].T, color="0.3", linewidth=0.6)
    return discs
