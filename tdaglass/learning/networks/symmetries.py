"""Random exact symmetries of images: what a network should not see, drawn anew for every image."""

from itertools import permutations
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

Symmetry = Literal["translations", "rotations", "mirrors"]

_SYMMETRIES: tuple[Symmetry, ...] = ("translations", "rotations", "mirrors")


def random_symmetry(
    key: Key[Array, ""],
    images: Float[Array, "batch channels *grid"],
    symmetries: tuple[Symmetry, ...] = _SYMMETRIES,
) -> Float[Array, "batch channels *grid"]:
    """Each image moved by a symmetry of its own, its cells only changing places.

    As it is, or with some symmetries by `functools.partial`, it is an ``augment`` for `fit_network`.

    Parameters
    ----------
    key
        The same key gives the same symmetries.
    images : (batch, channels, *grid)
        In the plane or in space; all channels of an image move together.
    symmetries : tuple of "translations", "rotations", "mirrors"
        Translations of the periodic grid by whole cells; rotations by right angles, 4 in the plane and 24 in
        space; mirrors across each axis. Of the group that the named ones span, every element is as likely.

    Returns
    -------
    (batch, channels, *grid)

    Raises
    ------
    ValueError
        For another symmetry, or rotations of a grid with unequal edges.

    Examples
    --------
    >>> image = jnp.arange(4.0).reshape(1, 1, 2, 2)
    >>> sorted(random_symmetry(jax.random.key(0), image).ravel().tolist())
    [0.0, 1.0, 2.0, 3.0]
    """
    grid = images.shape[2:]
    _require_symmetries(symmetries, grid)

    def move(key: Key[Array, ""], image: Float[Array, "channels *grid"]) -> Float[Array, "channels *grid"]:
        return image.reshape(image.shape[0], -1)[:, _random_source(key, grid, symmetries)].reshape(
            image.shape
        )

    return jax.vmap(move)(jax.random.split(key, images.shape[0]), images)


def _require_symmetries(symmetries: tuple[Symmetry, ...], grid: tuple[int, ...]) -> None:
    unknown = set(symmetries) - set(_SYMMETRIES)
    if unknown:
        raise ValueError(f"expected symmetries of {', '.join(_SYMMETRIES)}, got {', '.join(sorted(unknown))}")
    if "rotations" in symmetries and len(set(grid)) > 1:
        raise ValueError(
            f"expected equal edges for rotations by right angles, got {grid}; try translations and mirrors"
        )


def _random_source(
    key: Key[Array, ""], grid: tuple[int, ...], symmetries: tuple[Symmetry, ...]
) -> Int[Array, " cells"]:
    """For each cell of the moved image, the cell whose value it gets.

    A symmetry of the grid permutes the axes, turns some of them round and shifts the origin.
    """
    dimension = len(grid)
    order_key, sign_key, shift_key = jax.random.split(key, 3)
    orders = np.array(list(permutations(range(dimension))))
    order, parity = orders[0], jnp.array(False)
    if "rotations" in symmetries:
        drawn = jax.random.randint(order_key, (), 0, len(orders))
        order = jnp.asarray(orders)[drawn]
        # An odd permutation is a mirror image; its sign is that of the permutation matrix.
        odd = np.linalg.det(np.eye(dimension)[orders]) < 0
        parity = jnp.asarray(odd)[drawn]
    turned = jax.random.bernoulli(sign_key, 0.5, (dimension,))
    if "mirrors" not in symmetries:
        # The last axis makes it a proper rotation; without rotations, nothing is left to turn.
        turned = turned if "rotations" in symmetries else jnp.zeros((dimension,), bool)
        turned = turned.at[-1].set((parity + turned[:-1].sum()) % 2 == 1)
    edges = jnp.array(grid)
    shift = jax.random.randint(shift_key, (dimension,), 0, edges) * ("translations" in symmetries)

    cell = jnp.indices(grid).reshape(dimension, -1)[order]
    cell = jnp.where(turned[:, None], edges[:, None] - 1 - cell, cell)
    cell = (cell + shift[:, None]) % edges[:, None]
    return jnp.ravel_multi_index(tuple(cell), grid, mode="wrap")
