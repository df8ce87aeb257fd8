"""What long computations ask for to survive a kill."""

from collections.abc import Callable
from typing import Any

# A finished part by its name, or to compute and keep it; such as `Run.chunk`.
Keep = Callable[[str, Callable[[], Any]], Any]
