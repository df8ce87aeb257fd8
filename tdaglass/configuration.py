"""The record that every room shares: where the particles are, what they are, and the cell they live in."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


@jax.tree_util.register_pytree_with_keys_class
class Configuration(tuple[Any, Any, Any]):
    """Particles of one system; a batch is the same record with leading axes.

    A pytree, and a tuple of three, so that it unpacks into what every analysis takes:
    ``positions, species, box = configuration``. What few systems have beside these has a name only.

    Attributes
    ----------
    positions : (..., particles, dim), length units
        *Unwrapped* where a trajectory continues them: a particle that leaves through a face keeps going.
    species : (..., particles), integer
        0 for A, 1 for B, ...
    box : (..., dim) or (..., dim, dim), length units, or None
        Edges of the periodic cell with its lower corner at the origin, or its lattice vectors as rows where it is
        not orthorhombic; the axes in front are those of the positions. An infinite edge is open space along that
        axis; None is open space.
    diameters : (..., particles), length units, or None
        Of particles that have one each; None where nobody knows, or the species tells it.

    Examples
    --------
    >>> pair = Configuration(np.zeros((2, 3)), np.zeros(2, int), np.ones(3))
    >>> positions, species, box = pair._replace(diameters=np.ones(2))
    >>> positions.shape, pair.diameters
    ((2, 3), None)
    """

    _fields = ("positions", "species", "box", "diameters")
    positions: Float[Array, "*batch particles dim"]
    species: Int[Array, "*batch particles"]
    box: Float[Array, "*batch dim"] | Float[Array, "*batch dim dim"] | None
    diameters: Float[Array, "*batch particles"] | None

    def __new__(cls, positions: Any, species: Any, box: Any, diameters: Any = None) -> "Configuration":
        """See the attributes."""
        self = super().__new__(cls, (positions, species, box))
        for name, value in zip(cls._fields, (positions, species, box, diameters), strict=True):
            object.__setattr__(self, name, value)
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(
            f"expected a record that stays as it is, got a new {name}; try _replace({name}=...)"
        )

    def __getnewargs__(self) -> tuple:
        return tuple(self._asdict().values())

    def __getstate__(self) -> None:
        """Nothing that is not among the arguments."""

    def __repr__(self) -> str:
        return f"Configuration({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def _asdict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._fields}

    def _replace(self, **fields: Any) -> "Configuration":
        return type(self)(**self._asdict() | fields)

    def tree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], None]:
        """All four, by their names."""
        return [(jax.tree_util.GetAttrKey(name), value) for name, value in self._asdict().items()], None

    @classmethod
    def tree_unflatten(cls, _: None, children: Any) -> "Configuration":
        """The inverse."""
        return cls(*children)


def unstack(batch: Configuration) -> Iterator[Configuration]:
    """The configurations of a batch one by one, as JAX arrays.

    Parameters
    ----------
    batch : Configuration
        Positions (configurations, ..., particles, dim), species and box with the same leading axis; NumPy or JAX
        arrays.

    Yields
    ------
    Configuration
        Without the first axis.

    Raises
    ------
    ValueError
        The positions are those of one configuration.

    Examples
    --------
    >>> batch = Configuration(np.zeros((2, 5, 3)), np.zeros((2, 5), int), np.ones((2, 3)))
    >>> [one.positions.shape for one in unstack(batch)]
    [(5, 3), (5, 3)]
    """
    host = jax.tree.map(np.asarray, batch)
    if host.positions.ndim < 3:
        raise ValueError(
            f"expected positions (configurations, particles, dim), got {host.positions.shape}; try a list of the "
            "one configuration"
        )
    for c in range(len(host.positions)):
        yield jax.tree.map(lambda x, c=c: jnp.asarray(x[c]), host)
