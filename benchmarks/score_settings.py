"""Which settings decide how well an unsupervised structural score foretells who will move.

Each row of the table changes one setting of the recommended pipeline: averaged bond order invariants,
auto-encoder, two-component mixture, mean of P_red over the surroundings.  It gives the rank correlation (and
Pearson's) of the score with the measured propensity, averaged over the configurations, with the standard error
over configurations and the spread over random keys.

    python benchmarks/score_settings.py --data kob_andersen_3d_T0.44_alpha.npz
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import pearsonr, spearmanr

from tdaglass.learning import cluster_membership, fit_clusters, fit_mixture, membership, richer_component
from tdaglass.structure import bond_order, cutoff_neighbors, local_average, sann_neighbors

# Weights and Gaussians are a few hundred numbers: more samples to fit them on do not move the table.
TRAINING_SAMPLES = 4096
# Random starts of auto-encoder and mixture.
STARTS = 5
SPECIES = {"A": 0, "B": 1}


@dataclass(frozen=True)
class Settings:
    """The recommended pipeline; a row of the table replaces one of these."""

    neighbors: float | str = (
        1.2  # cut-off in units of sigma_AA, "pair" for each pair's first minimum, or "sann"
    )
    average: str = "invariants"
    bottleneck: int | None = 4  # None takes the smallest that explains `variance`; here that is 4
    variance: float = 0.75
    encoder: bool = True  # False gives the standardised features themselves to the mixture
    hidden: int = 10
    per_species: bool = True
    together: bool = True  # one fit for all configurations
    surroundings: str = "all"  # the species over which the score is averaged: "same" or "all"
    radius: float = 2.0


ROWS: dict[str, Settings] = {
    "recommended": Settings(),
    "cut-off 1.15": Settings(neighbors=1.15),
    "cut-off 1.25": Settings(neighbors=1.25),
    "cut-off 1.3": Settings(neighbors=1.3),
    "cut-off 1.4": Settings(neighbors=1.4),
    "cut-off 1.5": Settings(neighbors=1.5),
    "cut-off 1.6": Settings(neighbors=1.6),
    "minima 1.42, 1.30, 1.07": Settings(neighbors="pair"),
    "SANN": Settings(neighbors="sann"),
    "Lechner-Dellago average": Settings(average="lechner_dellago"),
    "bottleneck by variance 0.75": Settings(bottleneck=None),
    "bottleneck 1": Settings(bottleneck=1),
    "bottleneck 2": Settings(bottleneck=2),
    "bottleneck 3": Settings(bottleneck=3),
    "no auto-encoder": Settings(encoder=False),
    "cut-off 1.5, bottleneck 2": Settings(neighbors=1.5, bottleneck=2),
    "width 5": Settings(hidden=5),
    "width 40": Settings(hidden=40),
    "both species in one fit": Settings(per_species=False),
    "a fit per configuration": Settings(together=False),
    "no averaging": Settings(radius=0.0),
    "radius 1.5": Settings(radius=1.5),
    "radius 2.5": Settings(radius=2.5),
    "radius 3": Settings(radius=3.0),
    "averaged over one species": Settings(surroundings="same"),
}


class Data(NamedTuple):
    """Configurations with the propensity of each particle; the species are the same in all of them."""

    positions: np.ndarray  # (configurations, particles, 3)
    species: np.ndarray  # (configurations, particles)
    propensity: np.ndarray  # (configurations, particles)
    box: np.ndarray  # (3,)


def load(path: Path) -> Data:
    with np.load(path) as file:
        return Data(
            file["positions"] % file["box"].astype("f4"), file["types"], file["propensity"], file["box"]
        )


def describe(data: Data) -> Callable[[float | str, str], tuple[np.ndarray, np.ndarray]]:
    """A function from (neighbours, average) to features (configurations, particles, 8) and neighbour counts."""

    @lru_cache
    def features(kind: float | str, average: str) -> tuple[np.ndarray, np.ndarray]:
        order, count = [], []
        for positions, species in zip(data.positions, data.species, strict=True):
            box = jnp.asarray(data.box, jnp.float32)
            if kind == "sann":
                neighbors = sann_neighbors(jnp.asarray(positions), box)
            else:
                cutoff = jnp.array([[1.42, 1.30], [1.30, 1.07]]) if kind == "pair" else kind
                neighbors = cutoff_neighbors(
                    jnp.asarray(positions), box, cutoff, species=jnp.asarray(species, jnp.int32)
                )
            order.append(np.asarray(bond_order(neighbors, average=average)))
            count.append(np.asarray(neighbors.mask.sum(axis=1)))
        return np.array(order), np.array(count)

    return features


def train_and_score(
    key: jax.Array, samples: np.ndarray, counts: np.ndarray, settings: Settings
) -> np.ndarray:
    """P_red of every sample; red is the cluster whose members have fewer neighbours."""
    thin = samples[:: max(1, len(samples) // TRAINING_SAMPLES)]
    if settings.encoder:
        clusters = fit_clusters(
            key,
            jnp.asarray(thin),
            bottleneck=settings.bottleneck,
            variance_explained=settings.variance,
            hidden=settings.hidden,
            starts=STARTS,
        )
        probability = cluster_membership(clusters, jnp.asarray(samples))
    else:
        plain, plain_thin = (
            jnp.asarray((x - samples.mean(axis=0)) / samples.std(axis=0)) for x in (samples, thin)
        )
        probability = membership(fit_mixture(key, plain_thin, 2, starts=STARTS), plain)
    red = richer_component(probability, -jnp.asarray(counts, jnp.float32))
    return np.asarray(probability[:, red])


def local_score(key: jax.Array, data: Data, features: Callable, settings: Settings) -> np.ndarray:
    """P_red of every particle of every configuration, (configurations, particles), before averaging."""
    order, counts = features(settings.neighbors, settings.average)
    defined = np.isfinite(order).all(axis=-1)
    score = np.full(data.species.shape, np.nan, "f4")
    groups = [data.species == s for s in SPECIES.values()] if settings.per_species else [data.species >= 0]
    for group in groups:
        group = group & defined
        if settings.together:
            score[group] = train_and_score(key, order[group], counts[group], settings)
        else:
            for c, of in enumerate(group):
                score[c, of] = train_and_score(key, order[c, of], counts[c, of], settings)
    # A particle without neighbours has no score of its own: it takes the mean, which moves no rank.
    return np.where(np.isnan(score), np.nanmean(score), score)


def correlations(scores: np.ndarray, data: Data, settings: Settings) -> np.ndarray:
    """Spearman and Pearson with the propensity, (keys, species, configurations, 2)."""
    keys, configurations = scores.shape[:2]
    out = np.empty((keys, len(SPECIES), configurations, 2))
    box = jnp.asarray(data.box, jnp.float32)
    for c, (positions, species) in enumerate(zip(data.positions, data.species, strict=True)):
        for s in SPECIES.values():
            of = species == s
            within = of if settings.surroundings == "same" else np.ones_like(of)
            smooth = scores[:, c].T.copy()  # (particles, keys)
            if settings.radius > 0:
                smooth[within] = local_average(smooth[within], positions[within], box, settings.radius)
            for k in range(keys):
                pair = smooth[of, k], data.propensity[c, of]
                out[k, s, c] = spearmanr(*pair)[0], pearsonr(*pair)[0]
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="npz: positions, types, propensity, box")
    parser.add_argument("--keys", type=int, default=5, help="random keys per row")
    parser.add_argument("--rows", nargs="*", choices=list(ROWS), default=list(ROWS), help="rows of the table")
    chosen = parser.parse_args()
    data = load(chosen.data)
    features = describe(data)

    print(
        "| setting | A Spearman | err | over keys | A Pearson | B Spearman | err | over keys | B Pearson | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    # Rows that differ only in the averaging share their fits.
    fits: dict[Settings, np.ndarray] = {}
    for name in chosen.rows:
        start, settings = time.perf_counter(), ROWS[name]
        fit = replace(settings, radius=2.0, surroundings="all")
        if fit not in fits:
            fits[fit] = np.array(
                [local_score(jax.random.key(k), data, features, fit) for k in range(chosen.keys)]
            )
        table = correlations(fits[fit], data, settings)
        cells = []
        for s in SPECIES.values():
            rank, linear = table[:, s, :, 0], table[:, s, :, 1]
            error = rank.mean(axis=0).std(ddof=1) / np.sqrt(rank.shape[1])
            keys = rank.mean(axis=1)
            cells += [f"{rank.mean():.3f}", f"{error:.3f}", f"{keys.min():.2f} … {keys.max():.2f}"]
            cells += [f"{linear.mean():.3f}"]
        print(f"| {name} | {' | '.join(cells)} | {time.perf_counter() - start:.0f} |", flush=True)


if __name__ == "__main__":
    main()
