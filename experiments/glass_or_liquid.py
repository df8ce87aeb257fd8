"""Glass or liquid: what a network looks at.

The study of Oyama, Koyama and Kawasaki, Front. Phys. 10, 1007861 (2022), in two dimensions. Liquids are cooled at
a constant rate; of each, one configuration of the liquid and one of the glass are kept. A convolutional network
learns to tell them apart from the densities of the species on a grid, and Grad-CAM says where it looked. These
places are held against the free area around particles (Voronoi cells), against how well they are packed (Tong and
Tanaka's order parameter), and against how particles will leave their cages when the glass is heated.

The published network joins all cells of its last maps by a dense layer, which thousands of images teach. Ours
joins their means, standardised in training, which a hundred teach; ``--hidden 128`` is the published one.

    python experiments/glass_or_liquid.py                                minutes on two cores
    python experiments/glass_or_liquid.py --system kob_andersen_2d
    python experiments/glass_or_liquid.py --preset paper                 the published size
"""

from functools import partial

from command_line import parse, prepare

prepare()

import jax
import jax.numpy as jnp
import numpy as np
import optax
from glass_or_liquid_records import (
    GLASS,
    LIQUID,
    MODELS,
    PRESETS,
    Cooling,
    Fields,
    Motion,
    Results,
    Settings,
)
from glass_or_liquid_report import report

from tdaglass import dynamics, glass, learning, runs, structure
from tdaglass.configuration import Configuration
from tdaglass.progress import progress


