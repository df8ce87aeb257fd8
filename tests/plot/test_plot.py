import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from tdaglass.configuration import Configuration
from tdaglass.plot import (
    Curve,
    correlation_against_time,
    holes,
    mean_score,
    persistence_diagram,
    plane_images,
    rows,
    save_figure,
    snapshot,
    violins,
)
from tdaglass.topology import BirthDeath, Grid, alpha_complex, optimal_volume, persistence

TIMES = np.logspace(-1, 3, 6)


@pytest.fixture
def slab() -> tuple[Configuration, np.ndarray]:
    rng = np.random.default_rng(0)
    positions = rng.uniform(-3, 9, (200, 3))
    return Configuration(positions, rng.integers(0, 2, 200), np.full(3, 6.0)), rng.random(200)


def correlations():
    curve = Curve(TIMES, np.linspace(0, 0.4, 6), np.full(6, 0.02))
    lower = Curve(TIMES, np.linspace(0, 0.2, 6), np.full(6, 0.02))
    return correlation_against_time(
        {"A": {"T = 0.5": curve, "T = 0.6": lower}, "B": {"T = 0.6": lower}},
        relaxation_times={"T = 0.5": 100.0},
    )


def overlapping_texts(figure) -> list[tuple[str, str]]:
    """Pairs of visible labels of the figure that lie on each other."""
    figure.canvas.draw()
    axes = figure.axes
    labels = [t for a in axes for t in (a.xaxis.label, a.yaxis.label, a.title)]
    for axis in (axis for a in axes for axis in (a.xaxis, a.yaxis)):
        low, high = sorted(axis.get_view_interval())
        # Ticks beyond the ends exist but are not drawn.
        labels += [
            t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high and t.label1.get_visible()
        ]
    boxes = [(t.get_text(), t.get_window_extent()) for t in labels if t.get_visible() and t.get_text()]
    return [(a, b) for k, (a, p) in enumerate(boxes) for b, q in boxes[k + 1 :] if p.overlaps(q)]


def test_discs_are_the_particles_of_the_slab_in_true_size(slab):
    configuration, score = slab
    figure = snapshot(configuration, {"score": score}, diameters=[1.0, 0.8], slab=(2.0, 3.0))
    (discs,) = [c for c in figure.axes[0].collections if isinstance(c, EllipseCollection)]
    wrapped = configuration.positions % 6
    inside = np.flatnonzero((wrapped[:, 2] >= 2) & (wrapped[:, 2] < 3))
    inside = inside[np.argsort(wrapped[inside, 2])]
    np.testing.assert_allclose(discs.get_offsets(), wrapped[inside, :2])
    np.testing.assert_allclose(discs.get_array(), score[inside])
    np.testing.assert_allclose(discs.get_widths(), np.array([1.0, 0.8])[configuration.species[inside]])
    assert figure.axes[0].get_xlim() == (0, 6)


def test_panels_share_the_layout_and_carry_labels(slab):
    configuration, score = slab
    figure = snapshot(configuration, {"first": score, "second": -score}, diameters=[1.0, 0.8])
    first, second, *bars = figure.axes
    np.testing.assert_array_equal(first.collections[0].get_offsets(), second.collections[0].get_offsets())
    assert first.get_xlabel() == r"$x / \sigma$"
    assert first.get_ylabel() == r"$y / \sigma$"
    assert {bar.get_xlabel() for bar in bars} == {"first", "second"}
    assert overlapping_texts(figure) == []


def test_two_dimensions_need_no_slab_and_unknown_scores_are_masked(slab):
    configuration, score = slab
    flat = Configuration(configuration.positions[:, :2], configuration.species, configuration.box[:2])
    score = score.copy()
    score[3] = np.nan
    figure = snapshot(flat, {"score": score}, diameters=[1.0, 0.8])
    drawn = figure.axes[0].collections[0].get_array()
    assert drawn.mask.sum() == 1
    assert drawn.mask[3]


def test_correlation_curves_carry_their_data_bands_and_relaxation_times():
    figure = correlations()
    first, second = figure.axes
    assert first.get_xscale() == "log"
    assert first.get_xlabel() == r"$t / \tau_\mathrm{LJ}$"
    assert first.get_ylabel() == "Spearman correlation"
    by_label = {line.get_label(): line for line in first.lines}
    np.testing.assert_allclose(by_label["T = 0.5"].get_ydata(), np.linspace(0, 0.4, 6))
    assert (
        by_label["T = 0.6"].get_color()
        == next(x for x in second.lines if x.get_label() == "T = 0.6").get_color()
    )
    band = first.collections[0].get_datalim(first.transData)
    np.testing.assert_allclose([band.ymin, band.ymax], [-0.02, 0.42])
    assert any(np.allclose(line.get_xdata(), 100.0) for line in first.lines)
    assert overlapping_texts(figure) == []


