"""A mapping written by looking at a file: what its columns are, and which field each is."""
