"""Linear models of many features from few samples, principal components, and what is predicted of others."""
