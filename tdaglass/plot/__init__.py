"""What people look at: figures fit for a journal column, made without global state and saved as png and pdf.

`snapshot` draws particles coloured by a score, `correlation_against_time`, `mean_score` and `relaxation` the
curves of the first study, `rows` numbers of many named things, `violins` distributions side by side,
`persistence_diagram` and `plane_images` the birth-death plane, and `holes` rings and cavities.  Each returns a
matplotlib `Figure` to adjust, and `save_figure` writes it, with its caption beside it.  Needs the extra
`experiments`.
"""

from tdaglass.plot.correlations import Curve, correlation_against_time, mean_score
from tdaglass.plot.holes import holes, persistence_diagram, plane_images
from tdaglass.plot.relaxation import relaxation
from tdaglass.plot.rows import rows
from tdaglass.plot.snapshots import snapshot
from tdaglass.plot.style import color_of, label_axes, letter_panels, marker_of, new_figure, save_figure
from tdaglass.plot.violins import violins

__all__ = [
    "Curve",
    "color_of",
    "correlation_against_time",
    "holes",
    "label_axes",
    "letter_panels",
    "marker_of",
    "mean_score",
    "new_figure",
    "persistence_diagram",
    "plane_images",
    "relaxation",
    "rows",
    "save_figure",
    "snapshot",
    "violins",
]
