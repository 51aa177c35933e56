"""One module a format: tell whether a file has it, and read it."""
