"""What `cooling_rates_2d.py` prints, draws and writes."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import matplotlib as mpl
import numpy as np
from cooling_rates_2d_records import AtRate, Settings, Taught
from glass_or_liquid_records import GLASS, KINDS, LIQUID, PUBLISHED_COOLING
from glass_or_liquid_report import PUBLISHED
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from reporting import print_files

from tdaglass import plot
from tdaglass.plot.style import PAGE, STYLE
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

CAPTION = """Glasses ({system}, N = {n}) against the rate at which they were cooled from T = {hot:g} to
0.05. (a) Pearson's correlation over particles between 1 - Theta and the Voronoi area, both averaged over
exp(-r / 3): means and standard errors over {quenches} systems at rates of {rates}, and of the same systems
passed at T = {liquid:g}. (b) That of Grad-CAM with the area in glasses. Grey: {trainings} networks at each
rate, taught by {taught} glasses and liquids, each its mean over the glasses that did not teach it. Points:
their mean, bars: their standard deviation. Star and dashes: published, N = 2000, of one network."""
CAPTION_KEPT = (
    """ Open symbols: {systems} systems of {n} particles, cooled as slowly as the published ones."""
)


def report(settings: Settings, run: Run, found: list[AtRate]) -> None:
    """Print the table; write arrays, metrics and the figure into the run's folder."""
    metrics = {f"{one.rate:g}": summary(one) for one in found}
    print_table(settings, metrics)
    run.save_metrics(metrics)
    run.save_arrays(**{
        f"{one.rate:g}/{name}": values
        for one in found
        for name, values in one.arrays().items()
    })  # fmt: skip
    caption = CAPTION.replace("\n", " ").format(
        **vars(settings) | {"quenches": listed(settings.quenches), "rates": listed(settings.rates)}
    )
    if settings.kept is not None:
        caption += CAPTION_KEPT.format(systems=found[-1].packing_with_area.shape[1], n=found[-1].n)
    plot.save_figure(draw(settings, found), run.figure_path("cooling_rates"), caption)
    print_files(run)


def listed(values: tuple[float, ...]) -> str:
    """With commas, and the last after "and"."""
    *first, last = (f"{x:g}" for x in values)
    return f"{', '.join(first)} and {last}" if first else last


def summary(one: AtRate) -> dict[str, Any]:
    """Of one rate: means with errors over systems, and how far networks lie apart."""
    of_systems = dict(zip(KINDS, zip(*mean_and_error(one.packing_with_area.T), strict=True), strict=True))
    return {
        "particles": one.n,
        "systems": one.packing_with_area.shape[1],
        **{f"packing_with_area_{kind}": [float(x) for x in values] for kind, values in of_systems.items()},
        **({} if one.taught is None else of_networks(one.taught)),
    }


def of_networks(taught: Taught) -> dict[str, Any]:
    """What they told rightly, and the mean of each over glasses."""
    with_area = means_over_glasses(taught.with_area)
    return {
        "told_rightly": float(np.nanmean(taught.told)),
        "grad_cam_with_area": with_area.tolist(),
        "grad_cam_with_packing": means_over_glasses(taught.with_packing).tolist(),
        "networks_apart": float(np.std(with_area, ddof=1)),
    }


def means_over_glasses(values: np.ndarray) -> np.ndarray:
    """Of each training, over glasses that did not teach it."""
    return mean_and_error(values[:, GLASS].T)[0]


