"""What `hidden_structures.py` prints, draws and writes."""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from hidden_structures_records import MODELS, Analysed, Correlations, Liquid, Settings, Simulation
from matplotlib.figure import Figure
from reporting import print_files

from tdaglass import io, plot
from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

SCORES = {"p_red": "P_red", "averaged": "averaged P_red", "energy": "smoothed energy"}
TITLES = {"p_red": r"$P_\mathrm{red}$", "averaged": r"averaged $P_\mathrm{red}$"}
# Kob-Andersen 3D, N = 4096, T = 0.44, A particles, Pearson at the alpha time, of other methods (GlassBench,
# G. Jung et al.); all but the first are supervised.
PUBLISHED = {"potential energy": 0.507, "BOTAN": 0.755, "GlassMLP": 0.768, "CAGE": 0.779, "SE(3)": 0.815}


def report(settings: Settings, run: Run, analysed: list[Analysed]) -> None:
    """Print the tables; write arrays, curves, particles and figures into the run's folder."""
    names = species_names(analysed[0].liquid.configuration)
    metrics = {label(one.liquid): summary(one, names) for one in analysed}
    if settings.data is None:
        print_relaxation(settings.simulation, [one.liquid for one in analysed])
    print_correlations(settings, analysed, metrics, names)
    run.save_metrics(metrics)
    save(run, analysed, names)
    draw(settings, run, analysed, names)
    print_files(run, "particles for OVITO: particles-*.xyz", "curves: curves.csv")


def label(liquid: Liquid) -> str:
    return "data" if liquid.temperature is None else f"T = {liquid.temperature:g}"


def species_names(configuration: Configuration) -> tuple[str, ...]:
    return tuple("ABCDEFGH"[: int(np.max(configuration.species)) + 1])


def or_dash(value: float | None) -> str:
    """A number to one decimal; a dash where it could not be measured."""
    return "-" if value is None else f"{value:.1f}"


def mean_p_red(liquid: Liquid, p_red: np.ndarray, s: int) -> tuple[float, float]:
    """Mean P_red of a species, and its standard error over configurations."""
    of = np.asarray(liquid.configuration.species) == s
    mean, error = mean_and_error(np.array([p[mask].mean() for p, mask in zip(p_red, of, strict=True)]))
    return float(mean), float(error)


def summary(one: Analysed, names: tuple[str, ...]) -> dict[str, Any]:
    """Figures of merit of one liquid."""
    liquid, scores, correlations = one
    out: dict[str, Any] = {"temperature": liquid.temperature}
    if liquid.relaxation is not None:
        out |= {
            "tau_alpha": liquid.relaxation.tau,
            "tau_alpha_error": liquid.relaxation.standard_errors[1],
            "beta": liquid.relaxation.beta,
            "wave_number": liquid.wave_number,
            "diffusion_time": liquid.diffusion_time,
        }
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
        f"\n{simulation.system}, N = {simulation.n}, {simulation.configurations} configurations per temperature,"
    )
    print(f"{simulation.replicas} isoconfigurational runs each; times in units of the model\n")
    print(f"{'':10}{'tau_alpha':>16}{'beta':>7}{'q':>7}{'diffusion time':>16}{'equilibrated for':>18}")
    for liquid, tau in zip(liquids, simulation.relaxation_times, strict=True):
        fit = liquid.relaxation
        if fit is None:
            print(f"{label(liquid):10}{'not relaxed: try a longer observation':>64}")
            continue
        waited = simulation.equilibration * tau / fit.tau
        print(
            f"{label(liquid):10}{fit.tau:>9.2f} ± {fit.standard_errors[1]:<5.2f}{fit.beta:>6.2f}"
            f"{liquid.wave_number:>7.2f}{or_dash(liquid.diffusion_time):>16}{waited:>11.0f} tau_alpha"
        )
        if waited < 10:
            print(f"{'':10}less than ten relaxation times: try a larger relaxation time in the settings")


def print_correlations(
    settings: Settings, analysed: list[Analysed], metrics: dict[str, dict[str, Any]], names: tuple[str, ...]
) -> None:
    """Which score foretells the motion, when, and how well."""
    print("\nlargest rank correlation with the propensity, mean over configurations ± standard error")
    unit = "t / tau_alpha" if settings.data is None else "time"
    print(f"{'':10}{'':9}{'score':17}{'Spearman':>16}{'Pearson':>16}{unit:>15}{'mean P_red':>18}")
    for liquid, _, correlations in analysed:
        for name in names:
            row = metrics[label(liquid)][name]
            mean = f"{row['mean_p_red']:.3f} ± {row['mean_p_red_error']:.3f}"
            if not correlations:
                print(f"{label(liquid):10}{'species ' + name:9}{'no propensities given':>64}{mean:>18}")
            for score in correlations:
                at = row[score]["time"]
                if at is not None and liquid.relaxation is not None:
                    at /= liquid.relaxation.tau
                print(
                    f"{label(liquid):10}{'species ' + name:9} {SCORES[score]:16}"
                    f"{row[score]['spearman']:>8.3f} ± {row[score]['spearman_error']:.3f}"
                    f"{row[score]['pearson']:>8.3f} ± {row[score]['pearson_error']:.3f}"
                    f"{'' if at is None else format(at, '.2f'):>15}{mean:>18}"
                )
                mean = ""
    public = settings.data is not None and settings.simulation.system == "kob_andersen_3d"
    if public and analysed[0].liquid.temperature == 0.44:
        print("\npublished for this liquid (N = 4096, A particles, Pearson at the alpha time):")
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in PUBLISHED.items()))
        print("  all but the potential energy were trained on propensities; P_red never saw any")


