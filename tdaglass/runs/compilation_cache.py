"""Compiled programs kept beside the runs that they served."""

import os
from contextlib import suppress
from pathlib import Path

import jax


def keep_compiled(root: str | os.PathLike) -> None:
    """Keep compiled programs in ``root/compiled``, so that a study that goes on or is repeated starts at once.

    Where the user has chosen a place for them (JAX_COMPILATION_CACHE_DIR), that place is used.

    Parameters
    ----------
    root : path
        Folder of all runs.
    """
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        compiled = Path(root).absolute() / "compiled"
        # Workers use it where they find it.
        with suppress(OSError):
            compiled.mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_compilation_cache_dir", str(compiled))
        # Otherwise the folder's own name decides whether a program is found in it.
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
        # Small programs too: there are hundreds of them.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
