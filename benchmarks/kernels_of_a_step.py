"""The kernels that XLA makes of the JAX engine for an H100, counted without one.

``python benchmarks/kernels_of_a_step.py [--liquid kob_andersen_3d] [--n 4096] [--replicas 256] [--slots 112]``
compiles the loop over steps for a card that need not be there and prints, for every loop in it, how many kernels a
turn starts and how many bytes they name. It needs the wheels jax-cuda13-pjrt and jax-cuda13-plugin of the version
of JAX. ``--cpu-form`` shows what the form for a CPU would cost there.
"""

import argparse
import collections
import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.baths import Schedule
from tdaglass.glass.molecular_dynamics.engines import jax_steps
from tdaglass.glass.molecular_dynamics.state import CHAIN_LENGTH, Chain, State
from tdaglass.glass.molecular_dynamics.table_capacity import Settings
from tdaglass.space import FixedPoint

H100 = """
gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 threads_per_core_limit: 2048
  core_count: 132 fpus_per_core: 128
  shared_memory_per_block: 49152 shared_memory_per_core: 233472 shared_memory_per_block_optin: 232448
  block_dim_limit_x: 2147483647 block_dim_limit_y: 65535 block_dim_limit_z: 65535
  registers_per_core_limit: 65536 registers_per_block_limit: 65536 cuda_compute_capability { major: 9 }
  memory_bandwidth: 3352320000000 l2_cache_size: 52428800 clock_rate_ghz: 1.98 device_memory_size: 84942979072
}
platform_name: "CUDA" dnn_version_info { major: 9 minor: 10 patch: 0 }
device_description_str: "NVIDIA H100 80GB HBM3"
"""
# What starts no kernel of its own.
FREE = {
    "parameter",
    "constant",
    "tuple",
    "get-tuple-element",
    "bitcast",
    "after-all",
    "while",
    "conditional",
    "call",
}
BYTES = {"pred": 1, "u8": 1, "u16": 2, "s32": 4, "u32": 4, "f32": 4, "s64": 8, "u64": 8, "f64": 8}
INSTRUCTION = re.compile(r"\s+(?:ROOT )?%?([\w.\-]+) = (\(.*?\)|[\w\[\],{}:()]+?) ([\w\-]+)\((.*)$")


def program(settings: Settings, replicas: int) -> str:
    """The loop over steps as XLA optimised it."""
    device = topologies.get_topology_desc("h100", "cuda", target_config=H100, topology="1x1x1").devices[0]
    n, dim = settings.model.n_particles, settings.model.dimension

    def array(*shape: int, dtype: Any = jnp.float32) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((replicas, *shape), dtype, sharding=SingleDeviceSharding(device))

    vectors, whole = array(dim, n), array(dim, n, dtype=jnp.int32)
    chain = Chain(array(CHAIN_LENGTH), array(CHAIN_LENGTH))
    state = State(
        FixedPoint(whole, whole),
        array(n, dtype=jnp.int32),
        array(n),
        array(dim),
        vectors,
        vectors,
        chain,
        array(),
        chain,
        array(dtype=jnp.int32),
        array(2, dtype=jnp.uint32),
    )
    number = jax.ShapeDtypeStruct((), jnp.int32, sharding=SingleDeviceSharding(device))

    def steps(state: State, schedule: Schedule, first: jax.Array, last: jax.Array) -> Any:
        return jax_steps._advance(settings, state, schedule, first, last)

    compiled = jax.jit(steps).lower(state, Schedule(array(), array(), array()), number, number).compile()
    return str(compiled.as_text())


def computations(text: str) -> dict[str, list[tuple[str, str, str, str]]]:
    """Name, shape, operation and rest of every instruction of every computation; "ENTRY" is the whole program."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    name = None
    for line in text.splitlines():
        if begun := re.match(r"(ENTRY )?%?([\w.\-]+) \(.*\) -> .* \{$", line):
            name = "ENTRY" if begun.group(1) else begun.group(2)
            found[name] = []
        elif name and (instruction := INSTRUCTION.match(line)):
            found[name].append(instruction.groups())  # type: ignore[arg-type]
    return found


def bytes_of(shape: str) -> int:
    """Of the arrays in a shape."""
    total = 0
    for dtype, sizes in re.findall(r"\b(pred|[suf]\d+)\[([\d,]*)\]", shape):
        n = BYTES[dtype]
        for size in filter(None, sizes.split(",")):
            n *= int(size)
        total += n
    return total


def loops(found: dict, name: str = "ENTRY", depth: int = 0) -> Iterator[str]:
    """A line for each loop, those within it indented below."""
    shapes = {instruction[0]: instruction[1] for instruction in found[name]}
    kernels = [x for x in found[name] if x[2] not in FREE and not x[2].endswith(("-start", "-done"))]
    named = sum(bytes_of(x[1]) for x in kernels)
    named += sum(bytes_of(shapes.get(y, "")) for x in kernels for y in re.findall(r"%([\w.\-]+)", x[3]))
    kinds = dict(collections.Counter(x[2] for x in kernels))
    yield f"{'  ' * depth}{name}: {len(kernels)} kernels {kinds}, {named / 1e6:.0f} MB"
    for _, _, operation, rest in found[name]:
        if operation == "while":
            turns = re.search(r'known_trip_count":\{"n":"(\d+)"', rest)
            yield f"{'  ' * (depth + 1)}loop, {turns.group(1) if turns else 'a condition decides'} turns"
            yield from loops(found, re.search(r"body=%([\w.\-]+)", rest).group(1), depth + 1)  # type: ignore[union-attr]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--liquid", default="kob_andersen_3d")
    parser.add_argument("--n", type=int, default=4096)
    parser.add_argument("--replicas", type=int, default=256)
    parser.add_argument("--slots", type=int, default=112)
    parser.add_argument("--ensemble", choices=("nve", "nvt", "npt"), default="nvt")
    parser.add_argument("--cpu-form", action="store_true")
    chosen = parser.parse_args()
    model = getattr(glass, chosen.liquid)(chosen.n)
    settings = Settings(
        model, chosen.ensemble, 0.005, model.skin, chosen.slots, None, False, not chosen.cpu_form
    )
    print("\n".join(loops(computations(program(settings, chosen.replicas)))))


if __name__ == "__main__":
    main()
