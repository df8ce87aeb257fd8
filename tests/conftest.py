"""Every test runs in double precision unless TDAGLASS_TEST_PRECISION=float32, on two pretended devices."""

import gc
import json
import os
from pathlib import Path
from typing import Any

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time goes into compiling: workers, the programs they start, and the next run share what is compiled.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import pytest
from jaxtyping import install_import_hook

DOUBLE = os.environ.get("TDAGLASS_TEST_PRECISION", "float64") == "float64"
jax.config.update("jax_enable_x64", DOUBLE)

# Traced programs are many objects that live long: looking through them less often saves a tenth of the time.
gc.set_threshold(200_000, 20, 100)

# Shapes and dtypes named in public signatures are checked while the tests run, and only then.
install_import_hook("tdaglass", "beartype.beartype")


@pytest.fixture(scope="session")
def tolerance() -> float:
    """A few units in the last place of the precision under test."""
    return 1e-12 if DOUBLE else 2e-5


@pytest.fixture(scope="session")
def lammps_nvt() -> dict[str, Any]:
    """LAMMPS's canonical averages of the four liquids."""
    return json.loads((Path(__file__).parent / "reference" / "lammps_nvt.json").read_text())


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Public data of other groups, which stay outside the repository."""
    folder = Path(os.environ.get("TDAGLASS_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data in {folder}: set TDAGLASS_DATA to a copy")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured (`record_property`), for who compares more than passed and failed."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {name} {value}")
