"""NVRTC found and chosen for a card, and machine code kept on disk. Compiling needs its wheel, and no card."""

import ctypes
import dataclasses
import re

import jax
import pytest

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.engines import kernel_calls
from tdaglass.kernels import blocks, machine_code, nvrtc
from tdaglass.kernels.cards import Card

TEXTS = {
    "advance.cu": b'#include "times.hpp"\nextern "C" __global__ void advance(int* x) { x[threadIdx.x] = TIMES; }',
    "times.hpp": b"#pragma once\n#ifndef TIMES\n#error how often\n#endif\n",
}


@pytest.fixture
def compiler():
    found = nvrtc.find_compiler(90, 99_000)
    if isinstance(found, str):
        pytest.skip(found)
    return found


def test_text_becomes_machine_code_of_the_card(compiler):
    for architecture in compiler.architectures[-4:]:
        target = compiler.target(architecture)
        assert target == f"sm_{architecture}"
        code = compiler.compile(TEXTS, "advance.cu", ["-DTIMES=3"], target)
        assert code.startswith(b"\x7fELF")
        assert b"advance" in code


def test_for_a_card_of_tomorrow_its_driver_translates(compiler):
    target = compiler.target(999)
    assert target == f"compute_{compiler.architectures[-1]}"
    text = compiler.compile(TEXTS, "advance.cu", ["-DTIMES=3"], target)
    assert b".entry advance" in text
    assert text.endswith(b"\0")


def test_text_that_does_not_compile_is_a_sentence(compiler):
    with pytest.raises(
        nvrtc.CompilationError, match=r"expected NVRTC .* got .*how often.*; try engine='jax'"
    ):
        compiler.compile(TEXTS, "advance.cu", [], "sm_90")
    with pytest.raises(nvrtc.CompilationError, match=r"to compile .* for sm_1, got .*; try engine='jax'"):
        compiler.compile(TEXTS, "advance.cu", ["-DTIMES=3"], "sm_1")


def pretended(version, *architectures):
    return nvrtc.Compiler(f"nvrtc {version}", version, architectures, ctypes.CDLL(None))


@pytest.mark.parametrize(
    ("installed", "architecture", "driver", "expected"),
    [
        (["12.9", "13.0"], 90, 13000, "13.0"),
        (["12.9", "13.0"], 90, 12080, "12.9"),
        (["12.9", "13.0"], 70, 13000, "12.9"),  # which 13 has forgotten
        (["13.0"], 70, 13000, "NVRTC 13.0 does not know cards of compute capability 7.0; try `pip install"),
        (["13.0"], 90, 12080, "newer than the driver.*; try `pip install nvidia-cuda-nvrtc-cu12`"),
        ([], 90, 13010, "NVRTC is not installed.*; try `pip install nvidia-cuda-nvrtc`"),
        (["12.9"], 61, 13000, "compute capability 7.0 and later, got 6.1; try engine='jax'"),
    ],
)
def test_the_newest_that_knows_card_and_driver(installed, architecture, driver, expected, monkeypatch):
    known = {"12.9": pretended((12, 9), 60, 70, 75, 90), "13.0": pretended((13, 0), 75, 90, 100)}
    monkeypatch.setattr(nvrtc, "_paths", lambda: ["nothing", *installed])
    monkeypatch.setattr(nvrtc, "_open", known.get)
    found = nvrtc.find_compiler(architecture, driver)
    if isinstance(found, str):
        assert re.search(expected, found)
    else:
        assert found is known[expected]


def test_wheels_are_looked_through(tmp_path, monkeypatch):
    """What is no library at all is passed over."""
    folder = tmp_path / "nvidia" / "cu99" / "lib"
    folder.mkdir(parents=True)
    for name in ("libnvrtc.so.99", "libnvrtc.alt.so.99", "libnvrtc-builtins.so.99.1"):
        (folder / name).write_text("no library")
    monkeypatch.syspath_prepend(tmp_path)
    assert str(folder / "libnvrtc.so.99") in list(nvrtc._paths())
    assert not any("alt" in path for path in nvrtc._paths())
    assert nvrtc._open(str(folder / "libnvrtc.so.99")) is None


