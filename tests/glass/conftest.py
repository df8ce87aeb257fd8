"""LAMMPS's numbers for the liquids."""

from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import LIQUIDS, Liquid, precision

from tdaglass.configuration import Configuration

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="session")
def liquid() -> Callable[..., Liquid]:
    with np.load(REFERENCE / "lammps_static.npz") as file:
        arrays = dict(file)

    def of_name(name: str, dtype: str | None = None) -> Liquid:
        dtype = dtype or precision()
        record = {key.split("/")[1]: value for key, value in arrays.items() if key.startswith(f"{name}/")}
        configuration = Configuration(
            jnp.asarray(record["positions"], dtype),
            jnp.asarray(record["species"], jnp.int32),
            jnp.asarray(record["box"], dtype),
        )
        return Liquid(LIQUIDS[name](len(record["species"])), configuration, record)

    return of_name
