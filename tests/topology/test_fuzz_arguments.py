"""Whatever is handed to public functions: a right number or a sentence of ours, and the process lives on."""

import warnings

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jaxtyping import config

from tdaglass import topology
from tdaglass.structure import voronoi, voronoi_index

PLAIN = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)
TYPES = (
    np.float64,
    np.float32,
    np.float16,
    ml_dtypes.bfloat16,
    np.int8,
    np.uint8,
    np.int16,
    np.int64,
    bool,
    "S3",
    complex,
)
HOLDERS = (np.asarray, np.asarray, jnp.asarray, lambda x: np.asarray(x).tolist())
NUMBERS = (0, 1, 2, 3, -1, 0.5, 7, np.int8(1), np.float16(2), np.nan, np.inf, "1", None, (0, 1), np.ones(2))


@pytest.fixture(scope="module", autouse=True)
def as_users_call():
    """Without the checks of annotations, which only tests have."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)


def assert_sentence(error):
    said = str(error)
    assert isinstance(error, ValueError), said
    assert said.startswith("expected "), said
    assert "; try " in said, said
    assert "\n" not in said, said


@st.composite
def arrays(draw, shape, scale=1.0, wrong=0.15):
    """Of a shape, or by chance of another, or with a number that is none, of any type and in what users hold."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if draw(st.floats(0, 1)) < wrong:
        shape = draw(st.sampled_from([shape[:-1], (2, *shape), (*shape, 2), (0, *shape[1:]), (), (7,)]))
    x = scale * (random.random(shape) + 0.02)
    if draw(st.floats(0, 1)) < wrong and x.size:
        x.flat[random.integers(x.size)] = draw(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e30]))
    dtype = draw(st.sampled_from(TYPES[:8] * 3 + TYPES))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        x = x.astype(dtype)
        holder = draw(st.sampled_from(HOLDERS))
        return x if x.dtype.kind in "SU" and holder is jnp.asarray else holder(x)


@st.composite
def boxes(draw, dim):
    kind = draw(st.sampled_from(["none", "number", "edges", "edges", "matrix", "matrix", "film", "wrong"]))
    edges = np.array([draw(st.sampled_from([9.0, 10.0, 12.5, 40.0])) for _ in range(dim)])
    tilt = np.array(
        [[draw(st.sampled_from([0.0, 0.3, -0.7, 1.0, 5.0])) for _ in range(dim)] for _ in range(dim)]
    )
    match kind:
        case "none":
            return None
        case "number":
            return draw(st.sampled_from([10, 10.0, np.float32(12), np.int16(11), "10"]))
        case "edges":
            return draw(st.sampled_from([edges, edges.astype(np.int64), edges.tolist(), jnp.asarray(edges)]))
        case "matrix":
            return np.diag(edges) + np.tril(tilt, -1) * edges
        case "film":
            edges[draw(st.integers(0, dim - 1))] = np.inf
            return draw(st.sampled_from([edges, np.diag(edges)]))
    return draw(arrays((dim, dim), 10.0, wrong=0.8))


@st.composite
def systems(draw):
    dim, n = draw(st.sampled_from([2, 3])), draw(st.sampled_from([1, 4, 12]))
    positions = draw(arrays((n, dim), 100.0, wrong=0.05))
    weights = draw(st.one_of(st.none(), st.none(), arrays((n,), 1.0)))
    return dim, n, positions, draw(boxes(dim)), weights


@st.composite
def questions(draw):
    dim, n, positions, box, weights = draw(systems())
    subsets = [
        None,
        None,
        [0],
        range(n),
        np.arange(n) > 0,
        [n],
        [-1],
        [0.5],
        [],
        [0, 0],
        "0",
        np.zeros((2, 2), int),
    ]
    dimension = draw(st.one_of(st.integers(0, dim - 1), st.sampled_from(NUMBERS)))
    capacity = draw(st.one_of(st.none(), st.none(), st.sampled_from(NUMBERS)))
    return positions, box, {
        "weights": weights,
        "subset": draw(st.sampled_from(subsets)),
        "dimension": dimension,
        "capacity": capacity,
    }  # fmt: skip


