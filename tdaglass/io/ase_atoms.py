"""ASE's `Atoms` and a `Frame`, each made of the other.

Positions stay as they are, wrapped or not, counted from the corner of the cell (`celldisp` is subtracted), the
cell becomes edges or lattice vectors, and axes that are not periodic get an edge of infinity. ASE keeps momenta:
velocities are momenta over masses, in ASE's unit, sqrt(eV / u), and become momenta again. Arrays are columns
(initial charges as `charge`, masses, where they were set, as `mass`), `info` and the results of a calculator are
header and columns (`energy`, `stress`, `forces`).
"""

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from tdaglass.io.formats.cells import as_matrix, open_axes
from tdaglass.io.formats.file_frame import FROM_FILE, FileFrame, to_frame
from tdaglass.io.frame import Frame, host_arrays
from tdaglass.io.notes import say

if TYPE_CHECKING:
    from ase import Atoms

_RENAMED = {"initial_charges": "charge", "masses": "mass"}
# What stands elsewhere in a frame.
_ELSEWHERE = ("numbers", "positions", "momenta", "species")


def from_ase(atoms: "Atoms") -> Frame:
    """The frame of ASE's atoms.

    Parameters
    ----------
    atoms : ase.Atoms

    Returns
    -------
    Frame
        Species are coded by their symbols, in alphabetical order, or by an array `species` of names, as `to_ase`
        leaves for those that are no chemical symbols. Atoms at z = 0 in a cell that is periodic along x and y
        only are taken as two-dimensional.

    Raises
    ------
    ValueError
        Positions are not finite, or the cell has no lattice vector along a periodic axis.

    Examples
    --------
    >>> from ase import Atoms
    >>> frame = from_ase(Atoms("NiP", [[0, 0, 0], [1, 2, 3]], cell=[4, 5, 6], pbc=True))
    >>> frame.species_names, frame.configuration.box.tolist()
    (('Ni', 'P'), [4.0, 5.0, 6.0])
    """
    frame, notes = to_frame(
        file_frame_of(atoms, "the atoms"), "the atoms", "the atoms", None, None, FROM_FILE
    )
    say(notes, set())
    return frame


def to_ase(frame: Frame) -> "Atoms":
    """ASE's atoms of one frame.

    Parameters
    ----------
    frame : Frame
        One frame, not a trajectory.

    Returns
    -------
    ase.Atoms
        Flat systems at z = 0 in a cell without a third vector, periodic along x and y. Species whose names are no
        chemical symbols become X, of number 0, and their names stand in the array `species`.

    Raises
    ------
    ImportError
        ASE is not there.
    ValueError
        The frame is a trajectory.

    Examples
    --------
    >>> from tdaglass import Configuration
    >>> still = Configuration(np.zeros((2, 3)), np.array([0, 1]), np.ones(3))
    >>> to_ase(Frame(still, species_names=("Cu", "Zr"))).get_chemical_symbols()
    ['Cu', 'Zr']
    """
    ase = _ase()
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.data import atomic_numbers

    positions, species, box = host_arrays(frame)
    if positions.ndim != 2:
        raise ValueError(
            f"expected one frame (particles, dim), got positions {positions.shape}; try to_ase of each frame of "
            "iterate_trajectory"
        )
    n, dimension = positions.shape
    flat = [(0, 0), (0, 3 - dimension)]
    periodic = ~open_axes(box, dimension)
    cell = np.zeros((3, 3))
    if box is not None:
        cell[:dimension, :dimension] = np.where(np.isinf(as_matrix(box)), 0.0, as_matrix(box))
    names = frame.species_names
    symbols = bool(names) and all(name in atomic_numbers for name in names)
    numbers = np.array([atomic_numbers[name] if symbols else 0 for name in names] or [0])
    atoms = ase.Atoms(
        numbers=numbers[species] if names else np.zeros(n, int),
        positions=np.pad(positions.astype(np.float64), flat),
        cell=cell,
        pbc=[*periodic.tolist(), False][:3],
    )
    if names and not symbols:
        atoms.new_array("species", np.array(names)[species])
    columns, header = dict(frame.columns), dict(frame.header)
    if frame.configuration.diameters is not None and not {"diameter", "radius"} & columns.keys():
        columns["diameter"] = np.asarray(frame.configuration.diameters)
    if "mass" in columns:
        atoms.set_masses(columns.pop("mass"))
    if "charge" in columns:
        atoms.set_initial_charges(columns.pop("charge"))
    results = {name: header.pop(name) for name in ("energy", "free_energy", "stress") if name in header}
    results |= {name: columns.pop(name) for name in ("forces", "energies", "stresses") if name in columns}
    for name, values in columns.items():
        atoms.new_array(name, np.asarray(values))
    if frame.velocities is not None:
        # Atoms without mass keep their velocities only if they get one.
        masses = atoms.get_masses()
        if not np.all(masses > 0):
            atoms.set_masses(np.where(masses > 0, masses, 1.0))
        atoms.set_velocities(np.pad(np.asarray(frame.velocities, np.float64), flat))
    atoms.info.update(header)
    for name in ("step", "time"):
        if getattr(frame, name) is not None:
            atoms.info[name] = getattr(frame, name)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **_in_voigt_order(results))
    return atoms


