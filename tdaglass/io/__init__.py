"""In and out: configurations and trajectories in the field's formats, and other groups' public data.

`read` gives one `Frame` of a file, `iterate_trajectory` all of them one at a time, `read_trajectory` all of
them in one record; `write` takes a configuration, a frame or a trajectory with per-particle columns, and
replaces a file whole or not at all. The suffix names the format:

================  ============================  ==========================================================
format            suffixes                      keeps
================  ============================  ==========================================================
``extxyz``        .xyz, .extxyz                 everything, bit for bit; opens in OVITO and ASE
``lammps-dump``   .lammpstrj, .dump             everything, bit for bit (truth values as 0 and 1)
``lammps-data``   .data, .lmp, .lammps          one frame without columns; positions to rounding
``gsd``           .gsd                          columns and step; positions, velocities, box as float32
================  ============================  ==========================================================

All of them hold two and three dimensions, unwrapped positions, species names (``lammps-data``: numbers) and,
if there are any, velocities. What is read comes back as NumPy float64, int32 species codes, int64 or bool
columns, whatever went in.

`load_dataset` recognises the public glassy-dynamics data of BOTAN, DeepMind and GlassBench, and the excerpts
in tdaglass's own layout, and gives each as one `PropensityData`.

`formats` has a module for each format, `datasets` one for each group's data.
"""

from tdaglass.io.datasets import PropensityData, load_dataset
from tdaglass.io.formats.by_name import FORMATS
from tdaglass.io.frame import Frame, column
from tdaglass.io.reading import iterate_trajectory, read, read_trajectory
from tdaglass.io.writing import write

__all__ = [
    "FORMATS",
    "Frame",
    "PropensityData",
    "column",
    "iterate_trajectory",
    "load_dataset",
    "read",
    "read_trajectory",
    "write",
]
