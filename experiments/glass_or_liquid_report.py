"""What `glass_or_liquid.py` prints, draws and writes."""

from typing import Any, NamedTuple

import jax
import numpy as np
from glass_or_liquid_records import GLASS, KINDS, MODELS, PRESETS, Fields, Motion, Results, Settings
from reporting import print_files

from tdaglass import io, plot
from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.statistics import correlation, mean_and_error

# Names of the fields, and of the three comparisons between them.
TITLES = {"grad_cam": "Grad-CAM", "area": "Voronoi area", "packing": r"$1 - \Theta$"}
PLAIN = {"grad_cam": "Grad-CAM", "area": "Voronoi area", "packing": "1 - Theta"}
COMPARISONS = (("grad_cam", "area"), ("grad_cam", "packing"), ("packing", "area"))


class Published(NamedTuple):
    """By Oyama, Koyama and Kawasaki, Front. Phys. 10, 1007861 (2022); a sign where they give no number."""

    correlations: dict[tuple[str, str], str]  # mean Pearson of glasses
    motion: str  # the strongest with 1 - Delta
    accuracy: str
    t_star: str


PUBLISHED = {
    "additive_mixture_2d": Published(
        {("grad_cam", "area"): "0.552", ("grad_cam", "packing"): "0.403", ("packing", "area"): "0.355"},
        motion="0.61",
        accuracy="1.00",
        t_star="1.0",
    ),
    "kob_andersen_2d": Published(
        {
            ("grad_cam", "area"): "negative",
            ("grad_cam", "packing"): "negative, weaker",
            ("packing", "area"): "-",
        },
        motion="0.68",
        accuracy="1.00",
        t_star="0.37",
    ),
}
# Correlations between two fields, (2, trainings, configurations): Pearson's, then Spearman's.
Comparisons = dict[tuple[str, str], np.ndarray]
# Of each field with stillness, (glasses, times).
Followed = dict[str, np.ndarray]
# In which the default preset differs from the published protocol.
PROTOCOL = ("n", "quenches", "hot", "liquid", "rate", "epochs", "replicas", "observation")


def report(settings: Settings, run: Run, results: Results) -> None:
    """Print the tables; write arrays, curves, particles and figures into the run's folder."""
    glasses = results.fields[GLASS]
    compared = {kind: compare(of) for kind, of in zip(KINDS, results.fields, strict=True)}
    followed = [{name: follow(glasses, name, motion) for name in TITLES} for motion in results.motions]
    metrics = {
        "accuracy": {f"training {k + 1}": float(r.mean()) for k, r in enumerate(results.right)},
        "T*": characteristic_temperature(results.motions),
        "grad_cam_between_trainings": between_trainings(glasses.grad_cam),
        "correlations": {
            kind: {f"{a} with {b}": summary(values) for (a, b), values in of.items()}
            for kind, of in compared.items()
        },
        "strongest_correlation_with_stillness": {
            f"T = {m.temperature:g}": {name: peak(m, c) for name, c in of.items()}
            for m, of in zip(results.motions, followed, strict=True)
        },
    }
    print_accuracy(settings, results, metrics)
    print_correlations(settings, results.motions, metrics)
    run.save_metrics(metrics)
    save(run, results, followed)
    draw_fields(settings, run, results)
    draw_correlations(run, compared, results.motions, followed)
    print_files(run, "particles for OVITO: particles-*.xyz", "curves: curves.csv")


def compare(fields: Fields) -> Comparisons:
    """Correlations between fields, of every training and every configuration."""
    found = {}
    for a, b in COMPARISONS:
        x, y = (np.broadcast_to(getattr(fields, name), fields.grad_cam.shape) for name in (a, b))
        of = correlation(x, y)
        found[a, b] = np.moveaxis(np.stack([of.pearson, of.spearman], axis=-1), -1, 0)
    return found


def follow(fields: Fields, name: str, motion: Motion) -> np.ndarray:
    """Pearson correlation (glasses, times) of a field with stillness, mean over trainings."""
    glasses = len(motion.stillness)
    values = getattr(fields, name)
    of_trainings = values if values.ndim == 3 else values[None]
    return mean_and_error(correlation(of_trainings[:, :glasses, None], motion.stillness).pearson)[0]


def between_trainings(grad_cam: np.ndarray) -> float | None:
    """Mean Pearson correlation of the fields of two trainings, over configurations and pairs of trainings."""
    pairs = [(i, j) for i in range(len(grad_cam)) for j in range(i)]
    found = [correlation(grad_cam[i], grad_cam[j]).pearson for i, j in pairs]
    return float(np.nanmean(found)) if found else None


