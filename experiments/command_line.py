"""What the commands of the studies share: the environment they compute in, and settings from presets and flags."""

import argparse
import logging
import os
from collections.abc import Mapping
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
    with_data: Mapping[str, str] | None = None,
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
    with_data : mapping of str to str, optional
        What is chosen where ``--data`` is given, whatever the flags say.

    Returns
    -------
    dataclass
    """
    first = next(iter(presets))
    chooser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name, value in zip(by, first, strict=True):
        chooser.add_argument(f"--{name}", default=value)
    chooser.add_argument("--data")
    flags = vars(chooser.parse_known_args()[0])
    if flags["data"] is not None:
        flags |= with_data or {}
    # Of values that no preset has, tyro says which are possible.
    default = presets.get(tuple(flags[name] for name in by), presets[first])
    return tyro.cli(
        type(default), default=default, description=description, config=(tyro.conf.OmitArgPrefixes,)
    )
