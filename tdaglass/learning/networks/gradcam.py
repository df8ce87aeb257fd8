"""Where a convolutional network looks: gradient-weighted class activation maps."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from tdaglass.learning.batches import in_batches
from tdaglass.learning.network import Parameters
from tdaglass.learning.networks.cnn import CNN


def grad_cam(
    network: CNN,
    parameters: Parameters,
    images: Float[Array, "samples channels *grid"],
    output: int | Int[Array, " samples"] = 0,
    *,
    against: bool = False,
    layer: int = -1,
    batch_size: int = 64,
) -> Float[Array, "samples ..."]:
    r"""Which cells speak for an output of the network, seen from one of its convolutions.

    .. math:: L = \mathrm{ReLU} \Big( \sum_m \alpha_m A_m \Big), \qquad
              \alpha_m = \Big\langle \frac{\partial y_c}{\partial A_m} \Big\rangle_\mathrm{cells}

    with A_m the feature maps after their ReLU and y_c the logit of class c, or the regressed number c. In a
    network with ``padding="circular"``, a mean over the cells and no pooling, a shifted image has the shifted map.

    Parameters
    ----------
    network, parameters
        As `fit_network` had and gave them.
    images : (samples, channels, *grid)
    output : int or (samples,)
        The class or number that is asked about: one for all, or one for each sample, such as the class found.
    against : bool
        Whether to ask which cells speak against the output, or for a smaller number: that of :math:`-y_c`.
    layer : int
        Which convolution; -1 is the last.
    batch_size : int
        At most so many images at a time.

    Returns
    -------
    (samples, *cells)
        In units of the output; cells are those of that convolution's maps, before its pooling.

    Raises
    ------
    ValueError
        For an output or convolution that is not there, or images that do not fit.

    Examples
    --------
    >>> network = CNN(convolutions=(8, 4), dense=(16,))
    >>> images = jax.random.normal(jax.random.key(1), (3, 1, 10, 10))
    >>> parameters = network.init(jax.random.key(0), images[0])
    >>> grad_cam(network, parameters, images, output=1).shape
    (3, 10, 10)

    References
    ----------
    Selvaraju et al. (ICCV 2017), equations 1 and 2; Oyama, Koyama, Kawasaki, Front. Phys. 10, 1007861 (2022).
    """
    if isinstance(output, int) and not 0 <= output < network.outputs:
        raise ValueError(
            f"expected an output of 0 to {network.outputs - 1}, got {output}; try 0, or the classes that "
            "predict found"
        )
    outputs = jnp.broadcast_to(jnp.asarray(output), images.shape[:1])
    return _grad_cam(network, parameters, images, outputs, -1 if against else 1, layer, batch_size)


@partial(jax.jit, static_argnames=("network", "sign", "layer", "batch_size"))
def _grad_cam(
    network: CNN,
    parameters: Parameters,
    images: Array,
    outputs: Array,
    sign: int,
    layer: int,
    batch_size: int,
) -> Array:
    def of_batch(batch: tuple[Array, Array]) -> Array:
        images, c = batch
        A = network.activations(parameters, images, layer)

        def y_c(A: Array) -> Array:
            # Samples do not see each other, so the gradient of their sum holds the gradient of each.
            y = network.from_activations(parameters, A, layer)
            return jnp.take_along_axis(y, c[:, None], axis=1).sum()

        alpha = jax.grad(y_c)(A).mean(axis=tuple(range(2, A.ndim)))
        return jax.nn.relu(sign * jnp.einsum("sm,sm...->s...", alpha, A))

    return in_batches(of_batch, (images, outputs), batch_size)
