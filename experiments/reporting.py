"""What the reports of the studies share."""

from tdaglass.runs import Run


def print_files(run: Run, *others: str) -> None:
    """Where everything is: the folder, files that need a word, and figures."""
    print(f"\neverything is in {run.folder}")
    for line in others:
        print(f"  {line}")
    for figure in sorted(run.folder.glob("figures/*.png")):
        print(f"  figure: {figure}")
