"""Betti curves and persistence landscapes: diagrams as functions of the radius."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.topology.grid import pairs_of


def betti_curve(diagram: Any, values: Numbers) -> Float[Array, " values"]:
    """How many holes there are at each squared radius: those born by then that have not died.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    values : (values,)
        In the units of the diagram.

    Examples
    --------
    >>> from tdaglass.topology import BirthDeath
    >>> pairs = BirthDeath(jnp.array([0.1, 0.2]), jnp.array([0.4, 0.7]))
    >>> betti_curve(pairs, jnp.array([0.0, 0.3, 0.5])).tolist()
    [0.0, 2.0, 1.0]
    """
    birth, death, valid = pairs_of(diagram)
    values = _row(values)
    alive = valid[:, None] & (birth[:, None] <= values) & (values < death[:, None])
    return alive.sum(axis=0).astype(values.dtype)


def landscape(diagram: Any, values: Numbers, levels: int) -> Float[Array, "levels values"]:
    r"""Persistence landscape: the k-th greatest :math:`\min(t - b, d - t)_+` at each t, differentiable.

    Bubenik, J. Mach. Learn. Res. 16, 77 (2015), definition 3.

    Parameters
    ----------
    diagram : Diagram, Pairs or BirthDeath
    values : (values,)
        The t, in the units of the diagram.
    levels : int
        How many; zeros beyond the number of pairs.

    Examples
    --------
    >>> from tdaglass.topology import BirthDeath
    >>> pairs = BirthDeath(jnp.array([0.0, 1.0]), jnp.array([4.0, 3.0]))
    >>> landscape(pairs, jnp.array([1.0, 2.0]), 2).tolist()
    [[1.0, 2.0], [0.0, 1.0]]
    """
    birth, death, valid = pairs_of(diagram)
    values, levels = _row(values), arguments.whole(levels, "levels", least=1)
    tent = jnp.minimum(values[:, None] - birth, death - values[:, None])
    tent = jnp.where(valid, jnp.maximum(tent, 0), 0)
    missing = max(levels - tent.shape[1], 0)
    return jax.lax.top_k(jnp.pad(tent, ((0, 0), (0, missing))), levels)[0].T


def _row(values: Numbers) -> Float[Array, " values"]:
    values = arguments.floats(values, "values")
    if values.ndim != 1:
        raise ValueError(f"expected values (values,), got shape {values.shape}; try np.linspace(0, 1, 100)")
    arguments.finite(values, "values")
    return values
