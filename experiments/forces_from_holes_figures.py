"""Figures of `forces_from_holes.py`, each with its caption."""

import jax
import matplotlib as mpl
import numpy as np
from forces_from_holes_models import Holes
from forces_from_holes_motion import drift, starts_of
from forces_from_holes_records import KINDS, NAMES, TEACHERS, UNITS, Results, Settings
from matplotlib.figure import Figure

from tdaglass import plot, structure
from tdaglass.plot.style import PAGE, STYLE

Drawn = tuple[Figure, str]
MOVED = ("teacher", "holes", "holes-bare", "pairs")


@mpl.rc_context(STYLE)
def draw_parity(settings: Settings, results: Results) -> Drawn:
    """Components of forces beside the teacher's."""
    energy, length, _ = UNITS[settings.system]
    names = ("holes-energies", "holes", "pairs")
    true = results.frames.forces[results.frames.tested].ravel()
    most = float(np.percentile(np.abs(true), 99.9))
    figure, axes = plot.new_figure(1, len(names), width=PAGE, height=2.9, sharex=True, sharey=True)
    for panel, name in zip(axes[0], names, strict=True):
        told = results.scores[name].forces.ravel()
        panel.plot([-most, most], [-most, most], color="0.6", linewidth=0.6, zorder=0)
        panel.hexbin(true, told, gridsize=70, bins="log", mincnt=1, linewidths=0, extent=(-most, most) * 2)
        panel.set(title=NAMES[name], xlim=(-most, most), ylim=(-most, most), aspect="equal")
    unit = rf"${energy}\,{length}^{{-1}}$"
    plot.letter_panels(axes)
    figure.supxlabel(f"force of the teacher / {unit}", fontsize=9)
    axes[0, 0].set_ylabel(f"learned force / {unit}")
    caption = (
        f"Components of forces on particles, learned beside the teacher's ({TEACHERS[settings.system]}), in "
        "frames of runs that nothing was learned from. Shades count components on a logarithmic scale. Left: "
        "learned from energies alone; others: from energies and forces."
    )
    return figure, caption


