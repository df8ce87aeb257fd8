"""What stands below the figures of `cooling_rate.py`."""

CAPTIONS = {
    "diagrams": """Births and deaths of holes, radii in angstrom: mean number of pairs in each cell of a glass
of the fastest and of the slowest repeats, {fast:.2g} and {slow:.2g}, and the difference of their mean persistence
images. A cell is 0.01 angstrom wide and high, of loops of the metalloid 0.02.""",
    "learned": """Upper row: coefficients of the ridge regression on log10 of the cooling rate (red: more pairs
in fast glasses), learned from the single glasses. Triangles: births and deaths of which slow (down) and fast
(up) glasses were said to have more, as published (open) and in earlier glasses of this system (filled).""",
    "change": """Lower row: slope of each cell of the images of the repeats against log10 of the rate, over the
sum of its standard error and the median one of all cells.""",
    "predictions": """Logarithm of the cooling rate as images tell it, against the true one: of the glasses that
the regression was trained with, of each of these left out, and trained on the repeats. R2 with jackknife errors
over glasses in the legends. Line: equality.""",
    "components": """First two principal components of the images of the repeats, each point a glass; crosses:
means and standard deviations of the repeats at each rate. In brackets the share of the variance; r: correlation
of the first component with log10 of the rate.""",
    "counts": """Pairs in learned cells, and within 0.05 angstrom of the published births and deaths and of
those of earlier glasses of this system, relative to the fastest glasses, whose number is in brackets: means and
standard errors of the repeats, by which no cell was chosen.""",
    "glasses": """Potential energy, pressure, and the share of metalloid atoms in prisms, faces of Voronoi cells
with less than {share:.0%} of the surface dropped: points are glasses, lines means of the repeats with standard
errors.""",
    "holes": """Holes taken back to atoms. (a) Areas of the triangles of cages (voids of the metal that die
between 2.2 and 2.5 angstrom, with 7 to 14 atoms), (b) their scatter within a cage against the rate. (c) Sizes
of rings (loops of the metalloid) in the cells of slow glasses in the slowest, and in those of fast glasses in
the fastest, (d) how many prisms stand on them, (e) their mean size against the rate, (f) what the polyhedra of
neighbours on a ring share, of all loops that persist by more than 0.3 angstrom. Bars: one standard error of the
mean over repeats; at most {holes} holes of each region of a glass.""",
    "superclusters": """Superclusters: a ring of the metalloid (orange, joined by green edges) from the
strongest cells of slow glasses in the slowest, and of fast glasses in the fastest, of the commonest size there,
with the metal atoms (grey) around each of its atoms. Polyhedra are blue where they are prisms, red elsewhere.
Axes are angstroms.""",
    "local": """Neutron structure factors by Debye's formula around rings in the cells of slow glasses in the
slowest, and in those of fast glasses in the fastest: (a) superclusters alone, rings and all atoms around them,
without any treatment, so that they scatter as a whole at small q, beyond the panel; (b) all atoms in spheres of
{radius:g} angstrom around the rings, what a sphere scatters as a whole taken away. Grey: whole glasses, the
slowest. Bands: one standard error of the mean over glasses.""",
    "controls": """Controls: partial radial distribution functions and the structure factor that neutrons see,
of the slowest and the fastest glasses; below, their difference. Bands are one standard error of
the mean over repeats.""",
}
