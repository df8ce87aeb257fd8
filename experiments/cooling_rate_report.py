"""What `cooling_rate.py` prints and writes."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from cooling_rate_controls import index_shares, most_common, relative_difference
from cooling_rate_figures import draw
from cooling_rate_holes import hole_table
from cooling_rate_images import outside
from cooling_rate_local import WAVE_NUMBERS
from cooling_rate_records import Results, Settings
from reporting import print_files

from tdaglass import io
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

# Pd80Si20, N = 12,000, four decades: R2 of the regression on the glasses it was trained with, and the share of the
# first component of the repeats.
PUBLISHED = {"voids": (0.509, 0.754), "loops": (0.549, 0.675)}
COMMON = 6  # Voronoi indices that are printed


def report(settings: Settings, run: Run, results: Results) -> None:
    """Print the tables; write arrays, metrics, curves, atoms and figures into the run's folder."""
    metrics = summary(settings, results)
    print_glasses(settings, results, metrics)
    print_learned(settings, metrics)
    print_counts(results, metrics)
    print_holes(metrics)
    print_controls(settings, metrics)
    run.save_metrics(metrics)
    run.save_table("counts.csv", ("picture", "region", "rate", "number", "pairs"), count_rows(results))
    save(settings, run, results)
    draw(settings, run, results)
    print_files(run, "atoms on rings and cages for OVITO: glass-*.xyz", "pairs in cells: counts.csv")


def pair(value: Any, error: Any) -> list[float]:
    """A mean and its standard error, as they are kept in files."""
    return [float(value), float(error)]


def summary(settings: Settings, results: Results) -> dict[str, Any]:
    """All figures of merit, by name; of classes of repeats from the fastest to the slowest."""
    glasses = results.glasses
    return {
        "particles": glasses.configuration.positions.shape[1],
        "alpha": settings.strength(glasses.configuration.positions.shape[1]),
        "single_rates": glasses.rate[glasses.single].tolist(),
        "repeated_rates": glasses.classes,
        "repeats": [int(glasses.at(rate).sum()) for rate in glasses.classes],
        "energy": of_repeats(results, glasses.energy),
        "pressure": of_repeats(results, glasses.pressure),
        "pictures": {name: summary_of(settings, results, name) for name in results.learned},
        "holes": {
            name: {
                region: {q: [pair(*x) for x in zip(*values, strict=True)] for q, values in of.items()}
                for region, of in regions.items()
            }
            for name, regions in hole_table(results).items()
        },
        "controls": controls_of(results),
    }


def of_repeats(results: Results, values: np.ndarray) -> list[list[float]]:
    """Means and errors over the repeats at each rate."""
    return [pair(*mean_and_error(values[results.glasses.at(rate)])) for rate in results.glasses.classes]


def summary_of(settings: Settings, results: Results, name: str) -> dict[str, Any]:
    """Of one picture."""
    learned, glasses = results.learned[name], results.glasses
    first = learned.coordinates[:, 0] if learned.coordinates.size else np.full(len(glasses.rate), np.nan)
    return {
        "r_squared": {key: pair(*score) for key, score in learned.scores.items()},
        "share_of_first_component": pair(
            learned.shares[0] if len(learned.shares) else np.nan, learned.share_error
        ),
        "shares": learned.shares.tolist(),
        "correlation_with_log_rate": pair(learned.correlation, learned.correlation_error),
        "variance_between_rates": learned.between,
        "first_component": [
            [float(first[glasses.at(rate)].mean()), float(np.std(first[glasses.at(rate)], ddof=1))]
            for rate in glasses.classes
            if glasses.at(rate).sum() > 1
        ],
        "outside_window": float(
            np.mean([outside(settings.cooling.of.pictures[name], p) for p in results.seen[name].pairs])
        ),
        "grows_most": results.growth[name].ends,
        "counts": {
            region: {
                "cells": of.cells,
                "pairs": [pair(*x) for x in zip(of.mean, of.error, strict=True)],
                "per_decade": pair(of.slope, of.slope_error),
            }
            for region, of in results.counted[name].items()
        },
    }


