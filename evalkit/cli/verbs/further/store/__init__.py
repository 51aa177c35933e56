"""Verbs about what is stored: list, verify, gc, export."""
