"""What `glass_or_liquid.py` prints, draws and writes."""

from typing import Any

import numpy as np
from scipy.stats import pearsonr, spearmanr

from tdaglass import glass, io, plot
from tdaglass.configuration import Configuration
from tdaglass.statistics import mean_and_error

# Names of the fields, and of the three comparisons between them.
TITLES = {"grad_cam": "Grad-CAM", "area": "Voronoi area", "packing": r"$1 - \Theta$"}
PLAIN = {"grad_cam": "Grad-CAM", "area": "Voronoi area", "packing": "1 - Theta"}
COMPARISONS = (("grad_cam", "area"), ("grad_cam", "packing"), ("packing", "area"))
KINDS = ("liquid", "glass")
# Oyama, Koyama and Kawasaki, Front. Phys. 10, 1007861 (2022): mean Pearson correlations of glasses, and the
# strongest with 1 - Delta. Where the paper gives a sign only, it stands here.
PUBLISHED: dict[str, Any] = {
    "additive_mixture_2d": {
        ("grad_cam", "area"): "0.552",
        ("grad_cam", "packing"): "0.403",
        ("packing", "area"): "0.355",
        "motion": "0.61",
        "accuracy": "1.00",
        "T*": "1.0",
    },
    "kob_andersen_2d": {
        ("grad_cam", "area"): "negative",
        ("grad_cam", "packing"): "negative, weaker",
        ("packing", "area"): "-",
        "motion": "0.68",
        "accuracy": "1.00",
        "T*": "0.37",
    },
}
# In which the default preset differs from the published protocol.
PROTOCOL = ("n", "quenches", "hot", "liquid", "rate", "epochs", "replicas", "observation")


def report(
    settings: Any,
    paper: Any,
    run: Any,
    parts: dict,
    trained: list,
    right: np.ndarray,
    tested: list[Configuration],
    fields: list,
    motions: list,
) -> None:
    """Print the tables; write arrays, curves, particles and figures into the run's folder."""
    correlations = {kind: compare(one) for kind, one in zip(KINDS, fields, strict=True)}
    moving = [{name: follow(fields[1], name, motion) for name in TITLES} for motion in motions]
    agreement = between_trainings(fields[1].grad_cam)
    t_star = characteristic_temperature(motions)
    metrics = {
        "accuracy": {f"training {k + 1}": float(r.mean()) for k, r in enumerate(right)},
        "T*": t_star,
        "grad_cam_between_trainings": agreement,
        "correlations": {
            kind: {f"{a} with {b}": summary(values) for (a, b), values in of.items()}
            for kind, of in correlations.items()
        },
        "strongest_correlation_with_stillness": {
            f"T = {m.temperature:g}": {name: peak(m, c) for name, c in of.items()}
            for m, of in zip(motions, moving, strict=True)
        },
    }
    print_tables(settings, paper, parts, trained, right, metrics, motions)
    run.save_metrics(metrics)
    save(run, tested, fields, motions, moving)
    draw(settings, run, tested, fields, correlations, motions, moving)
    print(f"\neverything is in {run.folder}\n  particles for OVITO: particles-*.xyz\n  curves: curves.csv")
    for figure in sorted(run.folder.glob("figures/*.png")):
        print(f"  figure: {figure}")


def compare(fields: Any) -> dict[tuple[str, str], np.ndarray]:
    """Pearson and Spearman correlations between fields, (2, trainings, configurations)."""
    trainings, configurations, _ = fields.grad_cam.shape
    found = {}
    for a, b in COMPARISONS:
        x, y = (np.broadcast_to(getattr(fields, name), fields.grad_cam.shape) for name in (a, b))
        each = np.array(
            [[measure(x[k, c], y[k, c]) for c in range(configurations)] for k in range(trainings)]
        )
        found[a, b] = np.moveaxis(each, -1, 0)
    return found


