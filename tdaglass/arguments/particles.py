"""Particles of one system: where they are, what they are, and tables of their species."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.arguments.numbers import Numbers, array, concrete, floats, is_real, of_known, whole

# Tables have a row and a column for each: codes beyond are numbers of something else, such as of the particles.
MOST_SPECIES = 1024


def points(x: Numbers, name: str = "positions") -> Float[Array, "particles dim"]:
    """Positions of one system.

    Parameters
    ----------
    x : (particles, 2 or 3)
    name : str
        For the message.

    Raises
    ------
    ValueError
        For another shape, an empty system, or numbers that are not finite.

    Examples
    --------
    >>> points([[0, 0], [1, 2]]).shape
    (2, 2)
    """
    x = floats(x, name)
    one_system(x, name)
    return x


def one_system(x: Array | np.ndarray, name: str = "positions") -> None:
    """Refuse what are not positions of one system: see `points`."""
    if x.ndim == 3:
        raise ValueError(
            f"expected {name} (particles, dim) of one system, got shape {x.shape}; try jax.vmap of the function"
        )
    if x.ndim != 2 or x.shape[1] not in (2, 3):
        raise ValueError(
            f"expected {name} (particles, 2 or 3), got shape {x.shape}; try a row of coordinates for each particle"
        )
    if not len(x):
        raise ValueError(
            f"expected {name} of at least one particle, got none; try another selection of particles"
        )
    finite(x, name)


def finite(x: Array | np.ndarray, name: str) -> None:
    """Refuse NaN and infinity, where values are known; rows are particles.

    Raises
    ------
    ValueError
        Naming the first row that has one.
    """
    values = concrete(x)
    if values is not None and not np.isfinite(values).all():
        rows = values.reshape(len(values), -1) if values.ndim else values.reshape(1, 1)
        bad = int(np.argmin(np.isfinite(rows).all(axis=1)))
        raise ValueError(
            f"expected finite {name}, got {rows[bad].squeeze()} for particle {bad}; "
            "try an earlier frame, or without that particle"
        )


def labels(x: Numbers, n: int, count: int | None = None, name: str = "species") -> Int[Array, " particles"]:
    """Species codes 0, 1, ... of the particles of one system.

    Parameters
    ----------
    x : (particles,), whole numbers of any type
    n : int
        Number of particles.
    count : int, optional
        Number of species that there may be.
    name : str
        For the message.

    Returns
    -------
    (particles,) int32

    Raises
    ------
    ValueError
        For another shape, and where values are known for codes that are not whole or not below `count`.

    Examples
    --------
    >>> labels(np.zeros(2), 2).dtype
    dtype('int32')
    """
    codes = x if isinstance(x, jax.Array) else array(x, name)
    if codes.shape != (n,):
        raise ValueError(f"expected {name} ({n},), got shape {codes.shape}; try a code for each")
    if not is_real(codes.dtype):
        raise ValueError(
            f"expected {name} as codes 0, 1, ..., got {codes.dtype}; try numbers in place of names"
        )
    values = concrete(codes)
    if values is not None:
        wrong = ~(
            (values == np.floor(values))
            & (values >= 0)
            & (values < (MOST_SPECIES if count is None else count))
        )
        if wrong.any():
            known = "whole numbers from 0, few of them" if count is None else f"codes below {count}"
            raise ValueError(
                f"expected {name} as {known}, got {values[wrong][0]} for particle {int(wrong.argmax())}; "
                "try codes 0, 1, ... as np.unique(..., return_inverse=True) gives them"
            )
    if not isinstance(codes, jax.Array):
        codes = codes.astype(np.int32)
    return of_known(lambda known: jnp.asarray(known, jnp.int32), codes)


def chosen(x: Numbers, n: int) -> Int[Array, " chosen"]:
    """Some of the particles of one system, by their numbers or by a mask.

    Parameters
    ----------
    x : (chosen,) whole numbers, or (particles,) bool
        A mask decides shapes: its values must be known.
    n : int
        Number of particles.

    Returns
    -------
    (chosen,) int32

    Raises
    ------
    ValueError
        For none, another shape or type, and where values are known for numbers that are of no particle, or of one
        twice.

    Examples
    --------
    >>> chosen([False, True, True], 3).tolist(), chosen([2, 0], 3).tolist()
    ([1, 2], [2, 0])
    """
    numbers = x if isinstance(x, jax.Array) else array(x, "a subset")
    if (
        numbers.dtype != bool
        and (not is_real(numbers.dtype) or jnp.issubdtype(numbers.dtype, jnp.floating))
        and numbers.size
    ):
        raise ValueError(f"expected a subset by whole numbers, got {numbers.dtype}; try subset.astype(int)")
    known = concrete(numbers)
    if numbers.dtype == bool:
        if known is None or known.shape != (n,):
            raise ValueError(
                f"expected a mask ({n},) of known values as a subset, got shape {numbers.shape}; "
                "try np.flatnonzero(mask), outside jit"
            )
        numbers = known = np.flatnonzero(known)
    if numbers.ndim != 1 or not numbers.size:
        raise ValueError(
            f"expected a subset of particles (chosen,), got shape {numbers.shape}; "
            "try np.flatnonzero(species == 0)"
        )
    if known is not None:
        wrong = (known < 0) | (known >= n)
        if wrong.any():
            raise ValueError(
                f"expected a subset by numbers 0 to {n - 1}, got {known[wrong][0]}; "
                "try np.flatnonzero(species == 0)"
            )
        if len(np.unique(known)) < len(known):
            raise ValueError("expected each particle of a subset once, got one twice; try np.unique(subset)")
    return (
        numbers.astype(jnp.int32) if isinstance(numbers, jax.Array) else jnp.asarray(numbers.astype(np.int32))
    )


def species_count(species: Array | None, count: int | None) -> int:
    """Number of species of one configuration, which is known when compiled: given, or one more than the last code.

    Raises
    ------
    ValueError
        Inside jit, where codes are unknown, if it is not given.
    """
    if species is None:
        return 1
    if count is not None:
        count = whole(count, "species_count", least=1)
        if count > MOST_SPECIES:
            raise ValueError(f"expected at most {MOST_SPECIES} species, got {count}; try codes 0, 1, ...")
        return count
    values = concrete(species)
    if values is None:
        raise ValueError(
            "expected the number of species inside jit, got None; try species_count=2 for a binary mixture"
        )
    return int(values.max()) + 1


def pair_table(x: Numbers, name: str, *, like: Array) -> Float[Array, "species species"]:
    """A number for each pair of species: a symmetric matrix, or one number for all.

    Raises
    ------
    ValueError
        For another shape, and where values are known for a table that is not symmetric, or not positive.

    Examples
    --------
    >>> pair_table(1.4, "cut-off", like=jnp.zeros(1)).shape
    (1, 1)
    """
    table = floats(x, name, like=like)
    table = of_known(lambda number: number.reshape(1, 1), table) if table.ndim == 0 else table
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(
            f"expected a number or a square matrix as {name}, got shape {table.shape}; "
            "try one row and one column for each species"
        )
    values = concrete(table)
    if values is not None:
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(
                f"expected a positive {name}, got {values.tolist()}; try the first minimum of g(r)"
            )
        if not np.array_equal(values, values.T):
            raise ValueError(
                f"expected a symmetric {name}, got {values.tolist()}; try the same for A with B and B with A"
            )
    return table
