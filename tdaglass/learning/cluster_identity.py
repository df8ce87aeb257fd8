"""Which cluster is which: a mixture's components come in no order, so physics has to tell them apart."""

import jax.numpy as jnp
from jaxtyping import Array, Int

from tdaglass import arguments
from tdaglass.arguments import Numbers


def growing_component(control: Numbers, fractions: Numbers) -> Int[Array, ""]:
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
    >>> int(growing_component(jnp.array([0.5, 1.0]), jnp.array([[0.7, 0.3], [0.4, 0.6]])))
    1
    """
    control, fractions = arguments.floats(control, "control"), arguments.table(fractions, "fractions")
    _check_rows(control, fractions, "fractions")
    if control.shape[0] < 2:
        raise ValueError(
            f"expected at least two states to compare, got {control.shape[0]}; try `richer_component` with a "
            "structural measure"
        )
    slope = (control - control.mean()) @ fractions
    return jnp.argmax(slope)


def richer_component(membership: Numbers, measure: Numbers) -> Int[Array, ""]:
    r"""The component whose members have the larger mean of a measure, <p_k m> / <p_k>.

    For data at one temperature, where `growing_component` cannot tell.

    Parameters
    ----------
    membership : (samples, components)
    measure : (samples,)
        Any number per sample that is known to be larger in the cluster sought.

    Examples
    --------
    >>> int(richer_component(jnp.array([[0.9, 0.1], [0.2, 0.8]]), jnp.array([3.0, 1.0])))
    0
    """
    membership, measure = arguments.table(membership, "membership"), arguments.floats(measure, "measure")
    _check_rows(measure, membership, "membership")
    return jnp.argmax(measure @ membership / membership.sum(axis=0))


def _check_rows(numbers: Array, table: Array, name: str) -> None:
    if numbers.shape != table.shape[:1]:
        raise ValueError(
            f"expected a number for each of the {len(table)} rows of {name}, got shape {numbers.shape}; "
            "try one number a row"
        )
    arguments.finite(numbers, "numbers")
    arguments.finite(table, name)
