"""What is learned from arrays: no physics here, only samples and features.

Every `fit_*` takes data (and a key where chance enters) and returns a NamedTuple of arrays; `encode`,
`membership` and their like are pure functions of that record.  The unsupervised route of the first study reads
`fit_autoencoder` -> `encode` -> `fit_mixture` -> `membership`, with `growing_component` to tell which of the
two clusters is the liquid-like one; `fit_red_clusters` -> `p_red` is all of it, for each species.  The
supervised route reads `CNN` (of images) or `Atomwise` (of descriptors of particles) -> `fit_network` ->
`predict`, and `grad_cam` of images; any other `Network` is trained alike.  A fit that did not finish says so in
its record, and `check_autoencoder`, `check_mixture` and `check_training` say it in words.
"""

from tdaglass.learning.autoencoder import (
    AutoencoderInfo,
    FittedAutoencoder,
    check_autoencoder,
    decode,
    encode,
    fit_autoencoder,
    fraction_of_variance_explained,
)
from tdaglass.learning.batches import in_batches
from tdaglass.learning.cluster_identity import growing_component, richer_component
from tdaglass.learning.clusters import Clusters, cluster_membership, fit_clusters
from tdaglass.learning.linear.lasso import LassoModel, check_lasso, lasso
from tdaglass.learning.linear.model import LinearModel, predict_linear
from tdaglass.learning.linear.principal_components import (
    PrincipalComponents,
    principal_components,
    principal_coordinates,
)
from tdaglass.learning.linear.ridge import ridge, ridge_left_out
from tdaglass.learning.linear.validation import (
    Estimate,
    cross_validate,
    jackknife,
    r_squared,
    random_folds,
    root_mean_square_error,
)
from tdaglass.learning.mixture import (
    Mixture,
    bayesian_information_criterion,
    check_mixture,
    fit_mixture,
    log_likelihood,
    membership,
    refine_mixture,
)
from tdaglass.learning.network import Network, Parameters
from tdaglass.learning.networks.atomwise import AtomicDescriptors, Atomwise, stack_descriptors
from tdaglass.learning.networks.autoencoder import Autoencoder
from tdaglass.learning.networks.cnn import CNN
from tdaglass.learning.networks.gradcam import grad_cam
from tdaglass.learning.networks.symmetries import random_symmetry
from tdaglass.learning.p_red import RedClusters, fit_red_clusters, p_red
from tdaglass.learning.standardize import (
    Standardization,
    fit_min_max,
    fit_standardization,
    standardize,
    unstandardize,
)
from tdaglass.learning.training.epoch import History
from tdaglass.learning.training.predict import accuracy, predict
from tdaglass.learning.training.train import Trained, check_training, fit_network

__all__ = [
    "CNN",
    "AtomicDescriptors",
    "Atomwise",
    "Autoencoder",
    "AutoencoderInfo",
    "Clusters",
    "Estimate",
    "FittedAutoencoder",
    "History",
    "LassoModel",
    "LinearModel",
    "Mixture",
    "Network",
    "Parameters",
    "PrincipalComponents",
    "RedClusters",
    "Standardization",
    "Trained",
    "accuracy",
    "bayesian_information_criterion",
    "check_autoencoder",
    "check_lasso",
    "check_mixture",
    "check_training",
    "cluster_membership",
    "cross_validate",
    "decode",
    "encode",
    "fit_autoencoder",
    "fit_clusters",
    "fit_min_max",
    "fit_mixture",
    "fit_network",
    "fit_red_clusters",
    "fit_standardization",
    "fraction_of_variance_explained",
    "grad_cam",
    "growing_component",
    "in_batches",
    "jackknife",
    "lasso",
    "log_likelihood",
    "membership",
    "p_red",
    "predict",
    "predict_linear",
    "principal_components",
    "principal_coordinates",
    "r_squared",
    "random_folds",
    "random_symmetry",
    "refine_mixture",
    "richer_component",
    "ridge",
    "ridge_left_out",
    "root_mean_square_error",
    "stack_descriptors",
    "standardize",
    "unstandardize",
]
