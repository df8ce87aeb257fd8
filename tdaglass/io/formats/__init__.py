"""File formats of the field, one module each, all with the same three functions and two constants.

``count_frames(path)``, ``iterate_frames(path, start, stop, step)`` and ``write_frames(file, frames)``; the
``SUFFIXES`` of its files, and ``TEXT``: whether `write_frames` is given an open text file or a path. `by_name`
holds them all, so a new format is a module here and a line there.

What a reader hands over is a `FileFrame` (`file_frame`): what stands in the file, in three dimensions, with the
file's own names of species and the ids of particles. `file_frame.to_frame` makes of it the `Frame` that a user
sees. The text formats share the reading of whole tables (`text_tables`) and of one frame after another
(`text_frames`).
"""
