"""Values that leave the house, for page, terminal, pytest and `summary.json`; computes nothing."""
