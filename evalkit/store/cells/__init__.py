"""Scores: kept by fingerprint, found again while they hold, handed to the engine in units."""
