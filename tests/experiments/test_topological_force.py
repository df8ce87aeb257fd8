"""Topological forces end to end at a small size, as users run them."""

import json

import pytest
from studies import TINY, only_run, study


@pytest.mark.slow
def test_holes_open_at_a_cost_and_images_grow_alike(tmp_path):
    study("topological_force", *TINY["topological_force"], "--root", str(tmp_path))
    folder = only_run(tmp_path, "topological_force")
    metrics = json.loads((folder / "metrics.json").read_text())
    one, two = metrics["holes"]
    assert one["radius_let_go"] < one["radius"] < two["radius"] <= 1.1 + 1e-6
    assert 0 < one["energy"] < two["energy"]
    assert metrics["distance"]["after"] < 0.5 * metrics["distance"]["before"]
    for name in ("hole", "cost", "imitation"):
        assert (folder / "figures" / f"{name}.png").stat().st_size < 200_000
