"""Truncated Lennard-Jones energies, differentiable in positions and box.

These functions sum over all pairs, blocked by rows: always right, at every size under every transformation,
and the reference for the neighbour-list forces that drive the dynamics (`glass.forces`).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass.models import PairModel


class PairTable(NamedTuple):
    """Coefficients of ``u(r) = c12 / r**12 - c6 / r**6 - energy_shift + force_shift * (r - cutoff)``.

    Each is an array (species, species), or whatever it broadcasts to once gathered for particular pairs.
    """

    c12: Float[Array, "..."]
    c6: Float[Array, "..."]
    cutoff_sq: Float[Array, "..."]
    energy_shift: Float[Array, "..."]
    force_shift: Float[Array, "..."]


def pair_table(model: PairModel, dtype: DTypeLike) -> PairTable:
    """Coefficients for every pair of species; ``force_shift`` is minus u'(cutoff), zero for truncation "shift"."""
    sigma, epsilon, cutoff = (model.table(field) for field in ("sigma", "epsilon", "cutoff"))
    c12, c6 = 4 * epsilon * sigma**12, 4 * epsilon * sigma**6
    energy_shift = c12 / cutoff**12 - c6 / cutoff**6
    force_shift = (12 * c12 / cutoff**12 - 6 * c6 / cutoff**6) / cutoff
    if model.truncation == "shift":
        force_shift = np.zeros_like(force_shift)
    return PairTable(*(jnp.asarray(x, dtype) for x in (c12, c6, cutoff**2, energy_shift, force_shift)))


def pair_energy(separation_sq: Float[Array, "..."], pair: PairTable) -> Float[Array, "..."]:
    """Energy of pairs at squared separations; zero from the cut-off on."""
    inside = separation_sq < pair.cutoff_sq
    r_sq = jnp.where(inside, separation_sq, pair.cutoff_sq)
    inverse_6 = 1 / (r_sq * r_sq * r_sq)
    energy = (pair.c12 * inverse_6 - pair.c6) * inverse_6 - pair.energy_shift
    energy = energy + pair.force_shift * (jnp.sqrt(r_sq) - jnp.sqrt(pair.cutoff_sq))
    return jnp.where(inside, energy, 0)


def pair_force(
    separation_sq: Float[Array, "..."], pair: PairTable, *, force_shifted: bool
) -> Float[Array, "..."]:
    """Minus u'(r) / r of pairs at squared separations: times the separation vector, the force on the first.

    `force_shifted` (static) tells whether ``force_shift`` is other than zero, which saves a square root.
    """
    inverse_2 = 1 / separation_sq
    inverse_6 = inverse_2 * inverse_2 * inverse_2
    force = (12 * pair.c12 * inverse_6 - 6 * pair.c6) * inverse_6 * inverse_2
    if force_shifted:
        force = force - pair.force_shift * jnp.sqrt(inverse_2)
    return jnp.where(separation_sq < pair.cutoff_sq, force, 0)


def particle_energies(model: PairModel, configuration: Configuration) -> Float[Array, " particles"]:
    r"""Potential energy of every particle, half of each of its pairs: :math:`U_i = \frac12\sum_j u(r_{ij})`.

    Parameters
    ----------
    model : PairModel
    configuration : Configuration
        Periodic: its box must not be None, and each edge at least twice the longest cut-off.

    Returns
    -------
    (particles,), energy units

    Raises
    ------
    ValueError
        If the configuration does not fit the model (dimension, species, box).
    """
    check_configuration(model, configuration)
    positions, species, box = configuration
    table = pair_table(model, positions.dtype)
    return _particle_energies(table, positions, species, box)


@jax.jit
def _particle_energies(
    table: PairTable, positions: Float[Array, "n dim"], species: Int[Array, " n"], box: Float[Array, " dim"]
) -> Float[Array, " n"]:
    n = positions.shape[0]

    @jax.checkpoint  # the backward pass recomputes a row instead of keeping n of them
    def row(i: Array) -> Array:
        along = positions[i] - positions
        along = along - box * jnp.round(along / box)
        separation_sq = jnp.sum(along * along, axis=-1)
        pair = jax.tree.map(lambda x: x[species[i], species], table)
        # The particle itself is moved beyond every cut-off, before any division.
        separation_sq = jnp.where(jnp.arange(n) == i, 2 * pair.cutoff_sq, separation_sq)
        return jnp.sum(pair_energy(separation_sq, pair)) / 2

    return lax.map(row, jnp.arange(n), batch_size=min(n, 64))


