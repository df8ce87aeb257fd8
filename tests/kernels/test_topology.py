"""Arrays that the loops of complexes cannot read are refused: they get addresses, and would read on."""

import gudhi
import jax
import ml_dtypes
import numpy as np
import pytest

from tdaglass import kernels
from tdaglass.kernels import topology

pytestmark = pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))

N, DIM = 9, 3
BOX = np.ones(DIM)
POSITIONS = np.random.default_rng(0).random((N, DIM))
SITES = (POSITIONS, None, None)
# Nearly regular: all its faces appear with their own spheres.
TETRAHEDRON = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) + 0.05 * POSITIONS[:4]
CELL = np.arange(DIM + 1, dtype=np.int32)[None]
CELLS = (CELL, np.zeros((1, DIM + 1, DIM), np.int8))
WIDE = np.zeros((N, 2 * DIM))[:, ::2]  # of the right shape, with gaps


def found():
    """The complex of one tetrahedron, and its pairs."""
    sites = (TETRAHEDRON, None, None)
    points, shifts, faces, values = topology.fill_complex(sites, CELLS, 0.0)
    pairs, _ = topology.pair(values, faces)
    return sites, list(zip(points, shifts, strict=True)), list(faces), list(values), pairs


def room(k, dtype=np.float64, n=5):
    whole, real = np.zeros((n, k + 1), np.int32), np.zeros((n, k + 1), dtype)
    edges = np.zeros((n, k + 1, DIM))
    return whole, edges.astype(np.int32), np.zeros(n, dtype), edges.astype(dtype), real


def spheres(**changed):
    sites, simplices, _, _, pairs = found()
    given = {
        "sites": sites,
        "given": sites[0],
        "wrapped": np.zeros((DIM + 1, DIM), np.int32),
        "below": simplices[1],
        "above": simplices[2],
        "pairs": pairs[1][:4],
        "opens": room(1),
        "ends": room(2),
    }
    return topology.critical_spheres(**{**given, **changed})


def read_only(array):
    array.flags.writeable = False
    return array


def paired(values=lambda x: x, faces=lambda x: x):
    _, _, its_faces, its_values, _ = found()
    return topology.pair([*its_values[:-1], values(its_values[-1])], [*its_faces[:-1], faces(its_faces[-1])])


