"""Calls of the block kernel on cards that are pretended: how they are launched, and all that can be wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.baths import make_schedule
from tdaglass.glass.molecular_dynamics.engines import kernel_calls
from tdaglass.kernels import blocks
from tdaglass.kernels import cards as card_module
from tdaglass.kernels.molecular_dynamics import Motion

SETTINGS = {"thermostat": True, "dt": 0.004, "skin": 0.3, "room": 64}


@pytest.fixture
def systems(start):
    """Four replicas of a liquid in two dimensions, as the kernels take them."""
    _, states = start("kob_andersen_2d", 1.0, replicas=4)
    return kernel_calls.systems(states, make_schedule(states, "nvt", 1.0, None), 0, 3)


def call(systems, observation=None, **settings):
    pairs = kernel_calls.interaction(glass.kob_andersen_2d(200))
    return blocks.advance(*systems, observation, interaction=pairs, **{**SETTINGS, **settings})


def system(tree, k):
    return jax.tree.map(lambda x: x[k], tree)


def said(call, *arguments, **settings):
    """The sentence behind the handler's mark."""
    with pytest.raises(jax.errors.JaxRuntimeError) as error:
        jax.block_until_ready(jax.jit(lambda: call(*arguments, **settings))())
    return str(error.value).split("tdaglass: ")[-1].splitlines()[0]


def test_a_card_is_described(cards):
    cards.card(architecture=86, shared_bytes=101376, memory=8 << 30)
    found = card_module.find_card(1)
    assert found == card_module.Card("pretended card", 8 << 30, 8, 6, 132, 101376, 233472, 13000)
    assert found.architecture == 86
    assert "nothing of card 7: some failure; try engine='jax'" in card_module.find_card(7)


@pytest.mark.parametrize(
    ("driver", "sentence"),
    [
        ("libno-cuda.so.1", "there is no CUDA driver (libno-cuda.so.1)"),
        ("libm.so.6", "(libm.so.6) is too old"),
    ],
)
def test_a_driver_that_is_missing_is_said(driver, sentence, monkeypatch):
    monkeypatch.setattr(card_module, "DRIVER", driver)
    found = card_module.find_card(0)
    assert sentence in found
    assert found.endswith("; try engine='jax'")


def test_a_block_is_launched_for_each_system(cards, systems):
    modules = cards.modules()
    call(systems)
    (card,) = set(blocks.cards())
    plan = blocks.make_plan(
        kernel_calls.interaction(glass.kob_andersen_2d(200)),
        200,
        2,
        card=card,
        thermostat=True,
        dt=0.004,
        room=64,
    )
    assert cards.launches() == [f"advance 4 x {plan.threads}"]
    call(systems)
    assert cards.launches() == [f"advance 4 x {plan.threads}"]
    # Loaded once, whatever the sizes of the batch.
    call(system(systems, slice(2)))
    assert cards.modules() <= modules + 1
    assert cards.contexts() == 0


def test_where_memory_is_short_systems_run_in_parts(cards, systems):
    whole = call(systems)
    cards.launches()
    (card,) = set(blocks.cards())
    pairs = kernel_calls.interaction(glass.kob_andersen_2d(200))
    of_one = blocks.make_plan(pairs, 200, 2, card=card, room=64).scratch_bytes
    cards.scratch(3 * of_one)  # of four, two can be had: a half
    assert_same_bits(call(systems), whole)
    assert [launch.split()[1] for launch in cards.launches()] == ["2", "2"]
    cards.scratch(of_one)
    assert_same_bits(call(systems), whole)
    assert [launch.split()[1] for launch in cards.launches()] == ["1"] * 4
    cards.scratch(of_one - 1)
    assert "not enough memory for the neighbour lists; try fewer systems at once" in said(call, systems)
    # Lists are to take a quarter of a card's memory at most: three systems, or twice two.
    cards.reset()
    cards.card(memory=12 * of_one)
    assert_same_bits(call(systems), whole)
    assert [launch.split()[1] for launch in cards.launches()] == ["2", "2"]


