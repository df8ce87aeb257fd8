"""Rows in pieces, so that sums over them have the same bits on any number of threads.

Longer sums the library behind XLA's CPU code splits as its caches and threads suggest, and more than one thread
may add their parts.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

# Terms of a sum that are added in whatever order.
PIECE = 128


def in_pieces(rows: Float[Array, "rows columns"]) -> Float[Array, "pieces some columns"]:
    """At most `PIECE` rows in each; the last is filled up with zeros.

    Examples
    --------
    >>> in_pieces(jnp.ones((300, 2))).shape
    (3, 100, 2)
    """
    count = max(1, -(-len(rows) // PIECE))
    some = -(-len(rows) // count)
    return jnp.pad(rows, [(0, count * some - len(rows)), (0, 0)]).reshape(count, some, rows.shape[1])
