"""How much of a card's two bounds a step takes, without a profiler: a part of `accelerator.py`.

A run makes its list of neighbours first. The time of one step more, and what is left of the time of one step, are
those of a step and of a list; launches and copies count with the list. The assumptions of both bounds:

- instructions: a multiprocessor issues four instructions a cycle for 32 lanes each, at the highest clock that the
  driver tells. These slots, divided by the pairs of the lists that a step looks at, are what the card had for each
  pair. What a pair needs is counted in the machine code; the rest was waiting, or other work of the step.
- bytes: an index of 16 bits for each neighbour in a list, and velocities and forces read and written, divided by
  what a plain copy of a large array reaches on this card, measured here.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from accelerator_starts import DT, LIQUIDS, replicas_of, start_of, why_absent

from tdaglass import glass
from tdaglass.structure import cutoff_neighbors

# So many that a step takes longer than calls differ by.
REPLICAS, SKIN = 2112, 0.35
LANES, ISSUES = 32, 4
REPEATS = 9
COPIES = 20


def shares(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """Of the block kernel where it is there, and of whatever "auto" takes elsewhere."""
    bandwidth = copied_per_second(1 << (20 if tiny else 28))
    slots = issue_slots()
    yield {"copy, TB/s": bandwidth / 1e12, "issue slots, 1e12/s": None if slots is None else slots / 1e12}
    for name, liquid in LIQUIDS.items():
        model = liquid.model(tiny)
        engine: Any = "auto" if why_absent("cuda", model) else "cuda"
        replicas = 2 if tiny else REPLICAS if engine == "cuda" else 8
        states, _ = replicas_of(folder, name, tiny, replicas)

        def steps(
            k: int, states: glass.State = states, model: glass.PairModel = model, name: str = name
        ) -> float:
            bath = LIQUIDS[name].temperature
            return seconds(
                lambda: glass.run(states, model, k, temperature=bath, dt=DT, skin=SKIN, engine=engine)  # noqa: B023
            )

        one, nine = steps(1), steps(9)
        step = (nine - one) / 8
        pairs = replicas * listed(start_of(folder, name, tiny), model)
        moved = 2 * pairs + replicas * model.n_particles * 16 * model.dimension
        yield {
            "engine": glass.choose_engine(engine, model),
            "liquid": liquid.name,
            "replicas": replicas,
            "step, us": step * 1e6,
            "list and launch, us": (one - step) * 1e6,
            "G particle-steps/s without lists": replicas * model.n_particles / step / 1e9,
            "pairs a particle": pairs / replicas / model.n_particles,
            "issue slots a pair": None if slots is None else slots * step / pairs,
            "share of the bandwidth": moved / step / bandwidth,
        }


def jax_step(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """Where the time of a step of the JAX engine goes."""
    from jax_engine_parts import measure

    for name, liquid in LIQUIDS.items():
        states, model = replicas_of(folder, name, tiny, 1)
        start = jax.tree.map(lambda x: x[0], states)
        replicas = 2 if tiny else 256
        found = measure(
            replicas, model, temperature=liquid.temperature, start=start, seconds=0.01 if tiny else 0.3
        )
        ms = {f"{part}, ms": 1e3 * float(value) for part, value in found.items() if part != "slots"}
        yield {"liquid": liquid.name, "replicas": replicas, **ms, "slots": int(found["slots"])}


def listed(start: Any, model: glass.PairModel) -> float:
    """Neighbours in all lists of a configuration, each pair from both sides."""
    kinds, reach = model.search_kinds(start.species, start.diameters)
    within = jnp.asarray(reach + SKIN, start.box.dtype)
    return float(cutoff_neighbors(start.positions, start.box, within, species=kinds).mask.sum())


def copied_per_second(count: int) -> float:
    """Bytes read and written by a copy of numbers, a second."""
    x = jnp.zeros(count, jnp.float32)
    copies = jax.jit(lambda x: jax.lax.fori_loop(0, COPIES, lambda _, x: x + 1, x))
    return 8 * count * COPIES / seconds(lambda: copies(x))


def seconds(call: Callable[[], Any]) -> float:
    """Of the fastest call, compilation left out: what delays others is the host."""
    found = []
    for _ in range(REPEATS + 1):
        begun = time.perf_counter()
        jax.block_until_ready(call())
        found.append(time.perf_counter() - begun)
    return min(found[1:])


def issue_slots() -> float | None:
    """Instructions that the card can issue in a second, each lane counted; None where nobody tells."""
    multiprocessors = getattr(jax.devices()[0], "core_count", None)
    if not multiprocessors or not shutil.which("nvidia-smi"):
        return None
    said = subprocess.run(
        ["nvidia-smi", "--query-gpu=clocks.max.sm", "--format=csv,noheader,nounits"],
        capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    return multiprocessors * ISSUES * LANES * float(said[0]) * 1e6 if said else None
