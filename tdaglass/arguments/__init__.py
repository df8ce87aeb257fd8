"""What users hand over, turned once, at the door of a public function, into what the library computes with.

Lists, integers and floats of any width become arrays of the float type that JAX runs with; a float32 array stays
one. What cannot be meant is refused in one sentence: by its shape always, by its values where they are known, in
eager calls and their gradients. Inside `jit` and `vmap` values are unknown, and only shapes speak.
"""

from tdaglass.arguments.cell import cell, cell_on_host
from tdaglass.arguments.numbers import (
    Numbers,
    check_key,
    concrete,
    doubles,
    floats,
    number,
    positive,
    table,
    whole,
    whole_numbers,
)
from tdaglass.arguments.particles import (
    MOST_SPECIES,
    chosen,
    finite,
    labels,
    one_system,
    pair_table,
    points,
    species_count,
)

__all__ = [
    "MOST_SPECIES",
    "Numbers",
    "cell",
    "cell_on_host",
    "check_key",
    "chosen",
    "concrete",
    "doubles",
    "finite",
    "floats",
    "labels",
    "number",
    "one_system",
    "pair_table",
    "points",
    "positive",
    "species_count",
    "table",
    "whole",
    "whole_numbers",
]
