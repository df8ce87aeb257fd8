import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import ndimage

from tdaglass.learning import CNN
from tdaglass.runs.trees import load_tree, save_tree

activations = jax.jit(CNN.activations, static_argnums=(0, 3))
apply = jax.jit(CNN.apply, static_argnums=0)
finish = jax.jit(CNN.finish, static_argnums=(0, 3, 4))

REFERENCE = Path(__file__).parents[2] / "reference" / "cnn.npz"
PLANE, SPACE = (2, 8, 10), (2, 6, 4, 5)
NETWORKS = [
    CNN((4, 3), dense=(5,)),
    CNN((4, 3), padding="zero", pooling=True, dense=(5, 4), outputs=1),
    CNN((4, 3, 2), kernel=5, dense=None, outputs=3),
]


def random_network(network, shape, batch=3, seed=0):
    """Parameters, biases among them, and images: numpy's, as each shape would be a program of `jax.random`'s."""
    random = np.random.default_rng(seed)

    def draw(leaf):
        scale = 0.1 if leaf.ndim == 1 else (2 / math.prod(leaf.shape[:-1])) ** 0.5
        return jnp.asarray(scale * random.normal(size=leaf.shape))

    shapes = jax.eval_shape(network.init, jax.random.key(0), jnp.zeros(shape))
    return jax.tree.map(draw, shapes), jnp.asarray(random.normal(size=(batch, *shape)))


def by_hand(network, parameters, image):
    """The outputs for one image, with scipy's correlations and loops."""
    mode = {"circular": "wrap", "zero": "constant"}[network.padding]
    x = np.asarray(image)
    for k in range(len(network.convolutions)):
        kernel, bias = (np.asarray(parameters["convolutions"][str(k)][part]) for part in ("kernel", "bias"))
        x = np.stack(
            [
                sum(ndimage.correlate(x[i], kernel[..., i, o], mode=mode) for i in range(len(x))) + bias[o]
                for o in range(kernel.shape[-1])
            ]
        ).clip(0)
        if network.pooling:
            half = [edge // 2 for edge in x.shape[1:]]
            pooled = np.empty((len(x), *half))
            for cell in np.ndindex(*half):
                block = x[(slice(None), *(slice(2 * i, 2 * i + 2) for i in cell))]
                pooled[(slice(None), *cell)] = block.reshape(len(x), -1).max(axis=1)
            x = pooled
    mean = network.dense is None
    x = x.reshape(len(x), -1).mean(axis=1) if mean else np.moveaxis(x, 0, -1).ravel()
    layers = [parameters["dense"][str(k)] for k in range(len(parameters["dense"]))]
    for k, layer in enumerate(layers):
        x = x @ np.asarray(layer["kernel"]) + np.asarray(layer["bias"])
        x = x.clip(0) if k < len(layers) - 1 else x
    return x


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (NETWORKS[0], PLANE),
        pytest.param(NETWORKS[1], SPACE, marks=pytest.mark.float32),
        (NETWORKS[2], PLANE),
        *(
            pytest.param(*case, marks=pytest.mark.slow)
            for case in zip(NETWORKS, (SPACE, PLANE, SPACE), strict=True)
        ),
    ],
)
def test_outputs_are_those_of_scipys_correlations(network, shape, tolerance):
    parameters, images = random_network(network, shape)
    expected = [by_hand(network, parameters, image) for image in images]
    got = apply(network, parameters, images)
    np.testing.assert_allclose(got, expected, rtol=10 * tolerance, atol=10 * tolerance)


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as file:
        return dict(file)


def from_torch(reference, name, kind="parameter"):
    """PyTorch's arrays as our parameters: it puts channels first, also where it flattens the last maps."""
    arrays = {
        key.removeprefix(f"{name}.{kind}."): value
        for key, value in reference.items()
        if key.startswith(f"{name}.{kind}.")
    }
    layers = sorted({int(key.split(".")[0]) for key in arrays})
    maps, edge = reference[f"{name}.maps"].shape[1:3]
    edge //= 2 if name == "zero" else 1
    tree: dict = {"convolutions": {}, "dense": {}}
    for k, layer in enumerate(layers):
        weight, bias = arrays[f"{layer}.weight"], arrays[f"{layer}.bias"]
        if weight.ndim == 4:
            tree["convolutions"][str(k)] = {"kernel": weight.transpose(2, 3, 1, 0), "bias": bias}
            continue
        if not tree["dense"]:
            weight = weight.reshape(-1, maps, edge, edge).transpose(0, 2, 3, 1).reshape(weight.shape)
        tree["dense"][str(len(tree["dense"]))] = {"kernel": weight.T, "bias": bias}
    return jax.tree.map(jnp.asarray, tree)


TORCH = {
    "circular": CNN((4, 3), dense=(5,)),
    "zero": CNN((4, 3), padding="zero", pooling=True, dense=(5,)),
}


