"""One look for every figure: sizes of a journal column, colours that everyone can tell apart, files to keep.

Figures are made with matplotlib's objects and an Agg canvas: no window and no current figure; the
settings that matplotlib keeps globally are changed only while a figure is drawn.
"""

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

COLUMN = 3.375  # inches, one column of Physical Review
PAGE = 7.0  # inches, two columns
RESOLUTION = 200  # dots per inch of the png; the pdf has none

# Okabe and Ito's colours, which stay apart for the colour-blind, without the pale yellow.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SEQUENTIAL = "viridis"
DIVERGING = "RdBu_r"

STYLE: Any = {
    "font.size": 8,
    "axes.labelsize": 9,
    "axes.titlesize": 9,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
}


def new_figure(
    rows: int = 1, columns: int = 1, *, width: float = COLUMN, height: float | None = None, **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, (rows, columns), in the house style.

    Parameters
    ----------
    rows, columns
        Grid of panels.
    width, height : inches
        Height None gives each panel three quarters of its width.
    **options
        Passed on to `Figure.subplots`, such as ``sharey=True``.

    Returns
    -------
    Figure, array of Axes (rows, columns)
    """
    if height is None:
        height = 0.75 * width / columns * rows
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, axes


def letter_panels(axes: Any, *, inside: bool = False) -> None:
    """(a), (b), ... at the upper left corner of each panel of a figure that has several; spare ones get none.

    Above the corner, or inside where a colour bar stands above.
    """
    panels = [panel for panel in np.asarray(axes).flat if panel.axison]
    for letter, panel in zip(LETTERS, panels if len(panels) > 1 else (), strict=False):
        if inside:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85}
            panel.annotate(
                f"({letter})", (0, 1), (3, -3), "axes fraction", "offset points", va="top", bbox=box
            )
        else:
            panel.set_title(f"({letter})", loc="left")


def color_of(k: int) -> str:
    """Colour of the k-th curve; they come round again after seven."""
    return COLORS[k % len(COLORS)]


def marker_of(k: int) -> str:
    """Marker of the k-th curve, so that curves differ in print without colour too."""
    return MARKERS[k % len(MARKERS)]


def label_axes(axes: Axes, x: str, y: str) -> None:
    """Label both axes; a quantity stands over its unit, as in t / tau, so that the numbers are pure."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def save_figure(figure: Figure, path: str | Path, caption: str | None = None) -> tuple[Path, Path]:
    """Write a figure as png, to look at, and as pdf, to print, and its caption beside them.

    The png has 256 colours of its own choice: no eye sees the difference, and a snapshot stays below 200 kB.

    Parameters
    ----------
    path
        Without suffix; missing folders are made.
    caption
        What a reader must know to judge the figure: what bands are, how many samples stand behind a point.

    Returns
    -------
    Path, Path
        Of the png and of the pdf.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    png, pdf = (path.parent / f"{path.name}.{kind}" for kind in ("png", "pdf"))
    with mpl.rc_context(STYLE):
        figure.set_dpi(RESOLUTION)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        picture.quantize(256).save(png, optimize=True, dpi=(RESOLUTION, RESOLUTION))
        # A date in the file would make two equal runs differ.
        figure.savefig(pdf, dpi=RESOLUTION, metadata={"CreationDate": None})
    if caption is not None:
        text = "\n".join(textwrap.wrap(caption, 100))
        (path.parent / f"{path.name}.txt").write_text(text + "\n", encoding="utf-8")
    return png, pdf
