"""Flax NNX modules inside, pure functions outside: parameters are a dict of arrays, chance is a key."""

from collections.abc import Hashable
from functools import cache, partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Key

from tdaglass.learning.network import Parameters

M = TypeVar("M", bound=nnx.Module)


@partial(jax.jit, static_argnums=(1, 2, 3))
def init_parameters(
    key: Key[Array, ""], module: type[nnx.Module], settings: tuple[Hashable, ...], dtype: DTypeLike
) -> Parameters:
    """Parameters of ``module(*settings, dtype, rngs)`` as it is made from a key."""
    build: Any = module
    return nnx.to_pure_dict(nnx.state(build(*settings, dtype, nnx.Rngs(key))))


def merge(module: type[M], settings: tuple[Hashable, ...], parameters: Parameters) -> M:
    """The module ``module(*settings, ...)`` with these parameters."""
    return nnx.merge(_graph(module, settings), parameters)


@cache
def _graph(module: type[nnx.Module], settings: tuple[Hashable, ...]) -> nnx.GraphDef:
    """All of a module but its arrays."""
    build: Any = module
    return nnx.graphdef(nnx.eval_shape(lambda: build(*settings, jnp.float32, nnx.Rngs(0))))
