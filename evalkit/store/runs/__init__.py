"""Runs and examples: written as they arrive, mended, gathered, read back as rows."""
