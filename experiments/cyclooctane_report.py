"""What `cyclooctane.py` prints, draws and writes."""

from typing import Any

import numpy as np
from cyclooctane_records import Map, Settings
from cyclooctane_rings import CLASSES, ideal, sign_changes, torsions
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from reporting import print_files
from scipy.spatial import KDTree

from tdaglass import plot
from tdaglass.runs import Run
from tdaglass.topology import BirthDeath

TITLES = {
    "cartesian": "Cartesian coordinates",
    "soap": "SOAP, one atom",
    "acsf": "ACSF, one atom",
    "coulomb": "Coulomb matrix",
    "averaged_soap": "averaged SOAP",
    "spectrum": "Coulomb spectrum",
    "persistence_image": "persistence image",
}
# All others: in pieces.
PUBLISHED = dict.fromkeys(("averaged_soap", "spectrum", "persistence_image"), "one piece")
# Loops that live less may be rounding where coordinates have four decimals, square angstrom.
LASTING = 3e-3
COLORS = {"chair": 0, "boat": 1, "crown": 2}


def report(
    settings: Settings,
    run: Run,
    rings: np.ndarray,
    labels: np.ndarray,
    pairs: BirthDeath,
    maps: dict[str, Map],
) -> None:
    """Print the tables; write arrays, metrics and figures into the run's folder."""
    maps = {name: maps[name] for name in TITLES if name in maps}
    save(run, rings, labels, pairs, maps)
    plot.save_figure(draw_maps(labels, maps), run.figure_path("maps"))
    plot.save_figure(draw_rings(), run.figure_path("rings"))
    print_rings(settings, rings, labels, pairs)
    print_scores(settings, maps)
    print_files(run)


def save(run: Run, rings: np.ndarray, labels: np.ndarray, pairs: BirthDeath, maps: dict[str, Map]) -> None:
    """Conformations, diagrams and maps; every score."""
    maps_of = {f"{name}/map": found.coordinates[:, :2] for name, found in maps.items()}
    run.save_arrays(conformations=rings, labels=labels, birth=pairs.birth, death=pairs.death, **maps_of)
    names, counts = np.unique(labels[labels != ""], return_counts=True)
    metrics: dict[str, Any] = {
        "conformations": dict(zip(names.tolist(), counts.tolist(), strict=True))
        | {"none": np.sum(labels == "")},
        "nearest_diagrams": nearest_diagrams(labels, pairs),
    }
    for name, found in maps.items():
        of_map: dict[str, Any] = {"explained": found.explained[:2].sum(), "published": published(name)}
        for where in ("plane", "whole", "half", "twice"):
            score = getattr(found, where)
            of_map[where] = {"verdict": score.verdict, "silhouette": score.silhouette}
            of_map[where] |= {kind: row._asdict() for kind, row in score.classes.items()}
        metrics[name] = of_map
    run.save_metrics(metrics)


def published(name: str) -> str:
    return PUBLISHED.get(name, "in pieces")


def print_rings(settings: Settings, rings: np.ndarray, labels: np.ndarray, pairs: BirthDeath) -> None:
    """What the conformations are."""
    source = "our own" if settings.data is None else f"from {settings.data}"
    print(f"\n{len(rings)} conformations, {source}: ", end="")
    print(", ".join(f"{np.mean(labels == name):.0%} {name}" for name in CLASSES), end="")
    other, counts = np.unique(sign_changes(rings)[labels == ""], return_counts=True)
    rest = ", ".join(f"{n} with {k}" for k, n in zip(other, counts, strict=True)) or "none"
    print(f"\nwith another number of changes of sign than 4, 6 or 8: {rest};", end=" ")
    print(f"smallest torsion {np.degrees(np.abs(torsions(rings)).min()):.1g} degrees")
    near = nearest_diagrams(labels, pairs)
    print(
        f"{near['share']:.0%} of them have {near['loops']} loops that live for more than {LASTING} A^2; own class"
    )
    print("among the ten nearest diagrams of such a ring: ", end="")
    of_classes = [(name, near[name]) for name in CLASSES if name in near]
    print(
        ", ".join(f"{name} {c['neighbors']:.2f} ({c['chance']:.2f})" for name, c in of_classes)
        + " (by chance)"
    )


