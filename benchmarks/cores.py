"""Wall-clock time of replicas on one core over that on all, with the CPU kernels.

``python benchmarks/cores.py [--repeats 5]``, with nothing else running: the medians of ratios taken in turn.
"""

import argparse
import os
import statistics
import time

import jax

from tdaglass import glass, kernels

REPLICAS, STEPS = 32, 1000


def seconds(states, model, temperature: float, threads: int) -> float:
    os.environ["TDAGLASS_THREADS"] = str(threads)
    begun = time.perf_counter()
    jax.block_until_ready(glass.run(states, model, STEPS, temperature=temperature, engine="cpu"))
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    os.environ.pop("TDAGLASS_THREADS", None)
    cores = kernels.thread_count()
    print(f"one core / {cores} cores, {REPLICAS} replicas over {STEPS} steps")
    for model, temperature in ((glass.kob_andersen_3d(4096), 0.5), (glass.kob_andersen_2d(2000), 0.4)):
        # A liquid, though not yet one at its temperature: lists are as long and as short-lived.
        start = glass.initialize(jax.random.key(0), model, 2 * temperature)
        start = glass.run(start, model, 500, temperature=2 * temperature, dt=0.001, engine="jax")
        start = glass.run(start, model, 5000, temperature=temperature, engine="cpu")
        keys = jax.random.split(jax.random.key(1), REPLICAS)
        states = jax.vmap(lambda key: glass.initialize(key, model, temperature, start.configuration))(keys)  # noqa: B023
        for threads in (1, cores):
            seconds(states, model, temperature, threads)  # compiles
        ratios = [
            seconds(states, model, temperature, 1) / seconds(states, model, temperature, cores)
            for _ in range(repeats)
        ]
        print(f"{model.name}, N = {model.n_particles}: {statistics.median(ratios):.2f}", flush=True)


if __name__ == "__main__":
    main()
