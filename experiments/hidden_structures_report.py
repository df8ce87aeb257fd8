"""What `hidden_structures.py` prints, draws and writes."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tdaglass import glass, io, plot
from tdaglass.configuration import Configuration
from tdaglass.statistics import mean_and_error

SCORES = {"p_red": "P_red", "averaged": "averaged P_red", "energy": "smoothed energy"}
TITLES = {"p_red": r"$P_\mathrm{red}$", "averaged": r"averaged $P_\mathrm{red}$"}
# Kob-Andersen 3D, N = 4096, T = 0.44, A particles, Pearson at the alpha time, of other methods (GlassBench,
# G. Jung et al.); all but the first are supervised.
PUBLISHED = {"potential energy": 0.507, "BOTAN": 0.755, "GlassMLP": 0.768, "CAGE": 0.779, "SE(3)": 0.815}


def report(settings: Any, run: Any, liquids: list, scores: list, correlations: list) -> None:
    """Print the tables; write arrays, curves, particles and figures into the run's folder."""
    names = species_names(liquids[0].configuration)
    metrics = {
        label(liquid): summary(liquid, s, c, names)
        for liquid, s, c in zip(liquids, scores, correlations, strict=True)
    }
    print_tables(settings, liquids, correlations, metrics, names)
    run.save_metrics(metrics)
    save(run, liquids, scores, correlations, names)
    draw(settings, run, liquids, scores, correlations, names)
    print(f"\neverything is in {run.folder}\n  particles for OVITO: particles-*.xyz\n  curves: curves.csv")
    for figure in sorted(run.folder.glob("figures/*.png")):
        print(f"  figure: {figure}")


def label(liquid: Any) -> str:
    return "data" if liquid.temperature is None else f"T = {liquid.temperature:g}"


def species_names(configuration: Configuration) -> tuple[str, ...]:
    return tuple("ABCDEFGH"[: int(np.max(configuration.species)) + 1])


def or_dash(value: float | None) -> str:
    """A number to one decimal; a dash where it could not be measured."""
    return "-" if value is None else f"{value:.1f}"


def mean_p_red(liquid: Any, p_red: np.ndarray, s: int) -> tuple[float, float]:
    """Mean P_red of a species, and its standard error over configurations."""
    of = np.asarray(liquid.configuration.species) == s
    mean, error = mean_and_error(np.array([p[mask].mean() for p, mask in zip(p_red, of, strict=True)]))
    return float(mean), float(error)


def summary(liquid: Any, scores: Any, correlations: dict, names: tuple[str, ...]) -> dict[str, Any]:
    """Figures of merit of one liquid."""
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


def print_tables(
    settings: Any, liquids: list, correlations: list, metrics: dict, names: tuple[str, ...]
) -> None:
    simulated = settings.data is None
    if simulated:
        print(
            f"\n{settings.system}, N = {settings.n}, {settings.configurations} configurations per temperature,"
        )
        print(f"{settings.replicas} isoconfigurational runs each; times in units of the model\n")
        print(f"{'':10}{'tau_alpha':>16}{'beta':>7}{'q':>7}{'diffusion time':>16}{'equilibrated for':>18}")
        for liquid, tau in zip(liquids, settings.relaxation_times, strict=True):
            fit = liquid.relaxation
            if fit is None:
                print(f"{label(liquid):10}{'not relaxed: try a longer observation':>64}")
                continue
            waited = settings.equilibration * tau / fit.tau
            print(
                f"{label(liquid):10}{fit.tau:>9.2f} ± {fit.standard_errors[1]:<5.2f}{fit.beta:>6.2f}"
                f"{liquid.wave_number:>7.2f}{or_dash(liquid.diffusion_time):>16}{waited:>11.0f} tau_alpha"
            )
            if waited < 10:
                print(f"{'':10}less than ten relaxation times: try a larger relaxation time in the settings")
    print("\nlargest rank correlation with the propensity, mean over configurations ± standard error")
    unit = "t / tau_alpha" if simulated else "time"
    print(f"{'':10}{'':9}{'score':17}{'Spearman':>16}{'Pearson':>16}{unit:>15}{'mean P_red':>18}")
    for liquid in liquids:
        for name in names:
            row = metrics[label(liquid)][name]
            mean = f"{row['mean_p_red']:.3f} ± {row['mean_p_red_error']:.3f}"
            if not any(correlations):
                print(f"{label(liquid):10}{'species ' + name:9}{'no propensities given':>64}{mean:>18}")
            for score in correlations[0]:
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
    if not simulated and settings.system == "kob_andersen_3d" and liquids[0].temperature == 0.44:
        print("\npublished for this liquid (N = 4096, A particles, Pearson at the alpha time):")
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in PUBLISHED.items()))
        print("  all but the potential energy were trained on propensities; P_red never saw any")


