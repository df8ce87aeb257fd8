"""Progress passes every item on, speaks only where it should, and never on standard output."""

import logging
import sys

import pytest

from tdaglass import progress as module
from tdaglass.progress import progress


def test_items_pass_unchanged_and_lazily():
    seen = []

    def items():
        for i in range(3):
            seen.append(i)
            yield i

    loop = progress(items(), "items")
    assert next(loop) == 0
    assert seen == [0]
    assert list(loop) == [1, 2]


def test_a_bar_with_an_estimate_on_a_terminal_only(capsys, monkeypatch):
    monkeypatch.setattr(module, "_DELAY", 0.0)
    assert list(progress(range(3), "replicas", enabled=True)) == [0, 1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "replicas" in err
    assert "3/3" in err
    for enabled in (None, False):  # the tests' standard error is no terminal
        list(progress(range(3), "replicas", enabled=enabled))
        assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    list(progress(range(3), "quenches"))
    assert "quenches" in capsys.readouterr().err


def test_short_loops_show_nothing_even_on_a_terminal(capsys):
    list(progress(range(3), "replicas", enabled=True))
    assert "3/3" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("items", "said"), [(range(4), "replicas: 2 of 4, about"), (iter(range(4)), "replicas: 2")]
)
def test_batch_jobs_get_lines_in_the_log(caplog, monkeypatch, items, said):
    clock = iter(range(0, 1000, 31))
    monkeypatch.setattr(module.time, "monotonic", lambda: float(next(clock)))
    with caplog.at_level(logging.INFO):
        list(progress(items, "replicas"))
    assert caplog.messages[0].startswith(said)
    if "of" in said:
        assert caplog.messages[0] == "replicas: 2 of 4, about 62 s left"
    assert len(caplog.messages) == 2
