"""Verbs about the machines of a cluster."""
