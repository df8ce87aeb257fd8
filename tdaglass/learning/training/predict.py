"""What a trained network says of any number of samples, a batch at a time."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from tdaglass.learning.batches import in_batches
from tdaglass.learning.network import Network, Parameters, Samples


@partial(jax.jit, static_argnames=("network", "batch_size"))
def predict(
    network: Network, parameters: Parameters, samples: Samples, *, batch_size: int = 64
) -> Float[Array, "samples outputs"]:
    """Outputs of a network with nothing left to chance: logits of the classes, or the regressed numbers.

    Parameters
    ----------
    network, parameters
        As `fit_network` had and gave them.
    samples : pytree of arrays (samples, ...)
        Such as images (samples, channels, *grid).
    batch_size : int
        At most so many samples at a time, which bounds the memory.

    Returns
    -------
    (samples, outputs)

    Raises
    ------
    ValueError
        For no samples, or samples that do not fit.

    Examples
    --------
    >>> from tdaglass.learning import CNN
    >>> network = CNN(convolutions=(4,), dense=None, outputs=3)
    >>> images = jnp.ones((5, 1, 6, 6))
    >>> parameters = network.init(jax.random.key(0), images[0])
    >>> predict(network, parameters, images, batch_size=2).shape
    (5, 3)
    """
    return in_batches(partial(network.apply, parameters), samples, batch_size)


def accuracy(
    network: Network,
    parameters: Parameters,
    samples: Samples,
    classes: Int[Array, " samples"],
    *,
    batch_size: int = 64,
) -> Float[Array, ""]:
    """Fraction of the samples whose largest logit is that of their class."""
    logits = predict(network, parameters, samples, batch_size=batch_size)
    return jnp.mean(jnp.argmax(logits, axis=1) == classes)
