"""Verbs of every day: run, fetch, score, report, show, compare, gate."""
