"""P_red: how much each particle looks like those of a hotter liquid, learned without seeing any motion.

Samples of each group (species) are sorted by clusters of their own; one of the clusters is called red, and
P_red is the probability of belonging to it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.checkpoints import Keep
from tdaglass.learning.cluster_identity import growing_component, richer_component
from tdaglass.learning.clusters import Clusters, cluster_membership, fit_clusters
from tdaglass.parallel import map_independent


class RedClusters(NamedTuple):
    """Clusters of each group, and which of them is red.

    Attributes
    ----------
    groups : (groups,)
        Codes of the groups, ascending.
    clusters : tuple of Clusters
    red : (groups,)
        The component of each.
    """

    groups: np.ndarray
    clusters: tuple[Clusters, ...]
    red: np.ndarray


def fit_red_clusters(
    key: Key[Array, ""],
    features: Sequence[Numbers],
    groups: Sequence[Numbers],
    *,
    control: Numbers | None = None,
    measure: Sequence[Numbers] | None = None,
    executor: Any = None,
    keep: Keep | None = None,
    name: str = "clusters",
    progress: str | None = None,
    **settings: Any,
) -> RedClusters:
    """Fit clusters to the particles of one or several states, and choose the red one.

    Parameters
    ----------
    key : typed PRNG key
        Group g is fitted with ``fold_in(key, g)``.
    features : sequence of (..., particles, features)
        Of each state, such as each temperature: `structure.bond_order` averaged over the neighbours.
    groups : sequence of (..., particles)
        Codes, such as species; each has an auto-encoder and a mixture of its own.
    control : (states,), optional
        Temperature of each state (or minus its packing fraction): red is the cluster whose share grows fastest.
    measure : sequence of (..., particles), optional
        Where there is one state only: a number that is larger in the red cluster, such as minus the number of
        neighbours. One of both is needed.
    executor : optional
        Where groups are fitted: see `parallel.map_independent`. None fits them here, one after another.
    keep, progress
        As for `parallel.map_independent`: the fit of each group is kept.
    name : str
        Under which, with the code of the group behind it.
    **settings
        Of `fit_clusters`.

    Returns
    -------
    RedClusters

    Raises
    ------
    ValueError
        For arrays that do not fit together, and without a way to choose.
    PieceError
        If a fit failed on a worker, or one that was to be kept.

    Examples
    --------
    >>> cold, hot = jax.random.normal(jax.random.key(0), (2, 400, 4)) * 0.1
    >>> hot = hot.at[:200].add(1.0)
    >>> kinds = np.zeros(400, int)
    >>> fitted = fit_red_clusters(jax.random.key(1), [cold, hot], [kinds, kinds], control=[1, 2], bottleneck=1)
    >>> p_red(fitted, hot, kinds).mean().round(2).item(), p_red(fitted, cold, kinds).mean().round(2).item()
    (0.5, 0.0)

    References
    ----------
    E. Boattini et al., Nat. Commun. 11, 5479 (2020).
    """
    states = [_samples(f, g, k) for k, (f, g) in enumerate(_paired(features, groups))]
    if control is not None:
        control = arguments.floats(control, "control")
        if control.shape != (len(states),):
            raise ValueError(
                f"expected a control for each of {len(states)} states, got {control.shape}; try one"
            )
    elif measure is None or len(states) != 1:
        raise ValueError(
            f"expected what tells the clusters of {len(states)} states apart, got no control; "
            "try control=temperatures, or measure=[-number of neighbours] for a single state"
        )
    codes = np.unique(np.concatenate([of.ravel() for _, of in states]))
    of_groups = [(int(code), [x[of == code] for x, of in states]) for code in codes]
    fit = partial(_fit_group, key, settings)
    fits: Iterable[Clusters] = map(fit, of_groups)
    if executor is not None or keep is not None:
        fits = map_independent(
            fit,
            of_groups,
            executor=executor,
            keep=keep,
            progress=progress,
            names=lambda group: f"{name}-{group[0]}",
        )
    clusters, red = [], []
    for (code, samples), fitted in zip(of_groups, fits, strict=True):
        fitted = jax.tree.map(jnp.asarray, fitted)
        members = [cluster_membership(fitted, x) for x in samples]
        if control is not None:
            chosen = growing_component(control, jnp.stack([m.mean(0) for m in members]))
        else:
            assert measure is not None
            of = arguments.doubles(measure[0], "measure")
            if of.shape != states[0][1].shape:
                raise ValueError(
                    f"expected a measure {states[0][1].shape}, got {of.shape}; try one for each particle"
                )
            chosen = richer_component(members[0], jnp.asarray(of[states[0][1] == code], jnp.float32))
        clusters.append(fitted)
        red.append(int(chosen))
    return RedClusters(codes, tuple(clusters), np.array(red))


def _fit_group(key: Key[Array, ""], settings: dict[str, Any], group: tuple[int, list[Array]]) -> Clusters:
    code, samples = group
    return fit_clusters(jax.random.fold_in(key, code), jnp.concatenate(samples), **settings)


def p_red(
    fitted: RedClusters,
    features: Numbers,
    groups: Numbers,
    *,
    average_fn: Callable[[Array], Array] | None = None,
) -> Float[np.ndarray, "*batch particles"]:
    r"""Probability of belonging to the red cluster of one's group, and its average over the surroundings.

    .. math:: P_\mathrm{red}(i) = \frac{w_r\, \mathcal N(z_i; \mu_r, \Sigma_r)}
              {\sum_k w_k\, \mathcal N(z_i; \mu_k, \Sigma_k)}

    with z what the auto-encoder makes of the features (E. Boattini et al., Nat. Commun. 11, 5479, 2020).

    Parameters
    ----------
    fitted : RedClusters
    features : (..., particles, features)
        Of any state, also of one that was not fitted.
    groups : (..., particles)
    average_fn : callable, optional
        From the scores (particles,) of one configuration to their averages, such as
        ``lambda p: structure.local_average(p, positions, box, radius)``.

    Returns
    -------
    (..., particles), 0 to 1

    Raises
    ------
    ValueError
        For arrays that do not fit together, a group that was not fitted, and an average of several configurations.

    Examples
    --------
    As for `fit_red_clusters`.
    """
    x, of = _samples(features, groups, None)
    unknown = np.setdiff1d(of, fitted.groups)
    if unknown.size:
        raise ValueError(
            f"expected groups {fitted.groups.tolist()}, which were fitted, got {unknown[0]}; try fitting it, too"
        )
    score = np.zeros(of.shape)
    for code, clusters, red in zip(fitted.groups, fitted.clusters, fitted.red, strict=True):
        here = of == code
        if here.any():
            score[here] = cluster_membership(clusters, x[here])[:, red]
    if average_fn is None:
        return score
    if score.ndim != 1:
        raise ValueError(
            f"expected one configuration to average, got shape {score.shape}; try one after the other"
        )
    return np.asarray(average_fn(jnp.asarray(score)), float)


def _paired(features: Any, groups: Any) -> list[tuple[Any, Any]]:
    if not len(features) or len(features) != len(groups):
        raise ValueError(
            f"expected features and groups of one or more states, got {len(features)} and {len(groups)}; "
            "try [features], [groups] for one"
        )
    return list(zip(features, groups, strict=True))


def _samples(features: Any, groups: Any, state: int | None) -> tuple[Array, np.ndarray]:
    """Features as they are computed with, and codes on the host."""
    x, of = arguments.floats(features, "features"), arguments.doubles(groups, "groups")
    where = "" if state is None else f" of state {state}"
    if x.ndim < 2 or x.shape[:-1] != of.shape:
        raise ValueError(
            f"expected features (..., particles, features) and groups (..., particles){where}, got {x.shape} and "
            f"{of.shape}; try a row of features and a code for each particle"
        )
    if (of != np.round(of)).any() or (of < 0).any():
        raise ValueError(f"expected groups as codes 0, 1, ...{where}, got others; try species codes")
    return x, of.astype(int)
