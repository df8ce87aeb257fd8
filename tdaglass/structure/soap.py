"""Smooth overlap of atomic positions: a particle's surroundings as the power spectrum of a smooth density."""

from functools import partial
from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass.arguments import Numbers, labels
from tdaglass.structure.blocks import over_blocks
from tdaglass.structure.harmonics import solid_harmonics
from tdaglass.structure.neighbor_search import Neighbors, one_table
from tdaglass.structure.soap_basis import SoapBasis, orbitals

BLOCK = 512  # particles in one piece; in a loop over smaller ones XLA takes twice the time for each

Average = Literal["inner", "outer"]


def soap(
    neighbors: Neighbors,
    basis: SoapBasis,
    *,
    species: Numbers | None = None,
    average: Average | None = None,
) -> Float[Array, "*particles features"]:
    r"""Smooth overlap of atomic positions (SOAP) of every particle, or of the whole system.

    What surrounds a particle, itself included, is a density of Gaussians for each species Z, expanded in
    orthonormal radial functions and spherical harmonics, of whose coefficients invariants are made:

    .. math::
        c^Z_{nlm} = \int g_{nl}(r)\, Y_{lm}(\hat r)\, \sum_{j \in Z} e^{-|r - r_{ij}|^2 / 2\sigma^2}\, d^3 r,\quad
        p^{ZZ'}_{nn'l} = \pi \sqrt{\frac{8}{2l + 1}}\, \sum_m c^Z_{nlm} c^{Z'}_{n'lm}

    (Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115, 2013, eqs. 25 and 31, as dscribe has them). Coefficients
    are closed forms: nothing is integrated. In single precision numbers are good to about 1e-4 of the
    largest for eight radial functions, which are small differences of Gaussians.

    Parameters
    ----------
    neighbors : Neighbors
        In three dimensions, from `cutoff_neighbors` with ``basis.reach`` or more as the cut-off; neighbours
        beyond it are not counted. In small cells all images are seen.
    basis : SoapBasis, static
    species : (particles,), needed where the basis has more than one
        Codes below ``basis.species_count``.
    average : "inner", "outer" or None, static
        Over the particles of a system: of the coefficients, before squares are taken, or of the descriptors.

    Returns
    -------
    (particles, features), or (features,) of an average
        Elementwise dscribe's: a block for each pair of species, first with first, first with second, ... (see
        `SoapBasis.columns`); in a block the degree varies slowest, then n, then n', which starts from n where
        the species are the same. Differentiable in positions and box of the neighbours.

    Raises
    ------
    ValueError
        For neighbours in two dimensions or of several systems, species that do not fit the basis, another
        average, and in single precision for radial functions that it cannot tell apart.

    Examples
    --------
    >>> from tdaglass.structure import SoapBasis, cutoff_neighbors
    >>> basis = SoapBasis(cutoff=3.0, n_max=2, l_max=1, sigma=0.5)
    >>> corner = jnp.array([[0.0, 0.0, 0.0], [1.5, 0.0, 0.0], [0.0, 1.5, 0.0]])
    >>> first, second, third = soap(cutoff_neighbors(corner, None, basis.reach), basis)
    >>> first.shape, bool(jnp.allclose(second, third, rtol=1e-4)), bool(jnp.allclose(first, third, rtol=1e-4))
    ((6,), True, False)
    """
    neighbors = one_table(neighbors)
    n, dim = len(neighbors.idx), neighbors.displacement.shape[-1]
    if dim != 3:
        raise ValueError(
            "expected neighbours in three dimensions, got two; try positions with a third coordinate of zero"
        )
    if average not in (*get_args(Average), None):
        raise ValueError(f"expected average to be 'inner', 'outer' or None, got {average!r}; try 'outer'")
    if species is None and basis.species_count > 1:
        raise ValueError(f"expected species of {basis.species_count} kinds, got None; try codes 0, 1, ...")
    basis.check_precision(float(jnp.finfo(neighbors.displacement.dtype).eps))
    codes = jnp.zeros(n, jnp.int32) if species is None else labels(species, n, basis.species_count)
    return _soap(neighbors.displacement, neighbors.mask, codes, codes[neighbors.idx], basis, average)


