# ruff: noqa: E402 (threads and cores are fixed before the libraries are imported)
"""Descriptors and networks of study 4 beside dscribe, HomCloud and SchNetPack, on one core in one process.

216 atoms of carbon at 2.5 g/cm3, melted for a moment. Called in turn, without compilation; medians of processor
seconds. That both have the same numbers is checked first.

- SOAP: the published one (cut-off 4.1, 8 radial functions, degree 9, width 0.16 angstrom; 360 numbers an atom), in
  double precision, from positions on, neighbours included. dscribe's derivatives are numerical in a cell, and
  analytic in open space only: all of them, of every number of every atom. Ours is the gradient of one number that
  is made of them, in a cell, which is what forces take.
- Histograms: loops of the periodic alpha complex counted in 128 x 128 cells, from positions on.
- SchNet: three interactions, 100 features, 60 Gaussians to 5 angstrom, single precision; a step of training,
  forward, backward and Adam, for batches of 4 frames. SchNetPack's own layers; energies alone, as in the study.

A rival that is not installed is said in a sentence. ``pip install torch schnetpack==2.1.1 --no-deps``, and what
it imports, in an environment of its own, and ``TDAGLASS_RIVALS=ENV/lib/python3.11/site-packages`` lend it to this
script.
"""

import importlib.util
import os
import statistics
import sys
import time
import typing
from collections.abc import Callable
from typing import Any

os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ["OMP_NUM_THREADS"] = os.environ["TDAGLASS_THREADS"] = "1"
if "TDAGLASS_RIVALS" in os.environ:
    sys.path.append(os.environ["TDAGLASS_RIVALS"])

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
import optax

from tdaglass import glass, structure, topology
from tdaglass.glass import units
from tdaglass.learning import SchNet, stack_graphs

REPEATS = 5
N, DENSITY, BATCH = 216, 2.5, 4
BASIS = structure.SoapBasis(4.1, 8, 9, 0.16)
GRID = topology.Grid((0, 8), (0, 8), (128, 128))


