"""What the README shows is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}
    done = subprocess.run(
        [sys.executable, "-c", example],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    short, long = (float(x) for x in re.findall(r"[\d.]+", done.stdout))
    assert 0.05 < short < long < 3


def test_files_that_it_names_exist():
    root = Path(__file__).parents[1]
    for target in re.findall(r"\]\(((?!https?:)[^)]+)\)", README):
        assert (root / target).is_file(), target
