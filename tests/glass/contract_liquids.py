"""The liquids that every model's contract is asked of, one of each kind."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from oracles import setfl_by_formula

from tdaglass import glass
from tdaglass.glass.potentials import Setfl


@dataclass(frozen=True)
class Yukawa(glass.PairPotential):
    """As a user writes one: an energy, and nothing else."""

    kappa: float = 2.0

    def energy(self, r_sq, pair):
        r = jnp.sqrt(r_sq)
        return pair.epsilon * pair.sigma / r * jnp.exp(-self.kappa * (r / pair.sigma - 1))


def nine_species(n):
    """More than fit into the bits of a slot."""
    sizes = np.linspace(0.8, 1.2, 9)
    sigma = tuple(tuple(float((a + b) / 2) for b in sizes) for a in sizes)
    return glass.PairModel(
        name="nine_species",
        dimension=2,
        counts=(n // 9,) * 9,
        number_density=1.0,
        masses=(1.0,) * 9,
        sigma=sigma,
        epsilon=((1.0,) * 9,) * 9,
        cutoff=tuple(tuple(2 ** (1 / 6) * x for x in row) for row in sigma),
    )


def yukawa(n):
    return glass.PairModel(
        "yukawa", 3, (n,), 0.8, (1.0,), ((1.0,),), ((1.0,),), ((2.0,),), "smooth", potential=Yukawa()
    )


def embedded_atom(counts):
    """Of tables by formulas, in which what a gives at b is not what b gives at a."""
    by_formula = setfl_by_formula
    made = by_formula.tables(finnis_sinclair=True)
    spacings = by_formula.DENSITY_SPACING, by_formula.SPACING, by_formula.CUTOFF
    density = made.density.swapaxes(0, 1)
    tables = Setfl(by_formula.ELEMENTS, by_formula.MASSES, *spacings, made.embedding, density, made.pair)
    masses = tuple(mass * glass.units.GRAM_PER_MOLE for mass in by_formula.MASSES)
    return glass.EmbeddedAtomModel("formula", 3, counts, 0.075, masses, glass.EmbeddedAtom(tables))


MODELS = {
    "wahnstrom": glass.wahnstrom(60),
    "kob_andersen_2d": glass.kob_andersen_2d(100),
    "polydisperse": glass.polydisperse_soft_spheres(90),
    "polydisperse_2d": glass.polydisperse_soft_spheres(64, dimension=2),
    "ternary": glass.ternary_soft_spheres(80),
    "nine_species": nine_species(72),
    "yukawa": yukawa(60),
    "embedded_atom": embedded_atom((20, 14, 10)),
    "hard_spheres": glass.binary_hard_spheres(50, 0.4),
    "hard_discs": glass.binary_hard_spheres(50, 0.6, dimension=2),
}
# They have the names of the contract, and say that there are none.
WITHOUT_FORCES = {"hard_spheres", "hard_discs"}


def liquid(name):
    """A lattice whose particles are pushed about a little, some of them out of the box."""
    model = MODELS[name]
    lattice = glass.random_lattice(jax.random.key(1), model)
    rng = np.random.default_rng(2)
    push = 0.08 * rng.normal(size=lattice.positions.shape) + model.edge * rng.integers(
        -1, 2, lattice.positions.shape
    )
    return model, lattice._replace(positions=lattice.positions + jnp.asarray(push, lattice.positions.dtype))
