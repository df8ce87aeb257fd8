"""What the README shows is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def run_example(number):
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[number]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ensemble_of_the_example():
    short, long, *foretold = (float(x) for x in re.findall(r"-?\d[\d.e-]*", run_example(0)))
    assert 0.05 < short < long < 3
    assert len(foretold) == 4
    assert max(map(abs, foretold)) < 1


def test_potential_of_the_example():
    assert run_example(1) == "(4, 100, 3)\n"


def test_holes_of_the_example():
    n, dim, *atoms = (int(x) for x in re.findall(r"\d+", run_example(2)))
    assert (n, dim) == (250, 3)
    assert len(set(atoms)) >= 4


@pytest.mark.parametrize(("number", "most"), [(0, 15), (1, 12)])
def test_examples_are_as_short_as_they_say(number, most):
    assert len([line for line in EXAMPLES[number].splitlines() if line.strip()]) <= most
