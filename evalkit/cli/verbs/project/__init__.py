"""Verbs about the project itself: init, check, list, doctor."""
