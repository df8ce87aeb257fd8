"""What the README shows is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text()


def run_example(number):
    examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}
    done = subprocess.run(
        [sys.executable, "-c", examples[number]],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ensemble_of_the_example():
    short, long = (float(x) for x in re.findall(r"[\d.]+", run_example(0)))
    assert 0.05 < short < long < 3


def test_holes_of_the_example():
    n, dim, *atoms = (int(x) for x in re.findall(r"\d+", run_example(1)))
    assert (n, dim) == (250, 3)
    assert len(set(atoms)) >= 4


def test_files_that_it_names_exist():
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(((?!https?:)[^)]+)\)", README):
        assert (root / target).is_file(), target
