"""The layers of a convolutional network, with channels last, as Flax and XLA's CPU code take them."""

from functools import partial
from itertools import pairwise
from typing import Any

import jax
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Key

from tdaglass.learning.networks.convolution import Padding, convolution, max_pooling
from tdaglass.learning.networks.dense import dense_layers, through_dense


class ConvolutionalLayers(nnx.Module):
    """Convolutions "0", "1", ..., then dense layers of which the last gives the outputs."""

    def __init__(
        self,
        maps: tuple[int, ...],
        window: tuple[int, ...],
        padding: Padding,
        pooling: bool,
        mean: bool,
        dense: tuple[int, ...],
        dropout: float,
        weight_variance: float,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        """Maps and dense list widths from the inputs on; `mean` joins the maps' means, not all their cells."""
        first = jax.nn.initializers.variance_scaling(weight_variance, "fan_in", "truncated_normal")

        def ours(x: Array, kernel: Array, *_: Any, **__: Any) -> Array:
            return convolution(x, kernel, padding)

        self.pooling, self.mean, self.dropout = pooling, mean, dropout
        self.convolutions: nnx.Dict[nnx.Conv] = nnx.Dict(
            {
                str(k): nnx.Conv(
                    *widths,
                    window,
                    conv_general_dilated=ours,
                    kernel_init=first,
                    param_dtype=dtype,
                    rngs=rngs,
                )
                for k, widths in enumerate(pairwise(maps))
            }
        )
        self.dense = nnx.Dict(dense_layers(dense, first, dtype, rngs))

    def convolve(self, x: Float[Array, "batch *cells inputs"], k: int) -> Float[Array, "batch *halves maps"]:
        """Maps of convolution k from those of the one before."""
        if k and self.pooling:
            x = max_pooling(x)
        return nnx.relu(self.convolutions[str(k)](x))

    def read(self, x: Float[Array, "batch *cells maps"]) -> Float[Array, "batch features"]:
        """What the dense layers see of the maps of the last convolution."""
        if self.pooling:
            x = max_pooling(x)
        if self.mean:
            x = x.mean(axis=tuple(range(1, x.ndim - 1)))
        return x.reshape(x.shape[0], -1)

    def decide(
        self, x: Float[Array, "batch features"], key: Key[Array, ""] | None = None
    ) -> Float[Array, "batch outputs"]:
        """The outputs from what `read` gives; a key silences some of the dense units."""
        inputs = self.dense["0"].in_features
        if x.shape[1] != inputs:
            raise ValueError(
                f"expected {inputs} numbers for the first dense layer, got {x.shape[1]}; try images of the shape "
                "that init had, or dense=None, which takes any grid"
            )
        return through_dense(self.dense, x, partial(self._between, key))

    def _between(self, key: Key[Array, ""] | None, x: Array, k: int) -> Array:
        x = nnx.relu(x)
        return x if key is None else nnx.Dropout(self.dropout)(x, rngs=jax.random.fold_in(key, k))
