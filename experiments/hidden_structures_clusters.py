"""What slow and fast particles are part of: topological clusters in `hidden_structures.py`."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from hidden_structures_records import ClustersOf, Correlations, Liquid, Scores, Settings, peak_time

from tdaglass import dynamics, parallel, structure
from tdaglass.runs import Run
from tdaglass.space import widths
from tdaglass.statistics import mean_and_error

# Configurations that are classified by one piece of work.
BATCH = 16
# Where none is set, in units of the largest diameter: beyond the first neighbours.
CUTOFF = 1.8
FAMILY = {name: family for family, names in structure.CLUSTER_FAMILIES.items() for name in names}


def classify(
    settings: Settings, liquids: list[Liquid], of_these: str, run: Run, executor: Any
) -> list[dict[float, np.ndarray]]:
    """Clusters that every particle of every liquid is part of, (configurations, types, particles), by f_c.

    None in two dimensions, where there are no tetrahedra, and in cells that the cut-off goes around.
    """
    cutoff = cluster_cutoff(settings, liquids)
    reason = why_not(liquids, cutoff)
    if reason:
        logging.getLogger(__name__).warning("no clusters: %s", reason)
        return [{} for _ in liquids]
    positions, boxes = (
        np.concatenate([np.asarray(getattr(one.configuration, name)) for one in liquids])
        for name in ("positions", "box")
    )
    borders = np.cumsum([len(one.configuration.positions) for one in liquids])[:-1]
    split = {}
    for parameter in settings.voronoi_parameters:
        found = parallel.map_batches(
            partial(structure.topological_clusters, cutoff=cutoff, voronoi_parameter=parameter),
            positions,
            boxes,
            batch=BATCH,
            executor=executor,
            keep=run.chunk,
            name=f"topological-clusters-{parameter:g}-{of_these}",
            progress=f"clusters, f_c = {parameter:g}",
        )
        split[parameter] = np.split(found.of_particle, borders)
    return [{parameter: of[k] for parameter, of in split.items()} for k in range(len(liquids))]


def cluster_cutoff(settings: Settings, liquids: list[Liquid]) -> float:
    """Which bonds are shorter than."""
    return settings.cluster_cutoff or CUTOFF * max(float(one.diameters.max()) for one in liquids)


def why_not(liquids: list[Liquid], cutoff: float) -> str:
    """What is against a classification of these, if anything."""
    if liquids[0].configuration.positions.shape[2] == 2:
        return "they are of three dimensions, and the particles are in two"
    narrowest = min(
        float(np.min(widths(box))) for one in liquids for box in np.asarray(one.configuration.box)
    )
    if narrowest <= 3 * cutoff:
        return (
            f"expected a cell wider than {3 * cutoff:.3g}, three cut-offs of their bonds, got {narrowest:.3g}; "
            f"try --cluster-cutoff {0.33 * narrowest:.2f}, or more particles"
        )
    return ""


def correlate_clusters(
    liquid: Liquid, scores: Scores, correlations: Correlations, counts: dict[float, np.ndarray]
) -> list[ClustersOf]:
    """Of P_red, and of the propensity where P_red tells most about it, with the numbers of clusters."""
    ranked = {"p_red": scores.p_red}
    if liquid.propensity is not None:
        ranked["propensity"] = liquid.propensity[:, peak_time(liquid, correlations)]
    species = np.asarray(liquid.configuration.species)
    return [
        ClustersOf(
            parameter,
            of_particle,
            {
                name: dynamics.correlation_with_clusters(values, of_particle, species)
                for name, values in ranked.items()
            },
        )
        for parameter, of_particle in counts.items()
    ]


def populations(liquid: Liquid, of_particle: np.ndarray) -> np.ndarray:
    """Share of the particles of each species that are part of a cluster of each type, (species, types)."""
    species = np.asarray(liquid.configuration.species)
    return np.array(
        [
            np.mean(
                [of[:, row == s].astype(bool).mean(1) for of, row in zip(of_particle, species, strict=True)],
                0,
            )
            for s in np.unique(species)
        ]
    )


def families(clusters: list[ClustersOf]) -> dict[str, list[str]]:
    """Types by families, each from slow to fast: as the propensity says, or else P_red, at the first f_c."""
    spearman = [*clusters[0].correlations.values()][-1].spearman
    # Over species and configurations; types that there are none of stand in the middle.
    mean = np.nan_to_num(mean_and_error(spearman.reshape(-1, spearman.shape[-1]))[0])
    order = sorted(structure.CLUSTER_NAMES, key=lambda name: mean[structure.CLUSTER_NAMES.index(name)])
    return {
        family: [name for name in order if FAMILY.get(name, "others") == family]
        for family in (*structure.CLUSTER_FAMILIES, "others")
    }


def cluster_rows(
    name: str, liquid: Liquid, clusters: list[ClustersOf], species: tuple[str, ...]
) -> Iterator[tuple]:
    """Of all types: rows of a table."""
    for parameter, of_particle, correlations in clusters:
        members = populations(liquid, of_particle)
        for score, found in correlations.items():
            for s, letter in enumerate(species):
                columns = (*mean_and_error(found.spearman[:, s]), members[s])
                for cluster, *values in zip(structure.CLUSTER_NAMES, *columns, strict=True):
                    yield name, parameter, letter, cluster, FAMILY.get(cluster, "others"), score, *values
