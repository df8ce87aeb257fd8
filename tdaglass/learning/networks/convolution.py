"""The convolution and the pooling of our networks, with gradients that are fast on a CPU too."""

from functools import partial
from itertools import product
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Padding = Literal["circular", "zero"]


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def convolution(
    x: Float[Array, "batch *cells inputs"], kernel: Float[Array, "*window inputs maps"], padding: Padding
) -> Float[Array, "batch *cells maps"]:
    """Correlate with a kernel of odd edges around every cell of the grid; differentiable in reverse mode.

    Parameters
    ----------
    x : (batch, *cells, inputs)
    kernel : (*window, inputs, maps)
    padding : "circular" or "zero"
        What lies beyond the edges.

    Returns
    -------
    (batch, *cells, maps)
    """
    return _inside(_pad(x, kernel, padding), kernel)


def max_pooling(x: Float[Array, "batch *cells maps"]) -> Float[Array, "batch *halves maps"]:
    """Maximum over blocks of two cells along every axis; an odd last cell is left out.

    As a maximum over axes, since the gradient of XLA's windowed one takes six times as long on a CPU.
    """
    batch, *cells, maps = x.shape
    halves = [edge // 2 for edge in cells]
    even = x[(slice(None), *(slice(2 * half) for half in halves))]
    blocks = even.reshape(batch, *(edge for half in halves for edge in (half, 2)), maps)
    return blocks.max(axis=tuple(range(2, 2 * len(halves) + 1, 2)))


def _pad(x: Array, kernel: Array, padding: Padding) -> Array:
    beyond = [(edge // 2, edge // 2) for edge in kernel.shape[:-2]]
    return jnp.pad(x, [(0, 0), *beyond, (0, 0)], {"circular": "wrap", "zero": "constant"}[padding])


def _inside(x: Array, kernel: Array) -> Array:
    """Correlate wherever the kernel lies inside the grid."""
    axes = "DHW"[-(x.ndim - 2) :]
    layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    return jax.lax.conv_general_dilated(x, kernel, (1,) * len(axes), "VALID", dimension_numbers=layout)


def _forward(x: Array, kernel: Array, padding: Padding) -> tuple[Array, tuple[Array, Array]]:
    return convolution(x, kernel, padding), (x, kernel)


def _backward(padding: Padding, saved: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    """Both gradients as XLA's CPU code computes them fast.

    That of x is the convolution with the kernel turned round: the one that XLA derives takes forty times as long
    inside a loop. That of the kernel, derived, is a convolution by the whole grid.
    """
    x, kernel = saved
    turned = jnp.flip(kernel, range(kernel.ndim - 2)).swapaxes(-1, -2)
    of_x = _inside(_pad(slope, kernel, padding), turned)
    of_kernel = jax.lax.platform_dependent(
        _pad(x, kernel, padding),
        slope,
        cpu=_kernel_sample_by_sample,
        default=lambda x, slope: jax.vjp(lambda kernel: _inside(x, kernel), kernel)[1](slope)[0],
    )
    return of_x, of_kernel


convolution.defvjp(_forward, _backward)


def _kernel_sample_by_sample(x: Array, slope: Array) -> Array:
    """Gradient of the kernel: for each of its cells a product of matrices, sample by sample to stay in cache."""
    _, *cells, maps = slope.shape
    _, *edges, inputs = x.shape
    window = [edge - cell + 1 for edge, cell in zip(edges, cells, strict=True)]

    def add(total: Array, sample: tuple[Array, Array]) -> tuple[Array, None]:
        x, slope = sample
        products = [
            jax.lax.slice(x, (*offset, 0), (*np.add(offset, cells), inputs)).reshape(-1, inputs).T
            @ slope.reshape(-1, maps)
            for offset in product(*map(range, window))
        ]
        return total + jnp.stack(products).reshape(total.shape), None

    return jax.lax.scan(add, jnp.zeros((*window, inputs, maps), x.dtype), (x, slope))[0]
