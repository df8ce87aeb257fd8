"""One small liquid-like configuration and what other codes say about it, and perfect crystals."""

from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

BASES = {
    "sc": [[0, 0, 0]],
    "bcc": [[0, 0, 0], [0.5, 0.5, 0.5]],
    "fcc": [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]],
    "hcp": [[0, 0, 0], [0.5, 0.5, 0], [0.5, 5 / 6, 0.5], [0, 1 / 3, 0.5]],
}
CELLS = {"hcp": (1.0, 3**0.5, (8 / 3) ** 0.5)}

Points = tuple[jax.Array, jax.Array]


@pytest.fixture(scope="session")
def reference() -> dict[str, NDArray]:
    with np.load(Path(__file__).parents[1] / "reference" / "structure.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def liquid(reference: dict[str, NDArray]) -> Points:
    return jnp.asarray(reference["positions"]), jnp.asarray(reference["box"])


@pytest.fixture(scope="session")
def crystal() -> Callable[..., Points]:
    """Positions and box of a perfect crystal by its name."""

    def build(name: str, repeats: int = 4, lattice_constant: float = 1.0) -> Points:
        cell = lattice_constant * np.array(CELLS.get(name, (1.0, 1.0, 1.0)))
        corners = np.stack(np.meshgrid(*[np.arange(repeats)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
        positions = ((corners + np.array(BASES[name])) * cell).reshape(-1, 3)
        return jnp.asarray(positions), jnp.asarray(repeats * cell)

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
