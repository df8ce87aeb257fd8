"""Points as bad as they come: a complex that is one, or a sentence that says why not."""

import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdaglass.topology import alpha_complex, persistence

PLAIN = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
KINDS = (
    "random",
    "clusters",
    "lattice",
    "jittered",
    "rounded",
    "flat",
    "nearly flat",
    "line",
    "twins",
    "sphere",
)


def points_of_kind(kind, random, n, dim, closeness):
    """In a box of edge one, more or less."""
    x = random.random((n, dim))
    per_edge = int(np.ceil(n ** (1 / dim) - 1e-9))
    sites = np.stack(np.meshgrid(*[np.arange(per_edge)] * dim, indexing="ij"), -1).reshape(-1, dim)[:n]
    match kind:
        case "clusters":
            return x[random.integers(0, 3, n)] + closeness * random.normal(size=(n, dim))
        case "lattice":
            return sites / per_edge
        case "jittered":
            return sites / per_edge + closeness * random.normal(size=(n, dim))
        case "rounded":
            return np.round(x, random.integers(1, 4))
        case "flat" | "nearly flat":
            x[:, random.integers(dim)] = 0.3 + (closeness * random.normal(size=n) if kind != "flat" else 0)
        case "line":
            x[:, 1:] = x[:, :1] + closeness * random.normal(size=(n, 1))
        case "twins":
            x[n // 2 : 2 * (n // 2)] = x[: n // 2] + closeness * random.normal(size=(n // 2, dim))
        case "sphere":
            x = 0.5 + 0.4 * (x - 0.5) / np.linalg.norm(x - 0.5, axis=1, keepdims=True)
    return x


@st.composite
def systems(draw):
    """Positions, box and weights, in one of the number types that users have."""
    dim = draw(st.sampled_from([2, 3]))
    n = draw(st.integers(4, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    box = np.array([draw(st.sampled_from([1.0, 1.0, 1.3, 2.0, 4.0])) for _ in range(dim)])
    points = points_of_kind(draw(st.sampled_from(KINDS)), random, n, dim, 10.0 ** draw(st.integers(-7, -1)))
    scale = draw(st.sampled_from([1.0, 1.0, 1e-9, 30.0, 1e6]))
    weights = draw(st.sampled_from([None, 0.0, 0.01, 0.3]))
    weights = None if weights is None else weights * scale**2 * random.random(n)
    dtype = draw(st.sampled_from([np.float64, np.float64, np.float32, np.int64]))
    if dtype == np.int64:
        points, box = 12 * points, 12 * box
    else:
        points, box = scale * points, scale * box
    if draw(st.booleans()):
        points = points * (box / box.min())  # spread over the box, not at one end of it
    return points.astype(dtype), box.astype(dtype) if draw(st.booleans()) else None, weights


def is_a_complex_or_a_sentence(points, box, weights):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", "the points are so regular", UserWarning)
            found = alpha_complex(points, box, weights)
    except ValueError as error:
        said = str(error)
        assert said.startswith("expected ")
        assert "; try " in said
        return said
    dim = points.shape[1]
    assert found.euler_characteristic == (0 if box is not None else 1)
    for k in range(1, dim + 1):
        faces = found.values[k - 1][found.faces[k]]
        assert np.all(faces <= found.values[k][:, None])
        assert np.all(np.isfinite(found.values[k]))
    pairs = persistence(found)
    for k in range(dim + 1):
        assert np.all(pairs[k].birth <= pairs[k].death)
        assert len(pairs[k].essential) == (comb(dim, k) if box is not None else k == 0)
    paired = sum(2 * len(p.birth) + len(p.essential) for p in pairs)
    assert paired == sum(np.isfinite(value).sum() for value in found.values)
    return None


@PLAIN
@given(systems())
def test_points_of_all_kinds(system):
    is_a_complex_or_a_sentence(*system)


@pytest.mark.slow
@settings(PLAIN, max_examples=1500)
@given(systems())
def test_more_points_of_all_kinds(system):
    is_a_complex_or_a_sentence(*system)
