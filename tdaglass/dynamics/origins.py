"""Averages over time origins and their errors, from sums over blocks of origins that follow each other.

How many origins there will be need not be known: when all blocks of a lag are full, neighbours are joined, and
the blocks are twice as long from then on. What is asked of the averages need not be linear (a variance, a
ratio): errors are those of the jackknife, which leaves out a block at a time.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

# Blocks of a lag at most; between half of them and all are in use, unless there are fewer origins.
BLOCKS = 16


class Blocks(NamedTuple):
    """Sums over blocks of time origins, for each lag; filled in place.

    Attributes
    ----------
    sums : (lags, blocks, moments)
    origins : (lags, blocks)
        How many are in each block.
    length : (lags,)
        How many fit.
    first, last : (lags, blocks)
        Times of the first and last origin.
    """

    sums: np.ndarray
    origins: np.ndarray
    length: np.ndarray
    first: np.ndarray
    last: np.ndarray


def no_origins(lags: int, moments: int) -> Blocks:
    """Empty blocks."""
    table = (lags, BLOCKS)
    return Blocks(
        np.zeros((*table, moments)),
        np.zeros(table, int),
        np.ones(lags, int),
        np.zeros(table),
        np.zeros(table),
    )


def add(blocks: Blocks, lag: int, time: float, moments: np.ndarray) -> None:
    """Add what one pair of frames says, whose origin is at `time`, later than those before."""
    used = int(np.count_nonzero(blocks.origins[lag]))
    block = used - 1 if used and blocks.origins[lag, used - 1] < blocks.length[lag] else used
    if block == BLOCKS:
        _join_neighbours(blocks, lag)
        block = BLOCKS // 2
    if not blocks.origins[lag, block]:
        blocks.first[lag, block] = time
    blocks.last[lag, block] = time
    blocks.origins[lag, block] += 1
    blocks.sums[lag, block] += moments


def _join_neighbours(blocks: Blocks, lag: int) -> None:
    half = BLOCKS // 2
    for table in (blocks.sums, blocks.origins):
        row = table[lag]
        row[:half] = row[0::2] + row[1::2]
        row[half:] = 0
    blocks.first[lag, :half] = blocks.first[lag, 0::2]
    blocks.last[lag, :half] = blocks.last[lag, 1::2]
    blocks.length[lag] *= 2


def groups(blocks: Blocks, lag: int, time: float) -> tuple[np.ndarray, np.ndarray]:
    """Sums and origins of blocks that are joined until each spans the lag (of `time`).

    Shorter ones would share most of the motion that they see, and their scatter would say too little.
    """
    used = np.count_nonzero(blocks.origins[lag])
    first, last = blocks.first[lag, :used], blocks.last[lag, :used]
    starts = [0]
    for b in range(1, used):
        if first[b] - first[starts[-1]] >= time * (1 - 1e-6):
            starts.append(b)
    # What is left over at the end is too short for a group of its own.
    if len(starts) > 1 and last[-1] - first[starts[-1]] < 0.5 * time:
        starts.pop()
    return (
        np.add.reduceat(blocks.sums[lag, :used], starts, axis=0),
        np.add.reduceat(blocks.origins[lag, :used], starts),
    )


def jackknife(
    sums: np.ndarray, origins: np.ndarray, value_fn: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    r"""A function of averages, and its error by leaving out one group of origins at a time.

    Groups of unequal size as in F. Busing, E. Meijer and R. van der Leeden, Stat. Comput. 9, 3 (1999).

    Parameters
    ----------
    sums : (groups, moments)
    origins : (groups,)
    value_fn : callable
        From averages (..., moments) to values (..., *values).

    Returns
    -------
    value, error : (*values)
        The error is NaN where there is one group only.
    """
    total, n, g = sums.sum(axis=0), origins.sum(), len(origins)
    value = value_fn(total / n)
    if g < 2:
        return value, np.full_like(value, np.nan)
    share = (origins / n).reshape(-1, *(1,) * value.ndim)
    left = (n - origins).reshape(-1, *(1,) * (sums.ndim - 1))
    without = value_fn((total - sums) / left)
    centre = g * value - ((1 - share) * without).sum(axis=0)
    pseudo = value / share - (1 / share - 1) * without
    return value, np.sqrt(((pseudo - centre) ** 2 / (1 / share - 1)).sum(axis=0) / g)


def averages(
    runs: Sequence[Blocks], lags: np.ndarray, value_fn: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and errors (lags, *values) and origins (lags,): over blocks of one run, or over several runs."""
    values, errors, origins = [], [], []
    for k, time in enumerate(lags):
        if len(runs) == 1:
            sums, counts = groups(runs[0], k, float(time))
        else:
            sums = np.stack([run.sums[k].sum(axis=0) for run in runs])
            counts = np.stack([run.origins[k].sum() for run in runs])
            sums, counts = sums[counts > 0], counts[counts > 0]
        value, error = jackknife(sums, counts, value_fn)
        values.append(value)
        errors.append(error)
        origins.append(counts.sum())
    return np.stack(values), np.stack(errors), np.array(origins)