def controls_of(results: Results) -> dict[str, Any]:
    """How much the slowest and the fastest differ in what is commonly looked at."""
    glasses, controls = results.glasses, results.controls
    if len(glasses.classes) < 2:
        return {}
    fast, slow = (np.flatnonzero(glasses.at(glasses.classes[k])) for k in (0, -1))
    found: dict[str, Any] = {}
    for a, b in ((0, 0), (0, 1), (1, 1)):
        g = [np.stack([controls[k].g[a, b] for k in which]) for which in (slow, fast)]
        found[f"g{a}{b}"] = pair(*relative_difference(*g))
    s = [np.stack([controls[k].s for k in which]) for which in (slow, fast)]
    found["s"] = pair(*relative_difference(*s))
    for label, of in (
        ("metal", [c.indices[c.indices[:, 4] == 0, :4] for c in controls]),
        ("metalloid", [c.indices[c.indices[:, 4] == 1, :4] for c in controls]),
        ("metalloid, small faces dropped", [c.large_indices for c in controls]),
    ):
        kinds = most_common([of[k] for k in (*slow, *fast)], COMMON)
        shares = [
            [pair(*x) for x in zip(*mean_and_error([index_shares(of[k], kinds) for k in which]), strict=True)]
            for which in (slow, fast)
        ]
        found[f"indices, {label}"] = {
            "<" + " ".join(map(str, kind)) + ">": {"slow": one, "fast": other}
            for kind, one, other in zip(kinds.tolist(), *shares, strict=True)
        }
    found["prisms"] = of_repeats(results, np.array([one.prisms for one in controls]))
    return found


def with_error(values: list[float], digits: int = 3) -> str:
    """A mean and its standard error; of a single sample the value alone."""
    value, error = values
    return f"{value:.{digits}f} ± {error:.{digits}f}" if np.isfinite(error) else f"{value:.{digits}f}"


def print_glasses(settings: Settings, results: Results, metrics: dict[str, Any]) -> None:
    """What was cooled, and how deep the energy fell."""
    glasses = results.glasses
    source = "glasses of others" if settings.data else settings.cooling.system
    single, repeated = glasses.single.sum(), len(glasses.classes)
    print(f"\n{source}, N = {metrics['particles']}: {single} rates once, {repeated} repeatedly")
    if not glasses.classes:
        return
    print(f"\n{'rate':>10}{'repeats':>9}{'energy':>20}{'pressure':>20}{'prisms':>18}")
    prisms = metrics["controls"].get("prisms", [[np.nan, np.nan]] * len(glasses.classes))
    for row in zip(
        *(metrics[k] for k in ("repeated_rates", "repeats", "energy", "pressure")), prisms, strict=True
    ):
        rate, repeats, energy, pressure, share = row
        measured = f"{with_error(energy, 4):>20}{with_error(pressure):>20}{with_error(share):>18}"
        print(f"{rate:>10.3g}{repeats:>9}{measured}")


def print_learned(settings: Settings, metrics: dict[str, Any]) -> None:
    """How well images tell the rate."""
    print(f"\nridge regression on log10(rate), alpha {metrics['alpha']:.3g}: R2 ± jackknife error\n")
    keys = ("trained", "left one out", "other repeats", "repeats to singles")
    print(f"{'':10}" + "".join(f"{key:>20}" for key in keys))
    for name, of in metrics["pictures"].items():
        cells = [with_error(of["r_squared"][key]) if key in of["r_squared"] else "-" for key in keys]
        print(f"{name:10}" + "".join(f"{cell:>20}" for cell in cells))
    print("published, Pd80Si20: Pd voids 0.509, Si loops 0.549 (trained)")
    print("\nprincipal components of the repeats\n")
    print(
        f"{'':10}{'first, of variance':>20}{'with log10(rate)':>20}{'between rates':>15}{'outside window':>16}"
    )
    for name, of in metrics["pictures"].items():
        print(
            f"{name:10}{with_error(of['share_of_first_component']):>20}"
            f"{with_error(of['correlation_with_log_rate']):>20}{of['variance_between_rates']:>15.3f}"
            f"{of['outside_window']:>16.1%}"
        )
    print("published, Pd80Si20: Pd voids 0.754, Si loops 0.675 of the variance")


def print_counts(results: Results, metrics: dict[str, Any]) -> None:
    """Which cells grow and shrink."""
    if not results.glasses.classes:
        return
    print(
        "\npairs of a glass in cells, at the fastest and at the slowest rate, and their change with a decade\n"
    )
    for name, of in metrics["pictures"].items():
        for region, counts in of["counts"].items():
            slope, error = counts["per_decade"]
            sure = f"{slope / error:+.1f} errors" if error > 0 else ""
            first, last = (with_error(counts["pairs"][k], 1) for k in (0, -1))
            print(f"{name:10}{region:24}{first:>18}{last:>18}{with_error([slope, error], 2):>18}{sure:>14}")
        for kind, (birth, death, sure) in of["grows_most"].items():
            print(
                f"{name:10}most of {kind} glasses: birth {birth:.2f}, death {death:.2f}, {abs(sure):.1f} errors"
            )


