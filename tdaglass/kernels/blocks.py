"""The same time steps on a CUDA card, one system a block of threads and many steps a launch, as JAX functions.

They take and give what `molecular_dynamics.advance` does, and promise the same: leading axes are independent
systems, forces are added up as integers, and a trajectory depends neither on its company, nor on the lists, nor on
the division of its steps into calls. The kernel's text is compiled at first use, for the cards that there are.
"""

import ctypes
import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.kernels.cards import Card, find_card
from tdaglass.kernels.library import library
from tdaglass.kernels.machine_code import machine_code
from tdaglass.kernels.molecular_dynamics import (
    Interaction,
    Motion,
    Observation,
    Sums,
    not_differentiable,
    sum_shapes,
)
from tdaglass.kernels.nvrtc import find_compiler

TARGETS = ("tdaglass_block_advance", "tdaglass_block_observe")
FUNCTIONS = ("tdaglass_block_plan", "tdaglass_block_code")
MOST_SPECIES = 4
# Neighbours that a list may have room for.
MOST_ROOM = 1016
# Numbers of 32 bits in which a sum over replicas leaves a launch.
WORDS = 4
# Statuses (of `molecular_dynamics.STATUS`) that are not the system's fault.
LIST_FULL, DOES_NOT_FIT = 7, 8
# A system may have several blocks where its card can join them to a cluster. Particles of each of them, at least.
FIRST_WITH_CLUSTERS = 9  # of compute capabilities, their first number
MOST_BLOCKS, LEAST_PARTICLES = 8, 256
# JAX's name for the devices that blocks run on.
BACKEND = "cuda"

# `Sums` as whole numbers, which add up exactly in any order, `WORDS` of each at the end: see `whole_numbers`.
ExactSums = tuple[Array, Array, Array, Array, Array]


def advance(
    motion: Motion,
    species: Int[Array, "*batch particles"],
    diameters: Float[Array, "*batch particles"],
    box: Float[Array, "*batch dim"],
    temperature: Float[Array, "*batch"],
    slope: Float[Array, "*batch"],
    first: Int[Array, "*batch"],
    last: Int[Array, "*batch"],
    observation: Observation | None = None,
    *,
    interaction: Interaction,
    thermostat: bool,
    dt: float,
    skin: float,
    room: int,
) -> tuple[Motion, Int[Array, "*batch"], Int[Array, "*batch"], Int[Array, "*batch"], ExactSums | None]:
    """Make the steps `first` to `last` of NVE or (with `thermostat`) NVT dynamics on a card.

    A system has one block of threads, or `blocks_of_system` of them, which changes no bit.

    Parameters
    ----------
    room : int
        Neighbours that a list has room for, `MOST_ROOM` at most; changes no bit.

    Returns
    -------
    Motion
        Not to be used where the status is not zero.
    made, status : (...,) int32
        As of `molecular_dynamics.advance`. Where it is `LIST_FULL`, try again with more room.
    longest : (...,) int32
        Neighbours that a list would have had to take: more than `room` where it was full.
    ExactSums, or None
        Zero at moments that are not among these steps: what several calls and cards observe is added exactly
        by `whole_numbers`, and then made numbers by `sums_of`.

    Raises
    ------
    RuntimeError
        If there is no card, its compiler is missing, or a block does not hold the systems; in one sentence.

    See Also
    --------
    molecular_dynamics.advance : the other parameters.
    """
    *batch, n, dimension = motion.fraction.shape
    here = set(cards())
    # Under `vmap` there are more systems than are seen here, so that the call is told what was chosen.
    n_blocks = min(blocks_of_system(math.prod(batch), n, card) for card in here)
    for card in here:
        plan = make_plan(
            interaction,
            n,
            dimension,
            thermostat=thermostat,
            dt=dt,
            skin=skin,
            room=room,
            card=card,
            observes=observation is not None,
            n_blocks=n_blocks,
        )
        if plan.status:
            raise RuntimeError(why_no_block(interaction, n, dimension, card))
        compile_for(plan.options, card)
    if observation is None:
        name, vmap_method = "tdaglass_block_advance", "broadcast_all"
        sums = []
    else:
        name, vmap_method = "tdaglass_block_observe", "sequential"
        shapes = sum_shapes(observation, n, len(interaction.masses))
        sums = [jax.ShapeDtypeStruct((*shape, WORDS), jnp.int32) for shape in shapes]
    results = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in (first, *motion, first, first)]
    call = not_differentiable(
        "the CUDA kernels",
        jax.ffi.ffi_call(name, sums + results, vmap_method=vmap_method),
        **interaction.attributes(),
        thermostat=bool(thermostat),
        dt=np.float64(dt),
        skin=np.float64(skin),
        room=np.int64(room),
        blocks_of_system=np.int64(n_blocks),
    )
    found = call(*(observation or ()), *motion, species, diameters, box, temperature, slope, first, last)
    longest, *moved, made, status = found[len(sums) :]
    return Motion(*moved), made, status, longest, tuple(found[: len(sums)]) if sums else None


