"""Whatever is handed to the functions of this room: numbers of the right shape, or one sentence of ours."""

import jaxtyping
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdaglass import Configuration, dynamics

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
ODD = st.sampled_from(
    [0, -1, 1, 2, 0.5, 3.0, np.nan, np.inf, -np.inf, 1e300, "x", None, True, [], [1.0], np.int8(2)]
)
WALK = np.cumsum(0.3 * np.random.default_rng(0).normal(size=(6, 8, 2)), axis=0)
CURVE = np.exp(-np.geomspace(0.1, 10, 12))


@st.composite
def trajectories(draw):
    """Mostly a short walk, in some clothes and with some damage."""
    walk = WALK[: draw(st.sampled_from([1, 2, 6]))]
    kind = draw(
        st.sampled_from(["f8", "f4", "f2", "i8", "i1", "list", "record", "iterator", "damaged", "odd"])
    )
    if kind == "odd":
        return draw(ODD)
    if kind == "list":
        return walk.tolist()
    if kind == "record":
        return Configuration(
            walk, draw(st.sampled_from([np.zeros(8, int), np.arange(8) % 2])), np.full(2, 5.0)
        )
    if kind == "iterator":
        return iter(walk)
    if kind == "damaged":
        walk = walk.copy()
        walk[draw(st.integers(0, len(walk) - 1)), 3] = draw(st.sampled_from([np.nan, np.inf, 1e300]))
        return walk[..., : draw(st.integers(0, 2))]
    return walk.astype(kind)


FUNCTIONS = (
    [dynamics.MeanSquaredDisplacement(), dynamics.NonGaussian()],
    dynamics.MeanSquaredDisplacement(),
    dynamics.Scattering(2.0),
    [dynamics.CageRelative(dynamics.MeanSquaredDisplacement(), 3.0)],
    dynamics.FourPointStructure(0.5, 3.0),
    "msd",
    None,
)


def check(call):
    """What comes back, or None if it was refused in a sentence."""
    try:
        return call()
    except ValueError as error:
        message = str(error)
        assert message.startswith("expected"), message
        assert "; try " in message, message
        assert "\n" not in message, message
        for word in ("array must", "could not convert", "inhomogeneous", "Tracer", "jnp.", "broadcast"):
            assert word not in message, message
        return None


def ask(trajectory, functions, lags, box, species, wrapped):
    found = check(
        lambda: dynamics.time_correlations(
            trajectory, functions, lags=lags, box=box, species=species, wrapped=wrapped
        )
    )
    for one in found if isinstance(found, tuple) and not hasattr(found, "_fields") else [found]:
        if one is not None:
            assert one.values.shape[1] == len(one.times) == len(one.origins)
            assert (one.origins > 0).all()


ASKED = (
    trajectories(),
    st.sampled_from(FUNCTIONS),
    st.one_of(st.none(), st.sampled_from([[1], [0, 1, 2], [1.0, 4.0], 1, [2, 1], [np.nan]]), ODD),
    st.one_of(st.sampled_from([None, 5.0, [5, 5], [[5, 0], [1, 5]], [5.0, np.inf]]), ODD),
    st.one_of(
        st.none(), st.sampled_from([np.arange(8) % 2, [0] * 8, np.zeros(8, bool), np.ones(8) / 2]), ODD
    ),
    st.booleans(),
)
MAKERS = st.sampled_from(
    [
        lambda *x: dynamics.Overlap(x[0]),
        lambda *x: dynamics.Chi4(x),
        dynamics.SelfScattering,
        dynamics.Scattering,
        dynamics.VanHoveSelf,
        dynamics.VanHoveDistinct,
        dynamics.FourPointStructure,
        lambda *x: dynamics.CageRelative(dynamics.NonGaussian(), *x),
        lambda *x: dynamics.MeanSquaredDisplacement(lags=x[0]),
        dynamics.logarithmic_lags,
    ]
)
VALUES = st.one_of(
    ODD, st.sampled_from([WALK, WALK[0], CURVE, CURVE.tolist(), np.geomspace(0.1, 10, 12), [[1, 2], [1]]])
)
CALLS = st.sampled_from(
    [
        (dynamics.propensity_of_runs, 3),
        (dynamics.propensity_reliability, 3),
        (dynamics.propensity_ceiling, 3),
        (dynamics.correlation_with_propensity, 3),
        (dynamics.correlation_with_clusters, 3),
        (dynamics.relaxation_time, 2),
        (dynamics.fit_stretched_exponential, 2),
        (dynamics.diffusion, 3),
        (dynamics.correlation_length, 3),
        (dynamics.unwrap, 2),
    ]
)


@st.composite
def calls(draw):
    function, count = draw(CALLS)
    return function, [draw(VALUES) for _ in range(count)]


@pytest.fixture(autouse=True, scope="module")
def as_users_have_it():
    """Without the checks of annotations, which only tests have."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@FEW
@given(st.tuples(*ASKED))
def test_a_trajectory_gives_numbers_or_a_sentence(asked):
    ask(*asked)


@FEW
@given(MAKERS, st.lists(ODD, min_size=2, max_size=2))
def test_settings_are_taken_or_refused_in_a_sentence(make, values):
    check(lambda: make(*values))


@FEW
@given(calls())
def test_other_functions_give_numbers_or_a_sentence(call):
    function, arguments = call
    check(lambda: function(*arguments))


@pytest.mark.slow
@MANY
@given(st.tuples(*ASKED), MAKERS, st.lists(ODD, min_size=2, max_size=2), calls())
def test_many_of_each(asked, make, values, call):
    ask(*asked)
    check(lambda: make(*values))
    function, arguments = call
    check(lambda: function(*arguments))
