"""Particle-steps a second against the number of replicas: a part of `accelerator.py`."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
from accelerator_starts import DT, LIQUIDS, replicas_of, why_absent

from tdaglass import glass

REPLICAS = (1, 32, 132, 256, 528, 1024, 4096)
# Where every number of replicas is compiled anew, those to be compared with first.
REPLICAS_JAX = (256, 32, 1024, 1, 132, 528, 4096)
REPLICAS_TINY = (1, 4)
SECONDS = 0.5  # of a measurement, at least


def measure(folder: Path, tiny: bool, name: str, engine: str) -> Iterator[dict[str, Any]]:
    """A row for each number of replicas: NVT, dt 0.005, lists included, compilation left out and said.

    Of the JAX engine after one of the CPU kernels of the host, for scale.
    """
    if engine == "jax":
        yield from rates(folder, tiny, name, "cpu", (32,))
    yield from rates(folder, tiny, name, engine, REPLICAS_JAX if engine == "jax" else REPLICAS)


def rates(
    folder: Path, tiny: bool, name: str, engine: str, numbers: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Of one engine at these numbers of replicas."""
    liquid = LIQUIDS[name]
    model = liquid.model(tiny)
    if (why := why_absent(engine, model)) is not None:
        yield {"engine": engine, "absent": why}
        return
    settings: dict[str, Any] = {"temperature": liquid.temperature, "dt": DT, "engine": engine}
    for replicas in REPLICAS_TINY if tiny else numbers:
        states, _ = replicas_of(folder, name, tiny, replicas)
        begun = time.perf_counter()
        jax.block_until_ready(glass.run(states, model, 25, **settings))
        first = time.perf_counter() - begun
        steps, seconds = 25, 0.0
        while seconds < (0.01 if tiny else SECONDS):
            steps *= 2
            begun = time.perf_counter()
            jax.block_until_ready(glass.run(states, model, steps, **settings))
            seconds = time.perf_counter() - begun
        yield {
            "engine": engine,
            "liquid": liquid.name,
            "replicas": replicas,
            "G particle-steps/s": replicas * model.n_particles * steps / seconds / 1e9,
            "steps": steps,
            "first call, s": first,
        }
