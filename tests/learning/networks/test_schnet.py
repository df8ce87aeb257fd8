"""SchNet beside SchNetPack 2.1: its layers written with NumPy edge by edge, and numbers that it gave itself."""

from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import ParticleGraph, SchNet, particle_graph, response, stack_graphs
from tdaglass.structure import cutoff_neighbors

CUTOFF = 2.5
BOX = np.array([5.2, 5.6, 6.0])
DIRECT = SchNet(features=6, interactions=2, gaussians=8, cutoff=CUTOFF, species_count=2, table=None)
TABULATED = replace(DIRECT, table=128)
apply = jax.jit(SchNet.apply, static_argnums=0)


def system(n, seed=0):
    """A few particles that are not on top of each other, in a box less than two cut-offs and a half wide."""
    random = np.random.default_rng(seed)
    sites = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)[:n] * BOX / 3
    return jnp.asarray(sites + random.normal(0, 0.15, (n, 3))), random.integers(0, 2, n)


def one(graph):
    return ParticleGraph(*(x[None] for x in graph))


@pytest.fixture(scope="module")
def graph():
    positions, species = system(12)
    return particle_graph(cutoff_neighbors(positions, BOX, CUTOFF), species)


@pytest.fixture(scope="module")
def parameters(graph):
    """With biases that are not zero."""
    first = DIRECT.init(jax.random.key(0), graph)
    leaves, place = jax.tree.flatten(first)
    random = np.random.default_rng(1)
    return jax.tree.unflatten(
        place, [x + jnp.asarray(random.normal(0, 0.1, x.shape), x.dtype) for x in leaves]
    )


def energy_by_the_formula(network, parameters, graph):
    """Sum over atoms, as `representation/schnet.py`, `nn/radial.py`, `nn/cutoff.py` and `atomistic.Atomwise`."""
    p = jax.tree.map(lambda x: np.asarray(x, float), parameters)

    def dense(layer, x):
        return x @ layer["kernel"] + layer.get("bias", 0)

    def shifted_softplus(x):
        return np.log1p(np.exp(x)) - np.log(2)

    offsets = np.linspace(0, network.cutoff, network.gaussians)
    width = offsets[1] - offsets[0]
    idx_i, slot = np.nonzero((np.asarray(graph.idx) >= 0) & (np.asarray(graph.distance) < network.cutoff))
    idx_j, d = np.asarray(graph.idx)[idx_i, slot], np.asarray(graph.distance, float)[idx_i, slot]
    f = np.exp(-0.5 / width**2 * (d[:, None] - offsets) ** 2)
    cut = 0.5 * (np.cos(d * np.pi / network.cutoff) + 1)
    x = p["embedding"][np.asarray(graph.species)]
    for k in range(network.interactions):
        block = p["interactions"][str(k)]
        w = dense(block["filter"]["1"], shifted_softplus(dense(block["filter"]["0"], f))) * cut[:, None]
        message = np.zeros_like(x)
        np.add.at(message, idx_i, dense(block["inwards"]["0"], x)[idx_j] * w)
        x = x + dense(block["outwards"]["1"], shifted_softplus(dense(block["outwards"]["0"], message)))
    y = dense(p["head"]["0"], x)
    return dense(p["head"]["1"], y / (1 + np.exp(-y))).sum()


@pytest.mark.float32
def test_energies_are_those_of_the_published_layers_and_the_table_changes_little(
    graph, parameters, tolerance
):
    expected = energy_by_the_formula(DIRECT, parameters, graph)
    assert float(apply(DIRECT, parameters, one(graph))[0, 0]) == pytest.approx(expected, rel=50 * tolerance)
    assert float(apply(TABULATED, parameters, one(graph))[0, 0]) == pytest.approx(expected, rel=3e-5)


def test_an_error_of_the_table_falls_with_the_fourth_power_of_its_step(parameters):
    """Over pairs at fifty distances."""
    apart = jnp.linspace(0.5, CUTOFF, 50)[:, None, None] * jnp.ones((2, 1))
    pairs = ParticleGraph(
        jnp.tile(jnp.array([0, 1]), (50, 1)), jnp.tile(jnp.array([[1], [0]]), (50, 1, 1)), apart
    )
    direct, coarse, fine = (
        np.asarray(apply(replace(DIRECT, table=size), parameters, pairs)) for size in (None, 65, 129)
    )
    errors = [float(np.sqrt(np.mean((x - direct) ** 2))) for x in (coarse, fine)]
    assert 10 < errors[0] / errors[1] < 25


@pytest.fixture(scope="module")
def schnetpack():
    """Of tests/oracles/make_schnet_reference.py."""
    with np.load(Path(__file__).parents[2] / "reference" / "schnet.npz") as file:
        return dict(file)