@pytest.mark.parametrize(
    ("systems", "n", "architecture", "blocks_of_each"),
    [
        (1, 4096, 90, 8), (16, 4096, 100, 8), (17, 4096, 90, 4), (30, 4096, 90, 4), (33, 4096, 90, 4),
        (34, 4096, 90, 2), (66, 4096, 90, 2), (67, 4096, 90, 1), (1024, 4096, 90, 1), (0, 4096, 90, 8),
        (1, 2000, 90, 4), (1, 512, 90, 2), (1, 511, 90, 1), (1, 4096, 86, 1),
    ],
)  # fmt: skip
def test_systems_fewer_than_multiprocessors_have_several_blocks(
    systems, n, architecture, blocks_of_each, cards
):
    cards.card(architecture)
    (card,) = set(blocks.cards())
    assert blocks.blocks_of_system(systems, n, card) == blocks_of_each


def test_several_blocks_change_no_bit(cards, systems, monkeypatch):
    whole = call(systems)
    (card,) = set(blocks.cards())
    pairs = kernel_calls.interaction(glass.kob_andersen_2d(200))
    for least, of_each in ((100, 2), (50, 4), (10, 8)):
        monkeypatch.setattr(blocks, "LEAST_PARTICLES", least)
        cards.launches()
        assert_same_bits(call(systems), whole)
        plan = blocks.make_plan(pairs, 200, 2, card=card, room=64, n_blocks=of_each)
        assert cards.launches() == [f"advance {4 * of_each} x {plan.threads}"]
        assert plan.threads == max(-(-200 // of_each // 32) * 32, 64)
    # Chosen for two systems each, launched together with memory for one.
    cards.scratch(plan.scratch_bytes)
    both = jax.tree.map(lambda x: x.reshape(2, 2, *x.shape[1:]), systems)
    halves = jax.tree.map(lambda x: x.reshape(4, *x.shape[2:]), jax.vmap(call)(both))
    assert_same_bits(halves, whole)
    assert cards.launches() == [f"advance 8 x {plan.threads}"] * 4
    # A card that knows of no clusters.
    cards.reset()
    cards.card(architecture=75)
    assert_same_bits(call(systems), whole)
    assert [launch.split()[1] for launch in cards.launches()] == ["4"]


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("cuStreamGetCtx", "no context for this stream: some failure"),
        ("cuDeviceGetAttribute", "the CUDA driver says nothing of card 0: some failure"),
        ("cuLaunchKernel", "the CUDA driver does not launch the block kernel: some failure"),
    ],
)
def test_what_a_driver_refuses_is_said(function, sentence, cards, systems):
    call(systems)
    cards.fails(function, 700)
    assert sentence in said(call, systems)
    cards.fails("")
    call(systems)
    assert cards.contexts() == 0


@pytest.mark.parametrize("function", ["cuModuleLoadData", "cuModuleGetFunction", "cuFuncSetAttribute"])
def test_code_that_a_card_does_not_take_is_said(function, cards, systems):
    cards.fails(function)
    cards.card(architecture=80 + len(function) % 10)  # to which nothing was loaded yet
    sentence = said(call, systems, skin=0.2)
    assert sentence == "the CUDA driver does not take the block kernel: out of memory"


def test_no_card_no_compiler_and_no_room_are_sentences_before_anything_is_launched(
    cards, systems, monkeypatch
):
    cards.card(shared_bytes=8000)
    with pytest.raises(
        RuntimeError, match=r"a block of the pretended card holds \d+ particles at most, got 200; try"
    ):
        call(systems)
    cards.card(architecture=75)
    monkeypatch.setattr(
        blocks, "find_compiler", lambda architecture, driver: f"no compiler for {architecture}"
    )
    with pytest.raises(RuntimeError, match="no compiler for 75"):
        call(systems)
    monkeypatch.setattr(blocks, "BACKEND", "cuda")
    blocks.cards_or_why.cache_clear()
    with pytest.raises(RuntimeError, match=r"there is no CUDA card here .*; try engine='jax'"):
        call(systems)
    assert cards.launches() == []


