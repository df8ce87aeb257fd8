"""Engine "cuda" on cards that are pretended: beside the CPU kernels, and the same bits however it is run."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.dynamics import isoconfigurational
from tdaglass.glass.molecular_dynamics.engines import choice, cuda_kernels
from tdaglass.kernels import blocks, nvrtc
from tdaglass.kernels import cards as card_module
from tdaglass.runs import Run
from tdaglass.structure import cutoff_neighbors

NVT = {"temperature": 1.0, "dt": 0.004, "engine": "cuda"}
LIQUIDS = ("wahnstrom", "kob_andersen_2d")

pytestmark = pytest.mark.usefixtures("cards")


def system(states, k):
    return jax.tree.map(lambda x: x[k], states)


@pytest.mark.parametrize("name", LIQUIDS)
@pytest.mark.parametrize("other", ["cpu", pytest.param("jax", marks=pytest.mark.slow)])
def test_it_takes_the_same_way(name, other, start):
    model, state = start(name, 1.0)
    found, expected = (glass.run(state, model, 20, **{**NVT, "engine": engine}) for engine in ("cuda", other))
    positions = found.configuration.positions
    np.testing.assert_allclose(positions, expected.configuration.positions, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.velocity, expected.velocity, rtol=0, atol=1e-4)
    atol = 1e-5 * float(jnp.abs(expected.force).max())
    np.testing.assert_allclose(found.force, expected.force, rtol=0, atol=atol)
    np.testing.assert_allclose(found.thermostat.position, expected.thermostat.position, rtol=1e-4, atol=1e-6)
    assert int(found.step) == 20
    assert_same_bits(found.key, state.key)


def test_particles_with_diameters_and_boxes_with_edges_of_their_own():
    """Soft spheres of continuous diameters, in a box that is no cube, beside the CPU kernels."""
    # Dilute: on a dense lattice the largest would overlap too much.
    model = dataclasses.replace(glass.polydisperse_soft_spheres(150), number_density=0.6)
    with jax.enable_x64(False):
        lattice = glass.random_lattice(jax.random.key(0), model)
        stretch = jnp.asarray([1.1, 1.0, 0.95], jnp.float32)
        lattice = lattice._replace(positions=lattice.positions * stretch, box=lattice.box * stretch)
        state = glass.initialize(jax.random.key(1), model, 1.0, lattice)
        settings = {"temperature": 1.0, "dt": 0.001}
        found, expected = (
            glass.run(state, model, 50, engine=engine, **settings) for engine in ("cuda", "cpu")
        )
    positions = found.configuration.positions
    np.testing.assert_allclose(positions, expected.configuration.positions, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.velocity, expected.velocity, rtol=0, atol=1e-3)


@pytest.fixture
def watched_launches(monkeypatch):
    """Steps and room of every launch."""
    seen = []
    real = cuda_kernels.advance

    def advance(*arguments):
        *_, room, _, _, _, first, last, _ = arguments
        seen.append((first, last, room))
        return real(*arguments)

    monkeypatch.setattr(cuda_kernels, "advance", advance)
    monkeypatch.setattr(cuda_kernels, "_known_room", {})
    return seen


@pytest.mark.parametrize("name", LIQUIDS)
def test_calls_launches_lists_and_skins_change_no_bit(name, start, watched_launches, monkeypatch):
    model, state = start(name, 1.0)
    whole = glass.run(state, model, 120, **NVT)
    assert len(watched_launches) == 1
    parts = state
    for steps in (1, 0, 49, 70):
        parts = glass.run(parts, model, steps, **NVT)
    assert_same_bits(parts, whole)
    assert_same_bits(glass.run(state, model, 120, skin=0.5, **NVT), whole)
    # A launch lasts a moment, and the first finds lists without room, which are remembered.
    monkeypatch.setattr(cuda_kernels, "LAUNCH_SECONDS", 1e-6)
    monkeypatch.setattr(cuda_kernels, "_expected_steps", lambda states: 64)
    monkeypatch.setattr(cuda_kernels, "expected_room", lambda *_: 16)
    watched_launches.clear()
    assert_same_bits(glass.run(state, model, 120, **NVT), whole)
    (_, _, little), (_, _, enough), *_ = watched_launches
    assert little == 16 < enough
    assert [launch[:2] for launch in watched_launches[:4]] == [(0, 64), (0, 64), (64, 80), (80, 84)]
    watched_launches.clear()
    glass.run(state, model, 1, **NVT)
    assert watched_launches == [(0, 1, enough)]


@pytest.mark.parametrize("replicas", [4, 3])
def test_batches_and_cards_change_no_bit(replicas, start):
    """An even number of systems on both cards, an odd one on one of them."""
    model, states = start("kob_andersen_2d", 1.0, replicas=replicas)
    bath = {**NVT, "temperature": jnp.asarray([0.8, 1.0, 1.2, 1.4][:replicas], jnp.float32)}
    together = glass.run(states, model, 40, **bath)
    assert len(together.velocity.devices()) == 2 - replicas % 2
    for k in range(replicas):
        alone = glass.run(system(states, k), model, 40, **{**bath, "temperature": bath["temperature"][k]})
        assert_same_bits(system(together, k), alone)


def test_cooling_in_parts_that_are_killed(start, tmp_path):
    """A ramp with snapshots, on from what a run folder has kept."""
    model, states = start("kob_andersen_2d", 1.0, replicas=2)
    ramp = {"start": 1.0, "stop": 0.6, "rate": 1.0, "snapshots": (0.8,), "dt": 0.004, "engine": "cuda"}
    end, snapshots = glass.cool(states, model, **ramp)
    by_cpu, _ = glass.cool(states, model, **{**ramp, "engine": "cpu"})
    kinetic, expected = (np.mean(np.square(x.velocity), axis=(1, 2)) for x in (end, by_cpu))
    np.testing.assert_allclose(kinetic, expected, rtol=0.01)
    parts = {**ramp, "name": "cooling", "part_steps": 30}
    whole = glass.cool_in_parts(states, model, keep=lambda name, compute: compute(), **parts)
    np.testing.assert_allclose(whole[1].positions, snapshots.positions, rtol=0, atol=1e-3)
    with Run.open(tmp_path, "cooling", {"rate": 1.0}) as run:

        def killed(name, compute):
            assert name != "cooling-60"
            return run.chunk(name, compute)

        with pytest.raises(AssertionError, match="cooling-60"):
            glass.cool_in_parts(states, model, keep=killed, **parts)
        assert_same_bits(glass.cool_in_parts(states, model, keep=run.chunk, **parts), whole)


def test_quenches_run_on_cards_by_themselves(cards, monkeypatch):
    """Where JAX computes on cards, "auto" is this engine."""
    model = glass.additive_mixture_2d(200)
    ramp = {"hot": 2.0, "equilibration": 0.1, "rate": 8.0, "snapshots": (1.5,), "dt": 0.004}
    with jax.enable_x64(False):
        expected = glass.quench(jax.random.key(1), model, jnp.arange(2), **ramp)
        assert not cards.launches()
        monkeypatch.setattr(choice, "_FASTEST", {"cpu": "cuda"})
        found = glass.quench(jax.random.key(1), model, jnp.arange(2), **ramp)
    assert len(cards.launches()) > 2
    np.testing.assert_allclose(found.positions, expected.positions, rtol=0, atol=1e-3)


def test_ensembles_are_those_of_the_cpu(start, cards, monkeypatch):
    model, states = start("kob_andersen_2d", 1.0, replicas=1)
    configuration = system(states.configuration, 0)
    cage = cutoff_neighbors(configuration.positions, configuration.box, 1.5)
    settings = {"temperature": 1.0, "times": [0.02, 0.1, 0.2], "replicas": 4, "dt": 0.004, "wave_number": 7.0}

    def ensemble(engine, **more):
        return isoconfigurational(
            jax.random.key(3), model, configuration, engine=engine, cage=cage, **{**settings, **more}
        )

    found, expected = ensemble("cuda"), ensemble("cpu")
    launches = [launch.split()[:2] for launch in cards.launches()]
    assert ["advance", "2"] in launches
    assert ["begin_observing", "64"] in launches
    for name in (
        "propensity",
        "squared_displacement",
        "cage_relative",
        "self_scattering",
        "total_scattering",
    ):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=2e-3, atol=2e-4)
    # Sums do not tell how many cards there were.
    with monkeypatch.context() as patch:
        patch.setattr(cuda_kernels, "mesh_of", lambda *_: None)
        assert_same_bits(ensemble("cuda"), found)
        assert ["advance", "4"] in [launch.split()[:2] for launch in cards.launches()]
    # Nor how many blocks each replica had.
    with monkeypatch.context() as patch:
        patch.setattr(blocks, "LEAST_PARTICLES", 50)
        cuda_kernels.advance.clear_cache()
        cards.launches()
        assert_same_bits(ensemble("cuda"), found)
        assert ["advance", "8"] in [launch.split()[:2] for launch in cards.launches()]
    cuda_kernels.advance.clear_cache()
    # Nor launches that end before, at and behind moments; nor segments, which are calls.
    monkeypatch.setattr(cuda_kernels, "LAUNCH_SECONDS", 1e-6)
    monkeypatch.setattr(cuda_kernels, "_expected_steps", lambda states: 25)
    assert_same_bits(ensemble("cuda"), found)
    assert_same_bits(ensemble("cuda", segment_steps=20), found)


def test_moments_that_cannot_be(start):
    model, states = start("kob_andersen_2d", 1.0, replicas=2)
    mover = glass.choose_mover(model, system(states.configuration, 0), temperature=1.0, engine="cuda")
    nothing = jnp.zeros((200, 0), jnp.int32), jnp.zeros((0, 2), jnp.int32)
    for moments in ([0, 5], [5, 5], [9, 5]):
        with pytest.raises(ValueError, match="expected increasing moments after step 0"):
            mover.advance_and_observe(states, states, moments, *nothing)


def test_explosions_and_overlaps_are_errors_with_a_remedy(start):
    model, states = start("wahnstrom", 1.0, replicas=2)
    nve = {"ensemble": "nve", "engine": "cuda"}
    with pytest.raises(glass.SimulationError, match="try a shorter time step"):
        glass.run(states, model, 100, dt=0.2, **nve)
    broken = states._replace(velocity=states.velocity.at[1, 3, 1].set(jnp.nan))
    with pytest.raises(glass.SimulationError, match="in system 1 after 0 steps"):
        glass.run(broken, model, 100, **nve)
    fraction = states.position.fraction
    position = states.position._replace(fraction=fraction.at[1, 1].set(fraction[1, 0]))
    with pytest.raises(
        glass.SimulationError, match=r"system 1 .*try glass\.settle_overlaps or glass\.minimize"
    ):
        glass.run(states._replace(position=position), model, 100, **nve)
    wrong = states._replace(species=states.species.at[0, 5].set(2))
    with pytest.raises(
        glass.SimulationError, match="in system 0 after 0 steps: a species is not in the tables"
    ):
        glass.run(wrong, model, 10, **nve)


def test_what_a_card_cannot_do_is_an_error_with_a_remedy(start, cards):
    model, states = start("kob_andersen_2d", 1.0, replicas=2)
    cards.scratch(1000)
    with pytest.raises(glass.SimulationError, match=r"not enough memory .*; try fewer systems at once"):
        glass.run(states, model, 10, **NVT)
    cards.scratch(1 << 40)
    cards.fails("cuLaunchKernel", 700)
    with pytest.raises(
        glass.SimulationError, match="launch the block kernel: some failure; try engine='jax'"
    ):
        glass.run(states, model, 10, **NVT)


def test_too_little_memory_for_the_systems_themselves(start, monkeypatch):
    model, state = start("kob_andersen_2d", 1.0)

    def exhausted(*_):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes")

    monkeypatch.setattr(cuda_kernels, "advance", exhausted)
    with pytest.raises(
        glass.SimulationError, match="not enough memory on the card for these systems; try fewer"
    ):
        glass.run(state, model, 10, **NVT)


def test_text_that_does_not_compile_is_an_error_with_a_remedy(start, monkeypatch):
    model, state = start("kob_andersen_2d", 1.0)

    def refuse(*_):
        raise nvrtc.CompilationError("expected text, got none; try engine='jax'")

    monkeypatch.setattr(blocks, "machine_code", refuse)
    with pytest.raises(glass.SimulationError, match="expected text, got none; try engine='jax'"):
        glass.run(state, model, 10, skin=0.25, **NVT)


def test_who_runs_what_is_said(start, cards, monkeypatch):
    model, _ = start("kob_andersen_2d", 1.0)
    large = glass.kob_andersen_2d(9000)
    single = {"dtype": "float32"}
    assert glass.describe_engine("cuda", model, **single) == "CUDA kernels on 2 x pretended card"
    for given, said in (
        ((large, "nvt", "float32"), r"holds \d+ particles at most, got 9000; try engine='jax'"),
        ((model, "npt", "float32"), "the CUDA kernels do not run ensemble 'npt'; try engine='jax'"),
        ((model, "nvt", "float64"), "the CUDA kernels run states in float32, got float64; try engine='jax'"),
    ):
        with pytest.raises(ValueError, match=f"expected a simulation for engine 'cuda', but .*{said}"):
            glass.choose_engine("cuda", *given)
    monkeypatch.setattr(choice, "_FASTEST", {"cpu": "cuda"})
    assert glass.choose_engine("auto", model, **single) == "cuda"
    assert glass.choose_engine("auto", large, **single) == "jax"
    said = glass.describe_engine("auto", large, **single)
    assert said.startswith("JAX (a block of the pretended card holds ")
    assert said.endswith("particles at most, got 9000)")
    monkeypatch.setattr(blocks, "find_compiler", lambda *_: "NVRTC is not installed; try `pip install it`")
    blocks.why_no_card.cache_clear()
    assert "JAX (NVRTC is not installed; try `pip" in glass.describe_engine("auto", model, **single)
    monkeypatch.setattr(card_module, "DRIVER", "libno-cuda.so.1")
    monkeypatch.setattr(blocks, "BACKEND", "cuda")
    for known in (blocks.cards_or_why, blocks.why_no_card):
        known.cache_clear()
    assert "JAX (there is no CUDA card here" in glass.describe_engine("auto", model, **single)
