"""From the cells of a diagram back to the atoms: cages of the metal, rings of the metalloid, and their prisms."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from cooling_rate_glasses import fingerprint
from cooling_rate_images import in_angstroms
from cooling_rate_local import local_factors
from cooling_rate_prisms import Polyhedra, polyhedra_of
from cooling_rate_records import Cages, Glasses, Inverse, Rings, Settings
from cooling_rate_systems import Picture
from rings import rings_of_pairs

from tdaglass import parallel, topology
from tdaglass.runs import Run

# Voids that end where a metalloid fits in, whatever was learned of them: deaths in angstrom.
DEATHS = (2.2, 2.5)
# Loops that are none of noise: persistence in angstrom.
PERSISTENCE = 0.3
# Regions of the plane: cells of which slow and fast glasses have more, and a part of it that nobody learned.
SLOW, FAST, GIVEN = "slow", "fast", "given"
Region = np.ndarray  # (deaths, births) bool
Regions = dict[str, dict[str, Region]]  # by the names of the pictures


class Complex(NamedTuple):
    """The alpha complex of some atoms of a glass, in angstroms."""

    alpha: topology.AlphaComplex
    pairs: topology.Pairs
    tree: topology.PersistenceTree | None
    chosen: np.ndarray  # the atoms, by their numbers in the glass


def regions_of(settings: Settings, coefficients: dict[str, np.ndarray]) -> Regions:
    """Where coefficients are strongest, in either sense; and where voids hold a metalloid, or loops persist."""
    found = {}
    for name, picture in settings.cooling.of.pictures.items():
        learned = coefficients[name]
        births, deaths = np.meshgrid(*picture.grid.centers)
        found[name] = {
            SLOW: learned <= settings.strongest * min(learned.min(), 0.0),
            FAST: learned >= settings.strongest * max(learned.max(), 0.0),
            GIVEN: (deaths - births > PERSISTENCE)
            if picture.dimension == 1
            else (deaths > DEATHS[0]) & (deaths < DEATHS[1]),
        }
    return found


def trace_back(
    settings: Settings, glasses: Glasses, regions: Regions, run: Run, executor: Any
) -> dict[int, Inverse]:
    """Atoms behind the regions, of all repeats."""
    of_these = fingerprint(glasses)
    numbers = np.flatnonzero(~glasses.single).tolist()
    found = parallel.map_independent(
        partial(trace_one, settings, glasses, regions),
        numbers,
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"holes-{k}-{of_these}",
        progress="inverse analysis",
    )
    return dict(zip(numbers, found, strict=True))


def trace_one(settings: Settings, glasses: Glasses, regions: Regions, k: int) -> Inverse:
    """Of one glass."""
    cages: dict[str, dict[str, Cages]] = {}
    rings: dict[str, dict[str, Rings]] = {}
    scattering: dict[str, np.ndarray] = {}
    polyhedra = polyhedra_of(settings, glasses, k)
    for name, picture in settings.cooling.of.pictures.items():
        if picture.dimension == 2:
            complex_ = complex_of(settings, glasses, k, picture)
            cages[name] = {
                region: find_cages(settings, complex_, which)
                for region, which in chosen_pairs(settings, picture, complex_, regions[name], k)
            }
        elif picture.species == 1:
            complex_ = complex_of(settings, glasses, k, picture)
            rings[name] = {
                region: find_rings(settings, complex_, which, polyhedra)
                for region, which in chosen_pairs(settings, picture, complex_, regions[name], k)
            }
            for region, of in rings[name].items():
                scattering[region] = local_factors(settings, glasses, k, of.supercluster, of.positions)
    return Inverse(cages, rings, polyhedra.prism, scattering)


def complex_of(settings: Settings, glasses: Glasses, k: int, picture: Picture) -> Complex:
    """Of the atoms of one species."""
    positions, species, box = in_angstroms(settings, glasses, k)
    chosen = np.flatnonzero(species == picture.species)
    alpha = topology.alpha_complex(positions[chosen], box)
    tree = topology.persistence_tree(alpha) if picture.dimension == 2 else None
    return Complex(alpha, topology.persistence(alpha)[picture.dimension], tree, chosen)


def chosen_pairs(
    settings: Settings, picture: Picture, complex_: Complex, regions: dict[str, Region], k: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Pairs in each region; of many, some drawn at random."""
    radii = topology.BirthDeath(np.sqrt(complex_.pairs.birth), np.sqrt(complex_.pairs.death))
    for name, region in regions.items():
        which = topology.pairs_in(radii, picture.grid, region)
        drawn = np.random.default_rng([settings.cooling.seed, k]).permutation(len(which))[: settings.holes]
        yield name, np.sort(which[drawn])


def find_cages(settings: Settings, complex_: Complex, which: np.ndarray) -> Cages:
    """Voids of the metal, with the areas of the triangles around them."""
    alpha, pairs, tree, chosen = complex_
    # Of stable volumes, which noise would not take: an early void swallows later ones in its smallest volume.
    epsilon = settings.noise * (pairs.death - pairs.birth)
    volumes = [topology.stable_volume(alpha, pairs, k, float(epsilon[k]), tree=tree) for k in which.tolist()]
    return Cages(
        radii_of(complex_, which),
        [chosen[volume.boundary_atoms] for volume in volumes],
        [topology.boundary_areas(volume) for volume in volumes],
    )


def find_rings(settings: Settings, complex_: Complex, which: np.ndarray, polyhedra: Polyhedra) -> Rings:
    """Loops of the metalloid in order, how many prisms stand on each, and how neighbours share atoms."""
    rings = rings_of_pairs(complex_.alpha, complex_.pairs, which, settings.noise)
    atoms = [complex_.chosen[ring.atoms] for ring in rings]
    return Rings(
        radii_of(complex_, np.array([ring.pair for ring in rings], int)),
        atoms,
        np.array([polyhedra.prism[ring].sum() for ring in atoms], int),
        [shared_atoms(polyhedra, ring) for ring in atoms],
        *superclusters(polyhedra, atoms, [ring.positions for ring in rings]),
        len(which) - len(rings),
    )


def radii_of(complex_: Complex, which: np.ndarray) -> np.ndarray:
    """Births and deaths of some pairs, angstrom."""
    return np.sqrt(np.stack([complex_.pairs.birth[which], complex_.pairs.death[which]], axis=1))


def shared_atoms(polyhedra: Polyhedra, ring: np.ndarray) -> np.ndarray:
    """How many atoms around neighbours on a ring are the same: a vertex, an edge, or a face of three or more."""
    around = [set(polyhedra.neighbors[b].tolist()) - set(ring.tolist()) for b in ring]
    return np.array(
        [len(one & other) for one, other in zip(around, around[1:] + around[:1], strict=True)], int
    )


def superclusters(
    polyhedra: Polyhedra, rings: list[np.ndarray], places: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of each ring, its atoms and all around them: their numbers, and where they stand beside one another."""
    numbers, positions = [], []
    for ring, at in zip(rings, places, strict=True):
        atom = np.concatenate([ring, *(polyhedra.neighbors[b] for b in ring)])
        place = np.concatenate([at, *(x + polyhedra.displacement[b] for b, x in zip(ring, at, strict=True))])
        atom, first = np.unique(atom, return_index=True)
        numbers.append(atom)
        positions.append(place[first])
    return numbers, positions
