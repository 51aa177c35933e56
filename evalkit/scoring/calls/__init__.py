"""Calling user code on one unit of runs, in whatever process: the only room that calls it."""