def characteristic_temperature(motions: list[Motion]) -> float | None:
    """T*, at which particles just leave their cages in the time observed: delta ends at 1.

    Between the temperatures observed, log delta is taken to be linear; None where it does not pass 0.
    """
    temperatures = [m.temperature for m in motions]
    ends = np.log([m.displacement.mean(axis=0)[-1] for m in motions])
    if not ends.min() <= 0 <= ends.max():
        return None
    order = np.argsort(ends)
    return float(np.interp(0, ends[order], np.array(temperatures)[order]))


def summary(values: np.ndarray) -> dict[str, float]:
    """Of correlations (2, trainings, configurations): means with errors, and how far trainings lie apart."""
    of_configurations, _ = mean_and_error(np.moveaxis(values, 1, 0))
    of_trainings, _ = mean_and_error(np.moveaxis(values, 2, 0))
    (pearson, spearman), (pearson_error, spearman_error) = mean_and_error(of_configurations.T)
    return {
        "pearson": float(pearson),
        "pearson_error": float(pearson_error),
        "spearman": float(spearman),
        "spearman_error": float(spearman_error),
        "pearson_spread_of_trainings": float(np.nanstd(of_trainings[0])),
    }


def peak(motion: Motion, followed: np.ndarray) -> dict[str, float]:
    """The strongest mean correlation, of either sign, and where it is."""
    mean, error = mean_and_error(followed)
    # Where Grad-CAM is zero everywhere there is none: the last moment stands for it.
    k = int(np.nanargmax(np.abs(mean))) if np.isfinite(mean).any() else -1
    return {
        "pearson": float(mean[k]),
        "pearson_error": float(error[k]),
        "delta": float(motion.displacement.mean(axis=0)[k]),
    }


def print_accuracy(settings: Settings, results: Results, metrics: dict[str, Any]) -> None:
    """What was learned from, and how well."""
    system, right = settings.cooling.system, results.right
    sizes = ", ".join(f"{len(results.parts[name])} {name}" for name in ("train", "validation", "test"))
    print(f"\n{system}, N = {settings.cooling.n}; quenches: {sizes}")
    ours, theirs = ({**vars(s), **vars(s.cooling)} for s in (settings, PRESETS[system, "paper"]))
    differences = [
        f"{name} {ours[name]:g} ({theirs[name]:g})" for name in PROTOCOL if ours[name] != theirs[name]
    ]
    if differences:
        print("differs from the published protocol (in brackets): " + ", ".join(differences))
    published = PUBLISHED[system].accuracy
    print(f"\naccuracy on the test set, of liquids and glasses (published {published})")
    half = right.shape[1] // 2
    for k, (one, r) in enumerate(zip(results.trained, right, strict=True)):
        print(
            f"  training {k + 1}: {r.mean():.3f} (liquids {r[:half].mean():.3f}, glasses {r[half:].mean():.3f}), "
            f"best epoch {one.best_epoch + 1}"
        )
    if metrics["grad_cam_between_trainings"] is not None:
        print(f"  Grad-CAM of two trainings correlates with {metrics['grad_cam_between_trainings']:.3f}")


def print_correlations(settings: Settings, motions: list[Motion], metrics: dict[str, Any]) -> None:
    """Which fields go together, and which of them foretells who stays where it is."""
    published = PUBLISHED[settings.cooling.system]
    print("\ncorrelation of coarse-grained fields: mean ± standard error over configurations,")
    print("and how far the means of trainings lie apart (standard deviation)")
    print(f"{'':38}{'Pearson':>16}{'trainings':>11}{'Spearman':>17}{'published Pearson':>20}")
    for kind in reversed(KINDS):
        for a, b in COMPARISONS:
            row = metrics["correlations"][kind][f"{a} with {b}"]
            theirs = published.correlations[a, b] if kind == "glass" else ""
            apart = f"{row['pearson_spread_of_trainings']:.3f}" if "grad_cam" in (a, b) else ""
            print(
                f"{kind:8}{PLAIN[a] + ', ' + PLAIN[b]:30}{row['pearson']:>8.3f} ± {row['pearson_error']:.3f}"
                f"{apart:>11}{row['spearman']:>9.3f} ± {row['spearman_error']:.3f}{theirs:>20}"
            )
    print("\nstrongest correlation with 1 - Delta, and the delta where it is")
    print(f"(published: Grad-CAM {published.motion}, at delta about 1)")
    print(f"{'':10}" + "".join(f"{name:>26}" for name in PLAIN.values()) + f"{'longest delta':>16}")
    for motion in motions:
        row = metrics["strongest_correlation_with_stillness"][f"T = {motion.temperature:g}"]
        cells = [f"{r['pearson']:.3f} ± {r['pearson_error']:.3f} at {r['delta']:.2f}" for r in row.values()]
        longest = motion.displacement.mean(axis=0)[-1]
        print(f"T = {motion.temperature:<6g}" + "".join(f"{c:>26}" for c in cells) + f"{longest:>16.2f}")
    t_star = metrics["T*"]
    found = "not between these" if t_star is None else f"{t_star:.2f}"
    print(f"T*, at which delta ends at 1: {found} (published {published.t_star}, in 1.5e6 time units)")


