"""Distributions side by side, such as those of a correlation over many configurations."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from tdaglass.plot.style import COLUMN, PAGE, STYLE, color_of, label_axes, letter_panels, new_figure


@mpl.rc_context(STYLE)
def violins(
    panels: Mapping[str, Mapping[str, Sequence[ArrayLike]]],
    *,
    groups: Sequence[str],
    label: str,
    limits: tuple[float, float] | None = None,
    width: float | None = None,
) -> Figure:
    """Violins of several quantities, one for each group beside the other, with their medians and quartiles.

    Parameters
    ----------
    panels : mapping of title to mapping of quantity to samples of each group
        Such as ``{"glass": {"Grad-CAM, area": (pearson, spearman)}}``; NaN is left out.
    groups
        What the samples of a quantity differ in, for the legend.
    label
        Of the vertical axis.
    limits
        Of the vertical axis.
    width : inches
        None takes one journal column for one panel, two for more.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no panels, or samples that are not one for each group.
    """
    if not panels:
        raise ValueError("expected at least one panel, got none; try {'glass': {'area': (samples,)}}")
    figure, axes = new_figure(
        1, len(panels), width=width or (COLUMN if len(panels) == 1 else PAGE), sharey=True
    )
    step = 0.8 / len(groups)
    for panel, (title, quantities) in zip(axes[0], panels.items(), strict=True):
        panel.axhline(0, color="0.6", linewidth=0.6, zorder=0)
        for q, (name, samples) in enumerate(quantities.items()):
            if len(samples) != len(groups):
                raise ValueError(
                    f"expected samples of {len(groups)} groups, got {len(samples)} for {name!r}; try one of each"
                )
            for g, sample in enumerate(samples):
                values = np.asarray(sample, float)
                values = values[np.isfinite(values)]
                place = q + (g - (len(groups) - 1) / 2) * step
                if len(values) > 1:
                    body = panel.violinplot(values, [place], widths=0.9 * step, showextrema=False)["bodies"][
                        0
                    ]
                    body.set(facecolor=color_of(g), alpha=0.45, edgecolor=color_of(g))
                low, middle, high = np.percentile(values, [25, 50, 75]) if len(values) else 3 * [np.nan]
                panel.vlines(place, low, high, color=color_of(g), linewidth=2)
                panel.plot(
                    place, middle, "o", color="white", markeredgecolor=color_of(g), markersize=3.5, zorder=3,
                    label=groups[g] if q == 0 else None,
                )  # fmt: skip
        panel.set_title(title)
        panel.set_xticks(range(len(quantities)), list(quantities))
        panel.tick_params(axis="x", length=0)
        if limits:
            panel.set_ylim(limits)
        label_axes(panel, "", label if panel is axes[0][0] else "")
    letter_panels(axes)
    axes[0][0].legend(loc="best")
    return figure
