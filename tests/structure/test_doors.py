"""What users hand to the functions of the room: types that mean the same, and what cannot be meant."""

import itertools
import re
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdaglass.space import shortest_vectors, widths
from tdaglass.structure import (
    bond_order,
    check_neighbors,
    cutoff_neighbors,
    density_field,
    exponential_average,
    first_minimum,
    first_peak,
    hexatic_order,
    lattice_shifts,
    local_average,
    particle_values,
    radial_distribution,
    sann_neighbors,
    sann_radius,
    scale_to_unit,
    structure_factor,
    tong_tanaka,
    voronoi,
    wave_vectors,
)

SENTENCE = re.compile(r"expected [^\n]*, got [^\n]*; try [^\n]*")
GRID = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3)
SPECIES = np.arange(64) % 2
TABLE = [[1.2, 1.1], [1.1, 1.2]]


def everything(x, box, species):
    """All functions of positions, with settings that they share."""
    near = cutoff_neighbors(x, box, TABLE, species=species, capacity=8)
    found = near.mask.sum(1), near.displacement, lattice_shifts(near, x, box), bond_order(near, 4)
    g = radial_distribution(x, box, 1.9, 4, species=species, species_count=2)
    s = structure_factor(x, box, [[1, 0, 0], [2, 1, 0]], species=species, species_count=2)
    field = density_field(x, species, box, (4, 4, 4), species_count=2)
    return (
        *found,
        sann_neighbors(x, box, capacity=24, reach=1.9, candidates=40).mask.sum(1),
        *g,
        *s,
        field,
        particle_values(field, x, box, assignment="linear"),
        local_average(species, x, box, 1.5),
        exponential_average(species, x, box, 1),
    )


@pytest.mark.float32
def test_what_means_the_same_gives_the_same():
    """Whole numbers, halves, doubles and lists, a box as number, edges or matrix, without a word of warning."""
    dtype = jnp.zeros(1).dtype
    expected = everything(jnp.asarray(GRID, dtype), jnp.full(3, 4.0), jnp.asarray(SPECIES))
    given_as = [
        (GRID, 4, SPECIES.astype(float)),
        (GRID.astype(np.float64), np.full(3, 4.0), SPECIES.astype(np.int8)),
        (jnp.asarray(GRID, jnp.float16), 4 * np.eye(3), SPECIES.tolist()),
        (GRID.tolist(), [4, 4, 4], jnp.asarray(SPECIES, jnp.float32)),
    ]
    assert cutoff_neighbors(GRID.astype(np.float32), 4.0, 1.2).displacement.dtype == jnp.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for x, box, species in given_as:
            for ours, right in zip(everything(x, box, species), expected, strict=True):
                assert ours.dtype == right.dtype
                np.testing.assert_array_equal(ours, right)
        if dtype == jnp.float64:  # compiling is what takes time
            return
        traced = jax.jit(everything)(GRID, np.full(3, 4), SPECIES)
        batched = jax.vmap(lambda x: everything(x, 4.0, SPECIES))(np.stack([GRID, GRID]))
    for inside, many, right in zip(traced, batched, expected, strict=True):
        assert inside.dtype == right.dtype
        np.testing.assert_allclose(inside, right, atol=1e-5)
        np.testing.assert_allclose(many[1], right, atol=1e-5)
    slope = jax.grad(lambda x: jnp.sum(cutoff_neighbors(x, 4, 1.2).displacement ** 2))(
        jnp.asarray(GRID, dtype)
    )
    assert slope.dtype == dtype


