"""Verbs for machines: published schemas, completion scripts."""
