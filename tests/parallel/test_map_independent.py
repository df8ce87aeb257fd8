"""The one door: order, bits, failures and what is kept, whatever computes the pieces."""

import errno
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cloudpickle
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import kernels
from tdaglass.parallel import OtherVersions, PieceError, Processes, map_independent, stream_independent
from tdaglass.parallel.needs import Needs
from tdaglass.parallel.worker import Reply
from tdaglass.runs import Run


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes(2) as executor:
        yield executor


class AtOnce(Executor):
    """Computes where it is asked to, and does before what a test wants: return a reply, raise, or None."""

    def __init__(self, before: Callable[[int], Any] = lambda _: None) -> None:
        self.before, self.sent = before, []

    def submit(self, function, /, *args):
        future: Future = Future()
        self.sent.append(args)
        try:
            instead = self.before(len(self.sent))
            future.set_result(function(*args) if instead is None else instead)
        except BaseException as error:
            future.set_exception(error)
        return future


def note(diary: Path, line: object) -> None:
    with open(diary, "a") as file:
        file.write(f"{line}\n")


def lines(diary: Path) -> list[str]:
    return diary.read_text().split() if diary.exists() else []


def square(x: int) -> jax.Array:
    return jnp.arange(3) * x**2


@pytest.mark.parametrize("where", ["here", "threads", "at once"])
def test_results_are_in_order_and_in_host_memory(where):
    executors = {"here": None, "threads": ThreadPoolExecutor(3), "at once": AtOnce()}
    found = map_independent(square, (k for k in range(40)), executor=executors[where])
    assert all(type(x) is np.ndarray and x.flags.writeable for x in found)
    np.testing.assert_array_equal(found, np.arange(3) * np.arange(40)[:, None] ** 2)
    assert [type(x) for x in stream_independent(square, range(2), executor=executors[where])] == 2 * [
        np.ndarray
    ]


def environment(_: int) -> dict[str, Any]:
    return {
        "type": str(jnp.zeros(1).dtype),
        "threads": os.environ["TDAGLASS_THREADS"],
        "process": os.getpid(),
    }


def test_threads_go_with_the_work_to_workers_without_a_share_of_their_own(monkeypatch):
    sent = Needs.here(threads=3)._replace(home=("another machine", 1))
    for name in ("TDAGLASS_THREADS", "NPROC"):
        monkeypatch.setenv(name, "1")
    with sent.met():
        assert os.environ["TDAGLASS_THREADS"] == "1"
    monkeypatch.delenv("TDAGLASS_THREADS")
    with sent.met():
        assert os.environ["TDAGLASS_THREADS"] == os.environ["NPROC"] == "3"


