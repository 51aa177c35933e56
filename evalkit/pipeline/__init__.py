"""Fetch, score, summarise, gate and report as plain calls."""