def test_a_cell_that_leans_is_seen_whole():
    box = np.array([[6.0, 0, 0], [2.0, 5.0, 0], [1.0, 0, 7.0]])
    inside = np.random.default_rng(0).random((300, 3)) @ box
    far = Configuration(inside + np.array([2, -1, 3]) @ box, np.zeros(300, int), box)
    figure = snapshot(far, {"height": inside[:, 2]}, diameters=[1.0], slab=(2.0, 4.0))
    panel = figure.axes[0]
    (discs,) = [c for c in panel.collections if isinstance(c, EllipseCollection)]
    drawn = inside[(inside[:, 2] >= 2) & (inside[:, 2] < 4)]
    drawn = drawn[np.argsort(drawn[:, 2], kind="stable")]
    np.testing.assert_allclose(discs.get_offsets(), drawn[:, :2], atol=1e-9)
    assert (panel.get_xlim(), panel.get_ylim()) == ((0, 8), (0, 5))


def test_mean_score_is_drawn_against_temperature_and_logarithm_of_time():
    figure = mean_score(
        {"A": Curve([0.5, 1.0], [0.3, 0.6], [0.01, 0.02])},
        {"A": Curve([100.0, 1.0], [0.3, 0.6], [0.01, 0.02])},
    )
    left, right = figure.axes
    np.testing.assert_allclose(left.lines[0].get_xdata(), [0.5, 1.0])
    np.testing.assert_allclose(right.lines[0].get_xdata(), [2.0, 0.0])
    assert "tau" in right.get_xlabel()
    assert "epsilon" in left.get_xlabel()
    assert overlapping_texts(figure) == []


def test_files_are_written_small_and_the_global_state_is_untouched(tmp_path, slab):
    before = dict(mpl.rcParams)
    configuration, score = slab
    figure = snapshot(configuration, {"a": score, "b": score}, diameters=[1.0, 0.8])
    png, pdf = save_figure(figure, tmp_path / "new" / "snapshot.v1")
    assert png.name == "snapshot.v1.png"
    assert 10_000 < png.stat().st_size < 200_000
    assert pdf.read_bytes().startswith(b"%PDF")
    assert dict(mpl.rcParams) == before


def test_equal_runs_write_equal_files(tmp_path):
    files = [save_figure(correlations(), tmp_path / name) for name in ("one", "two")]
    for first, second in zip(*files, strict=True):
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"scores": {}}, "expected at least one score"),
        ({"scores": {"x": np.zeros(3)}}, r"expected a score for each of 200 particles, got \(3,\) for 'x'"),
        ({"diameters": [1.0]}, "expected a diameter for each species up to 1, got 1"),
        ({"slab": (7.0, 8.0)}, "expected particles with z from 7 to 8, got none"),
    ],
)
def test_bad_snapshots_are_told_with_a_remedy(slab, options, sentence):
    configuration, score = slab
    with pytest.raises(ValueError, match=sentence):
        snapshot(configuration, **({"scores": {"s": score}, "diameters": [1.0, 0.8]} | options))


def test_bad_curves_are_told_with_a_remedy():
    with pytest.raises(ValueError, match="as many points in every field of a curve"):
        mean_score({"A": Curve([0.5, 1.0], [0.3])})
    with pytest.raises(ValueError, match="at least one curve"):
        mean_score({})


def test_rows_are_named_in_groups_and_carry_their_numbers():
    x, y = range(5), np.array([-0.4, -0.2, np.nan, 0.1, 0.3])
    panels = {
        title: {"score": Curve(x, y, np.full(5, 0.05)), "motion": Curve([0, 4], [-0.1, 0.2])}
        for title in ("A", "B")
    }
    figure = rows(panels, {"slow": ["11E", "10B"], "fast": ["sp4b", "sp5b", "6A"]}, label="correlation")
    left = figure.axes[0]
    assert [t.get_text() for t in left.get_yticklabels()] == ["11E", "10B", "sp4b", "sp5b", "6A"]
    # A line is left between the groups, and the first is at the top.
    np.testing.assert_allclose(left.get_yticks(), [0, 1, 3, 4, 5])
    assert left.get_ylim()[0] > left.get_ylim()[1]
    score, motion = (container.lines[0] for container in left.containers)
    np.testing.assert_array_equal(score.get_xdata(), y)
    # Within the row, one above the other.
    np.testing.assert_allclose(motion.get_ydata() - [0, 5], score.get_ydata()[[0, 4]] - [0, 5] + 0.3)
    assert overlapping_texts(figure) == []
    with pytest.raises(ValueError, match=r"rows from 0 to 1, got 0 to 4 for 'score'; try a name for each"):
        rows(panels, {"slow": ["11E", "10B"]}, label="correlation")
    with pytest.raises(ValueError, match="at least one panel, got none"):
        rows({}, {"slow": ["11E"]}, label="correlation")