def cool(settings: Cooling, run: runs.Run) -> Configuration:
    """Liquids and glasses of all quenches, (2, quenches, ...)."""
    model, key = MODELS[settings.system](settings.n), jax.random.key(settings.seed)
    batches = np.array_split(np.arange(settings.quenches), -(-settings.quenches // settings.batch))
    found = []
    for b, numbers in enumerate(progress(batches, "quenches")):

        def compute(name: str, numbers: np.ndarray = numbers) -> Configuration:
            return glass.quench(
                key,
                model,
                jnp.asarray(numbers),
                hot=settings.hot,
                equilibration=settings.equilibration,
                rate=settings.rate,
                snapshots=(settings.liquid, settings.glass),
                dt=settings.dt,
                keep=run.parts_of(name),
                progress=False,
            )

        name = f"quenches-{b}"
        found.append(run.chunk(name, partial(compute, name)))
        run.chunk.discard(name)
    return jax.tree.map(lambda *x: np.concatenate(x, axis=1), *found)


def split(settings: Settings) -> dict[str, np.ndarray]:
    """Numbers of the quenches to learn from, to watch, and to be tested on: liquid and glass stay together."""
    order = np.random.default_rng(settings.cooling.seed).permutation(settings.cooling.quenches)
    n_test, n_validation = (round(share * len(order)) for share in (settings.test, settings.validation))
    parts = np.split(order, [n_test, n_test + n_validation])
    return dict(zip(("test", "validation", "train"), map(np.sort, parts), strict=True))


def densities(settings: Settings, configuration: Configuration) -> jax.Array:
    """Images (configurations, species, cells, cells)."""
    make = partial(
        structure.density_field, shape=2 * (settings.cells,), species_count=2, assignment=settings.assignment
    )
    return jax.lax.map(lambda one: make(*one), tuple(jnp.asarray(x) for x in configuration[:3])).astype(
        jnp.float32
    )


def images_of(settings: Settings, both: Configuration, quenches: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """Liquids, then glasses, of some quenches, and which they are."""
    chosen = jax.tree.map(lambda x: x[:, quenches].reshape(-1, *x.shape[2:]), both)
    return densities(settings, chosen), jnp.repeat(jnp.array([LIQUID, GLASS]), len(quenches))


def learn(
    settings: Settings, run: runs.Run, both: Configuration, parts: dict[str, np.ndarray]
) -> tuple[learning.CNN, list[learning.Trained]]:
    """Networks from different seeds."""
    dense = (settings.hidden,) if settings.hidden else None
    network = learning.CNN(
        settings.channels, dense=dense, dropout=settings.dropout, outputs=2, standardized=dense is None
    )
    images, kinds = images_of(settings, both, parts["train"])
    validation = images_of(settings, both, parts["validation"])
    steps = settings.epochs * (len(images) // settings.batch_size)
    # One object, so that all trainings share what is compiled.
    optimizer = optax.adam(optax.cosine_decay_schedule(settings.learning_rate, steps))
    trained = [
        learning.fit_network(
            jax.random.fold_in(jax.random.key(settings.cooling.seed), k),
            network,
            images,
            kinds,
            optimizer=optimizer,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            augment=learning.random_symmetry,
            validation=validation,
            patience=settings.patience,
            keep=run.chunk,
            keep_every=settings.keep_every,
            name=f"training-{k + 1}",
        )
        for k in range(settings.trainings)
    ]
    return network, trained


averages = jax.jit(jax.vmap(structure.exponential_average, (0, 0, 0, None)))


def coarse_grain(settings: Settings, values: np.ndarray, configuration: Configuration) -> np.ndarray:
    """Scores (configurations, particles), averaged over the surroundings and scaled to [0, 1]."""
    arrays = map(jnp.asarray, (values, configuration.positions, configuration.box))
    smooth = averages(*arrays, settings.length)
    return np.asarray(structure.scale_to_unit(smooth, axis=-1))


def describe(
    settings: Settings,
    network: learning.CNN,
    trained: list[learning.Trained],
    configuration: Configuration,
    kind: int,
) -> Fields:
    """Where networks look in configurations of one kind, and what is there."""
    positions, species, box = (jnp.asarray(x) for x in configuration[:3])
    images = densities(settings, configuration)
    on_particles = jax.vmap(structure.particle_values)
    looked = [
        on_particles(learning.grad_cam(network, t.parameters, images, kind), positions, box) for t in trained
    ]
    cells = structure.voronoi(configuration.positions, configuration.box)
    sigma = additive_sigma(MODELS[settings.cooling.system](settings.cooling.n))
    theta = jax.vmap(structure.tong_tanaka, (0, 0, 0, 0, None))(cells, positions, species, box, sigma)
    smooth = partial(coarse_grain, settings, configuration=configuration)
    return Fields(
        np.stack([smooth(np.asarray(x)) for x in looked]), smooth(cells.volume), smooth(-np.asarray(theta))
    )


def additive_sigma(model: glass.PairModel) -> np.ndarray:
    """Diameters of which each pair's is the mean, as the order parameter wants them."""
    own = model.table("sigma").diagonal()
    return (own[:, None] + own[None, :]) / 2


def heat(settings: Settings, run: runs.Run, configuration: Configuration, temperature: float) -> Motion:
    """Isoconfigurational ensembles from glasses at a higher temperature."""
    model = MODELS[settings.cooling.system](settings.cooling.n)
    times = np.geomspace(20 * settings.cooling.dt, settings.observation, settings.observations)
    displacement, stillness = [], []
    for g in range(settings.glasses):
        one = jax.tree.map(lambda x, g=g: jnp.asarray(x[g]), configuration)
        cage = structure.voronoi(one.positions, one.box).neighbors
        ensemble = dynamics.isoconfigurational(
            jax.random.fold_in(jax.random.key(settings.cooling.seed), g),
            model,
            one,
            temperature=temperature,
            times=times,
            replicas=settings.replicas,
            observables=("cage_relative",),
            dt=settings.cooling.dt,
            cage=cage,
            keep=run.parts_of(f"T{temperature:g}-glass-{g}"),
            progress=f"T = {temperature:g}: glass {g + 1} of {settings.glasses}",
        )
        moved_sq = np.asarray(ensemble.cage_relative)
        at_all_times = jax.tree.map(lambda x: jnp.repeat(x[None], len(times), axis=0), one)
        displacement.append(np.sqrt(moved_sq).mean(axis=1))
        stillness.append(coarse_grain(settings, -moved_sq, at_all_times))
    return Motion(temperature, np.stack(displacement), np.stack(stillness))


def main(settings: Settings) -> None:
    runs.keep_compiled(settings.root)
    cooling = settings.cooling
    engine = glass.describe_engine("auto", MODELS[cooling.system](cooling.n))
    print(f"Simulating with {engine}.")
    with runs.Run.open(settings.root, "quenches", cooling, engine=engine, wait=True) as kept:
        both = cool(cooling, kept)
    parts = split(settings)
    with runs.Run.open(settings.root, "glass_or_liquid", settings, engine=engine) as run:
        network, trained = learn(settings, run, both, parts)
        images, kinds = images_of(settings, both, parts["test"])
        right = np.stack(
            [learning.predict(network, t.parameters, images).argmax(axis=1) == kinds for t in trained]
        )
        tested = [jax.tree.map(lambda x, k=kind: x[k, parts["test"]], both) for kind in (LIQUID, GLASS)]
        fields = [describe(settings, network, trained, tested[kind], kind) for kind in (LIQUID, GLASS)]
        motions = [heat(settings, run, tested[GLASS], t) for t in sorted(settings.temperatures)]
        report(settings, run, Results(parts, trained, right, tested, fields, motions))


if __name__ == "__main__":
    main(parse(PRESETS, __doc__))