def carbon(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A hot diamond that has just lost its order."""
    mass = 12.011 * units.GRAM_PER_MOLE
    density = DENSITY * units.GRAM_PER_CUBIC_CENTIMETRE / mass
    model = glass.tersoff("erhart_albe", counts=(N,), number_density=density)
    state = glass.initialize(jax.random.key(seed), model, 9000 * units.KELVIN)
    state = glass.run(state, model, 300, temperature=9000 * units.KELVIN, dt=units.FEMTOSECOND)
    return np.asarray(state.configuration.positions, float), np.asarray(state.box, float)


def alternate(functions: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median processor milliseconds of each function, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for repeat in range(REPEATS + 1):
        for name, function in functions.items():
            began = time.process_time()
            jax.block_until_ready(function())
            if repeat:  # the first turn compiles
                times[name].append(1e3 * (time.process_time() - began))
    return {name: statistics.median(taken) for name, taken in times.items()}


def row(name: str, ours: float, theirs: float, rival: str) -> None:
    print(f"{name:44s}{ours:10.2f}{theirs:10.2f}{theirs / ours:9.2f}x   {rival}", flush=True)


def soap(positions: np.ndarray, box: np.ndarray) -> None:
    if importlib.util.find_spec("dscribe") is None:
        print("dscribe is not installed, so SOAP is not compared: pip install dscribe")
        return
    from ase import Atoms
    from dscribe.descriptors import SOAP

    def descriptor(periodic: bool) -> SOAP:
        return SOAP(species=["C"], r_cut=4.1, n_max=8, l_max=9, sigma=0.16, periodic=periodic)

    atoms = Atoms(f"C{N}", positions=positions, cell=box, pbc=True)
    alone = Atoms(f"C{N}", positions=positions)

    def ours(x: jax.Array) -> jax.Array:
        return structure.soap(structure.cutoff_neighbors(x, box, BASIS.reach, capacity=room), BASIS)

    room = structure.cutoff_neighbors(positions, box, BASIS.reach).idx.shape[1]
    value, x = jax.jit(ours), jnp.asarray(positions)
    slope = jax.jit(jax.value_and_grad(lambda x: jnp.sum(jnp.sin(ours(x)))))
    theirs, in_the_open = descriptor(True), descriptor(False)
    reference = theirs.create(atoms)
    differ = np.abs(np.asarray(value(x)) - reference).max() / np.abs(reference).max()
    assert differ < 1e-6, f"not the same numbers: {differ}"
    functions = {"ours": lambda: value(x), "theirs": lambda: theirs.create(atoms), "slope": lambda: slope(x)}
    taken = alternate(functions)
    row("SOAP", taken["ours"], taken["theirs"], "dscribe")
    began = time.process_time()
    in_the_open.derivatives(alone, method="analytical", return_descriptor=True)
    open_space = 1e3 * (time.process_time() - began)
    row("  and a gradient", taken["slope"], open_space, "dscribe, all derivatives, once, in open space")


def histograms(positions: np.ndarray, box: np.ndarray) -> None:
    if importlib.util.find_spec("homcloud") is None:
        print("HomCloud is not installed, so histograms are not compared: pip install homcloud")
        return
    import homcloud.interface as homcloud

    wrapped = positions % box

    def theirs() -> np.ndarray:
        periodicity = [(0.0, float(edge)) for edge in box]
        found = homcloud.PDList.from_alpha_filtration(wrapped, periodicity=periodicity)
        return found.dth_diagram(1).histogram((0, 8), 128).values

    def ours() -> np.ndarray:
        loops = topology.persistence(topology.alpha_complex(positions, box))[1]
        return np.histogram2d(loops.death, loops.birth, bins=GRID.edges[::-1])[0]

    inside = jax.jit(lambda x: topology.histogram(topology.diagram(x, box, dimension=1), GRID))
    of_theirs = theirs()
    upper = GRID.above_diagonal & ~np.eye(128, dtype=bool)
    assert np.array_equal(np.asarray(inside(positions))[upper], of_theirs[upper]), "not the same numbers"
    taken = alternate({"ours": ours, "inside": lambda: inside(positions), "theirs": theirs})
    row("histogram of loops", taken["ours"], taken["theirs"], "HomCloud")
    row("  inside jit, with critical simplices", taken["inside"], taken["theirs"], "HomCloud")


def schnet(frames: list[tuple[np.ndarray, np.ndarray]]) -> None:
    network = SchNet(species_count=100)
    tables = [structure.cutoff_neighbors(x, box, 5.0) for x, box in frames]
    graph = stack_graphs(tables, [np.full(N, 6)] * BATCH)
    graph = graph._replace(distance=graph.distance.astype(jnp.float32))
    target = jnp.zeros((BATCH, 1), jnp.float32)
    parameters = network.init(jax.random.key(0), jax.tree.map(lambda x: x[0], graph))
    optimizer = optax.adam(1e-4)
    kept = optimizer.init(parameters)
    functions: dict[str, Callable[[], Any]] = {}
    for name, one in (("ours", network), ("direct", SchNet(species_count=100, table=None))):

        @jax.jit
        def step(parameters: Any, kept: Any, one: SchNet = one) -> Any:
            def loss(p: Any) -> jax.Array:
                return jnp.mean((one.apply(p, graph) - target) ** 2)

            slopes = jax.grad(loss)(parameters)
            moved, kept = optimizer.update(slopes, kept)
            return optax.apply_updates(parameters, moved), kept

        functions[name] = lambda step=step: step(parameters, kept)
    if any(importlib.util.find_spec(name) is None for name in ("torch", "schnetpack")):
        print("SchNetPack is not installed, so only our own step is timed: see the top of this file")
    else:
        functions["theirs"] = torch_step(graph, parameters, network)
    taken = {name: milliseconds / BATCH for name, milliseconds in alternate(functions).items()}
    for name, label in (
        ("ours", "SchNet, a frame of a training step"),
        ("direct", "  filters without the table"),
    ):
        row(label, taken[name], taken.get("theirs", float("nan")), "SchNetPack")


def torch_step(graph: Any, parameters: Any, network: SchNet) -> Callable[[], Any]:
    """The same step by SchNetPack, with the same parameters."""
    import torch
    import torch.utils.data.dataloader as dataloader

    # A name that SchNetPack 2.1.1 imports from PyTorch, which no longer has it; only annotations use it.
    if not hasattr(dataloader, "T_co"):
        dataloader.T_co = typing.TypeVar("T_co", covariant=True)
    from schnetpack import properties
    from schnetpack.atomistic import Atomwise
    from schnetpack.nn import CosineCutoff, GaussianRBF
    from schnetpack.representation import SchNet as TheirSchNet

    torch.set_num_threads(1)
    body = TheirSchNet(100, 3, GaussianRBF(60, 5.0), CosineCutoff(5.0), n_filters=100)
    head = Atomwise(n_in=100, output_key="energy")

    def fill(layer: Any, ours: Any) -> None:
        layer.weight.copy_(torch.tensor(np.asarray(ours["kernel"]).T))
        if layer.bias is not None:
            layer.bias.copy_(torch.tensor(np.asarray(ours["bias"])))

    with torch.no_grad():
        body.embedding.weight.copy_(torch.tensor(np.asarray(parameters["embedding"])))
        for k, block in enumerate(body.interactions):
            ours = parameters["interactions"][str(k)]
            fill(block.in2f, ours["inwards"]["0"])
            for layers, name in ((block.filter_network, "filter"), (block.f2out, "outwards")):
                for number, layer in enumerate(layers):
                    fill(layer, ours[name][str(number)])
        for number, layer in enumerate(head.outnet):
            fill(layer, parameters["head"][str(number)])
    idx, distance = np.asarray(graph.idx), np.asarray(graph.distance)
    system, i, slot = np.nonzero((idx >= 0) & (distance < network.cutoff))
    along = np.zeros((len(i), 3), np.float32)
    along[:, 0] = distance[system, i, slot]
    given = {
        properties.Z: torch.full((BATCH * N,), 6),
        properties.Rij: torch.tensor(along),
        properties.idx_i: torch.tensor(system * N + i),
        properties.idx_j: torch.tensor(system * N + idx[system, i, slot]),
        properties.idx_m: torch.arange(BATCH).repeat_interleave(N),
    }
    target = torch.zeros(BATCH)
    with torch.no_grad():
        theirs = head(body(dict(given)))["energy"].numpy()
    ours = np.asarray(SchNet(species_count=100, table=None).apply(parameters, graph))[:, 0]
    assert np.abs(ours - theirs).max() < 1e-3 * np.abs(theirs).max(), "not the same numbers"
    optimizer = torch.optim.Adam([*body.parameters(), *head.parameters()], 1e-4)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(head(body(dict(given)))["energy"], target).backward()
        optimizer.step()

    return step


def main() -> None:
    frames = [carbon(seed) for seed in range(BATCH)]
    print(
        f"{f'{N} atoms, one core, load {os.getloadavg()[0]:.1f}':44s}{'ours, ms':>10s}{'rival':>10s}{'ratio':>10s}"
    )
    soap(*frames[0])
    histograms(*frames[0])
    schnet(frames)


if __name__ == "__main__":
    main()
