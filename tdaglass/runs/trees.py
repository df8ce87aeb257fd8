"""Pytrees of arrays on disk, bit for bit: one zip of npy members for `numpy.load`, with checksums."""

import errno
import importlib
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass.runs.atomic import atomic_write

_STRUCTURE = "structure.json"
_PLAIN = "biufcSU"


class DamagedFile(ValueError):
    """A file of arrays that is cut short, altered, or written by an older version of the code."""


def save_tree(path: str | os.PathLike, tree: Any) -> Any:
    """Write a pytree of arrays, whole or not at all.

    Parameters
    ----------
    path : path
        The file to create or replace.
    tree : pytree
        dict (with str keys), list, tuple, NamedTuple, None, numbers, strings, NumPy and JAX arrays of any
        dtype, typed PRNG keys.

    Returns
    -------
    pytree
        What `load_tree` will return: the same tree with every array in host memory.

    Raises
    ------
    ValueError
        A leaf is of another kind.
    OSError
        The disk is full or the folder cannot be written.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.npz"
    >>> save_tree(path, {"energy": np.float32([1.5])})
    {'energy': array([1.5], dtype=float32)}
    >>> load_tree(path)
    {'energy': array([1.5], dtype=float32)}
    """
    arrays: dict[str, np.ndarray] = {}
    structure = _describe(tree, "", arrays)
    with atomic_write(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_STRUCTURE), json.dumps(structure))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return _rebuild(structure, arrays.__getitem__)


def in_host_memory(tree: Any) -> Any:
    """What `save_tree` would return, without a file.

    Raises
    ------
    ValueError
        A leaf is of a kind that cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    return _rebuild(_describe(tree, "", arrays), arrays.__getitem__)


def load_tree(path: str | os.PathLike) -> Any:
    """Read what `save_tree` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    pytree
        Arrays in host memory, with their dtype; PRNG keys as typed keys.

    Raises
    ------
    DamagedFile
        The file is cut short, a checksum fails, or a NamedTuple in it no longer exists as it was.
    OSError
        The file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:

            def member(name: str) -> np.ndarray:
                # Reading a member to its end compares its checksum.
                content = archive.read(f"{name}.npy")
                return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)

            return _rebuild(json.loads(archive.read(_STRUCTURE)), member)
    except Exception as error:
        # Altered bytes make zipfile, zlib and json fail in a dozen ways, a senseless seek among them; what
        # remains of OSError is the disk's.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise DamagedFile(
            f"expected a whole file of arrays at {path}, got a damaged or outdated one ({error}); "
            "try removing it, so that it is computed again"
        ) from error


def is_key(leaf: Any) -> bool:
    """Whether a leaf is a typed PRNG key or an array of them."""
    return isinstance(leaf, jax.Array) and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _describe(node: Any, path: str, arrays: dict[str, np.ndarray]) -> Any:
    """The tree without its arrays, as JSON; the arrays are collected under their paths."""
    if node is None:
        return None
    if is_key(node):
        return {
            "key": _collect(np.asarray(jax.random.key_data(node)), path, arrays),
            "impl": str(jax.random.key_impl(node)),
        }
    if isinstance(node, np.ndarray | np.generic | jax.Array):
        return _describe_array(np.asarray(node), path, arrays)
    if isinstance(node, bool | int | str):
        return {"value": node}
    if isinstance(node, float):
        return {"float": node.hex()}
    if isinstance(node, dict):
        if not all(isinstance(key, str) for key in node):
            raise ValueError(f"expected str keys at {path or 'the top'}, got {list(node)}; try str(key)")
        return {"dict": [[key, _describe(value, f"{path}.{key}", arrays)] for key, value in node.items()]}
    if isinstance(node, tuple) and hasattr(node, "_fields"):
        kind = type(node)
        if "<locals>" in kind.__qualname__:
            raise ValueError(
                f"expected a NamedTuple that can be imported at {path or 'the top'}, got "
                f"{kind.__qualname__}; "
                "try defining it at the top of its module"
            )
        fields = [[name, _describe(getattr(node, name), f"{path}.{name}", arrays)] for name in node._fields]
        return {"record": f"{kind.__module__}:{kind.__qualname__}", "fields": fields}
    if isinstance(node, list | tuple):
        items = [_describe(value, f"{path}.{i}", arrays) for i, value in enumerate(node)]
        return {"list" if isinstance(node, list) else "tuple": items}
    raise ValueError(
        "expected arrays, numbers, strings, dicts, lists, tuples and NamedTuples, got "
        f"{type(node).__name__} at "
        f"{path or 'the top'}; try converting it, or for a Flax module its nnx.state as a dict"
    )


def _describe_array(array: np.ndarray, path: str, arrays: dict[str, np.ndarray]) -> dict[str, str]:
    if not array.flags.writeable:
        # JAX's buffers are read-only in NumPy; what is read from disk is not, and the two must not differ.
        array = array.copy()
    if array.dtype.kind in _PLAIN:
        return {"array": _collect(array, path, arrays)}
    if (
        array.dtype.kind == "V"
        and array.dtype.names is None
        and array.dtype.name != f"void{8 * array.itemsize}"
    ):
        # bfloat16 and its kin, which npy does not know: their bits travel as unsigned integers.
        bits = np.ascontiguousarray(array).view(f"u{array.itemsize}")
        return {"bits": _collect(bits.reshape(array.shape), path, arrays), "dtype": array.dtype.name}
    raise ValueError(
        f"expected an array of numbers at {path or 'the top'}, got {array.dtype}; try a numeric dtype"
    )


def _collect(array: np.ndarray, path: str, arrays: dict[str, np.ndarray]) -> str:
    stem = "".join(c if c.isalnum() or c in "._-" else "_" for c in path.strip(".")) or "value"
    name = stem if stem not in arrays else f"{stem}#{len(arrays)}"
    arrays[name] = array
    return name


def _rebuild(node: Any, member: Callable[[str], np.ndarray]) -> Any:
    if node is None:
        return None
    if "array" in node:
        return member(node["array"])
    if "bits" in node:
        return member(node["bits"]).view(np.dtype(node["dtype"]))
    if "key" in node:
        return jax.random.wrap_key_data(jnp.asarray(member(node["key"])), impl=node["impl"])
    if "value" in node:
        return node["value"]
    if "float" in node:
        return float.fromhex(node["float"])
    if "dict" in node:
        return {key: _rebuild(value, member) for key, value in node["dict"]}
    if "list" in node:
        return [_rebuild(value, member) for value in node["list"]]
    if "tuple" in node:
        return tuple(_rebuild(value, member) for value in node["tuple"])
    return _record(node["record"], {name: _rebuild(value, member) for name, value in node["fields"]})


def _record(where: str, fields: dict[str, Any]) -> Any:
    module, _, qualname = where.partition(":")
    kind: Any = sys.modules.get(module) or importlib.import_module(module)
    for name in qualname.split("."):
        kind = getattr(kind, name)
    if not (isinstance(kind, type) and issubclass(kind, tuple)) or tuple(fields) != getattr(
        kind, "_fields", ()
    ):
        raise ValueError(f"{where} no longer has the fields {', '.join(fields)}")
    return kind(**fields)