def print_table(settings: Settings, metrics: dict[str, dict[str, Any]]) -> None:
    """One line for each rate."""
    published = PUBLISHED[settings.system].correlations
    print(f"\n{settings.system}, cooled from T = {settings.hot:g}; Pearson's coefficients")
    print(
        f"{'rate':>8}{'N':>6}{'systems':>9}{'1 - Theta, area: glass':>26}{f'T = {settings.liquid:g}':>16}"
        f"{'told rightly':>14}{'Grad-CAM, area':>18}{'networks':>10}"
    )
    for rate, row in metrics.items():
        glass, liquid = ("{:.3f} ± {:.3f}".format(*row[f"packing_with_area_{kind}"]) for kind in KINDS[::-1])
        looked = ""
        if "told_rightly" in row:
            mean = np.mean(row["grad_cam_with_area"])
            looked = f"{row['told_rightly']:>14.3f}{mean:>18.3f}{row['networks_apart']:>10.3f}"
        print(f"{rate:>8}{row['particles']:>6}{row['systems']:>9}{glass:>26}{liquid:>16}{looked}")
    print(
        f"{PUBLISHED_COOLING.rate:>8g}{PUBLISHED_COOLING.n:>6}{'':>9}"
        f"{published['packing', 'area'] + ' (published)':>26}{'':>30}"
        f"{published['grad_cam', 'area'] + ' (published)':>22}"
    )


@mpl.rc_context(STYLE)
def draw(settings: Settings, found: list[AtRate]) -> Figure:
    """Both correlations with the area against the cooling rate."""
    figure, axes = plot.new_figure(1, 2, width=PAGE, sharex=True)
    left, right = axes[0]
    draw_packing(settings, left, found)
    draw_networks(settings, right, found)
    published = PUBLISHED[settings.system].correlations
    for panel, pair in ((left, ("packing", "area")), (right, ("grad_cam", "area"))):
        panel.axhline(0, color="0.7", linewidth=0.6, zorder=0)
        with suppress(ValueError):  # where a sign is published and no number
            value = float(published[pair])
            panel.axhline(value, color="0.3", linewidth=0.8, linestyle="--", zorder=0)
            panel.plot(PUBLISHED_COOLING.rate, value, "*", color="black", markersize=8, label="published")
        panel.set_xscale("log")
        panel.legend(loc="lower right")
    left.set_ylim(-0.3, 0.5)
    right.set_ylim(-1, 1)
    unit = r"cooling rate $/\, (\epsilon / k_\mathrm{B} \tau)$"
    plot.label_axes(left, unit, r"Pearson: $1 - \Theta$ and area")
    plot.label_axes(right, unit, "Pearson: Grad-CAM and area")
    plot.letter_panels(axes)
    return figure


def draw_packing(settings: Settings, panel: Axes, found: list[AtRate]) -> None:
    """1 - Theta with the area, in glasses and in the liquids they come from."""
    for k, (kind, label) in enumerate({GLASS: "$T = 0.05$", LIQUID: f"$T = {settings.liquid:g}$"}.items()):
        # Side by side, so that bars do not hide each other.
        each = [
            (one, one.rate * 1.06 ** (1 - 2 * k), *mean_and_error(one.packing_with_area[kind]))
            for one in found
        ]
        bars(settings, panel, k, each, label)


def draw_networks(settings: Settings, panel: Axes, found: list[AtRate]) -> None:
    """Grad-CAM with the area in glasses: each network, their means, and how far they lie apart."""
    taught = {one.rate: means_over_glasses(one.taught.with_area) for one in found if one.taught is not None}
    if not taught:
        return
    each = np.array([(rate, value) for rate, values in taught.items() for value in values])
    panel.plot(*each.T, "o", color="0.55", markersize=2.5, zorder=1, label="one network")
    spread = [
        (one, one.rate / 1.2, np.mean(taught[one.rate]), np.std(taught[one.rate], ddof=1))
        for one in found
        if one.rate in taught
    ]
    bars(settings, panel, 2, spread, "mean of networks")


def bars(
    settings: Settings, panel: Axes, k: int, each: Sequence[tuple[AtRate, float, Any, Any]], label: str
) -> None:
    """The k-th curve of places, values and errors; open symbols apart from it for systems of another size."""
    style: dict[str, Any] = {
        "color": plot.color_of(k),
        "marker": plot.marker_of(k),
        "elinewidth": 0.8,
        "capsize": 2,
    }
    of_size = [row[1:] for row in each if row[0].n == settings.n]
    others = [row[1:] for row in each if row[0].n != settings.n]
    panel.errorbar(*np.transpose(of_size), **style, label=label)
    if others:
        panel.errorbar(*np.transpose(others), **style, linestyle="none", markerfacecolor="white")
