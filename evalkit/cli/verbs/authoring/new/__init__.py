"""Verbs that start something from a template."""
