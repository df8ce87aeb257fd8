"""What `topological_force.py` prints, draws and writes."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from topological_force_records import GRID, Hole, Settings

from tdaglass import plot, topology
from tdaglass.configuration import Configuration
from tdaglass.plot.style import STYLE
from tdaglass.runs import Run


def report(
    settings: Settings,
    run: Run,
    inherent: Configuration,
    held: list[Hole],
    free: list[Hole],
    images: dict[str, np.ndarray],
) -> None:
    """Print the table; write arrays, metrics, curve and figures."""
    print("\n  radius  reached  ring closes   energy   let go:  radius   energy")
    rows = []
    for radius, one, other in zip(settings.radii, held, free, strict=True):
        row = (radius, np.sqrt(one.death), np.sqrt(one.birth), one.energy, np.sqrt(other.death), other.energy)
        rows.append([float(x) for x in row])
        print("{:8.2f} {:8.3f} {:12.3f} {:8.3f}           {:7.3f} {:8.3f}".format(*row))
    names = ("target", "radius", "ring", "energy", "radius_let_go", "energy_let_go")
    before, after = (float(np.linalg.norm(images[k] - images["hot liquid"])) for k in ("glass", "imitation"))
    print(f"\ndistance of persistence images from that of the liquid: {before:.3f} before, {after:.3f} after")
    run.save_metrics(
        {
            "holes": [dict(zip(names, row, strict=True)) for row in rows],
            "distance": {"before": before, "after": after},
        }
    )
    run.save_table("holes.csv", names, rows)
    run.save_arrays(
        held=np.stack([hole.positions for hole in held]),
        let_go=np.stack([hole.positions for hole in free]),
        **{f"image/{name}": picture for name, picture in images.items()},
    )
    figures = {
        "hole": draw_hole(inherent, held[-1]),
        "cost": draw_cost(np.array(rows)),
        "imitation": plot.plane_images(images, GRID, label="loops / cell", unit=r"\sigma_\mathrm{AA}^2"),
    }
    print(f"\neverything is in {run.folder}")
    for name, figure in figures.items():
        png, _ = plot.save_figure(figure, run.figure_path(name))
        print(f"  figure: {png}")


def draw_hole(inherent: Configuration, hole: Hole) -> Figure:
    """The loop that was pulled, without what a little noise would open, and the same particles before."""
    box = np.asarray(inherent.box)
    complex_ = topology.alpha_complex(hole.positions, box)
    pairs = topology.persistence(complex_)[1]
    which = int(np.argmax(pairs.death))
    noise = 0.5 * float(pairs.death[which] - pairs.birth[which])
    after = topology.stable_volume(complex_, pairs, which, noise)
    places = {"before": np.asarray(inherent.positions), f"radius {hole.death**0.5:.2f}": hole.positions}
    moved = {t: after._replace(position=x[after.atom] + after.shift * box) for t, x in places.items()}
    figure = plot.holes(
        moved, places, box, diameters=0.5, surroundings=2.0, unit=r"\sigma_\mathrm{AA}", width=5.5
    )
    before, last = figure.axes
    before.set(xlim=last.get_xlim(), ylim=last.get_ylim())
    return figure


@mpl.rc_context(STYLE)
def draw_cost(rows: np.ndarray) -> Figure:
    """Energy against the radius of the hole, held and let go."""
    figure, ((axes,),) = plot.new_figure()
    for k, (x, y, label) in enumerate(((1, 3, "held by the spring"), (4, 5, "let go"))):
        style = {"color": plot.color_of(k), "marker": plot.marker_of(k), "linestyle": "none" if k else "-"}
        axes.plot(rows[:, x], rows[:, y], label=label, **style)
    plot.label_axes(
        axes, r"radius of the hole / $\sigma_\mathrm{AA}$", r"energy above the glass / $\epsilon$"
    )
    axes.legend()
    return figure
