"""What `energies_from_holes.py` prints and writes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from energies_from_holes_attention import centre
from energies_from_holes_figures import draw
from energies_from_holes_inverse import BONDED
from energies_from_holes_linear import MEV, MODELS
from energies_from_holes_networks import NETWORKS
from energies_from_holes_records import Attention, Results, Rings, Scored, Settings, kinds_of, left_out
from reporting import print_files

from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

TITLES: dict[str, str] = {name: of.title for name, of in MODELS.items()} | {
    name: of.title for name, of in NETWORKS.items()
}
SIZES = (3, 4, 5, 6, 7, 8)


def report(settings: Settings, run: Run, results: Results) -> None:
    """Print the tables; write arrays, metrics, errors and figures into the run's folder."""
    metrics = summary(settings, results)
    print_frames(settings, metrics)
    print_scores(settings, results, metrics)
    print_curves(settings, metrics)
    print_spaces(settings, metrics)
    print_rings(settings, metrics)
    print_attention(metrics)
    run.save_metrics(metrics)
    run.save_table("errors.csv", ("model", "left_out", "fold", "train_meV", "test_meV"), rows(results))
    save(run, results)
    draw(settings, run, results, TITLES)
    print_files(run, "errors of every fold, meV for each atom: errors.csv")


def estimate(values: np.ndarray) -> list[float]:
    """Mean over folds and its standard error; of a single fold no error."""
    if not len(values):
        return [float("nan"), float("nan")]
    mean, error = mean_and_error(values)
    return [float(mean), float(error) if len(values) > 1 else float("nan")]


def summary(settings: Settings, results: Results) -> dict[str, Any]:
    """All figures of merit, by name; energies in meV for each atom unless eV are said."""
    frames = results.frames
    last = frames.last
    return {
        "teacher": settings.teacher,
        "published_teacher": "density functional theory",
        "atoms": [int(frames.atoms.min()), int(frames.atoms.max())],
        "frames": len(frames.energy),
        "runs": len(last),
        "energy_spread": 1000 * float(frames.energy.std()),
        "energy_range_eV": [float(frames.energy.min()), float(frames.energy.max())],
        "last_temperature_K": [float(x) for x in mean_and_error(frames.temperature[last])],
        "last_temperature_range_K": [
            float(frames.temperature[last].min()),
            float(frames.temperature[last].max()),
        ],
        "pairs_outside": results.outside,
        "errors": {
            model: {kind: summary_of(one) for kind, one in of.items()} for model, of in results.scores.items()
        },
        "published": dict(settings.source.published),
        "learning_curves": {
            model: {
                str(size): estimate(test) for size, test in zip(curve.size.tolist(), curve.test, strict=True)
            }
            for model, curve in results.curves.items()
        },
        "spaces": {
            name: {
                "mixing": list(of.mixing),
                "same_run": list(of.same_run),
                "shares": of.shares.tolist(),
            }
            for name, of in results.spaces.items()
        },
        "cells": {
            "low": int(np.sum(results.coefficients < settings.thresholds[0])),
            "high": int(np.sum(results.coefficients > settings.thresholds[1])),
        },
        "rings": {kind: summary_of_rings(of) for kind, of in results.rings.items()},
        "attention": {kind: summary_of_attention(settings, of) for kind, of in results.attention.items()},
    }


def summary_of(one: Scored) -> dict[str, Any]:
    """Of one model and one kind of what is left out."""
    found = {"folds": len(one.test), "train": estimate(one.train), "test": estimate(one.test)}
    return found | ({"larger": estimate(one.larger)} if len(one.larger) else {})


def summary_of_rings(of: Rings) -> dict[str, Any]:
    """Means over rings; errors over runs, as rings of one run share their atoms."""
    run, corners = of.run[of.ring], of.size[of.ring]
    return {
        "rings": len(of.size),
        "not_one_ring": of.without_order,
        "sizes": {
            **{str(size): over_runs(of.run, of.size == size) for size in SIZES},
            f"more than {SIZES[-1]}": over_runs(of.run, of.size > SIZES[-1]),
        },
        "even_above_3": over_runs(of.run[of.size > 3], of.size[of.size > 3] % 2 == 0),
        "size": over_runs(of.run, of.size),
        "bond_angstrom": over_runs(run, of.bonds),
        "bond_deviation_angstrom": over_runs(
            run, np.abs(of.bonds - (of.bonds.mean() if len(of.bonds) else 0))
        ),
        "long_edges_above_3": over_runs(run[corners > 3], of.bonds[corners > 3] > BONDED),
        "angle_degrees": over_runs(run, of.angles),
        "by_size": {
            str(size): {
                "bond_angstrom": over_runs(run[corners == size], of.bonds[corners == size]),
                "angle_degrees": over_runs(run[corners == size], of.angles[corners == size]),
            }
            for size in SIZES
        },
    }


