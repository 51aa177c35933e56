"""The folder on disk: configuration, local evaluators, starter."""
