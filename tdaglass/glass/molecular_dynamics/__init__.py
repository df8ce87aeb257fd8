"""Molecular dynamics: states, baths, integrators, neighbour tables with room, minimisation, and the engines."""