@pytest.mark.parametrize("double", [True, False])
def test_a_worker_computes_as_the_process_that_sends_it_work(processes, double):
    with jax.enable_x64(double):
        found = map_independent(environment, range(8), executor=processes)
    assert {x["type"] for x in found} == {"float64" if double else "float32"}
    assert {x["threads"] for x in found} == {str(max(1, kernels.thread_count() // 2))}
    assert os.getpid() not in {x["process"] for x in found}


def fail_at(x: int, *, diary: Path, bad: int, how: Callable[[], Any]) -> int:
    note(diary, x)
    if x == bad:
        how()
    return x


def raise_it() -> None:
    raise ArithmeticError("no threes")


@pytest.mark.parametrize("where", ["here", "at once", "processes"])
def test_a_piece_that_fails_is_tried_again_and_named_and_the_others_are_done(where, tmp_path, request):
    executor = {
        "here": lambda: None,
        "at once": AtOnce,
        "processes": lambda: request.getfixturevalue("processes"),
    }
    diary = tmp_path / "diary"
    function = partial(fail_at, diary=diary, bad=3, how=raise_it)
    said = (
        r"^1 piece failed after 3 tries each: number-3 \(ArithmeticError: no threes\). Of the others 5 are in the "
        "error's `finished`; mend the cause, or try keep=run.chunk to keep them$"
    )
    with pytest.raises(PieceError, match=said) as caught:
        map_independent(
            function, range(6), executor=executor[where](), names=lambda k: f"number-{k}", retries=2
        )
    assert caught.value.finished == {k: k for k in range(6) if k != 3}
    assert isinstance(caught.value.__cause__, ArithmeticError)
    assert lines(diary).count("3") == 3
    assert sorted(set(lines(diary))) == list("012345")


@pytest.mark.parametrize("where", ["here", "at once"])
def test_what_is_kept_is_not_computed_again_and_work_goes_on_when_the_cause_is_gone(where, tmp_path):
    executor = {"here": None, "at once": AtOnce()}[where]
    diary = tmp_path / "diary"
    with Run.open(tmp_path, "study", {}) as run:
        function = partial(fail_at, diary=diary, bad=3, how=raise_it)
        with pytest.raises(PieceError, match="5 are kept; mend the cause and start the same command again"):
            map_independent(function, range(6), executor=executor, keep=run.chunk)
        diary.unlink()
        function = partial(fail_at, diary=diary, bad=-1, how=raise_it)
        assert map_independent(function, range(6), executor=executor, keep=run.chunk) == [*range(6)]
    assert lines(diary) == ["3"]


def test_many_failures_end_the_map(tmp_path):
    diary = tmp_path / "diary"

    def never(x: int) -> None:
        note(diary, x)
        raise KeyError(x)

    with pytest.raises(PieceError, match="10 pieces failed, and no more were begun: piece-0"):
        map_independent(never, range(1000))
    assert len(lines(diary)) == 10


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def test_a_piece_that_kills_its_worker_is_named(processes, tmp_path):
    function = partial(fail_at, diary=tmp_path / "diary", bad=3, how=crash)
    with pytest.raises(
        PieceError, match=r"1 piece failed .*: piece-3 \(RuntimeError: its worker died"
    ) as caught:
        map_independent(function, range(6), executor=processes)
    assert sorted(caught.value.finished) == [0, 1, 2, 4, 5]


def end_once(x: int, *, token: Path) -> int:
    if x == 2:
        try:
            token.unlink()
        except FileNotFoundError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return x


def test_a_worker_that_is_killed_costs_nothing_but_time(processes, tmp_path):
    (token := tmp_path / "token").touch()
    assert map_independent(partial(end_once, token=token), range(5), executor=processes) == [*range(5)]
    assert not token.exists()


def test_an_error_ends_what_is_being_computed():
    began, before = time.monotonic(), set(multiprocessing.active_children())

    def interrupt() -> None:
        with Processes(1) as pool:
            pool.submit(time.sleep, 300)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert time.monotonic() - began < 60
    assert set(multiprocessing.active_children()) <= before


def test_a_broken_pool_of_somebody_else_is_explained():
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        with pytest.raises(Exception, match="terminated abruptly"):
            pool.submit(os._exit, 1).result()
        with pytest.raises(RuntimeError, match=r"try executor=parallel.Processes\(4\), which is made anew"):
            map_independent(abs, range(3), executor=pool)


def test_pieces_that_a_scheduler_lost_are_sent_again():
    def lose(count: int) -> None:
        if count in (2, 3, 6):
            raise CancelledError

    assert map_independent(abs, range(-4, 0), executor=AtOnce(lose)) == [4, 3, 2, 1]


def test_a_scheduler_that_loses_everything_is_given_up():
    def lose(_: int) -> None:
        raise CancelledError

    with pytest.raises(
        ConnectionError, match="expected pieces to come back from workers, got none after 5 losses"
    ):
        map_independent(abs, range(2), executor=AtOnce(lose))


def test_other_versions_are_refused_in_a_sentence(processes, monkeypatch):
    real = Needs.here()
    other = real._replace(versions=real.versions | {"jax": "0.0.1"})
    monkeypatch.setattr(Needs, "here", lambda: other)
    with pytest.raises(
        OtherVersions, match=f"got jax {jax.__version__} in place of 0.0.1 in .*; try installing"
    ):
        map_independent(abs, range(3), executor=processes)


def test_workers_that_differ_are_told(caplog):
    def same(count: int) -> Reply:
        return Reply("done", cloudpickle.dumps(count), processor=f"kind {count % 2}")

    with caplog.at_level(logging.WARNING):
        map_independent(abs, range(4), executor=AtOnce(same))
    assert caplog.text.count("workers differ, and so may last digits: kind 0; kind 1") == 1


class Heavy:
    """Says where it is read."""

    def __init__(self, diary: Path) -> None:
        self.diary, self.array = diary, np.zeros(100_000)

    def __call__(self, x: int) -> int:
        time.sleep(0.01)
        return x

    def __setstate__(self, state: dict) -> None:
        self.__dict__ = state
        note(self.diary, os.getpid())


def test_what_pieces_share_is_sent_to_each_worker_once(processes, tmp_path):
    map_independent(Heavy(tmp_path / "diary"), range(30), executor=processes)
    assert 1 <= len(lines(tmp_path / "diary")) == len(set(lines(tmp_path / "diary"))) <= 2
    executor = AtOnce()
    map_independent(Heavy(tmp_path / "diary"), range(30), executor=executor)
    assert all(len(item) < 100 for *_, item in executor.sent)
    assert [function is not None for _, _, function, _ in executor.sent] == [True] + 29 * [False]


def test_what_belongs_to_this_process_is_refused(tmp_path):
    with (
        open(tmp_path / "file", "w") as file,
        pytest.raises(ValueError, match=r"expected the function of .*; try"),
    ):
        map_independent(lambda k: file.write(k), range(3), executor=AtOnce())
    with pytest.raises(ValueError, match=r"expected the item of piece-0 .*; try"):
        map_independent(len, [(k for k in ())], executor=AtOnce())
    with pytest.raises(PieceError, match=r"expected the result of independent pieces .*; try"):
        map_independent(lambda k: (k for _ in ()), range(1), executor=AtOnce())
    with pytest.raises(ValueError, match=r"expected an executor .*, got 'four'; try parallel.Processes\(2\)"):
        map_independent(abs, [1], executor="four")
    for count in (0, -2):
        with pytest.raises(ValueError, match="expected a number of processes, got"):
            Processes(count)


DONE: list[int] = []


def nap(k: int) -> None:
    time.sleep(0.001)
    DONE.append(k)


def test_no_more_items_are_taken_than_can_be_in_flight():
    ahead = []

    def items() -> Iterator[int]:
        for k in range(200):
            ahead.append(k + 1 - len(DONE))
            yield k

    with ThreadPoolExecutor(2) as pool:
        assert len(list(stream_independent(nap, items(), executor=pool))) == len(DONE) == 200
    assert max(ahead) <= 8


class Backwards(Executor):
    """Of every four that it was sent, the last ends first."""

    _max_workers, sent = 2, 0

    def submit(self, function, /, *args):
        future: Future = Future()
        threading.Timer(0.02 * (4 - self.sent % 4), lambda: future.set_result(function(*args))).start()
        self.sent += 1
        return future


@pytest.mark.parametrize("kept", [True, False])
def test_a_stream_is_in_order_whatever_comes_first(tmp_path, kept):
    with Run.open(tmp_path, "study", {}) as run:
        keep = run.chunk if kept else None
        found = stream_independent(lambda k: {"x": np.arange(k)}, range(12), executor=Backwards(), keep=keep)
        assert [len(one["x"]) for one in found] == [*range(12)]


def test_a_stream_ends_before_the_first_that_failed_and_the_others_are_kept(tmp_path):
    def function(k: int) -> int:
        return k // (k != 3)

    with Run.open(tmp_path, "study", {}) as run:
        stream = stream_independent(function, range(8), executor=AtOnce(), keep=run.chunk)
        assert [next(stream) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(PieceError, match=r"piece-3 \(ZeroDivisionError.*Of the others 7 are kept"):
            next(stream)
        assert [run.chunk.is_finished(f"piece-{k}") for k in range(8)] == [k != 3 for k in range(8)]


@pytest.mark.parametrize("executor", [None, AtOnce()])
def test_a_full_disk_is_no_failure_of_a_piece(executor):
    def keep(name: str, compute: Callable[[], Any]) -> Any:
        compute()
        raise OSError(errno.ENOSPC, "no room left on the disk")

    with pytest.raises(OSError, match="no room left"):
        map_independent(abs, range(3), executor=executor, keep=keep)


def test_functions_of_a_script_and_records_of_it_go_and_come(processes):
    from typing import NamedTuple

    class Pair(NamedTuple):
        one: int
        two: np.ndarray

    found = map_independent(lambda k: Pair(k, np.arange(k)), range(3), executor=processes)
    assert [type(x) is Pair for x in found] == [True] * 3
    assert [len(x.two) for x in found] == [0, 1, 2]


def test_what_is_left_is_cancelled_when_a_stream_is_left():
    with ThreadPoolExecutor(1) as pool:
        stream = stream_independent(time.sleep, [0.0] + 20 * [0.2], executor=pool)
        next(stream)
        began = time.monotonic()
        stream.close()
    assert time.monotonic() - began < 1.0
