"""What the commands of the studies share: their environment, settings from presets and flags, and where they run.

`Place` has the flags that say where a study is kept and computed; they decide nothing of its result.
"""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tyro

if TYPE_CHECKING:
    from tdaglass.runs import Run

Settings = TypeVar("Settings")
INTERRUPTED = 130


@dataclass(frozen=True)
class Place:
    """Where a study is kept, and where its independent pieces are computed."""

    root: Path = Path("runs")
    """Folder of all runs."""
    executor: str = ""
    """Of independent pieces: processes:N, dask-local:N, dask:ADDRESS, slurm:FILE, pbs:FILE or sge:FILE; by default
    they are computed here, one after another."""
    part: str | None = None
    """i/n: this is job i of n that compute one run together, in a folder that all of them see."""
    print_sbatch: int | None = None
    """Print an array of so many batch jobs, each with its --part of this command, and do nothing else. It asks for
    what the FILE of --executor says."""

    @contextlib.contextmanager
    def opened(self) -> Iterator[Any]:
        """What `parallel.map_independent` takes as its executor."""
        from tdaglass import parallel

        if self.part is not None:
            if self.executor:
                raise ValueError(
                    f"expected --part or --executor, got both, {self.part} and {self.executor}; try --part alone: "
                    "each job computes with all its cores"
                )
            yield parallel.Part.parse(self.part)
            return
        with parallel.open_executor(self.executor) as executor:
            if (address := parallel.dashboard(executor)) is not None:
                print(f"Dask's dashboard is at {address}")
            yield executor

    def run(self, experiment: str, settings: Any, *, engine: str | None = None, wait: bool = False) -> "Run":
        """Begin a run, or take it up; jobs of an array share it."""
        from tdaglass import runs

        return runs.Run.open(
            self.root, experiment, settings, engine=engine, wait=wait, shared=self.part is not None
        )


def prepare(*, every_core_a_device: bool = False, double_precision: bool = False) -> None:
    """What has to be said before jax or anything that imports it is imported.

    Parameters
    ----------
    every_core_a_device
        For ensembles, whose replicas are split over the devices.
    double_precision
        For studies of which the package alone would compute in single precision.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    # Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    import jax

    if every_core_a_device:
        from tdaglass import kernels

        with sentences():
            jax.config.update("jax_num_cpu_devices", kernels.thread_count())
    if double_precision:
        jax.config.update("jax_enable_x64", True)


def parse(
    presets: Mapping[tuple[str, ...], Settings],
    description: str,
    *,
    by: tuple[str, ...] = ("system", "preset"),
    with_data: Callable[[str], Mapping[str, str]] | None = None,
) -> Settings:
    """Settings from the command line: some flags choose the preset, which is the default of everything else.

    Records inside the settings have flags without a prefix: ``--n``, not ``--simulation.n``.

    Parameters
    ----------
    presets : mapping of tuples to dataclasses
        By the values of the flags that choose; the first is taken where these are not given.
    description : str
        Of the study, for ``--help``.
    by : tuple of str
        Names of the flags that choose.
    with_data : callable, optional
        What is chosen where ``--data`` is given, from its value, unless the flags say otherwise.

    Returns
    -------
    dataclass

    Raises
    ------
    SystemExit
        Where flags make no settings; what is wrong with them is said in a sentence.
    """
    first = next(iter(presets))
    chooser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in (*by, "data"):
        chooser.add_argument(f"--{name}")
    given = {name: value for name, value in vars(chooser.parse_known_args()[0]).items() if value is not None}
    with sentences():
        of_data = with_data(given["data"]) if with_data and "data" in given else {}
    flags = dict(zip(by, first, strict=True)) | dict(of_data) | given
    # Of values that no preset has, tyro says which are possible.
    default = presets.get(tuple(flags[name] for name in by), presets[first])
    return tyro.cli(
        type(default), default=default, description=description, config=(tyro.conf.OmitArgPrefixes,)
    )


def compute(study: Callable[[Settings, Any], None], settings: Settings) -> None:
    """Compute a study where its `place` says, or print the jobs that would.

    Parameters
    ----------
    study : callable
        Of the settings and of what `parallel.map_independent` takes as its executor.
    settings : dataclass
        With a field `place`.

    Raises
    ------
    SystemExit
        Where the study ended before its report, in a sentence.
    """
    from tdaglass import runs

    place: Place = settings.place  # type: ignore[attr-defined]
    with sentences():
        if place.print_sbatch is not None:
            print(batch_jobs(place, sys.argv), end="")
            return
        # Before there are workers, which compile into the same place.
        runs.keep_compiled(place.root)
        with place.opened() as executor:
            study(settings, executor)


def batch_jobs(place: Place, command: Sequence[str]) -> str:
    """The script of an array of jobs that run a command, each with its part."""
    from tdaglass import parallel

    assert place.print_sbatch is not None
    kind, _, path = place.executor.partition(":")
    queue = next((q for q in ("slurm", "pbs", "sge") if q == kind), None)
    requests = parallel.read_requests(path) if queue else parallel.QueueRequests()
    script, *flags = command
    words = [requests.python or sys.executable, script, *without(flags, "--print-sbatch", "--executor")]
    return parallel.job_array(queue or "slurm", words, place.print_sbatch, requests)


def without(flags: Sequence[str], *names: str) -> list[str]:
    """Words of a command line but for some flags and their values."""
    left, words = [], iter(flags)
    for word in words:
        name, _, value = word.partition("=")
        if name.replace("_", "-") not in names:
            left.append(word)
        elif not value:
            next(words, None)
    return left


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """What users can mend ends a study with a sentence, without the stack of calls that led to it."""
    try:
        yield
    except KeyboardInterrupt as stop:
        print("\nended by the keyboard; the same command goes on with what is not finished", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from stop
    except Exception as error:
        # Not before there is an error: prepare() comes before everything that imports jax.
        from tdaglass.parallel import OtherVersions, PieceError

        if not isinstance(error, ValueError | OSError | ImportError | PieceError | OtherVersions):
            raise
        raise SystemExit(f"{error}") from error
