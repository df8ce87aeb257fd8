"""File formats of the field, one module each, all with the same four functions and two constants.

``count_frames(path)``, ``iterate_frames(path, start, stop, step)``, ``kinds_of_particles(path)`` (the names
of species in all frames, where a file has names only) and ``write_frames(file, frames)``, which yields what
is to be said; the ``SUFFIXES`` of its files, and ``TEXT``: whether `write_frames` is given an open text file
or a path. `by_name` holds them all and tells which a file is in, so a new format is a module here and a line
there. `any_ase` stands for every format that ASE reads and we do not.

What a reader hands over is a `FileFrame` (`file_frame`): what stands in the file, in three dimensions, with
the file's own names of species and the ids of particles. `file_frame.to_frame` makes of it the `Frame` that a
user sees, with the help of `cells`, `dimensions` and `species`. The text formats share lines with their
numbers (`text_lines`), whole tables (`text_tables`) and one frame after another (`text_frames`).
"""
