"""Public glassy-dynamics data: configurations with their propensity, from four layouts into one record.

- **BOTAN** (`botan`; Shiba et al., J. Chem. Phys. 158, 084503, 2023): one npz for each configuration and time
  code, with the end positions of 32 runs.
- **DeepMind** (`deepmind`; Bapst et al., Nat. Phys. 16, 448, 2020): one pickle for each configuration, ten times,
  30 runs. Opened without running what is in it (`safe_pickle`).
- **GlassBench** (`glassbench`; Jung et al., arXiv:2311.14752): `KA_models` and `KA2D_models` with published
  propensities, and `KA2D_trajectories` with the end positions of 20 runs.
- tdaglass's own `excerpts`: npz with `types`, `positions`, `box` and `propensity` or `runs`.

`load_dataset` takes files of any of them (`recognize` tells which) and joins them to one `PropensityData`;
nothing is ever downloaded. BOTAN and DeepMind store runs unwrapped, so displacements are plain differences;
GlassBench's own script takes nearest images, and so does the reader here, which gives its runs unwrapped as well.
"""

from tdaglass.io.datasets.load import load_dataset
from tdaglass.io.datasets.propensity_data import PropensityData

__all__ = ["PropensityData", "load_dataset"]
