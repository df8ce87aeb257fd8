"""Who makes the steps: JAX on any device, or kernels of a CPU or of CUDA cards; all solve the same equations."""

from tdaglass.glass.molecular_dynamics.engines.choice import KERNELS, Engine, choose_engine, describe_engine

__all__ = ["KERNELS", "Engine", "choose_engine", "describe_engine"]
