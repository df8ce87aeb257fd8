"""What `cooling_rate.py` draws, each figure with its caption."""

import matplotlib as mpl
import numpy as np
from cooling_rate_captions import CAPTIONS
from cooling_rate_figures_of_atoms import draw_holes, draw_supercluster, legend_above, logarithmic, rate_label
from cooling_rate_local import RADIUS, WAVE_NUMBERS
from cooling_rate_records import Results, Settings
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tdaglass import plot, topology
from tdaglass.plot.style import DIVERGING, PAGE, SEQUENTIAL, STYLE
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

ANGSTROM = r"\mathrm{\AA}"
WAVE_NUMBER = rf"$q \, / \, {ANGSTROM}^{{-1}}$"
LETTERED = ("trained", "left one out", "repeats to singles")
# Slow glasses are blue and fast ones red throughout.
SLOW, FAST = plot.color_of(0), plot.color_of(1)


def draw(settings: Settings, run: Run, results: Results) -> None:
    """Diagrams, what was learned, principal components, counts, holes, local and whole structure."""
    figures = {"learned": draw_learned(settings, results), "predictions": draw_predictions(settings, results)}
    captions = dict(CAPTIONS)
    if len(results.glasses.classes) > 1:
        captions["learned"] += " " + captions["change"]
        figures |= {
            "diagrams": draw_diagrams(settings, results),
            "components": draw_components(settings, results),
            "counts": draw_counts(settings, results),
            "glasses": draw_glasses(settings, results),
            "holes": draw_holes(settings, results),
            "local": draw_local(settings, results),
            "controls": draw_controls(settings, results),
        }
        if (drawn := draw_supercluster(settings, results)) is not None:
            figures["superclusters"] = drawn
    classes = results.glasses.classes or [np.nan]
    numbers = {
        "share": settings.smallest_face, "holes": settings.holes, "radius": RADIUS,
        "fast": classes[0], "slow": classes[-1],
    }  # fmt: skip
    for name, figure in figures.items():
        caption = captions[name].replace("\n", " ").format(**numbers)
        plot.save_figure(figure, run.figure_path(name), f"{caption} {samples_of(settings, results)}")


def samples_of(settings: Settings, results: Results) -> str:
    """How much stands behind a figure."""
    glasses = results.glasses
    n = glasses.configuration.positions.shape[1]
    source = "Glasses of others" if settings.data else settings.cooling.system
    counts = sorted({int(glasses.at(rate).sum()) for rate in glasses.classes})
    repeats = (
        f", and {' or '.join(map(str, counts))} repeats at each of {len(glasses.classes)}" if counts else ""
    )
    return f"{source}, N = {n}, one glass at each of {glasses.single.sum()} rates{repeats}."


def plane(
    panel: Axes, grid: topology.Grid, image: np.ma.MaskedArray, color_map: str, norm: Normalize
) -> QuadMesh:
    """One image on the birth-death plane."""
    mesh = panel.pcolormesh(*grid.edges, image, cmap=color_map, norm=norm, rasterized=True)
    panel.plot([-1e9, 1e9], [-1e9, 1e9], color="0.3", linewidth=0.7)
    panel.set(xlim=grid.births, ylim=grid.deaths, aspect="equal")
    return mesh


def signed(image: np.ndarray, grid: topology.Grid) -> tuple[np.ma.MaskedArray, Normalize]:
    """Around a white zero."""
    high = max(float(np.abs(image).max()), 1e-12)
    return np.ma.array(image, mask=~grid.above_diagonal), Normalize(-high, high)


