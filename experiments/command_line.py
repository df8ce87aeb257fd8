"""What the commands of the studies share: the environment they compute in, and settings from presets and flags."""

import argparse
import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import tyro

Settings = TypeVar("Settings")


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
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))
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


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """What users can mend ends a study with a sentence, without the stack of calls that led to it."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SystemExit(f"{error}") from error
