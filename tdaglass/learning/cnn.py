"""Convolutional networks for fields on a grid, in the plane and in space, that can be cut at any convolution.

The networks are Flax NNX modules inside and pure functions outside: parameters are a dict of arrays, chance is a
key, so that `jit`, `grad`, `vmap` and a file see nothing but arrays.
"""

from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from math import prod
from typing import Any, get_args

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Key

from tdaglass.learning.convolution import Padding, convolution, max_pooling
from tdaglass.learning.standardize import Standardization

Parameters = dict[str, Any]


@dataclass(frozen=True)
class CNN:
    """Which network.

    Attributes
    ----------
    convolutions : tuple of int
        Feature maps of each convolution; all are followed by a ReLU.
    kernel : int
        Edge of the kernels in cells, odd.
    padding : "circular" or "zero"
        What lies beyond the edge of the grid: its other side, so that a shifted image gives the shifted maps,
        or nothing.
    pooling : bool
        Whether the maximum over 2 x 2 (x 2) cells halves the grid after each convolution.
    dense : tuple of int, or None
        Widths of the dense layers with ReLU between the cells of the last maps and the outputs. None joins the
        means of the maps to the outputs instead, whatever the size of the grid.
    dropout : float
        Fraction of each dense layer that is silenced in training.
    outputs : int
        Classes, or numbers to regress.

    Raises
    ------
    ValueError
        For no convolutions, widths below 1, an even kernel, another padding, a dropout outside [0, 1).
    """

    convolutions: tuple[int, ...] = (32, 32, 32)
    kernel: int = 3
    padding: Padding = "circular"
    pooling: bool = False
    dense: tuple[int, ...] | None = (64,)
    dropout: float = 0.5
    outputs: int = 2

    def __post_init__(self) -> None:
        if not self.convolutions or min(*self.convolutions, *(self.dense or ()), self.outputs, 1) < 1:
            raise ValueError(
                f"expected one convolution or more and widths of at least 1, got {self.convolutions}, "
                f"{self.dense}, {self.outputs}; try (32, 32, 32), (64,), 2"
            )
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ValueError(f"expected a kernel with a middle cell, got an edge of {self.kernel}; try 3")
        if self.padding not in get_args(Padding):
            raise ValueError(
                f"expected a padding of circular or zero, got {self.padding!r}; try circular for a "
                "periodic box"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"expected a dropout in [0, 1), got {self.dropout}; try 0.5")


def init_network(
    key: Key[Array, ""], architecture: CNN, shape: tuple[int, ...], *, dtype: DTypeLike = jnp.float32
) -> Parameters:
    """Random parameters: weights of variance 2 / inputs, which keeps the scale through ReLUs, and no biases.

    Parameters
    ----------
    key
        The same key gives the same parameters.
    architecture : CNN
    shape : tuple of int
        Of one image: channels, then two or three edges of the grid.
    dtype : dtype
        Precision of the parameters, best that of the images.

    Returns
    -------
    dict
        ``{"convolutions": {"0": {"kernel": (*edges, inputs, maps), "bias": (maps,)}, ...}, "dense": ...}``.

    Raises
    ------
    ValueError
        For an image that is neither flat nor solid, or a grid too small to be halved so often.

    Examples
    --------
    >>> architecture = CNN(convolutions=(8, 8), dense=(16,))
    >>> parameters = init_network(jax.random.key(0), architecture, (2, 12, 12))
    >>> parameters["convolutions"]["0"]["kernel"].shape, parameters["dense"]["0"]["kernel"].shape
    ((3, 3, 2, 8), (1152, 16))
    >>> apply_network(architecture, parameters, jnp.ones((5, 2, 12, 12))).shape
    (5, 2)

    References
    ----------
    He, Zhang, Ren, Sun, Delving deep into rectifiers (ICCV 2015), equation 10.
    """
    channels, *grid = shape
    if len(grid) not in (2, 3):
        raise ValueError(f"expected channels and two or three edges of a grid, got {shape}; try (1, 64, 64)")
    halvings = len(architecture.convolutions) * architecture.pooling
    last = [edge >> halvings for edge in grid]
    if min(last) < 1:
        raise ValueError(
            f"expected a grid of {2**halvings} cells or more along each axis, as {halvings} convolutions each "
            f"halve it, got {tuple(grid)}; try pooling=False or fewer convolutions"
        )
    features = architecture.convolutions[-1] * (1 if architecture.dense is None else prod(last))
    return _init(key, architecture, channels, len(grid), features, jnp.dtype(dtype))


