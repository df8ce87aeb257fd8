"""Every comparison with the established codes, one after the other: what `make bench` runs."""

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    for name in (
        "molecular_dynamics",
        "hard_spheres",
        "cores",
        "quenches",
        "structure",
        "topology",
        "learning",
        "linear",
        "bond_orders",
        "energies",
        "files",
        "trajectories",
        "pieces",
    ):
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, Path(__file__).with_name(f"{name}.py")], check=True)
