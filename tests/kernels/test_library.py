"""The library itself: switched off, missing, or made for other processors."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jaxlib
import numpy as np
import pytest

from tdaglass import kernels
from tdaglass.kernels import library

SOURCES = Path(library.__file__).parent / "src"
FLAGS = ["-O2", *(SOURCES / "flags.txt").read_text().split()]
FOR_THIS_PROCESSOR = (
    "molecular_dynamics/molecular_dynamics",
    "molecular_dynamics/ensemble",
    "embedded_atoms/embedded_atoms",
    "bond_order/bond_order",
    "clusters/clusters",
    "hard_spheres/hard_spheres",
    "library/instructions",
)
FOR_ANY = (
    "molecular_dynamics/xla_ffi",
    "embedded_atoms/embedded_atoms_ffi",
    "bond_order/bond_order_ffi",
    "cuda/launch/xla_ffi",
    "hard_spheres/hard_spheres_ffi",
    "library/processor",
    "topology/topology",
)
COMPILER = os.environ.get("CXX") or shutil.which("c++")
with_compiler = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")

FORCES = """
import json
import jax, jax.numpy as jnp
from tdaglass import glass, kernels
print("why not:", kernels.WHY_NOT)
found = {}
for model in (glass.kob_andersen_3d(200), glass.kob_andersen_2d(200)):
    state = glass.initialize(jax.random.key(0), model, 1.0)
    engine = "jax" if kernels.WHY_NOT else "cpu"
    moved = glass.run(state, model, 20, temperature=1.0, dt=0.001, engine=engine)
    found[model.name] = moved.configuration.positions.tolist()
print(json.dumps(found))
"""


def positions_with(**environment):
    """Reason not to use the kernels, and positions after some steps, of another process."""
    environment = {**os.environ, "JAX_ENABLE_X64": "0", **environment}
    done = subprocess.run(
        [sys.executable, "-c", FORCES],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=500,
    )
    *_, reason, found = done.stdout.strip().splitlines()
    return reason, json.loads(found)


def build(folder, arch, *flags):
    path = folder / f"kernels-{arch}.so"
    include = Path(jaxlib.__file__).parent / "include"
    common = [
        COMPILER,
        "-std=c++20",
        "-fPIC",
        *FLAGS,
        *flags,
        f"-I{SOURCES}",
        "-isystem",
        str(include),
        "-c",
    ]
    objects = []
    for name in (*FOR_THIS_PROCESSOR, *FOR_ANY):
        special = [f"-march={arch}"] if name in FOR_THIS_PROCESSOR else []
        objects.append(str(folder / f"{name.replace('/', '-')}.o"))
        subprocess.run([*common, "-c", *special, str(SOURCES / f"{name}.cpp"), "-o", objects[-1]], check=True)
    subprocess.run([COMPILER, "-shared", "-pthread", *objects, "-o", str(path), "-ldl"], check=True)
    return path


@pytest.fixture(scope="module")
def usual():
    return positions_with(TDAGLASS_KERNELS="off")[1]


@with_compiler
@pytest.mark.slow
@pytest.mark.parametrize("arch", ["x86-64", "x86-64-v3", "x86-64-v4"])
def test_every_width_of_vectors(arch, usual, tmp_path):
    """Four numbers (SSE2), eight (AVX2) and sixteen (AVX-512): right, or refused by the processor."""
    reason, found = positions_with(TDAGLASS_KERNELS=str(build(tmp_path, arch)))
    if arch != "x86-64" and reason != "why not: None":
        assert "whose instructions this one lacks" in reason
        pytest.skip(reason)
    assert reason == "why not: None"
    for name, positions in usual.items():
        np.testing.assert_allclose(found[name], positions, rtol=0, atol=1e-5)


def test_switched_off(monkeypatch):
    monkeypatch.setenv("TDAGLASS_KERNELS", "off")
    assert "switched off by TDAGLASS_KERNELS" in kernels.load()


def test_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("TDAGLASS_KERNELS", str(tmp_path / "kernels.so"))
    assert "not built" in kernels.load()


def test_not_a_library(monkeypatch, tmp_path):
    path = tmp_path / "kernels.so"
    path.write_text("no library")
    monkeypatch.setenv("TDAGLASS_KERNELS", str(path))
    assert "cannot be loaded" in kernels.load()


@with_compiler
@pytest.mark.parametrize(
    ("needs", "message"),
    [("~0u", "built for tomorrow on another processor"), ("0", "of another version of tdaglass")],
    ids=["another processor", "another version"],
)
def test_made_for_another(needs, message, monkeypatch, tmp_path):
    """A library that needs every instruction set there is a bit for, and one more; or none, and does nothing."""
    source = tmp_path / "instructions.cpp"
    source.write_text(
        'extern "C" { extern const unsigned tdaglass_needs; extern const char* const tdaglass_instructions; '
        f'const unsigned tdaglass_needs = {needs}; const char* const tdaglass_instructions = "tomorrow"; }}'
    )
    path = tmp_path / "kernels.so"
    subprocess.run(
        [COMPILER, "-shared", "-fPIC", source, SOURCES / "library" / "processor.cpp", "-o", path], check=True
    )
    monkeypatch.setenv("TDAGLASS_KERNELS", str(path))
    reason = kernels.load()
    assert message in reason
    assert "try `pip install` again" in reason


def test_threads(monkeypatch):
    monkeypatch.setenv("TDAGLASS_THREADS", "3")
    assert kernels.thread_count() == 3
    monkeypatch.setenv("TDAGLASS_THREADS", "many")
    with pytest.raises(ValueError, match="positive number"):
        kernels.thread_count()
    monkeypatch.delenv("TDAGLASS_THREADS")
    assert kernels.thread_count() >= 1
