"""P_red by its functions, beside the same steps taken one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import learning
from tdaglass.parallel import PieceError

KEY = jax.random.key(3)


@pytest.fixture(scope="module")
def states():
    """Features (configurations, particles, features) at two temperatures: more of the odd ones at the higher."""
    random = np.random.default_rng(0)
    shift = np.array([6.0, 6.0, 6.0, 0])
    features = [
        random.normal(size=(2, 150, 4)) + shift * (random.random((2, 150, 1)) < share) for share in (0.2, 0.6)
    ]
    return features, [np.tile(np.arange(150) % 2 == 1, (2, 1)).astype(int)] * 2


@pytest.fixture(scope="module")
def fitted(states):
    return learning.fit_red_clusters(KEY, *states, control=[0.5, 1.0], bottleneck=1, starts=1)


def test_red_is_what_the_steps_give_one_by_one(states, fitted):
    features, species = states
    scores = [learning.p_red(fitted, f, s) for f, s in zip(features, species, strict=True)]
    for code in (0, 1):
        samples = [jnp.asarray(f[s == code]) for f, s in zip(features, species, strict=True)]
        clusters = learning.fit_clusters(
            jax.random.fold_in(KEY, code), jnp.concatenate(samples), bottleneck=1, starts=1
        )
        members = [learning.cluster_membership(clusters, x) for x in samples]
        red = learning.growing_component(jnp.array([0.5, 1.0]), jnp.stack([m.mean(0) for m in members]))
        for score, s, member in zip(scores, species, members, strict=True):
            np.testing.assert_array_equal(score[s == code], member[:, red])
    assert scores[0].mean() == pytest.approx(0.2, abs=0.08)
    assert scores[1].mean() == pytest.approx(0.6, abs=0.08)


@pytest.mark.slow
def test_groups_are_fitted_alike_in_other_processes(states, fitted, workers):
    found = learning.fit_red_clusters(
        KEY, *states, control=[0.5, 1.0], bottleneck=1, starts=1, executor=workers
    )
    jax.tree.map(np.testing.assert_array_equal, found, fitted)
    with pytest.raises(PieceError, match=r"clusters-0 .*bottleneck of 1 to"):
        learning.fit_red_clusters(KEY, *states, control=[0.5, 1.0], bottleneck=99, executor=workers)


def test_one_state_is_told_by_a_measure_and_averaged_by_what_is_given(states, fitted):
    # Both as one: as many samples as before, for which the programs are there.
    features, species = ([np.concatenate(x)] for x in states)
    turned = learning.fit_red_clusters(
        KEY, features, species, measure=[-features[0][..., 0]], bottleneck=1, starts=1
    )
    assert learning.p_red(turned, features[0], species[0]).mean() == pytest.approx(0.6, abs=0.08)
    one, kinds = features[0][0], species[0][0]
    alone = learning.p_red(fitted, one, kinds)
    averaged = learning.p_red(fitted, one.tolist(), kinds.tolist(), average_fn=lambda p: (p + p[::-1]) / 2)
    np.testing.assert_allclose(averaged, (alone + alone[::-1]) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("features", "groups", "more", "message"),
    [
        ([np.ones((5, 2))], [np.zeros(5)], {}, "tells the clusters of 1 states apart"),
        ([np.ones((5, 2))] * 2, [np.zeros(5)] * 2, {"measure": [np.ones(5)]}, "got no control"),
        ([np.ones((5, 2))], [np.zeros(4)], {"control": [1.0]}, r"got \(5, 2\) and \(4,\)"),
        ([np.ones((5, 2))], [], {"control": [1.0]}, "got 1 and 0"),
        ([np.ones((5, 2))], [np.full(5, 0.5)], {"control": [1.0]}, "codes 0, 1"),
        ([np.ones((5, 2))], [np.zeros(5)], {"control": [1.0, 2.0]}, "a control for each of 1"),
    ],
)
def test_what_cannot_be_sorted(features, groups, more, message):
    with pytest.raises(ValueError, match=f"expected .*{message}"):
        learning.fit_red_clusters(KEY, features, groups, **more)


def test_what_cannot_be_scored(fitted, states):
    with pytest.raises(ValueError, match="got 5; try fitting"):
        learning.p_red(fitted, np.ones((3, 4)), [0, 1, 5])
    with pytest.raises(ValueError, match="one configuration to average"):
        learning.p_red(fitted, states[0][0], states[1][0], average_fn=lambda p: p)
