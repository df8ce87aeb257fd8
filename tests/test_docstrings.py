"""The examples in the docstrings of every module run, in the precision that users have, and give what they say."""

import doctest
import importlib
from pathlib import Path

import jax
import pytest

import tdaglass

ROOT = Path(tdaglass.__file__).parent
# By their text: not every one of them is imported by every worker.
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py") if ">>> " in path.read_text())


@pytest.mark.parametrize("file", FILES, ids=str)
def test_examples(file):
    module = importlib.import_module(".".join(["tdaglass", *file.with_suffix("").parts]))
    with jax.enable_x64(False):
        found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted > 0


def test_every_room_has_examples():
    """What is not found here would not be run at all."""
    assert {file.parts[0] for file in FILES} >= {
        "dynamics", "glass", "io", "learning", "runs", "structure", "topology"
    }  # fmt: skip
