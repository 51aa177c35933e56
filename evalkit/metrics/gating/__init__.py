"""Rules that decide the exit code: their language, and how each is checked."""
