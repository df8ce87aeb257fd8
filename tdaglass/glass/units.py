"""Metal units: energy eV, length angstrom, time ps; so mass is eV ps^2 / angstrom^2, pressure eV / angstrom^3.

Temperatures are energies, as everywhere. From CODATA 2018 (E. Tiesinga et al., Rev. Mod. Phys. 93, 025010, 2021).
"""

KELVIN = 8.617333262e-5  # eV
FEMTOSECOND = 1e-3  # ps
GRAM_PER_MOLE = 1.03642695e-4  # eV ps^2 / angstrom^2
GRAM_PER_CUBIC_CENTIMETRE = 0.602214076 * GRAM_PER_MOLE  # eV ps^2 / angstrom^5
BAR = 6.241509074e-7  # eV / angstrom^3
GIGAPASCAL = 1e4 * BAR
