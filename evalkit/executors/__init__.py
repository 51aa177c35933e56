"""Where evaluators can be called besides this machine: one module an engine."""