def diagram_or_sentence(question):
    """A diagram is that of the complex of the same numbers in double precision."""
    positions, box, rest = question
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = topology.diagram(positions, box, **rest)
        except ValueError as error:
            return assert_sentence(error)
        try:
            topology.check_diagram(found)
        except ValueError as error:
            return assert_sentence(error)
    x, weights = np.asarray(positions, float), rest["weights"]
    weights = None if weights is None else np.asarray(weights, float)
    if rest["subset"] is not None:
        chosen = np.asarray(rest["subset"])
        x, weights = x[chosen], None if weights is None else weights[chosen]
    if np.abs(x).max() > 1e7:  # spheres through points as far away are a matter of rounding
        return found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        complex_ = topology.alpha_complex(x, None if box is None else np.asarray(box, float), weights)
    pairs = topology.persistence(complex_)[int(rest["dimension"])]
    span = 1e-5 * max(1.0, np.abs(found.death).max(initial=0))
    lasts = np.sort((pairs.death - pairs.birth)[pairs.death - pairs.birth > span])
    ours = np.sort((found.death - found.birth)[found.valid])
    np.testing.assert_allclose(ours[ours > span][-len(lasts) :], lasts, rtol=1e-4, atol=span)
    return found


def voronoi_or_sentence(system, radii, threshold):
    _, _, positions, box, _ = system
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cells = voronoi(positions, box, radii=radii, threshold=threshold)
    except ValueError as error:
        return assert_sentence(error)
    cell, dim = np.asarray(box, float), cells.shifts.shape[-1]
    if cell.ndim == np.ndim(positions):
        whole = np.abs(np.linalg.det(cell))
    else:
        whole = np.prod(np.broadcast_to(cell, (*cells.volume.shape[:-1], dim)), axis=-1)
    np.testing.assert_allclose(cells.volume.sum(axis=-1), whole, rtol=1e-9)
    assert np.all(voronoi_index(cells) >= 0)
    return cells


def drawn_or_sentence(births, deaths, values, number, box):
    """Of bare diagrams: curves, histograms and images."""
    pairs = topology.BirthDeath(births, deaths)
    grid = topology.Grid((0, 2), (0, 3), (5, 4))
    for call in (
        lambda: topology.betti_curve(pairs, values),
        lambda: topology.landscape(pairs, values, number),
        lambda: topology.histogram(pairs, grid),
        lambda: topology.persistence_image(pairs, grid, sigma=number),
        lambda: topology.persistence_image(
            pairs, grid, sigma=0.4, weight=topology.linear_weight(1.0), mode="deposit"
        ),
        lambda: topology.persistence_image(pairs, grid, sigma=0.4, mode="homcloud"),
        lambda: topology.pairs_in(pairs, grid, np.ones((4, 5), bool)),
        lambda: topology.Grid((0, number), (0, 3), (5, 4)).vector(births),
        lambda: topology.Grid((0, 2), (0, 3), (number, 4)).image(births),
    ):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = np.asarray(call())
        except ValueError as error:
            assert_sentence(error)
        else:
            assert not np.isnan(found).any()


QUESTIONS = questions()
CELLS = st.tuples(
    systems(), st.one_of(st.none(), arrays((12,), 0.5)), st.sampled_from([1e-4, 0.0, 0.1, 0.9, *NUMBERS])
)
DRAWN = st.tuples(arrays((6,)), arrays((6,), 2.0), arrays((5,)), st.sampled_from(NUMBERS), st.none())


@settings(PLAIN, max_examples=120)
@given(QUESTIONS)
def test_diagrams_of_anything(question):
    diagram_or_sentence(question)


@settings(PLAIN, max_examples=80)
@given(CELLS)
def test_cells_of_anything(given_):
    voronoi_or_sentence(*given_)


@settings(PLAIN, max_examples=30)
@given(DRAWN)
def test_pictures_of_anything(given_):
    drawn_or_sentence(*given_)


@pytest.mark.slow
@settings(PLAIN, max_examples=2500, derandomize=False)
@given(QUESTIONS, CELLS)
def test_more_of_anything(question, cells):
    diagram_or_sentence(question)
    voronoi_or_sentence(*cells)


@pytest.mark.slow
@settings(PLAIN, max_examples=500, derandomize=False)
@given(DRAWN)
def test_more_pictures_of_anything(given_):
    drawn_or_sentence(*given_)


def test_inside_jit_what_cannot_be_is_a_negative_count():
    bad = np.random.default_rng(0).random((2, 6, 3))
    bad[1, 0, 0] = np.nan
    found = jax.jit(jax.vmap(lambda x, box: topology.diagram(x, box, dimension=0)))(
        jnp.asarray(bad), jnp.stack([4 * jnp.eye(3)] * 2)
    )
    assert found.count.tolist()[1] < 0 <= found.count.tolist()[0]
