"""The block kernel of the CUDA engine, played by a CPU: built when first asked for, called through ctypes."""

import ctypes
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.kernels.blocks import WORDS, sums_of, whole_numbers
from tdaglass.kernels.molecular_dynamics import FORMS, TRUNCATIONS, Interaction, Motion

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "tdaglass" / "kernels" / "src"
BUILT = HERE.parents[1] / "build"
OK, EXPLODED, OVERLAP, BAD_BOX, BAD_SPECIES, BAD_SETTINGS, OUT_OF_MEMORY, LIST_FULL, DOES_NOT_FIT = range(9)
IN_ORDER, IN_ANY_ORDER, TOGETHER = range(3)

INPUTS = (
    "fraction", "image", "velocity", "force", "chain_position", "chain_momentum",
    "species", "diameters", "box", "temperature", "slope", "first", "last",
)  # fmt: skip
OUTPUTS = (
    "fraction_out", "image_out", "velocity_out", "force_out", "chain_position_out", "chain_momentum_out",
    "made", "status", "longest",
)  # fmt: skip
OBSERVED = ("moments", "start_fraction", "start_image", "cage", "waves")
SUMS = ("distance", "distance_sq", "cage_sq", "scattering", "scattering_sq")
WHOLE = {"fraction", "image", "species", "first", "last", "made", "status", "longest", *OBSERVED}


class Arrays(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p) for name in (*INPUTS, *OUTPUTS, "scratch", *OBSERVED, *SUMS, "density")
    ]


class Launch(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("dimension", "n_particles", "n_species")),
        *((name, ctypes.c_int64) for name in ("form", "exponent", "truncation", "thermostat")),
        *((name, ctypes.c_double) for name in ("non_additivity", "smallest", "largest", "dt", "skin")),
        *((name, ctypes.c_void_p) for name in ("sigma", "epsilon", "cutoff", "masses")),
        *(
            (name, ctypes.c_int64)
            for name in ("room", "threads", "stages", "shared", "blocks", "play", "seed", "systems")
        ),
        ("watched", ctypes.c_int64 * 3),
        ("arrays", Arrays),
        ("length", ctypes.c_double),
    ]


@dataclass(frozen=True)
class How:
    """What must not change a bit: room of the lists, threads, chunks read ahead, blocks, and who plays."""

    room: int = 256
    threads: int = 64
    stages: int = 4
    shared: int = 0
    blocks: int = 1
    play: int = IN_ORDER
    seed: int = 0


def compiler() -> str | None:
    return os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")


@cache
def library() -> ctypes.CDLL:
    flags = [
        "-std=c++20",
        "-O2",
        "-march=native",
        *(SOURCES / "flags.txt").read_text().split(),
        "-shared",
        "-fPIC",
        "-pthread",
    ]
    source = HERE / "block_on_cpu.cpp"
    texts = [source, *sorted(SOURCES.glob("cuda/*.hpp")), *sorted(SOURCES.glob("molecular_dynamics/*.hpp"))]
    name = hashlib.sha256(b"".join(x.read_bytes() for x in texts) + " ".join(flags).encode()).hexdigest()[:16]
    built = BUILT / f"block-{name}.so"
    if not built.exists():
        BUILT.mkdir(exist_ok=True)
        partial = built.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler(), *flags, f"-I{SOURCES}", str(source), "-o", str(partial)], check=True)
        partial.replace(built)  # whole or not at all: several processes may build it
    loaded = ctypes.CDLL(str(built))
    loaded.tdaglass_block_arrays_bytes.restype = ctypes.c_int64
    assert loaded.tdaglass_block_arrays_bytes() == ctypes.sizeof(Arrays)
    loaded.tdaglass_block_launch.restype = ctypes.c_int64
    return loaded