def print_holes(metrics: dict[str, Any]) -> None:
    """What the atoms behind them look like."""
    if not metrics["holes"]:
        return
    print(
        "\nholes taken back to atoms, at the fastest and at the slowest rate: mean over glasses ± standard error\n"
    )
    for name, regions in metrics["holes"].items():
        for region, of in regions.items():
            print(
                f"{name}, cells of {region} glasses" if region != "given" else f"{name}, whatever was learned"
            )
            for quantity, values in of.items():
                print(f"    {quantity:20}{with_error(values[0], 4):>22}{with_error(values[-1], 4):>22}")


def print_controls(settings: Settings, metrics: dict[str, Any]) -> None:
    """What sees little."""
    found = metrics["controls"]
    if not found:
        return
    a, b = settings.cooling.of.species
    names = {"g00": f"g_{a}{a}", "g01": f"g_{a}{b}", "g11": f"g_{b}{b}", "s": "S(q), neutrons"}
    print("\ncontrols: relative difference of the slowest and the fastest (of equal glasses by noise)\n")
    for key, name in names.items():
        print(f"    {name:16}{found[key][0]:>8.2%}{found[key][1]:>10.2%}")
    for key, kinds in found.items():
        if key.startswith("indices"):
            print(f"\nVoronoi {key}: share of atoms, fastest and slowest\n")
            for kind, of in kinds.items():
                print(f"    {kind:16}{with_error(of['fast']):>18}{with_error(of['slow']):>18}")


def count_rows(results: Results) -> Iterator[tuple]:
    """Pairs in regions of every glass: rows of a table."""
    for name, regions in results.counted.items():
        for region, of in regions.items():
            for rate, number, pairs in zip(
                results.glasses.rate, results.glasses.number, of.number, strict=True
            ):
                yield name, region, rate, int(number), int(pairs)


def save(settings: Settings, run: Run, results: Results) -> None:
    """arrays.npz, and for OVITO a slow and a fast glass with the holes that every atom is part of."""
    glasses = results.glasses
    arrays: dict[str, np.ndarray] = {
        "rate": glasses.rate, "number": glasses.number, "energy": glasses.energy, "pressure": glasses.pressure,
        "wave_numbers": WAVE_NUMBERS,
    }  # fmt: skip
    for name, learned in results.learned.items():
        arrays |= {
            f"{name}/coefficients": learned.coefficients,
            f"{name}/components": learned.components,
            f"{name}/coordinates": learned.coordinates,
            f"{name}/slope": results.growth[name].slope,
            f"{name}/certainty": results.growth[name].certainty,
            **{f"{name}/predicted, {key}": values for key, values in learned.predicted.items()},
            **{f"{name}/region, {key}": region for key, region in results.regions[name].items()},
        }
    controls = results.controls
    arrays |= {
        "r": controls[0].r,
        "g": np.stack([c.g for c in controls]),
        "q": controls[0].q,
        "s": np.stack([c.s for c in controls]),
    }
    for k, inverse in results.inverse.items():
        arrays |= {f"local/{k}/{region}": s for region, s in inverse.scattering.items()}
    run.save_arrays(**arrays)
    for kind, rate in zip(("fast", "slow"), (glasses.classes[:1] + glasses.classes[-1:]), strict=False):
        k = int(np.flatnonzero(glasses.at(rate))[0])
        one = jax.tree.map(lambda x, k=k: np.asarray(x)[k], glasses.configuration)
        io.write(
            run.folder / f"glass-{kind}.xyz",
            one,
            marks(results, k),
            species_names=settings.cooling.of.species,
        )


def marks(results: Results, k: int) -> dict[str, np.ndarray]:
    """Of how many cages and rings of each region every atom is part, and whether it is in a prism."""
    inverse = results.inverse[k]
    n = len(inverse.prism)
    columns = {"prism": inverse.prism.astype(int)}
    for what, of_pictures in (("cages", inverse.cages), ("rings", inverse.rings)):
        for regions in of_pictures.values():
            for region, holes in regions.items():
                atoms = np.concatenate([np.zeros(0, int), *holes.atoms])
                columns[f"{what}_{region}"] = np.bincount(atoms, minlength=n)
    for regions in inverse.rings.values():
        for region, rings in regions.items():
            atoms = np.concatenate([np.zeros(0, int), *rings.supercluster])
            columns[f"superclusters_{region}"] = np.bincount(atoms, minlength=n)
    return columns
