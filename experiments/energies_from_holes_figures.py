"""What `energies_from_holes.py` draws, each figure with its caption."""

from typing import Any

import matplotlib as mpl
import numpy as np
from energies_from_holes_figures_of_rings import (
    draw_distances,
    draw_rings,
    draw_rings_by_size,
    draw_structure,
    frame_of_rings,
)
from energies_from_holes_inverse import regions_of
from energies_from_holes_linear import MEV
from energies_from_holes_records import Results, Settings, kinds_of, left_out
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from tdaglass import plot
from tdaglass.plot.style import DIVERGING, PAGE, SEQUENTIAL, STYLE
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

SQUARE = r"\mathrm{\AA}^2"
ENERGY = r"$E\,/\,(\mathrm{eV/atom})$"
RMSE = "RMSE / (meV/atom)"

CAPTIONS = {
    "frames": "Energy and temperature of the frames of all runs in order of time, coloured by what runs differ "
    "by. A bath, if there is one, ends at 300 K.",
    "predictions": "Energies of frames that were left out with whole runs, told by what the others taught.",
    "errors": "Errors where random frames, whole runs and whole groups of runs are left out: means over folds, "
    "bars are standard errors. Crosses: published, for random frames; their teacher is density functional theory, "
    "so that sizes are not comparable.",
    "learning_curves": "Errors on random frames left out against the number of frames learned from; bars are "
    "standard errors over folds.",
    "coefficients": "Ridge coefficients of the histogram, learned from all frames, and the cells beyond the "
    "thresholds {low:g} and {high:g} eV/atom.",
    "maps_by_group": "Spaces of descriptors, coloured by {group}: the first two principal components above, "
    "t-SNE from the first fifty of them at three perplexities below. Axes of t-SNE have no units.",
    "maps_by_energy": "The same spaces, coloured by energy.",
    "attention": "Where the convolutional network looks: mean histograms (loops for each cell) of the hottest and "
    "the coldest tenth of the frames that it has not learned from, and Grad-CAM of its last convolution, mean "
    "over these frames, for a higher and for a lower energy.",
    "rings": "Rings of the last frames of all runs behind cells that lower and that raise the energy: sizes, "
    "lengths of edges, angles. Bars are standard errors over runs.",
    "rings_by_size": "Lengths of edges and angles of the same rings, size by size.",
    "rings_in_the_structure": "The first rings of both kinds in one of the last frames. Thin lines: atoms nearer "
    "than 1.85 angstrom.",
    "distances_of_rings": "g(r) of all atoms around those on rings of five and of six among these rings, mean "
    "over runs; bands are standard errors. Dashed: around all atoms.",
}


def draw(settings: Settings, run: Run, results: Results, titles: dict[str, str]) -> None:
    """All figures that there are results for."""
    frames, by, drawn = results.frames, settings.source.groups, frame_of_rings(results)
    figures: dict[str, Figure | None] = {
        "frames": draw_frames(settings, results),
        "predictions": draw_predictions(settings, results, titles),
        "errors": draw_errors(settings, results, titles),
        "learning_curves": draw_curves(results, titles),
        "coefficients": draw_coefficients(settings, results),
        "maps_by_group": draw_maps(settings, results, by.label, frames.group, by.logarithmic),
        "maps_by_energy": draw_maps(settings, results, ENERGY, frames.energy),
        "attention": draw_attention(settings, results),
        "rings": draw_rings(results),
        "rings_by_size": draw_rings_by_size(results),
        "rings_in_the_structure": draw_structure(results, drawn),
        "distances_of_rings": draw_distances(results),
    }
    low, high = settings.thresholds
    for name, figure in figures.items():
        if figure is not None:
            said = CAPTIONS[name].format(low=low, high=high, group=by.plural)
            plot.save_figure(figure, run.figure_path(name), f"{said} {samples_of(settings, results)}")


def samples_of(settings: Settings, results: Results) -> str:
    """How much stands behind a figure, and who said what the energies are."""
    frames, source = results.frames, settings.source
    title = source.title[:1].upper() + source.title[1:]
    return (
        f"{title}, {len(frames.energy)} frames of {len(frames.last)} runs, {len(np.unique(frames.group))} "
        f"{source.groups.plural}; teacher: {settings.teacher_in_words}."
    )


@mpl.rc_context(STYLE)
def draw_frames(settings: Settings, results: Results) -> Figure:
    """Energy and temperature in order of time."""
    frames = results.frames
    figure, axes = plot.new_figure(1, 2, width=PAGE, height=2.6)
    norm, colors = colors_of(frames.group, settings.source.groups.logarithmic)
    for k in range(int(frames.run[-1]) + 1):
        of = frames.run == k
        color = colors(norm(frames.group[of][0]))
        axes[0, 0].plot(frames.energy[of], color=color, linewidth=0.6)
        axes[0, 1].plot(frames.temperature[of], color=color, linewidth=0.6)
    axes[0, 1].axhline(300, color="0.6", linewidth=0.6)
    plot.label_axes(axes[0, 0], "frame", ENERGY)
    plot.label_axes(axes[0, 1], "frame", "T / K")
    bar(figure, axes[0], norm, colors, settings.source.groups.label)
    plot.letter_panels(axes)
    return figure