def _launch(
    interaction: Interaction, dimension: int, n: int, systems: int, how: How, **more: Any
) -> tuple[Launch, list]:
    attributes = interaction.attributes()
    tables = {
        name: np.ascontiguousarray(attributes[name]) for name in ("sigma", "epsilon", "cutoff", "masses")
    }
    x = Launch(
        dimension=dimension, n_particles=n, n_species=len(interaction.masses), systems=systems,
        form=FORMS.index(interaction.form), truncation=TRUNCATIONS.index(interaction.truncation),
        exponent=interaction.exponent, room=how.room, threads=how.threads, stages=how.stages, shared=how.shared,
        blocks=how.blocks, play=how.play, seed=how.seed, **more,
    )  # fmt: skip
    for name in ("non_additivity", "smallest", "largest"):
        setattr(x, name, float(attributes[name]))
    for name, table in tables.items():
        setattr(x, name, table.ctypes.data)
    return x, list(tables.values())


def options(
    interaction: Interaction, dimension: int, n: int, how: How = How(), dt: float = 0.005, skin: float = 0.3
) -> str | int:
    """The options of the compiler, or the status of a liquid that fits no block."""
    x, _keep = _launch(interaction, dimension, n, 0, how, thermostat=True, dt=dt, skin=skin)
    text = ctypes.create_string_buffer(4096)
    status = library().tdaglass_block_launch(ctypes.byref(x), text, len(text))
    return status if status else text.value.decode()


def advance(
    motion, species, diameters, box, temperature, slope, first, last, observation=None, *,
    interaction: Interaction, thermostat: bool, dt: float, skin: float = 0.3, how: How = How(),
):  # fmt: skip
    """As `kernels.molecular_dynamics.advance`, with one axis of systems, and with the longest list at the end."""
    arrays = dict(
        zip(INPUTS, (*motion, species, diameters, box, temperature, slope, first, last), strict=True)
    )
    systems, n, dimension = np.shape(arrays["fraction"])
    ranks = {
        "fraction": 3,
        "image": 3,
        "velocity": 3,
        "force": 3,
        "temperature": 1,
        "slope": 1,
        "first": 1,
        "last": 1,
    }
    for name, value in arrays.items():
        value = np.asarray(value, np.int32 if name in WHOLE else np.float32)
        rank = ranks.get(name, 2)
        value = (
            np.broadcast_to(value, (systems, *value.shape[value.ndim - rank + 1 :]))
            if value.ndim < rank
            else value
        )
        arrays[name] = np.ascontiguousarray(value)
    before = {name: x.copy() for name, x in arrays.items()}
    for name in OUTPUTS:
        like = arrays.get(name.removesuffix("_out"), arrays["first"])
        arrays[name] = np.full_like(like, 77)
    x, _keep = _launch(interaction, dimension, n, systems, how, thermostat=thermostat, dt=dt, skin=skin)
    if observation is not None:
        for name, value in zip(OBSERVED, observation, strict=True):
            arrays[name] = np.ascontiguousarray(value, np.int32)
        moments, curves = len(arrays["moments"]), len(interaction.masses) + 2
        for name in SUMS:
            arrays[name] = np.full((moments, curves if "scattering" in name else n, WORDS), 77, np.int32)
        x.watched[:] = (moments, arrays["cage"].shape[1], arrays["waves"].shape[0])
    for name, value in arrays.items():
        setattr(x.arrays, name, value.ctypes.data)
    status = library().tdaglass_block_launch(ctypes.byref(x), None, 0)
    if status:
        raise RuntimeError(f"status {status}")
    for name, value in before.items():
        np.testing.assert_array_equal(arrays[name], value)  # a launch can be made again
    moved = Motion(*(arrays[name] for name in OUTPUTS[:6]))
    sums = None
    if observation is not None:
        sums = tuple(map(np.asarray, sums_of([whole_numbers(arrays[name][None]) for name in SUMS], x.length)))
    return moved, arrays["made"], arrays["status"], sums, arrays["longest"]
