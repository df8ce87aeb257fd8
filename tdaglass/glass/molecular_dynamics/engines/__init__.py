"""Who makes the steps: pure JAX on any device, or the CPU kernels; both solve the same equations."""

from tdaglass.glass.molecular_dynamics.engines.choice import Engine, choose_engine, describe_engine

__all__ = ["Engine", "choose_engine", "describe_engine"]
