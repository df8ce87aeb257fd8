"""Pytrees on disk come back bit for bit, and damage never passes for data."""

import dataclasses
import enum
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.configuration import Configuration
from tdaglass.io.fingerprint import as_json, fingerprint
from tdaglass.io.trees import DamagedFile, load_tree, save_tree


class Changing(NamedTuple):
    value: float


DTYPES = ["float16", "bfloat16", "float8_e4m3fn", "float32", "float64", "int8", "int64", "uint32", "bool"]
DTYPES += ["complex128"]


def awkward(dtype: str) -> np.ndarray:
    """Every kind of bit pattern: NaNs with payloads, signed zeros, subnormals."""
    size = np.dtype(jnp.dtype(dtype)).itemsize
    bits = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 256, 6 * size, dtype=np.uint8)
    return bits.view(jnp.dtype(dtype)).reshape(2, 3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_keeps_its_bits(tmp_path, dtype):
    array = awkward(dtype)
    save_tree(tmp_path / "a.npz", {"a": array, "scalar": array[0, 0], "empty": array[:0]})
    found = load_tree(tmp_path / "a.npz")
    assert found["a"].dtype == array.dtype
    assert found["a"].tobytes() == array.tobytes()
    assert found["scalar"].tobytes() == array[0, 0].tobytes()
    assert found["empty"].shape == (0, 3)


@pytest.mark.float32
def test_containers_keys_and_numbers_come_back_as_they_were(tmp_path):
    keys = jax.random.split(jax.random.key(5), 3)
    tree = {
        "start": Configuration(jnp.ones((2, 3)), jnp.zeros(2, int), None),
        "keys": [keys, jax.random.key(1, impl="rbg")],
        "numbers": (1, 2.5, float("nan"), -0.0, "text", True, None, []),
        "a.b": {"a/b": np.float32(1.5), "a.b": np.arange(2)},
    }
    returned = save_tree(tmp_path / "a.npz", tree)
    found = load_tree(tmp_path / "a.npz")
    for one in (returned, found):
        assert jax.tree.structure(one) == jax.tree.structure(tree)
        assert isinstance(one["start"], Configuration)
        assert one["start"].positions.dtype == tree["start"].positions.dtype
        assert one["start"].positions.flags.writeable
        assert repr(one["numbers"]) == repr(tree["numbers"])
        assert jax.random.key_impl(one["keys"][1]) == jax.random.key_impl(tree["keys"][1])
        np.testing.assert_array_equal(jax.random.key_data(one["keys"][0]), jax.random.key_data(keys))
        draws = [jax.random.normal(key, (4,)) for key in (one["keys"][0][2], keys[2])]
        np.testing.assert_array_equal(*draws)
        assert one["a.b"]["a/b"] == 1.5
        assert one["a.b"]["a.b"].tolist() == [0, 1]
    with np.load(tmp_path / "a.npz") as plain:
        assert plain["start.positions"].shape == (2, 3)


def test_no_flipped_byte_and_no_truncation_passes_for_data(tmp_path):
    path = tmp_path / "a.npz"
    tree = {"a": np.arange(2.0), "n": 3}
    save_tree(path, tree)
    content, rng = path.read_bytes(), np.random.default_rng(2)
    refused = 0
    for place in range(len(content)):
        flipped = content[:place] + bytes([content[place] ^ rng.integers(1, 256)]) + content[place + 1 :]
        for damaged in (content[:place], flipped):
            path.write_bytes(damaged)
            try:
                found = load_tree(path)
            except DamagedFile:
                refused += 1
            else:  # bytes that carry no data, such as dates
                assert found["a"].tobytes() == tree["a"].tobytes()
                assert found["n"] == 3
    assert refused > 1.5 * len(content)


def test_a_record_whose_fields_have_changed_is_outdated(tmp_path, monkeypatch):
    save_tree(tmp_path / "a.npz", Changing(2.0))
    assert load_tree(tmp_path / "a.npz") == Changing(2.0)
    monkeypatch.setattr(sys.modules[__name__], "Changing", NamedTuple("Changing", [("other", float)]))
    with pytest.raises(DamagedFile, match=r"no longer has the fields value.*; try removing it"):
        load_tree(tmp_path / "a.npz")


def test_what_cannot_be_kept_is_refused_before_anything_is_written(tmp_path):
    class Local(NamedTuple):
        value: float

    for bad, match in (
        ({1: np.ones(2)}, "str keys"),
        ({"f": len}, r"got builtin_function_or_method at \.f; try"),
        ([np.array([object()])], r"object; try a numeric dtype"),
        (Local(1.0), "can be imported"),
    ):
        with pytest.raises(ValueError, match=match):
            save_tree(tmp_path / "a.npz", bad)
    assert not list(tmp_path.iterdir())


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
        "from tdaglass.io.fingerprint import fingerprint; "
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
