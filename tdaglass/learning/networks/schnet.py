"""SchNet: particles that pass messages to each other through filters of their distance."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from tdaglass.learning.network import Network, Parameters
from tdaglass.learning.networks.atomwise import Pooling
from tdaglass.learning.networks.graph import ParticleGraph
from tdaglass.learning.networks.product import ordered_product

PRINTED_GAMMA = 0.1  # 1 / angstrom^2, in Minamitani et al. 2023


@dataclass(frozen=True)
class SchNet(Network):
    r"""Features of each particle, made from those of its neighbours, add up to an energy.

    .. math::
        x_i \leftarrow x_i + V\Big( \sum_j U x_j \circ W(r_{ij})\, f_c(r_{ij}) \Big), \qquad
        W(r) = A_2\, s(A_1\, e^{-\gamma (r - \mu_k)^2}), \qquad E = \sum_i \mathrm{NN}(x_i)

    with dense layers U, V, A, the softplus :math:`s(x) = \ln(1 + e^x) - \ln 2` and the cut-off
    :math:`f_c(r) = (\cos(\pi r / r_c) + 1) / 2` (Schütt et al. 2018, in the layers of SchNetPack 2.1). Samples
    are `ParticleGraph`.

    Attributes
    ----------
    features : int
        Of a particle, and of the filters.
    interactions : int
        How often messages are passed.
    gaussians : int
        In which distances are expanded, evenly spaced from 0 to the cut-off.
    cutoff : float, length units
    species_count : int
        Kinds of particles that have features of their own to begin with.
    gamma : float or "as_printed", optional, 1 / length^2
        Of the Gaussians; without, as wide as they are apart, :math:`\gamma = 1 / (2 \Delta\mu^2)`, as SchNetPack
        has it. "as_printed" is 0.1, as Minamitani et al. (2023) print it: 26 times as wide, nearly all alike.
    table : int, optional
        At so many distances the filters, which depend on nothing else, are computed, and interpolated for each
        pair of particles by cubics with their slopes: a tenth of the work. None computes them for each pair.
    pooling : "sum" or "mean"
        Over the particles of a system.

    Raises
    ------
    ValueError
        For numbers that cannot be meant.

    Examples
    --------
    >>> network = SchNet(features=8, interactions=2, gaussians=10, table=None)
    >>> pair = ParticleGraph(jnp.zeros((1, 2), int), jnp.array([[[1], [0]]]), jnp.full((1, 2, 1), 1.5))
    >>> parameters = network.init(jax.random.key(0), ParticleGraph(*(x[0] for x in pair)))
    >>> network.apply(parameters, pair).shape
    (1, 1)
    >>> sum(x.size for x in jax.tree.leaves(SchNet(species_count=100).init(jax.random.key(0), pair)))
    154301

    References
    ----------
    Schütt, Sauceda, Kindermans, Tkatchenko, Müller, J. Chem. Phys. 148, 241722 (2018).
    """

    features: int = 100
    interactions: int = 3
    gaussians: int = 60
    cutoff: float = 5.0
    species_count: int = 1
    gamma: float | Literal["as_printed"] | None = None
    table: int | None = 128
    pooling: Pooling = "sum"

    def __post_init__(self) -> None:
        if min(self.interactions, self.species_count) < 1 or min(self.features, self.gaussians) < 2:
            raise ValueError(
                "expected at least 2 features and Gaussians, 1 interaction and species, got "
                f"{self.features}, {self.gaussians}, {self.interactions}, {self.species_count}; try 100, 60, 3, 1"
            )
        if not self.cutoff > 0 or (self.table is not None and self.table < 2):
            raise ValueError(
                f"expected a positive cut-off and a table of 2 distances, got {self.cutoff}, {self.table}; "
                "try 5.0, 128"
            )
        if not (
            self.gamma in (None, "as_printed") or (isinstance(self.gamma, int | float) and self.gamma > 0)
        ):
            raise ValueError(f"expected a positive gamma, got {self.gamma!r}; try None")
        if self.pooling not in get_args(Pooling):
            raise ValueError(
                f"expected a pooling of sum or mean, got {self.pooling!r}; try sum for the energy of a system"
            )

    def init(self, key: Key[Array, ""], sample: ParticleGraph) -> Parameters:
        """Random parameters: normal features of the species, Glorot's weights, no biases.

        Returns
        -------
        dict
            ``embedding`` (species, features), ``interactions`` with ``inwards``, ``filter`` and ``outwards`` of
            each, and ``head``: layers "0", "1", ... with ``kernel`` (inputs, units) and ``bias`` (units,).
        """
        dtype = sample.distance.dtype
        keys = iter(jax.random.split(key, 2 + 3 * self.interactions))
        f = self.features
        embedding = jax.random.normal(next(keys), (self.species_count, f), dtype)
        blocks = {}
        for k in range(self.interactions):
            inwards = _layers(next(keys), (f, f), dtype)
            del inwards["0"]["bias"]
            filters = _layers(next(keys), (self.gaussians, f, f), dtype)
            blocks[str(k)] = {
                "inwards": inwards, "filter": filters, "outwards": _layers(next(keys), (f, f, f), dtype)
            }  # fmt: skip
        head = _layers(next(keys), (f, f // 2, 1), dtype)
        return {"embedding": embedding, "interactions": blocks, "head": head}

    def apply(
        self, parameters: Parameters, samples: ParticleGraph, key: Key[Array, ""] | None = None
    ) -> Float[Array, "systems 1"]:
        """Energies of systems; what stands in unused slots is never seen.

        Parameters
        ----------
        parameters : dict
        samples : ParticleGraph
        key
            Not used: nothing is left to chance.

        Returns
        -------
        (systems, 1)
        """
        each = _dense(parameters["head"], self.particle_features(parameters, samples), jax.nn.silu)
        present = samples.species >= 0
        total = jnp.where(present[..., None], each, 0).sum(-2)
        if self.pooling == "sum":
            return total
        return total / jnp.maximum(present.sum(-1, keepdims=True), 1)

    @partial(jax.jit, static_argnums=0)  # outside `jit`, too, there is one program for each shape
    def particle_features(
        self, parameters: Parameters, samples: ParticleGraph
    ) -> Float[Array, "systems particles features"]:
        """What the last interaction leaves of each particle, from which energies are told: a descriptor.

        Returns
        -------
        (systems, particles, features)
            Without meaning where there is no particle.
        """
        x = parameters["embedding"][jnp.maximum(samples.species, 0)]
        near = (samples.idx >= 0) & (samples.distance < self.cutoff)
        # Beyond the cut-off, and in slots that are not used, everything is finite and counts nothing.
        distance = jnp.where(near, samples.distance, self.cutoff)
        idx = jnp.where(near, samples.idx, 0)
        for k in range(self.interactions):
            block = parameters["interactions"][str(k)]
            # Messages are many times as large as what they are made from: in reverse mode they are made again.
            message = jax.checkpoint(self._messages)(block, x, idx, distance, near)
            x = x + _dense(block["outwards"], message, _shifted_softplus)
        return x

    def _messages(self, block: Parameters, x: Array, idx: Array, distance: Array, near: Array) -> Array:
        filters_at = self._filter if self.table is None else self._interpolated

        def of_one(sent: Array, idx: Array, distance: Array, near: Array) -> Array:
            filters = filters_at(block["filter"], distance)
            return jnp.sum(jnp.where(near[..., None], filters, 0) * sent[idx], axis=1)

        return jax.vmap(of_one)(ordered_product(x, block["inwards"]["0"]["kernel"]), idx, distance, near)

    def _filter(
        self, layers: Parameters, distance: Float[Array, "*shape"]
    ) -> Float[Array, "*shape features"]:
        """The filters at any distances up to the cut-off."""
        spacing = self.cutoff / (self.gaussians - 1)
        gamma = 0.5 / spacing**2 if self.gamma is None else self.gamma
        gamma = PRINTED_GAMMA if gamma == "as_printed" else gamma
        centres = jnp.linspace(0, self.cutoff, self.gaussians, dtype=distance.dtype)
        gaussians = jnp.exp(-gamma * (distance[..., None] - centres) ** 2)
        fading = 0.5 * (jnp.cos(jnp.pi / self.cutoff * distance) + 1)
        return _dense(layers, gaussians, _shifted_softplus) * fading[..., None]

    def _interpolated(
        self, layers: Parameters, distance: Float[Array, "particles k"]
    ) -> Float[Array, "particles k features"]:
        """The same by cubics between tabulated distances, with values and slopes of the filters there."""
        assert self.table is not None
        at = jnp.linspace(0, self.cutoff, self.table, dtype=distance.dtype)
        step = self.cutoff / (self.table - 1)
        value, slope = jax.jvp(lambda r: self._filter(layers, r), (at,), (jnp.full_like(at, step),))
        rise = value[1:] - value[:-1]
        cubics = jnp.stack(
            [
                value[:-1],
                slope[:-1],
                3 * rise - 2 * slope[:-1] - slope[1:],
                slope[:-1] + slope[1:] - 2 * rise,
            ],
            1,
        )
        place = distance / step
        left = jnp.clip(jax.lax.stop_gradient(place).astype(jnp.int32), 0, self.table - 2)
        t = (place - left)[..., None]
        constant, linear, quadratic, cubic = (cubics[:, power][left] for power in range(4))
        return constant + t * (linear + t * (quadratic + t * cubic))


def _shifted_softplus(x: Array) -> Array:
    return jax.nn.softplus(x) - jnp.log(jnp.asarray(2, x.dtype))


def _layers(key: Key[Array, ""], widths: tuple[int, ...], dtype: Any) -> Parameters:
    glorot = jax.nn.initializers.glorot_uniform()
    keys = jax.random.split(key, len(widths) - 1)
    return {
        str(k): {"kernel": glorot(keys[k], shape, dtype), "bias": jnp.zeros(shape[1], dtype)}
        for k, shape in enumerate(pairwise(widths))
    }


def _dense(layers: Parameters, x: Array, between: Callable[[Array], Array]) -> Array:
    """Layers one after another, with an activation between them."""
    for k in range(len(layers)):
        layer = layers[str(k)]
        x = ordered_product(between(x) if k else x, layer["kernel"]) + layer["bias"]
    return x
