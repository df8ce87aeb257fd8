"""What `energies_from_holes.py` draws of rings: sizes, edges, angles, where they lie, and what is around them."""

from typing import Any

import matplotlib as mpl
import numpy as np
from energies_from_holes_inverse import BONDED
from energies_from_holes_records import Results, Rings
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

from tdaglass import plot, structure
from tdaglass.plot.style import PAGE, STYLE
from tdaglass.statistics import mean_and_error

KINDS = {"low": plot.color_of(0), "high": plot.color_of(1)}
SIZES = np.arange(2.5, 13)
EDGES = np.arange(1.1, 3.01, 0.05)
ANGLES = np.arange(40, 181, 5)
EDGE = r"edge / $\mathrm{\AA}$"
DRAWN = 12  # rings of each kind


@mpl.rc_context(STYLE)
def draw_rings(results: Results) -> Figure:
    """Sizes, edges and angles of both kinds."""
    figure, axes = plot.new_figure(1, 3, width=PAGE, height=2.3)
    for kind, rings in results.rings.items():
        for panel, values, run, edges in zip(
            axes[0],
            (rings.size, rings.bonds, rings.angles),
            (rings.run, rings.run[rings.ring], rings.run[rings.ring]),
            (SIZES, EDGES, ANGLES),
            strict=True,
        ):
            steps(panel, values, run, edges, KINDS[kind], f"{kind} energy, {len(rings.size)} rings")
    axes[0, 0].legend(fontsize=6)
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    plot.label_axes(axes[0, 0], "atoms of a ring", "share")
    plot.label_axes(axes[0, 1], EDGE, "share")
    plot.label_axes(axes[0, 2], "angle / degree", "share")
    plot.letter_panels(axes)
    return figure


def steps(
    panel: Axes, values: np.ndarray, run: np.ndarray, edges: np.ndarray, color: str, label: str
) -> None:
    """Shares of values between edges: means over runs with their standard errors."""
    runs = [values[run == k] for k in np.unique(run)]
    if not runs:
        return
    shares = np.array([np.histogram(of_run, edges)[0] / len(of_run) for of_run in runs])
    mean, error = mean_and_error(shares)
    panel.stairs(mean, edges, color=color, label=label)
    middle = (edges[1:] + edges[:-1]) / 2
    panel.errorbar(middle, mean, np.nan_to_num(error), fmt="none", ecolor=color, elinewidth=0.6)


@mpl.rc_context(STYLE)
def draw_rings_by_size(results: Results) -> Figure:
    """Edges above and angles below, a column for each size."""
    figure, axes = plot.new_figure(2, 4, width=PAGE, height=3.6, sharey="row")
    for size, (above, below) in zip((4, 5, 6, 7), axes.T, strict=True):
        for kind, rings in results.rings.items():
            of_size = rings.size[rings.ring] == size
            run, count = rings.run[rings.ring][of_size], int(np.sum(rings.size == size))
            steps(above, rings.bonds[of_size], run, EDGES, KINDS[kind], f"{kind}, {count}")
            steps(below, rings.angles[of_size], run, ANGLES, KINDS[kind], "")
        above.set_title(f"{size} atoms", fontsize=7)
        if above.get_legend_handles_labels()[0]:
            above.legend(fontsize=6)
        plot.label_axes(above, EDGE, "share" if size == 4 else "")
        plot.label_axes(below, "angle / degree", "share" if size == 4 else "")
    plot.letter_panels(axes)
    return figure


def frame_of_rings(results: Results) -> int:
    """Of which run rings are drawn: the middle density of those that have rings of both kinds."""
    both = set.intersection(*(set(of.run.tolist()) for of in results.rings.values()))
    runs = sorted(both) or range(len(results.frames.last))
    return int(runs[len(runs) // 2])


@mpl.rc_context(STYLE)
def draw_structure(results: Results, k: int) -> Figure | None:
    """Rings of low and of high energy in the last frame of run k."""
    frames = results.frames
    positions, box = frames.system(int(frames.last[k]))
    if box.ndim == 2 or np.isinf(box).any():
        return None
    places = positions % box
    figure, blank = plot.new_figure(1, 2, width=PAGE, height=3.2)
    for place, (kind, rings) in enumerate(results.rings.items()):
        blank[0, place].remove()
        panel: Any = figure.add_subplot(1, 2, place + 1, projection="3d")
        panel.add_collection3d(Line3DCollection(bonds_within(places), colors="0.75", linewidths=0.5))
        drawn = rings_in(rings, k, box)
        panel.add_collection3d(
            Poly3DCollection(drawn, facecolor=KINDS[kind], edgecolor=KINDS[kind], alpha=0.55, linewidth=0.8)
        )
        panel.set(xlim=(0, box[0]), ylim=(0, box[1]), zlim=(0, box[2]), box_aspect=(1, 1, 1))
        panel.set_title(f"({'ab'[place]}) {kind} energy: {len(drawn)} rings", loc="left")
        panel.tick_params(labelsize=6, pad=-2)
        panel.grid(False)
        for axis in "xyz":
            getattr(panel, f"set_{axis}label")(rf"{axis} / $\mathrm{{\AA}}$", fontsize=6, labelpad=-6)
    return figure


def bonds_within(places: np.ndarray) -> np.ndarray:
    """Lines between atoms near each other, (bonds, 2, 3), but for those across the edges of the box."""
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    one, other = np.nonzero(np.triu(apart < BONDED, 1))
    return np.stack([places[one], places[other]], axis=1)


def rings_in(rings: Rings, k: int, box: np.ndarray) -> list[np.ndarray]:
    """The first rings of run k, each (atoms, 3), with their centres inside the box."""
    several = [rings.position[rings.ring == ring] for ring in np.flatnonzero(rings.run == k)[:DRAWN]]
    return [ring - box * np.floor(ring.mean(axis=0) / box) for ring in several]


@mpl.rc_context(STYLE)
def draw_distances(results: Results) -> Figure | None:
    """g(r) around the atoms of rings of five and of six."""
    frames = results.frames
    if not results.distances:
        return None
    figure, axes = plot.new_figure(1, 1)
    for j, (size, found) in enumerate(results.distances.items()):
        some = found.g[np.isfinite(found.g).all(axis=1)]
        if len(some):
            mean, error = mean_and_error(some)
            style = {"color": plot.color_of(j), "label": f"rings of {size}, {len(some)} runs"}
            axes[0, 0].plot(found.r, mean, **style)
            axes[0, 0].fill_between(found.r, mean - error, mean + error, color=plot.color_of(j), alpha=0.3)
    r = next(iter(results.distances.values())).r
    reach = float(r[-1] + r[0])
    every = [
        structure.radial_distribution(*frames.in_its_space(k), reach, len(r)).g for k in frames.last.tolist()
    ]
    axes[0, 0].plot(r, np.mean(every, axis=0), color="0.2", linewidth=0.8, linestyle="--", label="all atoms")
    axes[0, 0].legend(fontsize=6)
    plot.label_axes(axes[0, 0], r"$r\,/\,\mathrm{\AA}$", "g(r)")
    return figure