def save(run: Run, results: Results, followed: list[Followed]) -> None:
    """arrays.npz, curves.csv, and one extxyz file for liquids and glasses with a column for each field."""
    arrays: dict[str, np.ndarray] = {}
    for kind, configuration, of in zip(KINDS, results.tested, results.fields, strict=True):
        arrays |= {f"{kind}/{name}": values for name, values in of._asdict().items()}
        columns = {"grad_cam": of.grad_cam.mean(axis=0), "voronoi_area": of.area, "packing": of.packing}
        io.write(run.folder / f"particles-{kind}.xyz", configuration, columns, species_names=("A", "B"))
    rows: list[tuple] = []
    for (temperature, delta, _), of_fields in zip(results.motions, followed, strict=True):
        arrays[f"T{temperature:g}/delta"] = delta
        for name, pearson in of_fields.items():
            curve = zip(delta.mean(axis=0), *mean_and_error(pearson), strict=True)
            rows += [(temperature, name, *row) for row in curve]
            arrays[f"T{temperature:g}/pearson/{name}"] = pearson
    run.save_table("curves.csv", ("temperature", "field", "delta", "pearson", "pearson_error"), rows)
    run.save_arrays(**arrays)


def draw_fields(settings: Settings, run: Run, results: Results) -> None:
    """The four fields of a glass, and three of them where the network looked."""
    configuration: Configuration = jax.tree.map(lambda x: np.asarray(x)[0], results.tested[GLASS])
    cooling, fields, coldest = settings.cooling, results.fields[GLASS], results.motions[0]
    diameters = MODELS[cooling.system](cooling.n).table("sigma").diagonal()
    # Where particles have just left their cages, or come closest to it.
    moment = int(np.argmin(np.abs(np.log(coldest.displacement[0]))))
    shown = {
        TITLES["grad_cam"]: fields.grad_cam[0, 0],
        TITLES["area"]: fields.area[0],
        TITLES["packing"]: fields.packing[0],
        r"$1 - \Delta$": coldest.stillness[0, moment],
    }
    limits = dict.fromkeys(shown, (0.0, 1.0))
    figure = plot.snapshot(configuration, shown, diameters=diameters, limits=limits)
    plot.save_figure(figure, run.figure_path("fields"))
    looked = shown[TITLES["grad_cam"]] >= np.median(shown[TITLES["grad_cam"]])
    filtered = {name: np.where(looked, values, np.nan) for name, values in list(shown.items())[1:]}
    figure = plot.snapshot(configuration, filtered, diameters=diameters, limits=limits)
    figure.suptitle("where Grad-CAM is above its median", fontsize="medium")
    plot.save_figure(figure, run.figure_path("filtered"))


def draw_correlations(
    run: Run, compared: dict[str, Comparisons], motions: list[Motion], followed: list[Followed]
) -> None:
    """Violins of the correlations between fields, and the correlation with stillness against delta."""
    panels = {
        {"glass": "glasses", "liquid": "liquids"}[kind]: {
            f"{TITLES[a]}\n{TITLES[b]}": tuple(values.reshape(2, -1))  # of all trainings
            for (a, b), values in compared[kind].items()
        }
        for kind in reversed(KINDS)
    }
    figure = plot.violins(panels, groups=("Pearson", "Spearman"), label="correlation", limits=(-1, 1))
    plot.save_figure(figure, run.figure_path("violins"))
    curves = {
        f"{title} and $1 - \\Delta$": {
            f"T = {m.temperature:g}": plot.Curve(m.displacement.mean(axis=0), *mean_and_error(of[name]))
            for m, of in zip(motions, followed, strict=True)
        }
        for name, title in TITLES.items()
    }
    figure = plot.correlation_against_time(
        curves, horizontal=r"$\delta / \sigma$", label="Pearson correlation"
    )
    plot.save_figure(figure, run.figure_path("motion"))