def test_violins_stand_beside_each_other_and_leave_out_what_is_not_known():
    random = np.random.default_rng(0)
    sample = np.append(random.normal(size=40), np.nan)
    quantities = {"area": (sample, sample + 1), "packing": (sample, sample)}
    groups = ("Pearson", "Spearman")
    figure = violins({"glass": quantities, "liquid": quantities}, groups=groups, label="correlation")
    assert len(figure.axes) == 2
    panel = figure.axes[0]
    medians = [line.get_ydata()[0] for line in panel.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(medians, np.nanmedian(sample) + np.array([0, 1, 0, 0]))
    assert overlapping_texts(figure) == []
    with pytest.raises(ValueError, match="2 groups"):
        violins({"glass": {"area": (sample,)}}, groups=("Pearson", "Spearman"), label="correlation")
    with pytest.raises(ValueError, match="at least one panel"):
        violins({}, groups=("one",), label="correlation")


def test_diagrams_show_how_many_pairs_and_images_no_cell_below_the_diagonal():
    grid = Grid((0.0, 2.0), (0.0, 2.0), (4, 4))
    pairs = BirthDeath(np.array([0.1, 0.2, 1.2, 0.3]), np.array([0.7, 0.8, 1.9, 0.3]))
    figure = persistence_diagram({"loops": pairs, "twice": BirthDeath(*(np.tile(x, 2) for x in pairs))}, grid)
    assert not overlapping_texts(figure)
    one, two = (a.collections[0].get_array() for a in figure.axes[:2])
    assert one.sum() == 3  # a pair of no persistence is none
    assert two.sum() == 6
    figure = plane_images({"loops": np.ones((4, 4))}, grid, label="coefficient", diverging=True)
    np.testing.assert_array_equal(figure.axes[0].collections[0].get_array().mask, ~grid.above_diagonal)
    assert figure.axes[0].collections[0].norm.vmin == -1


def test_learned_vectors_are_drawn_where_their_cells_are_around_a_white_zero():
    grid = Grid((0.0, 2.0), (0.0, 2.0), (4, 4))
    learned = grid.vector(np.arange(16.0).reshape(4, 4)) - 3
    figure = plane_images(
        {"slow": learned, "fast": -2 * learned},
        grid,
        label="coefficient",
        unit=r"\mathrm{\AA}",
        diverging=True,
    )
    for panel, factor in zip(figure.axes[:2], (1, -2), strict=True):
        drawn = panel.collections[0]
        np.testing.assert_array_equal(drawn.get_array()[grid.above_diagonal], factor * learned)
        assert (drawn.norm.vmin, drawn.norm.vmax) == (-24, 24)
        np.testing.assert_allclose(drawn.cmap(drawn.norm(0.0))[:3], 0.97, atol=0.01)
    assert figure.axes[0].get_xlabel() == r"birth / $\mathrm{\AA}$"


def test_a_figure_of_nothing_is_refused():
    grid = Grid((0.0, 2.0), (0.0, 2.0), (4, 4))
    with pytest.raises(ValueError, match="at least one image"):
        plane_images({}, grid, label="nothing")


@pytest.mark.parametrize(("dim", "dimension"), [(2, 1), (3, 1), (3, 2)])
def test_holes_are_drawn_in_true_size_among_their_surroundings(dim, dimension, tmp_path):
    positions, box = np.random.default_rng(1).random((60, dim)) * 4, np.full(dim, 4.0)
    complex_ = alpha_complex(positions, box)
    pairs = persistence(complex_)[dimension]
    volume = optimal_volume(complex_, pairs, int(np.argmax(pairs.death - pairs.birth)))
    figure = holes({"hole": volume}, positions, box, surroundings=0.8)
    others, *_, mine = (c for c in figure.axes[0].collections if isinstance(c, EllipseCollection))
    assert len(mine.get_offsets()) == len(np.unique(volume.boundary))
    assert len(others.get_offsets()) > 0
    if dim == 2:  # turned and moved, but not stretched
        drawn, true = np.asarray(mine.get_offsets()), volume.position[np.unique(volume.boundary)]
        np.testing.assert_allclose(
            np.sort(np.linalg.norm(drawn[:, None] - drawn, axis=2).ravel()),
            np.sort(np.linalg.norm(true[:, None] - true, axis=2).ravel()),
            atol=1e-9,
        )
    assert not overlapping_texts(figure)
    png, _ = save_figure(figure, tmp_path / "hole")
    assert png.stat().st_size < 200_000
