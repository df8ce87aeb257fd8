"""Displacements relative to the cage, which long waves move along with the particle."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass import arguments
from tdaglass.dynamics.time_correlation import Pair, System, TimeCorrelationFunction
from tdaglass.structure import Neighbors, check_neighbors, cutoff_neighbors

# Tables have room for a multiple of so many neighbours, so that few of them differ in shape.
ROOM = 16


def relative_to_cage(
    moved: Float[Array, "n dim"], idx: Int[Array, "n k"], mask: Bool[Array, "n k"], *, itself: bool
) -> Float[Array, "n dim"]:
    """Displacements less the mean of the cage, with or without the particle itself."""
    in_cage = mask[..., None]
    total = jnp.sum(jnp.where(in_cage, moved[idx], 0), axis=1)
    number = jnp.sum(in_cage, axis=1)
    if itself:
        return moved - (moved + total) / (1 + number)
    return moved - total / number


@dataclass(frozen=True)
class CageRelative(TimeCorrelationFunction):
    r"""Any function of the displacements of single particles, of those relative to their neighbours.

    .. math:: \Delta \mathbf r_i - \frac{1}{n_i} \sum_{j \in \mathrm{cage}(i)} \Delta \mathbf r_j

    with the neighbours at the time origin (S. Mazoyer et al., EPL 88, 66004, 2009; in two dimensions, where
    long waves move whole regions, S. Vivek et al., PNAS 114, 1850, 2017).

    Parameters
    ----------
    function : TimeCorrelationFunction
        Such as `MeanSquaredDisplacement()`; its lags are taken.
    neighbors : number, a symmetric table of one for each pair of species, or callable
        Neighbours are nearer than this; or what the callable gives for positions and box, `Neighbors` of every
        particle, such as `structure.sann_neighbors`.
    itself : bool
        Count the particle itself in its cage, as `isoconfigurational` does (Oyama et al., Front. Phys. 10,
        1007861, 2022): displacements are shorter by n / (n + 1).

    Raises
    ------
    ValueError
        For a function that does not look at single particles, or a particle without neighbours.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> drift = np.arange(5.0)[:, None, None] + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> relative = CageRelative(dynamics.MeanSquaredDisplacement(), 1.5)
    >>> dynamics.time_correlations(drift, relative, lags=[1, 2]).values.tolist()
    [[0.0, 0.0]]
    """

    function: TimeCorrelationFunction
    neighbors: Any
    itself: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.function, TimeCorrelationFunction) or not self.function.of_single_particles:
            raise ValueError(
                f"expected a function of the displacements of single particles, got "
                f"{type(self.function).__name__}; try dynamics.MeanSquaredDisplacement()"
            )
        object.__setattr__(self, "lags", self.function.lags if self.lags is None else self.lags)
        super().__post_init__()
        if not callable(self.neighbors):
            table = arguments.doubles(self.neighbors, "cut-off of neighbours")
            if table.ndim:
                table = np.asarray(
                    arguments.pair_table(table, "cut-off of neighbours", like=jnp.zeros(0)), float
                )
                object.__setattr__(self, "neighbors", tuple(map(tuple, table.tolist())))
            else:
                object.__setattr__(self, "neighbors", arguments.positive(table, "cut-off of neighbours"))

    def prepare(self, system: System) -> Any:  # noqa: D102
        return self.function.prepare(system), system.species

    def keep(self, positions: np.ndarray, box: np.ndarray | None, constants: Any) -> Any:  # noqa: D102
        idx, mask = self._cages(positions, box, constants[1])
        return idx, mask, self.function.keep(positions, box, constants[0])

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        idx, mask, earlier = pair.earlier
        moved = relative_to_cage(pair.moved, idx, mask, itself=self.itself)
        return self.function.moments(Pair(moved, pair.drift, earlier, pair.later[2]), share, constants[0])

    def of_pair(self, moments: np.ndarray) -> np.ndarray:  # noqa: D102
        return self.function.of_pair(moments)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return self.function.value(moments, system, constants[0])

    def grid(self, constants: Any) -> np.ndarray | None:  # noqa: D102
        return self.function.grid(constants[0])

    def _cages(
        self, positions: np.ndarray, box: np.ndarray | None, species: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        points = jnp.asarray(positions)
        cell = None if box is None else jnp.asarray(box)
        if callable(self.neighbors):
            found = self.neighbors(points, cell)
        else:
            table = isinstance(self.neighbors, tuple)
            found = cutoff_neighbors(
                points, cell, jnp.asarray(self.neighbors), species=jnp.asarray(species) if table else None
            )
        if not isinstance(found, Neighbors) or found.mask.shape[:1] != (len(positions),):
            raise ValueError(
                f"expected Neighbors of {len(positions)} particles, got {type(found).__name__}; "
                "try structure.sann_neighbors"
            )
        mask = np.asarray(check_neighbors(found).mask)
        alone = ~mask.any(axis=1)
        if alone.any() and not self.itself:
            raise ValueError(
                f"expected a cage around every particle, got no neighbour of particle {int(alone.argmax())}; "
                "try a longer cut-off, or structure.sann_neighbors"
            )
        # Neighbours first, so that what is cut off is empty.
        order = np.argsort(~mask, axis=1, kind="stable")
        room = -(-max(int(mask.sum(axis=1).max()), 1) // ROOM) * ROOM

        def first(table: np.ndarray) -> np.ndarray:
            table = np.take_along_axis(table, order, axis=1)[:, :room]
            return np.pad(table, ((0, 0), (0, room - table.shape[1])))

        return first(np.asarray(found.idx)), first(mask)
