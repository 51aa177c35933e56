"""Two or more experiments, paired by example."""