@pytest.mark.float32
@pytest.mark.parametrize("name", TORCH)
def test_outputs_maps_and_gradients_are_those_of_pytorch(reference, name, tolerance):
    parameters, images = from_torch(reference, name), jnp.asarray(reference["images"])

    def loss(parameters):
        logits, maps = (f(TORCH[name], parameters, images) for f in (apply, activations))
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.array([0, 1, 0]))
        return losses.mean(), (logits, maps)

    gradient, (logits, maps) = jax.jit(jax.grad(loss, has_aux=True))(parameters)
    close = {"rtol": 10 * tolerance, "atol": tolerance}
    np.testing.assert_allclose(logits, reference[f"{name}.outputs"], **close)
    np.testing.assert_allclose(maps, reference[f"{name}.maps"], **close)
    jax.tree.map(
        lambda ours, theirs: np.testing.assert_allclose(ours, theirs, **close),
        gradient,
        from_torch(reference, name, "gradient"),
    )


@pytest.mark.parametrize("shape", [PLANE, SPACE])
def test_circular_padding_carries_translations_through(shape, tolerance):
    network = CNN((4, 3, 2), dense=None)
    parameters, images = random_network(network, shape)
    axes = range(1, images.ndim - 1)
    shifted = np.concatenate([images, *(np.roll(images, 1, axis + 1) for axis in axes)])
    maps, *moved = np.split(activations(network, parameters, shifted), images.ndim - 1)
    outputs, *others = np.split(apply(network, parameters, shifted), images.ndim - 1)
    for axis, their_maps, their_outputs in zip(axes, moved, others, strict=True):
        np.testing.assert_allclose(their_maps, np.roll(maps, 1, axis + 1), atol=10 * tolerance)
        np.testing.assert_allclose(their_outputs, outputs, atol=10 * tolerance)


@pytest.mark.parametrize("network", NETWORKS)
def test_cut_anywhere_it_is_the_same_network(network):
    parameters, images = random_network(network, PLANE)
    layers = range(-1, len(network.convolutions))

    @jax.jit
    def cut(parameters, images):
        maps = [network.activations(parameters, images, layer) for layer in layers]
        again = [network.from_activations(parameters, *cut) for cut in zip(maps, layers, strict=True)]
        return maps, again

    whole = apply(network, parameters, images)
    for layer, maps, again in zip(layers, *cut(parameters, images), strict=True):
        assert maps.shape[:2] == (3, network.convolutions[layer])
        assert (maps >= 0).all()
        np.testing.assert_allclose(again, whole, rtol=1e-12, atol=1e-12)


def test_shapes_of_the_network_of_study_4():
    network = CNN((64, 64, 32), padding="zero", pooling=True, dense=(64,), outputs=1)
    parameters = jax.eval_shape(network.init, jax.random.key(0), jnp.zeros((1, 128, 128)))
    assert parameters["dense"]["0"]["kernel"].shape == (8192, 64)
    assert parameters["dense"]["1"]["kernel"].shape == (64, 1)
    images = jax.ShapeDtypeStruct((2, 1, 128, 128), jnp.float32)
    for layer, shape in enumerate([(2, 64, 128, 128), (2, 64, 64, 64), (2, 32, 32, 32)]):
        maps = jax.eval_shape(partial(network.activations, layer=layer), parameters, images)
        assert maps.shape == shape
    assert jax.eval_shape(network.apply, parameters, images).shape == (2, 1)


def test_without_dense_layers_any_grid_will_do():
    network = CNN((4,), dense=None)
    parameters, _ = random_network(network, PLANE)
    assert apply(network, parameters, jnp.ones((1, 2, 20, 7))).shape == (1, 2)


def test_dropout_silences_its_fraction_and_keeps_the_mean():
    network = CNN((2,), dense=(4000,), dropout=0.25, outputs=1)
    parameters, images = random_network(network, PLANE, batch=1)
    # Units of output 1, added up.
    parameters["dense"]["0"] = {"kernel": jnp.zeros((160, 4000)), "bias": jnp.ones(4000)}
    parameters["dense"]["1"] = {"kernel": jnp.ones((4000, 1)), "bias": jnp.zeros(1)}
    assert apply(network, parameters, images)[0, 0] == 4000
    key = jax.random.key(0)
    noisy = apply(network, parameters, images, key)[0, 0]
    kept = float(noisy) * 0.75
    assert abs(kept - 3000) < 5 * (4000 * 0.75 * 0.25) ** 0.5
    assert kept != 3000
    np.testing.assert_array_equal(apply(network, parameters, images, key)[0, 0], noisy)
    other = apply(network, parameters, images, jax.random.key(1))[0, 0]
    assert other != noisy