def summary_of_attention(settings: Settings, of: Attention) -> dict[str, Any]:
    """Where the maps have their centres, (birth, death) in square angstrom, and how high they are on average."""
    found: dict[str, Any] = {"frames": len(of.run), "temperature_K": over_runs(of.run, of.temperature)}
    for name, maps in (("higher", of.higher), ("lower", of.lower)):
        birth, death = centre(settings, maps).T
        found[name] = {
            "birth": over_runs(of.run, birth),
            "death": over_runs(of.run, death),
            "mean_meV": over_runs(of.run, MEV * maps.mean(axis=(1, 2))),
        }
    return found


def over_runs(run: np.ndarray, values: np.ndarray) -> list[float]:
    """Mean over runs of their means, and its standard error."""
    return estimate(np.array([values[run == k].mean() for k in np.unique(run)]))


def with_error(values: list[float], digits: int = 1) -> str:
    """A mean and its standard error; of a single value the value alone."""
    value, error = values
    if not np.isfinite(value):
        return "-"
    return f"{value:.{digits}f} ± {error:.{digits}f}" if np.isfinite(error) else f"{value:.{digits}f}"


def print_frames(settings: Settings, metrics: dict[str, Any]) -> None:
    """What the frames are, and how cold runs became."""
    low, high = metrics["energy_range_eV"]
    print(
        f"\n{settings.source.title}, {metrics['runs']} runs, {metrics['frames']} frames; teacher: "
        f"{settings.teacher_in_words}"
    )
    print(
        f"energies {low:.2f} to {high:.2f} eV/atom, standard deviation {metrics['energy_spread']:.0f} meV/atom"
    )
    coldest, hottest = metrics["last_temperature_range_K"]
    if settings.source.engine is not None:
        print(
            f"last frames at {coldest:.0f} to {hottest:.0f} K: the bath is at 300 K, a fast melt lags behind it"
        )
    print(f"loops beyond {settings.plane:g} square angstrom, in no histogram: {metrics['pairs_outside']:.1%}")


def print_scores(settings: Settings, results: Results, metrics: dict[str, Any]) -> None:
    """How well energies are told, by everything and of everything that is left out."""
    published, kinds, words = metrics["published"], kinds_of(results.frames), left_out(settings)
    compared = f"; published: teacher {metrics['published_teacher']}, random frames" if published else ""
    print(
        f"\nroot mean square error of energies, meV/atom: mean over folds ± standard error (teacher "
        f"{metrics['teacher']}){compared}\n"
    )
    larger = f"N = {settings.larger}" if settings.larger else ""
    last = "published" if published else ""
    columns = "".join(f"{words[kind]:>21}" for kind in kinds)
    print(f"{'':36}{'trained':>14}{columns}{larger:>15}{last:>11}".rstrip())
    for model, of in metrics["errors"].items():
        cells = "".join(f"{with_error(of[kind]['test']) if kind in of else '-':>21}" for kind in kinds)
        of_frames = of.get("frames", {})
        trained = with_error(of_frames["train"]) if of_frames else "-"
        at_larger = with_error(of_frames["larger"]) if "larger" in of_frames else ""
        said = (f"{published[model]:.1f}" if model in published else "-") if published else ""
        print(f"{TITLES[model]:36}{trained:>14}{cells}{at_larger:>15}{said:>11}".rstrip())


def print_curves(settings: Settings, metrics: dict[str, Any]) -> None:
    """Errors against the number of frames that were learned from."""
    curves = metrics["learning_curves"]
    sizes = list(next(iter(curves.values())))
    if not sizes:
        return
    print(f"\nthe same of random frames, learned from so many of them (teacher {metrics['teacher']})\n")
    print(f"{'':36}" + "".join(f"{size:>17}" for size in sizes))
    for model, of in curves.items():
        print(f"{TITLES[model]:36}" + "".join(f"{with_error(of[size]):>17}" for size in sizes))