@dataclasses.dataclass(frozen=True)
class Counting(nvrtc.Compiler):
    """Writes down what it is asked for, and compiles nothing."""

    asked: list = dataclasses.field(default_factory=list, compare=False)

    def compile(self, texts, entry, options, target):
        self.asked.append((tuple(options), target))
        return f"code {len(self.asked)}".encode()


@pytest.fixture
def counting(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_code, "_folder", lambda: tmp_path / "kept")
    return Counting("", (13, 0), (90,), ctypes.CDLL(None))


def test_what_was_compiled_is_kept(counting, tmp_path):
    options = ["-DDIM=2"]
    code = machine_code.machine_code(counting, options, "sm_90")
    assert machine_code.machine_code(counting, options, "sm_90") == code == b"code 1"
    # Another option, card or compiler finds nothing old.
    newer = dataclasses.replace(counting, version=(13, 1))
    for compiler, other, target in (
        (counting, ["-DDIM=3"], "sm_90"),
        (counting, options, "sm_80"),
        (newer, options, "sm_90"),
    ):
        assert machine_code.machine_code(compiler, other, target) != code
    assert len(counting.asked) == 4
    assert len(list((tmp_path / "kept").iterdir())) == 4


def test_another_text_finds_nothing_old(counting, monkeypatch):
    machine_code.machine_code(counting, [], "sm_90")
    changed = {**machine_code.texts(), "advance.cu": b"another"}
    monkeypatch.setattr(machine_code, "texts", lambda: changed)
    assert machine_code.machine_code(counting, [], "sm_90") == b"code 2"


@pytest.mark.parametrize(
    "damage", [lambda kept: kept[:-1], lambda kept: b"", lambda kept: kept[:40] + b"!" + kept[41:]]
)
def test_a_damaged_file_is_compiled_again(damage, counting, tmp_path):
    machine_code.machine_code(counting, [], "sm_90")
    (path,) = (tmp_path / "kept").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert machine_code.machine_code(counting, [], "sm_90") == b"code 2"
    assert machine_code.machine_code(counting, [], "sm_90") == b"code 2"


def test_a_folder_that_cannot_be_written_is_no_error(counting, tmp_path):
    (tmp_path / "kept").write_text("a file in the way")
    assert machine_code.machine_code(counting, [], "sm_90") == b"code 1"
    assert machine_code.machine_code(counting, [], "sm_90") == b"code 2"


def test_where_it_is_kept(tmp_path, monkeypatch):
    before = jax.config.jax_compilation_cache_dir
    try:
        jax.config.update("jax_compilation_cache_dir", str(tmp_path))
        assert machine_code._folder() == tmp_path / "tdaglass"
        for elsewhere in (None, "gs://bucket/programs"):
            jax.config.update("jax_compilation_cache_dir", elsewhere)
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
            assert machine_code._folder() == tmp_path / "cache" / "tdaglass"
    finally:
        jax.config.update("jax_compilation_cache_dir", before)


@pytest.mark.slow
def test_the_block_kernel_is_compiled_once(compiler, tmp_path, monkeypatch):
    monkeypatch.setattr(machine_code, "_folder", lambda: tmp_path)
    card = Card("a card", 80 << 30, 9, 0, 132, 232448, 233472, 13000)
    model = glass.kob_andersen_2d(250)
    options = blocks.make_plan(kernel_calls.interaction(model), 250, 2, card=card, room=64).options.split()
    code = machine_code.machine_code(compiler, options, "sm_90")
    assert code.startswith(b"\x7fELF")

    def refuse(*_):
        raise AssertionError("compiled twice")

    monkeypatch.setattr(nvrtc.Compiler, "compile", refuse)
    assert machine_code.machine_code(compiler, options, "sm_90") == code


def test_the_text_is_shipped():
    texts = machine_code.texts()
    assert b'extern "C" __global__' in texts[machine_code.ENTRY]
    assert "records.hpp" in texts
