"""What `hidden_structures.py` prints, draws and writes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from hidden_structures_clusters import FAMILY, cluster_rows, populations
from hidden_structures_figures import draw, label, mean_p_red, propensity_at
from hidden_structures_records import Analysed, Liquid, Settings, Simulation, peak_time
from reporting import print_files

from tdaglass import io, structure
from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

# Clusters that are printed, of the slow ones and of the fast ones.
STRONGEST = 4
SCORES = {"p_red": "P_red", "averaged": "averaged P_red", "energy": "smoothed energy"}
# Kob-Andersen 3D, N = 4096, T = 0.44, A particles, Pearson at the alpha time, of other methods (GlassBench,
# G. Jung et al.); all but the first are supervised.
PUBLISHED = {"potential energy": 0.507, "BOTAN": 0.755, "GlassMLP": 0.768, "CAGE": 0.779, "SE(3)": 0.815}


def report(settings: Settings, run: Run, analysed: list[Analysed]) -> None:
    """Print the tables; write arrays, curves, particles and figures into the run's folder."""
    names = species_names(analysed[0].liquid.configuration)
    metrics = {label(one.liquid): summary(one, names) for one in analysed}
    if settings.data is None:
        print_relaxation(settings.simulation, [one.liquid for one in analysed])
        print_pressures([one.liquid for one in analysed])
    print_correlations(settings, analysed, metrics, names)
    print_clusters(analysed[-1], names)
    run.save_metrics(metrics)
    save(run, analysed, names)
    draw(settings, run, analysed, names)
    files = ["particles for OVITO: particles-*.xyz", "curves: curves.csv"]
    print_files(run, *files, *(["clusters of all types: clusters.csv"] if analysed[0].clusters else []))


def species_names(configuration: Configuration) -> tuple[str, ...]:
    return tuple("ABCDEFGH"[: int(np.max(configuration.species)) + 1])


def with_error(value: float, error: float) -> str:
    """A mean and its standard error, of a single configuration the value alone."""
    return f"{value:.3f} ± {error:.3f}" if np.isfinite(error) else f"{value:.3f}"


def or_dash(value: float | None) -> str:
    """A number to one decimal; a dash where it could not be measured."""
    return "-" if value is None else f"{value:.1f}"


def summary(one: Analysed, names: tuple[str, ...]) -> dict[str, Any]:
    """Figures of merit of one liquid."""
    liquid, scores, correlations, _ = one
    out: dict[str, Any] = {liquid.control.word.replace(" ", "_"): liquid.value}
    if liquid.relaxation is not None:
        out |= {
            "tau_alpha": liquid.relaxation.tau,
            "tau_alpha_error": liquid.relaxation.standard_errors[1],
            "beta": liquid.relaxation.beta,
            "wave_number": liquid.wave_number,
            "diffusion_time": liquid.diffusion_time,
        }
    if liquid.compressibility is not None:
        found, expected = liquid.compressibility
        z, z_error = mean_and_error(found)
        out |= {"compressibility": z, "compressibility_error": z_error, "compressibility_expected": expected}
    for s, name in enumerate(names):
        mean, error = mean_p_red(liquid, scores.p_red, s)
        out[name] = {"mean_p_red": mean, "mean_p_red_error": error}
        for score, correlation in correlations.items():
            (rho, rho_error), (r, r_error) = (mean_and_error(c[:, s]) for c in correlation)
            # The time at which the correlation is largest, in either sense.
            peak = int(np.argmax(np.abs(rho)))
            out[name][score] = {
                "spearman": rho[peak],
                "spearman_error": rho_error[peak],
                "pearson": r[peak],
                "pearson_error": r_error[peak],
                "time": None if liquid.times is None else liquid.times[peak],
            }
    return out


