"""What `cooling_rate.py` sees of a glass: persistence diagrams in angstroms, and their images."""

from functools import partial
from itertools import groupby
from typing import Any

import jax
import numpy as np
from cooling_rate_glasses import fingerprint
from cooling_rate_records import Glasses, Seen, Settings
from cooling_rate_systems import Picture

from tdaglass import parallel, topology
from tdaglass.runs import Run

# The published weight of a pair of persistence l: arctan(c l^p).
WEIGHT = topology.arctan_weight(1.0, 1.0)


def in_angstroms(settings: Settings, glasses: Glasses, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, species and box of one glass; in double precision, so that those of a file are the same."""
    scale = settings.cooling.of.angstrom if settings.angstrom is None else settings.angstrom
    positions, species, box = (np.asarray(x[k]) for x in glasses.configuration)
    return positions.astype(float) * scale, species, box.astype(float) * scale


def see(settings: Settings, glasses: Glasses, run: Run, executor: Any) -> dict[str, Seen]:
    """Diagrams and images of all glasses, by the names of the pictures."""
    of_these = fingerprint(glasses)
    found = parallel.map_independent(
        partial(see_one, settings, glasses),
        range(len(glasses.rate)),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"diagrams-{k}-{of_these}",
        progress="diagrams",
    )
    return {
        name: Seen([of[name][0] for of in found], np.stack([of[name][1] for of in found]))
        for name in settings.cooling.of.pictures
    }


def see_one(settings: Settings, glasses: Glasses, k: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs and image of each picture of a glass; one complex for all pictures of a species."""
    positions, species, box = in_angstroms(settings, glasses, k)
    found = {}
    by_species = groupby(settings.cooling.of.pictures.items(), key=lambda item: item[1].species)
    for which, items in by_species:
        pictures = dict(items)
        diagrams = topology.diagrams(
            positions,
            box,
            dimensions=[picture.dimension for picture in pictures.values()],
            subset=np.flatnonzero(species == which),
        )
        for (name, picture), diagram in zip(pictures.items(), diagrams, strict=True):
            topology.check_diagram(diagram)
            radii = topology.to_radii(diagram)
            valid = np.asarray(radii.valid)
            pairs = np.stack([np.asarray(radii.birth)[valid], np.asarray(radii.death)[valid]], axis=1)
            found[name] = pairs, np.asarray(image_of(picture, radii))
    return found


@partial(jax.jit, static_argnums=0)
def _image(picture: tuple[topology.Grid, float], pairs: topology.BirthDeath) -> jax.Array:
    grid, sigma = picture
    return topology.persistence_image(pairs, grid, sigma=sigma, weight=WEIGHT, mode="homcloud")


def image_of(picture: Picture, diagram: topology.Diagram) -> jax.Array:
    """In HomCloud's convention, as published."""
    return _image((picture.grid, picture.sigma), topology.BirthDeath(diagram.birth, diagram.death))


def outside(picture: Picture, pairs: np.ndarray) -> float:
    """Share of the pairs that lie outside the window of a picture, where no image sees them."""
    (left, right), (low, high) = picture.grid.births, picture.grid.deaths
    birth, death = pairs.T
    return float(np.mean((birth < left) | (birth > right) | (death < low) | (death > high)))
