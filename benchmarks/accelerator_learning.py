"""Training of the studies' networks, images a second at stated precision: a part of `accelerator.py`.

Mini-batches of 32 images (of 256 rows for the auto-encoder, of 8 systems of 216 particles for SchNet), Adam,
forward, backward and update. "default" lets a card round the factors of products (TF32 on NVIDIA's), "highest"
does not; PyTorch is told the same. It runs as users write it, one operation after the other, with all data on the
card. SchNet is trained with filters from a table, as by default, and computed for each pair.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from learning import NETWORKS, torch_network

from tdaglass.learning import Autoencoder, Network, ParticleGraph, SchNet
from tdaglass.learning.batches import take_samples
from tdaglass.learning.training.epoch import Plan, first_state, train_epoch

BATCH, ROWS = 32, 256
REPEATS = 3
AUTOENCODER = "study 1, auto-encoder 8-10-2-10-8"
SCHNETS = {
    "study 4, SchNet, table": SchNet(pooling="mean"),
    "study 4, SchNet, each pair": SchNet(pooling="mean", table=None),
}
SYSTEMS, ATOMS, NEIGHBOURS = 8, 216, 64


def cases(tiny: bool) -> Iterator[tuple[str, Any, int, np.ndarray, np.ndarray]]:
    """Name, network, size of a mini-batch, samples and targets."""
    rng = np.random.default_rng(0)
    batches = 2 if tiny else 64
    for name, (network, (channels, *cells)) in NETWORKS.items():
        count = batches * (2 if tiny else BATCH)
        shape = (channels, *(16 if tiny else edge for edge in cells))
        images = rng.normal(size=(count, *shape)).astype(np.float32)
        one = network.outputs == 1
        targets = rng.normal(size=(count, 1)).astype(np.float32) if one else rng.integers(0, 2, count)
        yield name, network, count // batches, images, targets
    rows = rng.normal(size=(batches * ROWS, 8)).astype(np.float32)
    yield AUTOENCODER, Autoencoder(10, 2), ROWS, rows, rows


def graphs(tiny: bool) -> tuple[ParticleGraph, np.ndarray]:
    """Systems whose particles have their neighbours anywhere, as many as carbon has, and targets."""
    rng = np.random.default_rng(0)
    count, atoms, near = SYSTEMS * (2 if tiny else 64), *((8, 4) if tiny else (ATOMS, NEIGHBOURS))
    idx = rng.integers(0, atoms, (count, atoms, near))
    distance = (5 * rng.random(idx.shape) ** (1 / 3)).astype(np.float32)
    kept: Any = np.zeros(idx.shape[:2], int), idx, distance
    return ParticleGraph(*kept), rng.normal(size=(count, 1)).astype(np.float32)


def ours(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """With JAX."""
    of_schnet = ((name, network, SYSTEMS, *graphs(tiny)) for name, network in SCHNETS.items())
    for name, network, size, samples, targets in chain(cases(tiny), of_schnet):
        for precision in ("default", "highest"):
            with jax.default_matmul_precision(precision):
                epoch = our_epoch(network, size, samples, targets)
                begun = time.perf_counter()
                epoch()
                first = time.perf_counter() - begun
                yield {
                    "network": name, "code": "tdaglass", "precision": precision,
                    "samples/s": len(targets) / seconds(epoch), "first epoch, s": first,
                }  # fmt: skip


def our_epoch(network: Network, size: int, samples: Any, targets: np.ndarray) -> Callable[[], Any]:
    """A call that trains one epoch."""
    loss: Any = "squared" if targets.ndim == 2 else "cross_entropy"
    plan = Plan(network, loss, optax.adam(1e-4), size)
    data = jax.tree.map(jnp.asarray, (samples, targets))
    key = jax.random.key(0)
    state = first_state(plan, network.init(key, take_samples(data[0], 0)), 1, jnp.float32)
    return lambda: jax.block_until_ready(train_epoch(key, plan, state, data, None))


def theirs(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """With PyTorch, where it is installed."""
    if importlib.util.find_spec("torch") is None:
        yield {"code": "PyTorch", "absent": "PyTorch is not installed; pip install torch"}
        return
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    for name, network, size, samples, targets in cases(tiny):
        for precision in ("default", "highest"):
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "default"
            epoch = torch_epoch(network, size, samples, targets, device)
            epoch()
            yield {
                "network": name, "code": f"PyTorch {torch.__version__}, {device}", "precision": precision,
                "samples/s": len(samples) / seconds(epoch),
            }  # fmt: skip


def torch_epoch(
    network: Any, size: int, samples: np.ndarray, targets: np.ndarray, device: str
) -> Callable[[], Any]:
    """A call that trains one epoch."""
    import torch
    from torch import nn

    if isinstance(network, Autoencoder):
        widths = (samples.shape[1], network.hidden, network.bottleneck, network.hidden, samples.shape[1])
        first, second, third, fourth = (nn.Linear(*pair) for pair in pairwise(widths))
        model: Any = nn.Sequential(first, nn.Tanh(), second, third, nn.Tanh(), fourth)
    else:
        parameters = network.init(jax.random.key(0), jnp.asarray(samples[0]))
        model = torch_network(network, samples.shape[1:], parameters)
    model = model.to(device).train()
    x, y = torch.tensor(samples).to(device), torch.tensor(targets).to(device)
    loss = nn.MSELoss() if y.ndim == 2 else nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def epoch() -> None:
        for chosen in torch.randperm(len(x), device=device).split(size):
            optimizer.zero_grad()
            loss(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return epoch


def seconds(epoch: Callable[[], Any]) -> float:
    """Of the median epoch."""
    found = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        epoch()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)
