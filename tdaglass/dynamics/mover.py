"""What an isoconfigurational ensemble needs of whatever moves particles."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Array, Float, Int, Key

from tdaglass.configuration import Configuration


@runtime_checkable
class Mover(Protocol):
    """Starts replicas of a configuration with fresh velocities, and takes them to later times.

    Replicas are a pytree of arrays with the replicas leading, which `runs.Run.chunk` can keep; what is in it is
    the mover's own affair. Replica i depends on its key only, not on the others; and where it is does not
    depend on the times at which it was stopped.

    Attributes
    ----------
    tick : float
        Times are whole numbers of it; for molecular dynamics the time step.
    """

    @property
    def tick(self) -> float: ...  # noqa: D102

    def start(self, keys: Key[Array, " replicas"], configuration: Configuration) -> Any:
        """Replicas of a configuration at time zero, each with velocities drawn from its key."""

    def advance(self, replicas: Any, ticks: int) -> Any:
        """The replicas so many ticks after their start."""

    def displacements(self, replicas: Any, start: Any) -> Float[Array, "replicas particles dim"]:
        """How far every particle has gone since the start, unwrapped, on the first local device."""


@runtime_checkable
class ObservingMover(Mover, Protocol):
    """A mover that adds up by itself what it sees on its way, which spares it the stops."""

    def advance_and_observe(
        self,
        replicas: Any,
        start: Any,
        ticks: Sequence[int],
        cage: Int[Array, "particles neighbors"],
        waves: Int[Array, "waves dim"],
    ) -> tuple[Any, tuple[Array, ...]]:
        """The replicas at the last of these moments, and the fields of `observables.Sums`, moments leading.

        `cage` holds the neighbours of each particle, -1 where there are no more; `waves` are wave vectors in
        units of 2 pi / edge.
        """
