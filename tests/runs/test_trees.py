"""Pytrees on disk come back bit for bit, and damage never passes for data."""

import sys
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.configuration import Configuration
from tdaglass.runs.trees import DamagedFile, load_tree, save_tree


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
