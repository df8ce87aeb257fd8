"""Dense layers one after another, and what may be put into their parameters once they are trained."""

from collections.abc import Callable, Mapping
from itertools import pairwise

import jax
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from tdaglass.learning.network import Parameters
from tdaglass.learning.standardize import Standardization


def dense_layers(
    widths: tuple[int, ...],
    kernel_init: jax.nn.initializers.Initializer,
    dtype: DTypeLike,
    rngs: nnx.Rngs,
    dot_general: Callable[..., Array] = jax.lax.dot_general,
) -> dict[str, nnx.Linear]:
    """Layers "0", "1", ... from each width to the next, without biases at first."""
    return {
        str(k): nnx.Linear(
            inputs, units, kernel_init=kernel_init, param_dtype=dtype, dot_general=dot_general, rngs=rngs
        )
        for k, (inputs, units) in enumerate(pairwise(widths))
    }


def through_dense(
    layers: Mapping[str, nnx.Linear],
    x: Float[Array, "*batch features"],
    between: Callable[[Array, int], Array],
) -> Float[Array, "*batch outputs"]:
    """Outputs of the last layer; `between` is applied to what layer k gives the next one."""
    last = len(layers) - 1
    for k in range(last):
        x = between(layers[str(k)](x), k)
    return layers[str(last)](x)


def fold_standardization(parameters: Parameters, of_features: Standardization) -> Parameters:
    """Parameters of the same layers for features that are not standardised before them.

    Parameters
    ----------
    parameters : dict
        ``{"0": {"kernel": (features, units), "bias": (units,)}, ...}``
    of_features : Standardization
    """
    first = parameters["0"]
    kernel = first["kernel"] / of_features.scale[:, None]
    return {**parameters, "0": {"kernel": kernel, "bias": first["bias"] - of_features.mean @ kernel}}


def center_outputs(parameters: Parameters) -> Parameters:
    """Parameters whose outputs sum to zero and differ from each other as before, which leaves a softmax as it is.

    What all outputs have in common is what they began with at random; training does not see it.

    Parameters
    ----------
    parameters : dict
        As for `fold_standardization`.
    """
    last = str(len(parameters) - 1)
    return {**parameters, last: jax.tree.map(lambda x: x - x.mean(axis=-1, keepdims=True), parameters[last])}
