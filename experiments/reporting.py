"""What the reports of the studies share."""

from collections.abc import Callable

from tdaglass.runs import Run


def assemble(run: Run, write: Callable[[], None]) -> None:
    """Write the report of a run, or say where another of those that share it has written it."""
    if not run.assemble(write):
        print(f"another part has written the report, in {run.folder}")


def print_files(run: Run, *others: str) -> None:
    """Where everything is: the folder, files that need a word, and figures."""
    print(f"\neverything is in {run.folder}")
    for line in others:
        print(f"  {line}")
    for figure in sorted(run.folder.glob("figures/*.png")):
        print(f"  figure: {figure}")
