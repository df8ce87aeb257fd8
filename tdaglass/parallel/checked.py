"""Pieces of work whose results are looked at where they are computed: one that is no number counts as failed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np


def checked(function: Callable[..., Any], check: Callable[[Any], None]) -> Callable[..., Any]:
    """The function, whose results are handed to a check that raises where something is wrong with them.

    So a piece with a NaN in it is tried again, named and not kept, and does not spoil what is made of all of them.

    Parameters
    ----------
    function : callable
    check : callable
        Such as `check_finite`, `topology.check_diagram`, `structure.check_neighbors` or `learning.check_training`.

    Returns
    -------
    callable
        Which can be sent to workers if both can.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.parallel import check_finite, checked, map_independent
    >>> inverse = checked(lambda x: 1 / np.float64(x), check_finite)
    >>> map_independent(inverse, [1, 2])
    [np.float64(1.0), np.float64(0.5)]
    """
    return partial(_checked, function, check)


def _checked(function: Callable[..., Any], check: Callable[[Any], None], *given: Any) -> Any:
    result = function(*given)
    check(result)
    return result


def check_finite(tree: Any) -> None:
    """Whether all numbers of a pytree are numbers.

    Raises
    ------
    ValueError
        If one is not; where it stands.

    Examples
    --------
    >>> check_finite({"energy": np.array([1.0, np.nan])})
    Traceback (most recent call last):
        ...
    ValueError: expected finite numbers, got nan in ['energy'] at [1]; try that piece alone to see where it began
    """
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        if jax.dtypes.issubdtype(getattr(leaf, "dtype", type(leaf)), np.inexact):
            values = np.asarray(leaf)
            if not (finite := np.isfinite(values)).all():
                where = np.argwhere(~finite)[0].tolist()
                place = " in " + jax.tree_util.keystr(path) if path else ""
                raise ValueError(
                    f"expected finite numbers, got {values[tuple(where)]}{place} at {where}; try that piece alone "
                    "to see where it began"
                )
