"""Names of experiments, chunks, tables and figures: what every file system takes."""

import re

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def checked_name(name: str) -> str:
    """The name, if it can be that of a file.

    Raises
    ------
    ValueError
        It has other characters than letters, digits, dot, dash and underscore, or begins with a dot or a dash.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"expected a name of letters, digits, dots, dashes and underscores, got {name!r}; try "
            "replacing the rest"
        )
    return name
