"""Make tests/reference/carbon_lda.npz: energies of carbon melts by CP2K, in the local density approximation.

Run as a script, with a folder and a number of frames; a minute of one core for a frame. It wants CP2K (Debian's
package cp2k) on the path, and CP2K_DATA_DIR where its data are elsewhere. Frames are ours: 32 atoms of
`carbon_melt_quench.py` at six densities, moved by a bond order. Goedecker's potential for four electrons, basis
DZVP-MOLOPT-SR, 280 Ry, the Gamma point, electrons at 1000 K. What was finished is not computed again.

Arrays: positions (frames, 32, 3) and box (frames, 3) angstrom; energy (frames,) CP2K's, and bond_order (frames,)
Erhart and Albe's, eV for each atom; density (frames,) g/cm3; stage (frames,) of the schedule.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "experiments"))

from carbon_melt_quench import PUBLISHED, at_density, melt_quench  # noqa: E402

from tdaglass import glass  # noqa: E402

HARTREE = 27.211386245988  # eV
ATOMS = 32
DENSITIES = (1.5, 1.9, 2.3, 2.7, 3.1, 3.5)
FRAMES = (0, 2, 4, 2, 4)  # of each stage
ORDER = (11, 2, 8, 0, 10, 4, 6, 9, 3, 5, 7, 1)  # of frames, cold and hot in turns
INPUT = """
&GLOBAL
 PROJECT {name}
 RUN_TYPE ENERGY
 PRINT_LEVEL LOW
&END
&FORCE_EVAL
 METHOD Quickstep
 &DFT
  BASIS_SET_FILE_NAME BASIS_MOLOPT
  POTENTIAL_FILE_NAME GTH_POTENTIALS
  &MGRID
   CUTOFF 280
   REL_CUTOFF 40
  &END
  &QS
   EPS_DEFAULT 1e-10
  &END
  &SCF
   EPS_SCF 1e-5
   MAX_SCF 150
   ADDED_MOS 30
   &DIAGONALIZATION
   &END
   &MIXING
    METHOD BROYDEN_MIXING
    ALPHA 0.2
    NBUFFER 8
   &END
   &SMEAR ON
    METHOD FERMI_DIRAC
    ELECTRONIC_TEMPERATURE [K] 1000
   &END
   &PRINT
    &RESTART OFF
    &END
   &END
  &END
  &XC
   &XC_FUNCTIONAL LDA
   &END
  &END
 &END
 &SUBSYS
  &CELL
   ABC {edges}
  &END
  &COORD
{positions}
  &END
  &KIND C
   BASIS_SET DZVP-MOLOPT-SR-GTH
   POTENTIAL GTH-PADE-q4
  &END
 &END
&END
"""


def energy_of(folder, name, positions, box):
    """Of one frame, eV; NaN where it does not converge."""
    told = folder / f"{name}.out"
    if not told.exists() or "ENERGY|" not in told.read_text():
        words = "\n".join("  C {:.8f} {:.8f} {:.8f}".format(*x) for x in positions)
        edges = "{:.8f} {:.8f} {:.8f}".format(*box)
        (folder / f"{name}.inp").write_text(INPUT.format(name=name, edges=edges, positions=words))
        program = shutil.which("cp2k.psmp") or shutil.which("cp2k")
        subprocess.run([program, "-i", f"{name}.inp", "-o", str(told)], cwd=folder, check=True)
    text = told.read_text()
    found = re.findall(r"ENERGY\| Total FORCE_EVAL.*?:\s+(-?[\d.]+)", text)
    return float(found[-1]) * HARTREE if found and "NOT converged" not in text else np.nan


def main(folder, most):
    import jax

    folder.mkdir(parents=True, exist_ok=True)
    schedule = [(*stage[:3], frames) for stage, frames in zip(PUBLISHED, FRAMES, strict=True)]
    model = at_density(glass.tersoff("erhart_albe", counts=(ATOMS,)), DENSITIES[0])
    _, seen, stage = melt_quench(jax.random.key(7), model, DENSITIES, schedule)
    rows = [(frame, k) for frame in ORDER for k in range(len(DENSITIES))][:most]
    positions, box = np.asarray(seen.positions, np.float32), np.asarray(seen.box, np.float32)
    energy = [energy_of(folder, f"f{f}-d{k}", positions[f, k], box[f, k]) / ATOMS for f, k in rows]
    converged = np.isfinite(energy)
    frame, k = np.array(rows)[converged].T
    np.savez_compressed(
        Path(__file__).parents[1] / "reference" / "carbon_lda.npz",
        positions=positions[frame, k],
        box=box[frame, k],
        energy=np.array(energy)[converged],
        bond_order=np.asarray(seen.thermo.potential_energy, float)[frame, k] / ATOMS,
        density=np.array(DENSITIES)[k],
        stage=stage[frame],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
