"""BLAS, LAPACK and OpenMP have one thread while a piece is computed, wherever that is.

The sums of several threads depend on how many there are, which differs from place to place. Pieces are what is
computed side by side.
"""

import scipy.linalg  # noqa: F401 (what is loaded later would not be limited)
from threadpoolctl import threadpool_limits


def one_thread() -> threadpool_limits:
    """A context. Limits are of the process: of threads that compute pieces at once the first one has it."""
    return threadpool_limits(1)
