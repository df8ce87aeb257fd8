"""Isoconfigurational ensembles of hard spheres: short times by hand, relaxation as another group's code has it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass import dynamics, glass, kernels
from tdaglass.glass import hard_spheres as hs
from tdaglass.structure import cutoff_neighbors

with_kernels = pytest.mark.skipif(kernels.WHY_NOT is not None, reason=str(kernels.WHY_NOT))
# Mean squared displacement of A and B, self-intermediate scattering function of A and B at wave number 7.0: of
# 2000 spheres by F. Smallenburg's EDMD (MIT licence), two long runs and many origins each.
MEASURED = {
    0.52: {
        0.1: (0.0109, 0.0129, 0.9148, 0.9002),
        1.0: (0.0803, 0.1061, 0.5316, 0.4462),
        10.0: (0.562, 0.758, 0.0235, 0.0103),
    },
    0.55: {
        0.1: (0.0090, 0.0108, 0.9294, 0.9157),
        1.0: (0.0443, 0.0576, 0.7034, 0.6398),
        10.0: (0.165, 0.235, 0.326, 0.242),
        20.0: (0.295, 0.423, 0.161, 0.101),
    },
}


@with_kernels
def test_the_ensemble_of_a_model_without_forces():
    """All observables; particles fly freely at first, whatever temperature and mass."""
    model = glass.hard_sphere_mixture((60, 60), (1.0, 1.4), 0.2, dimension=2, masses=(1.0, 4.0))
    grown = hs.grow(jax.random.key(0), model)
    settings = {
        "temperature": 2.0, "times": [0.01, 0.05, 0.5], "replicas": 64, "wave_number": 4.0,
        "cage": cutoff_neighbors(jnp.asarray(grown.positions), jnp.asarray(grown.box), 1.8),
    }  # fmt: skip
    found = dynamics.isoconfigurational(jax.random.key(1), model, grown, **settings)
    of_mass = np.array([1.0, 4.0])[model.species]
    expected = 2 * 2.0 / of_mass * 0.01**2
    free = found.squared_displacement[0] / expected
    assert free.mean() == pytest.approx(1, abs=4 / np.sqrt(64 * 120))
    assert (np.diff(found.self_scattering, axis=0) < 0).all()
    assert found.total_scattering[0] == pytest.approx(1, abs=0.01)
    assert 0 < found.cage_relative[-1].mean() < 2 * found.squared_displacement[-1].mean()
    parts: dict = {}
    again = dynamics.isoconfigurational(
        jax.random.key(1), model, grown, **settings, block=64, segment_steps=3,
        keep=lambda name, compute: parts.setdefault(name, compute()),
    )  # fmt: skip
    assert len(parts) > 1
    np.testing.assert_allclose(again.propensity, found.propensity, rtol=1e-6)


@with_kernels
@pytest.mark.slow
@pytest.mark.parametrize("packing_fraction", MEASURED)
def test_relaxation_is_what_another_code_has(packing_fraction, record_property):
    """Twelve configurations, each with eight sets of velocities."""
    model = glass.binary_hard_spheres(2000, packing_fraction)
    spheres = hs.run(glass.initialize(jax.random.key(0), model, 1.0), model, 300.0)
    wanted = MEASURED[packing_fraction]
    each = []
    for k in range(12):
        spheres = hs.run(spheres, model, 60.0)
        one = dynamics.isoconfigurational(
            jax.random.key(k), model, spheres.configuration, temperature=1.0, times=list(wanted), replicas=8,
            observables=["scattering"], wave_number=7.0,
        )  # fmt: skip
        large = np.asarray(spheres.species) == 0
        squared = one.squared_displacement
        each.append([squared[:, large].mean(1), squared[:, ~large].mean(1), *one.self_scattering[:, 1:].T])
    mean, error = np.mean(each, axis=0).T, np.std(each, axis=0).T / np.sqrt(11)
    expected = np.array(list(wanted.values()))
    record_property(
        "relaxation", f"phi {packing_fraction}, q {one.wave_number:.3f}: {np.round(mean, 4).tolist()}"
    )
    np.testing.assert_array_less(np.abs(mean - expected), 3 * error + 0.02 * expected + [0, 0, 0.002, 0.002])
