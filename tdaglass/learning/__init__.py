"""What is learned from arrays: no physics here, only samples and features.

Every `fit_*` takes data (and a key where chance enters) and returns a NamedTuple of arrays; `encode`,
`membership` and their like are pure functions of that record.  The unsupervised route of the first study reads
`fit_autoencoder` -> `encode` -> `fit_mixture` -> `membership`, with `growing_component` to tell which of the two
clusters is the liquid-like one.  A fit that did not finish says so in its record, and `check_autoencoder` and
`check_mixture` say it in words.
"""

from tdaglass.learning.autoencoder import (
    Autoencoder,
    AutoencoderInfo,
    Dense,
    check_autoencoder,
    decode,
    encode,
    fit_autoencoder,
    fraction_of_variance_explained,
)
from tdaglass.learning.clusters import Clusters, cluster_membership, fit_clusters
from tdaglass.learning.labels import growing_component, put_first, richer_component
from tdaglass.learning.mixture import (
    Mixture,
    bayesian_information_criterion,
    check_mixture,
    fit_mixture,
    log_likelihood,
    membership,
    refine_mixture,
)
from tdaglass.learning.standardize import (
    Standardization,
    fit_min_max,
    fit_standardization,
    standardize,
    unstandardize,
)

__all__ = [
    "Autoencoder",
    "AutoencoderInfo",
    "Clusters",
    "Dense",
    "Mixture",
    "Standardization",
    "bayesian_information_criterion",
    "check_autoencoder",
    "check_mixture",
    "cluster_membership",
    "decode",
    "encode",
    "fit_autoencoder",
    "fit_clusters",
    "fit_min_max",
    "fit_mixture",
    "fit_standardization",
    "fraction_of_variance_explained",
    "growing_component",
    "log_likelihood",
    "membership",
    "put_first",
    "refine_mixture",
    "richer_component",
    "standardize",
    "unstandardize",
]
