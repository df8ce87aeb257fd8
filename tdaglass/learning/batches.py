"""Functions of any number of samples, computed a batch at a time."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int


def count_samples(samples: Any) -> int:
    """Length of the first axis that all arrays share.

    Raises
    ------
    ValueError
        Where they do not share one.
    """
    shapes = [leaf.shape for leaf in jax.tree.leaves(samples)]
    lengths = {shape[0] for shape in shapes if shape}
    if len(lengths) != 1 or () in shapes:
        raise ValueError(
            f"expected arrays whose first axis is the sample, got shapes {shapes}; try one row a sample in each"
        )
    return lengths.pop()


def take_samples(samples: Any, idx: int | Int[Array, " batch"]) -> Any:
    """Of every array the same samples."""
    return jax.tree.map(lambda leaf: leaf[idx], samples)


def in_batches(function: Callable[[Any], Any], samples: Any, batch_size: int) -> Any:
    """A function's results for all samples, computed a batch at a time in one compiled loop.

    Parameters
    ----------
    function
        From a pytree of arrays (batch, ...) to another, sample by sample.
    samples : pytree of arrays (samples, ...)
    batch_size : int
        The last batch is filled up with copies of the last sample, so that all have one shape.

    Returns
    -------
    pytree of arrays (samples, ...)

    Raises
    ------
    ValueError
        For no samples or a batch size below 1.

    Examples
    --------
    >>> in_batches(jnp.square, jnp.arange(5), batch_size=2).tolist()
    [0, 1, 4, 9, 16]
    """
    count = count_samples(samples)
    if min(count, batch_size) < 1:
        raise ValueError(f"expected samples in batches of at least 1, got {count} in {batch_size}; try 64")
    size = min(batch_size, count)
    batches = -(-count // size)
    idx = jnp.minimum(jnp.arange(batches * size), count - 1).reshape(batches, size)
    results = jax.lax.map(lambda i: function(take_samples(samples, i)), idx)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:count], results)