# One program for all systems of a size: an eager call would otherwise be compiled each time.
@partial(jax.jit, static_argnames=("basis", "average"))
def _soap(
    displacement: Float[Array, "particles k 3"],
    mask: Bool[Array, "particles k"],
    own: Int[Array, " particles"],
    theirs: Int[Array, "particles k"],
    basis: SoapBasis,
    average: Average | None,
) -> Array:
    def coefficients(*surroundings: Array) -> list[Array]:
        return _coefficients(basis, *surroundings)

    def spectrum(*surroundings: Array) -> Array:
        return _power_spectrum(coefficients(*surroundings), basis)

    arrays = (displacement, mask, own, theirs)
    if average == "inner":
        means = [c.mean(0, keepdims=True) for c in over_blocks(coefficients, arrays, BLOCK)]
        return _power_spectrum(means, basis)[0]
    each = over_blocks(spectrum, arrays, BLOCK)
    return each if average is None else each.mean(0)


def _coefficients(
    basis: SoapBasis, displacement: Array, mask: Array, own: Array, theirs: Array
) -> list[Float[Array, "particles channels components"]]:
    """Of each degree, with all constants of the power spectrum; channels are radial functions of each species."""
    dtype = displacement.dtype
    exponents, factors = (jnp.asarray(x, dtype) for x in orbitals(basis))
    distance_sq = jnp.sum(displacement**2, -1)
    weight = (mask & (distance_sq <= basis.reach**2)).astype(dtype)
    if basis.smooth:
        weight = weight * _fading(distance_sq / basis.reach**2)
    kinds = jnp.arange(basis.species_count)[:, None, None]
    of_kind = jnp.where(theirs == kinds, weight, 0)[:, None]  # species, 1, particles, k
    harmonics = solid_harmonics(displacement, basis.l_max)
    every = []
    for degree, of_degree in enumerate(harmonics):
        decay = jnp.exp(-exponents[degree, :, None, None] * distance_sq)
        sums = jnp.einsum("skbj,mbj->bskm", of_kind * decay, of_degree, precision="highest")
        if degree == 0:
            # The particle itself, at no distance.
            sums += jax.nn.one_hot(own, basis.species_count, dtype=dtype)[:, :, None, None]
        combined = jnp.einsum("nk,bskm->bsnm", factors[degree], sums, precision="highest")
        every.append(combined.reshape(len(mask), -1, 2 * degree + 1))
    return every


def _fading(share_sq: Array) -> Array:
    """One at the centre, zero with slope zero at the reach, of the squared share of it."""
    apart = share_sq > 0  # the root has no finite slope at the particle itself
    share = jnp.where(apart, jnp.sqrt(jnp.where(apart, share_sq, 1)), 0)
    return 1 + share_sq * (2 * share - 3)


def _power_spectrum(coefficients: list[Array], basis: SoapBasis) -> Float[Array, "particles features"]:
    """Sums over the components of a degree, in dscribe's order."""
    first, second = _pairs(basis)
    products = jnp.stack([jnp.einsum("bpm,bqm->bpq", c, c, precision="highest") for c in coefficients], 1)
    chosen = [products[:, :, p, q].reshape(len(products), -1) for p, q in zip(first, second, strict=True)]
    return jnp.concatenate(chosen, 1)


def _pairs(basis: SoapBasis) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Channels of the products, for each pair of species."""
    n, count = basis.n_max, basis.species_count
    first, second = [], []
    for kind in range(count):
        for other in range(kind, count):
            p, q = np.triu_indices(n) if kind == other else (i.ravel() for i in np.indices((n, n)))
            first.append(p + n * kind)
            second.append(q + n * other)
    return first, second
