import logging
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tdaglass.learning import CNN, Network, accuracy, check_training, fit_network, predict, random_symmetry
from tdaglass.learning.training.epoch import train_epoch
from tdaglass.runs import Run

NETWORK = CNN((6, 6), dense=(8,), dropout=0.2)
ADAM = optax.adam(optax.cosine_decay_schedule(0.01, 200))
OPTIONS = {
    "optimizer": ADAM,
    "epochs": 12,
    "batch_size": 16,
    "augment": partial(random_symmetry, symmetries=("translations",)),
    "progress": False,
}


def textures(seed, count):
    """Noise, smoothed along rows (0) or along columns (1)."""
    noise = np.random.default_rng(seed).normal(size=(count, 1, 8, 8))
    rows, columns = (sum(np.roll(noise, shift, axis) for shift in range(3)) / 3**0.5 for axis in (-1, -2))
    classes = np.arange(count) % 2
    return jnp.asarray(np.where(classes[:, None, None, None] == 1, columns, rows)), jnp.asarray(classes)


@pytest.fixture(scope="module")
def data():
    return textures(0, 200)


@pytest.fixture(scope="module")
def held_out():
    return textures(1, 60)


@pytest.fixture(scope="module")
def scrambled(held_out):
    """The better the training, the worse it does here."""
    return held_out[0], 1 - held_out[1]


def equal(one, other):
    jax.tree.map(np.testing.assert_array_equal, one, other)


@pytest.fixture(scope="module")
def trained(data, held_out):
    return fit_network(jax.random.key(0), NETWORK, *data, validation=held_out, **OPTIONS)


@pytest.fixture(scope="module")
def impatient(data, scrambled):
    return fit_network(jax.random.key(0), NETWORK, *data, validation=scrambled, patience=2, **OPTIONS)


def test_two_textures_are_told_apart_on_images_never_seen(data):
    network = CNN((8, 8), dense=None)
    found = fit_network(
        jax.random.key(0), network, *data, optimizer=optax.adam(0.01), epochs=30,
        augment=partial(random_symmetry, symmetries=("translations", "mirrors")), progress=False,
    )  # fmt: skip
    assert accuracy(network, found.parameters, *textures(2, 200)) == 1
    assert found.best_epoch == 29
    assert not found.stopped_early
    assert jnp.isnan(found.history.validation_loss).all()


def test_a_number_is_regressed():
    images = np.random.default_rng(0).normal(size=(300, 1, 8, 8))
    roughness = ((images - np.roll(images, 1, -1)) ** 2).mean(axis=(1, 2, 3))
    targets = ((roughness - roughness.mean()) / roughness.std())[:, None]
    images, targets = jnp.asarray(images), jnp.asarray(targets)
    network = CNN((16,), dense=None, outputs=1)
    found = fit_network(
        jax.random.key(1), network, images[:200], targets[:200], loss="squared",
        optimizer=optax.adam(0.01), epochs=60, progress=False,
    )  # fmt: skip
    error = predict(network, found.parameters, images[200:]) - targets[200:]
    assert jnp.mean(error**2) < 0.3 * targets[200:].var()
    assert jnp.isnan(found.history.training_accuracy).all()


def test_standardized_means_tell_rare_events():
    """Of dots, one pair in twenty touches or not: means over cells that differ by a few thousandths."""
    random = np.random.default_rng(0)

    def dots(count):
        images = np.zeros((count, 1, 16, 16), np.float32)
        for k, image in enumerate(images[:, 0]):
            image.flat[random.choice(256, 20, replace=False)] = 1
            x, y = random.integers(0, 16, 2)
            image[x, y] = image[x, (y + (1 if k % 2 else 8)) % 16] = 3
        return jnp.asarray(images), jnp.arange(count) % 2

    network = CNN((8, 8), dense=None, standardized=True)
    found = fit_network(
        jax.random.key(0), network, *dots(200), optimizer=optax.adam(0.01), epochs=30, batch_size=20,
        augment=random_symmetry, progress=False,
    )  # fmt: skip
    images, classes = dots(100)
    outputs = np.asarray(predict(network, found.parameters, images))
    assert np.mean(outputs.argmax(axis=1) == classes) >= 0.97
    np.testing.assert_allclose(outputs.sum(axis=1), 0, atol=1e-3)


def test_the_best_epoch_is_kept_and_its_scores_are_those_of_its_parameters(
    trained, impatient, held_out, scrambled
):
    assert trained.history.training_loss[-1] < trained.history.training_loss[0]
    check_training(trained)
    for found, validation in ((trained, held_out), (impatient, scrambled)):
        history, best = found.history, int(found.best_epoch)
        assert best == np.nanargmin(history.validation_loss)
        logits = predict(NETWORK, found.parameters, validation[0], batch_size=7)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, validation[1])
        assert losses.mean() == pytest.approx(float(history.validation_loss[best]), rel=1e-9)
        right = accuracy(NETWORK, found.parameters, *validation)
        assert right == pytest.approx(float(history.validation_accuracy[best]), abs=1e-6)


def test_a_key_fixes_every_bit(trained, data, held_out):
    again = fit_network(jax.random.key(0), NETWORK, *data, validation=held_out, **OPTIONS)
    equal(again, trained)
    other = fit_network(jax.random.key(1), NETWORK, *data, validation=held_out, **OPTIONS)
    assert (other.history.training_loss != trained.history.training_loss).all()


