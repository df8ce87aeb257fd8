"""Numbers in double precision as pairs of 32-bit words, which JAX has always; float64 it has to be asked for."""

import numpy as np
from jaxtyping import Float, UInt

from tdaglass.kernels.hard_spheres import Anywhere


def to_words(numbers: np.ndarray | float) -> UInt[np.ndarray, "*shape 2"]:
    """Words of numbers, the last axis; on the host.

    Examples
    --------
    >>> to_words(np.array([1.0, -2.0])).tolist()
    [[0, 1072693248], [0, 3221225472]]
    """
    numbers = np.array(numbers, np.float64, order="C")
    return numbers.reshape(*numbers.shape, 1).view(np.uint32)


def from_words(words: UInt[Anywhere, "*shape 2"]) -> Float[np.ndarray, "*shape"]:
    """The numbers, on the host.

    Examples
    --------
    >>> from_words(to_words(np.array([0.1, 1e300]))).tolist()
    [0.1, 1e+300]
    """
    return np.array(words, np.uint32, order="C").view(np.float64)[..., 0]
