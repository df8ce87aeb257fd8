"""Inverse analysis: from a pair of a diagram back to the atoms that make its hole."""

import numpy as np

from tdaglass import arguments
from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.chains import smallest_chain
from tdaglass.topology.records import Pairs
from tdaglass.topology.tree import PersistenceTree, cells_of_void, persistence_tree
from tdaglass.topology.volume import NoVolume, Volume, mesh

Array = np.ndarray


def optimal_volume(
    complex_: AlphaComplex, pairs: Pairs, which: int, *, tree: PersistenceTree | None = None
) -> Volume:
    """The smallest volume that fills a loop or void (Obayashi, SIAM J. Appl. Algebra Geom. 2, 508, 2018, eq. 9).

    Voids (and loops in two dimensions) are read off the persistence tree. Loops in three dimensions take a linear
    program: the fewest triangles, and of as few those that appear earliest, so that the answer does not depend on
    the order of points.

    Parameters
    ----------
    complex_ : AlphaComplex
    pairs : Pairs
        Loops or voids of the complex: an entry of `persistence`.
    which : int
        Number of the pair in it.
    tree : PersistenceTree, optional
        Of the complex, if it is at hand, to save time.

    Returns
    -------
    Volume

    Raises
    ------
    ValueError
        For components, and for a number that is not of a pair.
    NoVolume
        A ValueError: nothing fills the loop. With coefficients 0 and 1 what closes it may be one-sided, as a
        Moebius strip around a periodic box is.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex, persistence
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.2]])
    >>> complex_ = alpha_complex(square)
    >>> optimal_volume(complex_, persistence(complex_)[1], 0).boundary_atoms.tolist()
    [0, 1, 2, 3]
    """
    return _volume(complex_, pairs, which, None, tree)


def stable_volume(
    complex_: AlphaComplex, pairs: Pairs, which: int, epsilon: float, *, tree: PersistenceTree | None = None
) -> Volume:
    """What of a volume stays when points move a little (Obayashi, J. Appl. Comput. Topol. 7, 671, 2023).

    The smallest volume whose boundary appears no later than `epsilon` after the birth.

    Parameters
    ----------
    complex_, pairs, which, tree
        See `optimal_volume`.
    epsilon : float
        Width of the noise in the units of the diagram, squared length: less than the persistence of the pair.

    Returns
    -------
    Volume

    Raises
    ------
    ValueError
        As `optimal_volume`, and for an epsilon out of range.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex, persistence
    >>> complex_ = alpha_complex(np.random.default_rng(1).random((40, 2)))
    >>> loops = persistence(complex_)[1]
    >>> which = int(np.argmax(loops.death - loops.birth))
    >>> [len(stable_volume(complex_, loops, which, epsilon).cells) for epsilon in (0.0, 0.01)]
    [14, 9]
    """
    return _volume(complex_, pairs, which, _latest(complex_, pairs, which, epsilon), tree)


def stable_subvolume(
    complex_: AlphaComplex, pairs: Pairs, which: int, epsilon: float, *, tree: PersistenceTree | None = None
) -> Volume:
    """As `stable_volume`, but within the optimal volume; cheaper, and never larger than it.

    Parameters
    ----------
    complex_, pairs, which, epsilon, tree
        See `stable_volume`. For voids the two are the same.

    Returns
    -------
    Volume

    Raises
    ------
    ValueError
        As `stable_volume`.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex, persistence
    >>> complex_ = alpha_complex(np.random.default_rng(1).random((40, 3)))
    >>> loops = persistence(complex_)[1]
    >>> which = int(np.argmax(loops.death - loops.birth))
    >>> volumes = optimal_volume(complex_, loops, which), stable_subvolume(complex_, loops, which, 0.01)
    >>> [len(volume.cells) for volume in volumes]
    [5, 3]
    """
    bound = _latest(complex_, pairs, which, epsilon)
    if pairs.dimension == complex_.dim - 1:
        return _volume(complex_, pairs, which, bound, tree)
    whole = _volume(complex_, pairs, which, None, tree)
    within = np.zeros(len(complex_.values[pairs.dimension + 1]), bool)
    within[whole.simplices] = True
    return _volume(complex_, pairs, which, bound, tree, within)


def _latest(complex_: AlphaComplex, pairs: Pairs, which: int, epsilon: float) -> float:
    """The latest birth of what may lie on the boundary."""
    which = _checked_pair(complex_, pairs, which)
    birth, death = float(pairs.birth[which]), float(pairs.death[which])
    epsilon = arguments.number(epsilon, "epsilon")
    if not 0 <= epsilon < death - birth:
        raise ValueError(
            f"expected an epsilon below the persistence of the pair, {death - birth:.3g}, got {epsilon}; "
            "try a pair that persists longer, or a smaller epsilon"
        )
    return birth + epsilon


def _checked_pair(complex_: AlphaComplex, pairs: Pairs, which: int) -> int:
    if not isinstance(pairs, Pairs):
        raise ValueError(
            f"expected the pairs of one dimension, got {type(pairs).__name__}; try persistence(complex_)[1]"
        )
    counts = [len(value) for value in complex_.values[pairs.dimension :]]
    for simplex, n in zip((pairs.birth_simplex, pairs.death_simplex), counts, strict=False):
        if len(simplex) and simplex.max() >= n:
            raise ValueError(
                f"expected pairs of this complex, got a simplex {simplex.max()} of {n}; try persistence(complex_)"
            )
    which = arguments.whole(which, "the number of a pair")
    if not 0 <= which < len(pairs.birth):
        raise ValueError(
            f"expected the number of one of {len(pairs.birth)} pairs, got {which}; try np.argmax"
        )
    return which


def _volume(
    complex_: AlphaComplex,
    pairs: Pairs,
    which: int,
    bound: float | None,
    tree: PersistenceTree | None,
    within: Array | None = None,
) -> Volume:
    """With a bound: nothing later may lie on the boundary. Without: nothing later than the birth simplex."""
    which = _checked_pair(complex_, pairs, which)
    k, dim = pairs.dimension, complex_.dim
    if not 1 <= k < dim:
        raise ValueError(f"expected loops or voids, got pairs of dimension {k}; try persistence(complex_)[1]")
    first, last = int(pairs.birth_simplex[which]), int(pairs.death_simplex[which])
    birth, death = float(pairs.birth[which]), float(pairs.death[which])
    if k == dim - 1:
        tree = persistence_tree(complex_) if tree is None else tree
        cells = cells_of_void(tree, last, -np.inf if bound is None else bound)
    else:
        below, values = complex_.values[k], complex_.values[k + 1]
        later = _after(below, first) if bound is None else below > bound
        usable = (values >= birth if bound is None else values > bound) & ~_after(values, last)
        usable &= True if within is None else within
        chain = smallest_chain(complex_, k + 1, last, later & (below <= death), usable)
        if chain is None:
            raise NoVolume(
                f"expected a loop that oriented triangles can fill, got one (pair {which}) that they cannot; "
                "try stable_volume, or a larger box if it is periodic"
            )
        cells = chain
    # The walk that unwraps them begins with the cell that ends the hole.
    return mesh(complex_, k, np.append(last, cells[cells != last]), birth, death)


def _after(values: Array, simplex: int) -> Array:
    """Which simplices appear after one; of those at the same time, the later in number."""
    return (values > values[simplex]) | ((values == values[simplex]) & (np.arange(len(values)) > simplex))
