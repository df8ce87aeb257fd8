"""How a liquid forgets: scattering functions against time, and the curves from which relaxation times come."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tdaglass.plot.correlations import Curve
from tdaglass.plot.style import COLUMN, STYLE, color_of, label_axes, marker_of, new_figure


@mpl.rc_context(STYLE)
def relaxation(
    curves: Mapping[str, Curve],
    fits: Mapping[str, Curve] | None = None,
    *,
    level: float | None = None,
    time_unit: str = r"\tau_\mathrm{LJ}",
    label: str = r"$F_s(q, t)$",
    width: float = COLUMN,
) -> Figure:
    """Scattering functions on a logarithmic time axis: points with error bars, and fits as lines.

    Parameters
    ----------
    curves : mapping of legend entry to Curve
        Measured; the error bars are one standard error.
    fits : mapping of legend entry to Curve, or None
        Drawn as lines in the colours of the same entries.
    level : float, optional
        A height to mark, such as 1/e, at which relaxation times are read off.
    time_unit
        In TeX.
    label
        Of the vertical axis.
    width : inches

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no curves.
    """
    if not curves:
        raise ValueError("expected at least one curve, got none; try {'T = 1': Curve(times, scattering)}")
    figure, axes = new_figure(width=width)
    panel = axes[0][0]
    panel.set_xscale("log")
    for k, (name, curve) in enumerate(curves.items()):
        panel.errorbar(
            curve.x, curve.y, yerr=curve.error, label=name, color=color_of(k), marker=marker_of(k),
            linestyle="none", capsize=1.5, elinewidth=0.8,
        )  # fmt: skip
        if fits and name in fits:
            panel.plot(fits[name].x, fits[name].y, color=color_of(k), linewidth=1)
    if level is not None:
        panel.axhline(level, color="0.6", linewidth=0.6, linestyle=":", zorder=0)
    panel.set_ylim(min(0.0, *(float(np.min(np.asarray(curve.y))) for curve in curves.values())), 1.02)
    label_axes(panel, rf"$t / {time_unit}$", label)
    panel.legend(loc="best")
    return figure
