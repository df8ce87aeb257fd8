"""What `energies_from_holes.py` draws, each figure with its caption."""

from typing import Any

import matplotlib as mpl
import numpy as np
from energies_from_holes_inverse import regions_of
from energies_from_holes_records import Results, Settings, kinds_of, left_out
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from tdaglass import plot
from tdaglass.plot.style import DIVERGING, PAGE, SEQUENTIAL, STYLE
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

SQUARE = r"\mathrm{\AA}^2"
ENERGY = r"$E\,/\,(\mathrm{eV/atom})$"
RMSE = "RMSE / (meV/atom)"
LOW, HIGH = plot.color_of(0), plot.color_of(1)

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
    "maps": "Spaces of descriptors by t-SNE (perplexity {perplexity:g}, from principal components), coloured by "
    "what runs differ by and by energy.",
    "components": "The same spaces on their first two principal components.",
    "rings": "Rings of the last frames of all runs behind cells that lower and that raise the energy: sizes, "
    "lengths of edges, angles.",
}


def draw(settings: Settings, run: Run, results: Results, titles: dict[str, str]) -> None:
    """All figures that there are results for."""
    figures = {
        "frames": draw_frames(settings, results),
        "predictions": draw_predictions(settings, results, titles),
        "errors": draw_errors(settings, results, titles),
        "coefficients": draw_coefficients(settings, results),
        "maps": draw_maps(settings, results, "tsne"),
        "components": draw_maps(settings, results, "components"),
        "rings": draw_rings(results),
    }
    if any(len(curve.size) for curve in results.curves.values()):
        figures["learning_curves"] = draw_curves(results, titles)
    low, high = settings.thresholds
    for name, figure in figures.items():
        caption = CAPTIONS[name].format(low=low, high=high, perplexity=settings.perplexity)
        plot.save_figure(figure, run.figure_path(name), f"{caption} {samples_of(settings, results)}")


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
    models = list(results.scores)
    kind = "runs" if "runs" in kinds_of(results.frames) else "frames"
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
    words = left_out(settings)
    for j, kind in enumerate(kinds_of(results.frames)):
        found = [mean_and_error(results.scores[model][kind].test) for model in models]
        mean, error = np.array(found, float).T
        panel.errorbar(
            mean, np.arange(len(models)) + 0.2 * (j - 1), xerr=np.nan_to_num(error), fmt=plot.marker_of(j),
            color=plot.color_of(j), elinewidth=0.8, capsize=2, label=words[kind],
        )  # fmt: skip
    published = settings.source.published
    said = [(published[model], k) for k, model in enumerate(models) if model in published]
    if said:
        panel.plot(*np.array(said, float).T, "x", color="0.3", label="published, other teacher")
    panel.set_yticks(range(len(models)), [titles[model] for model in models])
    panel.invert_yaxis()
    panel.set_xscale("log")
    panel.set_xlabel(RMSE)
    panel.legend()
    return figure


@mpl.rc_context(STYLE)
def draw_curves(results: Results, titles: dict[str, str]) -> Figure:
    """Errors against sizes of the training set."""
    figure, axes = plot.new_figure(1, 1)
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
    axes[0, 0].legend()
    plot.label_axes(axes[0, 0], "frames learned from", RMSE)
    return figure


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
def draw_maps(settings: Settings, results: Results, kind: str) -> Figure:
    """A column for each space: by what runs differ by above, by energy below."""
    frames, spaces = results.frames, results.spaces
    figure, axes = plot.new_figure(2, len(spaces), width=PAGE, height=2 * PAGE / max(len(spaces), 3) * 0.95)
    groups = settings.source.groups
    values = (groups.label, frames.group, groups.logarithmic), (ENERGY, frames.energy, False)
    for row, (label, value, logarithmic) in zip(axes, values, strict=True):
        norm, colors = colors_of(value, logarithmic)
        for panel, (name, space) in zip(row, spaces.items(), strict=True):
            panel.scatter(
                *getattr(space, kind).T, c=value, norm=norm, cmap=colors, s=1, linewidths=0, rasterized=True
            )
            panel.set(xticks=[], yticks=[])
            panel.set_title(name)
        bar(figure, row, norm, colors, label)
    plot.letter_panels(axes, inside=True)
    return figure


@mpl.rc_context(STYLE)
def draw_rings(results: Results) -> Figure:
    """Sizes, edges and angles of both kinds."""
    figure, axes = plot.new_figure(1, 3, width=PAGE, height=2.3)
    kinds = {"low": (LOW, "low energy"), "high": (HIGH, "high energy")}
    spans = (np.arange(2.5, 13), np.arange(1.1, 3.01, 0.05), np.arange(40, 181, 5))
    for kind, (color, label) in kinds.items():
        rings = results.rings[kind]
        for panel, values, edges in zip(axes[0], (rings.size, rings.bonds, rings.angles), spans, strict=True):
            height = np.histogram(values, edges)[0] / max(len(values), 1) / np.diff(edges)
            panel.stairs(height, edges, color=color, label=f"{label}, {len(rings.size)} rings")
    axes[0, 0].legend()
    plot.label_axes(axes[0, 0], "atoms of a ring", "share")
    plot.label_axes(axes[0, 1], r"edge / $\mathrm{\AA}$", r"density $\cdot\,\mathrm{\AA}$")
    plot.label_axes(axes[0, 2], "angle / degree", "density x degree")
    plot.letter_panels(axes)
    return figure
