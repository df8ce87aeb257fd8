"""The smallest chain of triangles that fills a loop: a linear program near the triangle that ends it."""

import highspy
import numpy as np
from scipy.sparse import csc_matrix, hstack

from tdaglass.topology.alpha import AlphaComplex

Array = np.ndarray
# Among chains of as few cells the one of earlier cells is taken; counts up to its inverse come first.
TIE = 1e-3
# So many cells to begin with, then so many times as many.
FIRST, GROWTH = 30, 2.0


def smallest_chain(
    complex_: AlphaComplex, dimension: int, last: int, closed: Array, usable: Array
) -> Array | None:
    r"""Cells of the smallest :math:`\sum_i |x_i|` with :math:`x_\mathrm{last} = 1`, closed where it must be.

    Solved in a region around the last cell, which may have a boundary where the region ends. Where it has one, the
    region grows. Once it has none, nothing in the whole complex is smaller, for all the rest could only forbid.

    Parameters
    ----------
    complex_ : AlphaComplex
    dimension : int
        Of the cells.
    last : int
        The one that must be there.
    closed : (simplices,) bool
        Simplices of one dimension less on which no boundary may be.
    usable : (cells,) bool

    Returns
    -------
    (cells,) int32, or None if there is no such chain.
    """
    faces, values = complex_.faces[dimension], complex_.values[dimension]
    early = values[usable].min(initial=values[last])
    span = values[last] - early or 1.0
    outside = usable.copy()
    outside[last] = False
    region, enough = np.array([last]), float(FIRST)
    grow_at = _marked(len(closed), faces[last]) & closed
    while True:
        while len(region) < enough:
            joining = np.flatnonzero(outside & grow_at[faces].any(axis=1))
            if not len(joining):
                break
            outside[joining] = False
            region = np.append(region, joining)
            grow_at = _marked(len(closed), faces[joining]) & closed
        matrix, rows = _boundary(faces[region], closed)
        held = ~_marked(len(closed), faces[outside])[rows]
        amount = _solve(matrix[held], 1 + TIE * (values[region] - early) / span)
        if amount is None:
            return None
        leaks = rows[np.abs(matrix @ amount) > 1e-5]
        if not len(leaks):
            return np.sort(region[np.abs(amount) > 1e-5]).astype(np.int32)
        grow_at, enough = _marked(len(closed), leaks), GROWTH * len(region)
        if 2 * enough > np.count_nonzero(usable):
            grow_at[:], enough = closed, np.inf


def _marked(n: int, which: Array) -> Array:
    marked = np.zeros(n, bool)
    marked[which.ravel()] = True
    return marked


def _boundary(faces: Array, closed: Array) -> tuple[csc_matrix, Array]:
    """Boundary matrix of cells, in those of their faces that are closed; and which these are."""
    column = np.broadcast_to(np.arange(len(faces))[:, None], faces.shape)
    sign = np.broadcast_to((-1.0) ** np.arange(faces.shape[1]), faces.shape)
    kept = closed[faces]
    rows, row = np.unique(faces[kept], return_inverse=True)
    return csc_matrix((sign[kept], (row, column[kept])), shape=(len(rows), len(faces))), rows


def _solve(boundary: csc_matrix, cost: Array) -> Array | None:
    """Amounts of cells with the least cost, one of the first, that have no boundary; None if there are none."""
    # What is added and what is taken away; nothing is taken from the first.
    matrix = csc_matrix(hstack([boundary, -boundary]))
    n = matrix.shape[1]
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = matrix.shape
    program.col_cost_ = np.tile(cost, 2)
    least, most = np.zeros(n), np.full(n, highspy.kHighsInf)
    least[0] = most[0] = 1
    most[n // 2] = 0
    program.col_lower_, program.col_upper_ = least, most
    program.row_lower_ = program.row_upper_ = np.zeros(matrix.shape[0])
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()
    # Presolving takes longer than solving, and so would threads.
    for option, value in (("output_flag", False), ("presolve", "off"), ("threads", 1)):
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(
            f"expected a solution of a linear program, got {solver.modelStatusToString(status)}; "
            "this is a fault of tdaglass, please report the points"
        )
    more, less = np.split(np.array(solver.getSolution().col_value), 2)
    return more - less
