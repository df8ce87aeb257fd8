"""Columns of LAMMPS dumps: what their names mean, unwrapped positions, and types with their names."""

import numpy as np

AXES = "xyz"
# The coordinates that a dump may have, what is best first.
_FORMS = ("u", "su", "", "s")
_NUMBERS = frozenset({axis + form for axis in AXES for form in _FORMS} | {f"v{axis}" for axis in AXES})


def kind_of(name: str) -> str:
    """The kind of a column, for `text_tables`."""
    if name in ("id", "ix", "iy", "iz"):
        return "I"
    if name in ("element", "typelabel"):
        return "S"
    return "R" if name in _NUMBERS else "*" if name == "type" else "."


def unwrapped_positions(
    table: dict[str, np.ndarray],
    low: np.ndarray,
    cell: np.ndarray,
    periodic: tuple[bool, bool, bool],
    where: str,
) -> tuple[np.ndarray, bool]:
    """Unwrapped positions, from the corner of a periodic cell, and whether the file has x and y only."""
    for form in _FORMS:
        if f"x{form}" in table and f"y{form}" in table:
            break
    else:
        raise ValueError(
            f"expected columns x y z, xu yu zu, xs ys zs or xsu ysu zsu in {where}, got {' '.join(table)}; "
            "try dumping one of these"
        )
    parts = [table.get(axis + form) for axis in AXES]
    n = len(parts[0])  # type: ignore[arg-type]
    flat = parts[2] is None
    scaled = form.startswith("s")
    if flat:
        parts[2] = np.full(n, 0.5 if scaled else low[2] + cell[2, 2] / 2)
    positions = np.stack(parts, axis=-1).astype(float)  # type: ignore[arg-type]
    # Along open axes a cell has no corner to count from.
    corner = np.where(periodic, low, 0.0)
    tilted = cell[~np.eye(3, dtype=bool)].any()
    if scaled:
        positions = (positions @ cell if tilted else positions * np.diagonal(cell)) + (low - corner)
    else:
        positions = positions - corner
    if "u" not in form:
        flags = [table.get(f"i{axis}") for axis in AXES]
        if any(flag is not None for flag in flags):
            images = np.stack([np.zeros(n) if flag is None else flag for flag in flags], axis=-1)
            positions = positions + (images @ cell if tilted else images * np.diagonal(cell))
    for axis in AXES:
        for form in _FORMS:
            table.pop(axis + form, None)
    return positions, flat


def type_labels(
    table: dict[str, np.ndarray], n: int, name: str
) -> tuple[np.ndarray, tuple[str, ...] | None, list[str]]:
    """Type numbers or names of the particles, names of the numbers where the file has both, and the notes."""
    types, names = table.pop("type", None), table.pop("typelabel", None)
    elements = table.pop("element", None)
    names = elements if names is None else names
    if types is None and names is None:
        return (
            np.ones(n, np.int64),
            None,
            [
                f"expected a column type, typelabel or element in {name}, got {' '.join(table) or 'none'}; took "
                "all particles as one species; try dumping type as well"
            ],
        )
    if types is None or types.dtype.kind == "U":
        return (names if types is None else types), None, []  # type: ignore[return-value]
    if types.dtype.kind == "f":
        whole = np.isfinite(types) & (np.rint(types) == types) & (np.abs(types) < 2**31)
        if not whole.all():
            raise ValueError(
                f"expected types as whole numbers or names in {name}, got {types[~whole][0]}; try another column"
            )
        types = types.astype(np.int64)
    if names is None:
        return types, None, []
    # A name for each type number; types that no particle has keep their number as name.
    pairs = set(zip(types.tolist(), names.tolist(), strict=True))
    by_type = dict(pairs)
    last = max(by_type, default=0)
    if len(by_type) < len(pairs) or len(set(by_type.values())) < len(by_type) or last > 10_000:
        return types, None, []
    return types, tuple(by_type.get(t, str(t)) for t in range(1, last + 1)), []


def grouped(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns name[1], name[2], ... joined to one of shape (particles, components)."""
    groups: dict[str, list[np.ndarray]] = {}
    for name, values in table.items():
        base, bracket, _ = name.partition("[")
        groups.setdefault(base if bracket else name, []).append(values)
    return {name: parts[0] if len(parts) == 1 else np.stack(parts, axis=-1) for name, parts in groups.items()}
