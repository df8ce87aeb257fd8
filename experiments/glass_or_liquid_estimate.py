"""How long the simulations of `glass_or_liquid.py` take on the engine that is at hand, measured for a second."""

import time
from typing import Any

import jax
import numpy as np
from glass_or_liquid_records import MODELS, Cooling, Settings

from tdaglass import glass

SECONDS = 1.0  # of a measurement, at least
AT_ONCE = 8  # systems that a processor is measured with, which more of them do not make faster


def estimate(settings: Settings, made: bool) -> str:
    """Of quenches, if they are still to be made, and of heated glasses, in a sentence for each."""
    heated = len(settings.temperatures) * settings.glasses
    steps = settings.observation / settings.cooling.dt
    work = heated * settings.replicas * settings.cooling.n * steps
    measured = speed(settings.cooling, settings.replicas, common_start=True)
    said = (
        f"Heating: {heated} times {settings.replicas} replicas over {steps:.3g} steps, {work:.2g} particle-steps, "
        f"{duration(work / measured)} at {measured:.2g} a second."
    )
    return said if made else f"{estimate_of_quenches(settings.cooling)}\n{said}"


def estimate_of_quenches(cooling: Cooling) -> str:
    """In a sentence."""
    steps = ((cooling.hot - cooling.glass) / cooling.rate + cooling.equilibration) / cooling.dt
    work = cooling.number * cooling.n * steps
    measured = speed(cooling, min(cooling.batch, cooling.number), common_start=False)
    return (
        f"Cooling: {cooling.number} systems over {steps:.3g} steps, {work:.2g} particle-steps, "
        f"{duration(work / measured)} at {measured:.2g} a second."
    )


def speed(cooling: Cooling, systems: int, common_start: bool) -> float:
    """Particle-steps a second at the temperature that is cooled from, where lists of neighbours last shortest."""
    model = MODELS[cooling.system](cooling.n)
    if jax.default_backend() == "cpu":
        systems = min(systems, AT_ONCE)
    settings: dict[str, Any] = {"temperature": cooling.hot, "dt": cooling.dt}
    keys = jax.random.split(jax.random.key(cooling.seed), systems)
    states = jax.vmap(lambda key: glass.initialize(key, model, cooling.hot))(keys)
    states = glass.settle_overlaps(states, model, **settings)
    if common_start:
        one = jax.tree.map(lambda x: x[0], states.configuration)
        states = jax.vmap(lambda key: glass.initialize(key, model, cooling.hot, one))(keys)
    # Until they are liquids; compiles, too.
    states = jax.block_until_ready(glass.run(states, model, 1000, **settings))
    steps, seconds = 100, 0.0
    while seconds < SECONDS:
        steps *= 2
        begun = time.perf_counter()
        jax.block_until_ready(glass.run(states, model, steps, **settings))
        seconds = time.perf_counter() - begun
    return systems * cooling.n * steps / seconds


def duration(seconds: float) -> str:
    """In the unit that people would use."""
    for unit, length in (("years", 3.15e7), ("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * length:
            return f"{np.round(seconds / length, 1):g} {unit}"
    return f"{np.ceil(seconds):g} s"
