"""A small auto-encoder: one tanh layer on either side of a linear bottleneck."""

from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Key

from tdaglass.learning.network import Network, Parameters
from tdaglass.learning.networks.pure import init_parameters, merge


@dataclass(frozen=True)
class Autoencoder(Network):
    """The network of Boattini, Dijkstra and Filion, J. Chem. Phys. 151, 154901 (2019), section II B.

    Its outputs are the samples again, so samples are targets too; they should be standardised.

    Attributes
    ----------
    hidden : int
        Width of the tanh layers.
    bottleneck : int
        Dimension of the bottleneck.

    Raises
    ------
    ValueError
        For widths below 1.

    Examples
    --------
    >>> network = Autoencoder(hidden=10, bottleneck=2)
    >>> samples = jax.random.normal(jax.random.key(0), (5, 8))
    >>> parameters = network.init(jax.random.key(1), samples[0])
    >>> network.encode(parameters, samples).shape, network.apply(parameters, samples).shape
    ((5, 2), (5, 8))
    """

    hidden: int = 10
    bottleneck: int = 2

    def __post_init__(self) -> None:
        if min(self.hidden, self.bottleneck) < 1:
            raise ValueError(
                f"expected widths of at least 1, got {self.hidden}, {self.bottleneck}; try 10, 2"
            )

    def init(self, key: Key[Array, ""], sample: Float[Array, " features"]) -> Parameters:
        """Random parameters: weights of variance 1 / inputs, and no biases.

        Parameters
        ----------
        key
            The same key gives the same parameters.
        sample : (features,)

        Returns
        -------
        dict
            ``{"layers": {"0": {"W": (inputs, outputs), "b": (outputs,)}, ...}}``: to the first tanh, to the
            bottleneck, to the second tanh, to the outputs.
        """
        return init_parameters(key, _Layers, (self, sample.shape[0]), sample.dtype)

    def apply(
        self,
        parameters: Parameters,
        samples: Float[Array, "*batch features"],
        key: Key[Array, ""] | None = None,
    ) -> Float[Array, "*batch features"]:
        """Samples as they come out of the bottleneck; nothing is left to chance, so the key is not used."""
        return self.decode(parameters, self.encode(parameters, samples))

    def apply_to_columns(
        self, parameters: Parameters, columns: Float[Array, "features samples"]
    ) -> Float[Array, "features samples"]:
        """What `apply` does, with one column a sample.

        XLA's CPU code for these thin products is twice as fast on long rows.
        """
        layers = self._layers(parameters)
        return layers.decode(layers.encode(columns, columns=True), columns=True)

    def encode(
        self, parameters: Parameters, samples: Float[Array, "*batch features"]
    ) -> Float[Array, "*batch bottleneck"]:
        """Coordinates of the samples in the bottleneck."""
        return self._layers(parameters).encode(samples)

    def decode(
        self, parameters: Parameters, latent: Float[Array, "*batch bottleneck"]
    ) -> Float[Array, "*batch features"]:
        """The samples that bottleneck coordinates stand for."""
        return self._layers(parameters).decode(latent)

    def _layers(self, parameters: Parameters) -> "_Layers":
        return merge(_Layers, (self, parameters["layers"]["3"]["b"].shape[0]), parameters)


def network_of(parameters: Parameters) -> Autoencoder:
    """The network whose parameters these are."""
    layers = parameters["layers"]
    return Autoencoder(hidden=layers["0"]["b"].shape[0], bottleneck=layers["1"]["b"].shape[0])


def close_units(parameters: Parameters, open_units: Bool[Array, " width"]) -> Parameters:
    """Closed bottleneck units carry zeros, which the gradient leaves alone; the open ones have their variance."""
    inward, latent, outward, output = parameters["layers"].values()
    scale = jnp.sqrt(open_units.size / open_units.sum()).astype(outward["W"].dtype)
    latent = latent | {"W": latent["W"] * open_units}
    outward = outward | {"W": outward["W"] * open_units[:, None] * scale}
    return {"layers": {"0": inward, "1": latent, "2": outward, "3": output}}


def cut_bottleneck(parameters: Parameters, width: int) -> Parameters:
    """Without the closed units, which come last."""
    inward, latent, outward, output = parameters["layers"].values()
    latent = {"W": latent["W"][:, :width], "b": latent["b"][:width]}
    outward = outward | {"W": outward["W"][:width]}
    return {"layers": {"0": inward, "1": latent, "2": outward, "3": output}}


class _Layer(nnx.Module):
    """x W + b, of one sample a row or a column."""

    def __init__(self, inputs: int, outputs: int, dtype: DTypeLike, rngs: nnx.Rngs):
        random = jax.random.normal(rngs.params(), (inputs, outputs), dtype)
        self.W = nnx.Param(random / jnp.sqrt(inputs).astype(dtype))
        self.b = nnx.Param(jnp.zeros((outputs,), dtype))

    def __call__(self, x: Array, columns: bool = False) -> Array:
        W, b = self.W[...], self.b[...]
        return W.T @ x + b[:, None] if columns else x @ W + b


class _Layers(nnx.Module):
    def __init__(self, network: Autoencoder, features: int, dtype: DTypeLike, rngs: nnx.Rngs):
        widths = (features, network.hidden, network.bottleneck, network.hidden, features)
        self.layers = nnx.Dict({str(k): _Layer(*two, dtype, rngs) for k, two in enumerate(pairwise(widths))})

    def encode(self, x: Array, columns: bool = False) -> Array:
        return self.layers["1"](jnp.tanh(self.layers["0"](x, columns)), columns)

    def decode(self, z: Array, columns: bool = False) -> Array:
        return self.layers["3"](jnp.tanh(self.layers["2"](z, columns)), columns)
