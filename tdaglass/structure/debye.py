"""Debye's formula: what a few atoms scatter, wherever they point."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, concrete, finite, floats, points

# Terms of the sum over pairs that are held at a time.
TERMS = 2**18
# Of a distance that is none.
TINY = 1e-12


def debye_structure_factor(
    positions: Numbers,
    q: Numbers,
    *,
    scattering_lengths: Numbers | None = None,
    radius: Numbers | None = None,
) -> Float[Array, " points"]:
    r"""Structure factor of a set of atoms in open space, averaged over its orientations.

    .. math:: S(q) = \frac{\sum_{ij} b_i b_j \sin(q r_{ij}) / (q r_{ij})}{\sum_i b_i^2}

    (Debye, Ann. Phys. 351, 809, 1915). A finite set scatters as a whole at wave numbers below about :math:`2 \pi`
    over its size, where S(q) rises to :math:`(\sum b)^2 / \sum b^2`. That part is there unless a radius is given;
    then it is taken away as that of atoms without order in a sphere of that radius,

    .. math:: \Bigl[ \bigl(\textstyle\sum b\bigr)^2 - \sum b^2 \Bigr]
              \left[ \frac{3 (\sin x - x \cos x)}{x^3} \right]^2, \qquad x = q R,

    so that S(q) of an ideal gas is 1 (Guinier and Fournet, Small-Angle Scattering of X-rays, 1955, chapter 2). It
    is right for all atoms within a sphere, and for no other shape. What stays of the finite size is its blur:
    peaks are no narrower than about :math:`2 \pi / R`. One set; a batch by `jax.vmap`.

    Parameters
    ----------
    positions : (atoms, dim), length units
        Beside one another as they are, without a periodic box: of a glass, unwrapped around one of them.
    q : (points,), inverse length units
    scattering_lengths : (atoms,), optional
        In any unit; by default all are equal. Atoms of length 0 are not there: sets of different sizes, filled up
        with such, make a batch.
    radius : length units, optional
        Of the sphere that they were cut from.

    Returns
    -------
    (points,)
        Differentiable, with S(0) as its limit; NaN of no atoms.

    Raises
    ------
    ValueError
        For scattering lengths that are not one for each atom, wave numbers that are negative or not a row, and
        numbers that are not finite, where values are known.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> pair = jnp.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    >>> [round(float(s), 3) for s in debye_structure_factor(pair, jnp.array([0.0, jnp.pi, 1.5 * jnp.pi]))]
    [2.0, 1.0, 0.788]
    """
    x = points(positions)
    waves = floats(q, "wave numbers", like=x)
    known = concrete(waves)
    least = 0.0 if known is None else float(known.min(initial=0.0))
    if waves.ndim != 1 or not least >= 0:
        got = f"shape {waves.shape}" if waves.ndim != 1 else f"{least:g}"
        raise ValueError(f"expected a row of wave numbers from 0, got {got}; try jnp.linspace(1, 15, 200)")
    finite(waves, "wave numbers")
    b = jnp.ones(len(x), x.dtype)
    if scattering_lengths is not None:
        b = floats(scattering_lengths, "scattering lengths", like=x)
        if b.shape != (len(x),):
            raise ValueError(
                f"expected a scattering length for each of {len(x)} atoms, got shape {b.shape}; "
                "try lengths[species]"
            )
        finite(b, "scattering lengths")
    own = jnp.sum(b * b)
    between = _between(x, b, waves)
    if radius is not None:
        extent = waves * floats(radius, "radius", like=x)
        between -= (jnp.sum(b) ** 2 - own) * _sphere(extent) ** 2
    return 1 + between / own


@jax.jit  # else every call would be compiled, and what is compiled is kept
def _between(
    x: Float[Array, "atoms dim"], b: Float[Array, " atoms"], waves: Float[Array, " points"]
) -> Float[Array, " points"]:
    """The sum over different atoms."""
    one, other = np.triu_indices(len(x), 1)
    squared = jnp.sum((x[one] - x[other]) ** 2, axis=-1)
    # The root has no derivative at zero, where atoms are at one place; there sin(q r) / r is q.
    distance = jnp.sqrt(jnp.where(squared > 0, squared, TINY**2))
    weight = 2 * b[one] * b[other]

    def scattered(wave: Float[Array, ""]) -> Float[Array, ""]:
        safe = jnp.where(wave > 0, wave, 1)
        sines = jnp.sum(weight / distance * jnp.sin(safe * distance)) / safe
        return jnp.where(wave > 0, sines, jnp.sum(weight))

    at_once = max(1, TERMS // max(len(one), 1))
    return lax.map(scattered, waves, batch_size=min(at_once, max(len(waves), 1)))


def _sphere(x: Float[Array, " points"]) -> Float[Array, " points"]:
    """3 (sin x - x cos x) / x^3; of small x, where digits cancel, its series."""
    small = x < 0.5
    safe = jnp.where(small, 1, x)
    series = 1 - x**2 / 10 + x**4 / 280 - x**6 / 15120
    return jnp.where(small, series, 3 * (jnp.sin(safe) - safe * jnp.cos(safe)) / safe**3)
