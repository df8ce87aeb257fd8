"""Fixed numbers of SchNetPack for tests/learning/networks/test_schnet.py: layers, energy and forces.

python tests/oracles/make_schnet_reference.py   (schnetpack 2.1.1, in an environment of its own with PyTorch: it is
no dependency)
"""

import typing
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
import torch.utils.data.dataloader as dataloader

# A name that SchNetPack 2.1.1 imports from PyTorch, which no longer has it; only annotations use it.
if not hasattr(dataloader, "T_co"):
    dataloader.T_co = typing.TypeVar("T_co", covariant=True)

from schnetpack import properties
from schnetpack.atomistic import Atomwise
from schnetpack.nn import CosineCutoff, GaussianRBF
from schnetpack.representation import SchNet

torch.manual_seed(0)
# Gaussians stand apart by what is exact in single precision, in which SchNetPack makes them.
CUTOFF, SPECIES = 2.625, 3


def network(features: int, interactions: int, gaussians: int, cutoff: float) -> torch.nn.ModuleList:
    """Representation and head, as they stand in a `NeuralNetworkPotential`."""
    representation = SchNet(
        n_atom_basis=features,
        n_interactions=interactions,
        radial_basis=GaussianRBF(gaussians, cutoff),
        cutoff_fn=CosineCutoff(cutoff),
        n_filters=features,
    )
    return torch.nn.ModuleList([representation, Atomwise(n_in=features, output_key="energy")])


def count(modules: torch.nn.ModuleList) -> int:
    return sum(x.numel() for x in modules.parameters())


random = np.random.default_rng(0)
box = np.array([5.2, 5.6, 6.0])
sites = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)[:12] * box / 3
positions, species = sites + random.normal(0, 0.15, (12, 3)), random.integers(0, SPECIES, 12)
shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), -1).reshape(-1, 3) * box
apart = positions[None, :, None] + shifts - positions[:, None, None]
distance = np.linalg.norm(apart, axis=-1)
i, j, image = np.nonzero((distance > 0) & (distance < CUTOFF))

small = network(6, 2, 8, CUTOFF).double()
representation, head = small
with torch.no_grad():
    for parameter in small.parameters():
        parameter += 0.1 * torch.randn_like(parameter)
moving = torch.tensor(positions, requires_grad=True)
inputs = {
    properties.Z: torch.tensor(species),
    properties.Rij: moving[j] + torch.tensor(shifts[image]) - moving[i],
    properties.idx_i: torch.tensor(i),
    properties.idx_j: torch.tensor(j),
    properties.idx_m: torch.zeros(12, dtype=torch.long),
}
energy = head(representation(inputs))["energy"]
(slope,) = torch.autograd.grad(energy.sum(), moving)
arrays = {
    "version": np.array(metadata.version("schnetpack")),
    "positions": positions,
    "species": species,
    "box": box,
    "energy": energy.detach().numpy().ravel(),
    "forces": -slope.numpy(),
    "features": inputs["scalar_representation"].detach().numpy(),
    # Of the published study, with the species that SchNetPack has by default; of three and of six interactions.
    "count": np.array([count(network(100, t, 60, 5.0)) for t in (3, 6)]),
}
for name, parameter in small.named_parameters():
    arrays[f"parameter.{name}"] = parameter.detach().numpy()
np.savez_compressed(Path(__file__).parents[1] / "reference" / "schnet.npz", **arrays)
print(arrays["count"], arrays["energy"], [n for n in arrays if "parameter" in n][:3])
