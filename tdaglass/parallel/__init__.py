"""Independent pieces of work, here or on other processes and machines.

`map_independent` is the one door: a function, items, and any executor of `concurrent.futures`, such as
`Processes` on this machine or a client of Dask on a cluster. Pieces have the same bits wherever they are computed.
Those that fail are tried again and then named (`PieceError`), and the others are not lost. `stream_independent`
hands over one result after another, for sums over more pieces than memory holds. `open_executor` opens an
executor by a word: processes of this machine, somebody's Dask, or batch jobs, which a file of `QueueRequests`
asks for.
"""

from tdaglass.parallel.batch_queues import QueueRequests, job_array, read_requests
from tdaglass.parallel.errors import PieceError
from tdaglass.parallel.executors import dashboard, open_executor
from tdaglass.parallel.map_independent import map_independent, stream_independent
from tdaglass.parallel.needs import OtherVersions
from tdaglass.parallel.processes import Processes

__all__ = [
    "OtherVersions",
    "PieceError",
    "Processes",
    "QueueRequests",
    "dashboard",
    "job_array",
    "map_independent",
    "open_executor",
    "read_requests",
    "stream_independent",
]
