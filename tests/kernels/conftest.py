"""Liquids in single precision, for kernels that were built."""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import LIQUIDS

from tdaglass import Configuration, glass, kernels

REFERENCE = Path(__file__).parents[1] / "reference" / "lammps_static.npz"


def pytest_collection_modifyitems(items):
    if kernels.WHY_NOT:
        for item in items:
            if "kernels" in Path(item.fspath).parts and "test_library" not in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=kernels.WHY_NOT))


@pytest.fixture(scope="session")
def liquid() -> Callable[[str], tuple[glass.PairModel, Configuration]]:
    with np.load(REFERENCE) as file:
        arrays = dict(file)

    def of_name(name):
        configuration = Configuration(
            jnp.asarray(arrays[f"{name}/positions"], jnp.float32),
            jnp.asarray(arrays[f"{name}/species"], jnp.int32),
            jnp.asarray(arrays[f"{name}/box"], jnp.float32),
        )
        model = LIQUIDS[name](len(configuration.species))
        return model, configuration._replace(diameters=model.diameters_of(configuration))

    return of_name


@pytest.fixture(scope="session")
def start(liquid) -> Callable[..., tuple[glass.PairModel, glass.State]]:
    """A model, and a state of it with velocities drawn for each replica; a batch if asked for."""

    def of_name(name, temperature, replicas=None):
        model, configuration = liquid(name)

        def one(replica):
            key = jax.random.fold_in(jax.random.key(3), replica)
            return glass.initialize(key, model, temperature, configuration)

        return model, one(0) if replicas is None else jax.vmap(one)(jnp.arange(replicas))

    return of_name
