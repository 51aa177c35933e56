"""Turn figures into pages, files and terminal output."""