def colors_of(values: np.ndarray, logarithmic: bool = False) -> tuple[Normalize, Any]:
    """A sequential scale over values."""
    scale = LogNorm if logarithmic else Normalize
    return scale(float(values.min()), float(values.max())), mpl.colormaps[SEQUENTIAL]


def bar(figure: Figure, panels: Any, norm: Normalize, colors: Any, label: str) -> None:
    """A colour bar beside panels."""
    figure.colorbar(mpl.cm.ScalarMappable(norm, colors), ax=panels, label=label, shrink=0.9)


@mpl.rc_context(STYLE)
def draw_predictions(settings: Settings, results: Results, titles: dict[str, str]) -> Figure:
    """Told against true, of whole runs left out."""
    kind = "runs" if "runs" in kinds_of(results.frames) else "frames"
    models = [model for model, of in results.scores.items() if kind in of]
    columns = min(4, len(models))
    rows = -(-len(models) // columns)
    figure, axes = plot.new_figure(rows, columns, width=PAGE, height=1.9 * rows, sharex=True, sharey=True)
    y = results.frames.energy
    group = results.frames.group
    norm, colors = colors_of(group, settings.source.groups.logarithmic)
    span = [float(y.min()), float(y.max())]
    for k, panel in enumerate(axes.flat):
        if k >= len(models):
            panel.set_axis_off()
            continue
        told = results.scores[models[k]][kind].predicted
        panel.scatter(y, told, c=group, norm=norm, cmap=colors, s=1, linewidths=0, rasterized=True)
        panel.plot(span, span, color="0.3", linewidth=0.6)
        panel.set_title(titles[models[k]], fontsize=7)
        plot.label_axes(panel, ENERGY, "told, eV/atom" if k % columns == 0 else "")
    bar(figure, axes, norm, colors, settings.source.groups.label)
    plot.letter_panels(axes, inside=True)
    return figure


@mpl.rc_context(STYLE)
def draw_errors(settings: Settings, results: Results, titles: dict[str, str]) -> Figure:
    """A row for each model."""
    models = list(results.scores)
    figure, axes = plot.new_figure(1, 1, width=PAGE, height=0.4 * len(models) + 0.8)
    panel = axes[0, 0]
    words, published = left_out(settings), settings.source.published
    for j, kind in enumerate(kinds_of(results.frames)):
        rows = [k for k, model in enumerate(models) if kind in results.scores[model]]
        found = [mean_and_error(results.scores[models[k]][kind].test) for k in rows]
        mean, error = np.array(found, float).T
        panel.errorbar(
            mean, np.array(rows) + 0.2 * (j - 1), xerr=np.nan_to_num(error), fmt=plot.marker_of(j),
            color=plot.color_of(j), elinewidth=0.8, capsize=2, label=words[kind],
        )  # fmt: skip
    said = [(published[model], k) for k, model in enumerate(models) if model in published]
    if said:
        panel.plot(*np.array(said, float).T, "x", color="0.3", label="published, other teacher")
    panel.set_yticks(range(len(models)), [titles[model] for model in models])
    panel.invert_yaxis()
    panel.set_xscale("log")
    write_some(panel.xaxis)
    panel.set_xlabel(RMSE)
    panel.legend()
    return figure


@mpl.rc_context(STYLE)
def draw_curves(results: Results, titles: dict[str, str]) -> Figure | None:
    """Errors against sizes of the training set."""
    if not any(len(curve.size) for curve in results.curves.values()):
        return None
    figure, axes = plot.new_figure(1, 1, width=0.75 * PAGE, height=0.4 * PAGE)
    for k, (model, curve) in enumerate(results.curves.items()):
        whole = results.scores[model]["frames"]
        folds = len(whole.test)
        size = [*curve.size.tolist(), len(results.frames.energy) * (folds - 1) / folds]
        mean, error = mean_and_error(np.vstack([curve.test, whole.test]).T)
        axes[0, 0].errorbar(
            size, mean, error, color=plot.color_of(k), marker=plot.marker_of(k), elinewidth=0.8, capsize=2,
            label=titles[model],
        )  # fmt: skip
    axes[0, 0].set(xscale="log", yscale="log")
    axes[0, 0].xaxis.set_major_formatter("{x:g}")
    write_some(axes[0, 0].yaxis)
    axes[0, 0].legend(fontsize=6, loc="center left", bbox_to_anchor=(1.02, 0.5))
    plot.label_axes(axes[0, 0], "frames learned from", RMSE)
    return figure


def write_some(axis: Axis) -> None:
    """Numbers at 1, 2, 5, 10, ... of a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(LogLocator(subs=range(1, 10)))
    axis.set_minor_formatter(NullFormatter())


@mpl.rc_context(STYLE)
def draw_coefficients(settings: Settings, results: Results) -> Figure:
    """On the plane, and the cells beyond the thresholds."""
    grid = settings.grid
    figure, axes = plot.new_figure(1, 2, width=PAGE, height=0.42 * PAGE)
    high = max(float(np.abs(results.coefficients).max()), 1e-12)
    regions = regions_of(settings, results.coefficients)
    marked = regions["high"].astype(float) - regions["low"]
    for panel, image, top in zip(axes[0], (results.coefficients, marked), (high, 1.0), strict=True):
        shown = np.ma.array(image, mask=~grid.above_diagonal)
        mesh = panel.pcolormesh(
            *grid.edges, shown, cmap=DIVERGING, norm=Normalize(-top, top), rasterized=True
        )
        panel.plot(grid.births, grid.births, color="0.3", linewidth=0.7)
        panel.set(xlim=grid.births, ylim=grid.deaths, aspect="equal")
        plot.label_axes(panel, rf"birth / ${SQUARE}$", rf"death / ${SQUARE}$")
        if image is results.coefficients:
            figure.colorbar(mesh, ax=panel, label="coefficient / (eV/atom)", shrink=0.9)
    plot.letter_panels(axes, inside=True)
    return figure


@mpl.rc_context(STYLE)
def draw_maps(
    settings: Settings, results: Results, label: str, value: np.ndarray, logarithmic: bool = False
) -> Figure:
    """A column for each space, a row for principal components and for each perplexity."""
    spaces = results.spaces
    rows = ["components", *(f"t-SNE, {perplexity:g}" for perplexity in settings.perplexities)]
    figure, axes = plot.new_figure(len(rows), len(spaces), width=PAGE, height=1.65 * len(rows))
    norm, colors = colors_of(value, logarithmic)
    for column, (name, space) in zip(axes.T, spaces.items(), strict=True):
        for panel, points in zip(column, (space.components, *space.tsne), strict=True):
            panel.scatter(*points.T, c=value, norm=norm, cmap=colors, s=1, linewidths=0, rasterized=True)
            panel.set(xticks=[], yticks=[])
        column[0].set_title(f"{name}: {space.shares[0]:.0%}, {space.shares[1]:.0%}", fontsize=7)
    for panel, row in zip(axes[:, 0], rows, strict=True):
        panel.set_ylabel(row)
    bar(figure, axes, norm, colors, label)
    plot.letter_panels(axes, inside=True)
    return figure


@mpl.rc_context(STYLE)
def draw_attention(settings: Settings, results: Results) -> Figure | None:
    """A row for hot and one for cold frames: histogram, Grad-CAM for higher and for lower energies."""
    if not results.attention:
        return None
    figure, axes = plot.new_figure(2, 3, width=PAGE, height=0.62 * PAGE)
    plane = (0.0, settings.plane)
    highest = max(
        maps.mean(axis=0).max() for of in results.attention.values() for maps in (of.higher, of.lower)
    )
    for row, (kind, of) in zip(axes, results.attention.items(), strict=True):
        shown = (
            ("histogram", of.histogram, mpl.colors.LogNorm(1e-4, max(float(of.histogram.max()), 1e-3))),
            ("for a higher energy", of.higher.mean(axis=0), Normalize(0, MEV * highest)),
            ("for a lower energy", of.lower.mean(axis=0), Normalize(0, MEV * highest)),
        )
        for k, (panel, (title, image, norm)) in enumerate(zip(row, shown, strict=True)):
            edges = np.linspace(*plane, len(image) + 1)
            births, deaths = np.meshgrid(edges[:-1], edges[1:])
            masked = np.ma.array(image * (MEV if k else 1), mask=deaths <= births)
            mesh = panel.pcolormesh(edges, edges, masked, cmap=SEQUENTIAL, norm=norm, rasterized=True)
            panel.plot(plane, plane, color="0.3", linewidth=0.7)
            panel.set(xlim=plane, ylim=plane, aspect="equal")
            temperatures = f"{of.temperature.min():.0f} to {of.temperature.max():.0f} K"
            panel.set_title(f"{kind}-like, {temperatures}" if k == 0 else title, fontsize=7)
            plot.label_axes(panel, rf"birth / ${SQUARE}$", rf"death / ${SQUARE}$" if k == 0 else "")
            figure.colorbar(mesh, ax=panel, shrink=0.8, label="Grad-CAM / (meV/atom)" if k else "share")
    plot.letter_panels(axes, inside=True)
    return figure
