"""Batches: questions of judges as files that providers answer later, for less money."""