def test_features_energies_and_forces_are_schnetpacks(schnetpack):
    """With its parameters, in a cell smaller than two cut-offs."""

    def layer(name):
        found = {"kernel": schnetpack[f"parameter.{name}.weight"].T}
        bias = f"parameter.{name}.bias"
        return found | ({"bias": schnetpack[bias]} if bias in schnetpack else {})

    def layers(name):
        return {str(k): layer(f"{name}.{k}") for k in range(2)}

    blocks = {
        str(k): {
            "inwards": {"0": layer(f"0.interactions.{k}.in2f")},
            "filter": layers(f"0.interactions.{k}.filter_network"),
            "outwards": layers(f"0.interactions.{k}.f2out"),
        }
        for k in range(2)
    }
    embedding = schnetpack["parameter.0.embedding.weight"]
    parameters = {"embedding": embedding, "interactions": blocks, "head": layers("1.outnet")}
    parameters = jax.tree.map(jnp.asarray, parameters)
    network = SchNet(6, 2, 8, cutoff=2.625, species_count=len(embedding), table=None)
    near = cutoff_neighbors(schnetpack["positions"], schnetpack["box"], network.cutoff)

    @jax.jit
    def told(displacement):
        def graph_of(d):
            return one(particle_graph(near._replace(displacement=d), schnetpack["species"]))

        answer = response(lambda d: network.apply(parameters, graph_of(d))[0, 0], near)
        return answer, network.particle_features(parameters, graph_of(displacement))[0]

    answer, features = told(near.displacement)
    assert float(answer.energy) == pytest.approx(schnetpack["energy"][0], rel=1e-10)
    np.testing.assert_allclose(answer.forces, schnetpack["forces"], atol=1e-10)
    np.testing.assert_allclose(features, schnetpack["features"], atol=1e-10)
    # As it counts itself, for the networks of the next test.
    assert schnetpack["count"].tolist() == [154301, 293501]


@pytest.mark.parametrize(
    ("interactions", "species", "count"), [(3, 100, 154301), (3, 1, 144401), (6, 100, 293501)]
)
def test_there_are_as_many_parameters_as_in_schnetpack(interactions, species, count, graph):
    network = SchNet(interactions=interactions, species_count=species)
    shapes = jax.eval_shape(network.init, jax.random.key(0), graph)
    assert sum(np.prod(x.shape) for x in jax.tree.leaves(shapes)) == count


@pytest.mark.parametrize("network", [DIRECT, TABULATED], ids=["direct", "table"])
def test_forces_and_virial_are_slopes_in_a_cell_smaller_than_two_cutoffs(network, parameters):
    positions, species = system(12)
    capacity = cutoff_neighbors(positions, BOX, CUTOFF).mask.shape[1] + 4
    random = np.random.default_rng(2)
    direction, strain = (
        jnp.asarray(random.normal(size=positions.shape)),
        jnp.asarray(random.normal(size=(3, 3))),
    )

    @jax.jit
    def energy(move, shear):
        # In place of a box that is strained: the displacements are.
        table = cutoff_neighbors(positions + move * direction, BOX, CUTOFF, capacity=capacity)
        table = table._replace(displacement=table.displacement @ (jnp.eye(3) + shear * strain))
        return network.apply(parameters, one(particle_graph(table, species)))[0, 0]

    table = cutoff_neighbors(positions, BOX, CUTOFF, capacity=capacity)
    answer = response(
        lambda d: network.apply(parameters, one(particle_graph(table._replace(displacement=d), species)))[
            0, 0
        ],
        table,
    )
    step = 1e-5
    slopes = [float(energy(*(step * ahead)) - energy(*(-step * ahead))) / (2 * step) for ahead in np.eye(2)]
    assert answer.energy == pytest.approx(float(energy(0.0, 0.0)), rel=1e-12)
    assert -float(jnp.vdot(answer.forces, direction)) == pytest.approx(slopes[0], rel=1e-6)
    assert float(jnp.vdot(answer.virial, strain)) == pytest.approx(slopes[1], rel=1e-6)
    np.testing.assert_allclose(answer.forces.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose(answer.virial, answer.virial.T, atol=1e-12)


def test_systems_of_any_size_are_what_they_are_alone(parameters):
    tables, kinds = [], []
    for seed, n in enumerate((12, 7, 9)):
        positions, species = system(n, seed)
        tables.append(cutoff_neighbors(positions, BOX, CUTOFF))
        kinds.append(species)
    together = stack_graphs(tables, kinds)
    hidden = together.idx < 0
    together = together._replace(distance=jnp.where(hidden, jnp.nan, together.distance))

    def total(distance):
        return DIRECT.apply(parameters, together._replace(distance=distance))

    alone = [
        float(apply(DIRECT, parameters, one(particle_graph(*system)))[0, 0])
        for system in zip(tables, kinds, strict=True)
    ]
    np.testing.assert_allclose(total(together.distance)[:, 0], alone, rtol=1e-12)
    slopes = jax.grad(lambda d: total(d).sum())(together.distance)
    assert jnp.isfinite(slopes).all()
    assert not slopes[hidden].any()


def test_a_particle_that_leaves_is_forgotten_without_a_jump(parameters):
    """Energy and force at the cut-off."""

    def energy(network, distance):
        pair = ParticleGraph(jnp.array([0, 1]), jnp.array([[1], [0]]), jnp.full((2, 1), distance))
        return network.apply(parameters, one(pair))[0, 0]

    for network in (DIRECT, TABULATED):
        slope = jax.jit(jax.value_and_grad(lambda d, network=network: energy(network, d)))
        (inside, pull), (outside, none) = slope(CUTOFF - 1e-6), slope(CUTOFF + 1e-6)
        assert inside == pytest.approx(float(outside), abs=1e-10)
        assert abs(float(pull)) < 1e-5
        assert none == 0


@pytest.mark.usefixtures("unchecked")
def test_what_cannot_be_meant_is_refused():
    for wrong, sentence in (
        ({"features": 1}, "at least 2 features"),
        ({"cutoff": 0.0}, "positive cut-off"),
        ({"gamma": -1.0}, "positive gamma"),
        ({"pooling": "max"}, "sum or mean"),
        ({"table": 1}, "table of 2"),
    ):
        with pytest.raises(ValueError, match=sentence):
            SchNet(**wrong)
    table = cutoff_neighbors(jnp.zeros((1, 3)), None, 1.0)
    with pytest.raises(ValueError, match="a code for each particle"):
        particle_graph(table, [0, 1])
    with pytest.raises(ValueError, match="species of 1 systems"):
        stack_graphs([table], [])