REFUSED = {
    "positions in single precision": (
        lambda: topology.images_around((POSITIONS.astype(np.float32), None, BOX), 1.0),
        r"expected positions float64 \(9, 3\), got float32 \(9, 3\); try .*np.float64",
    ),
    "positions with gaps": (
        lambda: topology.images_around((WIDE, None, BOX), 1.0),
        "in another order",
    ),
    "positions on a line": (
        lambda: topology.images_around((POSITIONS[:, :1], None, BOX), 1.0),
        "2 or 3",
    ),
    "whole weights": (
        lambda: topology.images_around((POSITIONS, np.ones(N, int), BOX), 1.0),
        "expected weights float64",
    ),
    "a box of two edges": (lambda: topology.images_around((POSITIONS, None, BOX[:2]), 1.0), "a box float64"),
    "no box": (lambda: topology.images_around(SITES, 1.0), "got None; try"),
    "long numbers of images": (
        lambda: topology.cells_of_box(
            (POSITIONS, None, BOX), np.arange(N), np.zeros((N, DIM), np.int32), CELL
        ),
        "expected image_point int32",
    ),
    "long numbers of points": (
        lambda: topology.fill_complex(SITES, (CELL.astype(np.int64), CELLS[1]), 0.0),
        "expected points of cells int32",
    ),
    "wide shifts": (
        lambda: topology.fill_complex(SITES, (CELL, CELLS[1].astype(np.int32)), 0.0),
        "expected shifts of cells int8",
    ),
    "triangles for tetrahedra": (
        lambda: topology.fill_complex(SITES, (CELL[:, :3].copy(), CELLS[1]), 0.0),
        r"expected points of cells int32 \(1, 4\)",
    ),
    "values in single precision": (
        lambda: paired(values=lambda x: x.astype(np.float32)),
        r"expected values\[3\] float64",
    ),
    "long faces": (lambda: paired(faces=lambda x: x.astype(np.int64)), r"expected faces\[3\] int32"),
    "faces of another simplex": (lambda: paired(faces=lambda x: x[:, :3].copy()), r"expected faces\[3\]"),
    "given in single precision": (
        lambda: spheres(given=np.zeros((DIM + 1, DIM), np.float32)),
        "expected given float64",
    ),
    "whole room": (lambda: spheres(opens=room(1, np.int64)), "room for float32 or float64 values, got int64"),
    "room of two kinds": (
        lambda: spheres(opens=room(1, np.float32)),
        "expected values of ends float32",
    ),
    "less room": (lambda: spheres(ends=room(2, n=4)), r"expected points of ends int32 \(5, 3\)"),
    "room that is not to be written to": (
        lambda: spheres(opens=tuple(map(read_only, room(1)))),
        "read-only",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_arrays_of_other_types_are_refused(what):
    call, said = REFUSED[what]
    with pytest.raises(TypeError, match=said):
        call()


DTYPES = (
    "?",
    "i1",
    "u1",
    "i2",
    "i4",
    "i8",
    "u8",
    "f2",
    "f4",
    "f8",
    "c8",
    ">f8",
    ">i4",
    "O",
    "S4",
    ml_dtypes.bfloat16,
)


def calls():
    """Each function with arguments that it takes, as dicts of nested tuples of arrays."""
    sites, simplices, faces, values, pairs = found()
    periodic = (sites[0], np.full(len(sites[0]), 0.1), 3 * np.eye(DIM) + 0.1)
    tree = gudhi.AlphaComplex(points=sites[0]).create_simplex_tree(default_filtration_value=True)
    images = topology.images_around(periodic, 4.0)
    yield topology.read_tree, {"state": tree.__getstate__(), "dim": DIM}
    yield topology.images_around, {"sites": periodic, "depth": 1.0}
    cells = topology.read_tree(tree.__getstate__(), DIM)
    yield (
        topology.cells_of_box,
        {"sites": periodic, "image_point": images[1], "image_shift": images[2], "cells": cells},
    )
    yield topology.fill_complex, {"sites": (*sites[:2], np.full(DIM, 9.0)), "cells": CELLS, "flat": 0.0}
    yield topology.pair, {"values": tuple(values), "faces": tuple(faces)}
    for dtype in (np.float32, np.float64):
        given = {"given": sites[0], "wrapped": np.zeros((DIM + 1, DIM), np.int32), "pairs": pairs[1][:4]}
        given |= {
            "below": simplices[1],
            "above": simplices[2],
            "opens": room(1, dtype),
            "ends": room(2, dtype),
        }
        yield topology.critical_spheres, {"sites": periodic, **given}


def test_every_argument_of_every_function_in_every_other_type_is_refused():
    """And with another number of axes, one more in a row, in another order, and of numbers that are of nothing."""
    tried = 0
    for function, arguments in calls():
        function(**arguments)
        leaves, structure = jax.tree.flatten(arguments)
        for k, leaf in enumerate(leaves):
            if not isinstance(leaf, np.ndarray) or not leaf.size:
                continue
            others = [leaf.astype(dtype) for dtype in DTYPES if np.dtype(dtype) != leaf.dtype]
            if function is topology.read_tree:
                others = [x for x in others if x.dtype not in (np.int8, np.uint8)]
            else:
                others += [leaf[None], leaf[..., None], np.append(leaf, leaf[..., -1:], axis=-1)]
                others += [np.repeat(leaf, 2, axis=-1)[..., ::2]] if leaf.shape[-1] > 1 else []
            # Numbers of simplices, points and images; shifts may be anything.
            if leaf.dtype == np.int32 and leaf.ndim < 3 and function is not topology.critical_spheres:
                others += [leaf + 1000, leaf - 1000] if leaf.shape != images_shape(arguments) else []
            for other in others:
                with pytest.raises((TypeError, ValueError), match=r"^expected .*, got .*; try"):
                    function(**jax.tree.unflatten(structure, [*leaves[:k], other, *leaves[k + 1 :]]))
                tried += 1
    assert tried > 500


def images_shape(arguments):
    return arguments["image_shift"].shape if "image_shift" in arguments else None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_as_they_should_be_are_not(dtype):
    opens, ends = room(1, dtype), room(2, dtype)
    count = spheres(opens=opens, ends=ends)
    *_, pairs = found()
    assert 0 < count <= len(pairs[1][0])
    np.testing.assert_allclose(opens[2][:count], pairs[1][2][-count:], rtol=1e-5)
    assert topology.images_around((POSITIONS, None, BOX), 0.5)[0].shape[1] == DIM