def nearest_diagrams(labels: np.ndarray, pairs: BirthDeath) -> dict[str, Any]:
    """What the diagrams themselves know of the classes, before they are made images or maps.

    Of the rings with the commonest number of loops: the share of their own class among their ten nearest in births
    and deaths, loop by loop in the order of birth, and the share that chance would give.
    """
    lasting = (pairs.death - pairs.birth > LASTING) & (labels != "")[:, None]
    counts = lasting.sum(1)
    loops = int(np.bincount(counts[counts > 0]).argmax())
    of = np.flatnonzero(counts == loops)
    births, deaths = (x[of][lasting[of]].reshape(len(of), loops) for x in (pairs.birth, pairs.death))
    points = np.concatenate([births, deaths], axis=1)
    nearest = KDTree(points).query(points, min(11, len(of)))[1][:, 1:]
    alike = (labels[of][nearest] == labels[of][:, None]).mean(1)
    found: dict[str, Any] = {"loops": loops, "share": len(of) / len(labels)}
    for name in np.unique(labels[of]):
        mine = labels[of] == name
        found[str(name)] = {"neighbors": alike[mine].mean(), "chance": mine.mean()}
    return found


def print_scores(settings: Settings, maps: dict[str, Map]) -> None:
    """The tables of pieces, in the plane and in all dimensions."""
    print(f"""
Share of each class in its largest piece. Rings of a class hang together if they are at most {settings.linkage:g}
typical spacings from each other and no ring of another class stands between. In brackets: pieces of at least 5%
of the class, and how many if others may stand between. Neighbours: own class among the ten nearest. Verdict, on
the class that fares worst: one piece from 0.9, mostly from 0.5.""")
    for where, title in (("whole", "whole description"), ("plane", "map of two components")):
        heads = "".join(f"{name:>12}" for name in CLASSES)
        print(f"\n{title:23}{heads}{'neighbours':>17}{'silhouette':>11}  {'verdict':11}", end="")
        print("published" if where == "plane" else "")
        for name, found in maps.items():
            score = getattr(found, where)
            rows = [score.classes.get(kind) for kind in CLASSES]
            cells = "".join(
                f"{'-' if r is None else f'{r.largest:.2f} ({r.pieces}, {r.alone})':>12}" for r in rows
            )
            near = " ".join("   -" if r is None else f"{r.neighbors:.2f}" for r in rows)
            last = published(name) if where == "plane" else ""
            print(f"{TITLES[name]:23}{cells}{near:>17}{score.silhouette:>11.2f}  {score.verdict:11}{last}")
    moved = [
        f"{TITLES[name]} ({found.half.verdict}; {found.twice.verdict})"
        for name, found in maps.items()
        if {found.half.verdict, found.twice.verdict} != {found.plane.verdict}
    ]
    print("\nverdicts on the map that change with half or twice the linkage: " + (", ".join(moved) or "none"))
    differ = [
        f"{TITLES[name]} ({found.plane.verdict})"
        for name, found in maps.items()
        if (found.plane.verdict == "in pieces") != (published(name) == "in pieces")
    ]
    print(f"as published, mostly counted as one piece: {len(maps) - len(differ)} of {len(maps)}; ", end="")
    print(f"differs: {', '.join(differ) or 'none'}")


def draw_maps(labels: np.ndarray, maps: dict[str, Map]) -> Figure:
    """The maps side by side; classes are drawn in random order, so that none hides the others."""
    columns = 4
    rows = -(-(len(maps) + 1) // columns)
    figure, axes = plot.new_figure(rows, columns, width=7.0, height=1.9 * rows)
    panels = axes.ravel()
    order = np.random.default_rng(0).permutation(np.flatnonzero(labels != ""))
    colors = np.array([plot.color_of(COLORS[name]) for name in labels[order]])
    size = min(2.0, 3000 / len(labels))
    for panel, (name, found) in zip(panels, maps.items(), strict=False):
        shares = found.explained[:2]
        # Descriptions have units of their own; the unit of a map is its own spread.
        unit = found.coordinates[:, :2].std()
        panel.scatter(*(found.coordinates[order, :2] / unit).T, s=size, c=colors, lw=0, rasterized=True)
        panel.set_title(TITLES[name], fontsize=8)
        plot.label_axes(panel, f"PC 1 ({shares[0]:.0%})", f"PC 2 ({shares[1]:.0%})")
        panel.xaxis.label.set_fontsize(7)
        panel.yaxis.label.set_fontsize(7)
        panel.tick_params(labelsize=6)
        panel.margins(0.08)
    for panel in panels[len(maps) :]:
        panel.axis("off")
    handles = [
        Line2D(
            [],
            [],
            marker="o",
            ls="",
            ms=5,
            color=plot.color_of(k),
            label=f"{name} ({np.sum(labels == name)})",
        )
        for name, k in COLORS.items()
    ]
    panels[len(maps)].legend(handles=handles, loc="center", fontsize=8, frameon=False)
    return figure


def draw_rings() -> Figure:
    """A symmetric ring of each class, seen from the side and a little from above."""
    figure, axes = plot.new_figure(1, len(CLASSES), width=3.375, height=1.2)
    for panel, name in zip(axes[0], COLORS, strict=True):
        ring = ideal(name)  # type: ignore[arg-type]
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
