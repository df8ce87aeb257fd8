"""Convolutional networks for fields on a grid, in the plane and in space, that can be cut at any convolution."""

from dataclasses import dataclass
from functools import partial
from math import inf, prod
from typing import get_args

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from tdaglass.learning.batches import in_batches
from tdaglass.learning.loss import Loss
from tdaglass.learning.network import Network, Parameters
from tdaglass.learning.networks.convolution import Padding
from tdaglass.learning.networks.convolutional_layers import ConvolutionalLayers
from tdaglass.learning.networks.dense import center_outputs, fold_standardization
from tdaglass.learning.networks.pure import init_parameters, merge
from tdaglass.learning.standardize import fit_standardization, standardize


@dataclass(frozen=True)
class CNN(Network):
    """A network for images, of channels on a grid: convolutions, then dense layers.

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
    standardized : bool
        Whether what the dense layers read is standardised over each mini-batch in training (Ioffe and Szegedy,
        ICML 2015), and afterwards over all samples, which is folded into their parameters. Means over many cells
        differ little between images, and without it a network may stay at chance for thousands of steps.
    weight_variance : float
        Of the first weights, times the inputs of a unit: 2 keeps the scale through ReLUs. PyTorch's layers begin
        with 1/3, and published rates of plain descent are often meant for that: with 2 they can diverge.

    Raises
    ------
    ValueError
        For no convolutions, widths below 1, an even kernel, another padding, a dropout outside [0, 1), a variance
        that is not positive.

    Examples
    --------
    >>> import jax
    >>> network = CNN(convolutions=(8, 8), dense=(16,))
    >>> images = jnp.ones((5, 2, 12, 12))
    >>> parameters = network.init(jax.random.key(0), images[0])
    >>> parameters["convolutions"]["0"]["kernel"].shape, parameters["dense"]["0"]["kernel"].shape
    ((3, 3, 2, 8), (1152, 16))
    >>> network.apply(parameters, images).shape
    (5, 2)

    References
    ----------
    He, Zhang, Ren, Sun, Delving deep into rectifiers (ICCV 2015), equation 10: the first weights.
    """

    convolutions: tuple[int, ...] = (32, 32, 32)
    kernel: int = 3
    padding: Padding = "circular"
    pooling: bool = False
    dense: tuple[int, ...] | None = (64,)
    dropout: float = 0.5
    outputs: int = 2
    standardized: bool = False
    weight_variance: float = 2.0

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
        if not 0 < self.weight_variance < inf:
            raise ValueError(f"expected a positive variance of weights, got {self.weight_variance}; try 2.0")

    def init(self, key: Key[Array, ""], sample: Float[Array, "channels *grid"]) -> Parameters:
        """Random parameters: weights of variance `weight_variance` / inputs, and no biases.

        Parameters
        ----------
        key
            The same key gives the same parameters.
        sample : (channels, *grid)
            An image like those to come, flat or solid; its precision is that of the parameters.

        Returns
        -------
        dict
            ``{"convolutions": {"0": {"kernel": (*edges, inputs, maps), "bias": (maps,)}, ...}, "dense": ...}``.

        Raises
        ------
        ValueError
            For an image that is neither flat nor solid, or a grid too small to be halved so often.
        """
        channels, *grid = sample.shape
        if len(grid) not in (2, 3):
            raise ValueError(
                f"expected channels and two or three edges of a grid, got {sample.shape}; try (1, 64, 64)"
            )
        halvings = len(self.convolutions) * self.pooling
        last = [edge >> halvings for edge in grid]
        if min(last) < 1:
            raise ValueError(
                f"expected a grid of {2**halvings} cells or more along each axis, as {halvings} convolutions "
                f"each halve it, got {tuple(grid)}; try pooling=False or fewer convolutions"
            )
        features = self.convolutions[-1] * (1 if self.dense is None else prod(last))
        settings = self._settings(channels, len(grid), features)
        return init_parameters(key, ConvolutionalLayers, settings, sample.dtype)

    def apply(
        self,
        parameters: Parameters,
        samples: Float[Array, "batch channels *grid"],
        key: Key[Array, ""] | None = None,
    ) -> Float[Array, "batch outputs"]:
        """Outputs of the network: logits of the classes, or the regressed numbers.

        Parameters
        ----------
        parameters : dict
        samples : (batch, channels, *grid)
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
        features = self._features(parameters, samples)
        if self.standardized and key is not None:
            features = standardize(fit_standardization(features), features)
        return self._layers(parameters).decide(features, key)

    def finish(
        self,
        parameters: Parameters,
        samples: Float[Array, "samples channels *grid"],
        loss: Loss,
        batch_size: int,
    ) -> Parameters:
        """With the standardisation of all samples folded in, and logits that sum to zero; see `Network.finish`."""
        dense = parameters["dense"]
        if self.standardized:
            features = in_batches(partial(self._features, parameters), samples, batch_size)
            dense = fold_standardization(dense, fit_standardization(features))
        if loss == "cross_entropy":
            dense = center_outputs(dense)
        return {**parameters, "dense": dense}

    def activations(
        self, parameters: Parameters, images: Float[Array, "batch channels *grid"], layer: int = -1
    ) -> Float[Array, "batch maps *cells"]:
        """Feature maps of one convolution, after its ReLU and before any pooling.

        Parameters
        ----------
        parameters, images
            As for `apply`.
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
        kernel = parameters["convolutions"]["0"]["kernel"]
        if (images.ndim, images.shape[1]) != (kernel.ndim, kernel.shape[-2]):
            raise ValueError(
                f"expected a batch of images of {kernel.shape[-2]} channels on a grid of {kernel.ndim - 2} axes, "
                f"got shape {images.shape}; try the shape that init had"
            )
        layers = self._layers(parameters)
        x = jnp.moveaxis(images, 1, -1)
        for k in range(self._number(layer) + 1):
            x = layers.convolve(x, k)
        return jnp.moveaxis(x, -1, 1)

    def from_activations(
        self, parameters: Parameters, maps: Float[Array, "batch maps *cells"], layer: int = -1
    ) -> Float[Array, "batch outputs"]:
        """The rest of the network: its outputs from the feature maps of one convolution.

        Parameters
        ----------
        parameters
            As for `apply`.
        maps : (batch, maps, *cells)
            Of that convolution, as from `activations`.
        layer : int
            Which convolution; -1 is the last.

        Returns
        -------
        (batch, outputs)

        Raises
        ------
        ValueError
            For a convolution that is not there, or maps that do not fit.

        Examples
        --------
        >>> import jax
        >>> network = CNN(convolutions=(8, 4), dense=None)
        >>> images = jax.random.normal(jax.random.key(1), (5, 1, 6, 6))
        >>> parameters = network.init(jax.random.key(0), images[0])
        >>> maps = network.activations(parameters, images, layer=0)
        >>> maps.shape
        (5, 8, 6, 6)
        >>> whole = network.apply(parameters, images)
        >>> bool(jnp.allclose(network.from_activations(parameters, maps, layer=0), whole))
        True
        """
        layers = self._layers(parameters)
        x = jnp.moveaxis(maps, 1, -1)
        for k in range(self._number(layer) + 1, len(self.convolutions)):
            x = layers.convolve(x, k)
        return layers.decide(layers.read(x))

    def _features(self, parameters: Parameters, images: Array) -> Array:
        """What the first dense layer reads of images: all cells of the last maps, or their means."""
        maps = self.activations(parameters, images)
        return self._layers(parameters).read(jnp.moveaxis(maps, 1, -1))

    def _number(self, layer: int) -> int:
        count = len(self.convolutions)
        if not -count <= layer < count:
            raise ValueError(f"expected a convolution of 0 to {count - 1}, got {layer}; try -1, the last")
        return layer % count

    def _layers(self, parameters: Parameters) -> ConvolutionalLayers:
        """The layers with these parameters, whose shapes tell what they read."""
        kernel = parameters["convolutions"]["0"]["kernel"]
        features = parameters["dense"]["0"]["kernel"].shape[0]
        settings = self._settings(kernel.shape[-2], kernel.ndim - 2, features)
        return merge(ConvolutionalLayers, settings, parameters)

    def _settings(self, channels: int, dimension: int, features: int) -> tuple:
        return (
            (channels, *self.convolutions),
            (self.kernel,) * dimension,
            self.padding,
            self.pooling,
            self.dense is None,
            (features, *(self.dense or ()), self.outputs),
            self.dropout,
            self.weight_variance,
        )
