"""What JAX compiles is kept beside the runs, or where the user wants it."""

import os
import subprocess
import sys


def test_compiled_programs_are_kept_where_the_user_wants_them(tmp_path):
    program = (
        "import jax, sys; from tdaglass.runs import keep_compiled; keep_compiled(sys.argv[1]); "
        "jax.block_until_ready(jax.jit(lambda x: x + 1)(1.0))"
    )
    for chosen in (None, tmp_path / "chosen"):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
        if chosen is not None:
            environment["JAX_COMPILATION_CACHE_DIR"] = str(chosen)
            environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
        root = tmp_path / f"runs-{chosen is None}"
        subprocess.run([sys.executable, "-c", program, str(root)], env=environment, check=True, timeout=120)
        assert (root / "compiled").is_dir() == (chosen is None)
        assert any((chosen or root / "compiled").iterdir())
