"""Factors to metal units: energy eV, length angstrom, time ps; temperature is an energy, as everywhere here.

Mass is then eV ps^2 / angstrom^2, and pressure eV / angstrom^3. Multiply what goes in by a factor, and divide what
comes out: ``temperature=300 * KELVIN``, ``dt=2 * FEMTOSECOND``, ``pressure / GIGAPASCAL``.

The constants are CODATA's of 2018. Those of the codes that read the same files differ in the sixth digit:
temperatures and times agree to that, energies and forces at given coordinates know nothing of them.

Examples
--------
>>> print(f"{300 * KELVIN:.6f} eV, {55.845 * GRAM_PER_MOLE:.6f} eV ps^2 / A^2, {GIGAPASCAL:.7f} eV / A^3")
0.025852 eV, 0.005788 eV ps^2 / A^2, 0.0062415 eV / A^3
"""

_JOULE_PER_ELECTRONVOLT = 1.602176634e-19
_KILOGRAM_PER_DALTON = 1.66053906660e-27
_JOULE_PER_KELVIN = 1.380649e-23

KELVIN = _JOULE_PER_KELVIN / _JOULE_PER_ELECTRONVOLT  # eV
FEMTOSECOND = 1e-3  # ps
GRAM_PER_MOLE = _KILOGRAM_PER_DALTON / _JOULE_PER_ELECTRONVOLT * 1e4  # eV ps^2 / angstrom^2
GRAM_PER_CUBIC_CENTIMETRE = 1e-27 / _JOULE_PER_ELECTRONVOLT * 1e4  # eV ps^2 / angstrom^5
PASCAL = 1e-30 / _JOULE_PER_ELECTRONVOLT  # eV / angstrom^3
BAR = 1e5 * PASCAL
GIGAPASCAL = 1e9 * PASCAL
