"""Intermediate scattering functions: what is left of a density wave, of single particles and in total."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tdaglass import arguments
from tdaglass.dynamics.displacements import squared_distance
from tdaglass.dynamics.images import fractions
from tdaglass.dynamics.time_correlation import (
    Pair,
    System,
    TimeCorrelationFunction,
    require_box,
)
from tdaglass.dynamics.waves import cosine, density_waves, isotropic, reciprocal, reciprocal_step
from tdaglass.structure import wave_vectors

# Wave vectors drawn from the shell around the wave number; more do not sharpen the mean over particles.
WAVE_VECTORS = 48


@dataclass(frozen=True)
class SelfScattering(TimeCorrelationFunction):
    r"""Self part of the intermediate scattering function.

    .. math:: F_s(q, t) = \frac{1}{N} \langle \sum_i e^{i \mathbf q \cdot (\mathbf r_i(t) - \mathbf r_i(0))}
    \rangle

    (Hansen and McDonald, Theory of Simple Liquids, section 7.4.)

    Parameters
    ----------
    q : 1 / length
        Wave number, often that of the first peak of S(q).
    directions : "all" or "axes"
        The mean over all directions of q is taken exactly, as :math:`\sin(qr)/(qr)`, or :math:`J_0(qr)` in two
        dimensions. "axes" takes the mean of the cosines along x, y (and z), as many codes do.

    Raises
    ------
    ValueError
        For a wave number that is not positive.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> walk = np.cumsum(np.random.default_rng(0).normal(size=(200, 50, 3)), axis=0)
    >>> found = dynamics.time_correlations(walk, SelfScattering(0.5), lags=[1, 4])
    >>> found.values.round(2).tolist(), np.exp(-0.125 * found.times).round(2).tolist()
    ([[0.88, 0.61]], [0.88, 0.61])
    """

    q: Any
    directions: Any = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "q", arguments.positive(self.q, "wave number"))
        if not isinstance(self.directions, str) or self.directions not in ("all", "axes"):
            got = " ".join(repr(self.directions).split())
            raise ValueError(f'expected directions "all" or "axes", got {got}; try "all"')

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        if self.directions == "axes":
            return share @ jnp.mean(cosine(self.q * pair.moved), axis=-1)
        distance_sq = squared_distance(pair.moved)
        return share @ isotropic(self.q * jnp.sqrt(distance_sq), pair.moved.shape[-1])

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments


@dataclass(frozen=True)
class Scattering(TimeCorrelationFunction):
    r"""Total (coherent) intermediate scattering function, on wave vectors of the cell.

    .. math:: F(q, t) = \frac{1}{N} \langle \rho_{\mathbf q}(t)\, \rho_{-\mathbf q}(0) \rangle, \qquad
              \rho_{\mathbf q} = \sum_j e^{-i \mathbf q \cdot \mathbf r_j}

    (Hansen and McDonald, Theory of Simple Liquids, section 7.4); at lag 0 it is S(q). Of a species a:
    :math:`\rho_a` and N_a. In a cell that changes the whole numbers of the wave vectors stay.

    Parameters
    ----------
    q : 1 / length
    width : 1 / length
        Wave vectors are those with lengths within half of it about q; by default a step of the reciprocal lattice,
        :math:`2\pi` over the longest edge.
    vectors : int or None
        At most so many of them, drawn with a fixed seed; None: all.
    normalized : bool
        Divide by the value at lag 0, averaged over the same origins.

    Raises
    ------
    ValueError
        For open space, or where no wave vector of the cell is that long.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> gas = np.random.default_rng(0).uniform(0, 5, (400, 30, 2))
    >>> found = dynamics.time_correlations(gas, Scattering(5.0), lags=[0], box=5.0)
    >>> bool(abs(found.values[0, 0] - 1) < 3 * found.errors[0, 0])
    True
    """

    of_single_particles: ClassVar[bool] = False

    q: Any
    width: Any = None
    vectors: Any = WAVE_VECTORS
    normalized: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "q", arguments.positive(self.q, "wave number"))
        if self.width is not None:
            object.__setattr__(self, "width", arguments.positive(self.width, "width of the shell"))
        if self.vectors is not None:
            object.__setattr__(
                self, "vectors", arguments.whole(self.vectors, "number of wave vectors", least=1)
            )

    def prepare(self, system: System) -> Any:  # noqa: D102
        box = require_box(system.box, "wave vectors")
        half = (reciprocal_step(box) if self.width is None else self.width) / 2
        whole = wave_vectors(box, self.q + half, q_min=max(self.q - half, 0))
        if self.vectors is not None:
            whole = whole[np.sort(np.random.default_rng(0).permutation(len(whole))[: self.vectors])]
        return whole, system.kinds, np.arange(np.abs(whole).max() + 1)

    def keep(self, positions: np.ndarray, box: np.ndarray | None, constants: Any) -> Any:  # noqa: D102
        box = require_box(box, "wave vectors")
        whole, kinds, powers = constants
        real, imaginary = _density_waves(np.mod(fractions(positions, box), 1), whole, kinds, powers)
        return np.asarray(real), np.asarray(imaginary), reciprocal(whole, box)

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        real, imaginary, q = pair.earlier
        # What drifted is brought back: e^{-iq.r} is turned by q times the drift.
        turn = (q @ pair.drift)[:, None]
        later_real = pair.later[0] * jnp.cos(turn) - pair.later[1] * jnp.sin(turn)
        later_imaginary = pair.later[1] * jnp.cos(turn) + pair.later[0] * jnp.sin(turn)
        now = jnp.mean(later_real * real + later_imaginary * imaginary, axis=0)
        return jnp.stack([now, jnp.mean(real**2 + imaginary**2, axis=0)], axis=-1)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments[..., 0] / (moments[..., 1] if self.normalized else system.members)


_density_waves = jax.jit(density_waves)
