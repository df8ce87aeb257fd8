"""The benchmark's checks of the block kernel, on cards that are pretended."""

import sys
from pathlib import Path

import jax
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import accelerator_correctness
import accelerator_speed
import accelerator_starts

pretended = pytest.importorskip("pretended_cards", reason="no cards are pretended in this version")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", accelerator_starts.LIQUIDS)
def test_checks_and_speed_of_the_block_kernel(name, tmp_path):
    with jax.enable_x64(False), pretended.pretended_cards():
        list(accelerator_starts.make_starts(tmp_path, True))
        rows = list(accelerator_correctness.check(tmp_path, True, name, "cuda"))
        found = {row["what"]: row["found"] for row in rows}
        assert found.pop("relative error of forces after a step") < 2e-5
        assert [value for value in found.values() if isinstance(value, bool)] == 5 * [True]
        *_, chi_sq = found.values()
        assert 0.5 < chi_sq < 2
        speed = list(accelerator_speed.measure(tmp_path, True, name, "cuda"))
        assert [row["replicas"] for row in speed] == [1, 4]
