"""What users hand over, turned once, at the door of a public function, into what the library computes with.

Lists, integers and floats of any width become arrays of the float type that JAX runs with; a float32 array stays
one. What cannot be meant is refused in one sentence: by its shape always, by its values where they are known, in
eager calls and their gradients. Inside `jit` and `vmap` values are unknown, and only shapes speak.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

# What stands for an array in a public signature: the shapes are said in the docstrings.
Numbers = jax.typing.ArrayLike | Sequence[Any]


# Tables have a row and a column for each: codes beyond are numbers of something else, such as of the particles.
MOST_SPECIES = 1024


def concrete(x: Any) -> np.ndarray | None:
    """Values on the host of an array that has them, also under an eager grad; None inside jit or vmap."""
    if isinstance(x, jax.core.Tracer):
        x = lax.stop_gradient(x)
    return None if x is None or isinstance(x, jax.core.Tracer) else np.asarray(x)


def floats(x: Numbers, name: str, *, like: Array | None = None) -> Float[Array, "*shape"]:
    """Real numbers as a JAX array: in the type of `like`, or single if they are so, or in JAX's own type.

    Parameters
    ----------
    x : numbers of any real type, or nested lists of them
    name : str
        What they are, for the message.
    like : array, optional
        Another argument, whose type decides.

    Returns
    -------
    array of float32, or float64 with x64

    Raises
    ------
    ValueError
        For text, truth values, complex numbers, rows of different lengths.

    Examples
    --------
    >>> floats([1, 2], "edges").dtype, floats(np.zeros(2, np.float16), "edges").dtype
    (dtype('float32'), dtype('float32'))
    """
    if not isinstance(x, jax.Array):
        x = _array(x, name)
    if not _is_real(x.dtype):
        raise ValueError(f"expected real numbers as {name}, got {x.dtype}; try float32")
    if like is not None:
        dtype = like.dtype
    else:
        single = x.dtype == jnp.float32
        dtype = jnp.dtype(jnp.float32) if single else jax.dtypes.canonicalize_dtype(float)
    if isinstance(x, jax.core.Tracer):
        return x.astype(dtype)
    # What is known stays known inside jit: sizes of tables are chosen by it.
    with jax.ensure_compile_time_eval():
        # Numbers of the host are converted there: JAX would cut integers to 32 bits first.
        return x.astype(dtype) if isinstance(x, jax.Array) else jnp.asarray(_narrowed(x, dtype))


def host(x: Numbers, name: str) -> np.ndarray:
    """Real numbers as a NumPy array in double precision, for what is computed on the host.

    Raises
    ------
    ValueError
        As `floats`, and for values that are not known inside jit.

    Examples
    --------
    >>> host([1, 2], "edges").dtype
    dtype('float64')
    """
    array = _array(x, name)
    if isinstance(array, jax.core.Tracer):
        raise ValueError(f"expected {name} whose values are known, got a trace; try it outside jit and vmap")
    if not (jnp.issubdtype(array.dtype, jnp.floating) or jnp.issubdtype(array.dtype, jnp.integer)):
        raise ValueError(f"expected real numbers as {name}, got {array.dtype}; try float32")
    return np.asarray(array, np.float64)


def _array(x: Any, name: str) -> np.ndarray | Array:
    try:
        # Lists may hold what is being traced.
        if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(x)):
            return jnp.asarray(x)
        return np.asarray(x)
    except (ValueError, TypeError):
        raise ValueError(
            f"expected {name} as one array of numbers, got rows that do not fit together; try rows of equal length"
        ) from None


def _is_real(dtype: np.dtype) -> bool:
    # JAX knows no types of text and of objects to ask about.
    return dtype.kind not in "SUOMm" and (
        jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)
    )


def _of_known(function: Callable[[Any], Any], x: Any) -> Any:
    """A function of an array, computed at once where that is known, inside jit, too."""
    if isinstance(x, jax.core.Tracer):
        return function(x)
    with jax.ensure_compile_time_eval():
        return function(x)


def _narrowed(x: np.ndarray, dtype: Any) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large is infinite, and refused where it matters
        return x.astype(dtype)


def doubles(x: Numbers, name: str) -> np.ndarray:
    """Real numbers on the host, in double precision whatever is given and whatever JAX runs with.

    Raises
    ------
    ValueError
        As `floats`, and inside jit, vmap and grad, where there is no host.

    Examples
    --------
    >>> doubles([1, 2], "edges")
    array([1., 2.])
    """
    if isinstance(x, jax.core.Tracer):
        raise ValueError(f"expected {name} whose values are known, got a traced array; try it outside jit")
    x = _array(x, name)
    if not _is_real(x.dtype):
        raise ValueError(f"expected real numbers as {name}, got {x.dtype}; try float64")
    return np.array(x, np.float64, order="C")


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


def cell(
    box: Numbers | None, positions: Float[Array, "particles dim"], *, open_axes: bool = True
) -> Float[Array, "*shape"] | None:
    """The periodic cell of one system, as edges or as a matrix whose rows are lattice vectors.

    Parameters
    ----------
    box : number, (dim,), (dim, dim), or None, length units
        One edge for all, edges, or lattice vectors; None for open space. An infinite edge is open space along that
        axis.
    positions : (particles, dim)
        Its type and dimension are those of the cell.
    open_axes : bool
        Whether open space and infinite edges make sense.

    Returns
    -------
    (dim,), or (dim, dim) if it is not orthorhombic, or None if it is open along all axes

    Raises
    ------
    ValueError
        For another shape, edges that are not positive, vectors that do not span space, an open axis where none can
        be, or one that is not at right angles to the others.

    Examples
    --------
    >>> square = points([[0, 0], [1, 2]])
    >>> cell(5, square).tolist(), cell([[4, 0], [0, 5]], square).tolist()
    ([5.0, 5.0], [4.0, 5.0])
    """
    if box is None:
        return _where_open(None, open_axes)
    dim = positions.shape[1]
    return _checked_cell(floats(box, "box", like=positions), dim, open_axes)


def cell_on_host(box: Numbers | None, dim: int, *, open_axes: bool = True) -> np.ndarray | None:
    """As `cell`, in double precision on the host.

    Examples
    --------
    >>> cell_on_host([[4, 0], [0, 5]], 2)
    array([4., 5.])
    """
    if box is None:
        return _where_open(None, open_axes)
    lattice = _checked_cell(doubles(box, "box"), dim, open_axes)
    return None if lattice is None else np.ascontiguousarray(lattice)


def _checked_cell(lattice: Any, dim: int, open_axes: bool) -> Any:
    if lattice.shape not in ((), (dim,), (dim, dim)):
        raise ValueError(
            f"expected a box of {dim} edges, one number, or {dim} lattice vectors as rows, got shape "
            f"{lattice.shape}; try jax.vmap for the boxes of several systems"
        )
    if lattice.ndim == 0:
        lattice = _of_known(lambda edge: edge.repeat(dim), lattice)
    values = concrete(lattice)
    if values is None:
        return lattice
    # Where derivatives are taken in the other entries, they must stay.
    if values.ndim == 2 and not isinstance(lattice, jax.core.Tracer) and _is_diagonal(values):
        lattice, values = _of_known(lambda matrix: matrix.diagonal(), lattice), np.diagonal(values)
    open_ = np.isinf(np.diagonal(values) if values.ndim == 2 else values)
    if np.isnan(values).any() or (values.ndim == 1 and not (values > 0).all()):
        raise ValueError(f"expected positive box edges, got {values.tolist()}; try box=None for open space")
    if values.ndim == 2:
        _check_matrix(values, open_)
    if open_.any():
        return _where_open(None if open_.all() else lattice, open_axes)
    return lattice


def _check_matrix(values: np.ndarray, open_: np.ndarray) -> None:
    rest = values[~open_][:, ~open_]
    if np.any(values[open_][:, ~open_]) or np.any(values[~open_][:, open_]):
        raise ValueError(
            f"expected an open axis at right angles to the others, got {values.tolist()}; try a row (0, 0, inf)"
        )
    lengths = np.linalg.norm(rest, axis=1)
    if not np.isfinite(rest).all() or not abs(np.linalg.det(rest)) > 1e-6 * np.prod(lengths):
        raise ValueError(
            f"expected lattice vectors that span space, got {values.tolist()}; try rows that are not in one plane"
        )


def _where_open(box: Any, allowed: bool) -> Any:
    if not allowed:
        raise ValueError(
            f"expected a cell that is periodic along all axes, got {'open space' if box is None else box}; "
            "try a box that encloses the particles with a margin"
        )
    return box


def _is_diagonal(matrix: np.ndarray) -> bool:
    return not np.any(matrix[~np.eye(len(matrix), dtype=bool)]) and bool(np.all(np.diagonal(matrix) > 0))


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
    codes = x if isinstance(x, jax.Array) else _array(x, name)
    if codes.shape != (n,):
        raise ValueError(f"expected {name} ({n},), got shape {codes.shape}; try a code for each")
    if not _is_real(codes.dtype):
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
    return _of_known(lambda known: jnp.asarray(known, jnp.int32), codes)


def table(x: Numbers, name: str = "data") -> Float[Array, "samples features"]:
    """Features of samples, a row each.

    Raises
    ------
    ValueError
        For another shape, or what is not real numbers.

    Examples
    --------
    >>> table([[1, 2], [3, 4], [5, 6]]).shape
    (3, 2)
    """
    rows = floats(x, name)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(
            f"expected {name} (samples, features), got shape {rows.shape}; try x[:, None] for a single feature"
        )
    return rows


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
    numbers = x if isinstance(x, jax.Array) else _array(x, "a subset")
    if (
        numbers.dtype != bool
        and (not _is_real(numbers.dtype) or jnp.issubdtype(numbers.dtype, jnp.floating))
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
    table = _of_known(lambda number: number.reshape(1, 1), table) if table.ndim == 0 else table
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


def whole(x: Any, name: str, *, least: int | None = None) -> int:
    """A whole number that is known when compiled, such as a count, a degree or a number of steps.

    Raises
    ------
    ValueError
        For a number that is not whole, less than `least`, or unknown.

    Examples
    --------
    >>> whole(np.float32(6), "degree"), whole(np.int8(2), "degree")
    (6, 2)
    """
    try:
        value = float(x) if not isinstance(x, str | bytes | bool | np.bool_) else None
        value = None if value is None or value != value or value % 1 else operator.index(int(value))
    except (TypeError, ValueError, OverflowError, jax.errors.JAXTypeError):
        value = None
    if value is None:
        raise ValueError(
            f"expected a whole number as {name}, got {' '.join(repr(x).split())}; try int(...), outside jit"
        )
    if least is not None and value < least:
        raise ValueError(f"expected {name} of at least {least}, got {value}; try {least}")
    return value


def number(x: Any, name: str) -> float:
    """A number that is known when compiled.

    Raises
    ------
    ValueError
        For what is none, or unknown.

    Examples
    --------
    >>> number(np.float16(0.5), "threshold"), number(1, "threshold")
    (0.5, 1.0)
    """
    try:
        return float(x) if not isinstance(x, str | bytes) else float("none")
    except (TypeError, ValueError, jax.errors.JAXTypeError):
        raise ValueError(
            f"expected a number as {name}, got {type(x).__name__}; try float(...), outside jit"
        ) from None


def length(x: Any, name: str, example: str = "one of a few particle diameters") -> float:
    """A positive number that is known when compiled, such as a cut-off; `example` is what to try.

    Raises
    ------
    ValueError
        For one that is not positive, not finite or unknown.

    Examples
    --------
    >>> length(np.float32(2.5), "cut-off")
    2.5
    """
    value = number(x, name)
    if not 0 < value < np.inf:
        raise ValueError(f"expected a positive {name}, got {value:g}; try {example}")
    return value
