"""Pull the runs of an experiment from where they were recorded."""
