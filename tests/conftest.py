"""Tests run in double precision, on two pretended devices; those marked ``float32`` in single precision as well.

A file with such tests is collected twice, and imported twice: the second time without double precision, with which
its tests then run.
"""

import gc
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from compiled_programs import compiled_here

os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Most of the time goes into compiling: workers, the programs they start, and the next run share what is compiled.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(compiled_here()))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
# Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jaxtyping
import pytest
from _pytest.pathlib import import_path
from jaxtyping import install_import_hook

jax.config.update("jax_enable_x64", True)

MOST_MAPPINGS = 30_000

# Traced programs are many objects that live long: looking through them less often saves a tenth of the time.
gc.set_threshold(200_000, 20, 100)

# Shapes and dtypes named in public signatures are checked while the tests run, and only then.
install_import_hook("tdaglass", "beartype.beartype")


class SinglePrecision(pytest.Module):
    """A file once more, without double precision."""

    def _getobj(self) -> Any:
        # As pytest does for the other module: files that tests of a folder share lie beside them.
        if (folder := str(self.path.parent)) not in sys.path:
            sys.path.insert(0, folder)
        with jax.enable_x64(False):
            # Under another name than the first time, so that it is another module.
            return import_path(
                self.path, mode="importlib", root=self.config.rootpath, consider_namespace_packages=False
            )

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Its tests that are marked."""
        return [item for item in super().collect() if item.get_closest_marker("float32")]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.match("test_*.py") and "mark.float32" in file_path.read_text():
        name = f"{file_path.relative_to(parent.config.rootpath).as_posix()}[float32]"
        return SinglePrecision.from_parent(parent, path=file_path, nodeid=name)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Fixtures and test run in the precision of their module."""
    with jax.enable_x64(item.getparent(SinglePrecision) is None):
        return (yield)


@pytest.fixture(scope="module", autouse=True)
def room_for_programs() -> Iterator[None]:
    """Programs of a finished file are forgotten before they take all mappings that a process may have (65,530)."""
    yield
    mappings = Path("/proc/self/maps")
    if mappings.exists() and mappings.read_bytes().count(b"\n") > MOST_MAPPINGS:
        jax.clear_caches()
        gc.collect()


@pytest.fixture
def tolerance() -> float:
    """A few units in the last place of the precision under test."""
    return 1e-12 if jax.config.jax_enable_x64 else 2e-5


@pytest.fixture(scope="session")
def workers() -> Iterator[Any]:
    """Two processes for independent pieces, which tests of all rooms share: to start them takes seconds."""
    from tdaglass.parallel import Processes

    with Processes(2) as executor:
        yield executor


@pytest.fixture
def cards() -> Iterator[Any]:
    """Two CUDA cards that are pretended."""
    from pretended_cards import pretended_cards

    with pretended_cards() as pretended:
        yield pretended


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


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Calls as users make them, whose types nobody checks before the function does."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
