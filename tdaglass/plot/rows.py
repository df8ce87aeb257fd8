"""Numbers of many named things, one row for each: too many names for an axis below."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tdaglass.plot.correlations import Curve
from tdaglass.plot.style import PAGE, STYLE, color_of, letter_panels, marker_of, new_figure

# Inches: of a row, and of all that is above and below them.
ROW, MARGIN = 0.115, 1.0


@mpl.rc_context(STYLE)
def rows(
    panels: Mapping[str, Mapping[str, Curve]],
    names: Mapping[str, Sequence[str]],
    *,
    label: str,
    width: float = PAGE,
) -> Figure:
    """Points with error bars, to the right or left of zero, in rows that belong to groups.

    Parameters
    ----------
    panels : mapping of title to mapping of legend entry to Curve
        Such as ``{"A": {"score": curve}}``; `x` numbers the rows, over all groups, `y` is what is drawn along the
        horizontal axis. NaN is left out.
    names : mapping of group to names of its rows
        From above to below.
    label
        Of the horizontal axis.
    width : inches

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no panels, or rows without a name.
    """
    if not panels:
        raise ValueError("expected at least one panel, got none; try {'A': {'score': Curve(range(n), y)}}")
    places, middles, k = [], {}, 0.0
    for group, of in names.items():
        places += [k + i for i in range(len(of))]
        middles[group] = k + (len(of) - 1) / 2
        k += len(of) + 1
    place = np.array(places)
    figure, axes = new_figure(1, len(panels), width=width, height=ROW * k + MARGIN, sharex=True, sharey=True)
    entries = list(dict.fromkeys(entry for of in panels.values() for entry in of))
    for panel, (title, curves) in zip(axes[0], panels.items(), strict=True):
        panel.axvline(0, color="0.6", linewidth=0.6, zorder=0)
        for entry, curve in curves.items():
            row = np.asarray(curve.x, int)
            if row.size and not 0 <= row.min() <= row.max() < len(place):
                raise ValueError(
                    f"expected rows from 0 to {len(place) - 1}, got {row.min()} to {row.max()} for {entry!r}; "
                    "try a name for each"
                )
            e = entries.index(entry)
            # Beside each other within a row.
            shift = (e - (len(entries) - 1) / 2) * 0.3
            panel.errorbar(
                curve.y, place[row] + shift, xerr=curve.error, color=color_of(e), marker=marker_of(e),
                markersize=2.5, linestyle="none", elinewidth=0.8, label=entry,
            )  # fmt: skip
        for start in np.cumsum([len(of) + 1 for of in names.values()])[:-1]:
            panel.axhline(start - 1, color="0.85", linewidth=0.6, zorder=0)
        panel.set_title(title)
        panel.tick_params(axis="y", length=0)
    first = axes[0][0]
    first.set_yticks(place, [name for of in names.values() for name in of], fontsize=6)
    first.set_ylim(k - 1, -1)
    for group, middle in middles.items():
        first.annotate(
            group, (0, middle), (-36, 0), ("axes fraction", "data"), "offset points", rotation=90, va="center",
            ha="center", fontsize=8,
        )  # fmt: skip
    letter_panels(axes)
    figure.supxlabel(label, fontsize=9)
    figure.legend(
        handles=first.get_legend_handles_labels()[0], loc="outside upper center", ncols=len(entries)
    )
    return figure
