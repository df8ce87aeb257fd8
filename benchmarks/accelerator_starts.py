"""What `accelerator.py` starts from: supercooled liquids, made once on the host; and which machine it runs on."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from tdaglass import Configuration, glass, kernels
from tdaglass.runs.trees import load_tree, save_tree
from tdaglass.versions import versions

DT = 0.005
# Of the prototypes, to which these numbers are compared.
SYSTEMS, ATOMS = 64, 216


class Liquid(NamedTuple):
    """A supercooled liquid, and how many of its particles are simulated."""

    name: str
    n: int
    n_tiny: int
    temperature: float

    def model(self, tiny: bool) -> glass.PairModel:
        """What is simulated."""
        return getattr(glass, self.name)(self.n_tiny if tiny else self.n)


LIQUIDS = {
    "2D": Liquid("kob_andersen_2d", 2000, 200, 0.4),
    "3D": Liquid("kob_andersen_3d", 4096, 250, 0.5),
}


def make_starts(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """A configuration of each liquid, and small systems for topology; what is there already is kept."""
    # Liquids as good as there is time for: without the kernels a step takes thirty times as long.
    slow = 10 if kernels.WHY_NOT else 1
    for name, liquid in LIQUIDS.items():
        path = path_of(folder, name, tiny)
        if not path.exists():
            model = liquid.model(tiny)
            bath = {"temperature": liquid.temperature, "dt": DT}
            state = glass.initialize(jax.random.key(0), model, 2 * liquid.temperature)
            state = glass.settle_overlaps(state, model, temperature=2 * liquid.temperature, dt=DT)
            state = glass.run(state, model, 500 if tiny else 10_000 // slow, **bath)
            save_tree(path, state.configuration)
        yield {"liquid": liquid.name, "N": liquid.n_tiny if tiny else liquid.n, "T": liquid.temperature}
    path = path_of(folder, "topology", tiny)
    if not path.exists():
        model = glass.wahnstrom(250 if tiny else ATOMS)
        keys = jax.random.split(jax.random.key(0), 4 if tiny else SYSTEMS)
        states = jax.vmap(lambda key: glass.initialize(key, model, 1.0))(keys)
        states = glass.run(states, model, 50 if tiny else 2000 // slow, temperature=1.0, dt=DT)
        save_tree(path, states.configuration)
    yield {"liquid": "wahnstrom", "N": 250 if tiny else ATOMS, "T": 1.0}


def path_of(folder: Path, name: str, tiny: bool) -> Path:
    """Where a start is kept."""
    return folder / f"start-{name}{'-tiny' if tiny else ''}.npz"


def start_of(folder: Path, name: str, tiny: bool) -> Configuration:
    """A configuration that `make_starts` has made, in single precision."""
    return jax.tree.map(jnp.asarray, load_tree(path_of(folder, name, tiny)))


def replicas_of(
    folder: Path, name: str, tiny: bool, replicas: int, seed: int = 1
) -> tuple[glass.State, glass.PairModel]:
    """Replicas of it with Maxwell velocities of their own."""
    liquid = LIQUIDS[name]
    model, start = liquid.model(tiny), start_of(folder, name, tiny)
    # One compiled program for all numbers of replicas, and forces, which are those of the start, once.
    one = glass.initialize(jax.random.key(seed), model, liquid.temperature, start)
    keys = jax.random.split(jax.random.key(seed), replicas)
    velocities = jax.vmap(
        lambda key: glass.maxwell_velocities(key, model, one.species, liquid.temperature, one.velocity.dtype)
    )(keys)
    every = jax.tree.map(lambda x: jnp.broadcast_to(x, (replicas, *x.shape)), one)
    return every._replace(velocity=velocities, key=keys), model


def why_absent(engine: str, model: glass.Model) -> str | None:
    """Why an engine cannot run a model here, in its own words."""
    try:
        glass.choose_engine(engine, model)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)
    return None


def describe_machine(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """The card, its driver, the host, and the versions of the codes."""
    device = jax.devices()[0]
    yield {"backend": jax.default_backend(), "device": device.device_kind, "devices": len(jax.devices())}
    yield {"cores": len(os.sched_getaffinity(0)), "CPU kernels": kernels.WHY_NOT or kernels.built_for()}
    asked = ("name", "driver_version", "clocks.max.sm", "clocks.max.memory", "power.limit")
    if shutil.which("nvidia-smi"):
        said = subprocess.run(
            ["nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for line in said.stdout.splitlines():
            yield dict(zip(asked, map(str.strip, line.split(",")), strict=False))
    for name, liquid in LIQUIDS.items():
        yield {"liquid": name, "engine of auto": glass.describe_engine("auto", liquid.model(tiny))}
    yield versions()
