"""The shortest vectors that span a lattice, for what depends on the lattice and not on how it was written down."""

import itertools

import numpy as np

# Of squared lengths: less than this much shorter is as long.
SHORTER = 1e-12


def minkowski_reduced(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A lattice by its shortest vectors (Minkowski's), in up to three dimensions.

    Each vector is taken off the others as often as that makes them shorter, in sums and differences of all of
    them at last (Semaev, Cryptography and Lattices, LNCS 2146, 181, 2001). A lattice at right angles along the
    axes comes back as a diagonal matrix.

    Parameters
    ----------
    vectors : (dim, dim) float64
        Lattice vectors as rows.

    Returns
    -------
    (dim, dim) float64
        Other rows that span the same lattice.
    (dim, dim) int64
        What they are in units of the given ones: ``whole @ vectors``.

    Examples
    --------
    >>> minkowski_reduced(np.array([[4.0, 0.0], [9.0, 3.0]]))[0].tolist()
    [[1.0, 3.0], [4.0, 0.0]]
    """
    whole = np.eye(len(vectors), dtype=np.int64)
    while True:
        found = whole @ vectors
        lengths = np.sum(found**2, axis=1)
        whole = whole[np.argsort(lengths, kind="stable")]
        shorter = _one_shorter(whole, vectors)
        if shorter is None:
            break
        whole = shorter
    found = whole @ vectors
    # Differences of equal numbers are zero but for rounding.
    found[np.abs(found) <= 4 * np.finfo(float).eps * (np.abs(whole) @ np.abs(vectors))] = 0
    axes = found != 0
    if np.all(axes.sum(axis=0) == 1) and np.all(axes.sum(axis=1) == 1):
        order = np.argmax(axes, axis=0)
        sign = np.sign(found[order].diagonal())
        found, whole = np.abs(found[order]), whole[order] * sign[:, None].astype(np.int64)
    return found, whole


def _one_shorter(whole: np.ndarray, vectors: np.ndarray) -> np.ndarray | None:
    """With one vector, the longest that can be, made shorter by the others; they come in the order of lengths."""
    found = whole @ vectors
    for k in reversed(range(1, len(found))):
        length = np.sum(found[k] ** 2)
        for i in range(k):
            times = round(found[k] @ found[i] / np.sum(found[i] ** 2))
            if np.sum((found[k] - times * found[i]) ** 2) < (1 - SHORTER) * length:
                return _with(whole, k, whole[k] - times * whole[i])
        for signs in itertools.product((-1, 0, 1), repeat=k):
            if np.sum((found[k] + np.array(signs) @ found[:k]) ** 2) < (1 - SHORTER) * length:
                return _with(whole, k, whole[k] + np.array(signs) @ whole[:k])
    return None


def _with(whole: np.ndarray, k: int, row: np.ndarray) -> np.ndarray:
    whole = whole.copy()
    whole[k] = row
    return whole
