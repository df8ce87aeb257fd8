"""Glasses in batches and in parts: the same ones, however they are made."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.parallel import PieceError
from tdaglass.runs import Run

MODEL = glass.additive_mixture_2d(200)
RAMP = {"hot": 2.0, "equilibration": 0.2, "rate": 4.0, "snapshots": (1.5, 0.5), "dt": 0.004}


@pytest.fixture(autouse=True)
def kernels_where_there_are_any():
    """They compute in single precision, and nothing has to be compiled."""
    with jax.enable_x64(False):
        yield


def glasses(numbers, **settings):
    return glass.quench(jax.random.key(1), MODEL, jnp.array(numbers), **{**RAMP, **settings})


def test_a_quench_is_the_same_in_any_company():
    several = glasses([0, 1])
    alone = glasses([1])
    assert several.positions.shape == (2, 2, 200, 2)
    assert_same_bits(jax.tree.map(lambda x: x[:, 1:2], several), alone)
    apart = np.abs(several.positions[1, 0] - several.positions[1, 1]).max()
    assert apart > 0.1


def test_a_killed_quench_goes_on_where_it_was():
    class Killed(Exception):
        pass

    whole, parts, computed = glasses([0, 1], part_steps=30), {}, []

    def keep(name, compute):
        if name not in parts:
            if len(computed) % 3 == 2:
                computed.append("killed")
                raise Killed
            computed.append(name)
            parts[name] = compute()
        return parts[name]

    for _ in range(10):
        try:
            pieced = glasses([0, 1], part_steps=30, keep=keep)
            break
        except Killed:
            continue
    assert_same_bits(pieced, whole)
    done = [name for name in computed if name != "killed"]
    assert len(done) == len(set(done)) == len(parts)
    assert computed.count("killed") >= 2


def test_batches_of_quenches_are_pieces(workers, tmp_path):
    """Here and in other processes the same glasses as all at once; of what is finished no parts are left."""
    whole = glasses([3, 0, 1], part_steps=30)
    assert_same_bits(glasses([3, 0, 1], part_steps=30, batch=2), whole)
    with Run.open(tmp_path, "quenches", {}) as run:
        kept = {"part_steps": 30, "executor": workers, "keep": run.chunk}
        assert_same_bits(glasses([3, 0, 1], batch=2, **kept), whole)
        left = sorted(path.name for path in (run.folder / "chunks").iterdir())
        assert left[0] == "systems-1-1.npz"
        assert len(left) == 2
        # Other systems have other names.
        assert_same_bits(glasses([3, 1], batch=2, **kept), jax.tree.map(lambda x: x[:, ::2], whole))
        assert len([*(run.folder / "chunks").iterdir()]) == 3


def test_a_batch_that_fails_is_named():
    with pytest.raises(
        PieceError, match=r"systems-1-1 \(SimulationError: .*; systems-2-2 \(SimulationError: "
    ):
        glasses([1, 2], batch=1, dt=0.3)


@pytest.mark.parametrize("snapshots", [(2.0, 1.0), (1.52, 1.0), (1.0,), ()])
@pytest.mark.parametrize("part_steps", [10, 25, 1000])
def test_a_ramp_in_parts_passes_the_same_temperatures(snapshots, part_steps):
    start = glass.initialize(jax.random.key(2), MODEL, 2.0)
    ramp = {"start": 2.0, "stop": 1.0, "rate": 2.5, "snapshots": snapshots, "dt": 0.004}
    names = []

    def keep(name, compute):
        names.append(name)
        return compute()

    whole, seen = glass.cool(start, MODEL, **ramp)
    pieced, seen_in_parts = glass.cool_in_parts(
        start, MODEL, **ramp, keep=keep, name="ramp", part_steps=part_steps, progress=False
    )
    assert names[-1] == "ramp-100"
    assert len(names) == -(-100 // part_steps)
    # Temperatures differ in the last digit.
    np.testing.assert_allclose(seen_in_parts.positions, seen.positions, atol=1e-7)
    np.testing.assert_allclose(pieced.velocity, whole.velocity, atol=1e-5)
    assert int(pieced.step) == int(whole.step)


def test_snapshots_that_cannot_be():
    with pytest.raises(ValueError, match="expected temperatures to keep"):
        glass.quench(jax.random.key(0), MODEL, jnp.arange(1), **{**RAMP, "snapshots": ()})
    with pytest.raises(ValueError, match="expected snapshots between"):
        glass.quench(jax.random.key(0), MODEL, jnp.arange(1), **{**RAMP, "snapshots": (2.5, 0.5)})