def apply_network(
    architecture: CNN,
    parameters: Parameters,
    images: Float[Array, "batch channels *grid"],
    *,
    key: Key[Array, ""] | None = None,
) -> Float[Array, "batch outputs"]:
    """Outputs of the network: logits of the classes, or the regressed numbers.

    Parameters
    ----------
    architecture, parameters
        As `init_network` had and gave them.
    images : (batch, channels, *grid)
    key : optional
        Of the dropout, in training; None keeps every unit.

    Returns
    -------
    (batch, outputs)

    Raises
    ------
    ValueError
        For images of other channels or, where dense layers fix it, another grid than the parameters'.
    """
    return from_activations(architecture, parameters, activations(architecture, parameters, images), key=key)


def activations(
    architecture: CNN, parameters: Parameters, images: Float[Array, "batch channels *grid"], layer: int = -1
) -> Float[Array, "batch maps *cells"]:
    """Feature maps of one convolution, after its ReLU and before any pooling.

    Parameters
    ----------
    architecture, parameters, images
        As for `apply_network`.
    layer : int
        Which convolution; -1 is the last.

    Returns
    -------
    (batch, maps, *cells)

    Raises
    ------
    ValueError
        For a convolution that is not there, or images that do not fit.
    """
    network = _merge(architecture, parameters)
    kernel = parameters["convolutions"]["0"]["kernel"]
    if (images.ndim, images.shape[1]) != (kernel.ndim, kernel.shape[-2]):
        raise ValueError(
            f"expected a batch of images of {kernel.shape[-2]} channels on a grid of {kernel.ndim - 2} axes, got "
            f"shape {images.shape}; try the shape that init_network had"
        )
    x = jnp.moveaxis(images, 1, -1)  # Flax and XLA's CPU code take channels last
    for k in range(_layer_number(architecture, layer) + 1):
        x = network.convolve(x, k)
    return jnp.moveaxis(x, -1, 1)


def from_activations(
    architecture: CNN,
    parameters: Parameters,
    maps: Float[Array, "batch maps *cells"],
    layer: int = -1,
    *,
    key: Key[Array, ""] | None = None,
) -> Float[Array, "batch outputs"]:
    """The rest of the network: its outputs from the feature maps of one convolution.

    Parameters
    ----------
    architecture, parameters
        As for `apply_network`.
    maps : (batch, maps, *cells)
        Of that convolution, as from `activations`.
    layer : int
        Which convolution; -1 is the last.
    key : optional
        Of the dropout; None keeps every unit.

    Returns
    -------
    (batch, outputs)

    Raises
    ------
    ValueError
        For a convolution that is not there, or maps that do not fit.

    Examples
    --------
    >>> architecture = CNN(convolutions=(8, 4), dense=None)
    >>> parameters = init_network(jax.random.key(0), architecture, (1, 6, 6))
    >>> images = jax.random.normal(jax.random.key(1), (5, 1, 6, 6))
    >>> maps = activations(architecture, parameters, images, layer=0)
    >>> maps.shape
    (5, 8, 6, 6)
    >>> whole = apply_network(architecture, parameters, images)
    >>> bool(jnp.allclose(from_activations(architecture, parameters, maps, layer=0), whole))
    True
    """
    network = _merge(architecture, parameters)
    x = jnp.moveaxis(maps, 1, -1)
    for k in range(_layer_number(architecture, layer) + 1, len(architecture.convolutions)):
        x = network.convolve(x, k)
    return network.decide(network.read(x), key)


def read_features(
    architecture: CNN,
    parameters: Parameters,
    images: Float[Array, "batch channels *grid"],
) -> Float[Array, "batch features"]:
    """What the first dense layer reads of images: all cells of the last maps, or their means."""
    network = _merge(architecture, parameters)
    maps = activations(architecture, parameters, images)
    return network.read(jnp.moveaxis(maps, 1, -1))


def from_features(
    architecture: CNN,
    parameters: Parameters,
    features: Float[Array, "batch features"],
    key: Key[Array, ""] | None = None,
) -> Float[Array, "batch outputs"]:
    """Outputs of the dense layers for what the first of them reads."""
    return _merge(architecture, parameters).decide(features, key)


