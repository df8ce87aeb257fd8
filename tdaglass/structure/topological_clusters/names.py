"""The 41 types of clusters: names, sizes, and the families that a figure shows side by side."""

# In the order of every array of types. In the literature 5A is sp3c and 7A is sp5c. A 6A is an octahedron, which
# is three sp4c: here its six particles count once.
SIZES = {
    "sp3a": 3, "sp3b": 4, "sp3c": 5, "sp4a": 4, "sp4b": 5, "sp4c": 6, "sp5a": 5, "sp5b": 6, "sp5c": 7, "6A": 6,
    "6Z": 6, "7K": 7, "7T_a": 7, "7T_s": 7, "8A": 8, "8B": 8, "8K": 8, "9A": 9, "9B": 9, "9K": 9, "10A": 10,
    "10B": 10, "10K": 10, "10W": 10, "11A": 11, "11B": 11, "11C": 11, "11E": 11, "11F": 11, "11W": 11, "12A": 12,
    "12B": 12, "12D": 12, "12E": 12, "12K": 12, "13A": 13, "13B": 13, "13K": 13, "FCC": 13, "HCP": 13, "BCC_9": 9,
}  # fmt: skip
CLUSTER_NAMES = tuple(SIZES)

# Put together from tetrahedra (5A and 7A), and from squares and what is left open: the two groups that Boattini et
# al. (Nat. Commun. 11, 5479, 2020) find slow and fast.
CLUSTER_FAMILIES = {
    "tetrahedral": (
        "sp3c", "6Z", "7T_a", "7T_s", "7K", "sp5c", "8B", "9B", "10B", "11C", "11E", "12B", "12D", "13A",
    ),
    "square": ("sp4b", "sp4a", "6A", "sp4c", "sp5b", "8A", "9A", "10A", "BCC_9", "sp3a", "sp5a"),
}  # fmt: skip
