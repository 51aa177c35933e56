"""Verbs that look further: history, metrics, view, push, store."""
