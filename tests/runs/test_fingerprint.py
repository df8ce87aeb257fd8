"""Settings have one short name, in every session, and another as soon as the result may differ."""

import dataclasses
import enum
import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from tdaglass.runs.fingerprint import as_json, fingerprint


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Inner:
    cutoff: float = 2.5


@dataclasses.dataclass(frozen=True)
class Settings:
    temperature: float = 0.44
    sizes: tuple[int, ...] = (8, 10)
    inner: Inner = Inner()
    colour: Colour = Colour.RED
    threads: int = dataclasses.field(default=2, compare=False)


@dataclasses.dataclass(frozen=True)
class Reordered:
    threads: int = dataclasses.field(default=7, compare=False)
    inner: Inner = Inner()
    sizes: tuple[int, ...] = (8, 10)
    colour: Colour = Colour.RED
    temperature: float = 0.44


Reordered.__qualname__ = "Settings"


def test_the_fingerprint_sees_what_decides_the_result_and_nothing_else():
    same = fingerprint(Settings())
    assert fingerprint(Settings(threads=9)) == fingerprint(Reordered()) == same
    assert fingerprint({"a": 1, "b": 2.0}) == fingerprint({"b": 2.0, "a": 1})
    others = [
        Settings(temperature=0.45), Settings(sizes=(10, 8)), Settings(inner=Inner(2.4)), Inner(),
        {"a": np.ones(2)}, {"a": np.ones(2, np.float32)}, {"a": np.ones((1, 2))}, {"a": jax.random.key(0)},
        {"a": jax.random.key(1)}, {"a": 1}, {"a": 1.0}, {"a": "1"}, {"a": True}, {"a": None}, {"a": {"b"}},
    ]  # fmt: skip
    assert len({same, *map(fingerprint, others)}) == len(others) + 1
    assert json.loads(json.dumps(as_json(Settings())))["temperature"] == 0.44
    assert "threads" in as_json(Settings(), counted_only=False)
    with pytest.raises(ValueError, match=r"got function as settings\.loss; try its name, or field"):
        fingerprint({"loss": lambda x: x})


def test_the_fingerprint_is_the_same_in_another_session():
    script = (
        "from tdaglass.runs.fingerprint import fingerprint; "
        "print(fingerprint({'s': {'x', 'y', 'z'}, 't': 0.1}))"
    )
    child = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout.strip() == fingerprint({"t": 0.1, "s": {"z", "y", "x"}}), child.stderr
