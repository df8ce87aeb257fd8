"""Independent pieces of work, here or on other processes and machines.

`map_independent` is the one door: a function, items, and any executor of `concurrent.futures`, such as
`Processes` on this machine or a client of Dask on a cluster. Pieces have the same bits wherever they are computed.
Those that fail are tried again and then named (`PieceError`), and the others are not lost. `stream_independent`
hands over one result after another, for sums over more pieces than memory holds.
"""

from tdaglass.parallel.errors import PieceError
from tdaglass.parallel.map_independent import map_independent, stream_independent
from tdaglass.parallel.needs import OtherVersions
from tdaglass.parallel.processes import Processes

__all__ = ["OtherVersions", "PieceError", "Processes", "map_independent", "stream_independent"]
