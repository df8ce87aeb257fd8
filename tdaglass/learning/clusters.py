"""Unsupervised clusters of local structures: an auto-encoder, and a mixture of Gaussians in its bottleneck."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float, Key

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.autoencoder import FittedAutoencoder, encode, fit_autoencoder
from tdaglass.learning.mixture import Mixture, fit_mixture, membership


class Clusters(NamedTuple):
    """A fitted auto-encoder and the mixture fitted to what its bottleneck says of the samples."""

    autoencoder: FittedAutoencoder
    mixture: Mixture


def fit_clusters(
    key: Key[Array, ""],
    features: Numbers,
    *,
    components: int = 2,
    bottleneck: int | None = None,
    variance_explained: float = 0.75,
    hidden: int = 10,
    starts: int = 5,
) -> Clusters:
    """Fit both steps to the features of many particles.

    Parameters
    ----------
    key : typed PRNG key
    features : (samples, features)
        Such as the eight averaged bond order parameters of each particle, in any units.
    components : int
        Clusters sought.
    bottleneck, variance_explained, hidden
        Of `fit_autoencoder`.
    starts : int
        Random starts of either fit.

    References
    ----------
    E. Boattini et al., Nat. Commun. 11, 5479 (2020), Methods.

    Examples
    --------
    >>> import jax
    >>> here, there = jax.random.normal(jax.random.key(0), (2, 300, 4)) * 0.1
    >>> clusters = fit_clusters(jax.random.key(1), jax.numpy.concatenate([here, there + 1]), starts=2)
    >>> p = cluster_membership(clusters, here)
    >>> bool(abs(p[:, 0] - p[0, 0]).max() < 0.01)
    True
    """
    arguments.check_key(key)
    features = arguments.table(features, "features")
    key_encoder, key_mixture = jax.random.split(key)
    autoencoder = fit_autoencoder(
        key_encoder,
        features,
        bottleneck=bottleneck,
        variance_explained=variance_explained,
        hidden=hidden,
        starts=starts,
    )
    mixture = fit_mixture(key_mixture, encode(autoencoder, features), components, starts=starts)
    return Clusters(autoencoder, mixture)


def cluster_membership(clusters: Clusters, features: Numbers) -> Float[Array, "samples components"]:
    """Probability that each sample belongs to each cluster; rows add up to one."""
    return membership(clusters.mixture, encode(clusters.autoencoder, features))
