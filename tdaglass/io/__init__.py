"""In and out: configurations and trajectories in the field's formats, and other groups' public data.

`read` gives one `Frame` of a file, `iterate_trajectory` all of them one at a time, `read_trajectory` all of
them in one record; `write` takes a configuration, a frame or a trajectory with per-particle columns, and
replaces a file whole or not at all. `from_ase` and `to_ase` do without files. What stands in a file tells its
format, then its suffix, then ASE; a suffix .gz, .bz2, .xz or .zst may follow, and is not needed to read:

================  ================================  ======================================================
format            suffixes                          keeps
================  ================================  ======================================================
``extxyz``        .xyz, .extxyz                     everything, bit for bit; opens in OVITO and ASE
``lammps-dump``   .lammpstrj, .dump, .atom,         all but the header, bit for bit (truth values as 0
                  .lammpsdump                       and 1); no left-handed cells
``lammps-data``   .data, .lmp, .lammps              one frame, the columns of its atom style; positions to
                                                    rounding; no open axes
``gsd``           .gsd                              columns, step, numbers of the header; positions, box,
                                                    velocities, diameters, masses, charges as float32; no
                                                    open axes, first vector along x, second in the xy plane
any other         whatever ASE reads                reading only; lengths in Å
================  ================================  ======================================================

All of them hold two and three dimensions, unwrapped positions, triclinic cells, species names and, if there are
any, velocities; extxyz and LAMMPS dumps open axes as well. What is read comes back as NumPy float64, int32 species
codes, int64, bool or text columns, whatever went in; diameters (or radii) of the particles also as those of the
configuration. What a file leaves open is taken in the likeliest way and said by a `FileWarning`, once for a file.

`load_dataset` recognises the public glassy-dynamics data of BOTAN, DeepMind and GlassBench, and the excerpts
in tdaglass's own layout, and gives each as one `PropensityData`.

`formats` has a module for each format, `datasets` one for each group's data.
"""

from tdaglass.io.ase_atoms import from_ase, to_ase
from tdaglass.io.datasets import PropensityData, load_dataset
from tdaglass.io.formats.by_name import FORMATS
from tdaglass.io.frame import Frame, column
from tdaglass.io.notes import FileWarning
from tdaglass.io.reading import iterate_trajectory, read, read_trajectory
from tdaglass.io.writing import write

__all__ = [
    "FORMATS",
    "FileWarning",
    "Frame",
    "PropensityData",
    "column",
    "from_ase",
    "iterate_trajectory",
    "load_dataset",
    "read",
    "read_trajectory",
    "to_ase",
    "write",
]
