"""What training makes small: the cross-entropy of classes, or the squared error of numbers."""

from typing import Literal

import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Num

Loss = Literal["cross_entropy", "squared"]


def score(
    loss: Loss, outputs: Float[Array, "samples outputs"], targets: Num[Array, "samples ..."]
) -> tuple[Float[Array, " samples"], Float[Array, " samples"]]:
    """Loss of each sample, and whether its class was found: NaN where there are no classes.

    Parameters
    ----------
    loss : "cross_entropy" or "squared"
        The squared error is a mean over the outputs.
    outputs : (samples, outputs)
    targets : (samples,) int, or (samples, outputs)

    Returns
    -------
    (samples,), (samples,)

    Examples
    --------
    >>> losses, _ = score("squared", jnp.array([[1.0, 2.0]]), jnp.array([[1.0, 0.0]]))
    >>> losses.tolist()
    [2.0]
    """
    if loss == "cross_entropy":
        hits = (jnp.argmax(outputs, axis=1) == targets).astype(outputs.dtype)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets), hits
    losses = jnp.mean((outputs - targets) ** 2, axis=1)
    return losses, jnp.full_like(losses, jnp.nan)


def require_targets(loss: Loss, targets: Num[Array, "samples ..."], outputs: int) -> None:
    """Say in one sentence why targets do not fit a loss and a network of so many outputs.

    Raises
    ------
    ValueError
    """
    if loss == "cross_entropy":
        if targets.ndim != 1 or not jnp.issubdtype(targets.dtype, jnp.integer):
            raise ValueError(
                f"expected one integer class for each sample, got {targets.dtype} of shape {targets.shape}; try "
                "targets.astype(int), or loss='squared'"
            )
        if not bool((targets >= 0).all() & (targets < outputs).all()):
            raise ValueError(
                f"expected classes of 0 to {outputs - 1}, got {targets.min()} to {targets.max()}; try a network "
                "of more outputs"
            )
    elif loss == "squared":
        if targets.shape != (targets.shape[0], outputs):
            raise ValueError(
                f"expected targets of shape {(targets.shape[0], outputs)}, got {targets.shape}; try "
                "targets[:, None]"
            )
    else:
        raise ValueError(
            f"expected a loss of cross_entropy or squared, got {loss!r}; try squared for energies"
        )
    if not bool(jnp.isfinite(targets).all()):
        raise ValueError("expected finite targets, got NaN or infinity; try leaving those samples out")
