"""Dynamic heterogeneity in space: the four-point structure factor and the length that it tells."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.optimize import least_squares

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.dynamics.images import fractions
from tdaglass.dynamics.overlap import Overlap, overlaps
from tdaglass.dynamics.time_correlation import Pair, System, of_each_particle, require_box
from tdaglass.dynamics.waves import density_waves, reciprocal, reciprocal_step
from tdaglass.structure import wave_vectors


@dataclass(frozen=True)
class FourPointStructure(Overlap):
    r"""Structure factor of the particles that are still where they were.

    .. math:: S_4(q, t) = \frac{1}{N} \langle |W(\mathbf q, t)|^2 \rangle, \qquad
              W(\mathbf q, t) = \sum_i w(|\mathbf r_i(t) - \mathbf r_i(0)|)\, e^{-i \mathbf q \cdot \mathbf r_i(0)}

    (N. Lačević et al., J. Chem. Phys. 119, 7372, 2003), w as in `Overlap`; at small q it grows with the
    clusters of slow particles. Divided by N (of a species: N_a), not by the number of slow particles: for
    particles that are slow or fast independently of each other and of where they are it is :math:`Q (1 - Q) +
    Q^2 S(q)`.

    Parameters
    ----------
    cutoff
        As for `Overlap`.
    q_max : 1 / length
        Largest wave number. `grid` has the mean wave number of each shell; shells are a quarter as wide as a
        step of the reciprocal lattice, :math:`2\pi` over the longest edge.
    per_shell : int or None
        As for `structure.wave_vectors`.

    Raises
    ------
    ValueError
        As `Scattering`.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> walk = np.cumsum(np.random.default_rng(0).normal(size=(400, 30, 2)), axis=0)
    >>> found = dynamics.time_correlations(walk, FourPointStructure(1.5, 3.0), lags=[1], box=5.0)
    >>> overlap = dynamics.time_correlations(walk, dynamics.Overlap(1.5), lags=[1]).values.item()
    >>> bool(abs(found.values.mean() - overlap) < 0.05)
    True
    """

    q_max: Any = None
    per_shell: Any = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "q_max", arguments.positive(self.q_max, "largest wave number"))
        if self.per_shell is not None:
            object.__setattr__(
                self, "per_shell", arguments.whole(self.per_shell, "number of wave vectors", least=1)
            )

    def prepare(self, system: System) -> Any:  # noqa: D102
        box = require_box(system.box, "wave vectors")
        cutoff_sq = of_each_particle(self.cutoff, "cut-off", system) ** 2
        whole = wave_vectors(box, self.q_max, per_shell=self.per_shell)
        lengths = np.linalg.norm(reciprocal(whole, box), axis=1)
        # Narrow enough that in a cube (1, 0, 0) and (1, 1, 0) have shells of their own.
        shell = np.round(lengths / (reciprocal_step(box) / 4))
        inside = (shell == np.unique(shell)[:, None]).astype(float)
        mean = inside / inside.sum(axis=1, keepdims=True)
        return cutoff_sq, whole, np.arange(np.abs(whole).max() + 1), mean, mean @ lengths, system.kinds

    def keep(self, positions: np.ndarray, box: np.ndarray | None, constants: Any) -> Any:  # noqa: D102
        return np.mod(fractions(positions, require_box(box, "wave vectors")), 1)

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        cutoff_sq, whole, powers, mean, _, kinds = constants
        slow = kinds * overlaps(pair.moved, cutoff_sq)
        real, imaginary = density_waves(pair.earlier, whole, slow, powers)
        return jnp.matmul(mean, real**2 + imaginary**2, precision="highest").T

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments / system.members[:, None]

    def grid(self, constants: Any) -> np.ndarray:  # noqa: D102
        return constants[4]


class OrnsteinZernike(NamedTuple):
    """Length over which particles are slow or fast together.

    Attributes
    ----------
    length, length_error : float, length
        Its standard error is that of the fit.
    susceptibility, susceptibility_error : float
        S_4 at q = 0.
    """

    length: float
    length_error: float
    susceptibility: float
    susceptibility_error: float


def correlation_length(
    q: Numbers, structure: Numbers, errors: Numbers | None = None, *, q_max: Any = None
) -> OrnsteinZernike:
    r"""Fit :math:`S_4(q) = S_4(0) / (1 + (q \xi)^2)` to a four-point structure factor at small q.

    (L. S. Ornstein and F. Zernike, 1914; as in N. Lačević et al., J. Chem. Phys. 119, 7372, 2003.)

    Parameters
    ----------
    q : (points,), 1 / length
        `grid` of `FourPointStructure`.
    structure : (points,)
        One row and one time of its `values`.
    errors : (points,), optional
        Standard errors, which weigh the points and give the errors of the fit; without them those come from the
        scatter about the fit.
    q_max : 1 / length, optional
        Fit up to here; the form holds for :math:`q \xi` of about 1. By default all points.

    Returns
    -------
    OrnsteinZernike

    Raises
    ------
    ValueError
        For fewer than three points, values that are not positive, or a curve that does not fall with q.

    Examples
    --------
    >>> q = np.linspace(0.2, 1.5, 8)
    >>> fit = correlation_length(q, 6 / (1 + (2.5 * q) ** 2))
    >>> round(fit.length, 4), round(fit.susceptibility, 4)
    (2.5, 6.0)
    """
    q, s = arguments.doubles(q, "wave numbers"), arguments.doubles(structure, "structure factor")
    scale = np.ones_like(s) if errors is None else arguments.doubles(errors, "errors")
    if q.ndim != 1 or not q.shape == s.shape == scale.shape:
        raise ValueError(
            f"expected wave numbers, values and errors (points,), got {q.shape}, {s.shape} and {scale.shape}; "
            "try one row and one time of the values"
        )
    used = np.ones(len(q), bool) if q_max is None else q <= arguments.positive(q_max, "largest wave number")
    q, s, scale = q[used], s[used], scale[used]
    if len(np.unique(q)) < 3:
        raise ValueError(f"expected three wave numbers or more, got {len(np.unique(q))}; try a larger q_max")
    if not (np.isfinite([q, s, scale]).all() and (q > 0).all() and (s > 0).all() and (scale > 0).all()):
        raise ValueError("expected positive, finite numbers, got others; try leaving those points out")

    def misfit(logs: np.ndarray) -> np.ndarray:
        return (np.exp(logs[1]) / (1 + (q * np.exp(logs[0])) ** 2) - s) / scale

    # Of the straight line 1 / S against q^2; where that falls the wrong way, from a short length.
    slope, offset = np.polyfit(q**2, 1 / s, 1)
    first = np.sqrt(slope / offset) if slope > 0 and offset > 0 else 0.1 / q.max()
    fit = least_squares(misfit, np.log([first, s.max()]), method="lm", max_nfev=2000)
    length, susceptibility = np.exp(fit.x)
    curvature = fit.jac.T @ fit.jac
    if (
        not fit.success
        or length * q.max() < 0.05
        or length * q.min() > 50
        or np.linalg.cond(curvature) > 1e12
    ):
        raise ValueError(
            f"expected a curve that falls with q and levels off at small q, got {s[0]:.3g} at {q[0]:.3g} "
            f"and {s[-1]:.3g} at {q[-1]:.3g}; try another range of q, or a time near the peak of chi_4"
        )
    covariance = np.linalg.inv(curvature)
    if errors is None:
        covariance = covariance * 2 * fit.cost / max(len(q) - 2, 1)
    errors_of = np.sqrt(np.diag(covariance)) * np.exp(fit.x)
    return OrnsteinZernike(float(length), float(errors_of[0]), float(susceptibility), float(errors_of[1]))
