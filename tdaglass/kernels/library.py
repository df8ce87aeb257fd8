"""The compiled library: found, checked against the processor, and its functions made known to XLA."""

import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import jax

PATH = Path(__file__).with_name("libtdaglass_kernels.so")
_library: ctypes.CDLL | None = None
_built_for: str | None = None


def load(*, targets: Mapping[str, str], functions: Sequence[str]) -> str | None:
    """Load the library, if it has all that the rooms of loops ask for.

    ``TDAGLASS_KERNELS=off`` leaves it alone; ``TDAGLASS_KERNELS=/path/to/library.so`` takes another build of it,
    as on a cluster whose machines differ.

    Parameters
    ----------
    targets : names of functions for XLA, under which they are registered, and the platform of each
    functions : names of functions for `library`

    Returns
    -------
    str or None
        Why the library cannot be used, and what to do about it; None if it can.
    """
    wanted = os.environ.get("TDAGLASS_KERNELS", "")
    if wanted.lower() in ("off", "0", "no"):
        return "the compiled kernels are switched off by TDAGLASS_KERNELS; unset it to use them"
    path = Path(wanted) if "/" in wanted else PATH
    if not path.exists():
        return (
            "the compiled kernels were not built when tdaglass was installed; try `pip install` again where there "
            "is a C++ compiler (GCC or Clang), without TDAGLASS_KERNELS=off"
        )
    try:
        opened = ctypes.CDLL(str(path))
    except OSError as error:
        return f"the compiled kernels cannot be loaded ({error}); try `pip install` again on this machine"
    global _built_for, _library
    opened.tdaglass_built_for.restype = ctypes.c_char_p
    _built_for = opened.tdaglass_built_for().decode()
    if not opened.tdaglass_runs_here():
        return (
            f"the compiled kernels were built for {_built_for} on another processor, whose instructions this "
            "one lacks; try `pip install` again on this machine"
        )
    missing = [name for name in (*targets, *functions) if not hasattr(opened, name)]
    if missing:
        return (
            f"the compiled kernels in {path} are of another version of tdaglass, without {missing[0]}; try "
            "`pip install` again"
        )
    for name, platform in targets.items():
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(opened, name)), platform=platform)
    _library = opened
    return None


def library() -> ctypes.CDLL:
    """The loaded library.

    Raises
    ------
    RuntimeError
        If there is none.
    """
    if _library is None:
        raise RuntimeError("expected the compiled kernels; `kernels.WHY_NOT` says why there are none")
    return _library


def built_for() -> str | None:
    """The instructions that the loaded library uses, such as "AVX2"; None without a library."""
    return _built_for


def thread_count() -> int:
    """Threads for independent systems: TDAGLASS_THREADS, or all processors that this process may use.

    Raises
    ------
    ValueError
        If TDAGLASS_THREADS is not a positive number.
    """
    asked = os.environ.get("TDAGLASS_THREADS", "")
    if not asked:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not asked.isdecimal() or int(asked) < 1:
        raise ValueError(
            f"expected TDAGLASS_THREADS as a positive number, got {asked!r}; try TDAGLASS_THREADS=2"
        )
    return int(asked)
