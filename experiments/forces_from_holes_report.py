"""What `forces_from_holes.py` prints and writes."""

from typing import Any

import numpy as np
from forces_from_holes_figures import (
    draw_closely,
    draw_drift,
    draw_learned,
    draw_parity,
    draw_structure,
)
from forces_from_holes_motion import drift
from forces_from_holes_records import KINDS, NAMES, TEACHERS, Results, Settings, unit_of
from reporting import print_files

from tdaglass import plot
from tdaglass.runs import Run

OF_DIMENSION = ("components", "loops", "voids")


def report(settings: Settings, run: Run, results: Results) -> None:
    """Print the tables; write metrics, tables, arrays and figures."""
    scores, moved = scores_of(settings, results), moved_of(settings, results)
    print_scores(settings, results, scores)
    print_moved(settings, moved)
    changes = print_changes(settings, results)
    run.save_metrics(
        {"teacher": TEACHERS[settings.system], "scores": scores, "moved": moved, "changes": changes}
    )
    run.save_table("moved.csv", list(moved[0]), [list(row.values()) for row in moved])
    tested = results.frames.tested
    run.save_arrays(
        **{"forces/teacher": results.frames.forces[tested], "energy/teacher": results.frames.energy[tested]},
        **{f"forces/{name}": score.forces for name, score in results.scores.items()},
        **{f"energy/{name}": score.energy for name, score in results.scores.items()},
        **{f"coefficients/{name}": model.coefficients for name, model in results.models.items()},
        **{f"jump/{name}": jumps.force for name, jumps in results.jumps.items()},
    )
    for name, (figure, caption) in {
        "parity": draw_parity(settings, results),
        "drift": draw_drift(settings, results),
        "jumps": draw_closely(settings, results),
        "structure": draw_structure(settings, results),
        "learned": draw_learned(settings, results),
    }.items():
        plot.save_figure(figure, run.figure_path(name), caption)
    print_files(run)


def scores_of(settings: Settings, results: Results) -> dict[str, dict[str, float]]:
    """Errors of frames that nothing was learned from; standard errors over runs."""
    frames, found = results.frames, {}
    tested, run_of = frames.tested, frames.run[frames.tested]
    for name, score in results.scores.items():
        energy = (score.energy - frames.energy[tested]) / settings.n
        force = score.forces - frames.forces[tested]
        by_run: Any = {"energy": [], "force": []}
        for k in np.unique(run_of):
            by_run["energy"].append(np.sqrt(np.mean(energy[run_of == k] ** 2)))
            by_run["force"].append(np.sqrt(np.mean(force[run_of == k] ** 2)))
        found[name] = {
            "features": len(results.models[name].coefficients),
            "alpha": float(results.models[name].alpha),
            "energy_rmse": float(np.sqrt(np.mean(energy**2))),
            "energy_rmse_error": _error(by_run["energy"]),
            "force_rmse": float(np.sqrt(np.mean(force**2))),
            "force_rmse_error": _error(by_run["force"]),
            "force_correlation": float(
                np.corrcoef(score.forces.ravel(), frames.forces[tested].ravel())[0, 1]
            ),
        }
    return found


def _error(values: Any) -> float:
    """Of the mean; not a number for one value."""
    if len(values) < 2:
        return float("nan")
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def print_scores(settings: Settings, results: Results, scores: dict[str, dict[str, float]]) -> None:
    """The table of errors."""
    frames, tested = results.frames, results.frames.tested
    energy, length, _ = unit_of(settings)
    print(
        f"\nTeacher: {TEACHERS[settings.system]}. {int(np.sum(~tested))} frames of {settings.n} particles to "
        f"learn from, {int(np.sum(tested))} of other runs to test on.\nOf the latter: standard deviation of the "
        f"energies {np.std(frames.energy[tested]) / settings.n:.4f} {energy} a particle, root mean square of a "
        f"component of a force {np.sqrt(np.mean(frames.forces[tested] ** 2)):.3f} {energy}/{length}."
    )
    print(
        f"\n{'root mean square errors':44s}{'features':>9s}{'energy a particle':>22s}{'force':>18s}{'r':>9s}"
    )
    for name, row in scores.items():
        print(
            f"{NAMES[name]:44s}{row['features']:9d}{row['energy_rmse']:12.5f} ± {row['energy_rmse_error']:.5f}"
            f"{row['force_rmse']:10.3f} ± {row['force_rmse_error']:.3f}{row['force_correlation']:9.4f}"
        )