def measure(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Pearson and Spearman; NaN where one does not vary."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan, np.nan
    return float(pearsonr(x, y)[0]), float(spearmanr(x, y)[0])


def follow(fields: Any, name: str, motion: Any) -> np.ndarray:
    """Pearson correlation (glasses, times) of a field with stillness, mean over trainings."""
    glasses, times = motion.displacement.shape
    values = getattr(fields, name)
    each = [
        [[measure(of[g], motion.stillness[g, t])[0] for t in range(times)] for g in range(glasses)]
        for of in (values if values.ndim == 3 else values[None])
    ]
    return mean_and_error(each)[0]


def between_trainings(grad_cam: np.ndarray) -> float | None:
    """Mean Pearson correlation of the fields of two trainings, over configurations and pairs of trainings."""
    pairs = [(i, j) for i in range(len(grad_cam)) for j in range(i)]
    found = [measure(x, y)[0] for i, j in pairs for x, y in zip(grad_cam[i], grad_cam[j], strict=True)]
    return float(np.nanmean(found)) if found else None


def characteristic_temperature(motions: list) -> float | None:
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


def peak(motion: Any, correlation: np.ndarray) -> dict[str, float]:
    """The strongest mean correlation, of either sign, and where it is."""
    mean, error = mean_and_error(correlation)
    # Where Grad-CAM is zero everywhere there is none: the last moment stands for it.
    k = int(np.nanargmax(np.abs(mean))) if np.isfinite(mean).any() else -1
    return {
        "pearson": float(mean[k]),
        "pearson_error": float(error[k]),
        "delta": float(motion.displacement.mean(axis=0)[k]),
    }


def print_tables(
    settings: Any, paper: Any, parts: dict, trained: list, right: np.ndarray, metrics: dict, motions: list
) -> None:
    published = PUBLISHED[settings.system]
    sizes = ", ".join(f"{len(parts[name])} {name}" for name in ("train", "validation", "test"))
    print(f"\n{settings.system}, N = {settings.n}; quenches: {sizes}")
    differences = [
        f"{name} {getattr(settings, name):g} ({getattr(paper, name):g})"
        for name in PROTOCOL
        if getattr(settings, name) != getattr(paper, name)
    ]
    if differences:
        print("differs from the published protocol (in brackets): " + ", ".join(differences))
    print("\naccuracy on the test set, of liquids and glasses (published " + published["accuracy"] + ")")
    half = right.shape[1] // 2
    for k, (one, r) in enumerate(zip(trained, right, strict=True)):
        print(
            f"  training {k + 1}: {r.mean():.3f} (liquids {r[:half].mean():.3f}, glasses {r[half:].mean():.3f}), "
            f"best epoch {one.best_epoch + 1}"
        )
    if metrics["grad_cam_between_trainings"] is not None:
        print(f"  Grad-CAM of two trainings correlates with {metrics['grad_cam_between_trainings']:.3f}")
    print("\ncorrelation of coarse-grained fields: mean ± standard error over configurations,")
    print("and how far the means of trainings lie apart (standard deviation)")
    print(f"{'':38}{'Pearson':>16}{'trainings':>11}{'Spearman':>17}{'published Pearson':>20}")
    for kind in reversed(KINDS):
        for a, b in COMPARISONS:
            row = metrics["correlations"][kind][f"{a} with {b}"]
            theirs = published[a, b] if kind == "glass" else ""
            apart = f"{row['pearson_spread_of_trainings']:.3f}" if "grad_cam" in (a, b) else ""
            print(
                f"{kind:8}{PLAIN[a] + ', ' + PLAIN[b]:30}{row['pearson']:>8.3f} ± {row['pearson_error']:.3f}"
                f"{apart:>11}{row['spearman']:>9.3f} ± {row['spearman_error']:.3f}{theirs:>20}"
            )
    print("\nstrongest correlation with 1 - Delta, and the delta where it is")
    print(f"(published: Grad-CAM {published['motion']}, at delta about 1)")
    print(f"{'':10}" + "".join(f"{name:>26}" for name in PLAIN.values()) + f"{'longest delta':>16}")
    for motion in motions:
        row = metrics["strongest_correlation_with_stillness"][f"T = {motion.temperature:g}"]
        cells = [f"{r['pearson']:.3f} ± {r['pearson_error']:.3f} at {r['delta']:.2f}" for r in row.values()]
        longest = motion.displacement.mean(axis=0)[-1]
        print(f"T = {motion.temperature:<6g}" + "".join(f"{c:>26}" for c in cells) + f"{longest:>16.2f}")
    t_star = metrics["T*"]
    found = "not between these" if t_star is None else f"{t_star:.2f}"
    print(f"T*, at which delta ends at 1: {found} (published {published['T*']}, in 1.5e6 time units)")


def save(run: Any, tested: list, fields: list, motions: list, moving: list) -> None:
    """arrays.npz, curves.csv, and one extxyz file for liquids and glasses with a column for each field."""
    arrays: dict[str, np.ndarray] = {}
    for kind, configuration, of in zip(KINDS, tested, fields, strict=True):
        arrays |= {f"{kind}/{name}": values for name, values in of._asdict().items()}
        columns = {
            "grad_cam": of.grad_cam.mean(axis=0),
            "voronoi_area": of.area,
            "packing": of.packing,
        }
        io.write(run.folder / f"particles-{kind}.xyz", configuration, columns, species_names=("A", "B"))
    rows: list[tuple] = []
    for motion, of in zip(motions, moving, strict=True):
        delta = motion.displacement
        arrays[f"T{motion.temperature:g}/delta"] = delta
        for name, correlation in of.items():
            curve = zip(delta.mean(axis=0), *mean_and_error(correlation), strict=True)
            rows += [(motion.temperature, name, *row) for row in curve]
            arrays[f"T{motion.temperature:g}/pearson/{name}"] = correlation
    run.save_table("curves.csv", ("temperature", "field", "delta", "pearson", "pearson_error"), rows)
    run.save_arrays(**arrays)


def draw(
    settings: Any,
    run: Any,
    tested: list,
    fields: list,
    correlations: dict,
    motions: list,
    moving: list,
) -> None:
    """The four fields, where the network looked on each of them, violins, and correlation against delta."""
    configuration = Configuration(*(x[0] for x in tested[1]))
    diameters = getattr(glass, settings.system)().table("sigma").diagonal()
    coldest = motions[0]
    # Where particles have just left their cages, or come closest to it.
    moment = int(np.argmin(np.abs(np.log(coldest.displacement[0]))))
    shown = {
        TITLES["grad_cam"]: fields[1].grad_cam[0, 0],
        TITLES["area"]: fields[1].area[0],
        TITLES["packing"]: fields[1].packing[0],
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
    panels = {
        {"glass": "glasses", "liquid": "liquids"}[kind]: {
            f"{TITLES[a]}\n{TITLES[b]}": tuple(values.reshape(2, -1))  # of all trainings
            for (a, b), values in correlations[kind].items()
        }
        for kind in reversed(KINDS)
    }
    figure = plot.violins(panels, groups=("Pearson", "Spearman"), label="correlation", limits=(-1, 1))
    plot.save_figure(figure, run.figure_path("violins"))
    curves = {
        f"{title} and $1 - \\Delta$": {
            f"T = {m.temperature:g}": plot.Curve(m.displacement.mean(axis=0), *mean_and_error(of[name]))
            for m, of in zip(motions, moving, strict=True)
        }
        for name, title in TITLES.items()
    }
    figure = plot.correlation_against_time(
        curves, horizontal=r"$\delta / \sigma$", label="Pearson correlation"
    )
    plot.save_figure(figure, run.figure_path("motion"))
