"""What stops a simulation."""


class SimulationError(RuntimeError):
    """A simulation that cannot go on; the message says what to change."""
