"""tdaglass: the structure hidden in glasses, as pure JAX functions."""

from tdaglass.configuration import Configuration

__all__ = ["Configuration"]
__version__ = "0.2.0"
