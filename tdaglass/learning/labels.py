"""Which cluster is which: a mixture's components come in no order, so a physical one is given to them."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from tdaglass.learning.mixture import Mixture


def growing_component(
    control: Float[Array, " states"], fractions: Float[Array, "states components"]
) -> Int[Array, ""]:
    """The component whose share grows fastest with the control variable.

    With temperature as control this is the cluster that Boattini et al. (Nat. Commun. 11, 5479, 2020) colour
    red: P_red is its membership.

    Parameters
    ----------
    control : (states,)
        Temperature, or minus the packing fraction; at least two different values.
    fractions : (states, components)
        Mean membership of the particles of each state.

    Raises
    ------
    ValueError
        For a single state, which leaves the order open.

    Examples
    --------
    >>> growing_component(jnp.array([0.5, 1.0]), jnp.array([[0.7, 0.3], [0.4, 0.6]]))
    Array(1, dtype=int32)
    """
    if control.shape[0] < 2:
        raise ValueError(
            f"expected at least two states to compare, got {control.shape[0]}; try `richer_component` with a "
            "structural measure"
        )
    slope = (control - control.mean()) @ fractions
    return jnp.argmax(slope)


def richer_component(
    membership: Float[Array, "samples components"], measure: Float[Array, " samples"]
) -> Int[Array, ""]:
    r"""The component whose members have the larger mean of a measure, <p_k m> / <p_k>.

    For data at one temperature, where `growing_component` cannot tell.

    Parameters
    ----------
    membership : (samples, components)
    measure : (samples,)
        Any number per sample that is known to be larger in the cluster sought.

    Examples
    --------
    >>> richer_component(jnp.array([[0.9, 0.1], [0.2, 0.8]]), jnp.array([3.0, 1.0]))
    Array(0, dtype=int32)
    """
    return jnp.argmax(measure @ membership / membership.sum(axis=0))


def put_first(mixture: Mixture, component: Int[Array, ""] | int) -> Mixture:
    """The same mixture with one component moved to the front; the others keep their order.

    Examples
    --------
    >>> red = growing_component(temperatures, fractions)  # doctest: +SKIP
    >>> p_red = membership(put_first(mixture, red), latent)[:, 0]  # doctest: +SKIP
    """
    n = mixture.weights.shape[0]
    # Stable sort of "is not the one": it comes first, everything else after it in place.
    order = jnp.argsort(jnp.arange(n) != component, stable=True)
    return mixture._replace(
        weights=mixture.weights[order],
        means=mixture.means[order],
        covariances=mixture.covariances[order],
    )