def whole_numbers(words: Int[Array | np.ndarray, "cards *sums words"]) -> np.ndarray:
    """What several cards observed, added up: (..., 2) int64, in 2^-8 and in 2^-52 of a unit."""
    return np.ascontiguousarray(words, "<i4").view("<i8").sum(0)


def sums_of(wholes: Sequence[np.ndarray], length: float) -> Sums:
    """Whole numbers as numbers in single precision, each rounded once; `length` is the `Plan`'s."""
    units = length, length**2, length**2, 1, 1
    exact = (x[..., 0] * 2.0**-8 + x[..., 1] * 2.0**-52 for x in wholes)
    distance, distance_sq, cage_sq, scattering, scattering_sq = (
        jnp.asarray(x * unit, jnp.float32) for x, unit in zip(exact, units, strict=True)
    )
    return distance, distance_sq, cage_sq, scattering, scattering_sq


class Plan(NamedTuple):
    """How systems are laid out in a block.

    Attributes
    ----------
    status : int
        Zero, or why there is no plan: an index of `molecular_dynamics.STATUS`.
    threads : int
        Of a block.
    shared_bytes, scratch_bytes : int
        Of each system, on the multiprocessor and in the card's memory.
    length : float
        Unit of the lengths that are observed.
    options : str
        Of the compiler.
    """

    status: int
    threads: int
    shared_bytes: int
    scratch_bytes: int
    length: float
    options: str


class _PlanRecord(ctypes.Structure):
    """As ``PlanRecord`` in ``src/cuda/launch/for_python.hpp``."""

    _fields_ = (
        ("threads", ctypes.c_int32),
        ("shared_bytes", ctypes.c_int64),
        ("scratch_bytes", ctypes.c_int64),
        ("length", ctypes.c_double),
        ("options", ctypes.c_char * 1024),
    )


_Table = ctypes.POINTER(ctypes.c_double)


class _Settings(ctypes.Structure):
    """As `Settings` in ``src/molecular_dynamics/molecular_dynamics.hpp``."""

    _fields_ = (
        ("dimension", ctypes.c_int64),
        ("n_particles", ctypes.c_int64),
        ("n_species", ctypes.c_int64),
        ("sigma", _Table),
        ("epsilon", _Table),
        ("cutoff", _Table),
        ("masses", _Table),
        ("form", ctypes.c_int64),
        ("exponent", ctypes.c_int64),
        ("truncation", ctypes.c_int64),
        ("non_additivity", ctypes.c_double),
        ("smallest", ctypes.c_double),
        ("largest", ctypes.c_double),
        ("thermostat", ctypes.c_bool),
        ("dt", ctypes.c_double),
        ("skin", ctypes.c_double),
    )


