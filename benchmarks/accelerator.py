"""What a card does: correctness, speed of molecular dynamics, training, and topology, in about ten minutes.

``python benchmarks/accelerator.py --out FOLDER`` computes one part after the other, each in a process of its own
and under its own time limit: one that hangs, crashes or runs out of memory is said, and the others go on. What is
measured is written to FOLDER/results.json as it comes, so that a killed run leaves it there; at the end it is
printed as tables. With ``--tiny`` everything is small enough for a laptop without a card, limits are long, and the
numbers mean nothing. ``--only`` computes some parts.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

# One line of a table: what was measured, and under which circumstances.
Row = dict[str, Any]


class Part(NamedTuple):
    """A function ``(folder, tiny, *arguments) -> rows`` in a module beside this one, and its limit in seconds."""

    module: str
    function: str
    limit: float
    arguments: tuple[str, ...] = ()
    # Of its process: what is made on the host leaves the card alone.
    environment: Mapping[str, str] = {}


PARTS = {
    "starts": Part("starts", "make_starts", 30, environment={"JAX_PLATFORMS": "cpu"}),
    "machine": Part("starts", "describe_machine", 15),
    "correctness, cuda, 2D": Part("correctness", "check", 40, ("2D", "cuda")),
    "correctness, cuda, 3D": Part("correctness", "check", 45, ("3D", "cuda")),
    "speed, cuda, 2D": Part("speed", "measure", 35, ("2D", "cuda")),
    "speed, cuda, 3D": Part("speed", "measure", 45, ("3D", "cuda")),
    "bounds": Part("bounds", "shares", 60),
    "correctness, jax, 2D": Part("correctness", "check", 90, ("2D", "jax")),
    "correctness, jax, 3D": Part("correctness", "check", 100, ("3D", "jax")),
    "speed, jax, 2D": Part("speed", "measure", 60, ("2D", "jax")),
    "speed, jax, 3D": Part("speed", "measure", 60, ("3D", "jax")),
    "step of the JAX engine": Part("bounds", "jax_step", 60),
    "learning": Part("learning", "ours", 80),
    "learning, PyTorch": Part("learning", "theirs", 45),
    "topology": Part("topology", "diagrams", 30),
}


def run_parts(
    parts: Mapping[str, Part],
    folder: Path,
    command: Callable[[str], list[str]],
    write: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    """Compute parts one after the other; `write` is told after every row what there is."""
    results: dict[str, Any] = {}
    for name, part in parts.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        begun = time.monotonic()
        found: dict[str, Any] = {"status": "running", "rows": []}
        results[name] = found
        for row in rows_of(command(name), folder / "log.txt", part, found):
            found["rows"].append(row)
            write(results)
        found["seconds"] = round(time.monotonic() - begun, 1)
        write(results)
    return results


def rows_of(words: list[str], log: Path, part: Part, found: dict[str, Any]) -> Iterator[Row]:
    """What a process says until it ends or its time is up; how it ended goes to the status."""
    with log.open("ab") as errors:
        begun_at = errors.tell()
        process = subprocess.Popen(
            words, env=os.environ | dict(part.environment), stdout=subprocess.PIPE, stderr=errors,
            text=True, start_new_session=True,
        )  # fmt: skip
        over = threading.Event()

        def end() -> None:
            over.set()
            # The compiler's and the workers' processes as well.
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(part.limit, end)
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("{"):
                    yield json.loads(line)
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                end()
                process.wait()
    if over.is_set():
        found["status"] = f"stopped after {part.limit:g} s"
    elif process.returncode:
        said = log.read_bytes()[begun_at:].decode(errors="replace").strip().splitlines()
        found["status"] = f"ended with {process.returncode}: {said[-1] if said else 'nothing said'}"
    else:
        found["status"] = "done"


def tables(results: Mapping[str, Any]) -> str:
    """All rows, those with the same columns below each other."""
    lines = []
    for name, found in results.items():
        lines.append(f"\n== {name}: {found['status']} ({found.get('seconds', 0):g} s)")
        columns: list[str] = []
        for row in found["rows"]:
            if list(row) != columns:
                columns = list(row)
                lines.append("  ".join(f"{c:>{width(c, found['rows'])}}" for c in columns))
            lines.append("  ".join(f"{word(row[c]):>{width(c, found['rows'])}}" for c in columns))
    return "\n".join(lines)


def word(value: Any) -> str:
    """A cell of a table."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def width(column: str, rows: list[Row]) -> int:
    """Of a column of a table."""
    return max(len(column), *(len(word(row[column])) for row in rows if column in row))


def compute_part(name: str, folder: Path, tiny: bool) -> None:
    """In a process of its own: every row is a line of its output."""
    import importlib

    part = PARTS[name]
    module = importlib.import_module(f"accelerator_{part.module}")
    for row in getattr(module, part.function)(folder, tiny, *part.arguments):
        print(json.dumps(row), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--tiny", action="store_true", help="only to see that it runs")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, help="some parts; starts are made where they are missing"
    )
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    folder: Path = chosen.out.absolute()
    if chosen.part:
        compute_part(chosen.part, folder, chosen.tiny)
        return
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "results.json"

    def write(results: dict[str, Any]) -> None:
        partial = target.with_suffix(".partial")
        partial.write_text(json.dumps({"begun": begun, "tiny": chosen.tiny, "parts": results}, indent=1))
        partial.replace(target)

    begun = time.strftime("%Y-%m-%d %H:%M:%S")
    names = [name for name in PARTS if not chosen.only or name in ("starts", *chosen.only)]
    tiny = ["--tiny"] if chosen.tiny else []

    def command(name: str) -> list[str]:
        return [sys.executable, __file__, "--out", str(folder), "--part", name, *tiny]

    # Of a machine that others use, or that is slow.
    stretch = 10 if chosen.tiny else 1
    parts = {name: PARTS[name]._replace(limit=stretch * PARTS[name].limit) for name in names}
    results = run_parts(parts, folder, command, write)
    said = tables(results)
    (folder / "results.txt").write_text(said + "\n")
    print(said)
    print(f"\neverything is in {folder}")


if __name__ == "__main__":
    main()
