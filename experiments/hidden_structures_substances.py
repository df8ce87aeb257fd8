"""The liquids that `hidden_structures.py` simulates, and all in which they differ for it."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from hidden_structures_preparation import Prepare, cool, grow, pressure_of_collisions

from tdaglass import glass
from tdaglass.glass import hard_spheres


class Control(NamedTuple):
    """What is changed from one liquid to the next, and how it is written."""

    symbol: str
    word: str
    axis: str  # TeX
    flag: str
    slows: Literal[-1, 1]  # the sense in which it slows a liquid down


TEMPERATURE = Control("T", "temperature", r"$k_B T / \epsilon$", "--temperatures", -1)
PACKING_FRACTION = Control("phi", "packing fraction", r"packing fraction $\phi$", "--packing-fractions", 1)


class Substance(NamedTuple):
    """A liquid that can be simulated."""

    control: Control
    model: Callable[[int, float], Any]  # of so many particles, with the control at this value
    diameters: Callable[[Any], np.ndarray]  # of each species of a model
    describe_engine: Callable[[Any], str]
    prepare: Prepare
    tick: float | None  # of the times of ensembles; None: the time step
    temperature: float | None  # of the velocities; None: the control is
    scattering: Literal["self", "total"]  # which function relaxes in tau_alpha
    has_energies: bool
    # Of the configurations of a liquid, and what it is in equilibrium; None where it is not measured.
    pressure: Callable[..., np.ndarray] | None
    equation_of_state: Callable[[Any], float] | None
    time_unit: str  # TeX


def with_forces(model: Callable[[int], glass.PairModel]) -> Substance:
    """A liquid of pairs, cooled."""
    return Substance(
        control=TEMPERATURE,
        model=lambda n, _: model(n),
        diameters=lambda model: np.diagonal(model.table("sigma")),
        describe_engine=lambda model: glass.describe_engine("auto", model),
        prepare=cool,
        tick=None,
        temperature=None,
        scattering="self",
        has_energies=True,
        pressure=None,
        equation_of_state=None,
        time_unit=r"\tau_\mathrm{LJ}",
    )


SUBSTANCES = {
    "wahnstrom": with_forces(glass.wahnstrom),
    "kob_andersen_3d": with_forces(glass.kob_andersen_3d),
    "hard_spheres": Substance(
        control=PACKING_FRACTION,
        model=glass.binary_hard_spheres,
        diameters=lambda model: np.asarray(model.sizes),
        describe_engine=lambda _: hard_spheres.describe_engine(),
        prepare=grow,
        tick=hard_spheres.TICK,
        temperature=1.0,
        scattering="total",
        has_energies=False,
        pressure=pressure_of_collisions,
        equation_of_state=hard_spheres.equation_of_state,
        time_unit=r"(\sigma \sqrt{m / k_B T})",
    ),
}
