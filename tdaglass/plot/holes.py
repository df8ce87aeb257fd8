"""Persistence diagrams, images on the birth-death plane, and the rings and cavities behind them."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection
from matplotlib.colors import LogNorm, Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from tdaglass.plot.style import (
    COLORS,
    COLUMN,
    DIVERGING,
    PAGE,
    SEQUENTIAL,
    STYLE,
    label_axes,
    letter_panels,
    new_figure,
)

SQUARED_LENGTH = r"\sigma^2"


@mpl.rc_context(STYLE)
def persistence_diagram(
    diagrams: Mapping[str, Any], grid: Any, *, unit: str = SQUARED_LENGTH, width: float | None = None
) -> Figure:
    """Diagrams side by side: how many pairs lie in each cell, on one logarithmic scale.

    Parameters
    ----------
    diagrams : mapping of title to diagram
        Anything with `birth` and `death` (..., pairs), and `valid` where entries may not be pairs; a batch is
        drawn as one.
    grid : topology.Grid
        The plane, in cells.
    unit
        Of births and deaths, in TeX.
    width : inches
        None takes one journal column for one panel, two for more.

    Returns
    -------
    Figure
    """
    counts = {}
    for title, diagram in diagrams.items():
        birth, death = np.asarray(diagram.birth).ravel(), np.asarray(diagram.death).ravel()
        valid = (death > birth) & np.asarray(getattr(diagram, "valid", True)).ravel()
        counts[title] = np.histogram2d(death[valid], birth[valid], bins=grid.edges[::-1])[0]
    most = max((float(image.max()) for image in counts.values()), default=1.0)
    norm = LogNorm(1, max(most, 10))
    empty_white = {title: np.ma.masked_equal(image, 0) for title, image in counts.items()}
    return _planes(empty_white, grid, SEQUENTIAL, norm, "pairs", unit, width)


@mpl.rc_context(STYLE)
def plane_images(
    images: Mapping[str, ArrayLike],
    grid: Any,
    *,
    label: str,
    unit: str = SQUARED_LENGTH,
    diverging: bool = False,
    width: float | None = None,
) -> Figure:
    """Images on the birth-death plane: persistence images, or learned coefficients around a white zero.

    Parameters
    ----------
    images : mapping of title to (deaths, births) or (cells,)
        Or rows of `Grid.vector`, as the coefficients of a linear model are. Cells below the diagonal, where no
        pair can be, are left white.
    grid : topology.Grid
    label
        Of the colour bar.
    unit
        Of births and deaths, in TeX.
    diverging
        Blue below zero, red above, white zero in the middle; one scale for all panels.
    width : inches
        None takes one journal column for one panel, two for more.

    Returns
    -------
    Figure
    """
    shown: dict[str, Any] = {
        title: np.ma.array(grid.image(image) if np.ndim(image) == 1 else image, mask=~grid.above_diagonal)
        for title, image in images.items()
    }
    if not shown:
        raise ValueError("expected at least one image, got none; try {'loops': image}")
    high = max(float(np.abs(image).max() if diverging else image.max()) for image in shown.values())
    low = -high if diverging else min(float(image.min()) for image in shown.values())
    map_name = DIVERGING if diverging else SEQUENTIAL
    return _planes(shown, grid, map_name, Normalize(low, high), label, unit, width)


@mpl.rc_context(STYLE)
def holes(
    volumes: Mapping[str, Any],
    positions: ArrayLike | Mapping[str, ArrayLike],
    box: ArrayLike | None = None,
    *,
    diameters: ArrayLike = 0.4,
    surroundings: float = 1.0,
    unit: str = r"\sigma",
    width: float | None = None,
) -> Figure:
    """Rings or cavities among the particles around them; in space, along the direction in which they are thinnest.

    Parameters
    ----------
    volumes : mapping of title to topology.Volume
    positions : (particles, dim), length units, or mapping of title to such
        Of all particles, as they were given to the complex.
    box : (dim,), optional
    diameters : float or (particles,), length units
        Drawn; smaller than true, so that one can look between them.
    surroundings : length units
        How far around the volume particles are drawn; those of the boundary in colour, others in grey, paler the
        farther behind.
    unit
        The length unit, in TeX.
    width : inches
        None takes one journal column for one panel, two for more.

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(1, len(volumes), width=width or (COLUMN if len(volumes) == 1 else PAGE))
    edges = None if box is None else np.asarray(box, float)
    for panel, (title, volume) in zip(axes[0], volumes.items(), strict=True):
        places = np.asarray(positions[title] if isinstance(positions, Mapping) else positions, float)
        size = np.broadcast_to(np.asarray(diameters, float), len(places))
        _draw_hole(panel, volume, places, edges, size, surroundings)
        panel.set_title(title)
        x, y = ("x", "y") if places.shape[1] == 2 else (r"\xi", r"\eta")
        label_axes(panel, rf"${x} / {unit}$", rf"${y} / {unit}$" if panel is axes[0][0] else "")
    letter_panels(axes)
    return figure


