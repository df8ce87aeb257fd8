"""Fixed numbers of scikit-learn's Ridge, Lasso and PCA for tests/learning/test_linear.py.

python tests/oracles/make_linear_reference.py   (scikit-learn 1.6 or later)
"""

from pathlib import Path

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import r2_score

ALPHAS, SPARSE_ALPHAS, COMPONENTS = (1e-3, 1.0, 100.0), (0.05, 0.5), 5

rng = np.random.default_rng(21)
found = {"version": sklearn.__version__, "alphas": ALPHAS, "sparse_alphas": SPARSE_ALPHAS}
for name, (samples, features) in {"wide": (16, 40), "tall": (40, 16)}.items():
    x = rng.normal(size=(samples, features)) + 3
    # Two features that never vary, two samples that are the same: eigenvalues that repeat.
    x[:, -2:], x[-1] = 1.0, x[0]
    y = x[:, :4] @ rng.normal(size=4) + rng.normal(size=samples) + 7
    ridge = [Ridge(alpha=alpha).fit(x, y) for alpha in ALPHAS]
    lasso = [Lasso(alpha=alpha, tol=1e-15, max_iter=10**6).fit(x, y) for alpha in SPARSE_ALPHAS]
    pca = PCA(COMPONENTS, svd_solver="full").fit(x)
    of = {
        "x": x,
        "y": y,
        "ridge": [model.coef_ for model in ridge],
        "ridge_intercept": [model.intercept_ for model in ridge],
        "no_intercept": [Ridge(alpha=alpha, fit_intercept=False).fit(x, y).coef_ for alpha in ALPHAS],
        "r_squared": [r2_score(y, model.predict(x)) for model in ridge],
        "lasso": [model.coef_ for model in lasso],
        "lasso_intercept": [model.intercept_ for model in lasso],
        "components": pca.components_,
        "variances": pca.explained_variance_,
        "shares": pca.explained_variance_ratio_,
        "coordinates": pca.transform(x),
    }
    found |= {f"{name}/{key}": value for key, value in of.items()}
np.savez_compressed(Path(__file__).parents[1] / "reference" / "linear.npz", **found)