def fold_standardization(parameters: Parameters, of_features: Standardization) -> Parameters:
    """Parameters of the same network for features that are not standardised before its dense layers."""
    first = parameters["dense"]["0"]
    kernel = first["kernel"] / of_features.scale[:, None]
    folded = {"kernel": kernel, "bias": first["bias"] - of_features.mean @ kernel}
    return {**parameters, "dense": {**parameters["dense"], "0": folded}}


def center_outputs(parameters: Parameters) -> Parameters:
    """Parameters whose outputs sum to zero and differ from each other as before, which leaves a softmax as it is.

    What all outputs have in common is what they began with at random; training does not see it.
    """
    last = str(len(parameters["dense"]) - 1)
    centered = jax.tree.map(lambda x: x - x.mean(axis=-1, keepdims=True), parameters["dense"][last])
    return {**parameters, "dense": {**parameters["dense"], last: centered}}


class _Network(nnx.Module):
    """The layers; the last dense one gives the outputs. Channels come last."""

    def __init__(
        self,
        architecture: CNN,
        channels: int,
        dimension: int,
        features: int,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        he_normal = jax.nn.initializers.he_normal()
        self.architecture = architecture
        self.convolutions: nnx.Dict[nnx.Conv] = nnx.Dict()
        for k, (inputs, maps) in enumerate(pairwise((channels, *architecture.convolutions))):
            self.convolutions[str(k)] = nnx.Conv(
                inputs,
                maps,
                (architecture.kernel,) * dimension,
                conv_general_dilated=lambda x, kernel, *_, **__: convolution(x, kernel, architecture.padding),
                kernel_init=he_normal,
                param_dtype=dtype,
                rngs=rngs,
            )
        self.dense: nnx.Dict[nnx.Linear] = nnx.Dict()
        for k, (inputs, units) in enumerate(
            pairwise((features, *(architecture.dense or ()), architecture.outputs))
        ):
            self.dense[str(k)] = nnx.Linear(
                inputs, units, kernel_init=he_normal, param_dtype=dtype, rngs=rngs
            )

    def convolve(self, x: Array, k: int) -> Array:
        """Maps of convolution k from those of the one before."""
        if k and self.architecture.pooling:
            x = max_pooling(x)
        return nnx.relu(self.convolutions[str(k)](x))

    def read(self, x: Array) -> Array:
        """What the dense layers see of the maps of the last convolution."""
        if self.architecture.pooling:
            x = max_pooling(x)
        if self.architecture.dense is None:
            x = x.mean(axis=tuple(range(1, x.ndim - 1)))
        return x.reshape(x.shape[0], -1)

    def decide(self, x: Array, key: Array | None) -> Array:
        """The outputs from what `read` gives."""
        last = len(self.dense) - 1
        inputs = self.dense["0"].in_features
        if x.shape[1] != inputs:
            raise ValueError(
                f"expected {inputs} numbers for the first dense layer, got {x.shape[1]}; try images of the shape "
                "that init_network had, or dense=None, which takes any grid"
            )
        for k in range(last):
            x = nnx.relu(self.dense[str(k)](x))
            if key is not None:
                x = nnx.Dropout(self.architecture.dropout)(x, rngs=jax.random.fold_in(key, k))
        return self.dense[str(last)](x)


@partial(jax.jit, static_argnums=(1, 2, 3, 4, 5))
def _init(
    key: Array, architecture: CNN, channels: int, dimension: int, features: int, dtype: jnp.dtype
) -> Parameters:
    network = _Network(architecture, channels, dimension, features, dtype, nnx.Rngs(key))
    return nnx.to_pure_dict(nnx.state(network))


def _merge(architecture: CNN, parameters: Parameters) -> _Network:
    """The module with these parameters; shapes of the parameters tell the rest of its static side."""
    kernel = parameters["convolutions"]["0"]["kernel"]
    features = parameters["dense"]["0"]["kernel"].shape[0]
    return nnx.merge(_graph(architecture, kernel.shape[-2], kernel.ndim - 2, features), parameters)


@cache
def _graph(architecture: CNN, channels: int, dimension: int, features: int) -> nnx.GraphDef:
    network = nnx.eval_shape(
        lambda: _Network(architecture, channels, dimension, features, jnp.float32, nnx.Rngs(0))
    )
    return nnx.graphdef(network)


def _layer_number(architecture: CNN, layer: int) -> int:
    count = len(architecture.convolutions)
    if not -count <= layer < count:
        raise ValueError(f"expected a convolution of 0 to {count - 1}, got {layer}; try -1, the last")
    return layer % count
