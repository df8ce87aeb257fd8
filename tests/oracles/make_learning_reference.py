"""Fixed numbers of scikit-learn's GaussianMixture for tests/learning/test_mixture.py.

python tests/oracles/make_learning_reference.py   (scikit-learn 1.6 or later)
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

rng = np.random.default_rng(7)
data = np.concatenate(
    [
        rng.normal(size=(150, 3)) @ np.array([[1.0, 0.3, 0.0], [0.0, 0.8, 0.2], [0.0, 0.0, 0.5]]),
        rng.normal(size=(90, 3)) * [0.4, 1.2, 0.9] + [1.5, -1.0, 0.5],
        rng.normal(size=(60, 3)) * 0.6 + [-2.0, 1.0, 1.0],
    ]
)
first = {
    "weights_init": np.full(3, 1 / 3),
    "means_init": np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0], [-1.0, 1.0, 1.0]]),
    "precisions_init": np.stack([np.eye(3)] * 3),
}
same_start = GaussianMixture(3, tol=1e-12, max_iter=5000, **first).fit(data)
many_starts = GaussianMixture(3, tol=1e-10, max_iter=5000, n_init=10, random_state=0).fit(data)
np.savez_compressed(
    Path(__file__).parents[1] / "reference" / "learning_mixture.npz",
    data=data,
    **first,
    weights=same_start.weights_,
    means=same_start.means_,
    covariances=same_start.covariances_,
    membership=same_start.predict_proba(data),
    log_likelihood=same_start.score(data),
    bic=same_start.bic(data),
    best_log_likelihood=many_starts.score(data),
    version=sklearn.__version__,
)
