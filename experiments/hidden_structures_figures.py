"""What `hidden_structures.py` draws, each figure with its caption."""

from typing import Any

import jax
import numpy as np
from hidden_structures_clusters import cluster_cutoff, families
from hidden_structures_records import Analysed, Liquid, Settings, peak_time
from hidden_structures_substances import SUBSTANCES
from scipy.stats import rankdata

from tdaglass import plot, structure
from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

TITLES = {"p_red": r"$P_\mathrm{red}$", "averaged": r"averaged $P_\mathrm{red}$", "energy": "smoothed energy"}
SCATTERING = {
    "self": ("Self-intermediate scattering function", r"$F_s(q, t)$"),
    "total": ("Intermediate scattering function (the total one)", r"$F(q, t) / F(q, 0)$"),
}


def draw(settings: Settings, run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """Relaxation, correlation against time, a snapshot, and the mean score."""
    draw_relaxation(settings, run, [one.liquid for one in analysed])
    draw_correlations(settings, run, analysed, names)
    draw_snapshot(settings, run, analysed[-1], names)
    draw_clusters(settings, run, analysed[-1], names)
    if len(analysed) > 1:
        draw_mean_p_red(settings, run, analysed, names)


def label(liquid: Liquid) -> str:
    return "data" if liquid.value is None else f"{liquid.control.symbol} = {liquid.value:g}"


def samples(settings: Settings, liquid: Liquid) -> str:
    """How much stands behind the numbers."""
    count, n = liquid.configuration.species.shape
    source = settings.simulation.system if settings.data is None else settings.data.name
    return f"{source}, N = {n}, {count} configuration{'s' if count > 1 else ''}"


def time_unit(settings: Settings) -> str:
    """In TeX; of unknown liquids, that of Lennard-Jones."""
    known = SUBSTANCES.get(settings.simulation.system)
    return r"\tau_\mathrm{LJ}" if known is None else known.time_unit


def bands(settings: Settings, liquid: Liquid) -> str:
    """What bands and bars are, if there are any."""
    if len(liquid.configuration.species) < 2:
        return "One configuration: no error is known."
    return "Bands and bars are one standard error of the mean over configurations."


def draw_relaxation(settings: Settings, run: Run, liquids: list[Liquid]) -> None:
    """The scattering functions from which the relaxation times come."""
    curves = {
        label(x): curve(x, x.scattering) for x in liquids if x.times is not None and x.scattering is not None
    }
    if not curves:
        return
    fits = {}
    for liquid in liquids:
        fit, name = liquid.relaxation, label(liquid)
        if fit is not None and liquid.times is not None:
            # The fit begins where the curve first falls below 0.7.
            start = liquid.times[np.argmax(np.asarray(curves[name].y) <= 0.7)]
            t = np.geomspace(start, liquid.times[-1], 200)
            fits[name] = plot.Curve(t, fit.amplitude * np.exp(-((t / fit.tau) ** fit.beta)))
    q = ", ".join(f"{x.wave_number:.2f} at {label(x)}" for x in liquids)
    runs, substance = settings.simulation.replicas, settings.simulation.substance
    name, symbol = SCATTERING[substance.scattering]
    caption = (
        f"{name} of all particles; {samples(settings, liquids[0])} per {substance.control.word}, {runs} "
        f"isoconfigurational runs each, at the first peak of S(q): q = {q} (1/sigma). Bars are "
        "one standard error of the mean over configurations. Lines: the stretched exponentials whose time is "
        "tau_alpha, over the times that were fitted; dotted: 1/e."
    )
    figure = plot.relaxation(
        curves, fits, level=float(np.exp(-1)), time_unit=substance.time_unit, label=symbol
    )
    plot.save_figure(figure, run.figure_path("relaxation"), caption)


def draw_correlations(settings: Settings, run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """Scores against the propensity, with the energy as baseline and the noise of the propensity as ceiling."""
    scores = [score for score in TITLES if score in analysed[0].correlations]
    followed = [one for one in analysed if one.liquid.times is not None and len(one.liquid.times) > 2]
    if not scores or not followed:
        return
    panels, ceilings = {}, {}
    for s, name in enumerate(names):
        for score in scores:
            title = f"{TITLES[score]}, {name}"
            panels[title] = {
                label(one.liquid): curve(one.liquid, one.correlations[score].spearman[:, s])
                for one in followed
            }
            ceilings[title] = {
                label(one.liquid): curve(one.liquid, one.liquid.ceiling[:, s])
                for one in followed
                if one.liquid.ceiling is not None
            }
    taus = {label(one.liquid): one.liquid.relaxation.tau for one in followed if one.liquid.relaxation}
    figure = plot.correlation_against_time(
        panels,
        relaxation_times=taus or None,
        ceilings=ceilings if any(ceilings.values()) else None,
        time_unit=time_unit(settings),
    )
    first = followed[0].liquid
    caption = (
        f"Rank correlation of scores of the structure with the dynamic propensity, within a species; "
        f"{samples(settings, first)} per curve. {bands(settings, first)} P_red is learned without dynamics. "
        "Dotted: tau_alpha."
    )
    if "energy" in scores:
        caption += " The potential energy, smoothed over neighbours, is the baseline."
    if any(ceilings.values()):
        runs = settings.simulation.replicas
        caption += (
            f" Dashed: what a perfect score would reach against a propensity of {runs} runs (of values; of ranks "
            "nearly the same)."
        )
    plot.save_figure(figure, run.figure_path("correlation"), caption)


def curve(liquid: Liquid, values: np.ndarray) -> plot.Curve:
    """Of values (configurations, times), their mean and its error."""
    assert liquid.times is not None
    return plot.Curve(liquid.times, *mean_and_error(values))


def draw_snapshot(settings: Settings, run: Run, one: Analysed, names: tuple[str, ...]) -> None:
    """The scores of the first configuration, beside what its particles do."""
    liquid, scores, correlations, _ = one
    first: Any = jax.tree.map(lambda x: np.asarray(x)[0], liquid.configuration)
    shown = {TITLES[score]: getattr(scores, score)[0] for score in ("p_red", "averaged")}
    moment = ""
    if liquid.propensity is not None:
        shown["propensity"] = liquid.propensity[0, peak_time(liquid, correlations)]
        moment = f", {propensity_at(one)}"
    flat, largest = first.positions.shape[1] == 2, liquid.diameters.max()
    slab = "" if flat else f", slab of {largest:.3g} sigma in the middle of the cell"
    title = f"{label(liquid)}{slab}{moment}"
    ranks = {f"{name}, percentile": percentiles(values, first.species) for name, values in shown.items()}
    figure = plot.snapshot(
        first, ranks, diameters=liquid.diameters, limits=dict.fromkeys(ranks, (0.0, 100.0))
    )
    figure.suptitle(
        title.replace("tau_alpha", r"$\tau_\alpha$").replace("sigma", r"$\sigma$"), fontsize="medium"
    )
    caption = (
        f"One configuration of {samples(settings, liquid).rsplit(',', 1)[0]}: scores of its structure, and what "
        f"its particles do. {title}. Colours are percentiles within each species ({', '.join(names)}), which "
        "differ in both."
    )
    plot.save_figure(figure, run.figure_path("snapshot"), caption)


def propensity_at(one: Analysed) -> str:
    """The propensity that stands for the motion, and of which time it is."""
    liquid, _, correlations, _ = one
    if liquid.times is None:
        return "propensity"
    time = liquid.times[peak_time(liquid, correlations)]
    in_tau = "" if liquid.relaxation is None else f" = {time / liquid.relaxation.tau:.2g} tau_alpha"
    return f"propensity at t = {time:.3g}{in_tau}"


def percentiles(values: np.ndarray, species: np.ndarray) -> np.ndarray:
    """Which share of the particles of the same species has smaller values, 0 to 100."""
    out = np.full(len(values), np.nan)
    for s in np.unique(species):
        of = species == s
        out[of] = 100 * (rankdata(values[of]) - 0.5) / of.sum()
    return out


def draw_clusters(settings: Settings, run: Run, one: Analysed, names: tuple[str, ...]) -> None:
    """Which clusters slow particles are part of, and which fast ones."""
    if not one.clusters:
        return
    rows = families(one.clusters)
    order = [structure.CLUSTER_NAMES.index(name) for of in rows.values() for name in of]
    panels = {}
    for s, name in enumerate(names):
        for parameter, _, correlations in one.clusters:
            panels[f"{name}, $f_c$ = {parameter:g}"] = {
                TITLES.get(score, score): plot.Curve(
                    range(len(order)), *mean_and_error(found.spearman[:, s, order])
                )
                for score, found in correlations.items()
            }
    shown = "P_red" if one.liquid.propensity is None else f"P_red and {propensity_at(one)}"
    caption = (
        f"Rank correlation of {shown} with the number of topological clusters of each type that a particle is "
        f"part of, within a species; {samples(settings, one.liquid)}, {label(one.liquid)}. "
        f"{bands(settings, one.liquid)} Slow particles are part of what stands on the left of zero, fast ones of "
        f"what stands on the right. Bonds are shorter than {cluster_cutoff(settings, [one.liquid]):.3g}, by the "
        "modified Voronoi construction of parameter f_c. Types are those of the topological cluster "
        f"classification, in families, each from slow to fast at f_c = {one.clusters[0].parameter:g}; "
        "those that no particle is part of have no point."
    )
    figure = plot.rows(panels, rows, label="Spearman correlation")
    plot.save_figure(figure, run.figure_path("clusters"), caption)


def draw_mean_p_red(settings: Settings, run: Run, analysed: list[Analysed], names: tuple[str, ...]) -> None:
    """Whether the mean score falls as the liquid slows down."""
    liquids = [one.liquid for one in analysed]
    means = {
        name: np.array([mean_p_red(one.liquid, one.scores.p_red, s) for one in analysed]).T
        for s, name in enumerate(names)
    }
    against = [np.array([x.value for x in liquids], float)]
    if all(x.relaxation for x in liquids):
        against.append(np.array([x.relaxation.tau for x in liquids if x.relaxation]))
    learned = f"{label(liquids[-1])} alone"
    if settings.learned_from == "ends":
        learned = f"{label(liquids[0])} and {label(liquids[-1])} together"
    panels = [{name: plot.Curve(x, *m) for name, m in means.items()} for x in against]
    caption = (
        f"Mean P_red of each species; {samples(settings, liquids[0])} per point. Bars are one standard error of "
        "the mean over configurations. Auto-encoder, mixture and the choice of the red cluster are of "
        f"{learned}; the other {liquids[0].control.word}s are seen through them."
    )
    figure = plot.mean_score(*panels, control=liquids[0].control.axis, time_unit=time_unit(settings))
    plot.save_figure(figure, run.figure_path("mean-p-red"), caption)


def mean_p_red(liquid: Liquid, p_red: np.ndarray, s: int) -> tuple[float, float]:
    """Mean P_red of a species, and its standard error over configurations."""
    of = np.asarray(liquid.configuration.species) == s
    mean, error = mean_and_error(np.array([p[mask].mean() for p, mask in zip(p_red, of, strict=True)]))
    return float(mean), float(error)
