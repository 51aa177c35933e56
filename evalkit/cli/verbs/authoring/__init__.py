"""Verbs for people who write evaluators: new, try, agree."""
