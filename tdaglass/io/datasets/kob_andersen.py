"""What the public files of Kob-Andersen liquids do not hold: the box, and what only their names say."""

import re
from pathlib import Path

_DENSITY = 1.2


def edge_of_the_box(particles: int, dimension: int) -> float:
    """Edge of a box at the density of Kob and Andersen, 1.2; sigma_AA."""
    return (particles / _DENSITY) ** (1 / dimension)


def temperature_and_time_code(file: Path) -> tuple[float | None, int | None]:
    """Temperature and time code from a name such as isoconfig_N4096T0.44_401_tc07.npz.

    Examples
    --------
    >>> temperature_and_time_code(Path("isoconfig_N4096T0.44_401_tc07.npz"))
    (0.44, 7)
    """
    temperature = re.search(r"N\d+T(\d+\.\d+)_", file.name)
    code = re.search(r"_tc(\d+)", file.name)
    return float(temperature[1]) if temperature else None, int(code[1]) if code else None