def print_spaces(settings: Settings, metrics: dict[str, Any]) -> None:
    """Islands or a continuum."""
    print(
        f"\nof the {settings.neighbors} nearest neighbours of a frame: mixing of {settings.source.groups.plural} "
        "(0 islands, 1 as drawn at random), share of the same run\n"
    )
    for name, of in metrics["spaces"].items():
        print(f"    {name:12}{with_error(of['mixing'], 3):>18}{with_error(of['same_run'], 3):>18}")


def print_rings(settings: Settings, metrics: dict[str, Any]) -> None:
    """What stands behind the cells."""
    low, high = settings.thresholds
    print(
        f"\nrings in the last frames behind cells with coefficients below {low:g} and above {high:g} eV/atom "
        "for a standard deviation: mean over runs ± standard error\n"
    )
    of_both = metrics["rings"]
    print(f"    {'':26}" + "".join(f"{kind + ' energy':>20}" for kind in of_both))
    print(f"    {'cells':26}" + "".join(f"{metrics['cells'][kind]:>20}" for kind in of_both))
    print(f"    {'rings':26}" + "".join(f"{of['rings']:>20}" for of in of_both.values()))
    for size in next(iter(of_both.values()))["sizes"]:
        shares = "".join(f"{with_error(of['sizes'][size], 3):>20}" for of in of_both.values())
        print(f"    {'share of ' + size + ' atoms':26}{shares}")
    for key, label, digits in (
        ("even_above_3", "even, of more than 3 atoms", 3),
        ("long_edges_above_3", f"edges > {BONDED:g}, the same", 3),
        ("bond_angstrom", "edge, angstrom", 3),
        ("bond_deviation_angstrom", "mean deviation of edges", 3),
        ("angle_degrees", "angle, degrees", 1),
    ):
        print(f"    {label:26}" + "".join(f"{with_error(of[key], digits):>20}" for of in of_both.values()))
    for size in map(str, SIZES):
        for key, label, digits in (("bond_angstrom", "edge", 3), ("angle_degrees", "angle", 1)):
            cells = (f"{with_error(of['by_size'][size][key], digits):>20}" for of in of_both.values())
            print(f"    {label + ', rings of ' + size:26}" + "".join(cells))


def print_attention(metrics: dict[str, Any]) -> None:
    """Where the convolutional network looks."""
    if not metrics["attention"]:
        return
    print(
        "\nGrad-CAM of the convolutional network in histograms that it has not learned: centre (birth, death) in "
        "square angstrom and mean height in meV/atom, of cells that speak for a higher and a lower energy\n"
    )
    for kind, of in metrics["attention"].items():
        print(f"    {kind}-like, {of['frames']} frames at {with_error(of['temperature_K'], 0)} K")
        for way in ("higher", "lower"):
            place = ", ".join(with_error(of[way][key], 2) for key in ("birth", "death"))
            print(f"        {way:8}({place}){with_error(of[way]['mean_meV'], 2):>20}")


def rows(results: Results) -> Iterator[tuple]:
    """Errors of every fold."""
    for model, of in results.scores.items():
        for kind, one in of.items():
            for k, (train, test) in enumerate(zip(one.train, one.test, strict=True)):
                yield model, kind, k, float(train), float(test)


def save(run: Run, results: Results) -> None:
    """arrays.npz: energies, predictions, coefficients, maps and rings."""
    frames = results.frames
    arrays: dict[str, np.ndarray] = {
        name: getattr(frames, name) for name in ("energy", "temperature", "group", "run", "stage", "atoms")
    }
    arrays["coefficients"] = results.coefficients
    for model, of in results.scores.items():
        arrays |= {f"{model}/{kind}/predicted": one.predicted for kind, one in of.items()}
    for name, space in results.spaces.items():
        arrays |= {f"{name}/components": space.components, f"{name}/tsne": space.tsne}
    for kind, rings in results.rings.items():
        arrays |= {f"rings/{kind}/{key}": getattr(rings, key) for key in Rings._fields[:-1]}
    for size, found in results.distances.items():
        arrays |= {f"rings/{size}/r": found.r, f"rings/{size}/g": found.g}
    for kind, looked in results.attention.items():
        arrays |= {f"attention/{kind}/{key}": getattr(looked, key) for key in Attention._fields}
    run.save_arrays(**arrays)
