"""Forces of an energy learned from holes: slopes, regression, what happens where diagrams change; the study."""

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from studies import EXPERIMENTS, TINY, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

from forces_from_holes_changes import compared
from forces_from_holes_learning import ALPHAS, Sums, added, solutions, squared_error
from forces_from_holes_models import Holes, Pairs, Together
from forces_from_holes_records import CARBON, Settings

from tdaglass.learning import ridge
from tdaglass.topology import Grid

BOX = np.array([6.0, 6.5])
GRIDS = (Grid((-0.5, 0.5), (0.2, 1.0), (1, 8)), Grid((0.3, 1.5), (0.4, 1.6), (8, 8)))


@pytest.fixture(scope="module")
def positions():
    sites = np.stack(np.meshgrid(*[np.arange(5)] * 2, indexing="ij"), -1).reshape(-1, 2) * BOX / 5
    return jnp.asarray(sites + np.random.default_rng(0).normal(0, 0.2, sites.shape))


def test_slopes_are_those_of_features(positions):
    """Against a central difference of all features along a random direction."""
    description = Together((Pairs(0.7, 2.5, 10), Holes((0, 1), GRIDS, (0.1, 0.15))))
    random = np.random.default_rng(1)
    direction, step = jnp.asarray(random.normal(size=positions.shape)), 1e-6
    features = jax.jit(lambda move: description.features(positions + move * direction, BOX))
    slopes = jax.jit(description.slopes)(positions, BOX)
    difference = (features(step) - features(-step)) / (2 * step)
    assert slopes.shape == (*positions.shape, len(difference))
    np.testing.assert_allclose(jnp.einsum("nd,ndc->c", direction, slopes), difference, atol=2e-8)


def with_apex(power):
    """Energies of a loop and forces on the apex of a triangle that is right-angled at height one."""
    description = Holes((1,), (Grid((0.8, 1.2), (0.8, 1.2), (4, 4)),), (0.1,), power)

    @jax.jit
    @jax.value_and_grad
    def energy(height):
        corners = jnp.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).at[2, 1].set(height)
        return description.features(corners, None).sum()

    return [energy(1 + away) for away in (-1e-5, 1e-5)]


def test_at_the_diagonal_a_weight_of_persistence_leaves_no_jump_of_energy_or_force():
    """Above it death - birth is half the square of how far the circumcentre lies from the edge."""
    (before, _), (jump, _) = with_apex(power=0)
    assert before == 0
    assert 0.4 < jump < 1  # the part of a Gaussian that lies in cells above the diagonal
    (before, _), (after, slope) = with_apex(power=1)
    assert before == 0
    assert float(after) == pytest.approx(float(jump) * 1e-5**2 / 2, rel=1e-4)
    assert float(slope) == pytest.approx(float(jump) * 1e-5, rel=1e-4)


@pytest.fixture(scope="module")
def parts():
    """Of random features and slopes, in two parts; and the rows that they are made of."""
    random = np.random.default_rng(2)
    rows, found = [], []
    for _ in range(2):
        x, slopes = random.normal(size=(8, 5)) + 3, random.normal(size=(30, 5))
        coefficients = np.arange(5) - 2.0
        y, forces = x @ coefficients + random.normal(size=8), slopes @ coefficients + random.normal(size=30)
        rows.append((x, y, slopes, forces))
        found.append(Sums(x, y, slopes.T @ slopes, slopes.T @ forces, float(forces @ forces)))
    return found, [np.concatenate(x) for x in zip(*rows, strict=True)]


