"""Fixed numbers of PyTorch for tests/learning/networks/test_cnn.py, test_gradcam.py: outputs, gradients, Grad-CAM.

python tests/oracles/make_cnn_reference.py   (PyTorch 2, in an environment of its own: it is no dependency)
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def network(padding_mode: str, pooling: bool, edge: int) -> nn.Sequential:
    """Two convolutions and two dense layers."""
    pool = [nn.MaxPool2d(2)] if pooling else []
    cells = (edge // 4 if pooling else edge) ** 2
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, padding_mode=padding_mode), nn.ReLU(), *pool,
        nn.Conv2d(4, 3, 3, padding=1, padding_mode=padding_mode), nn.ReLU(), *pool,
        nn.Flatten(), nn.Linear(3 * cells, 5), nn.ReLU(), nn.Linear(5, 2),
    )  # fmt: skip


images = torch.randn(3, 2, 8, 8)
arrays = {"images": images.numpy(), "version": np.array(torch.__version__)}
for name, padding_mode, pooling in (("circular", "circular", False), ("zero", "zeros", True)):
    model = network(padding_mode, pooling, images.shape[-1])
    last_relu = 4 if pooling else 3
    head, tail = model[: last_relu + 1], model[last_relu + 1 :]
    maps = head(images)
    outputs = tail(maps)
    (slope,) = torch.autograd.grad(outputs[:, 1].sum(), maps, retain_graph=True)
    grad_cam = torch.relu((slope.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1))
    nn.functional.cross_entropy(outputs, torch.tensor([0, 1, 0])).backward()
    for key, value in {"outputs": outputs, "maps": maps, "grad_cam": grad_cam}.items():
        arrays[f"{name}.{key}"] = value.detach().numpy()
    for key, value in model.named_parameters():
        arrays[f"{name}.parameter.{key}"] = value.detach().numpy()
        arrays[f"{name}.gradient.{key}"] = value.grad.numpy()
np.savez_compressed(Path(__file__).parents[1] / "reference" / "cnn.npz", **arrays)