def print_relaxation(simulation: Simulation, liquids: list[Liquid]) -> None:
    """What was simulated, how fast it relaxes, and whether it was given the time to."""
    print(
        f"\n{simulation.system}, N = {simulation.n}, {simulation.configurations} configurations per "
        f"{simulation.control.word},"
    )
    print(f"{simulation.replicas} isoconfigurational runs each; times in units of the model\n")
    print(f"{'':12}{'tau_alpha':>16}{'beta':>7}{'q':>7}{'diffusion time':>16}{'equilibrated for':>18}")
    for liquid, tau in zip(liquids, simulation.relaxation_times, strict=True):
        fit = liquid.relaxation
        if fit is None:
            print(f"{label(liquid):12}{'not relaxed: try a longer observation':>64}")
            continue
        waited = simulation.equilibration * tau / fit.tau
        print(
            f"{label(liquid):12}{fit.tau:>9.2f} ± {fit.standard_errors[1]:<5.2f}{fit.beta:>6.2f}"
            f"{liquid.wave_number:>7.2f}{or_dash(liquid.diffusion_time):>16}{waited:>11.0f} tau_alpha"
        )
        if waited < 10:
            print(f"{'':12}less than ten relaxation times: try a larger relaxation time in the settings")


def print_pressures(liquids: list[Liquid]) -> None:
    """Whether hard spheres are in equilibrium, as far as their collisions say it."""
    measured = [(label(x), *x.compressibility) for x in liquids if x.compressibility is not None]
    if not measured:
        return
    print("\nP V / N k T from the collisions, mean over configurations ± standard error\n")
    print(f"{'':12}{'measured':>18}{'equation of state':>20}")
    for name, found, expected in measured:
        mean, error = (float(x) for x in mean_and_error(found))
        print(f"{name:12}{with_error(mean, error):>18}{expected:>20.3f}{mean / expected - 1:>+10.2%}")
    print("necessary for equilibrium, and met before it: see also for how long it was equilibrated")


def print_correlations(
    settings: Settings, analysed: list[Analysed], metrics: dict[str, dict[str, Any]], names: tuple[str, ...]
) -> None:
    """Which score foretells the motion, when, and how well."""
    print("\nlargest rank correlation with the propensity, mean over configurations ± standard error")
    relaxed = all(one.liquid.relaxation is not None for one in analysed)
    unit = "t / tau_alpha" if relaxed else "time"
    print(f"{'':12}{'':9}{'score':17}{'Spearman':>16}{'Pearson':>16}{unit:>15}{'mean P_red':>18}")
    for liquid, _, correlations, _ in analysed:
        for name in names:
            row = metrics[label(liquid)][name]
            mean = with_error(row["mean_p_red"], row["mean_p_red_error"])
            if not correlations:
                print(f"{label(liquid):12}{'species ' + name:9}{'no propensities given':>64}{mean:>18}")
            for score in correlations:
                at = row[score]["time"]
                if at is not None and relaxed and liquid.relaxation is not None:
                    at /= liquid.relaxation.tau
                print(
                    f"{label(liquid):12}{'species ' + name:9} {SCORES[score]:16}"
                    f"{with_error(row[score]['spearman'], row[score]['spearman_error']):>16}"
                    f"{with_error(row[score]['pearson'], row[score]['pearson_error']):>16}"
                    f"{'' if at is None else format(at, '.2f'):>15}{mean:>18}"
                )
                mean = ""
    first = analysed[0].liquid
    public = settings.data is not None and settings.simulation.system == "kob_andersen_3d"
    # Published numbers are means over many configurations: they say nothing about one.
    if public and first.value == 0.44 and len(first.configuration.species) > 1 and correlations:
        print("\npublished for this liquid (N = 4096, A particles, Pearson at the alpha time):")
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in PUBLISHED.items()))
        print("  all but the potential energy were trained on propensities; P_red never saw any")


