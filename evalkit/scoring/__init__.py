"""Call evaluators on runs; the only place that runs user code."""
