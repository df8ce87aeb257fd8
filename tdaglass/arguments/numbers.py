"""Numbers of any type, as arrays of the type that is computed with."""

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

# What stands for an array in a public signature: the shapes are said in the docstrings.
Numbers = jax.typing.ArrayLike | Sequence[Any]


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
        x = array(x, name)
    if not is_real(x.dtype):
        raise ValueError(f"expected real numbers as {name}, got {_said(x.dtype)}; try float32")
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
    x = array(x, name)
    if not is_real(x.dtype):
        raise ValueError(f"expected real numbers as {name}, got {_said(x.dtype)}; try float64")
    return np.array(x, np.float64, order="C")


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


def whole_numbers(x: Any, name: str, *, least: int | None = None) -> tuple[int, ...]:
    """Whole numbers that are known when compiled, such as counts of particles; one alone is a tuple of one.

    Raises
    ------
    ValueError
        For one that is not whole, less than `least`, or unknown.

    Examples
    --------
    >>> whole_numbers([3, 2.0], "counts"), whole_numbers(64, "counts")
    ((3, 2), (64,))
    """
    several = isinstance(x, Iterable) and not isinstance(x, str | bytes) and getattr(x, "ndim", 1) > 0
    return tuple(whole(one, name, least=least) for one in (x if several else (x,)))


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


def positive(x: Any, name: str, example: str = "one of a few particle diameters") -> float:
    """A positive number that is known when compiled, such as a cut-off; `example` is what to try.

    Raises
    ------
    ValueError
        For one that is not positive, not finite or unknown.

    Examples
    --------
    >>> positive(np.float32(2.5), "cut-off")
    2.5
    """
    value = number(x, name)
    if not 0 < value < np.inf:
        raise ValueError(f"expected a positive {name}, got {value:g}; try {example}")
    return value


def check_key(key: Any) -> None:
    """Refuse a seed, or the raw bits of a key, in place of a typed random key.

    Raises
    ------
    ValueError
        Saying how to make one.

    Examples
    --------
    >>> check_key(jax.random.key(0))
    """
    if not (isinstance(key, jax.Array) and jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key)):
        raise ValueError(f"expected a typed random key, got {type(key).__name__}; try jax.random.key(0)")


def array(x: Any, name: str) -> np.ndarray | Array:
    """Anything as one array, of whatever it is made of."""
    try:
        # Lists may hold what is being traced.
        if any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(x)):
            return jnp.asarray(x)
        return np.asarray(x)
    except (ValueError, TypeError):
        raise ValueError(
            f"expected {name} as one array of numbers, got rows that do not fit together; try rows of equal length"
        ) from None


def is_real(dtype: np.dtype) -> bool:
    """Whether numbers of a type are whole or floating."""
    # JAX knows no types of text and of objects to ask about.
    return dtype.kind not in "SUOMm" and (
        jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)
    )


def _said(dtype: np.dtype) -> str:
    """What is no real number, in words."""
    words = {
        "U": "text",
        "S": "text",
        "b": "truth values",
        "c": "complex numbers",
        "O": "objects",
        "M": "dates",
    }
    return words.get(dtype.kind, str(dtype))


def of_known(function: Callable[[Any], Any], x: Any) -> Any:
    """A function of an array, computed at once where that is known, inside jit, too."""
    if isinstance(x, jax.core.Tracer):
        return function(x)
    with jax.ensure_compile_time_eval():
        return function(x)


def _narrowed(x: np.ndarray, dtype: Any) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large is infinite, and refused where it matters
        return x.astype(dtype)
