"""The local devices that share a batch."""

import jax
import numpy as np
from jax.sharding import Mesh


def mesh_of(n_systems: int, backend: str | None = None) -> Mesh | None:
    """The local devices to split a batch over; None where one device runs it all."""
    devices = jax.local_devices(backend=backend)
    shares = max(k for k in range(1, len(devices) + 1) if n_systems % k == 0)
    return Mesh(np.array(devices[:shares]), ("systems",)) if shares > 1 else None
