"""Networks, each by what it reads: fields on a grid, descriptors of every particle, rows of features."""
