"""What a network says of any number of samples, a batch at a time."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from tdaglass.learning.cnn import CNN, Parameters, apply_network


@partial(jax.jit, static_argnames=("architecture", "batch_size"))
def predict(
    architecture: CNN,
    parameters: Parameters,
    images: Float[Array, "samples channels *grid"],
    *,
    batch_size: int = 64,
) -> Float[Array, "samples outputs"]:
    """Outputs of a network without dropout: logits of the classes, or the regressed numbers.

    Parameters
    ----------
    architecture, parameters
        As `fit_network` had and gave them.
    images : (samples, channels, *grid)
    batch_size : int
        At most so many images at a time, which bounds the memory.

    Returns
    -------
    (samples, outputs)

    Raises
    ------
    ValueError
        For no images, or images that do not fit.

    Examples
    --------
    >>> from tdaglass.learning import init_network
    >>> architecture = CNN(convolutions=(4,), dense=None, outputs=3)
    >>> parameters = init_network(jax.random.key(0), architecture, (1, 6, 6))
    >>> predict(architecture, parameters, jnp.ones((5, 1, 6, 6)), batch_size=2).shape
    (5, 3)
    """
    return in_batches(partial(apply_network, architecture, parameters), images, batch_size)


def accuracy(
    architecture: CNN,
    parameters: Parameters,
    images: Float[Array, "samples channels *grid"],
    classes: Int[Array, " samples"],
    *,
    batch_size: int = 64,
) -> Float[Array, ""]:
    """Fraction of the samples whose largest logit is that of their class."""
    logits = predict(architecture, parameters, images, batch_size=batch_size)
    return jnp.mean(jnp.argmax(logits, axis=1) == classes)


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
    count = jax.tree.leaves(samples)[0].shape[0]
    if min(count, batch_size) < 1:
        raise ValueError(f"expected samples in batches of at least 1, got {count} in {batch_size}; try 64")
    size = min(batch_size, count)
    batches = -(-count // size)
    idx = jnp.minimum(jnp.arange(batches * size), count - 1).reshape(batches, size)
    results = jax.lax.map(lambda i: function(jax.tree.map(lambda leaf: leaf[i], samples)), idx)
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[:count], results)
