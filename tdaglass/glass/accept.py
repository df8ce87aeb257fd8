"""The door of the room: a configuration as users have it becomes one that a liquid can compute with."""

from typing import Any

import numpy as np

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.contract import Model


def accept(model: Model, configuration: Any) -> Configuration:
    """One system in JAX arrays of one type, if it is one of the model.

    Parameters
    ----------
    model : Model
    configuration : Configuration
        Of lists, or of NumPy or JAX arrays of any type (`tdaglass.arguments`).

    Returns
    -------
    Configuration

    Raises
    ------
    ValueError
        If it is not a configuration, has numbers that cannot be, or does not fit the model.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass import glass
    >>> model = glass.PairModel("pair", 3, (2,), 0.01, (1.0,), ((1.0,),), ((1.0,),), ((2.5,),))
    >>> accept(model, Configuration([[0, 0, 0], [1, 1, 0]], [0, 0], 6)).box.tolist()
    [6.0, 6.0, 6.0]
    """
    if not isinstance(configuration, Configuration):
        raise ValueError(
            f"expected a Configuration behind the model, got {type(configuration).__name__}; "
            "try (model, configuration), or Configuration(positions, species, box)"
        )
    positions = arguments.points(configuration.positions)
    diameters = configuration.diameters
    if diameters is not None:
        diameters = arguments.floats(diameters, "diameters", like=positions)
        arguments.finite(diameters, "diameters")
    accepted = Configuration(
        positions,
        arguments.labels(configuration.species, len(positions)),
        arguments.cell(configuration.box, positions),
        diameters,
    )
    model.check(accepted)
    return accepted


def check_temperature(temperature: Any) -> None:
    """Raise ValueError for a negative (or NaN) temperature whose value is known."""
    values = arguments.concrete(arguments.floats(temperature, "temperature"))
    if values is not None and not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"expected a temperature of zero or more, got {temperature}; try 1.0 (LJ units)")
