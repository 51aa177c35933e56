"""Continuous work on an experiment that keeps growing: it stands above the stages it calls."""
