"""Built-in evaluators, one idea a file."""
