"""The benchmark of a card, as far as it can be run without one."""

import json
import subprocess
import sys
import time
from pathlib import Path

import jax
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import accelerator
import accelerator_bounds
import accelerator_correctness
import accelerator_speed
import accelerator_starts
import accelerator_topology

from tdaglass import kernels

# What parts do, which good ones do not.
PROGRAMS = {
    "good": "print('{\"a\": 1}'); print('words'); print('{\"a\": 0.123456}')",
    "crashes": "import os, sys; print('{\"a\": 2}', flush=True); sys.stderr.write('no memory\\n'); os.abort()",
    "hangs": "import time; print('{\"a\": 3}', flush=True); time.sleep(600)",
    "raises": "raise ValueError('expected a card')",
    "last": 'print(\'{"b": "x"}\')',
}


def test_parts_that_hang_or_crash_are_said_and_the_others_go_on(tmp_path):
    parts = {name: accelerator.Part("", "", 30.0) for name in PROGRAMS} | {
        "hangs": accelerator.Part("", "", 1.5)
    }
    written = []
    begun = time.monotonic()
    results = accelerator.run_parts(
        parts,
        tmp_path,
        lambda name: [sys.executable, "-c", PROGRAMS[name]],
        lambda results: written.append(json.loads(json.dumps(results))),
    )
    assert time.monotonic() - begun < 30
    assert {name: found["status"] for name, found in results.items()} == {
        "good": "done",
        "crashes": "ended with -6: no memory",
        "hangs": "stopped after 1.5 s",
        "raises": "ended with 1: ValueError: expected a card",
        "last": "done",
    }
    rows = {name: found["rows"] for name, found in results.items()}
    assert rows == {
        "good": [{"a": 1}, {"a": 0.123456}],
        "crashes": [{"a": 2}],
        "hangs": [{"a": 3}],
        "raises": [],
        "last": [{"b": "x"}],
    }
    # What a run that is killed now would leave: the first row of a part that has not ended.
    assert written[0] == {"good": {"status": "running", "rows": [{"a": 1}]}}
    lines = accelerator.tables(results).splitlines()
    assert lines[1].startswith("== good: done (")
    assert [line.strip() for line in lines[2:5]] == ["a", "1", "0.1235"]


def test_limits_of_all_parts_fit_into_a_quarter_of_an_hour_with_a_start():
    assert sum(part.limit for part in accelerator.PARTS.values()) <= 800


@pytest.mark.skipif(kernels.WHY_NOT is not None, reason="the CPU kernels stand in for those of a card")
def test_measurements_of_an_engine_of_kernels(tmp_path):
    with jax.enable_x64(False):
        assert len(list(accelerator_starts.make_starts(tmp_path, True))) == 3
        rows = list(accelerator_correctness.check(tmp_path, True, "2D", "cpu"))
        found = {row["what"]: row["found"] for row in rows}
        assert len(rows) == 12
        assert found["relative error of forces after a step"] < 1e-5
        for what in (
            "equal replicas stay equal",
            "the same again",
            "the same in other company",
            "the same in two calls, by a file",
            "the same with another skin",
        ):
            assert found[what] is True, what
        assert abs(found["NVE, 100 steps: mean change of E / N"]) < 1e-3
        row = next(accelerator_speed.measure(tmp_path, True, "2D", "cpu"))
        assert row["replicas"] == 1
        assert row["G particle-steps/s"] > 0
        (absent,) = accelerator_speed.measure(tmp_path, True, "2D", "cuda")
        assert absent["absent"].startswith("expected")
        bounds = list(accelerator_bounds.shares(tmp_path, True))
        assert [row.get("engine") for row in bounds] == [None, "cpu", "cpu"]
        assert 10 < bounds[1]["pairs a particle"] < 40
        alone, *batches = accelerator_topology.diagrams(tmp_path, True)
        assert 0 < alone["of these under the lock"] < alone["ms a system"]
        assert [row["threads"] for row in batches] in ([1], [1, 2])


@pytest.mark.slow
def test_the_command_computes_every_part_on_a_processor(tmp_path):
    words = [sys.executable, accelerator.__file__, "--tiny", "--out", str(tmp_path)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    parts = json.loads((tmp_path / "results.json").read_text())["parts"]
    assert list(parts) == list(accelerator.PARTS)
    assert {found["status"] for found in parts.values()} == {"done"}
    assert all(found["rows"] for found in parts.values())
    # Without a card its engine is said to be absent.
    assert all("absent" in row for row in parts["speed, cuda, 2D"]["rows"])
    assert {row["precision"] for row in parts["learning"]["rows"]} == {"default", "highest"}
    assert f"everything is in {tmp_path}" in printed
