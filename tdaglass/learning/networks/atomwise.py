"""One small dense network for every particle, whose outputs add up: energies as sums over atoms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Key

from tdaglass.learning.network import Network, Parameters
from tdaglass.learning.networks.dense import dense_layers, through_dense
from tdaglass.learning.networks.product import ordered_product
from tdaglass.learning.networks.pure import init_parameters, merge

Activation = Literal["relu", "tanh", "silu"]
Pooling = Literal["sum", "mean"]

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": nnx.relu, "tanh": jnp.tanh, "silu": nnx.silu}


class AtomicDescriptors(NamedTuple):
    """Descriptors of the particles of systems of any size, filled up to one size.

    Attributes
    ----------
    descriptors : (systems, particles, features)
        Such as bond order parameters or SOAP, in numbers of order one; without meaning where the mask is False.
    mask : (systems, particles)
        Which rows are particles.
    """

    descriptors: Float[Array, "*systems particles features"]
    mask: Bool[Array, "*systems particles"]


def stack_descriptors(systems: Sequence[Float[Array, "_ features"]]) -> AtomicDescriptors:
    """Systems of any numbers of particles as samples of one shape, filled up with zeros.

    Parameters
    ----------
    systems : sequence of (particles, features)

    Returns
    -------
    AtomicDescriptors

    Raises
    ------
    ValueError
        For no systems, or systems of different features.

    Examples
    --------
    >>> stack_descriptors([jnp.ones((2, 4)), jnp.ones((3, 4))]).mask.tolist()
    [[True, True, False], [True, True, True]]
    """
    features = {system.shape[1] for system in systems}
    if len(features) != 1:
        raise ValueError(
            f"expected systems of the same number of features, got {sorted(features) or 'no systems'}; try the "
            "same descriptor for all"
        )
    counts = np.array([len(system) for system in systems])
    mask = np.arange(counts.max()) < counts[:, None]
    filled = np.zeros((*mask.shape, *features), np.result_type(*(system.dtype for system in systems)))
    filled[mask] = np.concatenate([np.asarray(system) for system in systems])
    return AtomicDescriptors(jnp.asarray(filled), jnp.asarray(mask))


@dataclass(frozen=True)
class Atomwise(Network):
    r"""The same dense network for the descriptor d_i of each particle; its outputs are added up.

    .. math:: E = \sum_i \mathrm{NN}(d_i)

    (Behler and Parrinello 2007), so that particles may be numbered in any order, systems may be of
    any size, and outputs are extensive. Samples are `AtomicDescriptors`.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the layers with the activation between descriptor and output.
    activation : "tanh", "relu" or "silu"
        Smooth ones have smooth forces.
    pooling : "sum" or "mean"
        Over the particles of a system: for what grows with it, or for what is told for each particle.
    outputs : int
        Numbers told of a system.

    Raises
    ------
    ValueError
        For widths below 1, another activation or pooling.

    Examples
    --------
    >>> network = Atomwise(hidden=(8, 8))
    >>> samples = AtomicDescriptors(jnp.ones((2, 3, 4)), jnp.array([[True, True, True], [True, False, False]]))
    >>> parameters = network.init(jax.random.key(0), AtomicDescriptors(*(x[0] for x in samples)))
    >>> three, one = network.apply(parameters, samples)[:, 0]
    >>> bool(jnp.isclose(three, 3 * one))
    True

    References
    ----------
    Behler, Parrinello, Phys. Rev. Lett. 98, 146401 (2007).
    """

    hidden: tuple[int, ...] = (40, 40)
    activation: Activation = "tanh"
    pooling: Pooling = "sum"
    outputs: int = 1

    def __post_init__(self) -> None:
        if min(*self.hidden, self.outputs, 1) < 1:
            raise ValueError(
                f"expected widths of at least 1, got {self.hidden}, {self.outputs}; try (40, 40), 1"
            )
        if self.activation not in _ACTIVATIONS:
            raise ValueError(
                f"expected an activation of {', '.join(_ACTIVATIONS)}, got {self.activation!r}; try tanh"
            )
        if self.pooling not in get_args(Pooling):
            raise ValueError(
                f"expected a pooling of sum or mean, got {self.pooling!r}; try sum for the energy of a system"
            )

    def init(self, key: Key[Array, ""], sample: AtomicDescriptors) -> Parameters:
        """Random parameters: weights of variance 1 / inputs, 2 / inputs for rectifiers, and no biases.

        Parameters
        ----------
        key
            The same key gives the same parameters.
        sample : AtomicDescriptors, (particles, features) and (particles,)
            Of which the number of features and the precision count.

        Returns
        -------
        dict
            ``{"dense": {"0": {"kernel": (features, units), "bias": (units,)}, ...}}``.
        """
        descriptors = sample.descriptors
        return init_parameters(key, _Layers, (self, descriptors.shape[-1]), descriptors.dtype)

    def apply(
        self, parameters: Parameters, samples: AtomicDescriptors, key: Key[Array, ""] | None = None
    ) -> Float[Array, "systems outputs"]:
        """Outputs for systems of particles; rows that the mask hides may hold anything, NaN too.

        Parameters
        ----------
        parameters : dict
        samples : AtomicDescriptors
        key
            Not used: nothing is left to chance.

        Returns
        -------
        (systems, outputs)

        Raises
        ------
        ValueError
            For descriptors of other features than the parameters'.
        """
        descriptors, mask = samples
        features = parameters["dense"]["0"]["kernel"].shape[0]
        if descriptors.shape[-1] != features:
            raise ValueError(
                f"expected descriptors of {features} features, got {descriptors.shape[-1]}; try those that init "
                "had"
            )
        present = mask[..., None]
        # Before the network too: NaN that only its outputs were spared would come back in the gradient.
        each = merge(_Layers, (self, features), parameters)(jnp.where(present, descriptors, 0))
        total = jnp.where(present, each, 0).sum(axis=-2)
        if self.pooling == "sum":
            return total
        return total / jnp.maximum(mask.sum(axis=-1, keepdims=True), 1)


class _Layers(nnx.Module):
    def __init__(self, network: Atomwise, features: int, dtype: DTypeLike, rngs: nnx.Rngs):
        self.activation = _ACTIVATIONS[network.activation]
        initial = jax.nn.initializers
        kernel_init = initial.lecun_normal() if network.activation == "tanh" else initial.he_normal()
        widths = (features, *network.hidden, network.outputs)
        self.dense = nnx.Dict(dense_layers(widths, kernel_init, dtype, rngs, ordered_product))

    def __call__(self, descriptors: Array) -> Array:
        return through_dense(self.dense, descriptors, lambda x, _: self.activation(x))
