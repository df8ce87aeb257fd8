"""Published parameters of Tersoff's form, by name or from a file of LAMMPS's."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

from tdaglass.glass.potentials.tersoff import TersoffEntry

# J. Tersoff, Phys. Rev. B 39, 5566 (1989), table I (its R and S are 1.8 and 2.1 angstrom).
TERSOFF_1989 = TersoffEntry(
    m=3, gamma=1.0, lambda_3=0.0, c=38049.0, d=4.3484, cos_theta_0=-0.57058, n=0.72751, beta=1.5724e-7,
    lambda_2=2.2119, attraction=346.7, middle=1.95, half_width=0.15, lambda_1=3.4879, repulsion=1393.6,
)  # fmt: skip

# L. Lindsay, D. A. Broido, Phys. Rev. B 81, 205441 (2010), table I: fitted to phonons of graphene.
LINDSAY_BROIDO = TERSOFF_1989._replace(attraction=430.0, cos_theta_0=-0.93)


def _from_bond(depth: float, length: float, s: float, beta: float, **entry: float) -> TersoffEntry:
    """An entry of the form of Erhart and Albe: of a dimer's depth D_0 and length r_0, S and beta."""
    lambda_1, lambda_2 = beta * math.sqrt(2 * s), beta * math.sqrt(2 / s)
    return TersoffEntry(
        m=1, lambda_3=0.0, n=1.0, beta=1.0, lambda_1=lambda_1, lambda_2=lambda_2,
        repulsion=depth / (s - 1) * math.exp(lambda_1 * length),
        attraction=s * depth / (s - 1) * math.exp(lambda_2 * length),
        **entry,
    )  # fmt: skip


# P. Erhart, K. Albe, Phys. Rev. B 71, 035211 (2005), table I, C-C (its h is minus cos theta_0).
ERHART_ALBE = _from_bond(
    6.00, 1.4276, 2.167, 2.0099,
    gamma=0.11233, c=181.910, d=6.28433, cos_theta_0=-0.5556, middle=2.0, half_width=0.15,
)  # fmt: skip

CARBON = {"tersoff_1989": TERSOFF_1989, "erhart_albe": ERHART_ALBE, "lindsay_broido": LINDSAY_BROIDO}

NUMBERS = len(TersoffEntry._fields)


def named_entries(name: str, elements: Sequence[str]) -> tuple[TersoffEntry, ...]:
    """The entries of a published set."""
    if tuple(elements) != ("C",):
        raise ValueError(
            f"expected elements=('C',) for the parameters {name!r}, got {tuple(elements)}; try the path of a "
            ".tersoff file that has them"
        )
    return (CARBON[name],)


def read_entries(path: str | Path, elements: Sequence[str]) -> tuple[TersoffEntry, ...]:
    """Entries of a LAMMPS file for all triples of elements, the last changing fastest.

    Raises
    ------
    ValueError
        For a file that cannot be read, a triple that it does not have, or numbers that cannot be.
    """
    found = {}
    there = set()
    for triple, numbers, line in _triples(Path(path)):
        there |= set(triple)
        if not set(triple) <= set(elements):
            continue
        if triple in found:
            raise ValueError(
                f"expected one entry for {' '.join(triple)} in {path}, got a second in line {line}; try "
                "a file without it"
            )
        found[triple] = _checked(TersoffEntry(*numbers), triple, f"{path}, line {line}")
    entries = []
    for triple in itertools.product(elements, repeat=3):
        if triple not in found:
            raise ValueError(
                f"expected an entry for {' '.join(triple)} in {path}, got none; try some of the elements "
                f"{', '.join(sorted(there))}"
            )
        entries.append(found[triple])
    return tuple(entries)


def _triples(path: Path) -> list[tuple[tuple[str, ...], list[float], int]]:
    """Elements, numbers and first line of every entry, each of which may take several lines."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(
            f"expected one of {', '.join(map(repr, CARBON))} or a readable .tersoff file, got {str(path)!r} "
            f"({type(error).__name__}); try the path of such a file"
        ) from None
    words: list[tuple[str, int]] = []
    for at, row in enumerate(text.splitlines(), 1):
        words += [(word, at) for word in row.partition("#")[0].split()]
    size = 3 + NUMBERS
    entries = []
    for first in range(0, len(words), size):
        entry = words[first : first + size]
        line = entry[0][1]
        if len(entry) < size:
            raise ValueError(
                f"expected three elements and {NUMBERS} numbers in every entry of {path}, got {len(entry)} words "
                f"in the last, line {line}; try a file for LAMMPS's pair_style tersoff"
            )
        try:
            numbers = [float(word) for word, _ in entry[3:]]
        except ValueError:
            raise ValueError(
                f"expected three elements and {NUMBERS} numbers in every entry of {path}, got "
                f"{' '.join(word for word, _ in entry)} in line {line}; try a file for LAMMPS's pair_style tersoff"
            ) from None
        entries.append((tuple(word for word, _ in entry[:3]), numbers, line))
    return entries


def _checked(entry: TersoffEntry, triple: tuple[str, ...], where: str) -> TersoffEntry:
    """An entry that can be computed with; what pairs do not read of it is made harmless."""
    numbers = [float(x) for x in entry]
    m, gamma, _, c, d, _, n, beta, lambda_2, strength, middle, half_width, lambda_1, push = numbers
    sound = all(math.isfinite(x) for x in numbers)
    sound = sound and min(gamma, c, n, beta, lambda_2, strength, lambda_1, push) >= 0
    sound = sound and m in (1, 3) and 0 < half_width <= middle and (d > 0 or c == 0)
    # Of other triples than these the bond order is not asked for.
    sound = sound and (triple[1] != triple[2] or n > 0 or beta == 0 or strength == 0)
    if not sound:
        raise ValueError(
            f"expected m of 1 or 3, 0 < D <= R, and finite numbers of which none but lambda3 and costheta0 is "
            f"negative, got {entry} for {' '.join(triple)} in {where}; try another file"
        )
    return entry._replace(n=entry.n or 1.0, d=entry.d or 1.0)