def potential_energy(model: PairModel, configuration: Configuration) -> Float[Array, ""]:
    """Total potential energy; its gradient in the positions is minus the forces.

    Differentiable in positions and box, usable under `jit` and `vmap`. See `particle_energies` for parameters
    and errors.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from tdaglass import Configuration, glass
    >>> model = glass.PairModel("dimer", 3, (2,), 0.01, (1.0,), ((1.0,),), ((1.0,),), ((2.5,),))
    >>> positions = jnp.array([[0.0, 0.0, 0.0], [2 ** (1 / 6), 0.0, 0.0]])
    >>> dimer = Configuration(positions, jnp.zeros(2, int), jnp.full(3, 6.0))
    >>> print(f"{glass.potential_energy(model, dimer):.4f}")
    -0.9837
    """
    return jnp.sum(particle_energies(model, configuration))


def forces(model: PairModel, configuration: Configuration) -> Float[Array, "particles dim"]:
    """Force on every particle: minus the gradient of `potential_energy` (energy / length)."""
    check_configuration(model, configuration)  # here, where the values are known

    def energy(positions: Array) -> Array:
        return potential_energy(model, configuration._replace(positions=positions))

    return -jax.grad(energy)(configuration.positions)


def pressure(
    model: PairModel,
    configuration: Configuration,
    temperature: float | np.floating | Float[Array, ""] = 0.0,
) -> Float[Array, ""]:
    r"""Pressure: the ideal part, and the strain derivative of the energy.

    .. math:: P = \frac{N - 1}{V} T - \frac{1}{d V} \frac{dU(e^{s} r, e^{s} L)}{ds}

    `temperature` is the kinetic one, with d (N - 1) degrees of freedom; with 0 the virial part alone is returned.
    """
    check_configuration(model, configuration)
    box = jnp.asarray(configuration.box)

    def energy(strain: Array) -> Array:
        scale = jnp.exp(strain)
        return potential_energy(
            model, configuration._replace(positions=scale * configuration.positions, box=scale * box)
        )

    virial = -jax.grad(energy)(jnp.zeros((), configuration.positions.dtype))
    return (virial / model.dimension + (model.n_particles - 1) * temperature) / jnp.prod(box)


def check_configuration(model: PairModel, configuration: Configuration) -> None:
    """Raise ValueError, with a remedy, if a configuration (or batch) does not fit the model.

    Values are looked at where they are known; under a transformation only shapes are.
    """
    positions, species, box = configuration
    if positions.shape[-2:] != (model.n_particles, model.dimension):
        raise ValueError(
            f"expected positions of shape ({model.n_particles}, {model.dimension}) for {model.name}, got "
            f"{positions.shape[-2:]}; try the model with n={positions.shape[-2]}"
        )
    if box is None:
        raise ValueError("expected a periodic box, got None; try box=jnp.full(dim, model.edge)")
    if not isinstance(positions, jax.core.Tracer) and not np.isfinite(np.asarray(positions)).all():
        bad = int((~np.isfinite(np.asarray(positions))).any(-1).sum())
        raise ValueError(
            f"expected finite positions, got NaN or infinity for {bad} particles; try an earlier frame, or a "
            "smaller time step if they come from a simulation"
        )
    if not isinstance(species, jax.core.Tracer):
        counts = np.stack([(np.asarray(species) == s).sum(-1) for s in range(model.n_species)], -1)
        if not (counts == np.asarray(model.counts)).all():
            got = tuple(int(c) for c in counts.reshape(-1, model.n_species)[0])
            raise ValueError(
                f"expected {model.counts} particles of each species for {model.name}, got {got}; "
                "try other codes for the species, or dataclasses.replace(model, counts=...)"
            )
    check_box(model, box)


def check_box(model: PairModel, box: Float[Array | np.ndarray, "*batch dim"]) -> None:
    """Raise ValueError if an edge is shorter than twice the longest cut-off."""
    if isinstance(box, jax.core.Tracer):
        return
    shortest = float(np.min(np.asarray(box)))
    # float32 edges are a rounding away from the number the user wrote
    if not shortest * (1 + 1e-6) >= 2 * model.longest_cutoff:
        raise ValueError(
            f"expected box edges of at least twice the longest cut-off ({2 * model.longest_cutoff:.4g}), got "
            f"{shortest:.4g}; try more particles, or a replicated configuration"
        )
