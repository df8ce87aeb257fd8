"""The liquids, and small systems in motion, for the tests of this folder."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from tdaglass import glass
from tdaglass.configuration import Configuration


def __getattr__(name: str) -> Any:
    """``PRECISION`` of the module that imports it: tests are imported in both."""
    if name == "PRECISION":
        return precision()
    raise AttributeError(name)


def precision() -> str:
    return "float64" if jax.config.jax_enable_x64 else "float32"


LIQUIDS: dict[str, Callable[[int], glass.PairModel]] = {
    "kob_andersen_3d": glass.kob_andersen_3d,
    "kob_andersen_3d_force_shift": lambda n: glass.kob_andersen_3d(n, truncation="force_shift"),
    "wahnstrom": glass.wahnstrom,
    "kob_andersen_2d": glass.kob_andersen_2d,
    "kob_andersen_2d_as_printed": lambda n: glass.kob_andersen_2d(n, as_printed=True),
    "additive_mixture_2d": glass.additive_mixture_2d,
}
THE_FOUR = ("kob_andersen_3d", "wahnstrom", "kob_andersen_2d", "additive_mixture_2d")


class Liquid(NamedTuple):
    """A model, a liquid configuration of it, and LAMMPS's record of both."""

    model: glass.PairModel
    configuration: Configuration
    lammps: dict[str, NDArray]


def bits(tree: Any) -> Any:
    """The same tree in host memory, with the words of its random keys."""

    def words(x: Any) -> NDArray:
        is_key = isinstance(x, jax.Array) and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)
        return np.asarray(jax.random.key_data(x) if is_key else x)

    return jax.tree.map(words, tree)


def assert_same_bits(a: Any, b: Any) -> None:
    jax.tree.map(np.testing.assert_array_equal, bits(a), bits(b))


def batch(model: glass.PairModel, n: int, temperature: float, dtype: str | None = None) -> glass.State:
    """Lattices of `n` systems, each with its own key, one after the other."""
    dtype = dtype or precision()

    def one(key: Any) -> glass.State:
        key_lattice, key = jax.random.split(key)
        lattice = glass.random_lattice(key_lattice, model)
        lattice = lattice._replace(positions=lattice.positions.astype(dtype), box=lattice.box.astype(dtype))
        return glass.initialize(key, model, temperature, lattice)

    states = [one(jax.random.fold_in(jax.random.key(7), i)) for i in range(n)]
    return jax.tree.map(lambda *x: jnp.stack(x), *states)
