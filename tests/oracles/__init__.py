"""Other groups' codes as oracles, and the scripts that made the fixed numbers in tests/reference."""
