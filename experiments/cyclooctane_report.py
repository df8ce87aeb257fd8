"""What `cyclooctane.py` prints, draws and writes."""

from typing import Any

import numpy as np
from cyclooctane_records import PUBLISHED, Map, Settings
from cyclooctane_rings import FORMS, classes, copies, sign_changes, symmetric
from cyclooctane_score import MapScore
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from reporting import print_files

from tdaglass import plot
from tdaglass.runs import Run

TITLES = {
    "cartesian": "Cartesian coordinates",
    "soap": "SOAP, one atom",
    "acsf": "ACSF, one atom",
    "coulomb": "Coulomb matrix",
    "averaged_soap": "averaged SOAP",
    "spectrum": "Coulomb spectrum",
    "persistence_image": "persistence image",
    "one_atom_out": "image, one atom out",
}
COLORS = {"chair": 0, "boat": 1, "crown": 2}
GREY = "0.85"


def report(
    settings: Settings,
    run: Run,
    rings: np.ndarray,
    evenly: int,
    away: np.ndarray,
    maps: dict[str, Map],
) -> None:
    """Print the tables; write arrays, metrics and figures into the run's folder."""
    maps = {name: maps[name] for name in TITLES if name in maps}
    save(settings, run, rings, away, maps)
    caption = (
        "Conformations of cyclo-octane on the first two principal components of their descriptions; in colour those "
        f"within {settings.within:g} degrees of a symmetric form, in grey all others ({len(rings)} in all)."
    )
    plot.save_figure(draw_maps(classes(away, settings.within), maps), run.figure_path("maps"), caption)
    plot.save_figure(draw_rings(), run.figure_path("rings"), "The symmetric forms: chair, boat and crown.")
    print_rings(settings, rings, evenly, away)
    print_maps(settings, maps)
    print_wider(settings, maps)
    print_files(run)


def save(settings: Settings, run: Run, rings: np.ndarray, away: np.ndarray, maps: dict[str, Map]) -> None:
    """Conformations and maps; every score."""
    maps_of = {f"{name}/map": found.coordinates[:, :2] for name, found in maps.items()}
    run.save_arrays(conformations=rings, degrees_from_forms=away, **maps_of)
    metrics: dict[str, Any] = {
        "conformations": {f"{within:g}": count(away, within) for within in (settings.within, *settings.wider)}
    }
    for name, found in maps.items():
        scores = {f"within {within:g}": score for within, score in found.plane.items()}
        scores |= {"half the gap": found.half, "twice the gap": found.twice, "whole": found.whole}
        metrics[name] = {"explained": found.explained[:2].sum()} | {
            key: score._asdict()
            | ({} if name not in PUBLISHED else {"returns": PUBLISHED[name].returns(score)})
            for key, score in scores.items()
        }
    run.save_metrics(metrics)


def count(away: np.ndarray, within: float) -> dict[str, int]:
    """Rings of each class."""
    labels = classes(away, within)
    return {form: int(np.sum(labels == form)) for form in FORMS}


def counted(numbers: dict[str, int]) -> str:
    """Such as 21 chairs, 17 boats."""
    return ", ".join(f"{n} {form}{'' if n == 1 else 's'}" for form, n in numbers.items())


def print_rings(settings: Settings, rings: np.ndarray, evenly: int, away: np.ndarray) -> None:
    """What the conformations are."""
    source = "our own" if settings.data is None else f"from {settings.data}"
    print(f"\n{evenly} conformations spread evenly, {source}", end="")
    print(f", and {len(rings) - evenly} near the symmetric forms" if len(rings) > evenly else "")
    for within in (settings.within, *settings.wider):
        print(f"within {within:g} degrees of a symmetric form: {counted(count(away, within))}")
    of, counts = np.unique(sign_changes(rings[:evenly]), return_counts=True)
    print("torsions change their sign", end=" ")
    print(", ".join(f"{k} times in {n / evenly:.0%}" for k, n in zip(of, counts, strict=True)))


def of_forms(numbers: dict[str, int]) -> str:
    return " ".join(f"{numbers.get(form, 0):>5}" for form in FORMS)


def print_maps(settings: Settings, maps: dict[str, Map]) -> None:
    """Groups on the map, in the whole description, and by symmetry; what overlaps; what was published."""
    print(f"""
Groups of each class ({", ".join(FORMS)}): on the map of two principal components, in the whole description, and as
many as symmetry demands. Groups are more than {settings.gap:g} of a map's root mean square radius apart; classes
are together if no straight line parts their groups on the map.

{"":22}{"map":^19}{"whole":^19}{"by symmetry":^19}{"together on the map":30}published""")
    demanded = copies()
    kinds = {"cartesian": demanded.handed, "coulomb": demanded.numbered}
    kinds |= dict.fromkeys(("soap", "acsf"), demanded.atoms)
    for name, found in maps.items():
        score, said = found.plane[settings.within], PUBLISHED.get(name)
        symmetry = kinds.get(name, dict.fromkeys(FORMS, 1))
        together = ", ".join(score.overlapping) or "none"
        verdict = "" if said is None else f"{said}: {'returns' if said.returns(score) else 'does not return'}"
        cells = "  ".join(of_forms(numbers) for numbers in (score.groups, found.whole.groups, symmetry))
        print(f"{TITLES[name]:22}{cells}   {together:30}{verdict}")
    verdicts = [
        said.returns(maps[name].plane[settings.within]) for name, said in PUBLISHED.items() if name in maps
    ]
    print(f"\npublished statements that return: {sum(verdicts)} of {len(verdicts)}")