def moved_of(settings: Settings, results: Results) -> list[dict[str, Any]]:
    """What NVE runs did, a row for each."""
    rows = []
    for (name, dt), motion in results.motions.items():
        away = drift(motion) / settings.n
        half = motion.temperature.shape[1] // 2
        rows.append(
            {
                "forces": name,
                "time_step": dt,
                "energy_rms": float(np.mean(away)),
                "energy_rms_error": _error(away),
                "net_change": float(np.mean(motion.energy[:, -1] - motion.energy[:, 0])) / settings.n,
                "temperature": float(np.mean(motion.temperature[:, half:])),
                "nearest": float(np.min(motion.nearest)),
                "milliseconds": 1e3 * float(motion.seconds),
            }
        )
    return rows


def print_moved(settings: Settings, moved: list[dict[str, Any]]) -> None:
    """The table of NVE runs."""
    energy, length, time = unit_of(settings)
    print(
        f"\nNVE, {settings.starts} starts, {settings.time:g} {time}: total energy about its first, rms, and its "
        f"net change, both of a particle ({energy}); temperature as an energy, of the second half; least "
        f"distance ({length}); processor time for a step of one system"
    )
    print(f"{'forces of':28s}{'dt':>9s}{'rms':>22s}{'net':>11s}{'T':>8s}{'least':>8s}{'ms':>8s}")
    for row in moved:
        print(
            f"{NAMES[row['forces']]:28s}{row['time_step']:9g}"
            f"{row['energy_rms']:11.2e} ± {row['energy_rms_error']:.1e}"
            f"{row['net_change']:11.1e}{row['temperature']:8.3f}{row['nearest']:8.3f}{row['milliseconds']:8.2f}"
        )


def print_changes(settings: Settings, results: Results) -> dict[str, Any]:
    """How often pairs change, and what energy and forces do there."""
    changes, (_, _, time) = results.changes, unit_of(settings)
    rates = changes.counts / changes.time / changes.pairs[:, None]
    print(f"\nChanges of a pair's simplices, for a pair and 1 {time} (over {float(changes.time):.3g}):")
    for k, dimension in enumerate(settings.dimensions):
        told = ", ".join(f"{kind} {rate:.3g}" for kind, rate in zip(KINDS, rates[k], strict=True))
        print(f"  {OF_DIMENSION[dimension]} ({changes.pairs[k]:.0f}): {told}")
    force = np.sqrt(np.mean(np.sum(results.frames.forces[results.frames.tested] ** 2, -1)))
    found: dict[str, Any] = {"rates": rates.tolist()}
    print("Jumps there, median and greatest; of forces over the root mean square force of a particle:")
    for name, jumps in results.jumps.items():
        for k, kind in enumerate(KINDS):
            of_kind = jumps.kind == k
            if not of_kind.any():
                continue
            energy, jump = jumps.energy[of_kind], jumps.force[of_kind] / force
            row: dict[str, Any] = {
                "events": int(of_kind.sum()),
                "energy": [float(np.median(energy)), float(energy.max())],
                "force": [float(np.median(jump)), float(jump.max())],
            }
            found[f"{name}, {kind}"] = row
            print(
                f"  {NAMES[name]:28s}{kind:24s}{row['events']:4d}   energy {row['energy'][0]:.1e}, "
                f"{row['energy'][1]:.1e}   force {row['force'][0]:.1e}, {row['force'][1]:.1e}"
            )
    return found
