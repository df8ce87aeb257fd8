"""Training of any network on any pytree of samples."""