def save(run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """arrays.npz, curves.csv, and one extxyz file per liquid with a column for each score."""
    measures = ("spearman", "spearman_error", "pearson", "pearson_error")
    run.save_table(
        "curves.csv", ("liquid", "species", "score", "time", *measures), curve_rows(analysed, names)
    )
    arrays: dict[str, np.ndarray] = {}
    for liquid, scores, correlations in analysed:
        name = label(liquid).replace(" = ", "")
        columns = scores._asdict()
        arrays |= {f"{name}/{k}": v for k, v in columns.items()}
        arrays |= {f"{name}/{k}/spearman": c.spearman for k, c in correlations.items()}
        if liquid.times is not None:
            arrays[f"{name}/times"] = liquid.times
        if liquid.propensity is not None:
            arrays[f"{name}/propensity"] = liquid.propensity
            columns["propensity"] = liquid.propensity[:, peak_time(correlations)]
        io.write(run.folder / f"particles-{name}.xyz", liquid.configuration, columns, species_names=names)
    run.save_arrays(**arrays)


def curve_rows(analysed: list[Analysed], names: tuple[str, ...]) -> Iterator[tuple]:
    """Correlations with the propensity against time: rows of a table."""
    for liquid, _, correlations in analysed:
        times = [""] if liquid.times is None else liquid.times
        for score, (spearman, pearson) in correlations.items():
            for s, name in enumerate(names):
                columns = (*mean_and_error(spearman[:, s]), *mean_and_error(pearson[:, s]))
                for t, *values in zip(times, *columns, strict=True):
                    yield label(liquid), name, score, t, *values


def peak_time(correlations: Correlations) -> int:
    """Index of the time at which the averaged score tells most about the more numerous species."""
    return int(np.argmax(np.abs(correlations["averaged"].spearman[:, 0].mean(0))))


def draw(settings: Settings, run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """Correlation curves, snapshots, mean P_red."""
    liquids = [one.liquid for one in analysed]
    taus = {label(x): x.relaxation.tau for x in liquids if x.relaxation is not None}
    curves = {
        f"{TITLES[score]}, species {name}": {
            label(liquid): plot.Curve(liquid.times, *mean_and_error(correlations[score].spearman[:, s]))
            for liquid, _, correlations in analysed
            if correlations and liquid.times is not None and len(liquid.times) > 2
        }
        for score in TITLES
        for s, name in enumerate(names)
    }
    if all(curves.values()):
        figure = plot.correlation_against_time(curves, relaxation_times=taus or None)
        plot.save_figure(figure, run.figure_path("correlation"))
    plot.save_figure(draw_snapshot(settings, analysed[-1], names), run.figure_path("snapshot"))
    if len(analysed) > 1:
        means = {
            name: np.array([mean_p_red(x.liquid, x.scores.p_red, k) for x in analysed]).T
            for k, name in enumerate(names)
        }
        tau_alpha = [x.relaxation.tau for x in liquids if x.relaxation is not None]
        against = [np.array([x.temperature for x in liquids], float)]
        if len(tau_alpha) == len(liquids):
            against.append(np.array(tau_alpha))
        panels = [{name: plot.Curve(x, *m) for name, m in means.items()} for x in against]
        plot.save_figure(plot.mean_score(*panels), run.figure_path("mean-p-red"))


def draw_snapshot(settings: Settings, one: Analysed, names: tuple[str, ...]) -> Figure:
    """The scores of the first configuration, beside what its particles do."""
    liquid, scores, correlations = one
    shown = {title: getattr(scores, score)[0] for score, title in TITLES.items()}
    if liquid.propensity is not None:
        shown[r"propensity / $\sigma$"] = liquid.propensity[0, peak_time(correlations)]
    first: Configuration = jax.tree.map(lambda x: np.asarray(x)[0], liquid.configuration)
    sigma = MODELS[settings.simulation.system](len(first.species)).table("sigma").diagonal()
    return plot.snapshot(first, shown, diameters=sigma if len(sigma) == len(names) else np.ones(len(names)))
