"""Processes of `jax.distributed`, as on several hosts: each does its share of the pieces, on its own devices."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = """
import sys
import time
import jax
from tdaglass.parallel import Part, Processes, map_independent
from tdaglass.parallel.needs import Needs
from tdaglass.runs import Run
from tdaglass.runs.provenance import device

# What workers need is known without starting JAX, which refuses to be distributed after that.
Needs.here()

if __name__ == "__main__":
    root, out, port, count, index = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    if count > 1:
        jax.distributed.initialize(f"localhost:{port}", count, index)
    import numpy as np
    from jax.experimental import multihost_utils
    from tdaglass import dynamics, glass, topology
    assert (len(jax.devices()), len(jax.local_devices())) == (2 * count, 2)
    assert device().startswith("2 x ")
    model = glass.wahnstrom(100)
    liquid = glass.initialize(jax.random.key(0), model, 1.5)
    start = glass.run(liquid, model, 30, temperature=1.5, dt=0.004, engine="jax").configuration
    # A host that is early could do everything.
    multihost_utils.sync_global_devices("begin")
    part = Part(jax.process_index() + 1, jax.process_count())
    computed = []
    with Run.open(root, "ensemble", {"seed": 11}, shared=True) as run:
        class Counting:
            def __call__(self, name, compute):
                return run.chunk(name, compute)
            def attempt(self, name, compute):
                def counted():
                    computed.append(name)
                    time.sleep(0.5)
                    return compute()
                return run.chunk.attempt(name, counted)
        found = dynamics.isoconfigurational(
            jax.random.key(11), model, start, temperature=1.5, times=[0.04, 0.2], replicas=12, block=2, dt=0.004,
            wave_number=6.5, engine="jax", positions=True, executor=part, keep=Counting())
    loops = jax.vmap(lambda x: topology.diagram(x, start.box, dimension=1))(found.positions[0])
    # The workers of a process are its own, and know nothing of the other hosts.
    with Processes(1) as executor:
        assert map_independent(abs, [-1, 2], executor=executor) == [1, 2]
    arrays = {name: x for name, x in found._asdict().items() if x is not None}
    np.savez(out, computed=computed, birth=loops.birth, **arrays)
"""


@pytest.mark.slow
def test_an_ensemble_on_two_hosts_is_that_on_one(tmp_path):
    (tmp_path / "hosts.py").write_text(SCRIPT)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]

    def process(root, count, index):
        out = tmp_path / f"{root}-{index}.npz"
        command = [sys.executable, tmp_path / "hosts.py", tmp_path / root, out, port, count, index]
        settings = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
        path = str(Path(__file__).parents[2])
        environment = {**os.environ, **settings, "PYTHONPATH": path}
        return subprocess.Popen(list(map(str, command)), env=environment), out

    processes = [process("one", 1, 0), process("two", 2, 0), process("two", 2, 1)]
    try:
        assert [running.wait(timeout=280) for running, _ in processes] == [0, 0, 0]
    finally:
        for running, _ in processes:
            running.kill()
    alone, first, second = (dict(np.load(out)) for _, out in processes)
    shares = [set(x.pop("computed").tolist()) for x in (alone, first, second)]
    assert shares[1] | shares[2] == shares[0]
    assert not shares[1] & shares[2]
    assert min(map(len, shares)) >= 1
    for name, x in alone.items():
        np.testing.assert_array_equal(first[name], x, err_msg=name)
        np.testing.assert_array_equal(second[name], x, err_msg=name)
