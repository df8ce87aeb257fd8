"""What `cooling_rate.py` draws of cages, rings and superclusters."""

from typing import Any

import matplotlib as mpl
import numpy as np
from cooling_rate_holes import SHARING, hole_table, relative_areas
from cooling_rate_prisms import polyhedra_of
from cooling_rate_records import Results, Rings, Settings
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from scipy.spatial import ConvexHull

from tdaglass import plot
from tdaglass.plot.style import PAGE, STYLE

SLOW, FAST = plot.color_of(0), plot.color_of(1)
SIZES = np.arange(2.5, 13.5)
METAL, METALLOID = "0.75", plot.color_of(4)


def names_of(settings: Settings) -> tuple[str, str]:
    """Of the pictures of voids and of loops that are taken back to atoms."""
    pictures = settings.cooling.of.pictures.items()
    voids = next(name for name, picture in pictures if picture.dimension == 2)
    loops = next(name for name, picture in pictures if picture.dimension == 1 and picture.species == 1)
    return voids, loops


@mpl.rc_context(STYLE)
def draw_holes(settings: Settings, results: Results) -> Figure:
    """Areas of cages, sizes of rings, prisms on them and how they share atoms; slow and fast glasses."""
    glasses = results.glasses
    voids, loops = names_of(settings)
    table = hole_table(results)
    figure, axes = plot.new_figure(2, 3, width=PAGE, height=4.4)
    ends = {"slow": (glasses.classes[-1], SLOW), "fast": (glasses.classes[0], FAST)}
    for kind, (rate, color) in ends.items():
        several = [results.inverse[k] for k in np.flatnonzero(glasses.at(rate)).tolist()]
        areas = np.concatenate([relative_areas(one.cages[voids]["given"]) for one in several])
        style: Any = {"color": color, "histtype": "step", "density": True, "label": kind}
        axes[0, 0].hist(areas, np.linspace(0.7, 1.4, 36), **style)
        rings = [one.rings[loops][kind] for one in several]
        sizes = np.concatenate([[len(atoms) for atoms in one.atoms] for one in rings])
        axes[0, 2].hist(sizes, SIZES, **style)
        axes[1, 0].hist(np.concatenate([one.prisms for one in rings]), SIZES - 3, **style)
    rates = np.array(glasses.classes)
    for k, region in enumerate(("given", "slow", "fast")):
        color = {"given": "0.4", "slow": SLOW, "fast": FAST}[region]
        mean, error = table[voids][region]["scatter of areas"]
        label = {"given": "deaths 2.2-2.5"}.get(region, f"cells of {region}")
        against(axes[0, 1], rates, mean, error, k, color, label)
        mean, error = table[loops][region]["atoms"]
        against(
            axes[1, 1],
            rates,
            mean,
            error,
            k,
            color,
            {"given": "all that persist"}.get(region, f"cells of {region}"),
        )
    for k, kind in enumerate(SHARING):
        mean, error = table[loops]["given"][f"sharing {kind}"]
        against(axes[1, 2], rates, mean, error, k, plot.color_of(k), kind)
    labels = (
        (axes[0, 0], "triangle area / mean of its cage", "density"),
        (axes[0, 1], rate_label(settings), "scatter of areas in a cage"),
        (axes[0, 2], "atoms on a ring", "share of rings"),
        (axes[1, 0], "prisms on a ring", "share of rings"),
        (axes[1, 1], rate_label(settings), "atoms on a ring"),
        (axes[1, 2], rate_label(settings), "share of neighbours on rings"),
    )
    for panel, x, y in labels:
        plot.label_axes(panel, x, y)
        legend_above(panel, 2)
    for panel in (axes[0, 2], axes[1, 0]):
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    plot.letter_panels(axes)
    return figure


def against(
    panel: Axes, rates: np.ndarray, mean: np.ndarray, error: np.ndarray, k: int, color: str, label: str
) -> None:
    """The k-th quantity against the rate."""
    panel.errorbar(
        rates, mean, error, color=color, marker=plot.marker_of(k), elinewidth=0.8, capsize=2, label=label
    )
    logarithmic(panel)


