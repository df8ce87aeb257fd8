from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_cnn import TORCH, from_torch, random_network

from tdaglass.learning import CNN, grad_cam

REFERENCE = Path(__file__).parents[2] / "reference" / "cnn.npz"
SHAPE = (2, 8, 8)


@pytest.mark.parametrize("name", TORCH)
def test_maps_are_those_of_pytorch(name, tolerance):
    with np.load(REFERENCE) as file:
        reference = dict(file)
    images = jnp.asarray(reference["images"])
    maps = grad_cam(TORCH[name], from_torch(reference, name), images, 1, batch_size=2)
    np.testing.assert_allclose(maps, reference[f"{name}.grad_cam"], rtol=10 * tolerance, atol=tolerance)


@pytest.mark.parametrize("layer", [0, pytest.param(1, marks=pytest.mark.slow), -1])
def test_weights_are_the_outputs_response_to_lifting_a_map(layer):
    """The mean over cells of dy/dA_m is what y gains when all cells of A_m rise, a cell's share of it."""
    network = CNN((4, 3, 2), padding="zero", pooling=True, dense=(5,), outputs=3)
    parameters, images = random_network(network, SHAPE, seed=4)
    step = 1e-6

    @jax.jit
    def response(parameters, images):
        A = network.activations(parameters, images, layer)

        def outputs(lift):
            return network.from_activations(parameters, A + lift[:, None, None], layer)[:, 2]

        lifts = step * jnp.eye(A.shape[1])
        gains = jax.vmap(outputs, out_axes=1)(lifts) - jax.vmap(outputs, out_axes=1)(-lifts)
        alpha = gains / (2 * step * A[0, 0].size)
        return (alpha[:, :, None, None] * A).sum(axis=1)

    signed = response(parameters, images)
    for against, expected in ((False, signed), (True, -signed)):
        got = grad_cam(network, parameters, images, output=2, against=against, layer=layer)
        assert against or got.max() > 0
        np.testing.assert_allclose(got, np.maximum(expected, 0), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 5, 6)])
def test_a_shifted_image_has_the_shifted_map(shape, tolerance):
    network = CNN((4, 3), dense=None)
    parameters, images = random_network(network, shape)
    axes = range(2, images.ndim)
    shifted = np.concatenate([images, *(np.roll(images, 3, axis) for axis in axes)])
    maps, *moved = np.split(grad_cam(network, parameters, jnp.asarray(shifted)), len(axes) + 1)
    for axis, theirs in zip(axes, moved, strict=True):
        np.testing.assert_allclose(theirs, np.roll(maps, 3, axis - 1), atol=10 * tolerance)


def test_each_sample_may_ask_about_its_own_class():
    network = CNN((4,), dense=(5,), outputs=3)
    parameters, images = random_network(network, SHAPE, batch=5)
    by_class = np.stack([grad_cam(network, parameters, images, c) for c in range(3)])
    asked = np.array([2, 0, 1, 1, 2])
    got = grad_cam(network, parameters, images, jnp.asarray(asked), batch_size=2)
    np.testing.assert_allclose(got, by_class[asked, np.arange(5)], rtol=1e-12, atol=1e-14)


def test_an_output_that_is_not_there_is_told_with_a_remedy():
    network = CNN((4,), dense=(5,), outputs=3)
    parameters, images = random_network(network, SHAPE)
    with pytest.raises(ValueError, match="expected an output of 0 to 2, got 3; try 0, or the classes"):
        grad_cam(network, parameters, images, 3)