def test_first_outputs_are_of_order_one_and_a_key_fixes_them():
    network = CNN((16, 16, 16), dense=(32,))
    images = np.random.default_rng(1).normal(size=(20, 1, 16, 16))
    first = network.init(jax.random.key(0), jnp.zeros((1, 16, 16)))
    scale = apply(network, first, images).std()
    assert 0.2 < scale < 5
    again = network.init(jax.random.key(0), jnp.zeros((1, 16, 16)))
    jax.tree.map(np.testing.assert_array_equal, again, first)
    other = network.init(jax.random.key(1), jnp.zeros((1, 16, 16)))
    assert (other["dense"]["0"]["kernel"] != first["dense"]["0"]["kernel"]).all()


@pytest.mark.parametrize("variance", [2.0, 1 / 3])
def test_first_weights_have_the_variance_that_is_asked_for(variance):
    network = CNN((64, 64), dense=(64,), weight_variance=variance)
    first = network.init(jax.random.key(0), jnp.zeros((1, 8, 8)))
    for kernel in (first["convolutions"]["1"]["kernel"], first["dense"]["0"]["kernel"]):
        inputs = kernel.size / kernel.shape[-1]
        np.testing.assert_allclose(kernel.var() * inputs, variance, rtol=0.05)


def test_parameters_are_plain_arrays_for_files_and_vmap(tmp_path):
    network = CNN((4,), dense=(5,))
    parameters, images = random_network(network, PLANE)
    expected = apply(network, parameters, images)
    save_tree(tmp_path / "network.npz", parameters)
    read = jax.tree.map(jnp.asarray, load_tree(tmp_path / "network.npz"))
    np.testing.assert_array_equal(apply(network, read, images), expected)

    keys = jax.random.split(jax.random.key(3), 2)
    several = jax.vmap(lambda key: network.init(key, jnp.zeros(PLANE)))(keys)
    outputs = jax.vmap(lambda p: apply(network, p, images))(several)
    one = network.init(keys[1], jnp.zeros(PLANE))
    np.testing.assert_allclose(outputs[1], apply(network, one, images), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"convolutions": ()}, "expected one convolution or more and widths of at least 1"),
        ({"dense": (0,)}, "expected one convolution or more and widths of at least 1"),
        ({"kernel": 4}, "expected a kernel with a middle cell, got an edge of 4; try 3"),
        ({"dropout": 1.0}, r"expected a dropout in \[0, 1\), got 1.0; try 0.5"),
        ({"weight_variance": 0.0}, "expected a positive variance of weights, got 0.0; try 2.0"),
    ],
)
def test_bad_networks_are_told_with_a_remedy(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        CNN(**change)


def test_bad_shapes_are_told_with_a_remedy():
    key, network = jax.random.key(0), CNN((4, 4, 4), pooling=True)
    with pytest.raises(ValueError, match=r"a grid of 8 cells or more along each axis.*; try pooling=False"):
        network.init(key, jnp.zeros((1, 16, 7)))
    with pytest.raises(ValueError, match=r"two or three edges of a grid, got \(1, 16\); try \(1, 64, 64\)"):
        network.init(key, jnp.zeros((1, 16)))
    parameters, _ = random_network(network, (1, 16, 16))
    with pytest.raises(
        ValueError, match=r"images of 1 channels on a grid of 2 axes, got shape \(5, 2, 16, 16\)"
    ):
        apply(network, parameters, jnp.ones((5, 2, 16, 16)))
    with pytest.raises(ValueError, match="expected 16 numbers for the first dense layer, got 36; try images"):
        apply(network, parameters, jnp.ones((5, 1, 24, 24)))
    with pytest.raises(ValueError, match="expected a convolution of 0 to 2, got 3; try -1, the last"):
        activations(network, parameters, jnp.ones((5, 1, 16, 16)), 3)


@pytest.mark.parametrize(
    "network",
    [*(pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS[:2]), NETWORKS[2]],
)
def test_finished_it_gives_without_the_others_what_it_gave_in_training(network, tolerance):
    network = replace(network, standardized=True, dropout=0.0)
    parameters, images = random_network(network, PLANE, batch=6)
    expected = apply(network, parameters, images, jax.random.key(0))
    finished = finish(network, parameters, images, "squared", 4)
    got = np.concatenate([apply(network, finished, three) for three in np.split(images, 2)])
    np.testing.assert_allclose(got, expected, rtol=100 * tolerance, atol=100 * tolerance)


@pytest.mark.parametrize("network", [CNN((4, 3), dense=(5,)), CNN((4,), dense=None, outputs=3)])
def test_finished_for_classes_outputs_sum_to_zero_with_the_same_differences(network):
    parameters, images = random_network(network, PLANE)
    outputs = np.asarray(apply(network, parameters, images))
    centered = apply(network, finish(network, parameters, images, "cross_entropy", 4), images)
    np.testing.assert_allclose(centered, outputs - outputs.mean(axis=1, keepdims=True), atol=1e-12)
