"""Steps per second of isoconfigurational replicas against their number, on whatever device JAX finds.

``python benchmarks/ensemble.py [--most 4096] [--engine jax] [--tflops 67 --bandwidth 3.35]`` runs 1, 4, 16, ...
replicas of a supercooled liquid and prints replica-steps and particle-steps per second of wall-clock time,
compilation left out. With the device's peak arithmetic (tera-operations per second, single precision) and memory
bandwidth (terabytes per second) it also prints the shares of both bounds that are reached. The bounds are those of
engine 1's force loop, which looks at every neighbour of every particle once a step:

- arithmetic: `OPERATIONS` for each neighbour listed;
- bandwidth: an index and a neighbour's position for each, as if no cache ever held one, and the reading and
  writing of position, velocity and force of each particle.
"""

import argparse
import time

import jax
import jax.numpy as jnp

from tdaglass import glass
from tdaglass.structure import cutoff_neighbors

DT = 0.005
OPERATIONS = 35  # additions, products and quotients for one neighbour in three dimensions
SECONDS = 2.0  # of each timing, at least
LIQUIDS = {
    "kob_andersen_3d": (4096, 0.5),
    "kob_andersen_2d": (2000, 0.4),
    "wahnstrom": (2000, 0.8),
    "polydisperse_soft_spheres": (4096, 0.2),
    "ternary_soft_spheres": (4096, 0.3),
}


def rate(state: glass.State, model: glass.Model, temperature: float, replicas: int, engine: str) -> float:
    """Replica-steps per second."""
    keys = jax.random.split(jax.random.key(1), replicas)
    start = state.configuration
    states = jax.vmap(lambda key: glass.initialize(key, model, temperature, start))(keys)
    settings = {"temperature": temperature, "dt": DT, "engine": engine}
    steps, seconds = 25, 0.0
    jax.block_until_ready(
        glass.run(states, model, steps, **settings)
    )  # compiles, and learns the room for tables
    while seconds < SECONDS:
        steps *= 2
        begun = time.perf_counter()
        jax.block_until_ready(glass.run(states, model, steps, **settings))
        seconds = time.perf_counter() - begun
    return replicas * steps / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liquid", choices=LIQUIDS, default="kob_andersen_3d")
    parser.add_argument("--most", type=int, default=4096, help="replicas")
    parser.add_argument("--engine", choices=("auto", "jax", "cpu", "cuda"), default="auto")
    parser.add_argument("--tflops", type=float, help="peak of the device, single precision")
    parser.add_argument("--bandwidth", type=float, help="of the device's memory, TB/s")
    chosen = parser.parse_args()

    n, temperature = LIQUIDS[chosen.liquid]
    model = getattr(glass, chosen.liquid)(n)
    state = glass.initialize(jax.random.key(0), model, 2 * temperature)
    state = glass.settle_overlaps(state, model, temperature=2 * temperature, dt=DT)
    state = glass.run(state, model, 5000, temperature=temperature, dt=DT)
    kinds, reach = model.search_kinds(state.species, state.diameters)
    within = jnp.asarray(reach + 0.3, state.box.dtype)
    listed = cutoff_neighbors(state.configuration.positions, state.box, within, species=kinds).mask.sum()
    operations = OPERATIONS * float(listed)
    moved = 4 * (float(listed) * (1 + model.dimension) + n * 6 * model.dimension)  # bytes

    device = jax.devices()[0]
    print(f"{model.name}, N = {n}, {device.device_kind}, {glass.describe_engine(chosen.engine, model)}")
    print(
        f"{'replicas':>8}{'replica-steps/s':>18}{'M particle-steps/s':>20}{'arithmetic':>12}{'bandwidth':>11}"
    )
    replicas = 1
    while replicas <= chosen.most:
        found = rate(state, model, temperature, replicas, chosen.engine)
        shares = [
            f"{found * work / (peak * 1e12):.1%}" if peak else ""
            for work, peak in ((operations, chosen.tflops), (moved, chosen.bandwidth))
        ]
        print(
            f"{replicas:>8}{found:>18.0f}{found * n / 1e6:>20.2f}{shares[0]:>12}{shares[1]:>11}", flush=True
        )
        replicas *= 4


if __name__ == "__main__":
    main()
