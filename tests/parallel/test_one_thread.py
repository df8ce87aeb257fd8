"""Libraries that add with threads have one while a piece is computed, and theirs back afterwards."""

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from tdaglass import parallel


def most_threads(_):
    return max(library["num_threads"] for library in threadpool_info())


@pytest.mark.parametrize("elsewhere", [False, True])
def test_pieces_are_added_up_by_one_thread(elsewhere):
    with threadpool_limits(2):
        assert most_threads(None) == 2
        if elsewhere:
            with parallel.Processes(1) as executor:
                found = parallel.map_independent(most_threads, range(3), executor=executor)
        else:
            found = parallel.map_independent(most_threads, range(3))
        assert set(found) == {1}
        assert most_threads(None) == 2
