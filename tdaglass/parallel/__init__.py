"""Independent pieces of work, here or on other processes and machines.

`map_independent` is the one door: a function, items, and any executor of `concurrent.futures`, such as
`Processes` on this machine or a client of Dask on a cluster. Pieces have the same bits wherever they are computed.
Those that fail are tried again and then named (`PieceError`), and the others are not lost. `stream_independent`
hands over one result after another, for sums over more pieces than memory holds. `open_executor` opens an
executor by a word: processes of this machine, somebody's Dask, or batch jobs, which a file of `QueueRequests`
asks for. A `Part` is no executor but one of several jobs that do the pieces of one run folder together.

`map_batches` cuts trajectories to batches of frames, and joins what is said of them. A piece that is `checked`
fails where its numbers are none. Optimal volumes of many pairs, whose complex goes to each worker once:

>>> import numpy as np
>>> from functools import partial
>>> from tdaglass import topology
>>> from tdaglass.parallel import map_independent
>>> complex_ = topology.alpha_complex(np.random.default_rng(1).random((40, 2)))
>>> loops = topology.persistence(complex_)[1]
>>> longest = np.argsort(loops.birth - loops.death)[:3].tolist()
>>> volumes = map_independent(partial(topology.optimal_volume, complex_, loops), longest)
>>> [len(volume.cells) for volume in volumes]
[14, 5, 4]
"""

from tdaglass.parallel.batch_queues import QueueRequests, job_array, read_requests
from tdaglass.parallel.checked import check_finite, checked
from tdaglass.parallel.errors import PieceError
from tdaglass.parallel.executors import dashboard, open_executor
from tdaglass.parallel.map_batches import map_batches
from tdaglass.parallel.map_independent import map_independent, stream_independent
from tdaglass.parallel.needs import OtherVersions
from tdaglass.parallel.part import Part
from tdaglass.parallel.processes import Processes

__all__ = [
    "OtherVersions",
    "Part",
    "PieceError",
    "Processes",
    "QueueRequests",
    "check_finite",
    "checked",
    "dashboard",
    "job_array",
    "map_batches",
    "map_independent",
    "open_executor",
    "read_requests",
    "stream_independent",
]
