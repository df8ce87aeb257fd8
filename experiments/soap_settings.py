"""The four settings of SOAP for `energies_from_holes.py`, searched for with Optuna as Minamitani et al. did.

A trial is averaged SOAP of some frames of every run, and a ridge regression that is asked for whole runs left out.
The first has the published settings (cut-off 4.1, 8 radial functions, degree 9, width 0.16 angstrom); the next are
drawn at random, and then by a tree of Parzen estimators (Bergstra et al., NeurIPS 24, 2546, 2011). The least error
of many trials flatters: read it beside its standard error over folds, and test what was found on other frames.

    pip install 'tdaglass[search]'
    python experiments/soap_settings.py                  30 trials on the frames of the default study
    python experiments/soap_settings.py --root runs      the folder of runs whose melts are shared

A killed command goes on where it was: the same seed asks for the same settings, and finished trials are read.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from command_line import Place, compute, parse, prepare

prepare()

import numpy as np
from energies_from_holes_data import soap_of
from energies_from_holes_frames import Frames
from energies_from_holes_linear import score_one
from energies_from_holes_melts import Melting
from energies_from_holes_records import Described, Scored
from energies_from_holes_records import Settings as StudySettings
from reporting import assemble, print_files

from tdaglass.runs import Run
from tdaglass.statistics import mean_and_error

PUBLISHED = {"cutoff": 4.1, "n_max": 8, "l_max": 9, "sigma": 0.16}
BEST = 5  # that are printed


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result."""

    melting: Melting = field(default=Melting())
    trials: int = 30
    """Settings that are tried; of the first ten those after the published are random."""
    every: int = 8
    """Of every run, each so many-th frame is described."""
    cutoffs: tuple[float, float] = (3.0, 5.0)
    """Shortest and longest cut-off, angstrom."""
    n_max: tuple[int, int] = (3, 10)
    """Fewest and most radial functions."""
    l_max: tuple[int, int] = (2, 10)
    """Lowest and highest of the highest degrees."""
    sigmas: tuple[float, float] = (0.08, 0.8)
    """Least and greatest width of an atom, angstrom; searched on a logarithmic scale."""
    alpha_soap: float = 0.3
    """Strength of the ridge regression."""
    folds: int = 5
    """Parts of the runs, each of which is left out in turn."""
    place: Place = field(default=Place(), compare=False)
    """Where the search is kept and computed."""

    def __post_init__(self) -> None:
        if self.trials < 1 or not 1 <= self.every <= sum(self.melting.frames):
            raise ValueError(
                f"expected a trial and a frame of every run, got {self.trials} trials and every {self.every}-th "
                f"of {sum(self.melting.frames)} frames; try --trials 30 --every 8"
            )


def main(settings: Settings, executor: Any) -> None:
    optuna = optional_optuna()
    melting = settings.melting
    with settings.place.run("carbon_melts", melting, engine=melting.engine, wait=True) as run:
        frames = melting.gather(run.chunk, executor)
    some = np.arange(len(frames.run)) % settings.every == 0
    few = frames.at(some)
    with settings.place.run("soap_settings", settings) as run:
        search = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=melting.seed))
        search.enqueue_trial(PUBLISHED)
        tried = []
        for k in range(settings.trials):
            trial = search.ask()
            values = {
                "cutoff": trial.suggest_float("cutoff", *settings.cutoffs),
                "n_max": trial.suggest_int("n_max", *settings.n_max),
                "l_max": trial.suggest_int("l_max", *settings.l_max),
                "sigma": trial.suggest_float("sigma", *settings.sigmas, log=True),
            }
            found = run.chunk(f"trial-{k}", partial(score, settings, few, values))
            search.tell(trial, float(found.test.mean()))
            tried.append((values, found))
        assemble(run, partial(report, settings, few, run, tried))


def optional_optuna() -> Any:
    """Optuna, which only this command asks for."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError(
            "expected Optuna for a search, got none; try pip install 'tdaglass[search]'"
        ) from error
    # It says of every trial what is said at the end.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def score(settings: Settings, frames: Frames, values: dict[str, Any]) -> Scored:
    """Of one trial, whole runs left out."""
    study = StudySettings(settings.melting, alpha_soap=settings.alpha_soap, folds=settings.folds, **values)
    soap = np.stack([soap_of(study.basis, frames, i, "outer") for i in range(len(frames.run))])
    nothing = np.zeros((len(soap), 0, 2), np.float32)
    return score_one(study, frames, Described(nothing, soap, frames.atoms), None, ("soap", "runs"))


def report(settings: Settings, frames: Frames, run: Run, tried: list[tuple[dict[str, Any], Scored]]) -> None:
    """Print the best of them and the published, and write all."""
    errors = np.array([mean_and_error(found.test) for _, found in tried], float)
    order = np.argsort(errors[:, 0])
    print(
        f"\n{len(tried)} trials on {len(frames.run)} frames of {len(frames.last)} runs (teacher "
        f"{settings.melting.potential}); root mean square error of whole runs left out, meV/atom, mean over folds "
        "± standard error\n"
    )
    print(f"{'':12}{'cut-off':>9}{'radial':>8}{'degree':>8}{'width':>8}{'error':>16}")
    rows = [(k, *values.values(), *errors[k].tolist()) for k, (values, _) in enumerate(tried)]
    for k in [0, *order[order > 0][:BEST].tolist()]:
        name = f"trial {k}" if k else "published"
        _, cutoff, n_max, l_max, sigma, mean, error = rows[k]
        print(f"{name:12}{cutoff:>9.2f}{n_max:>8}{l_max:>8}{sigma:>8.3f}{f'{mean:.1f} ± {error:.1f}':>16}")
    run.save_metrics({"published": rows[0][1:], "best": rows[int(order[0])][1:], "trials": len(rows)})
    run.save_table(
        "trials.csv", ("trial", "cutoff", "n_max", "l_max", "sigma", "error_meV", "standard_error_meV"), rows
    )
    print_files(run, "all trials: trials.csv")


if __name__ == "__main__":
    compute(main, parse({(): Settings()}, __doc__, by=()))
