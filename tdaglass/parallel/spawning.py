"""Processes that begin without running the user's script once more."""

import contextlib
from collections.abc import Iterator
from multiprocessing import spawn
from typing import Any


@contextlib.contextmanager
def without_main(named: str) -> Iterator[None]:
    """Processes whose names begin so do not import the script that started them.

    They do not need it: functions and classes of a script are sent with what they are, not by name. So they begin
    sooner, and a script that forgot ``if __name__ == "__main__":`` does not start workers in its workers.
    """
    original = spawn.get_preparation_data

    def prepared(name: str) -> dict[str, Any]:
        data = original(name)
        if name.startswith(named):
            data = {key: value for key, value in data.items() if not key.startswith("init_main")}
        return data

    spawn.get_preparation_data = prepared
    try:
        yield
    finally:
        spawn.get_preparation_data = original
