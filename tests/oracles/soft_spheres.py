"""Energies and forces of soft spheres in double precision, from the published formula and nothing of ours."""

import numpy as np
from numpy.typing import NDArray


def energy_and_forces(
    positions: NDArray, box: NDArray, sigma: NDArray, n: int, cutoff: float
) -> tuple[float, NDArray]:
    """Sum over all pairs of v(x) = x**-n + c0 + c2 x**2 + c4 x**4 with x = r / sigma_ij < cutoff.

    The constants of Ninarello, Berthier and Coslovich, Phys. Rev. X 7, 021039 (2017), which make v, v' and v''
    vanish at the cut-off. `sigma` is (particles, particles).
    """
    c0 = -(n + 2) * (n + 4) / 8 * cutoff**-n
    c2 = n * (n + 4) / 4 * cutoff ** -(n + 2)
    c4 = -n * (n + 2) / 8 * cutoff ** -(n + 4)
    apart = positions[:, None] - positions
    apart -= box * np.round(apart / box)
    r = np.linalg.norm(apart, axis=-1)
    np.fill_diagonal(r, np.inf)
    x = r / sigma
    inside = x < cutoff
    x = np.where(inside, x, 1.0)
    energy = np.where(inside, x**-n + c0 + c2 * x**2 + c4 * x**4, 0.0).sum() / 2
    slope = (-n * x ** -(n + 1) + 2 * c2 * x + 4 * c4 * x**3) / sigma
    strength = np.where(inside, -slope / np.where(inside, r, 1.0), 0.0)
    return float(energy), (strength[..., None] * apart).sum(1)
