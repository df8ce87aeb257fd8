"""What is learned from arrays: no physics here, only samples and features.

Every `fit_*` takes data (and a key where chance enters) and returns a NamedTuple of arrays; `encode`,
`membership` and their like are pure functions of that record.  The unsupervised route of the first study reads
`fit_autoencoder` -> `encode` -> `fit_mixture` -> `membership`, with `growing_component` to tell which of the two
clusters is the liquid-like one.  Of images, the supervised route reads `CNN` -> `fit_network` -> `predict` ->
`grad_cam`.  A fit that did not finish says so in its record, and `check_autoencoder`, `check_mixture` and
`check_training` say it in words.
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
from tdaglass.learning.cnn import CNN, Parameters, activations, apply_network, from_activations, init_network
from tdaglass.learning.epoch import History
from tdaglass.learning.gradcam import grad_cam
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
from tdaglass.learning.predict import accuracy, in_batches, predict
from tdaglass.learning.standardize import (
    Standardization,
    fit_min_max,
    fit_standardization,
    standardize,
    unstandardize,
)
from tdaglass.learning.symmetries import random_symmetry
from tdaglass.learning.train import Trained, check_training, fit_network

__all__ = [
    "CNN",
    "Autoencoder",
    "AutoencoderInfo",
    "Clusters",
    "Dense",
    "History",
    "Mixture",
    "Parameters",
    "Standardization",
    "Trained",
    "accuracy",
    "activations",
    "apply_network",
    "bayesian_information_criterion",
    "check_autoencoder",
    "check_mixture",
    "check_training",
    "cluster_membership",
    "decode",
    "encode",
    "fit_autoencoder",
    "fit_clusters",
    "fit_min_max",
    "fit_mixture",
    "fit_network",
    "fit_standardization",
    "fraction_of_variance_explained",
    "from_activations",
    "grad_cam",
    "growing_component",
    "in_batches",
    "init_network",
    "log_likelihood",
    "membership",
    "predict",
    "put_first",
    "random_symmetry",
    "refine_mixture",
    "richer_component",
    "standardize",
    "unstandardize",
]
