"""The block kernel compiled for cards, without one: registers, spills and shared memory are as planned."""

import pytest
from block_emulation import How, compiler, options
from block_systems import CASES, KOB_ANDERSEN, mixture
from nvrtc import kernels_of

from tdaglass.kernels.nvrtc import compilers

CARDS = (70, 75, 80, 90, 100)
LIQUIDS = {
    "plane": (mixture(2, "force_shift"), 2, 2000),
    "space": (KOB_ANDERSEN, 3, 4096),
    "alone on its multiprocessor": (KOB_ANDERSEN, 3, 8000),
    "four species": (mixture(4, "smooth"), 2, 2000),
    "diameters": (CASES["diameters"].interaction, 3, 2000),
    "diameters in a plane": (CASES["diameters in a plane"].interaction, 2, 3000),
    "inverse power": (mixture(3, "shift", "inverse_power", 64), 3, 1000),
}
pytestmark = [
    pytest.mark.skipif(
        not compilers(), reason="expected NVIDIA's compiler, got none; try pip install nvidia-cuda-nvrtc"
    ),
    pytest.mark.skipif(compiler() is None, reason="expected a C++ compiler to plan a launch, got none"),
]


def check(found, card, name, observes, blocks=1):
    interaction, dimension, n = LIQUIDS[name]
    how = How(room=128, threads=0, stages=4 if card >= 80 else 0, blocks=blocks)
    text = options(interaction, dimension, n, how)
    assert isinstance(text, str)
    chosen = dict(word[2:].split("=") for word in text.split() if word.startswith("-D"))
    kernels = kernels_of(found, card, text.replace("-DOBSERVES=0", f"-DOBSERVES={observes:d}"))
    assert set(kernels) == {"advance", *(("begin_observing",) if observes else ())}
    advance = kernels["advance"]
    assert advance.registers * int(chosen["THREADS"]) * int(chosen["BLOCKS"]) <= 65536
    assert advance.shared == 0  # all of it is asked for at the launch
    return advance.spilled


@pytest.mark.parametrize("name", ["plane", "space"])
def test_a_kernel_for_a_card(name):
    newest = max(compilers(), key=lambda compiler: compiler.version)
    assert 90 in newest.architectures
    assert check(newest, 90, name, observes=False) == 0
    if name == "space":
        assert check(newest, 90, name, observes=False, blocks=4) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", LIQUIDS)
@pytest.mark.parametrize("card", CARDS)
def test_every_card_and_liquid(name, card):
    able = [compiler for compiler in compilers() if card in compiler.architectures]
    if not able:
        pytest.skip(f"expected a compiler that knows sm_{card}, got {[x.version for x in compilers()]}")
    for observes in (False, True):
        for blocks in (1, 2, 4, 8) if card >= 90 else (1,):
            # A few numbers, in no loop over particles, are what some assemblers keep in memory: counters of steps.
            assert check(able[0], card, name, observes, blocks) <= (64 if blocks == 1 else 128)
