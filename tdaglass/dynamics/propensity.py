"""Dynamic propensity: how far a particle goes on average from one structure, under fresh velocities."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def propensity_of_runs(
    initial: Float[Array, "particles dim"],
    runs: Float[Array, "replicas particles dim"],
    box: Float[Array, " dim"] | None = None,
) -> Float[Array, " particles"]:
    r"""Dynamic propensity from the end positions of isoconfigurational runs.

    .. math:: D_i(t) = \frac{1}{R} \sum_{k=1}^{R} |\mathbf r_i^{(k)}(t) - \mathbf r_i(0)|

    (Widmer-Cooper, Harrowell and Fynewever, Phys. Rev. Lett. 93, 135701, 2004, with the distance in place of
    its square, as in Boattini et al., Nat. Commun. 11, 5479, 2020.)

    Parameters
    ----------
    initial : (particles, dim), length units
        Positions common to all runs.
    runs : (replicas, particles, dim), length units
        Positions of each run at time t, unwrapped unless `box` is given.
    box : (dim,), length units, optional
        Edge lengths; displacements then are nearest images, which is right for wrapped positions as long as
        no particle goes further than half the box.

    Returns
    -------
    (particles,), length units
        In the precision of the positions; its gradient is zero, not NaN, where a particle has not moved.

    Examples
    --------
    >>> propensity_of_runs(jnp.zeros((1, 2)), jnp.array([[[3.0, 4.0]], [[0.0, 1.0]]])).tolist()
    [3.0]
    """
    displacement = runs - initial
    if box is not None:
        displacement = displacement - box * jnp.round(displacement / box)
    distance_sq = jnp.sum(displacement**2, axis=-1)  # (replicas, particles)
    moved = distance_sq > 0
    # The inner `where` keeps the square root away from zero, where its derivative is infinite.
    distance = jnp.where(moved, jnp.sqrt(jnp.where(moved, distance_sq, 1)), 0)
    return jnp.mean(distance, axis=0)
