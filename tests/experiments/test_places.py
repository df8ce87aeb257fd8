"""Wherever a study is computed its arrays are the same, and whatever dies on the way."""

import os
import signal
import time

import pytest
from studies import (
    TINY,
    assert_killed_ends_alike,
    assert_nothing_left,
    assert_same_arrays,
    begun,
    command,
    only_run,
    studies_at_once,
    study,
)

pytestmark = pytest.mark.slow

PLACES = {
    "processes": [["--executor", "processes:2"]],
    "two workers": [["--executor", "dask-local:2"]],
    "four workers": [["--executor", "dask-local:4"]],
    "parts": [["--part", "1/3"], ["--part", "2/3"], ["--part", "3/3"]],
}


@pytest.fixture(scope="module", params=TINY)
def finished(request, tmp_path_factory):
    """A study that was computed in one process, and its folder."""
    root = tmp_path_factory.mktemp("runs")
    study(request.param, *TINY[request.param], "--root", str(root))
    return request.param, only_run(root, request.param)


@pytest.mark.parametrize("place", PLACES)
def test_arrays_are_the_same_everywhere(finished, tmp_path, place):
    name, folder = finished
    jobs = [command(name, *TINY[name], "--root", str(tmp_path), *flags) for flags in PLACES[place]]
    printed = studies_at_once(jobs)
    assert sum("everything is in" in text for text in printed) == 1
    assert_same_arrays(folder, only_run(tmp_path, name))
    assert_nothing_left(tmp_path)


@pytest.fixture(scope="module")
def hidden_structures(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    study("hidden_structures", *TINY["hidden_structures"], "--root", str(root))
    return only_run(root, "hidden_structures")


@pytest.mark.parametrize(("name", "lives"), [("hidden_structures", (20, 60)), ("glass_or_liquid", (20, 60))])
def test_client_and_workers_are_killed(tmp_path_factory, tmp_path, name, lives):
    root = tmp_path_factory.mktemp("runs")
    study(name, *TINY[name], "--root", str(root))
    arguments = [*TINY[name], "--executor", "dask-local:2"]
    assert_killed_ends_alike(name, arguments, tmp_path, only_run(root, name), lives, kill_workers_every=8)


# Found by every process of a study as it begins.
POISON = """
import os, signal
if os.path.exists(os.environ["POISON"]):
    from tdaglass import dynamics
    sound = dynamics.isoconfigurational
    def poisoned(*arguments, keep, **settings):
        if keep.folder.name.startswith("T1.5-ensemble-1"):
            {action}
        return sound(*arguments, keep=keep, **settings)
    dynamics.isoconfigurational = poisoned
"""
ACTIONS = {
    "an exception": ('raise ArithmeticError("it is poisoned")', "it is poisoned"),
    "a crash": ("os.kill(os.getpid(), signal.SIGSEGV)", "its worker died"),
}


@pytest.mark.parametrize("executor", ["processes:2", "dask-local:2"])
@pytest.mark.parametrize("kind", ACTIONS)
def test_a_poisoned_piece_is_named_and_the_study_goes_on_without_the_poison(
    hidden_structures, tmp_path, executor, kind
):
    action, said = ACTIONS[kind]
    poison = tmp_path / "poison"
    poison.touch()
    (tmp_path / "sitecustomize.py").write_text(POISON.format(action=action))
    env = {"PYTHONPATH": str(tmp_path), "POISON": str(poison)}
    words = command(
        "hidden_structures", *TINY["hidden_structures"], "--root", str(tmp_path), "--executor", executor
    )
    with begun(words, env) as process:
        _, errors = process.communicate(timeout=600)
    assert process.returncode == 1
    assert "Traceback" not in errors
    (sentence,) = [line for line in errors.splitlines() if "failed after" in line]
    assert "1 piece failed" in sentence
    assert "T1.5-ensemble-1" in sentence
    assert said in sentence
    ensembles = sorted(path.name for path in only_run(tmp_path, "liquids").glob("chunks/*ensemble*.npz"))
    assert ensembles == ["T1.5-ensemble-0.npz", "T2-ensemble-0.npz", "T2-ensemble-1.npz"]
    poison.unlink()
    with begun(words, env) as process:
        _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert_same_arrays(hidden_structures, only_run(tmp_path, "hidden_structures"))


@pytest.mark.parametrize("place", [[], ["--executor", "processes:2"], ["--executor", "dask-local:2"]])
def test_the_keyboard_ends_it_in_a_sentence(tmp_path, place):
    long = [*TINY["hidden_structures"], "--replicas", "64", "--observation", "200"]
    with begun(command("hidden_structures", *long, "--root", str(tmp_path), *place)) as process:
        while not list(tmp_path.glob("liquids/*/chunks/*.npz")):
            time.sleep(0.2)
            assert process.poll() is None
        time.sleep(2)
        os.killpg(process.pid, signal.SIGINT)
        interrupted = time.monotonic()
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - interrupted < 30
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1].startswith("ended by the keyboard")
    assert "Traceback" not in errors
