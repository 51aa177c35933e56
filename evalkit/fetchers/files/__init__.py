"""Fetchers that read files: evalkit's own lines, LangSmith's shapes, any mapped record."""
