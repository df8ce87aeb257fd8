"""Training of the networks of studies 2 and 4 beside PyTorch: images a second, on the same cores in one process.

Timed, without compilation, in alternation: one epoch of mini-batches of 32 in single precision, Adam, forward,
backward and update, from shuffled indices on. PyTorch runs the same layers in its default layout and with
channels last, of which the faster counts; ours is `train_epoch`. That both have the same outputs is checked first.

PyTorch is no dependency of this project; without it only our rate is printed. ``pip install torch`` in an
environment of its own, and ``PYTHONPATH=ENV/lib/python3.11/site-packages``, lend it to this script.
"""

import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from tdaglass.learning import CNN, predict
from tdaglass.learning.training.epoch import Plan, first_state, train_epoch

BATCH, BATCHES, REPEATS = 32, 4, 5
NETWORKS = {
    "study 2, 64 x 64": (CNN((32, 32, 32), dense=(64,)), (2, 64, 64)),
    "study 4, 128 x 128": (
        CNN((64, 64, 32), padding="zero", pooling=True, dense=(64,), dropout=0.0, outputs=1),
        (1, 128, 128),
    ),
}


def our_epoch(network: CNN, images: np.ndarray, targets: np.ndarray) -> tuple[Callable[[], Any], dict]:
    """A call that trains one epoch, and the parameters it starts from."""
    loss = "cross_entropy" if network.outputs > 1 else "squared"
    plan = Plan(network, loss, optax.adam(1e-4), BATCH)
    data = jnp.asarray(images), jnp.asarray(targets)
    key = jax.random.key(0)
    state = first_state(plan, network.init(key, data[0][0]), 1, jnp.float32)
    return lambda: jax.block_until_ready(train_epoch(key, plan, state, data, None)), state.parameters


def torch_network(network: CNN, shape: tuple[int, ...], parameters: dict) -> Any:
    """The same network with the same parameters."""
    from torch import nn, no_grad, tensor

    layers: list[Any] = []
    maps, edge = shape[0], shape[1]
    for width in network.convolutions:
        mode = "circular" if network.padding == "circular" else "zeros"
        layers += [nn.Conv2d(maps, width, 3, padding=1, padding_mode=mode), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if network.pooling else []
        maps, edge = width, edge // (1 + network.pooling)
    inputs = maps * edge * edge
    layers += [nn.Flatten(), nn.Linear(inputs, network.dense[0]), nn.ReLU()]
    layers += [nn.Dropout(network.dropout), nn.Linear(network.dense[0], network.outputs)]
    model = nn.Sequential(*layers)
    convolutions = [layer for layer in model if isinstance(layer, nn.Conv2d)]
    dense = [layer for layer in model if isinstance(layer, nn.Linear)]
    with no_grad():
        for k, layer in enumerate(convolutions):
            kernel = np.asarray(parameters["convolutions"][str(k)]["kernel"])
            layer.weight.copy_(tensor(kernel.transpose(3, 2, 0, 1)))
            layer.bias.zero_()
        for k, layer in enumerate(dense):
            kernel = np.asarray(parameters["dense"][str(k)]["kernel"])
            if k == 0:
                kernel = kernel.reshape(edge, edge, maps, -1).transpose(2, 0, 1, 3).reshape(inputs, -1)
            layer.weight.copy_(tensor(kernel.T.copy()))
            layer.bias.zero_()
    return model


def torch_epoch(model: Any, images: np.ndarray, targets: np.ndarray, layout: Any) -> Callable[[], Any]:
    """A call that trains one epoch."""
    import torch

    model = model.to(memory_format=layout).train()
    x, y = torch.tensor(images).to(memory_format=layout), torch.tensor(targets)
    loss = torch.nn.MSELoss() if y.ndim == 2 else torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def epoch() -> None:
        for idx in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[idx]), y[idx]).backward()
            optimizer.step()

    return epoch


def alternate(**functions: Callable[[], Any]) -> dict[str, tuple[float, float]]:
    """Median seconds of each function by the clock and by the processors, called in turn."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in functions}
    for repeat in range(REPEATS + 1):
        for name, function in functions.items():
            clock, processors = time.perf_counter(), time.process_time()
            function()
            if repeat:  # the first turn compiles
                times[name].append((time.perf_counter() - clock, time.process_time() - processors))
    return {name: tuple(map(statistics.median, zip(*t, strict=True))) for name, t in times.items()}


def main() -> None:
    rival = importlib.util.find_spec("torch") is not None
    cores = len(os.sched_getaffinity(0))
    if rival:
        import torch

        torch.set_num_threads(cores)
        layouts = {"torch": torch.contiguous_format, "torch_last": torch.channels_last}
    else:
        print("PyTorch is not installed, so only our own rate is timed: pip install torch")
    print(
        f"{f'{cores} cores, float32':22s} {'ours, images/s':>15s} {'PyTorch':>9s} {'clock':>7s} {'cpu time':>9s}"
    )
    rng = np.random.default_rng(0)
    for name, (network, shape) in NETWORKS.items():
        count = BATCH * BATCHES
        images = rng.normal(size=(count, *shape)).astype(np.float32)
        one = network.outputs == 1
        targets = rng.normal(size=(count, 1)).astype(np.float32) if one else rng.integers(0, 2, count)
        ours, parameters = our_epoch(network, images, targets)
        functions = {"ours": ours}
        if rival:
            model = torch_network(network, shape, parameters).eval()
            with torch.no_grad():
                theirs = model(torch.tensor(images[:8])).numpy()
            difference = np.abs(predict(network, parameters, jnp.asarray(images[:8])) - theirs).max()
            assert difference < 1e-3, f"not the same numbers: {difference}"
            for key, layout in layouts.items():
                model = torch_network(network, shape, parameters)
                functions[key] = torch_epoch(model, images, targets, layout)
        seconds = alternate(**functions)
        clock, processors = seconds.pop("ours")
        row = f"{name:22s} {count / clock:15.1f}"
        if rival:
            best = [min(values) for values in zip(*seconds.values(), strict=True)]
            row += f" {count / best[0]:9.1f} {best[0] / clock:6.2f}x {best[1] / processors:8.2f}x"
        print(row, flush=True)


if __name__ == "__main__":
    main()
