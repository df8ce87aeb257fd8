"""The contract between networks and training: what training needs of a network, whatever is inside."""

from abc import ABC, abstractmethod
from typing import Any, TypeAlias

from jaxtyping import Array, Float, Key, PyTree, Shaped

from tdaglass.learning.loss import Loss

# Nested dicts of arrays, for `jit`, `grad`, `vmap` and files.
Parameters: TypeAlias = dict[str, Any]
# Arrays whose first axis is the sample: images alone, or descriptors and a mask.
Samples: TypeAlias = PyTree[Shaped[Array, "samples ..."]]


class Network(ABC):
    """How outputs follow from samples and parameters.

    A network is a frozen dataclass of its settings: equal networks are the same static argument under `jit`, so
    that trainings with them share one compilation. What is learned is no part of it, but stands in parameters.
    """

    @abstractmethod
    def init(self, key: Key[Array, ""], sample: PyTree[Array]) -> Parameters:
        """Random parameters.

        Parameters
        ----------
        key
            The same key gives the same parameters.
        sample : pytree of arrays
            One of those to learn from, without the axis of samples. Only shapes and dtypes are looked at;
            parameters take the precision of its floating arrays.

        Returns
        -------
        dict
        """

    @abstractmethod
    def apply(
        self, parameters: Parameters, samples: Samples, key: Key[Array, ""] | None = None
    ) -> Float[Array, "samples outputs"]:
        """Outputs for a batch of samples: logits of the classes, or numbers.

        Parameters
        ----------
        parameters : dict
        samples : pytree of arrays (samples, ...)
        key : optional
            In training, of whatever is left to chance there, such as dropout. None, in use, leaves nothing to
            chance, and samples do not see each other.

        Returns
        -------
        (samples, outputs)
        """

    def finish(self, parameters: Parameters, samples: Samples, loss: Loss, batch_size: int) -> Parameters:
        """Parameters for use, from those in training; the same, unless a network says otherwise.

        After each epoch, what a network measured on mini-batches may be measured on all samples and put into its
        parameters, and what the loss leaves open may be fixed. Training goes on from the old parameters.

        Parameters
        ----------
        parameters : dict
            As they are in training, where `apply` has a key.
        samples : pytree of arrays (samples, ...)
            All that were trained on.
        loss : Loss
            Of the training.
        batch_size : int
            At most so many samples at a time.

        Returns
        -------
        dict
            For `apply` without a key.
        """
        return parameters
