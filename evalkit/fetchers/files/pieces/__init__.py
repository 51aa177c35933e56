"""Pieces: the files of one experiment, read by many and put together in their order."""
