"""The verbs as tables: where each one lives, its line in the help, and what it takes."""
