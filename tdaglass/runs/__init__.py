"""Runs that survive a kill: what is computed is written down, whole or not at all, and never computed twice.

`Run` is the folder of one experiment with one set of settings, which give it its name (`run_folder`): chunks of
work, each kept when it is finished, then arrays, metrics, tables and figures, with the versions, the device and
the revision of the code that they come from. Several processes may share one, on all machines that have its
folder (`claims`). `keep_compiled` keeps what JAX compiles. `atomic_write` and `atomic_path` are how all files here
come to be; `tdaglass.io` writes with them too.
"""

from tdaglass.runs.atomic import atomic_path, atomic_write
from tdaglass.runs.chunks import Chunks
from tdaglass.runs.compilation_cache import keep_compiled
from tdaglass.runs.run import Run, run_folder

__all__ = ["Chunks", "Run", "atomic_path", "atomic_write", "keep_compiled", "run_folder"]
