"""Where compiled programs are kept between the runs of the tests."""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path


def compiled_here() -> Path:
    """A folder for this very processor, outside the clone, so that the next clone begins with them.

    XLA does not ask whether a program that it finds there was made for other instructions.
    """
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.is_file() else []
    processor = next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
    of_this = hashlib.sha256(f"{platform.machine()} {processor} {version('jaxlib')}".encode()).hexdigest()[
        :16
    ]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "tdaglass" / "compiled" / of_this