@mpl.rc_context(STYLE)
def draw_diagrams(settings: Settings, results: Results) -> Figure:
    """Fastest, slowest and their difference, a row for each picture."""
    glasses, pictures = results.glasses, settings.cooling.of.pictures
    figure, axes = plot.new_figure(len(pictures), 3, width=PAGE, height=0.3 * PAGE * len(pictures))
    ends = {"fast": glasses.classes[0], "slow": glasses.classes[-1]}
    for row, (name, picture) in zip(axes, pictures.items(), strict=True):
        grid, seen = picture.grid, results.seen[name]
        counts = {
            kind: mean_histogram(grid, [seen.pairs[k] for k in np.flatnonzero(glasses.at(rate))])
            for kind, rate in ends.items()
        }
        norm = LogNorm(0.2, max(float(x.max()) for x in counts.values()))
        for panel, (kind, image) in zip(row, counts.items(), strict=False):
            mesh = plane(panel, grid, np.ma.masked_equal(image, 0), SEQUENTIAL, norm)
            panel.set_title(f"{name}, {kind}")
        figure.colorbar(mesh, ax=row[1], label="pairs", shrink=0.9)
        fast, slow = (seen.images[glasses.at(rate)].mean(axis=0) for rate in ends.values())
        mesh = plane(row[2], grid, *with_map(signed(fast - slow, grid)))
        row[2].set_title(f"{name}, fast - slow")
        figure.colorbar(mesh, ax=row[2], label="image", shrink=0.9)
        for k, panel in enumerate(row):
            plot.label_axes(panel, rf"birth / ${ANGSTROM}$", rf"death / ${ANGSTROM}$" if k == 0 else "")
    plot.letter_panels(axes, inside=True)
    return figure


def with_map(shown: tuple[np.ma.MaskedArray, Normalize]) -> tuple[np.ma.MaskedArray, str, Normalize]:
    """An image with the colours of what has a zero."""
    return shown[0], DIVERGING, shown[1]


def mean_histogram(grid: topology.Grid, diagrams: list[np.ndarray]) -> np.ndarray:
    """Pairs in each cell, on average over glasses."""
    births, deaths = grid.edges
    return np.mean([np.histogram2d(p[:, 1], p[:, 0], (deaths, births))[0] for p in diagrams], axis=0)


@mpl.rc_context(STYLE)
def draw_learned(settings: Settings, results: Results) -> Figure:
    """Learned coefficients, and below them where images surely change with the rate."""
    pictures = settings.cooling.of.pictures
    rows = 2 if len(results.glasses.classes) > 1 else 1
    figure, axes = plot.new_figure(rows, len(pictures), width=PAGE, height=0.33 * PAGE * rows)
    for k, (name, picture) in enumerate(pictures.items()):
        images = {
            "coefficient": results.learned[name].coefficients,
            "slope / error": results.growth[name].certainty,
        }
        for panel, (label, image) in zip(axes[:, k], images.items(), strict=False):
            mesh = plane(panel, picture.grid, *with_map(signed(image, picture.grid)))
            figure.colorbar(
                mesh,
                ax=panel,
                label=label,
                location="bottom",
                shrink=0.9,
                ticks=MaxNLocator(4, symmetric=True),
            )
            mark(panel, picture.published)
            plot.label_axes(panel, rf"birth / ${ANGSTROM}$", rf"death / ${ANGSTROM}$" if k == 0 else "")
        axes[0, k].set_title(name)
    plot.letter_panels(axes, inside=True)
    return figure


def mark(panel: Axes, places: dict[str, tuple[float, float]]) -> None:
    """Where slow (down) and fast (up) glasses were said to have more."""
    for label, (birth, death) in places.items():
        marker, color = "v" if "slow" in label else "^", "none" if "published" in label else "0.3"
        panel.plot(
            birth,
            death,
            marker=marker,
            color=color,
            markersize=5,
            markeredgecolor="black",
            markeredgewidth=0.7,
        )


@mpl.rc_context(STYLE)
def draw_predictions(settings: Settings, results: Results) -> Figure:
    """Predicted against true rates."""
    figure, axes = plot.new_figure(1, len(results.learned), width=PAGE, height=2.6, sharex=True, sharey=True)
    y = results.glasses.log_rate
    for panel, (name, learned) in zip(axes[0], results.learned.items(), strict=True):
        panel.plot([y.min(), y.max()], [y.min(), y.max()], color="0.6", linewidth=0.7, zorder=0)
        for k, key in enumerate(LETTERED):
            if key in learned.predicted:
                score = learned.scores[key]
                panel.plot(
                    y, learned.predicted[key], plot.marker_of(k), color=plot.color_of(k),
                    markerfacecolor="none" if k else None,
                    label=f"{key}: {float(score.value):.2f} ± {float(score.error):.2f}",
                )  # fmt: skip
        panel.set_title(name)
        panel.legend(loc="lower right", fontsize=6, title="$R^2$", title_fontsize=6)
        rate = rf"$\log_{{10}} (R / {settings.cooling.of.rate_unit})$"
        plot.label_axes(panel, rate, "predicted" if panel is axes[0][0] else "")
    plot.letter_panels(axes)
    return figure