@pytest.mark.float32
def test_killed_and_resumed_it_ends_with_the_same_bits(tmp_path, trained, data, held_out):
    def fit(keep):
        return fit_network(
            jax.random.key(0), NETWORK, *data, validation=held_out, keep=keep, keep_every=5,
            name="textures", **OPTIONS,
        )  # fmt: skip

    with Run.open(tmp_path, "textures", {}) as run:

        def killed_in_the_second_part(name, compute):
            result = compute()
            if name == "textures-10":
                raise KeyboardInterrupt
            return run.chunk(name, lambda: result)

        with pytest.raises(KeyboardInterrupt):
            fit(killed_in_the_second_part)
    computed = []
    with Run.open(tmp_path, "textures", {}) as run:

        def watched(name, compute):
            return run.chunk(name, lambda: computed.append(name) or compute())

        equal(fit(watched), trained)
        assert computed == ["textures-10", "textures-12"]
        equal(fit(watched), trained)
        assert computed == ["textures-10", "textures-12"]


def test_patience_ends_it_and_nothing_after_is_trained(impatient):
    last = int(impatient.best_epoch) + 2
    assert impatient.stopped_early
    assert last < 11
    assert jnp.isfinite(impatient.history.validation_loss[: last + 1]).all()
    assert jnp.isnan(impatient.history.training_loss[last + 1 :]).all()
    check_training(impatient)


def test_epochs_and_seeds_share_one_compilation(trained, data, held_out):
    before = train_epoch._cache_size()
    for seed in (3, 4):
        key = jax.random.fold_in(jax.random.key(0), seed)
        fit_network(key, NETWORK, *data, validation=held_out, keep=lambda _, compute: compute(), **OPTIONS)
    assert train_epoch._cache_size() == before


def test_every_epoch_sees_whole_batches_of_other_samples():
    """A network without weights to speak of learns the mean of its targets from every sample."""
    images = jnp.zeros((10, 1, 4, 4))
    targets = jnp.where(jnp.arange(10) == 9, 1.0, 0.0)[:, None]
    found = fit_network(
        jax.random.key(0), CNN((1,), dense=None, outputs=1), images, targets, loss="squared",
        optimizer=optax.sgd(0.0), epochs=40, batch_size=4, progress=False,
    )  # fmt: skip
    seen = found.history.training_loss > 0
    assert 20 < seen.sum() < 40  # eight of ten in each epoch


def test_a_diverged_training_stops_and_says_so(data):
    options = OPTIONS | {"optimizer": optax.sgd(1e300), "augment": None}
    found = fit_network(jax.random.key(0), CNN((2,), dense=None), *data, **options)
    assert not found.stopped_early
    assert jnp.isnan(found.history.training_loss[-1])
    with pytest.raises(
        ValueError, match=r"a finite loss, got none in epoch \d+; try a smaller learning rate"
    ):
        check_training(found)


def test_batch_jobs_read_the_loss_in_the_log(data, held_out, caplog, monkeypatch):
    monkeypatch.setattr("tdaglass.progress._LOG_EVERY", 0.0)
    with caplog.at_level(logging.INFO):
        fit_network(jax.random.key(0), NETWORK, *data, validation=held_out, **(OPTIONS | {"progress": None}))
    assert caplog.messages[0].startswith("training: 1 of 12")
    assert ", loss 0." in caplog.messages[0]
    assert ", validation 0." in caplog.messages[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch_size": 201}, "mini-batches of 201; try a smaller batch_size"),
        (
            {"targets": lambda t: t + 1},
            "expected classes of 0 to 1, got 1 to 2; try a network of more outputs",
        ),
        ({"targets": lambda t: t * 1.0}, r"try targets.astype\(int\), or loss='squared'"),
        ({"loss": "squared"}, r"expected targets of shape \(200, 2\), got \(200,\); try targets\[:, None\]"),
        ({"patience": 3}, r"expected validation samples to be patient by, got none; try validation=\(...\)"),
        (
            {"augment": lambda _, x: x[:, :, :4]},
            r"an augment that keeps shapes .* got \(\(200, 1, 4, 8\), .*; try a func",
        ),
        ({"epochs": 0}, "expected epochs, keep_every and patience of at least 1, got 0, 25, None"),
    ],
)
def test_bad_settings_are_told_with_a_remedy(data, change, sentence):
    change = dict(change)
    targets = change.pop("targets", lambda t: t)(data[1])
    with pytest.raises(ValueError, match=sentence):
        fit_network(jax.random.key(0), NETWORK, data[0], targets, **(OPTIONS | change))


def test_bad_samples_are_told_with_a_remedy(data):
    with pytest.raises(ValueError, match="expected finite samples, got NaN or infinity; try leaving those"):
        fit_network(jax.random.key(0), NETWORK, data[0].at[3, 0, 1, 1].set(jnp.nan), data[1])


@dataclass(frozen=True)
class Mean(Network):
    """One number a sample, without an axis of outputs."""

    def init(self, key, sample):
        return {"scale": jnp.ones(())}

    def apply(self, parameters, samples, key=None):
        return parameters["scale"] * samples.mean(axis=(1, 2, 3))


def test_outputs_without_an_axis_are_told_with_a_remedy(data):
    with pytest.raises(ValueError, match=r"outputs of shape \(200, outputs\), got \(200,\); try a last axis"):
        fit_network(jax.random.key(0), Mean(), *data, loss="squared")