def save(run: Any, liquids: list, scores: list, correlations: list, names: tuple[str, ...]) -> None:
    """arrays.npz, curves.csv, and one extxyz file per liquid with a column for each score."""
    arrays: dict[str, np.ndarray] = {}
    measures = ("spearman", "spearman_error", "pearson", "pearson_error")
    rows = curves(liquids, correlations, names)
    run.save_table("curves.csv", ("liquid", "species", "score", "time", *measures), rows)
    for liquid, s, correlation in zip(liquids, scores, correlations, strict=True):
        name = label(liquid).replace(" = ", "")
        columns = {k: v for k, v in s._asdict().items() if v is not None}
        arrays |= {f"{name}/{k}": v for k, v in columns.items()}
        arrays |= {f"{name}/{k}/spearman": c.spearman for k, c in correlation.items()}
        if liquid.times is not None:
            arrays[f"{name}/times"] = liquid.times
        if correlation:
            arrays[f"{name}/propensity"] = liquid.propensity
            columns["propensity"] = liquid.propensity[:, peak_time(correlation)]
        io.write(run.folder / f"particles-{name}.xyz", liquid.configuration, columns, species_names=names)
    run.save_arrays(**arrays)


def curves(liquids: list, correlations: list, names: tuple[str, ...]) -> Iterator[tuple]:
    """Correlations with the propensity against time: rows of a table."""
    for liquid, correlation in zip(liquids, correlations, strict=True):
        times = [""] if liquid.times is None else liquid.times
        for score, (spearman, pearson) in correlation.items():
            for s, name in enumerate(names):
                columns = (*mean_and_error(spearman[:, s]), *mean_and_error(pearson[:, s]))
                for t, *values in zip(times, *columns, strict=True):
                    yield label(liquid), name, score, t, *values


def peak_time(correlation: dict) -> int:
    """Index of the time at which the averaged score tells most about the more numerous species."""
    return int(np.argmax(np.abs(correlation["averaged"].spearman[:, 0].mean(0))))


def draw(
    settings: Any, run: Any, liquids: list, scores: list, correlations: list, names: tuple[str, ...]
) -> None:
    """Correlation curves, snapshots, mean P_red."""
    if all(correlations) and liquids[0].times is not None and len(liquids[0].times) > 2:
        panels = {
            f"{TITLES[score]}, species {name}": {
                label(liquid): plot.Curve(liquid.times, *mean_and_error(correlation[score].spearman[:, s]))
                for liquid, correlation in zip(liquids, correlations, strict=True)
            }
            for score in TITLES
            for s, name in enumerate(names)
        }
        taus = {label(x): x.relaxation.tau for x in liquids if x.relaxation is not None}
        figure = plot.correlation_against_time(panels, relaxation_times=taus or None)
        plot.save_figure(figure, run.figure_path("correlation"))
    coldest, of_coldest = liquids[-1], scores[-1]
    shown = {title: getattr(of_coldest, score)[0] for score, title in TITLES.items()}
    if coldest.propensity is not None:
        shown[r"propensity / $\sigma$"] = coldest.propensity[0, peak_time(correlations[-1])]
    one = Configuration(*(np.asarray(x)[0] for x in coldest.configuration))
    sigma = getattr(glass, settings.system)().table("sigma").diagonal()
    diameters = sigma if len(sigma) == len(names) else np.ones(len(names))
    plot.save_figure(plot.snapshot(one, shown, diameters=diameters), run.figure_path("snapshot"))
    if len(liquids) > 1:
        temperatures = [x.temperature for x in liquids]
        means = {
            name: np.array([mean_p_red(x, s.p_red, k) for x, s in zip(liquids, scores, strict=True)]).T
            for k, name in enumerate(names)
        }
        curves = {name: plot.Curve(temperatures, *m) for name, m in means.items()}
        if all(x.relaxation is not None for x in liquids):
            tau_alpha = [x.relaxation.tau for x in liquids]
            figure = plot.mean_score(curves, {name: plot.Curve(tau_alpha, *m) for name, m in means.items()})
        else:
            figure = plot.mean_score(curves)
        plot.save_figure(figure, run.figure_path("mean-p-red"))