def _planes(
    images: Mapping[str, Any],
    grid: Any,
    map_name: str,
    norm: Normalize,
    label: str,
    unit: str,
    width: float | None,
) -> Figure:
    columns = len(images)
    width = width or (COLUMN if columns == 1 else PAGE)
    figure, axes = new_figure(1, columns, width=width, height=0.9 * width / columns, sharex=True, sharey=True)
    births, deaths = grid.edges
    for panel, (title, image) in zip(axes[0], images.items(), strict=True):
        mesh = panel.pcolormesh(births, deaths, image, cmap=map_name, norm=norm, rasterized=True)
        panel.plot([-1e9, 1e9], [-1e9, 1e9], color="0.3", linewidth=0.7)
        panel.set(xlim=grid.births, ylim=grid.deaths, aspect="equal", title=title)
        panel.tick_params(pad=5)  # both axes may begin with a zero in the corner
        label_axes(panel, f"birth / ${unit}$", f"death / ${unit}$" if panel is axes[0][0] else "")
    figure.colorbar(mesh, ax=axes[0].tolist(), label=label, shrink=0.85)
    return figure


def _draw_hole(
    axes: Axes,
    volume: Any,
    positions: np.ndarray,
    box: np.ndarray | None,
    size: np.ndarray,
    surroundings: float,
) -> None:
    corners = np.asarray(volume.position)
    on_boundary = np.unique(volume.boundary)
    center, turn = _view(corners[on_boundary])
    others, which = _around(positions, box, corners, surroundings)
    # To the right, up and towards the eye.
    seen, vertices = _seen(others, center, turn), _seen(corners, center, turn)

    order = np.argsort(seen[:, 2])
    away = seen[order, 2] - seen[:, 2].max(initial=0)
    grey = 0.75 - 0.17 * away / max(float(np.ptp(away)) if len(away) else 0, 1e-9)
    _discs(axes, seen[order, :2], size[which][order], np.repeat(grey[:, None], 3, axis=1), "0.75")

    faces = vertices[volume.cells if volume.cells.shape[1] == 3 else volume.boundary]
    faces = faces[np.argsort(faces[:, :, 2].mean(axis=1))]
    colors = [_shade(face) for face in faces]
    axes.add_collection(
        PolyCollection(faces[:, :, :2], facecolors=colors, edgecolors=(0.2, 0.2, 0.2, 0.5), linewidths=0.4)
    )
    if volume.boundary.shape[1] == 2:
        axes.add_collection(
            LineCollection(vertices[volume.boundary][:, :, :2], colors=COLORS[1], linewidths=2)
        )
    front = on_boundary[np.argsort(vertices[on_boundary, 2])]
    _discs(axes, vertices[front, :2], size[volume.atom[front]], COLORS[1], "0.2")
    around = np.concatenate([seen, vertices])[:, :2]
    low, high = around.min(axis=0) - size.max() / 2, around.max(axis=0) + size.max() / 2
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")


def _view(boundary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre and principal axes as columns; along the last there is least to see. A plane is left as it is."""
    if boundary.shape[1] == 2:
        return np.zeros(2), np.eye(2)
    center = boundary.mean(axis=0)
    return center, np.linalg.svd(boundary - center, full_matrices=True)[2].T


def _seen(places: np.ndarray, center: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Places along the axes, with a height of zero in two dimensions."""
    turned = (places - center) @ turn
    return np.pad(turned, ((0, 0), (0, 3 - turned.shape[1])))


def _around(
    positions: np.ndarray, box: np.ndarray | None, corners: np.ndarray, reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Particles near the volume, in the images nearest to it, without its own; and which they are."""
    center = corners.mean(axis=0)
    if box is not None:
        positions = positions - box * np.round((positions - center) / box)
    away = np.linalg.norm(positions[:, None] - corners[None], axis=2).min(axis=1)
    near = np.flatnonzero((away < reach) & (away > 1e-6))
    return positions[near], near


def _discs(axes: Axes, places: np.ndarray, diameter: np.ndarray, color: Any, edge: str) -> None:
    axes.add_collection(
        EllipseCollection(
            diameter,
            diameter,
            np.zeros(len(diameter)),
            units="xy",
            offsets=places,
            offset_transform=axes.transData,
            facecolors=color,
            edgecolors=edge,
            linewidths=0.4,
        )
    )


def _shade(face: np.ndarray) -> tuple[float, float, float, float]:
    """Blue, darker the more a triangle is seen from the side."""
    normal = np.cross(face[1] - face[0], face[2] - face[0])
    facing = abs(normal[2]) / max(float(np.linalg.norm(normal)), 1e-12)
    red, green, blue = (0.35 + 0.65 * facing) * (0.45 * np.array(to_rgb(COLORS[0])) + 0.55)
    return red, green, blue, 0.75
