"""The house stands as docs/design.md draws it; read from the sources, without importing any of them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tdaglass"
# Records and words of every room, which know none of them.
SHARED = {"arguments", "checkpoints", "configuration", "progress", "statistics", "versions"}
# Packages that a few files know, and no others.
KNOWN_TO = {
    "ase": "io/",
    "dask": "parallel/",
    "dask_jobqueue": "parallel/",
    "distributed": "parallel/",
    "flax": "learning/networks/",
    "gsd": "io/formats/",
    "gudhi": "topology/triangulation.py",
    "highspy": "topology/chains.py",
    "jax_md": "glass/molecular_dynamics/",
    "matplotlib": "plot/",
    "optax": "learning/",
    "threadpoolctl": "parallel/",
    "tqdm": "progress.py",
}
# Of which the package knows nothing.
OUTSIDE = {"benchmarks", "experiments", "pytest", "sklearn", "tests", "tyro"}
# Of a fresh clone there is none yet.
MADE = {".venv/"}
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/accelerators.md",
    "docs/clusters.md",
    "docs/design.md",
    "docs/embedded_atom.md",
    "docs/hard_spheres.md",
    "docs/style.md",
)


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = {path.relative_to(PACKAGE): set(imports(path)) for path in sorted(PACKAGE.rglob("*.py"))}
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - SHARED


def arrows() -> dict[str, set[str]]:
    """Which other rooms the files of each room import."""
    found = defaultdict(set)
    for path, names in FILES.items():
        for name in names:
            first, *rest = name.split(".")
            if first == "tdaglass" and rest:
                found[path.parts[0].removesuffix(".py")].add(rest[0])
    return {of: found[of] - {of} for of in ROOMS | SHARED}


def drawn() -> dict[str, set[str]]:
    """The same, as the table of docs/design.md says."""
    table = re.findall(
        r"^\| `(\w+)/` \|[^|]*\|([^|]*)\|$", (ROOT / "docs/design.md").read_text(), re.MULTILINE
    )
    return {room: set(re.findall(r"`(\w+)`", others)) for room, others in table}


def test_rooms_import_whom_the_design_says():
    found = arrows()
    assert {room: found[room] - SHARED for room in ROOMS} == {
        room: drawn().get(room, "not drawn") for room in ROOMS
    }
    assert set(drawn()) == ROOMS


def test_there_are_no_circles():
    assert len(list(TopologicalSorter(arrows()).static_order())) >= len(ROOMS)
    assert not set.union(*(arrows()[name] for name in SHARED))


def test_kernels_import_nothing_of_the_package():
    assert not arrows()["kernels"]


@pytest.mark.parametrize("package", KNOWN_TO)
def test_packages_that_one_place_knows(package):
    users = {
        path.as_posix() for path, names in FILES.items() for name in names if name.split(".")[0] == package
    }
    assert users
    assert {user for user in users if not user.startswith(KNOWN_TO[package])} == set()


def test_the_package_knows_nothing_of_studies_and_tests():
    found = {(path.as_posix(), name) for path, names in FILES.items() for name in names}
    assert {(path, name) for path, name in found if name.split(".")[0] in OUTSIDE} == set()


def tree(page: str) -> Iterator[str]:
    """Paths of the folders and files that an indented drawing of the house names."""
    for drawing in re.findall(r"^```\n(tdaglass/\n.*?)```", page, re.MULTILINE | re.DOTALL):
        above: list[str] = []
        for line in drawing.splitlines():
            depth = (len(line) - len(line.lstrip())) // 2
            above[depth:] = [line.split()[0]]
            yield "".join(above)


def named(page: Path) -> Iterator[tuple[str, list[Path]]]:
    """What a page names, and where that may stand."""
    text = page.read_text()
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", text):
        yield target, [page.parent]
    for target in tree(text):
        yield target, [ROOT]
    for target in re.findall(
        r"`([\w./-]*(?:\w\.(?:cpp|gsd|hpp|json|md|npz|png|py|toml|txt|yaml)|\w/))`", text
    ):
        # Of files that are still to be written, NAME stands for the name: the folder is there.
        yield target, [ROOT, PACKAGE]


@pytest.mark.parametrize("page", PAGES)
def test_what_pages_name_exists(page):
    missing = [
        target
        for target, folders in named(ROOT / page)
        if target not in MADE
        and not any(
            (folder / (target.rpartition("/")[0] if "NAME" in target else target)).exists()
            for folder in folders
        )
    ]
    assert missing == []


def test_lint_before_commits_is_that_of_ci():
    lint = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert lint
    hooks = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text())
    assert hooks == [line.strip().replace("$(BIN)", ".venv/bin") for line in lint[1].splitlines()]