@mpl.rc_context(STYLE)
def draw_components(settings: Settings, results: Results) -> Figure:
    """Maps of the repeats."""
    figure, axes = plot.new_figure(1, len(results.learned), width=PAGE, height=2.5)
    glasses = results.glasses
    colors = mpl.colormaps["plasma"](np.linspace(0.05, 0.85, len(glasses.classes)))
    for panel, (name, learned) in zip(axes[0], results.learned.items(), strict=True):
        for color, rate in zip(colors, glasses.classes, strict=True):
            points = learned.coordinates[glasses.at(rate), :2]
            panel.plot(*points.T, "o", color=color, markersize=2.5, alpha=0.7, label=f"{rate:.2g}")
            if len(points) > 1:
                mean, spread = points.mean(axis=0), points.std(axis=0, ddof=1)
                panel.errorbar(*mean, xerr=spread[0], yerr=spread[1], color=color, elinewidth=1, zorder=0)
        panel.set_title(f"{name}, r = {learned.correlation:.2f}")
        shares = [f"component {k + 1} ({share:.0%})" for k, share in enumerate(learned.shares[:2])]
        plot.label_axes(panel, *shares)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        title=rate_label(settings),
        loc="outside lower center",
        fontsize=7,
        title_fontsize=7,
        ncols=len(labels),
    )
    plot.letter_panels(axes)
    return figure


@mpl.rc_context(STYLE)
def draw_counts(settings: Settings, results: Results) -> Figure:
    """Pairs in cells against the rate."""
    figure, axes = plot.new_figure(1, len(results.counted), width=PAGE, height=2.6)
    for panel, (name, regions) in zip(axes[0], results.counted.items(), strict=True):
        shown = {region: of for region, of in regions.items() if len(of.mean) and of.mean.min() > 0}
        for k, (region, of) in enumerate(shown.items()):
            panel.errorbar(
                results.glasses.classes, of.mean / of.mean[0], of.error / of.mean[0], elinewidth=0.8, capsize=2,
                marker=plot.marker_of(k), color=SLOW if "slow" in region else FAST,
                linestyle={"l": "-", "p": ":", "e": "--"}[region[0]], label=f"{region} ({of.mean[0]:.0f})",
            )  # fmt: skip
        panel.axhline(1, color="0.7", linewidth=0.6, zorder=0)
        logarithmic(panel)
        panel.set_title(name)
        legend_above(panel)
        plot.label_axes(panel, rate_label(settings), "pairs, relative" if panel is axes[0][0] else "")
    plot.letter_panels(axes)
    return figure


@mpl.rc_context(STYLE)
def draw_glasses(settings: Settings, results: Results) -> Figure:
    """What changes with the rate in the whole glass."""
    glasses = results.glasses
    figure, axes = plot.new_figure(1, 3, width=PAGE, height=2.3)
    energy, length = settings.cooling.of.energy_unit, settings.cooling.of.length_unit
    quantities = {
        rf"energy per particle $/ {energy}$": glasses.energy,
        rf"pressure $/ ({energy} / {length}^3)$": glasses.pressure,
        "share of prisms": np.array([one.prisms for one in results.controls]),
    }
    for panel, (label, values) in zip(axes[0], quantities.items(), strict=True):
        panel.plot(glasses.rate, values, "o", color="0.6", markersize=2)
        found = [mean_and_error(values[glasses.at(rate)]) for rate in glasses.classes]
        panel.errorbar(glasses.classes, *np.array(found).T, color=SLOW, elinewidth=0.8, capsize=2)
        logarithmic(panel)
        plot.label_axes(panel, rate_label(settings), label)
    plot.letter_panels(axes)
    return figure


