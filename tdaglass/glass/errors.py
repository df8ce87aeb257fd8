"""What stops a simulation."""

from tdaglass.glass.contract import Model


class SimulationError(RuntimeError):
    """A simulation that cannot go on; the message says what to change."""


def box_too_small(model: Model, steps: int) -> SimulationError:
    """What every engine says of a box that shrank too far."""
    return SimulationError(
        f"expected box edges of at least twice the longest cut-off ({2 * model.reach:.4g}), but {model.name} "
        f"shrank below after {steps} steps; try more particles, or a lower pressure"
    )
