"""One step of NVE, NVT and NPT dynamics on jax-md's integrators, taught to move fixed-point positions.

jax-md dispatches its building blocks on the type of the positions; registering `FixedPoint` there is all it
takes for its velocity Verlet and Nose-Hoover chains to drive our positions with our own order of additions.

States are taken with axes first (`kinetics.axes_first`), so that every operation runs along the particles.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax_md import simulate
from jaxtyping import Array, Float, Int

from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics import chains
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.chains import HalfChain
from tdaglass.glass.molecular_dynamics.kinetics import degrees_of_freedom, kinetic_energy, masses
from tdaglass.glass.molecular_dynamics.state import CHAIN_LENGTH, Chain, State
from tdaglass.space import FixedPoint, fixed_point, in_full_vectors, rounded

# Periods of the chains in units of the time step, as LAMMPS's manual recommends.
THERMOSTAT_PERIOD = 100
BAROSTAT_PERIOD = 1000


@simulate.position_step.register(FixedPoint)
def _move(state: Any, shift_fn: Callable, dt: Array, *, box: Array, **_: Any) -> Any:
    return state.set(position=shift_fn(state.position, dt * state.momentum / state.mass, box[:, None]))


@simulate.kinetic_energy.register(FixedPoint)
def _kinetic_energy(state: Any) -> Array:
    return kinetic_energy(state.momentum, state.mass)


def make_step(
    model: Model, ensemble: Ensemble, dt: float, *, accelerator: bool = False
) -> Callable[..., State]:
    """Step function ``(state, kT, pressure, slots, n_slots) -> state`` of one system."""
    if ensemble == "nve":
        return _nve_step(model, dt)
    make_chain = chains.half_chain if accelerator else _half_chain
    return {"nvt": _nvt_step, "npt": _npt_step}[ensemble](model, dt, make_chain)


def _nve_step(model: Model, dt: float) -> Callable[..., State]:
    """Velocity Verlet."""

    def force_fn(
        position: FixedPoint,
        *,
        species: Array,
        diameters: Array,
        box: Array,
        slots: Array,
        n_slots: Array | int,
    ) -> Float[Array, "dim n"]:
        return model.forces_from_table(position.fraction, species, diameters, box, slots, n_slots)

    def step(
        state: State,
        kT: Float[Array, ""],
        pressure: Float[Array, ""],
        slots: Int[Array, "k n"],
        n_slots: Array | int,
    ) -> State:
        del kT, pressure
        mass = masses(model, state)
        moving = simulate.NVEState(state.position, rounded(state.velocity * mass), state.force, mass)
        moved = simulate.velocity_verlet(
            force_fn,
            fixed_point.shift,
            dt,
            moving,
            species=state.species,
            diameters=state.diameters,
            box=state.box,
            slots=slots,
            n_slots=n_slots,
        )
        return state._replace(
            position=moved.position, velocity=moved.velocity, force=moved.force, step=state.step + 1
        )

    return step


def _nvt_step(model: Model, dt: float, make_chain: Callable[..., HalfChain]) -> Callable[..., State]:
    """Velocity Verlet between two half steps of a Nose-Hoover chain."""
    verlet = _nve_step(model, dt)
    half_chain = make_chain(dt, THERMOSTAT_PERIOD, degrees_of_freedom(model))

    def step(
        state: State,
        kT: Float[Array, ""],
        pressure: Float[Array, ""],
        slots: Int[Array, "k n"],
        n_slots: Array | int,
    ) -> State:
        def half_thermostat(state: State) -> State:
            mass = masses(model, state)
            kinetic = kinetic_energy(state.velocity * mass, mass)
            factor, thermostat = half_chain(state.thermostat, kinetic, kT)
            return state._replace(velocity=factor * state.velocity, thermostat=thermostat)

        return half_thermostat(verlet(half_thermostat(state), kT, pressure, slots, n_slots))

    return step


def _npt_step(model: Model, dt: float, make_chain: Callable[..., HalfChain]) -> Callable[..., State]:
    """Isotropic Martyna-Tobias-Klein dynamics, eqs. (33)-(38) of Tuckerman et al., J. Phys. A 39, 5629 (2006).

    On fractions of the box rather than on jax-md's `npt_nose_hoover`, which expands fractional coordinates as
    if they were lengths and differentiates the energy twice a step; the chains are jax-md's.
    """
    dim, n_f = model.dimension, degrees_of_freedom(model)
    alpha = 1 + dim / n_f
    half_thermostat = make_chain(dt, THERMOSTAT_PERIOD, n_f)
    half_barostat = make_chain(dt, BAROSTAT_PERIOD, 1)
    growth = in_full_vectors(_growth)

    def step(
        state: State,
        kT: Float[Array, ""],
        pressure: Float[Array, ""],
        slots: Int[Array, "k n"],
        n_slots: Array | int,
    ) -> State:
        h = jnp.asarray(dt, state.velocity.dtype)
        mass = masses(model, state)
        box_mass = (n_f + dim) * kT * (BAROSTAT_PERIOD * h) ** 2

        def half_chains(state: State) -> State:
            kinetic = kinetic_energy(state.velocity * mass, mass)
            factor, thermostat = half_thermostat(state.thermostat, kinetic, kT)
            box_factor, barostat = half_barostat(state.barostat, state.box_momentum**2 / box_mass / 2, kT)
            return state._replace(
                velocity=factor * state.velocity,
                thermostat=thermostat,
                box_momentum=box_factor * state.box_momentum,
                barostat=barostat,
            )

        def kick_box(state: State) -> State:
            _, virial = model.energy_and_virial_from_table(
                state.position.fraction, state.species, state.diameters, state.box, slots, n_slots
            )
            twice_kinetic = 2 * kinetic_energy(state.velocity * mass, mass)
            force = alpha * twice_kinetic + virial - dim * pressure * jnp.prod(state.box)
            return state._replace(box_momentum=state.box_momentum + h / 2 * force)

        def kick(state: State) -> State:
            # p' = p e^(-2x) + (h/2) F e^(-x) sinhc(x)
            stretch, kicked = growth(-alpha * state.box_momentum / box_mass * h / 2)
            return state._replace(
                velocity=rounded(state.velocity * stretch) + h / 2 * state.force / mass * kicked
            )

        def drift(state: State) -> State:
            # r' = r e^x + h v e^(x/2) sinhc(x/2): in fractions of the new box the first term stands still.
            stretch, moved_by = growth(state.box_momentum / box_mass * h)
            box = state.box * stretch
            moved = fixed_point.shift(state.position, h * state.velocity * moved_by, box[:, None])
            force = model.forces_from_table(
                moved.fraction, state.species, state.diameters, box, slots, n_slots
            )
            return state._replace(position=moved, box=box, force=force)

        for part in (half_chains, kick_box, kick, drift, kick, kick_box, half_chains):
            state = part(state)
        return state._replace(step=state.step + 1)

    return step


def _half_chain(dt: float, period: int, n_f: int) -> HalfChain:
    """Half a step of jax-md's Nose-Hoover chain on `n_f` degrees of freedom.

    The function maps (chain, kinetic energy, kT) to the factor that multiplies the velocities, and the chain.
    """
    chain_fns = simulate.nose_hoover_chain(
        dt, chain_length=CHAIN_LENGTH, chain_steps=1, sy_steps=1, tau=period * dt
    )

    def half_step(chain: Chain, kinetic: Array, kT: Array) -> tuple[Array, Chain]:
        tau = jnp.asarray(period * dt, kinetic.dtype)
        unset = jnp.ones_like(chain.momentum)
        full = simulate.NoseHooverChain(chain.position, chain.momentum, unset, tau, kinetic, n_f)
        factor, full = chain_fns.half_step(jnp.ones_like(kinetic), chain_fns.update_mass(full, kT), kT)
        return factor, Chain(full.position, full.momentum)

    return in_full_vectors(half_step)


def _growth(x: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """e^x, and its mean over a step, e^(x/2) sinh(x/2) / (x/2), by a series: x is the tiny growth in one step."""
    y = x / 2
    sinhc = 1 + y**2 / 6 * (1 + y**2 / 20 * (1 + y**2 / 42))
    return jnp.exp(x), jnp.exp(y) * sinhc
