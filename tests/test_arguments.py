"""What users hand over becomes one type, and what cannot be meant one sentence."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import arguments

SQUARE = [[0, 0], [1, 2]]
X = jnp.array(SQUARE, float)


@pytest.mark.float32
def test_numbers_of_any_type_become_the_float_type_of_jax():
    own = jnp.zeros(()).dtype
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in ("int8", "uint8", "int16", "int64", "float16", "float64"):
            assert arguments.floats(np.ones(2, dtype), "x").dtype == own
        for given in ([1, 2], (1.0, 2.0), 3, jnp.ones(2, jnp.bfloat16), jnp.arange(2), [jnp.ones(()), 2]):
            assert arguments.floats(given, "x").dtype == own
    assert arguments.floats(np.ones(2, np.float32), "x").dtype == jnp.float32
    assert arguments.floats(np.array([3_000_000_000]), "x").item() == 3e9
    assert arguments.floats([1, 2], "x", like=jnp.ones(1, jnp.float32)).dtype == jnp.float32


def test_inside_transformations_shapes_speak():
    assert jax.jit(arguments.points)(jnp.array(SQUARE)).dtype == X.dtype
    assert jax.vmap(arguments.points)(jnp.array([SQUARE])).shape == (1, 2, 2)
    with pytest.raises(ValueError, match="one system"):
        jax.jit(arguments.points)(jnp.array([SQUARE]))
    box = jnp.diag(jnp.array([3.0, 4.0]))
    assert jax.jit(lambda box: arguments.cell(box, X))(box).shape == (2, 2)
    slope = jax.grad(lambda box: jnp.linalg.det(arguments.cell(box, X) + box.T))(box)
    assert slope.shape == (2, 2)


def test_a_cell_is_edges_a_matrix_or_open():
    np.testing.assert_array_equal(arguments.cell(5, X), [5, 5])
    np.testing.assert_array_equal(arguments.cell([[5, 0], [0, 4]], X), [5, 4])
    np.testing.assert_array_equal(arguments.cell([[5, 0], [1, 4]], X), [[5, 0], [1, 4]])
    np.testing.assert_array_equal(arguments.cell([5, np.inf], X), [5, np.inf])
    assert arguments.cell([np.inf, np.inf], X) is None
    assert arguments.cell(None, X) is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: arguments.points([[0, 0], [1]]), "rows that do not fit together"),
        (lambda: arguments.points([["a", "b"]]), "real numbers"),
        (lambda: arguments.points(np.zeros((0, 3))), "at least one particle, got none"),
        (lambda: arguments.points(np.zeros((2, 4, 3))), "one system.*jax.vmap"),
        (lambda: arguments.points(np.zeros((2, 4))), r"\(particles, 2 or 3\), got shape \(2, 4\)"),
        (lambda: arguments.points([[0, 0], [np.nan, 1]]), "finite positions, got .* for particle 1"),
        (lambda: arguments.points([[True, False]]), "real numbers"),
        (lambda: arguments.cell([1, 2, 3], X), "2 edges, one number, or 2 lattice vectors"),
        (lambda: arguments.cell([1, -2], X), "positive box edges"),
        (lambda: arguments.cell(np.nan, X), "positive box edges"),
        (lambda: arguments.cell([[1, 2], [2, 4]], X), "span space"),
        (lambda: arguments.cell([[1, 1], [0, np.inf]], X), "right angles"),
        (lambda: arguments.cell([1, np.inf], X, open_axes=False), "periodic along all axes"),
        (lambda: arguments.cell(None, X, open_axes=False), "got open space"),
        (lambda: arguments.cell(6, jnp.array([[1e30, 0.0]])), "place in the cell is known, got one at 1e.30"),
        (lambda: arguments.labels([0, 7], 2, 2), "codes below 2, got 7 for particle 1"),
        (lambda: arguments.labels([0, 0.5], 2), "whole numbers from 0, few of them, got 0.5"),
        (lambda: arguments.labels([0, 1e30], 2), "few of them, got 1e"),
        (lambda: arguments.species_count(jnp.zeros(1), 10**9), "at most 1024 species"),
        (lambda: arguments.labels(np.array([0, np.nan]), 2), "whole numbers from 0"),
        (lambda: arguments.labels(["A", "B"], 2), "numbers in place of names"),
        (lambda: arguments.labels([0], 2), r"species \(2,\), got shape \(1,\)"),
        (lambda: arguments.pair_table([[1, 2], [3, 1]], "cut-off", like=X), "symmetric cut-off"),
        (lambda: arguments.pair_table([1, 2], "cut-off", like=X), "square matrix"),
        (lambda: arguments.pair_table(-1, "cut-off", like=X), "positive cut-off"),
        (lambda: arguments.whole(6.5, "degree"), "whole number as degree, got 6.5"),
        (lambda: arguments.whole("6", "degree"), "whole number as degree, got '6'"),
        (lambda: arguments.whole(np.nan, "degree"), "whole number as degree, got nan"),
        (lambda: arguments.whole(0, "steps", least=1), "steps of at least 1, got 0"),
        (lambda: arguments.positive(-2.0, "cut-off"), "positive cut-off, got -2"),
        (lambda: arguments.positive(None, "cut-off"), "number as cut-off, got NoneType"),
        (lambda: jax.jit(lambda k: arguments.whole(k, "steps"))(3), "outside jit"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(call, said):
    with pytest.raises(ValueError, match=said) as caught:
        call()
    assert "; try " in str(caught.value)


def test_codes_are_whole_numbers_of_any_type():
    for codes in ([0, 1], np.array([0.0, 1.0]), np.array([0, 1], np.uint8), jnp.array([0, 1])):
        assert arguments.labels(codes, 2, 2).dtype == jnp.int32


def test_species_are_counted_where_they_are_known():
    species = jnp.array([0, 2, 1, 0])
    assert arguments.species_count(None, None) == 1
    assert arguments.species_count(species, None) == 3
    assert arguments.species_count(species, 5) == 5
    with pytest.raises(ValueError, match="try species_count=2"):
        jax.jit(lambda s: arguments.species_count(s, None))(species)


def test_values_are_known_in_eager_calls_and_their_gradients():
    seen = []

    def look(x):
        seen.append(arguments.concrete(x))
        return jnp.sum(x)

    x = jnp.arange(3.0)
    look(x)
    jax.grad(look)(x)
    jax.jit(look)(x)
    jax.vmap(look)(x[None])
    assert [values is not None for values in seen] == [True, True, False, False]
    np.testing.assert_array_equal(seen[1], x)
    assert arguments.concrete(None) is None