@pytest.mark.parametrize("force_weight", [0.0, 2.0])
def test_learned_coefficients_are_those_of_one_ridge_regression_on_all_rows(parts, force_weight):
    found, (x, y, slopes, forces) = parts
    scale = np.sum((y - y.mean()) ** 2)
    rows = [(x - x.mean(0)) / np.sqrt(scale)], [(y - y.mean()) / np.sqrt(scale)]
    if force_weight:
        share = np.sqrt(force_weight / np.sum(forces**2))
        rows[0].append(share * slopes)
        rows[1].append(share * forces)
    a, b = (np.concatenate(side) for side in rows)
    alphas = ALPHAS * np.trace(a.T @ a) / a.shape[1]
    expected = ridge(a, b, alphas, intercept=False)
    for one, coefficients in zip(solutions(added(found), force_weight), expected.coefficients, strict=True):
        np.testing.assert_allclose(one.coefficients, coefficients, rtol=1e-8)
        assert one.constant == pytest.approx(np.mean(y - x @ one.coefficients))
        missed = np.sum((y - one.constant - x @ one.coefficients) ** 2) / scale
        if force_weight:
            missed += force_weight * np.sum((forces - slopes @ one.coefficients) ** 2) / np.sum(forces**2)
        assert squared_error(added(found), one, force_weight) == pytest.approx(missed)


def test_changes_of_partners_are_told_apart():
    """Edges 12, 34, 56 and triangles; an edge that ends a component may open a loop."""
    a, b, c, p, q, r = (1, 2), (3, 4), (5, 6), (1, 2, 3), (3, 4, 5), (5, 6, 7)
    components, loops = frozenset({(c,)}), frozenset({(a, p), (b, q)})
    before = (components, loops)
    for after, counts in (
        ((components, frozenset({(a, q), (b, p)})), [[0, 0, 0], [2, 0, 0]]),
        ((frozenset({(a,)}), frozenset({(c, p), (b, q)})), [[1, 0, 0], [1, 0, 0]]),
        ((components, frozenset({(a, p), (b, r)})), [[0, 0, 0], [0, 1, 0]]),
        ((frozenset({((7, 8),)}), loops), [[0, 1, 0], [0, 0, 0]]),
        ((components, frozenset({(a, p)})), [[0, 0, 0], [0, 0, 1]]),
        ((components, loops | {((7, 8), r)}), [[0, 0, 0], [0, 0, 1]]),
        (before, [[0, 0, 0], [0, 0, 0]]),
    ):
        assert compared(before, after).tolist() == counts


def test_settings_that_cannot_be_meant_are_refused_and_carbon_has_its_stages():
    assert CARBON.schedule[3] == (5000, 5000, 2.0, 2)
    # The last of these.
    assert CARBON.start == 2 + 4 + 2 - 1
    assert Settings().steps_at_a_time == 125
    for wrong, sentence in (
        ({"tested": 12}, "got 12, of which 12"),
        ({"starts": 5}, "got 5 starts and 4 runs"),
        ({"system": "carbon"}, "expected frames of four stages"),
        ({"time": 0.001}, "expected runs of a step or more"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Settings(**wrong)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["liquid", "carbon"])
def test_forces_of_holes_move_particles_and_only_unweighted_energies_jump(system, tmp_path):
    flags = TINY["forces_from_holes"] if system == "liquid" else CARBON_TINY
    printed = study("forces_from_holes", *flags, "--root", str(tmp_path))
    assert "Teacher: " in printed
    folder = only_run(tmp_path, "forces_from_holes")
    metrics = json.loads((folder / "metrics.json").read_text())
    scores = metrics["scores"]
    assert scores["holes"]["force_rmse"] < scores["holes-energies"]["force_rmse"]
    if system == "liquid":
        assert scores["holes"]["force_correlation"] > 0.8
    else:
        # The teacher is no sum over pairs, and there are 32 frames; from 240 the study has 0.775.
        assert scores["holes"]["force_correlation"] > 0.6
        assert scores["both"]["force_rmse"] < scores["pairs"]["force_rmse"]
    of_openings = {
        name: row["energy"][1] for name, row in metrics["changes"].items() if name.endswith("or closed")
    }
    for name, jump in of_openings.items():
        assert (jump > 1e-4) == ("bare" in name), (name, jump)
    for name in ("parity", "drift", "jumps", "structure", "learned"):
        assert (folder / "figures" / f"{name}.png").stat().st_size < 200_000


CARBON_TINY = [
    "--system", "carbon", "--densities", "2.5", "3.0", "--runs", "3", "--tested", "1", "--folds", "2", "--frames",
    "2", "2", "2", "2", "--sigmas", "0.1", "0.1", "0.2", "--time-steps", "0.0005", "0.001", "--time", "0.02",
    "--starts", "1", "--events", "5",
]  # fmt: skip
