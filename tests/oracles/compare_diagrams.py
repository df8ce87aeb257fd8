"""Whether two persistence diagrams are one."""

import numpy as np

# Directions along which diagrams are looked at, none of them special.
ANGLES = np.array([0.0, 0.5, 1.1, 1.6, 2.3])


def lasting(birth: np.ndarray, death: np.ndarray, least: float) -> np.ndarray:
    """Pairs (pairs, 2) that persist for longer than `least`."""
    keep = death - birth > least
    return np.stack([birth[keep], death[keep]], axis=1)


def deviation(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest between births and deaths, relative to the larger ones; infinite between unequal numbers.

    Nearly equal births may stand in another order, so pairs cannot be compared one by one: compared are, in order,
    the coordinates of all pairs along several directions.
    """
    if len(found) != len(expected):
        return np.inf
    if not len(found):
        return 0.0
    along = np.stack([np.cos(ANGLES), np.sin(ANGLES)])
    a, b = (np.sort(diagram @ along, axis=0) for diagram in (found, expected))
    return float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b))))