def print_wider(settings: Settings, maps: dict[str, Map]) -> None:
    """What other classes and other gaps change on the maps."""
    print("\nWhat changes on the maps with other classes and other gaps:")
    for name, found in maps.items():
        base = found.plane[settings.within]
        others = {f"within {within:g} degrees": found.plane[within] for within in settings.wider}
        others |= {"half the gap": found.half, "twice the gap": found.twice}
        changes = [f"{which}: {change(base, other)}" for which, other in others.items() if other != base]
        for line in changes or ["nothing"]:
            print(f"  {TITLES[name]:22}{line}")


def change(base: MapScore, other: MapScore) -> str:
    """In words."""
    said = [
        f"{form} in {n} group{'' if n == 1 else 's'}"
        for form, n in other.groups.items()
        if n != base.groups.get(form)
    ]
    said += [f"{pair} together" for pair in other.overlapping if pair not in base.overlapping]
    said += [f"{pair} parted" for pair in base.overlapping if pair not in other.overlapping]
    return ", ".join(said)


def draw_maps(labels: np.ndarray, maps: dict[str, Map]) -> Figure:
    """The maps side by side; classes are drawn over the rest, in random order, so that none hides the others."""
    columns = 4
    rows = -(-(len(maps) + 1) // columns)
    figure, axes = plot.new_figure(rows, columns, width=7.0, height=1.9 * rows)
    panels = axes.ravel()
    rest = np.flatnonzero(labels == "")
    order = np.random.default_rng(0).permutation(np.flatnonzero(labels != ""))
    colors = np.array([plot.color_of(COLORS[name]) for name in labels[order]])
    for panel, (name, found) in zip(panels, maps.items(), strict=False):
        shares = found.explained[:2]
        # Descriptions have units of their own; the unit of a map is its own spread.
        places = found.coordinates[:, :2] / found.coordinates[:, :2].std()
        panel.scatter(*places[rest].T, s=min(2.0, 3000 / len(labels)), c=GREY, lw=0, rasterized=True)
        panel.scatter(*places[order].T, s=9, c=colors, lw=0.2, edgecolors="white", rasterized=True)
        panel.set_title(TITLES[name], fontsize=8)
        plot.label_axes(panel, f"PC 1 ({shares[0]:.0%})", f"PC 2 ({shares[1]:.0%})")
        panel.xaxis.label.set_fontsize(7)
        panel.yaxis.label.set_fontsize(7)
        panel.tick_params(labelsize=6)
        panel.margins(0.08)
    for panel in panels[len(maps) :]:
        panel.axis("off")
    handles = [
        Line2D([], [], marker="o", ls="", ms=5, color=color, label=f"{name} ({np.sum(labels == label)})")
        for name, label, color in (
            *((name, name, plot.color_of(k)) for name, k in COLORS.items()),
            ("all others", "", GREY),
        )
    ]
    panels[len(maps)].legend(handles=handles, loc="center", fontsize=8, frameon=False)
    return figure


def draw_rings() -> Figure:
    """The symmetric forms, seen from the side and a little from above."""
    figure, axes = plot.new_figure(1, len(FORMS), width=3.375, height=1.2)
    for panel, name in zip(axes[0], COLORS, strict=True):
        ring = symmetric(name)  # type: ignore[arg-type]
        centred = ring - ring.mean(0)
        _, _, along = np.linalg.svd(centred)
        x, y, z = along @ centred.T
        tilt = np.deg2rad(25)
        height, depth = z * np.cos(tilt) + y * np.sin(tilt), y * np.cos(tilt) - z * np.sin(tilt)
        color = plot.color_of(COLORS[name])
        for k in range(len(ring)):
            ends = [k, (k + 1) % len(ring)]
            # The bond in front interrupts the one behind it.
            middle = 0.8 * np.stack([x, height])[:, ends] + 0.2 * np.stack([x, height])[:, ends[::-1]]
            front = depth[ends].mean()
            panel.plot(*middle, color="white", lw=4, zorder=front, solid_capstyle="butt")
            panel.plot(x[ends], height[ends], color=color, lw=1.6, zorder=front + 0.01)
        for k in range(len(ring)):
            panel.plot(x[k], height[k], "o", color=color, ms=4, zorder=10)
        panel.set_title(name, fontsize=8, pad=1)
        panel.set(xlim=(-2.5, 2.5), ylim=(-1.5, 1.5), aspect="equal")
        panel.axis("off")
    return figure
