r"""Ridge regression on energies and forces together.

.. math::
    \frac{\sum (E - \hat E)^2}{\sum (E - \bar E)^2} + w_F \frac{\sum |F - \hat F|^2}{\sum |F|^2}
    + \alpha \lambda |c|^2, \qquad \hat E = N e + c \cdot x, \quad \hat F = -c \cdot \partial x / \partial r

with energies of a particle in the first term. All that is needed of a run are sums of products of features, so
that leaving runs out costs an equation each and no configuration is seen twice.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from forces_from_holes_data import teacher
from forces_from_holes_models import Description
from forces_from_holes_records import Frames, Learned, Scored, Settings

ALPHAS = 10.0 ** np.arange(-11, 0.5, 0.5)


class Sums(NamedTuple):
    """Of some runs: features and energies of their frames, products of slopes with each other and with forces."""

    features: np.ndarray  # (frames, features), for a particle
    energy: np.ndarray  # (frames,), of a particle
    slopes: np.ndarray  # (features, features)
    pull: np.ndarray  # (features,)
    forces: float  # sum of their squares


def learn(settings: Settings, frames: Frames, description: Description) -> tuple[Learned, Learned]:
    """From energies and forces, and from energies alone."""
    runs = np.unique(frames.run[~frames.tested])
    of_fold = [
        sums_of(frames, description, np.isin(frames.run, runs[k :: settings.folds]))
        for k in range(settings.folds)
    ]
    return learn_from(of_fold, settings.force_weight), learn_from(of_fold, 0.0)


def sums_of(frames: Frames, description: Description, chosen: np.ndarray) -> Sums:
    """Of the chosen frames."""

    @jax.jit
    def of_one(positions: Any, box: Any, forces: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        slopes = -description.slopes(positions, box).reshape(forces.size, -1)
        return description.features(positions, box), slopes.T @ slopes, slopes.T @ forces.ravel()

    features, slopes, pull = [], 0.0, 0.0
    for i in np.flatnonzero(chosen):
        seen, products, along = of_one(frames.positions[i], frames.box[i], frames.forces[i])
        features.append(np.asarray(seen))
        slopes, pull = slopes + products, pull + along
    n = frames.positions.shape[1]
    squares = float(np.sum(frames.forces[chosen] ** 2))
    return Sums(
        np.stack(features) / n, frames.energy[chosen] / n, np.asarray(slopes), np.asarray(pull), squares
    )


def added(all_sums: list[Sums]) -> Sums:
    """Of several parts together."""
    features, energy, *rest = zip(*all_sums, strict=True)
    return Sums(np.concatenate(features), np.concatenate(energy), *(sum(x) for x in rest))  # type: ignore[arg-type]


def learn_from(of_fold: list[Sums], force_weight: float) -> Learned:
    """With the strength that foretells folds best, each from the others."""
    errors = np.zeros(len(ALPHAS))
    for k, left in enumerate(of_fold):
        others = added(of_fold[:k] + of_fold[k + 1 :])
        for a, one in enumerate(solutions(others, force_weight)):
            errors[a] += squared_error(left, one, force_weight)
    return solutions(added(of_fold), force_weight)[int(np.argmin(errors))]


def solutions(sums: Sums, force_weight: float) -> list[Learned]:
    """For every strength."""
    mean, energy = sums.features.mean(0), sums.energy.mean()
    x, y = sums.features - mean, sums.energy - energy
    scale = np.sum(y**2)
    matrix, right = x.T @ x / scale, x.T @ y / scale
    if force_weight:
        matrix = matrix + force_weight / sums.forces * sums.slopes
        right = right + force_weight / sums.forces * sums.pull
    values, vectors = np.linalg.eigh(matrix)
    along, size = vectors.T @ right, np.mean(values)
    found = []
    for alpha in ALPHAS:
        coefficients = vectors @ (along / (np.maximum(values, 0) + alpha * size))
        found.append(Learned(coefficients, energy - mean @ coefficients, np.asarray(alpha)))
    return found


def squared_error(sums: Sums, model: Learned, force_weight: float) -> float:
    """What is made least, without the penalty, of frames that were not learned from."""
    c = model.coefficients
    missed = np.sum((sums.energy - model.constant - sums.features @ c) ** 2)
    error = missed / np.sum((sums.energy - sums.energy.mean()) ** 2)
    if not force_weight:
        return float(error)
    return float(error + force_weight * (1 + (c @ sums.slopes @ c - 2 * c @ sums.pull) / sums.forces))


def energy_of(
    settings: Settings, description: Description | None, model: Learned | None, positions: Any, box: Any
) -> Any:
    """What is learned of the energy of all particles, or without a description what the teacher says."""
    if description is None or model is None:
        return teacher(settings, positions, box)
    return settings.n * model.constant + description.features(positions, box) @ model.coefficients


@partial(jax.jit, static_argnames=("settings", "description"))
def energies_and_slopes(
    settings: Settings, description: Description | None, model: Learned | None, positions: Any, box: Any
) -> tuple[jax.Array, jax.Array]:
    """Of frames, one after another."""
    of_one = jax.value_and_grad(partial(energy_of, settings, description, model))
    return jax.lax.map(lambda one: of_one(*one), (positions, box))


def foretell(settings: Settings, frames: Frames, description: Description, model: Learned) -> Scored:
    """Energies and forces of the frames that nothing was learned from."""
    given = frames.positions[frames.tested], frames.box[frames.tested]
    energy, slope = energies_and_slopes(settings, description, model, *given)
    return Scored(np.asarray(energy), -np.asarray(slope))
