"""What can be said of the input of eager calls, whose values are known."""

import numpy as np
from jax import lax
from jax.core import Tracer
from jaxtyping import Array


def concrete(x: Array | None) -> np.ndarray | None:
    """Values on the host of an array that has them, also under an eager grad; None inside jit or vmap."""
    if x is None:
        return None
    x = lax.stop_gradient(x)
    return None if isinstance(x, Tracer) else np.asarray(x)


def count_species(species: Array | None, species_count: int | None) -> int:
    """Of one configuration; known when compiled."""
    if species is None:
        return 1
    if species_count is not None:
        return species_count
    labels = concrete(species)
    if labels is None:
        raise ValueError(
            "expected the number of species inside jit, got None; try species_count=2 for a binary mixture"
        )
    return int(labels.max()) + 1


def check_input(positions: np.ndarray, box: np.ndarray | None, reach: float) -> None:
    """Raise for what can be seen only in the values of an eager call."""
    if not np.isfinite(positions).all():
        bad = int(np.argmin(np.isfinite(positions).all(axis=1)))
        raise ValueError(
            f"expected finite positions, got {positions[bad]} for particle {bad}; try a smaller time step"
        )
    if box is not None and not (box > 0).all():
        raise ValueError(f"expected positive box edges, got {box}; try box=None for open space")
    if box is not None and box.min() < 2 * reach:
        raise ValueError(
            f"expected box edges of at least twice the cut-off {reach:g}, got {box.min():g}; "
            "try a larger system or a smaller cut-off"
        )
