"""Where independent pieces are computed, by one word: here, in processes, on a Dask, or in a batch queue."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tdaglass.parallel.batch_queues import Queue, read_requests
from tdaglass.parallel.processes import Processes

if TYPE_CHECKING:
    from types import ModuleType

log = logging.getLogger(__name__)

FORMS = "here, processes:N, dask:ADDRESS, dask-local:N, slurm:FILE, pbs:FILE or sge:FILE"


@contextlib.contextmanager
def open_executor(where: str = "") -> Iterator[Any]:
    """Open what `map_independent` takes as its `executor`, and close it with all its workers.

    Parameters
    ----------
    where : str
        - "" or "here": in this process, one piece after another;
        - "processes:N": in N processes of this machine;
        - "dask-local:N": the same by Dask, with its dashboard;
        - "dask:ADDRESS": on the workers of a Dask scheduler that runs already, such as "dask:10.0.0.1:8786";
        - "slurm:FILE", "pbs:FILE", "sge:FILE": on Dask workers in batch jobs, which FILE asks for
          (`read_requests`).

    Yields
    ------
    None, concurrent.futures.Executor or dask.distributed.Client
        Of a client, `dashboard` says where to look.

    Raises
    ------
    ValueError
        If `where` is none of these, a file of requests cannot be meant, the queue takes no job, or versions
        differ.
    OSError
        If a scheduler does not answer, or there is no batch queue here.
    ImportError
        If Dask is not installed.

    Examples
    --------
    >>> from tdaglass.parallel import map_independent, open_executor
    >>> with open_executor("processes:2") as executor:
    ...     map_independent(abs, [-1, 2, -3], executor=executor)
    [1, 2, 3]
    """
    kind, _, rest = where.partition(":")
    with contextlib.ExitStack() as stack:
        executor: Any = None
        if where in ("", "here"):
            pass
        elif kind == "processes":
            executor = stack.enter_context(Processes(_count(where, rest)))
        elif kind == "dask-local":
            executor = stack.enter_context(_clusters().on_this_machine(_count(where, rest)))
        elif kind == "dask" and rest:
            executor = stack.enter_context(_clusters().connected(rest))
        elif kind in ("slurm", "pbs", "sge") and rest:
            requests = read_requests(Path(rest))
            executor = stack.enter_context(_clusters().in_batch_queue(cast(Queue, kind), requests))
        else:
            raise ValueError(f"expected one of {FORMS}, got {where!r}; try processes:2")
        if dashboard(executor):
            log.info("Dask's dashboard is at %s", dashboard(executor))
        yield executor


def dashboard(executor: Any) -> str | None:
    """Where a browser sees what the workers of an executor do.

    Parameters
    ----------
    executor : None, concurrent.futures.Executor or dask.distributed.Client

    Returns
    -------
    str or None
        An address; None where there is nothing to see.
    """
    return getattr(executor, "dashboard_link", None)


def _count(where: str, number: str) -> int:
    if not (number.isdecimal() and int(number) > 0):
        raise ValueError(
            f"expected a positive number of workers, such as {where.partition(':')[0]}:2, got {where!r}; "
            f"try one of {FORMS}"
        )
    return int(number)


def _clusters() -> "ModuleType":
    try:
        from tdaglass.parallel import dask_clusters
    except ImportError as error:
        raise ImportError(
            f"expected Dask, got none of its package {error.name}; try pip install 'tdaglass[cluster]'"
        ) from error
    return dask_clusters