def print_clusters(one: Analysed, names: tuple[str, ...]) -> None:
    """Which clusters slow particles are part of, and which fast ones: the strongest few."""
    for parameter, of_particle, correlations in one.clusters:
        scores, members = [*correlations], populations(one.liquid, of_particle)
        moved = f", and {propensity_at(one)}" if "propensity" in scores else ""
        print(f"\nrank correlation of P_red{moved}, with the number of clusters a particle is part of")
        print(
            f"{label(one.liquid)}, bonds of f_c = {parameter:g}, mean over configurations ± standard error\n"
        )
        heads = "".join(f"{SCORES.get(score, score):>16}" for score in scores)
        print(f"{'':12}{'cluster':9}{'family':13}{heads}{'members':>10}")
        for s, name in enumerate(names):
            found = {score: mean_and_error(correlations[score].spearman[:, s]) for score in scores}
            # Of what is in every configuration.
            everywhere = np.flatnonzero(np.isfinite(correlations[scores[-1]].spearman[:, s]).all(0))
            order = everywhere[np.argsort(found[scores[-1]][0][everywhere])]
            for k in [*order[:STRONGEST], *order[max(STRONGEST, len(order) - STRONGEST) :]]:
                cluster = structure.CLUSTER_NAMES[k]
                values = "".join(f"{with_error(mean[k], error[k]):>16}" for mean, error in found.values())
                family = FAMILY.get(cluster, "others")
                print(f"{'species ' + name:12}{cluster:9}{family:13}{values}{members[s, k]:>10.1%}")


def save(run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """arrays.npz, curves.csv, and one extxyz file per liquid with a column for each score."""
    measures = ("spearman", "spearman_error", "pearson", "pearson_error")
    run.save_table(
        "curves.csv", ("liquid", "species", "score", "time", *measures), curve_rows(analysed, names)
    )
    if analysed[0].clusters:
        header = ("liquid", "f_c", "species", "cluster", "family", "score", *measures[:2], "members")
        rows = (
            row
            for one in analysed
            for row in cluster_rows(label(one.liquid), one.liquid, one.clusters, names)
        )
        run.save_table("clusters.csv", header, rows)
    arrays: dict[str, np.ndarray] = {}
    for liquid, scores, correlations, clusters in analysed:
        name = label(liquid).replace(" = ", "")
        columns = {k: v for k, v in scores._asdict().items() if v is not None}
        arrays |= {f"{name}/{k}": v for k, v in columns.items()}
        arrays |= {f"{name}/{k}/spearman": c.spearman for k, c in correlations.items()}
        if liquid.times is not None:
            arrays[f"{name}/times"] = liquid.times
        if liquid.propensity is not None:
            arrays[f"{name}/propensity"] = liquid.propensity
            columns["propensity"] = liquid.propensity[:, peak_time(liquid, correlations)]
        for parameter, of_particle, found in clusters:
            arrays[f"{name}/clusters-{parameter:g}"] = of_particle
            arrays |= {f"{name}/clusters-{parameter:g}/{k}/spearman": c.spearman for k, c in found.items()}
        # Of types that belong to no family few particles are part.
        columns |= {
            f"clusters_{cluster}": of[:, structure.CLUSTER_NAMES.index(cluster)]
            for _, of, _ in clusters[:1]
            for cluster in FAMILY
        }
        io.write(run.folder / f"particles-{name}.xyz", liquid.configuration, columns, species_names=names)
    run.save_arrays(**arrays)


def curve_rows(analysed: list[Analysed], names: tuple[str, ...]) -> Iterator[tuple]:
    """Correlations with the propensity against time: rows of a table."""
    for liquid, _, correlations, _ in analysed:
        times = [""] if liquid.times is None else liquid.times
        for score, (spearman, pearson) in correlations.items():
            for s, name in enumerate(names):
                columns = (*mean_and_error(spearman[:, s]), *mean_and_error(pearson[:, s]))
                for t, *values in zip(times, *columns, strict=True):
                    yield label(liquid), name, score, t, *values