def legend_above(panel: Axes, columns: int = 1) -> None:
    """A legend over what is drawn, with room made for it."""
    handles, labels = panel.get_legend_handles_labels()
    if handles:
        low, high = panel.get_ylim()
        rows = -(-len(handles) // columns)
        panel.set_ylim(low, high + (0.05 + 0.11 * rows) * (high - low))
        panel.legend(handles, labels, loc="upper center", fontsize=6, ncols=columns, columnspacing=1)


def logarithmic(panel: Axes) -> None:
    """Rates along x; where they span little, numbers at minor ticks would lie on top of each other."""
    panel.set_xscale("log")
    panel.xaxis.set_minor_formatter(NullFormatter())


def rate_label(settings: Settings) -> str:
    """Of an axis."""
    return rf"cooling rate $/ {settings.cooling.of.rate_unit}$"


@mpl.rc_context(STYLE)
def draw_supercluster(settings: Settings, results: Results) -> Figure | None:
    """A typical ring of slow and one of fast glasses in space, with the polyhedra around its atoms."""
    glasses = results.glasses
    _, loops = names_of(settings)
    chosen = {}
    for region, rate in (("slow", glasses.classes[-1]), ("fast", glasses.classes[0])):
        for k in np.flatnonzero(glasses.at(rate)).tolist():
            rings = results.inverse[k].rings[loops][region]
            if rings.atoms:
                chosen[region] = k, rings, typical(rings)
                break
    if not chosen:
        return None
    figure, blank = plot.new_figure(1, len(chosen), width=PAGE, height=3.2)
    for old in blank[0]:
        old.remove()
    for place, (region, (k, rings, which)) in enumerate(chosen.items()):
        panel = figure.add_subplot(1, len(chosen), place + 1, projection="3d")
        draw_one(settings, results, panel, k, rings, which)
        prisms = f"{rings.prisms[which]} of {len(rings.atoms[which])} in prisms"
        panel.set_title(f"({'ab'[place]}) {region}: {prisms}", loc="left")
    return figure


def typical(rings: Rings) -> int:
    """The first of the commonest size, of those with most prisms."""
    sizes = np.array([len(atoms) for atoms in rings.atoms])
    candidates = np.flatnonzero(sizes == np.bincount(sizes).argmax())
    return int(candidates[np.argmax(rings.prisms[candidates])])


def draw_one(settings: Settings, results: Results, panel: Any, k: int, rings: Rings, which: int) -> None:
    """One supercluster."""
    polyhedra = polyhedra_of(settings, results.glasses, k)
    atoms, places = rings.supercluster[which], rings.positions[which]
    of = {int(atom): place for atom, place in zip(atoms, places, strict=True)}
    ring = np.array([of[int(b)] for b in rings.atoms[which]])
    center = ring.mean(axis=0)
    axes = np.linalg.svd(ring - center)[2] if len(ring) > 2 else np.eye(3)

    def seen(x: np.ndarray) -> np.ndarray:
        return (x - center) @ axes.T

    for b, place in zip(rings.atoms[which], ring, strict=True):
        corners = seen(place + polyhedra.displacement[b])
        faces = corners[ConvexHull(corners).simplices]
        color = SLOW if polyhedra.prism[b] else FAST
        panel.add_collection3d(
            Poly3DCollection(faces, facecolor=color, edgecolor="0.3", alpha=0.16, linewidth=0.4)
        )
    on_ring = np.isin(atoms, rings.atoms[which])
    shown = seen(places)
    panel.scatter(*shown[~on_ring].T, s=16, color=METAL, edgecolor="0.4", linewidth=0.4, depthshade=True)
    panel.scatter(*seen(ring).T, s=34, color=METALLOID, edgecolor="0.2", linewidth=0.5, depthshade=False)
    closed = seen(np.concatenate([ring, ring[:1]]))
    panel.plot(*closed.T, color=plot.color_of(2), linewidth=1.6)
    reach = np.abs(shown).max()
    panel.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach), box_aspect=(1, 1, 1))
    panel.view_init(elev=58, azim=-60)
    panel.tick_params(labelsize=6, pad=-2)
