"""LangSmith records become our values and back; pure, and shared with the file format."""