@mpl.rc_context(STYLE)
def draw_local(settings: Settings, results: Results) -> Figure:
    """Local structure factors of slow and fast rings."""
    figure, axes = plot.new_figure(1, 2, width=PAGE, height=2.6)
    glasses = results.glasses
    slow = np.flatnonzero(glasses.at(glasses.classes[-1]))
    whole = np.mean([results.controls[k].s for k in slow], axis=0)
    for which, (panel, label) in enumerate(zip(axes[0], ("superclusters", "spheres"), strict=True)):
        panel.plot(results.controls[0].q, whole, color="0.6", linewidth=0.8, label="whole glass")
        for region, rate, color in (("slow", glasses.classes[-1], SLOW), ("fast", glasses.classes[0], FAST)):
            found = [
                results.inverse[k].scattering[region][which]
                for k in np.flatnonzero(glasses.at(rate)).tolist()
                if region in results.inverse[k].scattering
            ]
            band(
                panel, WAVE_NUMBERS, np.array(found).reshape(-1, len(WAVE_NUMBERS)), color, f"{region} rings"
            )
        panel.set_title(label)
        panel.legend()
        plot.label_axes(panel, WAVE_NUMBER, r"$S(q)$")
        # What a cluster scatters as a whole would dwarf the rest.
        shown = [line.get_ydata()[line.get_xdata() > 2].max() for line in panel.get_lines()]
        panel.set_ylim(0, 1.25 * np.nanmax(shown))
    plot.letter_panels(axes)
    return figure


def band(panel: Axes, x: np.ndarray, values: np.ndarray, color: str, label: str) -> None:
    """Mean over samples (samples, points) and one standard error."""
    if not len(values):
        return
    mean, error = mean_and_error(values)
    panel.plot(x, mean, color=color, label=label)
    panel.fill_between(x, mean - error, mean + error, color=color, alpha=0.3, linewidth=0)


@mpl.rc_context(STYLE)
def draw_controls(settings: Settings, results: Results) -> Figure:
    """What is commonly looked at."""
    glasses, controls = results.glasses, results.controls
    a, b = settings.cooling.of.species
    figure, axes = plot.new_figure(2, 4, width=PAGE, height=3.6)
    ends = {"slow": (glasses.classes[-1], SLOW), "fast": (glasses.classes[0], FAST)}
    of_pairs = ((0, 0, f"{a}{a}"), (0, 1, f"{a}{b}"), (1, 1, f"{b}{b}"))
    quantities = [
        *(
            (
                rf"$g_\mathrm{{{name}}}$",
                controls[0].r,
                [c.g[i, j] for c in controls],
                rf"$r \, / \, {ANGSTROM}$",
            )
            for i, j, name in of_pairs
        ),
        (r"$S(q)$", controls[0].q, [c.s for c in controls], WAVE_NUMBER),
    ]
    for k, (label, x, values, unit) in enumerate(quantities):
        found = {
            kind: np.array([values[i] for i in np.flatnonzero(glasses.at(rate))])
            for kind, (rate, _) in ends.items()
        }
        for kind, (_, color) in ends.items():
            band(axes[0, k], x, found[kind], color, kind)
        (slow, slow_error), (fast, fast_error) = (mean_and_error(found[kind]) for kind in ("slow", "fast"))
        error = np.hypot(slow_error, fast_error)
        axes[1, k].axhline(0, color="0.7", linewidth=0.6)
        axes[1, k].plot(x, fast - slow, color="black", linewidth=0.8)
        axes[1, k].fill_between(
            x, fast - slow - error, fast - slow + error, color="0.5", alpha=0.5, linewidth=0
        )
        axes[0, k].set_title(label)
        plot.label_axes(axes[1, k], unit, "fast - slow" if k == 0 else "")
    for panel in axes[:, :3].flat:
        panel.set_xlim(2, None)  # no two atoms are closer
    axes[0, 0].legend()
    plot.letter_panels(axes)
    return figure
