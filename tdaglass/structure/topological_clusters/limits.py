"""What cannot be classified: crowded places, and networks of more rings than memory."""

from tdaglass.kernels.clusters import MOST_BONDS, MOST_WITHIN

# Of a kind: on average of all particles, and where there are few of them. Liquids have ten.
RINGS_PER_PARTICLE, FEW_RINGS = 100, 20_000_000


def most_rings(n: int) -> int:
    """Rings with as many spindles that n particles may have."""
    return max(RINGS_PER_PARTICLE * n, FEW_RINGS)


def crowded(particle: int, number: int, kind: str) -> ValueError:
    """What is said of a `Crowd`."""
    shorter = "try a shorter cutoff, just beyond the first neighbours"
    if kind == "within":
        return ValueError(
            f"expected at most {MOST_WITHIN} particles within the cut-off of any, got more around particle "
            f"{particle}; {shorter}"
        )
    if kind == "bonds":
        return ValueError(
            f"expected at most {MOST_BONDS} bonds for each particle, got {number} for particle {particle}; "
            f"{shorter}"
        )
    return ValueError(
        f"expected particles at different places, got {particle} and {number} at the same one; try without one "
        "of them"
    )


def too_many_rings(n: int) -> ValueError:
    """Of all particles together."""
    return ValueError(
        f"expected at most {most_rings(n)} rings of a kind among {n} particles, got more; try a shorter cutoff, "
        "just beyond the first neighbours"
    )
