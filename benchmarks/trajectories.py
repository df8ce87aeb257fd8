# ruff: noqa: E402 (threads and cores are fixed before the libraries are imported)
"""Time correlations of a trajectory beside PyMatterSim and freud, on one core, in one process.

4,000 random walkers in three dimensions, in double precision; without compilation, in alternation, medians of the
processor time of the process.

- The five of PyMatterSim's ``relaxation`` (mean squared displacement, non-Gaussian parameter, overlap, chi_4, F_s
  of cosines along the axes) over all pairs of 40 frames, as it takes all of them.
- The same of 1,000 frames at ten lags a decade, which PyMatterSim cannot be asked: its time is told from that of a
  pair, for all pairs.
- The mean squared displacement alone of 1,000 frames: freud's ``msd.MSD`` takes all lags, by Fourier transforms,
  and holds the whole trajectory; ours takes ten lags a decade.
"""

import logging
import os
import statistics
import time
from collections.abc import Callable

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ["OMP_NUM_THREADS"] = "1"

import freud
import jax
import numpy as np
from PyMatterSim.dynamic.dynamics import Dynamics
from PyMatterSim.reader.reader_utils import SingleSnapshot, Snapshots

jax.config.update("jax_enable_x64", True)

from tdaglass import dynamics

N, SHORT, LONG, REPEATS = 4000, 40, 1000, 3
FUNCTIONS = [
    dynamics.MeanSquaredDisplacement(),
    dynamics.NonGaussian(),
    dynamics.Overlap(0.3),
    dynamics.Chi4(0.3),
    dynamics.SelfScattering(2 * np.pi, "axes"),
]


def seconds(*functions: Callable[[], object]) -> list[float]:
    """Median processor time of each, in alternation."""
    taken: list[list[float]] = [[] for _ in functions]
    for _ in range(REPEATS):
        for function, times in zip(functions, taken, strict=True):
            begun = time.process_time()
            function()
            times.append(time.process_time() - begun)
    return [statistics.median(times) for times in taken]


def main() -> None:
    logging.disable(logging.CRITICAL)
    random = np.random.default_rng(0)
    walk = np.cumsum(0.05 * random.normal(size=(LONG, N, 3)), axis=0) + random.random((N, 3)) * 15
    edges, kinds = np.full(3, 15.0), np.ones(N, int)
    frames = [
        SingleSnapshot(
            k, N, kinds, x, edges, np.array([[0, 15.0]] * 3), np.array([[0, 15.0]] * 3), np.diag(edges)
        )
        for k, x in enumerate(walk[:SHORT])
    ]
    theirs = Dynamics(xu_snapshots=Snapshots(SHORT, frames), dt=1.0, ppp=np.zeros(3, int))
    every, some = np.arange(1, SHORT), dynamics.logarithmic_lags(1, LONG / 2)
    fourier = freud.msd.MSD(freud.box.Box.cube(15.0), mode="window")

    def short() -> object:
        return dynamics.time_correlations(walk[:SHORT], FUNCTIONS, lags=every)

    def long() -> object:
        return dynamics.time_correlations(walk, FUNCTIONS, lags=some)

    def displacement() -> object:
        return dynamics.time_correlations(walk, FUNCTIONS[0], lags=some)

    found, expected = short(), theirs.relaxation()
    for one, name in zip(found, ("msd", "alpha2", "Qt", "X4_Qt", "isf"), strict=True):
        np.testing.assert_allclose(one.values[0], expected[name], rtol=1e-9, atol=1e-9)
    long(), displacement()
    ours, other, ours_long, ours_msd, freuds = seconds(
        short, theirs.relaxation, long, displacement, lambda: fourier.compute(walk)
    )
    pairs, pairs_long = SHORT * (SHORT - 1) / 2, sum(LONG - lag for lag in some)
    print(f"five functions, {SHORT} frames, all {pairs:.0f} pairs: {ours:.2f} s, PyMatterSim {other:.2f} s")
    print(f"  a pair: {1e3 * ours / pairs:.2f} ms, {1e3 * other / pairs:.2f} ms: {other / ours:.1f} times")
    whole = other / pairs * LONG * (LONG - 1) / 2
    print(f"five functions, {LONG} frames, {len(some)} lags ({pairs_long:.0f} pairs): {ours_long:.1f} s")
    print(f"  PyMatterSim, all pairs: {whole:.0f} s by its time a pair: {whole / ours_long:.0f} times")
    print(f"mean squared displacement, {LONG} frames: {ours_msd:.1f} s, freud (all lags) {freuds:.1f} s")


if __name__ == "__main__":
    main()
