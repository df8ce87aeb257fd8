"""What the README shows is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import ase.io
import numpy as np
import pytest

from tdaglass import Configuration, io

README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLES = dict(re.findall(r"^## ([^\n]*)\n\n```python\n(.*?)```", README, re.DOTALL | re.MULTILINE))


def run_example(title, folder=None):
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}
    done = subprocess.run(
        [sys.executable, "-c", EXAMPLES[title]],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ensemble_of_the_example():
    short, long, *foretold = (float(x) for x in re.findall(r"-?\d[\d.e-]*", run_example("Fifteen lines")))
    assert 0.05 < short < long < 3
    assert len(foretold) == 4
    assert max(map(abs, foretold)) < 1


def test_file_of_the_example(tmp_path):
    positions = np.random.default_rng(0).uniform(0, 20, (64, 3))
    cell = [[20, 0, 0], [4, 20, 0], [0, 0, 22]]
    ase.io.write(tmp_path / "glass.gro", ase.Atoms("Ni48P16", positions, cell=cell, pbc=True))
    assert re.fullmatch(
        r"\(2, 2, 100\) \(64, 8\) \d+\n",
        run_example("From your LAMMPS, HOOMD, GROMACS or ASE file", tmp_path),
    )


def test_trajectory_of_the_example(tmp_path):
    steps = np.random.default_rng(0).normal(size=(81, 64, 3)) * 0.1
    frames = Configuration(5 + np.cumsum(steps, axis=0), np.arange(64) % 2, np.full(3, 10.0))
    io.write(tmp_path / "dump.lammpstrj", io.Frame(frames, step=np.arange(81) * 5000))
    numbers = re.findall(r"\d[\d.e-]*", run_example("From your trajectory to MSD, F_s, chi_4", tmp_path))
    # A random walk: three squares of the step a frame.
    assert float(numbers[0]) == pytest.approx(0.03, rel=0.1)


def test_potential_of_the_example():
    assert run_example("A potential of your own") == "(4, 100, 3)\n"


def test_pieces_of_the_example(tmp_path):
    pytest.importorskip("distributed")
    said = run_example("On more than one processor", tmp_path)
    assert re.match(r"see http://\S+\n\(4, 250\) \[", said)
    moved = [float(x) for x in re.findall(r"0\.\d+", said.splitlines()[1])]
    assert len(moved) == 4
    assert 0.2 < min(moved) < max(moved) < 0.8
    # A second time they are read.
    assert run_example("On more than one processor", tmp_path).splitlines()[1] == said.splitlines()[1]


def test_holes_of_the_example():
    n, dim, *atoms = (int(x) for x in re.findall(r"\d+", run_example("Holes, forwards and back")))
    assert (n, dim) == (250, 3)
    assert len(set(atoms)) >= 4


@pytest.mark.parametrize(
    ("title", "most"),
    [
        ("Fifteen lines", 15),
        ("A potential of your own", 12),
        ("From your LAMMPS, HOOMD, GROMACS or ASE file", 10),
    ],
)
def test_examples_are_as_short_as_they_say(title, most):
    assert len([line for line in EXAMPLES[title].splitlines() if line.strip()]) <= most
