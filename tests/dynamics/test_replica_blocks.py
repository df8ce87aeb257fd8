"""Blocks of replicas as independent pieces: wherever they run the same arrays, compiled once, added in order."""

import gc
import os
import sys
import tracemalloc
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cloudpickle
import jax
import jax.numpy as jnp
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.dynamics import isoconfigurational
from tdaglass.dynamics.observables import make_reference
from tdaglass.dynamics.replica_block import Ensemble, run_block
from tdaglass.parallel import PieceError, map_independent
from tdaglass.runs import Run

# Workers cannot import what pytest has found.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

MODEL = glass.wahnstrom(100)
KEY = jax.random.key(11)
SETTINGS = {
    "temperature": 1.5, "times": [0.04, 0.2, 0.4], "replicas": 5, "block": 2, "wave_number": 6.5, "dt": 0.004,
    "segment_steps": 50, "positions": True,
}  # fmt: skip


@dataclass(frozen=True)
class Flights:
    """Particles that do not meet; one replica is lost after 60 ticks where there is no file that forbids it."""

    temperature: float = 1.0
    tick: float = 0.01
    lost: int = 2**31 - 1
    unless: str = ""

    def start(self, keys, configuration):
        draw = partial(jax.random.normal, shape=configuration.positions.shape)
        velocity, another = (jax.vmap(draw)(x) for x in (keys, jax.random.fold_in(KEY, self.lost)[None]))
        lost = (velocity == another).all((1, 2))
        return {"velocity": velocity * self.temperature**0.5, "lost": lost, "ticks": jnp.zeros(len(keys))}

    def advance(self, replicas, ticks):
        ends = replicas["lost"] & (ticks > 60 and not Path(self.unless).is_file())
        velocity = jnp.where(ends[:, None, None], jnp.nan, replicas["velocity"])
        return {**replicas, "velocity": velocity, "ticks": jnp.full_like(replicas["ticks"], ticks)}

    def displacements(self, replicas, start):
        return replicas["velocity"] * self.tick * (replicas["ticks"] - start["ticks"])[:, None, None]


def flights(start, replicas, mover, **settings):
    settings = {"observables": ["propensity"], "block": 4, "segment_steps": 50, **settings}
    return isoconfigurational(KEY, MODEL, start, times=[0.5, 1.0], replicas=replicas, mover=mover, **settings)


@pytest.fixture(scope="module")
def start():
    """In single precision, so that nothing is compiled where there are kernels."""
    with jax.enable_x64(False):
        return glass.random_lattice(jax.random.key(0), MODEL)


def ensemble(start, **settings):
    return isoconfigurational(KEY, MODEL, start, **SETTINGS, **settings)


def test_an_ensemble_in_two_processes_has_the_same_bits(start, workers):
    assert_same_bits(ensemble(start, executor=workers), ensemble(start))


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_an_ensemble_on_a_cluster_has_the_same_bits(start, count):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert_same_bits(ensemble(start, executor=client), ensemble(start))


def test_of_finished_blocks_no_states_are_left(start, workers, tmp_path):
    with Run.open(tmp_path, "ensemble", {}) as run:
        found = ensemble(start, executor=workers, keep=run.chunk)
        left = sorted(path.name for path in (run.folder / "chunks").iterdir())
        assert left == ["replicas-0-2.npz", "replicas-2-4.npz", "replicas-4-5.npz"]
        assert_same_bits(ensemble(start, keep=run.chunk), found)


def counted(shared, first):
    """How many programs were compiled for a block, and by which process."""
    compiled = []
    listen = lambda event, *_, **__: compiled.append(event) if "backend_compile" in event else None  # noqa: E731
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        run_block(shared, first)
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    return os.getpid(), len(compiled)


@pytest.mark.parametrize("engine", ["cpu", pytest.param("jax", marks=pytest.mark.slow)])
def test_a_worker_compiles_for_its_first_block_alone(start, workers, engine):
    mover = glass.choose_mover(MODEL, start, temperature=1.5, dt=0.004, engine=engine)
    reference, _ = make_reference(MODEL, start, ["propensity", "cage_relative"], None, None)
    shared = Ensemble(KEY, mover, start, reference, 16, 2, [[10], [20]], False, None, None)
    found = map_independent(partial(counted, shared), range(0, 16, 2), executor=workers)
    by_worker = {pid: [n for p, n in found if p == pid] for pid, _ in found}
    assert all(counts.count(0) >= len(counts) - 1 for counts in by_worker.values())
    assert sum(n for _, n in found) > 0


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_replica_that_is_no_number_is_named(start, workers, tmp_path, elsewhere):
    mover = Flights(lost=6, unless=str(tmp_path / "mended"))
    executor = workers if elsewhere else None
    with Run.open(tmp_path, "ensemble", {}) as run:
        with pytest.raises(
            PieceError, match=r"replicas-4-8 .*finite displacements.* in replicas 6 by tick 100"
        ):
            flights(start, 12, mover, executor=executor, keep=run.chunk)
        assert run.chunk.is_finished("replicas-0-4")
        assert run.chunk.is_finished("replicas-8-12")
        (tmp_path / "mended").touch()
        found = flights(start, 12, mover, executor=executor, keep=run.chunk)
    assert_same_bits(found, flights(start, 12, Flights()))


@pytest.mark.slow
def test_memory_does_not_grow_with_replicas(start):
    """Of ten times as many blocks. Their sums alone are 2 MB more; JAX remembers some of what it was asked."""
    flights(start, 8, Flights())
    held = []

    def keep(name, compute):
        if name in ("replicas-400-404", "replicas-4000-4004"):
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
        return compute()

    tracemalloc.start()
    flights(start, 4004, Flights(), keep=keep)
    tracemalloc.stop()
    assert held[1] - held[0] < 500_000