def test_lists_that_are_full_say_how_long_they_were_to_be(cards, systems):
    *_, made, status, longest, _ = call(systems, room=8)
    assert (np.asarray(status) == blocks.LIST_FULL).all()
    assert (np.asarray(made) == 0).all()
    assert (np.asarray(longest) > 8).all()
    enough = int(longest.max())
    moved, made, status, longest, _ = call(systems, room=enough)
    assert not np.any(status)
    assert (np.asarray(made) == 3).all()
    assert int(longest.max()) == enough
    assert_same_bits(moved, call(systems)[0])


@pytest.mark.usefixtures("unchecked")
def test_arrays_that_do_not_fit_each_other_are_refused(cards, systems):
    fewer = systems._replace(box=systems.box[:3])
    with pytest.raises(Exception, match="expected all arrays with the same systems, particles and axes"):
        jax.block_until_ready(call(fewer))
    n, dim = systems.motion.fraction.shape[1:]
    start = systems.motion.fraction[0], systems.motion.image[0]
    nothing = jnp.zeros((n - 1, 0), jnp.int32), jnp.zeros((0, dim), jnp.int32)
    with pytest.raises(Exception, match="expected one start, its cages"):
        jax.block_until_ready(call(systems, (jnp.asarray([1, 3], jnp.int32), *start, *nothing)))
    longer = systems._replace(diameters=systems.diameters.astype(jnp.float64))
    with pytest.raises(Exception, match=r"(?i)type"):
        jax.block_until_ready(call(longer))


def test_inside_jit_vmap_and_loops(cards, systems):
    """Three batches, each in three calls inside a loop, are the systems one by one in one call."""
    three = jax.tree.map(lambda x: jnp.stack([x[:2], x[1:3], x[2:]]), systems)

    @jax.jit
    @jax.vmap
    def looped(systems):
        def some(k, motion):
            steps = jnp.full(2, 1, jnp.int32) * k
            return call(systems._replace(motion=motion, first=steps, last=steps + 1))[0]

        return jax.lax.fori_loop(0, 3, some, systems.motion)

    found = looped(three)
    assert isinstance(found, Motion)
    for k in range(4):
        alone = call(system(systems, k))[0]
        assert_same_bits(system(system(found, min(k, 2)), k - min(k, 2)), alone)


def test_ensembles_under_vmap(cards, systems):
    """Two ensembles, each with its own start, one after the other; moments of other calls are zero."""
    both = jax.tree.map(lambda x: x.reshape(2, 2, *x.shape[1:]), systems)

    def observe(systems):
        start = systems.motion.fraction[0], systems.motion.image[0]
        cage, waves = jnp.zeros((200, 1), jnp.int32), jnp.asarray([[3, 1], [0, 4]], jnp.int32)
        return call(systems, (jnp.asarray([2, 3, 7], jnp.int32), *start, cage, waves))

    together = jax.vmap(observe)(both)
    *_, sums = together
    assert sums[0].shape == (2, 3, 200, blocks.WORDS)
    for x in sums:
        assert np.asarray(x[:, :2]).any()
        assert not np.asarray(x[:, 2]).any()
    for k in range(2):
        assert_same_bits(system(together, k), observe(system(both, k)))


def test_there_are_no_derivatives(cards, systems):
    def energy(velocity):
        moved, *_ = call(systems._replace(motion=systems.motion._replace(velocity=velocity)))
        return jnp.sum(moved.velocity)

    with pytest.raises(TypeError, match=r"no derivatives of the CUDA kernels.*; try engine='jax'"):
        jax.grad(energy)(systems.motion.velocity)
