"""Configurations of other groups for `hidden_structures.py`: read, and looked at before minutes of work."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from hidden_structures_records import Liquid, Settings
from hidden_structures_substances import SUBSTANCES

from tdaglass import glass, io, structure
from tdaglass.configuration import Configuration, unstack
from tdaglass.space import widths

# Of neighbours within a cut-off, for which it is one of a first shell.
FIRST_SHELL = {2: (3.0, 12.0), 3: (5.0, 30.0)}


def is_dataset(path: Path) -> bool:
    """Whether a path is one of the public data sets, not a file of positions."""
    return path.is_dir() or path.suffix in (".npz", ".pickle", ".pkl")


def liquid_of(path: str) -> dict[str, str]:
    """Which liquid data are of: public ones of Kob-Andersen's composition and density are Kob-Andersen's."""
    if not is_dataset(Path(path)):
        return {"system": "other"}
    data = io.load_dataset(path)
    _, n, dim = data.positions.shape
    model = glass.kob_andersen_3d(n)
    composed = dim == 3 and abs(int(np.sum(data.species[0] == 0)) - model.counts[0]) <= 1
    dense = abs(n / float(np.prod(data.box[0])) / model.number_density - 1) < 0.05
    return {"system": "kob_andersen_3d" if composed and dense else "other"}


def load(settings: Settings) -> list[Liquid]:
    """The configurations of ``--data``, with or without a column `propensity`.

    Raises
    ------
    ValueError
        Where they could not be analysed: without a cell, of other species than the liquid, in other units.
    """
    path = settings.data
    assert path is not None
    if is_dataset(path):
        data = io.load_dataset(path)
        configuration, temperature, times, propensity = (
            data.configuration, data.temperature, data.times, data.propensity,
        )  # fmt: skip
    else:
        frame = io.read_trajectory(
            path, format=settings.format, dimension=settings.dimension, box=settings.box or "file"
        )
        moved = frame.columns.get("propensity")
        configuration, temperature, times = frame.configuration, None, None
        propensity = None if moved is None else np.asarray(moved)[:, None]
    if configuration.box is None:
        dim = configuration.positions.shape[2]
        raise ValueError(f"expected a periodic cell in {path}, got none; try --box with its {dim} edges")
    first = next(unstack(configuration))
    model = model_of(settings, first)
    diameters = np.diagonal(model.table("sigma")) if model else measured_diameters(first)
    check_lengths(settings, first, float(np.max(diameters)))
    control = settings.simulation.control
    return [Liquid(configuration, model, diameters, control, temperature, times, propensity)]


def model_of(settings: Settings, one: Configuration) -> glass.PairModel | None:
    """The liquid of the given composition, whose energies are then known; None for another, or one without any."""
    system, (n, dim) = settings.simulation.system, one.positions.shape
    if system not in SUBSTANCES or not SUBSTANCES[system].has_energies:
        return None
    model = SUBSTANCES[system].model(n, settings.simulation.temperatures[-1])
    counts = tuple(np.bincount(np.asarray(one.species), minlength=model.n_species).tolist())
    if dim != model.dimension or len(counts) != model.n_species:
        raise ValueError(
            f"expected {model.n_species} species in {model.dimension} dimensions for {system}, got "
            f"{len(counts)} in {dim} in {settings.data}; try --system other"
        )
    model = replace(model, counts=counts)
    model.check(one)
    return model


def measured_diameters(one: Configuration) -> np.ndarray:
    """Of each species: its particles' own, or the distance of the first peak of g(r) of all."""
    n_species = int(np.max(one.species)) + 1
    if one.diameters is not None:
        return np.array([np.mean(one.diameters[one.species == s]) for s in range(n_species)])
    assert one.box is not None
    furthest = 0.499 * float(np.min(widths(np.asarray(one.box))))
    pairs = structure.radial_distribution(one.positions, one.box, furthest, bins=200)
    return np.full(n_species, float(structure.first_peak(pairs.r, pairs.g)))


def check_lengths(settings: Settings, one: Configuration, diameter: float) -> None:
    """Whether the cut-offs are meant for lengths like those of the file."""
    reach, width = settings.radius * diameter, float(np.min(widths(np.asarray(one.box))))
    if 2 * reach > width:
        raise ValueError(
            f"expected a cell at least {2 * reach:.3g} wide, twice the radius of the average, got {width:.3g}; "
            f"try --radius {0.49 * width / diameter:.2f}"
        )
    if settings.cutoff is None:
        return
    neighbors = structure.cutoff_neighbors(one.positions, one.box, settings.cutoff)
    found, (least, most) = float(neighbors.mask.sum(1).mean()), FIRST_SHELL[one.positions.shape[1]]
    if not least <= found <= most:
        raise ValueError(
            f"expected {least:g} to {most:g} neighbours within the cut-off {settings.cutoff:g}, got {found:.1f} "
            "on average, as of a file in other units; try the first minimum of g(r) as --cutoff, or None"
        )
