"""What happens at a worker: work comes as bytes, and goes back with what became of it."""

import hashlib
import os
import socket
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import cloudpickle
import jax
import numpy as np
import scipy.linalg  # noqa: F401 (whose threads would not be limited if it were loaded later)
from threadpoolctl import threadpool_limits

from tdaglass.parallel.needs import Needs, OtherVersions, processor

# A worker serves a few maps at a time, and what each of them shares can be large.
_REMEMBERED = 4
# Several threads of a process may be workers.
_lock = threading.Lock()
_functions: OrderedDict[str, Callable[[Any], Any]] = OrderedDict()


class Sent(NamedTuple):
    """A function with all that it carries, once for all pieces."""

    digest: str
    content: bytes

    @classmethod
    def of(cls, function: Callable[[Any], Any]) -> "Sent":
        """The function as bytes."""
        content = dumps(function, "the function")
        return cls(hashlib.sha256(content).hexdigest(), content)


class Reply(NamedTuple):
    """What became of a piece.

    Attributes
    ----------
    kind : str
        "done"; "failed", with the error in place of a result; "missing" where the function has not come here yet;
        "refused" where versions differ.
    content : bytes
        The result, or the error.
    reason : str
        The error in words.
    processor : str
        What computed it.
    """

    kind: Literal["done", "failed", "missing", "refused"]
    content: bytes = b""
    reason: str = ""
    processor: str = ""


def work(needs: tuple, digest: str, function: bytes | None, item: bytes) -> Reply:
    """Compute a piece. `needs` is a tuple, which any version of this package can read."""
    try:
        with Needs(*needs).met():
            called = _remembered(digest, function)
            if called is None:
                return Reply("missing")
            result = computed(called, cloudpickle.loads(item))
            return Reply("done", dumps(result, "the result"), processor=processor())
    except OtherVersions as error:
        return Reply("refused", reason=str(error))
    except Exception as error:
        where = f"worker {os.getpid()} on {socket.gethostname()}"
        error.add_note(f"In {where}:\n{''.join(traceback.format_exception(error))}")
        return Reply("failed", _as_bytes(error), said(error))


def _remembered(digest: str, content: bytes | None) -> Callable[[Any], Any] | None:
    """The function, if it came before or comes now."""
    with _lock:
        if digest in _functions:
            _functions.move_to_end(digest)
        elif content is None:
            return None
        else:
            _functions[digest] = cloudpickle.loads(content)
            while len(_functions) > _REMEMBERED:
                _functions.popitem(last=False)
        return _functions[digest]


def computed(function: Callable[[Any], Any], item: Any) -> Any:
    """The result of a piece, wherever it is computed: BLAS, LAPACK and OpenMP have one thread.

    The sums of several depend on how many there are, which differs from place to place. The limit is of the
    process: of threads that compute pieces at once the first one has it.
    """
    with threadpool_limits(1):
        return with_numpy_arrays(function(item))


def with_numpy_arrays(tree: Any) -> Any:
    """A pytree with its arrays as NumPy's, as they are when they are read from a file."""

    def moved(leaf: Any) -> Any:
        if isinstance(leaf, jax.Array) and not jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return np.array(leaf)
        return leaf

    return jax.tree.map(moved, tree)


def said(error: BaseException) -> str:
    """An error in words, on one line."""
    return f"{type(error).__name__}: {error}".strip(": ")


def dumps(value: Any, what: str) -> bytes:
    """As bytes, functions and classes of scripts and notebooks included.

    Raises
    ------
    ValueError
        If there is something in it that belongs to this process, such as an open file.
    """
    try:
        return cloudpickle.dumps(value)
    except Exception as error:
        raise ValueError(
            f"expected {what} of independent pieces to be such that it can be sent to a worker, got something "
            f"that belongs to this process ({error}); try handing over names of files, which the function opens"
        ) from error


def _as_bytes(error: BaseException) -> bytes:
    try:
        return cloudpickle.dumps(error)
    except Exception:
        return cloudpickle.dumps(RuntimeError(said(error)))