def file_frame_of(atoms: "Atoms", name: str) -> FileFrame:
    """ASE's atoms as if they stood in a file of that name."""
    periodic = tuple(map(bool, atoms.pbc))
    cell = np.array(atoms.cell.array)
    names = atoms.arrays.get("species")
    labels = (
        np.array(atoms.get_chemical_symbols(), dtype="U") if names is None else np.asarray(names).astype(str)
    )
    columns = {
        _RENAMED.get(key, key): np.array(values)
        for key, values in atoms.arrays.items()
        if key not in _ELSEWHERE
    }
    header = {key: value for key, value in atoms.info.items() if isinstance(key, str)}
    results = {} if atoms.calc is None else getattr(atoms.calc, "results", {})
    for key, value in results.items():
        if value is None:
            continue
        if np.ndim(value) and len(value) == len(atoms) and key not in ("stress", "dipole", "magmom"):
            columns.setdefault(key, np.array(value))
        else:
            header.setdefault(key, np.array(value) if np.ndim(value) else value)
    step, time = header.get("step"), header.get("time")
    step = (
        _taken(header, "step", step)
        if isinstance(step, int | np.integer) and not isinstance(step, bool)
        else None
    )
    time = _taken(header, "time", time) if isinstance(time, float | int | np.floating) else None
    notes = []
    if not any(periodic) and not cell.any() and name != "the atoms":
        notes.append(
            f"expected a cell in {name}, got none; took the particles in open space; try box=(...) with its edge "
            "lengths"
        )
    columns = {
        key: values for key, values in columns.items() if values.ndim <= 2 and values.dtype.kind in "fiubU"
    }
    return FileFrame(
        atoms.get_positions() - np.asarray(atoms.get_celldisp()).reshape(3),
        labels,
        None,
        cell if cell.any() else None,
        periodic,  # type: ignore[arg-type]
        None,
        atoms.get_velocities() if atoms.has("momenta") else None,
        columns,
        None if step is None else int(step),
        None if time is None else float(time),
        None,
        header,
        notes=tuple(notes),
    )


def _taken(header: dict[str, Any], name: str, value: Any) -> Any:
    del header[name]
    return value


def _in_voigt_order(results: dict[str, Any]) -> dict[str, Any]:
    stress = results.get("stress")
    if stress is not None and np.shape(stress) == (3, 3):
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = np.asarray(stress)
        return {**results, "stress": np.array([xx, yy, zz, yz, xz, xy])}
    return results


def _ase() -> ModuleType:
    try:
        import ase
    except ImportError:
        raise ImportError("expected the ase package to make Atoms, got none; try pip install ase") from None
    return ase
