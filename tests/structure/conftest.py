"""One small liquid-like configuration and what other codes say about it, and perfect crystals."""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from tdaglass.structure import Neighbors

BASES = {
    "sc": [[0, 0, 0]],
    "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    "hcp": [[0, 0, 0], [0.5, 0.5, 0], [0.5, 5 / 6, 0.5], [0, 1 / 3, 0.5]],
}
CELLS = {"hcp": (1.0, 3**0.5, (8 / 3) ** 0.5)}

OF_256 = {"sc": (4, 8, 8), "bcc": (4, 4, 8)}

Points = tuple[jax.Array, jax.Array]


@pytest.fixture(scope="session")
def reference() -> dict[str, NDArray]:
    with np.load(Path(__file__).parents[1] / "reference" / "structure.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")  # in the precision of the module
def liquid(reference: dict[str, NDArray]) -> Points:
    return jnp.asarray(reference["positions"]), jnp.asarray(reference["box"])


@pytest.fixture(scope="session")
def crystal() -> Callable[..., Points]:
    """Positions and box of a perfect crystal by its name; of 256 particles, so that they share programs."""

    def build(name: str, repeats: int | None = None, lattice_constant: float = 1.0) -> Points:
        cell = lattice_constant * np.array(CELLS.get(name, (1.0, 1.0, 1.0)))
        along = np.array(OF_256.get(name, (4, 4, 4)) if repeats is None else [repeats] * 3)
        corners = np.stack(np.meshgrid(*map(np.arange, along), indexing="ij"), -1).reshape(-1, 1, 3)
        positions = ((corners + np.array(BASES[name])) * cell).reshape(-1, 3)
        return jnp.asarray(positions), jnp.asarray(along * cell)

    return build


@pytest.fixture(scope="session")
def distances() -> Callable[..., NDArray]:
    """Nearest-image distances of all pairs, infinite on the diagonal, the slow and obvious way."""

    def compute(positions: jax.Array, box: jax.Array | None) -> NDArray:
        x = np.asarray(positions, float)
        apart = x[None, :] - x[:, None]
        if box is not None:
            edges = np.asarray(box, float)
            apart -= edges * np.round(apart / edges)
        distance = np.linalg.norm(apart, axis=-1)
        np.fill_diagonal(distance, np.inf)
        return distance

    return compute


@pytest.fixture(scope="session")
def sets() -> Callable[[Neighbors], list[set[int]]]:
    """Who the neighbours of each particle are."""

    def of(neighbors: Neighbors) -> list[set[int]]:
        rows = zip(np.asarray(neighbors.idx), np.asarray(neighbors.mask), strict=True)
        return [set(idx[mask].tolist()) for idx, mask in rows]

    return of