def blocks_of_system(systems: int, n: int, card: Card) -> int:
    """How many blocks a system of `n` particles has: more than one where multiprocessors would have none."""
    if card.major < FIRST_WITH_CLUSTERS:
        return 1
    most = min(card.multiprocessors // max(systems, 1), n // LEAST_PARTICLES, MOST_BLOCKS)
    return 1 << max(most.bit_length() - 1, 0)


def make_plan(
    interaction: Interaction,
    n: int,
    dimension: int,
    *,
    card: Card,
    thermostat: bool = True,
    dt: float = 0.005,
    skin: float = 0.3,
    room: int = 8,
    observes: bool = False,
    n_blocks: int = 1,
) -> Plan:
    """How `n` particles are laid out in a block of a card, or in 2, 4 or 8."""
    attributes = {
        name: value.ctypes.data_as(_Table) if isinstance(value, np.ndarray) else value
        for name, value in interaction.attributes().items()
    }
    settings = _Settings(
        dimension=dimension,
        n_particles=n,
        n_species=len(interaction.masses),
        thermostat=thermostat,
        dt=dt,
        skin=skin,
        **attributes,
    )
    record = _PlanRecord()
    status = library().tdaglass_block_plan(
        ctypes.byref(settings),
        ctypes.c_int64(room),
        ctypes.c_int64(observes),
        ctypes.c_int64(n_blocks),
        ctypes.byref(card.record()),
        ctypes.byref(record),
    )
    options = record.options.decode()
    return Plan(status, record.threads, record.shared_bytes, record.scratch_bytes, record.length, options)


@cache
def why_no_block(interaction: Interaction, n: int, dimension: int, card: Card) -> str | None:
    """Why a block of a card does not hold such a system, in one sentence; None if it does."""
    if len(interaction.masses) > MOST_SPECIES:
        found = len(interaction.masses)
        return f"the CUDA kernels know {MOST_SPECIES} species, got {found}; try engine='jax'"

    def fits(n: int) -> bool:
        return not make_plan(interaction, n, dimension, card=card).status

    if fits(n):
        return None
    most, too_many = 2, n
    if not fits(most):
        return "the forces of this model are out of the range of the CUDA kernels; try engine='jax'"
    while too_many - most > 1:
        middle = (most + too_many) // 2
        most, too_many = (middle, too_many) if fits(middle) else (most, middle)
    return f"a block of the {card.name} holds {most} particles at most, got {n}; try engine='jax'"


@cache
def cards_or_why() -> tuple[Card, ...] | str:
    """The cards of this process, or why there is none, in one sentence."""
    try:
        devices = jax.local_devices(backend=BACKEND)
    except RuntimeError:
        return "there is no CUDA card here that JAX was installed for; try engine='jax'"
    found = []
    for device in devices:
        card = find_card(device.local_hardware_id or 0)
        if isinstance(card, str):
            return card
        found.append(card)
    return tuple(found)


@cache
def why_no_card() -> str | None:
    """Why blocks cannot run on the cards of this process, in one sentence; None if they can."""
    here = cards_or_why()
    if isinstance(here, str):
        return here
    compilers = (find_compiler(card.architecture, card.driver) for card in here)
    return next((compiler for compiler in compilers if isinstance(compiler, str)), None)


def cards() -> tuple[Card, ...]:
    """The cards of this process.

    Raises
    ------
    RuntimeError
        If there is none; why, in one sentence.
    """
    found = cards_or_why()
    if isinstance(found, str):
        raise RuntimeError(found)
    return found


@cache
def compile_for(options: str, card: Card) -> None:
    """Have the library know the machine code of plans with these options.

    Raises
    ------
    RuntimeError
        If there is no compiler for the card, or it does not take the text; in one sentence.
    """
    compiler = find_compiler(card.architecture, card.driver)
    if isinstance(compiler, str):
        raise RuntimeError(compiler)
    target = compiler.target(card.architecture)
    assert target is not None, card  # or it was not found
    code = machine_code(compiler, options.split(), target)
    name = f"{options} sm_{card.architecture}"
    library().tdaglass_block_code(name.encode(), code, ctypes.c_int64(len(code)))
