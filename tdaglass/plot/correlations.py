"""Curves that hold structure against dynamics: correlation against time, mean score against temperature."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from tdaglass.plot.style import (
    COLUMN,
    PAGE,
    STYLE,
    color_of,
    label_axes,
    letter_panels,
    marker_of,
    new_figure,
)


class Curve(NamedTuple):
    """Points with their standard errors.

    Attributes
    ----------
    x : (points,)
    y : (points,)
    error : (points,) or None
        One standard error of y.
    """

    x: ArrayLike
    y: ArrayLike
    error: ArrayLike | None = None


@mpl.rc_context(STYLE)
def correlation_against_time(
    panels: Mapping[str, Mapping[str, Curve]],
    *,
    relaxation_times: Mapping[str, float] | None = None,
    ceilings: Mapping[str, Mapping[str, Curve]] | None = None,
    time_unit: str = r"\tau_\mathrm{LJ}",
    horizontal: str | None = None,
    label: str = "Spearman correlation",
    width: float | None = None,
) -> Figure:
    r"""Correlation of a score with the propensity, on a logarithmic time axis; one panel a species.

    Parameters
    ----------
    panels : mapping of title to mapping of legend entry to Curve
        Such as ``{"A": {"T = 0.5": curve, "T = 0.6": curve}}``; the same entry has the same colour in every panel.
    relaxation_times : mapping of legend entry to time, or None
        :math:`\tau_\alpha` of each entry, a dotted line in its colour.
    ceilings : mapping like `panels`, or None
        The most that any score could reach, with what is correlated known from so few runs: dashed.
    time_unit
        In TeX.
    horizontal
        Label of the horizontal axis where it is not time, but what grows with it.
    label
        Of the vertical axis.
    width : inches
        None takes one journal column for one panel, two for more.

    Returns
    -------
    Figure
    """
    _require_points({f"{title}, {name}": curve for title, of in panels.items() for name, curve in of.items()})
    entries = list(dict.fromkeys(name for of in panels.values() for name in of))
    columns = min(len(panels), 3 if len(panels) % 3 == 0 else 2)
    rows = -(-len(panels) // columns)
    width = width or (COLUMN if len(panels) == 1 else PAGE)
    height = None if len(panels) == 1 else 0.85 * width / columns * rows
    figure, axes = new_figure(rows, columns, width=width, height=height, sharex=True, sharey=True)
    for spare in axes.flat[len(panels) :]:
        spare.set_axis_off()
    for panel, (title, curves) in zip(axes.flat, panels.items(), strict=False):
        panel.set_xscale("log")
        panel.axhline(0, color="0.6", linewidth=0.6, zorder=0)
        for name, curve in (ceilings or {}).get(title, {}).items():
            panel.plot(curve.x, curve.y, color=color_of(entries.index(name)), linestyle="--", linewidth=0.8)
        for name, curve in curves.items():
            _band(panel, curve, entries.index(name), name)
            if relaxation_times and name in relaxation_times:
                panel.axvline(
                    relaxation_times[name], color=color_of(entries.index(name)), linestyle=":", linewidth=1
                )
        panel.set_title(title)
        place = panel.get_subplotspec()
        label_axes(
            panel,
            (horizontal or rf"$t / {time_unit}$") if place.is_last_row() else "",
            label if place.is_first_col() else "",
        )
    letter_panels(axes)
    lines = {":": r"$\tau_\alpha$" if relaxation_times else None, "--": "ceiling" if ceilings else None}
    handles = _handles(axes[0][0], {style: name for style, name in lines.items() if name})
    if len(panels) == 1:
        axes[0][0].legend(handles=handles, loc="best")
    else:  # one for all, where no curve can be
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


@mpl.rc_context(STYLE)
def mean_score(
    temperature: Mapping[str, Curve],
    relaxation_time: Mapping[str, Curve] | None = None,
    *,
    control: str = r"$k_B T / \epsilon$",
    time_unit: str = r"\tau_\mathrm{LJ}",
    label: str = r"$\langle P_\mathrm{red} \rangle$",
    width: float | None = None,
) -> Figure:
    r"""Mean score against temperature and, beside it, against :math:`\log_{10} \tau_\alpha`.

    Parameters
    ----------
    temperature : mapping of legend entry to Curve
        Mean score with its standard error against the control variable.
    relaxation_time : mapping of legend entry to Curve, or None
        The same against the relaxation time itself, of which the logarithm is drawn.
    control
        Label of the first horizontal axis.
    time_unit
        In TeX.
    label
        Of the vertical axis.
    width : inches

    Returns
    -------
    Figure
    """
    views = [(control, temperature)]
    if relaxation_time is not None:
        logarithms = {name: Curve(np.log10(curve.x), *curve[1:]) for name, curve in relaxation_time.items()}
        views.append((rf"$\log_{{10}}(\tau_\alpha / {time_unit})$", logarithms))
    for _, curves in views:
        _require_points(curves)
    figure, axes = new_figure(
        1, len(views), width=width or (COLUMN if len(views) == 1 else PAGE), sharey=True
    )
    entries = list(dict.fromkeys(name for _, curves in views for name in curves))
    for panel, (horizontal, curves) in zip(axes[0], views, strict=True):
        for name, curve in curves.items():
            k = entries.index(name)
            x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
            panel.errorbar(
                x,
                y,
                yerr=curve.error,
                label=name,
                color=color_of(k),
                marker=marker_of(k),
                capsize=2,
            )
        panel.locator_params(axis="x", nbins=6)
        label_axes(panel, horizontal, label if panel is axes[0][0] else "")
    letter_panels(axes)
    axes[0][0].legend(handles=_handles(axes[0][0], {}), loc="best")
    return figure


def _band(axes: Axes, curve: Curve, k: int, name: str) -> None:
    """A line with markers and a band of one standard error."""
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    axes.plot(x, y, color=color_of(k), marker=marker_of(k), label=name)
    if curve.error is not None:
        error = np.asarray(curve.error, float)
        axes.fill_between(x, y - error, y + error, color=color_of(k), alpha=0.25, linewidth=0)


def _handles(axes: Axes, lines: Mapping[Any, str]) -> list[Any]:
    """Of a legend: what has a label, and what lines of some styles mean, whatever their colour."""
    styles = [
        mpl.lines.Line2D([], [], color="0.3", linestyle=style, linewidth=1, label=name)
        for style, name in lines.items()
    ]
    return [*axes.get_legend_handles_labels()[0], *styles]


def _require_points(curves: Mapping[str, Curve]) -> None:
    if not curves:
        raise ValueError("expected at least one curve, got none; try {'A': Curve(x, y)}")
    for name, curve in curves.items():
        lengths = [len(np.asarray(field)) for field in curve if field is not None]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"expected as many points in every field of a curve, got {lengths} for {name!r}; "
                "try None for an unknown error"
            )