X = np.random.default_rng(0).random((60, 3)) * 5
NAN = np.where(np.arange(60)[:, None] == 3, np.nan, X)
FUNCTIONS = {
    "cut-off": lambda x=X, box=5.0: cutoff_neighbors(x, box, 1.4),
    "SANN": lambda x=X, box=5.0: sann_neighbors(x, box),
    "g(r)": lambda x=X, box=5.0: radial_distribution(x, box, 2.0),
    "S(q)": lambda x=X, box=5.0: structure_factor(x, box, [[1, 0, 0]]),
    "field": lambda x=X, box=5.0: density_field(x, None, box, (4, 4, 4)),
    "values": lambda x=X, box=5.0: particle_values(np.ones((4, 4, 4)), x, box),
    "average": lambda x=X, box=5.0: local_average(np.ones(60), x, box, 1.0),
    "decaying average": lambda x=X, box=5.0: exponential_average(np.ones(60), x, box, 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_cannot_be_meant_is_refused_everywhere(name):
    call = FUNCTIONS[name]
    for said, wrong in {
        "finite positions, got .* for particle 3": {"x": NAN},
        r"of one system, got shape \(2, 60, 3\); try jax.vmap": {"x": np.stack([X, X])},
        "at least one particle, got none": {"x": np.zeros((0, 3))},
        r"positions \(particles, 2 or 3\), got shape \(60,\)": {"x": X[:, 0]},
        "positions as one array of numbers": {"x": [[0.0, 1.0], [2.0]]},
        "real numbers as positions": {"x": X + 1j},
        "3 edges, one number, or 3 lattice vectors": {"box": [5.0, 5.0]},
        "positive box edges": {"box": [5.0, -5.0, 5.0]},
        "span space": {"box": np.ones((3, 3))},
    }.items():
        with pytest.raises(ValueError, match=said) as refused:
            call(**wrong)
        assert SENTENCE.fullmatch(str(refused.value))
    for stacked in (np.stack([X, X]), np.zeros((0, 3))):
        with pytest.raises(ValueError, match="expected positions"):
            jax.jit(call)(stacked)


def test_other_arguments_that_cannot_be_meant():
    near = cutoff_neighbors(X, 5.0, 1.4)
    batch = jax.tree.map(lambda a: jnp.stack([a, a]), near)
    flat = cutoff_neighbors(X[:, :2], 5.0, 1.4)
    vectors = np.array([[1, 0, 0]])
    for said, call in {
        "species as codes below 2, got 7": lambda: cutoff_neighbors(X, 5.0, TABLE, species=np.full(60, 7)),
        "symmetric cut-off": lambda: cutoff_neighbors(X, 5.0, [[1.4, 2.0], [1.0, 1.4]], species=np.zeros(60)),
        "species beside a matrix": lambda: cutoff_neighbors(X, 5.0, TABLE),
        "positive cut-off": lambda: cutoff_neighbors(X, 5.0, np.nan),
        "capacity of at least 1": lambda: cutoff_neighbors(X, 5.0, 1.4, capacity=0),
        "positive reach": lambda: sann_neighbors(X, 5.0, reach=-1.0),
        "one number as reach": lambda: sann_neighbors(X, 5.0, reach=[1.0, 2.0]),
        "distances and mask": lambda: sann_radius(np.ones((4, 2)), np.ones(4, bool)),
        r"one system, got a batch \(2,\)": lambda: hexatic_order(batch),
        "k of at least 1": lambda: hexatic_order(flat, 0),
        "of the 60 particles of these neighbours": lambda: lattice_shifts(near, X[:5], 5.0),
        "positive cutoff, got -2": lambda: radial_distribution(X, 5.0, -2.0),
        "bins of at least 1": lambda: radial_distribution(X, 5.0, 2.0, 0),
        "periodic cell, whose density": lambda: radial_distribution(X, None, 2.0),
        "open space, which has no wave vectors": lambda: structure_factor(X, None, vectors),
        "wave vectors as whole numbers": lambda: structure_factor(X, 5.0, [[0.5, 0, 0]]),
        r"wave vectors \(vectors, 3\)": lambda: structure_factor(X, 5.0, [1, 0, 0]),
        "ascending edges of shells": lambda: structure_factor(X, 5.0, vectors, edges=[2.0, 1.0]),
        "wave vectors, got 4.0e": lambda: wave_vectors(np.full(3, 5.0), 1e3),
        "wave number as q_max": lambda: wave_vectors(np.full(3, 5.0), -1.0),
        "q_max of at least q_min": lambda: wave_vectors(np.full(3, 5.0), 1.0, q_min=2.0),
        "box of one system": lambda: wave_vectors(5.0, 3.0),
        "got open space, which": lambda: wave_vectors(np.full(3, np.inf), 3.0),
        "cells along 3 axes": lambda: density_field(X, None, 5.0, (4, 4)),
        "values of 60 particles": lambda: local_average(np.ones(5), X, 5.0, 1.0),
        "positive length": lambda: exponential_average(X, X, 5.0, 0.0),
        "one number as radius": lambda: local_average(X, X, 5.0, [1.0, 2.0]),
        "curve as two arrays": lambda: first_peak([1.0, 2.0], [1.0]),
        "ascending order": lambda: first_peak([2.0, 1.0], [1.0, 1.0]),
        "NaN everywhere": lambda: first_peak([1.0, 2.0], [np.nan, np.nan]),
        "beyond its first peak": lambda: first_minimum([1.0, 2.0], [0.0, 1.0]),
        "values along the axes": lambda: scale_to_unit(np.ones(3), axis=2),
        "of the 60 particles that have these": lambda: tong_tanaka(
            voronoi(X, np.full(3, 5.0)), X[:9], np.zeros(9), 5.0, 1.0
        ),
    }.items():
        with pytest.raises(ValueError, match=said) as refused:
            call()
        assert SENTENCE.fullmatch(str(refused.value)), str(refused.value)


numbers = st.floats(-3, 3, width=32)
cutoffs = st.one_of(st.floats(0.3, 2.5), st.sampled_from([-1.0, 0.0, np.nan, np.inf, "1", [1.0, 1.0], 1]))
lattices = st.one_of(
    st.sampled_from(
        [None, 2, 2.5, [2, 3], [2.0, 2.0, 3.0], np.inf, -1, "box", np.nan, 0, [2.0, np.inf, 2.0]]
    ),
    st.tuples(*[st.floats(-1, 1)] * 3).map(
        lambda t: np.array([[2.0, 0.0, 0.0], [t[0], 1.8, 0.0], [t[1], t[2], 2.2]])
    ),
    st.tuples(*[st.floats(-6, 6)] * 1).map(lambda t: np.array([[2.0, 0.0], [t[0], 1.5]])),
)
types = st.sampled_from([np.float32, np.float64, np.float16, np.int8, np.int64, list, jnp.asarray, complex])
shapes = st.sampled_from([(6, 2), (6, 3), (1, 3), (0, 3), (6,), (2, 6, 3), (6, 4)])
arguments = st.tuples(shapes, st.integers(0, 2**16), types, lattices, cutoffs, st.booleans())


def lattice_of(box, dim):
    """Lattice vectors of what is accepted as a box, very long ones along open axes."""
    lattice = np.asarray(np.inf if box is None else box, float)
    lattice = np.where(np.isinf(lattice), 1e6, lattice)
    return lattice if lattice.ndim == 2 else np.diag(np.broadcast_to(lattice, dim))


def pairs_of(g, x, box, cutoff):
    """Ordered pairs below the cut-off that a g(r) of three bins has counted."""
    n, dim = x.shape
    lattice = lattice_of(box, dim)
    edges = np.linspace(0, cutoff, 4)
    shells = np.diff(np.pi * edges**2 if dim == 2 else 4 / 3 * np.pi * edges**3)
    # Where images count, the particle itself does.
    wide = widths(shortest_vectors(lattice) @ lattice).min() >= 2 * cutoff * (1 - 1e-6)
    others = n - 1 if wide else n
    if n == 1 and others == 0:
        return 0
    return round(float(np.sum(np.asarray(g, float) * shells)) * n * others / abs(np.linalg.det(lattice)))


def by_all_images(x, box, cutoff):
    """Lengths of all neighbours of each particle, ascending, and how near to the cut-off the nearest pair is."""
    n, dim = x.shape
    lattice = lattice_of(box, dim)
    most = np.ceil(cutoff * np.linalg.norm(np.linalg.inv(lattice), axis=0) + 0.5).astype(int)
    shifts = np.stack(np.meshgrid(*[np.arange(-m, m + 1) for m in most], indexing="ij"), -1).reshape(-1, dim)
    apart = (x[None] - x[:, None]) @ np.linalg.inv(lattice)
    apart -= np.round(apart)
    length = np.linalg.norm((apart[:, :, None] + shifts) @ lattice, axis=-1)
    length[np.arange(n), np.arange(n), np.flatnonzero(~shifts.any(1))[0]] = np.inf
    return [np.sort(row[row < cutoff]) for row in length.reshape(n, -1)], np.abs(length - cutoff).min()


def answer_or_sentence(call):
    """What a function says: never anything but numbers or one of our sentences."""
    said = ""
    try:
        return call()
    except ValueError as refused:
        said = str(refused)
    assert SENTENCE.fullmatch(said), said
    return None


def tried(shape, seed, made_by, box, cutoff, open_):
    x = np.random.default_rng(seed).uniform(-2, 4, shape)
    x = np.round(x) if made_by in (np.int8, np.int64) else x.astype(np.float16).astype(float)
    given_as = x.tolist() if made_by is list else made_by(x) if made_by is jnp.asarray else x.astype(made_by)
    box = None if open_ else box
    found = answer_or_sentence(lambda: cutoff_neighbors(given_as, box, cutoff))
    if found is not None:
        check_neighbors(found)
        lengths, margin = by_all_images(x, box, float(cutoff))
        mask = np.asarray(found.mask)
        if margin > 1e-3:
            assert mask.sum(1).tolist() == [len(row) for row in lengths]
            for row, used, right in zip(np.asarray(found.displacement), mask, lengths, strict=True):
                np.testing.assert_allclose(np.sort(np.linalg.norm(row[used], axis=-1)), right, atol=2e-4)
        values = np.asarray(bond_order(found, 2, average=None))
        assert ((values >= 0) & (values < 1 + 1e-5) | np.isnan(values)).all()
        if isinstance(cutoff, float) and margin > 1e-3:
            g = answer_or_sentence(lambda: radial_distribution(given_as, box, cutoff, 3))
            assert g is None or pairs_of(g.g, x, box, cutoff) == sum(map(len, lengths))
    wave = np.eye(shape[-1], dtype=int)[:1]
    s = answer_or_sentence(lambda: structure_factor(given_as, box, wave))
    if s is not None:
        phase = (x @ np.linalg.inv(lattice_of(box, x.shape[1])))[:, 0]
        np.testing.assert_allclose(s.s, np.abs(np.exp(2j * np.pi * phase).sum()) ** 2 / len(x), atol=1e-4)
    field = answer_or_sentence(lambda: density_field(given_as, None, box, (2,) * shape[-1]))
    assert field is None or abs(float(field.sum()) - len(x)) < 1e-4
    mean = answer_or_sentence(lambda: exponential_average(np.ones(shape[0]), given_as, box, cutoff))
    assert mean is None or np.allclose(mean, 1, atol=1e-5)


# What may grow without end in a fuzz, images of tiny cells, stays small.
quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@given(arguments)
@quick
def test_any_arguments_give_the_right_numbers_or_a_sentence(arguments):
    tried(*arguments)


@pytest.mark.slow
@given(arguments)
@settings(quick, max_examples=2000, derandomize=False)
def test_many_arguments_give_the_right_numbers_or_a_sentence(arguments):
    # Almost every example has a size of its own, and XLA ends the process before its programs are 65,000 mappings.
    if next(examples) % 100 == 0:
        jax.clear_caches()
    tried(*arguments)


examples = itertools.count(1)