@mpl.rc_context(STYLE)
def draw_drift(settings: Settings, results: Results) -> Drawn:
    """Total energy in time, and its deviation against the time step."""
    energy, _, time = UNITS[settings.system]
    figure, ((left, right),) = plot.new_figure(1, 2, width=PAGE, height=2.6)
    steps = sorted(settings.time_steps)
    shown = steps[len(steps) // 2]
    for k, name in enumerate(MOVED):
        motion = results.motions[name, shown]
        total = (motion.energy[0] - motion.energy[0, 0]) / settings.n
        at = shown * np.arange(1, len(total) + 1)
        # The pair potential may lie upon the teacher.
        wide = {"linewidth": 0.8 if k else 3, "alpha": 1 if k else 0.4}
        left.plot(at, total, color=plot.color_of(k), label=NAMES[name], **wide)
        away = np.array([drift(results.motions[name, dt]) for dt in steps]) / settings.n
        error = away.std(1, ddof=1) / np.sqrt(away.shape[1]) if away.shape[1] > 1 else None
        right.errorbar(
            steps,
            away.mean(1),
            yerr=error,
            color=plot.color_of(k),
            marker=plot.marker_of(k),
            markersize=3.5 if k else 7,
            label=NAMES[name],
            **wide,
        )
    base = min(drift(results.motions["teacher", steps[0]]).mean() / settings.n, 1) * 0.5
    right.plot(steps, base * (np.array(steps) / steps[0]) ** 2, color="0.6", linestyle=":", label="square")
    right.set(xscale="log", yscale="log")
    most = max(drift(results.motions[name, dt]).mean() for name in MOVED[:3] for dt in steps) / settings.n
    right.set_ylim(top=min(right.get_ylim()[1], 10 * most))
    right.set_xticks(steps, [f"{dt:g}" for dt in steps])
    right.minorticks_off()
    plot.label_axes(left, rf"time / ${time}$", rf"$[E(t) - E(0)]\,/\,(N {energy})$")
    plot.label_axes(right, rf"time step / ${time}$", rf"rms of $E - E(0)$ $/\,(N {energy})$")
    right.legend()
    plot.letter_panels(figure.axes)
    caption = (
        f"NVE runs of {settings.n} particles. (a) Total energy of one of them, a step of {shown:g}. (b) Its root "
        f"mean square deviation over a time of {settings.time:g}, mean and standard error of {settings.starts} "
        "starts. Holes have a weight of persistence; unweighted they lose or gain energy where pairs come from "
        "the diagonal, at any step. Dotted: the square of the step. What leaves the panel above flew apart."
    )
    return figure, caption


@mpl.rc_context(STYLE)
def draw_closely(settings: Settings, results: Results) -> Drawn:
    """The greatest jump where partners are exchanged, and all jumps."""
    energy, length, _ = UNITS[settings.system]
    figure, ((left, middle, right),) = plot.new_figure(1, 3, width=PAGE, height=2.5)
    jumps = results.jumps["holes"]
    x = 1e3 * jumps.place
    left.plot(x, jumps.close_energy - jumps.close_energy.min(), color=plot.color_of(1))
    middle.plot(
        x,
        jumps.close_force,
        color=plot.color_of(1),
        label="holes",
        linestyle="none",
        marker=".",
        markersize=2,
    )
    middle.plot(x, jumps.close_teacher, color=plot.color_of(0), label="teacher")
    middle.legend()
    scale = np.sqrt(np.mean(np.sum(results.frames.forces[results.frames.tested] ** 2, -1)))
    for k, kind in enumerate(KINDS):
        sizes = np.sort(np.maximum(jumps.force[jumps.kind == k] / scale, 1e-9))[::-1]
        if len(sizes):
            right.step(sizes, (np.arange(len(sizes)) + 1) / len(sizes), color=plot.color_of(k), label=kind)
    right.set(xscale="log")
    unit = rf"{energy}\,{length}^{{-1}}"
    plot.label_axes(left, "way / (step / 1000)", rf"energy $-$ its mean slope / ${energy}$")
    plot.label_axes(middle, "way / (step / 1000)", rf"force along the way / ${unit}$")
    plot.label_axes(right, "jump / rms force of a particle", "share of greater jumps")
    right.set_ylim(-0.4, 1.05)  # room for the legend
    right.legend(fontsize=6, loc="lower left")
    plot.letter_panels(figure.axes)
    caption = (
        "Around the greatest jump that was found where two pairs exchange partners, on the straight way from "
        f"one configuration of an NVE run (step {min(settings.time_steps):g}) to the next: (a) the learned "
        "energy, less a straight line, has a kink; (b) the force on the particle that feels it most jumps, "
        f"the teacher's does not. (c) Jumps of {len(jumps.kind)} changes of the diagram, by kind."
    )
    return figure, caption


@mpl.rc_context(STYLE)
def draw_structure(settings: Settings, results: Results) -> Drawn:
    """Radial distribution functions of NVE runs."""
    _, length, _ = UNITS[settings.system]
    figure, ((axes,),) = plot.new_figure()
    chosen, dt = starts_of(settings, results.frames), sorted(settings.time_steps)[1]
    box = results.frames.box[chosen]
    cutoff = float(box.min()) / 2 if settings.system == "liquid" else min(4.0, float(box.min()) / 2)
    of_one = jax.jit(lambda x, edges: structure.radial_distribution(x, edges, cutoff, 80).g)
    for k, name in enumerate(MOVED):
        kept = results.motions[name, dt].positions
        late = kept[:, kept.shape[1] // 2 :]
        g = np.mean([of_one(x, box[s]) for s, run in enumerate(late) for x in run], axis=0)
        r = (np.arange(80) + 0.5) * cutoff / 80
        axes.plot(r, g, color=plot.color_of(k), label=NAMES[name], linestyle="-" if k else "--")
    plot.label_axes(axes, rf"$r\,/\,{length}$", r"$g(r)$")
    axes.legend()
    caption = (
        f"Radial distribution functions in NVE runs of a step of {dt:g}, over their second halves and "
        f"{settings.starts} starts, which are the same for all forces."
    )
    return figure, caption


def draw_learned(settings: Settings, results: Results) -> Drawn:
    """What a loop costs, by its birth and death."""
    description = Holes(settings.dimensions, settings.grids, settings.sigmas)
    k = settings.dimensions.index(1)
    grid = settings.grids[k]
    before = sum(int(g.above_diagonal.sum()) for g in settings.grids[:k])
    own = results.models["holes"].coefficients[before : before + int(grid.above_diagonal.sum())]
    birth, death = (np.ravel(x) for x in np.meshgrid(*grid.centers))
    image = jax.jit(jax.vmap(lambda b, d: description.images(k, b[None], d[None]) @ own))(birth, death)
    energy, length, _ = UNITS[settings.system]
    figure = plot.plane_images(
        {"": np.asarray(image).reshape(grid.shape[::-1])}, grid, label=rf"energy of a loop / ${energy}$",
        unit=length, diverging=True,
    )  # fmt: skip
    return figure, (
        "Learned from energies and forces: what a loop adds to the energy, by the radii at which it opens and is "
        f"filled. Teacher: {TEACHERS[settings.system]}. Where there are no loops in the data, ridge regression "
        "leaves zero."
    )
