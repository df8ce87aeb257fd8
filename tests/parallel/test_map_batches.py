"""Frames in batches, here and in other processes: the same arrays, each sent to whom it concerns, and checked."""

import os
import sys
import time
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import learning, topology
from tdaglass.configuration import Configuration
from tdaglass.parallel import PieceError, check_finite, checked, map_batches, map_independent
from tdaglass.runs import Run

# Workers cannot import what pytest has found.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

FRAMES = np.random.default_rng(0).uniform(0, 5, (7, 60, 3))
BOX = np.full(3, 5.0)
GRID = topology.Grid((0.0, 2.0), (0.0, 2.0), (16, 16))


def assert_equal(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    jax.tree.map(np.testing.assert_array_equal, a, b)


def centred(configuration, shift):
    positions = configuration.positions - shift[:, None]
    return {"positions": positions, "largest": abs(positions).max((1, 2))}


def test_batches_of_records_make_the_whole(tmp_path):
    trajectory = Configuration(FRAMES, np.zeros((7, 60), int), None)
    shift = np.lib.format.open_memmap(tmp_path / "shift.npy", "w+", float, (7, 3))
    shift[:] = FRAMES.mean(1)
    seen = []

    def keep(name, compute):
        seen.append(name)
        return compute()

    found = map_batches(centred, trajectory, shift, batch=3, keep=keep)
    assert_equal(found, centred(trajectory, np.asarray(shift)))
    # As even as they can be.
    assert seen == ["frames-0-2", "frames-2-4", "frames-4-7"]


def test_lists_of_frames_of_different_sizes():
    frames = [FRAMES[k, : 10 + k] for k in range(7)]
    found = map_batches(lambda some: [x.mean(0) for x in some], frames, batch=4)
    assert isinstance(found, list)
    assert_equal(found, [x.mean(0) for x in frames])
    counts = map_batches(lambda some: np.array([len(x) for x in some]), frames, batch=4)
    assert counts.tolist() == list(range(10, 17))


def test_batches_that_cannot_be():
    with pytest.raises(ValueError, match=r"as many frames each, got \[5, 7\]"):
        map_batches(np.add, FRAMES, FRAMES[:5], batch=2)
    with pytest.raises(ValueError, match="as many frames each, got none"):
        map_batches(np.add, None, batch=2)
    with pytest.raises(ValueError, match=r"as many frames each, got \[0, 7\]"):
        map_batches(np.add, FRAMES, 1.0, batch=2)
    with pytest.raises(ValueError, match="batch"):
        map_batches(np.abs, FRAMES, batch=0)
    with pytest.raises(PieceError, match=r"a row for each of 2 frames, got \[60\]; try jax.vmap"):
        map_batches(lambda x: x.mean(0), FRAMES[:2], batch=2)
    with pytest.raises(PieceError, match=r"a row for each of 2 frames, got \[0\]; try jax.vmap"):
        map_batches(np.sum, FRAMES[:2], batch=2)
    with pytest.raises(
        ValueError, match=r"same shape from all batches, got frames of \[\(60,\), \(61,\)\]; .*capacity"
    ):
        map_batches(lambda x: np.zeros((len(x), 60 + (x[0, 0, 0] == FRAMES[0, 0, 0]))), FRAMES, batch=4)


@jax.jit
def described(positions):
    """Diagrams of a batch, and images of them."""
    loops = jax.vmap(partial(topology.diagram, box=BOX, dimension=1, capacity=200))(positions)
    image = jax.vmap(partial(topology.persistence_image, grid=GRID, sigma=0.2))(loops)
    return loops, image


def check(described):
    topology.check_diagram(described[0])


def test_diagrams_and_images_in_two_processes(workers):
    work = checked(described, check)
    here = map_batches(work, FRAMES[:6], batch=2)
    assert here[0].birth.shape == (6, 200)
    assert here[1].shape == (6, 16, 16)
    assert_equal(map_batches(work, FRAMES[:6], batch=2, executor=workers), here)
    with pytest.raises(
        PieceError, match=r"frames-2-4 .*points that a complex can stand on, got others at \[1\]"
    ):
        map_batches(
            work, np.where(np.arange(6)[:, None, None] == 3, np.nan, FRAMES[:6]), batch=2, executor=workers
        )


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_diagrams_on_a_cluster(count):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = map_batches(described, FRAMES[:6], batch=2, executor=client)
    assert_equal(found, map_batches(described, FRAMES[:6], batch=2))


def test_volumes_of_many_pairs(workers):
    complex_ = topology.alpha_complex(FRAMES[0], BOX)
    pairs = topology.persistence(complex_)[2]
    tree = topology.persistence_tree(complex_)
    longest = np.argsort(pairs.birth - pairs.death)[:12].tolist()
    volumes = map_independent(
        partial(topology.optimal_volume, complex_, pairs, tree=tree), longest, executor=workers
    )
    assert_equal(volumes, [topology.optimal_volume(complex_, pairs, k) for k in longest])


IMAGES = np.random.default_rng(1).normal(size=(24, 1, 8, 8)).astype(np.float32)
KINDS = (IMAGES.mean((1, 2, 3)) > 0).astype(int)


def fold(network, images, kinds, k):
    """A training on two thirds of the samples, and what it says of the others."""
    out = np.arange(len(kinds)) % 3 == k
    trained = learning.fit_network(
        jax.random.fold_in(jax.random.key(0), k), network, jnp.array(images[~out]), jnp.array(kinds[~out]),
        epochs=2, batch_size=8, progress=False,
    )  # fmt: skip
    learning.check_training(trained)
    return trained, learning.predict(network, trained.parameters, jnp.array(images[out]))


def test_folds_of_a_cross_validation(workers):
    train = partial(fold, learning.CNN(convolutions=(4,), dense=None), IMAGES, KINDS)
    here = map_independent(train, range(3))
    assert here[0][1].shape == (8, 2)
    assert_equal(map_independent(train, range(3), executor=workers), here)
    with pytest.raises(PieceError, match=r"piece-0 .*finite samples, got NaN"):
        map_independent(partial(fold, train.args[0], IMAGES * np.nan, KINDS), range(1), executor=workers)


class Watching(Executor):
    """An executor that counts what goes through it."""

    def __init__(self, executor):
        self.executor, self.workers, self.sent = executor, executor.workers, []

    def submit(self, function, *args):
        self.sent.append([len(x) for x in args if isinstance(x, bytes)])
        return self.executor.submit(function, *args)


class Configurations:
    """Something large that says who took it out of its parcel, and when."""

    packed = 0

    def __init__(self, array, opened=None):
        self.array, self.opened = array, opened

    def __reduce__(self):
        Configurations.packed += 1
        return unpacked, (self.array,)


def unpacked(array):
    return Configurations(array, (os.getpid(), time.monotonic_ns()))


def shifted(shared, k):
    return shared.array[:3] + k, shared.opened


def test_what_pieces_share_is_packed_once_and_opened_once_by_each_worker(workers):
    watching = Watching(workers)
    work = partial(shifted, Configurations(np.arange(100_000.0)))
    found = map_independent(work, range(20), executor=watching)
    np.testing.assert_array_equal([x for x, _ in found], np.arange(3.0) + np.arange(20)[:, None])
    assert Configurations.packed == 1
    opened = {when for _, when in found}
    assert len(opened) == len({process for process, _ in opened}) <= workers.workers
    # Until a worker has answered, nobody knows what it has: one that is slow to begin may find all that are on
    # their way without the function, and ask for it with each.
    assert sum(max(sizes) > 800_000 for sizes in watching.sent) <= 3 * workers.workers
    assert max(sizes[-1] for sizes in watching.sent) < 200


def poisoned(folder, x):
    return np.where(Path(folder, "mended").is_file(), x, np.where(x == 4, np.nan, x))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_is_no_number_is_named_and_not_kept(workers, tmp_path, elsewhere):
    work = checked(partial(poisoned, str(tmp_path)), check_finite)
    with Run.open(tmp_path, "numbers", {}) as run:
        common = {"batch": 2, "keep": run.chunk, "executor": workers if elsewhere else None}
        with pytest.raises(PieceError, match=r"frames-4-6 .*expected finite numbers, got nan at \[0\]"):
            map_batches(work, np.arange(8.0), **common)
        assert not run.chunk.is_finished("frames-4-6")
        assert run.chunk.is_finished("frames-6-8")
        (tmp_path / "mended").touch()
        assert map_batches(work, np.arange(8.0), **common).tolist() == list(range(8))
