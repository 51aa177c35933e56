"""LangSmith in files, in all its shapes."""
