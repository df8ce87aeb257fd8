"""Topological forces end to end at a small size, as users run them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ["--n", "64", "--equilibration", "5", "--radii", "1.0", "1.1", "--steps", "150"]


@pytest.mark.slow
def test_holes_open_at_a_cost_and_images_grow_alike(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}
    program = [
        sys.executable,
        str(ROOT / "experiments" / "topological_force.py"),
        *SMALL,
        "--root",
        str(tmp_path),
    ]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "topological_force").iterdir()
    metrics = json.loads((folder / "metrics.json").read_text())
    one, two = metrics["holes"]
    assert one["radius_let_go"] < one["radius"] < two["radius"] <= 1.1 + 1e-6
    assert 0 < one["energy"] < two["energy"]
    assert metrics["distance"]["after"] < 0.5 * metrics["distance"]["before"]
    for name in ("hole", "cost", "imitation"):
        assert (folder / "figures" / f"{name}.png").stat().st_size < 200_000
